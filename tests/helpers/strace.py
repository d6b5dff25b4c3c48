"""Watches every network call of a program and of all its children with strace."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_INTERNET = re.compile(r"\b(connect|bind|sendto|sendmsg|sendmmsg)\(.*sa_family=AF_INET6?\b.*")
_LOCAL = re.compile(r"\b(connect|sendto|sendmsg)\(.*sa_family=AF_(UNIX|NETLINK)\b")


@dataclass(frozen=True, slots=True)
class NetworkTrace:
    """What strace saw.

    Attributes:
        internet_calls: Calls that connected, bound or sent with an internet address.
        local_calls: How many connected or sent to local sockets: shows that the watch worked.
        returncode: Of the watched program.
    """

    internet_calls: tuple[str, ...]
    local_calls: int
    returncode: int


def watch(
    command: list[str], log: Path, *, env: dict[str, str], seconds: float | None = None
) -> NetworkTrace:
    """Run a command under strace, to its end or for a number of seconds (then SIGTERM to it)."""
    strace = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=network", "-o", str(log)]
    child = subprocess.Popen([*strace, *command], env=env, stdout=sys.stderr)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        # strace passes the signal on to nobody by itself, so end the program it started.
        subprocess.run(["pkill", "-TERM", "-P", str(child.pid)], check=False)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
    lines = log.read_text("utf-8", "replace").splitlines()
    internet = tuple(line for line in lines if _INTERNET.search(line))
    local = sum(1 for line in lines if _LOCAL.search(line))
    return NetworkTrace(internet, local, child.returncode)
