from __future__ import annotations

import unicodedata

import pytest

from app.services.titles import MAX_CHARACTERS, title_for


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("What is the capital of France?", "What is the capital of France"),
        ("  \n\n Hello  there \nsecond line", "Hello there"),
        ("你好，请介绍一下你自己。", "你好，请介绍一下你自己"),
        ("???", "???"),
        ("\x00\x00", ""),
        ("", ""),
        ("a\x00b", "a b"),
        ("مرحبا كيف حالك؟", "مرحبا كيف حالك؟"),
    ],
)
def test_first_words(question: str, title: str) -> None:
    assert title_for(question) == title


def test_long_questions_are_cut_between_words() -> None:
    title = title_for("How do I write a letter of complaint to my landlord about the heating?")
    assert title == "How do I write a letter of complaint to…"
    assert len(title) <= MAX_CHARACTERS + 1


@pytest.mark.parametrize("text", ["语" * 100, "e\u0301" * 100, "👩\u200d🚒" * 50, "x" * 200_000])
def test_text_without_spaces_is_cut_between_characters(text: str) -> None:
    title = title_for(text)
    assert len(title) <= MAX_CHARACTERS + 1
    assert title.endswith("…")
    assert not unicodedata.combining(text[len(title) - 1])
    assert text[len(title) - 1] != "\u200d"
