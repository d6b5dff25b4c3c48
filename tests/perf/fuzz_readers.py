"""Feeds the readers broken and hostile checkpoints, and watches for anything but an EngineError.

Run: nice -n 19 python -m tests.perf.fuzz_readers [--seconds 600] [--seed 0] [--out FILE]
     python -m tests.perf.fuzz_readers --case gguf:1234    (one case again, with its traceback)

A child process works through numbered cases; the number decides the file. It may use little memory
beyond what it started with (RLIMIT_AS), and what Python and NumPy allocate for a case is held
against the size of the case's files (tracemalloc). A child that dies or hangs is a finding, and the
next one goes on behind the case that did it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

from engine.errors import EngineError
from tests.perf.fuzz_targets import TARGETS, prepare

ROOM_BYTES: Final = 1 << 30
PEAK_FIXED_BYTES: Final = 16 << 20
PEAK_FACTOR: Final = 8
"""A case may allocate 16 MiB (imports, the graph's own objects) and 8 times its files' size."""

CASE_S: Final = 30
HANG_S: Final = 90


def main() -> int:
    """Parse the command line; 0 when nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", choices=TARGETS, default=None)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--case", default="", help="TARGET:NUMBER")
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        folder, first = options.child.rsplit(":", 1)
        return _child(Path(folder), int(first), options.seed, options.target)
    with tempfile.TemporaryDirectory(prefix="alcove-fuzz-") as name:
        folder = Path(name)
        prepare(folder / "seeds")
        if options.case:
            warnings.simplefilter("error")
            target, _, number = options.case.partition(":")
            print(_run_case(folder, target, int(number), options.seed, verbose=True))
            return 0
        report = _supervise(folder, options)
    print(json.dumps(report, indent=1))
    if options.out is not None:
        options.out.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 1 if report["findings"] else 0


def _supervise(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run children one after the other until the time is up."""
    ends = time.monotonic() + options.seconds
    tally = _Tally()
    number = 0
    while time.monotonic() < ends:
        for line in _lines_of_child(folder, number, options, ends):
            number = tally.add(line) + 1
        if time.monotonic() < ends:  # it died over the case it had announced
            number = tally.died() + 1
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "seconds": round(options.seconds),
        "seed": options.seed,
        "allowed_peak": f"{PEAK_FIXED_BYTES} bytes + {PEAK_FACTOR} x size of the files",
        **tally.report(),
    }


def _lines_of_child(
    folder: Path, first: int, options: argparse.Namespace, ends: float
) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.perf.fuzz_readers", f"--child={folder}:{first}"]
    command += [f"--seed={options.seed}"]
    command += [f"--target={options.target}"] if options.target else []
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while time.monotonic() < ends and selector.select(HANG_S):
                line = child.stdout.readline()
                if not line:
                    break
                yield json.loads(line)
        child.kill()


class _Tally:
    """Counts what the children said."""

    def __init__(self) -> None:
        self._last: dict[str, Any] = {}
        self._targets: dict[str, dict[str, Any]] = {}
        self._findings: dict[str, dict[str, Any]] = {}

    def add(self, line: dict[str, Any]) -> int:
        """Note an announcement or a result; the case's number."""
        self._last = line
        if "outcome" in line:
            target = self._targets.setdefault(
                line["target"],
                {"cases": 0, "slowest_ms": 0, "peak_bytes": 0, "outcomes": Counter()},
            )
            target["cases"] += 1
            target["slowest_ms"] = max(target["slowest_ms"], line["ms"])
            target["peak_bytes"] = max(target["peak_bytes"], line["peak_bytes"])
            target["outcomes"][line["outcome"]] += 1
            if "finding" in line:
                self._find(line, line["finding"])
        number: int = line["number"]
        return number

    def died(self) -> int:
        """The child ended over the last case."""
        self._find(self._last, "the process died or hung")
        number: int = self._last.get("number", 0)
        return number

    def _find(self, line: dict[str, Any], what: str) -> None:
        case = f"{line.get('target')}:{line.get('number')}"
        finding = self._findings.setdefault(what, {"what": what, "case": case, "times": 0})
        finding["times"] += 1

    def report(self) -> dict[str, Any]:
        """What goes into the file."""
        targets = {
            name: {**body, "outcomes": dict(body["outcomes"].most_common())}
            for name, body in sorted(self._targets.items())
        }
        cases = sum(body["cases"] for body in targets.values())
        return {"cases": cases, "targets": targets, "findings": list(self._findings.values())}


def _child(folder: Path, first: int, seed: int, target: str | None) -> int:
    """Work through the cases from `first` on, a line before and after each."""
    signal.signal(signal.SIGALRM, _too_long)
    warnings.simplefilter("error")  # a division by zero is a hole in the checks
    names = [target] if target else list(TARGETS)
    _run_case(folder, names[0], 0, seed)  # imports are no case's fault
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM_BYTES, used + ROOM_BYTES))
    number = first
    while True:
        name = names[number % len(names)]
        print(json.dumps({"target": name, "number": number}), flush=True)
        print(json.dumps(_run_case(folder, name, number, seed)), flush=True)
        number += 1


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError("a case took too long")


def _run_case(
    folder: Path, name: str, number: int, seed: int, *, verbose: bool = False
) -> dict[str, Any]:
    """Make a case's files, let the readers loose on them, say what happened."""
    line: dict[str, Any] = {"target": name, "number": number}
    with tempfile.TemporaryDirectory(dir=folder) as place:
        target = TARGETS[name]
        source = target.make(
            random.Random(f"{seed}:{name}:{number}"), folder / "seeds", Path(place)
        )
        size_bytes = sum(path.stat().st_size for path in _files(source))
        started = time.monotonic()
        tracemalloc.start()
        signal.alarm(CASE_S)
        try:
            target.read(source, Path(place) / "out")
            line["outcome"] = "read"
        except EngineError as exc:
            line["outcome"] = exc.code
            if verbose:
                traceback.print_exc()
        except BaseException as exc:  # everything else is what we are looking for
            if isinstance(exc, KeyboardInterrupt):
                raise
            line["outcome"] = "finding"
            line["finding"] = f"{type(exc).__name__} in {_place(exc)}"
            if verbose:
                traceback.print_exc()
        finally:
            signal.alarm(0)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    line["ms"] = round(1000 * (time.monotonic() - started))
    line["peak_bytes"] = peak
    if peak > PEAK_FIXED_BYTES + PEAK_FACTOR * size_bytes and "finding" not in line:
        line["finding"] = f"{peak} bytes for files of {size_bytes} in {name}"
    return line


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
    elif source.is_dir():
        with contextlib.suppress(OSError):
            yield from (path for path in source.iterdir() if path.is_file())


def _place(exc: BaseException) -> str:
    """The innermost place in the engine that the exception came through."""
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if "/engine/" in f.filename]
    if not frames:
        return "?"
    return f"{frames[-1].filename.split('/engine/')[-1]}:{frames[-1].lineno}"


if __name__ == "__main__":
    sys.exit(main())
