"""The memory plan against what a process really takes, three lengths of every model.

    .venv/bin/python -m tests.perf.bench_memory_plan        (or: make bench-memory)

Six models are those that the plan's constants were fitted on. The others are held out (`held_out`
in their rows): see `memory_held_out.py` for what they changed in the plan.

Each row is a process of its own that does what the worker does: it loads the bundle, reads a prompt
of random tokens in the same pieces, and writes eight tokens. A thread notes its anonymous memory
every five milliseconds; the largest is compared with the plan's `needed_bytes`, which was computed
by another process before. Mapped files are what is resident at the end, less what the interpreter
and its libraries map; the plan's `file_bytes` is an upper bound, since rows of tables that nobody
asked for are never read. Bundles that are packed are loaded once before, so that the packed weights
are on the disk; that first load's peak is in the column `first_mb`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

from engine.bundle import read_manifest
from engine.runtime.memory.plan import plan_memory
from engine.types import LoadOptions
from tests.perf.memory_held_out import HELD_OUT
from tests.perf.memory_shapes import KINDS, bundle_of
from tests.perf.pairs import ROOT, begin, write_record
from tests.perf.shapes import FOLDER

_OUT: Final = ROOT / "resources" / "benchmarks" / "memory_plan.json"
_LENGTHS: Final = (512, 2048, 8192)
_NEW_TOKENS: Final = 8
_EVERY_S: Final = 0.005
_BAR: Final = 0.10


class _Watch(threading.Thread):
    """Notes the largest anonymous memory of this process."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(_EVERY_S):
            self.peak_bytes = max(self.peak_bytes, _status()["RssAnon"])


def _status() -> dict[str, int]:
    lines = Path("/proc/self/status").read_text().splitlines()
    pairs = (line.partition(":") for line in lines if line.startswith("Rss"))
    return {name: int(rest.split()[0]) * 1024 for name, _, rest in pairs}


def measure(bundle: Path, tokens: int, cache: str) -> dict[str, float]:
    """Load, read, write, in this process. Bytes."""
    import numpy as np  # noqa: PLC0415 - counted from here on

    from engine.runtime.benchmark import random_ids  # noqa: PLC0415
    from engine.runtime.control import Control  # noqa: PLC0415
    from engine.runtime.loading import load_model  # noqa: PLC0415
    from engine.runtime.ort import load_onnxruntime  # noqa: PLC0415
    from engine.runtime.prefill import Pace, prefill  # noqa: PLC0415

    watch = _Watch()
    watch.start()
    load_onnxruntime()
    libraries = _status()["RssFile"]
    options = LoadOptions(device="cpu", cache=cache, context_length=tokens)  # type: ignore[arg-type]
    start = time.perf_counter()
    with load_model(bundle, options) as model:
        load_s = time.perf_counter() - start
        executor = model.executor
        executor.reset()
        logits = prefill(executor, random_ids(model, tokens - _NEW_TOKENS), Pace(), Control())
        for _ in range(_NEW_TOKENS):
            logits = executor.step(int(np.argmax(logits)))
        end = _status()
    watch.ended.set()
    watch.join()
    return {
        "anonymous_bytes": max(watch.peak_bytes, end["RssAnon"]),
        "file_bytes": max(0, end["RssFile"] - libraries),
        "load_s": round(load_s, 3),
    }


def _row(kind: str, bundle: Path, tokens: int, cache: str, first_bytes: float) -> dict[str, Any]:
    options = LoadOptions(device="cpu", cache=cache, context_length=tokens)  # type: ignore[arg-type]
    plan = plan_memory(bundle, read_manifest(bundle), options)
    found = _child(bundle, tokens, cache)
    ratio = plan.needed_bytes / found["anonymous_bytes"]
    return {
        "model": kind,
        "held_out": kind in HELD_OUT,
        "tokens": tokens,
        "cache": cache,
        "planned_mb": _mb(plan.needed_bytes),
        "measured_mb": _mb(found["anonymous_bytes"]),
        "ratio": round(ratio, 3),
        "within_bar": abs(ratio - 1) <= _BAR,
        "planned_file_mb": _mb(plan.file_bytes),
        "measured_file_mb": _mb(found["file_bytes"]),
        "first_mb": _mb(first_bytes),
        "parts_mb": {
            name: _mb(getattr(plan, f"{name}_bytes"))
            for name in ("packed", "cache", "snapshots", "buffers", "process")
        },
        "load_s": found["load_s"],
    }


def _child(bundle: Path, tokens: int, cache: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.perf.bench_memory_plan", "--measure", str(bundle)]
    command += ["--lengths", str(tokens), "--cache", cache]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _mb(size_bytes: float) -> float:
    return round(size_bytes / 1e6, 1)


def main() -> None:
    """Measure every model and length, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=_OUT)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/memory-shapes"))  # noqa: S108
    parser.add_argument("--shapes", type=Path, default=FOLDER)
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--lengths", nargs="*", type=int, default=_LENGTHS)
    parser.add_argument("--cache", help="of keys and values, else what the model is listed with")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.lengths[0], arguments.cache)))
        return
    kept = json.loads(arguments.out.read_text("utf-8")) if arguments.out.exists() else {}
    rows: list[dict[str, Any]] = kept.get("rows", [])
    body = {**begin(), "before_correction": kept.get("before_correction", [])}
    for kind in arguments.kinds:
        bundle = bundle_of(kind, arguments.folder, arguments.shapes)
        cache = arguments.cache or (HELD_OUT[kind].cache if kind in HELD_OUT else "float32")
        first = _child(bundle, 256, cache)["anonymous_bytes"]
        for tokens in arguments.lengths:
            row = _row(kind, bundle, tokens, cache, first)
            key = (kind, tokens, cache)
            rows = [one for one in rows if (one["model"], one["tokens"], one["cache"]) != key]
            rows.append(row)
            print({name: value for name, value in row.items() if name != "parts_mb"}, flush=True)
            write_record(arguments.out, {**body, "bar": _BAR, "rows": rows})


if __name__ == "__main__":
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    main()
