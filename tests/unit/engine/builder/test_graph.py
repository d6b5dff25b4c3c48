"""The graph writer and the weights file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from engine.builder.graph import Graph
from engine.builder.weights import ALIGNMENT, BuildCancelled, WeightPlan
from engine.types import Progress, StateSpec


def _graph() -> Graph:
    return Graph(WeightPlan())


def test_names_say_where_one_is() -> None:
    g = _graph().at("layers.7").at("attn")
    assert g.node("Abs", ["x"]) == "/model/layers.7/attn/Abs/output_0"
    assert g.constant("w", np.zeros(2, np.float32)) == "model.layers.7.attn.w"


def test_duplicate_names_are_errors() -> None:
    g = _graph()
    g.node("Abs", ["x"])
    with pytest.raises(ValueError, match="duplicate node"):
        g.node("Abs", ["x"])
    g.node("Abs", ["x"], name="Abs_again")
    g.integers("axes", [1])
    with pytest.raises(ValueError, match="duplicate initializer"):
        g.integers("axes", [1])


def test_shared_constants_are_made_once() -> None:
    g = _graph()
    assert g.shared_integers([0, 3]) == g.at("deep").shared_integers([0, 3])
    assert len(g.model().graph.initializer) == 1


def test_weights_may_share_a_region() -> None:
    g = _graph()
    (region,) = g.reserve([64], lambda: iter([(np.zeros(64, np.uint8),)]))
    g.weight("a", TensorProto.UINT8, [8, 8], region)
    g.weight("b", TensorProto.UINT8, [8, 2, 4], region)
    places = [
        {entry.key: entry.value for entry in tensor.external_data}
        for tensor in g.model().graph.initializer
    ]
    assert places[0] == places[1] == {"location": "model.weights", "offset": "0", "length": "64"}


def test_states_become_inputs_outputs_and_manifest_lines() -> None:
    g = _graph()
    spec = StateSpec("past", "present", "float32", ("batch", 2, "capacity", 4), 2, "kv", True)
    g.at("layers.0").state(spec)
    model = g.model().graph
    assert [value.name for value in model.input] == ["past"]
    assert [value.name for value in model.output] == ["present"]
    assert g.states == (spec,)


def _two_regions() -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    for start in range(0, 6, 2):
        yield np.arange(start, start + 2, dtype=np.uint8), np.full(1, start, np.float32)


def test_regions_are_aligned_and_filled_together(tmp_path: Path) -> None:
    plan = WeightPlan()
    first, second = plan.add_job([6, 12], _two_regions)
    (third,) = plan.add_job([3], lambda: iter([(np.full(3, 9, np.uint8),)]))
    assert [first.offset, second.offset, third.offset] == [0, ALIGNMENT, 2 * ALIGNMENT]
    seen: list[Progress] = []
    plan.write(tmp_path / "w", seen.append, None)
    data = (tmp_path / "w").read_bytes()
    assert len(data) == plan.size_bytes == 2 * ALIGNMENT + 3
    assert data[:6] == bytes(range(6))
    assert np.frombuffer(data[ALIGNMENT : ALIGNMENT + 12], np.float32).tolist() == [0, 2, 4]
    assert seen[-1].done == seen[-1].total == 21


def test_a_region_filled_wrongly_is_noticed(tmp_path: Path) -> None:
    plan = WeightPlan()
    plan.add_job([8], lambda: iter([(np.zeros(4, np.uint8),)]))
    with pytest.raises(ValueError, match="not filled"):
        plan.write(tmp_path / "w", None, None)


def test_writing_stops_when_asked(tmp_path: Path) -> None:
    plan, cancel = WeightPlan(), Event()
    plan.add_job([6, 12], _two_regions)
    cancel.set()
    with pytest.raises(BuildCancelled):
        plan.write(tmp_path / "w", None, cancel)
