"""A seeded monkey drives the real window for an hour; nothing may be lost and nothing may grow.

Run: python -m tests.perf.monkey [--minutes 60] [--seed N] [--out FILE.json] [--plot FILE.svg]

The window (`tests.perf.monkey_hands`) has the real services, the encrypted store and a real worker
process with a tiny random model, on a display of its own. This supervisor kills the worker every
minute or so, and the window a few times in the first quarter. After each death of a window it opens
the database and looks for every message that the store had said to be committed. It fails when

- a committed message is gone or says something else, and its chat was not destroyed on purpose;
- the window ends by itself, or works for 20 s at one thing;
- a crash report, a native crash, or the sentence for what nobody expected;
- the resident memory of the longest-lived window is in the last quarter of its life more than 5 %
  above that in the first quarter after the warm-up, which is the first fifth. In the warm-up it
  does four times as much, so that what Qt keeps of every size of letters is there before memory is
  compared.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from app.core.options import MODEL, USE_KEYRING
from app.core.paths import resolve_paths
from app.core.settings import Settings
from app.store import Store
from app.store.keys import KeyVault
from app.store.tables import chats, messages
from tests.helpers.display import private_display
from tests.helpers.tiny_bundle import rambling_bundle
from tests.helpers.window_client import ROOT, process_is_gone
from tests.helpers.window_driver import PASSPHRASE
from tests.perf.plot import Axis, lines, write_plot

WINDOW_KILLS: Final = (0.06, 0.12, 0.18, 0.24)
"""When the window is killed, in parts of the whole time; the last one lives for the rest of it."""

WARM_UP: Final = 0.2
STEADY: Final = 1.05
BUSY_S: Final = 20.0
SILENCE_S: Final = 300.0
"""A window hangs when it says nothing for so much of its own time, or for so long at all (a machine
that does many other things must not be taken for a fault)."""

_SAMPLE_S: Final = 2.0
_LONG: Final = ("curve_s_rss_own_once_mb", "counts_s_widgets_blocks_heap_mb")
_PATIENCE_S: Final = 60.0


class Memory(NamedTuple):
    """What a window holds, in megabytes.

    Attributes:
        at_s: Seconds since its start.
        resident: Each page as often as the process has it mapped: a font that is open twice counts
            twice.
        own: What is no file's.
        once: Each page once, and shared ones in parts.
    """

    at_s: float
    resident: float
    own: float
    once: float


@dataclass(slots=True)
class Life:
    """One window process.

    Attributes:
        curve: Its memory every few seconds.
    """

    began: float
    curve: list[Memory] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What was found."""

    faults: list[str] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    worker_kills: int = 0
    window_kills: int = 0
    checked: int = 0


