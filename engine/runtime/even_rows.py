"""The edit of a graph after which a run over several tokens rounds as one over each of them does.

A guess is only free of consequences when both ways give the same bits: int8 activations turn a
difference of 1e-7 into one of 0.1 to 0.5 in the logits, and the cache keeps it. Measured with ONNX
Runtime 1.31.1 (AVX-512), one row against 2 to 32, each operator alone: equal are norms, sums,
activations, `MatMulNBits` with int8 activations, `GroupQueryAttention` with an int8 cache. Two
differ, and only between one row and all other numbers: `MatMulNBits` with float activations, and
`GroupQueryAttention` with a float cache. So

    attention gets a row of zeros behind the others, whose result is dropped and whose place in the
    cache the next run overwrites:

        qkv -- Pad -- GroupQueryAttention -- Slice -- y

    and products with float activations take up to 32 rows in two parts, what int8 makes of a row
    and what it leaves out; both are products with int8 activations, and their sum misses float
    activations by 1e-5. A product with the identity says what int8 makes of a block:

        x -- Split -+- more than 32 rows -------------------------- MatMulNBits -------------+
                    |                                                                        |
                    +- blocks -+- x I -- Sub --+                                             |
                               +---------------+- Concat -- MatMulNBits -- ReduceSum -- Concat -- y

Cost on two cores: the starter, two float products in each layer, 10.62 to 11.21 ms a token (5.6 %,
of which attention is 1.1); a run over two tokens 14.8 to 12.8, over four 17.4 to 17.1, over eight
23.5 to 25.7. Reading prompts costs the same. Taking two rows in the old products instead costs 60
to 150 microseconds each, three times as much as one row; all rows in two parts cost a quarter of
the speed of prompts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

MOST_EVEN_ROWS: Final = 32
"""Runs over more tokens than this round differently."""

SPARE_TOKENS: Final = 1
"""Room in the cache behind the last token of a run."""

_PROJECTED: Final = 3  # inputs of GroupQueryAttention: query, key, value
_PASTS: Final = (3, 4)
_LENGTHS: Final = ("seqlens_k", "total_sequence_length")
_IDENTITY_BLOCK: Final = 32
_INT8_ACTIVATIONS: Final = 4  # accuracy_level
_PREFIX: Final = "even_rows"
_KEPT: Final = "logits_to_keep"
_MANY: Final = "/even_rows_many"  # rows that take the old way
# fmt: off
_EVEN_OPERATORS: Final = frozenset(
    {
        "Abs", "Add", "Cast", "Concat", "Cos", "Div", "FusedMatMul", "Gather",
        "GatherBlockQuantized", "Greater", "Max", "Mul", "Neg", "Pad", "QuickGelu",
        "RMSNormalization", "Range", "ReduceMax", "ReduceSum", "Reshape", "RotaryEmbedding",
        "Round", "Shape", "Sigmoid", "SimplifiedLayerNormalization", "Sin", "Size",
        "SkipSimplifiedLayerNormalization", "Slice", "Split", "Sub",
    }
)
# fmt: on
"""Measured, or without sums over anything but a row; `FusedMatMul` adds up one number a block."""


def use_even_rows(graph: GraphProto) -> None:
    """Edit a graph in place; operators that cannot be made even stay as they are."""
    edit = _Edit(graph)
    edit.attentions()
    edit.products()


def rounds_evenly(graph: GraphProto) -> bool:
    """Whether all operators of an edited graph are known to round rows alike.

    Experts and routers are not: a mixture differs between two rows and three.
    """
    return all(_is_even(node) for node in graph.node)


def _is_even(node: NodeProto) -> bool:
    if node.op_type == "MatMulNBits":
        old = node.input[0].endswith(_MANY)
        return old or _integer(node, "accuracy_level") == _INT8_ACTIVATIONS
    if node.op_type == "GroupQueryAttention":
        padded = node.input[0].startswith(f"{node.name}/Pad")
        return padded or bool(_integer(node, "kv_cache_bit_width"))
    return node.op_type in _EVEN_OPERATORS


class _Edit:
    """Writes the nodes anew, with others between them."""

    def __init__(self, graph: GraphProto) -> None:
        self._graph = graph
        self._constants: set[str] = set()
        self._nodes: list[NodeProto] = []

    def attentions(self) -> None:
        """Let attention with float caches see one row more."""
        nodes = [node for node in self._graph.node if node.op_type == "GroupQueryAttention"]
        if not nodes or not all(self._can_pad(node) for node in nodes):
            return
        longer = {name: f"{_PREFIX}/{name}" for name in _LENGTHS}
        for name, more in longer.items():
            one = self._constant(f"{_PREFIX}.one", np.array(SPARE_TOKENS, np.int32))
            self._add("Add", [name, one], more)
        for node in list(self._graph.node):
            if node.op_type == "GroupQueryAttention":
                self._pad(node, longer)
            else:
                self._nodes.append(node)
        self._write()

    def products(self) -> None:
        """Let products with float activations take few rows in two parts."""
        if not any(_is_float_product(node) for node in self._graph.node):
            return
        sizes = self._sizes(_PREFIX, "input_ids")
        kept = {_KEPT}  # whatever depends on it has other rows
        for node in list(self._graph.node):
            if not kept.isdisjoint(node.input):
                kept.update(node.output)
            if not _is_float_product(node):
                self._nodes.append(node)
            elif node.input[0] in kept:
                self._divide(node, self._sizes(node.name, node.input[0]))
            else:
                self._divide(node, sizes)
        self._write()

    def _can_pad(self, node: NodeProto) -> bool:
        """Whether it keeps its own float cache; one that reads another's has no rows to pad."""
        inputs = {value.name: value.type.tensor_type.elem_type for value in self._graph.input}
        pasts = [node.input[index] for index in _PASTS]
        lent = {name for other in self._graph.node for name in other.input}
        own = lent.isdisjoint(node.output[1:]) and len(node.output) > 1
        return own and all(inputs.get(name) == 1 for name in pasts)  # onnx.TensorProto.FLOAT

    def _pad(self, node: NodeProto, longer: dict[str, str]) -> None:
        pads = self._constant(f"{_PREFIX}.pads", np.array([0, 0, 0, 0, SPARE_TOKENS, 0]))
        for index, name in enumerate(node.input):
            if index < _PROJECTED and name:
                node.input[index] = self._add("Pad", [name, pads], f"{node.name}/Pad_{index}")
            elif name in longer:
                node.input[index] = longer[name]
        result, node.output[0] = node.output[0], f"{node.name}/padded"
        self._nodes.append(node)
        ends = {"start": 0, "end": -SPARE_TOKENS, "axis": 1}
        bounds = [self._constant(f"{_PREFIX}.{k}", np.array([v])) for k, v in ends.items()]
        self._add("Slice", [node.output[0], *bounds], f"{node.name}/Slice", result)

    def _sizes(self, name: str, x: str) -> str:
        """[2] how many rows of x take the old way, how many the new one; one of them is 0."""
        name = f"{name}/even_sizes"
        rows = self._add("Shape", [x], f"{name}/Shape", start=1, end=2)
        most = self._constant(f"{_PREFIX}.most", np.array([MOST_EVEN_ROWS]))
        many = self._add("Greater", [rows, most], f"{name}/Greater")
        many = self._add("Cast", [many], f"{name}/Cast", to=7)  # onnx.TensorProto.INT64
        old = self._add("Mul", [many, rows], f"{name}/Mul")
        new = self._add("Sub", [rows, old], f"{name}/Sub")
        return self._add("Concat", [old, new], f"{name}/Concat", axis=0)

    def _divide(self, node: NodeProto, sizes: str) -> None:
        from onnx import NodeProto, helper  # noqa: PLC0415 - few sessions need it

        name, depth = node.name, _integer(node, "K")
        old, new = f"{name}{_MANY}", f"{name}/few"
        self._nodes.append(
            helper.make_node("Split", [node.input[0], sizes], [old, new], f"{name}/Split", axis=1)
        )
        few = NodeProto()
        few.CopyFrom(node)
        result = node.output[0]
        node.input[0], node.output[0] = old, f"{name}/many_out"
        self._nodes.append(node)
        few.name, few.output[0] = f"{name}/two_parts", f"{name}/two_parts"
        few.input[0] = self._parts(name, new, depth)  # [2, rows, K]
        _set_int8(few)
        self._nodes.append(few)
        axis = self._constant(f"{_PREFIX}.parts", np.array([0]))
        total = self._add("ReduceSum", [few.output[0], axis], f"{name}/ReduceSum_parts", keepdims=1)
        self._add("Concat", [node.output[0], total], f"{name}/Concat_rows", result, axis=1)

    def _parts(self, name: str, rows: str, depth: int) -> str:
        """[2, rows, depth] what int8 makes of rows [1, rows, depth], and what it leaves out.

        The first part is the row itself, of which the product makes the same integers.
        """
        size = _IDENTITY_BLOCK
        blocks = self._constant(f"{_PREFIX}.blocks_{depth}", np.array([0, 0, depth // size, size]))
        flat = self._constant(f"{_PREFIX}.flat_{depth}", np.array([0, 0, depth]))
        identity = self._constant(f"{_PREFIX}.identity", _identity())
        scales = self._constant(f"{_PREFIX}.ones", np.ones((size, 1), np.float32))
        x = self._add("Reshape", [rows, blocks], f"{name}/Reshape_blocks")
        rounded = self._add(
            "MatMulNBits",
            [x, identity, scales],
            f"{name}/rounded",
            domain="com.microsoft",
            K=size,
            N=size,
            bits=4,
            block_size=size,
            accuracy_level=_INT8_ACTIVATIONS,
        )
        left = self._add("Sub", [x, rounded], f"{name}/Sub_rounded")
        both = self._add("Concat", [x, left], f"{name}/Concat_parts", axis=0)
        return self._add("Reshape", [both, flat], f"{name}/Reshape_rows")

    def _add(
        self,
        operator: str,
        inputs: list[str],
        name: str,
        output: str = "",
        **attributes: Any,  # noqa: ANN401 - what ONNX knows as an attribute
    ) -> str:
        from onnx import helper  # noqa: PLC0415 - few sessions need it

        output = output or name
        self._nodes.append(helper.make_node(operator, inputs, [output], name, **attributes))
        return output

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper  # noqa: PLC0415 - few sessions need it

        if name not in self._constants:
            self._constants.add(name)
            self._graph.initializer.append(numpy_helper.from_array(value, name))
        return name

    def _write(self) -> None:
        del self._graph.node[:]
        self._graph.node.extend(self._nodes)
        self._nodes = []


def _is_float_product(node: NodeProto) -> bool:
    """Whether it is a product whose rows int8 would round by the blocks of the identity."""
    return (
        node.op_type == "MatMulNBits"
        and _integer(node, "bits") == 4
        and _integer(node, "accuracy_level") == 0
        and _integer(node, "block_size") == _IDENTITY_BLOCK
        and _integer(node, "K") % _IDENTITY_BLOCK == 0
    )


def _integer(node: NodeProto, name: str) -> int:
    return next((int(one.i) for one in node.attribute if one.name == name), 0)


def _set_int8(node: NodeProto) -> None:
    for attribute in node.attribute:
        if attribute.name == "accuracy_level":
            attribute.i = _INT8_ACTIVATIONS


def _identity() -> NDArray[np.uint8]:
    """[32, 1, 16] an identity in 4 bits, two in a byte, the first one low; 8 stands for zero."""
    size = _IDENTITY_BLOCK
    numbers = np.full((size, size), 8, np.uint8) + np.eye(size, dtype=np.uint8)
    pairs: NDArray[np.uint8] = numbers[:, 0::2] + 16 * numbers[:, 1::2]
    return pairs[:, None, :]
