"""How often wrong answers are marked and right ones left alone.

    python -m tests.perf.bench_doubt --out resources/benchmarks/doubt.json [--replies FILE]

Questions with known answers, written by hand (`tests/fixtures/doubt`), go to the starter through
the real worker, with the settings of a first reply. What is judged is the part of the answer up to
the end of the sentence with its first claim (a name, number or date the question did not hold); it
is right when it holds an accepted form. A claim is marked when it is less likely than the
threshold. There are two ways to count, and both are printed:

    answer    the first claim of the kind that was asked for is marked or not
    sentence  any claim up to the end of that sentence is marked; one beside a right answer may be
              wrong itself, so that this counts too many false alarms

The threshold is chosen on every other question of each kind in English, by the sentence; all
figures of the tables come from the other half. "noun" are answers such as "gold", which are never
marked and are there to say so.

`--replies` keeps what the assistant wrote, or reads it where the file is there already.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from app.core.records import Message, ReplyDetails
from app.services.doubt.marks import judged
from app.services.generation import first_reply
from app.services.history import Conversation
from app.services.reply import GrowingReply
from engine.protocol import Generate, Load, TokenEvent
from engine.types import Message as EngineMessage
from tests.helpers.tiny_bundle import ROOT, STARTER
from tests.helpers.worker_client import WorkerClient
from tests.perf.pairs import begin, write_record

QUESTIONS: Final = ROOT / "tests" / "fixtures" / "doubt"
LANGUAGES: Final = ("en", "fr", "zh")
SENTENCE_END: Final = re.compile(r"[.!?](?=\s|$)|[。！？\n]")
MAX_NEW_TOKENS: Final = 96
"""What is judged stands at the beginning; the reply of the window would go on."""
THRESHOLDS: Final = [0.02, *(value / 100 for value in range(5, 100, 5))]
SHOWN: Final = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the fixtures."""

    language: str
    kind: str
    question: str
    accepted: list[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question.

    Attributes:
        question: What was asked.
        part: What was judged of the answer.
        right: Whether it holds an accepted form.
        answer: Probability of the first claim of the kind that was asked for, 1 without any claim.
        sentence: Probability of its least likely claim, 1 without any.
        elsewhere: Claims behind the judged part, by their probability.
    """

    question: Question
    part: str
    right: bool
    answer: float
    sentence: float
    elsewhere: list[float]


def read_questions() -> list[Question]:
    """All of them, in the order of the files."""
    return [
        Question(language, row["kind"], row["question"], row["accepted"])
        for language in LANGUAGES
        for row in json.loads((QUESTIONS / f"{language}.json").read_text("utf-8"))
    ]


def ask_all(questions: Sequence[Question], bundle: Path) -> list[Message]:
    """The replies of a bundle in a worker of its own, as the window would keep them."""
    replies = []
    with WorkerClient() as worker:
        worker.send(Load(id="load", bundle=str(bundle)))
        worker.result("load", 300)
        for index, question in enumerate(questions):
            row = Message(index, 1, None, "assistant", "", "generating", datetime.now(UTC))
            reply = GrowingReply(row, Conversation((), question.question))
            reply.request_id = f"q{index}"
            worker.send(
                Generate(
                    id=reply.request_id,
                    messages=(EngineMessage("user", question.question),),
                    config=replace(first_reply(thinks=False), max_new_tokens=MAX_NEW_TOKENS),
                )
            )
            worker.result(reply.request_id, 300)
            for event in worker.events:
                if isinstance(event, TokenEvent) and event.id == reply.request_id:
                    reply.add(event)
            replies.append(reply.snapshot("complete"))
            print(f"{index + 1}/{len(questions)}", end="\r", flush=True)
    return replies


def kept_replies(path: Path | None, make: Callable[[], list[Message]]) -> list[Message]:
    """Replies from a file, or made and written to it."""
    if path is not None and path.exists():
        rows = json.loads(path.read_text("utf-8"))
        return [
            Message(
                index, 1, None, "assistant", text, "complete", datetime.now(UTC),
                ReplyDetails(tuple(ids), tuple(logprobs), token_ends=tuple(ends)),
            )
            for index, (text, ids, logprobs, ends) in enumerate(rows)
        ]  # fmt: skip
    replies = make()
    if path is not None:
        rows = [
            [m.text, m.details.token_ids, m.details.logprobs, m.details.token_ends] for m in replies
        ]
        path.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    return replies


def outcome_of(question: Question, reply: Message) -> Outcome:
    """Judge one reply."""
    claims = judged(reply, question.question)
    first = claims[0].claim.end if claims else 0
    found = SENTENCE_END.search(reply.text, first)
    end = found.end() if found else len(reply.text)
    part = reply.text[:end]
    inside = [j for j in claims if j.claim.start < end]
    kinds = {"date": ("date", "number"), "number": ("number", "date")}.get(question.kind, ("name",))
    asked = [j for j in inside if j.claim.kind in kinds] or inside
    return Outcome(
        question,
        part,
        any(_holds(part, form) for form in question.accepted),
        asked[0].probability if asked else 1.0,
        min((j.probability for j in inside), default=1.0),
        [j.probability for j in claims if j.claim.start >= end],
    )


def _holds(text: str, form: str) -> bool:
    border = r"(?<![\w])", r"(?![\w])"
    if form[0] > "\u2e80":
        border = "", ""
    elif form.isdigit():
        border = r"(?<![\d,.])", r"(?!,?\d|\.\d)"
    return re.search(border[0] + re.escape(form) + border[1], text, re.IGNORECASE) is not None


View = Callable[[Outcome], float]
VIEWS: Final[dict[str, View]] = {"answer": lambda o: o.answer, "sentence": lambda o: o.sentence}


def auc(outcomes: Sequence[Outcome], view: View) -> float | None:
    """Chance that a wrong answer is less likely than a right one; ties count half."""
    wrong = [view(o) for o in outcomes if not o.right]
    right = [view(o) for o in outcomes if o.right]
    if not wrong or not right:
        return None
    won = sum((w < r) + 0.5 * (w == r) for w in wrong for r in right)
    return won / (len(wrong) * len(right))


def figures(outcomes: Sequence[Outcome], threshold: float, view: View) -> dict[str, Any]:
    """Counts and rates of a group at a threshold of the probability."""
    marked = [o for o in outcomes if view(o) < threshold]
    wrong = [o for o in outcomes if not o.right]
    right = [o for o in outcomes if o.right]
    hits = sum(not o.right for o in marked)
    alone = len(right) - (len(marked) - hits)
    return {
        "questions": len(outcomes),
        "right": len(right),
        "marked": len(marked),
        "wrong_marked": _share(hits, len(wrong)),
        "right_left_alone": _share(alone, len(right)),
        "precision": _share(hits, len(marked)),
        "auc": _rounded(auc(outcomes, view)),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def choose(outcomes: Sequence[Outcome]) -> float:
    """The threshold with the best mean of wrong ones marked and right ones left alone."""

    def balance(threshold: float) -> float:
        row = figures(outcomes, threshold, VIEWS["sentence"])
        return float((row["wrong_marked"] or 0) + (row["right_left_alone"] or 0))

    return max(THRESHOLDS, key=balance)


def halves(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """Every other question of each kind and language: to choose by, and to report."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.question.language, outcome.question.kind), []).append(outcome)
    chosen = [o for group in groups.values() for o in group[::2]]
    return chosen, [o for group in groups.values() for o in group[1::2]]


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The whole record: threshold, tables, curves."""
    to_choose, held_out = halves(outcomes)
    markable = [o for o in to_choose if o.question.language == "en" and o.question.kind != "noun"]
    threshold = choose(markable)
    english = [o for o in held_out if o.question.language == "en"]
    groups = {
        f"en, {kind}": [o for o in english if o.question.kind == kind]
        for kind in ("name", "number", "date", "noun")
    }
    groups = {"en, all but nouns": [o for o in english if o.question.kind != "noun"], **groups}
    for language in LANGUAGES[1:]:
        groups[language] = [o for o in held_out if o.question.language == language]
    behind = [p for o in held_out for p in o.elsewhere]
    body: dict[str, Any] = {"threshold": threshold}
    for name, view in VIEWS.items():
        body[name] = {
            "held_out": {key: figures(group, threshold, view) for key, group in groups.items()},
            "chosen_on": figures(markable, threshold, view),
            "curve": {
                f"{value:.2f}": figures(groups["en, all but nouns"], value, view) for value in SHOWN
            },
        }
    body["behind"] = {
        "claims_for_each_reply": round(len(behind) / len(held_out), 2),
        "marked_share": _share(sum(p < threshold for p in behind), len(behind)),
    }
    return body


COLUMNS: Final = ("questions", "right", "marked", "wrong_marked", "right_left_alone", "precision",
                  "auc")  # fmt: skip


def table(rows: dict[str, dict[str, Any]], first: str) -> str:
    """A Markdown table, one line for each group."""
    lines = [
        f"| {first} | " + " | ".join(name.replace("_", " ") for name in COLUMNS) + " |",
        "| --- |" + " ---: |" * len(COLUMNS),
    ]
    for name, row in rows.items():
        cells = ("–" if row[c] is None else str(row[c]) for c in COLUMNS)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Ask, judge, print, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--replies", type=Path)
    parser.add_argument("--bundle", type=Path, default=STARTER)
    options = parser.parse_args()
    questions = read_questions()
    begun = begin()
    replies = kept_replies(options.replies, lambda: ask_all(questions, options.bundle))
    outcomes = [outcome_of(q, r) for q, r in zip(questions, replies, strict=True)]
    body = report(outcomes)
    tables = [
        table(body[view][part], title.format(view))
        for part, title in (("held_out", "by the {}"), ("curve", "by the {}, marked below"))
        for view in VIEWS
    ]
    text = "\n\n".join([f"Threshold {body['threshold']}", *tables])
    print(text)
    if options.out is not None:
        rows = [asdict(o) | {"elsewhere": len(o.elsewhere)} for o in outcomes]
        write_record(
            options.out, begun | {"bundle": options.bundle.name} | body | {"outcomes": rows}
        )
        path = options.out.with_suffix(".md")
        before = path.read_text("utf-8").split("\nThreshold ")[0].rstrip() if path.exists() else ""
        path.write_text(f"{before}\n\n{text}\n", "utf-8")


if __name__ == "__main__":
    main()