class Supervisor:
    """Starts windows on one data directory, kills, measures, checks."""

    def __init__(self, folder: Path, seconds: float, seed: int, display: str) -> None:
        self._folder, self._seconds, self._seed, self._display = folder, seconds, seed, display
        self._chance = random.Random(seed)
        self._journal = folder / "journal.jsonl"
        self._data = folder / "data"
        self._read_to = 0
        self.events: list[dict[str, Any]] = []
        self.tally = Tally()

    def run(self) -> None:
        """Live through all windows."""
        self._prepare()
        began = time.monotonic()
        ends = [began + part * self._seconds for part in (*WINDOW_KILLS, 1.0)]
        for number, end in enumerate(ends):
            while time.monotonic() < end and len(self.tally.faults) < 20:
                if self._live(number, end):
                    break
            self._check()
        self._look_at_logs()
        self._end_speech()

    def _prepare(self) -> None:
        home = self._folder / "home"
        home.mkdir()
        self._data.mkdir()
        self._journal.touch()
        settings = Settings(resolve_paths(self._data).settings)
        settings.set_user(MODEL, str(rambling_bundle()))
        settings.set_user(USE_KEYRING, value=False)

    def _live(self, number: int, end: float) -> bool:
        """One process until `end`; False when it did not live that long."""
        left = end - time.monotonic()
        restless_s = WARM_UP * left if number == len(WINDOW_KILLS) else 0.0
        with self._window(number, restless_s) as process:
            life = Life(time.monotonic())
            self.tally.lives.append(life)
            next_kill = life.began + self._chance.uniform(20, 90)
            last_sign, busy_s = time.monotonic(), 0.0
            while time.monotonic() < end:
                time.sleep(_SAMPLE_S)
                if process.poll() is not None:
                    code, words = process.returncode, self._last_words()
                    self._fault(f"the window ended by itself with {code}: {words}")
                    return False
                life.curve.append(_memory(process.pid, life.began))
                if self._read():
                    last_sign, busy_s = time.monotonic(), _busy_s(process.pid)
                if _hangs(process.pid, time.monotonic() - last_sign, busy_s):
                    self._say_where_it_hangs(process)
                    return False
                if time.monotonic() > next_kill:
                    next_kill = time.monotonic() + self._chance.uniform(30, 120)
                    self._kill_worker()
            self.tally.window_kills += 1
        return True

    @contextlib.contextmanager
    def _window(self, number: int, restless_s: float) -> Iterator[subprocess.Popen[bytes]]:
        home = self._folder / "home"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DBUS_")}
        environment |= {
            "DISPLAY": self._display,
            "QT_QPA_PLATFORM": "xcb",
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(self._folder),
            "PYTHON_KEYRING_BACKEND": "none",
            "PYTHONPATH": str(ROOT),
            "BROWSER": "true",
        }
        for name in ("WAYLAND_DISPLAY", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            environment.pop(name, None)
        command = [sys.executable, "-m", "tests.perf.monkey_hands", str(self._data)]
        command += ["--seed", str(self._seed * 1000 + number), "--journal", str(self._journal)]
        command += ["--restless", f"{restless_s:.0f}"]
        with (self._folder / "stderr.txt").open("ab") as errors:
            process = subprocess.Popen(command, cwd=home, env=environment, stderr=errors)
            try:
                yield process
            finally:
                worker = self._worker()
                process.kill()
                process.wait(_PATIENCE_S)
                if worker and not process_is_gone(worker, _PATIENCE_S):
                    self._fault("the worker outlived its window")
                self._read()

    def _read(self) -> bool:
        """Take what is new in the journal; whether there was anything."""
        with self._journal.open("rb") as file:
            file.seek(self._read_to)
            new = file.read()
        self._read_to += len(new)
        self.events += [json.loads(line) for line in new.splitlines()]
        return bool(new)

    def _worker(self) -> int:
        told = (e for e in reversed(self.events) if e["kind"] in {"host", "shown"})
        last = next(told, {})
        return int(last.get("pid" if last.get("kind") == "host" else "worker", 0))

    def _kill_worker(self) -> None:
        pid = self._worker()
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, self._chance.choice((signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP)))
                self.tally.worker_kills += 1
                time.sleep(0.5)
                os.kill(pid, signal.SIGCONT)

    def _say_where_it_hangs(self, process: subprocess.Popen[bytes]) -> None:
        before = (self._folder / "stderr.txt").stat().st_size
        process.send_signal(signal.SIGUSR1)
        time.sleep(2)
        told = (self._folder / "stderr.txt").read_bytes()[before:].decode(errors="replace")
        self._fault(f"the window hangs:\n{told[-4000:]}")

    def _last_words(self) -> str:
        return (self._folder / "stderr.txt").read_text("utf-8", "replace")[-2000:]

    def _fault(self, words: str) -> None:
        self.tally.faults.append(words)
        print(f"FAULT {words}", flush=True)

    def _check(self) -> None:
        """Every message that was committed is there, or went with its chat on purpose."""
        wanted, gone = committed(self.events)
        if not wanted:
            return
        key = KeyVault(self._data / "keys.json", None).unlock_with_passphrase(PASSPHRASE)
        store = Store.open(self._data / "alcove.db", key)
        try:
            kept, living = store._database.submit(_all_messages).result()
        finally:
            store.close()
        lost = [
            number
            for number, (chat, text) in wanted.items()
            if not _is_kept(kept.get(number), text) and not (chat in gone and chat not in living)
        ]
        self.tally.checked = len(wanted)
        for number in lost[:5]:
            found = kept.get(number)
            state = "is gone" if found is None else "says something else"
            self._fault(f"message {number} of chat {wanted[number][0]} {state}")

    def _end_speech(self) -> None:
        """The windows had the speech service started, which outlives who asked for it."""
        for file in self._folder.glob("speech-dispatcher/pid/*.pid"):
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(file.read_text()), signal.SIGKILL)  # it does not heed SIGTERM

    def _look_at_logs(self) -> None:
        for report in sorted(resolve_paths(self._data).logs.glob("crash-*.json")):
            self._fault(report.read_text("utf-8"))
        native = resolve_paths(self._data).logs / "native-crash.log"
        if native.is_file() and native.stat().st_size:
            self._fault(native.read_text("utf-8")[-4000:])
        codes = Counter(e["code"] for e in self.events if e["kind"] == "error")
        if codes["app"]:
            self._fault(f"“Something went wrong” was said {codes['app']} times")


