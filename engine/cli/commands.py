"""What each command does. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.cli.progress import ProgressBar
from engine.cli.report import flatten, write_report
from engine.errors import InvalidRequest, UnsupportedFamily
from engine.types import BuildConfig, Device, GenerationConfig, Message

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

    bar, start = ProgressBar(), time.perf_counter()
    try:
        bundle = _builder(arguments)(
            arguments.source,
            arguments.destination,
            BuildConfig(bits=arguments.bits),
            on_progress=bar,
        )
    except UnsupportedFamily as exc:
        raise _with_hint(exc, arguments) from exc
    finally:
        bar.clear()
    result = {"bundle": str(bundle), "seconds": round(time.perf_counter() - start, 2)}
    if arguments.report:
        facts = inspect_model(bundle)
        write_report(
            arguments.report, f"Bundle {facts['name']}", [("Build", result), ("Model", facts)]
        )
    if arguments.json:
        _print_json(result)
    else:
        print(f"{bundle}  ({result['seconds']} s)")


def _builder(arguments: argparse.Namespace) -> Callable[..., Path]:
    """Our own builder, or the one that goes through Optimum."""
    if not arguments.convert:
        from engine import build_model  # noqa: PLC0415

        return build_model
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
    with load_model(
        arguments.bundle,
        device=arguments.device,
        exact=arguments.exact,
        threads=arguments.threads,
        on_progress=bar,
    ) as model:
        for event in model.stream(messages, config, on_progress=bar):
            bar.clear()
            text[event.channel].append(event.text)
            ids.extend(event.token_ids)
            logprobs.extend(event.logprobs)
            finish_reason = event.finish_reason
            if not arguments.json:
                print(event.text, end="", flush=True)
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
            "prefill_s": round(stats.prefill_s, 4),
            "decode_s": round(stats.decode_s, 4),
            "seed": config.seed,
        }
    )


def score(arguments: argparse.Namespace) -> None:
    """`score BUNDLE --ids IDS.npy --out LOGITS.npy`."""
    from engine import load_model  # noqa: PLC0415
    from engine.runtime.control import Control  # noqa: PLC0415
    from engine.runtime.scoring import read_ids, score_file  # noqa: PLC0415

    read_ids(arguments.ids)  # say so before the model is loaded
    bar = ProgressBar()
    try:
        with load_model(
            arguments.bundle,
            device=arguments.device,
            exact=arguments.exact,
            threads=arguments.threads,
            on_progress=bar,
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
    from engine.runtime.benchmark import benchmark  # noqa: PLC0415
    from engine.runtime.devices import doctor as examine  # noqa: PLC0415
    from engine.runtime.session import available_devices  # noqa: PLC0415

    devices: tuple[Device, ...] = (arguments.device,)
    if arguments.all_devices:
        devices = available_devices()
    results = [
        benchmark(
            arguments.bundle,
            prompt_tokens=arguments.prompt_tokens,
            new_tokens=arguments.new_tokens,
            device=device,
            threads=arguments.threads,
            exact=arguments.exact,
        ).as_dict()
        for device in devices
    ]
    data = {**results[0], "devices": results}
    if arguments.report:
        sections = [(f"Device {result['device']}", result) for result in results]
        write_report(arguments.report, "Measurement", [*sections, ("Computer", examine())])
    if arguments.json:
        _print_json(data)
    else:
        for result in results:
            _print_table(result)


def inspect(arguments: argparse.Namespace) -> None:
    """`inspect BUNDLE|SRC`."""
    from engine import inspect_model  # noqa: PLC0415

    _print(inspect_model(arguments.source), as_json=arguments.json)


def doctor(arguments: argparse.Namespace) -> None:
    """`doctor`."""
    from engine import doctor as examine  # noqa: PLC0415

    _print(examine(), as_json=arguments.json)


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
