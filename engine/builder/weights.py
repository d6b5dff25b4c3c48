"""The external weights file: planned first, then streamed, never all in memory.

    plan.reserve(...)  offsets are handed out while the graph is written
    plan.add_job(...)  who fills them, chunk by chunk, is noted
    plan.write(...)    one pass over the source, with progress, cancel and a clear error

So the size is known, and everything that can be refused has been refused, before the first byte is
written. Regions start at multiples of 4096, so that the file can be mapped into memory.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from engine.types import Progress

ALIGNMENT: Final = 4096
CHUNK_VALUES: Final = 1 << 20
"""Weights converted at a time: some tens of megabytes with all temporaries."""

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

    def write(self, path: Path, on_progress: OnProgress | None, cancel: Event | None) -> None:
        """Stream all weights into a new file. Raises OSError, BuildCancelled, BadCheckpoint."""
        meter = _Meter(self._reserved_bytes, on_progress)
        with path.open("xb") as file:
            file.truncate(self.size_bytes)
            for job in self._jobs:
                self._run(job, file, meter, cancel)
            file.flush()
            os.fsync(file.fileno())

    @staticmethod
    def _run(job: _Job, file: BinaryIO, meter: _Meter, cancel: Event | None) -> None:
        positions = [region.offset for region in job.regions]
        for arrays in job.chunks():
            if cancel is not None and cancel.is_set():
                raise BuildCancelled
            for index, array in enumerate(arrays):
                data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
                file.seek(positions[index])
                file.write(data)
                positions[index] += len(data)
                meter.add(len(data))
        ends = [region.offset + region.size_bytes for region in job.regions]
        if positions != ends:
            raise ValueError("a region of the weights file was not filled exactly")


class _Meter:
    """Counts bytes and estimates what is left, at most ten times a second."""

    def __init__(self, total_bytes: int, on_progress: OnProgress | None) -> None:
        self._total = total_bytes
        self._done = 0
        self._report = on_progress
        self._started = self._reported = time.monotonic()

    def add(self, size_bytes: int) -> None:
        self._done += size_bytes
        now = time.monotonic()
        if self._report is None or (now - self._reported < 0.1 and self._done < self._total):
            return
        self._reported = now
        spent = now - self._started
        left = spent / self._done * (self._total - self._done) if spent > 0.5 else None
        self._report(Progress("write", self._done, self._total, left))
