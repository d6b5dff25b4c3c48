"""Graphs as Optimum's exporter writes them, made by hand: no PyTorch needed.

One decoder layer with learned positions, a tied head with a bias, a Gemm on flattened rows, a cache
that grows through Concat, one cast that changes nothing; one encoder layer. ONNX Runtime runs the
exported graph as it is, and what we make of it must agree.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.builder.convert.exporter import OPSET, WEIGHTS

VOCAB, HIDDEN, HEADS, POSITIONS = 300, 64, 2, 64
WIDTH = HIDDEN // HEADS
DECODER_CONFIG: dict[str, Any] = {
    "model_type": "handmade", "hidden_size": HIDDEN, "num_attention_heads": HEADS,
    "vocab_size": VOCAB, "n_positions": POSITIONS,
}  # fmt: skip
ENCODER_CONFIG: dict[str, Any] = {
    **DECODER_CONFIG, "num_hidden_layers": 1, "max_position_embeddings": POSITIONS
}  # fmt: skip


class _Writer:
    """Nodes and initializers, named as the exporter names them."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._random = np.random.default_rng(seed)

    def weight(self, name: str, *shape: int, scale: float = 0.1) -> str:
        values = self._random.standard_normal(shape) * scale
        return self.constant(name, values.astype(np.float32))

    def constant(self, name: str, values: NDArray[Any] | np.generic) -> str:
        self.initializers.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def __call__(self, op: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        name = f"/model/{op}_{len(self.nodes)}"
        out = out or f"{name}_output_0"
        self.nodes.append(helper.make_node(op, list(inputs), [out], name, **attributes))
        return out

    def ints(self, *values: int) -> str:
        return self.constant(f"ints_{len(self.initializers)}", np.array(values, np.int64))

    def heads(self, x: str) -> str:
        """[b, s, hidden] -> [b, heads, s, width]."""
        apart = self("Reshape", x, self.ints(0, 0, HEADS, WIDTH))
        return self("Transpose", apart, perm=[0, 2, 1, 3])

    def save(
        self, folder: Path, inputs: dict[str, list[Any]], outputs: dict[str, list[Any]]
    ) -> Path:
        """Write graph and weights as the exporter leaves them."""
        folder.mkdir(parents=True)

        def info(name: str, shape: list[Any]) -> onnx.ValueInfoProto:
            floats = name.startswith(("past", "present", "logits", "last"))
            kind = TensorProto.FLOAT if floats else TensorProto.INT64
            return helper.make_tensor_value_info(name, kind, shape)

        graph = helper.make_graph(
            self.nodes,
            "main_graph",
            [info(*item) for item in inputs.items()],
            [info(*item) for item in outputs.items()],
            self.initializers,
        )
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(
            model,
            folder / "model.onnx",
            save_as_external_data=True,
            location=WEIGHTS,
            size_threshold=1024,
        )
        return folder


def _attend(w: _Writer, query: str, key: str, value: str, mask: str) -> str:
    scores = w("MatMul", query, w("Transpose", key, perm=[0, 1, 3, 2]))
    weights = w("Softmax", w("Add", scores, mask), axis=-1)
    mixed = w("Transpose", w("MatMul", weights, value), perm=[0, 2, 1, 3])
    return w("Reshape", mixed, w.ints(0, 0, HIDDEN))


def exported_decoder(folder: Path, *, concat_axis: int = 2) -> Path:
    """One decoder as the exporter writes it; another axis makes a cache nobody understands."""
    w = _Writer(3)
    table = w.weight("model.embed.weight", VOCAB, HIDDEN, scale=1.0)
    tokens = w("Gather", table, "input_ids")
    positions = w("Gather", w.weight("model.positions.weight", POSITIONS, HIDDEN), "position_ids")
    x = w("Add", tokens, positions)
    query, key, value = (
        w.heads(w("MatMul", x, w.weight(f"onnx::MatMul_{name}", HIDDEN, HIDDEN))) for name in "qkv"
    )
    past = w("Gather", w("Shape", "past_key_values.0.key"), w.constant("two", np.int64(2)))
    total = w("Gather", w("Shape", "attention_mask"), w.constant("one", np.int64(1)))
    zero, step = w.constant("zero", np.int64(0)), w.constant("step", np.int64(1))
    seen = w("Range", zero, total, step)
    rows = w("Range", past, total, step)
    later = w("Greater", w("Unsqueeze", seen, w.ints(0)), w("Unsqueeze", rows, w.ints(1)))
    closed, open_ = w.constant("closed", np.float32(-1e9)), w.constant("open", np.float32(0))
    mask = w("Where", later, closed, open_)
    keys = w("Concat", "past_key_values.0.key", key, axis=concat_axis)
    keys = w("Cast", keys, to=TensorProto.FLOAT, out="present.0.key")
    values = w("Concat", "past_key_values.0.value", value, axis=-2, out="present.0.value")
    mixed = _attend(w, query, keys, values, mask)
    flat = w("Reshape", mixed, w.ints(-1, HIDDEN))
    bias = w.weight("model.bias", HIDDEN)
    same = w("Identity", bias, out="model.same_bias")  # equal initializers are shared like this
    flat = w("Gemm", flat, w.weight("model.out.weight", HIDDEN, HIDDEN), bias, transB=1)
    flat = w("Gemm", flat, w.weight("model.more.weight", HIDDEN, HIDDEN), same)
    shape = w("Concat", w("Shape", "input_ids"), w.ints(HIDDEN), axis=0)
    x = w("Add", x, w("Reshape", flat, shape))
    head = w.constant("onnx::MatMul_head", numpy_helper.to_array(w.initializers[0]).T.copy())
    logits = w("MatMul", x, head)
    w("Add", w.weight("model.head.bias", VOCAB), logits, out="logits")
    cache = ["batch_size", HEADS, "past_sequence_length", WIDTH]
    longer = ["batch_size", HEADS, "total", WIDTH]
    sequence = ["batch_size", "sequence_length"]
    return w.save(
        folder,
        {
            "input_ids": sequence,
            "past_key_values.0.key": cache,
            "past_key_values.0.value": cache,
            "attention_mask": ["batch_size", "total"],
            "position_ids": sequence,
        },
        {
            "logits": [*sequence, VOCAB],
            "present.0.key": longer,
            "present.0.value": longer,
        },
    )


def exported_encoder(folder: Path) -> Path:
    """One encoder as the exporter writes it."""
    w = _Writer(5)
    tokens = w("Gather", w.weight("embeddings.word.weight", VOCAB, HIDDEN), "input_ids")
    types = w("Gather", w.weight("embeddings.type.weight", 2, HIDDEN), "token_type_ids")
    x = w("Add", tokens, types)
    query, key, value = (
        w.heads(w("MatMul", x, w.weight(f"onnx::MatMul_{name}", HIDDEN, HIDDEN))) for name in "qkv"
    )
    floats = w("Cast", "attention_mask", to=TensorProto.FLOAT)
    hidden = w("Sub", floats, w.constant("one", np.float32(1)))
    mask = w("Unsqueeze", w("Mul", hidden, w.constant("far", np.float32(1e9))), w.ints(1, 2))
    w("Add", x, _attend(w, query, key, value, mask), out="last_hidden_state")
    sequence = ["batch_size", "sequence_length"]
    return w.save(
        folder,
        dict.fromkeys(("input_ids", "attention_mask", "token_type_ids"), sequence),
        {"last_hidden_state": [*sequence, HIDDEN]},
    )
