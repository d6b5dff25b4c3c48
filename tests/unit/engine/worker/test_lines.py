from __future__ import annotations

import os
import threading

from engine.worker.lines import read_lines


def lines_of(data: bytes, limit: int = 1000) -> list[bytes | None]:
    read_fd, write_fd = os.pipe()

    def write() -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(write_fd, view) :]
        os.close(write_fd)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return list(read_lines(read_fd, limit))
    finally:
        writer.join()
        os.close(read_fd)


def test_lines_are_split_and_an_unfinished_one_is_dropped() -> None:
    assert lines_of(b"a\n\nbc\nrest") == [b"a", b"", b"bc"]


def test_lines_longer_than_a_read_are_put_together() -> None:
    long = b"x" * 200_000
    assert lines_of(long + b"\ny\n", limit=300_000) == [long, b"y"]


def test_an_endless_line_is_reported_once_and_the_next_one_read() -> None:
    assert lines_of(b"x" * 500_000 + b"\nok\n") == [None, b"ok"]


def test_a_line_of_exactly_the_limit_passes() -> None:
    assert lines_of(b"x" * 1000 + b"\n" + b"x" * 1001 + b"\n") == [b"x" * 1000, None]
