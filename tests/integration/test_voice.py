"""Reading aloud through a real Speech Dispatcher, whose synthesizers speak into files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.speech_session import SpeechSession, speech_session

ROOT = Path(__file__).resolve().parents[2]
LETTER = """Here is the **letter** you wanted from me. It is short and [kind](https://example.org).

```python
print("secret code")
```

Je vous écris au sujet de la lampe de ma rue.

我写信是为了路灯的事。它已经坏了三个星期。
"""


@pytest.fixture(scope="module")
def three() -> Iterator[SpeechSession]:
    """One synthesizer that speaks all three languages."""
    with speech_session({"espeak-ng": ["en", "fr", "zh"]}) as session:
        yield session


def read(env: object, **wish: Any) -> dict[str, Any]:
    environment = {**os.environ, **env} if isinstance(env, dict) else dict(os.environ)
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.speaker"],
        input=json.dumps(wish),
        env=environment,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    events: dict[str, Any] = json.loads(done.stdout)
    return events


def test_each_sentence_gets_the_voice_of_its_language(three: SpeechSession) -> None:
    before = len(three.said())
    events = read(three.env, text=LETTER)
    assert events["error"] == ""
    assert events["states"] == [7, 0]
    assert three.said()[before:] == [
        ("en", "Here is the letter you wanted from me."),
        ("en", "It is short and kind."),
        ("en", "Here the answer shows a piece of code."),
        ("fr", "Je vous écris au sujet de la lampe de ma rue."),
        ("cmn", "我写信是为了路灯的事。"),
        ("cmn", "它已经坏了三个星期。"),
    ]
    assert three.seconds_of_sound() > 3, "it was really synthesized"
    assert events["longest_turn_ms"] < 120, "thirteen thousand voices are not awaited here"


def test_a_growing_reply_is_read_as_it_comes(three: SpeechSession) -> None:
    before = len(three.said())
    text = "The lamp is bright. The house is quiet. " * 3 + "And that is all"
    events = read(three.env, text=text, pieces=7)
    said = [sentence for _, sentence in three.said()[before:]]
    assert said == ["The lamp is bright.", "The house is quiet."] * 3 + ["And that is all"]
    assert events["states"] == [7, 0]


def test_stop_is_at_once(three: SpeechSession) -> None:
    before = len(three.said())
    events = read(three.env, text="One lamp is here. " * 40, stop_after=2)
    assert events["sentences"] == ["One lamp is here."] * 2
    assert events["stop_ms"] < 50
    assert events["states"] == [7, 0]
    assert len(three.said()) - before <= 2


def test_formulas_become_words(three: SpeechSession) -> None:
    events = read(three.env, text="The energy is $E = mc^2$, as you know.")
    assert events["sentences"] == ["The energy is E = mc² , as you know."]
    assert three.said()[-1][1].startswith("The energy is E = mc")


def test_the_pace_is_kept(three: SpeechSession) -> None:
    paces = []
    for pace in ("slow", "normal", "fast"):
        read(three.env, text="The lamp is bright.", pace=pace)
        paces.append(three.rates()[-1])
    assert paces[0] < paces[1] < paces[2]


def test_a_module_that_may_use_the_network_stays_silent() -> None:
    with speech_session({"cloud-generic": ["en", "fr", "zh"]}) as session:
        events = read(session.env, text="The lamp is bright tonight.")
        assert events["error"] == "voice.network"
        assert events["states"] == [7, 0]
        assert session.said() == []


def test_a_local_voice_is_taken_where_there_are_both() -> None:
    modules = {"cloud-generic": ["en", "fr"], "espeak-ng": ["en"], "piper-generic": ["en"]}
    with speech_session(modules) as session:
        events = read(session.env, text="The lamp is bright tonight.")
        assert events["error"] == ""
        log = (session.folder / "piper-generic.log").exists()
        assert log
        assert session.said() == [("en", "The lamp is bright tonight.")]
        events = read(session.env, text="La lampe est dans la rue et elle est belle.")
        assert events["error"] == "voice.network"
        assert len(session.said()) == 1


def test_a_language_nobody_speaks_is_said_so() -> None:
    with speech_session({"espeak-ng": ["en"]}) as session:
        events = read(session.env, text="我写信是为了路灯的事。")
        assert events["error"] == "voice.language"
        assert session.said() == []
        events = read(session.env, text="The lamp is on the table. 我写信是为了路灯的事。")
        assert events["error"] == ""
        assert [sentence for _, sentence in session.said()] == ["The lamp is on the table."]


def test_without_speech_dispatcher_it_says_so(tmp_path: Path) -> None:
    env = {"SPEECHD_ADDRESS": f"unix_socket:{tmp_path / 'none'}", "HOME": str(tmp_path)}
    events = read(env, text="The lamp is bright tonight.")
    assert events["error"] == "voice"
    assert events["states"] == [7, 0]


def test_the_daemon_may_die_while_it_speaks() -> None:
    out = read_until_trouble(signal.SIGKILL, text="Lamp. And on. Yes. " * 20)
    assert out["states"] == [7, 0], "it does not read on for ever"


def test_a_daemon_that_sticks_does_not_hold_the_window_up() -> None:
    text, other = "The lamp is on. " * 9, "La lampe est dans la rue."
    out = read_until_trouble(signal.SIGSTOP, text=text, then=other, then_ms=2_500, limit_ms=3_000)
    assert out["states"] == [7, 0, 8, 0]
    assert out["sentences"] == ["The lamp is on.", other]
    assert out["longest_wait_ms"] < 500


def read_until_trouble(trouble: signal.Signals, **wish: Any) -> dict[str, Any]:
    """Read; the daemon gets a signal when it has begun to speak."""
    with speech_session({"espeak-ng": ["en", "fr"]}, pause_s=1.0) as session:
        reader = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.speaker", json.dumps(wish)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(session.env),
            text=True,
            cwd=ROOT,
        )
        try:
            while not session.said():
                assert reader.poll() is None
            session.process.send_signal(trouble)
            out = reader.communicate(timeout=20)[0]
            assert reader.returncode == 0
        finally:
            session.process.send_signal(signal.SIGCONT)
            reader.kill()
            reader.wait()
    events: dict[str, Any] = json.loads(out)
    return events
