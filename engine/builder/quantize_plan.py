"""Which weight gets which form: as little error as a budget of bits allows.

    dry run of the graph -- asked weights -- a sample of each, in every form -- errors --+
                                             budget -------------------------------------+--> forms

Every weight starts in its cheapest form; then, again and again, the step that saves most loss for
its bits is taken while the budget lasts. The loss of a weight is its error relative to its size,
weighted by what such an error did to SmolLM2-135M: block by block one linear layer at a time was
rounded, and the divergence of the model's predictions measured. It hardly depended on the kind or
the depth of a layer, but for the feed-forward layers of the last block (8 times the others) and the
first (2 to 4 times); rounding the embedding table weighed as much as a third of all linear layers.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.builder.blocks.storage import (
    AskedWeight,
    Form,
    Storage,
    exact_storage,
    has_wide_scales,
    integer_rows,
)
from engine.builder.checkpoint import Tensor

_SAMPLE_VALUES: Final = 1 << 16
_SAMPLED_TENSORS: Final = 8
_SPANS: Final = 4
_THREADS: Final = 2

_TABLE_WEIGHT: Final = 0.3  # of all linear layers
_LAST_WEIGHT: Final = 6.0
_FIRST_WEIGHT: Final = 2.0
_OFFSETS_PAY: Final = 0.9  # they cost four small nodes more than symmetric blocks of equal size
# Shares of a table's rows kept in 8 bits, and of what is read and predicted they carry.
_SPLITS: Final = ((1 / 8, 0.85), (1 / 4, 0.93))
_LAYER: Final = re.compile(r"/layers\.(\d+)/(.*)")
_GROUP: Final = 64  # rows of a split come in such groups


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One stored weight, for the plan and the report.

    Attributes:
        path: Where in the graph.
        parameters: Number of weights.
        bits: Bits in the file for each of them.
        form: "int4", "int4_offset/64", ...
        error: Estimated squared error relative to the weights' squares (to the outputs' with a
            calibration text).
    """

    path: str
    parameters: int
    bits: float
    form: str
    error: float

    @property
    def size_bytes(self) -> int:
        """Size in the file."""
        return round(self.parameters * self.bits / 8)


@dataclass(frozen=True, slots=True)
class _Choice:
    form: Form
    bits: float
    error: float


def plan_forms(
    asked: Sequence[AskedWeight], budget_bits: float, importance: Mapping[str, NDArray[np.float32]]
) -> dict[str, Form]:
    """Decide.

    Args:
        asked: What a dry run of the graph asked for at 4 bits.
        budget_bits: Bits for each weight on average, scales included. Not kept where even the
            cheapest forms need more.
        importance: Mean squares of inputs [columns] by the value's name; empty without calibration.

    Returns:
        Forms by name of tensor.

    Raises:
        BadCheckpoint: A tensor that was looked at is damaged.
    """
    weights = merge_asked(asked)
    open_weights = [weight for weight in weights if _is_open(weight)]
    with ThreadPoolExecutor(_THREADS, "plan") as pool:
        choices = list(pool.map(lambda weight: _choices(weight, importance), open_weights))
    losses = _loss_weights(open_weights)
    fixed = [weight for weight in weights if not _is_open(weight)]
    spent = sum(_count(weight) * _stored_bits(weight, weight.form) for weight in fixed)
    budget = budget_bits * sum(_count(weight) for weight in weights) - spent
    counts = [_count(weight) for weight in open_weights]
    taken = _spend(choices, counts, losses, budget)
    return {
        tensor.name: choice.form
        for weight, choice in zip(open_weights, taken, strict=True)
        for tensor in weight.tensors
    }


def describe(asked: Sequence[AskedWeight]) -> list[LayerFacts]:
    """What became of each weight, with errors estimated from samples. Raises BadCheckpoint."""
    weights = merge_asked(asked)
    with ThreadPoolExecutor(_THREADS, "describe") as pool:
        errors = pool.map(lambda weight: _estimate(weight, weight.form), weights)
        return [_facts(weight, error) for weight, error in zip(weights, errors, strict=True)]


