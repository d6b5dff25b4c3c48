"""Model families: one module each, found by `model_type`.

A family module is what distinguishes it from the others, nothing more: it reads its config, and
strings blocks together. `Family` is all the builder asks of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Checkpoint
from engine.builder.config import Fields, ModelConfig
from engine.builder.families import llama
from engine.builder.graph import Graph
from engine.errors import UnsupportedFamily


class Family(Protocol):
    """One module of this package."""

    def read_config(self, fields: Fields) -> ModelConfig:
        """Read every key that matters. Raises BadCheckpoint, UnsupportedFamily."""

    def build(
        self, g: Graph, config: ModelConfig, checkpoint: Checkpoint, precision: Precision
    ) -> None:
        """Add the whole decoder to the graph. Raises BadCheckpoint, UnsupportedFamily."""


_FAMILIES: Final[Mapping[str, Family]] = {"llama": llama}


def find_family(config: Mapping[str, Any]) -> Family:
    """The module for a config's `model_type`. Raises UnsupportedFamily."""
    name = str(config.get("model_type", ""))
    family = _FAMILIES.get(name)
    if family is None:
        raise UnsupportedFamily(family=name[:80], option="model_type")
    return family
