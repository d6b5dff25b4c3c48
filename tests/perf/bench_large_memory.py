"""Runs a mixture of experts whose weights are twice as large as the memory it is allowed.

    .venv/bin/python -m tests.perf.bench_large_memory --folder /tmp/large \
        --out resources/benchmarks/large_memory.json

The model has Qwen3-30B-A3B's layers, ten of them, with random weights: 3.5 GB. A process that may
use half of that, page cache included, packs the weights, which the cache directory did not hold
before, and answers; it starts again, and at last without a limit. The tokens it reads are random,
and its layers add little to what comes in, so that every token keeps being sent elsewhere:
`tests.perf.expert_use` counts 125 to 128 of 128 experts of every layer in 96 tokens, and neighbours
share half an expert of eight. Real routing is less even than this. What came from the disk is
written down beside the rates.

Memory is limited by a control group (version 1 or 2, which takes root); without one, by another
process that holds all but so much. Needs 10 GB of disk and, to make the model once, 8 GB of memory.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np

from engine.bundle import WEIGHTS_NAME, read_manifest
from engine.runtime.benchmark import random_ids
from engine.runtime.control import Control
from engine.runtime.loading import load_model
from engine.runtime.machine import memory, process_memory
from engine.runtime.packed.store import packed_bytes
from engine.runtime.prefill import Pace, prefill
from engine.types import LoadOptions, Progress
from tests.perf import pairs, shapes

_LAYERS: Final = 10
_NAME: Final = f"qwen3-30b-a3b-{_LAYERS}-spread"
_PROMPT: Final = 512
_NEW: Final = 96
_SPREAD: Final = {"embedding_size": 45.0, "added_size": 0.001}
_GROUPS: Final = (
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
    (Path("/sys/fs/cgroup"), "memory.max"),
)


def main() -> None:
    """Make the model, run it with and without a limit, write what happened."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="where the model goes")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--only-make", action="store_true", help="make the model and stop")
    parser.add_argument("--keep-cache", action="store_true", help="packed weights are there")
    arguments = parser.parse_args()
    bundle = arguments.folder / _NAME
    if arguments.child:
        print(json.dumps(_run(bundle)))
        return
    begun = pairs.begin()
    _make(arguments.folder)
    if arguments.only_make:
        return
    weights_bytes = read_manifest(bundle).files[WEIGHTS_NAME].size_bytes
    limit_bytes = weights_bytes // 2
    first = _known(arguments.out) if arguments.keep_cache else {}
    with limited(limit_bytes) as (command, how):
        if not arguments.keep_cache:
            shutil.rmtree(arguments.folder / "cache", ignore_errors=True)
            first = _measure(arguments.folder, command)
        later = _measure(arguments.folder, command)
    body = begun | {
        "weights_gb": round(weights_bytes / 1e9, 2),
        "allowed_gb": round(limit_bytes / 1e9, 2),
        "limited_by": how,
        "first_start": first,
        "later_start": later,
        "without_limit": _measure(arguments.folder, []),
    }
    print(json.dumps(body, indent=1))
    pairs.write_record(arguments.out, body)


def _known(out: Path | None) -> dict[str, Any]:
    """What an earlier run wrote down about its first start."""
    if out is None or not out.exists():
        return {}
    return dict(json.loads(out.read_text("utf-8"))["first_start"])


def _make(folder: Path) -> None:
    config = {**shapes.CONFIGS[shapes.QWEN_MOE], **_SPREAD, "num_hidden_layers": _LAYERS}
    with patch.object(shapes, "CONFIGS", {_NAME: config}):
        gguf, _ = shapes.write_shape(_NAME, folder) if not (folder / _NAME).exists() else (None, 0)
    if gguf is not None:
        gguf.unlink()


@contextlib.contextmanager
def limited(limit_bytes: int) -> Iterator[tuple[list[str], str]]:
    """What to put before a command so that it has little memory, and how that is done."""
    for parent, name in _GROUPS:
        group = parent / f"alcove-large-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / name).write_text(str(limit_bytes))
        except OSError:
            group.rmdir()
            continue
        script = f'echo $$ > {group}/cgroup.procs; exec "$@"'
        try:
            yield ["sh", "-c", script, "sh"], f"control group, {name}"
        finally:
            group.rmdir()
        return
    ballast = np.ones(max(0, memory().available_bytes - limit_bytes) // 8, np.int64)
    yield [], f"ballast of {ballast.nbytes / 1e9:.1f} GB"


def _measure(folder: Path, before: list[str]) -> dict[str, Any]:
    """One run in a process of its own."""
    command = [sys.executable, "-m", "tests.perf.bench_large_memory", "--child", "--folder"]
    environment = {**os.environ, "ALCOVE_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run(
        [*before, *command, str(folder)],
        stdout=subprocess.PIPE,
        cwd=pairs.ROOT,
        env=environment,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _run(bundle: Path) -> dict[str, Any]:
    """Load, read and write; seconds, rates and memory."""
    peak_bytes, pack_s, start = 0, 0.0, time.perf_counter()

    def watch(progress: Progress) -> None:
        nonlocal peak_bytes, pack_s
        if progress.stage == "pack":
            peak_bytes = max(peak_bytes, process_memory().anonymous_bytes)
            pack_s = time.perf_counter() - start

    with load_model(bundle, LoadOptions(context_length=1024), on_progress=watch) as model:
        load_s = time.perf_counter() - start
        opened = _from_disk()
        ids, more = np.split(random_ids(model, _PROMPT + _NEW), [_PROMPT])
        begun = time.perf_counter()
        prefill(model.executor, ids, Pace(), Control())
        prefill_s = time.perf_counter() - begun
        read = _from_disk()
        steps = []
        for token in more:
            begun = time.perf_counter()
            model.executor.step(int(token))
            steps.append(time.perf_counter() - begun)
        held, written = process_memory(), _from_disk()
    return {
        "load_s": round(load_s, 2),
        "of_it_verifying_and_packing_s": round(pack_s, 2),
        "packing_peak_anonymous_mb": round(peak_bytes / 1e6),
        "prefill_tokens_per_s": round(_PROMPT / prefill_s, 2),
        "decode_tokens_per_s": round(1 / statistics.median(steps), 2),
        "decode_tokens_per_s_mean": round(_NEW / sum(steps), 2),
        "prefill_disk_mb_a_token": round((read - opened) / _PROMPT / 1e6, 1),
        "decode_disk_mb_a_token": round((written - read) / _NEW / 1e6, 1),
        "slowest_token_s": round(max(steps), 3),
        "anonymous_mb": round(held.anonymous_bytes / 1e6),
        "file_mb": round(held.file_bytes / 1e6),
        "packed_gb": round(packed_bytes() / 1e9, 2),
    }


def _from_disk() -> int:
    """Bytes this process has had read from the disk; mapped pages are among them."""
    lines = Path("/proc/self/io").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("read_bytes"))


if __name__ == "__main__":
    main()
