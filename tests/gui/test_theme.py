"""Colours that can be read, sizes that scale."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.ui.look.fonts import FAMILY, load_fonts
from app.ui.look.theme import Theme
from app.ui.look.tokens import SCHEMES, Scheme, contrast_ratio, relative_luminance
from app.ui.pages.help import HelpPage

GROUNDS = ("bg", "side", "surface", "tint")
TEXTS = ("ink", "muted", "accent", "doubt", "alert", "off")
CODE = ("code_word", "code_text", "code_number", "code_name")
TEXT_LEAST = {"light": 4.5, "dark": 4.5, "contrast": 7.0}


def test_contrast_ratio_knows_the_standard_values() -> None:
    assert contrast_ratio("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast_ratio("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert relative_luminance("#FFFFFF") == pytest.approx(1.0)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_can_be_read_on_every_ground(scheme: Scheme, text: str, ground: str) -> None:
    tokens = SCHEMES[scheme]
    ratio = contrast_ratio(getattr(tokens, text), getattr(tokens, ground))
    assert ratio >= TEXT_LEAST[scheme], f"{ratio:.2f}"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("text", CODE)
def test_code_can_be_read_on_its_card(scheme: Scheme, text: str) -> None:
    tokens = SCHEMES[scheme]
    assert contrast_ratio(getattr(tokens, text), tokens.surface) >= TEXT_LEAST[scheme]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_words_on_filled_buttons_can_be_read(scheme: Scheme) -> None:
    tokens = SCHEMES[scheme]
    for ground in (tokens.accent, tokens.accent_hover):
        assert contrast_ratio(tokens.on, ground) >= TEXT_LEAST[scheme]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_lines_that_mean_something_can_be_seen(scheme: Scheme, ground: str) -> None:
    tokens = SCHEMES[scheme]
    least = 4.5 if scheme == "contrast" else 3.0
    for line in (tokens.edge, tokens.accent):
        assert contrast_ratio(line, getattr(tokens, ground)) >= least


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_cannot_be_pressed_looks_different(scheme: Scheme) -> None:
    tokens = SCHEMES[scheme]
    assert contrast_ratio(tokens.off, tokens.ink) > 1.6
    assert contrast_ratio(tokens.off_line, tokens.edge) > 2


def test_hairlines_do_not_vanish_on_the_tint_in_the_dark() -> None:
    assert contrast_ratio(SCHEMES["dark"].line, SCHEMES["dark"].tint) > 1.15


@pytest.mark.parametrize("scheme", SCHEMES)
def test_palette_and_style_sheet_come_from_the_tokens(qapp: QApplication, scheme: Scheme) -> None:
    theme = Theme(qapp, scheme)
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == theme.tokens.bg.lower()
    assert theme.tokens.accent in qapp.styleSheet()
    assert "$" not in qapp.styleSheet()


def test_everything_scales_with_the_text(qapp: QApplication) -> None:
    theme = Theme(qapp, "light", 16)
    small = theme.px(100)
    theme.set_text_size(28)
    assert theme.px(100) == round(small * 28 / 16)
    assert qapp.font().pointSizeF() == 28
    theme.set_text_size(99)
    assert theme.text_size_pt == 28
    theme.set_text_size(2)
    assert theme.text_size_pt == 16


def test_shipped_typeface_is_used(qapp: QApplication) -> None:
    assert set(load_fonts()) == {FAMILY}
    theme = Theme(qapp)
    assert theme.font().families()[0] == FAMILY
    assert any("CJK" in family for family in theme.font().families())


def test_unknown_appearance_follows_the_system(qapp: QApplication) -> None:
    assert Theme(qapp, "sepia").appearance == "system"


def test_nothing_is_measured_anew_where_nothing_changes(qapp: QApplication) -> None:
    theme = Theme(qapp, "light", 18)
    changes: list[str] = []
    theme.changed.connect(lambda: changes.append(theme.scheme))
    theme.set_text_size(18)
    theme.set_appearance("light")
    theme.set_still(False)
    assert not changes
    theme.set_appearance("dark")
    theme.set_text_size(20)
    assert changes == ["dark", "dark"]


def test_every_widget_is_styled_once_for_a_change(qtbot: QtBot, qapp: QApplication) -> None:
    theme = Theme(qapp, "light", 16)
    outermost = widget = QPushButton()
    qtbot.addWidget(outermost)
    for _ in range(12):
        widget = QPushButton(widget)
    outermost.show()
    watch = _Watch(widget)
    theme.set_appearance("dark")
    assert 0 < watch.styled <= 2  # without a sheet, and with the new one
    assert widget.palette().color(QPalette.ColorRole.ButtonText).name() == theme.tokens.ink.lower()


def test_a_hidden_page_is_laid_out_when_it_is_shown(qtbot: QtBot, qapp: QApplication) -> None:
    theme = Theme(qapp, "light", 16)
    page, beside = HelpPage(theme), HelpPage(theme)
    for one in (page, beside):
        qtbot.addWidget(one)
        one.resize(700, 500)
        one.show()
    page.hide()
    small = page.column.height()
    theme.set_text_size(28)
    qtbot.waitUntil(lambda: beside.column.height() > small)
    assert page.column.height() == small
    page.show()
    qtbot.waitUntil(lambda: page.column.height() == beside.column.height())
    assert page.verticalScrollBar().maximum() == beside.verticalScrollBar().maximum() > 0


def test_icons_are_drawn_for_the_screens_there_are(qapp: QApplication) -> None:
    theme = Theme(qapp)
    (density,) = theme.densities
    assert density == qapp.primaryScreen().devicePixelRatio()
    sizes = theme.icon("send").availableSizes()
    assert [size.height() for size in sizes] == [round(theme.px(20) * density)]


class _Watch(QObject):
    """Counts how often a widget is styled."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.styled = 0
        watched.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        self.styled += event.type() == QEvent.Type.StyleChange
        return False
