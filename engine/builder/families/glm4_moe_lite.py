"""GLM-4.7-Flash (Zhipu 2026): DeepSeek-V3's block, with its dense layers listed one by one.

Reference: transformers, modeling_glm4_moe_lite.py.
"""

from __future__ import annotations

from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.latent_attention import latent_layers
from engine.builder.blocks.layers import Block, dense
from engine.builder.blocks.mlp import Mlp
from engine.builder.blocks.site import Site
from engine.builder.families.deepseek_v3 import read_latent_mixture
from engine.builder.fields import Fields
from engine.errors import BadCheckpoint


def read(fields: Fields) -> Decoder:
    """Read a glm4_moe_lite config. Raises BadCheckpoint, UnsupportedFamily."""
    config, attention, sparse = read_latent_mixture(fields, width=1536)
    feed_forward = _read_layers(fields, config.layers, dense(Mlp(config.ffn)), sparse)
    return Decoder(config, latent_layers(attention, feed_forward))


def _read_layers(fields: Fields, layers: int, plain: Block, sparse: Block) -> Block:
    """What each layer has; the first one is dense where nothing is said."""
    first = fields.integer("first_k_dense_replace", 1, low=0)
    kinds = fields.choices("mlp_layer_types", "dense", "sparse")
    if kinds and len(kinds) != layers:
        raise BadCheckpoint(reason="bad_config", key="mlp_layer_types")

    def feed_forward(site: Site, x: str) -> str:
        is_sparse = kinds[site.layer] == "sparse" if kinds else site.layer >= first
        return (sparse if is_sparse else plain)(site, x)

    return feed_forward
