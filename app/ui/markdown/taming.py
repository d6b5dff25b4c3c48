"""Keeps what no honest reply contains from costing more than it is worth.

A few thousand characters can ask for a hundred thousand nested quotations or a table of ten
thousand columns. What is nested deeper than anybody reads is shown less deep, what is wider than
any screen is shown as text; ordinary replies come out as they went in.
"""

from __future__ import annotations

import re

_DEEPEST = 8
_MARKER = r"[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))"
_NESTED = re.compile(rf"^(?:{_MARKER}){{{_DEEPEST + 1},}}", re.MULTILINE)
_ONE = re.compile(_MARKER)
_INDENT = re.compile(r"^[ \t]{61,}", re.MULTILINE)
_MOST_COLUMNS = 60


def tame(source: str) -> str:
    """The same Markdown, nested at most eight levels deep and without tables of sixty columns."""
    if any(line.count("|") > _MOST_COLUMNS for line in source.split("\n")):
        source = source.replace("|", "\\|")
    source = _INDENT.sub(" " * 60, source)
    return _NESTED.sub(_less_deep, source)


def _less_deep(found: re.Match[str]) -> str:
    markers = _ONE.findall(found.group())[:_DEEPEST]
    return " ".join(marker.strip() for marker in markers)
