"""The frame of every decoder: embedding, blocks, last norm, LM head.

ids -- embedding -- block x layers -- norm -- head --> logits
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from engine.builder.blocks.layers import Layer
from engine.builder.blocks.norm import Stream
from engine.builder.blocks.site import Site
from engine.builder.blocks.storage import Precision
from engine.builder.blocks.table import Embedding, embedding, lm_head
from engine.builder.checkpoint import Checkpoint
from engine.builder.config import ModelConfig
from engine.builder.graph import Graph


@dataclass(frozen=True, slots=True)
class Decoder:
    """What a family says about itself.

    Attributes:
        config: Sizes.
        layer: Adds block number `site.layer` and returns the stream after it.
        embedding_scale: Multiplies the embeddings.
        final_norm: Name of the last norm below "model".
        logit_softcap: Logits become cap * tanh(logits / cap); 0 leaves them alone.
        head_bias: Whether the LM head has a bias.
    """

    config: ModelConfig
    layer: Layer
    embedding_scale: float = 1.0
    final_norm: str = "norm"
    logit_softcap: float = 0.0
    head_bias: bool = False


def build_decoder(decoder: Decoder, g: Graph, checkpoint: Checkpoint, precision: Precision) -> None:
    """Add the whole decoder to an empty graph. Raises BadCheckpoint, UnsupportedFamily."""
    config = decoder.config
    site = Site(g, "model", -1, checkpoint, precision, config)
    ids = g.input("input_ids", TensorProto.INT64, ["batch", "sequence"])
    tokens = site.at("embed_tokens")
    table = embedding(tokens.g, tokens.weight("", config.vocab, config.hidden), precision)
    x = table.gather(tokens.g, ids)  # [batch, sequence, hidden]
    if decoder.embedding_scale != 1.0:
        factor = tokens.g.constant("scale", np.float32(decoder.embedding_scale))
        x = tokens.g.node("Mul", [x, factor])
    stream = Stream(x)
    for index in range(config.layers):
        stream = decoder.layer(site.at_layer(index), stream)
    x, _ = stream.norm(site.at(decoder.final_norm, "norm"))
    _head(site, x, table, decoder)


def _head(site: Site, x: str, table: Embedding, decoder: Decoder) -> None:
    g, config = site.g.at("lm_head"), site.config
    top = Site(g, "lm_head", -1, site.checkpoint, site.precision, config)
    head = table
    if not config.tied:
        tensor = top.weight("", config.vocab, config.hidden)
        head = embedding(g, tensor, site.precision)
    elif "lm_head.weight" in site.checkpoint.names():
        site.checkpoint.tensor("lm_head.weight")  # a copy of the embedding that some files carry
    site.precision.note(g.path, [head.tensor], head.form, x, table=True)
    bias = ""
    if decoder.head_bias:
        g.count_parameters(config.vocab)
        bias = g.constant("bias", top.bias("", config.vocab).whole())
    lm_head(g, x, head, bias, fine=config.is_small, softcap=decoder.logit_softcap)
