"""A private X display: the tests never touch the person's own screen."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def private_display(width: int = 1280, height: int = 860) -> Iterator[str]:
    """Start Xvfb on a free display number and give its name, such as ":7"."""
    read_end, write_end = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{width}x{height}x24"]
    command += ["-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(
        command, pass_fds=[write_end], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(write_end)
    try:
        with os.fdopen(read_end) as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(timeout=10)


def add_keys(display: str, letters: str) -> None:
    """Give the keyboard of a display a key of its own for each of these letters.

    Otherwise xdotool lends each of them the same spare key for a moment, and a busy program, which
    looks the key up later, reads another letter or none.
    """
    layout = subprocess.run(
        ["xkbcomp", "-w0", display, "-"], capture_output=True, text=True, check=True
    ).stdout
    symbols = layout.index("xkb_symbols")
    codes = re.findall(r"^\s*(<\w+>) = \d+;", layout[:symbols], re.MULTILINE)
    used = set(re.findall(r"key\s+(<\w+>)", layout[symbols:]))
    unused = [code for code in codes if code not in used]
    keys = (
        f"key {code} {{ [ U{ord(letter):04X} ] }};"
        for code, letter in zip(unused[-len(letters) :], letters, strict=True)
    )
    start = layout.index("{", symbols) + 1
    taught = "\n".join((layout[:start], *keys, layout[start:]))
    subprocess.run(["xkbcomp", "-w0", "-", display], input=taught, text=True, check=True)
