"""Nothing stays untranslated, and no placeholder gets lost."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QApplication

from app.ui.durations import Durations
from app.ui.look.resources import resource

FOLDER = Path(__file__).resolve().parents[2] / "translations"
PLACEHOLDER = re.compile(r"\{[a-z_]*\}")
FORMS = {"alcove_en.ts": 2, "alcove_fr.ts": 2, "alcove_zh_Hans.ts": 1}


def _messages(name: str) -> list[ET.Element]:
    return list(ET.parse(FOLDER / name).getroot().iter("message"))  # noqa: S314  our own file


@pytest.mark.parametrize("name", FORMS)
def test_file_is_complete(name: str) -> None:
    messages = _messages(name)
    assert messages
    for message in messages:
        source = message.findtext("source") or ""
        translation = message.find("translation")
        assert translation is not None
        assert translation.get("type") is None, source
        forms = [form.text or "" for form in translation.iter("numerusform")]
        if message.get("numerus") == "yes":
            assert len(forms) == FORMS[name], source
        for text in forms or [translation.text or ""]:
            assert text.strip(), source
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(source)), source


def test_english_file_holds_plurals_only() -> None:
    for message in _messages("alcove_en.ts"):
        assert message.get("numerus") == "yes"


def test_french_says_vous_and_chinese_says_nin() -> None:
    french = (FOLDER / "alcove_fr.ts").read_text("utf-8")
    assert not re.search(r"\b(tu|ton|tes|toi)\b", french)
    assert "你" not in (FOLDER / "alcove_zh_Hans.ts").read_text("utf-8")


def test_no_line_begins_with_french_punctuation() -> None:
    for message in _messages("alcove_fr.ts"):
        translation = message.find("translation")
        assert translation is not None
        for text in translation.itertext():
            assert not re.search(r" [:;?!»]|« ", text), text


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", "about 1 second", "about 6 seconds"),
        ("fr", "environ 1 seconde", "environ 6 secondes"),
        ("zh_Hans", "大约 1 秒", "大约 6 秒"),
    ],
)
def test_plurals_follow_the_language(
    qapp: QApplication, language: str, one: str, many: str
) -> None:
    translator = QTranslator()
    assert translator.load(str(resource("i18n", f"alcove_{language}.qm")))
    QCoreApplication.installTranslator(translator)
    try:
        assert Durations().about(0.4) == one
        assert Durations().about(6) == many
    finally:
        QCoreApplication.removeTranslator(translator)
