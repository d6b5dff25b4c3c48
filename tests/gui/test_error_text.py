"""Every error is a plain sentence in three languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QApplication

from app.core import errors as app_errors
from app.core.errors import KeyUnavailable
from app.ui.error_text import error_text, known_codes, text_for_code
from app.ui.look.resources import resource
from engine import errors as engine_errors
from engine.errors import ParamValue

CODES = sorted({**app_errors.all_error_types(), **engine_errors.all_error_types()})
TECHNICAL = re.compile(
    r"\b(error|exception|worker|process|token|onnx|gguf|sqlite|database|keyring|hash|prompt|"
    r"context|runtime|model|bundle|json|null|erreur|processus|jeton|modèle)\b",
    re.IGNORECASE,
)


@pytest.fixture(params=["en", "fr", "zh_Hans"])
def language(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    translator = QTranslator()
    assert translator.load(str(resource("i18n", f"alcove_{request.param}.qm")))
    QCoreApplication.installTranslator(translator)
    yield request.param
    QCoreApplication.removeTranslator(translator)


def test_every_code_has_a_sentence_of_its_own() -> None:
    assert set(CODES) <= known_codes()
    assert known_codes() <= set(CODES), "sentences for errors that do not exist"


@pytest.mark.parametrize("code", CODES)
def test_sentence_is_plain_and_in_the_language(code: str, language: str) -> None:
    text = text_for_code(code)
    assert text.endswith((".", "。"))
    assert len(text) > 8
    assert not TECHNICAL.search(text), text
    assert bool(re.search(r"[\u4e00-\u9fff]", text)) == (language == "zh_Hans")


def test_codes_say_different_things_where_it_matters(language: str) -> None:
    leaves = ("store.disk_full", "store.locked", "worker.crashed", "resource.context_too_long")
    assert len({text_for_code(code) for code in leaves}) == len(leaves)


def test_too_little_memory_says_what_would_help(language: str) -> None:
    weights: dict[str, ParamValue] = {"reason": "weights", "close_programs": 2_100_000_000}
    known: tuple[dict[str, ParamValue], ...] = (
        {},
        {"reason": "length"},
        {"reason": "conversation", "shorter_context": 4096},
        weights,
    )
    texts = [error_text(engine_errors.InsufficientMemory(**params)) for params in known]
    assert len(set(texts)) == len(known)
    for text in texts:
        assert not TECHNICAL.search(text), text
        assert bool(re.search(r"[\u4e00-\u9fff]", text)) == (language == "zh_Hans")
    assert re.search(r"2[.,]1", texts[-1])


def test_unknown_code_gets_the_sentence_of_its_family() -> None:
    assert text_for_code("store.something_new") == text_for_code("store")
    assert text_for_code("martian") == text_for_code("app")


def test_wrong_and_mistyped_codes_are_told_apart() -> None:
    texts = {error_text(KeyUnavailable(reason=r)) for r in ("wrong", "mistyped", "missing")}
    assert len(texts) == 3
