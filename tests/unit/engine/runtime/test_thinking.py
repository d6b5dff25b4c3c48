from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine import GenerationConfig, Message, Model, load_model
from engine.bundle import TOKENIZER_NAME
from engine.runtime.control import Control
from engine.runtime.generator import Limits, RunStats, generate
from engine.runtime.prefill import Pace
from engine.runtime.reply import ReplyText
from engine.runtime.states import StateSet
from engine.runtime.thinking import ThinkingLimit
from engine.sampling.sampler import Sampler
from engine.text.tokenizer import load_tokenizer
from engine.types import GenerationEvent, LoadOptions
from tests.helpers.oracle import Oracle
from tests.helpers.reasoning import PUBLISHED, reasoning_bundle

QUESTION = [Message("user", "What is 1 + 2?")]
OPENED_HARMONY = PUBLISHED["gpt-oss"].template.replace(
    "'<|start|>assistant' }}", "'<|start|>assistant<|channel|>analysis<|message|>' }}"
)
FORMATS = {
    "R1, tag opened": "",
    "ERNIE 4.5 Thinking": "",
    "Magistral": PUBLISHED["Magistral"].template + "[THINK]",
    "gpt-oss": OPENED_HARMONY,
}


@pytest.fixture(scope="module", params=FORMATS)
def bundle(request: pytest.FixtureRequest) -> Path:
    return reasoning_bundle(request.param, FORMATS[request.param])


@pytest.fixture(scope="module")
def model(bundle: Path) -> Iterator[Model]:
    with load_model(bundle, LoadOptions(threads=1, exact=True)) as loaded:
        yield loaded


def config(**changes: Any) -> GenerationConfig:
    values = {"max_new_tokens": 40, "temperature": 1.0, "seed": 3, **changes}
    return GenerationConfig(**values)


def ids_of(events: list[GenerationEvent]) -> list[int]:
    return [token for event in events for token in event.token_ids]


