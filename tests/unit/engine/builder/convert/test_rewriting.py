"""What the exporter writes and what we make of it must compute the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from engine.builder.blocks.storage import Precision
from engine.builder.convert.decoder import adapt_decoder
from engine.builder.convert.encoder import adapt_encoder
from engine.builder.convert.exported import ExportedGraph
from engine.builder.weights import WeightPlan
from engine.bundle import GRAPH_NAME, WEIGHTS_NAME
from engine.errors import BadCheckpoint, UnsupportedFamily
from engine.runtime.states import bind_input, bind_output
from engine.types import Bits
from tests.helpers.exported import (
    DECODER_CONFIG,
    ENCODER_CONFIG,
    HEADS,
    HIDDEN,
    VOCAB,
    WIDTH,
    exported_decoder,
    exported_encoder,
)

_IDS = np.random.default_rng(1).integers(0, VOCAB, 40)
_STEPS: list[dict[str, Any]] = [
    {"path": "", "type": "sentence_transformers.models.Transformer"},
    {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def _session(folder: Path, name: str = "model.onnx") -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(folder / name, options, providers=providers)


def _expected_logits(folder: Path) -> np.ndarray:
    empty = np.zeros((1, HEADS, 0, WIDTH), np.float32)
    feeds = {
        "input_ids": _IDS[None],
        "position_ids": np.arange(len(_IDS))[None],
        "attention_mask": np.ones((1, len(_IDS)), np.int64),
        "past_key_values.0.key": empty,
        "past_key_values.0.value": empty,
    }
    return np.asarray(_session(folder).run(["logits"], feeds)[0][0])


def _write(exported: ExportedGraph, plan: WeightPlan, folder: Path) -> Path:
    folder.mkdir()
    plan.write(folder / WEIGHTS_NAME, None, None)
    (folder / GRAPH_NAME).write_bytes(exported.g.model().SerializeToString())
    onnx.checker.check_model(str(folder / GRAPH_NAME))
    return folder


def _decoder(tmp_path: Path, bits: Bits) -> tuple[Path, ExportedGraph]:
    source, plan = exported_decoder(tmp_path / "exported"), WeightPlan()
    exported = ExportedGraph(source, plan)
    sizes, context = adapt_decoder(exported, DECODER_CONFIG, Precision(bits, 32))
    assert context == 64
    assert sizes["vocab"] == VOCAB
    assert (sizes["layers"], sizes["kv_heads"], sizes["head_dim"]) == (1, HEADS, WIDTH)
    return _write(exported, plan, tmp_path / "bundle"), exported


class _Run:
    """Our graph, with states bound in place as the runtime does it."""

    def __init__(self, folder: Path, exported: ExportedGraph) -> None:
        self._session = _session(folder)
        self._specs = exported.g.states
        self._states = [np.zeros((1, HEADS, 256, WIDTH), np.float32) for _ in self._specs]
        self._past = 0

    def read(self, ids: np.ndarray, keep: int) -> np.ndarray:
        past = self._past
        binding = self._session.io_binding()
        feeds = {
            "input_ids": ids[None],
            "position_ids": np.arange(past, past + len(ids))[None],
            "total_sequence_length": np.array(past + len(ids), np.int32),
            "logits_to_keep": np.array([keep], np.int64),
        }
        logits = np.empty((1, keep, VOCAB), np.float32)
        for value in self._session.get_inputs():
            if value.name in feeds:
                bind_input(binding, value.name, feeds[value.name])
        for spec, buffer in zip(self._specs, self._states, strict=True):
            bind_input(binding, spec.input_name, buffer)
            bind_output(binding, spec.output_name, buffer)
        bind_output(binding, "logits", logits)
        self._session.run_with_iobinding(binding)
        self._past += len(ids)
        return logits[0]


@pytest.mark.parametrize("split", [1, 7, 39, 40])
def test_decoder_computes_the_same_with_its_cache_in_place(tmp_path: Path, split: int) -> None:
    folder, exported = _decoder(tmp_path, 32)
    expected = _expected_logits(tmp_path / "exported")
    run = _Run(folder, exported)
    rows = [run.read(_IDS[:split], split)]
    rows += [run.read(_IDS[at : at + 1], 1) for at in range(split, 40)]
    np.testing.assert_allclose(np.concatenate(rows), expected, atol=2e-5)


def test_only_the_wanted_positions_pass_through_the_head(tmp_path: Path) -> None:
    folder, exported = _decoder(tmp_path, 32)
    kept = _Run(folder, exported).read(_IDS, 3)
    np.testing.assert_allclose(kept, _expected_logits(tmp_path / "exported")[-3:], atol=2e-5)
    nodes = onnx.load(folder / GRAPH_NAME, load_external_data=False).graph.node
    makers = {value: node for node in nodes for value in node.output}
    products = [node for node in nodes if node.op_type == "FusedMatMul"]
    assert any(
        makers[node.input[0]].op_type == "Slice" for node in products if node.input[0] in makers
    )


@pytest.mark.parametrize(("bits", "most"), [(16, 1e-3), (8, 0.02), (4, 0.2)])
def test_quantized_weights_stay_close(tmp_path: Path, bits: Bits, most: float) -> None:
    folder, exported = _decoder(tmp_path, bits)
    found = _Run(folder, exported).read(_IDS, 40)
    expected = _expected_logits(tmp_path / "exported")
    assert (found - expected).std() / expected.std() <= most
    if bits < 16:
        kinds = [node.op_type for node in exported.g.model().graph.node]
        assert kinds.count("MatMulNBits") == 6  # q, k, v, two Gemm, the head
        assert "Gemm" not in kinds


def test_a_head_that_repeats_the_table_is_stored_once(tmp_path: Path) -> None:
    _, exported = _decoder(tmp_path, 32)
    places = [
        tuple(entry.value for entry in tensor.external_data)
        for tensor in exported.g.model().graph.initializer
        if list(tensor.dims) == [VOCAB, HIDDEN]
    ]
    assert len(places) == 2
    assert len(set(places)) == 1


def test_a_cache_that_does_not_grow_is_refused(tmp_path: Path) -> None:
    source = exported_decoder(tmp_path / "exported", concat_axis=1)
    with pytest.raises(UnsupportedFamily, match="cache"):
        adapt_decoder(ExportedGraph(source, WeightPlan()), DECODER_CONFIG, Precision(32, 32))


def _checkpoint(folder: Path, steps: list[dict[str, Any]], **modes: bool) -> Path:
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "modules.json").write_text(json.dumps(steps))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(modes))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 48}')
    return folder


@pytest.mark.parametrize("mode", ["pooling_mode_mean_tokens", "pooling_mode_cls_token"])
@pytest.mark.parametrize("unit", [True, False])
def test_encoder_pools_the_text_and_not_its_padding(tmp_path: Path, mode: str, unit: bool) -> None:
    source, plan = exported_encoder(tmp_path / "exported"), WeightPlan()
    exported = ExportedGraph(source, plan)
    folder = _checkpoint(tmp_path / "c", _STEPS if unit else _STEPS[:2], **{mode: True})
    _, context = adapt_encoder(exported, folder, ENCODER_CONFIG, Precision(32, 32))
    assert context == 48
    bundle = _write(exported, plan, tmp_path / "bundle")
    ids = np.stack([_IDS[:12], _IDS[12:24]])
    mask = np.ones_like(ids)
    mask[1, 5:] = 0
    feeds = {"input_ids": ids, "attention_mask": mask}
    (found,) = _session(bundle).run(["sentence_embedding"], feeds)
    types = np.zeros_like(ids)
    (tokens,) = _session(source).run(["last_hidden_state"], {**feeds, "token_type_ids": types})
    expected = tokens[:, 0]
    if mode == "pooling_mode_mean_tokens":
        expected = np.stack([tokens[0].mean(axis=0), tokens[1, :5].mean(axis=0)])
    if unit:
        expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("steps", "modes", "named"),
    [
        ([*_STEPS, {"path": "3", "type": "sentence_transformers.models.Dense"}], {}, "Dense"),
        (_STEPS[:1], {}, "Pooling"),
        (_STEPS, {"pooling_mode_max_tokens": True}, "max"),
        (_STEPS, {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, "mean"),
    ],
)
def test_encoder_steps_that_nobody_knows_are_refused(
    tmp_path: Path, steps: list[dict[str, Any]], modes: dict[str, bool], named: str
) -> None:
    exported = ExportedGraph(exported_encoder(tmp_path / "exported"), WeightPlan())
    folder = _checkpoint(tmp_path / "c", steps, **modes)
    with pytest.raises(UnsupportedFamily, match=named):
        adapt_encoder(exported, folder, ENCODER_CONFIG, Precision(32, 32))


def test_a_broken_export_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(BadCheckpoint):
        ExportedGraph(tmp_path, WeightPlan())
