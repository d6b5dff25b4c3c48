"""Results of threads come to the main thread, or to nobody."""

from __future__ import annotations

import subprocess
import sys

from tests.helpers.window_client import ROOT, app_environment

_OWNERS_GO = """
import threading, shiboken6
from PySide6.QtCore import QCoreApplication, QObject
from app.services.tasks import Tasks

application = QCoreApplication([])
late = []
for number in range(400):
    owner = QObject()
    tasks = Tasks(owner)
    post = lambda: [tasks.post(lambda number=number: late.append(number)) for _ in range(200)]
    thread = threading.Thread(target=post)
    thread.start()
    shiboken6.delete(owner)
    thread.join()
    application.processEvents()
print(len(late))
"""


def test_a_thread_may_end_while_what_waits_for_it_goes() -> None:
    """In a process of its own, which this ended with a segmentation fault."""
    done = subprocess.run(
        [sys.executable, "-c", _OWNERS_GO],
        env=app_environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
