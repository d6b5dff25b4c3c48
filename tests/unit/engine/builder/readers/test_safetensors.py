"""Hugging Face folders: headers that lie, files that are missing, bfloat16, cards."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from engine.builder.readers import open_checkpoint
from engine.builder.readers.safetensors import FolderCheckpoint
from engine.errors import BadCheckpoint, NotFound, UnsupportedFamily
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


def test_types_nobody_reads_yet(tmp_path: Path) -> None:
    header = {"w": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}}
    with pytest.raises(UnsupportedFamily, match="I64"):
        open_checkpoint(_folder(tmp_path, header, bytes(8)))


def test_missing_shard_and_hostile_index(tmp_path: Path) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s", shards=2)
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(BadCheckpoint, match="missing_shard"):
        open_checkpoint(folder)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"w": "../../etc/x.safetensors"}}))
    with pytest.raises(BadCheckpoint, match="unsafe_path"):
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


def test_multimodal_wrappers_show_their_text_part(tmp_path: Path) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s")
    inner = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({"model_type": "vlm", "text_config": inner}))
    assert open_checkpoint(folder).config["model_type"] == "llama"


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
    with pytest.raises(BadCheckpoint, match="tokenizer"):
        FolderCheckpoint(folder).text()


def test_every_declared_end_is_a_stop(tmp_path: Path) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [5, 7, 10**9]}))
    assert FolderCheckpoint(folder).text().stop_ids == (0, 2, 5, 7)
