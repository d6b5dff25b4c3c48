"""Changes to a bundle's graph that are made in memory while it is opened.

The graph is small, the weights stay in their own file: an edit costs milliseconds and no disk.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.bundle import GRAPH_NAME
from engine.errors import BadBundle
from engine.runtime.even_rows import use_even_rows
from engine.runtime.int8_cache import Scales, use_int8_cache

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

_INT8_ACTIVATIONS = 4  # accuracy_level of MatMulNBits and its relatives
_FLOAT32_ACTIVATIONS = 0
_EXPERT_WEIGHTS = (2, 5)  # inputs of QMoE


def edited_graph(
    path: Path, *, exact: bool = False, scales: Scales | None = None, even_rows: bool = False
) -> bytes:
    """The serialized graph as a session is to run it.

    Args:
        path: The graph's file.
        exact: Keep float32 activations in every quantized operator.
        scales: States to keep in 8 bits, see `int8_cache`.
        even_rows: Round runs over few tokens as runs over one, see `even_rows`.

    Raises BadBundle when the file is not a graph.
    """
    model = read_graph(path)
    if exact:
        _float_activations(model.graph)
    if scales:
        use_int8_cache(model.graph, scales)
    if even_rows:
        use_even_rows(model.graph)
    return bytes(model.SerializeToString())


def read_graph(path: Path) -> ModelProto:
    """The graph without its weights. Raises BadBundle when the file is not one."""
    try:
        return parse_graph(path.read_bytes())
    except OSError as exc:
        raise BadBundle(reason="damaged", file=GRAPH_NAME) from exc


def parse_graph(content: bytes) -> ModelProto:
    """A serialized graph. Raises BadBundle when it is none."""
    import onnx  # noqa: PLC0415 - only edited sessions pay for it
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        return onnx.load_model_from_string(content)
    except DecodeError as exc:
        raise BadBundle(reason="damaged", file=GRAPH_NAME) from exc


def _float_activations(graph: GraphProto) -> None:
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name == "accuracy_level" and attribute.i == _INT8_ACTIVATIONS:
                attribute.i = _FLOAT32_ACTIVATIONS
            if attribute.HasField("g"):
                _float_activations(attribute.g)
        if node.op_type == "QMoE" and any(
            attribute.name.endswith("expert_weight_bits") and attribute.i == 8
            for attribute in node.attribute
        ):
            _keep_unpacked(graph, node)


def _keep_unpacked(graph: GraphProto, node: NodeProto) -> None:
    """Make an operator's weights inputs with a default value instead of constants.

    ONNX Runtime 1.31 multiplies 8-bit experts with int8 activations at every accuracy level, but
    only when it could pack their weights at load, which it does with constants alone. Unpacked
    weights are dequantized and multiplied in float32: slow, exact, and nothing is copied.
    """
    weights = {node.input[index] for index in _EXPERT_WEIGHTS}
    known = {value.name for value in graph.input}
    for tensor in graph.initializer:
        if tensor.name in weights - known:
            kind = graph.input.add(name=tensor.name).type.tensor_type
            kind.elem_type = tensor.data_type
            for size in tensor.dims:
                kind.shape.dim.add(dim_value=size)
