"""Steps between the model's logits and the choice: penalties and filters.

Every function takes and returns plain arrays. The filters work on a short list of candidates
instead of the whole vocabulary: with 150,000 tokens a full sort costs more than everything else
together. All of them are exact.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]

_GROUP = 64
_LEAST_TEMPERATURE = 1e-30
_SUM_ERROR = 1e-5  # of a sum of single-precision exponentials, at most


def apply_repetition_penalty(
    logits: Floats, history: Ids, penalty: float, out: Floats | None = None
) -> Floats:
    """Make tokens that were seen less likely (Keskar et al. 2019, CTRL, section 4.1).

    Args:
        logits: [vocab]; not changed.
        history: Ids seen so far, repeats allowed; ids outside the vocabulary are ignored.
        penalty: Divides positive logits and multiplies negative ones; 1 changes nothing.
        out: [vocab], memory for the result.

    Returns:
        [vocab], a copy.
    """
    seen = history[(history >= 0) & (history < logits.size)]
    penalized = np.empty_like(logits) if out is None else out
    np.copyto(penalized, logits)
    values = logits[seen]
    factor = np.float32(penalty)
    with np.errstate(over="ignore"):
        penalized[seen] = np.where(values > 0, values / factor, values * factor)
    return penalized


def largest(logits: Floats, count: int) -> Ids:
    """Ids of at least the `count` largest logits, ties included, in order of id.

    Split the vocabulary into groups of 64. The `count`-th largest of the groups' maxima is a bound
    that at least `count` logits reach, and nothing below it is among the largest: one vectorized
    pass and one short partition instead of a partition of the whole vocabulary.
    """
    groups = logits.size // _GROUP
    if count >= logits.size:
        return np.arange(logits.size, dtype=np.int64)
    if count > groups:
        bound = np.partition(logits, logits.size - count)[logits.size - count]
    else:
        # Members of a group are `groups` apart, so that the maximum runs along the fast axis.
        maxima = logits[: groups * _GROUP].reshape(_GROUP, groups).max(axis=0)  # [groups]
        bound = np.partition(maxima, groups - count)[groups - count]
    return np.flatnonzero(logits >= bound).astype(np.int64, copy=False)


def rank(logits: Floats, candidates: Ids) -> Ids:
    """Candidates by falling logit; equal ones by rising id, so that order is never chance.

    Sorts one integer for each candidate, the order of its logit above, its id below: several times
    faster than a stable sort of floats, and the same on every processor.
    """
    falling = (0.0 - logits[candidates]).view(np.int32)  # 0.0 - x: no negative zero
    ordered = falling ^ ((falling >> 31) & 0x7FFFFFFF)  # integers that sort as the floats do
    keys = (ordered.astype(np.int64) << 32) | candidates
    keys.sort()
    result: Ids = keys & 0xFFFFFFFF
    return result


def softmax(logits: npt.NDArray[np.floating], temperature: float) -> Doubles:
    """Probabilities [n] at a temperature, in double precision; safe for any finite logits."""
    with np.errstate(over="ignore", under="ignore"):
        weights = np.exp((logits.astype(np.float64) - float(logits.max())) / temperature)
    result: Doubles = weights / weights.sum()
    return result


def relative_weights(
    logits: Floats, peak: float, temperature: float, out: Floats | None = None
) -> Floats:
    """exp((logits - peak) / temperature) [vocab], where `peak` is the largest logit.

    They are written to `out` [vocab] where it is given.
    """
    with np.errstate(over="ignore", under="ignore"):
        weights: Floats = np.subtract(logits, np.float32(peak), out=out)
        if temperature != 1.0:
            weights *= np.float32(1 / max(temperature, _LEAST_TEMPERATURE))
        np.exp(weights, out=weights)
    return weights


def log_total(
    logits: Floats, peak: float, temperature: float = 1.0, scratch: Floats | None = None
) -> float:
    """log(sum(exp((logits - peak) / temperature))), where `peak` is the largest logit.

    The exponentials are single precision, their sum is pairwise: the error is below 2e-6. They are
    written to `scratch` [vocab] where it is given.
    """
    weights = relative_weights(logits, peak, temperature, scratch)
    return float(np.log(np.float64(weights.sum())))


def shares(logits: Floats, peak: float, temperature: float, total: float) -> Doubles:
    """Probabilities [n] of some of the vocabulary, given `log_total` of all of it."""
    with np.errstate(over="ignore", under="ignore"):
        offsets = (logits.astype(np.float64) - peak) / temperature
        return np.exp(offsets - total)


def nucleus_size(probabilities: Doubles, top_p: float) -> int:
    """How many of the falling probabilities are needed to reach top_p (Holtzman et al. 2020).

    Returns 1 more than there are when they do not reach it.
    """
    return int(np.searchsorted(np.cumsum(probabilities), top_p, side="left")) + 1


def certain_nucleus_size(
    logits: Floats, rest: int, temperature: float, top_p: float, total: float = math.inf
) -> int:
    """How many of the best tokens reach top_p, where that is certain without looking at the others.

    Below a temperature T of 1 every one of the others keeps no larger a part of its weight w than
    the last of the best does: w^(1/T) = w * w^(1/T - 1) <= w * last^(1/T - 1). So what they weigh
    at 1, which the log-probability needs anyway, bounds what they weigh.

    Args:
        logits: [n], falling.
        rest: Tokens that are not among them; none of those has a larger logit than the last.
        temperature: Above 0.
        top_p: Below 1.
        total: At least the sum of exp(logit - logits[0]) over all tokens, where it is known.

    Returns:
        The size, or 0 where it depends on the others.
    """
    offsets = logits.astype(np.float64) - float(logits[0])
    with np.errstate(over="ignore", under="ignore"):
        weights = np.exp(offsets / temperature)
        most_rest = rest * float(weights[-1])
        if rest and temperature < 1.0 and total < math.inf:
            others = max(total * (1 + _SUM_ERROR) - float(np.exp(offsets).sum()), 0.0)
            fading = float(np.exp(offsets[-1] * (1 / temperature - 1)))
            most_rest = min(most_rest, others * fading)
    cumulative = np.cumsum(weights)
    least = cumulative[-1]
    sizes = np.searchsorted(cumulative, (top_p * least, top_p * (least + most_rest))) + 1
    return int(sizes[0]) if sizes[0] == sizes[1] <= logits.size else 0


def above_min_p(logits: Floats, peak: float, temperature: float, min_p: float) -> Ids:
    """Ids whose probability is at least min_p of the best one's (Nguyen et al. 2024).

    Probabilities relative to the best do not depend on what else is kept, so this filter may run
    before or after the others with the same result.
    """
    with np.errstate(over="ignore"):
        bound = np.float32(peak + temperature * float(np.log(min_p)))
    return np.flatnonzero(logits >= bound).astype(np.int64, copy=False)