def _facts(weight: AskedWeight, error: float) -> LayerFacts:
    form = weight.form
    name = form.storage.value
    if form.storage.integer:
        name += f"/{form.block_size}"
    if form.common_rows:
        name += f", first {form.common_rows} rows int8"
    return LayerFacts(weight.path, _count(weight), _stored_bits(weight, form), name, error)


def merge_asked(asked: Sequence[AskedWeight]) -> list[AskedWeight]:
    """Each weight once: a head that is the embedding table lends it the name of its input."""
    merged: dict[tuple[str, ...], AskedWeight] = {}
    for weight in asked:
        key = tuple(tensor.name for tensor in weight.tensors)
        known = merged.get(key)
        merged[key] = weight if known is None else replace(known, value=weight.value)
    return list(merged.values())


def _is_open(weight: AskedWeight) -> bool:
    """Whether a form can still be chosen: of tables, and of linear layers that are rounded."""
    if not weight.form.storage.integer:
        return False
    return weight.table or (bool(weight.value) and not _exact(weight))


def _exact(weight: AskedWeight) -> bool:
    """Whether the form it has loses nothing of a quantized source."""
    size = weight.form.block_size
    found = {exact_storage(tensor, size) for tensor in weight.tensors}
    return found == {weight.form.storage}


def _choices(weight: AskedWeight, importance: Mapping[str, NDArray[np.float32]]) -> list[_Choice]:
    """Forms on the lower hull of error over bits, cheapest first."""
    known = importance.get(weight.value)
    if known is not None and weight.path.endswith("embed_tokens"):
        known = (known / known.mean() + 1) / 2  # it is looked up as well
    forms = _forms(weight, replace(weight.form, importance=known))
    sample = list(_sample(weight.tensors))
    errors = {form: _sample_error(sample, form) for form in forms if not form.common_rows}
    found = []
    for form in forms:
        error = errors[form] if not form.common_rows else _split_error(form, errors, weight)
        found.append(_Choice(form, _stored_bits(weight, form), error))
    return _hull(found)


def _forms(weight: AskedWeight, form: Form) -> list[Form]:
    """What is worth trying. Blocks that do not divide a row can only be symmetric."""
    columns, rows = weight.tensors[0].columns, sum(tensor.rows for tensor in weight.tensors)
    size = form.block_size
    forms = [replace(form, storage=Storage.INT4), replace(form, storage=Storage.INT8)]
    if columns % size or has_wide_scales(weight.tensors):
        return forms
    if weight.table:
        zero = replace(form, storage=Storage.INT4_ZERO)
        splits = [int(rows * share) // _GROUP * _GROUP for share, _ in _SPLITS]
        return [*forms, zero, *(replace(zero, common_rows=rows) for rows in splits if rows)]
    forms.append(replace(form, storage=Storage.INT4_OFFSET))
    if columns % (2 * size) == 0:
        forms.append(replace(form, storage=Storage.INT4_OFFSET, block_size=2 * size))
    return forms


def _split_error(form: Form, errors: Mapping[Form, float], weight: AskedWeight) -> float:
    rows = weight.tensors[0].rows
    carried = next(mass for share, mass in _SPLITS if form.common_rows <= rows * share)
    common = errors[replace(form, storage=Storage.INT8, common_rows=0)]
    return carried * common + (1 - carried) * errors[replace(form, common_rows=0)]


def _hull(choices: Sequence[_Choice]) -> list[_Choice]:
    """The lower convex hull, without forms whose offsets do not pay."""
    symmetric = min(c.error for c in choices if c.form.storage is Storage.INT4)
    paying = [
        c
        for c in choices
        if c.form.storage is not Storage.INT4_OFFSET or c.error < _OFFSETS_PAY * symmetric
    ]
    hull: list[_Choice] = []
    for choice in sorted(paying, key=lambda c: (c.bits, c.error)):
        if hull and choice.error >= hull[-1].error:
            continue
        if hull and choice.bits == hull[-1].bits:
            continue
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) < _slope(hull[-2], choice):
            hull.pop()
        hull.append(choice)
    return hull


def _slope(first: _Choice, second: _Choice) -> float:
    """Error saved for each bit."""
    return (first.error - second.error) / (second.bits - first.bits)


