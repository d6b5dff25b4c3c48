from __future__ import annotations

import time
from itertools import pairwise

import pytest

from app.services.doubt import claims_in


def found(text: str) -> list[tuple[str, str]]:
    return [(text[claim.start : claim.end], claim.kind) for claim in claims_in(text)]


def names(text: str) -> list[str]:
    return [words for words, kind in found(text) if kind == "name"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The capital of France is **Paris**.", ["France", "Paris"]),
        ("He met Alexander Graham Bell in the United States of America.",
         ["Alexander Graham Bell", "United States of America"]),
        ("Marie Curie found it. She called it Radium.", ["Marie Curie", "Radium"]),
        ("Canberra.", ["Canberra"]),
        ("Jupiter is the largest planet. Nobody lives there.", ["Jupiter"]),
        ("It was written by J. K. Rowling, Dr. Watson and St. Francis.",
         ["J. K. Rowling", "Dr. Watson", "St. Francis"]),
        ("However, I think that I'm right. Perhaps. Let's see!", []),
        ("- **Healthy Diet**: eat well.\n- Isaac Newton\n## The Great War\n", ["Isaac Newton"]),
        ("Elle est née à Saint-Malo, chez l'oncle de Jacques Cartier.",
         ["Saint-Malo", "Jacques Cartier"]),
        ("Le Louvre et Notre-Dame. Cependant, elle rit.", ["Louvre", "Notre-Dame"]),
        ("法国的首都是巴黎。", ["巴黎"]),
        ("李白写了《静夜思》，阿尔伯特·爱因斯坦没有。", ["李白", "静夜思", "阿尔伯特·爱因斯坦"]),
        ("莎士比亚在英国出生，长江很长。", ["莎士比亚", "长江"]),
        ("今天天气很好，我们去公园吧。", []),
        ("Use `Get Name` or:\n```\nclass Foo of Bar\n```\nSee https://Example.org/Page", []),
    ],
)  # fmt: skip
def test_names(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("On 7 November 1867, in July 1900 or March 3rd.",
         [("7 November 1867", "date"), ("July 1900", "date"), ("March 3rd", "date")]),
        ("May I come on a Monday in May 2020, or 2020-05-01?",
         [("Monday", "date"), ("May 2020", "date"), ("2020-05-01", "date")]),
        ("Le 14 juillet 1789, puis en mars 1815.",
         [("14 juillet 1789", "date"), ("mars 1815", "date")]),
        ("他于1879年3月14日出生，五月四日结婚。",
         [("1879年3月14日", "date"), ("五月四日", "date")]),
        ("It has 1,234.5 km, 12% and two hundred and six bones, the third of its kind.",
         [("1,234.5", "number"), ("12%", "number"), ("two hundred and six", "number")]),
        ("Elle a dix-sept ans et 1 200 euros.", [("dix-sept", "number"), ("1 200", "number")]),
        ("这座山高八千八百米，有三个人。", [("八千八百", "number"), ("三", "number")]),
        ("1. Take it.\n2) Eat it.\n10. Sleep 8 hours.", [("8", "number")]),
        ("One of them, the first, is $x = 5$.", []),
        ("It cost $5 or $6 in the 11th century.",
         [("5", "number"), ("6", "number"), ("11th", "number")]),
    ],
)  # fmt: skip
def test_numbers_and_dates(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_nothing_overlaps_and_all_is_in_order() -> None:
    text = "On 4 May 1979 Margaret Thatcher, 53, won 339 seats。李白于701年出生。 " * 20
    claims = claims_in(text)
    assert len(claims) > 100
    assert all(a.end <= b.start for a, b in pairwise(claims))


@pytest.mark.parametrize(
    "piece", ["A", "A. ", "de A ", "`", "1,", "1 000 ", "李", "$", "*", "a@", "\n"]
)
def test_hostile_texts_take_no_time(piece: str) -> None:
    start = time.process_time()
    claims_in(piece * 30_000)
    assert time.process_time() - start < 1.0
