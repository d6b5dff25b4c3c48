"""An answer is heard on the accessibility bus: that it begins, some sentences, that it ended."""

from __future__ import annotations

import pytest

from tests.accessibility.conftest import Place
from tests.helpers.atspi import Announcements, wait_for

pytestmark = pytest.mark.parametrize("place", [("simple", "en")], indirect=True)


def test_an_answer_is_announced_without_a_flood(place: Place) -> None:
    ears = Announcements(place.session.bus)
    place.program.do("send", text="Where is the lamp?")
    place.program.wait_for("reply", lambda event: event["length"] > 50)
    place.program.do("stop")
    said: list[str] = []

    def has_ended() -> bool:
        said.extend(words for member, words in ears.take() if member == "Announcement")
        endings = (place.say("The answer was stopped."), place.say("End of the answer."))
        return any(words.endswith(endings) for words in said)

    wait_for(has_ended, f"the end of the answer in {said}", patience_s=120)
    ears.close()
    begun = [words for words in said if words.startswith(place.say("The assistant is answering."))]
    assert len(begun) == 1
    assert len(said) < 12
    assert sum(map(len, said)) < 2_000
