"""The usual block of a decoder: norm, attention, sum, norm, feed-forward layer, sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.builder.blocks.attention import Attention, grouped_query_attention
from engine.builder.blocks.mlp import Mlp, gated_mlp
from engine.builder.blocks.norm import Stream, rms_norm
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


def sandwich_layers(attentions: Sequence[Attention], feed_forward: Block) -> Layer:
    """Blocks with a norm before and one after each layer, named as Gemma names them.

    Args:
        attentions: One for each layer.
        feed_forward: What follows the attention.
    """

    def layer(site: Site, stream: Stream) -> Stream:
        stream = sandwiched_attention(site, stream, attentions[site.layer])
        x, stream = stream.norm(site.at("pre_feedforward_layernorm"))
        y = feed_forward(site, x)
        return stream.add(rms_norm(site.at("post_feedforward_layernorm"), y))

    return layer


def sandwiched_attention(site: Site, stream: Stream, attention: Attention) -> Stream:
    """The first half of such a block: norm, attention, norm, sum."""
    x, stream = stream.norm(site.at("input_layernorm"))
    y = grouped_query_attention(site.at("self_attn", "attn"), x, attention)
    return stream.add(rms_norm(site.at("post_attention_layernorm"), y))


def dense(mlp: Mlp) -> Block:
    """A gated MLP named "mlp" as the feed-forward layer."""
    return lambda site, x: gated_mlp(site.at("mlp"), x, mlp)
