"""The usual block of a decoder: norm, attention, sum, norm, feed-forward layer, sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.builder.blocks.attention import Attention, grouped_query_attention
from engine.builder.blocks.mlp import Mlp, gated_mlp
from engine.builder.blocks.norm import Stream
from engine.builder.blocks.site import Site

Block = Callable[[Site, str], str]
"""(Place of the whole block, [batch, sequence, hidden]) -> the same shape."""

Layer = Callable[[Site, Stream], Stream]
"""(Place of the block, stream before it) -> stream after it."""

NORMS = ("input_layernorm", "post_attention_layernorm")


def pre_norm_layers(
    attentions: Sequence[Attention], feed_forward: Block, norms: tuple[str, str] = NORMS
) -> Layer:
    """Blocks that differ in their attention at most.

    Args:
        attentions: One for each layer.
        feed_forward: What follows the attention.
        norms: Names of the two norms.
    """

    def layer(site: Site, stream: Stream) -> Stream:
        attention = attentions[site.layer]
        return pre_norm_block(
            site,
            stream,
            lambda site, x: grouped_query_attention(site.at("self_attn", "attn"), x, attention),
            feed_forward,
            norms,
        )

    return layer


def pre_norm_block(
    site: Site,
    stream: Stream,
    mixer: Block,
    feed_forward: Block,
    norms: tuple[str, str] = NORMS,
) -> Stream:
    """One block with any mixer; both layers get the block's place and the normed stream."""
    x, stream = stream.norm(site.at(norms[0]))
    stream = stream.add(mixer(site, x))
    x, stream = stream.norm(site.at(norms[1]))
    return stream.add(feed_forward(site, x))


def dense(mlp: Mlp) -> Block:
    """A gated MLP named "mlp" as the feed-forward layer."""
    return lambda site, x: gated_mlp(site.at("mlp"), x, mlp)
