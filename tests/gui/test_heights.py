"""Heights answer like a plain list of them would."""

from __future__ import annotations

import random

from app.ui.conversation.heights import Heights


def test_like_a_plain_list() -> None:
    chance = random.Random(7)
    plain = [chance.randint(1, 900) for _ in range(137)]
    heights = Heights(plain[:100])
    for height in plain[100:]:
        heights.append(height)
    for _ in range(500):
        index = chance.randrange(len(plain))
        plain[index] = chance.randint(0, 2_000)
        heights[index] = plain[index]
        assert heights[index] == plain[index]
        upto = chance.randrange(len(plain) + 1)
        assert heights.top(upto) == sum(plain[:upto])
        y = chance.randrange(-50, sum(plain) + 50)
        covering = [n for n in range(len(plain)) if sum(plain[:n]) <= y < sum(plain[: n + 1])]
        wanted = covering[0] if covering else (0 if y < 0 else len(plain) - 1)
        assert heights.at(y) == wanted
    assert heights.total() == sum(plain)
    assert len(heights) == len(plain)


def test_nothing_has_no_height() -> None:
    assert Heights().total() == 0
    assert len(Heights()) == 0
