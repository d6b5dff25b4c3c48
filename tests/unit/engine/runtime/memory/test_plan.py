from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from engine.bundle import WEIGHTS_NAME, Manifest, read_manifest
from engine.errors import BadBundle, InsufficientMemory
from engine.inspection import inspect_model
from engine.runtime.machine import Memory
from engine.runtime.memory.graph import GraphMemory, graph_memory
from engine.runtime.memory.plan import Planned, assert_fits, plan, plan_memory
from engine.runtime.memory.remedies import Remedy
from engine.runtime.packed.graph import is_packable
from engine.runtime.packed.plan import WeightsMemory
from engine.types import LoadOptions, StateSpec
from tests.helpers.parity import FIXTURES
from tests.helpers.tiny_bundle import CONTEXT_LENGTH, tiny_bundle

LAYERS, KV_HEADS, HEAD_DIM = 2, 2, 32
BYTES_PER_TOKEN = 2 * LAYERS * KV_HEADS * HEAD_DIM * 4
PLENTY = Memory(1 << 40, 1 << 40)
MB = 1_000_000
KEYS = StateSpec("past.k", "present.k", "float32", ("batch", 64, "capacity", 128), 2, "kv", True)
LATENT = StateSpec("past.l", "present.l", "float32", ("batch", "capacity", 576), 1, "latent", True)
CONV = StateSpec("past.c", "present.c", "float32", ("batch", 1 << 20), None, "conv", False)
DENSE = Planned(
    GraphMemory(100_000, 10 * MB, 0, 10**9, 0, 0.0, frozenset({"past.k"})),
    WeightsMemory(1000 * MB, 0, 2000 * MB),
    900 * MB,
    (KEYS,),
    32768,
    50_000,
    16,
    30 * MB,
)
MIXTURE = dataclasses.replace(
    DENSE,
    graph=GraphMemory(100_000, 40 * MB, 0, 10**9, 6000 * MB, 1 / 16, frozenset()),
    weights=WeightsMemory(7000 * MB, 0, 14000 * MB),
)


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return read_manifest(tiny_bundle())


def there(available_bytes: int) -> Memory:
    return Memory(16_000 * MB, available_bytes)


def test_the_plan_follows_the_states(manifest: Manifest) -> None:
    found = plan_memory(tiny_bundle(), manifest, available=PLENTY)
    assert found.weights_bytes == (tiny_bundle() / WEIGHTS_NAME).stat().st_size
    assert found.cache_bytes == CONTEXT_LENGTH * BYTES_PER_TOKEN
    assert found.cache_bytes_per_token == BYTES_PER_TOKEN
    assert found.cache_bytes_per_1000_tokens == 1000 * BYTES_PER_TOKEN
    assert found.cache_int8_bytes_per_1000_tokens == 1000 * BYTES_PER_TOKEN // 4
    assert found.needed_bytes == sum(
        (
            found.packed_bytes,
            found.cache_bytes,
            found.snapshots_bytes,
            found.draft_bytes,
            found.buffers_bytes,
            found.process_bytes,
        )
    )
    assert found.packed_bytes > 0  # too small for the packed weight cache
    assert found.fits
    assert not found.slow
    assert found.remedies == ()


def test_a_shorter_context_needs_less_and_a_longer_one_is_cut(manifest: Manifest) -> None:
    short = plan_memory(tiny_bundle(), manifest, LoadOptions(context_length=1), PLENTY)
    assert short.cache_bytes == 256 * BYTES_PER_TOKEN
    long = plan_memory(tiny_bundle(), manifest, LoadOptions(context_length=10**9), PLENTY)
    assert long.context_length == CONTEXT_LENGTH


def test_eight_bits_take_a_quarter_of_the_cache(manifest: Manifest) -> None:
    found = plan_memory(tiny_bundle(), manifest, LoadOptions(cache="int8"), PLENTY)
    assert found.cache_bytes == CONTEXT_LENGTH * BYTES_PER_TOKEN // 4


def test_a_draft_is_counted_without_a_second_process(manifest: Manifest) -> None:
    alone = plan_memory(tiny_bundle(), manifest, available=PLENTY)
    both = plan_memory(tiny_bundle(), manifest, LoadOptions(draft=str(tiny_bundle())), PLENTY)
    assert 0 < both.draft_bytes < alone.needed_bytes
    assert both.needed_bytes == alone.needed_bytes + both.draft_bytes
    assert both.file_bytes == 2 * alone.file_bytes


def test_a_dense_model_needs_all_its_weights_in_memory() -> None:
    found = plan(DENSE, 1024, available=there(1100 * MB))
    assert found.needed_bytes < 400 * MB
    assert found.resident_bytes == 1000 * MB
    assert not found.fits
    assert plan(DENSE, 1024, available=there(2000 * MB)).fits


