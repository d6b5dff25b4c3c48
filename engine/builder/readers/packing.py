"""How a folder's quantized tensors are stored, and the ones made of several stored parts.

    name                 + name_scale_inv    float8 in tiles, quant_method "fp8"
    name_blocks          + name_scales       MXFP4, quant_method "mxfp4"

Each pair is one tensor to the builder. Any other quantization is refused by its name: its numbers
would be read wrongly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from ml_dtypes import float8_e8m0fnu
from numpy.typing import NDArray

from engine.builder.checkpoint import FLOAT_TYPES, Tensor
from engine.builder.packed import (
    FLOAT8_TYPES,
    MXFP4_BLOCK,
    MXFP4_NAN,
    float8_type,
    pack_float8,
    pack_mxfp4,
)
from engine.builder.readers.safetensors_file import Entry
from engine.errors import BadCheckpoint, UnsupportedFamily

_SCALE_TYPES: Final = {**FLOAT_TYPES, "F8_E8M0": np.dtype(float8_e8m0fnu)}
_MAX_TILE: Final = 1 << 16
_BYTES: Final = np.dtype(np.uint8)


class Stored(Protocol):
    """One tensor of the builder, made of one or more entries."""

    @property
    def type(self) -> str:
        """Type to show and count by."""

    @property
    def size_bytes(self) -> int:
        """Stored size of all parts."""

    def tensor(self, name: str) -> Tensor:
        """The tensor under this name. Raises BadCheckpoint, UnsupportedFamily."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A tensor of floats."""

    entry: Entry

    @property
    def type(self) -> str:
        """Type as stored."""
        return self.entry.type

    @property
    def size_bytes(self) -> int:
        """Size as stored."""
        return self.entry.size_bytes

    def tensor(self, name: str) -> Tensor:
        """The tensor; other types are refused only when somebody asks for them."""
        _check_shape(name, self.entry)
        if self.entry.type not in FLOAT_TYPES:
            raise UnsupportedFamily(family="safetensors", option=f"{self.entry.type} {name}"[:120])
        rows = self.entry.rows(FLOAT_TYPES[self.entry.type])
        return Tensor(
            name,
            self.entry.shape,
            self.entry.type,
            lambda start, stop: np.asarray(rows[start:stop]),
        )


