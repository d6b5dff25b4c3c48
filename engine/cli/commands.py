"""What each command does. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import functools
import json
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.progress import ProgressBar
from engine.cli.report import flatten, write_report
from engine.errors import InvalidRequest, UnsupportedFamily
from engine.types import BuildConfig, Device, GenerationConfig, LoadOptions, Message

if TYPE_CHECKING:
    from engine.builder.build import OnLayers
    from engine.builder.quantize_plan import LayerFacts
    from engine.types import GenerationEvent

_SEED_BITS = 32


def run(arguments: argparse.Namespace) -> None:
    """Run the command that was parsed. Raises EngineError."""
    table: dict[str, Callable[[argparse.Namespace], None]] = {
        "build": build,
        "chat": chat,
        "score": score,
        "bench": bench,
        "inspect": inspect,
        "doctor": doctor,
    }
    table[arguments.command](arguments)


def build(arguments: argparse.Namespace) -> None:
    """`build SRC OUT`."""
    from engine import inspect_model  # noqa: PLC0415
    from engine.builder.report import by_layer, write_build_report  # noqa: PLC0415

    bar, start = ProgressBar(), time.perf_counter()
    weights: list[LayerFacts] = []
    try:
        bundle = _builder(arguments, weights.extend)(
            arguments.source, arguments.destination, _build_config(arguments), on_progress=bar
        )
    except UnsupportedFamily as exc:
        raise _with_hint(exc, arguments) from exc
    finally:
        bar.clear()
    result = {"bundle": str(bundle), "seconds": round(time.perf_counter() - start, 2)}
    if arguments.report:
        facts = inspect_model(bundle)
        title = f"Bundle {facts['name']}"
        write_build_report(arguments.report, title, flatten({**result, **facts}), weights)
    layers = by_layer(weights)
    if arguments.json:
        shown = [
            {
                "layer": layer.path,
                "size_bytes": layer.size_bytes,
                "bits": round(layer.bits, 3),
                "form": layer.form,
                "error": float(f"{layer.error:.4g}"),
            }
            for layer in layers
        ]
        _print_json({**result, "layers": shown})
        return
    for layer in layers:
        size_mb = layer.size_bytes / 1e6
        error = f"error {layer.error:.1e}"
        print(f"{layer.path:<14} {size_mb:9.2f} MB {layer.bits:6.2f} bits  {error}  {layer.form}")
    print(f"{bundle}  ({result['seconds']} s)")


def _build_config(arguments: argparse.Namespace) -> BuildConfig:
    if arguments.calibration and arguments.bits != 4:
        raise InvalidRequest(field="--calibration", reason="needs --bits 4")
    return BuildConfig(
        bits=arguments.bits,
        search=not arguments.fast,
        budget_bits=arguments.budget,
        calibration=arguments.calibration,
    )


def _builder(arguments: argparse.Namespace, on_layers: OnLayers) -> Callable[..., Path]:
    """Our own builder, or the one that goes through Optimum."""
    if not arguments.convert:
        from engine import build_model  # noqa: PLC0415

        return functools.partial(build_model, on_layers=on_layers)
    from engine.builder.convert import convert_model, convert_python  # noqa: PLC0415

    if convert_python() is None:
        raise InvalidRequest(field="--convert", reason="Optimum is not installed: make convert")
    return convert_model


def _with_hint(error: UnsupportedFamily, arguments: argparse.Namespace) -> UnsupportedFamily:
    """A model type that nobody wrote may still be one that Optimum can export."""
    if error.params.get("option") != "model_type" or arguments.convert:
        return error
    from engine.builder.convert import convert_python  # noqa: PLC0415

    hint = "--convert would try Optimum"
    if convert_python() is None:
        hint += ", once `make convert` has installed it"
    return UnsupportedFamily(**error.params, hint=hint)


def chat(arguments: argparse.Namespace) -> None:
    """`chat BUNDLE --prompt TEXT`."""
    from engine import load_model  # noqa: PLC0415

    prompt = sys.stdin.read() if arguments.prompt == "-" else arguments.prompt
    messages = [Message("user", prompt)]
    if arguments.system is not None:
        messages.insert(0, Message("system", arguments.system))
    config = _generation_config(arguments)
    bar = ProgressBar()
    text: dict[str, list[str]] = {"answer": [], "thinking": []}
    ids: list[int] = []
    logprobs: list[float] = []
    finish_reason: str | None = None
    options = replace(
        _load_options(arguments, arguments.device),
        draft=arguments.draft,
        even_rows=config.speculate is True and config.temperature == 0,
    )
    with load_model(arguments.bundle, options, on_progress=bar) as model:
        for event in model.stream(messages, config, on_progress=bar):
            bar.clear()
            if not arguments.json:
                _show(event, after_thinking=bool(text["thinking"]) and not text["answer"])
            text[event.channel].append(event.text)
            ids.extend(event.token_ids)
            logprobs.extend(event.logprobs)
            finish_reason = event.finish_reason
        stats = model.last_run
    if not arguments.json:
        print()
        return
    _print_json(
        {
            "text": "".join(text["answer"]),
            "thinking": "".join(text["thinking"]),
            "token_ids": ids,
            "logprobs": [round(value, 6) for value in logprobs],
            "finish_reason": finish_reason,
            "prompt_tokens": stats.prompt_tokens,
            "new_tokens": stats.new_tokens,
            "proposed_tokens": stats.proposed_tokens,
            "accepted_tokens": stats.accepted_tokens,
            "prefill_s": round(stats.prefill_s, 4),
            "decode_s": round(stats.decode_s, 4),
            "seed": config.seed,
        }
    )


def _show(event: GenerationEvent, *, after_thinking: bool) -> None:
    """The answer goes to stdout, thoughts to stderr, with a blank line behind them."""
    if event.channel == "thinking":
        print(event.text, end="", file=sys.stderr, flush=True)
        return
    if after_thinking:
        print("\n", file=sys.stderr, flush=True)
    print(event.text, end="", flush=True)


def score(arguments: argparse.Namespace) -> None:
    """`score BUNDLE --ids IDS.npy --out LOGITS.npy`."""
    from engine import load_model  # noqa: PLC0415
    from engine.runtime.control import Control  # noqa: PLC0415
    from engine.runtime.scoring import read_ids, score_file  # noqa: PLC0415

    read_ids(arguments.ids)  # say so before the model is loaded
    bar = ProgressBar()
    try:
        with load_model(
            arguments.bundle, _load_options(arguments, arguments.device), on_progress=bar
        ) as model:
            shape = score_file(model, arguments.ids, arguments.out, Control(), bar)
    finally:
        bar.clear()
    if arguments.json:
        _print_json({"out": str(arguments.out), "shape": list(shape)})
    else:
        print(f"{arguments.out}  {shape[0]} x {shape[1]}")


def bench(arguments: argparse.Namespace) -> None:
    """`bench BUNDLE`."""
    from engine.runtime.devices.doctor import doctor as examine  # noqa: PLC0415

    if arguments.all_devices:
        data = _bench_all(arguments)
    else:
        from engine.runtime.benchmark import benchmark  # noqa: PLC0415

        result = benchmark(
            arguments.bundle,
            prompt_tokens=arguments.prompt_tokens,
            new_tokens=arguments.new_tokens,
            options=_load_options(arguments, arguments.device),
        ).as_dict()
        data = {**result, "devices": [result]}
    if arguments.report:
        rows = [(f"Device {row['device']}", row) for row in data["devices"]]
        others = {"memory read, GB/s": data.get("memory_read_gb_s", "")}
        model = [("Model", data["model"])] if "model" in data else []
        computer = [("Computer", {**examine(), **others})]
        write_report(arguments.report, "Measurement", [*model, *rows, *computer])
    if arguments.json:
        _print_json(data)
    else:
        for row in data["devices"]:
            _print_table(row)


def _bench_all(arguments: argparse.Namespace) -> dict[str, Any]:
    """The first device's figures at the top, all devices' below."""
    from engine.cli.all_devices import Measurement, measure_devices  # noqa: PLC0415

    found = measure_devices(
        Measurement(
            arguments.bundle,
            arguments.prompt_tokens,
            arguments.new_tokens,
            arguments.threads,
            arguments.exact,
        )
    )
    return {**found["devices"][0], **found}


def inspect(arguments: argparse.Namespace) -> None:
    """`inspect BUNDLE|SRC`."""
    from engine import inspect_model  # noqa: PLC0415

    _print(inspect_model(arguments.source), as_json=arguments.json)


def doctor(arguments: argparse.Namespace) -> None:
    """`doctor`."""
    from engine import doctor as examine  # noqa: PLC0415

    if arguments.clear_packed:
        from engine.runtime.packed.store import evict_all  # noqa: PLC0415

        evict_all()
    _print(examine(), as_json=arguments.json)


def _load_options(arguments: argparse.Namespace, device: Device) -> LoadOptions:
    return LoadOptions(
        device=device,
        exact=arguments.exact,
        threads=arguments.threads,
        cache=arguments.cache,
        context_length=arguments.context_length,
    )


def _generation_config(arguments: argparse.Namespace) -> GenerationConfig:
    seed = arguments.seed if arguments.seed is not None else secrets.randbits(_SEED_BITS)
    if not all(arguments.stop):
        raise InvalidRequest(field="stop", reason="empty")
    return GenerationConfig(
        max_new_tokens=arguments.max_tokens,
        temperature=0.0 if arguments.greedy else arguments.temperature,
        top_k=arguments.top_k,
        top_p=arguments.top_p,
        min_p=arguments.min_p,
        repetition_penalty=arguments.repetition_penalty,
        seed=seed,
        stop=tuple(arguments.stop),
        thinking=arguments.thinking,
        thinking_budget=arguments.thinking_budget,
        stop_on_repetition=arguments.stop_on_repetition,
        speculate=True if arguments.draft and arguments.speculate is None else arguments.speculate,
    )


def _print(data: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        _print_json(data)
    else:
        _print_table(data)


def _print_json(data: Mapping[str, Any]) -> None:
    print(json.dumps(data, ensure_ascii=False))


def _print_table(data: Mapping[str, Any]) -> None:
    rows = flatten(data)
    width = max(map(len, rows), default=0)
    for name, value in rows.items():
        print(f"{name:<{width}}  {value}")
