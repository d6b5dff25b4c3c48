"""GGUF files that are whole, cut off, flipped or made to harm."""

from __future__ import annotations

import resource
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from engine.builder import build_model
from engine.builder.readers import open_checkpoint
from engine.builder.readers.gguf_header import read_header
from engine.errors import BadCheckpoint, EngineError, UnsupportedFamily
from tests.helpers.models import tiny_config, tiny_gguf, tiny_weights


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf(
        tmp_path_factory.mktemp("gguf") / "m.Q4_1.gguf", kind="Q4_1", table_kind="Q8_0"
    )


def _header_bytes(path: Path) -> int:
    return min(entry.offset for entry in read_header(path).tensors.values())


def test_names_layout_and_metadata_are_hugging_faces(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(tiny_gguf(tmp_path / "Tiny-1B-Instruct.F32.gguf", seed=3))
    expected = tiny_weights(tiny_config(), seed=3)
    assert set(checkpoint.names()) == set(expected)
    for name, values in expected.items():
        assert (checkpoint.tensor(name).whole() == values).all(), name
    assert checkpoint.name == "Tiny-1B-Instruct"
    assert checkpoint.licence == "Apache-2.0"
    assert checkpoint.languages == ("en",)
    assert checkpoint.source_type == "F32"
    assert checkpoint.config["rope_theta"] == 10000.0
    text = checkpoint.text()
    assert text.stop_ids == (0, 2)
    assert text.special_tokens == {"bos": "<|im_start|>", "eos": "<|im_end|>"}
    assert text.chat_template is not None


def test_rows_can_be_read_in_any_piece(whole: Path) -> None:
    tensor = open_checkpoint(whole).tensor("model.layers.0.self_attn.q_proj.weight")
    everything = tensor.floats()
    pieces = [tensor.floats(start, min(start + 7, 64)) for start in range(0, 64, 7)]
    assert (np.concatenate(pieces) == everything).all()
    assert tensor.floats(5, 5).shape == (0, 64)


def test_every_truncation_is_one_clear_error(whole: Path, tmp_path: Path) -> None:
    data = whole.read_bytes()
    header = _header_bytes(whole)
    cut = tmp_path / "cut.gguf"
    positions = [*range(0, header, max(1, header // 150)), header, len(data) - 1, len(data) // 2]
    for position in positions:
        cut.write_bytes(data[:position])
        with pytest.raises(BadCheckpoint):
            open_checkpoint(cut)


def test_flipped_bits_never_do_harm(whole: Path, tmp_path: Path) -> None:
    """A flip gives an error of ours or a model; never a crash, a hang or gigabytes."""
    data = bytearray(whole.read_bytes())
    header = _header_bytes(whole)
    random = np.random.default_rng(11)
    flipped = tmp_path / "flipped.gguf"
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    built = refused = 0
    # Lengths and counts sit in the first bytes and between strings: flip all of the first 64
    # bytes' high bits, then places drawn from the whole header.
    places = [(byte, bit) for byte in range(64) for bit in (0, 6, 7)]
    places += [(int(random.integers(header)), int(random.integers(8))) for _ in range(300)]
    for index, (byte, bit) in enumerate(places):
        data[byte] ^= 1 << bit
        flipped.write_bytes(data)
        try:
            build_model(flipped, tmp_path / "out" / str(index))
            built += 1
        except EngineError:
            refused += 1
        data[byte] ^= 1 << bit
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert refused > 100
    assert built > 0
    assert time.monotonic() - started < 60
    assert grown_kib < 200 * 1024


def _gguf(keys: bytes = b"", key_count: int = 0, tensors: bytes = b"", count: int = 0) -> bytes:
    return struct.pack("<4sIQQ", b"GGUF", 3, count, key_count) + keys + tensors


def _text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGUF",
        b"NOPE" + bytes(60),
        struct.pack(">4sIQQ", b"GGUF", 3, 0, 0),
        struct.pack("<4sIQQ", b"GGUF", 1, 0, 0),
        _gguf(key_count=1 << 63),
        _gguf(count=1 << 63),
        _gguf(struct.pack("<Q", 1 << 62), 1),  # a key of 4 EiB
        _gguf(_text(b"k") + struct.pack("<IQ", 8, 1 << 40), 1),  # a text of 1 TiB
        _gguf(_text(b"k") + struct.pack("<IIQ", 9, 0, 1 << 62), 1),  # an array of 2^62 bytes
        _gguf(_text(b"k") + struct.pack("<IIQ", 9, 8, 1 << 32), 1),
        _gguf(_text(b"k") + struct.pack("<IIQIQ", 9, 9, 1, 9, 1) + bytes(64), 1),  # nested
        _gguf(_text(b"k") + struct.pack("<I", 99), 1),
        _gguf((_text(b"k") + struct.pack("<IB", 0, 1)) * 2, 2),  # twice the same key
        _gguf(_text(b"general.alignment") + struct.pack("<II", 4, 0), 1),
        _gguf(_text(b"general.alignment") + struct.pack("<II", 4, 48), 1),
        # shapes whose product overflows 64 bits, zero, too many dimensions, unknown type
        _gguf(tensors=_text(b"t") + struct.pack("<IQQIQ", 2, 1 << 33, 1 << 33, 0, 0), count=1),
        _gguf(tensors=_text(b"t") + struct.pack("<IQQIQ", 2, 0, 4, 0, 0), count=1),
        _gguf(tensors=_text(b"t") + struct.pack("<I", 1 << 31), count=1),
        _gguf(tensors=_text(b"t") + struct.pack("<IQIQ", 1, 4, 250, 0) + bytes(64), count=1),
        _gguf(tensors=_text(b"t") + struct.pack("<IQIQ", 1, 33, 3, 0) + bytes(64), count=1),
        _gguf(tensors=_text(b"t") + struct.pack("<IQIQ", 1, 4, 0, 1 << 63) + bytes(64), count=1),
        _gguf(tensors=(_text(b"t") + struct.pack("<IQIQ", 1, 4, 0, 0)) * 2 + bytes(99), count=2),
    ],
)
def test_headers_that_lie(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.gguf").write_bytes(data)
    with pytest.raises(BadCheckpoint):
        read_header(tmp_path / "m.gguf")


@pytest.mark.parametrize(
    ("metadata", "option"),
    [
        ({"llama.attention.sliding_window": 128}, "llama.attention.sliding_window"),
        ({"llama.attention.causal": False}, "llama.attention.causal"),
        ({"llama.logit_scale": 2}, "llama.logit_scale"),
        (
            {"llama.expert_count": 8, "llama.expert_used_count": 2, "llama.expert_group_count": 2},
            "llama.expert_group_count",
        ),
        ({"llama.rope.scaling.type": "ntk"}, "llama.rope.scaling.type=ntk"),
        ({"general.type": "adapter"}, "general.type"),
    ],
)
def test_metadata_that_changes_the_mathematics(
    tmp_path: Path, metadata: dict[str, object], option: str
) -> None:
    path = tiny_gguf(tmp_path / "m.gguf", metadata=metadata)
    with pytest.raises(UnsupportedFamily) as caught:
        build_model(path, tmp_path / "b")
    assert caught.value.params["option"] == option


@pytest.mark.parametrize(
    "metadata", [{"llama.attention.value_length": 8}, {"llama.rope.dimension_count": 4}]
)
def test_metadata_that_contradicts_itself(tmp_path: Path, metadata: dict[str, object]) -> None:
    with pytest.raises(BadCheckpoint):
        open_checkpoint(tiny_gguf(tmp_path / "m.gguf", metadata=metadata))


def test_scales_that_are_no_numbers(whole: Path, tmp_path: Path) -> None:
    entry = read_header(whole).tensors["blk.1.ffn_up.weight"]
    data = bytearray(whole.read_bytes())
    data[entry.offset : entry.offset + 2] = np.array([np.inf], np.float16).tobytes()
    (tmp_path / "m.gguf").write_bytes(data)
    with pytest.raises(BadCheckpoint, match="not_finite"):
        build_model(tmp_path / "m.gguf", tmp_path / "b")
    assert not (tmp_path / "b").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["m.gguf"]
