from __future__ import annotations

import sys
import time
import unicodedata

import pytest

from app.store.tokens import _without_marks, match_expression, tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", ""),
        ("Hello, World!", "hello world"),
        ("snake_case x-1", "snake case x 1"),
        ("É é É ß Œuvre", "e e e ss œuvre"),
        ("ＡＢＣ１２", "abc12"),
        ("路", "路"),
        ("路灯亮", "路灯 灯亮 亮"),
        ("GPU加速abc", "gpu 加速 速 abc"),
        ("カフェ", "カフ フェ ェ"),
        ("ｶﾌｪ", "カフ フェ ェ"),
        ("한국어", "한국어"),
        ("שָׁלוֹם", "שלום"),
        ("a\0b", "a b"),
        ("x" * 100, "x" * 64),
    ],
)
def test_tokens(text: str, tokens: str) -> None:
    assert tokenize(text) == tokens


def test_expressions_hold_only_quoted_tokens() -> None:
    assert match_expression('say "hi" OR 路灯亮 灯') == (
        '"say" * AND "hi" * AND "or" * AND "路灯 灯亮" AND "灯" *'
    )


def test_composed_and_decomposed_text_give_the_same_tokens() -> None:
    assert tokenize("Élan vital Ångström ガ") == tokenize(
        "E\u0301lan vital A\u030angstro\u0308m カ\u3099"
    )


def test_a_long_paste_takes_no_time() -> None:
    started = time.process_time()
    for unit in ("路灯", "é", "a\0", "word "):
        tokenize((unit * 200_000)[:200_000])
    assert time.process_time() - started < 4  # measured: 0.4 s


def test_the_table_of_marks_is_complete() -> None:
    marks = {n for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n))[0] == "M"}
    assert set(_without_marks()) == marks
