"""The list of conversations: grouped by age, renamed in place, deleted with a key or a menu."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu, QWidget

from app.core.records import ChatSummary
from app.ui.chats.chat_list_delegate import ChatListDelegate
from app.ui.chats.chat_list_model import ChatListModel, ChatRole
from app.ui.look.theme import Theme


class ChatList(QListView):
    """Conversations, newest first under their headings.

    Signals:
        chat_chosen: Id of a conversation to open.
        rename_wished: Id and the new title.
        delete_wished: Id.
    """

    chat_chosen = Signal(int)
    rename_wished = Signal(int, str)
    delete_wished = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ChatListModel(self)
        self._waiting: tuple[ChatSummary, ...] | None = None
        self._delegate = ChatListDelegate(theme, self)
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setMouseTracking(True)
        self.setUniformItemSizes(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.clicked.connect(self._on_clicked)
        self._model.title_edited.connect(self.rename_wished)
        self._delegate.closeEditor.connect(lambda *_: self._after_editing())
        theme.changed.connect(self._relayout)
        self._retranslate()

    def set_chats(self, summaries: tuple[ChatSummary, ...]) -> None:
        """Show these; while a title is being typed the list waits."""
        if self.state() == QAbstractItemView.State.EditingState:
            self._waiting = summaries
            return
        focused = self._focused_id()
        if self._model.set_chats(summaries) and focused is not None:
            self.setCurrentIndex(self._model.index_of(focused))

    def set_open_chat(self, chat_id: int | None) -> None:
        """Mark the conversation that is shown beside the list."""
        self._model.set_open_chat(chat_id)
        if chat_id is not None:
            self.setCurrentIndex(self._model.index_of(chat_id))
        else:
            self.setCurrentIndex(QModelIndex())

    def begin_rename(self, chat_id: int) -> None:
        """Turn the title into a field."""
        index = self._model.index_of(chat_id)
        if index.isValid():
            self.setCurrentIndex(index)
            self.edit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, F2 renames, Delete deletes."""
        chat_id = self._focused_id()
        key = event.key()
        if chat_id is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chat_chosen.emit(chat_id)
        elif key == Qt.Key.Key_F2:
            self.begin_rename(chat_id)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_wished.emit(chat_id)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The three dots of a row open its menu."""
        index = self.indexAt(event.position().toPoint())
        dots = self._delegate.menu_area(self.visualRect(index))
        if index.isValid() and dots.contains(event.position().toPoint()):
            chat_id = index.data(ChatRole.CHAT_ID)
            if chat_id is not None:
                self.show_menu(chat_id, self.viewport().mapToGlobal(dots.bottomLeft()))
                return
        super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Right click, or the menu key on the row that has the focus."""
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        chat_id = index.data(ChatRole.CHAT_ID) if index.isValid() else None
        if chat_id is not None:
            place = event.globalPos() if by_mouse else self._below(self.visualRect(index))
            self.show_menu(chat_id, place)

    def show_menu(self, chat_id: int, place: QPoint) -> None:
        """What can be done with a conversation."""
        self.menu_for(chat_id).popup(place)

    def menu_for(self, chat_id: int) -> QMenu:
        """The menu of a row."""
        theme = self._delegate.theme
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rename = menu.addAction(theme.icon("pencil", "ink", 18), self.tr("Rename"))
        rename.setShortcut(QKeySequence(Qt.Key.Key_F2))
        rename.triggered.connect(lambda: self.begin_rename(chat_id))
        delete = menu.addAction(theme.icon("trash", "ink", 18), self.tr("Delete"))
        delete.setShortcut(QKeySequence(Qt.Key.Key_Delete))
        delete.triggered.connect(lambda: self.delete_wished.emit(chat_id))
        return menu

    def changeEvent(self, event: QEvent) -> None:
        """Headings speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self.setAccessibleName(self.tr("Your conversations"))
        self._model.set_words(
            {
                "pinned": self.tr("Pinned"),
                "today": self.tr("Today"),
                "week": self.tr("This week"),
                "earlier": self.tr("Earlier"),
                "untitled": self.tr("New conversation"),
            }
        )

    def _on_clicked(self, index: QModelIndex) -> None:
        chat_id = index.data(ChatRole.CHAT_ID)
        if chat_id is not None:
            self.chat_chosen.emit(chat_id)

    def _focused_id(self) -> int | None:
        index = self.currentIndex()
        return index.data(ChatRole.CHAT_ID) if index.isValid() else None

    def _below(self, row: QRect) -> QPoint:
        return self.viewport().mapToGlobal(row.bottomLeft() + QPoint(12, 0))

    def _after_editing(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._model.set_chats(waiting)

    def _relayout(self) -> None:
        self.scheduleDelayedItemsLayout()
        self.viewport().update()
