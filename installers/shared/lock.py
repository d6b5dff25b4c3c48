"""Resolves pyproject.toml into the requirement files, hashes and all: `make lock`.

One file for Linux (CPython 3.11) and one for Windows (CPython 3.13), plus what tests need and what
building needs. No file names an index: where packages come from is the person's own setting.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "installers" / "requirements"
LINUX = ("--python-platform", "x86_64-manylinux_2_34", "--python-version", "3.11")
WINDOWS = ("--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.13")


def compile_requirements(uv: str, source: Path, name: str, *options: str) -> None:
    """Write one locked requirement file."""
    command = [uv, "pip", "compile", str(source), "--output-file", str(REQUIREMENTS / name)]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-annotate", "--upgrade", "--quiet"]
    command += ["--no-header", "--override", str(REQUIREMENTS / "overrides.txt"), *options]
    subprocess.run(command, check=True)


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
    return 0


if __name__ == "__main__":
    sys.exit(main())
