"""Quantized folders: float8 in tiles, MXFP4, and every other method refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from gguf.constants import GGMLQuantizationType
from gguf.quants import dequantize
from numpy.typing import NDArray
from safetensors.numpy import save_file

from engine.builder.readers import open_checkpoint
from engine.errors import BadCheckpoint, UnsupportedFamily
from engine.inspection import inspect_model
from tests.helpers.models import tiny_config, tiny_llama_checkpoint

FP8 = {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}
FP4 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0)


def _folder(path: Path, tensors: dict[str, NDArray[Any]], quantization: object) -> Path:
    config = tiny_config(quantization_config=quantization)
    (path / "config.json").write_text(json.dumps(config))
    save_file(tensors, path / "model.safetensors")
    return path


@pytest.mark.parametrize("scale_type", [np.float32, ml_dtypes.bfloat16])
def test_float8_tiles_are_scaled(tmp_path: Path, scale_type: type) -> None:
    random = np.random.default_rng(1)
    values = random.standard_normal((200, 300)).astype(ml_dtypes.float8_e4m3fn)
    scales = np.asarray(2.0 ** random.integers(-9, 3, (2, 3)), scale_type)
    tensors = {"w.weight": values, "w.weight_scale_inv": scales}
    checkpoint = open_checkpoint(_folder(tmp_path, tensors, FP8))
    assert list(checkpoint.names()) == ["w.weight"]
    assert "quantization_config" not in checkpoint.config
    assert checkpoint.source_type == "F8_E4M3"
    tensor = checkpoint.tensor("w.weight")
    assert tensor.type == "F8_E4M3_128"
    tiles = scales.astype(np.float32).repeat(128, 0)[:200].repeat(128, 1)[:, :300]
    expected = values.astype(np.float32) * tiles
    np.testing.assert_array_equal(tensor.whole(), expected)
    np.testing.assert_array_equal(tensor.floats(126, 131), expected[126:131])
    np.testing.assert_array_equal(tensor.read(3, 5)[:, :300], values[3:5].view(np.uint8))
    order = np.array([199, 0, 128, 127])
    np.testing.assert_array_equal(tensor.reordered(order).floats(0, 4), expected[order])


def test_stacked_float8_experts_have_tiles_of_their_own(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    values = random.standard_normal((3, 6, 10)).astype(ml_dtypes.float8_e5m2)
    scales = np.asarray(random.random((3, 2, 3)), np.float32)
    quantization = {**FP8, "weight_block_size": [4, 4]}
    tensors = {"e": values, "e_scale_inv": scales}
    tensor = open_checkpoint(_folder(tmp_path, tensors, quantization)).tensor("e")
    tiles = scales.repeat(4, 1)[:, :6].repeat(4, 2)[:, :, :10]
    np.testing.assert_array_equal(tensor.whole(), values.astype(np.float32) * tiles)
    part = tensor.sliced(5, 8).floats()  # the end of one expert and the beginning of the next
    np.testing.assert_array_equal(part, tensor.floats(5, 8))


def test_a_float8_value_that_is_no_number_is_found(tmp_path: Path) -> None:
    values = np.full((2, 2), np.nan, ml_dtypes.float8_e4m3fn)
    tensors = {"w": values, "w_scale_inv": np.ones((1, 1), np.float32)}
    tensor = open_checkpoint(_folder(tmp_path, tensors, FP8)).tensor("w")
    with pytest.raises(BadCheckpoint, match="not_finite"):
        tensor.floats()


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (2,), (2, 3, 1)])
def test_scales_must_fit_their_tiles(tmp_path: Path, shape: tuple[int, ...]) -> None:
    values = np.zeros((200, 300), ml_dtypes.float8_e4m3fn)
    tensors = {"w": values, "w_scale_inv": np.ones(shape, np.float32)}
    with pytest.raises(BadCheckpoint, match="wrong_shape"):
        open_checkpoint(_folder(tmp_path, tensors, FP8)).tensor("w")


def test_float8_without_scales_is_refused(tmp_path: Path) -> None:
    tensors = {"w": np.zeros((2, 2), ml_dtypes.float8_e4m3fn)}
    with pytest.raises(BadCheckpoint, match="w_scale_inv"):
        open_checkpoint(_folder(tmp_path, tensors, FP8))
    checkpoint = open_checkpoint(_folder(tmp_path, tensors, None))
    with pytest.raises(UnsupportedFamily, match="F8_E4M3"):
        checkpoint.tensor("w")


def _mxfp4(tmp_path: Path, **changes: NDArray[Any]) -> Path:
    random = np.random.default_rng(3)
    tensors = {
        "e_blocks": random.integers(0, 256, (2, 5, 3, 16), np.uint8),
        "e_scales": random.integers(110, 140, (2, 5, 3), np.uint8),
        "e_bias": np.zeros((2, 5), np.float32),
    }
    return _folder(tmp_path, {**tensors, **changes}, {"quant_method": "mxfp4"})


def test_mxfp4_blocks_and_scales_are_one_tensor(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(_mxfp4(tmp_path))
    assert sorted(checkpoint.names()) == ["e", "e_bias"]
    tensor = checkpoint.tensor("e")
    assert (tensor.shape, tensor.type) == ((2, 5, 96), "MXFP4")
    raw = open_checkpoint(_folder_without_method(tmp_path))
    assert "e_blocks" in raw.names()
    random = np.random.default_rng(3)
    blocks = random.integers(0, 256, (2, 5, 3, 16), np.uint8)
    exponents = random.integers(110, 140, (2, 5, 3), np.uint8).astype(np.int32)
    values = np.array(FP4)[np.stack([blocks & 15, blocks >> 4], -1)].reshape(2, 5, 3, 32)
    expected = np.ldexp(values, exponents[..., None] - 127).reshape(2, 5, 96)
    np.testing.assert_array_equal(tensor.whole(), expected.astype(np.float32))


def _folder_without_method(path: Path) -> Path:
    (path / "config.json").write_text(json.dumps(tiny_config()))
    return path


def test_mxfp4_rows_are_ggml_rows(tmp_path: Path) -> None:
    tensor = open_checkpoint(_mxfp4(tmp_path)).tensor("e")
    rows = tensor.read(2, 9)
    assert rows.shape == (7, 3 * 17)
    floats = dequantize(rows, GGMLQuantizationType.MXFP4)
    np.testing.assert_array_equal(floats, tensor.floats(2, 9))


def test_mxfp4_that_does_not_fit_together(tmp_path: Path) -> None:
    for scales in (np.zeros((2, 5, 2), np.uint8), np.zeros((30,), np.uint8)):
        with pytest.raises(BadCheckpoint, match="wrong_shape"):
            open_checkpoint(_mxfp4(tmp_path, e_scales=scales)).tensor("e")
    with pytest.raises(BadCheckpoint, match="e_scales"):
        open_checkpoint(_mxfp4(tmp_path, e_scales=np.zeros((2, 5, 3), np.float32)))
    with pytest.raises(BadCheckpoint, match="e_scales"):
        open_checkpoint(_mxfp4(tmp_path, e=np.zeros((2, 5, 96), np.float32)))
    bad = open_checkpoint(_mxfp4(tmp_path, e_scales=np.full((2, 5, 3), 255, np.uint8)))
    with pytest.raises(BadCheckpoint, match="not_finite"):
        bad.tensor("e").floats()


@pytest.mark.parametrize(
    ("quantization", "option"),
    [
        ({"quant_method": "gptq", "bits": 4}, "quant_method=gptq"),
        ({"quant_method": "awq"}, "quant_method=awq"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "quant_method=bitsandbytes"),
        ({"quant_method": "compressed-tensors"}, "quant_method=compressed-tensors"),
        ({"quant_method": "fbgemm_fp8"}, "quant_method=fbgemm_fp8"),
        ({"load_in_8bit": True}, "quant_method=None"),
        ({"quant_method": "fp8", "activation_scheme": "static"}, "weight_block_size"),
        ({**FP8, "fmt": "int8"}, "fmt=int8"),
    ],
)
def test_other_quantizations_are_refused_by_name(
    tmp_path: Path, quantization: dict[str, Any], option: str
) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s", quantization_config=quantization)
    with pytest.raises(UnsupportedFamily, match=option):
        inspect_model(folder)


@pytest.mark.parametrize(
    "tile", [[], [128], [0, 128], [-1, 1], [True, 8], [1 << 40, 1], ["a", "b"]]
)
def test_absurd_tiles(tmp_path: Path, tile: list[object]) -> None:
    quantization = {**FP8, "weight_block_size": tile}
    folder = tiny_llama_checkpoint(tmp_path / "s", quantization_config=quantization)
    with pytest.raises(BadCheckpoint, match="weight_block_size"):
        open_checkpoint(folder)


def test_quantization_told_elsewhere_or_wrongly(tmp_path: Path) -> None:
    folder = tiny_llama_checkpoint(tmp_path / "s", quantization={"group_size": 64, "bits": 4})
    with pytest.raises(UnsupportedFamily, match="quantization"):
        open_checkpoint(folder)
    folder = tiny_llama_checkpoint(tmp_path / "t", quantization_config="gptq")
    with pytest.raises(BadCheckpoint, match="quantization_config"):
        open_checkpoint(folder)
