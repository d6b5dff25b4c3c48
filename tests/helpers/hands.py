"""Three people at the real window: one with a keyboard, one with a mouse, one with AT-SPI alone.

All of them find things as a screen reader does, by role and name, on the accessibility bus; what
they do then differs. Keys and clicks come from the X server (xdotool), as a person's do.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from tests.helpers.atspi import Node, wait_for

BUTTONS = ("push button", "button menu", "toggle button", "list item", "menu item")
FIELDS = ("text", "entry")
_MOST_TABS = 90


class Hand(Protocol):
    """What a person can do."""

    def focus_window(self) -> None:
        """Give the keyboard to the window, which a window manager would do."""

    def press(self, name: str) -> None:
        """Press the button of this name."""

    def write(self, name: str, text: str) -> None:
        """Write into the field of this name, in place of what is there."""


class _Input:
    """The keyboard and the mouse of an X display."""

    def __init__(self, env: Mapping[str, str], window: Callable[[], Node]) -> None:
        self._env = env
        self._window = window

    def send(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env=dict(self._env), check=True)

    def focus_window(self) -> None:
        """Give the keyboard to the window, which a window manager would do."""

        def focused() -> bool:
            try:
                self.send("search", "--onlyvisible", "--name", "^Alcove$", "windowfocus", "--sync")
            except subprocess.CalledProcessError:  # a dialog that was found too has just gone
                return False
            return True

        wait_for(focused, "a window that takes the keyboard")

    def wait_for_any(self, roles: tuple[str, ...], name: str) -> Node:
        """What is pressed or written into, as soon as it is there."""

        def look() -> Node | None:
            fitting = (
                node
                for node in self._window().walk()
                if node.role in roles and node.name == name and "sensitive" in node.states
            )
            return next(fitting, None)

        found: Node = wait_for(look, f"{roles[0]} {name!r}")
        return found

    def type_over(self, field: Node, text: str) -> None:
        """Type in place of what is written there."""
        self.send("key", "ctrl+a", "Delete")
        self.send("type", text)
        wait_for(lambda: field.text == text, f"what was typed, {text!r}")


class Keyboard(_Input):
    """Tab, arrows, Enter and letters."""

    def press(self, name: str) -> None:
        """Walk to it with Tab and press Enter."""
        self._go(BUTTONS, name)
        self.send("key", "Return")

    def write(self, name: str, text: str) -> None:
        """Walk to it with Tab and type."""
        self._go(FIELDS, name)
        self.type_over(self.wait_for_any(FIELDS, name), text)

    def _go(self, roles: tuple[str, ...], name: str) -> None:
        # Arrows lead through a menu, Tab through everything else.
        key = "Down" if self.wait_for_any(roles, name).role == "menu item" else "Tab"
        for _ in range(_MOST_TABS):
            here = self.wait_for_any(roles, name)
            if "focused" in here.states:
                return
            self.send("key", key)
            time.sleep(0.02)
        raise AssertionError(f"{key} does not reach {name!r}")


class Mouse(_Input):
    """Clicks and the wheel; letters come from the keyboard, nothing else does."""

    def press(self, name: str) -> None:
        """Click in its middle."""
        self._click(self.wait_for_any(BUTTONS, name))

    def write(self, name: str, text: str) -> None:
        """Click into it and type over what is there."""
        node = self.wait_for_any(FIELDS, name)
        self._click(node)
        self.type_over(node, text)

    def _click(self, node: Node, times: int = 1) -> None:
        left, top, width, height = self._brought_into_view(node)
        self.send("mousemove", str(left + width // 2), str(top + height // 2))
        self.send("click", "--repeat", str(times), "--delay", "30", "1")

    def _brought_into_view(self, node: Node) -> tuple[int, int, int, int]:
        """Roll the wheel until all of it is in sight and it moves no more."""
        for _ in range(40):
            place, seen = node.extents, node.seen
            time.sleep(0.1)
            if node.extents != place:
                continue  # it is still being laid out, and nobody can click on what moves
            if seen[3] >= place[3] - 2:
                return place
            frame = self._window().children()[-1].extents  # the dialog, where there is one
            self.send("mousemove", str(place[0] + 20), str(frame[1] + frame[3] // 2))
            self.send("click", "4" if seen[1] > place[1] else "5")
        raise AssertionError(f"the wheel does not bring {node.name!r} into the window")


class ScreenReader(_Input):
    """Actions and editable text of the accessibility bus; neither keys nor clicks."""

    def press(self, name: str) -> None:
        """Do what it offers."""
        node = self.wait_for_any(BUTTONS, name)
        node.act(next(a for a in node.actions() if a != "SetFocus"))

    def write(self, name: str, text: str) -> None:
        """Set its text."""
        node = self.wait_for_any(FIELDS, name)
        node.write(text)
        wait_for(lambda: node.text == text, f"{text!r} in {name!r}, found {node.text!r}")


HANDS: dict[str, type[Keyboard] | type[Mouse] | type[ScreenReader]] = {
    "keyboard": Keyboard,
    "mouse": Mouse,
    "screen reader": ScreenReader,
}
