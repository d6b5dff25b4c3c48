"""Says of a question in a language that the assistant hardly speaks what to expect."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QTranslator

from app.core.languages import language_of
from app.ui.look.resources import resource


def note_for(question: str, spoken: tuple[str, ...]) -> str:
    """What to tell somebody who asked in a language the assistant hardly speaks, "" if nothing.

    Args:
        question: What was asked.
        spoken: BCP 47 codes of the loaded assistant; empty when unknown.

    Returns:
        The note in the language of the question.
    """
    language = language_of(question)
    if not language or not spoken or any(code.split("-")[0] == language for code in spoken):
        return ""
    source = "This small assistant speaks English well and little else. Its answer may be wrong."
    wanted = {"zh": "zh_Hans"}.get(language, language)
    translator = QTranslator()
    if translator.load(str(resource("i18n", f"alcove_{wanted}.qm"))):
        translated = translator.translate("LanguageHint", source)
        if translated:
            return translated
    return QCoreApplication.translate(
        "LanguageHint",
        "This small assistant speaks English well and little else. Its answer may be wrong.",
    )
