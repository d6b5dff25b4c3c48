"""What the fuzzer breaks, and what is done with the pieces."""

from __future__ import annotations

import json
import lzma
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.builder import build_model
from engine.builder.readers import open_checkpoint
from engine.builder.readers.text_parts import folder_text
from engine.inspection import inspect_model
from engine.text.sentencepiece_file import parse_sentencepiece
from tests.helpers.gguf_files import folder_weights, write_gguf
from tests.helpers.gguf_layout import ARCHITECTURES
from tests.helpers.models import tiny_gguf, tiny_llama_checkpoint, tiny_tokenizer
from tests.helpers.mutations import change_bytes, change_json
from tests.helpers.published_tokenizers import FIXTURES as TEXT

PARITY: Final = TEXT.parent / "parity"
_SAMPLE: Final = "Hello, wörld! 你好 👩🏽\u200d🚀 مرحبا \n\t  12345 ｶﾞ e\u0301 <|im_end|>"
_PACKED: Final = {"gpt_oss": ("MXFP4", "Q8_0"), "qwen3_moe": ("Q4_0",), "deepseek_v2": ("Q5_1",)}
_JSON_TOO: Final = ("prefix", "unigram", "charsmap")


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of case.

    Attributes:
        make: Writes a broken checkpoint into an empty folder, and says where it is.
        read: Reads it; the second path is where a bundle may be built.
    """

    make: Callable[[random.Random, Path, Path], Path]
    read: Callable[[Path, Path], None]


def prepare(seeds: Path) -> None:
    """Write the good files that are broken later."""
    for config in sorted(PARITY.glob("*/config.json")):
        _link(config.parent, seeds / "folders" / config.parent.name)
        _write_gguf(config.parent, seeds / "gguf")
    tiny_llama_checkpoint(seeds / "sharded", shards=3)
    for kind in ("Q4_0", "Q8_0", "Q4_1"):
        tiny_gguf(seeds / "gguf" / f"tiny_{kind}.gguf", kind=kind)
    _write_tokenizers(seeds / "tokenizers")


def _write_gguf(folder: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    plain = "quantization_config" not in config and "__" not in folder.name
    if plain and config.get("model_type") in ARCHITECTURES:
        weights = folder_weights(folder)
        for kind in ("F32", *_PACKED.get(folder.name, ())):
            write_gguf(target / f"{folder.name}_{kind}.gguf", config, weights, kind)


def _write_tokenizers(target: Path) -> None:
    for name in ("prefix", "runs", "unigram", "charsmap"):
        (target / name).mkdir(parents=True)
        body = lzma.decompress((TEXT / f"{name}.model.xz").read_bytes())
        (target / name / "tokenizer.model").write_bytes(body)
        size = len(parse_sentencepiece(body).tokens)
        settings = {
            "added_tokens_decoder": {str(size): {"content": "<|im_end|>", "special": True}},
            "bos_token": "<s>",
            "eos_token": {"content": "<|im_end|>", "lstrip": False},
            "add_bos_token": True,
            "chat_template": "{{ messages }}",
        }
        (target / name / "tokenizer_config.json").write_text(json.dumps(settings))
    ranks = lzma.decompress((TEXT / "small.tiktoken.xz").read_bytes())
    (target / "tiktoken").mkdir()
    (target / "tiktoken" / "hy.tiktoken").write_bytes(ranks)
    built = {name: folder_text(target / name, {}).tokenizer_json for name in _JSON_TOO}
    for name, body in {**built, "bytes": tiny_tokenizer().to_str()}.items():
        folder = target / f"{name}_json"
        folder.mkdir()
        (folder / "tokenizer.json").write_text(body, "utf-8")
        (folder / "generation_config.json").write_text('{"eos_token_id": [1, 2]}')


def _link(source: Path, target: Path) -> None:
    """The same files again, not copied where that can be helped."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.suffix in (".json", ".safetensors", ".model", ".tiktoken"):
            try:
                os.link(path, target / path.name)
            except OSError:
                shutil.copyfile(path, target / path.name)


