"""Checks that generation settings make sense before any work is done."""

from __future__ import annotations

import math
from typing import get_args

from engine.errors import InvalidRequest
from engine.types import GenerationConfig, Thinking

MAX_STOP_STRINGS = 32
MAX_STOP_CHARS = 1024

# field, least, greatest; a least value with "exclusive" must be exceeded
_RANGES: tuple[tuple[str, type, float, float, bool], ...] = (
    ("max_new_tokens", int, 1, 2**31 - 1, False),
    ("temperature", float, 0.0, 100.0, False),
    ("top_k", int, 0, 2**31 - 1, False),
    ("top_p", float, 0.0, 1.0, True),
    ("min_p", float, 0.0, 1.0, False),
    ("repetition_penalty", float, 0.0, 100.0, True),
    ("seed", int, 0, 2**64 - 1, False),
    ("thinking_budget", int, 0, 2**31 - 1, False),
)


def check_config(config: GenerationConfig) -> None:
    """Check every field. Raises InvalidRequest (params: field, reason)."""
    for field, kind, least, greatest, exclusive in _RANGES:
        value = getattr(config, field)
        accepted = (int, float) if kind is float else (int,)
        if isinstance(value, bool) or not isinstance(value, accepted):
            raise InvalidRequest(field=field, reason="wrong_type")
        if not math.isfinite(value) or not least <= value <= greatest:
            raise InvalidRequest(field=field, reason="out_of_range")
        if exclusive and value == least:
            raise InvalidRequest(field=field, reason="out_of_range")
    if not isinstance(config.stop_on_repetition, bool):
        raise InvalidRequest(field="stop_on_repetition", reason="wrong_type")
    if config.speculate is not None and not isinstance(config.speculate, bool):
        raise InvalidRequest(field="speculate", reason="wrong_type")
    if config.thinking not in get_args(Thinking):
        raise InvalidRequest(field="thinking", reason="unknown")
    _check_stops(config.stop)


def _check_stops(stops: tuple[str, ...]) -> None:
    if not isinstance(stops, tuple) or not all(isinstance(stop, str) for stop in stops):
        raise InvalidRequest(field="stop", reason="wrong_type")
    if len(stops) > MAX_STOP_STRINGS or any(len(stop) > MAX_STOP_CHARS for stop in stops):
        raise InvalidRequest(field="stop", reason="too_long")
    if not all(stops):
        raise InvalidRequest(field="stop", reason="empty")
