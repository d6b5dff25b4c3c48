"""Makes the virtual environment `.venv` from the locked requirements: `environment.py run|test`.

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
FILES = {
    "run": ("linux-cp311-build.txt", "linux-cp311.txt"),
    "test": ("linux-cp311-build.txt", "linux-cp311.txt", "linux-cp311-dev.txt"),
}


def venv_python() -> Path:
    """The interpreter inside `.venv`."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


_PIP = [str(venv_python()), "-m", "pip", "--disable-pip-version-check"]


def main(arguments: list[str]) -> int:
    """Prepare what `arguments[0]` ("run" or "test") needs; 0 on success."""
    purpose = arguments[0] if arguments else "run"
    if purpose not in FILES:
        print("usage: environment.py run|test", file=sys.stderr)
        return 2
    if not system.ensure(system.TEST if purpose == "test" else system.RUN):
        return 1
    return _ensure_packages(purpose)


def _ensure_packages(purpose: str) -> int:
    stamp = VENV / f"{purpose}.stamp"
    wanted = _fingerprint(FILES[purpose])
    if stamp.exists() and stamp.read_text("utf-8") == wanted and venv_python().exists():
        return 0
    if not venv_python().exists():
        print("Making a place for Alcove's own Python packages (.venv) ...", flush=True)
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    for name in FILES[purpose]:
        if _pip("install", "--require-hashes", "--no-deps", "-r", str(REQUIREMENTS / name)) != 0:
            print(
                "The packages could not be fetched. Please check the connection and try again; "
                "what has arrived is kept.",
                file=sys.stderr,
            )
            return 1
    if not _install_alcove():
        return 1
    stamp.write_text(wanted, "utf-8")
    return 0


def _install_alcove() -> bool:
    """Link the source tree into `.venv`; the build tool's chatter is shown only if it fails."""
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT)]
    done = subprocess.run([*_PIP, "install", *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
    return done.returncode == 0


def _pip(*arguments: str) -> int:
    return subprocess.run([*_PIP, *arguments], check=False).returncode


def _fingerprint(names: tuple[str, ...]) -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for path in [*(REQUIREMENTS / name for name in names), ROOT / "pyproject.toml"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
