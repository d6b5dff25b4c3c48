"""What is typed comes back, whatever it is made of, after the store was closed and opened again."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.records import ReplyDetails
from app.store import Store

SAMPLES = {
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇫🇷",
    "combining": "e\u0301 a\u0323\u0302 Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!",
    "right to left": "שלום עולם \u202eabc\u202c مرحبا ١٢٣",
    "nul": "before\0after\0\0end",
    "only nul": "\0",
    "controls": "\x01\x1b[31m\x7f\u0085\u2028\u2029\ufeff",
    "line ends": "a\r\nb\rc\n\n",
    "spaces": "  \t lead and trail \u00a0\u3000 ",
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "planes": "𠮷野家 𝒜𝓁𝒸ℴ𝓋ℯ",
    "sql": "'; DROP TABLE chats; -- \" ` %s ? :x",
    "empty": "",
}


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES.keys())
def test_text_comes_back_unchanged(path: Path, key: bytes, text: str) -> None:
    store = Store.open(path, key)
    chat = store.chats.create(text).result()
    _, reply = store.messages.ask(chat.id, None, text).result()
    store.messages.finish(reply.id, text, ReplyDetails(), "complete").result()
    store.chats.save_draft(chat.id, text).result()
    store.chats.save_draft(None, text).result()
    store.close()
    store = Store.open(path, key)
    view = store.chats.open(chat.id).result()
    assert [m.text for m in view.messages] == [text, text]
    assert (view.summary.title, view.draft) == (text, text)
    assert store.chats.draft(None).result() == text
    store.close()


def test_half_a_character_is_replaced_visibly_and_nothing_around_it_is_lost(store: Store) -> None:
    chat = store.chats.create("t\udc00").result()
    assert chat.title == "t\ufffd"
    question, reply = store.messages.ask(chat.id, None, "a\ud83dz\ude00").result()
    assert question.text == "a\ufffdz\ufffd"
    store.messages.checkpoint(reply.id, "b\udfff", ReplyDetails()).result()
    store.chats.save_draft(chat.id, "\ud800c").result()
    view = store.chats.open(chat.id).result()
    assert (view.messages[1].text, view.draft) == ("b\ufffd", "\ufffdc")
    assert store.search.find("\ud800a").result().hits != ()


@pytest.mark.parametrize("unit", ["x", "word ", "路灯", "😀\0", "é\n"])
def test_two_hundred_thousand_characters(store: Store, unit: str) -> None:
    text = (unit * 200_000)[:200_000]
    chat = store.chats.create().result()
    question, reply = store.messages.ask(chat.id, None, text).result()
    assert question.text == text
    store.messages.finish(reply.id, text, ReplyDetails(), "complete").result()
    assert [m.text for m in store.chats.open(chat.id).result().messages] == [text, text]
