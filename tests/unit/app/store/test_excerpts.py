from __future__ import annotations

import time

import pytest

from app.store.excerpts import excerpt, matcher


def marked(text: str, query: str) -> list[str]:
    shown, marks = excerpt(text, query)
    return [shown[a:b] for a, b in marks]


@pytest.mark.parametrize(
    ("text", "query", "words"),
    [
        ("Street lamps were on", "LAMP str", ["Str", "lamp"]),
        ("昨晚路灯亮了，路灯", "路灯", ["路灯", "路灯"]),
        ("路灯灯灯", "灯", ["灯灯灯"]),
        ("Le café d'ÉLISE", "cafe elis", ["café", "ÉLIS"]),
        ("cafe\u0301 noir", "café", ["cafe\u0301"[:4]]),
        ("straße", "strasse", ["straße"]),
        ("ﬁne weather", "fine", ["ﬁne"]),
        ("東京ﾀﾜｰ", "タワ", ["ﾀﾜ"]),
        ("swamps", "amps", []),
        ("anything", "?!", []),
    ],
)
def test_what_was_found_is_marked(text: str, query: str, words: list[str]) -> None:
    assert marked(text, query) == words


def test_a_long_text_is_cut_around_the_first_word() -> None:
    text = "filler words here " * 500 + "the harbour\nmaster " + "and more " * 500
    shown, marks = excerpt(text, "harbour")
    assert len(shown) < 200
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert "\n" not in shown
    assert [shown[a:b] for a, b in marks] == ["harbour"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("| Ferry | Harbour |\n| --- | :-: |\n| 7:30 | **north** |", "Ferry Harbour 7:30 north "),
        ("# The **harbour** of `Calais`", "The harbour of Calais"),
        ("> A quote\n> of the harbour", "A quote of the harbour"),
        ("harbour 2**3 is 8, 3 * 4, a #1, x > y", "harbour 2**3 is 8, 3 * 4, a #1, x > y"),
        ("**||`harbour`||**", "harbour "),
    ],
)
def test_signs_of_markdown_do_not_stand_between_the_words(text: str, shown: str) -> None:
    found, marks = excerpt(text, "harbour")
    assert found == shown
    assert [found[a:b].casefold() for a, b in marks] == ["harbour"]


def test_a_word_on_the_edge_of_a_piece_is_found() -> None:
    for at in range(1_990, 2_005):
        assert marked("x" * (at - 1) + " harbour", "harbour") == ["harbour"]


def test_controls_do_not_reach_a_line_of_the_list() -> None:
    shown, _ = excerpt("a\x00b\u202ec\nharbour\u2028d 👩‍🚒", "harbour")
    assert shown == "a b c harbour d 👩‍🚒"


def test_ten_megabytes_without_the_word_take_a_moment_only() -> None:
    started = time.process_time()
    excerpt("Ä" * 200_000, "harbour")
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    ("title", "query", "holds"),
    [
        ("Street lamps", "lam STREET", True),
        ("Street lamps", "lamps harbour", False),
        ("Street lamps", "amps", False),
        ("昨晚路灯", "路灯", True),
        ("昨晚路灯", "灯路", False),
        ("Élise", "elise", True),
    ],
)
def test_titles(title: str, query: str, holds: bool) -> None:
    assert matcher(query)(title) is holds
