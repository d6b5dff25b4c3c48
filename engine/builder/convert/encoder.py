"""An exported text encoder, made into sentences' vectors: pooling and length one are in the graph.

    input_ids, attention_mask -- encoder --> [b, s, h] -- mean over the text --> length 1 --> [b, h]

As sentence-transformers describes a model (Reimers and Gurevych 2019): `modules.json` lists the
steps, `1_Pooling/config.json` says how tokens become one vector.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from onnx import TensorProto

from engine.builder.blocks.storage import Precision
from engine.builder.convert.exported import ExportedGraph
from engine.builder.convert.layers import LayerStore
from engine.builder.readers.text_parts import MAX_JSON_BYTES, read_json
from engine.errors import BadCheckpoint, UnsupportedFamily

MODULES: Final = "modules.json"
_POOLING: Final = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "first"}
_STEPS: Final = ("Transformer", "Pooling", "Normalize")
_SMALLEST: Final = np.float32(1e-12)
_DEFAULT_CONTEXT: Final = 512
_FLAT: Final = {"keepdims": 0}


def adapt_encoder(
    exported: ExportedGraph, folder: Path, config: Mapping[str, Any], precision: Precision
) -> tuple[dict[str, int], int]:
    """Rewrite the graph in place; its output becomes `sentence_embedding` [batch, hidden].

    Args:
        exported: The graph.
        folder: The checkpoint, for the steps after the encoder.
        config: The model's config.
        precision: How weights are stored.

    Returns:
        Sizes for the manifest, and the longest text in tokens.

    Raises:
        UnsupportedFamily: A step or a way of pooling that is not known.
        BadCheckpoint: A file that is not what it should be.
    """
    family = str(config.get("model_type", ""))
    pooling, unit = _steps(folder, family)
    hidden, vocab = int(config.get("hidden_size", 0)), int(config.get("vocab_size", 0))
    _inputs(exported, family)
    layers = LayerStore(exported, precision, fine=False)
    layers.store_tables(vocab)
    layers.store_linear_layers()
    _pool(exported, pooling, unit=unit)
    exported.g.output("sentence_embedding", TensorProto.FLOAT, ["batch", hidden])
    exported.finish()
    heads = int(config.get("num_attention_heads", 1))
    sizes = {
        "layers": int(config.get("num_hidden_layers", 0)),
        "hidden": hidden,
        "vocab": vocab,
        "heads": heads,
        "kv_heads": heads,
        "head_dim": hidden // heads,
        "ffn": layers.widest,
    }
    longest = read_json(folder / "sentence_bert_config.json").get("max_seq_length")
    longest = longest or config.get("max_position_embeddings") or _DEFAULT_CONTEXT
    return sizes, int(longest)


def _inputs(exported: ExportedGraph, family: str) -> None:
    g = exported.g
    ids = g.input("input_ids", TensorProto.INT64, ["batch", "sequence"])
    g.input("attention_mask", TensorProto.INT64, ["batch", "sequence"])
    for name in exported.inputs:
        if name == "token_type_ids":  # one text is all of the first type
            exported.redirect(name, g.at(name).node("Sub", [ids, ids]))
        elif name not in ("input_ids", "attention_mask"):
            raise UnsupportedFamily(family=family, option=f"input {name}")
    if "last_hidden_state" not in exported.outputs:
        raise UnsupportedFamily(family=family, option="last_hidden_state")


def _steps(folder: Path, family: str) -> tuple[str, bool]:
    """How tokens are pooled, and whether vectors get length one."""
    steps = _modules(folder / MODULES)
    kinds = [str(step.get("type", "")).rpartition(".")[2] for step in steps]
    for kind in kinds:
        if kind not in _STEPS:
            raise UnsupportedFamily(family=family, option=f"module {kind}"[:80])
    place = next(
        (str(s.get("path")) for s, k in zip(steps, kinds, strict=True) if k == "Pooling"), ""
    )
    if place not in ("1_Pooling",):
        raise UnsupportedFamily(family=family, option="module Pooling")
    modes = read_json(folder / place / "config.json")
    chosen = [
        key for key, value in modes.items() if key.startswith("pooling_mode") and value is True
    ]
    if len(chosen) != 1 or chosen[0] not in _POOLING:
        raise UnsupportedFamily(family=family, option=f"pooling {' '.join(chosen)}"[:80])
    return _POOLING[chosen[0]], "Normalize" in kinds


def _modules(path: Path) -> list[dict[str, Any]]:
    try:
        steps = json.loads(path.read_bytes()[: MAX_JSON_BYTES + 1])
    except (OSError, ValueError, RecursionError) as exc:
        raise BadCheckpoint(reason="unreadable", file=MODULES) from exc
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise BadCheckpoint(reason="malformed", file=MODULES)
    return steps


def _pool(exported: ExportedGraph, pooling: str, *, unit: bool) -> None:
    """Tokens [b, s, h] and mask [b, s] -> one vector a text [b, h]."""
    g = exported.g.at("pooling")
    tokens, first = "last_hidden_state", g.shared_integers([1])
    smallest = g.constant("smallest", _SMALLEST)
    if pooling == "first":
        pooled = g.node("Gather", [tokens, g.constant("zero", np.int64(0))], attributes={"axis": 1})
    else:
        mask = g.node("Cast", ["attention_mask"], attributes={"to": TensorProto.FLOAT})
        weights = g.node("Unsqueeze", [mask, g.shared_integers([2])])
        total = g.node("ReduceSum", [g.node("Mul", [tokens, weights]), first], attributes=_FLAT)
        count = g.node("ReduceSum", [weights, first], name="Count", attributes=_FLAT)
        pooled = g.node("Div", [total, g.node("Max", [count, smallest])])
    if unit:
        length = g.node("ReduceL2", [pooled, first], attributes={"keepdims": 1})
        pooled = g.node(
            "Div", [pooled, g.node("Max", [length, smallest], name="Length")], name="Unit"
        )
    g.rename_output(pooled, "sentence_embedding")
