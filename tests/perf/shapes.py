"""Models of real shapes with random weights: GGUF files of Q4_0 blocks, and our bundles of them.

    .venv/bin/python -m tests.perf.shapes [--folder /tmp/shapes] [NAME ...]

    r1-distill-qwen-1.5b   DeepSeek-R1-Distill-Qwen-1.5B: 28 layers, vocabulary 151,936, a head of
                           its own; 1.78e9 weights, 1.0 GB
    qwen3-30b-a3b-4        Qwen3-30B-A3B with 4 of its 48 layers: 128 experts, 8 of them for each
                           token; the vocabulary is cut to a twelfth like the layers, so that the
                           head has the share of a step that it has in the whole model; 1.4 GB

Every matrix is made of random blocks in Q4_0, tables and head included, which is llama.cpp's
fastest form. The bundle is built from that file with the builder's own defaults, which take its
blocks over as they are: both sides multiply by the same numbers. Routers are float32 in both.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from numpy.typing import NDArray

from engine.builder import build_model
from tests.helpers.gguf_keys import gguf_keys
from tests.helpers.gguf_layout import ARCHITECTURES

FOLDER: Final = Path("/tmp/shapes")  # noqa: S108 - large, and can be made again
BLOCK, BLOCK_BYTES = 32, 18
_STEP_SPREAD: Final = 4.61  # of whole steps from -8 to 7, all equally likely

QWEN_1_5B: Final = "r1-distill-qwen-1.5b"
QWEN_MOE: Final = "qwen3-30b-a3b-4"
CONFIGS: Final[Mapping[str, Mapping[str, Any]]] = {
    QWEN_1_5B: {
        "model_type": "qwen2",
        "hidden_size": 1536,
        "intermediate_size": 8960,
        "num_hidden_layers": 28,
        "num_attention_heads": 12,
        "num_key_value_heads": 2,
        "vocab_size": 151_936,
        "max_position_embeddings": 131_072,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10_000.0,
    },
    QWEN_MOE: {
        "model_type": "qwen3_moe",
        "hidden_size": 2048,
        "intermediate_size": 6144,
        "moe_intermediate_size": 768,
        "num_hidden_layers": 4,
        "num_attention_heads": 32,
        "num_key_value_heads": 4,
        "head_dim": 128,
        "num_experts": 128,
        "num_experts_per_tok": 8,
        "norm_topk_prob": True,
        "vocab_size": 12_672,
        "max_position_embeddings": 40_960,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1_000_000.0,
    },
}


@dataclass(frozen=True, slots=True)
class Matrix:
    """A weight of a GGUF file.

    Attributes:
        name: In the file.
        shape: Rows last but one, columns last.
        kind: "blocks" for Q4_0, "floats" for random float32, "ones" for a norm.
        used: Share of it that one token reads.
        size: Of its numbers, as a share of what trained ones would have.
    """

    name: str
    shape: tuple[int, ...]
    kind: str = "blocks"
    used: float = 1.0
    size: float = 1.0


def matrices(config: Mapping[str, Any]) -> Iterator[Matrix]:
    """All weights of one of `CONFIGS`.

    Layers of random weights drown the token in what they have in common, and most tokens go to the
    same few experts. With a large `embedding_size` and a small `added_size` every token stays as
    random as its embedding is.
    """
    hidden, vocab = config["hidden_size"], config["vocab_size"]
    yield Matrix(
        "token_embd.weight", (vocab, hidden), used=0.0, size=config.get("embedding_size", 1.0)
    )
    yield Matrix("output.weight", (vocab, hidden))
    yield Matrix("output_norm.weight", (hidden,), "ones")
    for layer in range(config["num_hidden_layers"]):
        stem = f"blk.{layer}"
        yield Matrix(f"{stem}.attn_norm.weight", (hidden,), "ones")
        yield Matrix(f"{stem}.ffn_norm.weight", (hidden,), "ones")
        yield from _attention(stem, config)
        yield from _experts(stem, config) if "num_experts" in config else _mlp(stem, config)


def _attention(stem: str, config: Mapping[str, Any]) -> Iterator[Matrix]:
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    width = config.get("head_dim", hidden // heads)
    wide, narrow = heads * width, config["num_key_value_heads"] * width
    for name, rows in (("q", wide), ("k", narrow), ("v", narrow)):
        yield Matrix(f"{stem}.attn_{name}.weight", (rows, hidden))
        if config["model_type"] == "qwen2":
            yield Matrix(f"{stem}.attn_{name}.bias", (rows,), "floats")
    if config["model_type"] == "qwen3_moe":
        yield Matrix(f"{stem}.attn_q_norm.weight", (width,), "ones")
        yield Matrix(f"{stem}.attn_k_norm.weight", (width,), "ones")
    yield Matrix(f"{stem}.attn_output.weight", (hidden, wide), size=config.get("added_size", 1.0))


def _mlp(stem: str, config: Mapping[str, Any]) -> Iterator[Matrix]:
    hidden, width = config["hidden_size"], config["intermediate_size"]
    yield Matrix(f"{stem}.ffn_gate.weight", (width, hidden))
    yield Matrix(f"{stem}.ffn_up.weight", (width, hidden))
    yield Matrix(f"{stem}.ffn_down.weight", (hidden, width))


def _experts(stem: str, config: Mapping[str, Any]) -> Iterator[Matrix]:
    hidden, width = config["hidden_size"], config["moe_intermediate_size"]
    count = config["num_experts"]
    used = config["num_experts_per_tok"] / count
    yield Matrix(f"{stem}.ffn_gate_inp.weight", (count, hidden), "floats")
    yield Matrix(f"{stem}.ffn_gate_exps.weight", (count, width, hidden), used=used)
    yield Matrix(f"{stem}.ffn_up_exps.weight", (count, width, hidden), used=used)
    size = config.get("added_size", 1.0)
    yield Matrix(f"{stem}.ffn_down_exps.weight", (count, hidden, width), used=used, size=size)


def weights_per_token(config: Mapping[str, Any]) -> int:
    """Quantized weights that one decode step multiplies with."""
    return round(
        sum(one.used * np.prod(one.shape) for one in matrices(config) if one.kind == "blocks")
    )


def bytes_per_token(config: Mapping[str, Any]) -> int:
    """Bytes of the file that one decode step has to read: blocks, routers and norms."""
    read = 0.0
    for one in matrices(config):
        per_weight = BLOCK_BYTES / BLOCK if one.kind == "blocks" else 4
        read += one.used * float(np.prod(one.shape)) * per_weight
    return round(read)


def write_shape(name: str, folder: Path) -> tuple[Path, Path]:
    """Make the GGUF file and the bundle of a shape, unless they are there.

    Returns:
        The file and the bundle.
    """
    folder.mkdir(parents=True, exist_ok=True)
    gguf, bundle = folder / f"{name}.Q4_0.gguf", folder / name
    if not gguf.exists():
        part = gguf.with_suffix(".part")
        _write_gguf(part, CONFIGS[name])
        part.rename(gguf)
    if not bundle.exists():
        build_model(gguf, bundle)
    return gguf, bundle


def _write_gguf(path: Path, config: Mapping[str, Any]) -> None:
    architecture = ARCHITECTURES[config["model_type"]]
    writer = GGUFWriter(path, architecture)
    for key, value in gguf_keys(config).items():
        add = writer.add_float32 if isinstance(value, float) else writer.add_uint32
        add(f"{architecture}.{key}", value)
    tokens = ["a", "b", "ab", *(f"<|{index}|>" for index in range(3, config["vocab_size"]))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.NORMAL] * len(tokens))
    writer.add_token_merges(["a b"])
    random = np.random.default_rng(7)
    for one in matrices(config):
        if one.kind == "blocks":
            blocks = _random_blocks(random, one.shape, one.size)
            writer.add_tensor(one.name, blocks, raw_dtype=GGMLQuantizationType.Q4_0)
        else:
            floats = np.ones(one.shape, np.float32)
            if one.kind == "floats":
                floats = random.standard_normal(one.shape, np.float32) / np.float32(50)
            writer.add_tensor(one.name, floats)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _random_blocks(
    random: np.random.Generator, shape: tuple[int, ...], size: float
) -> NDArray[np.uint8]:
    """Q4_0 blocks of numbers about as large as trained weights are: [..., columns / 32 * 18]."""
    count = int(np.prod(shape)) // BLOCK
    blocks = np.empty((count, BLOCK_BYTES), np.uint8)
    mean = size * shape[-1] ** -0.5 / _STEP_SPREAD
    scales = (mean * random.uniform(0.7, 1.3, count)).astype(np.float16)
    blocks[:, :2] = scales.view(np.uint8).reshape(count, 2)
    blocks[:, 2:] = random.integers(0, 256, (count, BLOCK_BYTES - 2), np.uint8)
    return blocks.reshape(*shape[:-1], shape[-1] // BLOCK * BLOCK_BYTES)


def main() -> None:
    """Make what is missing, and say what it is."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CONFIGS))
    arguments = parser.parse_args()
    for name in arguments.names or CONFIGS:
        start = time.perf_counter()
        gguf, bundle = write_shape(name, arguments.folder)
        facts = {
            "gguf": str(gguf),
            "bundle": str(bundle),
            "weights_per_token": weights_per_token(CONFIGS[name]),
            "mb_per_token_in_the_file": round(bytes_per_token(CONFIGS[name]) / 1e6, 1),
            "seconds": round(time.perf_counter() - start, 1),
        }
        print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
