"""Hugging Face folders: headers that lie, files that are missing, bfloat16, cards."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from engine.builder.readers import open_checkpoint
from engine.builder.readers.safetensors import FolderCheckpoint
from engine.errors import BadCheckpoint, NotFound, UnsafeFormat, UnsupportedFamily
from engine.inspection import inspect_model
from tests.helpers.models import tiny_config, tiny_llama_checkpoint


def _folder(tmp_path: Path, header: object, data: bytes = b"", **changes: object) -> Path:
    body = header if isinstance(header, bytes) else json.dumps(header).encode()
    (tmp_path / "config.json").write_text(json.dumps(tiny_config(**changes)))
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(body)) + body + data)
    return tmp_path


def test_bfloat16_is_read(tmp_path: Path) -> None:
    values = np.array([[1.5, -2.25], [0.0, 3.0]], ml_dtypes.bfloat16)
    header = {"w": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}
    tensor = open_checkpoint(_folder(tmp_path, header, values.tobytes())).tensor("w")
    assert tensor.floats().tolist() == [[1.5, -2.25], [0.0, 3.0]]
    assert tensor.floats(1, 2).tolist() == [[0.0, 3.0]]


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        {"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 8]}},
        {"w": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}},
        {"w": {"dtype": "F32", "shape": [1 << 62, 1 << 62], "data_offsets": [0, 8]}},
        {"w": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}},
        {"w": {"dtype": "F32", "shape": [2], "data_offsets": [1 << 60, (1 << 60) + 8]}},
        {"w": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}},
        {"w": {"dtype": "F99", "shape": [2], "data_offsets": [0, 8]}},
    ],
)
def test_headers_that_lie(tmp_path: Path, header: object) -> None:
    with pytest.raises(BadCheckpoint):
        open_checkpoint(_folder(tmp_path, header, bytes(8)))


def test_header_length_that_overflows(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {})
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", (1 << 64) - 1) + b"{}")
    with pytest.raises(BadCheckpoint):
        open_checkpoint(folder)


def test_a_type_nobody_reads_is_refused_when_it_is_asked_for(tmp_path: Path) -> None:
    header = {"w": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}}
    checkpoint = open_checkpoint(_folder(tmp_path, header, bytes(8)))
    with pytest.raises(UnsupportedFamily, match="I64"):
        checkpoint.tensor("w")


@pytest.mark.parametrize("shape", [[], [0, 1]])
def test_a_shape_without_rows_is_refused_when_it_is_asked_for(
    tmp_path: Path, shape: list[int]
) -> None:
    data = bytes(0 if shape else 4)
    header = {"w": {"dtype": "F32", "shape": shape, "data_offsets": [0, len(data)]}}
    checkpoint = open_checkpoint(_folder(tmp_path, header, data))
    with pytest.raises(BadCheckpoint, match="implausible_shape"):
        checkpoint.tensor("w")


@pytest.mark.parametrize(
    ("first", "second"),
    [([0, 8], [4, 12]), ([0, 8], [0, 8]), ([0, 8], [12, 20])],
    ids=["overlap", "same", "hole"],
)
def test_stretches_must_lie_side_by_side(
    tmp_path: Path, first: list[int], second: list[int]
) -> None:
    body = {"dtype": "F32", "shape": [2]}
    header = {"a": {**body, "data_offsets": first}, "b": {**body, "data_offsets": second}}
    with pytest.raises(BadCheckpoint, match="bad_safetensors"):
        open_checkpoint(_folder(tmp_path, header, bytes(second[1])))


def test_one_name_cannot_mean_two_tensors(tmp_path: Path) -> None:
    one = '{"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}'
    header = f'{{"w": {one}, "w": {one}}}'.encode()
    with pytest.raises(BadCheckpoint, match="bad_safetensors"):
        open_checkpoint(_folder(tmp_path, header, bytes(4)))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.PT", "x.pth", "x.ckpt", "x.pkl"])
def test_pickles_are_never_opened(tmp_path: Path, name: str) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s")
    (folder / "model.safetensors").unlink()
    bomb = Bomb(tmp_path / "ran")
    (folder / name).write_bytes(pickle.dumps(bomb))
    with pytest.raises(UnsafeFormat) as caught:
        open_checkpoint(folder)
    assert caught.value.params == {"suffix": Path(name).suffix.lower()}
    with pytest.raises(UnsafeFormat):
        open_checkpoint(folder / name)
    assert not (tmp_path / "ran").exists()
    pickle.loads(pickle.dumps(bomb))  # noqa: S301 - it would have gone off
    assert (tmp_path / "ran").exists()


class Bomb:
    """Makes a file when somebody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_code_of_a_checkpoint_is_never_run(tmp_path: Path) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s", auto_map={"AutoConfig": "evil.Config"})
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    inspect_model(folder)
    assert not (tmp_path / "ran").exists()


def test_missing_shard_and_hostile_index(tmp_path: Path) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s", shards=2)
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(BadCheckpoint, match="missing_shard"):
        open_checkpoint(folder)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"w": "../../etc/x.safetensors"}}))
    with pytest.raises(BadCheckpoint, match="unsafe_path"):
        open_checkpoint(folder)
    index.write_text(json.dumps({"weight_map": {"w": 7}}))
    with pytest.raises(BadCheckpoint, match="malformed"):
        open_checkpoint(folder)
    index.write_text("{}")
    with pytest.raises(BadCheckpoint, match="no_weights"):
        open_checkpoint(folder)


@pytest.mark.parametrize("body", ["{", "[]", "\x00", "[" * 100_000])
def test_broken_config(tmp_path: Path, body: str) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s")
    (folder / "config.json").write_text(body)
    with pytest.raises(BadCheckpoint):
        open_checkpoint(folder)
    (folder / "config.json").unlink()
    with pytest.raises(NotFound):
        open_checkpoint(folder)


def test_template_file_wins_over_the_setting(tmp_path: Path) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s")
    (folder / "chat_template.jinja").write_text("{{ 1 }}")
    assert FolderCheckpoint(folder).text().chat_template == "{{ 1 }}"
    (folder / "chat_template.jinja").unlink()
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["chat_template"] = [{"name": "default", "template": "{{ 2 }}"}]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    assert FolderCheckpoint(folder).text().chat_template == "{{ 2 }}"


@pytest.mark.parametrize("content", ["", "{}", "not json", "[" * 50_000])
def test_broken_tokenizer(tmp_path: Path, content: str) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s")
    (folder / "tokenizer.json").write_text(content)
    with pytest.raises(BadCheckpoint, match="tokenizer"):
        FolderCheckpoint(folder).text()
    (folder / "tokenizer.json").unlink()
    with pytest.raises(BadCheckpoint, match="tokenizer"):  # its settings are still there
        FolderCheckpoint(folder).text()


def test_every_declared_end_is_a_stop(tmp_path: Path) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [5, 7, 10**9]}))
    assert FolderCheckpoint(folder).text().stop_ids == (0, 2, 5, 7)
