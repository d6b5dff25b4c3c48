"""Building a large checkpoint: speed, memory, what a cancel leaves, what a full disk says.

Run: python -m tests.perf.bench_build [--dir FOLDER] [--gigabytes 4] [--out FILE.json]

The checkpoint is a llama of random bfloat16 weights in three shards. Every build runs in a process
of its own whose anonymous memory is sampled, with the source dropped from the page cache before.
Speeds are bytes of the source a second, in units of 10^6.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from ml_dtypes import bfloat16
from numpy.typing import NDArray

from engine.builder import BuildCancelled, build_model
from engine.types import BuildConfig
from tests.helpers.models import tiny_tokenizer
from tests.helpers.small_disk import small_disk

SHARDS = 3
HIDDEN, FFN, KV, VOCAB = 2048, 5632, 512, 32000
POOL_VALUES = 1 << 24
FILLER = "filler"
SETTINGS: dict[str, dict[str, Any]] = {
    "8 bits, round to nearest": {"bits": 8, "search": False},
    "4 bits, round to nearest": {"bits": 4, "search": False},
    "4 bits, search": {"bits": 4, "search": True},
    "16 bits": {"bits": 16},
}


def tensors_of(layers: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a llama with this many layers."""
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (VOCAB, HIDDEN)}
    for layer in range(layers):
        stem = f"model.layers.{layer}"
        shapes[f"{stem}.input_layernorm.weight"] = (HIDDEN,)
        shapes[f"{stem}.post_attention_layernorm.weight"] = (HIDDEN,)
        for name, rows in (("q", HIDDEN), ("k", KV), ("v", KV), ("o", HIDDEN)):
            shapes[f"{stem}.self_attn.{name}_proj.weight"] = (rows, HIDDEN)
        shapes[f"{stem}.mlp.gate_proj.weight"] = (FFN, HIDDEN)
        shapes[f"{stem}.mlp.up_proj.weight"] = (FFN, HIDDEN)
        shapes[f"{stem}.mlp.down_proj.weight"] = (HIDDEN, FFN)
    shapes["model.norm.weight"] = (HIDDEN,)
    shapes["lm_head.weight"] = (VOCAB, HIDDEN)
    return shapes


