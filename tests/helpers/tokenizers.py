"""Tokenizers for tests: the starter's own metadata, and a small SentencePiece vocabulary."""

from __future__ import annotations

import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from engine.text.tokenizer import tokenizer_from_gguf

FIXTURES = Path(__file__).parents[1] / "fixtures" / "text"

# Left to right and right to left, with and without spaces, combining marks, joined emoji, NUL.
CORPUS = (
    "",
    " ",
    "Hello, world! It's 12,345.67 o'clock — isn't it?",
    "  two spaces,\ttabs\tand\r\nline\n\n\nbreaks \n ",
    "Où est la bibliothèque ? L’élève naïf a mangé du bœuf à Noël.",
    "人工智能正在改变世界。今天天气很好！",
    "東京タワーへ行きましょう。カタカナとひらがな",
    "안녕하세요, 세계! 한글은 아름답다.",
    "Привет, как дела? Съешь ещё этих мягких французских булок.",
    "Γειά σου Κόσμε",
    "שלום עולם, מה שלומך היום?",
    "مرحبا بالعالم، كيف حالك اليوم؟ ١٢٣",
    "नमस्ते दुनिया, क्षत्रिय",
    "สวัสดีชาวโลก",
    "வணக்கம் உலகம்",
    "Xin chào thế giới, tiếng Việt",
    "გამარჯობა მსოფლიო",
    "e\u0301 vs \u00e9, n\u0303, \u0928\u093f",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033dA\u0334\u0319",
    "👩🏽\u200d🚀👨\u200d👩\u200d👧\u200d👦🏳️\u200d🌈 🇫🇷🇨🇳 ☺️",
    "NUL \x00 inside\x00\x00",
    "\u202eright to left override\u202c \u200b\u2060\ufeff",
    "<b>not a tag</b> <|not a mark|> [INST] </s>",
    "0123456789 3.14159 1e-9 0x7F",
    "supplementary 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠜎𠜱 𓀀",
)


@cache
def starter_metadata() -> dict[str, Any]:
    """`tokenizer.*` of the starter's GGUF (SmolLM2, Apache-2.0). Copy before changing."""
    body = lzma.decompress((FIXTURES / "smollm2_tokenizer.json.xz").read_bytes())
    metadata: dict[str, Any] = json.loads(body)
    return metadata


@cache
def starter_tokenizer() -> Tokenizer:
    """The starter's tokenizer, built by our own code."""
    return tokenizer_from_gguf(starter_metadata())


def starter_chats() -> list[dict[str, Any]]:
    """Questions with rendered text, ids and greedy replies, made by Hugging Face transformers."""
    chats: list[dict[str, Any]] = json.loads((FIXTURES / "smollm2_chat.json").read_text("utf-8"))
    return chats


def sentencepiece_metadata(**changes: Any) -> dict[str, Any]:
    """A small vocabulary of the "llama" kind: unknown, two marks, bytes, then pieces by score."""
    pieces = "▁ e t a o n i s r h l d u c m th he in er an ▁t ▁a ▁th ▁the re on ▁s at en nd ▁and "
    pieces += "or ▁c es ▁w it ou ▁i is ▁in ▁h hello ▁hello el ll hel lo ▁hel w ▁wo ▁world ld rl"
    words = pieces.split()
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{value:02X}>" for value in range(256)), *words]
    types = [2, 3, 3, *[6] * 256, *[1] * len(words)]
    scores = [0.0] * 259 + [-float(rank) for rank in range(len(words))]
    metadata: dict[str, Any] = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.scores": scores,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }
    return metadata | {f"tokenizer.ggml.{key}": value for key, value in changes.items()}
