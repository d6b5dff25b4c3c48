"""An exported decoder, taught what our runtime says and expects.

exported                                     ours
input_ids, position_ids                      the same
attention_mask [b, p + s]                    ones: one conversation has no padding
past_key_values.N.key, present.N.key         states, see cache.py
logits [b, s, vocab]                         logits of the last `logits_to_keep` positions
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from onnx import NodeProto, TensorProto

from engine.builder.blocks.storage import Precision
from engine.builder.config import MAX_CONTEXT, SMALL_HIDDEN
from engine.builder.convert.cache import Lengths, declare_lengths, keep_in_place
from engine.builder.convert.exported import ExportedGraph
from engine.builder.convert.layers import LayerStore, keep_last
from engine.errors import UnsupportedFamily

_ELEMENTWISE: Final = frozenset(("Add", "Sub", "Mul", "Div", "Tanh", "Cast", "Identity"))
_CONTEXT_KEYS: Final = (
    "max_position_embeddings",
    "n_positions",
    "n_ctx",
    "max_sequence_length",
    "max_seq_len",
    "seq_length",
)
_ALL_LOGITS: Final = "/all_logits"
_DEFAULT_CONTEXT: Final = 2048
"""Of models without a table of positions that do not say what they were trained on."""


def adapt_decoder(
    exported: ExportedGraph, config: Mapping[str, Any], precision: Precision
) -> tuple[dict[str, int], int]:
    """Rewrite the graph in place.

    Args:
        exported: The graph.
        config: The model's config.
        precision: How weights are stored.

    Returns:
        Sizes for the manifest, and the longest context.

    Raises:
        UnsupportedFamily: Something about the graph is not understood.
    """
    family = str(config.get("model_type", ""))
    logits = exported.outputs.get("logits", ())
    if len(logits) != 3 or not logits[2]:
        raise UnsupportedFamily(family=family, option="logits")
    vocab, hidden = logits[2], _hidden(config)
    lengths = _inputs(exported, family)
    cache = keep_in_place(exported, lengths, family)
    layers = LayerStore(exported, precision, fine=hidden <= SMALL_HIDDEN)
    layers.store_tables(vocab)
    _keep_wanted_logits(exported, layers)
    layers.store_linear_layers()
    exported.g.output("logits", TensorProto.FLOAT, ["batch", "kept", vocab])
    exported.finish()
    sizes = {
        "layers": cache.layers,
        "hidden": hidden,
        "vocab": vocab,
        "heads": int(config.get("num_attention_heads", config.get("n_head", cache.heads))),
        "kv_heads": cache.heads,
        "head_dim": cache.width,
        "ffn": layers.widest,
    }
    context = next((config[key] for key in _CONTEXT_KEYS if config.get(key)), _DEFAULT_CONTEXT)
    return sizes, min(int(context), MAX_CONTEXT)


def _inputs(exported: ExportedGraph, family: str) -> Lengths:
    """Declare the runtime's inputs and make the exported ones of them."""
    g = exported.g
    ids = g.input("input_ids", TensorProto.INT64, ["batch", "sequence"])
    if "position_ids" in exported.inputs:
        g.input("position_ids", TensorProto.INT64, ["batch", "sequence"])
    for name in exported.inputs:
        known = name in ("input_ids", "position_ids", "attention_mask")
        if not known and not name.startswith("past_key_values."):
            raise UnsupportedFamily(family=family, option=f"input {name}")
    lengths = declare_lengths(g.at("lengths"), ids)
    place = g.at("attention_mask")
    shape = place.node("Concat", [lengths.batch, lengths.total], attributes={"axis": 0})
    one = place.constant("one", np.int64(1))
    exported.redirect("attention_mask", place.node("Expand", [one, shape]))
    return lengths


def _keep_wanted_logits(exported: ExportedGraph, layers: LayerStore) -> None:
    """Compute the head for the last positions only, or cut the logits where it is not found."""
    node = _head(exported)
    weight = None if node is None else layers.weight_of(node)
    if node is not None and weight is not None and node.op_type == "MatMul":
        logits = layers.store_head(node, weight)
        if "logits" in node.output:
            exported.g.rename_output(logits, "logits")
        return
    exported.rename("logits", _ALL_LOGITS)
    kept = keep_last(exported.g.at("keep"), _ALL_LOGITS)
    exported.g.rename_output(kept, "logits")


def _head(exported: ExportedGraph) -> NodeProto | None:
    """The node that the logits come from, through a bias, a scale or a soft cap."""
    node = exported.producer("logits")
    while node is not None and node.op_type in _ELEMENTWISE:
        changing = [value for value in node.input if not exported.is_constant(value)]
        node = exported.producer(changing[0]) if len(changing) == 1 else None
    return node


def _hidden(config: Mapping[str, Any]) -> int:
    """Width of the residual stream, 0 where the config does not say."""
    found = next((config[key] for key in ("hidden_size", "n_embd", "d_model") if key in config), 0)
    return int(found)
