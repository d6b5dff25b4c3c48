"""What every checkpoint looks like to the builder, wherever it came from.

    Hugging Face folder ──┐
                          ├──> Checkpoint: config, named tensors, tokenizer, template, licence
    GGUF file ────────────┘

Readers hand out tensors lazily under their Hugging Face names and in their Hugging Face layout
([out, in], row-major), so that a model family is written once. A tensor's rows stay in the form in
which they are stored until somebody asks for floats: a quantized weight can then move into the
graph without being rounded a second time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize
from ml_dtypes import bfloat16
from numpy.typing import NDArray

from engine.builder.packed import is_float8, unpack_float8
from engine.errors import BadCheckpoint, UnsupportedFamily

FLOAT_TYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(bfloat16),
}

DEQUANTIZED: Final = "dequantized"
"""Type of rows that are floats by now and were blocks in the file: 8 bits are enough for them."""

ReadRows = Callable[[int, int], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One stored tensor, read row by row.

    Attributes:
        name: Hugging Face name.
        shape: Hugging Face shape; rows are all leading dimensions flattened.
        type: "F32", "F16", "BF16", "F64", a GGUF quantization type such as "Q4_1" or "MXFP4" (in
            ggml's layout, wherever it came from), float8 such as "F8_E4M3_128" (see `packed`), or
            `DEQUANTIZED`.
        read: `read(start, stop)` gives those rows as stored: [rows, columns] of a float type or
            [rows, bytes] of uint8 for quantized types.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    read: ReadRows

    @property
    def columns(self) -> int:
        """Length of the last dimension."""
        return self.shape[-1]

    @property
    def rows(self) -> int:
        """Product of all dimensions but the last."""
        return math.prod(self.shape[:-1])

    @property
    def quantized(self) -> bool:
        """Whether the file holds blocks of bytes rather than numbers."""
        return self.type not in FLOAT_TYPES

    def floats(self, start: int = 0, stop: int | None = None) -> NDArray[np.float32]:
        """Rows as float32 [rows, columns]. Raises BadCheckpoint where they are not finite."""
        stored = self.read(start, self.rows if stop is None else stop)
        with np.errstate(all="ignore"):  # what overflows is found below
            values = self._dequantize(stored) if self.quantized else stored.astype(np.float32)
        if not np.isfinite(values).all():
            raise BadCheckpoint(reason="not_finite", tensor=self.name)
        return values

    def whole(self) -> NDArray[np.float32]:
        """The whole tensor in its shape; for norms, biases and other small things."""
        return self.floats().reshape(self.shape)

    def _dequantize(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        if self.type == DEQUANTIZED:
            return np.asarray(stored, np.float32)
        if is_float8(self.type):
            return unpack_float8(stored, self.type, self.columns)
        return _dequantize(stored, self.type)

    def reordered(self, order: NDArray[np.intp]) -> Tensor:
        """The same tensor with row i taken from row order[i] of this one."""
        read = self.read

        def rows(start: int, stop: int) -> NDArray[Any]:
            wanted = order[start:stop]
            if wanted.size == 0:
                return read(0, 0)
            first = int(wanted.min())
            return read(first, int(wanted.max()) + 1)[wanted - first]

        return replace(self, read=rows)

    def sliced(self, start: int, stop: int) -> Tensor:
        """Rows start to stop as a two-dimensional tensor of their own."""
        read = self.read
        return replace(
            self,
            name=f"{self.name}[{start}:{stop}]",
            shape=(stop - start, self.columns),
            read=lambda a, b: read(start + a, start + b),
        )


def _dequantize(stored: NDArray[np.uint8], type_name: str) -> NDArray[np.float32]:
    kind = GGMLQuantizationType[type_name]
    if stored.shape[0] == 0:
        block, size_bytes = GGML_QUANT_SIZES[kind]
        return np.zeros((0, stored.shape[1] // size_bytes * block), np.float32)
    try:
        values: NDArray[np.float32] = dequantize(np.ascontiguousarray(stored), kind)
    except NotImplementedError as exc:
        raise UnsupportedFamily(family="gguf", option=type_name) from exc
    return values


class Checkpoint(Protocol):
    """A model as published, with Hugging Face names throughout."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def config(self) -> Mapping[str, Any]:
        """Keys as in a Hugging Face config.json."""

    @property
    def licence(self) -> str:
        """SPDX identifier, "" when unknown."""

    @property
    def languages(self) -> tuple[str, ...]:
        """BCP 47 codes, empty when unknown."""

    def source(self, check: Callable[[], None]) -> Mapping[str, str]:
        """Name and SHA-256 for the manifest; reads every byte and calls `check` in between."""

    @property
    def source_type(self) -> str:
        """Storage type of most weights: "BF16", "Q4_1", ..."""

    @property
    def size_bytes(self) -> int:
        """Size of all tensors as stored."""

    def names(self) -> Collection[str]:
        """Names of all tensors."""

    def tensor(self, name: str) -> Tensor:
        """A tensor by name. Raises BadCheckpoint when it is missing."""

    def text(self) -> TextParts:
        """Tokenizer, template and special tokens. Raises BadCheckpoint when unusable."""

    def licence_files(self) -> tuple[Path, ...]:
        """Files to copy beside the weights."""


@dataclass(frozen=True, slots=True)
class TextParts:
    """Everything between text and token ids.

    Attributes:
        tokenizer_json: Body of tokenizer.json; "" where the checkpoint has no tokenizer.
        chat_template: Jinja source, None for base models.
        special_tokens: "bos", "eos", "unk", "pad" as text, where defined.
        stop_ids: Tokens that end a reply, sorted.
        add_bos: Whether the tokenizer puts BOS first when no template does.
        vocab_size: Number of ids the tokenizer can produce (largest id + 1).
    """

    tokenizer_json: str
    chat_template: str | None
    special_tokens: dict[str, str]
    stop_ids: tuple[int, ...]
    add_bos: bool
    vocab_size: int


def require(checkpoint: Checkpoint, name: str, shape: tuple[int, ...]) -> Tensor:
    """A tensor that must be there with this shape. Raises BadCheckpoint."""
    tensor = checkpoint.tensor(name)
    if tensor.shape != shape:
        raise BadCheckpoint(
            reason="wrong_shape",
            tensor=name,
            expected=str(list(shape)),
            found=str(list(tensor.shape)),
        )
    return tensor


def majority_type(sizes: Mapping[str, int]) -> str:
    """The storage type that most bytes have, "" for an empty mapping."""
    return max(sizes, key=lambda name: sizes[name], default="")
