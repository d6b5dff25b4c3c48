"""Linear layers and the embedding table, in whatever form their weights are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from onnx import TensorProto

from engine.builder.blocks.storage import Precision, Storage, StoredWeight, declare, store
from engine.builder.checkpoint import Tensor
from engine.builder.graph import MICROSOFT, Graph

ACCURACY_LEVEL: Final = 4
"""Activations are rounded to int8 blocks; the runtime's `--exact` rewrites it to 0 (float32)."""


def linear(
    g: Graph,
    x: str,
    weights: Sequence[Tensor],
    precision: Precision,
    biases: Sequence[Tensor] = (),
) -> str:
    """Y = x @ W^T + b with the rows of several tensors stacked.

    Args:
        g: Place of the layer.
        x: [batch, sequence, columns].
        weights: Each [rows, columns]; all must get the same form, see `same_form`.
        precision: What was asked for.
        biases: One [rows] for each weight, or none.

    Returns:
        [batch, sequence, sum of rows].
    """
    stored = store(g, weights, precision.choose(weights[0]), precision.block_size)
    bias = ""
    if biases:
        g.count_parameters(stored.rows)
        bias = g.constant("bias", np.concatenate([tensor.whole() for tensor in biases]))
    return project(g, x, stored, bias)


def same_form(weights: Sequence[Tensor], precision: Precision) -> bool:
    """Whether these weights would be stored alike and can be stacked into one."""
    return len({precision.choose(weight) for weight in weights}) == 1


def project(g: Graph, x: str, weight: StoredWeight, bias: str = "") -> str:
    """Y = x @ W^T + b for a weight that is stored already."""
    names = declare(g, weight, "weight")
    if not weight.storage.integer:
        matrix = names[0]
        if weight.storage is Storage.FLOAT16:
            matrix = _to_float32(g, matrix)
        y = g.node("FusedMatMul", [x, matrix], domain=MICROSOFT, attributes={"transB": 1})
        return g.node("Add", [y, bias]) if bias else y
    names += [""] * (3 - len(names))
    inputs = [x, *names, "", bias] if bias else [x, *names]
    while not inputs[-1]:
        inputs.pop()
    attributes = {
        "K": weight.columns,
        "N": weight.rows,
        "bits": weight.storage.bits,
        "block_size": weight.block_size,
        "accuracy_level": ACCURACY_LEVEL,
    }
    return g.node("MatMulNBits", inputs, domain=MICROSOFT, attributes=attributes)


@dataclass(frozen=True, slots=True)
class Embedding:
    """A stored table of token vectors, which an LM head may share."""

    table: StoredWeight

    def gather(self, g: Graph, ids: str) -> str:
        """Vectors of tokens: ids [batch, sequence] -> [batch, sequence, hidden]."""
        names = declare(g, self.table, "table", table=True)
        if not self.table.storage.integer:
            rows = g.node("Gather", [names[0], ids], attributes={"axis": 0})
            return _to_float32(g, rows) if self.table.storage is Storage.FLOAT16 else rows
        # data, indices, scales, zero points
        inputs = [names[0], ids, *names[1:]]
        attributes = {
            "bits": self.table.storage.bits,
            "block_size": self.table.block_size,
            "gather_axis": 0,
            "quantize_axis": 1,
        }
        return g.node("GatherBlockQuantized", inputs, domain=MICROSOFT, attributes=attributes)


def embedding(g: Graph, tensor: Tensor, precision: Precision) -> Embedding:
    """Plan an embedding table [vocab, hidden]."""
    storage = precision.choose(tensor, embedding=True)
    if storage.integer and tensor.columns % precision.block_size:
        storage = Storage.FLOAT32  # GatherBlockQuantized knows no padded blocks
    return Embedding(store(g, [tensor], storage, precision.block_size))


def lm_head(g: Graph, hidden: str, weight: StoredWeight) -> str:
    """Logits of the last `logits_to_keep` positions.

        hidden [b, s, h] -- Slice(-logits_to_keep:) [b, k, h] -- W^T --> logits [b, k, vocab]

    Declares the input `logits_to_keep` int64 [1] and the output `logits`.
    """
    keep = g.input("logits_to_keep", TensorProto.INT64, [1])
    start = g.node("Neg", [keep])
    end = g.integers("end", [np.iinfo(np.int64).max])
    kept = g.node("Slice", [hidden, start, end, g.integers("axis", [1])])
    logits = project(g, kept, weight)
    g.rename_output(logits, "logits")
    return g.output("logits", TensorProto.FLOAT, ["batch", "kept", weight.rows])


def _to_float32(g: Graph, value: str) -> str:
    return g.node("Cast", [value], attributes={"to": TensorProto.FLOAT})
