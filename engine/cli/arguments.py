"""What the commands accept. Wrong usage ends with exit code 2, as argparse does it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from engine.types import BuildConfig, CacheType, Device, Thinking

DEFAULT_TEMPERATURE = 0.6
DEFAULT_TOP_P = 0.95
DEFAULT_BUDGET_BITS = BuildConfig().budget_bits
_THREADS_MAX = 1024


def build_parser() -> argparse.ArgumentParser:
    """The parser of `python -m engine`."""
    parser = argparse.ArgumentParser(
        prog="python -m engine", description="Turn checkpoints into ONNX bundles and run them."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_build, _add_chat, _add_score, _add_bench, _add_inspect, _add_doctor):
        add(commands)
    return parser


# argparse gives the type of a group of subcommands no public name.
Commands = argparse._SubParsersAction


def _add_build(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("build", help="make a bundle from a folder or a GGUF file")
    parser.add_argument("source", type=Path, help="Hugging Face folder or GGUF file")
    parser.add_argument("destination", type=Path, help="folder to make")
    parser.add_argument("--bits", type=int, choices=(4, 8, 16, 32), help="bits per weight")
    parser.add_argument(
        "--budget",
        type=_between(4, 9),
        default=DEFAULT_BUDGET_BITS,
        metavar="BITS",
        help="with --bits 4: bits for each weight on average, scales included",
    )
    parser.add_argument(
        "--calibration",
        default="",
        metavar="FILE.txt|random",
        help="with --bits 4: a text that shows which inputs matter, or random tokens",
    )
    parser.add_argument(
        "--fast", action="store_true", help="round to the nearest instead of searching for scales"
    )
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a report")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument(
        "--convert",
        action="store_true",
        help="export through Optimum: for decoders that are not known, and for sentence encoders",
    )


def _add_chat(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("chat", help="answer one prompt")
    _add_bundle(parser)
    parser.add_argument("--prompt", required=True, help='the question; "-" reads it from stdin')
    parser.add_argument("--system", help="instructions that come before the question")
    parser.add_argument("--max-tokens", type=_whole(1), default=1024, metavar="N")
    parser.add_argument("--greedy", action="store_true", help="always take the best token")
    parser.add_argument("--temperature", type=_between(0, 100), default=DEFAULT_TEMPERATURE)
    parser.add_argument("--top-k", type=_whole(0), default=0)
    parser.add_argument("--top-p", type=_between(1e-9, 1), default=DEFAULT_TOP_P)
    parser.add_argument("--min-p", type=_between(0, 1), default=0.0)
    parser.add_argument("--repetition-penalty", type=_between(1e-9, 100), default=1.0)
    parser.add_argument("--seed", type=_whole(0, 2**64 - 1), help="same seed, same reply")
    parser.add_argument("--stop", action="append", default=[], help="text that ends the reply")
    parser.add_argument(
        "--thinking",
        choices=get_args(Thinking),
        default="auto",
        help="whether a reasoning model thinks first; auto leaves it to the model",
    )
    parser.add_argument(
        "--thinking-budget",
        type=_whole(0),
        default=0,
        metavar="N",
        help="tokens after which the thinking is closed and the answer begins, 0 for no limit",
    )
    parser.add_argument(
        "--stop-on-repetition",
        action="store_true",
        help="end a reply that says one piece of text over and over",
    )
    parser.add_argument(
        "--speculation",
        dest="speculate",
        action=argparse.BooleanOptionalAction,
        help="guess the next tokens and read several at once; by default where the reply stays "
        "what it is without: sampled ones, and all with --exact. Asked for, greedy replies stay "
        "what they are as well, for six to nine percent of the speed of other texts",
    )
    parser.add_argument(
        "--draft",
        default="",
        metavar="BUNDLE",
        help="a smaller model with the same vocabulary that guesses the next tokens",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_score(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("score", help="logits at every position of a text")
    _add_bundle(parser)
    parser.add_argument("--ids", type=Path, required=True, metavar="IDS.npy")
    parser.add_argument("--out", type=Path, required=True, metavar="LOGITS.npy")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_bench(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("bench", help="measure speed and memory")
    _add_bundle(parser)
    parser.add_argument("--prompt-tokens", type=_whole(1), default=512, metavar="N")
    parser.add_argument("--new-tokens", type=_whole(1), default=128, metavar="N")
    parser.add_argument("--all-devices", action="store_true", help="every device there is")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a report")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_inspect(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("inspect", help="what a bundle or a checkpoint is")
    parser.add_argument("source", type=Path, help="bundle, Hugging Face folder or GGUF file")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_doctor(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("doctor", help="what this computer has")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--clear-packed", action="store_true", help="delete packed weights that are not in use"
    )


def _add_bundle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, help="folder made by build")
    parser.add_argument("--device", choices=get_args(Device), default="auto")
    parser.add_argument("--threads", type=_whole(0, _THREADS_MAX), default=0, metavar="N")
    parser.add_argument("--exact", action="store_true", help="float32 activations")
    parser.add_argument(
        "--cache", choices=get_args(CacheType), default="float32", help="keys and values"
    )
    parser.add_argument(
        "--context-length",
        type=_whole(0),
        default=0,
        metavar="N",
        help="refuse to begin unless a conversation of N tokens fits",
    )


def _whole(least: int, greatest: int = 2**31 - 1) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not least <= value <= greatest:
            raise argparse.ArgumentTypeError(f"must be from {least} to {greatest}")
        return value

    parse.__name__ = "whole number"
    return parse


def _between(least: float, greatest: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if not least <= value <= greatest:
            raise argparse.ArgumentTypeError(f"must be from {least} to {greatest}")
        return value

    parse.__name__ = "number"
    return parse
