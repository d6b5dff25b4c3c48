"""What the monkey types: ordinary questions in three languages, and things nobody should type."""

from __future__ import annotations

import random

_ORDINARY = (
    "What is the capital of France?",
    "Please write a short letter to my neighbour about the hedge.",
    "Comment faire une bonne tarte aux pommes ?",
    "Pourriez-vous m’expliquer ce qu’est une mutuelle ?",
    "请问今天晚饭吃什么好？",
    "楼下的路灯坏了，应该找谁？",
    "I have 3 pills of 5 mg a day, is that too much?",
    "**bold** and `code` and [a link](https://example.invalid/page)",
    "| a | b |\n| - | - |\n| 1 | 2 |",
    "```python\nfor n in range(3):\n    print(n)\n```",
    "$$\\int_0^1 x^2 \\, dx = \\frac{1}{3}$$",
)

HOSTILE = (
    "<script>alert('x')</script><img src=http://127.0.0.1:9/x.png onerror=alert(1)>",
    "<h1>big</h1><table><tr><td>" * 200,
    "\u202e\u2066turned around\u2069 \u202d and back",
    "\x00\x01\x02\x07\x08\x1b[31mred\x1b[0m\x7f\x85",
    "a\u0300\u0301\u0302\u0303\u0304\u0305" * 200,
    "👩‍👩‍👧‍👦" * 100,
    "\ud83d lone".encode("utf-8", "replace").decode("utf-8"),
    "W" * 20_000,
    "# " * 500 + "deep",
    "> " * 400 + "quoted",
    "[" * 3_000,
    "$" * 999 + "\\frac" * 50,
    "%s %n {title} {0} %1 %%",
    "../../../../etc/passwd",
    "'; DROP TABLE messages; --",
    "\n" * 500,
    "\u200b\u200c\u200d\ufeff",
    "file:///etc/passwd javascript:alert(1) data:text/html,<b>x</b>",
)


def some_text(chance: random.Random) -> str:
    """A question, now and then a hostile one."""
    if chance.random() < 0.15:
        return chance.choice(HOSTILE)
    return " ".join(chance.choices(_ORDINARY, k=chance.choice((1, 1, 1, 2, 6))))


def few_keys(chance: random.Random) -> str:
    """What is typed letter by letter."""
    words = ("the", "route", "路灯", "é", "what", "a", "letter", "tarte", "好", "%", "<b>", "👋")
    return " ".join(chance.choices(words, k=chance.randint(1, 3)))
