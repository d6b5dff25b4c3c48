"""tiktoken's and tekken's files: ids equal to the library's, and files that lie."""

from __future__ import annotations

import base64
import json
import lzma
from typing import Any

import pytest
from tokenizers import AddedToken

from engine.errors import BadCheckpoint, UnsupportedFamily
from engine.text.pretokenizers import PRE_TOKENIZERS
from engine.text.tiktoken_file import build_byte_pairs, parse_ranks, parse_tekken
from engine.text.tiktoken_vocabularies import find_vocabulary
from tests.helpers.published_tokenizers import FIXTURES, corpus

EXPECTED = json.loads(lzma.decompress((FIXTURES / "expected_ids.json.xz").read_bytes()))
LINES = lzma.decompress((FIXTURES / "small.tiktoken.xz").read_bytes())
BYTES = b"".join(b"%s %d\n" % (base64.b64encode(bytes([v])), v) for v in range(256))


@pytest.mark.parametrize("name", ["qwen2", "llama3", "gpt-4o", "kimi-k2"])
def test_ids_equal_the_librarys(name: str) -> None:
    tokenizer = build_byte_pairs(parse_ranks(LINES), PRE_TOKENIZERS[name], {})
    for text, ids in zip(corpus(), EXPECTED[name], strict=True):
        assert tokenizer.encode(text).ids == ids, text
        if name != "qwen2":  # which normalizes
            assert tokenizer.decode(ids) == text


def test_added_tokens_keep_their_ids() -> None:
    ids = parse_ranks(BYTES)
    added = {300: AddedToken("<|b|>", special=True), 299: AddedToken("<|a|>", special=True)}
    tokenizer = build_byte_pairs(ids, PRE_TOKENIZERS["llama3"], added)
    assert tokenizer.encode("<|a|>A<|b|>").ids == [299, 65, 300]
    for wrong in ({5: AddedToken("<|x|>")}, {300: AddedToken("A")}):
        with pytest.raises(BadCheckpoint, match="added_tokens"):
            build_byte_pairs(ids, PRE_TOKENIZERS["llama3"], wrong)
    with pytest.raises(BadCheckpoint, match="empty_token"):
        build_byte_pairs(ids, PRE_TOKENIZERS["llama3"], {300: AddedToken("")})


@pytest.mark.parametrize(
    "line",
    [b"QQ== x", b"QQ==", b"!!! 300", b"QQ== -1", b"QUE= 99999999999", b"QUE= 5", b" 300",
     b"QQ== 300", b"QUE= 3000000", base64.b64encode(b"x" * 2000) + b" 300"],
)  # fmt: skip
def test_lines_that_lie(line: bytes) -> None:
    assert len(parse_ranks(BYTES + b"QUE= 256\n\n")) == 257
    with pytest.raises(BadCheckpoint):
        parse_ranks(BYTES + line + b"\n")


def test_every_byte_must_be_there() -> None:
    with pytest.raises(BadCheckpoint, match="malformed"):
        parse_ranks(BYTES[9:])
    with pytest.raises(BadCheckpoint):
        parse_ranks(b"")


def _tekken(**config: Any) -> dict[str, Any]:
    vocabulary = [
        {"rank": v, "token_bytes": base64.b64encode(bytes([v])).decode(), "token_str": None}
        for v in range(256)
    ]
    vocabulary += [
        {"rank": 256, "token_bytes": "QUE=", "token_str": "AA"},
        {"rank": 257, "token_bytes": "QUI=", "token_str": "AB"},
    ]
    base = {
        "pattern": PRE_TOKENIZERS["tekken"].patterns[0],
        "default_vocab_size": 100 + 257,
        "default_num_special_tokens": 100,
    }
    return {"config": {**base, **config}, "vocab": vocabulary}


def test_tekken_shifts_its_ids() -> None:
    ids, added = parse_tekken(json.dumps(_tekken()).encode())
    assert (ids[b"A"], ids[b"AA"]) == (165, 356)
    assert b"AB" not in ids  # beyond the size that the model was trained with
    assert [added[index].content for index in (1, 3, 99)] == ["<s>", "[INST]", "<SPECIAL_99>"]
    tokenizer = build_byte_pairs(ids, PRE_TOKENIZERS["tekken"], added)
    assert tokenizer.encode("[INST]AAB").ids == [3, 356, 166]
    listed = {**_tekken(), "special_tokens": [{"rank": 7, "token_str": "<seven>"}]}
    _, added = parse_tekken(json.dumps(listed).encode())
    assert (added[7].content, added[3].content) == ("<seven>", "<SPECIAL_3>")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"config": 3, "vocab": []}',
        json.dumps(_tekken(default_num_special_tokens=10**12)).encode(),
        json.dumps(_tekken(default_num_special_tokens=-1)).encode(),
        json.dumps(_tekken(default_num_special_tokens=1e400)).encode(),
        json.dumps(_tekken(default_num_special_tokens=None)).encode(),
        json.dumps(_tekken(default_vocab_size=-5)).encode(),
        json.dumps({**_tekken(), "vocab": {"a": 1}}).encode(),
        json.dumps({**_tekken(), "vocab": [{"rank": 0}]}).encode(),
        json.dumps({**_tekken(), "special_tokens": [{"rank": 500, "token_str": "x"}]}).encode(),
        json.dumps({**_tekken(), "special_tokens": 5}).encode(),
    ],
)
def test_tekken_files_that_lie(body: bytes) -> None:
    with pytest.raises(BadCheckpoint):
        parse_tekken(body)


def test_a_cut_nobody_knows_is_refused() -> None:
    with pytest.raises(UnsupportedFamily, match="pattern"):
        parse_tekken(json.dumps(_tekken(pattern="(a+)+$")).encode())


@pytest.mark.parametrize(
    ("name", "size", "known", "control"),
    [
        ("qwen.tiktoken", 151_643, 151_645, "<|im_end|>"),
        ("hy.tiktoken", 127_957, 127_960, "<|eos|>"),
        ("tokenizer.model", 128_000, 128_009, "<|eot_id|>"),
        ("tokenizer.model", 128_000, 128_255, "<|reserved_special_token_247|>"),
        ("o200k_base.tiktoken", 199_998, 200_007, "<|end|>"),
        ("o200k_base.tiktoken", 199_998, 200_012, "<|call|>"),
        ("o200k_base.tiktoken", 199_998, 200_018, "<|endofprompt|>"),
        ("o200k_base.tiktoken", 199_998, 201_087, "<|reserved_201087|>"),
        ("tiktoken.model", 163_584, 163_839, "<|reserved_token_163839|>"),
    ],
)
def test_published_vocabularies(name: str, size: int, known: int, control: str) -> None:
    vocabulary = find_vocabulary(name, size)
    assert vocabulary is not None
    assert vocabulary.controls[known - size] == control


def test_unknown_vocabularies() -> None:
    assert find_vocabulary("tokenizer.model", 1234) is None
    by_name = find_vocabulary("hy.tiktoken", 1234)
    assert by_name is not None
    assert by_name.size != 1234
