"""SentencePiece files: ids equal to the library's, and files that lie."""

from __future__ import annotations

import json
import lzma
import struct
from dataclasses import replace

import pytest
from tokenizers import AddedToken, Tokenizer

from engine.errors import BadCheckpoint, UnsupportedFamily
from engine.text.sentencepiece import build_sentencepiece
from engine.text.sentencepiece_file import (
    BPE,
    BYTE,
    CONTROL,
    NORMAL,
    UNIGRAM,
    UNKNOWN,
    SentencePieceModel,
    parse_sentencepiece,
)
from tests.helpers.published_tokenizers import FIXTURES, corpus

EXPECTED = json.loads(lzma.decompress((FIXTURES / "expected_ids.json.xz").read_bytes()))
TEXTS = corpus()


def _body(name: str) -> bytes:
    return lzma.decompress((FIXTURES / f"{name}.model.xz").read_bytes())


def _built(name: str) -> Tokenizer:
    return build_sentencepiece(parse_sentencepiece(_body(name)))


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def _differing(name: str) -> list[str]:
    tokenizer = _built(name)
    pairs = zip(TEXTS, EXPECTED[name], strict=True)
    return [text for text, ids in pairs if _ids(tokenizer, text) != ids]


@pytest.mark.parametrize("name", ["prefix", "runs"])
def test_byte_pair_ids_equal_the_librarys(name: str) -> None:
    assert _differing(name) == []


def test_unigram_ids_equal_the_librarys_but_for_ties() -> None:
    """Repetitions can be cut in several equally good ways; rounding then decides."""
    assert [text for text in _differing("unigram") if len(set(text)) > 2] == []


def test_a_charsmap_normalizes_as_the_library_does() -> None:
    """But for halfwidth kana with marks, which `tokenizers` does not join."""
    differing = [text for text in _differing("charsmap") if len(set(text)) > 2]
    assert all("ｶﾞ" in text for text in differing)
    assert _ids(_built("charsmap"), "  ｆｕｌｌ \t Å  ") == _ids(_built("charsmap"), "full Å")


@pytest.mark.parametrize("name", ["prefix", "runs", "unigram"])
def test_round_trip(name: str) -> None:
    tokenizer = _built(name)
    for text in TEXTS:
        if "▁" not in text:  # the space mark itself is read back as a space
            assert tokenizer.decode(_ids(tokenizer, text), skip_special_tokens=False) == text


def test_pieces_between_control_tokens_begin_with_a_space_or_not() -> None:
    model = parse_sentencepiece(_body("prefix"))
    added = {len(model.tokens): AddedToken("<|turn|>", special=True)}
    legacy = build_sentencepiece(model, added).encode("a<|turn|>a").tokens
    assert legacy == ["▁a", "<|turn|>", "▁a"]
    later = build_sentencepiece(model, added, prefix_each=False).encode("a<|turn|>a").tokens
    assert later == ["▁a", "<|turn|>", "a"]


def test_added_tokens_keep_their_ids() -> None:
    model = parse_sentencepiece(_body("runs"))
    size = len(model.tokens)
    added = {size + 5: AddedToken("<|far|>", special=True), size: AddedToken("<|near|>")}
    tokenizer = build_sentencepiece(model, added)
    assert _ids(tokenizer, "<|far|><|near|>") == [size + 5, size]
    for wrong in ({0: AddedToken("<|x|>")}, {size: AddedToken(model.tokens[9])}):
        with pytest.raises(BadCheckpoint, match="added_tokens"):
            build_sentencepiece(model, wrong)
    unigram = parse_sentencepiece(_body("unigram"))
    built = build_sentencepiece(unigram, {len(unigram.tokens): AddedToken("<|next|>")})
    assert _ids(built, "<|next|>") == [len(unigram.tokens)]
    with pytest.raises(BadCheckpoint, match="added_tokens"):
        build_sentencepiece(unigram, {len(unigram.tokens) + 1: AddedToken("<|far|>")})


