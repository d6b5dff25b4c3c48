"""Tables, whole and split, looked up and multiplied, against what their rows stand for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from engine.builder.blocks.site import Site
from engine.builder.blocks.storage import Form, Precision, Storage
from engine.builder.blocks.table import embedding
from tests.helpers.blocks import BlockRunner, config

_ROWS, _COLUMNS = 192, 64
_IDS = np.array([[0, 63, 64, 65, 191, 5, 127, 128]], np.int64)

FORMS = [
    Form(Storage.FLOAT32),
    Form(Storage.FLOAT16),
    Form(Storage.INT4),
    Form(Storage.INT4_ZERO),
    Form(Storage.INT8),
    Form(Storage.INT4_ZERO, common_rows=64),
    Form(Storage.INT4, common_rows=128),
]


def _weights() -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((_ROWS, _COLUMNS)).astype(np.float32)


def _stands_for(form: Form, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    if form.storage is Storage.FLOAT16:
        return weights.astype(np.float16).astype(np.float32)
    if not form.storage.integer:
        return weights
    rows = form.quantize(weights).dequantized()
    rows[: form.common_rows] = (
        Form(Storage.INT8).quantize(weights).dequantized()[: form.common_rows]
    )
    return rows


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.storage.value}-{form.common_rows}")
def test_rows_and_logits_are_those_of_the_table(form: Form) -> None:
    weights = _weights()
    precision = Precision(4, 32, forms={"m.weight": form})

    def add(site: Site, x: str) -> list[str]:
        ids = site.g.input("ids", TensorProto.INT64, [1, "count"])
        table = embedding(site.at("", "table").g, site.weight("", _ROWS, _COLUMNS), site.precision)
        assert table.rows == _ROWS
        return [table.gather(site.g.at("table"), ids), table.project(site.g.at("head"), x)]

    model = config(hidden=_COLUMNS, vocab=_ROWS)
    runner = BlockRunner(add, {"m.weight": weights}, model, precision, exact=True)
    x = np.random.default_rng(1).standard_normal((3, _COLUMNS)).astype(np.float32)
    rows, logits = runner.all(x, {"ids": _IDS})
    expected = _stands_for(form, weights)
    np.testing.assert_allclose(rows, expected[_IDS[0]], rtol=0, atol=1e-6)
    np.testing.assert_allclose(logits, x @ expected.T, rtol=0, atol=2e-3)


def test_a_split_table_has_no_single_weight() -> None:
    form = Form(Storage.INT4_ZERO, common_rows=64)
    precision = Precision(4, 32, forms={"m.weight": form})

    def add(site: Site, x: str) -> str:
        table = embedding(site.at("", "table").g, site.weight("", _ROWS, _COLUMNS), site.precision)
        with pytest.raises(ValueError, match="unpack"):
            _ = table.table
        return table.project(site.g, x)

    BlockRunner(add, {"m.weight": _weights()}, config(hidden=_COLUMNS), precision)