def _pick(draw: random.Random, folder: Path, place: Path) -> Path:
    """Links to the files of one of the folders inside `folder`."""
    source = draw.choice(sorted(path for path in folder.iterdir() if path.is_dir()))
    _link(source, place / "checkpoint")
    return place / "checkpoint"


def _replace(path: Path, body: bytes) -> None:
    path.unlink()  # it is a link to the good one
    path.write_bytes(body)


def _broken_config(draw: random.Random, seeds: Path, place: Path) -> Path:
    folder = _pick(draw, seeds / "folders", place)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    _replace(folder / "config.json", change_json(draw, config).encode())
    return folder


def _broken_weights(draw: random.Random, seeds: Path, place: Path) -> Path:
    folder = _pick(draw, seeds / "folders", place)
    path = draw.choice(sorted(folder.glob("*.safetensors")))
    data = path.read_bytes()
    if draw.random() < 0.4:
        _replace(path, change_bytes(draw, data))
        return folder
    start = 8 + int.from_bytes(data[:8], "little")
    header = change_json(draw, json.loads(data[8:start])).encode()
    length = draw.choice((len(header),) * 9 + (draw.choice((0, 1, 2**40, 2**63)),))
    _replace(path, length.to_bytes(8, "little") + header + data[start:])
    return folder


def _broken_index(draw: random.Random, seeds: Path, place: Path) -> Path:
    _link(seeds / "sharded", place / "checkpoint")
    folder = place / "checkpoint"
    index = folder / "model.safetensors.index.json"
    if draw.random() < 0.2:
        draw.choice(sorted(folder.glob("*.safetensors"))).unlink()
    body = index.read_bytes()
    text = change_json(draw, json.loads(body)).encode()
    _replace(index, text if draw.random() < 0.7 else change_bytes(draw, body))
    return folder


def _broken_gguf(draw: random.Random, seeds: Path, place: Path) -> Path:
    source = draw.choice(sorted((seeds / "gguf").iterdir()))
    path = place / "model.gguf"
    path.write_bytes(change_bytes(draw, source.read_bytes()))
    return path


def _broken_tokenizer(draw: random.Random, seeds: Path, place: Path) -> Path:
    folder = _pick(draw, seeds / "tokenizers", place)
    path = draw.choice(sorted(folder.iterdir()))
    data = path.read_bytes()
    if path.suffix == ".json" and draw.random() < 0.8:
        _replace(path, change_json(draw, json.loads(data)).encode())
    else:
        _replace(path, change_bytes(draw, data))
    return folder


def _inspect(source: Path, out: Path) -> None:
    """Plan it as `inspect` does; sometimes build it."""
    inspect_model(source)
    checkpoint = open_checkpoint(source)
    for name in checkpoint.names():
        tensor = checkpoint.tensor(name)
        tensor.floats(0, min(2, tensor.rows))
        tensor.floats(max(0, tensor.rows - 2))
    if checkpoint.size_bytes % 8 == 0:
        build_model(source, out)


def _read_gguf(source: Path, out: Path) -> None:
    checkpoint = open_checkpoint(source)
    checkpoint.text()
    _inspect(source, out)


def _encode(folder: Path, _out: Path) -> None:
    from tokenizers import Tokenizer  # noqa: PLC0415

    config: dict[str, Any] = {"eos_token_id": [2, 7]}
    parts = folder_text(folder, config)
    if parts.tokenizer_json:
        tokenizer = Tokenizer.from_str(parts.tokenizer_json)
        tokenizer.decode(tokenizer.encode(_SAMPLE).ids)


TARGETS: Final = {
    "config": Target(_broken_config, _inspect),
    "safetensors": Target(_broken_weights, _inspect),
    "index": Target(_broken_index, _inspect),
    "gguf": Target(_broken_gguf, _read_gguf),
    "tokenizer": Target(_broken_tokenizer, _encode),
}
