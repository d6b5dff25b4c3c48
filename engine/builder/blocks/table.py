"""Embedding tables and LM heads, which are one weight in many models.

A table may be split: the rows of common tokens in 8 bits, those of rare ones in 4. Vocabularies are
sorted by how early a token was made, which is by how often it occurs, so that the common ones are
the first rows. On SmolLM2 the first eighth carries 0.85 of what is read and predicted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from onnx import TensorProto

from engine.builder.blocks.linear import project, soft_cap
from engine.builder.blocks.storage import Form, Precision, Storage, StoredWeight, declare, store
from engine.builder.checkpoint import Tensor
from engine.builder.graph import MICROSOFT, Graph


@dataclass(frozen=True, slots=True)
class Embedding:
    """A stored table of token vectors, which an LM head may share.

    Attributes:
        parts: The whole table, or the rows of common tokens and those of rare ones.
        tensor: Where they come from.
        form: How they are stored.
    """

    parts: tuple[StoredWeight, ...]
    tensor: Tensor
    form: Form

    @property
    def rows(self) -> int:
        """Tokens of the vocabulary."""
        return sum(part.rows for part in self.parts)

    @property
    def table(self) -> StoredWeight:
        """A table that is not split. Raises ValueError for one that is."""
        (table,) = self.parts
        return table

    def gather(self, g: Graph, ids: str) -> str:
        """Vectors of tokens: ids [batch, sequence] -> [batch, sequence, hidden].

        ids --+-- Min(., common - 1) -- lookup --+
              +-- < common ----------------------Where --> vectors
              +-- Max(. - common, 0) -- lookup --+
        """
        if len(self.parts) == 1:
            return _lookup(g, self.parts[0], ids)
        common, rare = self.parts
        count = g.constant("common_rows", np.int64(common.rows))
        last = g.constant("last_common_row", np.int64(common.rows - 1))
        first = g.node("Min", [ids, last])
        second = g.node("Max", [g.node("Sub", [ids, count]), g.constant("zero", np.int64(0))])
        is_common = g.node("Unsqueeze", [g.node("Less", [ids, count]), g.shared_integers([-1])])
        vectors = [_lookup(g.at("common"), common, first), _lookup(g.at("rare"), rare, second)]
        return g.node("Where", [is_common, *vectors])

    def project(self, g: Graph, x: str, bias: str = "", *, fine: bool = False) -> str:
        """Logits: x [b, k, hidden] -> [b, k, vocab]. See `linear.project` for `fine`."""
        if len(self.parts) == 1:
            return project(g, x, self.parts[0], bias, fine=fine)
        places = (g.at("common"), g.at("rare"))
        logits = [
            project(place, x, part, fine=fine)
            for place, part in zip(places, self.parts, strict=True)
        ]
        y = g.node("Concat", logits, attributes={"axis": -1})
        return g.node("Add", [y, bias]) if bias else y


def embedding(g: Graph, tensor: Tensor, precision: Precision) -> Embedding:
    """Plan an embedding table [vocab, hidden]."""
    form = precision.form(tensor, embedding=True)
    if form.storage.integer and tensor.columns % form.block_size:
        form = Form(Storage.FLOAT32)  # GatherBlockQuantized knows no padded blocks
    precision.note(g.path, [tensor], form, table=True)
    g.note_embedding(form.storage.bits)
    if not form.common_rows:
        return Embedding((store(g, [tensor], form),), tensor, form)
    rare = replace(form, common_rows=0)
    common = replace(rare, storage=Storage.INT8)
    head = tensor.sliced(0, form.common_rows)
    tail = tensor.sliced(form.common_rows, tensor.rows)
    parts = (store(g, [head], common), store(g, [tail], rare))
    return Embedding(parts, tensor, form)


def _lookup(g: Graph, table: StoredWeight, ids: str) -> str:
    """Rows of a table; offsets, the same for a block, are looked up by themselves.

    ids --+-- values and scales -- [b, s, blocks, block] --+
          +-- offsets ------------ [b, s, blocks, 1] ----- + --> [b, s, hidden]
    """
    names = declare(g, table, "table", table=True)
    if not table.storage.integer:
        rows = g.node("Gather", [names[0], ids], attributes={"axis": 0})
        if table.storage is Storage.FLOAT16:
            return g.node("Cast", [rows], attributes={"to": TensorProto.FLOAT})
        return rows
    # data, indices, scales, zero points
    with_offsets = table.storage is Storage.INT4_OFFSET
    inputs = [names[0], ids, *(names[1:2] if with_offsets else names[1:])]
    attributes = {
        "bits": table.storage.bits,
        "block_size": table.block_size,
        "gather_axis": 0,
        "quantize_axis": 1,
    }
    rows = g.node("GatherBlockQuantized", inputs, domain=MICROSOFT, attributes=attributes)
    if not with_offsets:
        return rows
    offsets = g.node("Gather", [names[2], ids], name="Offsets", attributes={"axis": 0})
    offsets = g.node("Unsqueeze", [offsets, g.shared_integers([-1])])
    shape = g.shared_integers([0, 0, table.blocks, table.block_size])
    blocks = g.node("Reshape", [rows, shape], name="Blocks")
    shifted = g.node("Add", [blocks, offsets], name="Shift")
    return g.node("Reshape", [shifted, g.shared_integers([0, 0, table.columns])], name="Rows")


def lm_head(
    g: Graph,
    hidden: str,
    table: Embedding,
    bias: str = "",
    *,
    fine: bool = False,
    softcap: float = 0.0,
) -> str:
    """Logits of the last `logits_to_keep` positions.

        hidden [b, s, h] -- Slice(-logits_to_keep:) [b, k, h] -- W^T --> logits [b, k, vocab]

    Declares the input `logits_to_keep` int64 [1] and the output `logits`.

    Args:
        g: Place of the head.
        hidden: [batch, sequence, hidden], normed.
        table: [vocab, hidden].
        bias: [vocab], "" for none.
        fine: Round activations less, see `linear.project`.
        softcap: Logits become cap * tanh(logits / cap); 0 leaves them alone.
    """
    keep = g.input("logits_to_keep", TensorProto.INT64, [1])
    start = g.node("Neg", [keep])
    end = g.integers("end", [np.iinfo(np.int64).max])
    kept = g.node("Slice", [hidden, start, end, g.integers("axis", [1])])
    logits = table.project(g, kept, bias, fine=fine)
    if softcap:
        logits = soft_cap(g, logits, softcap)
    g.rename_output(logits, "logits")
    return g.output("logits", TensorProto.FLOAT, ["batch", "kept", table.rows])
