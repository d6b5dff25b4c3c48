"""The real program on a real accessibility bus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.core.options import LANGUAGE, MODEL, THEME, USE_KEYRING, VIEW
from app.core.paths import resolve_paths
from app.core.settings import Settings
from tests.helpers.accessibility_session import AccessibilitySession, accessibility_session
from tests.helpers.atspi import Node, wait_for
from tests.helpers.tiny_bundle import rambling_bundle
from tests.helpers.window_client import ROOT, WindowClient
from tests.helpers.words import words


@dataclass(frozen=True)
class Place:
    """A running program.

    Attributes:
        session: Its display and its bus.
        program: Its process.
        window: Its window, as a screen reader sees it.
        say: Turns an English text of the window into what it says.
        view: "simple" or "full".
        language: "en", "fr" or "zh_Hans".
    """

    session: AccessibilitySession
    program: WindowClient
    window: Callable[[], Node]
    say: Callable[[str], str]
    view: str
    language: str


@pytest.fixture(scope="session")
def session() -> Iterator[AccessibilitySession]:
    """A display and a bus for all of these tests."""
    with accessibility_session() as running:
        yield running


@pytest.fixture(scope="module")
def place(
    request: pytest.FixtureRequest,
    session: AccessibilitySession,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Place]:
    """The program in a view and a language, past its first start."""
    view, language = request.param
    data: Path = tmp_path_factory.mktemp("data")
    settings = Settings(resolve_paths(data).settings)
    settings.set_user(MODEL, str(rambling_bundle()))
    settings.set_user(USE_KEYRING, value=False)
    settings.set_user(THEME, "light")
    settings.set_user(VIEW, view)
    settings.set_user(LANGUAGE, language)
    environment = {**session.env, "PYTHONPATH": str(ROOT)}
    with WindowClient(data, environment) as program:
        program.wait_for("host", lambda e: e["state"] == "ready")
        application = session.bus.wait_for_application("Alcove")
        say = words(language)
        done = wait_for(lambda: application.find("push button", say("Done")), say("Done"))
        done.act("Press")
        yield Place(session, program, lambda: application, say, view, language)
        assert program.close() == 0
