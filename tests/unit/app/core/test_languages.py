from __future__ import annotations

import time

import pytest

from app.core.languages import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Bonjour, pouvez-vous m’écrire une lettre pour la mairie ?", "fr"),
        ("Merci beaucoup, c’est très clair !", "fr"),
        ("Quelle est la capitale de l'Espagne ?", "fr"),
        ("请给邻居写一张便条。", "zh"),
        ("您好", "zh"),
        ("请把“hello world”翻译成中文", "zh"),
        ("What is the capital of France?", "en"),
        ("How many legs does a spider have?", "en"),
        ("Translate “bonjour” and 你好 into English, please, if you can", "en"),
        ("Wie viele Beine hat eine Spinne?", "de"),
        ("¿Cuál es la capital de España?", "es"),
        ("Qual è la capitale della Francia?", "it"),
        ("Qual é a capital do Brasil e onde fica?", "pt"),
        ("東京はどこですか", "ja"),
        ("한국의 수도는 어디입니까?", "ko"),
        ("Какая столица России?", "ru"),
        ("ما هي عاصمة مصر؟", "ar"),
        ("Paris", ""),
        ("la la la", ""),
        ("", ""),
        ("12345 ?!", ""),
    ],
)
def test_language_of(text: str, language: str) -> None:
    assert language_of(text) == language


def test_long_texts_take_no_time() -> None:
    start = time.process_time()
    language_of("le chat et la souris " * 100_000)
    assert time.process_time() - start < 0.2
