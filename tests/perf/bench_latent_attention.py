"""Measures ways to attend over DeepSeek's compressed cache: one token after 2,048.

    .venv/bin/python -m tests.perf.bench_latent_attention \
        --out resources/benchmarks/latent_attention.json

Sixteen heads over latents of 512 and keys of 64 numbers, eight layers with a cache of their own,
because a real model's caches do not stay in a processor's cache either. Every way writes the new
token in place. All are alive at once and take turns; figures are medians in milliseconds for one
layer. `times_bytes` divides by the time that the bytes of keys (576 wide) and values (512 wide),
8.9 MB, take at the memory bandwidth the same run measured between the turns; the bar is 3. Counted
like this the standard `Attention` takes 14 to 16 times on a quiet machine. `times_cache` counts the
cache once, 4.7 MB, as if one reading could serve both products.

    attention       the standard `Attention`: keys and values are the past and the new token put
                    together; it copies the cache
    grouped         `GroupQueryAttention`, one key head, keys and values the same buffer
    one_buffer      latents and keys side by side, 576 wide: FusedMatMul, Softmax, MatMul
    two_buffers     latents and keys apart, so that the second product is 512 wide
    turned          two_buffers, the cache as the left side of the scores' product
    pieces          two_buffers, the second product in pieces of 64 tokens that are summed: what
                    the builder writes
    transposed      one buffer [576, tokens]: the second product reads it row by row
    block           a whole layer as the builder writes it at 4 bits: projections, rotation,
                    absorbed matrices, cache; its bytes are those of the cache and of the weights

Expected beforehand: grouped reads the cache once for each head, sixteen times; the products pack
their right side, which costs a second pass over it, so that turned and transposed win. Found:
whichever product has the cache on its right, packing costs as much as computing sixteen rows, and
what turning saves is a tenth, which a prompt loses again by turning its scores back. Pieces do not
compute less, but two threads share them evenly, and keep doing so beside other programs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from engine.builder.blocks.latent_attention import LatentAttention, latent_attention
from engine.builder.blocks.site import Site
from engine.builder.blocks.storage import Precision
from engine.builder.config import read_decoder
from engine.builder.fields import Fields
from engine.builder.graph import MICROSOFT, Graph
from engine.builder.rope_config import RopeConfig
from engine.builder.weights import WeightPlan
from engine.bundle import WEIGHTS_NAME
from tests.helpers.synthetic import SyntheticCheckpoint

CONFIGS: Final = Path(__file__).parents[1] / "fixtures" / "configs" / "latent_attention.json"
LAYERS, HEADS, LATENT, KEY, TOKENS = 8, 16, 512, 64, 2048
BAR: Final = 3.0
_WIDE: Final = LATENT + KEY
_PAST: Final = TOKENS - 1
_SCALE: Final = 192**-0.5
_PIECE: Final = 64


@dataclass
class Sketch:
    """A graph in the making.

    Attributes:
        shapes: Of the inputs.
        shared: Outputs that lie in the buffer of an input: its name by theirs.
    """

    nodes: list[NodeProto] = field(default_factory=list)
    inputs: list[ValueInfoProto] = field(default_factory=list)
    outputs: list[ValueInfoProto] = field(default_factory=list)
    constants: dict[str, TensorProto] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)

    def add(self, op: str, inputs: list[str], *outputs: str, **attributes: Any) -> str:
        """A node; a leading "ms." names Microsoft's domain. Returns its first output."""
        domain = MICROSOFT if op.startswith("ms.") else ""
        made = list(outputs) or [f"v{len(self.nodes)}"]
        node = helper.make_node(op.removeprefix("ms."), inputs, made, domain=domain, **attributes)
        self.nodes.append(node)
        return made[0]

    def input(self, name: str, shape: list[int], kind: int = TensorProto.FLOAT) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name: str, shape: list[int]) -> str:
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def cache(self, layer: int, name: str, shape: list[int]) -> tuple[str, str]:
        """An input and an output that will be one buffer."""
        past = self.input(f"past.{layer}.{name}", shape)
        present = self.output(f"present.{layer}.{name}", shape)
        self.shared[present] = past
        return past, present

    def integers(self, *values: int) -> str:
        name = "_".join(["integers", *map(str, values)])
        vector = np.array(values, np.int64)
        self.constants[name] = helper.make_tensor(name, TensorProto.INT64, vector.shape, vector)
        return name

    def model(self) -> ModelProto:
        constants = list(self.constants.values())
        graph = helper.make_graph(self.nodes, "bench", self.inputs, self.outputs, constants)
        opsets = [helper.make_opsetid("", 23), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=11)


