"""Embeddings that each layer has of its own (Gemma 3n and 4: per-layer embeddings).

What a layer is told about a token depends on the token alone (a table) and on its embedding (a
projection); the layer gates it with what it knows by then. Reference: transformers,
modeling_gemma4.py, `get_per_layer_inputs` and `project_per_layer_inputs`.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from onnx import TensorProto

from engine.builder.blocks.linear import linear
from engine.builder.blocks.mlp import activate
from engine.builder.blocks.norm import Stream, normalize, rms_norm
from engine.builder.blocks.site import Site
from engine.builder.blocks.table import embedding


def per_layer_inputs(site: Site, embeddings: str, width: int, vocab: int) -> tuple[str, ...]:
    """What each layer is told: [batch, sequence, width] for every layer.

        ids -- table * sqrt(width) --------------- + -- / sqrt(2) -- Split --> one for each layer
        embeddings -- projection -- norm by layer -+

    The projection's factor 1 / sqrt(hidden) is in the norm's epsilon, 1 / sqrt(2) in both terms.

    Args:
        site: Any place.
        embeddings: [batch, sequence, hidden].
        width: Of what one layer is told.
        vocab: Rows of the table.

    Raises:
        BadCheckpoint: A tensor is missing or has another shape.
    """
    config = site.config
    top = replace(site, g=site.root, stem="model", layer=-1).at("", "per_layer_inputs")
    g, total, fine = top.g, config.layers * width, config.is_small
    table = top.at("embed_tokens_per_layer")
    ids = g.input("input_ids", TensorProto.INT64, ["batch", "sequence"])
    stored = embedding(table.g, table.weight("", vocab, total), top.precision)
    factor = table.g.constant("scale", np.float32(math.sqrt(width / 2)))
    tokens = table.g.node("Mul", [stored.gather(table.g, ids), factor], name="Scale")
    weight = top.weight("per_layer_model_projection", total, config.hidden)
    place = g.at("per_layer_model_projection")
    context = linear(place, embeddings, [weight], top.precision, fine=fine)
    context = _norm_by_layer(top.at("per_layer_projection_norm"), context, width)
    both = g.node("Add", [context, tokens])
    outputs = [f"layer_{index}" for index in range(config.layers)]
    return g.nodes("Split", [both], outputs, attributes={"axis": -1, "num_outputs": config.layers})


def _norm_by_layer(site: Site, x: str, width: int) -> str:
    """[batch, sequence, layers * width] normed over each layer's share."""
    g, config = site.g, site.config
    weight = site.weight("", width).whole()
    g.count_parameters(weight.size)
    scale = g.constant("weight", weight * np.float32(math.sqrt(0.5)))
    shape = g.shared_integers([0, 0, config.layers, width])
    x = g.node("Reshape", [x, shape], name="ByLayer")
    x = normalize(g, x, scale, config.norm_eps * config.hidden)
    return g.node("Reshape", [x, g.shared_integers([0, 0, config.layers * width])], name="Flat")


def add_per_layer_input(site: Site, stream: Stream, told: str, width: int) -> Stream:
    """Stream + norm(projection(activation(gate(stream)) * told)).

    Args:
        site: Place of the block.
        stream: The residual stream.
        told: What this layer is told, [batch, sequence, width].
        width: Its width.
    """
    g, config, fine = site.g.at("per_layer_input"), site.config, site.config.is_small
    total = stream.settle(g)
    gate = site.weight("per_layer_input_gate", width, config.hidden)
    x = linear(g.at("gate"), total, [gate], site.precision, fine=fine)
    x = g.node("Mul", [activate(g, x, config.activation), told])
    weight = site.weight("per_layer_projection", config.hidden, width)
    y = linear(g.at("projection"), x, [weight], site.precision, fine=fine)
    return Stream(total).add(rms_norm(site.at("post_per_layer_input_norm"), y))
