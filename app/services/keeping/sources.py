"""Where an import reads from: a file, a folder, or a zip that is never unpacked to the disk."""

from __future__ import annotations

import codecs
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from app.core.errors import DamagedFile, FileTooLarge, ImportFailed

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MOST_ENTRIES = 100_000
_DEEPEST = 3  # a folder of Jan's has threads/<name>/messages.jsonl in it
_BUFFER_BYTES = 1 << 18
_HARMLESS_BYTES = 64 << 20
_HIGHEST_RATIO = 100  # text packs five to ten times, a bomb a thousand times
_UNPACKING = (  # the last one: it needs a password
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
_MARKS = (  # the longer ones first: UTF-32 begins as UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a source.

    Attributes:
        path: Within the source.
        size_bytes: Unpacked.
        modified: UTC; stands in for times that a file does not tell.
        opener: Opens it for reading.
    """

    path: PurePosixPath
    size_bytes: int
    modified: datetime
    opener: Callable[[], IO[bytes]]

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Read it.

        Raises:
            DamagedFile: It cannot be unpacked.
            ImportFailed: It cannot be read.
        """
        try:
            with self.opener() as file:
                yield file
        except _UNPACKING as exc:
            raise DamagedFile from exc
        except OSError as exc:
            raise ImportFailed from exc

    @contextmanager
    def open_text(self) -> Iterator[IO[bytes]]:
        """Read its text as UTF-8 without a mark, also where it is kept in another Unicode.

        Raises:
            DamagedFile: It cannot be unpacked, or is not what its mark says.
            ImportFailed: It cannot be read.
        """
        with self.open() as file:
            begins = file.read(len(codecs.BOM_UTF32_LE))
        known = next((e for mark, e in _MARKS if begins.startswith(mark)), "")
        with self.open() as file:
            try:
                yield cast("IO[bytes]", codecs.EncodedFile(file, "utf-8", known)) if known else file
            except UnicodeError:
                raise DamagedFile from None  # the cause would quote the content


@contextmanager
def opened(path: Path) -> Iterator[tuple[Entry, ...]]:
    """The files of a source, by name.

    Raises:
        FileTooLarge: More files than any export has, or a zip that pretends to be small.
        DamagedFile: A zip that breaks off.
        ImportFailed: It cannot be read.
    """
    try:
        if path.is_dir():
            yield tuple(_walk(path))
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield tuple(_unzip(archive))
        else:
            yield (_entry(path, path.name),)
    except zipfile.BadZipFile as exc:
        raise DamagedFile from exc
    except OSError as exc:
        raise ImportFailed from exc


def _walk(folder: Path) -> Iterator[Entry]:
    count = 0
    for place, folders, names in os.walk(folder):
        inner = Path(place).relative_to(folder)
        folders[:] = sorted(folders) if len(inner.parts) < _DEEPEST - 1 else []
        for name in sorted(names):
            count += 1
            if count > _MOST_ENTRIES:
                raise FileTooLarge
            found = Path(place) / name
            if found.is_file() and not found.is_symlink():  # no pipe, no device, no way out
                yield _entry(found, (inner / name).as_posix())


def _entry(path: Path, name: str) -> Entry:
    known = path.stat()
    modified = datetime.fromtimestamp(max(known.st_mtime, 0), UTC)
    return Entry(PurePosixPath(name), known.st_size, modified, lambda: path.open("rb"))


def _unzip(archive: zipfile.ZipFile) -> Iterator[Entry]:
    listed = archive.infolist()
    if len(listed) > _MOST_ENTRIES:
        raise FileTooLarge
    for item in listed:
        if item.is_dir():
            continue
        try:
            modified = datetime(*item.date_time, tzinfo=UTC)
        except ValueError:
            modified = _EARLIEST
        path = PurePosixPath(item.filename.replace("\\", "/"))
        yield Entry(path, item.file_size, modified, partial(_open_bounded, archive, item))


def _open_bounded(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> IO[bytes]:
    return io.BufferedReader(_Bounded(archive, item), _BUFFER_BYTES)


class _Bounded(io.RawIOBase):
    """Reads an entry of a zip, whatever its header says about how long it is."""

    def __init__(self, archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> None:
        super().__init__()
        self._file = archive.open(item)
        self._left = max(_HARMLESS_BYTES, item.compress_size * _HIGHEST_RATIO)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """As any file, and refuses to go on where it becomes a bomb."""
        view = memoryview(buffer)
        data = self._file.read(len(view))
        self._left -= len(data)
        if self._left < 0:
            raise FileTooLarge
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the entry; the archive stays open."""
        self._file.close()
        super().close()
