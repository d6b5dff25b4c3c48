"""Compiles translations/*.ts into resources/i18n and checks them.

translations.py compile     what is newer than its result
translations.py update      collect new sentences from app/ui
translations.py check       fails when a sentence has no translation, when a placeholder
                            differs, or when the files no longer match the source
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "translations"
COMPILED = ROOT / "resources" / "i18n"
PLACEHOLDER = re.compile(r"\{[a-z_]*\}|%n|%L?\d")


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(f"pyside6-{name}"))


def compile_all() -> int:
    """Compile what is newer than its result."""
    COMPILED.mkdir(parents=True, exist_ok=True)
    for source in sorted(SOURCES.glob("*.ts")):
        target = COMPILED / f"{source.stem}.qm"
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        command = [_tool("lrelease"), "-silent", str(source), "-qm", str(target)]
        if subprocess.run(command, check=False).returncode != 0:
            return 1
    return 0


def _ui_files() -> list[str]:
    return [str(path) for path in sorted((ROOT / "app" / "ui").rglob("*.py"))]


def update(folder: Path = SOURCES) -> int:
    """Collect the sentences of app/ui into every .ts file of a folder."""
    for source in sorted(folder.glob("*.ts")):
        plural = ["-pluralonly"] if source.stem == "alcove_en" else []
        options = ["-locations", "none", "-no-obsolete", "-silent", *plural]
        command = [_tool("lupdate"), *options, *_ui_files(), "-ts", str(source)]
        if subprocess.run(command, check=False, cwd=ROOT).returncode != 0:
            return 1
    return 0


def _messages(path: Path) -> Iterator[tuple[str, ET.Element]]:
    for context in ET.parse(path).getroot().iter("context"):  # noqa: S314 - our own file
        for message in context.iter("message"):
            yield f"{context.findtext('name')}: {message.findtext('source')}", message


def _faults(name: str, message: ET.Element) -> Iterator[str]:
    translation = message.find("translation")
    if translation is None or translation.get("type") == "unfinished":
        yield f"{name} (no translation)"
        return
    forms = [form.text or "" for form in translation.iter("numerusform")]
    expected = set(PLACEHOLDER.findall(message.findtext("source") or ""))
    for text in forms or [translation.text or ""]:
        if not text.strip():
            yield f"{name} (empty)"
        elif set(PLACEHOLDER.findall(text)) - {"%n"} != expected - {"%n"}:
            yield f"{name} (placeholders differ)"


def check() -> int:
    """Print what is missing; 0 when the translations are complete and up to date."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        fresh = Path(name)
        for source in sorted(SOURCES.glob("*.ts")):
            (fresh / source.name).write_bytes(source.read_bytes())
        if update(fresh) != 0:
            return 1
        for source in sorted(SOURCES.glob("*.ts")):
            here, wanted = dict(_messages(source)), dict(_messages(fresh / source.name))
            faults += [f"{source.name}: {key} (not in the file)" for key in wanted.keys() - here]
            faults += [f"{source.name}: {key} (not in the source)" for key in here.keys() - wanted]
            faults += [f"{source.name}: {f}" for k, m in here.items() for f in _faults(k, m)]
    print("\n".join(sorted(faults)) or "translations complete")
    return 1 if faults else 0


if __name__ == "__main__":
    COMMANDS = {"compile": compile_all, "check": check, "update": update}
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        sys.exit("usage: translations.py compile|check|update")
    sys.exit(COMMANDS[sys.argv[1]]())
