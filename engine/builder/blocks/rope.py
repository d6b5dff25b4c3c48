"""Rotary position embedding (Su et al. 2021): the tables of cosines and sines.

The rotation itself happens inside GroupQueryAttention; scaling rules only change the frequencies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from engine.builder.config import RopeConfig
from engine.builder.graph import Graph
from engine.builder.weights import Chunks
from engine.errors import BadCheckpoint

_CHUNK_POSITIONS = 8192


@dataclass(frozen=True, slots=True)
class RopeCache:
    """Names of the two tables, each [context_length, rotary_dim / 2] float32."""

    cos: str
    sin: str


def rope_cache(
    g: Graph, rope: RopeConfig, context_length: int, factors: NDArray[np.float32] | None = None
) -> RopeCache:
    """Plan the tables for all positions.

    Args:
        g: Place of the tables.
        rope: The rule.
        context_length: Number of positions.
        factors: Divisors of the frequencies for kind "factors", [rotary_dim / 2].
    """
    frequencies = inverse_frequencies(rope, factors)
    size_bytes = context_length * frequencies.size * 4

    def chunks() -> Chunks:
        for start in range(0, context_length, _CHUNK_POSITIONS):
            positions = np.arange(start, min(start + _CHUNK_POSITIONS, context_length))
            # float32 products, as the reference (transformers) computes them
            angles = positions.astype(np.float32)[:, None] * frequencies
            yield np.cos(angles), np.sin(angles)

    cos, sin = g.reserve([size_bytes, size_bytes], chunks)
    shape = [context_length, frequencies.size]
    return RopeCache(
        g.weight("cos_cache", TensorProto.FLOAT, shape, cos),
        g.weight("sin_cache", TensorProto.FLOAT, shape, sin),
    )


def inverse_frequencies(
    rope: RopeConfig, factors: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Radians per position for each pair of dimensions, [rotary_dim / 2] float32."""
    exponents = np.arange(0, rope.rotary_dim, 2, dtype=np.float32) / np.float32(rope.rotary_dim)
    frequencies: NDArray[np.float32] = np.reciprocal(
        np.power(np.float32(rope.theta), exponents, dtype=np.float32)
    )
    if rope.kind == "linear":
        frequencies /= np.float32(rope.factor)
    elif rope.kind == "llama3":
        frequencies = _llama3(frequencies, rope)
    elif rope.kind == "factors":
        if factors is None or (factors == 0).any():
            raise BadCheckpoint(reason="bad_rope_factors")
        frequencies /= factors
    return frequencies


def _llama3(frequencies: NDArray[np.float32], rope: RopeConfig) -> NDArray[np.float32]:
    """Llama 3.1's rule: long waves are stretched, short ones kept, those between blended.

    Reference: transformers, modeling_rope_utils.py, `_compute_llama3_parameters`.
    """
    waves = 2 * math.pi / frequencies
    low_wave = rope.original_context / rope.low_freq_factor
    high_wave = rope.original_context / rope.high_freq_factor
    span = rope.high_freq_factor - rope.low_freq_factor
    blend = (rope.original_context / waves - rope.low_freq_factor) / span
    blended = (1 - blend) * frequencies / rope.factor + blend * frequencies
    stretched = np.where(waves > low_wave, frequencies / rope.factor, blended)
    result: NDArray[np.float32] = np.where(waves < high_wave, frequencies, stretched)
    return result.astype(np.float32)