@dataclass(frozen=True, slots=True)
class Float8:
    """Float8 values [.., rows, columns] and a scale for each tile of them."""

    values: Entry
    scales: Entry
    tile: tuple[int, int]

    @property
    def type(self) -> str:
        """Type as stored."""
        return self.values.type

    @property
    def size_bytes(self) -> int:
        """Size of values and scales."""
        return self.values.size_bytes + self.scales.size_bytes

    def tensor(self, name: str) -> Tensor:
        """Packed rows, each with its own scales."""
        _check_shape(name, self.values)
        shape, (tall, wide) = self.values.shape, self.tile
        if len(shape) < 2:
            raise BadCheckpoint(reason="implausible_shape", tensor=name[:80])
        *stack, height, width = shape
        expected = (*stack, -(-height // tall), -(-width // wide))
        if self.scales.shape != expected or self.scales.type not in _SCALE_TYPES:
            raise BadCheckpoint(reason="wrong_shape", tensor=f"{name}_scale_inv"[:80])
        values = self.values.rows(_BYTES)
        scales = self.scales.rows(_SCALE_TYPES[self.scales.type])

        def read(start: int, stop: int) -> NDArray[np.uint8]:
            index = np.arange(start, stop)
            tiles = index // height * expected[-2] + index % height // tall
            return pack_float8(values[start:stop], scales[tiles].astype(np.float32), wide)

        return Tensor(name, shape, float8_type(self.values.type, wide), read)


@dataclass(frozen=True, slots=True)
class Mxfp4:
    """Blocks [.., rows, columns / 32, 16] and exponents [.., rows, columns / 32].

    The tensor is [.., rows, columns]. In gpt-oss's experts that is [experts, out, in], while plain
    checkpoints of the same model hold [experts, in, out] (transformers transposes on loading).
    """

    blocks: Entry
    exponents: Entry

    @property
    def type(self) -> str:
        """MXFP4."""
        return "MXFP4"

    @property
    def size_bytes(self) -> int:
        """Size of blocks and exponents."""
        return self.blocks.size_bytes + self.exponents.size_bytes

    def tensor(self, name: str) -> Tensor:
        """Packed rows in ggml's layout."""
        _check_shape(name, self.blocks)
        shape = self.blocks.shape
        if len(shape) < 3 or shape[-1] != MXFP4_BLOCK // 2 or self.exponents.shape != shape[:-1]:
            raise BadCheckpoint(reason="wrong_shape", tensor=f"{name}_blocks"[:80])
        count = shape[-2]
        blocks = self.blocks.rows(_BYTES).reshape(-1, count, MXFP4_BLOCK // 2)
        exponents = self.exponents.rows(_BYTES)

        def read(start: int, stop: int) -> NDArray[np.uint8]:
            scales = np.asarray(exponents[start:stop])
            if (scales == MXFP4_NAN).any():
                raise BadCheckpoint(reason="not_finite", tensor=name[:80])
            return pack_mxfp4(np.asarray(blocks[start:stop]), scales)

        return Tensor(name, (*shape[:-2], count * MXFP4_BLOCK), "MXFP4", read)


@dataclass(frozen=True, slots=True)
class Packing:
    """What `quantization_config` says.

    Attributes:
        method: "fp8", "mxfp4" or "" for none.
        tile: Rows and columns to a float8 scale.
    """

    method: str = ""
    tile: tuple[int, int] = (1, 1)

    def combine(self, entries: Mapping[str, Entry]) -> dict[str, Stored]:
        """Tensors by name, scales joined to what they scale."""
        stored: dict[str, Stored] = {}
        used: set[str] = set()
        for name, entry in entries.items():
            if self.method == "fp8" and entry.type in FLOAT8_TYPES:
                partner = f"{name}_scale_inv"
                if partner not in entries:
                    raise BadCheckpoint(reason="missing_tensor", tensor=partner[:80])
                stored[name] = Float8(entry, entries[partner], self.tile)
                used |= {name, partner}
            elif self.method == "mxfp4" and name.endswith("_blocks") and entry.type == "U8":
                whole = name.removesuffix("_blocks")
                partner = f"{whole}_scales"
                if partner not in entries or entries[partner].type != "U8" or whole in entries:
                    raise BadCheckpoint(reason="missing_tensor", tensor=partner[:80])
                stored[whole] = Mxfp4(entry, entries[partner])
                used |= {name, partner}
        stored.update((name, Plain(entry)) for name, entry in entries.items() if name not in used)
        return stored


def read_packing(config: Mapping[str, Any]) -> Packing:
    """Read `quantization_config`.

    Raises:
        BadCheckpoint: It is malformed.
        UnsupportedFamily: A method that is not read (gptq, awq, bitsandbytes, ...), by name.
    """
    family = str(config.get("model_type", ""))[:80]
    for key in ("quantization", "compression_config"):  # MLX; compressed-tensors
        if config.get(key) is not None:
            raise UnsupportedFamily(family=family, option=key)
    body = config.get("quantization_config")
    if body is None:
        return Packing()
    if not isinstance(body, Mapping):
        raise BadCheckpoint(reason="bad_config", key="quantization_config")
    method = body.get("quant_method")
    if method == "mxfp4":
        return Packing("mxfp4")
    if method != "fp8":
        option = f"quantization_config.quant_method={method}"
        raise UnsupportedFamily(family=family, option=option[:120])
    if body.get("fmt", "e4m3") not in ("e4m3", "e5m2"):
        raise UnsupportedFamily(
            family=family, option=f"quantization_config.fmt={body['fmt']}"[:120]
        )
    tile = body.get("weight_block_size")
    if not isinstance(tile, list):  # one scale for a whole tensor: nobody publishes our families so
        raise UnsupportedFamily(family=family, option="quantization_config.weight_block_size")
    if len(tile) != 2 or not all(type(side) is int and 0 < side <= _MAX_TILE for side in tile):
        raise BadCheckpoint(reason="bad_config", key="quantization_config.weight_block_size")
    return Packing("fp8", (tile[0], tile[1]))


def _check_shape(name: str, entry: Entry) -> None:
    if not entry.shape or math.prod(entry.shape) == 0:
        raise BadCheckpoint(reason="implausible_shape", tensor=name[:80])
