"""Model families: one module each, found by `model_type`.

A family module is what distinguishes it from the others, nothing more. It has one public function,
`read`, which reads the config and returns a `Decoder`: sizes, and a function that adds one block to
the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.builder.blocks.decoder import Decoder
from engine.builder.families import (
    deepseek_v2,
    deepseek_v3,
    ernie4_5,
    ernie4_5_moe,
    gemma2,
    gemma3,
    gemma4,
    glm4,
    glm4_moe,
    glm4_moe_lite,
    gpt_oss,
    hunyuan_v1_dense,
    hunyuan_v1_moe,
    lfm2,
    lfm2_moe,
    llama,
    mistral,
    mixtral,
    olmoe,
    phi3,
    qwen2,
    qwen2_moe,
    qwen3,
    qwen3_5,
    qwen3_5_moe,
    qwen3_moe,
    qwen3_next,
    smollm3,
)
from engine.builder.fields import Fields
from engine.errors import UnsupportedFamily

Read = Callable[[Fields], Decoder]

FAMILIES: Final[Mapping[str, Read]] = {
    "deepseek_v2": deepseek_v2.read,
    "deepseek_v3": deepseek_v3.read,
    "ernie4_5": ernie4_5.read,
    "ernie4_5_moe": ernie4_5_moe.read,
    "gemma2": gemma2.read,
    "gemma3": gemma3.read,
    "gemma3_text": gemma3.read,
    "gemma4": gemma4.read,
    "gemma4_text": gemma4.read,
    "gemma4_unified": gemma4.read,
    "gemma4_unified_text": gemma4.read,
    "glm4": glm4.read,
    "glm4_moe": glm4_moe.read,
    "glm4_moe_lite": glm4_moe_lite.read,
    "gpt_oss": gpt_oss.read,
    "hunyuan_v1_dense": hunyuan_v1_dense.read,
    "hunyuan_v1_moe": hunyuan_v1_moe.read,
    "kimi_k2": deepseek_v3.read,
    "lfm2": lfm2.read,
    "lfm2_moe": lfm2_moe.read,
    "llama": llama.read,
    "mistral": mistral.read,
    "mixtral": mixtral.read,
    "olmoe": olmoe.read,
    "phi3": phi3.read,
    "qwen2": qwen2.read,
    "qwen2_moe": qwen2_moe.read,
    "qwen3": qwen3.read,
    "qwen3_5": qwen3_5.read,
    "qwen3_5_moe": qwen3_5_moe.read,
    "qwen3_5_moe_text": qwen3_5_moe.read,
    "qwen3_5_text": qwen3_5.read,
    "qwen3_moe": qwen3_moe.read,
    "qwen3_next": qwen3_next.read,
    "smollm3": smollm3.read,
}
"""By `model_type`. Alphabetical, one line each."""


def open_family(config: Mapping[str, Any]) -> Decoder:
    """Read a config with the family of its `model_type`.

    Raises:
        UnsupportedFamily: Nobody wrote this family, or it has a key that nobody read.
        BadCheckpoint: A value that cannot be.
    """
    name = str(config.get("model_type", ""))
    read = FAMILIES.get(name)
    if read is None:
        raise UnsupportedFamily(family=name[:80], option="model_type")
    fields = Fields(config)
    decoder = read(fields)
    fields.finish()
    return decoder