def test_a_mixture_may_be_larger_than_the_memory_and_is_slow_then() -> None:
    found = plan(MIXTURE, 1024, available=there(3000 * MB))
    assert found.fits
    assert found.slow
    assert found.resident_bytes == 1000 * MB + 6000 * MB // 16
    assert not plan(MIXTURE, 1024, available=there(12_000 * MB)).slow
    assert not plan(MIXTURE, 1024, available=there(1000 * MB)).fits


def test_packed_weights_that_are_no_file_cannot_be_dropped() -> None:
    unpacked = dataclasses.replace(MIXTURE, weights=WeightsMemory(0, 7000 * MB, 0))
    assert not plan(unpacked, 1024, available=there(5000 * MB)).fits


def test_a_margin_is_left_to_other_programs() -> None:
    needed = plan(DENSE, 1024, available=PLENTY)
    exact = needed.needed_bytes + needed.resident_bytes
    assert not plan(DENSE, 1024, available=there(exact)).fits
    assert plan(DENSE, 1024, available=there(exact + 500 * MB)).fits


def test_what_would_fit_is_said() -> None:
    found = plan(DENSE, 32768, available=there(2000 * MB))
    kinds = {remedy.kind: remedy for remedy in found.remedies}
    assert list(kinds) == ["int8_cache", "shorter_context", "close_programs"]
    assert kinds["close_programs"].size_bytes == found.missing_bytes > 0
    small = kinds["shorter_context"].context_length
    large = kinds["int8_cache"].context_length
    assert 1024 < small < large <= 32768
    assert plan(DENSE, small, available=there(2000 * MB)).fits
    assert not plan(DENSE, small + 256, available=there(2000 * MB)).fits
    assert plan(DENSE, large, "int8", there(2000 * MB)).fits


def test_where_nothing_fits_a_smaller_model_would() -> None:
    found = plan(DENSE, 4096, available=there(900 * MB))
    assert [remedy.kind for remedy in found.remedies] == ["close_programs", "smaller_model"]
    smaller = found.remedies[-1].size_bytes
    rest = WeightsMemory(1000 * MB - smaller, 0, 0)
    assert plan(dataclasses.replace(DENSE, weights=rest), 1024, "int8", there(900 * MB)).fits


def test_states_of_constant_size_have_snapshots_up_to_a_limit() -> None:
    each = 4 << 20
    hybrid = dataclasses.replace(DENSE, states=(KEYS, CONV))
    assert plan(DENSE, 4096, available=PLENTY).snapshots_bytes == 0
    assert plan(hybrid, 1024, available=PLENTY).snapshots_bytes == 4 * each
    assert plan(hybrid, 32768, available=PLENTY).snapshots_bytes == 64 * each


@pytest.mark.parametrize(("state", "copies"), [(KEYS, 1), (LATENT, 2)])
def test_scores_are_counted_up_to_a_limit(state: StateSpec, copies: int) -> None:
    planned = dataclasses.replace(DENSE, states=(state,))
    slow = dataclasses.replace(planned.graph, weights_per_token=10**13)  # on any machine
    planned = dataclasses.replace(planned, graph=slow)
    sizes = [plan(planned, n, available=PLENTY).buffers_bytes for n in (512, 1024, 16384, 32768)]
    assert sizes[1] - sizes[0] == copies * planned.heads * 128 * 512 * 4
    assert sizes[1] < sizes[2] == sizes[3]


def test_attention_that_writes_no_scores_down_needs_no_room_for_them() -> None:
    plain = dataclasses.replace(DENSE, writes_scores=False)
    short, long = (plan(plain, n, available=PLENTY).buffers_bytes for n in (1024, 32768))
    assert short == long < plan(DENSE, 1024, available=PLENTY).buffers_bytes


def test_small_models_are_read_in_larger_pieces() -> None:
    small = dataclasses.replace(DENSE.graph, weights_per_token=10**6)
    quick = dataclasses.replace(DENSE, graph=small, writes_scores=False)
    large = dataclasses.replace(DENSE.graph, weights_per_token=10**13)
    slow = dataclasses.replace(quick, graph=large)
    more, less = (plan(one, 1024, available=PLENTY).buffers_bytes for one in (quick, slow))
    assert more - less == 3 * (512 - 128) * 100_000


def test_half_precision_weights_are_all_there_in_single_precision_before_they_are_packed() -> None:
    casting = dataclasses.replace(DENSE.graph, casting_bytes=2000 * MB)
    weights = WeightsMemory(0, 1000 * MB, 0)
    there_twice = dataclasses.replace(DENSE, graph=casting, weights=weights)
    assert plan(there_twice, 1024, available=PLENTY).needed_bytes == 2055 * MB


def test_a_model_that_cannot_fit_is_refused_with_numbers(manifest: Manifest) -> None:
    with pytest.raises(InsufficientMemory) as caught:
        assert_fits(tiny_bundle(), manifest, there=there(10 * MB))
    params = caught.value.params
    assert params["reason"] == "weights"
    assert params["available_bytes"] == 10 * MB
    assert int(params["needed_bytes"]) > 10 * MB
    assert int(params["close_programs"]) >= int(params["smaller_model"]) > 0


