"""Whole builds of tiny models: same numbers from every source, nothing half-made left behind."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine import Message, load_model
from engine.builder import BuildCancelled, build_model
from engine.bundle import WEIGHTS_NAME, check_files, read_manifest
from engine.errors import (
    BadBundle,
    BadCheckpoint,
    DiskFull,
    InvalidRequest,
    NotFound,
    UnsupportedFamily,
)
from engine.types import BuildConfig, Progress
from tests.helpers.graph_runner import GraphRunner
from tests.helpers.models import tiny_gguf, tiny_llama_checkpoint
from tests.helpers.small_disk import small_disk

_IDS = np.arange(3, 40, dtype=np.int64)


def _logits(bundle: Path, *, exact: bool = True) -> np.ndarray:
    return GraphRunner(bundle, exact=exact).read(_IDS)


def test_manifest_says_what_the_bundle_is(tmp_path: Path) -> None:
    source = tiny_llama_checkpoint(tmp_path / "Tiny-1B")
    bundle = build_model(source, tmp_path / "b", BuildConfig(bits=4))
    manifest = read_manifest(bundle)
    check_files(bundle, manifest)
    assert sorted(path.name for path in bundle.iterdir()) == [
        "LICENSE", "manifest.json", "model.onnx", "model.weights", "tokenizer.json",
    ]  # fmt: skip
    assert (manifest.name, manifest.family, manifest.licence) == ("Tiny-1B", "llama", "mit")
    assert manifest.languages == ("en", "fr")
    assert manifest.quantization == {
        "bits": 4, "block_size": 32, "embedding_bits": 4, "source_type": "F32",
    }  # fmt: skip
    assert manifest.special_tokens == {"bos": "<|im_start|>", "eos": "<|im_end|>"}
    assert manifest.stop_ids == (0, 2)
    assert len(manifest.states) == 4
    assert manifest.states[0].shape == ("batch", 2, "capacity", 16)
    expected = sum(value.size for value in load_file(source / "model.safetensors").values())
    assert manifest.sizes["parameters"] == expected


def test_node_names_are_paths(tmp_path: Path, tiny_bundle: Path) -> None:
    names = {node.name for node in GraphRunner(tiny_bundle).graph.graph.node}
    assert "/model/layers.1/attn/GroupQueryAttention" in names
    assert "/model/layers.0/mlp/down_proj/MatMulNBits" in names


def test_tied_embeddings_are_stored_once(tmp_path: Path) -> None:
    tied = build_model(tiny_llama_checkpoint(tmp_path / "t"), tmp_path / "a", BuildConfig(bits=32))
    other = tiny_llama_checkpoint(tmp_path / "u", tie_word_embeddings=False)
    untied = build_model(other, tmp_path / "b", BuildConfig(bits=32))
    difference = (untied / WEIGHTS_NAME).stat().st_size - (tied / WEIGHTS_NAME).stat().st_size
    assert difference >= 300 * 64 * 4


@pytest.mark.parametrize("shards", [1, 3])
def test_shards_change_nothing(tmp_path: Path, tiny_bundle: Path, shards: int) -> None:
    source = tiny_llama_checkpoint(tmp_path / "s", shards=shards)
    bundle = build_model(source, tmp_path / "b", BuildConfig(bits=4))
    assert (_logits(bundle) == _logits(tiny_bundle)).all()


@pytest.mark.parametrize("biased", [False, True])
def test_gguf_and_folder_agree(tmp_path: Path, biased: bool) -> None:
    changes = {"attention_bias": True} if biased else {}
    folder = tiny_llama_checkpoint(tmp_path / "hf", seed=5, **changes)
    file = tiny_gguf(tmp_path / "m.gguf", seed=5, **changes)
    one = _logits(build_model(folder, tmp_path / "a", BuildConfig(bits=32)))
    two = _logits(build_model(file, tmp_path / "b", BuildConfig(bits=32)))
    assert np.abs(one - two).max() < 1e-5


def test_other_head_size_and_separate_head(tmp_path: Path) -> None:
    changes = {"head_dim": 32, "tie_word_embeddings": False, "rope_theta": 5e5}
    source = tiny_llama_checkpoint(tmp_path / "s", **changes)
    exact = _logits(build_model(source, tmp_path / "a", BuildConfig(bits=32)))
    rounded = _logits(build_model(source, tmp_path / "b", BuildConfig(bits=8)))
    assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.999


@pytest.mark.parametrize(("kind", "bits"), [("Q4_0", 4), ("Q4_1", 4), ("Q8_0", 8), ("Q5_0", 8)])
def test_quantized_gguf_keeps_its_numbers(tmp_path: Path, kind: str, bits: int) -> None:
    file = tiny_gguf(tmp_path / f"m-{kind}.gguf", kind=kind, table_kind="Q8_0")
    kept = build_model(file, tmp_path / "kept")
    assert read_manifest(kept).quantization["bits"] == bits
    assert read_manifest(kept).name == "m"
    floats = build_model(file, tmp_path / "floats", BuildConfig(bits=32))
    allowed = 2e-4 if kind != "Q5_0" else 0.2  # no integer form holds Q5_0 exactly
    assert np.abs(_logits(kept) - _logits(floats)).max() < allowed


def test_rounded_activations_stay_close(tmp_path: Path) -> None:
    file = tiny_gguf(tmp_path / "m.gguf", kind="Q4_1", table_kind="Q8_0")
    bundle = build_model(file, tmp_path / "b")
    exact, rounded = _logits(bundle), _logits(bundle, exact=False)
    assert 0 < np.abs(exact - rounded).max() < 0.3


def test_rope_factors_of_gguf_are_used(tmp_path: Path) -> None:
    plain = tiny_gguf(tmp_path / "a.gguf")
    divided = tiny_gguf(tmp_path / "b.gguf", factors=[1, 1, 2, 2, 4, 4, 8, 8])
    one = _logits(build_model(plain, tmp_path / "a", BuildConfig(bits=32)))
    two = _logits(build_model(divided, tmp_path / "b", BuildConfig(bits=32)))
    assert (one[0] == two[0]).all()  # position 0 does not rotate
    assert np.abs(one[20] - two[20]).max() > 1e-3


def test_progress_ends_at_the_end(tmp_path: Path) -> None:
    seen: list[Progress] = []
    build_model(tiny_llama_checkpoint(tmp_path / "s"), tmp_path / "b", on_progress=seen.append)
    assert [p.stage for p in seen if p.stage != "write"] == ["read", "read", "verify", "verify"]
    written = [p for p in seen if p.stage == "write"]
    assert written[-1].done == written[-1].total > 0


def test_cancel_leaves_nothing(tmp_path: Path) -> None:
    source, cancel = tiny_llama_checkpoint(tmp_path / "s"), Event()
    out = tmp_path / "out"
    with pytest.raises(BuildCancelled):
        build_model(source, out / "b", on_progress=lambda _p: cancel.set(), cancel=cancel)
    assert list(out.iterdir()) == []


def test_what_a_killed_build_left_is_swept_up(tmp_path: Path) -> None:
    source, out = tiny_llama_checkpoint(tmp_path / "s"), tmp_path / "out"
    for name, age_s in ((".b.part-dead", 7200), (".b.part-busy", 60), (".other.part-dead", 7200)):
        (out / name).mkdir(parents=True)
        (out / name / "model.weights").write_bytes(b"x")
        for path in (out / name / "model.weights", out / name):
            os.utime(path, (time.time() - age_s,) * 2)
    build_model(source, out / "b")
    assert sorted(path.name for path in out.iterdir()) == [".b.part-busy", ".other.part-dead", "b"]


def test_an_older_bundle_is_replaced_whole(tmp_path: Path) -> None:
    source = tiny_llama_checkpoint(tmp_path / "s")
    bundle = build_model(source, tmp_path / "out" / "b", BuildConfig(bits=32))
    build_model(source, bundle, BuildConfig(bits=4))
    assert read_manifest(bundle).quantization["bits"] == 4
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b"]


def test_what_is_not_a_bundle_is_left_alone(tmp_path: Path) -> None:
    source = tiny_llama_checkpoint(tmp_path / "s")
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "letter.txt").write_text("dear")
    with pytest.raises(InvalidRequest):
        build_model(source, precious)
    with pytest.raises(InvalidRequest):
        build_model(source, precious / "letter.txt")
    assert (precious / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize("leave", [20 << 20, 1 << 20])
def test_full_disk_is_named_and_cleaned_up(tmp_path: Path, leave: int) -> None:
    source = tiny_llama_checkpoint(
        tmp_path / "s", vocab_size=300, intermediate_size=16384, hidden_size=256
    )
    with small_disk(tmp_path / "disk", leave) as disk:
        with pytest.raises(DiskFull):
            build_model(source, disk / "b", BuildConfig(bits=32))
        assert list(disk.iterdir()) == []


def test_disk_that_fills_up_meanwhile(tmp_path: Path) -> None:
    source = tiny_llama_checkpoint(tmp_path / "s", intermediate_size=16384, hidden_size=256)
    with small_disk(tmp_path / "disk", 128 << 20) as disk:

        def fill_up(progress: Progress) -> None:
            if progress.stage == "write" and not (disk / "filler").exists():
                (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free - 8192))

        with pytest.raises(DiskFull):
            build_model(source, disk / "b", BuildConfig(bits=32), on_progress=fill_up)
        assert [path.name for path in disk.iterdir()] == ["filler"]


def test_missing_sources(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        build_model(tmp_path / "none", tmp_path / "b")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound):
        build_model(tmp_path / "empty", tmp_path / "b")
    with pytest.raises(BadCheckpoint):
        build_model(Path("/dev/null"), tmp_path / "b")


@pytest.mark.parametrize("block_size", [0, 17, 1 << 20])
def test_block_size_is_checked(tmp_path: Path, block_size: int) -> None:
    with pytest.raises(InvalidRequest):
        build_model(tmp_path, tmp_path / "b", BuildConfig(block_size=block_size))


def test_other_block_sizes_work(tmp_path: Path) -> None:
    source = tiny_llama_checkpoint(tmp_path / "s", intermediate_size=160)  # not a multiple of 64
    exact = _logits(build_model(source, tmp_path / "a", BuildConfig(bits=32)))
    rounded = _logits(build_model(source, tmp_path / "b", BuildConfig(bits=8, block_size=64)))
    assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.999


def test_shapes_that_contradict_the_config(tmp_path: Path) -> None:
    source = tiny_llama_checkpoint(tmp_path / "s")
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps({**config, "intermediate_size": 128}))
    with pytest.raises(BadCheckpoint, match="wrong_shape"):
        build_model(source, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_unknown_tensors_are_refused_by_name(tmp_path: Path) -> None:
    source = tiny_llama_checkpoint(tmp_path / "s")
    weights = load_file(source / "model.safetensors")
    weights["model.layers.0.self_attn.q_norm.weight"] = np.ones(16, np.float32)
    save_file(weights, source / "model.safetensors")
    with pytest.raises(UnsupportedFamily, match="q_norm"):
        build_model(source, tmp_path / "b")


@pytest.mark.parametrize("name", ["model.norm.weight", "model.layers.1.mlp.up_proj.weight"])
def test_weights_that_are_no_numbers(tmp_path: Path, name: str) -> None:
    source = tiny_llama_checkpoint(tmp_path / "s")
    weights = load_file(source / "model.safetensors")
    weights[name].reshape(-1)[-1] = np.nan
    save_file(weights, source / "model.safetensors")
    with pytest.raises(BadCheckpoint, match="not_finite"):
        build_model(source, tmp_path / "out" / "b")
    assert sorted(path.name for path in tmp_path.rglob("*.part-*")) == []
    assert not (tmp_path / "out" / "b").exists()


def test_tokenizer_larger_than_the_model(tmp_path: Path) -> None:
    source = tiny_llama_checkpoint(tmp_path / "s", vocab_size=300)
    shutil.copyfile(
        tiny_llama_checkpoint(tmp_path / "big", vocab_size=320) / "tokenizer.json",
        source / "tokenizer.json",
    )
    with pytest.raises(BadCheckpoint, match="tokenizer_too_large"):
        build_model(source, tmp_path / "b")


def test_without_a_tokenizer_a_bundle_can_be_scored_but_not_talked_to(tmp_path: Path) -> None:
    source = tiny_llama_checkpoint(tmp_path / "s")
    for path in source.glob("tokenizer*"):
        path.unlink()
    bundle = build_model(source, tmp_path / "b", BuildConfig(bits=4))
    assert not (bundle / "tokenizer.json").exists()
    with load_model(bundle) as model:
        assert model.score(np.array([1, 2, 3])).shape == (3, 300)
        with pytest.raises(BadBundle, match=r"tokenizer\.json"):
            model.encode([Message("user", "Hello")])
