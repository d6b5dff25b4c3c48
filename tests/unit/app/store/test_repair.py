"""Real damage to real files: what can be read is kept, and nothing is ever thrown away."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.core.errors import Corrupt, DiskFull
from app.core.records import ReplyDetails
from app.store import Store
from app.store.repair import repair_file
from tests.helpers.small_disk import fill, small_disk

PAGE = 4096
COUNT = 120


def quiet(_share: float) -> None:
    pass


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, list[str]]:
    """The file of a chat of many questions and answers, one of them long; its key; the texts."""
    path, key = tmp_path_factory.mktemp("written") / "alcove.db", os.urandom(32)
    store = Store.open(path, key)
    folder = store.folders.add("Letters").result()[0]
    chat = store.chats.create("harbour").result()
    store.chats.move(chat.id, folder.id).result()
    parent = None
    texts = []
    for number in range(COUNT):
        length = 60_000 if number == 40 else 900
        texts.append(f"question {number} " + "x" * length)
        question, reply = store.messages.ask(chat.id, parent, texts[-1]).result()
        texts.append(f"answer {number} 路灯")
        store.messages.finish(reply.id, texts[-1], ReplyDetails(), "complete").result()
        parent = reply.id
    store.attachments.add(question.id, "a.txt", "text/plain", b"content").result()
    store.chats.delete(store.chats.create("in the bin").result().id).result()
    store.meta.set("recovery_code", "CODE").result()
    store.close()
    return path.read_bytes(), key, texts


@pytest.fixture
def key(written: tuple[bytes, bytes, list[str]]) -> bytes:
    return written[1]


@pytest.fixture
def texts(written: tuple[bytes, bytes, list[str]], path: Path) -> list[str]:
    """The texts, and the file in its place."""
    path.write_bytes(written[0])
    return written[2]


def spoil(path: Path, pages: list[int]) -> None:
    data = bytearray(path.read_bytes())
    for page in pages:
        data[page * PAGE + 200 : page * PAGE + 260] = os.urandom(60)
    path.write_bytes(data)


def damaged_files(path: Path) -> list[Path]:
    return sorted(path.parent.glob("alcove-damaged-*"))


def test_a_sound_file_is_left_alone_and_its_search_made_again(
    path: Path, key: bytes, texts: list[str]
) -> None:
    store = Store.open(path, key)
    store._database.submit(
        lambda c: c.exec_driver_sql("INSERT INTO search (search) VALUES ('delete-all')")
    ).result()
    shares: list[float] = []
    report = store.repair(shares.append).result()
    assert (report.state, report.chats, report.messages, report.lost) == ("sound", 2, 2 * COUNT, 0)
    assert report.damaged_file is None
    assert len(store.search.find("answer 77").result().hits) == 1
    assert [m.text for m in store.chats.open(1).result().messages] == texts
    store.close()
    assert damaged_files(path) == []
    assert shares


def test_a_wrong_index_is_made_again_in_place(path: Path, key: bytes, texts: list[str]) -> None:
    store = Store.open(path, key)

    def break_index(connection: object) -> None:
        run = connection.exec_driver_sql  # type: ignore[attr-defined]
        run("PRAGMA writable_schema = ON")
        run("UPDATE sqlite_master SET sql = replace(sql, 'messages (chat_id, parent_id)', "
            "'messages (chat_id, id)') WHERE name = 'messages_by_place'")  # fmt: skip
        run("PRAGMA writable_schema = RESET")

    store._database.submit(break_index).result()
    store.close()
    store = Store.open(path, key)
    report = store.repair(quiet).result()
    assert report.state == "mended"
    assert store.repair(quiet).result().state == "sound"
    store.close()
    assert damaged_files(path) == []


def test_one_damaged_page_costs_what_was_on_it_and_no_more(
    path: Path, key: bytes, texts: list[str]
) -> None:
    whole = path.read_bytes()
    worst = 0
    for page in random.Random(4).sample(range(1, len(whole) // PAGE), 12):
        path.write_bytes(whole)
        spoil(path, [page])
        store = Store.open(path, key) if _opens(path, key) else None
        report = store.repair(quiet).result() if store else None
        if store is None or report is None:
            outcome = repair_file(path, key, quiet)
            store = Store.open(path, key)
            assert outcome.state == "rescued"
        else:
            assert report.state == "rescued"
        kept = [m.text for m in store.chats.open(1).result().messages]
        lost = len(set(texts) - set(kept))
        worst = max(worst, lost)
        assert lost <= 8  # a page holds about four messages, a page above them is read around
        assert [t for t in kept if t in set(texts)] == [t for t in texts if t in set(kept)]
        assert store.repair(quiet).result().state == "sound"
        assert store.messages.ask(1, store.chats.open(1).result().messages[-1].id, "on").result()
        assert len(store.search.find("on").result().hits) >= 1
        store.close()
        [kept_file] = damaged_files(path)
        assert kept_file.stat().st_size >= len(whole)
        kept_file.unlink()
    assert worst > 0


def _opens(path: Path, key: bytes) -> bool:
    try:
        Store.open(path, key).close()
    except Corrupt:
        return False
    return True


def test_everything_else_is_kept_too(path: Path, key: bytes, texts: list[str]) -> None:
    spoil(path, [60])  # in the middle of the messages
    outcome = repair_file(path, key, quiet)
    assert outcome.state == "rescued"
    store = Store.open(path, key)
    [chat] = store.chats.list().result()
    assert (chat.title, [f.name for f in store.folders.list().result()]) == ("harbour", ["Letters"])
    assert [c.title for c in store.chats.deleted().result()] == ["in the bin"]
    assert store.meta.get("recovery_code").result() == "CODE"
    [file] = store.attachments.list(2 * COUNT - 1).result()
    assert store.attachments.read(file.id).result() == b"content"
    store.close()


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_file_that_was_cut_off(path: Path, key: bytes, texts: list[str], share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert repair_file(path, key, quiet).state in ("rescued", "lost")
    [*_] = damaged_files(path)
    if damaged_files(path):
        store = Store.open(path, key)
        assert store.repair(quiet).result().state == "sound"
        store.close()
    else:
        assert path.stat().st_size == int(len(data) * share)


def test_where_nothing_can_be_read_the_newest_backup_comes_back(
    path: Path, key: bytes, texts: list[str]
) -> None:
    for stamp in ("20260101-000000-000000", "20260202-000000-000000", "20260303-000000-000000"):
        folder = path.parent / "backups" / f"update-from-2-{stamp}"
        folder.mkdir(parents=True)
        if stamp.startswith("20260101"):
            Store.open(folder / path.name, key).close()
        else:
            shutil.copy(path, folder / path.name)
        if stamp.startswith("20260303"):
            spoil(folder / path.name, [0, 1, 2])  # the newest is damaged as well
    spoil(path, [0])
    with pytest.raises(Corrupt):
        Store.open(path, key)
    outcome = repair_file(path, key, quiet)
    assert outcome.state == "restored"
    assert outcome.damaged_file is not None
    store = Store.open(path, key)
    assert len(store.chats.open(1).result().messages) == 2 * COUNT
    store.close()


def test_without_any_backup_nothing_is_touched(path: Path, key: bytes, texts: list[str]) -> None:
    spoil(path, [0])
    before = path.read_bytes()
    assert repair_file(path, key, quiet).state == "lost"
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if p.is_file()] == ["alcove.db"]


def test_stopping_changes_nothing(path: Path, key: bytes, texts: list[str]) -> None:
    spoil(path, [30])
    before = path.read_bytes()

    def stop(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repair_file(path, key, stop)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if p.is_file()] == ["alcove.db"]


def test_no_room_changes_nothing(
    tmp_path: Path, written: tuple[bytes, bytes, list[str]], key: bytes
) -> None:
    with small_disk(tmp_path / "disk", 6 << 20) as disk:
        path = disk / "alcove.db"
        path.write_bytes(written[0])
        spoil(path, [30])
        before = path.read_bytes()
        fill(disk, leave_bytes=100_000)
        with pytest.raises(DiskFull):
            repair_file(path, key, quiet)
        assert path.read_bytes() == before


_REPAIRER = """
import sys
from pathlib import Path
from app.store.repair import repair_file
print("ready", flush=True)
repair_file(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), lambda share: None)
"""


def test_a_kill_at_any_moment_leaves_a_file_that_can_be_repaired(
    path: Path, key: bytes, texts: list[str]
) -> None:
    spoil(path, [30])
    whole = path.read_bytes()
    seed = random.Random(9)
    for _ in range(6):
        for old in path.parent.glob("alcove*"):
            old.unlink()
        path.write_bytes(whole)
        command = [sys.executable, "-c", _REPAIRER, str(path), key.hex()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as repairer:
            assert repairer.stdout is not None
            repairer.stdout.readline()
            time.sleep(seed.uniform(0.0, 0.25))
            repairer.kill()
        outcome = repair_file(path, key, quiet)
        assert outcome.state in ("sound", "rescued")
        store = Store.open(path, key)
        kept = [m.text for m in store.chats.open(1).result().messages]
        store.close()
        assert len(set(texts) - set(kept)) <= 8
