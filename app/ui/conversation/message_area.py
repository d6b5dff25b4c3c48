"""Where messages stand and scroll: only those near the viewport have widgets."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QWidget

from app.ui.conversation.arrangement import Arrangement
from app.ui.conversation.focus_order import chain, is_seen, next_seen
from app.ui.conversation.highlight import Highlight
from app.ui.conversation.stage import MessageWidget, Stage
from app.ui.conversation.waiting_line import WaitingLine
from app.ui.look.in_sight import InSight
from app.ui.look.text_column import TEXT_WIDTH, sides
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button

_PAGES_OF_A_STEP = 2  # a greater way is a jump, on which nothing is measured
_CHAIN_AFTER_MS = 150
_FRAME_MS = 16


class MessageArea(QAbstractScrollArea):
    """A column of messages, following the end while it grows; see `Stage` and `Arrangement`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._value = 0
        self._quiet = False
        self._edition = theme.edition
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stage = Stage(theme, self.viewport(), self._on_widget_made)
        self._arrangement = Arrangement(self._stage)
        self._highlight = Highlight(theme, self.viewport())
        self._waiting = WaitingLine(theme, self.viewport())
        # In the viewport, since a screen reader is told of nothing else that lies in here.
        self._to_end = Button(theme, "outlined", "arrow-down", parent=self.viewport())
        self._to_end.hide()
        self._to_end.clicked.connect(self.go_to_end)
        self._more = self._later(self._arrange, _FRAME_MS)
        self._chain = self._later(self._chain_now, _CHAIN_AFTER_MS)
        self._in_sight = InSight(self, lambda: theme.px(16))
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        theme.changed.connect(self._restyle)

    def connect_widget(self, widget: MessageWidget) -> None:
        """A message came near the viewport and got a widget."""

    def go_to_start(self) -> None:
        """Show the first question."""
        self._arrangement.go_to(0, self._arrangement.above)
        self._arrange()

    def go_to_end(self) -> None:
        """Show the newest, and follow it."""
        self._arrangement.follow = True
        self._arrange()

    def turn_page(self, pages: int) -> None:
        """Scroll by pages, down or (negative) up."""
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + pages * bar.pageStep())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The same words stay at the top, whatever the width."""
        super().resizeEvent(event)
        if self._edition != self._theme.edition:
            return  # `_restyle` follows
        self._stand()
        self._arrange()
        self._place_button()

    def viewportEvent(self, event: QEvent) -> bool:
        """A message wants to be taller or smaller."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange_again()
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End; the rest of the keys scrolls by itself."""
        if event.key() == Qt.Key.Key_Home:
            self.go_to_start()
        elif event.key() == Qt.Key.Key_End:
            self.go_to_end()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes on in what is seen, also when the focus was scrolled away."""
        self._chain_now()
        focused = QApplication.focusWidget()
        inside = focused is not None and self.viewport().isAncestorOf(focused)
        if inside and focused is not None and not is_seen(focused, self.viewport()):
            stop = next_seen(self._stage.stops(), self.viewport(), forward=forward)
            if stop is not None:
                stop.setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return bool(super().focusNextPrevChild(forward))

    def _later(self, slot: Callable[[], None], after_ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        timer.timeout.connect(slot)
        return timer

    def _on_widget_made(self, widget: MessageWidget) -> None:
        self.connect_widget(widget)
        self._waiting.raise_()
        self._to_end.raise_()
        self._chain.start()

    def _stand(self) -> None:
        """Put the column of text into the middle."""
        whole, inner = self.width(), self.viewport().width()
        left, right = sides(self._theme, TEXT_WIDTH, whole, whole - inner)
        self._arrangement.hold()
        self._stage.stand(left, max(1, inner - left - right))

    def _arrange(self) -> None:
        self._arrangement.begin_frame()
        self._arrange_again()

    def _arrange_again(self) -> None:
        if self._quiet:
            return
        self._quiet = True
        arrangement, px = self._arrangement, self._theme.px
        arrangement.room = max(1, self.viewport().height())
        arrangement.above, arrangement.below = px(10), px(28)
        # "isVisible" would be false while another page is on.
        waits = not self._waiting.isHidden()
        arrangement.tail = self._waiting.sizeHint().height() if waits else 0
        arrangement.arrange()
        QCoreApplication.removePostedEvents(self.viewport(), QEvent.Type.LayoutRequest.value)
        bar = self.verticalScrollBar()
        bar.setSingleStep(px(24))
        bar.setPageStep(max(1, arrangement.room - px(48)))
        bar.setRange(0, arrangement.maximum)
        bar.setValue(arrangement.value)
        self._value = bar.value()
        left, width = self._stage.column
        self._waiting.setGeometry(left, arrangement.end, width, arrangement.tail)
        self._place_highlight()
        self._quiet = False
        if arrangement.unfinished:
            self._more.start()  # again, so that two steps never meet in one frame
        self._show_button()

    def _on_scrolled(self, value: int) -> None:
        if self._quiet:
            return
        way = value - self._value
        far = abs(way) > _PAGES_OF_A_STEP * self.viewport().height()
        if far or self.verticalScrollBar().isSliderDown():
            self._arrangement.scroll_to(value)
        else:
            self._arrangement.scroll_by(way)
        self._arrange()

    def _chain_now(self) -> None:
        chain(self.viewport(), [*self._stage.stops(), self._to_end])

    def _place_highlight(self) -> None:
        index = self._stage.place_of(self._highlight.message_id)
        widget = self._stage.widget(index)
        if widget is not None:
            self._highlight.frame(widget.geometry())
        else:
            self._highlight.hide()

    def _show_button(self) -> None:
        arrangement = self._arrangement
        far = arrangement.maximum - arrangement.value > max(48, self.height() // 2)
        wanted = far and not self._edits_in_sight()
        if wanted == self._to_end.isHidden():
            self._to_end.setVisible(wanted)
            self._place_button()

    def _edits_in_sight(self) -> bool:
        """Whether there is a question being changed, whose buttons are not to be covered."""
        changed = self._stage.edited()
        return changed is not None and is_seen(changed, self.viewport())

    def _place_button(self) -> None:
        size = self._to_end.sizeHint()
        self._to_end.setGeometry(
            (self.width() - size.width()) // 2,
            self.height() - size.height() - self._theme.px(12),
            size.width(),
            size.height(),
        )
        self._to_end.raise_()

    def _restyle(self) -> None:
        self._edition = self._theme.edition
        self._place_button()
        self._stand()
        self._stage.restyle()
        self._arrange()
