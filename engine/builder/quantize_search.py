"""Scales of blocks of integer weights: the nearest ones, or those with the least squared error.

For given integers q the best scale and minimum follow from a weighted linear regression, and so
does the error that remains. A search therefore tries a few starting points, takes the integers that
each leads to, and keeps the one whose regression explains most:

    symmetric   w = q s          s = <q, w> / <q, q>            explained = <q, w>^2 / <q, q>
    minimum     w = q s + m      s = cov(q, w) / var(q)         explained = cov(q, w)^2 / var(q)

as llama.cpp's make_qx_quants and make_qkx2_quants do one block at a time. Inner products carry the
importance of each input, its mean square over a calibration text; without one all are equal.

Scales and minima are rounded to float16, in which they are stored; the integers are rounded after
that. Weights that lie on a grid with float16 scales come out exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

IntBits = Literal[4, 8]
Kind = Literal["symmetric", "zero_point", "minimum"]
Floats = NDArray[np.float32]

# Starting scales, as divisors of the weight with the largest magnitude.
_NEAREST: Final = -8.0
_DIVISORS: Final = (7.0, -8.8, -7.3, 7.7, -9.6, 6.3)
# On a grid of which the largest step is k, they keep its scale or divide it by a power of two,
# which float16 survives.
_GRID_DIVISORS: Final = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
_BYTE_GRID_DIVISORS: Final = (64.0, 112.0, 96.0, 80.0)  # 16 times 4, 7, 6, 5

# Starting ranges, as fractions of the whole range of a block around its middle.
_RANGES: Final = (1.0, 0.92, 0.84)
_GRID_STEPS: Final = tuple(float(steps) for steps in range(1, 15))  # coarsest first
_REFINEMENTS: Final = 2

_ON_GRID: Final = 1e-4  # steps that rounding errors of float32 may be off
_PROBED: Final = 64  # blocks that tell whether the others lie on a grid
_SOME: Final = 0.02  # of them must
_NOTICEABLE: Final = np.float32(1 + 1e-5)  # gain; less is rounding, and the earlier try stays
_FLOAT16_MAX: Final = 65504.0


def half(values: Floats) -> Floats:
    """The nearest float16 numbers, never infinite."""
    return np.clip(values, -_FLOAT16_MAX, _FLOAT16_MAX).astype(np.float16).astype(np.float32)


def fit_symmetric(cells: Floats, bits: IntBits, importance: Floats | None, search: bool) -> Floats:
    """Scales of w = (value - half) * scale.

    Args:
        cells: Blocks, [n, block].
        bits: 4 or 8. With 8 the nearest scale is kept: what a search gains is not noticed.
        importance: Weight of each squared error, [n, block].
        search: Whether to look for better than the nearest.

    Returns:
        [n], float16 numbers.
    """
    low, high = _extremes(cells)
    peak: Any = np.where(-low >= high, low, high)
    if bits == 8:
        return half(peak / _whole_steps(cells, peak))
    if not search:
        return half(peak / np.float32(_NEAREST))
    best = _Best(cells, importance)
    inverse = _inverse(peak)
    for divisor in (_NEAREST, *_grids(cells, peak, _GRID_DIVISORS), *_DIVISORS):
        best.try_symmetric(inverse * np.float32(divisor))
    return half(best.scales)


def _extremes(cells: Floats) -> tuple[NDArray[Any], NDArray[Any]]:
    """Least and greatest weight of each block [n, block]: float32, [n] each.

    NumPy compares down columns with vector instructions and along short rows one by one: turning
    the blocks first takes a third of the time, and rounding to nearest is mostly this.
    """
    turned = np.ascontiguousarray(cells.T)
    return turned.min(axis=0), turned.max(axis=0)


def _whole_steps(cells: Floats, peak: Floats) -> Floats:
    """Divisors of the peak for 8 bits: -128, or 16 k where a block has 4-bit steps up to k."""
    chosen = np.full(len(peak), -128, np.float32)
    grids = _grids(cells, peak, _BYTE_GRID_DIVISORS)
    rough = ~_whole(cells, peak, -128.0) if grids else np.zeros(len(peak), np.bool_)
    for divisor in grids:
        found = rough & _whole(cells, peak, divisor)
        chosen = np.where(found, np.float32(divisor), chosen)
        rough &= ~found
    return chosen


def _grids(cells: Floats, peak: Floats, divisors: Sequence[float]) -> list[float]:
    """Those divisors at which some of the first blocks have whole steps only."""
    some = slice(0, _PROBED)
    return [d for d in divisors if _whole(cells[some], peak[some], d).mean() > _SOME]


def _whole(cells: Floats, peak: Floats, divisor: float) -> NDArray[np.bool_]:
    """Which blocks are whole steps of peak / divisor, none of them above 127."""
    found = cells * (_inverse(peak) * np.float32(divisor))[:, None]
    off = np.abs(found - np.rint(found)).max(axis=1)
    whole: NDArray[np.bool_] = (off < _ON_GRID) & (found.max(axis=1) < 127.5) & (peak != 0)
    return whole


def fit_minimum(cells: Floats, importance: Floats | None, search: bool) -> tuple[Floats, Floats]:
    """Scales and minima of w = value * scale + minimum, values 0..15.

    Args:
        cells: Blocks, [n, block].
        importance: Weight of each squared error, [n, block].
        search: Whether to look for better than the whole range.

    Returns:
        Scales [n] and minima [n], float16 numbers.
    """
    low, high = _extremes(cells)
    if not search:
        return half((high - low) / np.float32(15)), half(low)
    best = _Best(cells, importance)
    middle, reach = (low + high) / 2, (high - low) / 2
    for divisor in _grids(cells - low[:, None], high - low, _GRID_STEPS):
        best.try_minimum((high - low) / np.float32(divisor), low)
    for share in _RANGES:
        best.try_minimum(reach * np.float32(2 * share / 15), middle - reach * np.float32(share))
    for _ in range(_REFINEMENTS):
        best.try_minimum(best.scales, best.minima)
    return half(best.scales), half(best.minima)


def fit_zero_point(cells: Floats, importance: Floats | None, search: bool) -> tuple[Floats, Floats]:
    """Scales and whole zero points of w = (value - zero) * scale, values and zeros 0..15.

    Returns:
        Scales [n], float16 numbers, and zero points [n].
    """
    low, high = _extremes(cells)
    low, high = np.minimum(low, 0), np.maximum(high, 0)
    best = _Best(cells, importance)
    for share in _RANGES if search else _RANGES[:1]:
        scales = (high - low) * np.float32(share / 15)
        zeros = np.rint(-low * np.float32(share) * _inverse(scales))
        best.try_zero_point(scales, np.clip(zeros, 0, 15))
        for step in (-1, 1) if search else ():
            best.try_zero_point(scales, np.clip(zeros + np.float32(step), 0, 15))
    for _ in range(_REFINEMENTS if search else 0):
        best.try_zero_point(best.scales, best.minima)
    return half(best.scales), best.minima


def nearest_steps(
    cells: Floats,
    scales: Floats,
    minima: Floats | None,
    low: Floats | np.float32 | int,
    high: Floats | np.float32 | int,
) -> Floats:
    """Nearest whole steps of (cells - minima) / scales within [low, high], as floats [n, block]."""
    inverse = _inverse(scales)[:, None]
    if minima is None:
        found = cells * inverse
    else:
        found = cells - minima[:, None]
        found *= inverse
    np.rint(found, out=found)
    return np.clip(found, low, high, out=found)


class _Best:
    """The best scales so far of n blocks and how much of the blocks' energy they explain."""

    def __init__(self, cells: Floats, importance: Floats | None) -> None:
        self._cells = cells
        self._importance = importance
        self._weighted = cells if importance is None else cells * importance
        self._sum = self._weighted.sum(axis=1)
        count = len(cells)
        self._total = np.float32(cells.shape[1]) if importance is None else importance.sum(axis=1)
        self._explained = np.zeros(count, np.float32)
        self.scales = np.zeros(count, np.float32)
        self.minima = np.zeros(count, np.float32)  # or zero points

    def try_symmetric(self, inverse_scales: Floats) -> None:
        """See what integers -8..7 at these scales lead to."""
        found = self._cells * inverse_scales[:, None]
        np.clip(np.rint(found, out=found), -8, 7, out=found)
        self._take(*self._through_zero(found), None)

    def try_zero_point(self, scales: Floats, zeros: Floats) -> None:
        """See what integers -zero..15-zero at these scales lead to."""
        low = -zeros[:, None]
        found = nearest_steps(self._cells, scales, None, low, low + np.float32(15))
        self._take(*self._through_zero(found), zeros)

    def try_minimum(self, scales: Floats, minima: Floats) -> None:
        """See what integers 0..15 at these scales and minima lead to."""
        found = nearest_steps(self._cells, scales, minima, 0, 15)
        share = found if self._importance is None else found * self._importance
        total = share.sum(axis=1)
        spread = np.einsum("ij,ij->i", share, found) - total * total / self._total
        common = np.einsum("ij,ij->i", found, self._weighted) - total * self._sum / self._total
        better = common * _inverse(np.maximum(spread, 0))
        self._take(better, common * better, (self._sum - better * total) / self._total)

    def _through_zero(self, found: Floats) -> tuple[Floats, Floats]:
        share = found if self._importance is None else found * self._importance
        common = np.einsum("ij,ij->i", found, self._weighted)
        scales = common * _inverse(np.einsum("ij,ij->i", share, found))
        return scales, common * scales

    def _take(self, scales: Floats, explained: Floats, minima: Floats | None) -> None:
        better = explained > self._explained * _NOTICEABLE
        np.copyto(self._explained, explained, where=better)
        np.copyto(self.scales, scales, where=better)
        if minima is not None:
            np.copyto(self.minima, minima, where=better)


def _inverse(values: Floats) -> Floats:
    """1 / values, 0 where that would not be finite."""
    with np.errstate(divide="ignore", over="ignore"):
        inverse = np.float32(1) / values
    return np.where(np.isfinite(inverse), inverse, np.float32(0))
