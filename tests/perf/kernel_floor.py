"""What a step would take if everything but ONNX Runtime's own matrix kernels were free.

    python -m tests.perf.kernel_floor qwen-1.5b|qwen-moe|smollm2 [--peer-python PYTHON]
        [--genai-python PYTHON] [--out resources/benchmarks]

Takes every `MatMulNBits` and `QMoE` out of a bundle's graph and runs them alone, one after another
in one graph, with the same weights, threads and rows as a step of decode and a prompt of 512 tokens
have. No attention, norms, activations, cache, Python. Its turns alternate with those of whole
engines: a peer's time divided by this one's is the ratio that no graph, cache or loop of ours can
exceed with these kernels. The bundles and the peers' models are those of `bench_peers`.

A prompt is read in pieces of 128, 256 and 512 tokens; the fastest counts. Of the mixture only a
step is told: how long its experts take over a prompt depends on who chooses whom, and with random
routers the kernels alone took longer (1.65 s) than the whole engine with the model's own (1.31 s).
Its step has the same eight experts again and again: a floor all the more.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from engine.runtime.huge_pages import use_huge_pages
from engine.runtime.ort import load_onnxruntime
from engine.runtime.session import session_options
from tests.perf import pairs, peers
from tests.perf.shapes import FOLDER, QWEN_1_5B, QWEN_MOE

PROMPT: Final = 512
_PIECES: Final = (128, 256, 512)
_SHORT: Final = 32
_KERNELS: Final = ("MatMulNBits", "QMoE")
_MIXTURE: Final = "qwen-moe"
_PURE: Final = "SmolLM2-135M-Instruct.pure.Q4_0"
# Bundle, GGUF file, genai folder, steps of a turn.
MODELS: Final = {
    "qwen-1.5b": (QWEN_1_5B, f"{QWEN_1_5B}.Q4_0.gguf", "qwen-1.5b.genai", 24),
    _MIXTURE: (QWEN_MOE, f"{QWEN_MOE}.Q4_0.gguf", "", 64),
    "smollm2": (_PURE, f"{_PURE}.gguf", "smollm2.genai", 128),
}


def kernels_alone(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph without anything but its matrix kernels and the constants they read.

    What a kernel reads of others becomes an input that all kernels of that width share, what it
    writes becomes an output. The last product, the head, has an input of its own: it sees one row
    however long the prompt is.
    """
    graph = model.graph
    weights = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    constant, kept = set(weights) | {""}, []
    inputs: dict[str, list[int | str]] = {}
    outputs = []
    kernels = [node for node in graph.node if node.op_type in _KERNELS]
    for node in graph.node:
        if node.op_type not in _KERNELS:
            if node.input and all(name in constant for name in node.input):
                kept.append(node)
                constant.update(node.output)
            continue
        for index, name in enumerate(node.input):
            if name not in constant:
                width = _width(node, index, weights)
                rows = "head_rows" if node is kernels[-1] else "rows"
                place = f"{node.op_type}_{index}_{width}_{rows}"
                routed = node.op_type == "QMoE"
                inputs[place] = [rows, width] if routed else [1, rows, width]
                node.input[index] = place
        kept.append(node)
        outputs.append(helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, None))
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in inputs.items()
    ]
    alone = helper.make_graph(kept, "kernels", values, outputs, initializer=graph.initializer)
    return helper.make_model(alone, opset_imports=model.opset_import, ir_version=model.ir_version)


def _width(node: onnx.NodeProto, index: int, weights: Mapping[str, tuple[int, ...]]) -> int:
    if node.op_type == "MatMulNBits":
        return next(int(each.i) for each in node.attribute if each.name == "K")
    experts = weights[node.input[2]][0]
    return weights[node.input[5]][1] if index == 0 else experts


