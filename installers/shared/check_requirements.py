"""Shows that both requirement files can be installed from wheels alone: Linux here, Windows by tag.

Every package of the Windows file is fetched as a wheel for CPython 3.13 on win_amd64, with its hash
checked; nothing of it is run. Every dependency of pyproject.toml must stand in both files.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "installers" / "requirements"
WHEELS = ROOT / ".build" / "wheels"
TARGETS = {
    "linux-cp311.txt": ("3.11", ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64")),
    "windows-cp313.txt": ("3.13", ("win_amd64",)),
}
OLDER_LINUX = ("manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def missing_names(requirements: str) -> set[str]:
    """Direct dependencies of pyproject.toml that a requirement file does not pin."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {_normalized(re.split(r"[\s<>=!\[;]", d)[0]) for d in project["dependencies"]}
    return wanted - {_normalized(name) for name in re.findall(r"^([\w.-]+)==", requirements, re.M)}


def fetch(name: str) -> int:
    """Fetch the wheels of one file into .build/wheels; pip's exit code."""
    version, platforms = TARGETS[name]
    tags = platforms + (OLDER_LINUX if "linux" in name else ())
    target = WHEELS / Path(name).stem
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--python-version", version, "--implementation", "cp"]
    command += [option for tag in tags for option in ("--platform", tag)]
    command += ["--dest", str(target), "-r", str(REQUIREMENTS / name)]
    return subprocess.run(command, check=False).returncode


def main() -> int:
    """0 when both files are complete and every wheel arrived."""
    failed = 0
    for name in TARGETS:
        text = (REQUIREMENTS / name).read_text("utf-8")
        for dependency in sorted(missing_names(text)):
            print(f"{name}: {dependency} is in pyproject.toml but not here; run make lock")
            failed = 1
        failed |= fetch(name)
    print("requirements resolve on Linux and Windows" if not failed else "requirements FAILED")
    return failed


if __name__ == "__main__":
    sys.exit(main())
