"""Exported linear layers and tables, stored as our own blocks store them.

    MatMul(x, W)            W [in, out], constant          -> linear
    MatMul(x, Transpose(W)) W [out, in]                    -> linear
    Gemm(x, W, b)           W either way                   -> linear with bias
    Gather(W, ids)          W [vocabulary, hidden]         -> embedding

Products of two computed values (attention) stay as they are, and so do small layers: a router's
few rows decide which expert runs.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from onnx import NodeProto, TensorProto

from engine.builder.blocks.linear import linear, project
from engine.builder.blocks.storage import Precision, StoredWeight
from engine.builder.blocks.table import Embedding, embedding
from engine.builder.checkpoint import Tensor
from engine.builder.convert.exported import ExportedGraph
from engine.builder.graph import Graph

_FEWEST_ROWS: Final = 64


class LayerStore:
    """Stores the weights of an exported graph.

    Attributes:
        widest: Rows of the widest linear layer so far.
    """

    def __init__(self, exported: ExportedGraph, precision: Precision, *, fine: bool) -> None:
        self.widest = 0
        self._exported = exported
        self._precision = precision
        self._fine = fine
        self._places: set[str] = set()
        self._tables: dict[str, tuple[Tensor, Embedding]] = {}

    def place(self, node: NodeProto) -> Graph:
        """Where the replacement of a node stands: below its module, once."""
        path = node.name.strip("/").rpartition("/")[0] or node.name.strip("/")
        if path in self._places:
            path = node.name.strip("/")
        self._places.add(path)
        return self._exported.g.at(path)

    def store_tables(self, vocab: int) -> None:
        """Replace every lookup of a table with `vocab` rows."""
        for node in [n for n in self._exported.nodes if n.op_type == "Gather"]:
            shape = self._exported.shape(node.input[0])
            if shape is not None and len(shape) == 2 and shape[0] == vocab and not _axis(node):
                g = self.place(node)
                rows = self._table(g, node.input[0]).gather(g, node.input[1])
                self.replace(node, rows)

    def store_linear_layers(self) -> None:
        """Replace every linear layer that is large enough."""
        for node in self._exported.nodes:
            weight = self.weight_of(node)
            if weight is None or weight.rows < _FEWEST_ROWS:
                continue
            biases = []
            if node.op_type == "Gemm" and len(node.input) > 2 and node.input[2]:
                biases = [self._bias(node.input[2])]
            self.widest = max(self.widest, weight.rows)
            self.replace(node, self._linear(self.place(node), node, weight, biases))

    def _linear(self, g: Graph, node: NodeProto, weight: Tensor, biases: list[Tensor]) -> str:
        """Our blocks take [batch, sequence, columns]; a Gemm gets rows without a batch."""
        x, flat = node.input[0], self._exported.rank(node.input[0]) == 2
        fine = self._fine and self._exported.rank(x) in (2, 3)
        if flat:
            x = g.node("Unsqueeze", [x, g.shared_integers([0])])
        y = linear(g, x, [weight], self._precision, biases, fine=fine)
        return g.node("Squeeze", [y, g.shared_integers([0])]) if flat else y

    def weight_of(self, node: NodeProto) -> Tensor | None:
        """The weight [rows, columns] of a linear layer, None for any other node."""
        if node.op_type == "MatMul":
            return self._matmul_weight(node.input[1])
        if node.op_type != "Gemm":
            return None
        attributes = {attribute.name: attribute for attribute in node.attribute}
        factors = [attributes[name].f for name in ("alpha", "beta") if name in attributes]
        flipped = "transA" in attributes and attributes["transA"].i
        shape = self._exported.shape(node.input[1])
        if shape is None or len(shape) != 2 or flipped or any(f != 1.0 for f in factors):
            return None
        if len(node.input) > 2 and len(self._exported.shape(node.input[2]) or ()) != 1:
            return None
        by_row = "transB" in attributes and attributes["transB"].i
        return self._exported.tensor(node.input[1], transposed=not by_row)

    def store_head(self, node: NodeProto, weight: Tensor) -> str:
        """Replace the LM head, which only the wanted positions pass through.

        hidden [b, s, h] -- Slice(-logits_to_keep:) [b, k, h] -- W^T --> [b, k, vocab]
        """
        g = self.place(node)
        kept = keep_last(g, node.input[0])  # the logits have three dimensions, so has this
        logits = project(g, kept, self._head(g, weight), fine=self._fine)
        self.replace(node, logits)
        return logits

    def _head(self, g: Graph, weight: Tensor) -> StoredWeight:
        """A weight of its own, or the table that it is a copy of."""
        for tensor, table in self._tables.values():
            if tensor.shape == weight.shape and _same(tensor, weight):
                return table.table
        return embedding(g, weight, self._precision).table

    def _table(self, g: Graph, name: str) -> Embedding:
        if name not in self._tables:
            tensor = self._exported.tensor(name)
            self._tables[name] = (tensor, embedding(g, tensor, self._precision))
        return self._tables[name][1]

    def _matmul_weight(self, value: str) -> Tensor | None:
        shape = self._exported.shape(value)
        if shape is not None:
            return self._exported.tensor(value, transposed=True) if len(shape) == 2 else None
        node = self._exported.producer(value)
        if node is None or node.op_type != "Transpose":
            return None
        shape = self._exported.shape(node.input[0])
        return self._exported.tensor(node.input[0]) if shape and len(shape) == 2 else None

    def _bias(self, name: str) -> Tensor:
        values = self._exported.floats(name)
        return Tensor(name, values.shape, "F32", lambda start, stop: values[None][start:stop])

    def replace(self, node: NodeProto, value: str) -> None:
        """Put a value of ours where an exported node was."""
        self._exported.remove(node)
        self._exported.redirect(node.output[0], value)
        self._exported.g.rename_output(node.output[0], value)  # where we read it already


def keep_last(g: Graph, value: str) -> str:
    """The last `logits_to_keep` positions of a value [batch, sequence, width]."""
    keep = g.input("logits_to_keep", TensorProto.INT64, [1])
    start = g.node("Neg", [keep])
    end = g.shared_integers([np.iinfo(np.int64).max])
    return g.node("Slice", [value, start, end, g.shared_integers([1])])


def _axis(node: NodeProto) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)


def _same(left: Tensor, right: Tensor) -> bool:
    """Whether two tensors of one shape hold the same numbers."""
    step = max(1, (1 << 20) // left.columns)
    return all(
        (
            left.floats(start, min(start + step, left.rows))
            == right.floats(start, min(start + step, right.rows))
        ).all()
        for start in range(0, left.rows, step)
    )
