"""From the command to a usable window and to the first words of an answer.

    python -m tests.perf.bench_window_start [--runs 5] [--out FILE.json]

Real window on a private X display, real keyring, real worker, the starter. The first start makes
the database and the key and is not counted; each counted start is a new process with a cold worker.
"usable" is when the window has been painted and answers; the question is sent at that moment.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from tests.helpers.display import private_display
from tests.helpers.keyring_session import keyring_session
from tests.helpers.window_client import WindowClient, app_environment

QUESTION = "What is the capital of France?"


def one_start(data: Path, environment: dict[str, str]) -> dict[str, float]:
    """Seconds from the command to each moment."""
    start = time.monotonic()
    with WindowClient(data, environment) as window:
        window.wait_for("shown")
        shown = time.monotonic() - start
        window.look()
        usable = time.monotonic() - start
        window.do("send", text=QUESTION)
        window.wait_for("reply", lambda e: e["length"] > 0)
        first_words = time.monotonic() - start
        window.do("stop")
        window.close()
    return {
        "shown_s": shown,
        "usable_s": usable,
        "first_words_after_start_s": first_words,
        "first_words_after_question_s": first_words - usable,
    }


def main() -> None:
    """Measure and print medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        private_display() as display,
        keyring_session() as session,
    ):
        environment = {**app_environment(), **session.env, "DISPLAY": display}
        environment |= {"QT_QPA_PLATFORM": "xcb"}
        environment.pop("PYTHON_KEYRING_BACKEND")
        data = Path(folder) / "data"
        one_start(data, environment)
        runs = [one_start(data, environment) for _ in range(options.runs)]
    medians = {key: round(statistics.median(r[key] for r in runs), 3) for key in runs[0]}
    result = {"runs": runs, "median": medians}
    print(json.dumps(medians, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