Layer = Callable[[Sketch, int, str], str]
"""(graph, layer, query [1, heads, 576]) -> the same shape, to be the next layer's query."""


def attention(s: Sketch, layer: int, query: str) -> str:
    past = s.input(f"past.{layer}", [1, 1, _PAST, _WIDE])
    asked = s.add("Reshape", [query, s.integers(1, HEADS, 1, _WIDE)])
    new = s.add("Reshape", ["new", s.integers(1, 1, 1, _WIDE)])
    presents = [s.output(f"present.{layer}.{i}", [1, 1, TOKENS, _WIDE]) for i in range(2)]
    made = f"mixed.{layer}"
    s.add("Attention", [asked, new, new, "", past, past], made, *presents, scale=_SCALE)
    return s.add("Reshape", [made, s.integers(1, HEADS, _WIDE)])


def grouped(s: Sketch, layer: int, query: str) -> str:
    past, present = s.cache(layer, "both", [1, 1, TOKENS, _WIDE])
    asked = s.add("Reshape", [query, s.integers(1, 1, HEADS * _WIDE)])
    inputs = [asked, "new", "new", past, past, "seqlens", "total"]
    again = s.output(f"present.{layer}.again", [1, 1, TOKENS, _WIDE])
    s.shared[again] = past
    made, heads = f"mixed.{layer}", {"num_heads": HEADS, "kv_num_heads": 1, "scale": _SCALE}
    s.add("ms.GroupQueryAttention", inputs, made, present, again, **heads)
    return s.add("Reshape", [made, s.integers(1, HEADS, _WIDE)])


def one_buffer(s: Sketch, layer: int, query: str) -> str:
    past, present = s.cache(layer, "both", [1, TOKENS, _WIDE])
    s.add("ScatterND", [past, "cell", "new"], present)
    scores = s.add("ms.FusedMatMul", [query, present], transB=1, alpha=_SCALE)
    weights = s.add("Softmax", [s.add("Add", [scores, "mask"])], axis=-1)
    return s.add("MatMul", [weights, present])


def transposed(s: Sketch, layer: int, query: str) -> str:
    past, present = s.cache(layer, "both", [1, _WIDE, TOKENS])
    cell = s.add("Expand", [s.integers(_PAST), s.integers(1, _WIDE, 1)])
    new = s.add("Reshape", ["new", s.integers(1, _WIDE, 1)])
    s.add("ScatterElements", [past, cell, new], present, axis=2)
    scores = s.add("ms.FusedMatMul", [query, present], alpha=_SCALE)
    weights = s.add("Softmax", [s.add("Add", [scores, "mask"])], axis=-1)
    turned = s.add("ms.FusedMatMul", [present, weights], transB=1)
    return s.add("Transpose", [turned], perm=[0, 2, 1])


def two_buffers(s: Sketch, layer: int, query: str) -> str:
    latents, weights = _weights(s, layer, query)
    return _widened(s, s.add("MatMul", [weights, latents]))


def turned(s: Sketch, layer: int, query: str) -> str:
    parts = _halves(s, layer, query)
    scores = [s.add("ms.FusedMatMul", [kept, part], transB=1, alpha=_SCALE) for part, kept in parts]
    flat = s.add("Transpose", [s.add("Add", scores)], perm=[0, 2, 1])
    weights = s.add("Softmax", [s.add("Add", [flat, "mask"])], axis=-1)
    return _widened(s, s.add("MatMul", [weights, parts[0][1]]))


