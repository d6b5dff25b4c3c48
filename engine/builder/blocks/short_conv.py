"""Short causal convolutions along the sequence, and LFM2's mixer made of one.

A depthwise convolution over the last few tokens needs no cache that grows: the inputs at the
`kernel - 1` tokens before are all it looks back on. They are a state of constant size.
References: transformers, modeling_lfm2.py (`Lfm2ShortConv`), modeling_qwen3_next.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from onnx import TensorProto

from engine.builder.blocks.linear import linear
from engine.builder.blocks.site import Site
from engine.builder.graph import MICROSOFT
from engine.types import StateSpec


@dataclass(frozen=True, slots=True)
class CausalConv:
    """One filter for each channel.

    Attributes:
        name: Stem of the weight [channels, 1, kernel].
        channels: Width of what it runs over.
        kernel: Tokens it sees, the present one included; at least 2.
        bias: Whether each channel has a bias.
    """

    name: str
    channels: int
    kernel: int
    bias: bool = False


def causal_conv(site: Site, x: str, conv: CausalConv) -> str:
    """y[t] = sum over j of w[j] * x[t - kernel + 1 + j], channel by channel.

        x -- Transpose --+-- CausalConvWithState -- Transpose --> y
        past conv state -+          +--> present conv state

    The operator could read the tokens' layout itself, but takes 1.6 times as long over 512 tokens
    of 8192 channels as with the two transpositions (onnxruntime 1.31.1, one thread: 47 and 29 ms).
    It could apply silu as well, element by element, at twice the time of an operator of its own.

    Args:
        site: Place of the mixer.
        x: [batch, sequence, channels].
        conv: The filters.

    Returns:
        [batch, sequence, channels].
    """
    g = site.g.at(conv.name)
    weight = site.weight(conv.name, conv.channels, 1, conv.kernel)
    (region,) = g.reserve([conv.channels * conv.kernel * 4], lambda: iter([(weight.floats(),)]))
    shape = (conv.channels, 1, conv.kernel)
    g.count_parameters(conv.channels * conv.kernel)
    inputs = [
        g.node("Transpose", [x], name="ChannelsFirst", attributes={"perm": [0, 2, 1]}),
        g.weight("weight", TensorProto.FLOAT, shape, region),
        "",
    ]
    if conv.bias:
        inputs[2] = g.constant("bias", site.bias(conv.name, conv.channels).whole())
        g.count_parameters(conv.channels)
    past, present = constant_state(site, "conv", (conv.channels, conv.kernel - 1))
    mixed, _ = g.nodes(
        "CausalConvWithState",
        [*inputs, past],
        ["output_0", present],
        domain=MICROSOFT,
        attributes={"ndim": 1, "activation": "none"},
    )
    return g.node("Transpose", [mixed], name="ChannelsLast", attributes={"perm": [0, 2, 1]})


def constant_state(site: Site, kind: str, shape: tuple[int, ...]) -> tuple[str, str]:
    """Declare a state "conv" or "recurrent" that does not grow; names of its input and output.

    What such a state has taken in cannot be taken out again, so it needs a snapshot to go back.
    """
    spec = StateSpec(
        input_name=f"past_key_values.{site.layer}.{kind}",
        output_name=f"present.{site.layer}.{kind}",
        dtype="float32",
        shape=("batch", *shape),
        growth_axis=None,
        kind="conv" if kind == "conv" else "recurrent",
        rollback=False,
    )
    site.g.state(spec)
    return spec.input_name, spec.output_name


def gated_short_conv(site: Site, x: str, *, kernel: int, bias: bool) -> str:
    """LFM2's mixer: a convolution between two gates that the input computes itself.

        x -- in_proj -- Split --+-- b --+
                                +-- v --*-- causal conv --+
                                +-- c --------------------*-- out_proj --> y

    Args:
        site: Place of the mixer.
        x: [batch, sequence, hidden].
        kernel: Tokens the convolution sees.
        bias: Whether the convolution and both projections have biases.

    Returns:
        [batch, sequence, hidden].
    """
    g, hidden, fine = site.g, site.config.hidden, site.config.is_small
    weights = [site.weight("in_proj", 3 * hidden, hidden)]
    biases = [site.bias("in_proj", 3 * hidden)] if bias else []
    projected = linear(g.at("in_proj"), x, weights, site.precision, biases, fine=fine)
    first, last, value = g.nodes(
        "Split", [projected], ["b", "c", "v"], attributes={"axis": -1, "num_outputs": 3}
    )
    gated = g.node("Mul", [first, value], name="GateIn")
    mixed = causal_conv(site, gated, CausalConv("conv", hidden, kernel, bias))
    out = [site.weight("out_proj", hidden, hidden)]
    biases = [site.bias("out_proj", hidden)] if bias else []
    gated = g.node("Mul", [last, mixed], name="GateOut")
    return linear(g.at("out_proj"), gated, out, site.precision, biases, fine=fine)