def floor_of(bundle: Path, threads: int) -> Callable[[int], float]:
    """A function that tells the seconds of all kernels over a number of rows."""
    ort = load_onnxruntime()
    model = kernels_alone(onnx.load(str(bundle / "model.onnx"), load_external_data=False))
    options = session_options(ort, bundle, threads)
    provider = ["CPUExecutionProvider"]
    session = ort.InferenceSession(model.SerializeToString(), options, providers=provider)
    use_huge_pages()
    random = np.random.default_rng(0)

    def feeds(rows: int) -> dict[str, NDArray[np.float32]]:
        sizes = {"rows": rows, "head_rows": 1}
        return {
            value.name: random.random(
                [sizes.get(size, size) for size in value.shape], dtype=np.float32
            )
            for value in session.get_inputs()
        }

    names = [value.name for value in session.get_outputs()]
    shapes = [each.shape for each in session.run(names, feeds(1))]
    buffers: dict[tuple[int, ...], NDArray[np.float32]] = {}  # shared: no memory is new to a run

    def bind(rows: int) -> Any:
        binding = session.io_binding()
        for name, array in feeds(rows).items():
            binding.bind_cpu_input(name, array)
        for name, shape in zip(names, shapes, strict=True):
            whole = shape if name == names[-1] else (*shape[:-2], rows, shape[-1])
            buffer = buffers.setdefault(whole, np.ones(whole, np.float32))
            binding.bind_output(name, "cpu", 0, np.float32, whole, buffer.ctypes.data)
        return binding

    made = {rows: bind(rows) for rows in (1, *_PIECES)}

    def seconds(rows: int) -> float:
        start = time.perf_counter()
        session.run_with_iobinding(made[rows])
        written = time.perf_counter() - start
        if not all(np.isfinite(buffer[..., -1, :]).all() for buffer in buffers.values()):
            raise RuntimeError("a kernel wrote no numbers")
        return written

    return seconds


def sides(options: argparse.Namespace) -> Iterator[tuple[str, Callable[[], pairs.Figures]]]:
    """The kernels, our engine and the peers; seconds of one step and of the prompt."""
    bundle, gguf, genai, steps = MODELS[options.case]
    seconds = floor_of(options.folder / bundle, options.threads)

    def kernels() -> pairs.Figures:
        step_s = statistics.median(seconds(1) for _ in range(steps))
        if options.steps_only:
            return {"step_s": step_s}
        prompts = [sum(seconds(rows) for _ in range(PROMPT // rows)) for rows in _PIECES]
        return {"step_s": step_s, "prompt_s": min(prompts)}

    yield "kernels alone", kernels
    length = _SHORT if options.steps_only else PROMPT
    wanted = [("Alcove", "ours", sys.executable, bundle)]
    if options.peer_python:
        wanted.append(("llama.cpp", "llama_cpp", options.peer_python, gguf))
    if options.genai_python and genai:
        wanted.append(("onnxruntime-genai", "genai", options.genai_python, genai))
    for name, kind, python, path in wanted:
        process = peers.start(python, kind, options.folder / path, options.threads)
        ids = peers.random_ids(PROMPT + steps, process.about["vocab"])
        follow = ids[PROMPT:] if options.case == _MIXTURE else []
        yield name, functools.partial(_turn, process, ids[:length], follow, steps)


def _turn(process: pairs.Process, ids: list[int], follow: list[int], steps: int) -> pairs.Figures:
    short = process.run(ids=ids[:_SHORT], new_tokens=steps, follow=follow)
    step_s = short["decode_s"] / steps
    if len(ids) == _SHORT:
        return {"step_s": step_s}
    long = process.run(ids=ids, new_tokens=1, follow=follow[:1])
    return {"step_s": step_s, "prompt_s": long["prefill_s"]}


def main() -> None:
    """Measure, tell, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("case", choices=MODELS)
    parser.add_argument("--peer-python", help="has llama_cpp and numpy")
    parser.add_argument("--genai-python", help="has onnxruntime_genai and numpy")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--out", type=Path, help="folder for JSON")
    parser.add_argument("--rounds", type=int, default=pairs.FEWEST_ROUNDS)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--steps-only", action="store_true", help="no prompt of 512 tokens")
    options = parser.parse_args()
    options.steps_only |= options.case == _MIXTURE
    begun = pairs.begin({"onnxruntime": load_onnxruntime().__version__})
    runs = pairs.alternate(dict(sides(options)), options.rounds)
    body: dict[str, Any] = begun | {"case": options.case, "rounds": options.rounds, "runs": runs}
    for what in runs["kernels alone"][0]:
        medians = {
            name: statistics.median(each[what] for each in taken) for name, taken in runs.items()
        }
        least = medians["kernels alone"]
        body[what] = {
            "median_ms": {name: round(1000 * value, 3) for name, value in medians.items()},
            "ratio_if_all_else_were_free": {
                name: round(value / least, 3)
                for name, value in medians.items()
                if name != "kernels alone"
            },
        }
        print(what, body[what])
    if options.out is not None:
        stem = options.case.replace("-", "_").replace(".", "_")
        pairs.write_record(options.out / f"kernel_floor_{stem}.json", body)


if __name__ == "__main__":
    main()
