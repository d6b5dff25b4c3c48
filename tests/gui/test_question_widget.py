"""Questions: changed where they stand, folded where they are long."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.core.records import Message
from app.ui.conversation.growing_field import GrowingField
from app.ui.conversation.manner import Manner
from app.ui.conversation.question_widget import QuestionWidget
from app.ui.look.theme import Theme


def question(qtbot: QtBot, theme: Theme, text: str, manner: Manner | None = None) -> QuestionWidget:
    message = Message(1, 1, None, "user", text, "complete", datetime.now(UTC))
    widget = QuestionWidget(theme, message, manner)
    qtbot.addWidget(widget)
    widget.resize(760, 200)
    widget.show()
    return widget


def named(widget: QWidget, name: str) -> QAbstractButton:
    return next(b for b in widget.findChildren(QAbstractButton) if b.accessibleName() == name)


def test_a_question_is_changed_where_it_stands(qtbot: QtBot, theme: Theme) -> None:
    widget = question(qtbot, theme, "Where is Pariss?")
    qtbot.mouseClick(named(widget, "Change this question"), Qt.MouseButton.LeftButton)
    assert widget.editing
    field = widget.findChild(GrowingField)
    assert field is not None
    assert field.text() == "Where is Pariss?"
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    qtbot.keyClicks(field, "?")
    with qtbot.waitSignal(widget.edit_wished) as wish:
        qtbot.mouseClick(named(widget, "Ask this instead"), Qt.MouseButton.LeftButton)
    assert wish.args == [1, "Where is Paris?"]
    assert widget.editing, "until it is asked the text must not go away"


def test_escape_leaves_the_question_and_keeps_what_was_typed(qtbot: QtBot, theme: Theme) -> None:
    widget = question(qtbot, theme, "Old")
    widget.edit()
    field = widget.findChild(GrowingField)
    assert field is not None
    qtbot.keyClicks(field, " and new")
    override = QKeyEvent(
        QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier
    )
    override.ignore()
    QApplication.sendEvent(field, override)
    assert override.isAccepted(), "the window must not stop a reply instead"
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not widget.editing
    assert widget._view.isVisible()
    widget.edit()
    assert widget._editor is not None
    assert widget._editor.text() == "Old and new"
    widget._editor._field.selectAll()
    qtbot.keyClick(widget._editor._field, Qt.Key.Key_Delete)
    assert not widget._editor._save.isEnabled()


def test_a_changed_question_waits_for_the_answer_that_is_written(
    qtbot: QtBot, theme: Theme
) -> None:
    widget = question(qtbot, theme, "Old")
    widget.set_busy(True)
    widget.edit()
    editor = widget._editor
    assert editor is not None
    wishes: list[str] = []
    widget.edit_wished.connect(lambda _, text: wishes.append(text))
    qtbot.keyClicks(editor._field, " and new")
    qtbot.keyClick(editor._field, Qt.Key.Key_Return)
    assert wishes == []
    assert not editor._save.isEnabled()
    assert "An answer is being written" in editor._hint.words()
    widget.set_busy(False)
    qtbot.keyClick(editor._field, Qt.Key.Key_Return)
    assert wishes == ["Old and new"]


def test_an_unchanged_question_is_not_asked_again(qtbot: QtBot, theme: Theme) -> None:
    widget = question(qtbot, theme, "Same")
    wishes: list[object] = []
    widget.edit_wished.connect(lambda *a: wishes.append(a))
    widget.edit()
    assert widget._editor is not None
    qtbot.keyClick(widget._editor._field, Qt.Key.Key_Return)
    assert wishes == []
    assert not widget.editing


def test_questions_in_the_simple_view_have_a_button_with_its_word(
    qtbot: QtBot, theme: Theme
) -> None:
    widget = question(qtbot, theme, "Hello", Manner(simple=True))
    shown = [b for b in widget.findChildren(QAbstractButton) if b.isVisible()]
    assert [b.text() for b in shown] == ["Change"]
    assert shown[0] in widget.stops()
    for width in (760, 260):  # beside the question, and below it where it is too narrow for both
        widget.setFixedWidth(width)
        widget.setFixedHeight(widget.height_for(width))
        qtbot.wait(1)
        assert widget.rect().contains(shown[0].geometry())
        assert not shown[0].geometry().intersects(widget._bubble.geometry())
    widget.set_manner(Manner())
    shown = [b for b in widget.findChildren(QAbstractButton) if b.isVisible()]
    assert [(b.text(), b.accessibleName()) for b in shown] == [("", "Change this question")]
    menu = QMenu(widget)
    widget._view.menu_wished.emit(menu)
    words = [a.text() for a in menu.actions()]
    assert words == ["Copy the whole question", "Quote in your question", "Change this question"]


def test_long_questions_are_folded(qtbot: QtBot, theme: Theme) -> None:
    text = "word " * 40_000
    widget = QuestionWidget(theme, Message(1, 1, None, "user", text, "complete", datetime.now(UTC)))
    qtbot.addWidget(widget)
    widget.resize(760, 300)
    widget.show()
    assert len(widget._view.toPlainText()) < 2_100
    unfold = next(b for b in widget.findChildren(QAbstractButton) if b.text() == "Show all of it")
    qtbot.mouseClick(unfold, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: widget.sizeHint().height() < 900)
