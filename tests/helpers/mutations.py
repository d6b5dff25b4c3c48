"""Broken files out of good ones: bytes changed at random, JSON values made absurd."""

from __future__ import annotations

import copy
import json
import random
import struct
from typing import Any, Final

_NUMBERS: Final = (
    0,
    1,
    2,
    3,
    7,
    8,
    16,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0xFFFF,
    2**31 - 1,
    2**31,
    2**32 - 1,
)
_WIDE: Final = (*_NUMBERS, 2**32, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
_ABSURD: Final[tuple[object, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    3,
    2**24,
    2**31,
    2**63,
    10**9,
    10**30,
    -(10**30),
    0.5,
    -0.0,
    1e-300,
    1e300,
    float("nan"),
    float("inf"),
    float("-inf"),
    "",
    "x",
    "silu",
    "gelu",
    "yarn",
    "full_attention",
    "../../etc/passwd",
    "\x00\n\x1b[31m",
    "A" * 5000,
    [],
    {},
    [[]],
    [None],
    ["full_attention"] * 3,
    [1] * 2000,
    {"a": {"b": [1]}},
)


def change_bytes(draw: random.Random, data: bytes, most: int = 6) -> bytes:
    """A copy with one to `most` changes: bits, bytes, integers, cuts, copies."""
    body = bytearray(data)
    for _ in range(_how_many(draw, most)):
        if not body:
            return bytes(body)
        # Headers are where a reader decides; most changes belong there.
        reach = len(body) if draw.random() < 0.3 else min(len(body), 1 << draw.randint(3, 13))
        _change(draw, body, draw.randrange(reach))
    return bytes(body)


def _how_many(draw: random.Random, most: int) -> int:
    """Mostly one: what several break together is usually refused for the first."""
    return 1 if draw.random() < 0.6 else draw.randint(2, most)


def _change(draw: random.Random, body: bytearray, at: int) -> None:
    kind = draw.randrange(8)
    if kind == 0:
        body[at] ^= 1 << draw.randrange(8)
    elif kind == 1:
        body[at] = draw.choice((0, 1, 0x20, 0x7F, 0x80, 0xFF, draw.randrange(256)))
    elif kind == 2:
        body[at : at + 4] = struct.pack("<I", draw.choice(_NUMBERS))
    elif kind == 3:
        body[at : at + 8] = struct.pack("<Q", draw.choice(_WIDE))
    elif kind == 4:
        del body[at : at + draw.randint(1, 64)]
    elif kind == 5:
        other = draw.randrange(len(body))
        body[at:at] = body[other : other + draw.randint(1, 64)]
    elif kind == 6:
        del body[at:]
    else:
        body[at:at] = draw.randbytes(draw.randint(1, 16))


def change_json(draw: random.Random, value: object, most: int = 4) -> str:
    """JSON text of a copy with one to `most` absurd values, missing or doubled keys."""
    body = copy.deepcopy(value)
    for _ in range(_how_many(draw, most)):
        body = _change_somewhere(draw, body)
    text = json.dumps(body)
    if draw.random() < 0.03:  # and now and then no JSON at all
        return change_bytes(draw, text.encode()).decode("utf-8", "replace")
    if draw.random() < 0.03 and text.startswith('{"'):
        return text[:1] + text[1 : text.index(":")] + ": 1, " + text[1:]
    return text


def _change_somewhere(draw: random.Random, body: object) -> object:
    holders = [holder for holder in _holders(body) if holder]
    if not holders:
        return copy.deepcopy(draw.choice(_ABSURD))
    holder = draw.choice(holders)
    if isinstance(holder, list):
        index = draw.randrange(len(holder))
        _change_item(draw, holder, index)
        return body
    key = draw.choice(sorted(holder))
    if draw.random() < 0.15:
        holder[draw.choice(("x", "moe_x", f"{key}_2"))] = holder.pop(key)
    elif draw.random() < 0.1:
        del holder[key]
    else:
        _change_item(draw, holder, key)
    return body


def _change_item(draw: random.Random, holder: Any, key: Any) -> None:
    value = holder[key]
    near = draw.random() < 0.4
    if near and type(value) is int:
        holder[key] = draw.choice(
            (value + 1, value - 1, value * 2, value // 2, -value, value << 20)
        )
    elif near and isinstance(value, list) and value:
        holder[key] = draw.choice((value[:-1], [*value, value[0]], value * 50))
    elif near and isinstance(value, str):
        holder[key] = draw.choice((value + "x", value[:-1], value.upper()))
    else:
        holder[key] = copy.deepcopy(draw.choice(_ABSURD))


def _holders(value: object) -> list[Any]:
    """Every object and list inside a JSON value, itself included."""
    if isinstance(value, dict):
        return [value, *(inner for item in value.values() for inner in _holders(item))]
    if isinstance(value, list):
        return [value, *(inner for item in value[:50] for inner in _holders(item))]
    return []
