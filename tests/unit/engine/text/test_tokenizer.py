from __future__ import annotations

import base64
import json
import lzma
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import ByteLevel

from engine.errors import BadBundle, BadCheckpoint, UnsupportedFamily
from engine.text.pretokenizers import PRE_TOKENIZERS
from engine.text.sentencepiece import build_sentencepiece, merges_from_scores
from engine.text.sentencepiece_file import parse_sentencepiece
from engine.text.stream import StreamDecoder
from engine.text.tokenizer import load_tokenizer, tokenizer_from_gguf
from tests.helpers.published_tokenizers import corpus
from tests.helpers.tokenizers import (
    CORPUS,
    FIXTURES,
    sentencepiece_metadata,
    starter_chats,
    starter_metadata,
    starter_tokenizer,
)


def changed(key: str, value: Any) -> dict[str, Any]:
    return starter_metadata() | {f"tokenizer.ggml.{key}": value}


def bytes_only(pre: str) -> dict[str, Any]:
    """The smallest vocabulary that can write everything: one token for each byte."""
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": sorted(ByteLevel.alphabet()),
        "tokenizer.ggml.merges": [],
    }


@pytest.mark.parametrize("chat", starter_chats(), ids=lambda chat: chat["user"][:20])
def test_ids_equal_the_reference(chat: dict[str, Any]) -> None:
    tokenizer = starter_tokenizer()
    assert tokenizer.encode(chat["prompt_text"], add_special_tokens=False).ids == chat["prompt_ids"]
    assert tokenizer.decode(chat["greedy_ids"]) == chat["greedy_text"]


@pytest.mark.parametrize("text", CORPUS)
def test_round_trip(text: str) -> None:
    tokenizer = starter_tokenizer()
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == text


def test_digits_stand_alone() -> None:
    tokens = starter_tokenizer().encode("in 2024: 12345").tokens
    assert tokens == ["in", "Ġ", "2", "0", "2", "4", ":", "Ġ", "1", "2", "3", "4", "5"]


def test_control_tokens_are_special_and_whole() -> None:
    tokenizer = starter_tokenizer()
    assert tokenizer.encode("<|im_end|>").ids == [2]
    assert tokenizer.decode([2, 504]) == "The"
    assert tokenizer.get_added_tokens_decoder()[2].special


def test_user_defined_tokens_are_text() -> None:
    types = list(starter_metadata()["tokenizer.ggml.token_type"])
    types[3] = 4
    tokenizer = tokenizer_from_gguf(changed("token_type", types))
    assert tokenizer.encode("<repo_name>").ids == [3]
    assert tokenizer.decode([3]) == "<repo_name>"


def test_arrays_may_be_numpy() -> None:
    types = np.array(starter_metadata()["tokenizer.ggml.token_type"], dtype=np.int32)
    assert tokenizer_from_gguf(changed("token_type", types)).encode("<|im_end|>").ids == [2]


@pytest.mark.parametrize(
    ("pre", "tokens"),
    [
        ("gpt-2", ["It", "'s", "Ġ2024", "ĊĊ"]),
        ("llama-bpe", ["It", "'s", "Ġ", "202", "4", "ĊĊ"]),
        ("qwen2", ["It", "'s", "Ġ", "2", "0", "2", "4", "ĊĊ"]),
        ("deepseek-r1-qwen", ["It", "'s", "Ġ", "2", "0", "2", "4", "ĊĊ"]),
        ("deepseek-v3", ["It", "'s", "Ġ", "202", "4", "ĊĊ"]),
        ("deepseek-llm", ["It", "'", "s", "Ġ", "2024", "Ċ", "Ċ"]),
        ("deepseek-coder", ["It", "'", "s", "Ġ", "2", "0", "2", "4", "Ċ", "Ċ"]),
        ("gpt-4o", ["It's", "Ġ", "202", "4", "ĊĊ"]),
        ("tekken", ["It", "'s", "Ġ", "2", "0", "2", "4", "ĊĊ"]),
        ("default", ["It", "'", "s", "Ġ", "202", "4", "ĊĊ"]),
        ("smollm", ["It", "'s", "Ġ", "2", "0", "2", "4", "ĊĊ"]),
    ],
)
def test_words_of_each_cut(pre: str, tokens: list[str]) -> None:
    tokenizer = tokenizer_from_gguf(bytes_only(pre))
    assert tokenizer.pre_tokenizer is not None
    words = [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str("It's 2024\n\n")]
    assert words == tokens


def test_unknown_cut_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedFamily) as caught:
        tokenizer_from_gguf(changed("pre", "martian"))
    assert caught.value.params["option"] == "tokenizer.ggml.pre=martian"


