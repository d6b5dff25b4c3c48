"""The external weights file: planned first, then streamed, never all in memory.

    plan.reserve(...)  offsets are handed out while the graph is written
    plan.add_job(...)  who fills them, chunk by chunk, is noted
    plan.write(...)    one pass over the source, with progress, cancel and a clear error

So the size is known, and everything that can be refused has been refused, before the first byte is
written. Regions start at multiples of 4096, so that the file can be mapped into memory.

Jobs know nothing of each other, so a few threads run one each (NumPy lets go of the interpreter
while it computes) and write wherever their job's regions lie. Meanwhile the calling thread hashes
what is finished from the front of the file, while the system still holds it in memory: a second
pass over a large file would have to fetch it from the disk again.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import FileEntry
from engine.types import Progress

ALIGNMENT: Final = 4096
CHUNK_VALUES: Final = 1 << 17
"""Weights converted at a time: so few that all temporaries stay in a processor's cache, which makes
quantizing half as fast again as with chunks of a million."""

_MOST_THREADS: Final = 4
_REPORT_S: Final = 0.1
_PIECE_BYTES: Final = 1 << 20

OnProgress = Callable[[Progress], None]
Chunks = Iterator[tuple[NDArray[Any], ...]]


class BuildCancelled(Exception):
    """The caller asked to stop; nothing was left behind. Not an error, hence no EngineError."""


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the weights file."""

    offset: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Job:
    regions: tuple[Region, ...]
    chunks: Callable[[], Chunks]

    @property
    def end(self) -> int:
        """Where the job's last region ends."""
        return self.regions[-1].offset + self.regions[-1].size_bytes

    @property
    def size_bytes(self) -> int:
        """Bytes of all its regions."""
        return sum(region.size_bytes for region in self.regions)


@dataclass(slots=True)
class WeightPlan:
    """Regions handed out so far and the jobs that will fill them."""

    size_bytes: int = 0
    _jobs: list[_Job] = field(default_factory=list)
    _reserved_bytes: int = 0

    def add_job(
        self, sizes_bytes: Sequence[int], chunks: Callable[[], Chunks]
    ) -> tuple[Region, ...]:
        """Reserve regions that are filled together.

        Args:
            sizes_bytes: Size of each region.
            chunks: Called when it is time to write; yields one array for each region, again and
                again, until every region is full.
        """
        regions = tuple(self._reserve(size) for size in sizes_bytes)
        self._jobs.append(_Job(regions, chunks))
        return regions

    def _reserve(self, size_bytes: int) -> Region:
        offset = -(-self.size_bytes // ALIGNMENT) * ALIGNMENT
        self.size_bytes = offset + size_bytes
        self._reserved_bytes += size_bytes
        return Region(offset, size_bytes)

    def write(self, path: Path, on_progress: OnProgress | None, cancel: Event | None) -> FileEntry:
        """Stream all weights into a new file.

        Args:
            path: The file; it must not exist.
            on_progress: Called from this thread at most ten times a second, stage "write".
            cancel: Set it to stop.

        Returns:
            Size and hash of the file.

        Raises:
            OSError: The file could not be written.
            BuildCancelled: `cancel` was set.
            BadCheckpoint: The source turned out to be damaged.
        """
        with path.open("xb") as file:
            file.truncate(self.size_bytes)
        work = _Work(path, cancel, _Meter(self._reserved_bytes, on_progress))
        threads = min(_MOST_THREADS, os.cpu_count() or 1)
        with ThreadPoolExecutor(threads, "weights") as pool:
            try:
                entry = self._hashed(path, work, self._submit(pool, work))
            except BaseException:
                work.stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        return entry

    def _submit(self, pool: ThreadPoolExecutor, work: _Work) -> list[Future[None]]:
        """Start the largest jobs first, so that none of them is left over at the end."""
        order = sorted(range(len(self._jobs)), key=lambda index: -self._jobs[index].size_bytes)
        futures = {index: pool.submit(work.run, self._jobs[index]) for index in order}
        return [futures[index] for index in range(len(self._jobs))]

    def _hashed(self, path: Path, work: _Work, futures: Sequence[Future[None]]) -> FileEntry:
        """Wait for the jobs; hash the file from its front as they finish."""
        digest, done = hashlib.sha256(), 0
        pending = set(futures)
        with path.open("rb") as file:
            while done < len(futures) or pending:
                finished, pending = wait(pending, timeout=_REPORT_S)
                for future in finished:
                    future.result()
                work.check()
                work.meter.report()
                while done < len(futures) and futures[done].done():
                    _hash_up_to(digest, file, self._jobs[done].end, work)
                    done += 1
        return FileEntry(self.size_bytes, digest.hexdigest())


def _hash_up_to(digest: Any, file: BinaryIO, end: int, work: _Work) -> None:  # noqa: ANN401
    while (left := end - file.tell()) > 0:
        work.check()
        digest.update(file.read(min(left, _PIECE_BYTES)))


@dataclass(frozen=True, slots=True)
class _Work:
    """What the threads share: the file, the wish to stop, the count of bytes."""

    path: Path
    cancel: Event | None
    meter: _Meter
    stop: Event = field(default_factory=Event)

    def check(self) -> None:
        """Raise BuildCancelled when the caller asked for it or another thread failed."""
        if self.stop.is_set() or (self.cancel is not None and self.cancel.is_set()):
            raise BuildCancelled

    def run(self, job: _Job) -> None:
        """Fill one job's regions."""
        positions = [region.offset for region in job.regions]
        with self.path.open("rb+", buffering=0) as file:
            for arrays in job.chunks():
                self.check()
                for index, array in enumerate(arrays):
                    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
                    file.seek(positions[index])
                    _write_all(file, data)
                    positions[index] += len(data)
                    self.meter.add(len(data))
        ends = [region.offset + region.size_bytes for region in job.regions]
        if positions != ends:
            raise ValueError("a region of the weights file was not filled exactly")


def _write_all(file: Any, data: memoryview) -> None:  # noqa: ANN401
    """An unbuffered file may take less than it was given; a full disk then says so."""
    while data:
        data = data[file.write(data) :]


class _Meter:
    """Counts bytes from all threads and estimates what is left."""

    def __init__(self, total_bytes: int, on_progress: OnProgress | None) -> None:
        self._total = total_bytes
        self._done = 0
        self._on_progress = on_progress
        self._started = time.monotonic()
        self._reported = 0.0
        self._lock = Lock()

    def add(self, size_bytes: int) -> None:
        """Count bytes that were written."""
        with self._lock:
            self._done += size_bytes

    def report(self) -> None:
        """Tell, unless that was done a moment ago."""
        now = time.monotonic()
        if self._on_progress is None or (
            now - self._reported < _REPORT_S and self._done < self._total
        ):
            return
        self._reported = now
        done, spent = self._done, now - self._started
        left = spent / done * (self._total - done) if spent > 0.5 and done else None
        self._on_progress(Progress("write", done, self._total, left))
