"""SentencePiece's `tokenizer.model`, read with suspicion.

The file is one protocol buffer (`sentencepiece_model.proto` of the SentencePiece project):

    1 pieces, repeated      1 piece: string   2 score: float   3 type: enum
    2 trainer_spec          3 model_type   35 byte_fallback   40 unk_id
                            41 bos_id   42 eos_id
    3 normalizer_spec       1 name   2 precompiled_charsmap   3 add_dummy_prefix
                            4 remove_extra_whitespaces   5 escape_whitespaces

Only these fields are read, and every length is compared with what is left before anything is
taken. So nothing allocates more than the file's size, and no further native parser is fed with
files from anywhere.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.errors import BadCheckpoint, UnsupportedFamily

UNIGRAM, BPE = 1, 2
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES: Final = 10

Value = int | bytes


@dataclass(frozen=True, slots=True)
class SentencePieceModel:
    """What the file says; tokens, scores and types are indexed by id.

    Attributes:
        kind: `UNIGRAM` or `BPE`.
        tokens: Pieces as text, spaces written as U+2581.
        scores: Log-probabilities (unigram), or order of merging, best first (BPE).
        types: `NORMAL`, `UNKNOWN`, `CONTROL`, `USER_DEFINED`, `UNUSED` or `BYTE`.
        unknown_id: Id of the unknown token, None where every character can be written.
        byte_fallback: Whether unknown characters become bytes.
        add_prefix: Whether text gets a space in front.
        squeeze_spaces: Whether outer spaces are dropped and inner runs become one.
        charsmap: Precompiled normalization, empty for none.
        composes: Whether it joins marks to letters, as the published rules do.
        bos: Text of the control token that begins a text, "" for none.
        eos: Text of the control token that ends one, "" for none.
    """

    kind: int
    tokens: list[str]
    scores: list[float]
    types: list[int]
    unknown_id: int | None
    byte_fallback: bool = False
    add_prefix: bool = True
    squeeze_spaces: bool = False
    charsmap: bytes = b""
    composes: bool = False
    bos: str = ""
    eos: str = ""


def parse_sentencepiece(data: bytes) -> SentencePieceModel:
    """Read the body of a `tokenizer.model`.

    Raises:
        BadCheckpoint: It is not such a file, or damaged.
        UnsupportedFamily: It is of the kinds "word" or "char", or keeps spaces as they are.
    """
    tokens: list[str] = []
    scores: list[float] = []
    types: list[int] = []
    trainer: dict[int, Value] = {}
    normalizer: dict[int, Value] = {}
    for number, value in _fields(memoryview(data)):
        if number == 1:
            piece = dict(_fields(_message(value)))
            tokens.append(_text(piece.get(1, b"")))
            scores.append(_float(piece.get(2, b"\0\0\0\0")))
            types.append(_integer(piece.get(3, NORMAL)))
        elif number == 2:
            trainer.update(_fields(_message(value)))
        elif number == 3:
            normalizer.update(_fields(_message(value)))
    if not tokens:
        raise BadCheckpoint(reason="tokenizer_malformed")
    kind = _integer(trainer.get(3, UNIGRAM))
    if kind not in (UNIGRAM, BPE):
        raise UnsupportedFamily(family="sentencepiece", option=f"model_type={kind}")
    if not _integer(normalizer.get(5, 1)):
        raise UnsupportedFamily(family="sentencepiece", option="escape_whitespaces")
    if _integer(trainer.get(24, 0)):
        raise UnsupportedFamily(family="sentencepiece", option="treat_whitespace_as_suffix")
    return SentencePieceModel(
        kind,
        tokens,
        scores,
        types,
        unknown_id=_integer(trainer.get(40, 0)),
        byte_fallback=bool(_integer(trainer.get(35, 0))),
        add_prefix=bool(_integer(normalizer.get(3, 1))),
        squeeze_spaces=bool(_integer(normalizer.get(4, 1))),
        charsmap=_raw(normalizer.get(2, b"")),
        composes=b"nfkc" in _raw(normalizer.get(1, b"")),
        bos=_control(tokens, types, trainer.get(41, 1)),
        eos=_control(tokens, types, trainer.get(42, 2)),
    )


def _control(tokens: list[str], types: list[int], index: Value) -> str:
    """Text of a control token; ids of -1 (no such token) arrive as huge numbers."""
    number = _integer(index)
    return tokens[number] if number < len(tokens) and types[number] == CONTROL else ""


def _fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """Number and value of every field; fixed-width values and strings as bytes."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(wire, -1)
        if wire == _BYTES:
            size, position = _varint(data, position)
        if size < 0 or size > len(data) - position:
            raise BadCheckpoint(reason="tokenizer_malformed")
        yield number, bytes(data[position : position + size])
        position += size


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[position : position + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    raise BadCheckpoint(reason="tokenizer_malformed")


def _raw(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise BadCheckpoint(reason="tokenizer_malformed")
    return value


def _message(value: Value) -> memoryview:
    return memoryview(_raw(value))


def _text(value: Value) -> str:
    try:
        return _raw(value).decode("utf-8")
    except UnicodeDecodeError as exc:
        raise BadCheckpoint(reason="tokenizer_malformed") from exc


def _float(value: Value) -> float:
    body = _raw(value)
    if len(body) != 4:
        raise BadCheckpoint(reason="tokenizer_malformed")
    number: float = struct.unpack("<f", body)[0]
    return number


def _integer(value: Value) -> int:
    if not isinstance(value, int):
        raise BadCheckpoint(reason="tokenizer_malformed")
    return value
