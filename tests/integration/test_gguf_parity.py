"""GGUF files of every architecture against the reference's logits, and against their own floats.

The reference checkpoints lie on Q4_0's grid, so that a Q4_0 file of one loses nothing. Other types
are compared with a folder that holds, as float32, what the gguf library decodes from the same
blocks: both must give the same logits.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from engine import build_model
from engine.builder.families import FAMILIES
from engine.builder.readers import open_checkpoint
from engine.types import Bits, BuildConfig
from tests.helpers.gguf_files import Model, reference_model, widened, write_gguf
from tests.helpers.gguf_layout import ARCHITECTURES
from tests.helpers.graph_runner import GraphRunner
from tests.helpers.parity import FIXTURES

UNQUANTIZED, QUANTIZED = 5e-4, 2e-3
IDS = np.array([3, 17, 99, 4, 64, 5, 5, 120, 31, 8, 77, 2, 45, 9, 101, 63, 12, 88, 1, 40])

VARIANTS = (
    "deepseek_v2__groups",
    "gemma4__26b",
    "gemma4__e2b",
    "glm4_moe__groups",
    "hunyuan_v1_dense__alpha",
    "phi3__long",
    "phi3__partial",
    "qwen3_5_moe__joint",
)
"""Those whose options GGUF can say."""
FOLDERS = sorted(
    path.parent.name
    for path in FIXTURES.glob("*/config.json")
    if "__" not in path.parent.name and not path.parent.name.endswith(("_fp8", "_mxfp4"))
)
FAMILIES_OF_THE_BAR = (
    "llama",
    "qwen3_moe",
    "deepseek_v2",
    "deepseek_v3",
    "gpt_oss",
    "gemma3_text",
)
LATENT = {"deepseek_v2", "deepseek_v3", "glm4_moe_lite"}
"""Their keys are transposed in the file and lie on another grid there."""


def logits(source: Path, bits: Bits | None, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    bundle = build_model(source, source.with_suffix(f".bundle{bits}"), BuildConfig(bits=bits))
    return GraphRunner(bundle, exact=True).read(ids)


def test_every_family_with_an_architecture_has_a_file_here() -> None:
    covered = {
        json.loads((FIXTURES / name / "config.json").read_text())["model_type"] for name in FOLDERS
    }
    assert ARCHITECTURES.keys() & FAMILIES.keys() <= covered | {"lfm2"}


@pytest.mark.parametrize(
    ("name", "kind", "bits", "allowed"),
    [(name, "F32", 32, UNQUANTIZED) for name in (*FOLDERS, *VARIANTS)]
    + [(name, "Q4_0", None, QUANTIZED) for name in FOLDERS if name not in LATENT],
)
def test_logits_are_the_references(
    name: str, kind: str, bits: Bits | None, allowed: float, tmp_path: Path
) -> None:
    model = reference_model(name)
    path = write_gguf(tmp_path / "m.gguf", model.config, model.weights, kind, changes=model.changes)
    with np.load(FIXTURES / name / "reference.npz") as expected:
        found = logits(path, bits, expected["input_ids"])
        assert np.abs(found - expected["logits"]).max() <= allowed


@pytest.mark.parametrize("name", FAMILIES_OF_THE_BAR)
@pytest.mark.parametrize("kind", ["Q4_0", "Q8_0", "MXFP4"])
def test_blocks_are_taken_over_exactly(name: str, kind: str, tmp_path: Path) -> None:
    """Built as the file is: every matrix keeps the numbers of its blocks."""
    path, expected = beside_its_floats(reference_model(name), kind, tmp_path)
    assert np.abs(logits(path, None, IDS) - expected).max() <= QUANTIZED


@pytest.mark.parametrize("name", FAMILIES_OF_THE_BAR)
@pytest.mark.parametrize("kind", ["Q4_K", "Q6_K"])
def test_super_blocks_are_read_right(name: str, kind: str, tmp_path: Path) -> None:
    """They need rows of 256 values: the same families, wider."""
    model = reference_model(name)
    wide = Model(*widened(model.config, model.weights), model.changes)
    path, expected = beside_its_floats(wide, kind, tmp_path)
    assert np.abs(logits(path, None, IDS) - expected).max() <= QUANTIZED
    assert np.abs(logits(path, 32, IDS) - expected).max() <= QUANTIZED


def beside_its_floats(model: Model, kind: str, folder: Path) -> tuple[Path, NDArray[np.float32]]:
    """A GGUF file, and the logits of the floats that the library decodes from it."""
    path, plain = (
        write_gguf(
            folder / f"{decoded}.gguf",
            model.config,
            model.weights,
            kind,
            decoded=decoded,
            changes=model.changes,
        )
        for decoded in (False, True)
    )
    return path, logits(folder_of(plain, folder / "folder"), 32, IDS)


def folder_of(gguf: Path, folder: Path) -> Path:
    """A GGUF file of float32 tensors as a Hugging Face folder."""
    folder.mkdir()
    checkpoint = open_checkpoint(gguf)
    (folder / "config.json").write_text(json.dumps(dict(checkpoint.config)))
    (folder / "tokenizer.json").write_text(checkpoint.text().tokenizer_json)
    tensors = {name: checkpoint.tensor(name).whole() for name in checkpoint.names()}
    save_file(tensors, folder / "model.safetensors")
    return folder
