"""The weights file is written by several threads and hashed by another, and looks as if by one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from engine.builder.weights import ALIGNMENT, BuildCancelled, Chunks, WeightPlan
from engine.bundle import hash_file
from engine.errors import BadCheckpoint
from engine.types import Progress


def _job(number: int, chunks: int = 3) -> Callable[[], Chunks]:
    def chunk(index: int) -> np.ndarray:
        return np.random.default_rng([number, index]).integers(0, 256, 5000, np.uint8)

    return lambda: ((chunk(index), chunk(index)[:100]) for index in range(chunks))


def _plan(jobs: int) -> WeightPlan:
    plan = WeightPlan()
    for number in range(jobs):
        chunks = 1 + number % 5
        plan.add_job([5000 * chunks, 100 * chunks], _job(number, chunks))
    return plan


def test_every_region_holds_what_its_job_made(tmp_path: Path) -> None:
    _plan(40).write(tmp_path / "w", None, None)
    data, offset = (tmp_path / "w").read_bytes(), 0
    for number in range(40):
        chunks = list(_job(number, 1 + number % 5)())
        for column in (0, 1):
            expected = b"".join(arrays[column].tobytes() for arrays in chunks)
            assert data[offset : offset + len(expected)] == expected
            offset += -(-len(expected) // ALIGNMENT) * ALIGNMENT


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    assert _plan(40).write(tmp_path / "w", None, None) == hash_file(tmp_path / "w")
    assert WeightPlan().write(tmp_path / "none", None, None) == hash_file(tmp_path / "none")


def test_one_bad_job_stops_the_others(tmp_path: Path) -> None:
    begun: list[int] = []

    def endless() -> Chunks:
        begun.append(threading.get_ident())
        while True:
            yield (np.zeros(1, np.uint8),)

    def bad() -> Chunks:
        raise BadCheckpoint(reason="not_finite", tensor="w")
        yield ()

    plan = WeightPlan()
    plan.add_job([1 << 40], endless)  # as a hole in a file, that costs nothing
    plan.add_job([1 << 35], bad)
    for _ in range(20):
        plan.add_job([1 << 30], endless)
    with pytest.raises(BadCheckpoint):
        plan.write(tmp_path / "w", None, None)
    assert threading.main_thread().ident not in begun
    assert len(begun) <= 5


def test_cancel_is_heard_while_a_long_job_runs(tmp_path: Path) -> None:
    cancel, seen = Event(), []

    def endless() -> Chunks:
        while True:
            yield (np.zeros(1, np.uint8),)

    def watch(progress: Progress) -> None:
        seen.append(progress)
        cancel.set()

    plan = WeightPlan()
    plan.add_job([1 << 40], endless)
    with pytest.raises(BuildCancelled):
        plan.write(tmp_path / "w", watch, cancel)
    assert seen


def test_progress_comes_from_the_calling_thread_and_ends_at_the_total(tmp_path: Path) -> None:
    seen: list[tuple[int, Progress]] = []
    _plan(10).write(tmp_path / "w", lambda p: seen.append((threading.get_ident(), p)), None)
    assert {thread for thread, _ in seen} == {threading.get_ident()}
    assert (seen[-1][1].stage, seen[-1][1].done) == ("write", seen[-1][1].total)


def test_a_job_that_gives_too_little_is_a_mistake(tmp_path: Path) -> None:
    plan = WeightPlan()
    plan.add_job([8], lambda: iter([(np.zeros(4, np.uint8),)]))
    with pytest.raises(ValueError, match="exactly"):
        plan.write(tmp_path / "w", None, None)