def test_a_conversation_that_was_asked_for_is_refused_with_one_that_fits(
    manifest: Manifest,
) -> None:
    states = tuple(
        dataclasses.replace(spec, shape=("batch", 8192, "capacity", 32)) for spec in manifest.states
    )
    large = dataclasses.replace(manifest, states=states, context_length=1 << 17)
    load = LoadOptions(context_length=1 << 16)
    with pytest.raises(InsufficientMemory) as caught:
        assert_fits(tiny_bundle(), large, load, there(16_000 * MB))
    params = caught.value.params
    assert params["reason"] == "conversation"
    assert 1024 <= int(params["shorter_context"]) < int(params["int8_cache"]) <= 1 << 16
    shorter = dataclasses.replace(load, context_length=int(params["shorter_context"]))
    assert_fits(tiny_bundle(), large, shorter, there(16_000 * MB))


@pytest.mark.parametrize("available_mb", [200, 16_000])
def test_only_a_short_conversation_must_fit_where_none_was_asked_for(
    available_mb: int, manifest: Manifest
) -> None:
    endless = dataclasses.replace(manifest, context_length=1 << 40)
    assert_fits(tiny_bundle(), endless, there=Memory(1000 * MB, available_mb * MB))


def test_the_graph_is_not_read_where_there_is_plenty(manifest: Manifest, tmp_path: Path) -> None:
    assert_fits(tmp_path, manifest, there=there(16_000 * MB))
    with pytest.raises(BadBundle):
        assert_fits(tmp_path, manifest, there=there(10 * MB))


def test_remedies_are_plain_values() -> None:
    assert Remedy("int8_cache", context_length=512).as_dict() == {
        "kind": "int8_cache",
        "context_length": 512,
    }
    assert Remedy("smaller_model", size_bytes=7).params() == {"smaller_model": 7}


def test_a_checkpoint_is_planned_like_the_bundle_it_would_become(tmp_path: Path) -> None:
    found = inspect_model(FIXTURES / "mixtral")["memory"]
    assert found["fits"] is True
    assert found["needed_bytes"] > found["process_bytes"] > 0
    assert found["cache_int8_bytes_per_1000_tokens"] * 4 == found["cache_bytes_per_1000_tokens"]


def linear(number: int, outputs: int) -> tuple[NodeProto, list[TensorProto]]:
    name = f"/model/layers.{number}/linear"
    node = helper.make_node(
        "MatMulNBits", ["x", f"{name}.w", f"{name}.s"], [f"{name}.y"], name, N=outputs, K=64, bits=8
    )
    weights = numpy_helper.from_array(np.zeros((outputs, 2, 32), np.uint8), f"{name}.w")
    scales = numpy_helper.from_array(np.zeros((outputs, 2), np.float32), f"{name}.s")
    return node, [weights, scales]


@pytest.mark.parametrize(
    ("outputs", "most"),
    [((8, 8, 8, 8), 16), ((8, 2, 2, 2), 10), ((8, 8, 8, 8, 90), 90), ((8,), 8)],
)
def test_two_operators_are_packed_at_once(outputs: tuple[int, ...], most: int) -> None:
    parts = [linear(number, rows) for number, rows in enumerate(outputs)]
    tensors = [tensor for _, both in parts for tensor in both]
    graph = helper.make_graph([node for node, _ in parts], "packed", [], [], tensors)
    found = graph_memory(helper.make_model(graph))
    assert found.loading_bytes == most * 64
    assert found.weights_per_token == sum(outputs) * 64


def test_casts_are_counted_together_and_the_largest_twice() -> None:
    nodes, tensors = [], []
    for index, rows in enumerate((4, 16)):
        tensors.append(numpy_helper.from_array(np.zeros((rows, 8), np.float16), f"w{index}"))
        nodes.append(helper.make_node("Cast", [f"w{index}"], [f"c{index}"], to=1))
        nodes.append(helper.make_node("MatMul", ["x", f"c{index}"], [f"y{index}"]))
    graph = helper.make_graph(nodes, "floats", [], [], tensors)
    found = graph_memory(helper.make_model(graph))
    assert found.casting_bytes == (4 + 16 + 16) * 8 * 4
    assert found.weights_per_token == (4 + 16) * 8
    assert found.activation_bytes == (16 + 8) * 4


@pytest.mark.parametrize(
    ("bits", "level", "zero_points", "packable"),
    [(4, 4, True, False), (4, 4, False, True), (4, 0, True, True), (8, 4, True, True)],
)
def test_some_weights_are_packed_at_every_start(
    bits: int, level: int, zero_points: bool, packable: bool
) -> None:
    inputs = ["x", "w", "scales", *(["zeros"] if zero_points else [])]
    node = helper.make_node("MatMulNBits", inputs, ["y"], bits=bits, accuracy_level=level)
    model = helper.make_model(helper.make_graph([node], "one", [], []))
    assert is_packable(model) is packable
