from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.errors import DiskFull, NoModel
from app.services.engine_host import EngineHost
from app.store import Store
from engine.errors import ContextTooLong, Crashed
from tests.helpers.chat_recorder import ChatRecorder
from tests.helpers.small_disk import fill, small_disk

Record = Callable[[EngineHost], ChatRecorder]
NASTY = "👩‍🚒 e\u0301 مرحبا \u202e abc \x00 NUL \x07 <|im_end|> {{ 7*7 }} '; drop table chats; --"


def test_a_question_gets_its_answer_and_a_title(chat: ChatRecorder, store: Store) -> None:
    reply = chat.ask("What is the capital of France?")
    assert [m.role for m in chat.added] == ["user", "assistant"]
    assert chat.added[1].state == "generating"
    assert chat.added[1].text == ""
    assert reply.state == "complete"
    assert reply.details.finish_reason in ("stop", "length", "context", "repetition")
    assert len(reply.details.token_ids) == len(reply.details.logprobs) > 0
    assert reply.details.model_hash
    stages = [stage for stage, _ in itertools.groupby(w.stage for w in chat.waiting)]
    assert stages[-1] == "idle"
    assert "writing" in stages
    chat.wait(lambda: bool(chat.summaries) and chat.summaries[0].title != "")
    assert chat.summaries[0].title == "What is the capital of France"
    chat.wait(lambda: store.messages.get(reply.id).result().state == "complete")
    stored = store.messages.get(reply.id).result()
    assert stored.text == reply.text
    assert stored.details.token_ids == reply.details.token_ids


def test_nothing_is_sent_for_nothing(chat: ChatRecorder) -> None:
    chat.service.send("  \n ")
    assert not chat.service.busy


def test_a_question_that_is_being_stored_is_answered_elsewhere_too(chat: ChatRecorder) -> None:
    chat.service.send("One")
    assert chat.service.busy
    assert not chat.service.answering_elsewhere
    chat.service.new_chat()
    assert chat.service.answering_elsewhere
    chat.wait(lambda: not chat.service.busy)
    assert not chat.service.answering_elsewhere


def test_text_is_kept_as_it_was_typed(chat: ChatRecorder, store: Store) -> None:
    chat.ask(NASTY)
    question = chat.added[0]
    assert question.text == NASTY
    assert store.messages.get(question.id).result().text == NASTY


def test_stop_keeps_what_is_there(chat: ChatRecorder, store: Store) -> None:
    with chat.held("one"):
        chat.service.stop()
        reply = chat.finished[-1]  # at once, though the worker has not heard of it
        assert reply.state == "stopped"
        assert reply.text
        assert not chat.service.busy
    assert chat.ask("and again").state == "complete"
    chat.wait(lambda: store.messages.get(reply.id).result().state == "stopped")
    assert store.messages.get(reply.id).result().text == reply.text


def test_stop_before_anything_was_committed(chat: ChatRecorder) -> None:
    chat.service.send("hello")
    assert chat.service.busy
    chat.service.stop()
    chat.wait(lambda: bool(chat.finished))
    assert chat.finished[0].state == "stopped"


def test_regenerate_makes_a_sibling(chat: ChatRecorder, store: Store) -> None:
    first = chat.ask("hello")
    chat.service.regenerate()
    chat.wait(lambda: len(chat.finished) == 2)
    second = chat.finished[1]
    assert second.id != first.id
    assert second.parent_id == first.parent_id
    view = chat.opened[-1]
    assert view is not None
    assert [m.id for m in view.messages] == [first.parent_id, second.id]
    assert first.parent_id is not None
    assert len(store.messages.replies(first.parent_id).result()) == 2
    third = chat.ask("go on")
    assert third.state == "complete"


def test_a_reply_goes_on_while_another_chat_is_shown(chat: ChatRecorder) -> None:
    with chat.held("first chat"):
        first_id = chat.service.chat_id
        assert first_id is not None
        chat.service.new_chat()
        assert chat.opened[-1] is None
        assert chat.service.busy
        chat.service.open_chat(first_id)
        chat.wait(lambda: chat.opened[-1] is not None)
        view = chat.opened[-1]
        assert view is not None
        assert view.messages[1].text  # though the store has not seen it yet
        assert not chat.finished
    chat.wait(lambda: bool(chat.finished))
    assert chat.finished[0].text.startswith(view.messages[1].text)


