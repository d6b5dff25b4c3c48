"""Tokenizers from GGUF metadata or from `tokenizer.json`.

Three kinds of tokenizer exist in GGUF files that Alcove builds: "gpt2", byte-level BPE with
explicit merges; "llama", SentencePiece BPE with a score for each token and single bytes as
fallback; "gemma4", the same with explicit merges. All become a `tokenizers.Tokenizer`, so that the
bundle holds an ordinary `tokenizer.json` and nothing later needs to know where it came from.

Everything here comes from files that may be broken or hostile: lengths and types are checked
before anything is built, and failures are `BadCheckpoint` or `BadBundle`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tokenizers import AddedToken, Tokenizer, decoders, normalizers
from tokenizers.models import BPE

from engine.errors import BadBundle, BadCheckpoint, UnsupportedFamily
from engine.text.pretokenizers import find_pre_tokenizer
from engine.text.sentencepiece import (
    MAX_TOKEN_CHARS,
    MAX_TOKENS,
    SPACE,
    build_sentencepiece,
    check_charsmap,
    has_byte_tokens,
)
from engine.text.sentencepiece_file import BPE as SENTENCEPIECE_BPE
from engine.text.sentencepiece_file import (
    BYTE,
    CONTROL,
    NORMAL,
    UNKNOWN,
    USER_DEFINED,
    SentencePieceModel,
)

MAX_MERGES = 4_000_000
MAX_FILE_BYTES = 256 * 1024 * 1024
_SAMPLE = "Ab 1\n\té\u0301字🙂\U0010fffd"


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """Checked metadata. tokens, types and scores have the same length; ids index them."""

    tokens: list[str]
    types: list[int]
    scores: list[float]
    ids: dict[str, int]


def tokenizer_from_gguf(metadata: Mapping[str, object]) -> Tokenizer:
    """Build the tokenizer that a GGUF file describes.

    Args:
        metadata: The file's key-value pairs (`tokenizer.ggml.*`); arrays as sequences.

    Raises:
        BadCheckpoint: A key is missing, of the wrong type or of the wrong length.
        UnsupportedFamily: A kind of tokenizer, or a way to cut text, that is not known.
    """
    model = _text(metadata, "model")
    if model == "gpt2":
        return _byte_level(metadata, _vocabulary(metadata))
    if model == "llama":
        return _sentencepiece(metadata, _vocabulary(metadata))
    if model == "gemma4":
        return _characters(metadata, _vocabulary(metadata))
    raise UnsupportedFamily(family="", option=f"tokenizer.ggml.model={model[:64]}")


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a `tokenizer.json`, with truncation and padding switched off. Raises BadBundle."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadBundle(reason="too_large", file=path.name)
        source = path.read_bytes()
    except FileNotFoundError as exc:
        raise BadBundle(reason="missing", file=path.name) from exc
    except OSError as exc:
        raise BadBundle(reason="unreadable", file=path.name) from exc
    try:
        tokenizer = Tokenizer.from_buffer(source)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        _try(tokenizer)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as exc:  # the library raises bare exceptions, and panics
        raise BadBundle(reason="malformed", file=path.name) from exc
    if tokenizer.get_vocab_size() == 0:
        raise BadBundle(reason="empty", file=path.name)
    return tokenizer


def _try(tokenizer: Tokenizer) -> None:
    """Fail now, not when somebody writes: an unknown character, or a normalization that lies."""
    if tokenizer.normalizer is not None:
        for charsmap in _charsmaps(json.loads(tokenizer.normalizer.__getstate__())):
            check_charsmap(base64.b64decode(charsmap))
    tokenizer.decode(tokenizer.encode(_SAMPLE).ids)


def _charsmaps(value: object) -> Iterator[str]:
    """Every compiled normalization inside a normalizer's JSON."""
    if isinstance(value, dict):
        if isinstance(value.get("precompiled_charsmap"), str):
            yield value["precompiled_charsmap"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _charsmaps(item)


def _byte_level(metadata: Mapping[str, object], vocabulary: _Vocabulary) -> Tokenizer:
    """Byte-level BPE: bytes as printable characters, merges in order of rank (Radford 2019)."""
    pre = find_pre_tokenizer(_text(metadata, "pre", "default"))
    merges = _merges(metadata, vocabulary)
    tokenizer = Tokenizer(BPE(vocabulary.ids, merges, ignore_merges=pre.ignore_merges))
    normalizer = pre.build_normalizer()
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre.build()
    tokenizer.decoder = decoders.ByteLevel()
    _add_tokens(tokenizer, metadata, vocabulary)
    return tokenizer


def _sentencepiece(metadata: Mapping[str, object], vocabulary: _Vocabulary) -> Tokenizer:
    """SentencePiece BPE; GGUF files have no other kind under this name."""
    unknown = _optional_id(metadata, "unknown_token_id", len(vocabulary.tokens))
    if unknown is None and UNKNOWN in vocabulary.types:
        unknown = vocabulary.types.index(UNKNOWN)
    model = SentencePieceModel(
        SENTENCEPIECE_BPE,
        vocabulary.tokens,
        vocabulary.scores,
        vocabulary.types,
        unknown_id=unknown,
        byte_fallback=True,
        add_prefix=_flag(metadata, "add_space_prefix", default=True),
    )
    return build_sentencepiece(model, _named_tokens(metadata, vocabulary))


def _characters(metadata: Mapping[str, object], vocabulary: _Vocabulary) -> Tokenizer:
    """BPE over characters, spaces marked, bytes as fallback, merges written down (Gemma 4)."""
    unknown = _optional_id(metadata, "unknown_token_id", len(vocabulary.tokens))
    model = BPE(
        vocabulary.ids,
        _merges(metadata, vocabulary),
        unk_token=None if unknown is None else vocabulary.tokens[unknown],
        byte_fallback=has_byte_tokens(vocabulary.ids),
        fuse_unk=True,
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    steps = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(steps)
    _add_tokens(tokenizer, metadata, vocabulary)
    return tokenizer


def _add_tokens(
    tokenizer: Tokenizer, metadata: Mapping[str, object], vocabulary: _Vocabulary
) -> None:
    """Declare control tokens (special: not text) and user-defined ones (text, kept whole)."""
    marked = isinstance(tokenizer.normalizer, normalizers.Replace)  # spaces, then tokens
    added = {
        index: AddedToken(text, normalized=marked and SPACE in text, special=kind == CONTROL)
        for index, (text, kind) in enumerate(zip(vocabulary.tokens, vocabulary.types, strict=True))
        if kind in (CONTROL, USER_DEFINED)
    }
    added = _named_tokens(metadata, vocabulary) | added
    if any(not token.content for token in added.values()):
        raise BadCheckpoint(reason="tokenizer_empty_token")
    tokenizer.add_tokens([token for _, token in sorted(added.items())])


def _named_tokens(metadata: Mapping[str, object], vocabulary: _Vocabulary) -> dict[int, AddedToken]:
    """Tokens that begin or end a text, whatever their type says."""
    named = {
        _optional_id(metadata, key, len(vocabulary.tokens))
        for key in ("bos_token_id", "eos_token_id", "eot_token_id")
    }
    return {
        index: AddedToken(vocabulary.tokens[index], normalized=False, special=True)
        for index in named
        if index is not None and vocabulary.types[index] not in (BYTE, USER_DEFINED)
    }


def _vocabulary(metadata: Mapping[str, object]) -> _Vocabulary:
    tokens = _array(metadata, "tokens", str, MAX_TOKENS)
    types = _array(metadata, "token_type", int, MAX_TOKENS, default=[NORMAL] * len(tokens))
    scores = _array(metadata, "scores", float, MAX_TOKENS, default=[0.0] * len(tokens))
    if not tokens or len(types) != len(tokens) or len(scores) != len(tokens):
        raise BadCheckpoint(reason="tokenizer_array_lengths")
    ids = {text: index for index, text in enumerate(tokens)}
    if len(ids) != len(tokens):
        raise BadCheckpoint(reason="tokenizer_duplicate_token")
    if max(map(len, tokens)) > MAX_TOKEN_CHARS:
        raise BadCheckpoint(reason="tokenizer_token_length")
    if any(score != score for score in scores):  # NaN has no place in an order  # noqa: PLR0124
        raise BadCheckpoint(reason="tokenizer_scores")
    return _Vocabulary(tokens, types, scores, ids)


def _merges(metadata: Mapping[str, object], vocabulary: _Vocabulary) -> list[tuple[str, str]]:
    """Parse "left right"; the space at index 0 would belong to the left token itself."""
    pairs: list[tuple[str, str]] = []
    for line in _array(metadata, "merges", str, MAX_MERGES):
        cut = line.find(" ", 1)
        left, right = line[:cut], line[cut + 1 :]
        if cut < 0 or not {left, right, left + right} <= vocabulary.ids.keys():
            raise BadCheckpoint(reason="tokenizer_merges")
        pairs.append((left, right))
    return pairs


def _key(name: str) -> str:
    return f"tokenizer.ggml.{name}"


def _text(metadata: Mapping[str, object], name: str, default: str | None = None) -> str:
    value = metadata.get(_key(name), default)
    if not isinstance(value, str):
        raise BadCheckpoint(reason=f"tokenizer_{name}")
    return value


def _flag(metadata: Mapping[str, object], name: str, *, default: bool) -> bool:
    return bool(metadata.get(_key(name), default))


def _optional_id(metadata: Mapping[str, object], name: str, size: int) -> int | None:
    """A token id, None when absent. Raises BadCheckpoint when it names no token."""
    value = metadata.get(_key(name))
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise BadCheckpoint(reason=f"tokenizer_{name}")
    index = int(value.__index__())
    if not 0 <= index < size:
        raise BadCheckpoint(reason=f"tokenizer_{name}")
    return index


_T = TypeVar("_T", str, int, float)


def _array(
    metadata: Mapping[str, object],
    name: str,
    kind: type[_T],
    limit: int,
    default: list[_T] | None = None,
) -> list[_T]:
    """A checked list out of a list, a tuple or a NumPy array."""
    value = metadata.get(_key(name))
    if value is None and default is not None:
        return default
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, str | bytes) or not isinstance(value, Sequence) or len(value) > limit:
        raise BadCheckpoint(reason=f"tokenizer_{name}")
    accepted = (int, float) if kind is float else (kind,)
    if not all(isinstance(item, accepted) for item in value):
        raise BadCheckpoint(reason=f"tokenizer_{name}")
    return [kind(item) for item in value]
