"""Measures a layer of experts as one `QMoE` node and as one MatMulNBits per projection and expert.

    .venv/bin/python -m tests.perf.bench_expert_graphs --out resources/benchmarks/expert_graphs.json

Shapes are those of real models, weights random, every token goes to experts of its own. The graphs
are alive at once and take turns. Times are medians in milliseconds for one layer, and the fastest
beside them, for machines that do something else as well; memory is the anonymous memory that
loading the graph in a process of its own took, packed weights included.
Gemma's GELU cannot be said with `QMoE`, whose time is given for SwiGLU there. Q4_1 stands for the
formats with offsets, which the node cannot say either.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import platform
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from engine.builder.blocks import experts as blocks
from engine.builder.blocks.routing import Routing
from engine.builder.blocks.site import Site
from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Tensor
from tests.helpers.blocks import BlockRunner, config

_TURNS: Final = {1: 60, 128: 5}


@dataclass(frozen=True)
class Shape:
    """One layer of experts of a real model."""

    name: str
    hidden: int
    width: int
    experts: int
    top_k: int
    gelu: bool = False


@dataclass(frozen=True)
class Case:
    """One graph of such a layer."""

    shape: Shape
    grouped: bool
    type: str

    @property
    def gelu(self) -> bool:
        return self.shape.gelu and self.grouped


QWEN = Shape("Qwen3-30B-A3B", 2048, 768, 128, 8)
GEMMA = Shape("Gemma 4 26B-A4B", 2816, 704, 128, 8, gelu=True)
CASES: Final = tuple(
    Case(shape, grouped, kind)
    for shape in (QWEN, GEMMA)
    for kind, grouped in (
        ("Q4_0", False),
        ("Q4_0", True),
        ("Q4_1", True),
        ("Q8_0", False),
        ("Q8_0", True),
    )
)
_BLOCK_BYTES: Final = {"Q4_0": 18, "Q4_1": 20, "Q8_0": 34}


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(description="Cost of experts in either graph.")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    rows = []
    for shape in (QWEN, GEMMA):
        cases = [case for case in CASES if case.shape is shape]
        for row in _measure(cases, options.threads):
            print(json.dumps(row), flush=True)
            rows.append(row)
    report = {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "processor": _processor(),
        "threads": options.threads,
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "unit": "ms per layer",
        "layers": rows,
    }
    if options.out:
        options.out.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


def _measure(cases: list[Case], threads: int) -> list[dict[str, Any]]:
    graphs = {case: _load(case, threads) for case in cases}
    times: dict[tuple[Case, int], list[float]] = {}
    generator = np.random.default_rng(1)
    for tokens, turns in _TURNS.items():
        for turn in range(turns + 1):
            x = generator.standard_normal((tokens, cases[0].shape.hidden), np.float32)
            for case, graph in graphs.items():
                start = time.perf_counter()
                graph(x)
                spent_ms = (time.perf_counter() - start) * 1e3
                if turn:  # the first warms up
                    times.setdefault((case, tokens), []).append(spent_ms)
    graphs.clear()
    return [
        {
            "shape": case.shape.name,
            "weights": case.type,
            "graph": "grouped" if case.grouped else "QMoE",
            "activation": "gelu_tanh" if case.gelu else "silu",
            "decode_ms": round(statistics.median(times[case, 1]), 2),
            "decode_fastest_ms": round(min(times[case, 1]), 2),
            "prefill_128_ms": round(statistics.median(times[case, 128]), 1),
            "prefill_128_fastest_ms": round(min(times[case, 128]), 1),
            "memory_mb": _in_a_process(case),
        }
        for case in cases
    ]


def _in_a_process(case: Case) -> int:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_memory_mb, case).result()


def _memory_mb(case: Case) -> int:
    before = _anonymous_mb()
    graph = _load(case, 1)
    gc.collect()
    grown = _anonymous_mb() - before
    assert graph.operators
    return round(grown)


def _load(case: Case, threads: int) -> BlockRunner:
    shape = case.shape
    experts = blocks.Experts(Routing(shape.experts, shape.top_k, renormalize=True), shape.width)
    model = replace(config(hidden=shape.hidden), activation="gelu_tanh" if case.gelu else "silu")
    forced = (lambda *_: False) if case.grouped else blocks.suits

    def add(site: Site, x: str) -> str:
        with mock.patch.object(blocks, "suits", forced):
            return blocks.mixture_of_experts(site, x, experts)

    return BlockRunner(add, _weights(case), model, Precision(None, 32), threads)


def _weights(case: Case) -> dict[str, NDArray[np.float32] | Tensor]:
    """Random experts, quantized already."""
    shape, generator = case.shape, np.random.default_rng(0)
    count, block_bytes = shape.experts, _BLOCK_BYTES[case.type]

    def tensor(name: str, rows: int, columns: int) -> Tensor:
        size_bytes = columns // 32 * block_bytes

        def read(start: int, stop: int) -> NDArray[np.uint8]:
            # equal weights would be packed once and stay in the processor's cache
            drawn = np.random.default_rng(start).bytes((stop - start) * size_bytes)
            stored = np.frombuffer(bytearray(drawn), np.uint8).reshape(
                -1, columns // 32, block_bytes
            )
            stored[..., :2] = stored[..., 2:4] = np.array([0.01], "<f2").view(np.uint8)
            return stored.reshape(stop - start, size_bytes)

        return Tensor(name, (count, rows, columns), case.type, read)

    found: dict[str, NDArray[np.float32] | Tensor] = {
        # mild, for the node passes over experts whose weight is zero
        "m.gate.weight": generator.standard_normal((count, shape.hidden), np.float32) / 50,
        "m.experts.gate_up_proj": tensor("up", 2 * shape.width, shape.hidden),
        "m.experts.down_proj": tensor("down", shape.hidden, shape.width),
    }
    return found


def _anonymous_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1e3
    return 0.0


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
