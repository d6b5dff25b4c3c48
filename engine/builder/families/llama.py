"""Llama (Touvron et al. 2023; Llama 3: Dubey et al. 2024) and what is built just like it.

Pre-norm decoder, grouped-query attention with rotary positions, SwiGLU, RMS norms, biases where the
config says so, embedding tied to the LM head or not. Reference: transformers, modeling_llama.py.
"""

from __future__ import annotations

from onnx import TensorProto

from engine.builder.blocks.attention import AttentionWeights, grouped_query_attention
from engine.builder.blocks.linear import embedding, lm_head
from engine.builder.blocks.mlp import swiglu_mlp
from engine.builder.blocks.norm import rms_norm, skip_rms_norm
from engine.builder.blocks.rope import RopeCache, rope_cache
from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Checkpoint, Tensor, require
from engine.builder.config import Fields, ModelConfig, read_decoder
from engine.builder.graph import Graph
from engine.errors import UnsupportedFamily


def read_config(fields: Fields) -> ModelConfig:
    """Read a llama config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields)
    fields.expect("rope_interleaved", False)  # SmolLM2 writes it down
    fields.finish()
    if config.rope.rotary_dim != config.head_dim:
        raise UnsupportedFamily(family=fields.family, option="partial_rotary_factor")
    return config


def build(g: Graph, config: ModelConfig, checkpoint: Checkpoint, precision: Precision) -> None:
    """Add the decoder.

    ids -- embedding -- [norm -- attention -- + -- norm -- mlp -- +] x layers -- norm -- head
    """
    weights = _Weights(checkpoint, config)
    ids = g.input("input_ids", TensorProto.INT64, ["batch", "sequence"])
    table = embedding(
        g.at("embed_tokens"),
        weights.get("model.embed_tokens", config.vocab, config.hidden),
        precision,
    )
    rope = _rope(g.at("rotary"), config, checkpoint)
    residual = table.gather(g.at("embed_tokens"), ids)  # [batch, sequence, hidden]
    first = weights.norm("model.layers.0.input_layernorm")
    x = rms_norm(g.at("layers.0/input_layernorm"), residual, first, config.norm_eps)
    for layer in range(config.layers):
        x, residual = _layer(g, layer, x, residual, weights=weights, rope=rope, precision=precision)
    head = table.table
    if not config.tied:
        tensor = weights.get("lm_head", config.vocab, config.hidden)
        head = embedding(g.at("lm_head"), tensor, precision).table
    lm_head(g.at("lm_head"), x, head, fine=config.is_small)


def _layer(
    g: Graph,
    index: int,
    x: str,
    residual: str,
    *,
    weights: _Weights,
    rope: RopeCache,
    precision: Precision,
) -> tuple[str, str]:
    """One block; x is the normed residual. Returns those two for the next block."""
    config = weights.config
    place, stem = g.at(f"layers.{index}"), f"model.layers.{index}"
    attention = grouped_query_attention(
        place.at("attn"),
        x,
        weights.attention(f"{stem}.self_attn"),
        layer=index,
        heads=config.heads,
        kv_heads=config.kv_heads,
        head_dim=config.head_dim,
        rope=rope,
        precision=precision,
        fine=config.is_small,
    )
    norm = weights.norm(f"{stem}.post_attention_layernorm")
    x, residual = skip_rms_norm(
        place.at("post_attention_layernorm"), attention, residual, norm, config.norm_eps
    )
    gate, up, down = weights.mlp(f"{stem}.mlp")
    y = swiglu_mlp(
        place.at("mlp"),
        x,
        gate,
        up,
        down,
        precision=precision,
        biases=weights.mlp_biases(f"{stem}.mlp"),
        fine=config.is_fine_mlp(index),
    )
    if index + 1 < config.layers:
        following = f"model.layers.{index + 1}.input_layernorm"
        next_place = g.at(f"layers.{index + 1}/input_layernorm")
    else:
        following, next_place = "model.norm", g.at("norm")
    return skip_rms_norm(next_place, y, residual, weights.norm(following), config.norm_eps)


def _rope(g: Graph, config: ModelConfig, checkpoint: Checkpoint) -> RopeCache:
    factors = None
    if config.rope.kind == "factors":
        shape = (config.rope.rotary_dim // 2,)
        factors = require(checkpoint, config.rope.factors_tensor, shape).whole()
    return rope_cache(g, config.rope, config.context_length, factors)


class _Weights:
    """Finds a llama's tensors by name and checks their shapes against the config."""

    def __init__(self, checkpoint: Checkpoint, config: ModelConfig) -> None:
        self._checkpoint = checkpoint
        self.config = config

    def get(self, stem: str, *shape: int) -> Tensor:
        return require(self._checkpoint, f"{stem}.weight", shape)

    def norm(self, stem: str) -> Tensor:
        return self.get(stem, self.config.hidden)

    def bias(self, stem: str, rows: int) -> Tensor:
        return require(self._checkpoint, f"{stem}.bias", (rows,))

    def attention(self, stem: str) -> AttentionWeights:
        config = self.config
        wide, narrow = config.heads * config.head_dim, config.kv_heads * config.head_dim
        rows = (wide, narrow, narrow)
        query, key, value = (
            self.get(f"{stem}.{name}_proj", size, config.hidden)
            for name, size in zip("qkv", rows, strict=True)
        )
        output = self.get(f"{stem}.o_proj", config.hidden, wide)
        if not config.attention_bias:
            return AttentionWeights(query, key, value, output)
        biases = (
            self.bias(f"{stem}.{name}_proj", size) for name, size in zip("qkv", rows, strict=True)
        )
        output_bias = (self.bias(f"{stem}.o_proj", config.hidden),)
        return AttentionWeights(query, key, value, output, tuple(biases), output_bias)

    def mlp(self, stem: str) -> tuple[Tensor, Tensor, Tensor]:
        ffn, hidden = self.config.ffn, self.config.hidden
        return (
            self.get(f"{stem}.gate_proj", ffn, hidden),
            self.get(f"{stem}.up_proj", ffn, hidden),
            self.get(f"{stem}.down_proj", hidden, ffn),
        )

    def mlp_biases(
        self, stem: str
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...], tuple[Tensor, ...]]:
        ffn, hidden = self.config.ffn, self.config.hidden
        if not self.config.mlp_bias:
            return (), (), ()
        return (
            (self.bias(f"{stem}.gate_proj", ffn),),
            (self.bias(f"{stem}.up_proj", ffn),),
            (self.bias(f"{stem}.down_proj", hidden),),
        )
