"""The language model inside a published folder: its config and its tensors, by their plain names.

Many models are published inside a multimodal wrapper. Its config has the language model's keys
under `text_config`, and its tensors wear a prefix:

    model.language_model.layers.0...   language_model.model.layers.0...   -> model.layers.0...
    language_model.lm_head.weight                                         -> lm_head.weight
    model.visual.*, vision_tower.*, audio_tower.*, projectors             -> left out

Layers that only predict several tokens at once (`mtp.*`, or layers numbered on behind the last
one, as DeepSeek-V3 and GLM-4 do) are left out too: the model answers the same without them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from engine.errors import BadCheckpoint

_INHERITED: Final = (
    "tie_word_embeddings",
    "quantization_config",
    "quantization",
    "compression_config",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "model_type",
)
_PREFIXES: Final = (
    ("model.language_model.", "model."),
    ("language_model.model.", "model."),
    ("language_model.lm_head.", "lm_head."),
)
_OTHER_SENSES: Final = re.compile(
    r"(model\.)?(visual|vision_tower|vision_model|vision_encoder|vision_embedder|vision_adapter"
    r"|vision_projection|patch_merger|audio_tower|audio_model|audio_encoder|embed_vision|embed_audio"
    r"|multi_modal_projector|multimodal_projector|mm_projector|resampler_model|connector"
    r"|image_newline)(\.|$)"
)
_SEVERAL_TOKENS: Final = re.compile(r"(model\.)?mtp[._]")
_LAYER: Final = re.compile(r"model\.layers\.(\d{1,6})\.")


def text_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The language model's config: `text_config` of a wrapper, or all of it.

    What concerns the whole folder (tied embeddings, quantization, special tokens) is taken from the
    wrapper where the inner config does not say; so is `model_type`, as a last resort. Raises
    BadCheckpoint.
    """
    inner = config.get("text_config")
    if inner is None:
        return dict(config)
    if not isinstance(inner, Mapping):
        raise BadCheckpoint(reason="bad_config", key="text_config")
    merged = {key: config[key] for key in _INHERITED if config.get(key) is not None}
    merged.update((key, value) for key, value in inner.items() if value is not None)
    return merged


def plain_name(name: str, config: Mapping[str, Any]) -> str | None:
    """A tensor's name without wrapper; None for what the language model does not need."""
    for prefix, plain in _PREFIXES:
        if name.startswith(prefix):
            name = plain + name.removeprefix(prefix)
            break
    if _OTHER_SENSES.match(name) or _SEVERAL_TOKENS.match(name):
        return None
    layer = _LAYER.match(name)
    if layer is not None and _is_extra_layer(int(layer[1]), config):
        return None
    return name


def _is_extra_layer(index: int, config: Mapping[str, Any]) -> bool:
    layers, extra = config.get("num_hidden_layers"), config.get("num_nextn_predict_layers")
    if type(layers) is not int or type(extra) is not int:
        return False
    return layers <= index < layers + extra
