"""Configs of published dense models are read, every key of them; the same with a twist is refused.

Sizes and spellings as the model hubs publish them; keys that every family ignores (dtype, token
ids, dropout) are left out where they would only repeat test_config.
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.builder.families import open_family
from engine.errors import BadCheckpoint, UnsupportedFamily


def config(model_type: str, sizes: tuple[int, ...], **more: object) -> dict[str, Any]:
    """Sizes: layers, hidden, heads, kv heads, ffn, vocab, context."""
    names = (
        "num_hidden_layers",
        "hidden_size",
        "num_attention_heads",
        "num_key_value_heads",
        "intermediate_size",
        "vocab_size",
        "max_position_embeddings",
    )
    body = dict(zip(names, sizes, strict=True))
    return {"model_type": model_type, "hidden_act": "silu", **body, **more}


_LLAMA3 = {
    "factor": 32.0,
    "high_freq_factor": 4.0,
    "low_freq_factor": 1.0,
    "original_max_position_embeddings": 8192,
    "rope_type": "llama3",
}
_LONG = {"long_factor": [1.0] * 48, "short_factor": [1.0] * 48, "type": "longrope"}
_ALPHA = {
    "alpha": 1000.0,
    "beta_fast": 32,
    "beta_slow": 1,
    "factor": 1.0,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
    "type": "dynamic",
}

PUBLISHED = {
    "Llama-3.2-1B-Instruct": config(
        "llama",
        (16, 2048, 32, 8, 8192, 128256, 131072),
        head_dim=64,
        rms_norm_eps=1e-5,
        rope_theta=500000.0,
        rope_scaling=_LLAMA3,
        attention_bias=False,
        mlp_bias=False,
        tie_word_embeddings=True,
    ),
    "DeepSeek-R1-Distill-Llama-8B": config(
        "llama",
        (32, 4096, 32, 8, 14336, 128256, 131072),
        rope_theta=500000.0,
        rope_scaling={**_LLAMA3, "factor": 8.0},
        pretraining_tp=1,
    ),
    "SmolLM2-135M-Instruct": config(
        "llama",
        (30, 576, 9, 3, 1536, 49152, 8192),
        is_llama_config=True,
        rope_interleaved=False,
        rope_scaling=None,
        rope_theta=100000,
        tie_word_embeddings=True,
    ),
    "Mistral-7B-v0.1": config(
        "mistral",
        (32, 4096, 32, 8, 14336, 32000, 32768),
        sliding_window=4096,
        rope_theta=10000.0,
        rms_norm_eps=1e-5,
    ),
    "Mistral-Nemo": config(
        "mistral",
        (40, 5120, 32, 8, 14336, 131072, 131072),
        head_dim=128,
        sliding_window=None,
        rope_theta=1000000.0,
    ),
    "Ministral-8B": config(
        "mistral",
        (36, 4096, 32, 8, 12288, 131072, 32768),
        head_dim=128,
        sliding_window=32768,
        rope_theta=100000000.0,
        layer_types=["full_attention", *["sliding_attention"] * 3] * 9,
    ),
    "Qwen2.5-0.5B-Instruct": config(
        "qwen2",
        (24, 896, 14, 2, 4864, 151936, 32768),
        max_window_layers=21,
        rope_theta=1000000.0,
        sliding_window=32768,
        use_sliding_window=False,
        tie_word_embeddings=True,
    ),
    "DeepSeek-R1-Distill-Qwen-1.5B": config(
        "qwen2",
        (28, 1536, 12, 2, 8960, 151936, 131072),
        max_window_layers=21,
        rope_theta=10000,
        sliding_window=4096,
        use_mrope=False,
        use_sliding_window=False,
    ),
    "Qwen3-0.6B": config(
        "qwen3",
        (28, 1024, 16, 8, 3072, 151936, 40960),
        attention_bias=False,
        head_dim=128,
        max_window_layers=28,
        rope_scaling=None,
        rope_theta=1000000,
        sliding_window=None,
        use_sliding_window=False,
        tie_word_embeddings=True,
    ),
    "Qwen3-8B with YaRN": config(
        "qwen3",
        (36, 4096, 32, 8, 12288, 151936, 131072),
        head_dim=128,
        rope_theta=1000000,
        rope_scaling={
            "rope_type": "yarn",
            "factor": 4.0,
            "original_max_position_embeddings": 32768,
        },
    ),
    "Phi-3-mini-4k-instruct": config(
        "phi3",
        (32, 3072, 32, 32, 8192, 32064, 4096),
        original_max_position_embeddings=4096,
        rope_scaling=None,
        rope_theta=10000.0,
        sliding_window=2047,
        embd_pdrop=0.0,
        resid_pdrop=0.0,
        attention_bias=False,
    ),
    "Phi-3-mini-128k-instruct": config(
        "phi3",
        (32, 3072, 32, 32, 8192, 32064, 131072),
        original_max_position_embeddings=4096,
        rope_scaling=_LONG,
        sliding_window=262144,
        attention_bias=False,
    ),
    "Phi-4-mini-instruct": config(
        "phi3",
        (32, 3072, 24, 8, 8192, 200064, 131072),
        full_attn_mod=1,
        interpolate_factor=1,
        lm_head_bias=False,
        mlp_bias=False,
        original_max_position_embeddings=4096,
        partial_rotary_factor=0.75,
        rope_scaling=_LONG,
        sliding_window=262144,
        tie_word_embeddings=True,
        attention_bias=False,
    ),
    "SmolLM3-3B": config(
        "smollm3",
        (36, 2048, 16, 4, 11008, 128256, 65536),
        attention_bias=False,
        layer_types=["full_attention"] * 36,
        max_window_layers=28,
        mlp_bias=False,
        no_rope_layer_interval=4,
        no_rope_layers=[1, 1, 1, 0] * 9,
        rope_theta=5000000.0,
        sliding_window=None,
        use_sliding_window=False,
    ),
    "GLM-4-9B-0414": config(
        "glm4",
        (40, 4096, 32, 2, 13696, 151552, 32768),
        attention_bias=True,
        head_dim=128,
        partial_rotary_factor=0.5,
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
    ),
    "ERNIE-4.5-0.3B-PT": config(
        "ernie4_5",
        (18, 1024, 16, 2, 3072, 103424, 131072),
        compression_ratio=1.0,
        head_dim=128,
        rope_theta=500000,
        use_bias=False,
    ),
    "Hunyuan-0.5B-Instruct": config(
        "hunyuan_v1_dense",
        (24, 1024, 8, 8, 3584, 120818, 262144),
        add_classification_head=False,
        attention_head_dim=128,
        cla_share_factor=2,
        eod_token_id=127967,
        head_dim=128,
        mlp_bias=False,
        norm_type="rms",
        org_vocab_size=120818,
        pool_type="last",
        position_embedding_xdrope=False,
        qk_norm=True,
        rope_scaling=_ALPHA,
        rope_theta=10000.0,
        use_cla=False,
        use_qk_norm=True,
        use_rotary_pos_emb=True,
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_configs_are_read(name: str) -> None:
    found = open_family(PUBLISHED[name]).config
    assert found.layers == PUBLISHED[name]["num_hidden_layers"]
    assert found.hidden == PUBLISHED[name]["hidden_size"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("Mistral-Nemo", {"attention_bias": True}),
        ("Phi-4-mini-instruct", {"lm_head_bias": True}),
        ("Phi-4-mini-instruct", {"mlp_bias": True}),
        ("ERNIE-4.5-0.3B-PT", {"compression_ratio": 2.0}),
        ("Hunyuan-0.5B-Instruct", {"use_cla": True}),
        ("Hunyuan-0.5B-Instruct", {"use_qk_norm": False}),
        ("Hunyuan-0.5B-Instruct", {"position_embedding_xdrope": True}),
        ("Qwen3-0.6B", {"layer_types": ["chunked_attention"] * 28, "use_sliding_window": True}),
        ("DeepSeek-R1-Distill-Qwen-1.5B", {"use_mrope": True}),
    ],
)
def test_what_changes_the_mathematics_is_refused(name: str, change: dict[str, Any]) -> None:
    with pytest.raises((UnsupportedFamily, BadCheckpoint)):
        open_family({**PUBLISHED[name], **change})
