"""How long the store takes: opening, asking, checkpoints, a long list, a long chat, a search.

Run: python -m tests.perf.bench_store [--folder DIR]. Prints JSON; times are milliseconds, medians
where something is repeated. DIR decides which disk is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.core.records import ReplyDetails, Span
from app.store import Store

CHATS = 10_000
MESSAGES = 10_000
WORDS = ("where", "were", "the", "lamps", "of", "harbour", "lit", "that", "evening", "路灯", "wind")


def milliseconds(call: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    call()
    return round((time.perf_counter() - started) * 1000, 2)


def text(seed: int, words: int) -> str:
    """Words that differ from seed to seed."""
    return " ".join(f"{WORDS[(seed + i) % len(WORDS)]}{(seed * 7 + i) % 97}" for i in range(words))


def details(tokens: int) -> ReplyDetails:
    """A reply's details of typical size."""
    ids = tuple(range(1000, 1000 + tokens))
    return ReplyDetails(ids, tuple(-0.25 for _ in ids), (Span("answer", 0, 700),), "stop")


def measure(folder: Path) -> dict[str, float]:
    """Fill a new database and time what the window waits for."""
    path, key = folder / "alcove.db", os.urandom(32)
    results = {"create_ms": milliseconds(lambda: Store.open(path, key).close())}
    store = Store.open(path, key)
    chat = store.chats.create("long").result()
    asked: list[float] = []
    saved: list[float] = []
    parent: int | None = None
    for number in range(MESSAGES // 2):
        started = time.perf_counter()
        _, reply = store.messages.ask(chat.id, parent, text(number, 20)).result()
        asked.append((time.perf_counter() - started) * 1000)
        if number % 50 == 0:
            started = time.perf_counter()
            store.messages.checkpoint(reply.id, text(1, 120), details(150)).result()
            saved.append((time.perf_counter() - started) * 1000)
        store.messages.finish(reply.id, text(number, 120), details(150), "complete").result()
        parent = reply.id
    results["ask_ms"] = round(statistics.median(asked), 2)
    results["ask_p99_ms"] = round(statistics.quantiles(asked, n=100)[98], 2)
    results["checkpoint_ms"] = round(statistics.median(saved), 2)
    for number in range(CHATS - 1):
        last = store.chats.create(text(number, 5))
    last.result()
    store.close()
    results["file_mb"] = round(path.stat().st_size / 1e6, 1)
    results["open_ms"] = milliseconds(lambda: Store.open(path, key).close())
    store = Store.open(path, key)
    results["list_10000_chats_ms"] = milliseconds(lambda: store.chats.list().result())
    results["open_10000_messages_ms"] = milliseconds(lambda: store.chats.open(chat.id).result())
    results["search_words_ms"] = milliseconds(lambda: store.search.find("harbour1 lamps").result())
    results["search_chinese_ms"] = milliseconds(lambda: store.search.find("灯").result())
    results["search_rebuild_ms"] = milliseconds(lambda: store.search.rebuild().result())
    store.chats.delete(chat.id).result()
    later = datetime.now(UTC) + timedelta(seconds=1)
    results["purge_10000_messages_ms"] = milliseconds(
        lambda: store.chats.purge_deleted(later).result()
    )
    store.close()
    return results


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        print(json.dumps(measure(Path(folder)), indent=2))


if __name__ == "__main__":
    main()
