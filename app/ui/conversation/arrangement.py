"""Which messages stand where in the viewport.

The place that is read is remembered as a message and a distance from its top, not as a distance
from the beginning: when a guessed height above turns out to be another one, the scroll bar moves
and the text does not. While the end is followed, everything is placed from the end upwards.
"""

from __future__ import annotations

import time

from app.ui.conversation.stage import Stage

_BUDGET_S = 0.003  # of a frame, for making widgets; what is left goes into the next frame
_AT_END_PX = 48
_FAR = 1 << 20  # a widget in use that is scrolled away waits here at most


class Arrangement:
    """Places the widgets of a stage.

    Attributes:
        room: Height of the viewport.
        above: Room above the first message.
        below: Room below everything.
        tail: Height of what stands after the last message.
        follow: The end stays in view while the conversation grows.
        unfinished: There was no time for all; call `arrange` again.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._index = 0
        self._y = 0  # of the top of message `_index`, in the viewport
        self._held: int | None = None
        self._share = 0.0  # how much of a held message that is begun above is above
        self._began = 0.0  # when the frame did
        self._made_one = False
        self.room = 1
        self.above = self.below = self.tail = 0
        self.follow = True
        self.unfinished = False

    @property
    def origin(self) -> int:
        """Where in the viewport the first message begins."""
        return self._y - self._stage.heights.top(self._index)

    @property
    def end(self) -> int:
        """Where in the viewport the last message ends."""
        return self.origin + self._stage.heights.total()

    @property
    def value(self) -> int:
        """Pixels that are scrolled away above."""
        return max(0, self.above - self.origin)

    @property
    def maximum(self) -> int:
        """The value at which the end is in view."""
        whole = self.above + self._stage.heights.total() + self.tail + self.below
        return max(0, whole - self.room)

    def scroll_by(self, pixels: int) -> None:
        """Read on (or back): what is measured on the way counts as it really is."""
        self._held = None
        self._y -= pixels
        self.follow = pixels > 0 and self.value >= self.maximum - _AT_END_PX

    def scroll_to(self, value: int) -> None:
        """Go to a far place, which is as exact as the heights are."""
        self._held = None
        self.follow = value >= self.maximum
        y = value - self.above
        self._index = max(0, self._stage.heights.at(y))
        self._y = self._stage.heights.top(self._index) - y

    def go_to(self, index: int, y: int) -> None:
        """Put the top of a message at `y`, and keep it there while others are rendered."""
        self.follow = False
        self._index, self._y = index, y
        self._held, self._share = index, 0.0

    def hold(self) -> None:
        """All heights are about to change: remember what is being read."""
        if not len(self._stage) or self.follow or self._held is not None:
            return
        height = max(1, self._stage.heights[self._index])
        if (
            self._y < 0
            and self._y + height <= self.room // 2
            and self._index + 1 < len(self._stage)
        ):
            self._index, self._y = self._index + 1, self._y + height
        self._held = self._index
        self._share = max(0.0, -self._y / height) if self._y < 0 else 0.0

    def reading(self) -> tuple[int, int]:
        """The message at the top of the viewport, and where it begins."""
        return self._index, self._y

    def begin_frame(self) -> None:
        """There is time again to make widgets.

        Not before every arrangement: a message that turns out taller has all arranged once more
        in the same frame.
        """
        self._began, self._made_one = time.perf_counter(), False

    def arrange(self) -> None:
        """Make the widgets that are missing, let go of others, put all in their places."""
        self.unfinished = False
        count = len(self._stage)
        if not count:
            self._index, self._y = 0, self.above
            return
        self._index = min(self._index, count - 1)
        held = self._recall()
        self._find_top()
        last, bottom = self._down_to(self.room)
        if last == count - 1 and bottom + self.tail + self.below < self.room and not self.follow:
            self._stand_at_end()
            last, bottom = self._down_to(self.room)
        self._prepare_around(last, bottom)
        self._remember(held, last)
        for index, widget in self._stage.widgets():
            y = self.origin + self._stage.heights.top(index)
            self._stage.put(index, max(-_FAR - widget.height(), min(y, _FAR)))
        self._let_go()

    def _recall(self) -> int | None:
        """Place everything by the message that is held."""
        held = self._held
        if held is None or self.follow or held >= len(self._stage):
            self._held = None
            return None
        if self._share:
            self._index, self._y = held, -round(self._share * self._height(held))
        return held

    def _remember(self, held: int | None, last: int) -> None:
        """Choose what the next arrangement is placed by: something that will not change itself."""
        rendered = [self._stage.is_rendered(index) for index in range(self._index, last + 1)]
        if held is not None and not all(rendered):
            below = self._stage.heights.top(held) - self._stage.heights.top(self._index)
            self._index, self._y = held, self._y + below
            return
        self._held = None
        if not self.follow and not rendered[0] and len(rendered) > 1:
            self._y += self._stage.heights[self._index]
            self._index += 1

    def _find_top(self) -> None:
        """Choose the message at the top of the viewport as the one to place the others by."""
        if self.follow:
            self._stand_at_end()
            return
        while self._y > 0 and self._index > 0:
            self._index -= 1
            self._y -= self._height(self._index)
        while self._index < len(self._stage) - 1:
            below = self._y + self._height(self._index)
            if below > 0:
                break
            self._y, self._index = below, self._index + 1
        self._keep_below_start()

    def _stand_at_end(self) -> None:
        self._index = len(self._stage)
        self._y = self.room - self.below - self.tail
        while self._index > 0 and (self._y > 0 or self._index == len(self._stage)):
            self._index -= 1
            self._y -= self._height(self._index)
        self._keep_below_start()

    def _keep_below_start(self) -> None:
        if self._index == 0 and self._y > self.above:
            self._y = self.above

    def _down_to(self, limit: int) -> tuple[int, int]:
        """Measure what stands above `limit`; the last such message, and where it ends."""
        index, y = self._index, self._y
        y += self._height(index)
        while y < limit and index < len(self._stage) - 1:
            index += 1
            y += self._height(index)
        return index, y

    def _prepare_around(self, last: int, bottom: int) -> None:
        """Have widgets ready for one viewport further, and one more for Tab to go on to."""
        index, y = last + 1, bottom
        while index < len(self._stage) and (y < 2 * self.room or index == last + 1):
            if self._out_of_time(index):
                return
            y += self._height(index)
            index += 1
        index, y = self._index - 1, self._y
        while index >= 0 and (y > -self.room or index == self._index - 1):
            if self._out_of_time(index):
                return
            y -= self._height(index)
            index -= 1

    def _let_go(self) -> None:
        heights = self._stage.heights
        above, below = -2 * self.room - self.origin, 3 * self.room - self.origin
        first = min(heights.at(above), self._index - 1)
        last = max(heights.at(below), heights.at(self.room - self.origin) + 1)
        self._stage.release_outside(first, last)

    def _height(self, index: int) -> int:
        """Height of a message as it is, or as it is guessed where there is no time to look."""
        if self._out_of_time(index):
            return self._stage.heights[index]
        if self._stage.widget(index) is None:
            self._made_one = True
            self._stage.need(index)
        return self._stage.measure(index, keep_room=not self.follow)

    def _out_of_time(self, index: int) -> bool:
        if self._stage.widget(index) is not None or not self._made_one:
            return False
        late = time.perf_counter() > self._began + _BUDGET_S
        self.unfinished = self.unfinished or late
        return late
