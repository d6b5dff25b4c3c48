"""What is waited for, and honestly how long."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.services.chat_events import Waiting
from app.ui.conversation import waiting_line
from app.ui.conversation.waiting_line import WaitingLine
from app.ui.look.theme import Theme


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(waiting_line, "time", made)
    return made


def test_the_estimate_counts_down(qtbot: QtBot, theme: Theme, clock: Clock) -> None:
    line = WaitingLine(theme)
    qtbot.addWidget(line)
    line.show_waiting(Waiting("reading", 20.0))
    said = []
    for seconds in (0, 6, 12, 3):
        clock.now += seconds
        line._say()
        said.append(line.words.text())
    # "(s)" where no test before has switched the English plurals on
    assert [words.removesuffix("(s)").removesuffix("s") for words in said[:2]] == [
        "Reading your question… about 20 second",
        "Reading your question… about 15 second",
    ]
    assert "about 2 second" in said[2]
    assert "about" not in said[3]
    assert line.accessibleName() == said[3]


def test_an_estimate_that_was_too_short_is_not_repeated(
    qtbot: QtBot, theme: Theme, clock: Clock
) -> None:
    line = WaitingLine(theme)
    qtbot.addWidget(line)
    line.show_waiting(Waiting("reading", 2.0))
    clock.now += 9
    line._say()
    assert "about" not in line.words.text()
    assert "9 second" in line.words.text()


def test_thinking_is_said_by_the_reply_itself(qtbot: QtBot, theme: Theme) -> None:
    line = WaitingLine(theme)
    qtbot.addWidget(line)
    line.show_waiting(Waiting("reading", 5.0))
    assert not line.isHidden()
    line.show_waiting(Waiting("thinking"))
    assert line.isHidden()
    line.show_waiting(Waiting("idle"))
    assert line.isHidden()
