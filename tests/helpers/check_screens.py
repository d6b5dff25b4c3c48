"""Looks at every screen in every language, scheme and size, and takes its picture.

Run: python -m tests.helpers.check_screens [--pictures FOLDER] (or `make check-screens`).

One process for each scale of the display (QT_SCALE_FACTOR), because Qt takes it in at its start.
Pictures have at most 256 colours, which is what a drawn window needs, to keep the repository small.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from tests.helpers.display import private_display
from tests.helpers.legibility import faults, focus_faults
from tests.helpers.screen_tour import LANGUAGES, SCHEMES, VIEWS, tour

ROOT = Path(__file__).resolve().parents[2]
SCALES = {"1": (1280, 860), "1.5": (1280, 800), "2": (960, 600)}
"""Scale of the display, and the size of the window in its own pixels."""

TEXT_SIZES_PT = {"1": (0, 28), "1.5": (0,), "2": (0,)}
PICTURED = ("new", "conversation", "earlier", "settings", "help", "bin", "recovery")


def main() -> int:
    """Check all; 0 when nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--scale", choices=SCALES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.scale:
        return _one_scale(options.scale, options.pictures)
    failed = 0
    with private_display(2560, 1720) as display:
        for scale in SCALES:
            command = [sys.executable, "-m", "tests.helpers.check_screens", "--scale", scale]
            command += ["--pictures", str(options.pictures)] if options.pictures else []
            environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
            environment |= {"QT_SCALE_FACTOR": scale, "PYTHON_KEYRING_BACKEND": "none"}
            environment.pop("WAYLAND_DISPLAY", None)
            failed |= subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    return failed


def _one_scale(scale: str, pictures: Path | None) -> int:
    application = QApplication([])
    found: dict[str, list[str]] = {}
    count = 0
    for one in tour(application):
        one.window.resize(*SCALES[scale])
        for size_pt in TEXT_SIZES_PT[scale]:
            for language in LANGUAGES:
                for scheme in SCHEMES:
                    one.dress(language, scheme, size_pt)
                    for view in VIEWS:
                        for screen in one.screens(view, language):
                            count += 1
                            name = f"{view}-{screen}-{language}-{scheme}-{scale}-{size_pt or 'own'}"
                            told = faults(one.window, scheme)
                            if size_pt == 0 and scale == "1" and language == "en":
                                told += focus_faults(one.window, scheme)
                            if told:
                                found[name] = told
                            if pictures is not None and _is_pictured(screen, scale, size_pt):
                                _save(one.window.grab().toImage(), pictures / _file(name))
    print(json.dumps(found, indent=1, ensure_ascii=False))
    print(f"scale {scale}: {count} screens, {len(found)} with faults", flush=True)
    return 1 if found else 0


def _is_pictured(screen: str, scale: str, size_pt: int) -> bool:
    if size_pt or scale == "1.5":
        return False
    return screen in PICTURED if scale == "1" else screen in PICTURED[:2]


def _file(name: str) -> str:
    return name.replace("-1-own", "").replace("-2-own", "-200") + ".png"


def _save(image: QImage, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not image.convertToFormat(QImage.Format.Format_Indexed8).save(str(path)):
        raise OSError(f"cannot write {path}")


if __name__ == "__main__":
    sys.exit(main())