def test_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedFamily) as caught:
        tokenizer_from_gguf(changed("model", "bert"))
    assert caught.value.params["option"] == "tokenizer.ggml.model=bert"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model", None),
        ("pre", 7),
        ("tokens", []),
        ("tokens", "abc"),
        ("tokens", None),
        ("tokens", [1, 2]),
        ("token_type", [1]),
        ("token_type", ["1"]),
        ("scores", [0.0, 1.0]),
        ("merges", ["nospace"]),
        ("merges", ["no such"]),
        ("merges", [3]),
        ("eos_token_id", 49152),
        ("eos_token_id", -1),
        ("eos_token_id", "2"),
    ],
)
def test_broken_metadata(key: str, value: Any) -> None:
    with pytest.raises(BadCheckpoint) as caught:
        tokenizer_from_gguf(changed(key, value))
    assert str(caught.value.params["reason"]).startswith("tokenizer_")


def test_duplicate_tokens_are_refused() -> None:
    tokens = list(starter_metadata()["tokenizer.ggml.tokens"])
    tokens[100] = tokens[101]
    with pytest.raises(BadCheckpoint, match="duplicate"):
        tokenizer_from_gguf(changed("tokens", tokens))


def test_endless_token_is_refused() -> None:
    tokens = list(starter_metadata()["tokenizer.ggml.tokens"])
    tokens[400] = "x" * 10**6
    with pytest.raises(BadCheckpoint, match="token_length"):
        tokenizer_from_gguf(changed("tokens", tokens))


def test_empty_control_token_is_refused() -> None:
    tokens = list(starter_metadata()["tokenizer.ggml.tokens"])
    tokens[5] = ""
    with pytest.raises(BadCheckpoint, match="empty_token"):
        tokenizer_from_gguf(changed("tokens", tokens))


def sentencepiece(text: str, metadata: dict[str, Any]) -> list[str]:
    """SentencePiece BPE spelled out: merge the adjacent pair whose union has the best score."""
    tokens = metadata["tokenizer.ggml.tokens"]
    normal = {
        t for t, k in zip(tokens, metadata["tokenizer.ggml.token_type"], strict=True) if k == 1
    }
    score = dict(zip(tokens, metadata["tokenizer.ggml.scores"], strict=True))
    parts = list("▁" + text.replace(" ", "▁")) if text else []
    while True:
        unions = [a + b for a, b in pairwise(parts)]
        known = [(-score[u], i) for i, u in enumerate(unions) if u in normal]
        if not known:
            break
        at = min(known)[1]
        parts[at : at + 2] = [unions[at]]
    return [
        piece
        for part in parts
        for piece in ([part] if part in normal else [f"<0x{b:02X}>" for b in part.encode()])
    ]


def test_sentencepiece_merges_by_score() -> None:
    metadata = sentencepiece_metadata()
    tokenizer = tokenizer_from_gguf(metadata)
    generator = np.random.default_rng(5)
    words = ["the", "hello", "world", "and", "in", "other", "é", "中", "x", "theandhe", ""]
    for _ in range(200):
        text = " ".join(generator.choice(words, size=5))
        assert tokenizer.encode(text).tokens == sentencepiece(text, metadata)


@pytest.mark.parametrize("text", CORPUS)
@pytest.mark.parametrize("prefix", [True, False])
def test_sentencepiece_round_trip(text: str, prefix: bool) -> None:
    tokenizer = tokenizer_from_gguf(sentencepiece_metadata(add_space_prefix=prefix))
    text = text.replace("</s>", "")
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_sentencepiece_without_bytes_says_unknown() -> None:
    metadata = sentencepiece_metadata()
    tokens = [
        f"<x{i}>" if t.startswith("<0x") else t
        for i, t in enumerate(metadata["tokenizer.ggml.tokens"])
    ]
    tokenizer = tokenizer_from_gguf(metadata | {"tokenizer.ggml.tokens": tokens})
    assert tokenizer.encode("中").ids[-1] == 0


def test_user_defined_runs_of_spaces() -> None:
    metadata = sentencepiece_metadata(add_space_prefix=False)
    tokens = [*metadata["tokenizer.ggml.tokens"], "▁▁▁"]
    changes = {
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [*metadata["tokenizer.ggml.token_type"], 4],
        "tokenizer.ggml.scores": [*metadata["tokenizer.ggml.scores"], 0.0],
    }
    tokenizer = tokenizer_from_gguf(metadata | changes)
    ids = tokenizer.encode("the   the").ids
    assert len(tokens) - 1 in ids
    assert tokenizer.decode(ids) == "the   the"
    decoder = StreamDecoder(tokenizer)
    assert decoder.push(ids) + decoder.flush() == "the   the"


def test_nan_scores_are_refused() -> None:
    scores = sentencepiece_metadata()["tokenizer.ggml.scores"]
    with pytest.raises(BadCheckpoint, match="scores"):
        tokenizer_from_gguf(sentencepiece_metadata(scores=[float("nan"), *scores[1:]]))


