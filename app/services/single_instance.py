"""One window for each data directory: the second start raises the first and ends.

A local socket named after the directory. One left by a window that was killed refuses connections
and is replaced; a lock file keeps two starts from replacing each other's.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import sys
from pathlib import Path

from PySide6.QtCore import QDir, QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_CONNECT_MS = 300
_ANSWER_MS = 2_000
_LOCK_MS = 3_000
_RAISE = b"raise"
_DONE = b"done\n"


class SingleInstance(QObject):
    """Claims a data directory for this process.

    Signals:
        raise_asked: Another start wants the window in front. Carries the activation token of its
            desktop, "" without one (Wayland lets nobody raise a window without it).
    """

    raise_asked = Signal(str)

    def __init__(self, data: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = socket_name(data)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def claim(self) -> bool:
        """Become the first, or hand over to it.

        Returns:
            False when another process has the directory; it was asked to show its window.
        """
        lock = QLockFile(_lock_path(self._name))
        lock.tryLock(_LOCK_MS)  # without it the claim still works, two at once aside
        try:
            if self._hand_over():
                return False
            QLocalServer.removeServer(self._name)
            self._server.listen(self._name)
            return True
        finally:
            lock.unlock()

    def release(self) -> None:
        """Let the next start be the first."""
        self._server.close()

    def _hand_over(self) -> bool:
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(_CONNECT_MS):
            return False
        token = os.environ.get("XDG_ACTIVATION_TOKEN", "")
        socket.write(_RAISE + b" " + token.encode() + b"\n")
        socket.waitForBytesWritten(_ANSWER_MS)
        socket.waitForReadyRead(_ANSWER_MS)
        socket.disconnectFromServer()
        return True  # even without an answer: somebody has the directory

    def _on_connection(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            socket.readyRead.connect(lambda s=socket: self._read(s))

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            return
        word, _, token = bytes(socket.readLine(4096).data()).strip().partition(b" ")
        if word == _RAISE:
            socket.write(_DONE)
            socket.flush()
            self.raise_asked.emit(token.decode("ascii", "replace"))


def socket_name(data: Path) -> str:
    """The same for every spelling of one directory, different for every user and directory."""
    place = f"{getpass.getuser()}\n{data.resolve()}"
    name = "alcove-" + hashlib.sha256(place.encode()).hexdigest()[:24]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if sys.platform != "win32" and len(runtime) < 60 and Path(runtime).is_absolute():
        return str(Path(runtime) / name) if Path(runtime).is_dir() else name
    return name


def _lock_path(name: str) -> str:
    return name + ".lock" if "/" in name else str(Path(QDir.tempPath()) / (name + ".lock"))
