"""Saying honestly that the assistant hardly speaks the language of a question."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from app.ui.conversation.language_hint import language_of, note_for


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Bonjour, pouvez-vous m’écrire une lettre pour la mairie ?", "fr"),
        ("Merci beaucoup, c’est très clair !", "fr"),
        ("请给邻居写一张便条。", "zh"),
        ("您好", "zh"),
        ("What is the capital of France?", ""),
        ("Translate “bonjour” and 你好 into English, please, if you can", ""),
        ("Paris", ""),
        ("東京はどこですか", ""),
        ("", ""),
        ("12345 ?!", ""),
    ],
)
def test_language_of(text: str, language: str) -> None:
    assert language_of(text) == language


def test_note_speaks_the_language_of_the_question(qapp: QApplication) -> None:
    assert "anglais" in note_for("Pouvez-vous m’écrire une lettre ?", ("en",))
    assert "英语" in note_for("请写一封信。", ("en",))


def test_no_note_where_none_is_due(qapp: QApplication) -> None:
    assert note_for("Can you write a letter?", ("en",)) == ""
    assert note_for("Pouvez-vous m’écrire une lettre ?", ("en", "fr-FR")) == ""
    assert note_for("请写一封信。", ()) == "", "unknown languages are not judged"
