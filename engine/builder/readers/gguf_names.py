"""How GGUF architectures spell what Hugging Face models call otherwise.

One `Architecture` per `general.architecture`: metadata keys (without the architecture's prefix) to
config keys, tensor names to tensor names. What stands in neither table is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_DENSE_KEYS: Final[Mapping[str, str]] = {
    "block_count": "num_hidden_layers",
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "rope.freq_base": "rope_theta",
}

_DENSE_GLOBAL: Final[Mapping[str, str]] = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}

_DENSE_LAYER: Final[Mapping[str, str]] = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}

ROPE_FACTORS: Final = "rope_freqs.weight"


@dataclass(frozen=True, slots=True)
class Architecture:
    """One GGUF architecture.

    Attributes:
        model_type: Hugging Face's name of it.
        keys: Metadata key without prefix -> config key.
        checked: Keys that only repeat what others say; the reader checks or ignores them.
        outer: Tensor stems outside the blocks.
        layer: Tensor stems inside a block.
        interleaved: Stems whose rows were reordered within each head for ggml's own RoPE.
    """

    model_type: str
    keys: Mapping[str, str] = field(default_factory=lambda: _DENSE_KEYS)
    checked: frozenset[str] = frozenset(
        ("vocab_size", "attention.value_length", "rope.dimension_count")
    )
    outer: Mapping[str, str] = field(default_factory=lambda: _DENSE_GLOBAL)
    layer: Mapping[str, str] = field(default_factory=lambda: _DENSE_LAYER)
    interleaved: frozenset[str] = frozenset()

    def tensor_name(self, name: str) -> str | None:
        """Hugging Face name of a tensor, None when there is none."""
        if name == ROPE_FACTORS:
            return name
        inside = re.fullmatch(r"blk\.(\d{1,4})\.([a-z_]+)\.(weight|bias)", name)
        if inside:
            layer, stem, kind = inside.groups()
            known = self.layer.get(stem)
            return f"model.layers.{int(layer)}.{known}.{kind}" if known else None
        stem, _, kind = name.rpartition(".")
        known = self.outer.get(stem)
        return f"{known}.{kind}" if known and kind in ("weight", "bias") else None

    def is_interleaved(self, name: str) -> bool:
        """Whether the rows of this GGUF tensor must be put back into Hugging Face's order."""
        parts = name.split(".")
        return len(parts) == 4 and parts[2] in self.interleaved


ARCHITECTURES: Final[Mapping[str, Architecture]] = {
    "llama": Architecture("llama", interleaved=frozenset(("attn_q", "attn_k"))),
}


def rope_scaling(values: Mapping[str, Any]) -> dict[str, Any]:
    """`rope_scaling` of a config from the `rope.scaling.*` keys; empty when there is none."""
    kind = values.get("rope.scaling.type", "none")
    if kind == "none":
        return {}
    scaling: dict[str, Any] = {"rope_type": kind}
    if "rope.scaling.factor" in values:
        scaling["factor"] = values["rope.scaling.factor"]
    return scaling
