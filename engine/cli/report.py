"""A small HTML page about a build or a measurement, complete in one file."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.errors import InvalidRequest

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #8884; }
td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
th { font-weight: 500; width: 40%; }
"""

Table = Mapping[str, object]


def write_report(path: Path, title: str, sections: Sequence[tuple[str, Table]]) -> None:
    """Write the page. Raises InvalidRequest where the file cannot be written."""
    body = "".join(_section(name, table) for name, table in sections)
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{html.escape(title)}</h1>{body}</body></html>\n"
    )
    try:
        path.write_text(page, "utf-8")
    except OSError as exc:
        raise InvalidRequest(field="report", reason="not_writable") from exc


def flatten(data: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested values by dotted name: {"a": {"b": 1}} becomes {"a.b": 1}."""
    flat: dict[str, object] = {}
    for name, value in data.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        elif isinstance(value, list | tuple):
            flat[prefix + name] = _joined(value)
        else:
            flat[prefix + name] = value
    return flat


def _joined(values: Sequence[object]) -> str:
    parts = []
    for value in values:
        if isinstance(value, Mapping):
            parts.append(" ".join(str(part) for part in value.values()))
        else:
            parts.append(str(value))
    return ", ".join(parts)


def _section(name: str, table: Table) -> str:
    rows = "".join(
        f"<tr><th>{html.escape(key.replace('_', ' '))}</th><td>{html.escape(str(value))}</td></tr>"
        for key, value in flatten(table).items()
    )
    return f"<h2>{html.escape(name)}</h2><table>{rows}</table>"
