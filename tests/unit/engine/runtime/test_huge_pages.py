from __future__ import annotations

import mmap
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.runtime import huge_pages
from engine.runtime.huge_pages import (
    Region,
    mapped,
    read_into_huge_pages,
    regions,
    use_huge_pages,
    use_huge_pages_for,
    wanted,
)
from engine.runtime.machine import Memory

MIB = 1 << 20
SMAPS = """\
10000000-10800000 rw-p 00000000 00:00 0
Size:               8192 kB
Anonymous:          8192 kB
VmFlags: rd wr mr mw me ac sd
20000000-20800000 r--p 00000000 fe:00 1234                       /usr/lib/x.so
Anonymous:             0 kB
30000000-30800000 rw-s 00000000 00:00 0
Anonymous:             0 kB
40000000-40800000 rw-p 00000000 00:00 0                          [heap]
Anonymous:           100 kB
"""


def test_only_private_memory_without_a_file_counts() -> None:
    assert list(regions(SMAPS.splitlines())) == [
        Region(0x10000000, 0x10800000, 8 * MIB),
        Region(0x40000000, 0x40800000, 100 * 1024),
    ]


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (Region(0, 8 * MIB, 8 * MIB), [(0, 8 * MIB)]),
        (Region(4096, 8 * MIB - 4096, 8 * MIB - 8192), [(2 * MIB, 6 * MIB)]),
        (Region(0, 8 * MIB, 7 * MIB), []),  # a thread's stack: mostly untouched
        (Region(0, 3 * MIB, 3 * MIB), []),
    ],
)
def test_only_large_full_regions_on_boundaries_of_huge_pages(
    region: Region, expected: list[tuple[int, int]]
) -> None:
    assert list(wanted([region])) == expected


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="Linux only")
def test_asking_changes_no_data() -> None:
    data = np.arange(16 * MIB // 8)
    assert use_huge_pages() >= 8 * MIB
    assert np.array_equal(data, np.arange(16 * MIB // 8))


@pytest.mark.skipif(sys.platform == "linux", reason="other systems")
def test_other_systems_are_left_alone() -> None:
    assert use_huge_pages() == 0


def test_a_file_is_found_wherever_it_is_mapped() -> None:
    lines = [
        "7f0000000000-7f0000400000 r--p 00000000 fe:00 12  /cache/a b/weights",
        "7f0000400000-7f0000500000 r--p 00400000 fe:00 12  /cache/a b/weights",
        "7f0001000000-7f0001400000 r--p 00000000 fe:00 13  /cache/other",
        "7f0002000000-7f0002400000 rw-p 00000000 00:00 0 ",
    ]
    assert list(mapped(lines, "/cache/a b/weights")) == [(0x7F0000000000, 0x7F0000400000)]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_huge_pages_are_asked_for_a_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"\x01" * (8 << 20))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        assert use_huge_pages_for(path) == 8 << 20
        assert view[5 << 20] == 1
    assert use_huge_pages_for(path) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_a_file_is_read_ahead_where_memory_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights"
    path.write_bytes(bytes(range(256)) * (5 << 12))
    assert read_into_huge_pages(path) == 5 * MIB
    assert path.read_bytes() == bytes(range(256)) * (5 << 12)
    short = Memory(total_bytes=9 * MIB, available_bytes=9 * MIB)  # half of it is less than 5 MiB
    monkeypatch.setattr(huge_pages, "memory", lambda: short)
    assert read_into_huge_pages(path) == 0


def test_no_file_is_nothing_to_read(tmp_path: Path) -> None:
    assert read_into_huge_pages(tmp_path / "gone") == 0
    (tmp_path / "empty").touch()
    assert read_into_huge_pages(tmp_path / "empty") == 0
