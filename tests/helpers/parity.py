"""How far a model is from the reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FIXTURES = Path(__file__).parents[1] / "fixtures" / "parity"


@dataclass(frozen=True)
class Divergence:
    """Over all positions: mean KL from the reference in nats, and how often the best agrees."""

    mean_kl: float
    same_best: float


def divergence(logits: NDArray[np.float32], expected: NDArray[np.float32]) -> Divergence:
    """Compare logits [positions, vocab] with all logits of the reference."""
    log_p, log_q = (_log_softmax(values.astype(np.float64)) for values in (expected, logits))
    mean_kl = (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()
    return Divergence(float(mean_kl), float((log_p.argmax(1) == log_q.argmax(1)).mean()))


def _log_softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = values - values.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


@dataclass(frozen=True)
class ReducedReference:
    """A reference of which only the largest logits were kept.

    Attributes:
        input_ids: [positions].
        top_ids: [positions, 64], best first.
        top_logits: [positions, 64].
        log_sum_exp: [positions], over the whole vocabulary.
    """

    input_ids: NDArray[np.int64]
    top_ids: NDArray[np.int32]
    top_logits: NDArray[np.float64]
    log_sum_exp: NDArray[np.float64]

    def divergence(self, logits: NDArray[np.float32]) -> Divergence:
        """Compare logits [positions, vocab].

        Tokens below the 64 best count as one, with what their probabilities sum to; where that
        would lower the result it is left out.
        """
        wide = logits.astype(np.float64)
        peak = wide.max(axis=1, keepdims=True)
        log_q = wide - peak - np.log(np.exp(wide - peak).sum(axis=1, keepdims=True))
        log_q_top = np.take_along_axis(log_q, self.top_ids.astype(np.int64), axis=1)
        log_p_top = self.top_logits - self.log_sum_exp[:, None]
        p_top = np.exp(log_p_top)
        head = (p_top * (log_p_top - log_q_top)).sum(axis=1)
        p_rest = np.clip(1 - p_top.sum(axis=1), 1e-12, 1)
        q_rest = np.clip(1 - np.exp(log_q_top).sum(axis=1), 1e-12, 1)
        rest = np.maximum(p_rest * np.log(p_rest / q_rest), 0)
        same = (wide.argmax(axis=1) == self.top_ids[:, 0]).mean()
        return Divergence(float((head + rest).mean()), float(same))


def smollm2_reference() -> ReducedReference:
    """The starter's reference: float32 of the dequantized GGUF, 128 positions of prose."""
    with np.load(FIXTURES / "smollm2" / "reference.npz") as file:
        return ReducedReference(
            file["input_ids"],
            file["top_ids"],
            file["top_logits"].astype(np.float64),
            file["log_sum_exp"],
        )
