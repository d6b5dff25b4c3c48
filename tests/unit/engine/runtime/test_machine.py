from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.runtime import machine

GROUP = 1000
ROOT = Path(__file__).parents[4]


def cores(folder: Path, siblings: dict[int, str]) -> Path:
    for number, text in siblings.items():
        topology = folder / f"cpu{number}" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(text + "\n")
    return folder


def test_threads_of_one_core_count_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "usable_processors", lambda: (0, 1, 2, 3))
    table = cores(tmp_path, {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"})
    assert machine.physical_cores(table, tmp_path) == 2


def test_affinity_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "usable_processors", lambda: (2,))
    table = cores(tmp_path, {0: "0", 1: "1", 2: "2"})
    assert machine.physical_cores(table, tmp_path) == 1


@pytest.mark.parametrize(("quota", "expected"), [("max 100000", 4), ("150000 100000", 2), ("x", 4)])
def test_the_control_groups_quota_is_respected(
    quota: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "usable_processors", lambda: (0, 1, 2, 3))
    (tmp_path / "cpu.max").write_text(quota)
    assert machine.physical_cores(tmp_path, tmp_path) == expected


def test_a_smaller_control_group_limits_the_memory(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(str(100 * GROUP))
    (tmp_path / "memory.current").write_text(str(70 * GROUP))
    (tmp_path / "memory.stat").write_text(f"anon 1\ninactive_file {20 * GROUP}\nactive_file 0\n")
    memory = machine.memory(tmp_path)
    assert memory.total_bytes == 100 * GROUP
    assert memory.available_bytes == 50 * GROUP


def test_an_unlimited_control_group_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max")
    memory = machine.memory(tmp_path)
    assert 0 < memory.available_bytes <= memory.total_bytes


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux only")
def test_anonymous_memory_is_told_from_mapped_files() -> None:
    code = (
        "from engine.runtime import machine\n"
        "before = machine.process_memory()\n"
        "block = b'x' * 64_000_000\n"
        "after = machine.process_memory()\n"
        "print(after.anonymous_bytes - before.anonymous_bytes, after.file_bytes,"
        " machine.resident_bytes())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    grown, file_bytes, resident = map(int, done.stdout.split())
    assert 60_000_000 < grown < 70_000_000
    assert file_bytes > 0
    assert resident > 64_000_000


def test_the_processor_has_a_name_and_this_process_somewhere_to_run() -> None:
    assert machine.processor_name()
    assert 1 <= machine.physical_cores() <= (os.cpu_count() or 1)


def test_a_group_is_limited_by_those_above_it(tmp_path: Path) -> None:
    inner = tmp_path / "user.slice" / "app.scope"
    inner.mkdir(parents=True)
    for folder, limit, used in ((inner.parent, 50, 10), (inner, 80, 5)):
        (folder / "memory.max").write_text(str(limit * GROUP))
        (folder / "memory.current").write_text(str(used * GROUP))
    membership = tmp_path / "membership"
    membership.write_text("0::/user.slice/app.scope\n")
    memory = machine.memory(tmp_path, membership)
    assert memory == machine.Memory(50 * GROUP, 40 * GROUP)


def test_control_groups_of_version_1_have_other_names(tmp_path: Path) -> None:
    group = tmp_path / "memory" / "box"
    group.mkdir(parents=True)
    (group / "memory.limit_in_bytes").write_text(str(100 * GROUP))
    (group / "memory.usage_in_bytes").write_text(str(70 * GROUP))
    (group / "memory.stat").write_text(f"inactive_file 1\ntotal_inactive_file {20 * GROUP}\n")
    membership = tmp_path / "membership"
    membership.write_text("9:name=systemd:/box\n4:cpu,memory:/box\n0::/\n")
    memory = machine.memory(tmp_path, membership)
    assert memory == machine.Memory(100 * GROUP, 50 * GROUP)


def test_the_margin_grows_with_the_computer_up_to_a_limit() -> None:
    gib = 1 << 30
    margins = [machine.margin_bytes(machine.Memory(n * gib, n * gib)) for n in (4, 8, 16, 64)]
    assert margins == [gib // 8, gib // 4, gib // 2, gib // 2]


@pytest.mark.skipif(sys.platform != "linux", reason="GNU's C library")
def test_large_blocks_that_were_freed_are_not_kept() -> None:
    script = """
import ctypes, sys
from engine.runtime.machine import give_back_at_once, process_memory
if sys.argv[1] == "at_once":
    give_back_at_once()
c = ctypes.CDLL(None)
c.malloc.restype, c.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
c.free.argtypes = [ctypes.c_void_p]
before = process_memory().anonymous_bytes
size = 20 << 20
c.free(c.malloc(size))  # from now on the library keeps such blocks, unless told otherwise
blocks = [c.malloc(size) for _ in range(5)]
for block in blocks:
    ctypes.memset(block, 1, size)
for block in blocks[:-1]:
    c.free(block)
print(process_memory().anonymous_bytes - before)
"""

    def kept_bytes(how: str) -> int:
        command = [sys.executable, "-c", script, how]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert kept_bytes("at_once") < 40 << 20 < kept_bytes("later")
