from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QObject, QTranslator
from pytestqt.qtbot import QtBot

from app.core.errors import SettingsError
from app.core.options import LANGUAGE
from app.core.settings import Settings
from app.services.i18n import LANGUAGES, I18n, pick_language

I18N_FOLDER = Path(__file__).parents[4] / "resources" / "i18n"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["zh-CN"], "zh_Hans"),
        (["zh-Hans-CN", "zh-CN", "zh"], "zh_Hans"),
        (["zh-SG"], "zh_Hans"),
        (["zh_CN"], "zh_Hans"),
        (["zh"], "zh_Hans"),
        (["zh-TW", "fr-FR"], "fr"),
        (["zh-Hant-HK"], "en"),
        (["fr-CH", "de"], "fr"),
        (["de-DE", "nl", "fr"], "fr"),
        (["en-GB", "fr"], "en"),
        (["de"], "en"),
        ([], "en"),
        (["C"], "en"),
    ],
)
def test_picks_the_first_language_there_is(wanted: list[str], found: str) -> None:
    assert pick_language(wanted) == found


class Listener(QObject):
    """Counts the events that make widgets translate themselves again."""

    def __init__(self) -> None:
        super().__init__()
        self.changes = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        self.changes += event.type() == QEvent.Type.LanguageChange
        return super().eventFilter(watched, event)


def test_switches_without_a_restart(qtbot: QtBot, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    i18n = I18n(settings, I18N_FOLDER)
    told: list[str] = []
    i18n.language_changed.connect(told.append)
    listener = Listener()
    application = QCoreApplication.instance()
    assert application is not None
    application.installEventFilter(listener)
    try:
        sentences = set()
        for code in LANGUAGES:
            i18n.set_language(code)
            assert i18n.language == code
            sentences.add(QCoreApplication.translate("Terminal", "Goodbye."))
        qtbot.waitUntil(lambda: listener.changes > 0)
        assert len(sentences) == len(LANGUAGES)
        assert told == list(LANGUAGES)
        assert Settings(tmp_path / "settings.json").get(LANGUAGE) == "zh_Hans"
        with pytest.raises(SettingsError):
            i18n.set_language("tlh")
        assert i18n.language == "zh_Hans"
        # The texts of the languages before have gone with their translators.
        qtbot.waitUntil(lambda: len(i18n.findChildren(QTranslator)) <= 2)
    finally:
        i18n.set_language("en")
        application.removeEventFilter(listener)
        QLocale.setDefault(QLocale.system())
