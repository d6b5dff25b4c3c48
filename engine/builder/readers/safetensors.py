"""Hugging Face folders as checkpoints: config.json and safetensors files, single or sharded."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from engine.builder.checkpoint import Tensor, TextParts, majority_type
from engine.builder.readers.packing import Stored, read_packing
from engine.builder.readers.safetensors_file import Entry, read_table
from engine.builder.readers.text_parts import folder_text, read_json
from engine.builder.readers.wrapper import plain_name, text_config
from engine.bundle import hash_file
from engine.errors import BadCheckpoint, NotFound, UnsafeFormat

_SINGLE: Final = "model.safetensors"
_INDEX: Final = "model.safetensors.index.json"
_CARD_BYTES: Final = 1 << 16
_EMBEDDING: Final = "model.embed_tokens.weight"
_HEAD: Final = "lm_head.weight"

PICKLED: Final = frozenset((".bin", ".pt", ".pth", ".ckpt", ".pkl"))
"""Endings of files that Python's pickle wrote: opening one can run any code that is in it."""


class FolderCheckpoint:
    """One Hugging Face folder.

    Raises:
        NotFound: There is no config.json.
        BadCheckpoint: A file is damaged or hostile.
        UnsafeFormat: The weights are pickled.
        UnsupportedFamily: The weights are quantized in a way that is not read.
    """

    def __init__(self, folder: Path) -> None:
        outer = read_json(folder / "config.json")
        if not outer:
            raise NotFound(path=str(folder / "config.json"))
        self._folder = folder
        config = text_config(outer)
        packing = read_packing(config)
        config.pop("quantization_config", None)  # dealt with here
        entries = _read_entries(folder, config)
        _settle_head(config, entries)
        self.config: Mapping[str, Any] = config
        self._stored: Mapping[str, Stored] = packing.combine(entries)
        card = _model_card(folder)
        self.name = folder.resolve().name
        self.licence = card.get("license", "")
        self.languages = tuple(card.get("language", "").split())
        sizes: Counter[str] = Counter()
        for stored in self._stored.values():
            sizes[stored.type] += stored.size_bytes
        self.source_type = majority_type(sizes)
        self.size_bytes = sizes.total()

    def source(self, check: Callable[[], None]) -> Mapping[str, str]:
        """Folder name and a SHA-256 over the config and every weight file, in order."""
        digest = hashlib.sha256()
        for path in (self._folder / "config.json", *_weight_files(self._folder)):
            digest.update(bytes.fromhex(hash_file(path, check).sha256))
        return {"folder": self.name, "sha256": digest.hexdigest()}

    def names(self) -> Collection[str]:
        """Names of all tensors of the language model."""
        return self._stored.keys()

    def tensor(self, name: str) -> Tensor:
        """A tensor by name. Raises BadCheckpoint when missing, UnsupportedFamily for its type."""
        stored = self._stored.get(name)
        if stored is None:
            raise BadCheckpoint(reason="missing_tensor", tensor=name)
        return stored.tensor(name)

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
    """The single file, or every shard the index names. Raises BadCheckpoint, UnsafeFormat."""
    if (folder / _SINGLE).is_file():
        return [folder / _SINGLE]
    index = read_json(folder / _INDEX).get("weight_map")
    if not isinstance(index, dict) or not index:
        pickled = {path.suffix.lower() for path in folder.iterdir()} & PICKLED
        if pickled:
            raise UnsafeFormat(suffix=min(pickled))
        raise BadCheckpoint(reason="no_weights")
    if not all(isinstance(name, str) for name in index.values()):
        raise BadCheckpoint(reason="malformed", file=_INDEX)
    files = sorted(set(index.values()))
    for name in files:
        if not re.fullmatch(r"[\w.-]{1,128}\.safetensors", name):
            raise BadCheckpoint(reason="unsafe_path", file=_INDEX)
        if not (folder / name).is_file():
            raise BadCheckpoint(reason="missing_shard", file=name)
    return [folder / name for name in files]


def _read_entries(folder: Path, config: Mapping[str, Any]) -> dict[str, Entry]:
    """The language model's tensors by plain name, from all files."""
    entries: dict[str, Entry] = {}
    for path in _weight_files(folder):
        for stored_name, entry in read_table(path).items():
            name = plain_name(stored_name, config)
            if name in entries:
                raise BadCheckpoint(reason="duplicate_tensor", tensor=name[:80])
            if name is not None:
                entries[name] = entry
    return entries


def _settle_head(config: dict[str, Any], entries: dict[str, Entry]) -> None:
    """Decide whether the LM head is the embedding, as transformers does when it loads a model.

    Some checkpoints say they are tied and hold a head all the same: equal bytes are dropped,
    different ones count. A config that does not say is answered by whether there is a head.
    """
    if config.get("tie_word_embeddings") is None:
        config["tie_word_embeddings"] = _HEAD not in entries
    if config["tie_word_embeddings"] is True and {_HEAD, _EMBEDDING} <= entries.keys():
        if entries[_HEAD].same_bytes(entries[_EMBEDDING]):
            del entries[_HEAD]
        else:
            config["tie_word_embeddings"] = False


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
