"""Makes virtual environments from the locked requirements: `environment.py run|test|convert`.

`run` and `test` share `.venv`; `convert` is a separate one for Optimum and PyTorch.

Standard library only. Does nothing, and touches no network, when everything is in place already.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from installers.shared import system  # noqa: E402

REQUIREMENTS = ROOT / "installers" / "requirements"
VENV = ROOT / ".venv"
CONVERT = ROOT / ".build" / "convert"
FILES = {
    "run": ("linux-cp311-build.txt", "linux-cp311.txt"),
    "test": ("linux-cp311-build.txt", "linux-cp311.txt", "linux-cp311-dev.txt"),
    "convert": ("linux-cp311-convert.txt",),
}


def venv_python(folder: Path = VENV) -> Path:
    """The interpreter inside a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main(arguments: list[str]) -> int:
    """Prepare what `arguments[0]` ("run", "test" or "convert") needs; 0 on success."""
    purpose = arguments[0] if arguments else "run"
    if purpose not in FILES:
        print("usage: environment.py run|test|convert", file=sys.stderr)
        return 2
    if purpose == "convert":
        return _ensure_packages(CONVERT, purpose)
    if not system.ensure(system.TEST if purpose == "test" else system.RUN):
        return 1
    return _ensure_packages(VENV, purpose)


def _ensure_packages(folder: Path, purpose: str) -> int:
    stamp, python = folder / f"{purpose}.stamp", venv_python(folder)
    wanted = _fingerprint(FILES[purpose])
    if stamp.exists() and stamp.read_text("utf-8") == wanted and python.exists():
        return 0
    if not python.exists():
        print(f"Making a place for Python packages ({folder.name}) ...", flush=True)
        venv.create(folder, with_pip=True, clear=folder.exists())
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install"]
    for name in FILES[purpose]:
        command = [*pip, "--require-hashes", "--no-deps", "-r", str(REQUIREMENTS / name)]
        if subprocess.run(command, check=False).returncode != 0:
            print(
                "The packages could not be fetched. Please check the connection and try again; "
                "what has arrived is kept.",
                file=sys.stderr,
            )
            return 1
    if folder == VENV and not _install_alcove(pip):
        return 1
    stamp.write_text(wanted, "utf-8")
    return 0


def _install_alcove(pip: list[str]) -> bool:
    """Link the source tree into `.venv`; the build tool's chatter is shown only if it fails."""
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT)]
    done = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
    return done.returncode == 0


def _fingerprint(names: tuple[str, ...]) -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for path in [*(REQUIREMENTS / name for name in names), ROOT / "pyproject.toml"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
