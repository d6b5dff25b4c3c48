"""What this computer has: processor, physical cores, memory.

Everything is read from the operating system's own tables, within the limits set for this process
(affinity, control groups), without asking any library that opens a device.
"""

from __future__ import annotations

import ctypes
import math
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.runtime.system_calls import mac_memory, mac_process, windows_memory, windows_process

_M_MMAP_THRESHOLD = -3  # malloc.h of GNU's C library
_LARGE_BLOCK_BYTES = 1 << 20
_CPU_TABLE = Path("/sys/devices/system/cpu")
_CGROUP = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")
_GROUP_V2 = ("memory.max", "memory.current", "")
_GROUP_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
_MARGIN_SHARE = 32
_MARGIN_MOST_BYTES = 512 * 1024 * 1024
_WANTED_FEATURES = {
    "sse4_2": "sse4.2",
    "avx": "avx",
    "avx2": "avx2",
    "fma": "fma",
    "f16c": "f16c",
    "avx_vnni": "avx-vnni",
    "avx512f": "avx512f",
    "avx512bw": "avx512bw",
    "avx512_vnni": "avx512-vnni",
    "avx512_bf16": "avx512-bf16",
    "amx_int8": "amx-int8",
    "asimd": "neon",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
    "sve": "sve",
}
# PF_* numbers of IsProcessorFeaturePresent (winnt.h).
_WINDOWS_FEATURES = {38: "sse4.2", 39: "avx", 40: "avx2", 41: "avx512f", 43: "dotprod"}


@dataclass(frozen=True, slots=True)
class Memory:
    """Main memory in bytes: all of it, and what this process may still take."""

    total_bytes: int
    available_bytes: int


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """Resident memory of this process in bytes.

    `anonymous` cannot be given back; `file` is mapped from files, and the system may drop it.
    """

    anonymous_bytes: int
    file_bytes: int


def processor_name() -> str:
    """The processor's own name, such as the one printed on its box."""
    for line in _cpuinfo():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def processor_features() -> tuple[str, ...]:
    """The vector extensions that matter for speed, such as "avx2"; empty where unknown."""
    if sys.platform == "win32":
        present = ctypes.windll.kernel32.IsProcessorFeaturePresent
        return tuple(name for number, name in _WINDOWS_FEATURES.items() if present(number))
    for line in _cpuinfo():
        name, _, value = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            flags = set(value.split())
            return tuple(label for flag, label in _WANTED_FEATURES.items() if flag in flags)
    return ()


def usable_processors() -> tuple[int, ...]:
    """Numbers of the logical processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def physical_cores(table: Path = _CPU_TABLE, cgroup: Path = _CGROUP) -> int:
    """Cores this process may keep busy: threads of one core count once, quotas are respected."""
    processors = usable_processors()
    groups = {_siblings(table, number) for number in processors}
    cores = len(groups)
    quota = _processor_quota(cgroup)
    return max(1, cores if quota is None else min(cores, math.ceil(quota)))


def memory(cgroup: Path = _CGROUP, membership: Path = _MEMBERSHIP) -> Memory:
    """Memory of the computer, or of the control groups where that is smaller; swap is not counted.

    Args:
        cgroup: Where control groups are mounted.
        membership: The table of the groups that this process is in.
    """
    if sys.platform == "win32":
        return Memory(*windows_memory())
    if sys.platform == "darwin":
        return Memory(*mac_memory())
    table = _meminfo()
    if not table:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return Memory(total, total // 2)
    result = Memory(table["MemTotal"], table.get("MemAvailable", table["MemFree"]))
    for limit, free in control_group_limits(cgroup, membership):
        if limit < result.total_bytes or free < result.available_bytes:
            total = min(limit, result.total_bytes)
            result = Memory(total, min(free, result.available_bytes))
    return result


def margin_bytes(there: Memory) -> int:
    """What a model must leave to the desktop, so that others are not pushed out of memory."""
    return min(there.total_bytes // _MARGIN_SHARE, _MARGIN_MOST_BYTES)


def control_group_limits(mount: Path, membership: Path) -> Iterator[tuple[int, int]]:
    """Limit and what is left of it, in bytes, of each control group that this process is in.

    A group is limited by those above it as well. Inside a container the mount itself is the
    container's group. Version 1 has names of its own for the same three numbers. What a group has
    in its file cache can be dropped, so it does not count as used.
    """
    for folder, (limit_name, used_name, prefix) in _group_folders(mount, membership):
        limit = _read_number(folder / limit_name)
        used = _read_number(folder / used_name)
        if limit is not None and used is not None:
            cached = _cgroup_cache(folder, prefix)
            yield limit, max(0, limit - max(0, used - cached))


def _group_folders(mount: Path, membership: Path) -> Iterator[tuple[Path, tuple[str, str, str]]]:
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        lines = []
    yield mount, _GROUP_V2
    for line in lines:
        _, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        if kinds and "memory" not in kinds.split(","):
            continue
        top, names = (mount / "memory", _GROUP_V1) if kinds else (mount, _GROUP_V2)
        parts = [part for part in path.split("/") if part not in ("", "..")]
        start = 0 if kinds else 1
        for depth in range(start, len(parts) + 1):
            yield top.joinpath(*parts[:depth]), names


def process_memory() -> ProcessMemory:
    """Resident memory of this process; zeros where the system does not say."""
    if sys.platform == "win32":
        return ProcessMemory(*windows_process())
    if sys.platform == "darwin":
        return ProcessMemory(*mac_process())
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return ProcessMemory(0, 0)
    table = {
        name: int(rest.split()[0]) * 1024 for name, _, rest in (x.partition(":") for x in lines)
    }
    anonymous = table.get("Anonymous", 0)
    return ProcessMemory(anonymous, max(0, table.get("Rss", 0) - anonymous))


def give_back_freed() -> None:
    """Let the C library return what was freed; GNU's keeps it for the next allocation."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def give_back_at_once() -> None:
    """Let the C library keep no large block that was freed; GNU's keeps those of up to 32 MB.

    While a graph is loaded, packed weights of that size come and go: with 1.4 GB of 8-bit weights,
    180 MB were kept that nobody used.
    """
    change = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if change is not None:
        change(_M_MMAP_THRESHOLD, _LARGE_BLOCK_BYTES)


def resident_bytes() -> int:
    """Resident memory of this process, cheap enough for every heartbeat."""
    if sys.platform in ("win32", "darwin"):
        found = process_memory()
        return found.anonymous_bytes + found.file_bytes
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def _siblings(table: Path, number: int) -> str:
    """The threads that share a core, as the kernel writes them; one group each where unknown."""
    path = table / f"cpu{number}" / "topology" / "thread_siblings_list"
    try:
        return path.read_text().strip()
    except OSError:
        return str(number)


def _processor_quota(cgroup: Path) -> float | None:
    """Processors a control group (version 2) grants, None for no limit."""
    try:
        granted, period = (cgroup / "cpu.max").read_text().split()
        return None if granted == "max" else int(granted) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _meminfo() -> dict[str, int]:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    return {name: int(rest.split()[0]) * 1024 for name, _, rest in pairs}


def _cgroup_cache(cgroup: Path, prefix: str) -> int:
    try:
        lines = (cgroup / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    table = dict(line.split() for line in lines)
    return sum(int(table.get(f"{prefix}{kind}_file", 0)) for kind in ("inactive", "active"))


def _read_number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
