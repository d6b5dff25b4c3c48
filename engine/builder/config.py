"""What every decoder has: sizes, norms, activation, sliding windows.

One reading of config.json for all families; what is special about one stands in its own module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from engine.builder.fields import MAX_DIMENSION, Fields
from engine.errors import BadCheckpoint

Activation = Literal["silu", "gelu_tanh", "gelu"]

MAX_CONTEXT: Final = 1 << 20
SMALL_HIDDEN: Final = 1024
_NARROW_HIDDEN: Final = 256
_MAX_LAYERS: Final = 1024

_ACTIVATIONS: Final[Mapping[str, Activation]] = {
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
}


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What every decoder has, whatever its family.

    Attributes:
        layers: Number of blocks.
        hidden: Width of the residual stream.
        heads: Query heads.
        kv_heads: Key and value heads.
        head_dim: Width of a head.
        ffn: Width of the (dense) feed-forward layer.
        vocab: Rows of the embedding.
        context_length: Longest context in tokens, at most `MAX_CONTEXT`.
        norm_eps: Epsilon of the RMS norms.
        norm_offset: Added to the weights of the RMS norms: 1 where they are stored as w - 1.
        tied: Whether the LM head is the embedding.
        activation: Of the feed-forward layers.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    vocab: int
    context_length: int
    norm_eps: float
    norm_offset: float
    tied: bool
    activation: Activation

    @property
    def is_small(self) -> bool:
        """Whether the layers are so narrow that rounding activations to int8 changes answers.

        Such models get float32 activations where that is cheap and helps most. Measured on
        SmolLM2-135M (576 wide), mean KL from the float32 model: int8 everywhere 0.0034 nats;
        attention projections and LM head finer 0.0015; the last layers' MLPs as well 0.0006.
        """
        return self.hidden <= SMALL_HIDDEN

    def is_fine_mlp(self, layer: int) -> bool:
        """Whether this layer's MLP is one of the last eighth of a small model.

        In one so narrow that its products take no time, all are: routers amplify what they read.
        """
        last = layer >= self.layers - (self.layers + 7) // 8
        return self.is_small and (last or self.hidden <= _NARROW_HIDDEN)

    def sizes(self) -> dict[str, int]:
        """The counts a manifest shows."""
        names = ("layers", "hidden", "vocab", "heads", "kv_heads", "head_dim", "ffn")
        return {name: getattr(self, name) for name in names}


def read_decoder(
    fields: Fields,
    *,
    ffn: int | None = None,
    head_dim: int | None = None,
    tied: bool = False,
    norm_offset: float = 0.0,
    eps_key: str = "rms_norm_eps",
    activation_key: str = "hidden_act",
    activation: str = "silu",
) -> ModelConfig:
    """Read what all decoders share; the arguments are the family's defaults and spellings.

    Args:
        fields: The config.
        ffn: Where no `intermediate_size` is published.
        head_dim: Where it is not hidden / heads when absent.
        tied: Default of `tie_word_embeddings`.
        norm_offset: See `ModelConfig`.
        eps_key: Key of the norms' epsilon.
        activation_key: Key of the activation.
        activation: Its default.

    Raises:
        BadCheckpoint: A size that cannot be.
        UnsupportedFamily: An activation nobody wrote.
    """
    hidden = fields.integer("hidden_size")
    heads = fields.integer("num_attention_heads")
    kv_heads = fields.integer("num_key_value_heads", heads)
    dim = fields.integer("head_dim", head_dim or hidden // heads, low=2)
    if heads % kv_heads or dim % 2 or heads * dim > MAX_DIMENSION:
        raise BadCheckpoint(reason="bad_config", key="num_attention_heads")
    layers = fields.integer("num_hidden_layers")
    if layers > _MAX_LAYERS:
        raise BadCheckpoint(reason="bad_config", key="num_hidden_layers")
    word = fields.choice(activation_key, activation, *_ACTIVATIONS)
    return ModelConfig(
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=dim,
        ffn=fields.integer("intermediate_size", ffn),
        vocab=fields.integer("vocab_size"),
        context_length=min(fields.integer("max_position_embeddings"), MAX_CONTEXT),
        norm_eps=fields.number(eps_key, 1e-6),
        norm_offset=norm_offset,
        tied=fields.flag("tie_word_embeddings", default=tied),
        activation=_ACTIVATIONS[word],
    )


def read_windows(fields: Fields, layers: int, defaults: tuple[bool, ...]) -> tuple[int, ...]:
    """Width of each layer's sliding window, 0 for full attention.

    Args:
        fields: The config; reads `layer_types` and `sliding_window`.
        layers: Number of layers.
        defaults: For each layer whether it slides when `layer_types` is absent.

    Raises:
        BadCheckpoint: Lists of the wrong length, or layers that slide without a width.
        UnsupportedFamily: Another kind of layer.
    """
    kinds = fields.choices("layer_types", "full_attention", "sliding_attention")
    sliding = tuple(kind == "sliding_attention" for kind in kinds) or defaults
    if len(sliding) != layers:
        raise BadCheckpoint(reason="bad_config", key="layer_types")
    if not any(sliding):
        fields.ignore("sliding_window")
        return (0,) * layers
    window = fields.integer("sliding_window")
    return tuple(window if slides else 0 for slides in sliding)
