"""Reading aloud and looking for a printer send nothing to any address of the internet."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.helpers.speech_session import speech_session
from tests.helpers.strace import watch

LOOK_FOR_A_PRINTER = """
import sys
from PySide6.QtWidgets import QApplication
application = QApplication([])
from app.ui.paper.printing import has_printer
has_printer()
"""


def test_reading_aloud_is_silent_to_the_network(tmp_path: Path) -> None:
    wish = json.dumps({"text": "The lamp is on the table. La lampe est sur la table de la rue."})
    with speech_session({"espeak-ng": ["en", "fr"], "cloud-generic": ["en"]}) as session:
        command = [sys.executable, "-m", "tests.helpers.speaker", wish]
        trace = watch(command, tmp_path / "log", env=dict(session.env))
        assert len(session.said()) == 2
    assert trace.returncode == 0
    assert trace.local_calls > 0
    assert trace.internet_calls == ()


def test_looking_for_a_printer_asks_no_network(tmp_path: Path) -> None:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)}
    trace = watch([sys.executable, "-c", LOOK_FOR_A_PRINTER], tmp_path / "log", env=env)
    assert trace.returncode == 0
    assert trace.internet_calls == ()
