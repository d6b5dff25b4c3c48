"""Bundles with random weights for the memory plan: six that its constants come from, and others.

    starter            SmolLM2-135M, the real one
    dense              R1-Distill-Qwen-1.5B's shape, see `tests.perf.shapes`
    mixture            Qwen3-30B-A3B's shape with 4 layers, see there
    latent             DeepSeek-V2-Lite's shape with 3 of 27 layers
    recurrent          Qwen3.5-0.8B's shape: three layers of the gated delta rule, one of attention
    window             Gemma-3-1B's shape: five layers with a window of 512, one without

The last two have vocabularies cut to 65,536. What the constants were not taken from is described in
`tests.perf.memory_held_out`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from engine.builder import build_model
from engine.bundle import MANIFEST_NAME
from engine.types import BuildConfig
from tests.helpers.synthetic import SyntheticCheckpoint
from tests.helpers.tiny_bundle import STARTER
from tests.perf.memory_held_out import HELD_OUT, Shapes, attention, checkpoint_of, mlp, outside
from tests.perf.shapes import QWEN_1_5B, QWEN_MOE, write_shape

_VOCAB: Final = 65_536
_LATENT: Final = Path(__file__).parents[1] / "fixtures" / "configs" / "latent_attention.json"
_RECURRENT: Final[Mapping[str, Any]] = {
    "model_type": "qwen3_5_text",
    "hidden_size": 1024,
    "intermediate_size": 3584,
    "num_hidden_layers": 24,
    "layer_types": (["linear_attention"] * 3 + ["full_attention"]) * 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 256,
    "linear_conv_kernel_dim": 4,
    "linear_key_head_dim": 128,
    "linear_value_head_dim": 128,
    "linear_num_key_heads": 16,
    "linear_num_value_heads": 16,
    "partial_rotary_factor": 0.25,
    "rope_theta": 10_000_000.0,
    "rope_scaling": None,
    "rms_norm_eps": 1e-6,
    "hidden_act": "silu",
    "vocab_size": _VOCAB,
    "max_position_embeddings": 32_768,
    "tie_word_embeddings": True,
}
_WINDOW: Final[Mapping[str, Any]] = {
    "model_type": "gemma3_text",
    "hidden_size": 1152,
    "intermediate_size": 6912,
    "num_hidden_layers": 26,
    "layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 4 + ["sliding_attention"] * 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
    "head_dim": 256,
    "query_pre_attn_scalar": 256,
    "sliding_window": 512,
    "rms_norm_eps": 1e-6,
    "hidden_activation": "gelu_pytorch_tanh",
    "rope_parameters": {
        "full_attention": {"rope_theta": 1e6, "rope_type": "default"},
        "sliding_attention": {"rope_theta": 1e4, "rope_type": "default"},
    },
    "vocab_size": _VOCAB,
    "max_position_embeddings": 32_768,
    "tie_word_embeddings": True,
}
FITTED: Final = ("starter", "dense", "mixture", "latent", "recurrent", "window")
"""What the plan's constants come from."""
KINDS: Final = (*FITTED, *HELD_OUT)


def bundle_of(kind: str, folder: Path, shapes: Path) -> Path:
    """The bundle of a kind, built unless it is there.

    Args:
        kind: One of `KINDS`.
        folder: For what this module builds.
        shapes: For what `tests.perf.shapes` builds.
    """
    if kind == "starter":
        return STARTER
    if kind in ("dense", "mixture"):
        return write_shape(QWEN_1_5B if kind == "dense" else QWEN_MOE, shapes)[1]
    bundle = folder / kind
    if not (bundle / MANIFEST_NAME).exists():
        checkpoint = checkpoint_of(kind) if kind in HELD_OUT else _checkpoint(kind)
        bits = HELD_OUT[kind].bits if kind in HELD_OUT else 4
        with patch("engine.builder.build.open_checkpoint", lambda _source: checkpoint):
            build_model(kind, bundle, BuildConfig(bits=bits, search=False))
    return bundle


def _checkpoint(kind: str) -> SyntheticCheckpoint:
    if kind == "latent":
        body = json.loads(_LATENT.read_text("utf-8"))["DeepSeek-V2-Lite"]
        return SyntheticCheckpoint(kind, {**body, "num_hidden_layers": 3})
    config, shapes = (_RECURRENT, _recurrent()) if kind == "recurrent" else (_WINDOW, _window())
    return SyntheticCheckpoint(kind, config, shapes=dict(shapes))


def _recurrent() -> Shapes:
    config = _RECURRENT
    yield from outside(config)
    hidden, heads = config["hidden_size"], config["linear_num_value_heads"]
    keys = config["linear_num_key_heads"] * config["linear_key_head_dim"]
    values = heads * config["linear_value_head_dim"]
    for layer, kind in enumerate(config["layer_types"]):
        stem = f"model.layers.{layer}"
        for name in ("input_layernorm", "post_attention_layernorm"):
            yield f"{stem}.{name}.weight", (hidden,)
        yield from mlp(f"{stem}.mlp", hidden, config["intermediate_size"])
        if kind == "full_attention":
            yield from attention(f"{stem}.self_attn", config, gated=True)
            continue
        linear = f"{stem}.linear_attn"
        for name in ("A_log", "dt_bias"):
            yield f"{linear}.{name}", (heads,)
        yield f"{linear}.conv1d.weight", (2 * keys + values, 1, config["linear_conv_kernel_dim"])
        for name, rows in (("a", heads), ("b", heads), ("qkv", 2 * keys + values), ("z", values)):
            yield f"{linear}.in_proj_{name}.weight", (rows, hidden)
        yield f"{linear}.norm.weight", (config["linear_value_head_dim"],)
        yield f"{linear}.out_proj.weight", (hidden, values)


def _window() -> Shapes:
    yield from outside(_WINDOW)
    names = ("input", "post_attention", "pre_feedforward", "post_feedforward")
    for layer in range(_WINDOW["num_hidden_layers"]):
        stem = f"model.layers.{layer}"
        for name in names:
            yield f"{stem}.{name}_layernorm.weight", (_WINDOW["hidden_size"],)
        yield from mlp(f"{stem}.mlp", _WINDOW["hidden_size"], _WINDOW["intermediate_size"])
        yield from attention(f"{stem}.self_attn", _WINDOW)
