"""Checks that a bundle is what its manifest says, before anything is loaded from it.

Sizes are compared every time, small files are hashed every time. Hashing a large file takes
seconds, so it is done once and remembered by a stamp in the cache directory; the stamp is void as
soon as the file's size, time or identity changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from engine.bundle import GRAPH_NAME, FileEntry, Manifest, check_files
from engine.errors import BadBundle
from engine.runtime.control import Control
from engine.types import Progress

ALWAYS_HASHED_BYTES = 512 * 1024 * 1024
_PIECE_BYTES = 8 * 1024 * 1024
_NEEDED = (GRAPH_NAME,)


def cache_directory() -> Path:
    """Where machine-specific data goes: $ALCOVE_CACHE_DIR, else the platform's cache folder."""
    given = os.environ.get("ALCOVE_CACHE_DIR")
    if given:
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "Alcove" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "Alcove"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "alcove"


def verify_bundle(
    bundle: Path,
    manifest: Manifest,
    control: Control,
    on_progress: Callable[[Progress], None] | None = None,
) -> None:
    """Compare sizes and hashes with the manifest.

    Raises:
        BadBundle: A file is missing, has another size or another content.
        Interrupted: `control` said so.
    """
    check_files(bundle, manifest)
    for name in _NEEDED:
        if name not in manifest.files:
            raise BadBundle(reason="not_listed", file=name)
    due = [name for name in sorted(manifest.files) if _is_due(bundle / name, manifest.files[name])]
    reporter = _Reporter(sum(manifest.files[name].size_bytes for name in due), on_progress)
    for name in due:
        path, entry = bundle / name, manifest.files[name]
        if _hash(path, name, control, reporter) != entry.sha256:
            raise BadBundle(reason="wrong_hash", file=name)
        if entry.size_bytes > ALWAYS_HASHED_BYTES:
            _stamp(path, entry)


class _Reporter:
    """Turns bytes read into progress with an estimate."""

    def __init__(self, total: int, on_progress: Callable[[Progress], None] | None) -> None:
        self._total, self._done, self._start = total, 0, time.monotonic()
        self._on_progress = on_progress

    def add(self, size_bytes: int) -> None:
        self._done += size_bytes
        if self._on_progress is not None:
            rate = self._done / max(1e-6, time.monotonic() - self._start)
            left = (self._total - self._done) / rate if rate else None
            self._on_progress(Progress("verify", self._done, self._total, left))


def _hash(path: Path, name: str, control: Control, reporter: _Reporter) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                control.check()
                digest.update(piece)
                reporter.add(len(piece))
    except OSError as exc:
        raise BadBundle(reason="unreadable", file=name) from exc
    return digest.hexdigest()


def _is_due(path: Path, entry: FileEntry) -> bool:
    return entry.size_bytes <= ALWAYS_HASHED_BYTES or not _stamp_path(path, entry).exists()


def _stamp_path(path: Path, entry: FileEntry) -> Path:
    """A name that holds the file's identity and no readable part of it."""
    stat = path.stat()
    identity = (path.resolve(), stat.st_size, stat.st_mtime_ns, stat.st_ino, entry.sha256)
    key = hashlib.sha256(repr(identity).encode("utf-8", "surrogateescape")).hexdigest()
    return cache_directory() / "verified" / key


def _stamp(path: Path, entry: FileEntry) -> None:
    """Remember a verified file; without a writable cache it is simply hashed again next time."""
    with contextlib.suppress(OSError):
        stamp = _stamp_path(path, entry)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
