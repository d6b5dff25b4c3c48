from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from engine import GenerationConfig, Message, Model, load_model
from engine.runtime.control import Control
from engine.runtime.generator import Limits, RunStats, Steering, generate
from engine.runtime.prefill import Pace
from engine.runtime.reply import ReplyText
from engine.sampling.sampler import Sampler
from engine.text.reasoning import Reasoning
from engine.text.tokenizer import load_tokenizer
from engine.types import GenerationEvent, LoadOptions
from tests.helpers.tiny_bundle import endless_bundle

HELLO = [Message("user", "hello")]
TAIL = (40, 41, 42, 43)


@dataclass
class AfterThird:
    """Wants `TAIL` once three tokens were sampled."""

    ids: Sequence[int] = TAIL
    asked: list[int] = field(default_factory=list)

    def after(self, token_id: int) -> Sequence[int]:
        self.asked.append(token_id)
        return self.ids if len(self.asked) == 3 else ()


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with load_model(endless_bundle(), LoadOptions(threads=1, exact=True)) as loaded:
        yield loaded


def write(
    model: Model, config: GenerationConfig, steering: Steering | None = None
) -> Iterator[GenerationEvent]:
    prompt = model.encode(HELLO)
    tokenizer = load_tokenizer(endless_bundle() / "tokenizer.json")
    return generate(
        model.executor,
        np.array(prompt.ids, np.int64),
        Sampler(config),
        ReplyText(tokenizer, config.stop, Reasoning(tokenizer), prompt.text, len(prompt.ids), 0.0),
        Limits(
            frozenset(),
            config.max_new_tokens,
            model.manifest.context_length,
            config.stop_on_repetition,
        ),
        control=Control(),
        pace=Pace(),
        stats=RunStats(),
        steering=steering,
    )


def ids_of(events: Sequence[GenerationEvent]) -> list[int]:
    return [token for event in events for token in event.token_ids]


def test_wanted_tokens_follow_at_once_and_the_reply_goes_on_after_them(model: Model) -> None:
    config = GenerationConfig(max_new_tokens=12)
    plain = ids_of(list(write(model, config)))
    steering = AfterThird()
    events = list(write(model, config, steering))
    ids = ids_of(events)
    assert ids[:3] == plain[:3]
    assert tuple(ids[3:7]) == TAIL
    assert len(ids) == 12
    assert steering.asked == [*ids[:3], *ids[7:-1]]  # neither after its own nor at the end

    prompt = model.encode(HELLO).ids
    logits = model.score(np.array([*prompt, *ids], np.int64)).astype(np.float64)
    logits -= np.logaddexp.reduce(logits, axis=1, keepdims=True)
    expected = [logits[len(prompt) - 1 + i, token] for i, token in enumerate(ids)]
    told = [value for event in events for value in event.logprobs]
    np.testing.assert_allclose(told, expected, atol=1e-3)
    assert ids[7:] == [int(logits[len(prompt) - 1 + i].argmax()) for i in range(7, 12)]


def test_the_length_holds_within_wanted_tokens(model: Model) -> None:
    config = GenerationConfig(max_new_tokens=5)
    events = list(write(model, config, AfterThird()))
    assert tuple(ids_of(events)[3:]) == TAIL[:2]
    assert events[-1].finish_reason == "length"
    check_states(model, ids_of(events))


def test_an_answer_that_goes_round_in_circles_ends(model: Model) -> None:
    for wanted, reason in ((True, "repetition"), (False, "length")):
        config = GenerationConfig(max_new_tokens=200, stop_on_repetition=wanted)
        events = list(write(model, config, AfterThird(TAIL * 45)))
        assert events[-1].finish_reason == reason
        check_states(model, ids_of(events))
        assert len(ids_of(events)) == (144 if wanted else 200)


def test_a_reply_that_nobody_reads_to_its_end_leaves_its_own_tokens_alone(model: Model) -> None:
    events = write(model, GenerationConfig(max_new_tokens=20), AfterThird())
    ids: list[int] = []
    while len(ids) < 5:
        ids += next(events).token_ids
    events.close()  # type: ignore[attr-defined]
    check_states(model, ids)


def check_states(model: Model, reply: list[int]) -> None:
    """The states stand for the beginning of the conversation, the last token read or not."""
    whole = [*model.encode(HELLO).ids, *reply]
    read = model.executor.states.ids.tolist()
    assert len(whole) - 1 <= len(read) <= len(whole)
    assert read == whole[: len(read)]