def committed(
    events: list[dict[str, Any]],
) -> tuple[dict[int, tuple[int, str]], set[int]]:
    """Messages that must be there (chat and newest text by id), and chats destroyed on purpose.

    A bin that was emptied counts as destroying what was in it, as far as the process that emptied
    it lived to do so: those chats may be gone, they need not.
    """
    wanted: dict[int, tuple[int, str]] = {}
    binned: set[int] = set()
    gone: set[int] = set()
    for event in events:
        kind = event["kind"]
        if kind == "wrote":
            wanted[event["id"]] = (event["chat"], event["text"])
        elif kind == "binned":
            binned.add(event["chat"])
        elif kind == "restored":
            binned.discard(event["chat"])
        elif kind == "destroyed":
            gone.add(event["chat"])
        elif kind == "purged":
            gone |= binned
    return wanted, gone


def _is_kept(found: str | None, text: str) -> bool:
    """A reply that was begun may have grown by what was saved on the way, until it is finished."""
    return found is not None and (found == text or not text)


def _all_messages(connection: Connection) -> tuple[dict[int, str], set[int]]:
    rows = connection.execute(select(messages.c.id, messages.c.text))
    living = connection.execute(select(chats.c.id))
    return {row.id: row.text for row in rows}, {row.id for row in living}


def _memory(pid: int, began: float) -> Memory:
    values: dict[str, float] = {}
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for name in ("status", "smaps_rollup"):
            for line in Path(f"/proc/{pid}/{name}").read_text().splitlines():
                word, _, value = line.partition(":")
                if word in {"VmRSS", "RssAnon", "Pss"}:
                    values[word] = int(value.split()[0]) / 1024
    found = (values.get(name, 0.0) for name in ("VmRSS", "RssAnon", "Pss"))
    return Memory(time.monotonic() - began, *found)


