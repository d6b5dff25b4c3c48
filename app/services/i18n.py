"""The language of the user interface: chosen from the system's, changed without a restart."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import (
    QCoreApplication,
    QLibraryInfo,
    QLocale,
    QObject,
    QTranslator,
    Signal,
    Slot,
)

from app.core.options import LANGUAGE
from app.core.settings import Settings

log = logging.getLogger(__name__)

LANGUAGES = ("en", "fr", "zh_Hans")
"""In the order in which they are offered; English is the language of the source."""


class I18n(QObject):
    """Installs translators into the running application.

    Signals:
        language_changed: Code of the language that holds now.
    """

    language_changed = Signal(str)

    def __init__(self, settings: Settings, folder: Path, parent: QObject | None = None) -> None:
        """Prepare; nothing is installed before `apply`.

        Args:
            settings: Holds the person's choice, "" for the system's languages.
            folder: Where the compiled `alcove_*.qm` are.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._settings = settings
        self._folder = folder
        self._translators: list[QTranslator] = []
        self._language = ""

    @property
    def language(self) -> str:
        """The language that holds now."""
        return self._language

    def apply(self) -> str:
        """Install the language of the settings or of the system; returns its code."""
        chosen = self._settings.get(LANGUAGE)
        self._install(chosen or pick_language(QLocale.system().uiLanguages()))
        return self._language

    @Slot(str)
    def set_language(self, code: str) -> None:
        """Remember and install a language; "" follows the system again.

        Raises:
            PolicyError: The office decided.
            SettingsError: Not one of `LANGUAGES`.
            StoreError: The choice cannot be written; nothing changes.
        """
        self._settings.set_user(LANGUAGE, code)
        self.apply()

    def _install(self, code: str) -> None:
        for translator in self._translators:
            QCoreApplication.removeTranslator(translator)
            translator.deleteLater()  # with its texts
        self._translators = []
        # Qt's own texts first: the translator installed last is asked first.
        qt_folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
        qt_name = "qtbase_" + {"zh_Hans": "zh_CN"}.get(code, code)
        self._add(qt_folder / f"{qt_name}.qm")
        if not self._add(self._folder / f"alcove_{code}.qm"):
            log.warning("translation missing language=%s", code)
        QLocale.setDefault(QLocale({"zh_Hans": "zh_Hans_CN"}.get(code, code)))
        changed, self._language = code != self._language, code
        if changed:
            self.language_changed.emit(code)

    def _add(self, path: Path) -> bool:
        translator = QTranslator(self)
        if not translator.load(str(path)):
            translator.deleteLater()
            return False
        QCoreApplication.installTranslator(translator)
        self._translators.append(translator)
        return True


def pick_language(wanted: Iterable[str]) -> str:
    """The first of the wanted languages that there is, else English.

    Args:
        wanted: BCP 47 or POSIX names, best first, as `QLocale.uiLanguages` gives them. Names for
            Simplified Chinese (zh-CN, zh-SG, zh-Hans-…, plain zh) all find "zh_Hans"; those for
            Traditional Chinese do not: its readers may list another language next.
    """
    for name in wanted:
        parts = name.replace("_", "-").split("-")
        language = parts[0].lower()
        if language == "zh":
            rest = {part.lower() for part in parts[1:]}
            if not rest & {"hant", "tw", "hk", "mo"}:
                return "zh_Hans"
        elif language in LANGUAGES:
            return language
    return "en"