def pieces(s: Sketch, layer: int, query: str) -> str:
    latents, weights = _weights(s, layer, query)
    apart = s.add("Reshape", [weights, s.integers(HEADS, -1, _PIECE)])
    left = s.add("Transpose", [apart], perm=[1, 0, 2])
    right = s.add("Reshape", [latents, s.integers(-1, _PIECE, LATENT)])
    sums = s.add("ReduceSum", [s.add("MatMul", [left, right]), s.integers(0)], keepdims=1)
    return _widened(s, sums)


def _weights(s: Sketch, layer: int, query: str) -> tuple[str, str]:
    """The cache's latents, and the softmax of the scores [1, heads, tokens]."""
    parts = _halves(s, layer, query)
    scores = [s.add("ms.FusedMatMul", [part, kept], transB=1, alpha=_SCALE) for part, kept in parts]
    seen = s.add("Add", [s.add("Add", scores), "mask"])
    return parts[0][1], s.add("Softmax", [seen], axis=-1)


def _halves(s: Sketch, layer: int, query: str) -> list[tuple[str, str]]:
    """Query and cache, for latents and for keys."""
    both = [f"{half}.{layer}" for half in ("latent_query", "key_query")]
    s.add("Split", [query, s.integers(LATENT, KEY)], *both, axis=-1)
    kept = []
    for name, width in (("latent", LATENT), ("key", KEY)):
        past, present = s.cache(layer, name, [1, TOKENS, width])
        kept.append(s.add("ScatterND", [past, "cell", f"new_{name}"], present))
    return list(zip(both, kept, strict=True))


def _widened(s: Sketch, mixed: str) -> str:
    """[1, heads, 512] and what makes it the next layer's query."""
    return s.add("Concat", [mixed, "key_query"], axis=-1)


WAYS: Final[Mapping[str, Layer]] = {
    way.__name__: way
    for way in (attention, grouped, one_buffer, two_buffers, turned, pieces, transposed)
}


