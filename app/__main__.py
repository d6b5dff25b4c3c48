"""The command line: `alcove`, `alcove --ask "..."`, `alcove paths --json`.

Decides between window, terminal and one answer. Imports nothing of Qt before it is needed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from app import __version__
from app.core.errors import AppError, PolicyError, SettingsError
from app.core.paths import Paths, resolve_paths
from app.core.settings import Settings

_SETTING_ARGUMENTS = ("language", "theme")


def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: Without the program's name; None takes them from the process.

    Returns:
        0 on success, 1 with one line on stderr, 2 on wrong usage.
    """
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 1
    except (SettingsError, PolicyError) as exc:
        print(f"alcove: {exc}", file=sys.stderr)
        return 2 if exc.params.get("origin") == "command_line" else 1
    except AppError as exc:
        print(f"alcove: {exc}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    paths = resolve_paths(getattr(options, "data_dir", None))
    if options.command == "paths":
        _print_paths(paths, as_json=options.json)
        return 0
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

    from app import bootstrap  # noqa: PLC0415  Qt, which `paths` does not need

    chosen = {
        name: getattr(options, name)
        for name in _SETTING_ARGUMENTS
        if getattr(options, name) is not None
    }
    settings = bootstrap.read_settings(paths, chosen)
    if options.ask is not None:
        return bootstrap.run_ask(paths, settings, options.ask)
    if options.example:
        return _example(paths, settings)
    bootstrap.start_log(paths.logs)

    from app.services.display import can_show_window  # noqa: PLC0415

    if can_show_window():
        return bootstrap.run_window(paths, settings)
    if sys.stdin is not None and sys.stdin.isatty():
        return bootstrap.run_terminal(paths, settings)
    return _example(paths, settings)


def _example(paths: Paths, settings: Settings) -> int:
    """Neither screen nor terminal: show that it works, and end."""
    from app import bootstrap  # noqa: PLC0415
    from app.ui.terminal.texts import EXAMPLE_QUESTION  # noqa: PLC0415

    return bootstrap.run_ask(paths, settings, EXAMPLE_QUESTION, example=True)


def _print_paths(paths: Paths, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(paths.as_json(), ensure_ascii=False, indent=1))
        return
    for name, path in paths.as_json().items():
        print(f"{name}: {path}")


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help="keep everything in this folder",
    )
    parser = argparse.ArgumentParser(
        prog="alcove",
        description="A desktop assistant that answers on your own computer.",
        parents=[common],
    )
    parser.add_argument("--version", action="version", version=f"alcove {__version__}")
    parser.add_argument("--language", metavar="CODE", help="en, fr or zh_Hans")
    parser.add_argument("--theme", metavar="NAME", help="system, light, dark or contrast")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--ask", type=_question, metavar="QUESTION", help="print one answer and end")
    one.add_argument("--example", action="store_true", help="answer one example question and end")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    paths = commands.add_parser("paths", parents=[common], help="where everything is kept")
    paths.add_argument("--json", action="store_true", help="for scripts")
    return parser


def _question(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("the question is empty")
    return text


if __name__ == "__main__":
    sys.exit(main())
