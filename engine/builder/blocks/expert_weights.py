"""Finds the weights of experts, however they are published.

Each expert is three matrices: gate and up [width, hidden], down [hidden, width]. Published as

    experts.3.gate_proj.weight   one tensor each, also called w1, w3, w2
    experts.gate_up_proj         [experts, 2 * width, hidden]: gate's rows, then up's (Qwen 3.5)
    experts.gate_up_proj         [experts, hidden, 2 * width]: columns of gate and up in turns
                                 (gpt-oss), down_proj turned likewise, biases beside them
    experts.gate_up_proj         [experts, 2 * width, hidden] in MXFP4: rows of gate and up in turns
                                 (gpt-oss), down_proj not turned
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.builder.blocks.site import Site
from engine.builder.checkpoint import Tensor
from engine.errors import BadCheckpoint


@dataclass(frozen=True, slots=True)
class Gating:
    """SwiGLU's constants: min(g, limit) * sigmoid(alpha * ...) * (clip(u, -limit, limit) + beta).

    Attributes:
        alpha: Steepness of the sigmoid.
        beta: Added to the linear half.
        limit: Bound of both halves; 0 for none.
    """

    alpha: float = 1.0
    beta: float = 0.0
    limit: float = 0.0


@dataclass(frozen=True, slots=True)
class ExpertWeights:
    """One expert.

    Attributes:
        gate: [width, hidden].
        up: [width, hidden].
        down: [hidden, width].
        biases: Of gate, up [width] and down [hidden]; empty where there are none.
    """

    gate: Tensor
    up: Tensor
    down: Tensor
    biases: tuple[NDArray[np.float32], ...] = ()


@dataclass(frozen=True, slots=True)
class ExpertLayout:
    """What is to be found.

    Attributes:
        experts: Number of experts.
        width: Of an expert's hidden layer.
        names: Of gate, up and down where each expert has tensors of its own.
        bias: Whether the projections have biases.
        interleaved: Whether joint tensors take gate and up in turns, inputs first (gpt-oss).
    """

    experts: int
    width: int
    names: tuple[str, str, str]
    bias: bool
    interleaved: bool


def find_experts(site: Site, layout: ExpertLayout) -> list[ExpertWeights]:
    """All experts of a layer.

    Args:
        site: Place of the experts; its stem ends in "experts".
        layout: What is to be found.

    Raises:
        BadCheckpoint: A tensor is missing or has another shape.
    """
    if not site.has("gate_up_proj"):
        return [_separate(site, layout, index) for index in range(layout.experts)]
    if not layout.interleaved:
        return _joint(site, layout)
    packed = site.checkpoint.tensor(site.name("gate_up_proj")).quantized
    return _packed(site, layout) if packed else _turned(site, layout)


def _separate(site: Site, layout: ExpertLayout, index: int) -> ExpertWeights:
    place = site.at(str(index))
    width, hidden = layout.width, site.config.hidden
    shapes = ((width, hidden), (width, hidden), (hidden, width))
    gate, up, down = (
        place.weight(name, *shape) for name, shape in zip(layout.names, shapes, strict=True)
    )
    if not layout.bias:
        return ExpertWeights(gate, up, down)
    biases = (
        place.bias(name, rows).whole() for name, (rows, _) in zip(layout.names, shapes, strict=True)
    )
    return ExpertWeights(gate, up, down, tuple(biases))


def _joint(site: Site, layout: ExpertLayout) -> list[ExpertWeights]:
    """Gate's rows above up's."""
    width, hidden, count = layout.width, site.config.hidden, layout.experts
    both = site.tensor("gate_up_proj", count, 2 * width, hidden)
    down = site.tensor("down_proj", count, hidden, width)
    return [
        ExpertWeights(
            both.sliced(2 * width * index, 2 * width * index + width),
            both.sliced(2 * width * index + width, 2 * width * (index + 1)),
            down.sliced(hidden * index, hidden * (index + 1)),
        )
        for index in range(count)
    ]


def _turned(site: Site, layout: ExpertLayout) -> list[ExpertWeights]:
    """Inputs first, gate and up in turns."""
    width, hidden, count = layout.width, site.config.hidden, layout.experts
    both = site.tensor("gate_up_proj", count, hidden, 2 * width)
    down = site.tensor("down_proj", count, width, hidden)
    biases = _joint_biases(site, layout)
    return [
        ExpertWeights(
            _columns(both, index * hidden, (index + 1) * hidden, slice(0, None, 2)),
            _columns(both, index * hidden, (index + 1) * hidden, slice(1, None, 2)),
            _columns(down, index * width, (index + 1) * width, slice(None)),
            biases[index],
        )
        for index in range(count)
    ]


def _packed(site: Site, layout: ExpertLayout) -> list[ExpertWeights]:
    """MXFP4: rows are outputs, gate and up in turns."""
    width, hidden, count = layout.width, site.config.hidden, layout.experts
    both = site.tensor("gate_up_proj", count, 2 * width, hidden)
    down = site.tensor("down_proj", count, hidden, width)
    biases = _joint_biases(site, layout)
    return [
        ExpertWeights(
            _every_other(both, 2 * width * index, width),
            _every_other(both, 2 * width * index + 1, width),
            down.sliced(hidden * index, hidden * (index + 1)),
            biases[index],
        )
        for index in range(count)
    ]


def _joint_biases(site: Site, layout: ExpertLayout) -> list[tuple[NDArray[np.float32], ...]]:
    if not layout.bias:
        return [()] * layout.experts
    both = site.tensor("gate_up_proj_bias", layout.experts, 2 * layout.width).whole()
    down = site.tensor("down_proj_bias", layout.experts, site.config.hidden).whole()
    return [(row[0::2], row[1::2], last) for row, last in zip(both, down, strict=True)]


def _every_other(tensor: Tensor, first: int, rows: int) -> Tensor:
    """Rows first, first + 2, ... as a tensor [rows, columns]."""
    read = tensor.read
    return _part(
        tensor,
        (rows, tensor.columns),
        lambda start, stop: read(first + 2 * start, first + 2 * stop - 1)[::2],
    )


def _columns(tensor: Tensor, first: int, last: int, which: slice) -> Tensor:
    """Some columns of rows first to last, turned into rows. Blocks cannot be: BadCheckpoint."""
    if tensor.quantized:
        raise BadCheckpoint(reason="wrong_dtype", tensor=tensor.name)
    read = tensor.read
    count = len(range(*which.indices(tensor.columns)))
    return _part(
        tensor,
        (count, last - first),
        lambda start, stop: np.ascontiguousarray(read(first, last)[:, which][:, start:stop].T),
    )


def _part(
    tensor: Tensor, shape: tuple[int, ...], read: Callable[[int, int], NDArray[Any]]
) -> Tensor:
    return replace(tensor, name=f"{tensor.name}[part]", shape=shape, read=read)
