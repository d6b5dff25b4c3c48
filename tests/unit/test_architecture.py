"""Rules that import-linter cannot see: which parts of Qt a layer may use, and who opens sockets."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NETWORK = {"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "asyncio", "socketserver"}
LOCAL = ("single_instance", "display", "signals")
QT_OF = {
    "app/services": {"QtCore", "QtNetwork", "QtTextToSpeech"},
    "app/ui/terminal": {"QtCore"},
}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("folder", QT_OF)
def test_layer_uses_its_part_of_qt_only(folder: str) -> None:
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    for path in files:
        modules = {n.split(".")[1] for n in imports_of(path) if n.startswith("PySide6.")}
        assert modules <= QT_OF[folder], path


def test_only_the_gate_may_reach_the_network() -> None:
    """The others hold local sockets: single instance, display, a pair that wakes Qt on a signal."""
    files = [p for folder in ("app", "engine") for p in (ROOT / folder).rglob("*.py")]
    users = {
        str(path.relative_to(ROOT))
        for path in files
        for name in imports_of(path)
        if name.split(".")[0] in NETWORK or name.startswith("PySide6.QtNetwork")
    }
    assert users <= {f"app/services/{name}.py" for name in LOCAL}


def test_local_sockets_are_local() -> None:
    """What opens sockets besides the gate names no internet address family."""
    for name in LOCAL:
        source = (ROOT / "app" / "services" / f"{name}.py").read_text("utf-8")
        assert "AF_INET" not in source
        assert "QTcpSocket" not in source


def test_no_module_is_too_long() -> None:
    for folder in ("app", "engine", "installers"):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text("utf-8").splitlines()) <= 500, path
