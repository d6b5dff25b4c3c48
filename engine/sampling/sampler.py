"""Chooses the next token.

The order is the usual one (Hugging Face `transformers`): repetition penalty, temperature, top-k,
top-p, min-p. A temperature of 0 takes the best token after the penalty. The same settings, seed
and logits give the same tokens: the generator is PCG64, ties go to the lower id. (Between
processors the last bit of an exponential may differ, which moves the border between two tokens by
one part in ten million.)

With 151,936 tokens a choice takes 0.1 ms (greedy) to 0.3 ms (top-p with a penalty) on one core;
only a distribution so flat that its nucleus holds most of the vocabulary takes up to 10 ms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.errors import InvalidRequest
from engine.sampling.checks import check_config
from engine.sampling.processors import (
    Doubles,
    Floats,
    Ids,
    above_min_p,
    apply_repetition_penalty,
    certain_nucleus_size,
    largest,
    log_total,
    nucleus_size,
    rank,
    relative_weights,
    shares,
    softmax,
)
from engine.types import GenerationConfig

_FIRST_GUESS = 256  # candidates that usually hold the nucleus
_BLOCK = 512
_LARGEST_EXPONENT = 700.0  # of a double


class Sampler:
    """Chooses the tokens of one reply.

    Args:
        config: Settings; checked here.

    Raises:
        InvalidRequest: A setting is out of range.
    """

    def __init__(self, config: GenerationConfig) -> None:
        check_config(config)
        self._config = config
        self._random = np.random.Generator(np.random.PCG64(config.seed))
        self._scores = self._weights = np.empty(0, np.float32)  # memory for steps in between

    def copy(self) -> Sampler:
        """Another one that is going to draw the same random numbers."""
        other = Sampler(self._config)
        other._random.bit_generator.state = self._random.bit_generator.state
        return other

    def sample(
        self, logits: Floats, history: Sequence[int] | npt.NDArray[np.integer] = ()
    ) -> tuple[int, float]:
        """Choose a token.

        Args:
            logits: float32 [vocab] of the last position; not changed. -inf rules a token out.
            history: Ids of the prompt and the reply so far, for the repetition penalty; each
                once is enough and faster, see `SeenTokens`.

        Returns:
            The token's id, and its natural-log probability under the unmodified model, that is
            softmax(logits) without temperature, penalty or filters.

        Raises:
            InvalidRequest: The logits are empty, NaN or +inf, or all -inf (field: "logits").
        """
        if logits.ndim != 1 or logits.size == 0:
            raise InvalidRequest(field="logits", reason="wrong_shape")
        best = int(logits.argmax())  # the first NaN, where there is one
        peak = float(logits[best])
        if not math.isfinite(peak):
            raise InvalidRequest(field="logits", reason="not_finite")
        if self._weights.size != logits.size:
            self._scores, self._weights = np.empty((2, logits.size), np.float32)
        total = log_total(logits, peak, scratch=self._weights)
        scores, best = self._penalized(logits, history, best)
        token = best
        if self._config.temperature > 0.0:
            # A penalty above 1 makes nothing more likely, so the sum it leaves is no larger.
            bounded = scores is logits or self._config.repetition_penalty > 1.0
            most = total + peak - float(scores[best]) if bounded else math.inf
            token = self._draw(scores, best, most)
        return token, float(logits[token]) - peak - total

    def _penalized(
        self, logits: Floats, history: Sequence[int] | npt.NDArray[np.integer], best: int
    ) -> tuple[Floats, int]:
        """Logits after the repetition penalty, and the best of them; `best` is that before it."""
        penalty = self._config.repetition_penalty
        if penalty == 1.0 or not len(history):
            return logits, best
        ids = np.asarray(history, dtype=np.int64)
        spared = penalty > 1.0 and not (ids == best).any()  # others only lose: it stays the best
        if spared and self._config.temperature == 0.0:
            return logits, best
        scores = apply_repetition_penalty(logits, ids, penalty, self._scores)
        return scores, best if spared else int(scores.argmax())

    def _draw(self, scores: Floats, best: int, most: float) -> int:
        """Draw from what the filters leave of softmax(scores / temperature).

        `most` is no less than log(sum(exp(scores - scores[best]))).
        """
        config = self._config
        peak = float(scores[best])
        if config.top_k == 0 and config.top_p == 1.0 and config.min_p == 0.0:
            return self._draw_from_all(scores, peak)
        if config.top_k:
            candidates = rank(scores, largest(scores, config.top_k))[: config.top_k]
            probabilities = softmax(scores[candidates], config.temperature)
            if config.top_p < 1.0:
                candidates = candidates[: nucleus_size(probabilities, config.top_p)]
            candidates = self._apply_min_p(scores, candidates)
        else:
            candidates = self._nucleus(scores, peak, most)
        return self._pick(candidates, softmax(scores[candidates], config.temperature))

    def _nucleus(self, scores: Floats, peak: float, most: float) -> Ids:
        """Top-p and min-p without top-k, looked for among ever more candidates.

        Both keep the beginning of the same ranking, so min-p may go first although it counts last:
        the shares that top-p adds up are those of the whole vocabulary either way.
        """
        config = self._config
        count = _FIRST_GUESS
        candidates = (
            rank(scores, above_min_p(scores, peak, config.temperature, config.min_p))
            if config.min_p
            else rank(scores, largest(scores, count))
        )
        if config.top_p == 1.0:
            return candidates
        rest = scores.size - candidates.size
        known = math.exp(most) if most < _LARGEST_EXPONENT else math.inf
        size = certain_nucleus_size(
            scores[candidates], rest, config.temperature, config.top_p, known
        )
        if size:
            return candidates[:size]
        total = log_total(scores, peak, config.temperature, self._weights)
        while True:
            probabilities = shares(scores[candidates], peak, config.temperature, total)
            size = nucleus_size(probabilities, config.top_p)
            if size <= candidates.size or config.min_p or candidates.size == scores.size:
                return candidates[:size]
            count = candidates.size * 16
            candidates = rank(scores, largest(scores, count))

    def _apply_min_p(self, scores: Floats, candidates: Ids) -> Ids:
        """Keep ranked candidates with at least min_p of the best one's probability."""
        config = self._config
        if config.min_p == 0.0:
            return candidates
        values = scores[candidates].astype(np.float64)
        bound = values[0] + config.temperature * np.log(config.min_p)
        kept: Ids = candidates[values >= bound]
        return kept

    def _pick(self, candidates: Ids, probabilities: Doubles) -> int:
        cumulative = np.cumsum(probabilities)
        point = self._random.random() * cumulative[-1]
        index = int(np.searchsorted(cumulative, point, side="right"))
        return int(candidates[min(index, candidates.size - 1)])

    def _draw_from_all(self, scores: Floats, peak: float) -> int:
        """Draw from the whole vocabulary: first a block, then a token in it."""
        weights = relative_weights(scores, peak, self._config.temperature, self._weights)
        starts = np.arange(0, weights.size, _BLOCK)
        blocks = np.add.reduceat(weights, starts).astype(np.float64)
        cumulative = np.cumsum(blocks)
        point = self._random.random() * cumulative[-1]
        block = min(int(np.searchsorted(cumulative, point, side="right")), blocks.size - 1)
        start = int(starts[block])
        inside = weights[start : start + _BLOCK].astype(np.float64)
        return self._pick(np.arange(start, start + inside.size, dtype=np.int64), inside)


def log_probability(logits: Floats, token: int) -> float:
    """Natural-log probability of a token under softmax(logits [vocab]), as `sample` tells it."""
    peak = float(logits.max())
    return float(logits[token]) - peak - log_total(logits, peak)
