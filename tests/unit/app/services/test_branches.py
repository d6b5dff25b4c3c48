"""Versions and changed questions: nothing is erased, and the right branch is shown."""

from __future__ import annotations

from app.core.records import ChatView, ReplyDetails
from app.store import Store
from tests.helpers.chat_recorder import ChatRecorder


def shown(chat: ChatRecorder) -> list[str]:
    view = chat.opened[-1]
    assert view is not None
    return [m.text for m in view.messages]


def last_view(chat: ChatRecorder) -> ChatView:
    view = chat.opened[-1]
    assert view is not None
    return view


def edit(chat: ChatRecorder, message_id: int, text: str) -> None:
    count = len(chat.finished)
    chat.service.edit_question(message_id, text)
    chat.wait(lambda: len(chat.finished) > count)


def test_a_changed_question_stands_beside_the_old_one(chat: ChatRecorder, store: Store) -> None:
    first = chat.ask("one")
    second = chat.ask("two")
    question = next(m for m in chat.added if m.text == "two")
    edit(chat, question.id, "two, but better")
    view = last_view(chat)
    assert [m.text for m in view.messages][:3] == ["one", first.text, "two, but better"]
    changed = view.messages[2]
    assert changed.versions == (question.id, changed.id)
    assert changed.parent_id == first.id
    assert len(chat.added) == 4  # the changed pair came as a whole
    chat.service.show_version(question.id)
    chat.wait(lambda: shown(chat)[2] == "two")
    assert shown(chat) == ["one", first.text, "two", second.text]
    assert last_view(chat).messages[2].versions == (question.id, changed.id)
    follow = chat.ask("three")
    assert store.messages.get(follow.parent_id or 0).result().parent_id == second.id
    chat.service.show_version(changed.id)
    chat.wait(lambda: shown(chat)[2] == "two, but better")
    assert len(shown(chat)) == 4


def test_the_first_question_can_be_changed_too(chat: ChatRecorder) -> None:
    chat.ask("one")
    question = chat.added[0]
    edit(chat, question.id, "uno")
    view = last_view(chat)
    assert view.messages[0].text == "uno"
    assert view.messages[0].versions == (question.id, view.messages[0].id)


def test_unchanged_it_is_answered_once_more(chat: ChatRecorder) -> None:
    reply = chat.ask("one")
    edit(chat, chat.added[0].id, "one")
    view = last_view(chat)
    assert view.messages[0].id == chat.added[0].id
    assert view.messages[1].versions == (reply.id, view.messages[1].id)


def test_an_earlier_reply_can_be_made_again(chat: ChatRecorder) -> None:
    reply = chat.ask("one")
    chat.ask("two")
    chat.service.regenerate(reply.id)
    chat.wait(lambda: len(chat.finished) == 3)
    view = last_view(chat)
    assert len(view.messages) == 2
    assert view.messages[1].versions == (reply.id, chat.finished[-1].id)


def test_what_is_not_shown_is_not_changed(chat: ChatRecorder) -> None:
    reply = chat.ask("one")
    before = len(chat.opened)
    chat.service.edit_question(reply.id, "not a question")
    chat.service.edit_question(999, "nowhere")
    chat.service.edit_question(chat.added[0].id, "  ")
    chat.service.regenerate(999)
    assert not chat.service.busy
    assert len(chat.opened) == before


def test_another_version_can_be_looked_at_while_a_reply_grows(
    chat: ChatRecorder, store: Store
) -> None:
    made = store.chats.create("kept").result()
    question, old = store.messages.ask(made.id, None, "one").result()
    store.messages.finish(old.id, "old", ReplyDetails(), "complete").result()
    new = store.messages.add_reply(made.id, question.id).result()
    store.messages.finish(new.id, "new", ReplyDetails(), "complete").result()
    chat.service.open_chat(made.id)
    chat.wait(lambda: bool(chat.opened))
    with chat.held("two"):
        chat.service.edit_question(question.id, "has to wait")
        chat.service.show_version(old.id)
        chat.wait(lambda: shown(chat) == ["one", "old"])
        seen = len(chat.progress)
        chat.service.show_version(new.id)
        chat.wait(lambda: shown(chat)[:3] == ["one", "new", "two"])
        assert shown(chat)[3]  # what is written by now, though the store has not seen it
        chat.service.show_version(old.id)
        chat.wait(lambda: shown(chat) == ["one", "old"])
    chat.wait(lambda: not chat.service.busy)
    assert len(chat.progress) == seen  # nothing of it was told to a view that does not show it
    assert chat.finished == []
    chat.service.show_version(new.id)
    chat.wait(lambda: len(shown(chat)) == 4)
    assert last_view(chat).messages[3].state == "complete"


def test_a_message_is_opened_in_whichever_branch_it_is(chat: ChatRecorder) -> None:
    wished: list[int] = []
    chat.service.message_wished.connect(wished.append)
    old = chat.ask("one")
    chat.service.regenerate()
    chat.wait(lambda: len(chat.finished) == 2)
    chat_id = chat.service.chat_id
    assert chat_id is not None
    chat.service.new_chat()
    chat.service.open_chat(chat_id, old.id)
    chat.wait(lambda: wished == [old.id])
    assert shown(chat)[1] == old.text
    count = len(chat.opened)
    chat.service.open_chat(chat_id, chat.added[0].id)  # shown already: no reason to build it anew
    assert wished == [old.id, chat.added[0].id]
    assert len(chat.opened) == count
