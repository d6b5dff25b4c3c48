from __future__ import annotations

import pytest

from app.core.text import storable


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("plain", "plain"),
        ("\0 😀 e\u0301 \u202e \U0010ffff \ufeff", "\0 😀 e\u0301 \u202e \U0010ffff \ufeff"),
        ("a\ud800b\udfffc", "a\ufffdb\ufffdc"),
        ("\ud83d\ude00", "\ufffd\ufffd"),
    ],
)
def test_only_half_characters_are_replaced(text: str, kept: str) -> None:
    assert storable(text) == kept
    storable(text).encode("utf-8")
