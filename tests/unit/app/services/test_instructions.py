from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.core.records import Message, Role
from app.services.history import Conversation, Turn
from app.services.instructions import (
    MANNERS,
    Instructions,
    Speaker,
    instructions_for,
    sitting_began,
)

DAY = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ENGLISH_ONLY = Speaker(("en",))
THINKER = Speaker((), thinks=True)
ANY = Speaker()
FRENCH = "Quelle est la capitale de l'Italie ?"


def made(
    *questions: str, text: str = "", manner: str = "", pinned: str = "", window: str = "en"
) -> Instructions:
    return instructions_for(text, manner, questions, pinned=pinned, window=window, day=DAY)


@pytest.mark.parametrize("speaker", [ENGLISH_ONLY, ANY])
@pytest.mark.parametrize("window", ["en", "fr", "zh_Hans"])
def test_an_english_question_needs_no_system_message(speaker: Speaker, window: str) -> None:
    assert made("What is the capital of Italy?", window=window).system(speaker) == ""


def test_nothing_is_asked_of_a_model_that_cannot_do_it() -> None:
    assert made(FRENCH).system(ENGLISH_ONLY) == ""
    assert made(FRENCH).question(FRENCH, ENGLISH_ONLY) == FRENCH


def test_answers_and_thoughts_follow_the_question() -> None:
    assert made(FRENCH).system(ANY) == "Répondez en français."
    assert made(FRENCH).system(THINKER) == "Réfléchissez et répondez en français."
    assert made("意大利的首都是哪里？").system(Speaker(("en", "zh-CN"))) == "请用中文回答。"
    assert made("What is the capital of Italy?").system(THINKER) == "Think and answer in English."
    assert made("42").system(THINKER) == ""


def test_a_pinned_language_holds_whatever_is_asked() -> None:
    pinned = made("What is it?", pinned="zh_Hans")
    assert pinned.system(ENGLISH_ONLY) == "请用中文回答。"
    assert pinned.question(FRENCH, ANY) == FRENCH


def test_the_language_of_a_chat_stays_and_later_questions_say_their_own() -> None:
    english = "And what is the capital of Spain?"
    one, two = made(FRENCH), made(FRENCH, english)
    assert one.system(ANY) == two.system(ANY)
    assert two.question(english, ANY) == f"{english}\n\n(Answer in English.)"
    assert two.question(FRENCH, ANY) == FRENCH
    sent = Conversation((Turn(FRENCH, "Rome."),), english, two).messages(ANY)
    before = Conversation((), FRENCH, one).messages(ANY)
    assert sent[: len(before)] == before, "what was read before is read no second time"


def test_the_date_and_the_language_are_filled_in_and_nothing_else() -> None:
    text = "Today is {date}. Say {x} and {date.__class__} in {language}."
    filled = made("Hello", text=text)
    assert filled.text == (
        "Today is Sunday, November 22, 2026. Say {x} and {date.__class__} in English."
    )
    assert "22 novembre 2026" in made("Hello", text="{date}", window="fr").text
    assert "2026年11月22日" in made("Hello", text="{date}", window="zh_Hans").text
    assert made("Hello", text="{language}", window="fr", pinned="en").text == "anglais"


def test_instructions_that_name_a_language_are_not_contradicted() -> None:
    translate = made(FRENCH, text="Translate into {language}.")
    assert translate.system(THINKER) == "Translate into English."
    assert translate.question(FRENCH, THINKER) == FRENCH


def test_instructions_in_another_language_do_not_draw_the_answer_away() -> None:
    letter = made("Write a letter to my bank, please.", text="Écrivez.", window="fr")
    assert letter.system(ENGLISH_ONLY) == "Écrivez.\n\nAnswer in English."


@pytest.mark.parametrize("manner", MANNERS[1:])
def test_a_manner_is_one_sentence_in_the_language_of_the_chat(manner: str) -> None:
    said = {
        made(question, manner=manner, window=window).system(ENGLISH_ONLY)
        for question, window in [("What is it?", "en"), (FRENCH, "en"), ("42", "zh_Hans")]
    }
    assert len(said) == 3
    assert all(said)


def message(minutes_ago: int, role: Role = "user") -> Message:
    return Message(1, 1, None, role, "x", "complete", DAY - timedelta(minutes=minutes_ago))


def test_a_sitting_goes_on_over_midnight_and_ends_with_a_long_pause() -> None:
    assert sitting_began((), DAY) == DAY
    branch = (message(3000), message(2990), message(200), message(190), message(10))
    assert sitting_began(branch, DAY) == DAY - timedelta(minutes=200)
    assert sitting_began(branch[:2], DAY) == DAY
