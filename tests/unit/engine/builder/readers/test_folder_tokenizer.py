"""Which file of a folder the tokenizer is taken from, and what belongs to it."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from engine.builder.readers.folder_tokenizer import folder_tokenizer
from engine.builder.readers.text_parts import folder_text
from engine.errors import BadCheckpoint, UnsupportedFamily
from tests.helpers.models import tiny_tokenizer
from tests.helpers.published_tokenizers import FIXTURES
from tests.unit.engine.text.test_tiktoken_file import BYTES, LINES, _tekken


def _sentencepiece(folder: Path, name: str = "prefix") -> None:
    body = lzma.decompress((FIXTURES / f"{name}.model.xz").read_bytes())
    (folder / "tokenizer.model").write_bytes(body)


def _settings(folder: Path, **settings: Any) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def test_a_sentencepiece_folder(tmp_path: Path) -> None:
    _sentencepiece(tmp_path)
    parts = folder_text(tmp_path, {})
    assert parts.special_tokens == {"bos": "<s>", "eos": "</s>"}
    assert parts.add_bos
    assert parts.stop_ids == (2,)
    size = parts.vocab_size
    added = {str(size): {"content": "<|im_end|>", "special": True}}
    _settings(tmp_path, added_tokens_decoder=added, eos_token="<|im_end|>", add_bos_token=False)
    parts = folder_text(tmp_path, {})
    assert (parts.special_tokens["eos"], parts.add_bos) == ("<|im_end|>", False)
    assert parts.stop_ids == (size,)
    assert parts.vocab_size == size + 1


@pytest.mark.parametrize(
    ("settings", "tokens"),
    [
        ({}, ["▁a", "<s>", "▁a"]),
        ({"legacy": False}, ["▁a", "<s>", "a"]),
        ({"add_prefix_space": False}, ["a", "<s>", "a"]),
    ],
)
def test_settings_say_where_a_space_goes(
    tmp_path: Path, settings: dict[str, Any], tokens: list[str]
) -> None:
    _sentencepiece(tmp_path)
    assert folder_tokenizer(tmp_path, settings, {}).tokenizer.encode("a<s>a").tokens == tokens


def test_added_tokens_in_the_older_file(tmp_path: Path) -> None:
    _sentencepiece(tmp_path, "runs")
    size = folder_text(tmp_path, {}).vocab_size
    (tmp_path / "added_tokens.json").write_text(json.dumps({"<tool>": size + 2}))
    parts = folder_text(tmp_path, {})
    assert parts.vocab_size == size + 3
    assert '"<tool>"' in parts.tokenizer_json


def test_tokenizer_json_comes_first(tmp_path: Path) -> None:
    _sentencepiece(tmp_path)
    tiny_tokenizer().save(str(tmp_path / "tokenizer.json"))
    assert folder_text(tmp_path, {}).vocab_size == 300


def test_two_tokens_with_one_id_are_refused(tmp_path: Path) -> None:
    body = json.loads(tiny_tokenizer().to_str())
    body["model"]["vocab"]["in"] = body["model"]["vocab"]["er"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(body))
    with pytest.raises(BadCheckpoint, match="duplicate_id"):
        folder_text(tmp_path, {})


def test_an_id_far_beyond_the_others_is_refused(tmp_path: Path) -> None:
    """The library would list every hole below it, in gigabytes."""
    body = json.loads(tiny_tokenizer().to_str())
    body["model"]["vocab"]["in"] = 170_917_888
    (tmp_path / "tokenizer.json").write_text(json.dumps(body))
    with pytest.raises(BadCheckpoint, match="tokenizer_id"):
        folder_text(tmp_path, {})


@pytest.mark.parametrize("name", ["hy.tiktoken", "tiktoken.model", "qwen.tiktoken"])
def test_a_tiktoken_folder_of_another_size_needs_its_tokens_listed(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(LINES)
    added = {"2000": {"content": "<|bos|>", "special": True}}
    found = folder_tokenizer(tmp_path, {"added_tokens_decoder": added}, {})
    assert found.tokenizer.encode("<|bos|>").ids == [2000]
    assert found.tokenizer.encode("<|eos|><|im_end|>").ids[0] != 2000
    assert folder_text(tmp_path, {}).vocab_size == 2000


def test_a_tekken_folder(tmp_path: Path) -> None:
    (tmp_path / "tekken.json").write_text(json.dumps(_tekken()))
    parts = folder_text(tmp_path, {})
    assert parts.special_tokens == {"bos": "<s>", "eos": "</s>"}
    assert parts.add_bos
    assert parts.stop_ids == (2,)


def test_a_vocabulary_nobody_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(BYTES)
    with pytest.raises(UnsupportedFamily, match="256 tokens"):
        folder_text(tmp_path, {})


def test_two_vocabularies_are_not_guessed_between(tmp_path: Path) -> None:
    (tmp_path / "a.tiktoken").write_bytes(BYTES)
    (tmp_path / "b.tiktoken").write_bytes(BYTES)
    with pytest.raises(BadCheckpoint, match="tokenizer_missing"):
        folder_text(tmp_path, {})


@pytest.mark.parametrize(
    "settings",
    [
        {"added_tokens_decoder": [1]},
        {"added_tokens_decoder": {"x": {"content": "a"}}},
        {"added_tokens_decoder": {"-1": {"content": "a"}}},
        {"added_tokens_decoder": {"9" * 5000: {"content": "a"}}},
        {"added_tokens_decoder": {"2000": "a"}},
        {"added_tokens_decoder": {"2000": {"content": ""}}},
        {"added_tokens_decoder": {"2000": {"content": 5}}},
        {"added_tokens_decoder": {"2000": {"content": "x" * 2000}}},
        {"added_tokens_decoder": {"0": {"content": "<other>"}}},
    ],
)
def test_added_tokens_that_lie(tmp_path: Path, settings: dict[str, Any]) -> None:
    _sentencepiece(tmp_path)
    _settings(tmp_path, **settings)
    with pytest.raises(BadCheckpoint, match="added_tokens"):
        folder_text(tmp_path, {})
