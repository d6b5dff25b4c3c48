"""Typed access to a model's config.json, and refusal of what nobody read.

A `Fields` object hands out keys, checks types and ranges, and remembers what was asked for.
Whatever nobody asked for and nobody declared harmless is refused by name: a key that changes the
mathematics must never be passed over in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.errors import BadCheckpoint, UnsupportedFamily

MAX_DIMENSION: Final = 1 << 24
_SMALLEST_NUMBER: Final = 1e-15  # two of them still make a float32
_LARGEST_NUMBER: Final = 1e30

# Keys about training, files, caching, generation defaults or tokens: no influence on the logits.
_HARMLESS: Final = frozenset(
    [
        "architectures",
        "attention_dropout",
        "auto_map",
        "bad_words_ids",
        "begin_suppress_tokens",
        "bos_token_id",
        "chunk_size_feed_forward",
        "classifier_dropout",
        "cross_attention_hidden_size",
        "decoder_start_token_id",
        "diversity_penalty",
        "do_sample",
        "dtype",
        "early_stopping",
        "embd_pdrop",
        "encoder_no_repeat_ngram_size",
        "eos_token_id",
        "exponential_decay_length_penalty",
        "finetuning_task",
        "forced_bos_token_id",
        "forced_eos_token_id",
        "hidden_dropout",
        "id2label",
        "initializer_range",
        "is_llama_config",
        "label2id",
        "length_penalty",
        "max_length",
        "min_length",
        "mlp_dropout",
        "output_router_logits",
        "router_aux_loss_coef",
        "router_jitter_noise",
        "no_repeat_ngram_size",
        "num_beam_groups",
        "num_beams",
        "num_return_sequences",
        "output_attentions",
        "output_hidden_states",
        "output_scores",
        "pad_token_id",
        "prefix",
        "pretraining_tp",
        "problem_type",
        "remove_invalid_values",
        "repetition_penalty",
        "resid_pdrop",
        "return_dict",
        "return_dict_in_generate",
        "sep_token_id",
        "suppress_tokens",
        "task_specific_params",
        "temperature",
        "tf_legacy_loss",
        "tie_encoder_decoder",
        "tokenizer_class",
        "top_k",
        "top_p",
        "torch_dtype",
        "torchscript",
        "transformers.js_config",
        "transformers_version",
        "typical_p",
        "unsloth_fixed",
        "unsloth_version",
        "use_bfloat16",
        "use_cache",
    ]
)


class Fields:
    """Typed access to a config's keys.

    Attributes:
        family: `model_type`, for error messages.
    """

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self._used = {"model_type", "text_config"}
        self.family = str(raw.get("model_type", ""))

    def has(self, key: str) -> bool:
        """Whether a key is there and not null; asking does not count as reading it."""
        return self._raw.get(key) is not None

    def assume(self, defaults: Mapping[str, Any]) -> None:
        """Fill in keys that are not there at all; null stays null."""
        self._raw = {**defaults, **self._raw}

    def integer(self, key: str, default: int | None = None, *, low: int = 1) -> int:
        """A whole number in [low, 2^24]. Raises BadCheckpoint."""
        return self._whole(key, self._get(key, default), low)

    def integers(self, key: str, *, low: int = 0) -> tuple[int, ...]:
        """A list of whole numbers in [low, 2^24], empty when absent. Raises BadCheckpoint."""
        return tuple(self._whole(key, value, low) for value in self._list(key))

    def per_layer(self, key: str, layers: int, default: int | None = None) -> tuple[int, ...]:
        """A whole number for each layer, published as a list or as one for all.

        Raises BadCheckpoint.
        """
        if not isinstance(self._raw.get(key), list):
            return (self.integer(key, default),) * layers
        values = self.integers(key, low=1)
        if len(values) != layers:
            raise BadCheckpoint(reason="bad_config", key=key)
        return values

    def number(self, key: str, default: float | None = None) -> float:
        """A finite positive number. Raises BadCheckpoint."""
        return self._positive(key, self._get(key, default))

    def number_or_zero(self, key: str) -> float:
        """A finite positive number, 0 when absent or null. Raises BadCheckpoint."""
        self.ignore(key)
        return self.number(key) if self.has(key) else 0.0

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of finite positive numbers, empty when absent. Raises BadCheckpoint."""
        return tuple(self._positive(key, value) for value in self._list(key))

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false. Raises BadCheckpoint."""
        value = self._get(key, default)
        if type(value) is not bool:
            raise BadCheckpoint(reason="bad_config", key=key)
        return value

    def choice(self, key: str, *allowed: str) -> str:
        """One of these words, the first when absent. Raises UnsupportedFamily."""
        value = self._get(key, allowed[0])
        if value not in allowed:
            raise UnsupportedFamily(family=self.family, option=f"{key}={value}"[:80])
        return str(value)

    def choices(self, key: str, *allowed: str) -> tuple[str, ...]:
        """A list of these words, empty when absent. Raises UnsupportedFamily, BadCheckpoint."""
        values = self._list(key)
        for value in values:
            if value not in allowed:
                raise UnsupportedFamily(family=self.family, option=f"{key}={value}"[:80])
        return tuple(values)

    def mapping(self, key: str) -> Mapping[str, Any]:
        """A nested object, empty when absent or null. Raises BadCheckpoint."""
        value = self._get(key, {})
        if not isinstance(value, Mapping):
            raise BadCheckpoint(reason="bad_config", key=key)
        return value

    def expect(self, key: str, *allowed: object) -> None:
        """Accept a key only with one of these values, or absent. Raises UnsupportedFamily."""
        value = self._get(key, allowed[0])
        if not any(type(value) is type(wanted) and value == wanted for wanted in allowed):
            raise UnsupportedFamily(family=self.family, option=key)

    def ignore(self, *keys: str) -> None:
        """Note keys that cannot change the logits in this family."""
        self._used.update(keys)

    def finish(self) -> None:
        """Refuse every key that nobody read. Raises UnsupportedFamily."""
        for key in sorted(self._raw):
            unread = key not in self._used and key not in _HARMLESS and not key.startswith("_")
            if unread and self._raw[key] is not None:
                raise UnsupportedFamily(family=self.family, option=key[:80])

    def _get(self, key: str, default: object) -> Any:  # noqa: ANN401
        self._used.add(key)
        value = self._raw.get(key)
        if value is None:
            value = default
        if value is None:
            raise BadCheckpoint(reason="missing_config", key=key)
        return value

    def _list(self, key: str) -> list[Any]:
        values = self._get(key, [])
        if not isinstance(values, list) or len(values) > MAX_DIMENSION:
            raise BadCheckpoint(reason="bad_config", key=key)
        return values

    @staticmethod
    def _whole(key: str, value: object, low: int) -> int:
        if type(value) is not int or not low <= value <= MAX_DIMENSION:
            raise BadCheckpoint(reason="bad_config", key=key)
        return value

    @staticmethod
    def _positive(key: str, value: object) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise BadCheckpoint(reason="bad_config", key=key)
        if not _SMALLEST_NUMBER < value < _LARGEST_NUMBER:
            raise BadCheckpoint(reason="bad_config", key=key)
        return float(value)
