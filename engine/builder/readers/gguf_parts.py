"""One model in one GGUF file, or in several.

Large models are published in parts, `name-00001-of-00003.gguf` and so on (llama.cpp's gguf-split).
The first part holds all metadata, each part its own tensors. Any of the parts may be named.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.builder.checkpoint import Tensor
from engine.builder.readers.gguf_header import GGUFHeader, TensorEntry, read_header, typed
from engine.builder.readers.gguf_tensors import stored
from engine.bundle import hash_file
from engine.errors import BadCheckpoint, UnsupportedFamily

_PART: Final = re.compile(r"(.+)-(\d{5})-of-(\d{5})")
_QUANT_SUFFIX: Final = re.compile(r"[.\-_](?:i?q\d[\w]*|f16|f32|bf16|fp16)$", re.IGNORECASE)


class GGUFParts:
    """All files of a model, their headers read. Raises NotFound, BadCheckpoint, UnsupportedFamily.

    Attributes:
        metadata: Of the first file.
        entries: Tensors of all files, by GGUF name.
    """

    def __init__(self, path: Path) -> None:
        headers = _headers(path)
        self._paths = tuple(headers)
        self.metadata: Mapping[str, Any] = headers[self._paths[0]].metadata
        self.entries: dict[str, TensorEntry] = {}
        self._bytes: dict[str, NDArray[np.uint8]] = {}
        for part, header in headers.items():
            data = np.memmap(part, np.uint8, "r")
            for name, entry in header.tensors.items():
                if name in self.entries:
                    raise BadCheckpoint(reason="duplicate_tensor", tensor=name)
                self.entries[name], self._bytes[name] = entry, data

    @property
    def name(self) -> str:
        """What people call the model: the file's name without its number and type."""
        stem = self._paths[0].stem
        part = _PART.fullmatch(stem)
        stem = part[1] if part else stem
        return _QUANT_SUFFIX.sub("", stem) or stem

    def source(self, check: Callable[[], None]) -> Mapping[str, str]:
        """Name and SHA-256 of the file; of several, the hash of their hashes in order."""
        hashes = [hash_file(path, check).sha256 for path in self._paths]
        if len(hashes) == 1:
            return {"file": self._paths[0].name, "sha256": hashes[0]}
        joint = hashlib.sha256(b"".join(bytes.fromhex(each) for each in hashes))
        return {"file": self._paths[0].name, "sha256": joint.hexdigest()}

    def tensor(self, name: str) -> Tensor | None:
        """A tensor as it is stored, by its GGUF name; None when there is none."""
        entry = self.entries.get(name)
        return None if entry is None else stored(entry, self._bytes[name])


def _headers(path: Path) -> dict[Path, GGUFHeader]:
    header = read_header(path)
    if header.metadata.get("general.type", "model") != "model":
        raise UnsupportedFamily(family="gguf", option="general.type")
    count = typed(header.metadata, "split.count", int) or 1
    if count == 1:
        return {path: header}
    named = _PART.fullmatch(path.stem)
    if named is None or int(named[3]) != count:
        raise BadCheckpoint(reason="missing_shard", file=path.name)
    headers: dict[Path, GGUFHeader] = {}
    for number in range(1, count + 1):
        part = path.with_stem(f"{named[1]}-{number:05}-of-{count:05}")
        if not part.is_file():
            raise BadCheckpoint(reason="missing_shard", file=part.name)
        headers[part] = header if part == path else read_header(part)
        said = headers[part].metadata
        if (said.get("split.no"), said.get("split.count")) != (number - 1, count):
            raise BadCheckpoint(reason="bad_metadata", key="split.no")
    return headers
