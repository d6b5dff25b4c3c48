"""Decides how a model's weights are stored, before its graph is written for good.

calibration text -- 8-bit graph in a folder of its own -- mean squares of inputs --+
4-bit graph that nobody writes -- asked weights -----------------------------------+-- forms
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.builder.blocks.decoder import Decoder, build_decoder
from engine.builder.blocks.storage import AskedWeight, Precision
from engine.builder.calibration import RANDOM, measure_inputs, random_ids, read_ids
from engine.builder.checkpoint import Checkpoint
from engine.builder.graph import Graph
from engine.builder.output import scratch_folder
from engine.builder.quantize_plan import plan_forms
from engine.builder.weights import OnProgress, WeightPlan
from engine.bundle import WEIGHTS_NAME
from engine.types import BuildConfig

_SPARE_BYTES: Final = 16 << 20


def decide_forms(
    decoder: Decoder,
    checkpoint: Checkpoint,
    config: BuildConfig,
    destination: Path,
    on_progress: OnProgress | None,
    cancel: Event | None,
) -> Precision:
    """Forms for all weights; with other than 4 bits there is nothing to choose.

    Args:
        decoder: The model.
        checkpoint: Its weights.
        config: What was asked for.
        destination: Beside it the calibration's folder is made and removed.
        on_progress: Told how far reading the calibration text has come.
        cancel: Set it to stop.

    Returns:
        A precision that takes note of what the graph will ask for.

    Raises:
        BadCheckpoint: The source is damaged.
        UnsupportedFamily: The graph cannot be written.
        InvalidRequest: The calibration text cannot serve, or its folder cannot be written.
        DiskFull: No room for that folder.
        BuildCancelled: `cancel` was set.
    """
    precision = Precision(config.bits, config.block_size, config.search, asked=[])
    if config.bits != 4:
        return precision
    importance: Mapping[str, NDArray[np.float32]] = {}
    if config.calibration:
        importance = _calibrate(decoder, checkpoint, config, destination, on_progress, cancel)
    _, _, asked = _dry_run(decoder, checkpoint, precision)
    forms = plan_forms(asked, config.budget_bits, importance)
    return replace(precision, forms=forms, asked=[])


def _dry_run(
    decoder: Decoder, checkpoint: Checkpoint, precision: Precision
) -> tuple[Graph, WeightPlan, list[AskedWeight]]:
    weights = WeightPlan()
    g = Graph(weights)
    asked: list[AskedWeight] = []
    build_decoder(decoder, g, checkpoint, replace(precision, asked=asked))
    return g, weights, asked


def _calibrate(
    decoder: Decoder,
    checkpoint: Checkpoint,
    config: BuildConfig,
    destination: Path,
    on_progress: OnProgress | None,
    cancel: Event | None,
) -> Mapping[str, NDArray[np.float32]]:
    vocab = decoder.config.vocab
    if config.calibration == RANDOM:
        ids = random_ids(vocab)
    else:
        ids = read_ids(Path(config.calibration), checkpoint.text().tokenizer_json, vocab)
    rounded = Precision(8, config.block_size, search=False)
    g, weights, asked = _dry_run(decoder, checkpoint, rounded)
    values = sorted({weight.value for weight in asked if weight.value})
    name = f"{destination.name}-calibration"
    with scratch_folder(destination.with_name(name), weights.size_bytes + _SPARE_BYTES) as folder:
        weights.write(folder / WEIGHTS_NAME, None, cancel)
        context = decoder.config.context_length
        return measure_inputs(g, folder, values, ids, context, on_progress, cancel)
