"""A finished file under the name a person chose: all of it or nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from app.core.errors import FileInUse, FolderReadOnly, NoRoomForFile, SavingFailed
from app.core.jsonfile import sync_folder

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_PERMISSION = {errno.EROFS, errno.EACCES, errno.EPERM}


def save_file(path: Path, data: bytes) -> Path:
    """Write a file; one that is there is replaced only when the new one is whole.

    The file gets the permissions that any program's files get in that folder, since it was made to
    be given to others.

    Raises:
        NoRoomForFile: The disk is full.
        FolderReadOnly: Nothing may be written there.
        FileInUse: Another program holds the file that is to be replaced.
        SavingFailed: Anything else, such as a stick that was pulled out.
    """
    new = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.new")
    try:
        _write(new, data)
    except OSError as exc:
        _discard(new)
        raise _error(exc) from exc
    try:
        new.replace(path)
    except OSError as exc:
        _discard(new)
        # Only Windows refuses to replace what is open; a folder in the way is refused everywhere.
        held = exc.errno in _NO_PERMISSION and path.exists()
        raise (FileInUse() if held else _error(exc)) from exc
    sync_folder(path.parent)
    return path


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _discard(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _error(error: OSError) -> SavingFailed:
    if error.errno in _NO_ROOM:
        return NoRoomForFile()
    if error.errno in _NO_PERMISSION:
        return FolderReadOnly()
    return SavingFailed(errno=error.errno or 0)
