"""What people do most, by keyboard alone, by mouse alone and by a screen reader's means alone."""

from __future__ import annotations

import os
import signal
import time
from itertools import product

import pytest

from tests.accessibility.conftest import Place
from tests.helpers.atspi import Node, wait_for
from tests.helpers.hands import HANDS, Hand

# Every hand in every language in the view that people meet first; `make test-flows` does both.
VIEWS = ("simple", "full") if os.environ.get("ALCOVE_ALL_FLOWS") else ("simple",)
pytestmark = pytest.mark.parametrize(
    "place", list(product(VIEWS, ("en", "fr", "zh_Hans"))), indirect=True
)

QUESTIONS = {
    "en": ("What is a lighthouse", "How deep is the sea"),
    "fr": ("Qu’est-ce qu’un phare", "La mer est-elle profonde"),
    "zh_Hans": ("灯塔是什么", "大海有多深"),
}
SAVE = {"en": {"Save"}, "fr": {"Enregistrer"}, "zh_Hans": {"保存", "保存(S)"}}  # says Qt
_NUMBERS = {name: str(number) for number, name in enumerate(HANDS, 1)}


@pytest.fixture(params=HANDS)
def hand(request: pytest.FixtureRequest, place: Place) -> Hand:
    """Somebody at the window."""
    person = HANDS[request.param](place.session.env, place.window)
    person.focus_window()
    return person


@pytest.fixture
def questions(request: pytest.FixtureRequest, place: Place) -> tuple[str, str]:
    """Two questions that nobody else asks."""
    number = _NUMBERS[request.node.callspec.params["hand"]]
    first, second = QUESTIONS[place.language]
    return f"{first} {number}", f"{second} {number}"


def messages(place: Place) -> list[tuple[str, str]]:
    """Name and text of everything that was said, in reading order."""
    names = {place.say("Your question"), place.say("Answer")}
    return [
        (node.name, node.text)
        for node in place.window().walk("visible")
        if node.name in names and "Text" in node.interfaces and node.role != "text"
    ]


def questions_shown(place: Place) -> list[str]:
    """The questions of the conversation, in reading order."""
    return [text for name, text in messages(place) if name == place.say("Your question")]


def shown(place: Place, text: str) -> Node:
    """Something that says this, as soon as it is there."""
    found: Node = wait_for(
        lambda: next((n for n in place.window().walk() if n.name == text), None), text
    )
    return found


def begin(place: Place, hand: Hand) -> None:
    """An empty conversation."""
    hand.press(place.say("New conversation"))
    shown(place, place.say("What can I help you with?"))


def ask(place: Place, hand: Hand, question: str) -> None:
    hand.write(place.say("Your question"), question)
    hand.press(place.say("Send"))


def answered(place: Place, question: str) -> str:
    """The answer to it, when it is whole."""
    shown(place, place.say("Send"))

    def look() -> str:
        said = messages(place)
        asked = (place.say("Your question"), question)
        after = said[said.index(asked) + 1 :] if asked in said else []
        return next((text for _, text in after), "")

    found: str = wait_for(look, "the answer")
    return found


def test_ask_and_read_the_answer(place: Place, hand: Hand, questions: tuple[str, str]) -> None:
    begin(place, hand)
    ask(place, hand, questions[0])
    assert answered(place, questions[0]).strip()


def test_stop_and_ask_again(place: Place, hand: Hand, questions: tuple[str, str]) -> None:
    begin(place, hand)
    worker = place.program.look()["pid"]
    os.kill(worker, signal.SIGSTOP)  # a tiny model would be through before anybody could press
    try:
        ask(place, hand, questions[0])
        hand.press(place.say("Stop"))
    finally:
        os.kill(worker, signal.SIGCONT)
    shown(place, place.say("You stopped this answer."))
    ask(place, hand, questions[1])
    assert answered(place, questions[1]).strip()
    assert questions_shown(place) == list(questions)


def test_find_an_old_conversation(place: Place, hand: Hand, questions: tuple[str, str]) -> None:
    begin(place, hand)
    if place.view == "simple":
        hand.press(place.say("Earlier conversations"))
    hand.write(place.say("Search your conversations"), questions[1])
    time.sleep(0.5)  # until the rows are those that were found: another one would go under the hand
    hand.press(wait_for(lambda: _row(place, questions[1]), "the row").name)
    wait_for(lambda: questions[1] in questions_shown(place), "the old question")


def _row(place: Place, words: str) -> Node | None:
    more = place.say("More")
    rows = (n for n in place.window().walk() if n.role in {"push button", "list item"})
    return next((n for n in rows if words in n.name and not n.name.startswith(f"{more}:")), None)


def test_print_to_a_pdf(place: Place, hand: Hand, questions: tuple[str, str]) -> None:
    begin(place, hand)
    ask(place, hand, questions[0])
    answered(place, questions[0])
    hand.press(place.say("Print"))
    hand.press(place.say("Save as PDF"))
    dialog = wait_for(lambda: _dialog(place), "the question for a name")
    assert "focused" in next(n for n in dialog.walk() if n.role == "text").states
    names = {n.name for n in dialog.walk() if n.role == "push button"}
    hand.press((names & SAVE[place.language]).pop())
    hand.focus_window()  # as a window manager does when a dialog has gone
    documents = place.session.home
    wait_for(lambda: [f for f in documents.rglob("*.pdf") if questions[0] in f.name], "the file")
    hand.press(place.say("Back to the conversation"))
    for file in documents.rglob("*.pdf"):
        assert file.read_bytes().startswith(b"%PDF-")
        file.unlink()


def _dialog(place: Place) -> Node | None:
    return next(
        (n for n in place.window().children() if n.role in {"dialog", "file chooser"}), None
    )
