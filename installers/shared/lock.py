"""Resolves pyproject.toml into the requirement files, hashes and all: `make lock`.

One file for Linux (CPython 3.11) and one for Windows (CPython 3.13), plus what tests need, what
building needs and what converting needs, which goes into an environment of its own and therefore
depends on nothing but the extra. No file names an index: where packages come from is the person's
own setting. PyTorch is wanted without a GPU's libraries (several GB); its maker's index has that
build, or a folder in $PIP_FIND_LINKS.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "installers" / "requirements"
LINUX = ("--python-platform", "x86_64-manylinux_2_34", "--python-version", "3.11")
WINDOWS = ("--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.13")


OVERRIDE = ("--override", str(REQUIREMENTS / "overrides.txt"))


def compile_requirements(
    uv: str, source: Path, name: str, *options: str, overrides: tuple[str, ...] = OVERRIDE
) -> None:
    """Write one locked requirement file."""
    command = [uv, "pip", "compile", str(source), "--output-file", str(REQUIREMENTS / name)]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-annotate", "--upgrade", "--quiet"]
    command += ["--no-header", *overrides, *options]
    environment = dict(os.environ)
    if "PIP_FIND_LINKS" in environment:
        environment["UV_FIND_LINKS"] = environment["PIP_FIND_LINKS"]
    subprocess.run(command, check=True, env=environment)


def main() -> int:
    """Write all files; `uv` must stand beside this interpreter."""
    uv = str(Path(sys.executable).with_name("uv"))
    project = ROOT / "pyproject.toml"
    compile_requirements(uv, project, "linux-cp311.txt", *LINUX)
    compile_requirements(uv, project, "windows-cp313.txt", *WINDOWS)
    runtime = ("--constraint", str(REQUIREMENTS / "linux-cp311.txt"))
    compile_requirements(uv, project, "linux-cp311-dev.txt", *LINUX, *runtime, "--extra", "dev")
    build = REQUIREMENTS / "build.in"
    compile_requirements(uv, build, "linux-cp311-build.txt", *LINUX)
    tables = tomllib.loads(project.read_text("utf-8"))["project"]["optional-dependencies"]
    extra = ROOT / ".build" / "lock" / "convert.in"
    extra.write_text("\n".join(tables["convert"]) + "\n", "utf-8")
    override = ("--override", str(REQUIREMENTS / "overrides-convert.txt"))
    compile_requirements(uv, extra, "linux-cp311-convert.txt", *LINUX, overrides=override)
    return 0


if __name__ == "__main__":
    sys.exit(main())
