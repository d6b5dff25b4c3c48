"""Rules that say which Hugging Face tensors a stored GGUF tensor becomes.

An architecture's table maps GGUF stems (`attn_q`) to a rule, or just to a Hugging Face stem. The
converters of llama.cpp change more than names: these rules undo each of the changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.builder.checkpoint import Tensor
from engine.builder.readers import gguf_tensors as change
from engine.builder.readers.gguf_metadata import required
from engine.errors import BadCheckpoint

_MOST_ROWS: Final = 1 << 24
_MOST_EXPERTS: Final = 4096

VALUE_HEADS: Final = "linear_num_value_heads"
KEY_HEADS: Final = "linear_num_key_heads"
KEY_WIDTH: Final = "linear_key_head_dim"
VALUE_WIDTH: Final = "linear_value_head_dim"

GetTensor = Callable[[str], Tensor | None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule is applied.

    Attributes:
        config: The Hugging Face config made from the metadata.
        target: What the names of the results start with: "model.layers.3." or "".
        stem: What the GGUF names of this block start with: "blk.3." or "".
        suffix: ".weight" or ".bias" where the table names a stem, "" where it names a tensor.
        stored: Gives a stored tensor by its GGUF name, None when it is not there.
    """

    config: Mapping[str, Any]
    target: str
    stem: str
    suffix: str
    stored: GetTensor

    def name(self, stem: str) -> str:
        """Hugging Face name of a result."""
        return f"{self.target}{stem}{self.suffix}"

    def other(self, name: str) -> Tensor:
        """Another tensor of the same block. Raises BadCheckpoint when it is missing."""
        tensor = self.stored(self.stem + name)
        if tensor is None:
            raise BadCheckpoint(reason="missing_tensor", tensor=(self.stem + name)[:80])
        return tensor


Rule = Callable[[Place, Tensor], Iterable[Tensor]]
Rules = Mapping[str, str | Rule]


def rename(stem: str) -> Rule:
    """The tensor as it is."""
    return lambda place, tensor: [change.renamed(tensor, place.name(stem))]


def taken_elsewhere(_place: Place, _tensor: Tensor) -> Iterable[Tensor]:
    """Nothing: another tensor's rule, or the config, takes this one in."""
    return ()


def chained(first: Rule, change_more: Callable[[Tensor], Tensor]) -> Rule:
    """A rule followed by a further change of each result."""
    return lambda place, tensor: [change_more(result) for result in first(place, tensor)]


def less_one(stem: str) -> Rule:
    """Weights of norms that multiply by 1 + w; GGUF stores the sum."""
    return chained(rename(stem), change.minus_one)


def as_row(stem: str) -> Rule:
    """Numbers that Hugging Face keeps as a matrix of one row."""
    return chained(rename(stem), change.row)


