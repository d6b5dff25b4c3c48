"""A bundle: the folder in which a model lives, and its manifest.

    manifest.json     what the model is (this module)
    model.onnx        the graph, without weights
    model.weights     all weights, each starting at a multiple of 4096 bytes
    tokenizer.json    for the `tokenizers` library
    LICENSE*          the model's licence, where known

The builder writes bundles, the runtime reads them; they meet here and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal, get_args

from engine.errors import BadBundle, NotFound
from engine.types import StateSpec

FORMAT_VERSION = 1
MANIFEST_NAME = "manifest.json"
GRAPH_NAME = "model.onnx"
WEIGHTS_NAME = "model.weights"
TOKENIZER_NAME = "tokenizer.json"

ModelKind = Literal["decoder", "encoder"]

_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Size and SHA-256 (hex) of one file of the bundle."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says about itself.

    Attributes:
        format_version: `FORMAT_VERSION` of the builder that wrote it.
        family: Name of the builder's family module, for people; the runtime never reads it.
        name: Human name of the model.
        sizes: Counts such as "parameters", "layers", "hidden", "vocab", "heads", "kv_heads",
            "head_dim", "ffn".
        context_length: Longest context in tokens.
        chat_template: Jinja source, None for base models.
        special_tokens: "bos", "eos", "unk", "pad" as text for the template, where defined.
        stop_ids: Tokens that end a reply.
        add_bos: Whether the tokenizer puts the BOS token first when no template does.
        states: Every state tensor of the graph.
        quantization: {"bits", "block_size", "embedding_bits", "source_type"}.
        licence: SPDX identifier or "" when unknown.
        languages: BCP 47 codes the model is good at; empty when unknown.
        source: {"file" or "folder" name, "sha256"} of what it was built from.
        files: Every other file of the bundle by relative POSIX path.
        kind: "decoder": token ids to logits; "encoder": a text to one vector.
    """

    format_version: int
    family: str
    name: str
    sizes: dict[str, int]
    context_length: int
    chat_template: str | None
    special_tokens: dict[str, str]
    stop_ids: tuple[int, ...]
    add_bos: bool
    states: tuple[StateSpec, ...]
    quantization: dict[str, int | str]
    licence: str
    languages: tuple[str, ...]
    source: dict[str, str]
    files: dict[str, FileEntry]
    kind: ModelKind = "decoder"

    @property
    def model_hash(self) -> str:
        """SHA-256 over the sorted file hashes: names these weights and this graph for ever."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(f"{name}:{self.files[name].sha256}\n".encode())
        return digest.hexdigest()


def read_manifest(bundle: Path) -> Manifest:
    """Read and check the manifest. Raises NotFound or BadBundle."""
    path = bundle / MANIFEST_NAME
    if not bundle.is_dir():
        raise NotFound(path=str(bundle))
    try:
        body = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as exc:
        raise BadBundle(reason="missing", file=MANIFEST_NAME) from exc
    except (OSError, ValueError) as exc:
        raise BadBundle(reason="unreadable", file=MANIFEST_NAME) from exc
    return _parse(body)


def write_manifest(bundle: Path, manifest: Manifest) -> None:
    """Write the manifest last, atomically: a bundle without one is not a bundle."""
    temporary = bundle / (MANIFEST_NAME + ".part")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, ensure_ascii=False, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(bundle / MANIFEST_NAME)


def check_files(bundle: Path, manifest: Manifest) -> None:
    """Check that every file is there with its size. Raises BadBundle."""
    for name, entry in manifest.files.items():
        try:
            size_bytes = (bundle / name).stat().st_size
        except OSError as exc:
            raise BadBundle(reason="missing", file=name) from exc
        if size_bytes != entry.size_bytes:
            raise BadBundle(reason="wrong_size", file=name)


def hash_file(path: Path, check: Callable[[], None] | None = None) -> FileEntry:
    """Size and SHA-256 of a file, read in pieces; `check` is called between them."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE_BYTES):
            if check is not None:
                check()
            digest.update(piece)
    return FileEntry(path.stat().st_size, digest.hexdigest())


def _parse(body: Any) -> Manifest:  # noqa: ANN401
    try:
        version = body["format_version"]
        if version != FORMAT_VERSION:
            raise BadBundle(reason="format_version", file=MANIFEST_NAME)
        fields = {**body}
        fields["states"] = tuple(
            StateSpec(**{**state, "shape": tuple(state["shape"])}) for state in body["states"]
        )
        fields["files"] = {name: FileEntry(**entry) for name, entry in body["files"].items()}
        fields["stop_ids"] = tuple(body["stop_ids"])
        fields["languages"] = tuple(body["languages"])
        manifest = Manifest(**fields)
    except (KeyError, TypeError, AttributeError, ValueError) as exc:
        raise BadBundle(reason="malformed", file=MANIFEST_NAME) from exc
    if manifest.kind not in get_args(ModelKind):
        raise BadBundle(reason="kind", file=MANIFEST_NAME)
    for name in manifest.files:
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in name:
            raise BadBundle(reason="unsafe_path", file=MANIFEST_NAME)
    return manifest
