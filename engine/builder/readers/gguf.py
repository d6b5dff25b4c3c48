"""GGUF files as checkpoints: names, layout and metadata turned into Hugging Face's.

What is special about an architecture stands in `gguf_architectures`; here the file is opened, the
config is made and each stored tensor is handed to its rule. Nothing is read but the header and a
few short tensors that belong into the config.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from engine.builder.checkpoint import FLOAT_TYPES, Tensor, TextParts, majority_type
from engine.builder.readers.gguf_architectures import ARCHITECTURES
from engine.builder.readers.gguf_architectures.base import Architecture
from engine.builder.readers.gguf_header import typed
from engine.builder.readers.gguf_metadata import Metadata
from engine.builder.readers.gguf_parts import GGUFParts
from engine.builder.readers.gguf_rules import Place, Rule, rename
from engine.builder.readers.gguf_tensors import can_dequantize
from engine.builder.readers.text_parts import gguf_text
from engine.errors import BadCheckpoint, UnsupportedFamily

_IN_BLOCK: Final = re.compile(r"blk\.(\d{1,4})\.(.+)")


class GGUFCheckpoint:
    """A GGUF file, or all parts of one.

    Opening raises NotFound, BadCheckpoint or UnsupportedFamily.
    """

    def __init__(self, path: Path) -> None:
        self._parts = GGUFParts(path)
        found = self._parts.metadata
        name = typed(found, "general.architecture", str) or ""
        if name not in ARCHITECTURES:
            raise UnsupportedFamily(family=name[:80], option="general.architecture")
        metadata = Metadata(self._parts, name)
        self.config: Mapping[str, Any] = ARCHITECTURES[name].config(metadata)
        metadata.finish()
        self._tensors: dict[str, Tensor] = {}
        for tensor in self._translate(ARCHITECTURES[name], metadata):
            if tensor.name in self._tensors:
                raise BadCheckpoint(reason="duplicate_tensor", tensor=tensor.name)
            self._tensors[tensor.name] = tensor
        self.name = self._parts.name
        self.licence = _spdx(typed(found, "general.license", str) or "")
        self.languages = _languages(found.get("general.languages"))
        sizes: Counter[str] = Counter()
        for entry in self._parts.entries.values():
            sizes[entry.type] += entry.size_bytes
        self.source_type = majority_type(sizes)
        self.size_bytes = sizes.total()

    def source(self, check: Callable[[], None]) -> Mapping[str, str]:
        """File name and SHA-256 of the file; `check` is called while it is read."""
        return self._parts.source(check)

    def names(self) -> Collection[str]:
        """Names of all tensors."""
        return self._tensors.keys()

    def tensor(self, name: str) -> Tensor:
        """A tensor by its Hugging Face name. Raises BadCheckpoint when it is missing."""
        tensor = self._tensors.get(name)
        if tensor is None:
            raise BadCheckpoint(reason="missing_tensor", tensor=name)
        return tensor

    def text(self) -> TextParts:
        """Tokenizer, template and special tokens. Raises BadCheckpoint when unusable."""
        return gguf_text(self._parts.metadata)

    def licence_files(self) -> tuple[Path, ...]:
        """A GGUF file has none inside; a LICENSE beside it belongs to whatever shipped it."""
        return ()

    def _translate(self, architecture: Architecture, metadata: Metadata) -> Iterator[Tensor]:
        """Every stored tensor by its rule. Raises UnsupportedFamily for one without a rule."""
        for entry in self._parts.entries.values():
            inside = _IN_BLOCK.fullmatch(entry.name)
            layer = int(inside[1]) if inside else -1
            if metadata.layers <= layer < metadata.blocks:
                continue  # predicts further tokens
            rest = inside[2] if inside else entry.name
            rule, suffix = _find_rule(architecture, rest, inside=inside is not None)
            if rule is None or layer >= metadata.blocks:
                option = f"tensor {entry.name}"[:120]
                raise UnsupportedFamily(family=metadata.architecture, option=option)
            if entry.type not in FLOAT_TYPES and not can_dequantize(entry.type):
                raise UnsupportedFamily(family="gguf", option=entry.type)
            place = Place(
                config=self.config,
                target=f"model.layers.{layer}." if inside else "",
                stem=f"blk.{layer}." if inside else "",
                suffix=suffix,
                stored=self._parts.tensor,
            )
            yield from rule(place, place.other(rest))


def _find_rule(architecture: Architecture, name: str, *, inside: bool) -> tuple[Rule | None, str]:
    """The rule for a tensor's name, and what of the name goes on into the results' names."""
    rules = architecture.layer if inside else architecture.outer
    stem, _, kind = name.rpartition(".")
    found, suffix = rules.get(name), ""
    if found is None and (kind == "weight" or (kind == "bias" and stem in architecture.biased)):
        found, suffix = rules.get(stem), f".{kind}"
    return (rename(found) if isinstance(found, str) else found), suffix


def _languages(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        code for code in value if isinstance(code, str) and re.fullmatch(r"[\w-]{2,12}", code)
    )


def _spdx(name: str) -> str:
    """SPDX spelling of the identifiers that model cards write in lower case."""
    known = {"apache-2.0": "Apache-2.0", "mit": "MIT", "bsd-3-clause": "BSD-3-Clause"}
    name = name.strip()
    return known.get(name.lower(), name if re.fullmatch(r"[\w.+-]{1,64}", name) else "")
