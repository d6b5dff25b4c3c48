from __future__ import annotations

import pytest

from app.core.records import ChatSummary, ReplyDetails, Span
from app.store import Store

DETAILS = ReplyDetails(
    token_ids=(0, 5, 49151, 2**32 - 1),
    logprobs=(-0.5, -0.0, -12.25, -1000.0),
    spans=(Span("thinking", 0, 4), Span("answer", 4, 9)),
    finish_reason="stop",
    model_hash="ab" * 32,
    duration_ms=1234,
)


@pytest.fixture
def chat(store: Store) -> ChatSummary:
    return store.chats.create("first").result()


def test_a_question_and_its_empty_reply_are_committed_together(
    store: Store, chat: ChatSummary
) -> None:
    store.chats.save_draft(chat.id, "half a question").result()
    question, reply = store.messages.ask(chat.id, None, "a whole question").result()
    view = store.chats.open(chat.id).result()
    assert view.messages == (question, reply)
    assert (question.role, question.state, question.parent_id) == ("user", "complete", None)
    assert (reply.role, reply.state, reply.text) == ("assistant", "generating", "")
    assert reply.parent_id == question.id
    assert view.draft == ""
    assert view.summary.updated_at > chat.updated_at


def test_the_draft_of_the_chat_that_did_not_exist_yet_is_cleared_by_its_question(
    store: Store, chat: ChatSummary
) -> None:
    store.chats.save_draft(None, "my question ").result()
    store.messages.ask(chat.id, None, "another question").result()
    assert store.chats.draft(None).result() == "my question "
    store.messages.ask(chat.id, None, "my question").result()
    assert store.chats.draft(None).result() == ""


def test_details_come_back_as_they_were(store: Store, chat: ChatSummary) -> None:
    _, reply = store.messages.ask(chat.id, None, "q").result()
    finished = store.messages.finish(reply.id, "hm, a fact", DETAILS, "complete").result()
    assert finished.details == DETAILS
    assert finished.state == "complete"
    assert store.messages.get(reply.id).result() == finished
    assert store.chats.open(chat.id).result().messages[-1] == finished


def test_a_checkpoint_is_kept_and_has_no_effect_after_the_end(
    store: Store, chat: ChatSummary
) -> None:
    _, reply = store.messages.ask(chat.id, None, "q").result()
    store.messages.checkpoint(reply.id, "par", ReplyDetails(token_ids=(1,))).result()
    half = store.messages.get(reply.id).result()
    assert (half.text, half.state, half.details.token_ids) == ("par", "generating", (1,))
    store.messages.finish(reply.id, "partial", ReplyDetails(), "stopped").result()
    store.messages.checkpoint(reply.id, "late", ReplyDetails()).result()
    assert store.messages.get(reply.id).result().text == "partial"


def test_a_reply_is_finished_once(store: Store, chat: ChatSummary) -> None:
    _, reply = store.messages.ask(chat.id, None, "q").result()
    store.messages.finish(reply.id, "a", ReplyDetails(), "complete").result()
    with pytest.raises(LookupError):
        store.messages.finish(reply.id, "b", ReplyDetails(), "failed").result()
    with pytest.raises(ValueError, match="generating"):
        store.messages.finish(reply.id, "b", ReplyDetails(), "generating")


def test_messages_form_a_tree_and_the_last_reply_is_shown(store: Store, chat: ChatSummary) -> None:
    question, first = store.messages.ask(chat.id, None, "q").result()
    store.messages.finish(first.id, "one", ReplyDetails(), "complete").result()
    second = store.messages.add_reply(chat.id, question.id).result()
    assert [m.id for m in store.chats.open(chat.id).result().messages] == [question.id, second.id]
    assert [m.id for m in store.messages.replies(question.id).result()] == [first.id, second.id]
    view = store.chats.show(first.id).result()
    assert [m.text for m in view.messages] == ["q", "one"]
    follow, reply = store.messages.ask(chat.id, first.id, "and then").result()
    branch = store.chats.open(chat.id).result().messages
    assert [m.id for m in branch] == [question.id, first.id, follow.id, reply.id]


def test_a_parent_of_another_chat_is_refused_and_nothing_is_written(
    store: Store, chat: ChatSummary
) -> None:
    question, _ = store.messages.ask(chat.id, None, "q").result()
    other = store.chats.create().result()
    for call in (
        lambda: store.messages.ask(other.id, question.id, "x"),
        lambda: store.messages.add_reply(other.id, question.id),
        lambda: store.chats.show(999),
        lambda: store.messages.ask(999, None, "x"),
        lambda: store.messages.ask(other.id, 999, "x"),
    ):
        with pytest.raises(LookupError):
            call().result()
    assert store.chats.open(other.id).result().messages == ()


def test_interrupted_replies_are_recovered_with_what_they_had(
    store: Store, chat: ChatSummary
) -> None:
    _, first = store.messages.ask(chat.id, None, "q").result()
    store.messages.checkpoint(first.id, "the lantern", ReplyDetails(token_ids=(7,))).result()
    _, second = store.messages.ask(chat.id, first.id, "r").result()
    store.messages.finish(second.id, "done", ReplyDetails(), "complete").result()
    assert store.messages.recover_interrupted().result() == 1
    assert store.messages.recover_interrupted().result() == 0
    found = store.messages.get(first.id).result()
    assert (found.state, found.text, found.details.token_ids) == (
        "interrupted",
        "the lantern",
        (7,),
    )
    assert [hit.message_id for hit in store.search.find("lantern").result().hits] == [first.id]
