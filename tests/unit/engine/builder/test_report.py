"""The page about a build: complete in itself, with every weight."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.builder.quantize_plan import LayerFacts
from engine.builder.report import by_layer, write_build_report
from engine.errors import InvalidRequest

_WEIGHTS = [
    LayerFacts("/model/embed_tokens", 1000, 8.5, "int8/32", 1e-5),
    LayerFacts("/model/layers.0/attn/qkv_proj", 100, 4.5, "int4/32", 2e-3),
    LayerFacts("/model/layers.0/mlp/down_proj", 300, 5.0, "int4_offset/32", 6e-3),
    LayerFacts("/model/layers.1/mlp/<down>", 400, 4.5, "int4/32", 1e-3),
]


def test_a_layer_is_the_sum_of_its_weights() -> None:
    embed, first, second = by_layer(_WEIGHTS)
    assert (embed.path, first.path, second.path) == ("embed_tokens", "layer 0", "layer 1")
    assert (first.parameters, first.bits, first.error) == (400, 4.875, pytest.approx(5e-3))
    assert first.size_bytes == round((100 * 4.5 + 300 * 5) / 8)
    assert first.form == "int4/32, int4_offset/32"


def test_the_page_shows_every_weight_and_needs_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_build_report(path, "Bundle <x>", {"family": "llama & co"}, _WEIGHTS)
    page = path.read_text("utf-8")
    for text in (
        "Bundle &lt;x&gt;",
        "llama &amp; co",
        "mlp/&lt;down&gt;",
        "layers.0/attn/qkv_proj",
    ):
        assert text in page
    assert not re.search(r"<script|<link|url\(|src=|href=|https?:", page)
    assert "prefers-color-scheme: dark" in page
    plots = re.findall(r"<svg.*?</svg>", page)
    assert len(plots) == 2
    for plot in plots:
        assert plot.count("<rect") == plot.count("</rect>") == 3
    heights = [float(height) for height in re.findall(r'height="([\d.]+)"', plots[0])]
    assert max(heights) == heights[1]  # layer 0 has the largest error


def test_a_build_without_integers_has_a_page_too(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_build_report(path, "Bundle", {"bits": 32}, [])
    assert "No weights were quantized" in path.read_text("utf-8")


def test_a_page_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="not_writable"):
        write_build_report(tmp_path / "none" / "report.html", "Bundle", {}, _WEIGHTS)
