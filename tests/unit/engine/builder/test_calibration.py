"""Calibration: the text decides, it must serve, and what is measured is what the model reads."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from tokenizers import Tokenizer

from engine.builder import BuildCancelled, build_model
from engine.builder.blocks.decoder import build_decoder
from engine.builder.blocks.storage import Precision
from engine.builder.calibration import measure_inputs, random_ids, read_ids
from engine.builder.decide import decide_forms
from engine.builder.families import open_family
from engine.builder.graph import Graph
from engine.builder.readers import open_checkpoint
from engine.builder.weights import WeightPlan
from engine.bundle import WEIGHTS_NAME
from engine.errors import InvalidRequest
from engine.types import BuildConfig
from tests.helpers.models import tiny_llama_checkpoint, tiny_tokenizer

_TEXT = "the inner the, in a thin tin; an hour, then. " * 40


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "calibration.txt"
    path.write_text(_TEXT, "utf-8")
    return path


def test_measured_are_the_mean_squares_of_what_a_layer_reads(tmp_path: Path, text: Path) -> None:
    checkpoint = open_checkpoint(tiny_llama_checkpoint(tmp_path / "source"))
    weights = WeightPlan()
    g = Graph(weights)
    precision = Precision(32, 32, asked=[])
    build_decoder(open_family(checkpoint.config), g, checkpoint, precision)
    assert precision.asked is not None
    value = next(weight.value for weight in precision.asked if "qkv_proj" in weight.path)
    weights.write(tmp_path / WEIGHTS_NAME, None, None)
    ids = read_ids(text, tiny_tokenizer().to_str(), 300)
    found = measure_inputs(g, tmp_path, [value], ids, 256, None, None)[value]
    rows = checkpoint.tensor("model.embed_tokens.weight").whole()[ids]
    normed = rows / np.sqrt(np.square(rows).mean(axis=1, keepdims=True) + 1e-5)
    normed *= checkpoint.tensor("model.layers.0.input_layernorm.weight").whole()
    np.testing.assert_allclose(found, np.square(normed).mean(axis=0), rtol=1e-4)


def test_importance_reaches_every_linear_layer_and_the_table(tmp_path: Path, text: Path) -> None:
    checkpoint = open_checkpoint(tiny_llama_checkpoint(tmp_path / "source"))
    config = BuildConfig(bits=4, calibration=str(text))
    decoder = open_family(checkpoint.config)
    decided = decide_forms(decoder, checkpoint, config, tmp_path / "out", None, None)
    assert len(decided.forms) == 15  # seven in each of two layers, and the table
    assert all(form.importance is not None for form in decided.forms.values())
    assert [path.name for path in tmp_path.iterdir() if "calibration" in path.name] == [text.name]


def test_a_calibrated_bundle_differs_from_a_plain_one(tmp_path: Path, text: Path) -> None:
    source = tiny_llama_checkpoint(tmp_path / "source")
    plain = build_model(source, tmp_path / "plain", BuildConfig(bits=4))
    led = build_model(source, tmp_path / "led", BuildConfig(bits=4, calibration=str(text)))
    files = [(bundle / WEIGHTS_NAME).read_bytes() for bundle in (plain, led)]
    assert files[0] != files[1]


def test_random_tokens_need_no_text_and_are_always_the_same(tmp_path: Path) -> None:
    ids = random_ids(300)
    assert ids == random_ids(300)
    assert (min(ids), max(ids)) == (1, 299)
    assert np.median(ids) < 30  # common tokens come first in a vocabulary
    source = tiny_llama_checkpoint(tmp_path / "source")
    plain = build_model(source, tmp_path / "plain", BuildConfig(bits=4))
    led = build_model(source, tmp_path / "led", BuildConfig(bits=4, calibration="random"))
    assert (plain / WEIGHTS_NAME).read_bytes() != (led / WEIGHTS_NAME).read_bytes()


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\xff\xfe\xff", "not_readable"), (b"too short", "too_short")]
)
def test_a_text_that_cannot_serve_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(InvalidRequest, match=reason):
        read_ids(path, tiny_tokenizer().to_str(), 300)


def test_a_missing_text_or_tokenizer_is_refused(tmp_path: Path, text: Path) -> None:
    with pytest.raises(InvalidRequest, match="not_readable"):
        read_ids(tmp_path / "none.txt", tiny_tokenizer().to_str(), 300)
    with pytest.raises(InvalidRequest, match="no_tokenizer"):
        read_ids(text, "", 300)


def test_tokens_beyond_the_vocabulary_are_left_out(text: Path) -> None:
    tokenizer = tiny_tokenizer()
    ids = read_ids(text, tokenizer.to_str(), 100)
    whole = Tokenizer.from_str(json.dumps(json.loads(tokenizer.to_str()))).encode(_TEXT).ids
    assert ids == [token for token in whole if token < 100]


def test_cancelling_leaves_nothing_behind(tmp_path: Path, text: Path) -> None:
    source = tiny_llama_checkpoint(tmp_path / "source")
    before = sorted(path.name for path in tmp_path.iterdir())
    stop = Event()
    stop.set()
    config = BuildConfig(bits=4, calibration=str(text))
    with pytest.raises(BuildCancelled):
        build_model(source, tmp_path / "out", config, cancel=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
