"""Hunyuan's mixtures of experts (Tencent 2025): A13B.

Queries and keys are normed after the rotation; a shared MLP stands beside the routed experts. Many
keys of published configs are lists with one value for each layer. Reference: transformers,
modeling_hunyuan_v1_moe.py.
"""

from __future__ import annotations

from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import Experts, SharedExpert, mixture
from engine.builder.blocks.layers import dense, pre_norm_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.blocks.routing import Routing
from engine.builder.blocks.site import Site
from engine.builder.families.hunyuan_v1_dense import read_hunyuan
from engine.builder.fields import Fields


def read(fields: Fields) -> Decoder:
    """Read a hunyuan_v1_moe config. Raises BadCheckpoint, UnsupportedFamily."""
    config, attention = read_hunyuan(fields)
    _check_options(fields)
    counts = fields.per_layer("num_experts", config.layers, 1)
    top_ks = fields.per_layer("moe_topk", config.layers, 1)
    plain = dense(Mlp(config.ffn))

    def feed_forward(site: Site, x: str) -> str:
        if not site.has("mlp.gate.wg.weight"):  # "moe_layer_num_skipped"
            return plain(site, x)
        place, layer = site.at("mlp"), site.layer
        routing = Routing(counts[layer], top_ks[layer], gate="gate.wg", renormalize=True)
        experts = Experts(routing, _rows(place, "experts.0.gate_proj.weight"))
        shared = None
        if place.has("shared_mlp.gate_proj.weight"):  # "use_mixed_mlp_moe"
            shared = SharedExpert("shared_mlp", _rows(place, "shared_mlp.gate_proj.weight"))
        return mixture(experts, shared)(site, x)

    return Decoder(config, pre_norm_layers((attention,) * config.layers, feed_forward))


def _rows(site: Site, name: str) -> int:
    """Width of a layer; released code and transformers read it from different keys."""
    return site.checkpoint.tensor(site.name(name)).rows


def _check_options(fields: Fields) -> None:
    """Keys of Tencent's own configs: those that would change the logits must be off."""
    for key in ("use_mla", "group_limited_greedy"):
        fields.expect(key, False)
    fields.expect("norm_topk_prob", True)
    fields.expect("routed_scaling_factor", False, 1.0, 1)
    fields.ignore(
        "kv_lora_rank", "moe_drop_tokens", "moe_intermediate_size", "moe_layer_num_skipped",
        "moe_random_routing_dropped_token", "n_group", "num_shared_expert", "q_lora_rank",
        "qk_nope_head_dim", "qk_rope_head_dim", "topk_group", "use_mixed_mlp_moe", "v_head_dim",
    )  # fmt: skip
