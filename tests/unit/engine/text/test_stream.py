from __future__ import annotations

import time

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models

from engine.errors import UnsupportedFamily
from engine.text.stream import StreamDecoder
from engine.text.tokenizer import tokenizer_from_gguf
from tests.helpers.tokenizers import CORPUS, sentencepiece_metadata, starter_tokenizer


def stream(tokenizer: Tokenizer, ids: list[int], step: int = 1) -> list[str]:
    decoder = StreamDecoder(tokenizer)
    parts = [decoder.push(ids[at : at + step]) for at in range(0, len(ids), step)]
    return [*parts, decoder.flush()]


@pytest.mark.parametrize("text", CORPUS)
@pytest.mark.parametrize("step", [1, 3])
def test_pieces_join_to_the_text(text: str, step: int) -> None:
    tokenizer = starter_tokenizer()
    parts = stream(tokenizer, tokenizer.encode(text).ids, step)
    assert "".join(parts) == text
    assert "\ufffd" not in "".join(parts)


def test_random_ids_decode_as_the_library_does() -> None:
    tokenizer = starter_tokenizer()
    generator = np.random.default_rng(1)
    for _ in range(300):
        ids = generator.integers(0, tokenizer.get_vocab_size(), size=40).tolist()
        assert "".join(stream(tokenizer, ids)) == tokenizer.decode(ids)


def test_random_bytes_decode_as_the_library_does() -> None:
    tokenizer = starter_tokenizer()
    singles = [i for i in range(17, 300) if len(tokenizer.id_to_token(i) or "") == 1]
    generator = np.random.default_rng(2)
    for _ in range(500):
        ids = generator.choice(singles, size=12).tolist()
        assert "".join(stream(tokenizer, ids)) == tokenizer.decode(ids)


def test_half_a_character_waits() -> None:
    tokenizer = starter_tokenizer()
    ids = tokenizer.encode("👩🏽").ids
    assert len(ids) > 2
    parts = stream(tokenizer, ids)
    assert parts[0] == ""
    assert all(len(part) in (0, 1) for part in parts)
    assert "".join(parts) == "👩🏽"


def test_flush_marks_broken_bytes_and_starts_afresh() -> None:
    tokenizer = starter_tokenizer()
    decoder = StreamDecoder(tokenizer)
    ids = tokenizer.encode("👩").ids
    assert decoder.push(ids[:-1]) == ""
    assert decoder.flush() == "\ufffd"
    assert decoder.push(tokenizer.encode("again").ids) + decoder.flush() == "again"


def test_control_tokens_are_skipped() -> None:
    assert "".join(stream(starter_tokenizer(), [1, 504, 2])) == "The"


def test_ids_without_a_token_are_skipped() -> None:
    assert "".join(stream(starter_tokenizer(), [504, 10**6])) == "The"


@pytest.mark.parametrize("text", CORPUS)
@pytest.mark.parametrize("prefix", [True, False])
def test_sentencepiece(text: str, prefix: bool) -> None:
    tokenizer = tokenizer_from_gguf(sentencepiece_metadata(add_space_prefix=prefix))
    ids = tokenizer.encode(text.replace("</s>", "")).ids
    assert "".join(stream(tokenizer, ids)) == tokenizer.decode(ids)


def test_sentencepiece_random_ids() -> None:
    tokenizer = tokenizer_from_gguf(sentencepiece_metadata())
    generator = np.random.default_rng(3)
    for _ in range(300):
        ids = generator.integers(259, tokenizer.get_vocab_size(), size=20).tolist()
        assert "".join(stream(tokenizer, ids)) == tokenizer.decode(ids)


def test_fallback_bytes_keep_what_is_whole() -> None:
    tokenizer = tokenizer_from_gguf(sentencepiece_metadata())
    ids = [tokenizer.token_to_id(f"<0x{value:02X}>") or 0 for value in b"\xe4\xb8\xad\xff\xe4\xb8"]
    decoder = StreamDecoder(tokenizer)
    assert [decoder.push([i]) for i in ids] == ["", "", "中", "\ufffd", "", ""]
    assert decoder.flush() == "\ufffd"


def test_marks_stand_for_control_tokens() -> None:
    tokenizer = tokenizer_from_gguf(sentencepiece_metadata())
    tokenizer.add_special_tokens(["<think>", "<secret>"])
    first, second, word = (tokenizer.token_to_id(t) or 0 for t in ("<think>", "<secret>", "▁the"))
    byte = tokenizer.token_to_id("<0xE4>") or 0
    decoder = StreamDecoder(tokenizer, {first: "\udc00"})
    assert decoder.push((first, second, word)) == "\udc00 the"
    assert decoder.push((byte,)) == ""
    assert decoder.push((first, word)) == "\ufffd\udc00 the"


def test_metaspace_decoder() -> None:
    tokenizer = tokenizer_from_gguf(sentencepiece_metadata())
    tokenizer.decoder = decoders.Metaspace()
    ids = tokenizer.encode("the world and hello").ids
    assert "".join(stream(tokenizer, ids)) == tokenizer.decode(ids) == "the world and hello"


def test_unknown_decoders_are_refused() -> None:
    tokenizer = Tokenizer(models.WordPiece({"a": 0}, unk_token="a"))
    with pytest.raises(UnsupportedFamily, match="decoder=none"):
        StreamDecoder(tokenizer)
    tokenizer.decoder = decoders.WordPiece()
    with pytest.raises(UnsupportedFamily, match="decoder=WordPiece"):
        StreamDecoder(tokenizer)


def test_work_per_token_does_not_grow() -> None:
    """Ten thousand tokens: a decoder that starts over each time would need minutes."""
    tokenizer = starter_tokenizer()
    start = time.process_time()
    stream(tokenizer, [504] * 10_000)
    assert time.process_time() - start < 2.0
