"""What the assistant answered: its thinking folded away, the text, what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.records import Message, MessageState, Span
from app.services.history import split_channels
from app.ui.error_text import text_for_code
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, IconLabel, Label
from app.ui.markdown.view import MarkdownView

_COPIED_MS = 2_000


class ReplyWidget(QWidget):
    """One reply, finished or growing.

    Signals:
        again_wished: Answer the question once more.
        answer_wished: Stop thinking and answer.
    """

    again_wished = Signal()
    answer_wished = Signal()

    def __init__(self, theme: Theme, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.message = message
        self._state: MessageState = message.state
        self._is_last = False
        self._toggle = Button(theme, "quiet", "chevron-right")
        self._toggle.setCheckable(True)
        self._answer_now = Button(theme, "outlined")
        self._thoughts = QWidget(self)
        self._thinking: MarkdownView | None = None
        self._thought = ""
        self.answer = MarkdownView(theme)
        self._ending = QWidget(self)
        self._ending_words = Label(theme, "small", "doubt")
        self._actions = QWidget(self)
        self._copy = Button(theme, "quiet", "copy")
        self._again = Button(theme, "quiet", "retry")
        self._build()
        self._toggle.toggled.connect(self._on_toggled)
        self._answer_now.clicked.connect(self._on_answer_now)
        self._copy.clicked.connect(self._on_copy)
        self._again.clicked.connect(self.again_wished)
        self._retranslate()
        self.update_text(message.text, message.details.spans)
        self._show_state()

    def update_text(self, text: str, spans: tuple[Span, ...]) -> None:
        """The reply has grown."""
        self._thought, answer = split_channels(text, spans)
        self._thoughts.setVisible(bool(self._thought.strip()))
        thinks = self.growing and bool(spans) and spans[-1].kind == "thinking"
        self._answer_now.setVisible(thinks)
        if not thinks:
            self._answer_now.setEnabled(True)
        if self._thinking is not None and self._toggle.isChecked():
            self._thinking.show_markdown(self._thought.strip())
        self.answer.setVisible(bool(answer.strip()))
        self.answer.show_markdown(answer.strip("\n"))

    def finish(self, message: Message) -> None:
        """The reply has ended, for whatever reason."""
        self.message = message
        self._state = message.state
        self.update_text(message.text, message.details.spans)
        self._show_state()

    def set_last(self, is_last: bool) -> None:
        """Only the last reply can be tried again."""
        self._is_last = is_last
        self._show_state()

    @property
    def growing(self) -> bool:
        """Whether it is still being written."""
        return self._state == "generating"

    def restyle(self) -> None:
        """Follow the theme."""
        self.answer.restyle()
        if self._thinking is not None:
            self._thinking.restyle()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
            self._show_state()
        super().changeEvent(event)

    def _build(self) -> None:
        px = self._theme.px
        ending = QHBoxLayout(self._ending)
        ending.setContentsMargins(0, px(4), 0, px(4))
        ending.setSpacing(px(10))
        ending.addWidget(IconLabel(self._theme, "alert", "doubt", 18), 0, Qt.AlignmentFlag.AlignTop)
        ending.addWidget(self._ending_words, 1)
        actions = QHBoxLayout(self._actions)
        actions.setContentsMargins(0, 0, 0, 0)
        actions.setSpacing(px(6))
        actions.addWidget(self._copy)
        actions.addWidget(self._again)
        actions.addStretch(1)
        thoughts = FlowLayout(self._thoughts, px(6))
        thoughts.addWidget(self._toggle)
        thoughts.addWidget(self._answer_now)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(px(4))
        self._column.addWidget(self._thoughts)
        self._column.addWidget(self.answer)
        self._column.addWidget(self._ending)
        self._column.addWidget(self._actions)

    def _show_state(self) -> None:
        ended = self._state != "generating"
        sentence = self._sentence() if ended else ""
        self._ending_words.setText(sentence)
        self._ending.setVisible(bool(sentence))
        self._copy.setVisible(bool(self.answer.markdown().strip()))
        self._again.setVisible(self._is_last)
        self._actions.setVisible(ended and (self._is_last or bool(self.answer.markdown().strip())))

    def _sentence(self) -> str:
        reason = self.message.details.finish_reason
        code = self.message.details.error_code
        if code and self._state in ("interrupted", "failed"):
            return text_for_code(code)
        if self._state in ("interrupted", "failed"):
            return self.tr("This answer was interrupted. What had arrived is kept.")
        if self._state == "stopped":
            return self.tr("You stopped this answer.")
        if reason in ("length", "context", "deadline"):
            return self.tr("The answer became too long and ends here.")
        if not self.answer.markdown().strip():
            return self.tr("The assistant had nothing to say to this. You can try again.")
        return ""

    def _on_toggled(self, is_open: bool) -> None:
        self._toggle.set_icon("chevron-down" if is_open else "chevron-right")
        self._retranslate()
        if self._thinking is None:
            self._thinking = MarkdownView(self._theme, muted=True)
            self._thinking.setAccessibleName(self.tr("What the assistant thought"))
            self._column.insertWidget(1, self._thinking)
        self._thinking.show_markdown(self._thought.strip())
        self._thinking.setVisible(is_open)

    def _on_answer_now(self) -> None:
        self._answer_now.setEnabled(False)  # it takes the model a moment
        self.answer_wished.emit()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.answer.markdown())
        self._copy.set_icon("check")
        self._copy.set_label(self.tr("Copied"))
        QTimer.singleShot(_COPIED_MS, self, self._copied_long_ago)

    def _copied_long_ago(self) -> None:
        self._copy.set_icon("copy")
        self._copy.set_label(self.tr("Copy"))

    def _retranslate(self) -> None:
        self.answer.setAccessibleName(self.tr("Answer"))
        self._copied_long_ago()
        self._again.set_label(self.tr("Try again"))
        self._answer_now.set_label(
            self.tr("Answer now"), self.tr("Stop thinking and answer with what is known so far")
        )
        if self._toggle.isChecked():
            self._toggle.set_label(self.tr("Hide what it thought first"))
        else:
            self._toggle.set_label(self.tr("Show what it thought first"))
