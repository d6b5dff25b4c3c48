from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.errors import InvalidRequest
from engine.text.stops import StopFilter


def run(stops: list[str], pieces: list[str]) -> tuple[str, bool]:
    filter_ = StopFilter(stops)
    text, stopped = "", False
    for piece in pieces:
        more, stopped = filter_.push(piece)
        text += more
        if stopped:
            break
    return text + filter_.flush(), stopped


def test_without_stops_everything_passes_at_once() -> None:
    assert StopFilter().push("abc") == ("abc", False)


@pytest.mark.parametrize(
    "pieces", [["one END two"], ["one E", "ND two"], list("one END two"), ["one ", "E", "N", "D"]]
)
def test_a_stop_may_span_pieces(pieces: list[str]) -> None:
    assert run(["END"], pieces) == ("one ", True)


def test_only_a_possible_beginning_is_held_back() -> None:
    filter_ = StopFilter(["END", "\n\n"])
    assert filter_.push("the E") == ("the ", False)
    assert filter_.push("nd\n") == ("End", False)
    assert filter_.push("x") == ("\nx", False)
    assert filter_.push("EN") == ("", False)
    assert filter_.flush() == "EN"


def test_a_repeated_beginning() -> None:
    assert run(["aab"], list("aaaab tail")) == ("aa", True)


def test_nothing_comes_out_after_the_stop() -> None:
    filter_ = StopFilter(["."])
    assert filter_.push("a.b") == ("a", True)
    assert filter_.push("c") == ("", True)
    assert filter_.flush() == ""
    assert filter_.stopped


def test_empty_stop_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        StopFilter(["a", ""])
    assert caught.value.params["field"] == "stop"


def test_result_does_not_depend_on_the_cut() -> None:
    generator = np.random.default_rng(7)
    for _ in range(400):
        text = "".join(generator.choice(list("abc"), size=30))
        stops = ["".join(generator.choice(list("abc"), size=n)) for n in (2, 4, 5)]
        whole = run(stops, list(text))
        cuts = [0, *sorted(generator.integers(0, 30, size=5).tolist()), 30]
        pieces = [text[a:b] for a, b in pairwise(cuts)]
        assert run(stops, pieces) == whole
        if not whole[1]:
            assert whole[0] == text
        else:
            assert text.startswith(whole[0])
            assert not any(stop in whole[0] for stop in stops)
