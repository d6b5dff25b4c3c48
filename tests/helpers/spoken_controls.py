"""What a screen reader is told about a window, looked at as a person who relies on it would.

`faults` names every control without a name, without a role, without a way to reach or to use it,
controls side by side that say the same, names left in English, and parts of the window that the tab
key or the reading order takes in another order than the eye.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollBar,
    QTextEdit,
    QWidget,
)

from app.ui.chats.row import Row
from app.ui.conversation.conversation import Conversation

Role = QAccessible.Role
_ROLES = {
    QAbstractButton: {Role.Button, Role.ButtonMenu, Role.CheckBox, Role.RadioButton, Role.Switch},
    QLineEdit: {Role.EditableText},
    QPlainTextEdit: {Role.EditableText},
    QTextEdit: {Role.EditableText, Role.StaticText, Role.Document},
    QComboBox: {Role.ComboBox},
    QAbstractSlider: {Role.Slider},
    QAbstractSpinBox: {Role.SpinBox},
}
_KINDS = tuple(_ROLES)
_SLACK_PX = 6
_MOST_TABS = 200


def controls(window: QWidget) -> list[QWidget]:
    """Everything in sight that can be pressed, chosen or written into."""
    found = [w for w in window.findChildren(QWidget) if isinstance(w, _KINDS) and _seen(w, window)]
    return [w for w in found if not isinstance(w, QScrollBar) and not _part_of(w)]


def faults(window: QWidget, say: Callable[[str], str], *, tab: bool = True) -> list[str]:
    """What is wrong with what a screen reader is told.

    Args:
        window: A page with all around it, a menu or a question.
        say: What an English text of the window is in its language.
        tab: Go through all of it with the tab key.
    """
    if isinstance(window, QMenu):
        return _menu_faults(window, say)
    seen = controls(window)
    found = [f"{fault}: {_described(w)}" for w in seen for fault in _alone(w, say)]
    found += _same_names(seen)
    found += _order_faults(window, seen, tab=tab)
    return found


def _alone(widget: QWidget, say: Callable[[str], str]) -> Iterator[str]:
    told = QAccessible.queryAccessibleInterface(widget)
    name = told.text(QAccessible.Text.Name).strip()
    if not any(letter.isalnum() for letter in name):
        yield f"has no name ({name!r})"
    if say(name) != name:
        yield "is named in English"
    role = told.role()
    if not any(role in roles for kind, roles in _ROLES.items() if isinstance(widget, kind)):
        yield f"has the role {role.name}"
    if widget.isEnabled():
        yield from _without_use(widget, told)


def _without_use(widget: QWidget, told: QAccessibleInterface) -> Iterator[str]:
    if widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
        yield "takes no keyboard"
    if not told.state().focusable:
        yield "is not said to take the keyboard"
    if isinstance(widget, QAbstractButton):
        actions = told.actionInterface()
        if actions is None or not set(actions.actionNames()) - {"SetFocus"}:
            yield "offers no action"


def _same_names(seen: list[QWidget]) -> list[str]:
    """Buttons that stand side by side and cannot be told apart."""
    found = []
    for widget, after in pairwise(seen):
        told = _name(widget)
        if type(widget) is type(after) and told == _name(after) and _beside(widget, after):
            found.append(f"says the same as its neighbour: {_described(widget)}")
    return found


def _beside(one: QWidget, other: QWidget) -> bool:
    return one.parentWidget() is other.parentWidget()


def _order_faults(window: QWidget, seen: list[QWidget], *, tab: bool) -> list[str]:
    """Where Tab, or who reads part after part, goes up or back, or never comes."""
    regions = {id(w): _region(w, window) for w in seen}
    places = {id(w): QRect(w.mapTo(regions[id(w)], QPoint()), w.size()) for w in seen}
    ways = {"reading": _reading_order(window, seen)}
    if tab:
        ways["Tab"] = _tab_order(window, seen)
    found = []
    for way, order in ways.items():
        known = [w for w in order if id(w) in places]
        for widget, after in pairwise(known):
            if regions[id(widget)] is regions[id(after)] and _before(
                places[id(after)], places[id(widget)]
            ):
                found.append(f"{way} goes back from {_described(widget)} to {_described(after)}")
        # By name: a message that was far away gets another widget when the keyboard comes to it.
        come_by = {_described(w) for w in order}
        missed = (w for w in seen if way == "reading" or _stops_tab(w))
        found += [
            f"{way} never comes by {d}" for w in missed if (d := _described(w)) not in come_by
        ]
    return found


def _stops_tab(widget: QWidget) -> bool:
    """Whether Tab has to come by: of a group and of a list it does by one, arrows lead on."""
    if not widget.isEnabled() or not widget.isVisible() or widget.focusProxy() is not None:
        return False
    one_of_many = isinstance(widget, QAbstractButton) and widget.autoExclusive()
    return not one_of_many and not isinstance(widget.parentWidget(), Row)


def _tab_order(window: QWidget, seen: list[QWidget]) -> list[QWidget]:
    """Pressed, not asked: PySide lets go of what `nextInFocusChain` gave with the one before it."""
    order: list[QWidget] = []
    window.activateWindow()
    QTest.qWaitForWindowActive(window, 1_000)
    for area in window.findChildren(Conversation):
        area._chain_now()  # which takes a moment otherwise
    focused = QApplication.focusWidget()
    stand = [(bar, bar.value()) for bar in window.findChildren(QScrollBar)]
    window.setFocus()
    for _ in range(_MOST_TABS):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        here = QApplication.focusWidget()
        if here is None or (order and here is order[0]):
            break
        if here not in order:  # links inside of a text are stops, too
            order.append(here)
    order += [w for w in seen if not w.isVisible()]  # the way to the end, once one is there
    if focused is not None:
        focused.setFocus()
    for bar, value in stand:  # what has the keyboard is scrolled into sight
        bar.setValue(value)
    return order


def _reading_order(window: QWidget, seen: list[QWidget]) -> list[QWidget]:
    """As the parts follow each other on the accessibility bus."""
    # Told apart by number: PySide lets go of `told.object()` together with `told`.
    by_id = {QAccessible.uniqueId(QAccessible.queryAccessibleInterface(w)): w for w in seen}
    order: list[QWidget] = []

    def walk(told: QAccessibleInterface | None) -> None:
        if told is None or told.state().invisible:
            return
        widget = by_id.get(QAccessible.uniqueId(told))
        if widget is not None:
            order.append(widget)
        for number in range(told.childCount()):
            walk(told.child(number))

    walk(QAccessible.queryAccessibleInterface(window))
    return order


def _region(widget: QWidget, window: QWidget) -> QWidget:
    """What is laid out as one: the nearest surroundings with more than one control in them."""
    around = widget.parentWidget()
    while around is not None and around is not window:
        if len([c for c in around.findChildren(QWidget) if isinstance(c, _KINDS)]) > 1:
            return around
        around = around.parentWidget()
    return window


def _before(first: QRect, second: QRect) -> bool:
    """Whether the eye comes by the first before: it is above, or further left on the same line."""
    if first.bottom() < second.top() + _SLACK_PX:
        return True
    same_line = first.top() < second.bottom() and second.top() < first.bottom()
    return same_line and first.right() < second.left() + _SLACK_PX


def _menu_faults(menu: QMenu, say: Callable[[str], str]) -> list[str]:
    told = QAccessible.queryAccessibleInterface(menu)
    found = [] if told.text(QAccessible.Text.Name).strip() else ["a menu has no name"]
    names = []
    for number in range(told.childCount()):
        item = told.child(number)
        if item.role() == Role.Separator:
            continue
        name = item.text(QAccessible.Text.Name)
        names.append(name)
        if not name.strip():
            found.append("an item has no name")
        if say(name) != name:
            found.append(f"is named in English: {name!r}")
        if item.actionInterface() is None:
            found.append(f"offers no action: {name!r}")
    if len(set(names)) < len(names):
        found.append(f"items say the same: {names}")
    return found


def _name(widget: QWidget) -> str:
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def _described(widget: QWidget) -> str:
    return f"{type(widget).__name__} {_name(widget)!r}"


def _seen(widget: QWidget, window: QWidget) -> bool:
    return widget.isVisible() and widget.window() is window and not widget.size().isEmpty()


def _part_of(widget: QWidget) -> bool:
    """Inside of another control, such as the field of a spin box; a label is no control."""
    around = widget.parentWidget()
    return isinstance(around, _KINDS) and not isinstance(around, QLabel)
