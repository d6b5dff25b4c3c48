"""The look that is on now: scheme, sizes, and the palette and style sheet made from them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Literal, get_args

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPalette, QPixmapCache
from PySide6.QtWidgets import (
    QApplication,
    QProxyStyle,
    QStyle,
    QStyleHintReturn,
    QStyleOption,
    QWidget,
)

from app.ui.look.faces import Faces
from app.ui.look.fonts import body_font, load_fonts
from app.ui.look.icons import icon
from app.ui.look.style_sheet import style_sheet
from app.ui.look.tokens import SCHEMES, Scheme, Tokens

Appearance = Literal["system", "light", "dark", "contrast"]
BASE_SIZE_PT = 16
MIN_SIZE_PT, MAX_SIZE_PT = 16, 28
_PAINTED_KB = 2_048  # of icons as they were painted; those of a screen take a few hundred
Role = Literal["body", "small", "title", "heading", "name"]
_FACTORS: dict[Role, float] = {
    "body": 1.0,
    "small": 0.85,
    "title": 1.12,
    "heading": 1.6,
    "name": 1.06,
}
_BOLD: frozenset[Role] = frozenset({"title", "heading", "name"})


class Theme(QObject):
    """What widgets ask for colours, distances and fonts.

    Signals:
        changed: Colours or sizes are other ones now; what is painted by hand paints again.

    Attributes:
        scheme: The colours that are on.
        densities: Pixels of the screens for a device-independent one; each icon has a drawing for
            each of them.
    """

    changed = Signal()

    def __init__(
        self,
        application: QApplication,
        appearance: str = "system",
        text_size_pt: int = BASE_SIZE_PT,
    ) -> None:
        super().__init__(application)
        self._application = application
        self._appearance: Appearance = _checked(appearance)
        self._size_pt = _clamped(text_size_pt)
        load_fonts()
        application.setStyle("Fusion")
        hints = application.styleHints()
        hints.colorSchemeChanged.connect(self._follow_system)
        hints.accessibility().contrastPreferenceChanged.connect(self._follow_system)
        self.scheme: Scheme = "light"
        self._still = False
        self._edition = 0
        self._flash_ms = application.cursorFlashTime()
        self._icons: dict[Hashable, QIcon] = {}
        QPixmapCache.setCacheLimit(_PAINTED_KB)
        self.densities = _densities()
        self._faces = Faces(self)
        self._apply()

    @property
    def tokens(self) -> Tokens:
        """The colours that are on."""
        return SCHEMES[self.scheme]

    @property
    def text_size_pt(self) -> int:
        """Size of body text in points."""
        return self._size_pt

    @property
    def appearance(self) -> Appearance:
        """What was chosen, "system" included."""
        return self._appearance

    def set_appearance(self, appearance: str) -> None:
        """Choose light, dark, contrast, or to follow the system."""
        self._appearance = _checked(appearance)
        self._follow(_wanted(self._appearance))

    @property
    def edition(self) -> int:
        """Counts the changes; who has seen a smaller number is about to be told of one."""
        return self._edition

    @property
    def still(self) -> bool:
        """Whether nothing may move that need not."""
        return self._still

    def set_still(self, still: bool) -> None:
        """Let nothing blink or glide; text still appears as it comes."""
        if still == self._still:
            return
        self._still = still
        self._application.setCursorFlashTime(0 if still else self._flash_ms)
        self._application.setStyle(_StillStyle("Fusion") if still else "Fusion")
        self._apply()

    def set_text_size(self, size_pt: int) -> None:
        """Choose the size of body text; everything scales with it."""
        if _clamped(size_pt) != self._size_pt:  # every widget is measured again
            self._size_pt = _clamped(size_pt)
            self._apply()

    def px(self, at_base_size: float) -> int:
        """A distance of the design (given for 16 pt text) in pixels at the size that is on."""
        return round(at_base_size * self._size_pt / BASE_SIZE_PT)

    def color(self, token: str) -> QColor:
        """Colour of a token, by its name in `Tokens`."""
        return QColor(getattr(self.tokens, token))

    def font(self, role: Role = "body", *, bold: bool | None = None) -> QFont:
        """The typeface for a kind of text."""
        return body_font(
            self._size_pt * _FACTORS[role], bold=role in _BOLD if bold is None else bold
        )

    def icon(self, name: str, colour: str = "ink", size: float = 20, gap: float = 0) -> QIcon:
        """An icon in the colour of that token; `size` and `gap` are given for 16 pt text."""
        key = (name, getattr(self.tokens, colour), self.px(size), self.px(gap))
        return self.drawn(key, lambda: icon(*key, self.densities))

    def drawn(self, key: Hashable, draw: Callable[[], QIcon]) -> QIcon:
        """What `draw` draws, once for the colours and sizes that are on."""
        if key not in self._icons:
            self._icons[key] = draw()
        return self._icons[key]

    def look_at_screens(self) -> None:
        """A screen came, or shows everything larger now: icons are drawn for it too."""
        if self.densities != (densities := _densities()):
            self.densities = densities
            self._apply()

    def _follow_system(self) -> None:
        self._follow(_wanted(self._appearance))

    def _follow(self, scheme: Scheme) -> None:
        if scheme != self.scheme:
            self._apply()

    def _apply(self) -> None:
        self._edition += 1
        self.scheme = _wanted(self._appearance)
        self._icons.clear()  # of another size or colour; a step through all sizes took 80 MB
        QPixmapCache.clear()  # what was painted of them: 10 MB more
        self._application.setFont(self.font())
        self._application.setPalette(_palette(self.tokens))
        # Qt styles a widget again for each of its ancestors where one sheet follows another.
        self._application.setStyleSheet("")
        self._application.setStyleSheet(style_sheet(self.tokens, self.px, self._size_pt))
        self.changed.emit()


class _StillStyle(QProxyStyle):
    """Fusion without animations."""

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returned: QStyleHintReturn | None = None,
    ) -> int:
        if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
            return 0
        return super().styleHint(hint, option, widget, returned)


def _densities() -> tuple[float, ...]:
    """How many pixels the screens have for a device-independent one."""
    return tuple(sorted({s.devicePixelRatio() for s in QGuiApplication.screens()})) or (1.0,)


def _wanted(appearance: Appearance) -> Scheme:
    return _system_scheme() if appearance == "system" else appearance


def _system_scheme() -> Scheme:
    hints = QGuiApplication.styleHints()
    if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
        return "contrast"
    return "dark" if hints.colorScheme() == Qt.ColorScheme.Dark else "light"


def _checked(appearance: str) -> Appearance:
    return appearance if appearance in get_args(Appearance) else "system"  # type: ignore[return-value]


def _clamped(size_pt: int) -> int:
    return max(MIN_SIZE_PT, min(MAX_SIZE_PT, size_pt))


def _palette(tokens: Tokens) -> QPalette:
    role = QPalette.ColorRole
    colours = {
        role.Window: tokens.bg,
        role.WindowText: tokens.ink,
        role.Base: tokens.surface,
        role.AlternateBase: tokens.tint,
        role.Text: tokens.ink,
        role.PlaceholderText: tokens.muted,
        role.Button: tokens.surface,
        role.ButtonText: tokens.ink,
        role.BrightText: tokens.alert,
        role.Highlight: tokens.accent,
        role.HighlightedText: tokens.on,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.ToolTipBase: tokens.surface,
        role.ToolTipText: tokens.ink,
        role.Light: tokens.surface,
        role.Midlight: tokens.line,
        role.Mid: tokens.edge,
        role.Dark: tokens.edge,
        role.Shadow: tokens.edge,
        role.Accent: tokens.accent,
    }
    palette = QPalette()
    for name, colour in colours.items():
        palette.setColor(name, QColor(colour))
    for name in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(tokens.off))
    return palette
