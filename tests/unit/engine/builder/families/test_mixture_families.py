"""Mixtures of experts: the published configs, planned whole as a build would."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pytest

from engine.builder.blocks.decoder import build_decoder
from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Tensor
from engine.builder.families import open_family
from engine.builder.graph import Graph
from engine.builder.weights import WeightPlan
from engine.errors import BadCheckpoint, UnsupportedFamily
from tests.helpers.blocks import ArrayCheckpoint

Shapes = Iterator[tuple[str, tuple[int, ...]]]


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
    usual = {"hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_scaling": None, "use_cache": True}
    return {"model_type": model_type, **body, **usual, **more}


_QWEN: Final = {
    "attention_dropout": 0.0,
    "decoder_sparse_step": 1,
    "max_window_layers": 28,
    "mlp_only_layers": [],
    "output_router_logits": False,
    "rope_theta": 1e6,
    "router_aux_loss_coef": 0.001,
    "tie_word_embeddings": False,
    "use_sliding_window": False,
}
_QWEN3: Final = {
    **_QWEN,
    "attention_bias": False,
    "head_dim": 128,
    "norm_topk_prob": True,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "sliding_window": None,
}
_CODER: Final = {"qkv_bias": False, "shared_expert_intermediate_size": 0, "use_qk_norm": True}
_ERNIE: Final = {
    "moe_capacity": [64, 64, 64],
    "moe_gate": "topk",
    "moe_layer_interval": 1,
    "moe_num_experts": 64,
    "moe_use_aux_free": True,
    "num_nextn_predict_layers": 1,
    "rope_theta": 500000,
    "use_bias": False,
    "use_rmsnorm": True,
}
_GLM: Final = {
    "attention_bias": True,
    "head_dim": 128,
    "n_group": 1,
    "n_shared_experts": 1,
    "norm_topk_prob": True,
    "num_experts_per_tok": 8,
    "num_nextn_predict_layers": 1,
    "partial_rotary_factor": 0.5,
    "rope_theta": 1000000,
    "tie_word_embeddings": False,
    "topk_group": 1,
}
_GPT_OSS: Final = {
    "attention_bias": True,
    "experts_per_token": 4,
    "head_dim": 64,
    "initial_context_length": 4096,
    "num_experts_per_tok": 4,
    "rope_scaling": {
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "factor": 32.0,
        "original_max_position_embeddings": 4096,
        "rope_type": "yarn",
        "truncate": False,
    },
    "rope_theta": 150000,
    "router_aux_loss_coef": 0.9,
    "sliding_window": 128,
    "swiglu_limit": 7.0,
    "tie_word_embeddings": False,
}
_HUNYUAN: Final = {
    "add_classification_head": False,
    "attention_bias": False,
    "attention_head_dim": 128,
    "cla_share_factor": 2,
    "class_num": 0,
    "dense_list": [4096, 0],
    "eod_token_id": 127967,
    "group_limited_greedy": False,
    "im_end_id": 5,
    "im_newline_id": 11,
    "im_start_id": 4,
    "kv_lora_rank": None,
    "mask_init_id": 12,
    "mlp_bias": False,
    "moe_drop_tokens": False,
    "moe_intermediate_size": [3072] * 32,
    "moe_layer_num_skipped": 0,
    "moe_random_routing_dropped_token": False,
    "moe_topk": [8] * 32,
    "norm_topk_prob": True,
    "norm_type": "rms",
    "num_experts": 64,
    "num_media_embeds": 257,
    "num_shared_expert": [1] * 32,
    "org_vocab_size": 128167,
    "pad_id": 127961,
    "pool_type": "last",
    "position_embedding_xdrope": False,
    "rope_scaling": {
        "alpha": 1000.0,
        "beta_fast": 32,
        "beta_slow": 1,
        "factor": 1.0,
        "mscale": 1.0,
        "mscale_all_dim": 1.0,
        "type": "dynamic",
    },
    "rope_theta": 10000.0,
    "routed_scaling_factor": False,
    "skip_cls_token": False,
    "tie_word_embeddings": True,
    "topk_group": False,
    "use_cla": False,
    "use_mixed_mlp_moe": True,
    "use_mla": False,
    "use_qk_norm": True,
    "use_rotary_pos_emb": True,
}

PUBLISHED: Final = {
    "Mixtral-8x7B-v0.1": config(
        "mixtral",
        (32, 4096, 32, 8, 14336, 32000, 32768),
        num_experts_per_tok=2,
        num_local_experts=8,
        rope_theta=1000000.0,
        sliding_window=None,
    ),
    "Mixtral-8x22B-v0.1": config(
        "mixtral",
        (56, 6144, 48, 8, 16384, 32000, 65536),
        num_experts_per_tok=2,
        num_local_experts=8,
        rope_theta=1000000,
        router_jitter_noise=0.0,
        sliding_window=None,
    ),
    "Qwen1.5-MoE-A2.7B": config(
        "qwen2_moe",
        (24, 2048, 16, 16, 5632, 151936, 8192),
        **{**_QWEN, "max_window_layers": 21},
        moe_intermediate_size=1408,
        norm_topk_prob=False,
        num_experts=60,
        num_experts_per_tok=4,
        qkv_bias=True,
        shared_expert_intermediate_size=5632,
        sliding_window=32768,
    ),
    "Qwen2-57B-A14B": config(
        "qwen2_moe",
        (28, 3584, 28, 4, 18944, 151936, 131072),
        **_QWEN,
        moe_intermediate_size=2560,
        norm_topk_prob=False,
        num_experts=64,
        num_experts_per_tok=8,
        shared_expert_intermediate_size=20480,
        sliding_window=65536,
    ),
    "Qwen3-30B-A3B": config(
        "qwen3_moe",
        (48, 2048, 32, 4, 6144, 151936, 40960),
        **_QWEN3,
        moe_intermediate_size=768,
    ),
    "Qwen3-235B-A22B": config(
        "qwen3_moe",
        (94, 4096, 64, 4, 12288, 151936, 40960),
        **_QWEN3,
        moe_intermediate_size=1536,
    ),
    "Qwen3-Coder-480B-A35B": config(
        "qwen3_moe",
        (62, 6144, 96, 8, 8192, 151936, 262144),
        **{**_QWEN3, **_CODER, "num_experts": 160},
        moe_intermediate_size=2560,
    ),
    "OLMoE-1B-7B-0924": config(
        "olmoe",
        (16, 2048, 16, 16, 1024, 50304, 4096),
        attention_bias=False,
        clip_qkv=None,
        norm_topk_prob=False,
        num_experts=64,
        num_experts_per_tok=8,
        rope_theta=10000.0,
        tie_word_embeddings=False,
    ),
    "ERNIE-4.5-21B-A3B": config(
        "ernie4_5_moe",
        (28, 2560, 20, 4, 12288, 103424, 131072),
        **_ERNIE,
        moe_intermediate_size=1536,
        moe_k=6,
        moe_layer_end_index=27,
        moe_layer_start_index=1,
        moe_num_shared_experts=2,
        tie_word_embeddings=True,
    ),
    "ERNIE-4.5-300B-A47B": config(
        "ernie4_5_moe",
        (54, 8192, 64, 8, 28672, 103424, 131072),
        **_ERNIE,
        moe_intermediate_size=3584,
        moe_k=8,
        moe_layer_end_index=53,
        moe_layer_start_index=3,
        moe_num_shared_experts=0,
        tie_word_embeddings=False,
    ),
    "GLM-4.5": config(
        "glm4_moe",
        (92, 5120, 96, 8, 12288, 151552, 131072),
        **_GLM,
        first_k_dense_replace=3,
        moe_intermediate_size=1536,
        n_routed_experts=160,
        routed_scaling_factor=2.5,
        use_qk_norm=True,
    ),
    "GLM-4.5-Air": config(
        "glm4_moe",
        (46, 4096, 96, 8, 10944, 151552, 131072),
        **_GLM,
        first_k_dense_replace=1,
        moe_intermediate_size=1408,
        n_routed_experts=128,
        routed_scaling_factor=1.0,
        use_qk_norm=False,
    ),
    "Hunyuan-A13B": config("hunyuan_v1_moe", (32, 4096, 32, 8, 3072, 128167, 32768), **_HUNYUAN),
    "gpt-oss-20b": config(
        "gpt_oss",
        (24, 2880, 64, 8, 2880, 201088, 131072),
        **_GPT_OSS,
        layer_types=["sliding_attention", "full_attention"] * 12,
        num_local_experts=32,
    ),
    "gpt-oss-120b": config(
        "gpt_oss",
        (36, 2880, 64, 8, 2880, 201088, 131072),
        **_GPT_OSS,
        layer_types=["sliding_attention", "full_attention"] * 18,
        num_local_experts=128,
    ),
}
# As the model cards count them, in thousand millions.
PARAMETERS: Final = {
    "Mixtral-8x7B-v0.1": 46.7,
    "Mixtral-8x22B-v0.1": 140.6,
    "Qwen1.5-MoE-A2.7B": 14.3,
    "Qwen2-57B-A14B": 57.4,
    "Qwen3-30B-A3B": 30.5,
    "Qwen3-235B-A22B": 235.1,
    "Qwen3-Coder-480B-A35B": 480.2,
    "OLMoE-1B-7B-0924": 6.9,
    "ERNIE-4.5-21B-A3B": 21.8,
    "ERNIE-4.5-300B-A47B": 299.5,
    "GLM-4.5": 352.8,
    "GLM-4.5-Air": 106.9,
    "Hunyuan-A13B": 80.4,
    "gpt-oss-20b": 20.9,
    "gpt-oss-120b": 116.8,
}


class Promised(ArrayCheckpoint):
    """Tensors of the right shapes with nothing but zeros in them."""

    def tensor(self, name: str) -> Tensor:
        found = self.arrays.get(name)
        if found is None:
            raise BadCheckpoint(reason="missing_tensor", tensor=name)
        columns = found.shape[-1]
        return Tensor(
            name, found.shape, "F32", lambda start, stop: np.zeros((stop - start, columns), "<f4")
        )


def shapes(raw: Mapping[str, Any]) -> Shapes:
    """Every tensor of a published checkpoint of these families."""
    family, hidden = raw["model_type"], raw["hidden_size"]
    yield "model.embed_tokens.weight", (raw["vocab_size"], hidden)
    yield "model.norm.weight", (hidden,)
    if not raw.get("tie_word_embeddings"):
        yield "lm_head.weight", (raw["vocab_size"], hidden)
    dense = {"ernie4_5_moe": "moe_layer_start_index", "glm4_moe": "first_k_dense_replace"}
    for layer in range(raw["num_hidden_layers"]):
        stem = f"model.layers.{layer}"
        yield f"{stem}.input_layernorm.weight", (hidden,)
        yield f"{stem}.post_attention_layernorm.weight", (hidden,)
        yield from attention(f"{stem}.self_attn", raw)
        if layer < raw.get(dense.get(family, ""), 0):
            yield from mlp(f"{stem}.mlp", hidden, raw["intermediate_size"])
        elif family == "gpt_oss":
            yield from joint(f"{stem}.mlp", raw)
        else:
            yield from mixture(stem, raw)


def attention(stem: str, raw: Mapping[str, Any]) -> Shapes:
    family, hidden = raw["model_type"], raw["hidden_size"]
    dim = raw.get("head_dim", hidden // raw["num_attention_heads"])
    wide, narrow = raw["num_attention_heads"] * dim, raw["num_key_value_heads"] * dim
    bias = raw.get("attention_bias", family == "qwen2_moe")
    for name, rows in (("q", wide), ("k", narrow), ("v", narrow)):
        yield f"{stem}.{name}_proj.weight", (rows, hidden)
        if bias:
            yield f"{stem}.{name}_proj.bias", (rows,)
    yield f"{stem}.o_proj.weight", (hidden, wide)
    if family == "gpt_oss":
        yield f"{stem}.o_proj.bias", (hidden,)
        yield f"{stem}.sinks", (raw["num_attention_heads"],)
    names = {"hunyuan_v1_moe": ("query_layernorm", "key_layernorm")}
    normed = family in ("qwen3_moe", "olmoe", "hunyuan_v1_moe") or (
        family == "glm4_moe" and raw["use_qk_norm"]
    )
    for name, rows in zip(names.get(family, ("q_norm", "k_norm")), (wide, narrow), strict=True):
        if normed:
            yield f"{stem}.{name}.weight", (rows if family == "olmoe" else dim,)


def mixture(stem: str, raw: Mapping[str, Any]) -> Shapes:
    family, hidden = raw["model_type"], raw["hidden_size"]
    width = raw.get("moe_intermediate_size", raw["intermediate_size"])
    width = width[0] if isinstance(width, list) else width
    counts = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
    (count,) = (raw[key] for key in counts if key in raw)
    place = f"{stem}.{'block_sparse_moe' if family == 'mixtral' else 'mlp'}"
    yield f"{place}.{'gate.wg' if family == 'hunyuan_v1_moe' else 'gate'}.weight", (count, hidden)
    names = ("w1", "w3", "w2") if family == "mixtral" else ("gate_proj", "up_proj", "down_proj")
    for index in range(count):
        yield from mlp(f"{place}.experts.{index}", hidden, width, names)
    if family == "ernie4_5_moe":
        yield f"{place}.moe_statics.e_score_correction_bias", (1, count)
        if raw["moe_num_shared_experts"]:
            shared = width * raw["moe_num_shared_experts"]
            yield from mlp(f"{place}.shared_experts", hidden, shared)
    elif family == "glm4_moe":
        yield f"{place}.gate.e_score_correction_bias", (count,)
        yield from mlp(f"{place}.shared_experts", hidden, width)
    elif family == "qwen2_moe":
        yield f"{place}.shared_expert_gate.weight", (1, hidden)
        yield from mlp(f"{place}.shared_expert", hidden, raw["shared_expert_intermediate_size"])
    elif family == "hunyuan_v1_moe":
        yield from mlp(f"{place}.shared_mlp", hidden, width)


def mlp(
    stem: str,
    hidden: int,
    width: int,
    names: tuple[str, str, str] = ("gate_proj", "up_proj", "down_proj"),
) -> Shapes:
    yield f"{stem}.{names[0]}.weight", (width, hidden)
    yield f"{stem}.{names[1]}.weight", (width, hidden)
    yield f"{stem}.{names[2]}.weight", (hidden, width)


def joint(stem: str, raw: Mapping[str, Any]) -> Shapes:
    """gpt-oss in bfloat16."""
    count, hidden, width = raw["num_local_experts"], raw["hidden_size"], raw["intermediate_size"]
    yield f"{stem}.router.weight", (count, hidden)
    yield f"{stem}.router.bias", (count,)
    yield f"{stem}.experts.gate_up_proj", (count, hidden, 2 * width)
    yield f"{stem}.experts.gate_up_proj_bias", (count, 2 * width)
    yield f"{stem}.experts.down_proj", (count, width, hidden)
    yield f"{stem}.experts.down_proj_bias", (count, hidden)


def promise(raw: Mapping[str, Any]) -> Promised:
    arrays = {name: np.broadcast_to(np.float32(0), shape) for name, shape in shapes(raw)}
    return Promised(arrays)


def planned(name: str) -> Graph:
    """The whole graph of a published model, no weight written."""
    raw = PUBLISHED[name]
    g = Graph(WeightPlan())
    build_decoder(open_family(raw), g, promise(raw), Precision(4, 32))
    return g


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_whole_model_is_planned(name: str) -> None:
    g, raw = planned(name), PUBLISHED[name]
    assert g.parameters / 1e9 == pytest.approx(PARAMETERS[name], abs=0.06, rel=1e-3)
    assert g.parameters == sum(math.prod(shape) for _, shape in shapes(raw))
    first = raw.get("first_k_dense_replace", raw.get("moe_layer_start_index", 0))
    assert [node.name for node in g.model().graph.node if node.op_type == "QMoE"] == [
        f"/model/layers.{layer}/moe/experts/QMoE"
        for layer in range(first, raw["num_hidden_layers"])
    ]


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("Mixtral-8x7B-v0.1", "router_temperature", 2.0),
        ("Qwen3-Coder-480B-A35B", "shared_expert_intermediate_size", 512),
        ("Qwen3-Coder-480B-A35B", "use_qk_norm", False),
        ("ERNIE-4.5-21B-A3B", "moe_gate_act", "sigmoid"),
        ("ERNIE-4.5-21B-A3B", "use_rmsnorm", False),
        ("Hunyuan-A13B", "use_cla", True),
        ("Hunyuan-A13B", "use_mla", True),
        ("Hunyuan-A13B", "group_limited_greedy", True),
        ("Hunyuan-A13B", "routed_scaling_factor", 2.5),
        ("Hunyuan-A13B", "mlp_bias", True),
        ("GLM-4.5", "scoring_func", "softmax"),
        ("gpt-oss-20b", "hidden_act", "relu"),
    ],
)
def test_other_mathematics_is_refused_by_name(name: str, key: str, value: object) -> None:
    raw = {**PUBLISHED[name], key: value}
    with pytest.raises(UnsupportedFamily) as caught:
        open_family(raw)
    assert str(caught.value.params["option"]).startswith(key)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("Mixtral-8x7B-v0.1", "num_experts_per_tok", 9),
        ("GLM-4.5", "n_group", 3),
        ("GLM-4.5", "topk_group", 2),
        ("Hunyuan-A13B", "moe_topk", [8]),
        ("ERNIE-4.5-21B-A3B", "moe_layer_start_index", 28),
        ("Qwen3-30B-A3B", "decoder_sparse_step", 0),
        ("Qwen3-30B-A3B", "mlp_only_layers", [-1]),
        ("gpt-oss-20b", "layer_types", ["full_attention"]),
        ("gpt-oss-20b", "swiglu_limit", -1.0),
    ],
)
def test_values_that_cannot_be(name: str, key: str, value: object) -> None:
    with pytest.raises(BadCheckpoint) as caught:
        open_family({**PUBLISHED[name], key: value})
    assert caught.value.params["reason"] == "bad_config"


def test_layers_are_dense_where_the_config_says_so() -> None:
    small = {"num_hidden_layers": 4, "num_experts": 2, "num_experts_per_tok": 1, "vocab_size": 32}
    raw = {**PUBLISHED["Qwen3-30B-A3B"], **small, "decoder_sparse_step": 2, "mlp_only_layers": [3]}
    arrays = dict(promise(raw).arrays)
    for layer in (0, 2, 3):
        stem = f"model.layers.{layer}.mlp"
        arrays |= {
            name: np.broadcast_to(np.float32(0), shape)
            for name, shape in mlp(stem, raw["hidden_size"], raw["intermediate_size"])
        }
    g = Graph(WeightPlan())
    build_decoder(open_family(raw), g, Promised(arrays), Precision(4, 32))
    mixtures = [node.name for node in g.model().graph.node if node.op_type == "QMoE"]
    assert mixtures == ["/model/layers.1/moe/experts/QMoE"]
