"""Mixtures of experts in either graph, against NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.builder.blocks.expert_weights import Gating
from engine.builder.blocks.experts import Experts, SharedExpert, mixture_of_experts
from engine.builder.blocks.routing import Routing
from engine.builder.blocks.site import Site
from engine.builder.blocks.storage import Form, Precision, Storage
from engine.builder.checkpoint import Tensor
from engine.builder.packed import pack_mxfp4
from engine.builder.quantize import Kind, quantize_rows
from engine.errors import BadCheckpoint
from engine.types import Bits
from tests.helpers.blocks import BlockRunner, config

EXPERTS, HIDDEN, WIDTH, TOP_K = 6, 64, 32, 2
ROUTING = Routing(EXPERTS, TOP_K, renormalize=True)
PLAIN = Experts(ROUTING, WIDTH)
RNG = np.random.default_rng(11)
X = RNG.standard_normal((9, HIDDEN), np.float32)

Arrays = dict[str, NDArray[np.float32]]


def draw(*shape: int) -> NDArray[np.float32]:
    return RNG.standard_normal(shape, np.float32) / 4


def separate(width: int = WIDTH) -> Arrays:
    arrays = {"m.gate.weight": draw(EXPERTS, HIDDEN)}
    for index in range(EXPERTS):
        stem = f"m.experts.{index}"
        arrays[f"{stem}.gate_proj.weight"] = draw(width, HIDDEN)
        arrays[f"{stem}.up_proj.weight"] = draw(width, HIDDEN)
        arrays[f"{stem}.down_proj.weight"] = draw(HIDDEN, width)
    return arrays


def add_biases(arrays: Arrays, width: int = WIDTH) -> Arrays:
    rows = {"gate_proj": width, "up_proj": width, "down_proj": HIDDEN}
    for index in range(EXPERTS):
        for name, count in rows.items():
            arrays[f"m.experts.{index}.{name}.bias"] = draw(count)
    return arrays


def silu(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(values / (1 + np.exp(-values)))


def gelu_tanh(values: NDArray[Any]) -> NDArray[Any]:
    inner = np.sqrt(2 / np.pi) * (values + 0.044715 * values**3)
    return np.asarray(values / 2 * (1 + np.tanh(inner)))


def wanted(
    arrays: Arrays,
    x: NDArray[np.float32] = X,
    activation: Any = silu,
    gating: Gating = PLAIN.gating,
) -> NDArray[np.float64]:
    """What the mixture makes of x, one token and expert after the other."""
    y = np.zeros(x.shape)
    logits = x.astype(np.float64) @ arrays["m.gate.weight"].T
    for token, row in enumerate(logits):
        chosen = np.argsort(-row)[:TOP_K]
        shares = np.exp(row[chosen]) / np.exp(row[chosen]).sum()
        for expert, share in zip(chosen, shares, strict=True):
            gate, up, down = (
                (
                    arrays[f"m.experts.{expert}.{name}.weight"],
                    arrays.get(f"m.experts.{expert}.{name}.bias", 0),
                )
                for name in ("gate_proj", "up_proj", "down_proj")
            )
            g, u = gate[0] @ x[token] + gate[1], up[0] @ x[token] + up[1]
            if gating.limit:
                g, u = np.minimum(g, gating.limit), np.clip(u, -gating.limit, gating.limit)
            active = activation(gating.alpha * g) / gating.alpha
            y[token] += share * (down[0] @ (active * (u + gating.beta)) + down[1])
    return y


def rounded(arrays: Arrays, bits: int, kind: Kind = "symmetric") -> Arrays:
    """The same with expert weights as a quantized graph holds them."""
    return {
        name: quantize_rows(array, bits, kind=kind).dequantized()[:, : array.shape[1]]  # type: ignore[arg-type]
        if ".experts." in name and name.endswith("weight")
        else array
        for name, array in arrays.items()
    }


def runner(
    arrays: Mapping[str, NDArray[Any] | Tensor],
    experts: Experts = PLAIN,
    bits: Bits = 32,
    shared: SharedExpert | None = None,
    *,
    forms: Mapping[str, Form] | None = None,
    exact: bool = False,
    **changes: Any,
) -> BlockRunner:
    def add(site: Site, x: str) -> str:
        return mixture_of_experts(site, x, experts, shared)

    precision = Precision(bits, 32, forms=forms or {})
    return BlockRunner(add, arrays, config(**changes), precision, exact=exact)


@pytest.mark.parametrize("bits", [32, 4])
@pytest.mark.parametrize("tokens", [1, 9])
def test_both_graphs_compute_what_was_chosen(bits: Bits, tokens: int) -> None:
    arrays = separate()
    block = runner(arrays, bits=bits)
    assert ("QMoE" in block.operators) == (bits == 4)
    expected = wanted(rounded(arrays, 4) if bits == 4 else arrays, X[:tokens])
    np.testing.assert_allclose(block(X[:tokens]), expected, atol=3e-5)


def test_the_quantized_node_has_its_place_in_the_name() -> None:
    assert runner(separate(), bits=4).node("QMoE").name == "/model/experts/QMoE"


def test_eight_bits_round_activations_unless_that_is_forbidden() -> None:
    width = 2080  # too wide for what narrow experts get
    arrays, experts = separate(width), replace(PLAIN, width=width)
    expected = wanted(rounded(arrays, 8))
    error = np.abs(runner(arrays, experts, bits=8)(X) - expected).max()
    assert 1e-3 < error < 0.05 * np.abs(expected).max()
    exact = runner(arrays, experts, bits=8, exact=True)
    np.testing.assert_allclose(exact(X), expected, rtol=1e-5, atol=1e-4)


def test_narrow_experts_of_small_models_round_nothing() -> None:
    arrays = separate()
    np.testing.assert_allclose(runner(arrays, bits=8)(X), wanted(rounded(arrays, 8)), atol=3e-5)


@pytest.mark.parametrize(
    ("storage", "kind", "operator"),
    [
        (Storage.INT4_ZERO, "zero_point", "QMoE"),
        (Storage.INT4_OFFSET, "minimum", "MatMulNBits"),
    ],
)
def test_four_bits_that_are_not_symmetric(storage: Storage, kind: Kind, operator: str) -> None:
    arrays = separate(width=96)
    arrays = {name: array + 0.2 * (array.shape[0] > EXPERTS) for name, array in arrays.items()}
    forms = {name: Form(storage) for name in arrays}
    block = runner(arrays, replace(PLAIN, width=96), bits=4, forms=forms)
    assert operator in block.operators
    np.testing.assert_allclose(block(X), wanted(rounded(arrays, 4, kind)), atol=3e-4)


def test_projections_may_have_different_widths_of_bits() -> None:
    arrays = separate()
    downs = [name for name in arrays if "down_proj" in name]
    block = runner(arrays, bits=4, forms={name: Form(Storage.INT8) for name in downs}, exact=True)
    assert "QMoE" not in block.operators  # the operator knows one width at a time
    kept = rounded(arrays, 4) | {name: rounded(arrays, 8)[name] for name in downs}
    np.testing.assert_allclose(block(X), wanted(kept), atol=3e-5)


def test_experts_of_different_forms_get_the_widest() -> None:
    arrays = separate()
    block = runner(arrays, bits=4, forms={"m.experts.2.up_proj.weight": Form(Storage.INT4_ZERO)})
    nodes = [node for node in block.model.graph.node if node.op_type == "MatMulNBits"]
    bits = [a.i for node in nodes for a in node.attribute if a.name == "bits"]
    assert sorted(bits) == [4] * EXPERTS + [8] * EXPERTS


def test_float16_experts() -> None:
    arrays = separate()
    halved = {name: array.astype(np.float16).astype(np.float32) for name, array in arrays.items()}
    halved["m.gate.weight"] = arrays["m.gate.weight"]  # routers stay as they are
    np.testing.assert_allclose(runner(arrays, bits=16)(X), wanted(halved), atol=3e-5)


@pytest.mark.parametrize("bits", [32, 4])
def test_biases_and_clamped_gating(bits: Bits) -> None:
    arrays = add_biases(separate())
    gating = Gating(alpha=1.7, beta=1.0, limit=0.5)
    block = runner(arrays, replace(PLAIN, bias=True, gating=gating), bits)
    kept = rounded(arrays, 4) if bits == 4 else arrays
    np.testing.assert_allclose(block(X), wanted(kept, gating=gating), atol=3e-5)


@pytest.mark.parametrize("bits", [32, 4])
def test_gelu_gates_go_to_the_other_graph(bits: Bits) -> None:
    arrays = separate()
    block = runner(arrays, bits=bits, activation="gelu_tanh")
    assert "QMoE" not in block.operators
    kept = rounded(arrays, 4) if bits == 4 else arrays
    np.testing.assert_allclose(block(X), wanted(kept, activation=gelu_tanh), atol=1e-4)


def test_widths_that_blocks_do_not_divide_go_there_too() -> None:
    arrays = separate(width=40)
    block = runner(arrays, replace(PLAIN, width=40), bits=4)
    assert "QMoE" not in block.operators
    np.testing.assert_allclose(block(X), wanted(rounded(arrays, 4)), atol=3e-5)


def joined(arrays: Arrays) -> Arrays:
    """Gate above up, all experts in one tensor."""
    stems = [f"m.experts.{index}" for index in range(EXPERTS)]
    return {
        "m.gate.weight": arrays["m.gate.weight"],
        "m.experts.gate_up_proj": np.stack(
            [
                np.concatenate(
                    [arrays[f"{stem}.gate_proj.weight"], arrays[f"{stem}.up_proj.weight"]]
                )
                for stem in stems
            ]
        ),
        "m.experts.down_proj": np.stack([arrays[f"{stem}.down_proj.weight"] for stem in stems]),
    }


def turned(arrays: Arrays) -> Arrays:
    """Inputs first, gate and up in turns, biases beside."""
    both = joined(arrays)["m.experts.gate_up_proj"]
    stems = [f"m.experts.{index}" for index in range(EXPERTS)]
    in_turns = both.reshape(EXPERTS, 2, WIDTH, HIDDEN).swapaxes(1, 2)
    biases = [
        np.stack([arrays[f"{stem}.{name}_proj.bias"] for name in ("gate", "up")], axis=1)
        for stem in stems
    ]
    return {
        "m.gate.weight": arrays["m.gate.weight"],
        "m.experts.gate_up_proj": in_turns.reshape(EXPERTS, -1, HIDDEN).swapaxes(1, 2),
        "m.experts.gate_up_proj_bias": np.stack([bias.reshape(-1) for bias in biases]),
        "m.experts.down_proj": np.stack([arrays[f"{stem}.down_proj.weight"].T for stem in stems]),
        "m.experts.down_proj_bias": np.stack([arrays[f"{stem}.down_proj.bias"] for stem in stems]),
    }


@pytest.mark.parametrize("bits", [32, 4])
def test_every_layout_holds_the_same_experts(bits: Bits) -> None:
    arrays = separate()
    expected = runner(arrays, bits=bits)(X)
    np.testing.assert_array_equal(runner(joined(arrays), bits=bits)(X), expected)
    add_biases(arrays)
    biased = replace(PLAIN, bias=True)
    expected = runner(arrays, biased, bits)(X)
    found = runner(turned(arrays), replace(biased, interleaved=True), bits)(X)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def packed(rows: int, name: str) -> tuple[Tensor, NDArray[np.float32]]:
    """Random MXFP4 [experts, rows, 32 or 64] and what it stands for."""
    columns = HIDDEN if name == "gate_up_proj" else WIDTH
    blocks = RNG.integers(0, 256, (EXPERTS * rows, columns // 32, 16), np.uint8)
    exponents = RNG.integers(120, 127, blocks.shape[:2]).astype(np.uint8)
    stored = pack_mxfp4(blocks, exponents)
    shape = (EXPERTS, rows, columns)
    tensor = Tensor(f"m.experts.{name}", shape, "MXFP4", lambda start, stop: stored[start:stop])
    return tensor, tensor.whole()


def test_mxfp4_is_taken_over_into_eight_bits() -> None:
    both, both_values = packed(2 * WIDTH, "gate_up_proj")
    down, down_values = packed(HIDDEN, "down_proj")
    arrays: dict[str, Any] = turned(add_biases(separate()))
    arrays |= {tensor.name: tensor for tensor in (both, down)}
    experts = replace(PLAIN, bias=True, interleaved=True)
    exact = {name: array for name, array in arrays.items() if name not in (both.name, down.name)}
    exact |= {
        both.name: both_values.swapaxes(1, 2),
        down.name: down_values.swapaxes(1, 2),
    }
    expected = runner(exact, experts)(X)
    np.testing.assert_allclose(runner(arrays, experts)(X), expected, atol=1e-5)
    np.testing.assert_allclose(runner(arrays, experts, 8, exact=True)(X), expected, atol=1e-4)


def test_a_shared_expert_stands_beside_them() -> None:
    arrays = separate()
    for name, shape in (("gate", (96, 64)), ("up", (96, 64)), ("down", (64, 96))):
        arrays[f"m.shared.{name}_proj.weight"] = draw(*shape)
    arrays["m.shared_gate.weight"] = draw(1, HIDDEN)
    gate, up, down = (arrays[f"m.shared.{name}_proj.weight"] for name in ("gate", "up", "down"))
    beside = (silu(X @ gate.T) * (X @ up.T)) @ down.T
    plain = runner(arrays, shared=SharedExpert("shared", 96))(X)
    np.testing.assert_allclose(plain, wanted(arrays) + beside, atol=3e-5)
    gated = runner(arrays, shared=SharedExpert("shared", 96, gate="shared_gate"))(X)
    opened = 1 / (1 + np.exp(-X @ arrays["m.shared_gate.weight"].T))
    np.testing.assert_allclose(gated, wanted(arrays) + opened * beside, atol=3e-5)


@pytest.mark.parametrize("missing", ["m.gate.weight", "m.experts.5.down_proj.weight"])
def test_missing_tensors_are_named(missing: str) -> None:
    arrays = separate()
    del arrays[missing]
    with pytest.raises(BadCheckpoint) as caught:
        runner(arrays)
    assert caught.value.params["tensor"] == missing


def test_experts_of_another_width_are_refused() -> None:
    with pytest.raises(BadCheckpoint):
        runner(separate(width=64))
    with pytest.raises(BadCheckpoint):
        runner(joined(separate(width=64)))