def texts_of(events: list[GenerationEvent]) -> list[str]:
    return ["".join(e.text for e in events if e.channel == c) for c in ("thinking", "answer")]


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lengths of all runs of the graph from now on."""
    lengths: list[int] = []
    advance: Callable[..., None] = StateSet.advance

    def spy(states: StateSet, ids: NDArray[np.int64]) -> None:
        lengths.append(len(ids))
        advance(states, ids)

    monkeypatch.setattr(StateSet, "advance", spy)
    return lengths


def test_a_budget_closes_the_thoughts_once(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    assert model.reasoning is not None
    closing = model.reasoning.closing
    plain = list(model.stream(QUESTION, config()))
    reads = count_reads(monkeypatch)
    events = list(model.stream(QUESTION, config(thinking_budget=10)))
    ids = ids_of(events)
    assert ids[:10] == ids_of(plain)[:10]
    assert tuple(ids[10 : 10 + len(closing)]) == closing
    thought, said = texts_of(events)
    assert len(thought) <= 10
    assert texts_of(plain)[0].startswith(thought)
    assert said
    # Nothing was read again; the closing tag in one run with the token before it.
    run = model.last_run
    assert sum(reads) == run.prompt_tokens - run.reused_tokens + len(ids) - 1
    rest = len(ids) - 10 - len(closing) - 1
    assert reads[-10 - rest :] == [1] * 9 + [len(closing) + 1] + [1] * rest


def test_answer_now_takes_effect_within_a_token(model: Model) -> None:
    assert model.reasoning is not None
    closing = model.reasoning.closing
    answer_now = threading.Event()
    events: list[GenerationEvent] = []
    for event in model.stream(QUESTION, config(), answer_now=answer_now):
        events.append(event)
        if len(ids_of(events)) == 7:
            answer_now.set()
    ids = ids_of(events)
    assert closing in [tuple(ids[at : at + len(closing)]) for at in (7, 8)]
    assert all(texts_of(events))
    assert all(len(event.logprobs) == len(event.token_ids) for event in events)


def test_the_model_knows_what_was_put_into_its_mouth(model: Model) -> None:
    """The log-probabilities after the tag are those of the model that has read it."""
    events = list(model.stream(QUESTION, config(thinking_budget=5)))
    ids = ids_of(events)
    prompt = model.encode(QUESTION).ids
    logits = model.score(np.array([*prompt, *ids], np.int64)).astype(np.float64)
    logits -= np.logaddexp.reduce(logits, axis=1, keepdims=True)
    expected = [logits[len(prompt) - 1 + index, token] for index, token in enumerate(ids)]
    told = [value for event in events for value in event.logprobs]
    np.testing.assert_allclose(told, expected, atol=1e-3)


@pytest.mark.parametrize("budget", [8, 9, 10, 11, 12])
def test_guessed_tokens_do_not_pass_the_budget(bundle: Path, model: Model, budget: int) -> None:
    """Several tokens are read at once, and the thoughts end among them."""
    assert model.reasoning is not None
    reasoning, closing = model.reasoning, model.reasoning.closing
    plain = ids_of(list(model.stream(QUESTION, config())))
    expected = ids_of(list(model.stream(QUESTION, config(thinking_budget=budget))))
    prompt = model.encode(QUESTION)
    text = ReplyText(load_tokenizer(bundle / TOKENIZER_NAME), (), reasoning, prompt.text, 0, 0.0)
    model.executor.reset()
    stats = RunStats()
    events = generate(
        model.executor,
        np.array(prompt.ids, np.int64),
        Sampler(config()),
        text,
        Limits(reasoning.stop_ids(model.manifest.stop_ids), 40, model.manifest.context_length),
        control=Control(),
        pace=Pace(),
        stats=stats,
        steering=ThinkingLimit(text, closing, budget, 40),
        guesses=Oracle(plain, count=5),
    )
    assert ids_of(list(events)) == expected
    assert expected[:budget] == plain[:budget]
    assert tuple(expected[budget : budget + len(closing)]) == closing
    assert stats.accepted_tokens >= budget // 2


@pytest.mark.parametrize("repetition", [True, False])
def test_thoughts_that_go_round_in_circles_are_closed(
    bundle: Path, model: Model, repetition: bool
) -> None:
    assert model.reasoning is not None
    prompt = model.encode(QUESTION).text
    tokenizer = load_tokenizer(bundle / TOKENIZER_NAME)
    text = ReplyText(tokenizer, (), model.reasoning, prompt, 0, 0.0)
    limit = ThinkingLimit(text, (1, 2), 0, 4096, repetition=repetition)
    assert text.thinking
    told = [limit.after(token) for token in [5, 6, 7, 8] * 40]
    closed = [at for at, ids in enumerate(told) if ids]
    assert closed[:1] == ([127] if repetition else [])


def test_without_thoughts_nothing_is_closed(model: Model) -> None:
    answer_now = threading.Event()
    answer_now.set()
    off = config(thinking="off")
    plain = list(model.stream(QUESTION, off))
    wanted = list(model.stream(QUESTION, config(thinking="off", thinking_budget=1)))
    now = list(model.stream(QUESTION, off, answer_now=answer_now))
    assert ids_of(plain) == ids_of(wanted) == ids_of(now)
    assert texts_of(plain)[0] == ""


def test_the_tag_counts_among_the_tokens_of_the_reply(model: Model) -> None:
    events = list(model.stream(QUESTION, config(thinking_budget=3, max_new_tokens=4)))
    assert len(ids_of(events)) == 4
    assert events[-1].finish_reason == "length"


def test_a_budget_leaves_room_for_an_answer(model: Model) -> None:
    events = list(model.stream(QUESTION, config(thinking_budget=1000, max_new_tokens=16)))
    assert model.reasoning is not None
    expected = model.reasoning.closing[:4]
    assert tuple(ids_of(events)[12 : 12 + len(expected)]) == expected


def test_stop_strings_count_in_the_answer_only(model: Model) -> None:
    thought, said = texts_of(list(model.stream(QUESTION, config(thinking_budget=10))))
    stop = next(char for char in said if char in thought and char != "\n")
    events = list(model.stream(QUESTION, config(thinking_budget=10, stop=(stop,))))
    assert texts_of(events) == [thought, said[: said.index(stop)]]
    assert events[-1].finish_reason == "stop"


def test_the_next_question_reads_only_what_is_new(model: Model) -> None:
    """Kept conversations and closed thoughts go together; the reply is what it is without."""
    first = list(model.stream(QUESTION, config(thinking_budget=6), chat="a"))
    again = list(model.stream(QUESTION, config(thinking_budget=6), chat="a"))
    assert model.last_run.reused_tokens == model.last_run.prompt_tokens - 1
    assert ids_of(again) == ids_of(first)
    model.forget("a")
