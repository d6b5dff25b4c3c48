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
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from engine.builder.blocks.expert_weights import ExpertWeights, Gating
from engine.builder.blocks.linear import FLOAT_ACTIVATIONS, INT8_ACTIVATIONS, NARROW
from engine.builder.blocks.routing import Routed
from engine.builder.blocks.site import Site
from engine.builder.blocks.storage import Storage
from engine.builder.checkpoint import Tensor
from engine.builder.graph import MICROSOFT, Attribute, Graph
from engine.builder.quantize import GGML_BLOCK, IntBits, QuantizedRows, from_ggml, quantize_rows
from engine.builder.weights import CHUNK_VALUES, Chunks

_FORMS: Final = (Storage.INT4, Storage.INT8)
_TAKEN_OVER: Final = (("Q4_0", 4), ("Q8_0", 8), ("MXFP4", 8))
_ROUTER_WEIGHTS: Final = 14  # index of that input


def suits(site: Site, width: int, forms: tuple[Storage, Storage]) -> bool:
    """Whether the operator can say these experts.

    Args:
        site: Place of the experts.
        width: Of an expert's hidden layer.
        forms: Of gate and up, and of down.
    """
    size = site.precision.block_size
    divided = site.config.hidden % size == 0 and width % size == 0
    return divided and site.config.activation == "silu" and all(form in _FORMS for form in forms)


def quantized_experts(
    site: Site,
    x: str,
    routed: Routed,
    weights: Sequence[ExpertWeights],
    *,
    forms: tuple[Storage, Storage],
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
    g, size, fine = site.g, site.precision.block_size, site.config.is_small
    inner, outer = (cast("IntBits", form.bits) for form in forms)
    up = _declare(g, weights, "up", inner, size, fine=fine)
    down = _declare(g, weights, "down", outer, size, fine=fine)
    attributes: dict[str, Attribute] = {
        "k": routed.top_k,
        "expert_weight_bits": inner,
        "fc2_expert_weight_bits": outer,
        "block_size": size,
        "activation_type": "swiglu",
        "swiglu_fusion": 1,
        "activation_alpha": gating.alpha,
        "activation_beta": gating.beta,
        "normalize_routing_weights": 0,
        "accuracy_level": FLOAT_ACTIVATIONS if fine else INT8_ACTIVATIONS,
    }
    if gating.limit:
        attributes["swiglu_limit"] = gating.limit
    inputs = [x, routed.probs, *up, *down]
    inputs += [""] * (_ROUTER_WEIGHTS - len(inputs)) + [routed.weights]
    return g.node("QMoE", inputs, domain=MICROSOFT, attributes=attributes)


def _declare(
    g: Graph,
    experts: Sequence[ExpertWeights],
    name: Literal["up", "down"],
    bits: IntBits,
    size: int,
    *,
    fine: bool,
) -> list[str]:
    """Plan one projection of all experts; returns its values, scales and bias ("" for none)."""
    count, (width, hidden) = len(experts), experts[0].gate.shape
    rows, columns = (2 * width, hidden) if name == "up" else (hidden, width)
    values = count * rows * columns
    g.count_parameters(values)
    g.count_linear(values, bits)
    chunks = _up_chunks if name == "up" else _down_chunks
    sizes_bytes = [values * bits // 8, values // size * 4]
    regions = g.reserve(sizes_bytes, lambda: chunks(experts, bits, size))
    packed = [count, rows, columns * bits // 8]
    names = [
        g.weight(f"{name}_quantized", TensorProto.UINT8, packed, regions[0]),
        g.weight(f"{name}_scales", TensorProto.FLOAT, [count, rows, columns // size], regions[1]),
    ]
    if fine and bits == 8 and rows * columns <= NARROW:
        g.input(names[0], TensorProto.UINT8, packed)  # with that default, thus no constant
    if not experts[0].biases:
        return [*names, ""]
    g.count_parameters(count * rows)
    biases = np.stack([_bias(expert, name) for expert in experts])
    (region,) = g.reserve([biases.nbytes], lambda: iter([(biases,)]))
    return [*names, g.weight(f"{name}_bias", TensorProto.FLOAT, [count, rows], region)]


def _bias(expert: ExpertWeights, name: Literal["up", "down"]) -> NDArray[np.float32]:
    gate, up, down = expert.biases
    return np.stack((gate, up), axis=1).reshape(-1) if name == "up" else down


def _up_chunks(experts: Sequence[ExpertWeights], bits: IntBits, size: int) -> Chunks:
    for expert in experts:
        for start, stop in _spans(expert.gate, 2):
            gate = _rows(expert.gate, start, stop, bits, size)
            up = _rows(expert.up, start, stop, bits, size)
            # [rows, 2, bytes]: in memory, a row of gate and the same row of up in turns
            yield (
                np.stack((gate.packed(), up.packed()), axis=1),
                np.stack((gate.scales, up.scales), axis=1),
            )


def _down_chunks(experts: Sequence[ExpertWeights], bits: IntBits, size: int) -> Chunks:
    for expert in experts:
        for start, stop in _spans(expert.down, 1):
            down = _rows(expert.down, start, stop, bits, size)
            yield down.packed(), down.scales


def _spans(tensor: Tensor, share: int) -> list[tuple[int, int]]:
    step = max(1, CHUNK_VALUES // tensor.columns // share)
    return [(start, min(start + step, tensor.rows)) for start in range(0, tensor.rows, step)]


def _rows(tensor: Tensor, start: int, stop: int, bits: IntBits, size: int) -> QuantizedRows:
    if size == GGML_BLOCK and (tensor.type, bits) in _TAKEN_OVER:
        return from_ggml(tensor.read(start, stop), tensor.type, tensor.name)
    return quantize_rows(tensor.floats(start, stop), bits, size)
