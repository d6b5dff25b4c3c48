"""An exported ONNX graph, taken apart and put together again.

Exported nodes stay as they are unless somebody takes them out; what replaces them is written with
our own `Graph`, below the path of the node it replaces. In the end both halves become one model, in
an order in which every value is made before it is read.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, numpy_helper

from engine.builder.checkpoint import Tensor
from engine.builder.graph import Graph
from engine.builder.weights import CHUNK_VALUES, WeightPlan
from engine.errors import BadCheckpoint

_INLINE_BYTES: Final = 1 << 16
"""Smaller tensors stay inside the graph file."""


class ExportedGraph:
    """A graph from the exporter.

    Attributes:
        inputs: Exported inputs by name, with their dimensions (0 where one is a symbol).
        outputs: The same for the outputs.
        g: Root of what we add, at path "".

    Raises BadCheckpoint when the files are not an exported graph.
    """

    def __init__(self, folder: Path, plan: WeightPlan) -> None:
        try:
            model = onnx.load(str(folder / "model.onnx"), load_external_data=False)
            known = onnx.shape_inference.infer_shapes(model).graph
        except (OSError, DecodeError, onnx.shape_inference.InferenceError) as exc:
            raise BadCheckpoint(reason="bad_export") from exc
        self._folder = folder
        self._types = {
            value.name: value.type.tensor_type for value in (*known.value_info, *known.input)
        }
        self._initializers = {tensor.name: tensor for tensor in model.graph.initializer}
        self._nodes = dict(enumerate(model.graph.node))
        self._makers = {
            value: index for index, node in self._nodes.items() for value in node.output
        }
        self._readers: dict[str, set[int]] = defaultdict(set)
        for index, node in self._nodes.items():
            for value in node.input:
                self._readers[value].add(index)
        self.inputs = {value.name: _dimensions(value) for value in model.graph.input}
        self.outputs = {value.name: _dimensions(value) for value in model.graph.output}
        self.g = MergedGraph(plan)
        self._resolve_copies()

    @property
    def nodes(self) -> list[NodeProto]:
        """Exported nodes that are still part of the graph, in order."""
        return list(self._nodes.values())

    def is_constant(self, value: str) -> bool:
        """Whether a value is an initializer or comes from a Constant node."""
        if not value or value in self._initializers:
            return True
        node = self.producer(value)
        return node is not None and node.op_type == "Constant"

    def rank(self, value: str) -> int | None:
        """Number of dimensions of a computed value, None where that is not known."""
        kind = self._types.get(value)
        return len(kind.shape.dim) if kind is not None and kind.HasField("shape") else None

    def shape(self, name: str) -> tuple[int, ...] | None:
        """Shape of a float32 initializer, None for anything else."""
        tensor = self._initializers.get(name)
        if tensor is None or tensor.data_type != TensorProto.FLOAT:
            return None
        return tuple(tensor.dims)

    def floats(self, name: str) -> NDArray[np.float32]:
        """A float32 initializer, mapped from the file where it lies outside the graph."""
        return np.asarray(self._array(self._initializers[name]), np.float32)

    def tensor(self, name: str, *, transposed: bool = False) -> Tensor:
        """A float32 initializer with two dimensions, as the blocks want it: [rows, columns].

        Args:
            name: The initializer.
            transposed: Whether it is stored as [columns, rows].
        """
        array = self.floats(name)
        if transposed:
            array = array.T
        return Tensor(
            name, array.shape, "F32", lambda start, stop: np.ascontiguousarray(array[start:stop])
        )

    def producer(self, value: str) -> NodeProto | None:
        """The exported node that makes a value."""
        return self._nodes.get(self._makers.get(value, -1))

    def is_read(self, value: str) -> bool:
        """Whether an exported node reads a value."""
        return any(index in self._nodes for index in self._readers[value])

    def redirect(self, old: str, new: str) -> None:
        """Make the exported readers of one value read another."""
        indices = self._readers.pop(old, set())
        self._readers[new] |= indices
        for index in indices & self._nodes.keys():
            node = self._nodes[index]
            node.input[:] = [new if name == old else name for name in node.input]

    def remove(self, node: NodeProto) -> None:
        """Take an exported node out; whoever reads its outputs must be redirected."""
        del self._nodes[self._makers[node.output[0]]]

    def rename(self, value: str, wanted: str) -> None:
        """Give what an exported node makes another name."""
        node = self.producer(value)
        if node is not None:
            node.output[:] = [wanted if name == value else name for name in node.output]
            self._makers[wanted] = self._makers.pop(value)
            self.redirect(value, wanted)

    def finish(self) -> None:
        """Hand what is left of the exported graph to the model that `g` becomes."""
        nodes = self._nodes_in_use()
        made = {name for node in nodes for name in node.output}
        read = {name for node in nodes for name in node.input} - made
        for name in [name for name in self._initializers if name in read]:
            self._place(name)
        ours = {node.name for node in self.g.our_model().graph.node}
        for node in nodes:
            if node.name in ours:
                node.name += "_exported"
        self.g.exported_nodes = nodes

    def _resolve_copies(self) -> None:
        """Read values where they are made.

        Equal initializers are shared through Identity, and some casts change nothing.
        """
        for node in self.nodes:
            if node.op_type == "Cast":
                kind = self._types.get(node.input[0])
                idle = kind is not None and kind.elem_type == node.attribute[0].i
            else:
                idle = node.op_type == "Identity"
            if not idle:
                continue
            source, copy = node.input[0], node.output[0]
            if copy not in self.outputs:
                self.remove(node)
                self.redirect(copy, source)
            elif self.producer(source) is not None and source not in self.outputs:
                self.remove(node)
                self.rename(source, copy)

    def _place(self, name: str) -> None:
        """Take an initializer over: small ones into the graph, large ones into the file."""
        tensor = self._initializers[name]
        array = self._array(tensor)
        if tensor.data_type == TensorProto.FLOAT:
            self.g.count_parameters(array.size)
        unique = f"exported.{name}"  # ours are named by where they stand, as exported ones are
        if array.nbytes <= _INLINE_BYTES:
            self.g.exported_initializers.append(numpy_helper.from_array(np.array(array), unique))
            self.redirect(name, unique)
            return
        flat = array.reshape(-1)

        def chunks() -> Iterator[tuple[NDArray[Any], ...]]:
            for start in range(0, flat.size, CHUNK_VALUES):
                yield (flat[start : start + CHUNK_VALUES],)

        (region,) = self.g.reserve([array.nbytes], chunks)
        self.redirect(name, self.g.weight(unique, tensor.data_type, array.shape, region))

    def _nodes_in_use(self) -> list[NodeProto]:
        """Exported nodes that lead somewhere; the others fed what was replaced."""
        ours = self.g.our_model().graph
        wanted = {name for node in ours.node for name in node.input}
        wanted.update(value.name for value in ours.output)
        kept = []
        for node in reversed(self._nodes.values()):
            if wanted.intersection(node.output):
                wanted.update(node.input)
                kept.append(node)
        return kept[::-1]

    def _array(self, tensor: TensorProto) -> NDArray[Any]:
        if tensor.data_location != TensorProto.EXTERNAL:
            return numpy_helper.to_array(tensor)
        entries = {entry.key: entry.value for entry in tensor.external_data}
        kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
        path = self._folder / Path(entries["location"]).name
        offset, count = int(entries.get("offset", 0)), math.prod(tensor.dims)
        try:
            return np.memmap(path, kind, "r", offset, tuple(tensor.dims)) if count else np.empty(0)
        except (OSError, ValueError) as exc:
            raise BadCheckpoint(reason="bad_export") from exc


class MergedGraph(Graph):
    """The root of what we add, whose model holds the exported nodes as well.

    Attributes:
        exported_nodes: See there.
        exported_initializers: Small ones, as they are.
    """

    def __init__(self, plan: WeightPlan) -> None:
        super().__init__(plan, "")
        self.exported_nodes: list[NodeProto] = []
        self.exported_initializers: list[TensorProto] = []

    def our_model(self) -> ModelProto:
        """What we added, alone; not yet a valid model."""
        return super().model()

    def model(self) -> ModelProto:
        """Both halves, every value made before it is read."""
        model = self.our_model()
        model.graph.initializer.extend(self.exported_initializers)
        nodes = _in_order([*self.exported_nodes, *model.graph.node])
        del model.graph.node[:]
        model.graph.node.extend(nodes)
        return model


def _in_order(nodes: list[NodeProto]) -> list[NodeProto]:
    """Sort nodes so that every value is made before it is read (Kahn 1962)."""
    maker = {value: index for index, node in enumerate(nodes) for value in node.output if value}
    readers: dict[int, list[int]] = defaultdict(list)
    waiting = []
    for index, node in enumerate(nodes):
        needed = {maker[value] for value in node.input if value in maker}
        waiting.append(len(needed))
        for source in needed:
            readers[source].append(index)
    ready = [index for index in range(len(nodes) - 1, -1, -1) if waiting[index] == 0]
    order: list[int] = []
    while ready:
        index = ready.pop()
        order.append(index)
        for reader in reversed(readers[index]):
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    if len(order) != len(nodes):
        raise ValueError("the graph has a cycle")
    return [nodes[index] for index in order]


def _dimensions(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
