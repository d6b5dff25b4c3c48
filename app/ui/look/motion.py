"""Whether this computer's owner asked for things to keep still."""

from __future__ import annotations

import configparser
import ctypes
import plistlib
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QStandardPaths, Signal

_SPI_GETCLIENTAREAANIMATION = 0x1042


class SystemMotion(QObject):
    """Asks the system once; the answer may come a moment later.

    Qt 6.11 knows the system's wish for contrast, but none for stillness.

    Signals:
        known: Whether less movement is wanted.
    """

    known = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    def ask(self) -> None:
        """Find out; answered by `known`, at once or soon, or never where nobody can tell."""
        if sys.platform == "win32":
            self.known.emit(not _windows_animates())
        elif sys.platform == "darwin":
            place = Path.home() / "Library" / "Preferences" / "com.apple.universalaccess.plist"
            self.known.emit(mac_wants_stillness(place))
        elif kde_wants_stillness(_kde_file()):
            self.known.emit(True)
        else:
            self._ask_gnome()

    def _ask_gnome(self) -> None:
        program = QStandardPaths.findExecutable("gsettings")
        if not program:
            return
        # It may outlive the window, by a blink.
        self._process = QProcess(QCoreApplication.instance())
        self._process.finished.connect(self._on_gnome)
        self._process.finished.connect(self._process.deleteLater)
        self._process.start(program, ["get", "org.gnome.desktop.interface", "enable-animations"])

    def _on_gnome(self) -> None:
        if self._process is not None:
            answer = bytes(self._process.readAllStandardOutput().data()).strip()
            self._process = None
            if answer in (b"true", b"false"):
                self.known.emit(answer == b"false")


def kde_wants_stillness(file: Path) -> bool:
    """Whether a `kdeglobals` sets the length of all animations to nothing."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    try:
        parser.read_string(file.read_text("utf-8", errors="replace"))
        return parser.getfloat("KDE", "AnimationDurationFactor", fallback=1.0) == 0.0
    except (OSError, configparser.Error, ValueError):
        return False


def mac_wants_stillness(file: Path) -> bool:
    """Whether "Reduce motion" is on in a macOS preferences file."""
    try:
        values = plistlib.loads(file.read_bytes())
    except (OSError, plistlib.InvalidFileException, ValueError):
        return False
    return isinstance(values, dict) and bool(values.get("reduceMotion", False))


def _kde_file() -> Path:
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder) / "kdeglobals"


def _windows_animates() -> bool:
    answer = ctypes.c_int(1)
    library = getattr(ctypes, "windll").user32  # noqa: B009  there is none elsewhere
    library.SystemParametersInfoW(_SPI_GETCLIENTAREAANIMATION, 0, ctypes.byref(answer), 0)
    return bool(answer.value)
