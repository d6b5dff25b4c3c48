from __future__ import annotations

import time

from pytestqt.qtbot import QtBot

from app.services.patience import Patience


def test_what_does_not_come_is_told_once_the_soonest_first(qtbot: QtBot) -> None:
    patience, lost = Patience(), list[tuple[str, int]]()
    patience.lost.connect(lambda name, ms: lost.append((name, ms)))
    began = time.monotonic()
    for name, ms in (("late", 120), ("early", 40), ("never", 80), ("late", 60_000)):
        patience.wait(name, ms)
    patience.came("never")
    patience.came("unknown")
    qtbot.waitUntil(lambda: len(lost) == 2)
    assert lost == [("early", 40), ("late", 120)]
    assert time.monotonic() - began >= 0.12
    qtbot.wait(50)
    assert len(lost) == 2


def test_the_shorter_patience_counts(qtbot: QtBot) -> None:
    patience = Patience()
    patience.wait("reply", 60_000)
    with qtbot.waitSignal(patience.lost, timeout=2_000):
        patience.wait("reply", 10)


def test_who_listens_may_end_all_waiting(qtbot: QtBot) -> None:
    patience, lost = Patience(), list[str]()
    patience.lost.connect(lambda name, _: (lost.append(name), patience.clear()))
    patience.wait("one", 10)
    patience.wait("other", 10)
    qtbot.wait(80)
    assert len(lost) == 1
