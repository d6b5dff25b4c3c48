"""Several tokens read at once must round as each alone, or guesses change greedy replies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from engine import GenerationConfig, Message, load_model
from engine.bundle import GRAPH_NAME, read_manifest
from engine.runtime.even_rows import MOST_EVEN_ROWS, rounds_evenly, use_even_rows
from engine.runtime.executor import Executor
from engine.runtime.graph_edits import edited_graph
from engine.runtime.model import Model
from engine.runtime.session import open_session
from engine.runtime.states import StateSet
from engine.types import LoadOptions
from tests.helpers.parity_bundles import build
from tests.helpers.tiny_bundle import STARTER, tiny_bundle

EVEN = LoadOptions(device="cpu", threads=2, even_rows=True)
starter = pytest.mark.skipif(not STARTER.is_dir(), reason="make starter")
QUOTE = "Repeat word for word: The old ferry crosses the bay twice a day, once before dawn."


def executor_of(bundle: Path, load: LoadOptions) -> Executor:
    manifest = read_manifest(bundle)
    return Executor(open_session(bundle, load), StateSet(manifest.states), manifest.sizes["vocab"])


def bundles() -> list[object]:
    return [pytest.param(tiny_bundle, id="tiny"), pytest.param(lambda: STARTER, marks=starter)]


@pytest.mark.parametrize("bundle", bundles())
@pytest.mark.parametrize("read", [5, 250])
def test_rows_are_equal_bit_by_bit(bundle: object, read: int) -> None:
    path = bundle()  # type: ignore[operator]
    executor = executor_of(path, EVEN)
    assert executor.session.keeps_ties
    ids = np.random.default_rng(1).integers(3, executor.vocab, read + MOST_EVEN_ROWS)
    executor.extend(ids[:read])
    alone = np.stack([executor.step(int(token)).copy() for token in ids[read:]])
    for rows in (2, 3, 5, 9, MOST_EVEN_ROWS):
        executor.rewind(read)
        together = executor.extend(ids[read : read + rows], keep=rows)
        np.testing.assert_array_equal(together, alone[:rows])


@starter
def test_products_in_two_parts_are_as_good_as_float_ones() -> None:
    ids = np.random.default_rng(2).integers(3, 40_000, 40)
    logits = []
    for load in (LoadOptions(device="cpu", threads=2), EVEN):
        executor = executor_of(STARTER, load)
        executor.extend(ids[:20])
        logits.append(np.stack([executor.step(int(token)).copy() for token in ids[20:]]))
    chances = [np.exp(rows - rows.max(-1, keepdims=True)) for rows in logits]
    before, after = (rows / rows.sum(-1, keepdims=True) for rows in chances)
    assert float((before * np.log(before / after)).sum(-1).mean()) < 0.004  # int8 noise: 0.0014


@starter
def test_greedy_replies_are_the_same_with_and_without_guesses() -> None:
    with load_model(STARTER, EVEN) as model:
        said = {}
        for speculate in (False, True):
            config = GenerationConfig(max_new_tokens=64, speculate=speculate)
            events = list(model.stream([Message("user", QUOTE)], config))
            said[speculate] = [
                (token, value)
                for event in events
                for token, value in zip(event.token_ids, event.logprobs, strict=True)
            ]
        assert model.last_run.accepted_tokens > 0
    assert said[True] == said[False]


def test_the_last_token_of_the_context_is_read() -> None:
    with load_model(tiny_bundle(), EVEN) as model:
        room = model.manifest.context_length - model.executor.session.spare_tokens
        model.executor.extend(np.full(room - 1, 7, np.int64))
        assert np.isfinite(model.executor.step(7)).all()


def test_experts_are_not_said_to_be_even(tmp_path: Path) -> None:
    path = build("qwen3_moe", 4, tmp_path) / GRAPH_NAME
    graph = onnx.load(path, load_external_data=False).graph
    use_even_rows(graph)
    assert not rounds_evenly(graph)


def test_the_same_graph_without_the_option() -> None:
    path = tiny_bundle() / GRAPH_NAME
    assert b"even_rows" not in edited_graph(path)
    assert b"even_rows" in edited_graph(path, even_rows=True)


@pytest.mark.parametrize(
    ("load", "config", "wanted"),
    [
        (LoadOptions(), GenerationConfig(), False),
        (LoadOptions(), GenerationConfig(speculate=True), True),
        (LoadOptions(), GenerationConfig(temperature=0.7), True),
        (LoadOptions(exact=True), GenerationConfig(), True),
        (LoadOptions(even_rows=True), GenerationConfig(), True),
        (LoadOptions(even_rows=True), GenerationConfig(speculate=False), False),
    ],
)
def test_who_is_guessed_for(
    load: LoadOptions, config: GenerationConfig, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    real = Model._speculates

    def noted(model: Model, config: GenerationConfig) -> bool:
        asked.append(real(model, config))
        return asked[-1]

    monkeypatch.setattr(Model, "_speculates", noted)
    with load_model(tiny_bundle(), load) as model:
        list(model.stream([Message("user", "hello")], config))
    assert asked == [wanted]