def _busy_s(pid: int) -> float:
    """Processor time a process has had."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _hangs(pid: int, silent_s: float, busy_before_s: float) -> bool:
    if silent_s < BUSY_S:
        return False
    return silent_s > SILENCE_S or _busy_s(pid) - busy_before_s > BUSY_S


def growth(curve: list[Memory]) -> dict[str, float]:
    """Memory of the first quarter after the warm-up beside the last quarter.

    Beside what is resident what is the process's own, and each page counted once.
    """
    after = curve[int(len(curve) * WARM_UP) :]
    quarter = max(1, len(after) // 4)
    found: dict[str, float] = {}
    for kind, prefix in (("resident", ""), ("own", "own_"), ("once", "once_")):
        first = statistics.median(getattr(point, kind) for point in after[:quarter])
        last = statistics.median(getattr(point, kind) for point in after[-quarter:])
        found[f"{prefix}first_mb"], found[f"{prefix}last_mb"] = round(first, 1), round(last, 1)
        found[f"{prefix}ratio"] = round(last / first, 4)
    return found


def report(supervisor: Supervisor, minutes: float, seed: int) -> dict[str, Any]:
    """What the run came to, as it is kept."""
    tally, events = supervisor.tally, supervisor.events
    longest = max(tally.lives, key=lambda life: len(life.curve))
    grown = growth(longest.curve)
    if grown["ratio"] > STEADY:
        tally.faults.append(f"memory grew to {grown['ratio']} of what it was")
    kinds = Counter(event["kind"] for event in events)
    thinned = longest.curve[:: max(1, len(longest.curve) // 240)]
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "commit": _commit(),
        "minutes": minutes,
        "seed": seed,
        "acts": sum(_acts(events)),
        "windows": len(tally.lives),
        "window_kills": tally.window_kills,
        "worker_kills": tally.worker_kills,
        "messages_checked": tally.checked,
        "chats_destroyed_on_purpose": len(committed(events)[1]),
        "dialogs": dict(Counter(e["title"] for e in events if e["kind"] == "dialog")),
        "pages": dict(Counter(e["page"] for e in events if e["kind"] == "beat")),
        "errors_said": dict(Counter(e["code"] for e in events if e["kind"] == "error")),
        "qt_warnings": dict(
            Counter(f"{e['text']} {e['told']}" for e in events if e["kind"] == "qt").most_common(8)
        ),
        "longest_silence_s": round(_longest_silence(events), 1),
        "committed_events": kinds["wrote"],
        "memory": grown,
        "curve_s_rss_own_once_mb": [[round(value, 1) for value in point] for point in thinned],
        "counts_s_widgets_blocks_heap_mb": _counts(events),
        "unexpected": [e for e in events if e["kind"] == "unexpected"],
        "collections_elsewhere": dict(
            Counter(e["thread"] for e in events if e["kind"] == "collection")
        ),
        "faults": tally.faults,
    }


def _acts(events: list[dict[str, Any]]) -> Iterator[int]:
    """Of each life: the last count it told."""
    last = 0
    for event in events:
        if event["kind"] == "shown":
            yield last
            last = 0
        elif event["kind"] == "beat":
            last = event["done"]
    yield last


def _counts(events: list[dict[str, Any]]) -> list[list[Any]]:
    """Of the last life, each half a minute: its seconds, widgets, blocks of Python, the heap."""
    shown = max(number for number, e in enumerate(events) if e["kind"] == "shown")
    began = events[shown]["at"]
    beats = [e for e in events[shown:] if e["kind"] == "beat"][::15]
    return [[round(e["at"] - began), e["widgets"], e["blocks"], *e["heap_mb"]] for e in beats]


def _longest_silence(events: list[dict[str, Any]]) -> float:
    longest, before = 0.0, 0.0
    for event in events:
        if event["kind"] == "shown":
            before = event["at"]
        elif event["kind"] == "beat":
            longest, before = max(longest, event["at"] - before), event["at"]
    return longest


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or os.environ.get("ALCOVE_COMMIT", "")


def main() -> int:
    """Run it; 0 when nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="alcove-monkey-", ignore_cleanup_errors=True) as name,
        private_display(1600, 1000) as display,
    ):
        supervisor = Supervisor(Path(name), options.minutes * 60, options.seed, display)
        supervisor.run()
        found = report(supervisor, options.minutes, options.seed)
    shown = {key: value for key, value in found.items() if key not in _LONG}
    print(json.dumps(shown, indent=1, ensure_ascii=False))
    if options.out is not None:
        text = json.dumps(found, indent=1, ensure_ascii=False)
        options.out.write_text(text + "\n", "utf-8")
    curve = found["curve_s_rss_own_once_mb"]
    drawn = {
        name: [(point[0] / 60, point[place]) for point in curve]
        for place, name in ((1, "resident"), (3, "each page once"))
    }
    title = f"Memory of the window under the monkey, seed {options.seed}"
    axes = Axis("minutes"), Axis("MB")
    write_plot(options.plot, lines(title, *axes, drawn))
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
