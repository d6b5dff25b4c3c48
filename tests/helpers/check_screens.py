"""Looks at every screen in every language, scheme and size, and takes its picture.

Run: python -m tests.helpers.check_screens [--pictures FOLDER] [--out FILE] (`make check-screens`).

One process for each language and scale of the display (QT_SCALE_FACTOR), because Qt takes that in
at its start; two of them at a time, each on a display of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path

from PySide6.QtWidgets import QApplication, QMenu

from tests.helpers.display import private_display
from tests.helpers.legibility import look_at
from tests.helpers.screen_sheets import is_pictured, keep, make_sheets
from tests.helpers.screen_stops import screens
from tests.helpers.screen_tour import LANGUAGES, SCHEMES, VIEWS, Tour, settle, tour
from tests.helpers.seen_focus import focus_faults

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "make check-screens"
_AT_A_TIME = 2
_RESIZED_MS = 200
_LAID_OUT_MS = 500
_LIMIT_S = 1_500


@dataclass(frozen=True, slots=True)
class Size:
    """How large a window and its text are.

    Attributes:
        name: Of the size.
        simple_pt: Text of the Simple view in points.
        full_pt: Text of the Full view.
        width_px: Of the window, in its own pixels.
        height_px: Of the window.
    """

    name: str
    simple_pt: int
    full_pt: int
    width_px: int
    height_px: int

    def points(self, view: str) -> int:
        """Size of the text in that view."""
        return self.simple_pt if view == "simple" else self.full_pt

    def schemes(self) -> tuple[str, ...]:
        """In which it is looked at."""
        return SCHEMES if self.name == "usual" else SCHEMES[:1]


SIZES = {
    "1": (
        Size("usual", 18, 16, 1280, 860),
        Size("wide", 28, 28, 1600, 900),
        Size("narrow", 16, 16, 480, 640),
        Size("large", 28, 28, 800, 600),
    ),
    "1.5": (Size("usual", 18, 16, 1280, 800), Size("large", 28, 28, 853, 600)),
    "2": (
        Size("usual", 18, 16, 960, 600),
        Size("narrow", 16, 16, 480, 430),
        Size("large", 28, 28, 960, 600),
    ),
}
"""By the scale of the display. Only the usual one is looked at in every scheme: what has room does
not depend on colours."""


@dataclass(slots=True)
class Sum:
    """What was looked at, and what was found."""

    screens: int = 0
    texts: int = 0
    lines: int = 0
    targets: int = 0
    focus: int = 0
    names: list[str] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)

    def add(self, other: Sum) -> None:
        """Take in what another process saw."""
        self.screens += other.screens
        self.texts += other.texts
        self.lines += other.lines
        self.targets += other.targets
        self.focus += other.focus
        self.names = sorted({*self.names, *other.names})
        self.faults |= other.faults


def main() -> int:
    """Check all; 0 when nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, help="folder for the sheets")
    parser.add_argument("--out", type=Path, help="file for the numbers")
    parser.add_argument("--scale", choices=SIZES, help=argparse.SUPPRESS)
    parser.add_argument("--language", choices=LANGUAGES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.scale:
        print(json.dumps(asdict(_one(options.scale, options.language, options.pictures))))
        return 0
    began = time.monotonic()
    kept = tempfile.TemporaryDirectory() if options.pictures else nullcontext()
    with kept as folder, ThreadPoolExecutor(_AT_A_TIME) as pool:
        whole = Sum()
        jobs = [(scale, language) for scale in SIZES for language in LANGUAGES]
        for part in pool.map(lambda job: _in_process(*job, folder=folder), jobs):
            whole.add(part)
        if options.pictures:
            make_sheets(Path(str(folder)), options.pictures)
    numbers = _numbers(whole, time.monotonic() - began)
    if options.out:
        options.out.write_text(json.dumps(numbers, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(numbers, indent=1, ensure_ascii=False))
    return 1 if whole.faults else 0


def _numbers(whole: Sum, seconds: float) -> dict[str, object]:
    sizes = [size for sizes in SIZES.values() for size in sizes]
    combinations = len(LANGUAGES) * sum(len(size.schemes()) for size in sizes)
    return {
        "command": COMMAND,
        "seconds": round(seconds),
        "languages": LANGUAGES,
        "schemes": SCHEMES,
        "sizes": {scale: [asdict(size) for size in sizes] for scale, sizes in SIZES.items()},
        "combinations": combinations,
        "different_screens": len(whole.names),
        "screens_looked_at": whole.screens,
        "texts_and_icons": whole.texts,
        "lines": whole.lines,
        "targets": whole.targets,
        "screens_walked_by_tab": whole.focus,
        "failures": sum(map(len, whole.faults.values())),
        "faults": whole.faults,
        "names": whole.names,
    }


def _in_process(scale: str, language: str, *, folder: str | None) -> Sum:
    command = [sys.executable, "-m", "tests.helpers.check_screens"]
    command += ["--scale", scale, "--language", language]
    command += ["--pictures", folder] if folder else []
    with private_display(2560, 1720) as display:
        environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        environment |= {"QT_SCALE_FACTOR": scale, "PYTHON_KEYRING_BACKEND": "none"}
        environment.pop("WAYLAND_DISPLAY", None)
        done = subprocess.run(
            command, cwd=ROOT, env=environment, check=True, timeout=_LIMIT_S, stdout=subprocess.PIPE
        )
    found = Sum(**json.loads(done.stdout))
    for name, told in found.faults.items():
        print(name, *told, sep="\n  ", flush=True)
    print(f"scale {scale}, {language}: {found.screens} screens", file=sys.stderr, flush=True)
    return found


def _one(scale: str, language: str, pictures: Path | None) -> Sum:
    whole = Sum()
    for one in tour(QApplication([])):
        for size in SIZES[scale]:
            for scheme in size.schemes():
                for view in VIEWS:
                    one.dress(language, scheme, size.points(view))
                    one.window.resize(size.width_px, size.height_px)
                    settle(_RESIZED_MS)
                    folder = pictures if size.name == "usual" else None
                    where = f"{language}-{scheme}-{scale}"
                    for name, told in _view(one, view, scheme, where, whole, folder):
                        if told:
                            whole.faults[f"{name}-{where}-{size.name}"] = told
                    if (scale, language, size.name) == ("1", "en", "usual"):
                        whole.focus += _walk(one, view, scheme, whole)
    return whole


def _view(
    one: Tour, view: str, scheme: str, where: str, whole: Sum, pictures: Path | None
) -> Iterator[tuple[str, list[str]]]:
    seen: set[str] = set()
    for screen, window in screens(one, view):
        look = look_at(window, scheme)
        if look.faults:  # the machine may have been too busy to lay everything out
            settle(_LAID_OUT_MS)
            look = look_at(window, scheme)
        whole.screens += 1
        whole.texts += look.texts
        whole.lines += look.lines
        whole.targets += look.targets
        name = f"{view}-{screen}"
        seen.add(name)
        if pictures is not None and is_pictured(name, where):
            keep(window.grab().toImage(), pictures, name, where)
        yield name, list(look.faults)
    whole.names = sorted({*whole.names, *seen})


def _walk(one: Tour, view: str, scheme: str, whole: Sum) -> int:
    """Put the keyboard on everything, and look where it is."""
    walked = 0
    for screen, window in screens(one, view):
        if isinstance(window, QMenu) or screen[-1].isdigit():
            continue  # a menu marks its entry; further down a page stand the same controls
        walked += 1
        told = focus_faults(window, scheme)
        if told:
            whole.faults[f"{view}-{screen}-focus-{scheme}"] = told
    return walked


if __name__ == "__main__":
    sys.exit(main())
