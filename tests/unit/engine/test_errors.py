"""Errors of the engine."""

from __future__ import annotations

from engine.errors import BadCheckpoint, EngineError, UnsupportedFamily, all_error_types, from_wire


def test_codes_are_unique_and_cross_the_wire() -> None:
    types = all_error_types()
    assert len(types) == len({cls.__name__ for cls in types.values()})
    for code, cls in types.items():
        error = from_wire(code, {"reason": "x"})
        assert type(error) is cls
        assert error.params == {"reason": "x"}
    assert type(from_wire("a.newer.one", {})) is EngineError


def test_names_from_a_hostile_file_stay_on_one_line() -> None:
    error = UnsupportedFamily(family="x", option="blk\n\x1b[31m\x00.weight")
    assert error.params["option"] == "blk??[31m?.weight"
    assert "\n" not in str(error)
    assert BadCheckpoint(reason="é 中", count=3).params == {"reason": "é 中", "count": 3}
