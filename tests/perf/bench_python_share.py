"""What a token costs outside the graph: choosing it, turning it into text, telling about it.

    python -m tests.perf.bench_python_share [--out FILE]

Writes replies of 200 tokens with the starter and takes the time of every run of the session off the
time of the whole reply, prompt included; and the choice alone, over 151,936 words, the median of
300 times.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.runtime.loading import load_model
from engine.runtime.model import Model
from engine.sampling.sampler import Sampler
from engine.sampling.seen import SeenTokens
from engine.types import GenerationConfig, LoadOptions, Message
from tests.perf import pairs

_BUNDLE: Final = pairs.ROOT / "resources" / "starter" / "SmolLM2-135M-Instruct"
_BAR_MS: Final = 0.3
_VOCAB: Final = 151_936
_NEW_TOKENS, _REPLIES, _CHOICES = 200, 5, 300
_QUESTION: Final = "Tell a long story about the sea and a ship."
SETTINGS: Final[dict[str, dict[str, float]]] = {
    "greedy": {},
    "greedy, repetition penalty 1.08": {"repetition_penalty": 1.08},
    "temperature 0.8, top-p 0.95": {"temperature": 0.8, "top_p": 0.95},
    "the same with a penalty": {"temperature": 0.8, "top_p": 0.95, "repetition_penalty": 1.08},
    "temperature 0.8, min-p 0.05": {"temperature": 0.8, "min_p": 0.05},
}


class _Watched:
    """A session whose runs are timed; everything else is the session's own."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run_with_iobinding(self, *arguments: Any) -> None:
        start = time.perf_counter()
        self._session.run_with_iobinding(*arguments)
        self.seconds += time.perf_counter() - start


def outside_ms(model: Model, watched: _Watched, settings: GenerationConfig) -> float:
    """Milliseconds a token that one reply took outside of the graph."""
    watched.seconds = 0.0
    for _ in model.stream([Message("user", _QUESTION)], settings):
        pass
    run = model.last_run
    if run.new_tokens < _NEW_TOKENS // 2:
        raise RuntimeError("the reply ended early")
    return 1000 * (run.prefill_s + run.decode_s - watched.seconds) / run.new_tokens


def choice_ms(settings: GenerationConfig) -> float:
    """Median milliseconds to choose one of 151,936 words, 50 of which stand out."""
    random = np.random.default_rng(0)
    logits = (random.standard_normal(_VOCAB) * 2.5).astype(np.float32)
    logits[random.integers(0, _VOCAB, 50)] += 12
    history = SeenTokens(random.integers(0, _VOCAB, 4000)).ids
    sampler, taken = Sampler(settings), []
    for _ in range(_CHOICES):
        start = time.perf_counter()
        sampler.sample(logits, history)
        taken.append(time.perf_counter() - start)
    return 1000 * statistics.median(taken)


def main() -> None:
    """Measure, tell, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    begun, table = pairs.begin(), {}
    with load_model(_BUNDLE, LoadOptions()) as model:
        watched = _Watched(model.executor.session.ort)
        object.__setattr__(model.executor.session, "ort", watched)  # frozen for everybody else
        for name, changes in SETTINGS.items():
            settings = GenerationConfig(max_new_tokens=_NEW_TOKENS, speculate=False, **changes)  # type: ignore[arg-type]
            replies = [outside_ms(model, watched, settings) for _ in range(_REPLIES)]
            table[name] = {
                "outside_the_graph_ms_per_token": round(statistics.median(replies), 3),
                "choice_of_151936_ms": round(choice_ms(settings), 3),
            }
            print(name, table[name])
    body = begun | {
        "bar_ms": _BAR_MS,
        "settings": table,
        "reached": all(value < _BAR_MS for row in table.values() for value in row.values()),
    }
    pairs.write_record(options.out, body)


if __name__ == "__main__":
    main()
