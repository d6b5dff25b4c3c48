"""GGUF files as checkpoints: names, layout and metadata turned into Hugging Face's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.builder.checkpoint import FLOAT_TYPES, Tensor, TextParts, majority_type
from engine.builder.readers.gguf_header import GGUFHeader, TensorEntry, read_header, typed
from engine.builder.readers.gguf_names import (
    ARCHITECTURES,
    ROPE_FACTORS,
    Architecture,
    rope_scaling,
)
from engine.builder.readers.text_parts import gguf_text
from engine.bundle import hash_file
from engine.errors import BadCheckpoint, UnsupportedFamily

_SCALING_KEYS: Final = frozenset(
    (
        "rope.scaling.type",
        "rope.scaling.factor",
        "rope.scaling.original_context_length",
        "rope.scaling.finetuned",
    )
)
_QUANT_SUFFIX: Final = re.compile(r"[.\-_](?:i?q\d[\w]*|f16|f32|bf16|fp16)$", re.IGNORECASE)


class GGUFCheckpoint:
    """One GGUF file. Raises NotFound, BadCheckpoint or UnsupportedFamily when opened."""

    def __init__(self, path: Path) -> None:
        header = read_header(path)
        self._path = path
        self._metadata = header.metadata
        family = typed(header.metadata, "general.architecture", str) or ""
        if family not in ARCHITECTURES:
            raise UnsupportedFamily(family=family[:80], option="general.architecture")
        architecture = ARCHITECTURES[family]
        self._entries = _rename(header, architecture)
        self.config = _config(header, architecture, family, self._entries)
        self._reorder = {
            entry.name
            for entry in self._entries.values()
            if architecture.is_interleaved(entry.name)
        }
        self._bytes = np.memmap(path, np.uint8, "r")
        self.name = _QUANT_SUFFIX.sub("", path.stem) or path.stem
        self.licence = _spdx(typed(header.metadata, "general.license", str) or "")
        self.languages = _languages(header.metadata.get("general.languages"))
        sizes: Counter[str] = Counter()
        for entry in self._entries.values():
            sizes[entry.type] += entry.size_bytes
        self.source_type = majority_type(sizes)
        self.size_bytes = sizes.total()

    def source(self, check: Callable[[], None]) -> Mapping[str, str]:
        """File name and SHA-256 of the file; `check` is called while it is read."""
        return {"file": self._path.name, "sha256": hash_file(self._path, check).sha256}

    def names(self) -> Collection[str]:
        """Names of all tensors."""
        return self._entries.keys()

    def tensor(self, name: str) -> Tensor:
        """A tensor by its Hugging Face name. Raises BadCheckpoint when it is missing."""
        entry = self._entries.get(name)
        if entry is None:
            raise BadCheckpoint(reason="missing_tensor", tensor=name)
        tensor = Tensor(name, entry.shape, entry.type, lambda a, b: self._rows(entry, a, b))
        if entry.name not in self._reorder:
            return tensor
        if len(entry.shape) == 1:  # a bias: one number per row
            column = Tensor(
                name, (*entry.shape, 1), entry.type, lambda a, b: self._bias(entry)[a:b]
            )
            reordered = column.reordered(self._head_order(name, column))
            size = entry.shape[0]
            return Tensor(
                name, entry.shape, entry.type, lambda _a, _b: reordered.read(0, size).reshape(1, -1)
            )
        return tensor.reordered(self._head_order(name, tensor))

    def text(self) -> TextParts:
        """Tokenizer, template and special tokens. Raises BadCheckpoint when unusable."""
        return gguf_text(self._metadata)

    def licence_files(self) -> tuple[Path, ...]:
        """A GGUF file has none inside; a LICENSE beside it belongs to whatever shipped it."""
        return ()

    def _rows(self, entry: TensorEntry, start: int, stop: int) -> NDArray[Any]:
        begin = entry.offset + start * entry.row_bytes
        end = entry.offset + stop * entry.row_bytes
        rows = self._bytes[begin:end].reshape(stop - start, entry.row_bytes)
        if entry.type in FLOAT_TYPES:
            return np.asarray(rows).view(FLOAT_TYPES[entry.type])
        return np.asarray(rows)

    def _bias(self, entry: TensorEntry) -> NDArray[Any]:
        return self._rows(entry, 0, 1).reshape(-1, 1)

    def _head_order(self, name: str, tensor: Tensor) -> NDArray[np.intp]:
        """Row order that undoes llama.cpp's conversion: [head, pair, half] -> [head, half, pair].

        The converter (convert_hf_to_gguf.py, LlamaModel.permute) interleaves the two halves of
        every head's rotary dimensions.
        """
        heads_key = "num_key_value_heads" if ".k_proj." in name else "num_attention_heads"
        heads = self.config.get(heads_key, self.config.get("num_attention_heads"))
        rows = tensor.rows
        if type(heads) is not int or heads < 1 or rows % (2 * heads):
            raise BadCheckpoint(reason="wrong_shape", tensor=name)
        order = np.arange(rows).reshape(heads, rows // heads // 2, 2)
        return order.transpose(0, 2, 1).reshape(-1)


def _rename(header: GGUFHeader, architecture: Architecture) -> dict[str, TensorEntry]:
    entries: dict[str, TensorEntry] = {}
    for entry in header.tensors.values():
        name = architecture.tensor_name(entry.name)
        if name is None:
            raise UnsupportedFamily(family=architecture.model_type, option=entry.name)
        if name in entries:
            raise BadCheckpoint(reason="duplicate_tensor", tensor=entry.name)
        entries[name] = entry
    return entries


def _config(
    header: GGUFHeader,
    architecture: Architecture,
    prefix: str,
    entries: Mapping[str, TensorEntry],
) -> dict[str, Any]:
    own = {
        key.removeprefix(prefix + "."): value
        for key, value in header.metadata.items()
        if key.startswith(prefix + ".")
    }
    config: dict[str, Any] = {
        "model_type": architecture.model_type,
        "tie_word_embeddings": "lm_head.weight" not in entries,
        "attention_bias": "model.layers.0.self_attn.q_proj.bias" in entries,
        "mlp_bias": "model.layers.0.mlp.up_proj.bias" in entries,
    }
    for key, value in own.items():
        if key in architecture.keys:
            config[architecture.keys[key]] = value
        elif key not in architecture.checked and key not in _SCALING_KEYS and value != 0:
            raise UnsupportedFamily(family=architecture.model_type, option=f"{prefix}.{key}"[:80])
    embedding = entries.get("model.embed_tokens.weight")
    config["vocab_size"] = embedding.shape[0] if embedding and len(embedding.shape) == 2 else None
    config["rope_scaling"] = rope_scaling(own)
    if ROPE_FACTORS in entries:
        config["rope_scaling"] = {"rope_type": "factors", "factors": {"tensor": ROPE_FACTORS}}
    _check_repeats(own, config)
    return config


def _check_repeats(own: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    heads, hidden = config.get("num_attention_heads"), config.get("hidden_size")
    if type(heads) is not int or type(hidden) is not int or heads < 1:
        raise BadCheckpoint(reason="bad_config", key="num_attention_heads")
    head_dim = config.get("head_dim", hidden // heads)
    for key, expected in (
        ("vocab_size", config["vocab_size"]),
        ("attention.value_length", head_dim),
        ("rope.dimension_count", head_dim),
    ):
        if own.get(key, expected) != expected:
            raise BadCheckpoint(reason="bad_config", key=key)


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
