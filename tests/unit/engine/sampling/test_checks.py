from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.errors import InvalidRequest
from engine.sampling.checks import check_config
from engine.types import GenerationConfig


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"temperature": 1, "top_p": 1, "min_p": 1},
        {"temperature": 100.0, "top_k": 10**6, "top_p": 1e-9, "repetition_penalty": 0.5},
        {"seed": 2**64 - 1, "max_new_tokens": 1, "stop": ("\n\n", "END")},
    ],
)
def test_sensible_settings(changes: dict[str, Any]) -> None:
    check_config(replace(GenerationConfig(), **changes))


NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("max_new_tokens", 0, "out_of_range"),
        ("max_new_tokens", 2.0, "wrong_type"),
        ("max_new_tokens", True, "wrong_type"),
        ("thinking_budget", -1, "out_of_range"),
        ("stop_on_repetition", 1, "wrong_type"),
        ("thinking", "perhaps", "unknown"),
        ("temperature", -0.1, "out_of_range"),
        ("temperature", NAN, "out_of_range"),
        ("temperature", INFINITE, "out_of_range"),
        ("temperature", "1", "wrong_type"),
        ("top_k", -1, "out_of_range"),
        ("top_k", None, "wrong_type"),
        ("top_p", 0.0, "out_of_range"),
        ("top_p", 1.01, "out_of_range"),
        ("top_p", NAN, "out_of_range"),
        ("min_p", -0.01, "out_of_range"),
        ("min_p", 1.5, "out_of_range"),
        ("repetition_penalty", 0.0, "out_of_range"),
        ("repetition_penalty", -1.0, "out_of_range"),
        ("repetition_penalty", INFINITE, "out_of_range"),
        ("seed", -1, "out_of_range"),
        ("seed", 2**64, "out_of_range"),
        ("stop", "END", "wrong_type"),
        ("stop", (1,), "wrong_type"),
        ("stop", ("",), "empty"),
        ("stop", ("x" * 5000,), "too_long"),
        ("stop", ("x",) * 100, "too_long"),
    ],
)
def test_the_wrong_field_is_named(field: str, value: object, reason: str) -> None:
    values: dict[str, Any] = {field: value}
    with pytest.raises(InvalidRequest) as caught:
        check_config(replace(GenerationConfig(), **values))
    assert caught.value.params == {"field": field, "reason": reason}
