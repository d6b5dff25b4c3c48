"""A reply, rendered as it comes: finished blocks are never parsed again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, QRectF, QSizeF, QTimer, Signal
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextCursor,
)
from PySide6.QtWidgets import QWidget

from app.ui.look.theme import Theme
from app.ui.markdown.blocks import Block, BlockSplitter
from app.ui.markdown.code_cards import CodeCards
from app.ui.markdown.doubts import Stretch, doubtful, paint_doubts, places_of, say_doubt, text_at
from app.ui.markdown.formula_object import OBJECT, OBJECT_CHARACTER, FormulaObject
from app.ui.markdown.formulas import Formulas
from app.ui.markdown.reading_view import ReadingView
from app.ui.markdown.runs import show_drawing
from app.ui.markdown.style import TextStyle
from app.ui.markdown.writer import MarkdownWriter

_BUDGET_S = 0.003  # of a 16 ms frame, before the layout; the rest goes into the next turn
_SHOWN_CHARACTERS = 150_000
_FED_AT_ONCE = 4_000


class MarkdownView(ReadingView):
    """Shows Markdown that may still grow.

    Signals:
        rendered: Everything that was given is shown.
    """

    rendered = Signal()
    _ready = False  # the base class asks for the height before there is anything here

    def __init__(self, theme: Theme, *, muted: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._muted = muted
        self._source = ""
        self._given = ""  # of it, to be shown
        self._limit = _SHOWN_CHARACTERS
        self._room = 0
        self._tail_is_old = False
        self._marks: Sequence[Stretch] = ()
        self._sentence = ""
        self._doubts: list[Stretch] = []
        self._doubtful: deque[tuple[Block, int]] = deque()  # blocks to look for marks in
        self._doubts_are_old = False
        self._formulas = Formulas.of(theme)
        self._listens = False
        self._object = FormulaObject(self._formulas, self)
        self.document().documentLayout().registerHandler(OBJECT, self._object)
        self._code = CodeCards(theme, self, self._wake)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._work)
        self._reset()
        self._ready = True

    def markdown(self) -> str:
        """The Markdown that is shown or about to be."""
        return self._source

    @property
    def is_rendered(self) -> bool:
        """Whether everything that was given is shown."""
        return not self._queue and self._fed == len(self._given)

    def show_markdown(self, source: str) -> None:
        """Show `source`; when it begins with what is shown, only the new part costs work."""
        source = source.replace("\0", "\ufffd").replace("\r\n", "\n")
        if source == self._source:
            return
        self._source = source
        shown = source[: self._limit]
        if shown == self._given:
            return
        if not shown.startswith(self._given[: self._fed]):
            self._reset()
        self._given = shown
        self._tail_is_old = True
        if not self._timer.isActive():
            self._work()

    @property
    def is_shortened(self) -> bool:
        """Whether the text goes on after what is shown: nobody reads a whole library at once."""
        return len(self._source) > self._limit

    def show_more(self) -> None:
        """Show as much again."""
        source, self._source = self._source, ""
        self._limit += _SHOWN_CHARACTERS
        self.show_markdown(source)

    def set_doubts(self, marks: Sequence[Stretch], sentence: str) -> None:
        """Underline stretches of the Markdown.

        Args:
            marks: Start and end of each, in characters.
            sentence: What the tool tip says.
        """
        if tuple(marks) != tuple(self._marks) or sentence != self._sentence:
            self._marks, self._sentence = tuple(marks), sentence
            self._doubts_are_old = True
            if self.is_rendered and not self._timer.isActive():
                self._work()

    def doubted_words(self) -> list[str]:
        """What is underlined, as it is shown."""
        return [text_at(self.document(), start, end) or "" for start, end in self._doubts]

    def restyle(self) -> None:
        """Render again with the colours and sizes that are on now."""
        source, self._source, self._given = self._source, "", ""
        self._reset()
        self.show_markdown(source)

    def lay_out(self, width: int) -> None:
        """Break the lines for `width` pixels now, even before it is shown."""
        self._set_room(width)
        super().lay_out(width)
        self._code.place()

    def stops(self) -> list[QWidget]:
        """What the tab key reaches."""
        return [self, *self._code.buttons()]

    def selected_text(self) -> str:
        """What is selected, formulas in words."""
        return super().selected_text().replace(OBJECT_CHARACTER, "")

    def createMimeDataFromSelection(self) -> QMimeData:
        """Plain text: fonts and colours of this window belong nowhere else."""
        data = QMimeData()
        data.setText(self.selected_text())
        return data

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tables may need another form."""
        self._set_room(self.viewport().width())
        super().resizeEvent(event)
        self._code.place()

    def changeEvent(self, event: QEvent) -> None:
        """The face of the application changed: sizes of what lies on the text may have too."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._code.place()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Cards behind code and quotations, then the text, then what is doubtful."""
        exposed = QRectF(event.rect())
        if self._writer.cards.all:
            self._paint_cards(exposed)
        super().paintEvent(event)
        if self._doubts:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_doubts(painter, self.document(), self._doubts, self.theme, exposed)
            painter.end()

    def _paint_cards(self, exposed: QRectF) -> None:
        shown = self._writer.cards.areas_in(exposed, self.viewport().width())
        if not shown:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.theme.color("line"), 1))
        painter.setBrush(self.theme.color("surface"))
        radius = self.theme.px(16)
        for area in shown:
            painter.drawRoundedRect(area, radius, radius)
        painter.end()

    def _reset(self) -> None:
        self._doubts = []
        self._doubtful = deque()
        self.document().clear()
        self.document().setIndentWidth(self.theme.px(26))
        self._splitter = BlockSplitter()
        style = TextStyle.of(self.theme, muted=self._muted)
        self._writer = MarkdownWriter(self.document(), style, self._room, self._formulas)
        self._code.follow(self._writer)
        self._queue: deque[Block] = deque()
        self._fed = 0  # characters of what is given that were cut into blocks
        self._shown: list[tuple[Block, int]] = []  # finished blocks, and where they begin
        self._tail: tuple[Block, int] | None = None
        self._before_tail = self._writer.state()
        self._finished_end = 0  # position in the document after the finished blocks

    def _work(self) -> None:
        """Render for at most a part of a frame."""
        until = time.perf_counter() + _BUDGET_S
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        if self._tail_is_old:
            self._remove_tail(cursor)
        while not self.is_rendered and time.perf_counter() < until:
            if not self._queue:
                self._fed = min(len(self._given), self._fed + _FED_AT_ONCE)
                self._queue.extend(self._splitter.grow(self._given[: self._fed]) or ())
                continue
            block = self._queue.popleft()
            self._shown.append((block, self._writer.append(block)))
            self._finished_end = self._end()
        if self.is_rendered and self._tail_is_old:
            self._append_tail(self._splitter.tail())
        open_end = self._tail is not None and bool(self._tail[0].fence)
        done = self._code.colour(until, last_is_open=open_end)
        cursor.endEditBlock()
        self._fit(self.document().size())
        self._listen()
        if self.is_rendered and (self._doubts_are_old or self._doubtful):
            self._show_doubts(until)
        if not self.is_rendered or not done or self._doubtful:
            self._timer.start(0)
        if self.is_rendered and not self._doubtful:
            self.rendered.emit()

    def _wake(self) -> None:
        if not self._timer.isActive():
            self._timer.start(0)

    def _append_tail(self, block: Block) -> None:
        self._before_tail = self._writer.state()
        self._tail = (block, self._writer.append(block))
        self._tail_is_old = False
        self._doubts_are_old = bool(self._marks)

    def _remove_tail(self, cursor: QTextCursor) -> None:
        if self._tail is None:
            return
        self._tail = None
        self._doubts = [place for place in self._doubts if place[1] <= self._finished_end]
        cursor.setPosition(self._finished_end)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._writer.rewind(self._before_tail, self._finished_end)

    def _listen(self) -> None:
        """There are formulas to wait for."""
        if self._writer.runs.places and not self._listens:
            self._listens = True
            self._formulas.drawn.connect(self._on_drawn)
            self._formulas.ready.connect(self._on_ready)

    def _on_ready(self) -> None:
        """From now on formulas can be put into words."""
        if self._writer.runs.unready:
            self.restyle()

    def _on_drawn(self, source: str, display: bool) -> None:
        """A formula has been drawn: show it in the place of its words."""
        waiting = self._writer.runs.places
        mine = [p for p in waiting if (p.maths.source, p.maths.display) == (source, display)]
        if not mine:
            return
        self._writer.runs.places = [place for place in waiting if place not in mine]
        drawing = self._formulas.drawing(source, display=display)
        if drawing is None or not drawing.svg:
            return  # its words go on standing there
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for place in mine:
            show_drawing(cursor, place)
        cursor.endEditBlock()
        for place in mine:
            self.document().markContentsDirty(place.at, place.length + 1)
        self._code.place()

    def _show_doubts(self, until: float) -> None:
        """Underline block after block, as far as there is time."""
        if self._doubts_are_old:
            self._doubts_are_old = False
            say_doubt(self.document(), self._doubts, "")
            shown = [*self._shown, self._tail] if self._tail is not None else self._shown
            self._doubts, self._doubtful = [], deque(doubtful(self._marks, shown))
        while self._doubtful and time.perf_counter() < until:
            places = places_of(self._marks, [self._doubtful.popleft()], self._writer)
            say_doubt(self.document(), places, self._sentence)
            self._doubts += places
        self.viewport().update()

    def _end(self) -> int:
        return self.document().characterCount() - 1

    def _room_below(self) -> int:
        """A card at the end reaches further down than its text: Qt forgets the last margin."""
        if not self._ready:
            return 0
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return self.theme.px(16) + 1 if self._writer.cards.ends_at(cursor) else 0

    def _set_room(self, width: int) -> None:
        if width == self._room:
            return
        self._room = width
        if self._writer.fits_in(width):
            self._writer.room = width
        else:
            self.restyle()

    def _fit(self, size: QSizeF) -> None:
        super()._fit(size)
        if self._ready:
            self._code.place()