def half_by_half(stem: str, heads_key: str) -> Rule:
    """Projections whose heads were reordered for ggml's own RoPE: [pair, half] -> [half, pair].

    The converter (LlamaModel.permute) interleaves the two halves of every head.
    """

    def rule(place: Place, tensor: Tensor) -> Iterable[Tensor]:
        heads = required(place.config, heads_key)
        rows = tensor.shape[0]
        if rows % (2 * heads) or rows > _MOST_ROWS:
            raise change.wrong_shape(tensor, (heads, 2))
        pairs = np.arange(rows).reshape(heads, rows // heads // 2, 2)
        order = pairs.transpose(0, 2, 1).reshape(-1)
        return [change.reordered(change.renamed(tensor, place.name(stem)), order)]

    return rule


def experts(stem: str) -> Rule:
    """Experts on top of each other, [experts, rows, columns] or biases [experts, rows], one by one.

    `stem` holds `{}` for the expert's number.
    """

    def rule(place: Place, tensor: Tensor) -> Iterable[Tensor]:
        count, *shape = tensor.shape
        if not 1 <= len(shape) <= 2 or count > _MOST_EXPERTS:
            raise change.wrong_shape(tensor, (required(place.config, "hidden_size"),))
        rows = shape[0] if len(shape) == 2 else 1
        for index in range(count):
            name = place.name(stem.format(index))
            part = tensor.sliced(index * rows, (index + 1) * rows)
            yield change.renamed(part, name, tuple(shape))

    return rule


def gate_and_up_experts(gate: str, up: str) -> Rule:
    """Experts whose gate and up projections are one: [experts, 2 * rows, columns], gate first."""

    def rule(place: Place, tensor: Tensor) -> Iterable[Tensor]:
        if len(tensor.shape) != 3 or tensor.shape[1] % 2 or tensor.shape[0] > _MOST_EXPERTS:
            raise change.wrong_shape(tensor, (2, required(place.config, "hidden_size")))
        rows = tensor.shape[1] // 2
        for index in range(tensor.shape[0]):
            for half, stem in enumerate((gate, up)):
                first = (2 * index + half) * rows
                part = tensor.sliced(first, first + rows)
                yield change.renamed(part, place.name(stem.format(index)))

    return rule


def key_value_halves(stem: str) -> Rule:
    """Latent attention's `kv_b_proj`, stored as transposed keys and as values (`attn_v_b`)."""

    def rule(place: Place, tensor: Tensor) -> Iterable[Tensor]:
        if place.stored(f"{place.stem}attn_kv_b{place.suffix}") is not None:
            return []  # some files hold both forms
        values = place.other(f"attn_v_b{place.suffix}")
        return [change.joined_key_value(place.name(stem), tensor, values)]

    return rule


def value_heads(stem: str, width_key: str = "", skipped: int = 0) -> Rule:
    """Rows of value heads that were dealt out in turns, put back beside their key head.

    Several value heads share a key head. Hugging Face keeps them together; llama.cpp's converter
    (Qwen 3.5) takes the first of each key head, then the second of each, so that ggml can repeat
    the keys as a whole.

    Args:
        stem: Of the result.
        width_key: Config key of a head's rows, one row each when empty.
        skipped: How many blocks of queries or keys stand before the values.
    """

    def rule(place: Place, tensor: Tensor) -> Iterable[Tensor]:
        width = required(place.config, width_key) if width_key else 1
        before = skipped * required(place.config, KEY_HEADS) * required(place.config, KEY_WIDTH)
        total = before + required(place.config, VALUE_HEADS) * width
        if tensor.shape[0] != total or total > _MOST_ROWS:
            raise change.wrong_shape(tensor, (total,))
        rows = _beside_keys(place.config)[:, None] * width + np.arange(width)
        order = np.concatenate([np.arange(before), before + rows.reshape(-1)])
        return [change.reordered(change.renamed(tensor, place.name(stem)), order)]

    return rule


def value_head_columns(stem: str) -> Rule:
    """The same for the columns of the output projection."""

    def rule(place: Place, tensor: Tensor) -> Iterable[Tensor]:
        total = required(place.config, VALUE_HEADS) * required(place.config, VALUE_WIDTH)
        if tensor.columns != total:
            raise change.wrong_shape(tensor, (tensor.rows, total))
        tensor = change.renamed(tensor, place.name(stem))
        return [change.columns_reordered(tensor, _beside_keys(place.config))]

    return rule


def _beside_keys(config: Mapping[str, Any]) -> NDArray[np.intp]:
    """For each value head as Hugging Face counts them, where it is stored."""
    keys, values = required(config, KEY_HEADS), required(config, VALUE_HEADS)
    if values % keys:
        raise BadCheckpoint(reason="bad_config", key=VALUE_HEADS)
    return np.arange(values).reshape(values // keys, keys).T.reshape(-1)


def by_key_head(stem: str) -> Rule:
    """Qwen3-Next's `in_proj_qkvz`: queries, keys, values and gates of one key head together.

    GGUF stores all queries, keys and values in one tensor and all gates in another (`attn_gate`).
    """

    def rule(place: Place, tensor: Tensor) -> Iterable[Tensor]:
        config = place.config
        keys, width = required(config, KEY_HEADS), required(config, KEY_WIDTH)
        wide = required(config, VALUE_HEADS) * required(config, VALUE_WIDTH)
        if wide % keys:
            raise BadCheckpoint(reason="bad_config", key=VALUE_HEADS)
        parts = [tensor, place.other(f"attn_gate{place.suffix}")]
        for part, rows in zip(parts, (2 * keys * width + wide, wide), strict=True):
            if part.rows != rows or rows > _MOST_ROWS:
                raise change.wrong_shape(part, (rows, part.columns))
        widths = (width, width, wide // keys, wide // keys)
        starts = np.cumsum([0, keys * width, keys * width, wide])
        order = [
            start + head * size + np.arange(size)
            for head in range(keys)
            for start, size in zip(starts, widths, strict=True)
        ]
        return [change.gathered(place.name(stem), parts, np.concatenate(order))]

    return rule
