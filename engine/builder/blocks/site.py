"""A place in the graph together with the place in the checkpoint whose weights go there.

site.at("self_attn", "attn")   model.layers.7.self_attn  ->  /model/layers.7/attn
site.weight("q_proj", 64, 64)  the tensor model.layers.7.self_attn.q_proj.weight
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from engine.builder.blocks.rope import RopeCache, rope_cache
from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Checkpoint, Tensor, require
from engine.builder.config import ModelConfig
from engine.builder.graph import Graph
from engine.builder.rope_config import RopeConfig

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Site:
    """Where a block stands.

    Attributes:
        g: The place in the graph.
        stem: The place in the checkpoint, "model.layers.7.self_attn".
        layer: Index of the block, -1 outside the blocks.
        checkpoint: Where the weights come from.
        precision: What was asked for.
        config: The model.
    """

    g: Graph
    stem: str
    layer: int
    checkpoint: Checkpoint
    precision: Precision
    config: ModelConfig
    _ropes: dict[RopeConfig, RopeCache] = field(default_factory=dict)
    _made: dict[str, Any] = field(default_factory=dict)
    _root: Graph | None = None

    def at(self, stem: str, graph: str | None = None) -> Site:
        """One step further down; the graph calls it `graph` when that is given."""
        below = self.g.at(stem if graph is None else graph)
        return replace(
            self, g=below, stem=f"{self.stem}.{stem}" if stem else self.stem, _root=self.root
        )

    def at_layer(self, index: int) -> Site:
        """The block with this index, from the top."""
        return replace(self.at(f"layers.{index}"), layer=index)

    @property
    def root(self) -> Graph:
        """The graph's top."""
        return self._root or self.g

    def name(self, name: str) -> str:
        """Full name of a tensor below this place; "" is the place itself."""
        return f"{self.stem}.{name}" if name else self.stem

    def has(self, name: str) -> bool:
        """Whether the checkpoint has a tensor of this name, suffix included, below this place."""
        return self.name(name) in self.checkpoint.names()

    def tensor(self, name: str, *shape: int) -> Tensor:
        """A tensor by its whole name below this place. Raises BadCheckpoint."""
        return require(self.checkpoint, self.name(name), shape)

    def weight(self, name: str, *shape: int) -> Tensor:
        """`<name>.weight`, or this place's own weight for "". Raises BadCheckpoint."""
        return self.tensor(f"{name}.weight" if name else "weight", *shape)

    def bias(self, name: str, rows: int) -> Tensor:
        """`<name>.bias`, or this place's own bias for "". Raises BadCheckpoint."""
        return self.tensor(f"{name}.bias" if name else "bias", rows)

    def rotary(self, rope: RopeConfig) -> RopeCache:
        """The tables of a rotary embedding, made once for all layers."""
        cache = self._ropes.get(rope)
        if cache is None:
            number = len(self._ropes)
            place = self.root.at(f"rotary_{number}" if number else "rotary")
            cache = rope_cache(place, rope, self.config.context_length, self.checkpoint)
            self._ropes[rope] = cache
        return cache

    def once(self, name: str, make: Callable[[Graph], _Made]) -> _Made:
        """What `make` adds to the graph at /model/<name>, for all layers; the first asks for it."""
        if name not in self._made:
            self._made[name] = make(self.root.at(name))
        return cast("_Made", self._made[name])
