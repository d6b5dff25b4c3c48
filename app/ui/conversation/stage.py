"""The messages of one conversation, and the widgets of those that can be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.core.records import Message
from app.ui.conversation.guess import Guess
from app.ui.conversation.heights import Heights
from app.ui.conversation.manner import Manner
from app.ui.conversation.question_widget import QuestionWidget
from app.ui.conversation.reply_widget import ReplyWidget
from app.ui.look.theme import Theme
from app.ui.markdown.reading_view import ReadingView

MessageWidget = QuestionWidget | ReplyWidget
_PASSES = 3  # a height can depend on a width that depends on a height, not further


class Stage:
    """Makes a widget for a message when it comes near the viewport, and lets it go afterwards.

    What a person did to a widget outlives it: thinking that was unfolded is unfolded again. A
    widget in use (the focus, a selection, an edit that was begun) is kept wherever it is.
    """

    def __init__(
        self, theme: Theme, ground: QWidget, connect: Callable[[MessageWidget], None]
    ) -> None:
        """Make an empty stage.

        Args:
            theme: Colours and sizes.
            ground: Parent of the widgets.
            connect: Called with each new widget.
        """
        self._theme = theme
        self._ground = ground
        self._connect = connect
        self._messages: list[Message] = []
        self._places: dict[int, int] = {}
        self._widgets: dict[int, MessageWidget] = {}
        self._measured: dict[int, int] = {}  # heights at this width, by message
        self._unfolded: set[int] = set()
        self._manner = Manner()
        self._left = 0
        self._width = 1
        self._size_pt = theme.text_size_pt
        self.heights = Heights()

    def __len__(self) -> int:
        """How many messages there are."""
        return len(self._messages)

    def __getitem__(self, index: int) -> Message:
        """One of them."""
        return self._messages[index]

    def place_of(self, message_id: int) -> int:
        """Number of a message, -1 when it is not here."""
        return self._places.get(message_id, -1)

    def widget(self, index: int) -> MessageWidget | None:
        """The widget of a message, if there is one at the moment."""
        return self._widgets.get(index)

    def stops(self) -> list[QWidget]:
        """What Tab reaches, in reading order."""
        return [stop for _, widget in self.widgets() for stop in widget.stops()]

    def widgets(self) -> Iterator[tuple[int, MessageWidget]]:
        """All that there are, from top to bottom."""
        return iter(sorted(self._widgets.items()))

    @property
    def column(self) -> tuple[int, int]:
        """Where the column begins, and how wide it is."""
        return self._left, self._width

    def show(self, messages: Sequence[Message]) -> int:
        """Take other messages; widgets of those that stay the same are kept.

        Returns:
            How many at the beginning are the same as before.
        """
        same = 0
        for old, new in zip(self._messages, messages, strict=False):
            if (old.chat_id, old.id) != (new.chat_id, new.id):
                break
            same += 1
        for index, widget in list(self.widgets()):
            if index >= same or not _alike(widget.message, messages[index]):
                self._release(index)
        self._messages = list(messages)
        self._places = {message.id: index for index, message in enumerate(self._messages)}
        if not same:
            self._measured.clear()
            self._unfolded.clear()
        self._guess()
        self._mark_last()
        return same

    def add(self, message: Message) -> None:
        """One more message at the end."""
        self._messages.append(message)
        self._places[message.id] = len(self._messages) - 1
        self.heights.append(Guess(self._theme, self._width).height_px(message))
        self._mark_last()

    def edited(self) -> QuestionWidget | None:
        """The question that is being changed."""
        shown = self._widgets.values()
        return next((w for w in shown if isinstance(w, QuestionWidget) and w.editing), None)

    def replace(self, message: Message) -> MessageWidget | None:
        """A message has changed; its widget, if there is one, is told by the caller."""
        index = self.place_of(message.id)
        if index < 0:
            return None
        self._messages[index] = message
        self._measured.pop(message.id, None)
        widget = self._widgets.get(index)
        if widget is None:
            self.heights[index] = Guess(self._theme, self._width).height_px(message)
        return widget

    def stand(self, left: int, width: int) -> None:
        """Put the column somewhere else; another width or text size means other heights."""
        self._left = left
        size_pt = self._theme.text_size_pt
        if (width, size_pt) != (self._width, self._size_pt):
            self._width, self._size_pt = width, size_pt
            self._measured.clear()
            self._guess()

    def set_manner(self, manner: Manner) -> None:
        """Show more or less of each message."""
        self._manner = manner
        for _, widget in self.widgets():
            widget.set_manner(manner)

    def need(self, index: int) -> MessageWidget:
        """The widget of a message, made now if it has to be; its height is known afterwards."""
        widget = self._widgets.get(index)
        if widget is None:
            widget = self._make(index)
        return widget

    def is_rendered(self, index: int) -> bool:
        """Whether a widget shows all of its message, so that its height is the last word."""
        return _rendered(self._widgets[index]) if index in self._widgets else False

    def measure(self, index: int, *, keep_room: bool) -> int:
        """Height of a message that has a widget, corrected where it was wrong.

        Args:
            index: Which one.
            keep_room: While it is being rendered it keeps the room that was guessed for it.
        """
        widget = self._widgets[index]
        height = self._wanted(widget)
        for _ in range(_PASSES):
            if widget.width() == self._width and widget.height() == height:
                break
            widget.resize(self._width, height)
            height = self._wanted(widget)
        # Asking for a height has the layout ask to be looked at again, and so on for ever.
        QCoreApplication.removePostedEvents(widget, QEvent.Type.LayoutRequest.value)
        if _rendered(widget):
            self._measured[self._messages[index].id] = height
        elif keep_room:
            height = max(height, self.heights[index])
        if height != self.heights[index]:
            self.heights[index] = height
        return height

    def put(self, index: int, y: int) -> None:
        """Move a widget to its place."""
        self._widgets[index].move(self._left, y)

    def release_outside(self, first: int, last: int) -> None:
        """Let go of the widgets that are not among these and not in use."""
        for index in list(self._widgets):
            if not first <= index <= last and not _in_use(self._widgets[index]):
                self._release(index)

    def restyle(self) -> None:
        """Follow the theme."""
        for _, widget in self.widgets():
            _pad(widget, self._theme)
            widget.restyle()

    def _make(self, index: int) -> MessageWidget:
        message = self._messages[index]
        widget: MessageWidget
        if message.role == "user":
            widget = QuestionWidget(self._theme, message, self._manner, self._ground)
        else:
            before = self._messages[index - 1] if index else None
            question = before.text if before is not None and before.role == "user" else ""
            widget = ReplyWidget(
                self._theme, message, question, self._manner, self._ground, width=self._width
            )
            widget.set_last(index == len(self._messages) - 1)
        _pad(widget, self._theme)
        if message.id in self._unfolded:
            _unfold(widget)
        self._widgets[index] = widget
        self._connect(widget)
        widget.setGeometry(self._left, -self.heights[index], self._width, self.heights[index])
        widget.show()
        self._sort(index)
        return widget

    def _sort(self, index: int) -> None:
        """Keep the widgets in reading order for screen readers, which take that of the children."""
        after = [number for number in self._widgets if number > index]
        if after:
            self._widgets[index].stackUnder(self._widgets[min(after)])

    def _release(self, index: int) -> None:
        widget = self._widgets.pop(index)
        change = self._unfolded.add if _is_unfolded(widget) else self._unfolded.discard
        change(widget.message.id)
        widget.hide()
        widget.deleteLater()

    def _wanted(self, widget: MessageWidget) -> int:
        layout = widget.layout()
        if layout is not None:
            layout.activate()
        return max(1, widget.height_for(self._width))

    def _guess(self) -> None:
        guess = Guess(self._theme, self._width).height_px
        known = self._measured.get
        self.heights = Heights(known(m.id) or guess(m) for m in self._messages)

    def _mark_last(self) -> None:
        last = len(self._messages) - 1
        for index, widget in self._widgets.items():
            if isinstance(widget, ReplyWidget):
                widget.set_last(index == last)


def _pad(widget: MessageWidget, theme: Theme) -> None:
    if isinstance(widget, QuestionWidget):
        widget.setContentsMargins(0, theme.px(14), 0, theme.px(18))


def _alike(one: Message, other: Message) -> bool:
    """Whether a widget of the one can go on showing the other."""
    return (one.text, one.state, one.versions) == (other.text, other.state, other.versions)


def _rendered(widget: MessageWidget) -> bool:
    if isinstance(widget, QuestionWidget):
        return True
    thinking = widget.thinking.view if widget.thinking is not None else None
    return widget.answer.is_rendered and (thinking is None or thinking.is_rendered)


def _in_use(widget: MessageWidget) -> bool:
    """Whether something would be lost with it: the keyboard's place, an edit, a selection."""
    focused = QApplication.focusWidget()
    if focused is not None and widget.isAncestorOf(focused):
        return True
    if isinstance(widget, QuestionWidget) and widget.editing:
        return True
    return any(v.textCursor().hasSelection() for v in widget.findChildren(ReadingView))


def _is_unfolded(widget: MessageWidget) -> bool:
    thinking = widget.thinking if isinstance(widget, ReplyWidget) else None
    return thinking is not None and thinking.toggle.isChecked()


def _unfold(widget: MessageWidget) -> None:
    if isinstance(widget, ReplyWidget) and widget.thinking is not None:
        widget.thinking.toggle.setChecked(True)
