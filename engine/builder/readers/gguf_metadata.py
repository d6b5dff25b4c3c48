"""The metadata of one architecture, read like a config: whatever nobody asked for is refused.

GGUF keys carry the architecture as a prefix (`qwen3.block_count`). Here they go without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from engine.builder.checkpoint import Tensor
from engine.builder.readers.gguf_parts import GGUFParts
from engine.errors import BadCheckpoint, UnsupportedFamily

_MAX_LAYERS: Final = 4096
_MAX_NUMBER: Final = 1 << 31
_MAX_VALUES: Final = 1 << 16
_HARMLESS: Final = frozenset(
    (
        "rope.scaling.finetuned",
        "tensor_data_layout",  # where the converter found the weights
    )
)


class Metadata:
    """Typed access to the keys of one architecture and to the table of tensors.

    Attributes:
        architecture: `general.architecture`.
        blocks: Blocks in the file.
        layers: Those that take part in an answer; the others predict further tokens.
    """

    def __init__(self, parts: GGUFParts, architecture: str) -> None:
        prefix = architecture + "."
        self.architecture = architecture
        self._own = {
            key.removeprefix(prefix): value
            for key, value in parts.metadata.items()
            if key.startswith(prefix)
        }
        self._parts = parts
        self._used = set(_HARMLESS)
        self.blocks = self.integer("block_count")
        self.layers = self.blocks - self.integer("nextn_predict_layers", 0, low=0)
        if not 0 < self.layers <= self.blocks <= _MAX_LAYERS:
            raise BadCheckpoint(reason="bad_metadata", key="block_count")

    def has(self, key: str) -> bool:
        """Whether a key is there; asking does not count as reading it."""
        return key in self._own

    def integer(self, key: str, default: int | None = None, *, low: int = 1) -> int:
        """A whole number of at least `low`. Raises BadCheckpoint."""
        return self._whole(key, self._get(key, default), low)

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number. Raises BadCheckpoint."""
        value = self._get(key, default)
        if type(value) not in (int, float) or not math.isfinite(value):
            raise BadCheckpoint(reason="bad_metadata", key=key)
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false. Raises BadCheckpoint."""
        value = self._get(key, default)
        if type(value) is not bool:
            raise BadCheckpoint(reason="bad_metadata", key=key)
        return value

    def text(self, key: str, default: str) -> str:
        """A text. Raises BadCheckpoint."""
        value = self._get(key, default)
        if not isinstance(value, str):
            raise BadCheckpoint(reason="bad_metadata", key=key)
        return value

    def each_layer(self, key: str, default: int | None = None, *, low: int = 1) -> tuple[int, ...]:
        """A number for each layer, written as one number or as a list. Raises BadCheckpoint."""
        value = self._get(key, default)
        values = value if isinstance(value, list) else [value] * self.layers
        if len(values) < self.layers:
            raise BadCheckpoint(reason="bad_metadata", key=key)
        return tuple(self._whole(key, item, low) for item in values[: self.layers])

    def same_everywhere(self, key: str, default: int | None = None, *, low: int = 1) -> int:
        """A number all layers share. Raises BadCheckpoint, UnsupportedFamily."""
        values = set(self.each_layer(key, default, low=low))
        if len(values) > 1:
            raise self.unsupported(key)
        return values.pop()

    def marks(self, key: str, period: int) -> tuple[bool, ...]:
        """Which layers a pattern marks: a list, or a period whose last layer is not marked."""
        value = self._get(key, period)
        if isinstance(value, list):
            if len(value) < self.layers or {type(item) for item in value} - {bool, int}:
                raise BadCheckpoint(reason="bad_metadata", key=key)
            return tuple(bool(item) for item in value[: self.layers])
        period = self._whole(key, value, 1)
        return tuple((layer + 1) % period != 0 for layer in range(self.layers))

    def expect(self, key: str, *allowed: object) -> None:
        """Accept a key only with one of these values, or absent. Raises UnsupportedFamily."""
        if self._get(key, allowed[0]) not in allowed:
            raise self.unsupported(key)

    def ignore(self, *keys: str) -> None:
        """Note keys that only repeat what others say or cannot change the logits."""
        self._used.update(keys)

    def finish(self) -> None:
        """Refuse by name every key that nobody read and that is not zero or empty."""
        for key, value in self._own.items():
            if key not in self._used and value not in (0, "", []):
                raise self.unsupported(key)

    def unsupported(self, key: str) -> UnsupportedFamily:
        """The error that names a key."""
        return UnsupportedFamily(
            family=self.architecture[:80], option=f"{self.architecture}.{key}"[:80]
        )

    def has_tensor(self, name: str) -> bool:
        """Whether the file holds a tensor of that GGUF name."""
        return name in self._parts.entries

    def tensor(self, name: str) -> Tensor:
        """A stored tensor by its GGUF name. Raises BadCheckpoint when it is missing."""
        tensor = self._parts.tensor(name)
        if tensor is None:
            raise BadCheckpoint(reason="missing_tensor", tensor=name)
        return tensor

    def values(self, name: str) -> list[float]:
        """The numbers of a short one-dimensional tensor. Raises BadCheckpoint."""
        tensor = self.tensor(name)
        if len(tensor.shape) != 1 or tensor.columns > _MAX_VALUES:
            raise BadCheckpoint(reason="wrong_shape", tensor=name)
        values: list[float] = tensor.whole().tolist()
        return values

    def layers_with(self, stem: str) -> tuple[int, ...]:
        """Layers that hold a tensor of that stem."""
        return tuple(
            layer for layer in range(self.layers) if self.has_tensor(f"blk.{layer}.{stem}")
        )

    def _get(self, key: str, default: object) -> Any:  # noqa: ANN401
        self._used.add(key)
        value = self._own.get(key, default)
        if value is None:
            raise BadCheckpoint(reason="missing_config", key=f"{self.architecture}.{key}"[:80])
        return value

    def _whole(self, key: str, value: object, low: int) -> int:
        if type(value) is not int or not low <= value < _MAX_NUMBER:
            raise BadCheckpoint(reason="bad_metadata", key=key)
        return value


def required(values: Mapping[str, Any], key: str) -> int:
    """A positive whole number that an earlier step put into a config. Raises BadCheckpoint."""
    value = values.get(key)
    if type(value) is not int or value < 1:
        raise BadCheckpoint(reason="bad_config", key=key)
    return value
