"""The sentence encoder of document search, against transformers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from engine import load_model
from engine.builder.convert import convert_model
from engine.bundle import GRAPH_NAME, read_manifest
from engine.errors import BadBundle
from engine.runtime.encoder import load_encoder
from engine.types import BuildConfig
from tests.convert.conftest import run_there

TEXTS = [
    "The lamps along the harbour were lit before the ferry came in.",
    "She keeps the receipts in a blue folder, sorted by month.",
    "How long does sourdough have to rest before it goes into the oven?",
    "Please cancel my appointment on Tuesday; I will call again next week.",
    "Le vélo est resté sous la pluie toute la nuit.",
    "Où puis-je renouveler ma carte d'identité ?",
    "Les prix du blé ont baissé depuis la récolte.",
    "港口的灯在渡轮到来之前就亮了。",
    "我想知道明天去上海的火车几点出发。",
    "合同第三条规定了付款的期限。",
    "ok",
    "A long note. " * 120,  # longer than the 256 tokens that are read
]
# Bits: least cosine with transformers. A single word suffers most from 4 bits (0.90); use 8.
_LEAST = {32: 0.99999, 16: 0.9999, 8: 0.99, 4: 0.85}


@pytest.fixture(scope="module")
def expected(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    folder = tmp_path_factory.mktemp("reference")
    (folder / "texts.json").write_text(json.dumps(TEXTS), "utf-8")
    run_there("embed_reference.py", minilm, folder / "texts.json", folder / "vectors.npy")
    return np.load(folder / "vectors.npy")


@pytest.mark.parametrize("bits", [32, 16, 8, 4])
def test_same_vectors(minilm: Path, expected: np.ndarray, tmp_path: Path, bits: int) -> None:
    bundle = convert_model(minilm, tmp_path / "b", BuildConfig(bits=bits))
    onnx.checker.check_model(str(bundle / GRAPH_NAME))
    vectors = load_encoder(bundle, threads=1).embed(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors * expected).sum(axis=1).min() >= _LEAST[bits]
    # which text is closest to which is what search needs
    if bits > 4:
        np.testing.assert_allclose(vectors @ vectors.T, expected @ expected.T, atol=0.02)


def test_an_encoder_is_not_a_decoder(minilm: Path, tmp_path: Path) -> None:
    bundle = convert_model(minilm, tmp_path / "b", BuildConfig(bits=8))
    manifest = read_manifest(bundle)
    assert (manifest.kind, manifest.context_length, manifest.states) == ("encoder", 256, ())
    assert sum(entry.size_bytes for entry in manifest.files.values()) < 27e6
    with pytest.raises(BadBundle, match="not_a_decoder"):
        load_model(bundle)
