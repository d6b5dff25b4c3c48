"""A menu that is open is found on the accessibility bus, and what is chosen there happens."""

from __future__ import annotations

import pytest

from tests.accessibility.conftest import Place
from tests.helpers.atspi import Node, wait_for

pytestmark = pytest.mark.parametrize("place", [("full", "en")], indirect=True)


def open_menu(place: Place, button: str) -> Node:
    """Press what opens a menu; the menu."""
    opener = wait_for(
        lambda: next((n for n in place.window().walk() if n.name.startswith(button)), None), button
    )
    opener.act(next(action for action in opener.actions() if action != "SetFocus"))
    found: Node = wait_for(lambda: menu(place), "the menu")
    return found


def menu(place: Place) -> Node | None:
    return next((n for n in place.window().children() if n.role == "popup menu"), None)


def test_who_answers_is_chosen_from_a_menu(place: Place) -> None:
    choices = open_menu(place, "Assistant: ")
    assert choices.name == "Choose who answers in this conversation"
    names = [item.name for item in choices.children() if item.role == "menu item"]
    assert names[-1] == "All assistants…"
    item = choices.find("menu item", names[0])
    assert item is not None
    item.act()
    wait_for(lambda: menu(place) is None, "the end of the menu")
    wait_for(lambda: place.window().find("button menu", f"Assistant: {names[0]}"), "who was chosen")


def test_a_conversation_is_pinned_from_its_menu(place: Place) -> None:
    place.program.do("send", text="What is a lighthouse?")
    place.program.wait_for("finished")
    choices = open_menu(place, "More: What is a lighthouse")
    assert choices.name == "What is a lighthouse"
    item = choices.find("menu item", "Keep at the top")
    assert item is not None
    item.act()
    wait_for(lambda: menu(place) is None, "the end of the menu")
    row = wait_for(
        lambda: place.window().find("push button", "What is a lighthouse"), "the conversation"
    )
    wait_for(lambda: "Pinned at the top." in row.description, "that it is pinned")
