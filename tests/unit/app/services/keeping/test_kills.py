"""SIGKILL in the middle of an import, an export and a purge: whole things or none."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.core.keeping import Imported
from app.store import Store
from tests.helpers.keeping_recorder import KeepingRecorder

CHATS = 120

_IMPORT = """
import sys
from pathlib import Path
from app.services.keeping.importing import bring
from app.services.keeping.job import Job
from app.store import Store
store = Store.open(Path(sys.argv[1]), bytes(32))
print("ready", flush=True)
bring(store, Path(sys.argv[2]), "", Job(lambda share: None))
"""
_EXPORT = """
import sys
from pathlib import Path
from app.core.keeping import ExportWords
from app.services.keeping.exporting import export
from app.services.keeping.job import Job
from app.store import Store
store = Store.open(Path(sys.argv[1]), bytes(32))
words = ExportWords("a", "b", "c")
print("ready", flush=True)
while True:
    export(store, None, Path(sys.argv[2]), "json", words, Job(lambda share: None))
"""
_PURGE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from app.store import Store
store = Store.open(Path(sys.argv[1]), bytes(32))
for chat in store.chats.list().result()[:-1]:
    store.chats.delete(chat.id).result()
    if chat.id == 40:
        print("ready", flush=True)
    store.chats.purge_deleted(datetime.now(UTC)).result()
"""


def killed(program: str, *arguments: Path, longest_s: float, seed: random.Random) -> None:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(seed.uniform(0.0, longest_s))
        process.kill()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Conversations of ten messages."""
    chats = []
    for number in range(CHATS):
        mapping = {}
        for place in range(10):
            role = "assistant" if place % 2 else "user"
            mapping[f"n{place}"] = {
                "parent": f"n{place - 1}" if place else None,
                "message": {
                    "author": {"role": role},
                    "content": {"content_type": "text", "parts": [f"word{number:03} {place}"]},
                },
            }
        chats.append(
            {"title": f"{number:03}", "create_time": 1_700_000_000 + number, "mapping": mapping}
        )
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(chats))
    return path


def check(path: Path) -> int:
    """How many chats there are; each has all its messages, and the file is whole."""
    store = Store.open(path, bytes(32))
    chats = store.chats.list().result()
    for chat in chats:
        assert len(store.chats.open(chat.id).result().messages) == 10
        assert len(store.search.find(f"word{chat.title} 7").result().hits) == 1
    assert store.repair(lambda _: None).result().state == "sound"
    store.close()
    return len(chats)


def test_a_killed_import_brought_whole_chats_and_the_rest_comes_the_next_time(
    keeping: KeepingRecorder, source: Path, tmp_path: Path
) -> None:
    path = tmp_path / "alcove.db"
    seed = random.Random(2)
    for _ in range(3):
        killed(_IMPORT, path, source, longest_s=0.3, seed=seed)
        check(path)
    before = check(path)
    store = Store.open(path, bytes(32))
    keeping.service.attach(store)
    assert keeping.bring(source) == Imported(CHATS - before, 10 * (CHATS - before), before)
    store.close()
    assert check(path) == CHATS


def test_a_killed_export_leaves_the_file_before_or_the_new_one(
    keeping: KeepingRecorder, source: Path, tmp_path: Path
) -> None:
    path, target = tmp_path / "alcove.db", tmp_path / "all.json"
    store = Store.open(path, bytes(32))
    keeping.service.attach(store)
    keeping.bring(source)
    store.close()
    seed = random.Random(3)
    for _ in range(3):
        killed(_EXPORT, path, target, longest_s=0.8, seed=seed)
        if target.exists():
            assert len(json.loads(target.read_text("utf-8"))["chats"]) == CHATS


def test_a_killed_purge_leaves_chats_whole_or_gone(
    keeping: KeepingRecorder, source: Path, tmp_path: Path
) -> None:
    path = tmp_path / "alcove.db"
    store = Store.open(path, bytes(32))
    keeping.service.attach(store)
    keeping.bring(source)
    store.close()
    killed(_PURGE, path, longest_s=0.2, seed=random.Random(4))
    assert 0 < check(path) < CHATS
