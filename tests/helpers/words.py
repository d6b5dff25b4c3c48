"""The window's words in a language, as its translations have them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as Tree

_FOLDER = Path(__file__).parents[2] / "translations"


@cache
def words(language: str) -> Callable[[str], str]:
    """Turns an English text into what the window says in `language`, whatever its place."""
    found: dict[str, str] = {}
    for message in Tree.parse(_FOLDER / f"alcove_{language}.ts").getroot().iter("message"):  # noqa: S314  our own file
        source, translation = message.findtext("source"), message.find("translation")
        text = translation.text if translation is not None else None
        if source and text and translation is not None and translation.get("type") != "unfinished":
            found.setdefault(source, text)
    return lambda source: found.get(source, source)
