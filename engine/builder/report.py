"""A page about a build: how large each weight became and how much was lost, as plots and a table.

One file without anything from outside: the plots are SVG inside the page, drawn from numbers only.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from engine.builder.quantize_plan import LayerFacts
from engine.errors import InvalidRequest

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dee5;
  --paper: #ffffff; --bar: #2f6fb2; --dot: #b4541a; font: 15px/1.5 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b3; --line: #343c47;
  --paper: #14181e; --bar: #6ba4dd; --dot: #e59a5f; } }
body { max-width: 60rem; margin: 2.5rem auto; padding: 0 1rem; color: var(--ink);
  background: var(--paper); }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { color: var(--soft); margin: .25rem 0 1rem; max-width: 46rem; }
svg { width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 11px; }
.bar { fill: var(--bar); } .dot { fill: var(--dot); } .grid { stroke: var(--line); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: right; }
th { font-weight: 500; color: var(--soft); }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; }
td { font-variant-numeric: tabular-nums; }
"""
_WIDTH: Final = 900
_HEIGHT: Final = 200
_LEFT: Final = 56
_BOTTOM: Final = 22
_LAYER: Final = re.compile(r"/layers\.(\d+)/")


def by_layer(weights: Sequence[LayerFacts]) -> list[LayerFacts]:
    """The weights of each block together: sizes add up, errors are averaged over parameters."""
    groups: dict[str, list[LayerFacts]] = {}
    for weight in weights:
        found = _LAYER.search(weight.path)
        name = f"layer {found[1]}" if found else weight.path.removeprefix("/model/")
        groups.setdefault(name, []).append(weight)
    return [_together(name, group) for name, group in groups.items()]


def _together(name: str, group: Sequence[LayerFacts]) -> LayerFacts:
    parameters = sum(weight.parameters for weight in group)
    bits = sum(weight.bits * weight.parameters for weight in group) / parameters
    error = sum(weight.error * weight.parameters for weight in group) / parameters
    forms = ", ".join(sorted({weight.form for weight in group}))
    return LayerFacts(name, parameters, bits, forms, error)


def write_build_report(
    path: Path, title: str, facts: Mapping[str, object], weights: Sequence[LayerFacts]
) -> None:
    """Write the page.

    Args:
        path: The file.
        title: Its heading.
        facts: What else to tell, by name.
        weights: All weights, in the graph's order.

    Raises:
        InvalidRequest: The file cannot be written.
    """
    layers = by_layer(weights)
    parts = [f"<h1>{html.escape(title)}</h1>", _summary(layers)]
    if layers:
        parts += [
            "<h2>Estimated error of each layer</h2>",
            (
                "<p>Squared error of the weights relative to their squares; with a calibration "
                "text, each weighted by the mean square of its input. Lower is better.</p>"
            ),
            _plot(layers, [layer.error for layer in layers], "dot", "{:.1e}"),
            "<h2>Size of each layer, MB</h2>",
            _plot(layers, [layer.size_bytes / 1e6 for layer in layers], "bar", "{:.1f}"),
            "<h2>Every weight</h2>",
            _table(weights),
        ]
    parts += ["<h2>Bundle</h2>", _facts(facts)]
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )
    try:
        path.write_text(page, "utf-8")
    except OSError as exc:
        raise InvalidRequest(field="report", reason="not_writable") from exc


def _summary(layers: Sequence[LayerFacts]) -> str:
    parameters = sum(layer.parameters for layer in layers)
    if not parameters:
        return "<p>No weights were quantized.</p>"
    size_bytes = sum(layer.size_bytes for layer in layers)
    bits = size_bytes * 8 / parameters
    return (
        f"<p>{parameters / 1e6:,.1f} million weights in {size_bytes / 1e6:,.1f} MB: "
        f"{bits:.2f} bits each, scales included.</p>"
    )


def _plot(layers: Sequence[LayerFacts], values: Sequence[float], mark: str, form: str) -> str:
    """Bars from 0 to the largest value, in the colour of class `mark`."""
    top = max(values) or 1.0
    step = (_WIDTH - _LEFT) / len(layers)
    height = _HEIGHT - _BOTTOM - 10
    base = 10 + height
    lines = []
    for part in (0, 0.5, 1):
        y = base - part * height
        lines.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        label = form.format(top * part)
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    every = -(-len(layers) // 16)
    for index, (layer, value) in enumerate(zip(layers, values, strict=True)):
        x, tall = _LEFT + index * step, value / top * height
        tip = f"<title>{html.escape(layer.path)}: {form.format(value)} ({html.escape(layer.form)})"
        width = max(1.0, min(step * 0.7, 28))
        middle = x + step / 2
        shape = (
            f'<rect class="{mark}" x="{middle - width / 2:.1f}" y="{base - tall:.1f}" '
            f'width="{width:.1f}" height="{tall:.1f}" rx="1.5">{tip}</title></rect>'
        )
        lines.append(shape)
        if index % every == 0:
            short = layer.path.removeprefix("layer ").replace("embed_tokens", "embed")
            lines.append(
                f'<text x="{middle:.1f}" y="{_HEIGHT - 6}" text-anchor="middle">'
                f"{html.escape(short)}</text>"
            )
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{"".join(lines)}</svg>'


def _table(weights: Sequence[LayerFacts]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(weight.path.removeprefix('/model/'))}</td>"
        f"<td>{html.escape(weight.form)}</td><td>{weight.bits:.2f}</td>"
        f"<td>{weight.size_bytes / 1e6:.2f}</td><td>{weight.error:.2e}</td></tr>"
        for weight in weights
    )
    head = "<tr><th>weight</th><th>form</th><th>bits</th><th>MB</th><th>error</th></tr>"
    return f'<div class="scroll"><table>{head}{rows}</table></div>'


def _facts(facts: Mapping[str, object]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(name.replace('_', ' '))}</td><td>{html.escape(str(value))}</td></tr>"
        for name, value in facts.items()
    )
    return f'<div class="scroll"><table>{rows}</table></div>'
