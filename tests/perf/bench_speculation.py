"""Replies with and without guesses, in turns, on one loaded model.

    python -m tests.perf.bench_speculation --out FILE.json --part quote|free|draft [--draft BUNDLE]

`quote` asks the starter to say a text again, so that much of the reply stands in the prompt; `free`
asks for texts that stand nowhere. Decoding is greedy. Guesses are asked for, so rows are even: what
is said must be equal bit by bit with and without them. `default` is what nobody has asked anything
of: no guesses in greedy replies, no even rows, and its replies may differ at near-ties. The ratio
is that of asking over not asking. `--exact` has float activations on both sides, and guesses by
default. Each part replaces its own entry of the record.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from engine import GenerationConfig, Message, Model, load_model
from engine.types import LoadOptions
from tests.helpers.tiny_bundle import STARTER
from tests.perf.pairs import alternate, begin, compare, rates, write_record

TEXT: Final = (
    "The old ferry crosses the bay twice a day, once before the fishermen come home and once when "
    "the lamps along the quay are lit. Its captain, a quiet woman named Ines, knows every rock "
    "below the water. She learned them from her father, who learned them from his. In winter the "
    "wind comes from the north and the crossing takes an hour; in summer it takes half of that. "
    "Most of her passengers are students who read on the benches near the engine, because it is "
    "warm there. A few are tourists who stand at the rail and wait for the dolphins. The dolphins "
    "come in May and stay until the water turns cold. Ines says that they follow the ferry because "
    "of its sound, which is lower than that of other ships."
)
QUOTES: Final = {
    "repeat": f"Repeat the following text word for word:\n\n{TEXT}",
    "quote": f"Quote the most important sentences of this text word for word:\n\n{TEXT}",
    "quote_and_summarize": "List the sentences of the following text as bullet points, word for "
    f"word, then give a short summary:\n\n{TEXT}",
}
FREE: Final = {
    "story": "Write a story about a lighthouse keeper and a storm.",
    "explain": "Explain how a bicycle stays upright.",
    "letter": "Write a letter to a friend about a journey through the mountains.",
    "opinion": "Why do people like to live in cities?",
    "summarize": f"Summarize the following text in your own words:\n\n{TEXT}",
}
_ROUNDS: Final = 5
_BARS: Final = {"quote": 1.5, "free": 0.97, "draft": 0.97}


def main() -> None:
    """Measure one part and write it into the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=_BARS, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--bundle", type=Path, default=STARTER)
    parser.add_argument("--draft", type=Path)
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--tokens", type=int, default=128)
    arguments = parser.parse_args()
    options = LoadOptions(
        exact=arguments.exact, draft=str(arguments.draft) if arguments.draft else "", even_rows=True
    )
    prompts = QUOTES if arguments.part == "quote" else FREE
    begun = begin()
    with (
        load_model(arguments.bundle, options) as asked,
        load_model(arguments.bundle, LoadOptions(exact=arguments.exact)) as default,
    ):
        sides = {"with": (asked, True), "without": (asked, False), "default": (default, False)}
        found = {
            name: _compared(sides, prompt, arguments.tokens, _BARS[arguments.part])
            for name, prompt in prompts.items()
        }
    body = {"exact": arguments.exact, "bundle": arguments.bundle.name} | begun | found
    if arguments.draft:
        body["draft"] = arguments.draft.name
    name = arguments.part + ("_exact" if arguments.exact else "")
    if arguments.out:
        old = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
        write_record(arguments.out, old | {name: body})
    for prompt in prompts:
        figures = found[prompt]
        print(f"{name} {prompt:20} {figures['ratio']} equal {figures['equal']}", figures["guessed"])


def _compared(
    sides: dict[str, tuple[Model, bool]], prompt: str, tokens: int, bar: float
) -> dict[str, Any]:
    said: dict[str, list[tuple[int, float]]] = {}
    guessed: list[tuple[int, int]] = []

    def side(name: str) -> Callable[[], dict[str, float]]:
        model, speculate = sides[name]
        config = GenerationConfig(max_new_tokens=tokens, speculate=speculate)

        def run() -> dict[str, float]:
            events = list(model.stream([Message("user", prompt)], config))
            stats = model.last_run
            said[name] = [
                pair
                for event in events
                for pair in zip(event.token_ids, event.logprobs, strict=True)
            ]
            if speculate:
                guessed.append((stats.proposed_tokens, stats.accepted_tokens))
            return {"token_s": stats.decode_s / stats.new_tokens}

        return run

    runs = alternate({name: side(name) for name in sides}, rounds=_ROUNDS)
    ids = {name: [token for token, _ in pairs] for name, pairs in said.items()}
    return compare(rates(runs, "token_s"), "with", "default", bar) | {
        "equal": ids["with"] == ids["without"],
        "equal_log_probabilities": said["with"] == said["without"],
        "equal_to_default": ids["with"] == ids["default"],
        "tokens": len(ids["with"]),
        "guessed": guessed,
    }


if __name__ == "__main__":
    main()
