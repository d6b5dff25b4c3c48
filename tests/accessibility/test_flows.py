"""What people do most, by keyboard alone, by mouse alone and by a screen reader's means alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import product

import pytest

from tests.accessibility.conftest import Place
from tests.helpers.accessibility_session import AccessibilitySession
from tests.helpers.atspi import Node, undisturbed, wait_for
from tests.helpers.display import add_keys
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


@pytest.fixture(scope="module", autouse=True)
def keyboard(session: AccessibilitySession) -> None:
    """Keys for every letter of the questions, before a program reads the layout."""
    letters = {letter for pair in QUESTIONS.values() for letter in "".join(pair)}
    add_keys(session.env["DISPLAY"], "".join(sorted(c for c in letters if not c.isascii())))


@pytest.fixture(params=HANDS)
def hand(request: pytest.FixtureRequest, keyboard: None, place: Place) -> Hand:
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
    return undisturbed(
        lambda: [
            (node.name, node.text)
            for node in place.window().walk("visible")
            if node.name in names and "Text" in node.interfaces and node.role != "text"
        ]
    )


def questions_shown(place: Place) -> list[str]:
    """The questions of the conversation that stand in or near the window, in reading order."""
    return [text for name, text in messages(place) if name == place.say("Your question")]


def shown(place: Place, text: str) -> Node:
    """Something that says this, as soon as it is there."""
    found: Node = wait_for(
        lambda: next((n for n in place.window().walk() if n.name == text), None), text
    )
    return found


def begin(place: Place, hand: Hand) -> None:
    """An empty conversation, also from a page that a test before this one did not leave."""
    words = place.say("Back to the conversation")
    back = undisturbed(lambda: place.window().find("push button", words))
    if back is not None:
        back.act("Press")
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


@contextmanager
def held(worker: int) -> Iterator[None]:
    """Keep the engine from answering: a tiny model is through before anybody could press.

    Only around a press or two: the window ends a worker that is silent for fifteen seconds.
    """
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGCONT)


def test_stop_and_ask_again(place: Place, hand: Hand, questions: tuple[str, str]) -> None:
    begin(place, hand)
    hand.write(place.say("Your question"), questions[0])
    with held(place.program.look()["pid"]):
        hand.press(place.say("Send"))
        hand.press(place.say("Stop"))
        shown(place, place.say("You stopped this answer."))
    hand.write(place.say("Your question"), questions[1])
    with held(place.program.look()["pid"]):  # a long answer would scroll the first one away
        hand.press(place.say("Send"))
        wait_for(lambda: questions_shown(place) == list(questions), "both questions")
    assert answered(place, questions[1]).strip()


def test_find_an_old_conversation(place: Place, hand: Hand, questions: tuple[str, str]) -> None:
    begin(place, hand)
    if place.view == "simple":
        hand.press(place.say("Earlier conversations"))
    hand.write(place.say("Search your conversations"), questions[1])
    hand.press(wait_for(lambda: _row(place, questions[1]), "the row").name)
    wait_for(lambda: questions[1] in questions_shown(place), "the old question")


def _row(place: Place, words: str) -> Node | None:
    """The row that says this, when those that do not have gone: it would still move."""
    more = place.say("More")
    buttons = (n for n in place.window().walk() if n.role in {"push button", "list item"})
    named = [(n.name, n) for n in buttons]
    rows = [(name, node) for name, node in named if not name.startswith(f"{more}:")]
    if any(QUESTIONS[place.language][0] in name and words not in name for name, _ in rows):
        return None
    return next((node for name, node in rows if words in name), None)


def test_print_to_a_pdf(place: Place, hand: Hand, questions: tuple[str, str]) -> None:
    begin(place, hand)
    ask(place, hand, questions[0])
    answered(place, questions[0])
    hand.press(place.say("Print"))
    hand.press(place.say("Save as PDF"))
    dialog = wait_for(lambda: _dialog(place), "the question for a name")
    assert "focused" in undisturbed(
        lambda: next(n for n in dialog.walk() if n.role == "text").states
    )
    names = undisturbed(lambda: {n.name for n in dialog.walk() if n.role == "push button"})
    hand.press((names & SAVE[place.language]).pop())
    documents = place.session.home
    wait_for(lambda: [f for f in documents.rglob("*.pdf") if questions[0] in f.name], "the file")
    wait_for(lambda: _dialog(place) is None, "the end of the dialog")
    hand.focus_window()  # as a window manager does when a dialog has gone
    hand.press(place.say("Back to the conversation"))
    for file in documents.rglob("*.pdf"):
        assert file.read_bytes().startswith(b"%PDF-")
        file.unlink()


def _dialog(place: Place) -> Node | None:
    return next(
        (n for n in place.window().children() if n.role in {"dialog", "file chooser"}), None
    )