def _loss_weights(weights: Sequence[AskedWeight]) -> list[float]:
    """What a relative error of each weight does to the predictions."""
    layers = [int(found[1]) for weight in weights if (found := _LAYER.search(weight.path))]
    last = max(layers, default=-1)
    table = max(1.0, _TABLE_WEIGHT * sum(not weight.table for weight in weights))
    return [table if weight.table else _position_weight(weight.path, last) for weight in weights]


def _position_weight(path: str, last: int) -> float:
    found = _LAYER.search(path)
    if found is None or not found[2].startswith("mlp"):
        return 1.0
    return {last: _LAST_WEIGHT, 0: _FIRST_WEIGHT}.get(int(found[1]), 1.0)


def _spend(
    choices: Sequence[Sequence[_Choice]],
    counts: Sequence[int],
    losses: Sequence[float],
    budget: float,
) -> list[_Choice]:
    """Climb the hulls, best step first, while bits are left."""
    at = [0] * len(choices)
    left = budget - sum(c[0].bits * count for c, count in zip(choices, counts, strict=True))
    steps: list[tuple[float, int]] = []

    def offer(index: int) -> None:
        if at[index] + 1 < len(choices[index]):
            here, above = choices[index][at[index]], choices[index][at[index] + 1]
            heapq.heappush(steps, (-losses[index] * _slope(here, above) / counts[index], index))

    for index in range(len(choices)):
        offer(index)
    while steps:
        _, index = heapq.heappop(steps)
        here, above = choices[index][at[index]], choices[index][at[index] + 1]
        cost = (above.bits - here.bits) * counts[index]
        if cost <= left:
            left -= cost
            at[index] += 1
            offer(index)
    return [found[place] for found, place in zip(choices, at, strict=True)]


def _count(weight: AskedWeight) -> int:
    return sum(tensor.rows for tensor in weight.tensors) * weight.tensors[0].columns


def _stored_bits(weight: AskedWeight, form: Form) -> float:
    columns, rows = weight.tensors[0].columns, sum(tensor.rows for tensor in weight.tensors)
    wide = has_wide_scales(weight.tensors)
    if not form.common_rows:
        return form.bits_per_weight(rows, columns, wide=wide)
    share = form.common_rows / rows
    common = replace(form, storage=Storage.INT8).bits_per_weight(rows, columns, wide=wide)
    return share * common + (1 - share) * form.bits_per_weight(rows, columns, wide=wide)


def _estimate(weight: AskedWeight, form: Form) -> float:
    """Relative error of a weight in the form it was given."""
    if not form.storage.integer:
        return 0.0
    sample = list(_sample(weight.tensors))
    error = _sample_error(sample, replace(form, common_rows=0))
    if not form.common_rows:
        return error
    whole = replace(form, common_rows=0)
    common = replace(whole, storage=Storage.INT8)
    return _split_error(form, {whole: error, common: _sample_error(sample, common)}, weight)


_Sample = tuple[Tensor, int, int, NDArray[np.float32]]


def _sample(tensors: Sequence[Tensor]) -> Iterator[_Sample]:
    """Some rows of some tensors, spread evenly: tensor, first row, last row, floats."""
    stride = max(1, len(tensors) // _SAMPLED_TENSORS)
    some = tensors[::stride]
    for tensor in some:
        wanted = max(_SPANS, _SAMPLE_VALUES // (tensor.columns * len(some)))
        span = max(1, wanted // _SPANS)
        for number in range(_SPANS):
            start = (tensor.rows - span) * number // max(1, _SPANS - 1)
            if tensor.rows <= wanted and number:
                break
            start, stop = (0, tensor.rows) if tensor.rows <= wanted else (start, start + span)
            yield tensor, start, stop, tensor.floats(start, stop)


def _sample_error(sample: Sequence[_Sample], form: Form) -> float:
    """Squared error over squares, both weighted by the importance of the inputs."""
    wrong = total = 0.0
    for tensor, start, stop, floats in sample:
        rows = integer_rows(tensor, start, stop, form)
        difference = rows.dequantized()[:, : tensor.columns] - floats
        share = np.float32(1) if form.importance is None else form.importance
        wrong += float((np.square(difference) * share).sum(dtype=np.float64))
        total += float((np.square(floats) * share).sum(dtype=np.float64))
    return wrong / total if total else 0.0
