"""The plan: exact forms where they exist, the rest of the budget where it saves most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.builder.blocks.storage import AskedWeight, Form, Storage
from engine.builder.checkpoint import Tensor
from engine.builder.quantize_plan import describe, merge_asked, plan_forms


def _tensor(name: str, weights: NDArray[np.float32]) -> Tensor:
    return Tensor(name, weights.shape, "F32", lambda start, stop: weights[start:stop])


def _noise(seed: int, rows: int = 64, columns: int = 256) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)


def _grid(seed: int) -> NDArray[np.float32]:
    steps = np.random.default_rng(seed).integers(-8, 8, (64, 256)).astype(np.float32)
    steps[:, ::32] = -8
    return steps * np.float32(1 / 64)


def _linear(path: str, weights: NDArray[np.float32]) -> AskedWeight:
    return AskedWeight(path, (_tensor(path, weights),), Form(Storage.INT4), f"{path}/x")


def _table(weights: NDArray[np.float32]) -> AskedWeight:
    path = "/model/embed_tokens"
    return AskedWeight(path, (_tensor(path, weights),), Form(Storage.INT8), table=True)


def _bits(asked: list[AskedWeight], forms: dict[str, Form]) -> float:
    planned = [replace(weight, form=forms[weight.tensors[0].name]) for weight in asked]
    facts = describe(planned)
    return sum(f.parameters * f.bits for f in facts) / sum(f.parameters for f in facts)


def test_weights_on_the_grid_stay_symmetric_whatever_the_budget() -> None:
    asked = [_linear("/model/layers.0/mlp/up", _grid(0)), _table(_grid(1))]
    forms = plan_forms(asked, 9.0, {})
    assert {form.storage for form in forms.values()} == {Storage.INT4}
    assert all(
        fact.error == 0 for fact in describe([replace(a, form=forms[a.path]) for a in asked])
    )


@pytest.mark.parametrize("budget", [4.6, 5.0, 5.5, 7.0, 8.5])
def test_the_budget_is_kept_and_used(budget: float) -> None:
    asked = [_linear(f"/model/layers.{index}/attn/o", _noise(index)) for index in range(24)]
    bits = _bits(asked, plan_forms(asked, budget, {}))
    assert budget - 0.25 < bits <= budget


def test_more_bits_go_where_rounding_loses_most() -> None:
    asked = [_linear("/model/layers.1/attn/o", _noise(1))]
    easy = [_grid(index) + np.float32(0.002) * _noise(index) for index in (1, 2, 3)]
    asked += [_linear(f"/model/layers.{i}/attn/q", weights) for i, weights in enumerate(easy)]
    forms = plan_forms(asked, 5.6, {})
    assert forms[asked[0].path].storage is Storage.INT8
    assert all(forms[weight.path].storage is not Storage.INT8 for weight in asked[1:])


def test_the_last_feed_forward_layer_comes_first() -> None:
    asked = [_linear(f"/model/layers.{index}/mlp/down_proj", _noise(7)) for index in range(8)]
    forms = plan_forms(asked, 5.05, {})
    assert forms[asked[-1].path].storage is Storage.INT8
    assert sum(form.storage is Storage.INT8 for form in forms.values()) == 1


def test_stacked_tensors_get_one_form() -> None:
    parts = tuple(_tensor(f"{name}_proj", _noise(index)) for index, name in enumerate("qkv"))
    asked = [AskedWeight("/model/layers.0/attn/qkv", parts, Form(Storage.INT4), "x")]
    forms = plan_forms(asked, 5.0, {})
    assert set(forms) == {"q_proj", "k_proj", "v_proj"}
    assert len(set(forms.values())) == 1


def test_large_tables_are_split_before_they_grow() -> None:
    weights = _noise(2, rows=4096, columns=64)
    table = _table(weights)
    form = plan_forms([table], 5.2, {})[table.path]
    assert (form.storage, form.common_rows) == (Storage.INT4_ZERO, 512)


def test_rows_that_blocks_do_not_divide_stay_symmetric() -> None:
    weights = _noise(3, columns=80)
    asked = [_linear("/model/layers.0/mlp/down_proj", weights)]
    assert plan_forms(asked, 6.0, {})[asked[0].path].storage is Storage.INT4


def test_experts_keep_their_form_and_count() -> None:
    experts = AskedWeight("/model/experts", (_tensor("e", _noise(4)),), Form(Storage.INT4))
    linear = _linear("/model/layers.0/attn/o", _noise(5))
    forms = plan_forms([experts, linear], 6.5, {})
    assert set(forms) == {linear.path}
    assert forms[linear.path].storage is Storage.INT8


def test_a_head_that_is_the_table_is_one_weight() -> None:
    table = _table(_noise(6))
    head = replace(table, path="/model/lm_head", value="normed")
    (merged,) = merge_asked([table, head])
    assert (merged.path, merged.value) == (table.path, "normed")


def test_importance_reaches_the_form() -> None:
    linear = _linear("/model/layers.0/attn/o", _noise(8))
    share = np.linspace(0.01, 4, 256).astype(np.float32)
    form = plan_forms([linear], 4.5, {linear.value: share})[linear.path]
    assert form.importance is share
