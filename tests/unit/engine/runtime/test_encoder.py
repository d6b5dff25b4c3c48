"""Texts to vectors: order, padding and length must not matter."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.builder.blocks.storage import Precision
from engine.builder.convert.encoder import adapt_encoder
from engine.builder.convert.exported import ExportedGraph
from engine.builder.output import Planned, write_bundle
from engine.builder.readers import open_checkpoint
from engine.builder.weights import WeightPlan
from engine.errors import BadBundle
from engine.runtime.control import Control, Interrupted
from engine.runtime.encoder import TextEncoder, load_encoder
from tests.helpers.exported import ENCODER_CONFIG, HIDDEN, exported_encoder
from tests.helpers.models import tiny_llama_checkpoint

_TEXTS = [f"{'lamp ' * (number * 7 % 40)}{number}" for number in range(40)]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny encoder in 8 bits that reads 48 tokens."""
    folder = tmp_path_factory.mktemp("encoder")
    checkpoint, plan = open_checkpoint(tiny_llama_checkpoint(folder / "source")), WeightPlan()
    steps = folder / "steps"
    (steps / "1_Pooling").mkdir(parents=True)
    modules = [{"type": "Transformer"}, {"type": "Pooling", "path": "1_Pooling"}]
    (steps / "modules.json").write_text(json.dumps([*modules, {"type": "Normalize"}]))
    (steps / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    (steps / "sentence_bert_config.json").write_text('{"max_seq_length": 48}')
    exported = ExportedGraph(exported_encoder(folder / "exported"), plan)
    sizes, context = adapt_encoder(exported, steps, ENCODER_CONFIG, Precision(8, 32))
    planned = Planned(exported.g, plan, checkpoint.text(), sizes, context, 32, "encoder")
    write_bundle(checkpoint, planned, folder / "bundle", None, None)
    return folder / "bundle"


@pytest.fixture(scope="module")
def encoder(bundle: Path) -> TextEncoder:
    return load_encoder(bundle, threads=1)


def test_each_text_has_its_own_vector_wherever_it_stands(encoder: TextEncoder) -> None:
    together = encoder.embed(_TEXTS)
    assert together.shape == (40, HIDDEN) == (40, encoder.width)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([encoder.embed([text]) for text in _TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    reversed_ = encoder.embed(_TEXTS[::-1])
    np.testing.assert_allclose(together, reversed_[::-1], atol=1e-5)


def test_nothing_and_too_much(encoder: TextEncoder) -> None:
    assert encoder.embed([]).shape == (0, HIDDEN)
    assert np.isfinite(encoder.embed([""])).all()
    long = "lamp " * 500
    np.testing.assert_array_equal(encoder.embed([long]), encoder.embed([long + "harbour"]))


def test_it_stops_when_asked(encoder: TextEncoder) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Interrupted):
        encoder.embed(_TEXTS, Control(cancel))


def test_a_decoder_is_not_an_encoder(tiny_bundle: Path) -> None:
    with pytest.raises(BadBundle, match="not_an_encoder"):
        load_encoder(tiny_bundle)
