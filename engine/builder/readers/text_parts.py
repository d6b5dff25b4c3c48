"""Tokenizer, chat template and special tokens of a checkpoint, from either kind of source."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from engine.builder.checkpoint import TextParts
from engine.builder.readers.folder_tokenizer import folder_tokenizer, is_tokenizer_file
from engine.errors import BadCheckpoint
from engine.text.tokenizer import tokenizer_from_gguf

MAX_JSON_BYTES: Final = 64 << 20
MAX_TEMPLATE_CHARS: Final = 1 << 20

# Tokens that end a reply in one family or another, when they are special and the template says so.
_TURN_ENDS: Final = (
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "<|return|>",
    "<|end|>",
    "</s>",
)
_ALWAYS_ENDS: Final = ("<|endoftext|>",)
_ROLES: Final = ("bos", "eos", "unk", "pad")

NO_TEXT: Final = TextParts("", None, {}, (), add_bos=False, vocab_size=0)
"""Of a checkpoint that carries no tokenizer at all: its bundle can be scored, not talked to."""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty when the file is not there. Raises BadCheckpoint."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise BadCheckpoint(reason="too_large", file=path.name)
        body = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as exc:
        raise BadCheckpoint(reason="unreadable", file=path.name) from exc
    if not isinstance(body, dict):
        raise BadCheckpoint(reason="malformed", file=path.name)
    return body


def gguf_text(metadata: Mapping[str, Any]) -> TextParts:
    """Text parts from the `tokenizer.*` keys of a GGUF file. Raises BadCheckpoint."""
    if not any(key.startswith("tokenizer.") for key in metadata):
        return NO_TEXT
    tokenizer = tokenizer_from_gguf(metadata)
    tokens = metadata.get("tokenizer.ggml.tokens") or []
    ids = {
        role: metadata.get(f"tokenizer.ggml.{key}_token_id")
        for role, key in zip(_ROLES, ("bos", "eos", "unknown", "padding"), strict=True)
    }
    special = {
        role: str(tokens[index])
        for role, index in ids.items()
        if type(index) is int and 0 <= index < len(tokens)
    }
    ends = [metadata.get(f"tokenizer.ggml.{key}_token_id") for key in ("eos", "eot", "eom")]
    add_bos = metadata.get("tokenizer.ggml.add_bos_token")
    if type(add_bos) is not bool:  # absent: SentencePiece models expect it, byte-level ones do not
        add_bos = metadata.get("tokenizer.ggml.model") in ("llama", "gemma4")
    template = _template(metadata.get("tokenizer.chat_template"))
    return _assemble(tokenizer, template, special, ends, add_bos=add_bos)


def folder_text(folder: Path, config: Mapping[str, Any]) -> TextParts:
    """Text parts from the files of a Hugging Face folder.

    Raises:
        BadCheckpoint: A file is missing, damaged or contradicts another.
        UnsupportedFamily: A tokenizer that is not known.
    """
    if not any(is_tokenizer_file(path.name) for path in folder.iterdir()):
        return NO_TEXT
    settings = read_json(folder / "tokenizer_config.json")
    found = folder_tokenizer(folder, settings, read_json(folder / "added_tokens.json"))
    tokenizer = found.tokenizer
    named = {**read_json(folder / "special_tokens_map.json"), **settings}
    special = {role: text for role in _ROLES if (text := _token_text(named.get(f"{role}_token")))}
    special = {**found.roles, **special}
    generation = read_json(folder / "generation_config.json")
    ends = [*_ids(generation.get("eos_token_id")), *_ids(config.get("eos_token_id"))]
    template = _template(_folder_template(folder, settings))
    add_bos = settings.get("add_bos_token")
    if type(add_bos) is not bool and found.add_bos is not None:
        add_bos = found.add_bos
    elif type(add_bos) is not bool:
        first = tokenizer.encode("a").ids[:1]
        add_bos = "bos" in special and first == [tokenizer.token_to_id(special["bos"])]
    return _assemble(tokenizer, template, special, ends, add_bos=add_bos)


def _assemble(
    tokenizer: Tokenizer,
    template: str | None,
    special: dict[str, str],
    ends: Iterable[object],
    *,
    add_bos: bool,
) -> TextParts:
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    controls = {
        token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special
    }
    stop_ids = {index for index in ends if type(index) is int and 0 <= index < len(vocabulary)}
    if special.get("eos") in vocabulary:
        stop_ids.add(vocabulary[special["eos"]])
    for text in controls.intersection((*_TURN_ENDS, *_ALWAYS_ENDS)):
        # gpt-oss ends each channel with <|end|> and the reply with <|return|>
        channel_end = text == "<|end|>" and "<|return|>" in controls
        if (text in _ALWAYS_ENDS or text in (template or "")) and not channel_end:
            stop_ids.add(vocabulary[text])
    return TextParts(
        tokenizer_json=tokenizer.to_str(),
        chat_template=template,
        special_tokens=special,
        stop_ids=tuple(sorted(stop_ids)),
        add_bos=add_bos and "bos" in special,
        vocab_size=max(vocabulary.values(), default=-1) + 1,
    )


def _template(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_TEMPLATE_CHARS:
        raise BadCheckpoint(reason="bad_template")
    return value


def _folder_template(folder: Path, settings: Mapping[str, Any]) -> object:
    path = folder / "chat_template.jinja"
    try:
        if path.stat().st_size > 4 * MAX_TEMPLATE_CHARS:
            raise BadCheckpoint(reason="bad_template")
        return path.read_text("utf-8")
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as exc:
        raise BadCheckpoint(reason="unreadable", file=path.name) from exc
    value = settings.get("chat_template")
    if not isinstance(value, list):
        return value
    named = {item.get("name"): item.get("template") for item in value if isinstance(item, dict)}
    return named.get("default")


def _token_text(value: object) -> str | None:
    """A special token, written as text or as an object with `content`."""
    if isinstance(value, Mapping):
        value = value.get("content")
    return value if isinstance(value, str) and value else None


def _ids(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]
