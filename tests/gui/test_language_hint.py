"""Saying honestly that the assistant hardly speaks the language of a question."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from app.ui.conversation.language_hint import note_for


def test_note_speaks_the_language_of_the_question(qapp: QApplication) -> None:
    assert "anglais" in note_for("Pouvez-vous m’écrire une lettre ?", ("en",))
    assert "英语" in note_for("请写一封信。", ("en",))
    assert "English" in note_for("Wie viele Beine hat eine Spinne?", ("en",)), "the window's own"


def test_no_note_where_none_is_due(qapp: QApplication) -> None:
    assert note_for("Can you write a letter?", ("en",)) == ""
    assert note_for("Pouvez-vous m’écrire une lettre ?", ("en", "fr-FR")) == ""
    assert note_for("请写一封信。", ()) == "", "unknown languages are not judged"
