"""The table of every reference checkpoint: how far each precision is from transformers.

    python -m tests.perf.parity_table --out resources/benchmarks/parity.json

Differences are the largest absolute ones over all logits, KL divergences means over 40 positions in
nats. Bars: unquantized 5e-4, four bits with float activations 2e-3, KL 0.02.

As narrow as these models are, the builder lets most of their products read float activations; the
last column says what int8 activations everywhere would do.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import build_model
from engine.types import Bits, BuildConfig
from tests.helpers.graph_runner import GraphRunner
from tests.helpers.parity import FIXTURES, divergence

_COLUMNS = (
    "prompt",
    "split",
    "greedy",
    "int4_prompt",
    "int4_greedy",
    "kl_4",
    "kl_8",
    "kl_4_rounded",
)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="Compare every reference checkpoint.")
    parser.add_argument("--out", type=Path)
    out = parser.parse_args().out
    table = {}
    print(f"{'checkpoint':34}" + "".join(f"{name:>13}" for name in _COLUMNS))
    for config in sorted(FIXTURES.glob("*/config.json")):
        name = config.parent.name
        table[name] = row = _measure(name)
        print(f"{name:34}" + "".join(f"{row[column]:13.1e}" for column in _COLUMNS), flush=True)
    if out:
        out.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


def _measure(name: str) -> dict[str, float]:
    with np.load(FIXTURES / name / "reference.npz") as file:
        expected = dict(file)
    folder = Path(tempfile.mkdtemp(prefix="alcove-parity-"))
    try:
        whole = GraphRunner(_build(name, folder, 32))
        four = _build(name, folder, 4)
        quantized = GraphRunner(four, exact=True)
        prompt, greedy = _read(whole, expected)
        int4_prompt, int4_greedy = _read(quantized, expected)
        return {
            "prompt": prompt,
            "split": max(_split(whole, expected, at) for at in range(1, 40)),
            "greedy": greedy,
            "int4_prompt": int4_prompt,
            "int4_greedy": int4_greedy,
            "kl_4": _kl(GraphRunner(four), expected),
            "kl_8": _kl(GraphRunner(_build(name, folder, 8)), expected),
            "kl_4_rounded": _kl(GraphRunner(four, rounded=True), expected),
        }
    finally:
        shutil.rmtree(folder)


def _build(name: str, folder: Path, bits: Bits) -> Path:
    return build_model(FIXTURES / name, folder / f"{bits}", BuildConfig(bits=bits))


def _read(runner: GraphRunner, expected: dict[str, NDArray[np.float32]]) -> tuple[float, float]:
    """Largest differences on the prompt, and on the reference's continuation fed back."""
    prompt = runner.read(expected["input_ids"])
    ids = expected["greedy_ids"]
    fed = [runner.read(ids[i : i + 1])[0] for i in range(len(ids) - 1)]
    decoded = np.stack([prompt[-1], *fed])
    return (
        float(np.abs(prompt - expected["logits"]).max()),
        float(np.abs(decoded - expected["greedy_logits"]).max()),
    )


def _split(runner: GraphRunner, expected: dict[str, NDArray[np.float32]], at: int) -> float:
    ids = expected["input_ids"]
    runner.restart()
    first = runner.read(ids[:at], final_length=len(ids))
    rest = [runner.read(ids[i : i + 1], final_length=len(ids)) for i in range(at, len(ids))]
    return float(np.abs(np.concatenate([first, *rest]) - expected["logits"]).max())


def _kl(runner: GraphRunner, expected: dict[str, NDArray[np.float32]]) -> float:
    return divergence(runner.read(expected["input_ids"]), expected["logits"]).mean_kl


if __name__ == "__main__":
    main()
