"""Where the files that travel with the program lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3] / "resources"


def resource(*parts: str) -> Path:
    """Path of a shipped file, for example `resource("icons", "plus.svg")`."""
    return ROOT.joinpath(*parts)
