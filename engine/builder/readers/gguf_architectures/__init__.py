"""GGUF architectures, by `general.architecture`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.builder.readers.gguf_architectures.base import Architecture
from engine.builder.readers.gguf_architectures.deepseek import DEEPSEEK2
from engine.builder.readers.gguf_architectures.gemma import GEMMA2, GEMMA3, GEMMA4
from engine.builder.readers.gguf_architectures.hybrids import (
    LFM2,
    LFM2MOE,
    QWEN3NEXT,
    QWEN35,
    QWEN35MOE,
)
from engine.builder.readers.gguf_architectures.llama import (
    ERNIE4_5,
    GLM4,
    HUNYUAN_DENSE,
    LLAMA,
    OLMOE,
    PHI3,
    QWEN2,
    QWEN3,
    SMOLLM3,
)
from engine.builder.readers.gguf_architectures.mixtures import (
    ERNIE4_5_MOE,
    GLM4MOE,
    GPT_OSS,
    HUNYUAN_MOE,
    QWEN2MOE,
    QWEN3MOE,
)

ARCHITECTURES: Final[Mapping[str, Architecture]] = {
    "deepseek2": DEEPSEEK2,
    "ernie4_5": ERNIE4_5,
    "ernie4_5-moe": ERNIE4_5_MOE,
    "gemma2": GEMMA2,
    "gemma3": GEMMA3,
    "gemma4": GEMMA4,
    "glm4": GLM4,
    "glm4moe": GLM4MOE,
    "gpt-oss": GPT_OSS,
    "hunyuan-dense": HUNYUAN_DENSE,
    "hunyuan-moe": HUNYUAN_MOE,
    "lfm2": LFM2,
    "lfm2moe": LFM2MOE,
    "llama": LLAMA,
    "olmoe": OLMOE,
    "phi3": PHI3,
    "qwen2": QWEN2,
    "qwen2moe": QWEN2MOE,
    "qwen3": QWEN3,
    "qwen35": QWEN35,
    "qwen35moe": QWEN35MOE,
    "qwen3moe": QWEN3MOE,
    "qwen3next": QWEN3NEXT,
    "smollm3": SMOLLM3,
}