def test_saved_tokenizer_loads_again(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    starter_tokenizer().save(str(path))
    loaded = load_tokenizer(path)
    for text in CORPUS:
        assert loaded.encode(text).ids == starter_tokenizer().encode(text).ids
    assert loaded.encode("<|im_end|>").ids == [2]


def test_truncation_and_padding_of_a_file_are_switched_off(tmp_path: Path) -> None:
    tokenizer = tokenizer_from_gguf(sentencepiece_metadata())
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=64)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    ids = load_tokenizer(tmp_path / "tokenizer.json").encode("hello world and the").ids
    assert 2 < len(ids) < 64


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"version": "1.0", "model": {"type": "Martian"}}',
        b"\xff",
    ],
)
def test_broken_file(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(body)
    with pytest.raises(BadBundle) as caught:
        load_tokenizer(path)
    assert caught.value.params == {"reason": "malformed", "file": "tokenizer.json"}


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="missing"):
        load_tokenizer(tmp_path / "tokenizer.json")


def test_qwen_composes_accents() -> None:
    tokenizer = tokenizer_from_gguf(changed("pre", "qwen2"))
    decomposed = unicodedata.normalize("NFD", "é")
    assert tokenizer.encode(decomposed).ids == tokenizer.encode("é").ids


@pytest.mark.parametrize("pre", sorted(PRE_TOKENIZERS))
def test_every_cut_loses_nothing(pre: str) -> None:
    tokenizer = tokenizer_from_gguf(bytes_only(pre))
    normalizer = tokenizer.normalizer
    for text in CORPUS:
        expected = normalizer.normalize_str(text) if normalizer else text
        assert tokenizer.decode(tokenizer.encode(text).ids) == expected


def test_deepseek_pieces() -> None:
    """Its class of punctuation holds a-z: words with accents are cut again, as published."""
    tokenizer = tokenizer_from_gguf(bytes_only("deepseek-llm"))
    assert tokenizer.pre_tokenizer is not None
    text = "ÉÈ word 中文，ok 한글 \u1fd3"
    pieces = [text[a:b] for _, (a, b) in tokenizer.pre_tokenizer.pre_tokenize_str(text)]
    assert pieces == ["ÉÈ", " word", " ", "中文", "，", "ok", " ", "한글", " ", "\u1fd3"]


def _without_unknown() -> Tokenizer:
    return Tokenizer(Unigram([("a", -1.0)]))


def _broken_charsmap() -> Tokenizer:
    """A normalization whose trie leads far outside; the library takes it without looking."""
    model = parse_sentencepiece(lzma.decompress((FIXTURES / "charsmap.model.xz").read_bytes()))
    tokenizer = build_sentencepiece(model)
    body = json.loads(tokenizer.to_str())
    charsmap = bytearray(model.charsmap)
    charsmap[4:8] = (0x7FFFFC00).to_bytes(4, "little")
    steps = body["normalizer"]["normalizers"]
    next(step for step in steps if "precompiled_charsmap" in step)["precompiled_charsmap"] = (
        base64.b64encode(charsmap).decode()
    )
    return Tokenizer.from_str(json.dumps(body))


@pytest.mark.parametrize("make", [_without_unknown, _broken_charsmap])
def test_what_would_fail_on_the_first_text_fails_when_loaded(
    tmp_path: Path, make: Callable[[], Tokenizer]
) -> None:
    make().save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(BadBundle, match="malformed"):
        load_tokenizer(tmp_path / "tokenizer.json")


@pytest.mark.parametrize(
    ("name", "kind"), [("prefix", "llama"), ("runs", "llama"), ("runs", "gemma4")]
)
def test_a_sentencepiece_model_in_a_gguf_gives_the_same_ids(name: str, kind: str) -> None:
    model = parse_sentencepiece(lzma.decompress((FIXTURES / f"{name}.model.xz").read_bytes()))
    ids = {text: index for index, text in enumerate(model.tokens)}
    metadata: dict[str, Any] = {
        "tokenizer.ggml.model": kind,
        "tokenizer.ggml.tokens": model.tokens,
        "tokenizer.ggml.token_type": model.types,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.add_space_prefix": model.add_prefix,
    }
    if kind == "llama":
        metadata["tokenizer.ggml.scores"] = model.scores
    else:
        merges = merges_from_scores(model.tokens, model.scores, model.types, ids)
        metadata["tokenizer.ggml.merges"] = [" ".join(merge) for merge in merges]
    tokenizer = tokenizer_from_gguf(metadata)
    expected = json.loads(lzma.decompress((FIXTURES / "expected_ids.json.xz").read_bytes()))
    for text, wanted in zip(corpus(), expected[name], strict=True):
        assert tokenizer.encode(text, add_special_tokens=False).ids == wanted, text
