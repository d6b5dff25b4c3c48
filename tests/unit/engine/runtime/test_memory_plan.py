from __future__ import annotations

import dataclasses

import pytest

from engine.bundle import WEIGHTS_NAME, FileEntry, Manifest, read_manifest
from engine.errors import InsufficientMemory
from engine.runtime.machine import Memory
from engine.runtime.memory_plan import assert_fits, plan_memory
from tests.helpers.tiny_bundle import CONTEXT_LENGTH, tiny_bundle

LAYERS, KV_HEADS, HEAD_DIM = 2, 2, 32
BYTES_PER_TOKEN = 2 * LAYERS * KV_HEADS * HEAD_DIM * 4


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return read_manifest(tiny_bundle())


def test_the_plan_follows_the_states(manifest: Manifest) -> None:
    plan = plan_memory(manifest, available=Memory(1 << 40, 1 << 40))
    assert plan.weights_bytes == (tiny_bundle() / WEIGHTS_NAME).stat().st_size
    assert plan.cache_bytes == CONTEXT_LENGTH * BYTES_PER_TOKEN
    assert plan.cache_bytes_per_token == BYTES_PER_TOKEN
    assert plan.cache_bytes_per_1000_tokens == 1000 * BYTES_PER_TOKEN
    assert plan.needed_bytes == plan.packed_bytes + plan.cache_bytes + plan.buffers_bytes
    assert plan.fits


def test_a_shorter_context_needs_less_and_a_longer_one_is_cut(manifest: Manifest) -> None:
    assert plan_memory(manifest, 1).cache_bytes == 256 * BYTES_PER_TOKEN
    assert plan_memory(manifest, 10**9).context_length == CONTEXT_LENGTH


def test_what_does_not_fit_is_said_so(manifest: Manifest) -> None:
    assert not plan_memory(manifest, available=Memory(1 << 40, 1 << 20)).fits


def test_a_model_larger_than_the_memory_is_refused(manifest: Manifest) -> None:
    huge = {**manifest.files, WEIGHTS_NAME: FileEntry(1 << 50, "0" * 64)}
    with pytest.raises(InsufficientMemory) as caught:
        assert_fits(dataclasses.replace(manifest, files=huge))
    assert int(caught.value.params["needed_bytes"]) > 1 << 50
