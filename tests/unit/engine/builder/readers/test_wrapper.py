"""The language model inside a multimodal folder, and what is left out knowingly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.builder.readers import open_checkpoint
from engine.builder.readers.wrapper import plain_name, text_config
from engine.errors import BadCheckpoint
from tests.helpers.models import tiny_llama_checkpoint


@pytest.mark.parametrize(
    ("stored", "plain"),
    [
        ("model.layers.1.mlp.up_proj.weight", "model.layers.1.mlp.up_proj.weight"),
        ("model.language_model.layers.1.x", "model.layers.1.x"),
        ("model.language_model.embed_tokens.weight", "model.embed_tokens.weight"),
        ("language_model.model.norm.weight", "model.norm.weight"),
        ("language_model.lm_head.weight", "lm_head.weight"),
        ("lm_head.weight", "lm_head.weight"),
        ("model.visual.blocks.0.attn.qkv.weight", None),
        ("visual.merger.norm.weight", None),
        ("vision_tower.vision_model.post_layernorm.bias", None),
        ("model.vision_tower.x", None),
        ("model.audio_tower.x", None),
        ("model.embed_vision.embedding_projection.weight", None),
        ("multi_modal_projector.linear_1.weight", None),
        ("mtp.layers.0.mlp.gate.weight", None),
        ("model.mtp_block.0.x", None),
        ("model.layers.3.x", "model.layers.3.x"),
        ("model.layers.4.embed_tokens.weight", None),
        ("model.language_model.layers.4.x", None),
        ("model.layers.5.x", "model.layers.5.x"),
        ("model.visually.x", "model.visually.x"),
        ("model.layers.99999999999999999999.x", "model.layers.99999999999999999999.x"),
    ],
)
def test_names(stored: str, plain: str | None) -> None:
    config = {"num_hidden_layers": 4, "num_nextn_predict_layers": 1}
    assert plain_name(stored, config) == plain


@pytest.mark.parametrize("extra", [None, 0, True, "1", [1]])
def test_layers_behind_the_last_are_left_out_only_when_the_config_tells(extra: object) -> None:
    config = {"num_hidden_layers": 4, "num_nextn_predict_layers": extra}
    assert plain_name("model.layers.4.x", config) == "model.layers.4.x"


def test_what_the_wrapper_lends_to_the_language_model() -> None:
    outer: dict[str, Any] = {
        "model_type": "vlm",
        "tie_word_embeddings": True,
        "eos_token_id": 7,
        "hidden_size": 1,
        "text_config": {"model_type": "llama", "hidden_size": 64, "eos_token_id": None},
    }
    assert text_config(outer) == {
        "model_type": "llama",
        "hidden_size": 64,
        "tie_word_embeddings": True,
        "eos_token_id": 7,
    }
    outer["text_config"] = {"tie_word_embeddings": False}
    assert text_config(outer)["tie_word_embeddings"] is False
    assert text_config(outer)["model_type"] == "vlm"
    assert text_config({"a": 1, "text_config": None}) == {"a": 1, "text_config": None}
    with pytest.raises(BadCheckpoint, match="text_config"):
        text_config({"text_config": [1]})


def _wrap(folder: Path, prefix: str) -> None:
    path = folder / "model.safetensors"
    tensors = {name.replace("model.", prefix, 1): v for name, v in load_file(path).items()}
    tensors["model.visual.patch_embed.proj.weight"] = np.zeros((2, 2), np.int64)
    tensors["mtp.fc.weight"] = np.zeros((2, 2), np.float32)
    save_file(tensors, path)
    inner = json.loads((folder / "config.json").read_text())
    tied = inner.pop("tie_word_embeddings")
    config = {"model_type": "vlm", "text_config": inner, "tie_word_embeddings": tied}
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("prefix", ["model.language_model.", "language_model.model."])
def test_a_wrapped_model_has_the_tensors_of_the_plain_one(tmp_path: Path, prefix: str) -> None:
    plain = open_checkpoint(tiny_llama_checkpoint(tmp_path / "plain"))
    folder = tiny_llama_checkpoint(tmp_path / "wrapped")
    _wrap(folder, prefix)
    wrapped = open_checkpoint(folder)
    assert set(wrapped.names()) == set(plain.names())
    assert wrapped.config == plain.config
    assert wrapped.size_bytes == plain.size_bytes
    for name in plain.names():
        np.testing.assert_array_equal(wrapped.tensor(name).whole(), plain.tensor(name).whole())


def test_two_names_for_one_tensor_are_refused(tmp_path: Path) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s")
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["model.language_model.norm.weight"] = tensors["model.norm.weight"]
    save_file(tensors, path)
    with pytest.raises(BadCheckpoint, match="duplicate_tensor"):
        open_checkpoint(folder)


def test_a_tied_head_that_is_stored_all_the_same(tmp_path: Path) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s", tie_word_embeddings=True)
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].copy()
    save_file(tensors, path)
    same = open_checkpoint(folder)
    assert same.config["tie_word_embeddings"] is True
    assert "lm_head.weight" not in same.names()
    tensors["lm_head.weight"][-1, -1] += 1
    save_file(tensors, path)
    other = open_checkpoint(folder)
    assert other.config["tie_word_embeddings"] is False
    assert "lm_head.weight" in other.names()


@pytest.mark.parametrize("tied", [True, False])
def test_a_config_that_does_not_say_is_answered_by_the_head(tmp_path: Path, tied: bool) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s", tie_word_embeddings=tied)
    config = json.loads((folder / "config.json").read_text())
    del config["tie_word_embeddings"]
    (folder / "config.json").write_text(json.dumps(config))
    assert open_checkpoint(folder).config["tie_word_embeddings"] is tied
