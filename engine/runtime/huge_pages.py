"""Asks Linux to keep the packed weights in pages of 2 MiB instead of 4 KiB.

Writing one token reads every weight once, and with small pages the processor spends a part of the
time looking addresses up. Measured on two cores with the starter model, runs alternated: 86-89
tokens a second without, 90-93 with huge pages. Most distributions give them only to who asks
(`madvise`); ONNX Runtime does not. This asks for the memory that is full of data already: regions
that are mostly untouched, such as thread stacks, would only grow. Where the system cannot, nothing
changes.

The kernel needs 0.3 s to move 140 MB, so it does so on a thread of its own while the prompt comes
in; nothing waits for it. It takes memory bandwidth from the model meanwhile, so it is not asked for
longer than a few seconds; the rest is left to the kernel, which moves it when it finds the time.

Weights mapped from a file come in huge pages when the file system keeps large files so (ext4 since
Linux 6.16, XFS since 5.18) and is told before they are read: 1.2 GB of weights, 62 ms a token as
from memory of the process's own; in small pages 85 ms, on a virtual machine. Files are read into
such pages beforehand, by a mapping of its own: left to the first tokens, which touch a few bytes
here and there, 614 of 1,427 MB came in huge pages, and 954 so (the rest: ends, small matrices).
"""

from __future__ import annotations

import ctypes
import logging
import mmap
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.runtime.machine import memory

log = logging.getLogger(__name__)

_PAGE_BYTES = 2 * 1024 * 1024
_SMALLEST_BYTES = 2 * _PAGE_BYTES
_FULL_SHARE = 0.9
_STEP_BYTES = 32 * _PAGE_BYTES
_LONGEST_S = 4.0
_READ_SHARE = 2  # of the free memory: one part in so many may be read ahead
# From the kernel's mman-common.h.
_MADV_HUGEPAGE = 14
_MADV_DONTNEED = 4
_MADV_POPULATE_READ = 22  # Linux 5.14
_MADV_COLLAPSE = 25  # at once, not when the kernel finds the time; Linux 6.1


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of this process's memory: addresses, and how much of it is anonymous data."""

    start: int
    end: int
    anonymous_bytes: int


def use_huge_pages_soon() -> threading.Thread:
    """Begin `use_huge_pages` and return its thread; it may outlive the session unharmed."""
    thread = threading.Thread(target=use_huge_pages, name="huge-pages", daemon=True)
    thread.start()
    return thread


def use_huge_pages() -> int:
    """Ask for huge pages wherever much data lies; return the bytes that were asked for."""
    if sys.platform != "linux":
        return 0
    try:
        lines = Path("/proc/self/smaps").read_text("utf-8", "replace").splitlines()
    except OSError:
        return 0
    library = _library()
    asked, deadline = 0, time.monotonic() + _LONGEST_S
    for start, end in wanted(regions(lines)):
        if library.madvise(start, end - start, _MADV_HUGEPAGE) == 0:
            asked += end - start
            for step in range(start, end, _STEP_BYTES):
                if time.monotonic() < deadline:
                    library.madvise(step, min(_STEP_BYTES, end - step), _MADV_COLLAPSE)
    log.info("huge pages asked_mb=%d", asked // 1_000_000)
    return asked


def use_huge_pages_for(file: Path) -> int:
    """Ask for huge pages wherever `file` is mapped; returns the bytes that were asked for."""
    if sys.platform != "linux":
        return 0
    try:
        lines = Path("/proc/self/maps").read_text("utf-8", "replace").splitlines()
    except OSError:
        return 0
    library = _library()
    asked = 0
    for start, end in mapped(lines, str(file.resolve())):
        if library.madvise(start, end - start, _MADV_HUGEPAGE) == 0:
            asked += end - start
    log.info("huge pages of files asked_mb=%d", asked // 1_000_000)
    if asked:
        read_soon(file)
    return asked


def read_soon(file: Path) -> threading.Thread:
    """Begin `read_into_huge_pages` and return its thread."""
    thread = threading.Thread(
        target=read_into_huge_pages, args=(file,), name="huge-pages-read", daemon=True
    )
    thread.start()
    return thread


def read_into_huge_pages(file: Path) -> int:
    """Let the system hold `file` in huge pages; returns how many bytes it was asked to read.

    A file that is larger than half of the free memory is left alone: reading its end would push
    its beginning out, or somebody else's data.
    """
    if sys.platform != "linux":
        return 0
    library, read = _library(), 0
    try:
        size = file.stat().st_size
        if not 0 < size <= memory().available_bytes // _READ_SHARE:
            return 0
        with file.open("rb") as opened:
            whole = mmap.mmap(opened.fileno(), size, mmap.MAP_PRIVATE)  # writable: has an address
    except OSError:
        return 0
    with whole:
        held = ctypes.c_char.from_buffer(whole)
        start = ctypes.addressof(held)
        if library.madvise(start, size, _MADV_HUGEPAGE) == 0:
            for offset in range(0, size, _STEP_BYTES):
                step = min(_STEP_BYTES, size - offset)
                if library.madvise(start + offset, step, _MADV_POPULATE_READ) != 0:
                    break
                library.madvise(start + offset, step, _MADV_DONTNEED)  # read, not in use here
                read += step
        del held  # a mapping with somebody looking into it cannot be closed
    log.info("huge pages read_mb=%d", read // 1_000_000)
    return read


def mapped(lines: Iterable[str], file: str) -> Iterator[tuple[int, int]]:
    """Addresses where a file is mapped in stretches that can hold a huge page."""
    for line in lines:
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5] == file:
            start, _, end = fields[0].partition("-")
            if int(end, 16) - int(start, 16) >= _PAGE_BYTES:
                yield int(start, 16), int(end, 16)


def regions(lines: Iterable[str]) -> Iterator[Region]:
    """Writable private memory that belongs to no file, from the lines of `smaps` (proc(5))."""
    bounds: tuple[int, int] | None = None
    for line in lines:
        fields = line.split()
        if not fields[0].endswith(":"):
            bounds = _bounds(fields)
        elif bounds is not None and fields[0] == "Anonymous:":
            yield Region(*bounds, int(fields[1]) * 1024)


def wanted(found: Iterable[Region]) -> Iterator[tuple[int, int]]:
    """Addresses, on boundaries of huge pages, of regions that are large and full."""
    for region in found:
        size_bytes = region.end - region.start
        if size_bytes < _SMALLEST_BYTES or region.anonymous_bytes < _FULL_SHARE * size_bytes:
            continue
        start = -(-region.start // _PAGE_BYTES) * _PAGE_BYTES
        end = region.end // _PAGE_BYTES * _PAGE_BYTES
        if start < end:
            yield start, end


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return library


def _bounds(fields: list[str]) -> tuple[int, int] | None:
    """Addresses of a region line, None when it is not ours to advise."""
    inode = fields[4]
    if inode != "0" or not fields[1].startswith("rw") or not fields[1].endswith("p"):
        return None
    start, _, end = fields[0].partition("-")
    return int(start, 16), int(end, 16)
