"""The recovery code: 128 random bits a person can print, read out and type back.

28 characters of Crockford's base 32 in groups of four: 128 bits of secret, then 12 bits of checksum
that tell a slip of the hand from a wrong code. The alphabet has no I, L, O or U; I and L are read
as 1, O as 0, case, spaces and dashes do not matter, nor do the full-width forms of an East Asian
keyboard.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata

SECRET_BYTES = 16

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = {**{c: i for i, c in enumerate(_ALPHABET)}, "I": 1, "L": 1, "O": 0}
_LENGTH = 28
_GROUP = 4
_CHECKSUM_BITS = 12


class Mistyped(ValueError):
    """Not a code: wrong length, a character that cannot be, or a wrong checksum."""


def new_secret() -> bytes:
    """128 fresh random bits."""
    return secrets.token_bytes(SECRET_BYTES)


def format_code(secret: bytes) -> str:
    """The code to show, such as "0123-4567-...": seven groups of four characters."""
    number = int.from_bytes(secret) << _CHECKSUM_BITS | _checksum(secret)
    characters = [_ALPHABET[number >> (5 * i) & 31] for i in reversed(range(_LENGTH))]
    text = "".join(characters)
    return "-".join(text[i : i + _GROUP] for i in range(0, _LENGTH, _GROUP))


def parse_code(text: str) -> bytes:
    """The secret in what a person typed.

    Raises:
        Mistyped: It cannot be a code. What was typed is not in the message.
    """
    number = 0
    length = 0
    for character in unicodedata.normalize("NFKC", text).upper():
        if character.isspace() or unicodedata.category(character) in {"Pd", "Cf"}:
            continue
        value = _READ_AS.get(character)
        if value is None:
            raise Mistyped("character")
        number = number << 5 | value
        length += 1
        if length > _LENGTH:
            raise Mistyped("length")
    if length != _LENGTH:
        raise Mistyped("length")
    secret = (number >> _CHECKSUM_BITS).to_bytes(SECRET_BYTES)
    if number & ((1 << _CHECKSUM_BITS) - 1) != _checksum(secret):
        raise Mistyped("checksum")
    return secret


def _checksum(secret: bytes) -> int:
    digest = hashlib.sha256(b"alcove recovery code\0" + secret).digest()
    return int.from_bytes(digest[:2]) >> (16 - _CHECKSUM_BITS)
