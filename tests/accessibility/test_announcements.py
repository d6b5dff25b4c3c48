"""What appears away from the keyboard is said by a screen reader."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.accessibility.conftest import Place
from tests.helpers.atspi import Announcements, wait_for

pytestmark = pytest.mark.parametrize("place", [("simple", "en")], indirect=True)


@pytest.fixture
def heard(place: Place) -> Iterator[Announcements]:
    """Ears."""
    ears = Announcements(place.session.bus)
    yield ears
    ears.close()


def press(place: Place, name: str) -> None:
    button = wait_for(lambda: place.window().find("push button", name), name)
    button.act("Press")


def test_what_came_of_a_repair_is_said(place: Place, heard: Announcements) -> None:
    press(place, "Settings")
    press(place, "More settings")
    press(place, "Repair my conversations")
    said: list[tuple[str, str]] = []

    def is_said() -> bool:
        said.extend(heard.take())
        sentence = "Everything is in order. There was nothing to repair."
        return ("Announcement", sentence) in said

    wait_for(is_said, f"the outcome of the repair in {said}")
