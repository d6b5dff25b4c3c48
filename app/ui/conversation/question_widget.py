"""What the person asked: a tinted bubble on the right."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextBlockFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.core.records import Message
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, IconLabel, Label
from app.ui.markdown.reading_view import ReadingView
from app.ui.markdown.soft_lines import insert_text
from app.ui.markdown.writer import TextStyle

_SHOWN_CHARACTERS = 2_000
_WIDEST = 0.8


class _Bubble(QWidget):
    """Rounded everywhere but at the corner that points to the person."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._theme.color("tint"))
        outlined = self._theme.scheme == "contrast"
        painter.setPen(QPen(self._theme.color("edge"), 1) if outlined else Qt.PenStyle.NoPen)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        radius, small = self._theme.px(20), self._theme.px(4)
        path = QPainterPath()
        path.moveTo(area.left() + radius, area.top())
        path.lineTo(area.right() - radius, area.top())
        path.quadTo(area.topRight(), area.topRight() + _down(radius))
        path.lineTo(area.right(), area.bottom() - small)
        path.quadTo(area.bottomRight(), area.bottomRight() - _right(small))
        path.lineTo(area.left() + radius, area.bottom())
        path.quadTo(area.bottomLeft(), area.bottomLeft() - _down(radius))
        path.lineTo(area.left(), area.top() + radius)
        path.quadTo(area.topLeft(), area.topLeft() + _right(radius))
        painter.drawPath(path)


class QuestionWidget(QWidget):
    """One question, and below it what has to be said about it."""

    def __init__(self, theme: Theme, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.message = message
        self.has_note = False
        self._bubble = _Bubble(theme, self)
        self._view = ReadingView(theme, self._bubble)
        self._view.document().setDefaultTextOption(
            QTextOption(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
        )
        self._view.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._inner = QVBoxLayout(self._bubble)
        self._inner.addWidget(self._view)
        self._all: Button | None = None
        self._note = QWidget(self)
        self._note_words = Label(theme, "small", "doubt")
        note_row = QHBoxLayout(self._note)
        note_row.setContentsMargins(0, theme.px(8), 0, 0)
        note_row.addWidget(IconLabel(theme, "globe", "doubt", 18), 0, Qt.AlignmentFlag.AlignTop)
        note_row.addWidget(self._note_words, 1)
        self._note.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._bubble, 0, Qt.AlignmentFlag.AlignRight)
        outer.addWidget(self._note)
        self._shown = message.text.replace("\0", "\ufffd")
        if len(self._shown) > _SHOWN_CHARACTERS:
            self._shown = self._shown[:_SHOWN_CHARACTERS].rstrip() + " …"
            self._all = Button(theme, "quiet", "chevron-down")
            self._all.clicked.connect(self._show_all)
            self._inner.addWidget(self._all)
        self._retranslate()
        self.restyle()

    def set_note(self, text: str) -> None:
        """A remark about this question; "" takes it away."""
        self._note_words.setText(text)
        self._note.setVisible(bool(text))
        self.has_note = bool(text)

    def restyle(self) -> None:
        """Follow the theme."""
        px = self._theme.px
        self._inner.setContentsMargins(px(20), px(15), px(20), px(8))
        style = TextStyle.of(self._theme)
        self._view.setFont(style.font)
        self._view.setPlainText(self._shown)
        layout = QTextBlockFormat()
        layout.setLineHeight(
            style.line_height_percent, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        )
        cursor = QTextCursor(self._view.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(layout)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The bubble is as wide as its text, at most four fifths of the column."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _fit(self) -> None:
        sides = self._inner.contentsMargins().left() + self._inner.contentsMargins().right()
        widest = max(80, round(self.width() * _WIDEST) - sides)
        measured = self._view.document().clone(self)
        measured.setTextWidth(widest)
        width = widest if self._all else min(widest, round(measured.idealWidth()) + 2)
        measured.deleteLater()
        self._view.setFixedWidth(width)

    def _show_all(self) -> None:
        """Everything, in a field of its own that only lays out what can be seen."""
        whole = QPlainTextEdit(self._bubble)
        whole.setReadOnly(True)
        whole.setFrameShape(QFrame.Shape.NoFrame)
        whole.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        whole.setFont(self._theme.font("body"))
        whole.setUndoRedoEnabled(False)
        whole.setTabChangesFocus(True)
        whole.setAccessibleName(self._view.accessibleName())
        whole.setFixedSize(self._view.width(), self._theme.px(420))
        insert_text(whole.textCursor(), self.message.text.replace("\0", "\ufffd"))
        self._view.hide()
        if self._all is not None:
            self._all.hide()
        self._inner.insertWidget(0, whole)

    def _retranslate(self) -> None:
        self._view.setAccessibleName(self.tr("Your question"))
        if self._all is not None:
            self._all.set_label(self.tr("Show all of it"))


def _down(length: float) -> QPointF:
    return QPointF(0, length)


def _right(length: float) -> QPointF:
    return QPointF(length, 0)
