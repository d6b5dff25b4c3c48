"""What a graph says about the memory of running it: activations, scores, experts, int8 caches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from engine.runtime.int8_cache import quantizable_states
from engine.runtime.packed.graph import Constants, Packable, float_weight, packables

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_FLOAT_BYTES = 4
_CONVOLUTIONS = frozenset({"CausalConvWithState", "Conv"})
_CONVOLVED = 4  # what goes in, what comes out, and its queries, keys and values
_HEAD = "/model/lm_head/"


@dataclass(frozen=True, slots=True)
class GraphMemory:
    """Sizes that follow from the graph alone.

    Attributes:
        activation_bytes: Of one token in the widest place of a layer.
        loading_bytes: Anonymous memory while the library packs stand-ins of stored weights.
        casting_bytes: What half-precision weights take in single precision before they are packed,
            and the largest of them packed: the library turns all of them first.
        weights_per_token: Numbers that a token is multiplied with.
        expert_bytes: Weights of routed experts, packed: a token needs few of them.
        expert_share: How much of those one token needs at most.
        quantizable: Input names of the states that can be kept in 8 bits.
    """

    activation_bytes: int
    loading_bytes: int
    casting_bytes: int
    weights_per_token: int
    expert_bytes: int
    expert_share: float
    quantizable: frozenset[str]


def graph_memory(model: ModelProto) -> GraphMemory:
    """Read a graph, whose weights are not looked at."""
    constants = Constants(model)
    dims = {name: tuple(tensor.dims) for name, tensor in constants.tensors.items()}
    for name, node in constants.makers.items():
        if node.op_type == "Cast":
            dims[name] = dims.get(node.input[0], ())
    packed = list(packables(model, constants))
    experts = [part for part in packed if part.node.op_type == "QMoE"]
    shares = [
        _attribute(part.node, "k") / max(1, dims[part.name][0])
        for part in experts
        if part.name in dims
    ]
    return GraphMemory(
        max((_width(node, dims) for node in model.graph.node), default=0) * _FLOAT_BYTES,
        _loading_bytes(packed),
        _casting_bytes(model, constants),
        _weights_per_token(model, constants),
        sum(part.packed_bytes for part in experts),
        max(shares, default=0.0),
        quantizable_states(model.graph),
    )


def _loading_bytes(packed: list[Packable]) -> int:
    """The most that is being packed at once, by two threads.

    The library lets one begin with the first operator and the other in the middle; both need the
    longer the larger an operator is.
    """
    largest: dict[str, int] = {}
    for part in packed:
        largest[part.node.name] = max(part.packed_bytes, largest.get(part.node.name, 0))
    sizes = list(largest.values())
    middle = len(sizes) // 2
    spans = [_spans(half) for half in (sizes[:middle], sizes[middle:])]
    together = (
        (one[1] - one[0]) + (other[1] - other[0])
        for one in spans[0]
        for other in spans[1]
        if one[0] < other[1] and other[0] < one[1]
    )
    return max([*sizes, *together], default=0)


def _spans(sizes: list[int]) -> list[tuple[int, int]]:
    """From when to when each is packed, one after another; time is counted in bytes."""
    ends = list(accumulate(sizes))
    return [(end - size, end) for size, end in zip(sizes, ends, strict=True)]


def _casting_bytes(model: ModelProto, constants: Constants) -> int:
    names = {name for node in model.graph.node if (name := float_weight(node, constants))}
    sizes = [_FLOAT_BYTES * constants.elements(name) for name in names & constants.makers.keys()]
    return sum(sizes) + max(sizes, default=0)


def _weights_per_token(model: ModelProto, constants: Constants) -> int:
    total, tensors = 0, constants.tensors
    for node in model.graph.node:
        if node.name.startswith(_HEAD):
            continue
        if node.op_type == "MatMulNBits":
            total += _attribute(node, "N") * _attribute(node, "K")
        elif right := float_weight(node, constants):
            total += constants.elements(right)
        elif node.op_type == "QMoE" and node.input[5] in tensors:
            # [experts, hidden, packed width]: gate, up and down of those that are asked
            _, hidden, columns = tensors[node.input[5]].dims
            bits = _attribute(node, "expert_weight_bits") or 4
            total += 3 * _attribute(node, "k") * hidden * columns * 8 // bits
    return total


def _width(node: NodeProto, dims: dict[str, tuple[int, ...]]) -> int:
    """Numbers that one token needs while a node runs: what it reads, makes, and works in."""
    if node.name.startswith(_HEAD):  # computed for the last position alone
        return 0
    if node.op_type == "MatMulNBits":
        return _attribute(node, "N") + _attribute(node, "K")
    if node.op_type in {"MatMul", "FusedMatMul", "Gemm"}:
        shape = dims.get(node.input[1], ())
        return sum(shape) if len(shape) == 2 else 0
    if node.op_type == "QMoE":
        down = dims.get(node.input[5], (1, 1))
        return (_attribute(node, "k") + 1) * down[1]
    if node.op_type in _CONVOLUTIONS:
        return _CONVOLVED * math.prod(dims.get(node.input[1], (0,))[:1])
    return 0


def _attribute(node: NodeProto, name: str) -> int:
    return next((int(one.i) for one in node.attribute if one.name == name), 0)
