"""All block-quantized experts of a layer in one `com.microsoft::QMoE`.

The operator wants the rows of gate and up in turns (`swiglu_fusion=1`), every expert's matrix
behind the other's. They are quantized while they are read, a few rows of one expert at a time:

    gate rows --- quantize --+
                             +-- rows in turns --> file
    up rows ----- quantize --+

Measured on ONNX Runtime 1.31.1: 4 bits have kernels for float32 and for int8 activations. 8 bits
round activations to int8 at every `accuracy_level` as long as the weights are constants that can be
packed at load; otherwise they are dequantized and multiplied in float32. `--exact` relies on that,
and so do experts so narrow that it costs nothing: routers and normed linear attention after them
amplify what they round (Qwen3.5's reference checkpoint: mean KL 0.0185 nats packed, 1e-6 unpacked).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from engine.builder.blocks.expert_weights import ExpertWeights, Gating
from engine.builder.blocks.linear import FLOAT_ACTIVATIONS, INT8_ACTIVATIONS, NARROW
from engine.builder.blocks.routing import Routed
from engine.builder.blocks.site import Site
from engine.builder.blocks.storage import (
    Form,
    Storage,
    declare_scales,
    has_wide_scales,
    stored_rows,
)
from engine.builder.checkpoint import Tensor
from engine.builder.graph import MICROSOFT, Attribute, Graph
from engine.builder.weights import CHUNK_VALUES, Chunks

_STORAGES: Final = (Storage.INT4, Storage.INT4_ZERO, Storage.INT8)


def suits(site: Site, width: int, forms: tuple[Form, Form]) -> bool:
    """Whether the operator can say these experts.

    Args:
        site: Place of the experts.
        width: Of an expert's hidden layer.
        forms: Of gate and up, and of down.
    """
    inner, outer = forms
    # "Mixed-width QMoE execution is not yet implemented on CPU"
    alike = inner.storage.bits == outer.storage.bits and inner.block_size == outer.block_size
    divided = site.config.hidden % inner.block_size == 0 and width % inner.block_size == 0
    known = all(form.storage in _STORAGES for form in forms)
    return alike and divided and known and site.config.activation == "silu"


def quantized_experts(
    site: Site,
    x: str,
    routed: Routed,
    weights: Sequence[ExpertWeights],
    *,
    forms: tuple[Form, Form],
    gating: Gating,
) -> str:
    """Add the node.

    Args:
        site: Place of the experts.
        x: [batch, sequence, hidden].
        routed: What the router decided.
        weights: All experts.
        forms: Of gate and up, and of down.
        gating: Constants of SwiGLU.

    Returns:
        [batch, sequence, hidden].
    """
    g, fine, (inner, outer) = site.g, site.config.is_small, forms
    site.precision.note(f"{g.path}/up", [part for e in weights for part in (e.gate, e.up)], inner)
    site.precision.note(f"{g.path}/down", [expert.down for expert in weights], outer)
    up = _declare(g, weights, "up", inner, fine=fine)
    down = _declare(g, weights, "down", outer, fine=fine)
    attributes: dict[str, Attribute] = {
        "k": routed.top_k,
        "expert_weight_bits": inner.storage.bits,
        "block_size": inner.block_size,
        "activation_type": "swiglu",
        "swiglu_fusion": 1,
        "activation_alpha": gating.alpha,
        "activation_beta": gating.beta,
        "normalize_routing_weights": 0,
        "accuracy_level": FLOAT_ACTIVATIONS if fine else INT8_ACTIVATIONS,
    }
    if gating.limit:
        attributes["swiglu_limit"] = gating.limit
    # values, scales and bias of two projections and of a third that is not used, then zero points
    inputs = [x, routed.probs, *up[:3], *down[:3], "", "", "", up[3], down[3], "", routed.weights]
    return g.node("QMoE", inputs, domain=MICROSOFT, attributes=attributes)


def _declare(
    g: Graph,
    experts: Sequence[ExpertWeights],
    name: Literal["up", "down"],
    form: Form,
    *,
    fine: bool,
) -> list[str]:
    """Plan one projection of all experts.

    Returns:
        Its values, scales, bias and zero points, "" for what it has none of.
    """
    count, (width, hidden) = len(experts), experts[0].gate.shape
    rows, columns = (2 * width, hidden) if name == "up" else (hidden, width)
    values, bits = count * rows * columns, form.storage.bits
    g.count_parameters(values)
    g.count_linear(values, bits)
    chunks = _up_chunks if name == "up" else _down_chunks
    wide = has_wide_scales([part for e in experts for part in (e.gate, e.up, e.down)])
    blocks, zero_bytes = columns // form.block_size, -(-columns // form.block_size // 2)
    sizes_bytes = [values * bits // 8, count * rows * blocks * (4 if wide else 2)]
    if form.storage is Storage.INT4_ZERO:
        sizes_bytes.append(count * rows * zero_bytes)
    regions = g.reserve(sizes_bytes, lambda: chunks(experts, form, wide))
    packed = [count, rows, columns * bits // 8]
    quantized = g.weight(f"{name}_quantized", TensorProto.UINT8, packed, regions[0])
    if fine and bits == 8 and rows * columns <= NARROW:
        g.input(quantized, TensorProto.UINT8, packed)  # with that default, thus no constant
    scales = declare_scales(g, f"{name}_scales", [count, rows, blocks], regions[1], wide=wide)
    zeros = ""
    if form.storage is Storage.INT4_ZERO:
        shape = [count, rows, zero_bytes]
        zeros = g.weight(f"{name}_zero_points", TensorProto.UINT8, shape, regions[2])
    return [quantized, scales, _declare_bias(g, experts, name), zeros]


def _declare_bias(g: Graph, experts: Sequence[ExpertWeights], name: Literal["up", "down"]) -> str:
    """The biases of one projection of all experts, "" for none."""
    if not experts[0].biases:
        return ""
    biases = np.stack([_bias(expert, name) for expert in experts])
    g.count_parameters(biases.size)
    (region,) = g.reserve([biases.nbytes], lambda: iter([(biases,)]))
    return g.weight(f"{name}_bias", TensorProto.FLOAT, list(biases.shape), region)


def _bias(expert: ExpertWeights, name: Literal["up", "down"]) -> NDArray[np.float32]:
    gate, up, down = expert.biases
    return np.stack((gate, up), axis=1).reshape(-1) if name == "up" else down


def _up_chunks(experts: Sequence[ExpertWeights], form: Form, wide: bool) -> Chunks:
    for expert in experts:
        for start, stop in _spans(expert.gate, 2):
            gate = stored_rows(expert.gate, start, stop, form, wide)
            up = stored_rows(expert.up, start, stop, form, wide)
            # [rows, 2, bytes]: in memory, a row of gate and the same row of up in turns
            yield tuple(np.stack(pair, axis=1) for pair in zip(gate, up, strict=True))


def _down_chunks(experts: Sequence[ExpertWeights], form: Form, wide: bool) -> Chunks:
    for expert in experts:
        for start, stop in _spans(expert.down, 1):
            yield stored_rows(expert.down, start, stop, form, wide)


def _spans(tensor: Tensor, share: int) -> list[tuple[int, int]]:
    step = max(1, CHUNK_VALUES // tensor.columns // share)
    return [(start, min(start + step, tensor.rows)) for start in range(0, tensor.rows, step)]
