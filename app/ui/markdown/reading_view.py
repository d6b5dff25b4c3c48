"""Text to read, select and copy, as tall as it is; loads nothing, opens nothing unasked."""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, QSizeF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDesktopServices,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QMenu,
    QMessageBox,
    QSizePolicy,
    QTextBrowser,
    QWidget,
)

from app.ui.look.menu import Menu
from app.ui.look.theme import Theme
from app.ui.markdown.inert import InertDocument

_FAR_KEYS = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)
_SAFE_SCHEMES = frozenset({"http", "https", "mailto"})


class ReadingView(QTextBrowser):
    """A read-only text without scroll bars whose height follows its content.

    Signals:
        menu_wished: A QMenu that is about to be shown, for others to add to.
    """

    menu_wished = Signal(QMenu)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        document = InertDocument(self)
        document.setDocumentMargin(0)
        document.setUndoRedoEnabled(False)
        self.setDocument(document)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.viewport().setAutoFillBackground(False)
        self.anchorClicked.connect(self.ask_to_open)
        document.documentLayout().documentSizeChanged.connect(self._fit)
        self._fit(document.size())

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Refuse every picture and style sheet, local or remote."""
        del kind, name
        return None

    def ask_to_open(self, address: QUrl) -> None:
        """Show where a link leads, and open it in the browser only after a yes."""
        shown = address.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(self.tr("Open this address?"))
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(self.tr("This opens your web browser, which leaves this computer:"))
        box.setInformativeText(shown)
        openable = address.scheme().lower() in _SAFE_SCHEMES
        yes = box.addButton(self.tr("Open"), QMessageBox.ButtonRole.AcceptRole)
        yes.setEnabled(openable)
        copy = box.addButton(self.tr("Copy the address"), QMessageBox.ButtonRole.ActionRole)
        no = box.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(no)

        def answer(button: QAbstractButton) -> None:
            if button is yes and openable:
                QDesktopServices.openUrl(address)
            elif button is copy:
                QGuiApplication.clipboard().setText(shown)

        box.buttonClicked.connect(answer)
        box.open()

    def selected_text(self) -> str:
        """What is selected, with ordinary line breaks."""
        return self.textCursor().selection().toPlainText()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copy and select, in the language of the window, and what the owner adds."""
        menu = Menu(self, self.accessibleName())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        by_keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        address = "" if by_keyboard else self.anchorAt(event.pos())
        if address:
            menu.addAction(
                self.tr("Copy the address"),
                lambda: QGuiApplication.clipboard().setText(address),
            )
        copy = menu.addAction(self.tr("Copy what is selected"), self.copy)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setEnabled(self.textCursor().hasSelection())
        everything = menu.addAction(self.tr("Select all"), self.selectAll)
        everything.setShortcut(QKeySequence(QKeySequence.StandardKey.SelectAll))
        menu.addSeparator()
        self.menu_wished.emit(menu)
        menu.popup(self._seen_caret() if by_keyboard else event.globalPos())

    def lay_out(self, width: int) -> None:
        """Break the lines for `width` pixels now, even before it is shown."""
        if self.document().textWidth() != width:
            self.document().setTextWidth(width)
        self._fit(self.document().size())

    def stops(self) -> list[QWidget]:
        """What the tab key reaches."""
        return [self]

    def _seen_caret(self) -> QPoint:
        """Where the caret is, or the nearest place to it that is not scrolled away."""
        seen = self.viewport().visibleRegion().boundingRect()
        caret = self.cursorRect().bottomLeft()
        at = QPoint(
            max(seen.left(), min(caret.x(), seen.right())),
            max(seen.top(), min(caret.y(), seen.bottom())),
        )
        return self.viewport().mapToGlobal(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the keys that go far to the conversation; with Shift they select here."""
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in _FAR_KEYS and not shift:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave scrolling to the conversation."""
        event.ignore()

    def _fit(self, size: QSizeF) -> None:
        height = max(1, math.ceil(size.height()) + self._room_below())
        if height != self.height():
            self.setFixedHeight(height)

    def _room_below(self) -> int:
        """What is painted below the last line."""
        return 0
