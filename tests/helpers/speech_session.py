"""A private Speech Dispatcher whose modules are real synthesizers that speak into files."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_START_TIMEOUT_S = 20.0
# The texts are kept beside the sound, so that a test can tell who said what with which voice.
_SPEAKER = """
GenericExecuteSynth "echo \\'$VOICE $RATE $DATA\\' >> {said}; printf '%s' \\'$DATA\\' | \
espeak-ng -v $VOICE --stdin -w {sound}/$$.wav; sleep {pause}"
GenericCmdDependency "espeak-ng"
GenericRateForceInteger 1
GenericRateAdd 100
GenericPitchForceInteger 1
"""
_VOICES = {"en": "en", "fr": "fr", "zh": "cmn"}


@dataclass(frozen=True, slots=True)
class SpeechSession:
    """A running daemon.

    Attributes:
        env: What a program needs to find it, and no other one.
        folder: Where it keeps what it says.
        process: The daemon.
    """

    env: Mapping[str, str]
    folder: Path
    process: subprocess.Popen[bytes]

    def said(self) -> list[tuple[str, str]]:
        """Voices and sentences, in order."""
        path = self.folder / "said.txt"
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        parts = [line.split(" ", 2) for line in lines]
        return [(part[0], part[2]) for part in parts if len(part) == 3]

    def rates(self) -> list[int]:
        """How fast each was said."""
        lines = (self.folder / "said.txt").read_text(encoding="utf-8").splitlines()
        return [int(line.split(" ", 2)[1]) for line in lines]

    def seconds_of_sound(self) -> float:
        """Of everything that was synthesized: 16-bit samples, 22,050 of them in a second."""
        size = sum(path.stat().st_size for path in (self.folder / "sound").iterdir())
        return size / 2 / 22_050


@contextmanager
def speech_session(
    modules: Mapping[str, Sequence[str]], *, pause_s: float = 0.05
) -> Iterator[SpeechSession]:
    """Start a daemon; skips the test where it is not installed.

    Args:
        modules: Names of output modules, each with the languages ("en", "fr", "zh") it speaks.
        pause_s: How long a sentence takes besides being synthesized.
    """
    if shutil.which("speech-dispatcher") is None or shutil.which("espeak-ng") is None:
        pytest.skip("speech-dispatcher and espeak-ng are not installed")
    # Not under pytest's folder: the path of a socket may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="alcove-speech-") as name:
        folder = Path(name)
        (folder / "sound").mkdir()
        _write_settings(folder, modules, pause_s)
        socket = folder / "socket"
        env = {**os.environ, "SPEECHD_ADDRESS": f"unix_socket:{socket}", "HOME": name}
        env |= {"LC_ALL": "C.UTF-8", "TMPDIR": name}
        command = ["speech-dispatcher", "-s", "-C", name, "-c", "unix_socket", "-S", str(socket)]
        command += ["-P", str(folder / "pid"), "-t", "0", "-L", name]
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + _START_TIMEOUT_S
            while not socket.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("speech-dispatcher did not come up")
                time.sleep(0.02)
            yield SpeechSession(env, folder, process)
        finally:
            process.terminate()
            process.wait(10)


def _write_settings(folder: Path, modules: Mapping[str, Sequence[str]], pause_s: float) -> None:
    (folder / "modules").mkdir()
    # A sound card is not needed: the sound goes into files, and libao's "null" is opened beside it.
    (folder / ".libao").write_text("default_driver=null\n", encoding="utf-8")
    lines = [
        'AudioOutputMethod "libao"',
        "DisableAutoSpawn",
        f"DefaultModule {next(iter(modules))}",
    ]
    speaker = _SPEAKER.format(said=folder / "said.txt", sound=folder / "sound", pause=pause_s)
    for module, languages in modules.items():
        lines.append(f'AddModule "{module}" "sd_generic" "{module}.conf"')
        names = [*languages, "c"]  # what Qt says when the system has no language
        voices = [f'GenericLanguage "{name}" "{name}" "utf-8"' for name in names]
        voices += [f'AddVoice "{code}" "MALE1" "{_VOICES[code]}"' for code in languages]
        content = "\n".join([speaker, *voices])
        (folder / "modules" / f"{module}.conf").write_text(content + "\n", encoding="utf-8")
    (folder / "speechd.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