def test_what_the_file_says() -> None:
    model = parse_sentencepiece(_body("runs"))
    assert (model.kind, model.byte_fallback, model.add_prefix) == (BPE, True, False)
    assert (model.bos, model.eos, model.unknown_id) == ("<s>", "</s>", 0)
    assert (model.types[0], model.types[1], model.types[300]) == (UNKNOWN, CONTROL, NORMAL)
    assert model.types[model.tokens.index("<0x41>")] == BYTE
    assert parse_sentencepiece(_body("charsmap")).squeeze_spaces
    assert parse_sentencepiece(_body("unigram")).kind == UNIGRAM


@pytest.mark.parametrize("cut", [1, 7, 100, 5000, -1])
def test_a_file_that_ends_early(cut: int) -> None:
    with pytest.raises(BadCheckpoint):
        build_sentencepiece(parse_sentencepiece(_body("runs")[:cut]))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x0a",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x0a\x05\x0a\x7fabc",
        b"\x0a\x03\x0a\x01\xff",  # not UTF-8
        b"\x0b\x00",  # a group, long out of use
        b"\x08\x01",  # pieces that are a number
        b"\x0a\x07\x0a\x01a\x10\x01\x18\x01",  # a score that is a varint
    ],
)
def test_bodies_that_are_no_model(body: bytes) -> None:
    with pytest.raises(BadCheckpoint):
        parse_sentencepiece(body)


def _piece(text: bytes, number: int = 1) -> bytes:
    inner = b"\x0a" + bytes([len(text)]) + text + b"\x15" + struct.pack("<f", 0.0)
    inner += b"\x18" + bytes([number])
    return b"\x0a" + bytes([len(inner)]) + inner


@pytest.mark.parametrize(
    ("spec", "option"),
    [
        (b"\x12\x02\x18\x03", "model_type=3"),
        (b"\x1a\x02\x28\x00", "escape_whitespaces"),
        (b"\x12\x03\xc0\x01\x01", "treat_whitespace_as_suffix"),
    ],
)
def test_kinds_nobody_reads(spec: bytes, option: str) -> None:
    parse_sentencepiece(_piece(b"a"))
    with pytest.raises(UnsupportedFamily, match=option):
        parse_sentencepiece(_piece(b"a") + spec)


MODEL = SentencePieceModel(BPE, ["<unk>", "a", "b"], [0.0, -1.0, -2.0], [2, 1, 1], 0)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (replace(MODEL, unknown_id=3), "unknown_token_id"),
        (replace(MODEL, unknown_id=-1), "unknown_token_id"),
        (replace(MODEL, scores=[0.0, float("nan"), 0.0]), "scores"),
        (replace(MODEL, scores=[0.0, float("inf"), 0.0]), "scores"),
        (replace(MODEL, scores=[0.0]), "array_lengths"),
        (replace(MODEL, tokens=["<unk>", "a", "a"]), "duplicate_token"),
        (replace(MODEL, tokens=["<unk>", "a", "b" * 5000]), "token_length"),
        (replace(MODEL, tokens=["<unk>", "a", ""], types=[2, 1, CONTROL]), "empty_token"),
        (replace(MODEL, charsmap=b"\x01"), "charsmap"),
        (replace(MODEL, charsmap=b"\xff\xff\xff\x7f" + bytes(64)), "charsmap"),
    ],
)
def test_models_that_contradict_themselves(model: SentencePieceModel, reason: str) -> None:
    build_sentencepiece(MODEL)
    with pytest.raises(BadCheckpoint, match=reason):
        build_sentencepiece(model)


def test_a_charsmap_cannot_jump_outside() -> None:
    """A unit whose children lie behind the end would crash the library when text comes."""
    model = parse_sentencepiece(_body("charsmap"))
    for offset in range(4, 4000, 400):
        broken = bytearray(model.charsmap)
        broken[offset : offset + 4] = struct.pack("<I", 0x7FFFFC00)
        with pytest.raises(BadCheckpoint, match="charsmap"):
            build_sentencepiece(replace(model, charsmap=bytes(broken)))
