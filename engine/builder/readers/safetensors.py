"""Hugging Face folders as checkpoints: config.json and safetensors files, single or sharded."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from engine.builder.checkpoint import FLOAT_TYPES, Tensor, TextParts, majority_type
from engine.builder.readers.text_parts import folder_text, read_json
from engine.errors import BadCheckpoint, NotFound, UnsupportedFamily

_SINGLE: Final = "model.safetensors"
_INDEX: Final = "model.safetensors.index.json"
_CARD_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a tensor lies: file, absolute offset, stored type name and shape."""

    data: NDArray[np.uint8]
    offset: int
    type: str
    shape: tuple[int, ...]


class FolderCheckpoint:
    """One Hugging Face folder. Raises NotFound or BadCheckpoint when opened."""

    def __init__(self, folder: Path) -> None:
        config = read_json(folder / "config.json")
        if not config:
            raise NotFound(path=str(folder / "config.json"))
        self._folder = folder
        self.config = _text_config(config)
        self._entries: dict[str, _Entry] = {}
        for path in _weight_files(folder):
            for name, entry in _read_file(path).items():
                if name in self._entries:
                    raise BadCheckpoint(reason="duplicate_tensor", tensor=name[:80])
                self._entries[name] = entry
        card = _model_card(folder)
        self.name = folder.resolve().name
        self.licence = card.get("license", "")
        self.languages = tuple(card.get("language", "").split())
        sizes: Counter[str] = Counter()
        for entry in self._entries.values():
            sizes[entry.type] += math.prod(entry.shape) * FLOAT_TYPES[entry.type].itemsize
        self.source_type = majority_type(sizes)
        self.size_bytes = sizes.total()

    @property
    def source(self) -> Mapping[str, str]:
        """Folder name and a SHA-256 over the config and every weight file, in order."""
        digest = hashlib.sha256()
        for path in (self._folder / "config.json", *_weight_files(self._folder)):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return {"folder": self.name, "sha256": digest.hexdigest()}

    def names(self) -> Collection[str]:
        """Names of all tensors."""
        return self._entries.keys()

    def tensor(self, name: str) -> Tensor:
        """A tensor by name. Raises BadCheckpoint when it is missing."""
        entry = self._entries.get(name)
        if entry is None:
            raise BadCheckpoint(reason="missing_tensor", tensor=name)
        shape = entry.shape
        values = entry.data[
            entry.offset : entry.offset + math.prod(shape) * FLOAT_TYPES[entry.type].itemsize
        ].view(FLOAT_TYPES[entry.type])
        rows = values.reshape(-1, shape[-1])
        return Tensor(name, shape, entry.type, lambda start, stop: np.asarray(rows[start:stop]))

    def text(self) -> TextParts:
        """Tokenizer, template and special tokens. Raises BadCheckpoint when unusable."""
        return folder_text(self._folder, self.config)

    def licence_files(self) -> tuple[Path, ...]:
        """LICENSE and NOTICE files of the folder."""
        pattern = re.compile(r"(licen[sc]e|notice)(\.(txt|md))?", re.IGNORECASE)
        return tuple(
            sorted(p for p in self._folder.iterdir() if p.is_file() and pattern.fullmatch(p.name))
        )


def _weight_files(folder: Path) -> list[Path]:
    """The single file, or every shard the index names. Raises BadCheckpoint."""
    if (folder / _SINGLE).is_file():
        return [folder / _SINGLE]
    index = read_json(folder / _INDEX).get("weight_map")
    if not isinstance(index, dict) or not index:
        raise BadCheckpoint(reason="no_weights")
    files = sorted({name for name in index.values() if isinstance(name, str)})
    for name in files:
        if not re.fullmatch(r"[\w.-]{1,128}\.safetensors", name):
            raise BadCheckpoint(reason="unsafe_path", file=_INDEX)
        if not (folder / name).is_file():
            raise BadCheckpoint(reason="missing_shard", file=name)
    return [folder / name for name in files]


def _read_file(path: Path) -> dict[str, _Entry]:
    """Table of one safetensors file.

    The library checks the header (lengths, overlaps, overflow, file size); the bytes are mapped
    here because its NumPy side does not know bfloat16.
    """
    try:
        with safe_open(path, framework="np") as file:
            names = set(file.keys())
        with path.open("rb") as raw:
            header_bytes = int.from_bytes(raw.read(8), "little")
            header = json.loads(raw.read(header_bytes))
        data = np.memmap(path, np.uint8, "r")
    except (SafetensorError, OSError, ValueError, RecursionError) as exc:
        raise BadCheckpoint(reason="bad_safetensors", file=path.name) from exc
    entries: dict[str, _Entry] = {}
    for name in names:
        body = header[name]
        shape = tuple(body["shape"])
        if not shape or min(shape) < 1:
            raise BadCheckpoint(reason="implausible_shape", tensor=name[:80])
        if body["dtype"] not in FLOAT_TYPES:
            raise UnsupportedFamily(family="safetensors", option=str(body["dtype"])[:80])
        offset = 8 + header_bytes + body["data_offsets"][0]
        entries[name] = _Entry(data, offset, body["dtype"], shape)
    return entries


def _text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The text part of a multimodal wrapper's config, or the config itself."""
    inner = config.get("text_config")
    return inner if isinstance(inner, Mapping) else config


def _model_card(folder: Path) -> dict[str, str]:
    """`license` and `language` from the front matter of README.md, as far as they are plain."""
    try:
        with (folder / "README.md").open(encoding="utf-8") as file:
            text = file.read(_CARD_BYTES)
    except (OSError, UnicodeDecodeError):
        return {}
    front = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
    if front is None:
        return {}
    card: dict[str, str] = {}
    licence = re.search(r"^license:\s*([\w.+-]+)\s*$", front[1], re.MULTILINE)
    if licence:
        card["license"] = licence[1]
    languages = re.search(r"^language:\s*((?:\n\s*- *[\w-]+)+|[\w-]+)\s*$", front[1], re.MULTILINE)
    if languages:
        card["language"] = " ".join(re.findall(r"[\w-]{2,}", languages[1]))
    return card
