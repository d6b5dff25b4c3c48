from __future__ import annotations

from app.core.errors import AppError, DiskFull, StoreError, all_error_types


def test_every_error_has_a_code_of_its_own_and_says_what_it_is() -> None:
    def leaves(cls: type[AppError]) -> list[type[AppError]]:
        return [cls, *(leaf for child in cls.__subclasses__() for leaf in leaves(child))]

    kinds = leaves(AppError)
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert set(all_error_types().values()) == set(kinds)
    assert all(kind.__doc__ for kind in kinds)


def test_an_error_is_a_code_with_parameters() -> None:
    error = DiskFull(needed_bytes=5)
    assert (error.code, error.params) == ("store.disk_full", {"needed_bytes": 5})
    assert str(error) == "store.disk_full: needed_bytes=5"
    assert isinstance(error, StoreError)
