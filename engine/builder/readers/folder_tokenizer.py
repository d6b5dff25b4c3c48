"""The tokenizer of a Hugging Face folder, from whichever file holds it.

    tokenizer.json                        as it is
    tokenizer.model                       SentencePiece, or tiktoken's lines (Llama 3)
    *.tiktoken, tiktoken.model            tiktoken's lines
    tekken.json                           Mistral's form of the same

Tokens that were added later stand in tokenizer_config.json or added_tokens.json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tokenizers import AddedToken, Tokenizer

from engine.errors import BadBundle, BadCheckpoint, UnsupportedFamily
from engine.text.pretokenizers import PRE_TOKENIZERS
from engine.text.sentencepiece import MAX_TOKENS, SPACE, build_sentencepiece
from engine.text.sentencepiece_file import parse_sentencepiece
from engine.text.tiktoken_file import build_byte_pairs, parse_ranks, parse_tekken
from engine.text.tiktoken_vocabularies import find_vocabulary
from engine.text.tokenizer import load_tokenizer

MAX_BYTES: Final = 64 << 20

_NAMES: Final = ("tokenizer.json", "tokenizer.model", "tiktoken.model", "tekken.json")


@dataclass(frozen=True, slots=True)
class FoundTokenizer:
    """A tokenizer and what its file says beyond it.

    Attributes:
        tokenizer: Ready to use.
        roles: "bos" and "eos" as text, as far as the file names them.
        add_bos: Whether a text begins with BOS, None where the file does not say.
    """

    tokenizer: Tokenizer
    roles: Mapping[str, str] = field(default_factory=dict)
    add_bos: bool | None = None


def is_tokenizer_file(name: str) -> bool:
    """Whether a file of this name is, or belongs to, a tokenizer."""
    return name in _NAMES or name.startswith("tokenizer") or name.endswith(".tiktoken")


def folder_tokenizer(
    folder: Path, settings: Mapping[str, Any], added: Mapping[str, Any]
) -> FoundTokenizer:
    """Find and build the tokenizer.

    Args:
        folder: Where its file lies.
        settings: Body of tokenizer_config.json.
        added: Body of added_tokens.json.

    Raises:
        BadCheckpoint: There is none, or it is damaged.
        UnsupportedFamily: Its vocabulary is not one of the known ones.
    """
    path = _find(folder)
    readers: dict[str, Callable[[], FoundTokenizer]] = {
        "tokenizer.json": lambda: FoundTokenizer(_load(path)),
        "tekken.json": lambda: _tekken(_read(path)),
    }
    if path.name in readers:
        return readers[path.name]()
    data, tokens = _read(path), _added_tokens(settings, added)
    if data[:1] == b"\n" and path.name == "tokenizer.model":  # field 1 of a protocol buffer
        return _sentencepiece(data, tokens, settings)
    return _tiktoken(path.name, data, tokens)


def _find(folder: Path) -> Path:
    for name in _NAMES:
        if (folder / name).is_file():
            return folder / name
    others = sorted(path for path in folder.glob("*.tiktoken") if path.is_file())
    return others[0] if len(others) == 1 else folder / "tokenizer.json"


def _load(path: Path) -> Tokenizer:
    try:
        tokenizer = load_tokenizer(path)
    except BadBundle as exc:
        reason = f"tokenizer_{exc.params.get('reason', 'malformed')}"
        raise BadCheckpoint(reason=reason, file=path.name) from exc
    ids = tokenizer.get_vocab(with_added_tokens=False)
    if len(set(ids.values())) != len(ids):  # one of the two would be lost when it is written
        raise BadCheckpoint(reason="tokenizer_duplicate_id", file=path.name)
    if max(ids.values(), default=0) >= MAX_TOKENS:  # holes between ids are listed when written
        raise BadCheckpoint(reason="tokenizer_id", file=path.name)
    return tokenizer


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadCheckpoint(reason="too_large", file=path.name)
        return path.read_bytes()
    except OSError as exc:
        raise BadCheckpoint(reason="unreadable", file=path.name) from exc


def _sentencepiece(
    data: bytes, added: Mapping[int, AddedToken], settings: Mapping[str, Any]
) -> FoundTokenizer:
    model = parse_sentencepiece(data)
    if settings.get("add_prefix_space") is False:
        model = replace(model, add_prefix=False)
    legacy = settings.get("legacy") is not False
    tokenizer = build_sentencepiece(model, added, prefix_each=legacy)
    roles = {role: text for role, text in (("bos", model.bos), ("eos", model.eos)) if text}
    return FoundTokenizer(tokenizer, roles, add_bos="bos" in roles)


def _tekken(data: bytes) -> FoundTokenizer:
    ids, controls = parse_tekken(data)
    tokenizer = build_byte_pairs(ids, PRE_TOKENIZERS["tekken"], controls)
    return FoundTokenizer(tokenizer, {"bos": "<s>", "eos": "</s>"}, add_bos=True)


def _tiktoken(name: str, data: bytes, added: Mapping[int, AddedToken]) -> FoundTokenizer:
    ids = parse_ranks(data)
    known = find_vocabulary(name, len(ids))
    if known is None:
        option = f"tiktoken vocabulary of {len(ids)} tokens"
        raise UnsupportedFamily(family="tokenizer", option=option)
    tokens = dict(added)
    if len(ids) == known.size:
        used = {token.content for token in tokens.values()}
        for index, text in enumerate(known.controls, start=known.size):
            if index not in tokens and text not in used:
                tokens[index] = AddedToken(text, normalized=False, special=True)
    return FoundTokenizer(build_byte_pairs(ids, known.pre, tokens), known.roles, known.add_bos)


def _added_tokens(settings: Mapping[str, Any], added: Mapping[str, Any]) -> dict[int, AddedToken]:
    """Tokens by id from `added_tokens_decoder` (newer) and added_tokens.json. BadCheckpoint."""
    listed = settings.get("added_tokens_decoder") or {}
    if not isinstance(listed, Mapping):
        raise BadCheckpoint(reason="tokenizer_added_tokens")
    tokens = {
        _index(index): AddedToken(_content(text), normalized=False) for text, index in added.items()
    }
    for key, body in listed.items():
        if not isinstance(body, Mapping):
            raise BadCheckpoint(reason="tokenizer_added_tokens")
        text = _content(body.get("content"))
        tokens[_index(key)] = AddedToken(
            text,
            lstrip=body.get("lstrip") is True,
            rstrip=body.get("rstrip") is True,
            single_word=body.get("single_word") is True,
            normalized=SPACE in text,
            special=body.get("special") is True,
        )
    return tokens


def _index(value: object) -> int:
    if isinstance(value, str) and value.isdecimal() and len(value) <= 9:
        value = int(value)
    if type(value) is not int or not 0 <= value < MAX_TOKENS:
        raise BadCheckpoint(reason="tokenizer_added_tokens")
    return value


def _content(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > 1024:
        raise BadCheckpoint(reason="tokenizer_added_tokens")
    return value
