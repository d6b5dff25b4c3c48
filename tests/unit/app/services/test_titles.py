from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.core.records import Message, ReplyDetails, Role, Span
from app.services.titles import MAX_CHARACTERS, suggested_title, title_for


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


def said(*texts: str) -> list[Message]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    roles: tuple[Role, ...] = ("user", "assistant")
    return [
        Message(n, 1, None, roles[n % 2], text, "complete", moment) for n, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("texts", "title"),
    [
        ((), ""),
        (("Hello! Could you please explain photosynthesis?", "Plants…"), "Photosynthesis"),
        (("What is the capital of France?", "Paris."), "Capital of France"),
        (("Hi", "Hello!", "Help me write a letter to my landlord", "Sure"),
         "Write a letter to my landlord"),
        (("Write it", "# Complaint about the heating\n\nDear Sir"), "Complaint about the heating"),
        (("Write it", "**Minutes of the meeting:**\n\nPresent"), "Minutes of the meeting"),
        (("Write it", "The **bold** word is no heading"), "Write it"),
        (("Bonjour, pourriez-vous m’aider ?", "Oui", "Quelle est la capitale de l’Italie ?", ""),
         "M’aider"),
        (("S’il vous plaît, expliquez-moi la photosynthèse", ""), "La photosynthèse"),
        (("你好，请问什么是光合作用？", "是"), "光合作用"),
        (("请帮我写一封感谢信", "好"), "写一封感谢信"),
        (("Please", ""), "Please"),
        (("Important letters to sort", ""), "Important letters to sort"),
        (("Hidden figures, the film", ""), "Hidden figures, the film"),
    ],
)  # fmt: skip
def test_suggestions_leave_out_what_every_question_begins_with(
    texts: tuple[str, ...], title: str
) -> None:
    assert suggested_title(said(*texts)) == title


def test_no_suggestion_comes_from_the_thinking() -> None:
    [question, reply] = said("Write it", "# Plan\n# Letter to the town hall\nDear")
    details = ReplyDetails(spans=(Span("thinking", 0, 7), Span("answer", 7, 37)))
    assert suggested_title([question, replace(reply, details=details)]) == (
        "Letter to the town hall"
    )
