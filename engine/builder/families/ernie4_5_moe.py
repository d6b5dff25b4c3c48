"""ERNIE 4.5's mixtures of experts (Baidu 2025): 21B-A3B and 300B-A47B.

Interleaved rotation as in the dense models. Experts are chosen by softmax plus a correction bias
and weighted by the softmax alone; the sum of the weights has a floor. Reference: transformers,
modeling_ernie4_5_moe.py.
"""

from __future__ import annotations

from dataclasses import replace

from engine.builder.blocks.attention import Attention
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import Experts, SharedExpert, mixture
from engine.builder.blocks.layers import dense, pre_norm_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.blocks.routing import Routing, read_experts
from engine.builder.blocks.site import Site
from engine.builder.config import read_decoder
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope
from engine.errors import BadCheckpoint

_CORRECTION = "moe_statics.e_score_correction_bias"


def read(fields: Fields) -> Decoder:
    """Read an ernie4_5_moe config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields, tied=True)
    rope = read_rope(fields, config.head_dim, interleaved=True, theta=500_000.0)
    bias = fields.flag("use_bias", default=False)
    attention = replace(Attention.of(config, rope), bias=bias, output_bias=bias)
    _check_training(fields)
    experts = _read_experts(fields)
    shares = fields.integer("moe_num_shared_experts", 2, low=0)
    shared = SharedExpert("shared_experts", experts.width * shares, bias=bias)
    is_sparse = _read_sparse(fields, config.layers)
    plain = dense(Mlp(config.ffn, bias=bias))

    def feed_forward(site: Site, x: str) -> str:
        if not is_sparse[site.layer]:
            return plain(site, x)
        # trained without "aux_free" there is no correction
        correction = _CORRECTION if site.has(f"mlp.{_CORRECTION}") else ""
        chosen = replace(experts, routing=replace(experts.routing, correction=correction))
        # Baidu's own configs leave the key out where there is none
        has_shared = site.has("mlp.shared_experts.down_proj.weight")
        return mixture(chosen, shared if has_shared else None)(site, x)

    layers = pre_norm_layers((attention,) * config.layers, feed_forward)
    return Decoder(config, layers, head_bias=bias)


def _read_experts(fields: Fields) -> Experts:
    routing = Routing(
        read_experts(fields, 64, keys=("moe_num_experts", "num_experts")),
        fields.integer("moe_k", 6),
        renormalize=True,
        minimum=fields.number("moe_norm_min", 1e-12),
    )
    return Experts(routing, fields.integer("moe_intermediate_size", 1536))


def _read_sparse(fields: Fields, layers: int) -> tuple[bool, ...]:
    """Which layers are mixtures: every `interval`th from `start` to `end`, both included."""
    start = fields.integer("moe_layer_start_index", 1, low=0)
    end = fields.integer("moe_layer_end_index", -1, low=-1)
    interval = fields.integer("moe_layer_interval", 1)
    if end == -1:
        end = layers - 1
    if start > end:
        raise BadCheckpoint(reason="bad_config", key="moe_layer_start_index")
    return tuple(start <= i <= end and (i + 1) % interval == 0 for i in range(layers))


def _check_training(fields: Fields) -> None:
    """Keys of Baidu's own configs: those that could change the logits must say the usual."""
    fields.expect("use_rmsnorm", True)
    fields.expect("moe_gate", "topk", "top2_fused")
    fields.expect("moe_gate_act", "softmax")
    fields.expect("moe_norm_gate_logits", True)
    fields.expect("moe_group_experts", False)
    fields.expect("moe_use_hard_gate", False)
    fields.expect("is_quantized", False)
    fields.expect("compression_ratio", 1.0, 1)
    fields.ignore("moe_capacity", "moe_use_aux_free", "num_nextn_predict_layers")
