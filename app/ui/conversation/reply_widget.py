"""What the assistant answered: its thinking folded away, the text, what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from app.core.records import Message, MessageState, Span
from app.services.doubt import Caution, Mark, needs_note
from app.services.history import split_channels
from app.ui.conversation.actions import ReplyActions
from app.ui.conversation.checks import (
    CheckLines,
    LongCheck,
    caution_of,
    is_long,
    show_marks,
    underline,
)
from app.ui.conversation.manner import Manner
from app.ui.conversation.note_line import NoteLine
from app.ui.conversation.quoting import quotation
from app.ui.conversation.thinking import ThinkingFold
from app.ui.error_text import text_for_code
from app.ui.look.menu import Menu
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button
from app.ui.markdown.view import MarkdownView


class ReplyWidget(QWidget):
    """One reply, finished or growing. What is seldom needed is made when it is.

    Signals:
        action_wished: "read", "word", "pdf", "print" or "again", and the message's id; "copy" and
            "quote" too, after they were done here.
        answer_wished: Stop thinking and answer.
        version_wished: Id of the version to show instead.
        quote_wished: Markdown to quote in the next question.
    """

    action_wished = Signal(str, int)
    answer_wished = Signal()
    version_wished = Signal(int)
    quote_wished = Signal(str)

    def __init__(
        self,
        theme: Theme,
        message: Message,
        question: str = "",
        manner: Manner | None = None,
        parent: QWidget | None = None,
        *,
        width: int = 0,
    ) -> None:
        """Make the widget.

        Args:
            theme: Colours and sizes.
            message: The reply.
            question: What it answers.
            manner: How much to show.
            parent: Qt parent.
            width: Pixels it is about to get, when that is known: lines are then broken once.
        """
        super().__init__(parent)
        self._theme = theme
        self.message = message
        self._question = question
        self._manner = manner or Manner()
        self._state: MessageState = message.state
        self._is_last = False
        self._checked: tuple[Message, bool] | None = None
        self._thought = ""
        self.thinking: ThinkingFold | None = None
        self.answer = MarkdownView(theme, parent=self)
        self.answer.menu_wished.connect(self._add_to_menu)
        self.checks: CheckLines | None = None
        self._marks: tuple[Mark, ...] = ()
        self._caution: Caution = ""
        self._ending: NoteLine | None = None
        self._more: Button | None = None
        self._long_check: LongCheck | None = None
        self.action_row = ReplyActions(theme, simple=self._manner.simple, parent=self)
        self.action_row.wished.connect(self.act)
        self.action_row.version_wished.connect(self.version_wished)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.answer)
        self._column.addWidget(self.action_row)
        self._column.setSpacing(theme.px(4))
        self.answer.rendered.connect(self._show_checks)
        self._retranslate()
        if width:
            self.answer.lay_out(width)
        self.update_text(message.text, message.details.spans)
        self._show_state()

    def update_text(self, text: str, spans: tuple[Span, ...]) -> None:
        """The reply has grown."""
        self._thought, answer = split_channels(text, spans)
        thinks = self.growing and bool(spans) and spans[-1].kind == "thinking"
        if self._thought.strip():
            self._show_thinking(thinks)
        elif self.thinking is not None:
            self.thinking.hide()
        self.answer.setVisible(bool(answer.strip()))
        self.answer.show_markdown(answer.strip("\n"))
        self._offer_more()

    def finish(self, message: Message) -> None:
        """The reply has ended, for whatever reason."""
        self.message = message
        self._state = message.state
        self.update_text(message.text, message.details.spans)
        self._show_state()

    def set_last(self, is_last: bool) -> None:
        """Only the last reply can be tried again."""
        if is_last != self._is_last:
            self._is_last = is_last
            self._show_state()

    def set_manner(self, manner: Manner) -> None:
        """Show more or less."""
        if manner != self._manner:
            self._manner = manner
            self.action_row.set_simple(manner.simple)
            self._check()

    def set_reading(self, reading: bool) -> None:
        """It is being read aloud, or no longer."""
        self.action_row.set_reading(reading)

    @property
    def growing(self) -> bool:
        """Whether it is still being written."""
        return self._state == "generating"

    def restyle(self) -> None:
        """Follow the theme."""
        self._column.setSpacing(self._theme.px(4))
        self.answer.restyle()
        if self.thinking is not None:
            self.thinking.restyle()

    def height_for(self, width: int) -> int:
        """How tall it wants to be at `width` pixels; lays the text out at that width."""
        self.answer.lay_out(width)
        if self.thinking is not None and self.thinking.view is not None:
            self.thinking.view.lay_out(width)
        self._column.invalidate()
        if self._column.hasHeightForWidth():
            return self._column.totalHeightForWidth(width)
        return self._column.totalSizeHint().height()

    def act(self, name: str) -> None:
        """Do what can be done here, and tell the others."""
        if name == "copy":
            QGuiApplication.clipboard().setText(self.answer.markdown())
            self.action_row.say_copied()
        elif name == "quote":
            chosen = self.answer.selected_text()
            self.quote_wished.emit(quotation(chosen or self.answer.markdown()))
        self.action_wished.emit(name, self.message.id)

    def stops(self) -> list[QWidget]:
        """What the tab key reaches, from top to bottom."""
        thinking = self.thinking.stops() if self.thinking is not None else []
        more = [self._more] if self._more is not None else []
        return [*thinking, *self.answer.stops(), *more, *self.action_row.stops()]

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The same menu beside the text as on it."""
        menu = Menu(self, self.answer.accessibleName())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._add_to_menu(menu)
        if not menu.isEmpty():
            menu.popup(event.globalPos())

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
            self._show_state()
            self._checked = None  # the tool tips speak the other language
            self._check()
        super().changeEvent(event)

    def _show_thinking(self, thinks: bool) -> None:
        if self.thinking is None:
            self.thinking = ThinkingFold(self._theme, self)
            self.thinking.answer_wished.connect(self.answer_wished)
            self._column.insertWidget(0, self.thinking)
            QWidget.setTabOrder(self.thinking.answer_now, self.answer)
        self.thinking.show()
        self.thinking.show_thinking(
            self._thought, thinks=thinks, took_ms=self.message.details.thinking_ms
        )

    def _offer_more(self) -> None:
        """A reply as long as a book is shown in parts."""
        wanted = self.answer.is_shortened
        if wanted and self._more is None:
            self._more = Button(self._theme, "outlined", "chevron-down", parent=self)
            self._more.clicked.connect(self._on_more)
            place = self._column.indexOf(self.answer) + 1
            self._column.insertWidget(place, self._more, 0, Qt.AlignmentFlag.AlignLeft)
            self._retranslate()
        if self._more is not None:
            self._more.setVisible(wanted)

    def _on_more(self) -> None:
        self.answer.show_more()
        self._offer_more()

    def _show_state(self) -> None:
        ended = not self.growing
        sentence = self._sentence() if ended else ""
        self._ending = self._say(self._ending, sentence, "alert")
        self._check()
        has_text = bool(self.answer.markdown().strip())
        self.action_row.setVisible(ended and (self._is_last or has_text))
        if ended:
            self.action_row.show_for(has_text=has_text, is_last=self._is_last)
            self.action_row.show_versions(self.message.versions, self.message.id)

    def _say(self, line: NoteLine | None, text: str, icon: str) -> NoteLine | None:
        """Show a remark between the text and the buttons; "" hides it."""
        if line is None and text:
            line = NoteLine(self._theme, icon, parent=self)
            self._column.insertWidget(self._column.indexOf(self.action_row), line)
        if line is not None:
            line.say(text)
            line.setVisible(bool(text))
        return line

    def _check(self) -> None:
        """Look for what a reader should check."""
        if self.growing or self._checked == (self.message, self._manner.mark_doubt):
            return
        self._checked = (self.message, self._manner.mark_doubt)
        if is_long(self.message):
            if self._long_check is not None:
                self._long_check.deleteLater()
            self._long_check = LongCheck(self.message, self._question, self)
            self._long_check.done.connect(self._on_long_check)
            return
        self._caution = caution_of(self.message, self._question)
        if self._manner.mark_doubt:
            self._marks = underline(self.answer, self.message, self._question)
        else:
            self._marks = ()
            self.answer.set_doubts((), "")
        self._show_checks()

    def _on_long_check(self, marks: tuple[Mark, ...], caution: Caution) -> None:
        self._caution = caution
        self._marks = marks if self._manner.mark_doubt else ()
        show_marks(self.answer, self.message, self._marks)
        self._show_checks()

    def _show_checks(self) -> None:
        """Say it below the text, once all of the text is there."""
        words = self.answer.doubted_words() if self._marks and not self.growing else []
        if self.checks is None and (words or self._caution):
            self.checks = CheckLines(self._theme, self)
            self._column.insertWidget(self._column.indexOf(self.answer) + 1, self.checks)
        if self.checks is not None:
            self.checks.say(words, self._caution, many=needs_note(self._marks))

    def _sentence(self) -> str:
        reason = self.message.details.finish_reason
        code = self.message.details.error_code
        if code and self._state in ("interrupted", "failed"):
            return text_for_code(code)
        if self._state in ("interrupted", "failed"):
            return self.tr("This answer was interrupted. What had arrived is kept.")
        if self._state == "stopped":
            return self.tr("You stopped this answer.")
        too_long = self.tr("The answer became too long and ends here.")
        ends = {
            "repetition": self.tr("The answer kept repeating itself, so it ends here."),
            **dict.fromkeys(("length", "context", "deadline"), too_long),
        }
        if reason in ends:
            return ends[reason]
        if not self.answer.markdown().strip():
            return self.tr("The assistant had nothing to say to this. You can try again.")
        return ""

    def _add_to_menu(self, menu: QMenu) -> None:
        if not self.growing:
            self.action_row.add_to(menu)

    def _retranslate(self) -> None:
        if self._more is not None:
            self._more.set_label(self.tr("Show more of it"))
        self.answer.setAccessibleName(self.tr("Answer"))
