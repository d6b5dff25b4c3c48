from __future__ import annotations

import pytest

from app.core.text import LONGEST_LINE, one_line, storable


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  A letter  ", "A letter"),
        ("one\ntwo\u2028three\x00four", "one two three four"),
        ("\u202egnp.exe", "gnp.exe"),
        ("👨\u200d👩\u200d👧 family", "👨\u200d👩\u200d👧 family"),
        ("\u200d\u200b\u200c\ufeff", ""),
        ("   ", ""),
        ("x" * 1_000_000, "x" * LONGEST_LINE),
    ],
)
def test_names_stand_on_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown
