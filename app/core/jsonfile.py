"""Small JSON files that are either the old version or the new one, never half of it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from app.core.errors import DiskFull, ReadOnly, StoreError

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, JsonValue]

_MAX_BYTES = 4 * 1024 * 1024
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_PERMISSION = {errno.EROFS, errno.EACCES, errno.EPERM}
_REPLACE_ATTEMPTS = 5


class BadJsonFile(ValueError):
    """The file is not a JSON object of reasonable size. Its content is never in the message."""


def storage_error(error: OSError) -> StoreError:
    """Translate an operating system's error while writing.

    Returns:
        DiskFull, ReadOnly, or a plain StoreError with `errno`.
    """
    if error.errno in _NO_ROOM:
        return DiskFull()
    if error.errno in _NO_PERMISSION:
        return ReadOnly()
    return StoreError(errno=error.errno or 0)


def read_json(path: Path) -> JsonObject:
    """Read a JSON object.

    Raises:
        FileNotFoundError: There is no such file.
        BadJsonFile: Too large, not UTF-8, not JSON, or not an object.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise BadJsonFile("too large")
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        # The cause would quote the content.
        raise BadJsonFile("not JSON") from None
    if not isinstance(value, dict):
        raise BadJsonFile("not an object")
    return value


def write_json(path: Path, value: JsonObject) -> None:
    """Write a JSON object so that a crash at any moment leaves the old file or the new one.

    The file is readable by its owner only.

    Raises:
        DiskFull: No room; the old file stays.
        ReadOnly: The folder cannot be written; the old file stays.
        StoreError: Anything else the system says.
    """
    replace_file(path, _encoded(value))


def create_json(path: Path, value: JsonObject) -> bool:
    """As `write_json`, but never over a file that is there.

    Returns:
        Whether the file was made; False means that there was one.
    """
    try:
        temporary = _write_temporary(path, _encoded(value))
        try:
            return put_in_place(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as exc:
        raise storage_error(exc) from exc


def put_in_place(new: Path, path: Path) -> bool:
    """Give a finished file its name unless that is taken; returns whether it was free."""
    try:
        path.hardlink_to(new)
    except FileExistsError:
        return False
    except OSError:  # no hard links here, as on exFAT
        if path.exists():
            return False
        new.rename(path)
    sync_folder(path.parent)
    return True


def _encoded(value: JsonObject) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    return text.encode("utf-8")


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step; errors as `write_json`."""
    try:
        _replace_file(path, data)
    except OSError as exc:
        raise storage_error(exc) from exc


def _replace_file(path: Path, data: bytes) -> None:
    temporary = _write_temporary(path, data)
    try:
        _move(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def _write_temporary(path: Path, data: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return Path(name)


def _move(source: Path, destination: Path) -> None:
    # On Windows a virus scanner or an indexer may hold the old file open for a moment.
    for attempt in range(_REPLACE_ATTEMPTS):
        try:
            os.replace(source, destination)  # noqa: PTH105 - the atomic call, named as such
        except PermissionError:
            if sys.platform != "win32" or attempt == _REPLACE_ATTEMPTS - 1:
                raise
            time.sleep(0.05 * (attempt + 1))
        else:
            return


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where the system can."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
