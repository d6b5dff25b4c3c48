"""SIGKILL in the middle of writing: what was committed is there, the file is whole."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from app.store import Store

_WRITER = """
import os, sys
from pathlib import Path
from app.core.records import ReplyDetails
from app.store import Store
store = Store.open(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
chats = store.chats.list().result()
chat = chats[0] if chats else store.chats.create("c").result()
messages = store.chats.open(chat.id).result().messages
parent = messages[-1].id if messages else None
while True:
    question, reply = store.messages.ask(chat.id, parent, os.urandom(900).hex()).result()
    details = ReplyDetails(token_ids=tuple(range(500)))
    store.messages.checkpoint(reply.id, "half" * 500, details).result()
    store.messages.finish(reply.id, f"reply {reply.id}", ReplyDetails(), "complete").result()
    print(reply.id, flush=True)
    parent = reply.id
"""


def test_nothing_committed_is_lost(path: Path, key: bytes) -> None:
    seed = random.Random(11)
    for _ in range(8):
        command = [sys.executable, "-c", _WRITER, str(path), key.hex()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            reported = [writer.stdout.readline()]
            time.sleep(seed.uniform(0.0, 0.15))
            writer.kill()
            reported += writer.stdout.readlines()
        acknowledged = [int(line) for line in reported if line.endswith("\n")]
        assert acknowledged
        store = Store.open(path, key)
        assert store.messages.recover_interrupted().result() <= 1
        [chat] = store.chats.list().result()
        texts = {m.id: m.text for m in store.chats.open(chat.id).result().messages}
        assert [texts[i] for i in acknowledged] == [f"reply {i}" for i in acknowledged]
        assert len(store.search.find(f"reply {acknowledged[-1]}").result().hits) == 1
        raw_checks = store._database.backup(
            lambda raw, _: (
                raw.execute("PRAGMA cipher_integrity_check").fetchall(),
                raw.execute("PRAGMA integrity_check").fetchall(),
                raw.execute("PRAGMA foreign_key_check").fetchall(),
            )
        ).result()
        assert raw_checks == ([], [("ok",)], [])
        store.close()


def test_a_kill_while_creating_leaves_no_database_or_a_whole_one(path: Path, key: bytes) -> None:
    seed = random.Random(5)
    for _ in range(6):
        path.unlink(missing_ok=True)
        command = [sys.executable, "-X", "importtime", "-c", _WRITER, str(path), key.hex()]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stderr is not None
            for line in writer.stderr:  # the last import before opening
                if line.rstrip().endswith("app.store"):
                    break
            time.sleep(seed.uniform(0.0, 0.02))
            writer.kill()
            writer.stderr.read()
        store = Store.open(path, key)
        store.chats.create("works").result()
        store.close()
