"""Colours that can be read, sizes that scale."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from app.ui.look.fonts import FAMILY, load_fonts
from app.ui.look.theme import Theme
from app.ui.look.tokens import SCHEMES, Scheme, contrast_ratio, relative_luminance

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