class Bound:
    """A session with every input, output and cache bound once."""

    def __init__(
        self, model: ModelProto, shared: Mapping[str, str], folder: str, threads: int
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        entries = {
            "session.model_external_initializers_file_folder_path": folder,
            "session.intra_op.spin_duration_us": "20",
        }
        for name, value in entries.items():
            options.add_session_config_entry(name, value)
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._binding = self._session.io_binding()
        self._kept: dict[str, NDArray[Any]] = {}
        for value in self._session.get_inputs():
            array = _filled(value)
            self._kept[value.name] = array
            self._bind("input", value.name, array)
        for value in self._session.get_outputs():
            if value.name in shared:
                self._bind("output", value.name, self._kept[shared[value.name]])
            else:
                self._binding.bind_output(value.name, "cpu")

    def _bind(self, kind: str, name: str, array: NDArray[Any]) -> None:
        bind = getattr(self._binding, f"bind_{kind}")
        bind(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)

    def layer_ms(self) -> float:
        """Milliseconds for one layer of one run."""
        start = time.perf_counter()
        self._session.run_with_iobinding(self._binding)
        return (time.perf_counter() - start) / LAYERS * 1e3


def _filled(value: Any) -> NDArray[Any]:
    """The numbers of an input, by its name."""
    fixed: dict[str, NDArray[Any]] = {
        "cell": np.array([[[0, _PAST]]]),
        "position_ids": np.array([[_PAST]]),
        "seqlens": np.array([_PAST], np.int32),
        "total": np.array(TOKENS, np.int32),
        "mask": np.zeros((1, 1, TOKENS), np.float32),
    }
    if value.name in fixed:
        return fixed[value.name]
    sizes = {"batch": 1, "sequence": 1, "capacity": TOKENS}
    shape = [sizes[size] if isinstance(size, str) else size for size in value.shape]
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def sketch(way: Layer) -> Sketch:
    """Eight layers of one way, each asking with what the last one answered."""
    s = Sketch()
    for name, shape in (
        ("query", [1, HEADS, _WIDE]),
        ("key_query", [1, HEADS, KEY]),
        ("new", [1, 1, _WIDE]),
        ("new_latent", [1, 1, LATENT]),
        ("new_key", [1, 1, KEY]),
        ("mask", [1, 1, TOKENS]),
    ):
        s.input(name, shape)
    s.input("cell", [1, 1, 2], TensorProto.INT64)
    s.input("seqlens", [1], TensorProto.INT32)
    s.input("total", [], TensorProto.INT32)
    value = "query"
    for layer in range(LAYERS):
        value = way(s, layer, value)
    s.output(value, [1, HEADS, _WIDE])
    return s


def block(folder: Path, threads: int) -> tuple[Bound, int]:
    """Eight whole layers as the builder writes them at 4 bits, and the bytes of one's weights."""
    body = json.loads(CONFIGS.read_text("utf-8"))["DeepSeek-V2-Lite"]
    checkpoint = SyntheticCheckpoint("bench", {**body, "num_hidden_layers": LAYERS})
    model = read_decoder(Fields(body))
    plan = WeightPlan()
    g = Graph(plan)
    x = g.input("x", TensorProto.FLOAT, ["batch", "sequence", model.hidden])
    top = Site(g, "model", -1, checkpoint, Precision(4, 32), model)
    rope = RopeConfig(1e4, "default", KEY, interleaved=True)
    spec = LatentAttention(HEADS, 128, rope, value=128, lora=LATENT)
    top.rotary(rope)
    tables_bytes = plan.size_bytes
    for layer in range(LAYERS):
        x = latent_attention(top.at_layer(layer).at("self_attn", "attn"), x, spec)
    g.output(x, TensorProto.FLOAT, ["batch", "sequence", model.hidden])
    plan.write(folder / WEIGHTS_NAME, None, None)
    shared = {spec.output_name: spec.input_name for spec in g.states}
    weights_bytes = (plan.size_bytes - tables_bytes) // LAYERS
    return Bound(g.model(), shared, str(folder), threads), weights_bytes


def bandwidth_gb_s(numbers: NDArray[np.float32], threads: int) -> float:
    """How fast this many threads read memory that no cache holds."""
    parts = np.array_split(numbers, threads)
    readers = [threading.Thread(target=part.max) for part in parts]
    start = time.perf_counter()
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return float(numbers.nbytes / (time.perf_counter() - start) / 1e9)


def measure(turns: int, threads: int) -> dict[str, Any]:
    """All ways in turns."""
    with tempfile.TemporaryDirectory() as folder:
        whole, weights_bytes = block(Path(folder), threads)
        ways = {name: sketch(way) for name, way in WAYS.items()}
        bound = {name: Bound(s.model(), s.shared, folder, threads) for name, s in ways.items()}
        bound["block"] = whole
        numbers = np.ones(1 << 26, np.float32)
        times: dict[str, list[float]] = {name: [] for name in bound}
        rates = []
        for _ in range(turns):
            rates.append(bandwidth_gb_s(numbers, threads))
            for name, one in bound.items():
                times[name].append(one.layer_ms())
    rate = statistics.median(rates)
    read_bytes, cache_bytes = (TOKENS * width * 4 for width in (_WIDE + LATENT, _WIDE))
    rows = {}
    for name, found in times.items():
        others = weights_bytes if name == "block" else 0
        middle_ms = statistics.median(found)
        read_ms, cache_ms = ((size + others) / rate / 1e6 for size in (read_bytes, cache_bytes))
        rows[name] = {
            "median_ms": round(middle_ms, 3),
            "best_ms": round(min(found), 3),
            "times_bytes": round(middle_ms / read_ms, 2),
            "times_cache": round(middle_ms / cache_ms, 2),
        }
    return {"threads": threads, "bandwidth_gb_s": round(rate, 1), "ways": rows}


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(description="Cost of a token over the compressed cache.")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    result = measure(arguments.turns, arguments.threads)
    print(f"{result['bandwidth_gb_s']} GB/s with {result['threads']} threads")
    for name, row in result["ways"].items():
        print(f"{name:12}", *(f"{key} {value:8}" for key, value in row.items()))
    facts = {
        "date": time.strftime("%Y-%m-%d"),
        "processor": platform.processor() or platform.machine(),
        "onnxruntime": onnxruntime.__version__,
        "tokens": TOKENS,
        "heads": HEADS,
        "bar_times_bytes": BAR,
        "load_average": os.getloadavg()[0],
        "passed": result["ways"]["pieces"]["times_bytes"] <= BAR,
        **result,
    }
    if arguments.out:
        arguments.out.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