def test_delete_and_undo(chat: ChatRecorder) -> None:
    chat.ask("keep me")
    chat_id = chat.service.chat_id
    assert chat_id is not None
    chat.service.delete_chat(chat_id)
    chat.wait(lambda: bool(chat.deleted))
    chat.wait(lambda: not chat.summaries)
    assert chat.deleted[0].title == "keep me"
    assert chat.opened[-1] is None
    chat.service.restore_chat(chat_id)
    chat.wait(lambda: bool(chat.summaries))
    chat.wait(lambda: chat.opened[-1] is not None)


def test_deleting_the_chat_that_answers_stops_it(chat: ChatRecorder) -> None:
    with chat.held("one"):
        chat_id = chat.service.chat_id
        assert chat_id is not None
        chat.service.delete_chat(chat_id)
        chat.wait(lambda: bool(chat.deleted))
        assert not chat.service.busy
    assert not chat.errors


def test_rename(chat: ChatRecorder) -> None:
    chat.ask("hello")
    assert chat.service.chat_id is not None
    chat.service.rename_chat(chat.service.chat_id, "  Letters ")
    chat.wait(lambda: chat.summaries[0].title == "Letters")


def test_worker_crash_costs_the_tail_only(chat: ChatRecorder) -> None:
    with chat.held("one") as worker:
        os.kill(worker, signal.SIGKILL)
        chat.wait(lambda: bool(chat.finished))
    reply = chat.finished[0]
    assert reply.state == "interrupted"
    assert reply.text
    assert [type(e) for e in chat.errors] == [Crashed]
    assert reply.details.error_code == Crashed.code
    assert chat.ask("again").state == "complete"
    assert len(chat.errors) == 1


def test_question_longer_than_the_context(chat: ChatRecorder, store: Store) -> None:
    reply = chat.ask("x" * 200_000)
    assert (reply.state, reply.text) == ("failed", "")
    assert [type(e) for e in chat.errors] == [ContextTooLong]
    assert len(store.messages.get(chat.added[0].id).result().text) == 200_000
    assert chat.ask("short").state == "complete"  # it does not stand in the way afterwards
    assert chat.shortened == 0


def test_history_that_outgrows_the_context_is_shortened_and_said_once(
    chat: ChatRecorder,
) -> None:
    for number in range(4):
        reply = chat.ask(f"{number} " + "lorem ipsum " * 25)
        assert reply.state == "complete"
    assert chat.shortened == 1
    assert not chat.errors


def test_without_a_model(record: Record, host: EngineHost, store: Store) -> None:
    chat = record(host)
    chat.service.attach(store, "temporary")
    chat.service.start()
    assert chat.ask("hello").state == "failed"
    assert [type(e) for e in chat.errors] == [NoModel]


def test_question_asked_before_the_store_is_open(
    record: Record, shared_host: EngineHost, store: Store
) -> None:
    chat = record(shared_host)
    chat.service.start()
    chat.service.send("early")
    assert not chat.added
    chat.service.attach(store, "temporary")
    chat.wait(lambda: bool(chat.finished))
    assert chat.added[0].text == "early"
    chat.service.shutdown()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 4 << 20) as folder:
        yield folder


def test_full_disk_keeps_the_question_and_the_reply(
    record: Record, shared_host: EngineHost, disk: Path
) -> None:
    store = Store.open(disk / "alcove.db", bytes(32))
    try:
        chat = record(shared_host)
        chat.service.attach(store, "stored")
        chat.service.start()
        reply = chat.ask("fits")
        chat.wait(lambda: store.messages.get(reply.id).result().state == "complete")
        filler = fill(disk)

        chat.service.send("does not fit " * 2000)
        chat.wait(lambda: bool(chat.returned))
        chat.wait(lambda: bool(chat.errors))
        assert isinstance(chat.errors[0], DiskFull)
        assert chat.returned == ["does not fit " * 2000]
        assert not chat.service.busy

        filler.unlink()
        assert chat.ask("does not fit " * 2).state == "complete"
        chat.service.shutdown()
    finally:
        store.close()


