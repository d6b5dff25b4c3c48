"""LaTeX formulas as drawings that are sharp at every size, made beside the main thread."""

from __future__ import annotations

import re
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import FrameType, ModuleType

from PySide6.QtCore import QObject, Signal

from app.ui.markdown.beside import Beside

_EM_PX = 24.0
_LONGEST = 1_000
_DEADLINE_S = 0.4
_KEPT = 400
_LIBRARIES = ("ziamath", "ziafont", "latex2mathml", "xml", "formula_words")
_SIZES = re.compile(r'viewBox="([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+)"')
_PAINT = re.compile(r'(fill|stroke)="(?!none)[^"]*"')
_ENVIRONMENTS = re.compile(r"\\(begin|end)\{(?:align|gather|equation|eqnarray|split)\*?\}")
_INSIDE_NUMBER = re.compile(r"(?<=\d),(?=\d)")  # not a list's comma, which has a space behind it
_NOT_IN_FONT = re.compile(r"[\u2e80-\ud7af\uf900-\ufaff\U00010000-\U0001d3ff\U0001d800-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A formula drawn at a size of one; `svg` is "" where it could not be drawn.

    Attributes:
        svg: With "@ink" for the colour.
        left: Left edge of the drawing; this and the rest in multiples of the text size.
        ascent: Above the baseline.
        width: From edge to edge.
        descent: Below the baseline.
    """

    svg: str = ""
    left: float = 0.0
    ascent: float = 0.0
    width: float = 0.0
    descent: float = 0.0


class Formulas(QObject):
    """Draws formulas one after the other and remembers the newest few hundred.

    Attributes:
        is_ready: The libraries are loaded, which takes a third of a second.

    Signals:
        ready: They are loaded now.
        drawn: Source and whether on a line of its own: ask for the drawing now.
    """

    ready = Signal()
    drawn = Signal(str, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: OrderedDict[tuple[str, bool], Drawing] = OrderedDict()
        self._asked: set[tuple[str, bool]] = set()
        self._press = Beside(self, "alcove-formulas")
        self.is_ready = self._loading = False

    @classmethod
    def of(cls, owner: QObject) -> Formulas:
        """The one that belongs to `owner` (a theme), made at the first call."""
        known = owner.findChild(cls)
        return known if known is not None else cls(owner)

    def drawing(self, source: str, *, display: bool) -> Drawing | None:
        """The drawing, or None until `drawn` tells that there is one."""
        key = (source, display)
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        if not self._loading:
            self._loading = True
            self._press.do(_load, self._on_loaded)
        if key not in self._asked:
            self._asked.add(key)
            self._press.do(lambda: draw(*key), lambda drawing: self._keep(key, drawing))
        return None

    def _on_loaded(self, _: None) -> None:
        self.is_ready = True
        self.ready.emit()

    def _keep(self, key: tuple[str, bool], drawing: Drawing) -> None:
        self._asked.discard(key)
        self._known[key] = drawing
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        self.drawn.emit(*key)


def draw(source: str, display: bool) -> Drawing:
    """Draw a formula, within a time and a length; an empty drawing says that it cannot be done."""
    source = _INSIDE_NUMBER.sub("{,}", _ENVIRONMENTS.sub(r"\\\1{aligned}", source))
    if not source.strip() or len(source) > _LONGEST or _NOT_IN_FONT.search(source):
        return Drawing()
    zmath = _library()
    try:
        with time_limit(_DEADLINE_S):
            formula = zmath.Latex(source, size=_EM_PX, inline=not display)
            if "\\" in formula.mathmlstr():
                return Drawing()  # a command that nobody here knows
            return _measured(formula.svg())
    except Exception:  # noqa: BLE001  what is wrong with a formula shows itself in many ways
        return Drawing()


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError at the first call of a function after so much of this thread's work.

    The parser is plain Python and knows no limits of its own.
    """
    ends = time.thread_time() + seconds

    def at_call(frame: FrameType, _event: str, _argument: object) -> None:
        # Not in a finalizer that happens to run: what it raises is lost, and complained about.
        if time.thread_time() > ends and any(n in frame.f_code.co_filename for n in _LIBRARIES):
            raise TimeoutError

    before = sys.gettrace()
    sys.settrace(at_call)
    try:
        yield
    finally:
        sys.settrace(before)


def _load() -> None:
    import latex2mathml.converter  # noqa: F401, PLC0415  only mathematics needs it

    _library()


@cache
def _library() -> ModuleType:
    """ziamath, loaded when mathematics is first needed."""
    from ziamath import zmath  # noqa: PLC0415
    from ziamath.config import config  # noqa: PLC0415

    config.svg2 = False  # Qt draws no symbols
    return zmath


def _measured(svg: str) -> Drawing:
    found = _SIZES.search(svg)
    if found is None:
        return Drawing()
    left, top, width, height = (float(number) / _EM_PX for number in found.groups())
    return Drawing(_PAINT.sub(r'\1="@ink"', svg), left, -top, width, height + top)
