from __future__ import annotations

import os

import pytest

from app.store.recovery_code import Mistyped, format_code, new_secret, parse_code


def test_every_secret_comes_back() -> None:
    for secret in (bytes(16), b"\xff" * 16, *(os.urandom(16) for _ in range(200))):
        code = format_code(secret)
        assert parse_code(code) == secret
        assert len(code) == 34
        assert not set(code) - set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")


def test_a_known_code_stays_readable_for_ever() -> None:
    assert parse_code(KNOWN) == bytes(range(16))
    assert format_code(bytes(range(16))) == KNOWN


KNOWN = "000G-40R4-0M30-E209-185G-R38E-1XEH"


@pytest.mark.parametrize(
    "change",
    [
        str.lower,
        lambda c: c.replace("-", ""),
        lambda c: c.replace("-", " – "),
        lambda c: f"\t{c}\u200b\n",
        lambda c: c.replace("0", "O").replace("1", "l"),
        lambda c: c.replace("0", "o").replace("1", "I"),
        lambda c: "".join(chr(ord(x) + 0xFEE0) for x in c),  # full-width, as Chinese input gives
    ],
)
def test_forms_in_which_people_type_it(change: object) -> None:
    assert callable(change)
    assert parse_code(change(KNOWN)) == bytes(range(16))


@pytest.mark.parametrize(
    "text", ["", "-", KNOWN[:-1], KNOWN + "0", "U" + KNOWN[1:], "é" * 28, "\0"]
)
def test_what_cannot_be_a_code(text: str) -> None:
    with pytest.raises(Mistyped) as caught:
        parse_code(text)
    assert text == "" or text not in str(caught.value)


def test_slips_of_the_hand_are_noticed() -> None:
    noticed = tried = 0
    for _ in range(40):
        code = format_code(new_secret()).replace("-", "")
        for i in range(27):
            swapped = code[:i] + code[i + 1] + code[i] + code[i + 2 :]
            other = code[:i] + ("7" if code[i] != "7" else "8") + code[i + 1 :]
            for wrong in {swapped, other} - {code}:
                tried += 1
                try:
                    parse_code(wrong)
                except Mistyped:
                    noticed += 1
    assert noticed / tried > 0.99  # one in 4,096 may pass; the key check then says "wrong"