def test_reply_that_cannot_be_stored_is_written_once_there_is_room(
    record: Record, shared_host: EngineHost, disk: Path
) -> None:
    store = Store.open(disk / "alcove.db", bytes(32))
    try:
        chat = record(shared_host)
        chat.service.attach(store, "stored")
        chat.service.start()
        with chat.held("one"):
            filler = fill(disk)
        chat.wait(lambda: bool(chat.finished))
        reply = chat.finished[0]
        assert reply.text
        chat.wait(lambda: bool(chat.errors))
        assert chat.service.chat_id is not None
        chat.service.open_chat(chat.service.chat_id)
        chat.wait(lambda: bool(chat.opened))
        view = chat.opened[-1]
        assert view is not None
        assert view.messages[1] == reply  # from memory

        filler.unlink()
        chat.wait(lambda: store.messages.get(reply.id).result().state == "complete")
        assert store.messages.get(reply.id).result().text == reply.text
        assert [type(e) for e in chat.errors] == [DiskFull]
        chat.service.shutdown()
    finally:
        store.close()


def test_interrupted_replies_are_shown_at_the_next_start(
    record: Record, shared_host: EngineHost, store: Store
) -> None:
    summary = store.chats.create("before").result()
    question, reply = store.messages.ask(summary.id, None, "question").result()
    store.messages.checkpoint(reply.id, "half an ans", reply.details).result()
    chat = record(shared_host)
    chat.service.attach(store, "stored")
    assert not chat.opened  # nobody is there to see it yet
    chat.service.start()
    chat.wait(lambda: bool(chat.opened))
    view = chat.opened[0]
    assert view is not None
    assert [m.text for m in view.messages] == [question.text, "half an ans"]
    assert view.messages[1].state == "interrupted"


def test_drafts(record: Record, shared_host: EngineHost, store: Store) -> None:
    chat = record(shared_host)
    chat.service.attach(store, "stored")
    chat.service.start()
    for end in range(1, 8):
        chat.service.save_draft("a draft"[:end])
    assert store.chats.draft(None).result() == ""  # not yet: half a second after the last key
    chat.wait(lambda: store.chats.draft(None).result() == "a draft")

    again = record(shared_host)
    again.service.attach(store, "stored")
    again.service.start()
    again.wait(lambda: again.drafts == ["a draft"])

    late = record(shared_host)
    late.service.save_draft("typed already")
    late.service.attach(store, "stored")
    late.service.start()
    late.wait(lambda: store.chats.draft(None).result() == "typed already")
    assert not late.drafts


def test_a_draft_is_gone_once_it_was_sent(chat: ChatRecorder, store: Store) -> None:
    chat.service.save_draft("hello")
    chat.wait(lambda: store.chats.draft(None).result() == "hello")
    chat.ask("hello")
    assert store.chats.draft(None).result() == ""
    assert chat.service.chat_id is not None
    assert store.chats.draft(chat.service.chat_id).result() == ""


def test_end_of_the_program_keeps_the_reply_so_far(chat: ChatRecorder, store: Store) -> None:
    with chat.held("one"):
        reply_id = chat.added[1].id
        started = time.monotonic()
        chat.service.shutdown()
        assert time.monotonic() - started < 2
    stored = store.messages.get(reply_id).result()
    assert stored.state == "interrupted"
    assert stored.text


def test_updates_only_grow(chat: ChatRecorder) -> None:
    with chat.held("one"):
        pass
    chat.wait(lambda: bool(chat.finished))
    texts = [p.text for p in chat.progress]
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(texts))
    assert chat.finished[0].text.startswith(texts[-1])
    assert {p.message_id for p in chat.progress} == {chat.added[1].id}


def test_busy_service_ignores_a_second_question(chat: ChatRecorder) -> None:
    with chat.held("one"):
        chat.service.send("two")
    chat.wait(lambda: bool(chat.finished))
    assert [m.text for m in chat.added if m.role == "user"] == ["one"]
