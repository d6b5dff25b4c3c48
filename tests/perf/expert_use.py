"""Which experts of a mixture a text asks, counted from what the routers in its graph say.

    .venv/bin/python -m tests.perf.expert_use BUNDLE [--tokens 608] [--last 96]

Reads so many random tokens at once, as `bench_large_memory` does, and answers one line of JSON:
of every layer, how many experts the text asked, how many its last tokens did, how often the most
popular one was asked beside the mean, and how many experts two neighbouring tokens share.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from engine.bundle import GRAPH_NAME, Manifest, read_manifest
from engine.runtime.ort import load_onnxruntime
from engine.runtime.state_sizes import concrete_shape, round_up


def router_outputs(bundle: Path, ids: NDArray[np.int64]) -> list[tuple[int, NDArray[np.float32]]]:
    """Of every layer: how many experts a token asks, and [seq, experts] to choose them by."""
    graph = onnx.load(str(bundle / GRAPH_NAME), load_external_data=False)
    nodes = [node for node in graph.graph.node if node.op_type == "QMoE"]
    for node in nodes:
        kind = onnx.TensorProto.FLOAT
        graph.graph.output.append(onnx.helper.make_tensor_value_info(node.input[1], kind, None))
    ort = load_onnxruntime()
    options = ort.SessionOptions()
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(bundle)
    )
    options.add_session_config_entry("session.disable_prepacking", "1")  # it runs only once
    session = ort.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = {value.name for value in session.get_inputs()}
    feeds = {name: value for name, value in _feeds(bundle, ids).items() if name in names}
    found = session.run([node.input[1] for node in nodes], feeds)
    asked = [next(one.i for one in node.attribute if one.name == "k") for node in nodes]
    return [(k, scores.reshape(len(ids), -1)) for k, scores in zip(asked, found, strict=True)]


def _feeds(bundle: Path, ids: NDArray[np.int64]) -> dict[str, Any]:
    manifest: Manifest = read_manifest(bundle)
    count = len(ids)
    states = {
        spec.input_name: np.zeros(concrete_shape(spec, round_up(count)), spec.dtype)
        for spec in manifest.states
    }
    return {
        **states,
        "input_ids": ids[np.newaxis],
        "seqlens_k": np.array([count - 1], np.int32),
        "total_sequence_length": np.array(count, np.int32),
        "position_ids": np.arange(count)[np.newaxis],
        "final_length": np.array([count], np.int64),
        "logits_to_keep": np.array([1], np.int64),
    }


def use(k: int, scores: NDArray[np.float32], last: int) -> dict[str, float]:
    """What one layer's choices come to."""
    chosen = np.argpartition(-scores, k, axis=1)[:, :k]  # [seq, k]
    counts = np.bincount(chosen.ravel(), minlength=scores.shape[1])
    pairs = itertools.pairwise(chosen)
    shared = [len(np.intersect1d(one, other)) for one, other in pairs]
    return {
        "asked": int(np.count_nonzero(counts)),
        "asked_by_the_last": len(np.unique(chosen[-last:])),
        "most_beside_mean": round(float(counts.max() / counts.mean()), 2),
        "shared_by_neighbours": round(float(np.mean(shared)), 2),
    }


def main() -> None:
    """Count, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--tokens", type=int, default=608)
    parser.add_argument("--last", type=int, default=96)
    arguments = parser.parse_args()
    vocab = read_manifest(arguments.bundle).sizes["vocab"]
    ids = np.random.default_rng(7).integers(0, vocab, arguments.tokens, dtype=np.int64)
    layers = router_outputs(arguments.bundle, ids)
    print(json.dumps([use(k, scores, arguments.last) for k, scores in layers]))


if __name__ == "__main__":
    main()
