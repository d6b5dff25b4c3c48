"""Broken and absurd checkpoints: refused with an error of ours, quickly, whatever the family.

`make fuzz` does the same for ten minutes, in a process that can be watched and may die.
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.inspection import inspect_model
from tests.perf.fuzz_targets import PARITY, TARGETS, prepare

CASES = 25
FAMILIES = sorted(path.parent.name for path in PARITY.glob("*/config.json"))
COUNTS = ("num_hidden_layers", "hidden_size", "vocab_size", "num_attention_heads")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "seeds"
    prepare(folder)
    return folder


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_nothing_but_refusals(name: str, seeds: Path, tmp_path: Path) -> None:
    refused = 0
    for number in range(CASES):
        place = tmp_path / str(number)
        place.mkdir()
        source = TARGETS[name].make(random.Random(f"test:{number}"), seeds, place)
        try:
            TARGETS[name].read(source, place / "out")
        except EngineError:
            refused += 1
            assert not (place / "out").exists()
    assert refused > CASES // 4


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("value", [10**9, -1, 0, "64", [64], float("nan"), {"a": 1}, 2.5, True])
def test_absurd_counts_are_refused_at_once(family: str, value: object, tmp_path: Path) -> None:
    config = json.loads((PARITY / family / "config.json").read_text("utf-8"))
    inner = config.get("text_config", config)
    for weights in (PARITY / family).glob("*.safetensors*"):
        (tmp_path / weights.name).symlink_to(weights)
    for key in COUNTS:
        body = {**inner, key: value}
        broken = {**config, "text_config": body} if "text_config" in config else body
        (tmp_path / "config.json").write_text(json.dumps(broken))
        started = time.monotonic()
        with pytest.raises(EngineError):
            inspect_model(tmp_path)
        assert time.monotonic() - started < 5
