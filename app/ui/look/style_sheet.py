"""The style sheet, generated from the tokens so that no colour is written down twice."""

from __future__ import annotations

from collections.abc import Callable
from string import Template

from app.ui.look.tokens import Tokens

_TEMPLATE = Template("""
QWidget { color: $ink; }
QMainWindow, QDialog, QMessageBox { background: $bg; }
QWidget[ground="bg"] { background: $bg; }
QWidget[ground="side"] { background: $side; }
QLabel[tone="muted"] { color: $muted; }
QLabel[tone="accent"] { color: $accent; }
QLabel[tone="doubt"] { color: $doubt; }
QLabel[tone="alert"] { color: $alert; }

QFrame[card="true"] {
    background: $surface; border: 1px solid $line; border-radius: ${r18}px;
}
QFrame[card="field"] {
    background: $surface; border: 1px solid $edge; border-radius: ${r22}px;
}
QFrame[card="field"][focused="true"] { border: 2px solid $accent; }
QFrame[card="note"] {
    background: $tint; border: 1px solid $line; border-radius: ${r14}px;
}
QFrame[card="alert"] {
    background: $surface; border: 2px solid $alert; border-radius: ${r14}px;
}

QPushButton {
    background: $surface; color: $ink; border: 1px solid $edge; border-radius: ${r14}px;
    padding: ${p8}px ${p18}px; min-height: ${target}px;
}
QPushButton:hover { background: $tint; }
QPushButton:focus { border: 2px solid $accent; padding: ${p7}px ${p17}px; }
QPushButton::menu-indicator { image: none; width: 0; }
QPushButton:disabled { color: $off; border-color: $off_line; }
QPushButton[kind="primary"] {
    background: $accent; color: $on; border: 1px solid $accent; font-weight: bold;
}
QPushButton[kind="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="primary"]:focus { border: 1px solid $accent; padding: ${p8}px ${p18}px; }
QPushButton[kind="primary"]:disabled {
    background: $tint; color: $off; border: 1px solid $off_line;
}
QPushButton[scale="big"] {
    border-radius: ${r16}px; padding: ${p8}px ${p12}px; min-height: ${big}px;
}
QPushButton[scale="big"]:focus { padding: ${p7}px ${p11}px; }
QPushButton[kind="primary"][scale="big"]:focus { padding: ${p8}px ${p12}px; }
QPushButton[align="left"] { text-align: left; padding: ${p8}px ${p14}px; }
QPushButton[align="left"]:focus { padding: ${p6}px ${p12}px; }
QPushButton[kind="quiet"] {
    background: transparent; border: 1px solid transparent; color: $muted;
    padding: ${p7}px ${p12}px; text-align: left;
}
QPushButton[kind="quiet"][tone="name"] { color: $ink; }
QPushButton::menu-indicator { image: none; width: 0; }
QPushButton[kind="quiet"]:hover { background: $tint; color: $ink; }
QPushButton[kind="quiet"]:focus { border: 2px solid $accent; padding: ${p6}px ${p11}px; }
QPushButton[kind="icon"] {
    background: transparent; border: 1px solid transparent; padding: 0;
    min-width: ${icon}px; max-width: ${icon}px; min-height: ${icon}px;
}
QPushButton[kind="icon"]:hover { background: $tint; }
QPushButton[kind="icon"]:focus { border: 2px solid $accent; }
QPushButton[kind="example"] {
    background: $surface; border: 1px solid $edge; border-radius: ${r16}px;
    padding: 0; min-height: 0; text-align: left;
}
QPushButton[kind="example"]:hover { background: $tint; border-color: $accent; }
QPushButton[kind="example"]:focus { border: 2px solid $accent; padding: 0; }
QPushButton[kind="row"], QPushButton[kind="row"]:focus {
    background: transparent; border: none; padding: 0; min-height: 0; min-width: 0;
}
QFrame[card="search"] {
    background: $surface; border: 1px solid $edge; border-radius: ${r14}px;
}
QFrame[card="search"][focused="true"] { border: 2px solid $accent; }
QLineEdit[bare="true"], QLineEdit[bare="true"]:focus {
    background: transparent; border: none; padding: 0;
}

QTextEdit, QPlainTextEdit, QTextBrowser {
    background: transparent; border: none; color: $ink;
    selection-background-color: $accent; selection-color: $on; placeholder-text-color: $muted;
}
QLineEdit, QComboBox {
    background: $surface; color: $ink; border: 1px solid $edge; border-radius: ${r12}px;
    padding: ${p8}px ${p14}px; min-height: ${target}px;
    selection-background-color: $accent; selection-color: $on; placeholder-text-color: $muted;
}
QLineEdit:focus, QComboBox:focus { border: 2px solid $accent; }
QLineEdit[inline="true"] { border-radius: ${r10}px; padding: 0 ${p8}px; min-height: 0; }
QComboBox { min-width: ${combo}px; }
QComboBox::drop-down { border: none; width: ${target}px; }
QComboBox::down-arrow { image: none; }
QComboBox QAbstractItemView {
    background: $surface; color: $ink; border: 1px solid $edge; padding: ${p4}px;
    selection-background-color: $tint; selection-color: $ink; outline: none;
}
QListView { background: transparent; border: none; outline: none; }
QScrollArea, QWidget[ground="none"] { background: transparent; border: none; }

QMenu {
    background: $surface; color: $ink; border: 1px solid $edge; border-radius: ${r12}px;
    padding: ${p6}px;
}
QMenu::item { padding: ${p10}px ${p20}px ${p10}px ${p12}px; border-radius: ${r10}px; }
QMenu::item:selected { background: $tint; }
QMenu::item:disabled { color: $muted; }
QMenu::icon { padding-left: ${p12}px; }
QToolTip {
    background: $surface; color: $ink; border: 1px solid $edge; padding: ${p6}px ${p10}px;
}
QProgressBar {
    background: $tint; border: 1px solid $edge; border-radius: ${r7}px;
    min-height: ${p14}px; max-height: ${p14}px; text-align: center;
}
QProgressBar::chunk { background: $accent; border-radius: ${r6}px; }
QSlider { min-height: ${p44}px; }
QSlider::groove:horizontal { height: ${p6}px; background: $edge; border-radius: ${r3}px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: ${r3}px; }
QSlider::handle:horizontal {
    background: $accent; border: 2px solid $surface; width: ${p24}px; height: ${p24}px;
    margin: -${p11}px 0; border-radius: ${knob}px;
}
QSlider:focus { border: 2px solid $accent; border-radius: ${r10}px; }
QPushButton[kind="choice"] { text-align: center; padding: ${p8}px ${p16}px; }
QPushButton[kind="choice"]:checked {
    border: 2px solid $accent; background: $tint;
    padding: ${p7}px ${p15}px;
}
QPushButton[kind="choice"]:checked:focus { border: 3px solid $accent; }
QScrollBar:vertical { background: transparent; width: ${p14}px; margin: 0; }
QScrollBar::handle:vertical {
    background: $edge; border-radius: ${r4}px; min-height: ${p44}px; margin: ${p3}px;
}
QScrollBar::handle:vertical:hover { background: $muted; }
QScrollBar:horizontal { background: transparent; height: ${p14}px; margin: 0; }
QScrollBar::handle:horizontal {
    background: $edge; border-radius: ${r4}px; min-width: ${p44}px; margin: ${p3}px;
}
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
""")

_DISTANCES = (3, 4, 6, 7, 8, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 24, 44)
_RADII = (3, 4, 6, 7, 10, 11, 12, 14, 16, 18, 22)


def style_sheet(tokens: Tokens, px: Callable[[float], int], text_size_pt: int) -> str:
    """Rules for every widget of the window.

    Args:
        tokens: The colours.
        px: Turns a distance at 16 pt into pixels at the size that is on.
        text_size_pt: Body text in points; a target never becomes smaller than 44 px with borders.
    """
    values: dict[str, object] = {
        name: getattr(tokens, name)
        for name in ("bg", "side", "surface", "tint", "ink", "muted", "accent", "accent_hover")
    }
    values |= {
        name: getattr(tokens, name)
        for name in ("on", "line", "edge", "doubt", "alert", "off", "off_line")
    }
    values |= {f"p{n}": px(n) for n in _DISTANCES}
    values |= {f"r{n}": px(n) for n in _RADII}
    values |= {
        "target": px(28),
        "icon": px(42),
        "big": px(38),
        "knob": px(24) // 2 + 2,
        "combo": px(220),
        "size": text_size_pt,
    }
    return _TEMPLATE.substitute(values)