def write_checkpoint(folder: Path, size_bytes: int) -> int:
    """Write about `size_bytes` of weights, piece by piece; returns the exact number."""
    folder.mkdir(parents=True)
    one_layer = sum(np.prod(shape) for shape in tensors_of(1).values()) - 2 * VOCAB * HIDDEN
    layers = max(1, round((size_bytes / 2 - 2 * VOCAB * HIDDEN) / one_layer))
    shapes = tensors_of(layers)
    config = {
        "model_type": "llama", "hidden_size": HIDDEN, "intermediate_size": FFN,
        "num_attention_heads": HIDDEN // 64, "num_key_value_heads": KV // 64,
        "num_hidden_layers": layers, "vocab_size": VOCAB, "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
        "tie_word_embeddings": False,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(tiny_tokenizer(0).to_str())
    pool = (np.random.default_rng(7).standard_normal(POOL_VALUES, np.float32) * 0.02).astype(
        bfloat16
    )
    names, weight_map = list(shapes), {}
    for shard in range(SHARDS):
        file = f"model-{shard + 1:05}-of-{SHARDS:05}.safetensors"
        part = names[shard * len(names) // SHARDS : (shard + 1) * len(names) // SHARDS]
        _write_shard(folder / file, {name: shapes[name] for name in part}, pool)
        weight_map.update(dict.fromkeys(part, file))
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return sum(2 * int(np.prod(shape)) for shape in shapes.values())


def _write_shard(path: Path, shapes: dict[str, tuple[int, ...]], pool: NDArray[Any]) -> None:
    header, offset = {}, 0
    for name, shape in shapes.items():
        end = offset + 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for number, shape in enumerate(shapes.values()):
            left, start = int(np.prod(shape)), number * 7919 % POOL_VALUES
            while left:
                piece = pool[start : start + left]
                file.write(piece.tobytes())
                left, start = left - piece.size, 0
        file.flush()
        os.fsync(file.fileno())


def forget(folder: Path) -> None:
    """Drop a folder's files from the page cache."""
    for path in folder.iterdir():
        handle = os.open(path, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def anonymous_bytes(pid: int) -> int:
    """What a process holds that no file backs."""
    try:
        text = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return 0
    return next((int(s.split()[1]) << 10 for s in text.splitlines() if s.startswith("RssAnon")), 0)


def build(source: Path, folder: Path, setting: dict[str, Any], cancel_s: float) -> dict[str, Any]:
    """Build in a process of its own."""
    command = [sys.executable, "-m", "tests.perf.bench_build", "--child", json.dumps(setting)]
    command += ["--cancel-after", str(cancel_s), str(source), str(folder / "bundle")]
    forget(source)
    peak, started, spent = 0, time.monotonic(), _children_s()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        while child.poll() is None:
            peak = max(peak, anonymous_bytes(child.pid))
            time.sleep(0.02)
        out, err = child.communicate()
    seconds = time.monotonic() - started
    result = {
        "seconds": round(seconds, 1),
        "processor_seconds": round(_children_s() - spent, 1),
        "peak_anonymous_mb": round(peak / 1e6),
    }
    return {**result, "ended": (out or err).strip().splitlines()[-1]}


def _children_s() -> float:
    """Processor time of all processes that ended so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def child(arguments: argparse.Namespace) -> None:
    """What that process does."""
    from engine.cli.text import sentence  # noqa: PLC0415
    from engine.errors import EngineError  # noqa: PLC0415

    cancel = threading.Event()
    if arguments.cancel_after:
        threading.Timer(arguments.cancel_after, cancel.set).start()
    try:
        config = BuildConfig(**json.loads(arguments.child))
        build_model(arguments.paths[0], arguments.paths[1], config, cancel=cancel)
        print("built")
    except BuildCancelled:
        print("cancelled")
    except EngineError as exc:
        print(sentence(exc))


def left_in(folder: Path) -> list[str]:
    """Everything a build left behind."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.name != FILLER)


def full_disks(
    source: Path, folder: Path, bundle_bytes: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A disk that is too small from the start, and one that fills up while it is written."""
    setting = SETTINGS["4 bits, round to nearest"]
    with small_disk(folder / "small", 64 << 20) as disk:
        yield "too small", {**build(source, disk, setting, 0), "left": left_in(disk)}
    with small_disk(folder / "filling", bundle_bytes + (64 << 20)) as disk:
        filler = threading.Timer(4.0, lambda: os.posix_fallocate(
            os.open(disk / FILLER, os.O_CREAT | os.O_WRONLY), 0, bundle_bytes // 2
        ))  # fmt: skip
        filler.start()
        yield "filling up", {**build(source, disk, setting, 0), "left": left_in(disk)}


def measure(folder: Path, size_bytes: int) -> dict[str, Any]:
    """Everything."""
    source, out = folder / "checkpoint", folder / "out"
    source_bytes = write_checkpoint(source, size_bytes)
    results: dict[str, Any] = {"source_bytes": source_bytes, "builds": {}}
    bundle_bytes = 0
    for name, setting in SETTINGS.items():
        out.mkdir()
        result = build(source, out, setting, 0)
        result["mb_per_s"] = round(source_bytes / 1e6 / result["seconds"])
        result["mb_per_processor_s"] = round(source_bytes / 1e6 / result["processor_seconds"])
        result["bundle_mb"] = round(sum(p.stat().st_size for p in out.rglob("*.weights")) / 1e6)
        if name == "4 bits, round to nearest":
            bundle_bytes = result["bundle_mb"] * 1_000_000
        results["builds"][name] = result
        shutil.rmtree(out)
        print(name, result, flush=True)
    out.mkdir()
    cancelled = build(source, out, SETTINGS["4 bits, search"], 5.0)
    results["cancel after 5 s"] = {**cancelled, "left": left_in(out)}
    results["full disk"] = dict(full_disks(source, folder, bundle_bytes))
    return results


def main() -> None:
    """Measure and write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=Path, default=None)
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--cancel-after", type=float, default=0.0, help=argparse.SUPPRESS)
    parser.add_argument("paths", type=Path, nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments)
        return
    size_bytes = int(arguments.gigabytes * 1e9)
    with tempfile.TemporaryDirectory(prefix="alcove-build-", dir=arguments.dir) as name:
        folder = Path(name)
        if shutil.disk_usage(folder).free < 2.5 * size_bytes:
            sys.exit(f"{folder} has too little room")
        started = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "load_average": os.getloadavg()[0]}
        results = {**started, **measure(folder, size_bytes)}
    text = json.dumps(results, indent=2)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
