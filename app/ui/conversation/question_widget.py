"""What the person asked: a tinted bubble on the right, which can be changed where it stands."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QResizeEvent,
    QTextBlockFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.core.records import Message
from app.ui.conversation.bubble import Bubble
from app.ui.conversation.editor import QuestionEditor
from app.ui.conversation.manner import Manner
from app.ui.conversation.note_line import NoteLine
from app.ui.conversation.pager import VersionPager
from app.ui.conversation.quoting import quotation
from app.ui.conversation.whole_text import WholeText
from app.ui.look.menu import Menu
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button
from app.ui.markdown.reading_view import ReadingView
from app.ui.markdown.style import TextStyle

_SHOWN_CHARACTERS = 2_000
_WIDEST = 0.8


class QuestionWidget(QWidget):
    """One question, and below it what has to be said about it.

    Signals:
        action_wished: "copy" or "quote" with the message's id, after it was done here.
        edit_wished: Id of the message and what to ask instead.
        version_wished: Id of the version to show instead.
        quote_wished: Markdown to quote in the next question.
    """

    action_wished = Signal(str, int)
    edit_wished = Signal(int, str)
    version_wished = Signal(int)
    quote_wished = Signal(str)

    def __init__(
        self,
        theme: Theme,
        message: Message,
        manner: Manner | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._manner = manner or Manner()
        self.message = message
        self.has_note = False
        self._bubble = Bubble(theme, self)
        self._view = ReadingView(theme, self._bubble)
        self._view.document().setDefaultTextOption(
            QTextOption(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
        )
        self._view.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._view.menu_wished.connect(self._add_to_menu)
        self._inner = QVBoxLayout(self._bubble)
        self._inner.addWidget(self._view)
        self._all: Button | None = None
        self._note: NoteLine | None = None
        self._change: Button | None = None
        self._pager: VersionPager | None = None
        self._editor: QuestionEditor | None = None
        self._typed = ""
        self._busy = False
        self._row = QHBoxLayout()
        self._row.setSpacing(theme.px(6))
        self._row.addStretch(1)
        self._row.addWidget(self._bubble)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.addLayout(self._row)
        self._shown = message.text.replace("\0", "\ufffd")
        if len(self._shown) > _SHOWN_CHARACTERS:
            self._shown = self._shown[:_SHOWN_CHARACTERS].rstrip() + " …"
            self._all = Button(theme, "quiet", "chevron-down")
            self._all.clicked.connect(self._show_all)
            self._inner.addWidget(self._all)
        self._offer()
        self._retranslate()
        self.restyle()

    @property
    def editing(self) -> bool:
        """Whether it is being changed; such a widget must not be thrown away."""
        return self._editor is not None

    def set_note(self, text: str) -> None:
        """A remark about this question; "" takes it away."""
        if self._note is None and text:
            self._note = NoteLine(self._theme, "globe", parent=self)
            self._outer.addWidget(self._note)
        if self._note is not None:
            self._note.say(text)
            self._note.setVisible(bool(text))
        self.has_note = bool(text)

    def set_manner(self, manner: Manner) -> None:
        """Show more or less."""
        if manner != self._manner:
            self._manner = manner
            self._offer()

    def set_busy(self, busy: bool) -> None:
        """An answer is being written, so that nothing else can be asked now."""
        self._busy = busy
        if self._editor is not None:
            self._editor.set_busy(busy)

    def edit(self) -> None:
        """Change the question where it stands; goes on with what was typed before."""
        if self._editor is not None:
            self._editor.setFocus()
            return
        editor = QuestionEditor(self._theme, self._typed or self.message.text, self)
        editor.set_busy(self._busy)
        editor.saved.connect(self._on_saved)
        editor.cancelled.connect(self._on_cancelled)
        self._outer.insertWidget(0, editor)
        self._editor = editor
        self._show_question(shown=False)
        QWidget.setTabOrder(self._view, editor.stops()[0])
        for one, other in zip(editor.stops(), editor.stops()[1:], strict=False):
            QWidget.setTabOrder(one, other)
        editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def stops(self) -> list[QWidget]:
        """What the tab key reaches, from top to bottom."""
        if self._editor is not None:
            return self._editor.stops()
        optional = [w for w in (self._change, self._all) if w is not None]
        pager = self._pager.stops() if self._pager is not None else []
        return [*self._view.stops(), *optional, *pager]

    def height_for(self, width: int) -> int:
        """How tall it wants to be at `width` pixels; lays the text out at that width."""
        self._fit(width)
        self._view.lay_out(self._view.width())
        self._outer.invalidate()
        if self._outer.hasHeightForWidth():
            return self._outer.totalHeightForWidth(width)
        return self._outer.totalSizeHint().height()

    def restyle(self) -> None:
        """Follow the theme."""
        px = self._theme.px
        self._outer.setSpacing(px(6))
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
        self._fit(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The bubble is as wide as its text, at most four fifths of the column."""
        super().resizeEvent(event)
        self._fit(self.width())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The same menu beside the text as on it."""
        if self._editor is None:
            menu = Menu(self, self._view.accessibleName())
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._add_to_menu(menu)
            menu.popup(event.globalPos())

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _offer(self) -> None:
        """Make and show the buttons that this manner has."""
        self._offer_change()
        if len(self.message.versions) > 1 and self._pager is None:
            self._pager = VersionPager(self._theme, self)
            self._pager.version_wished.connect(self.version_wished)
            self._pager.show_versions(self.message.versions, self.message.id)
            self._outer.addWidget(self._pager, 0, Qt.AlignmentFlag.AlignRight)
        self._retranslate()

    def _offer_change(self) -> None:
        """A pencil; in the Simple view, where no picture stands alone, with its word."""
        kind = "quiet" if self._manner.simple else "icon"
        if self._change is None or self._change.property("kind") != kind:
            if self._change is not None:
                self._change.hide()
                self._change.deleteLater()
            self._change = Button(self._theme, kind, "pencil", colour="muted", parent=self)
            self._change.clicked.connect(self.edit)
            self._row.insertWidget(1, self._change, 0, Qt.AlignmentFlag.AlignBottom)
        self._change.setVisible(self._editor is None)

    def _place_change(self, whole: int, bubble: int) -> None:
        """Beside the question; below it where it is too narrow for both."""
        if self._change is None:
            return
        beside = bubble + self._row.spacing() + self._change.sizeHint().width() <= whole
        if beside != (self._row.indexOf(self._change) >= 0):
            self._row.removeWidget(self._change)
            self._outer.removeWidget(self._change)
            if beside:
                self._row.insertWidget(1, self._change, 0, Qt.AlignmentFlag.AlignBottom)
            else:
                place = self._outer.indexOf(self._row) + 1
                self._outer.insertWidget(place, self._change, 0, Qt.AlignmentFlag.AlignRight)

    def _show_question(self, *, shown: bool) -> None:
        self._bubble.setVisible(shown)
        if self._pager is not None:
            self._pager.setVisible(shown)
        if self._change is not None:
            self._change.setVisible(shown)

    def _on_saved(self, text: str) -> None:
        if text == self.message.text:
            self._on_cancelled()
            return
        # The field stays until the changed question stands beside this one: nothing is lost where
        # it cannot be asked.
        self.edit_wished.emit(self.message.id, text)

    def _on_cancelled(self) -> None:
        if self._editor is None:
            return
        editor, self._editor = self._editor, None
        text = editor.text()
        self._typed = text if text.strip() and text != self.message.text else ""
        self._outer.removeWidget(editor)
        editor.hide()
        editor.deleteLater()
        self._show_question(shown=True)
        (self._change or self._view).setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_to_menu(self, menu: QMenu) -> None:
        icon = self._theme.icon
        menu.addAction(
            icon("copy", "muted"), self.tr("Copy the whole question"), lambda: self._act("copy")
        )
        menu.addAction(
            icon("quote", "muted"), self.tr("Quote in your question"), lambda: self._act("quote")
        )
        menu.addAction(icon("pencil", "muted"), self.tr("Change this question"), self.edit)

    def _act(self, name: str) -> None:
        if name == "copy":
            QGuiApplication.clipboard().setText(self.message.text)
        else:
            chosen = self._view.selected_text() or self.message.text
            self.quote_wished.emit(quotation(chosen))
        self.action_wished.emit(name, self.message.id)

    def _fit(self, whole: int) -> None:
        sides = self._inner.contentsMargins().left() + self._inner.contentsMargins().right()
        widest = max(80, round(whole * _WIDEST) - sides)
        measured = self._view.document().clone(self)
        measured.setTextWidth(widest)
        width = widest if self._all else min(widest, round(measured.idealWidth()) + 2)
        measured.deleteLater()
        if width != self._view.width():
            self._view.setFixedWidth(width)
        self._place_change(whole, width + sides)

    def _show_all(self) -> None:
        """Everything, in a field of its own that only lays out what can be seen."""
        whole = WholeText(self._theme, self.message.text.replace("\0", "\ufffd"), self._bubble)
        whole.setAccessibleName(self._view.accessibleName())
        whole.setFixedSize(self._view.width(), self._theme.px(420))
        self._view.hide()
        if self._all is not None:
            self._all.hide()
        self._inner.insertWidget(0, whole)

    def _retranslate(self) -> None:
        self._view.setAccessibleName(self.tr("Your question"))
        if self._all is not None:
            self._all.set_label(self.tr("Show all of it"))
        if self._change is not None:
            self._change.set_label(self.tr("Change"))
            self._change.setAccessibleName(self.tr("Change this question"))
            if not self._manner.simple:
                self._change.setToolTip(self.tr("Change this question"))
