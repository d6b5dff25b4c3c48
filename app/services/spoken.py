"""The sentences of a growing answer, as one would say them."""

from __future__ import annotations

import re
from collections.abc import Callable

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_TABLE_RULE = re.compile(r"^[\s|:-]*-[\s|:-]*$")
_BEFORE_WORDS = re.compile(r"^[\s>#]*([-*+]\s+)?")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*`]+|~~|\\(?=[^\w\s])|(?<!\w)_+|_+(?!\w)")
_END = re.compile(r"[.!?…][\"'”’»)\]]*\s+|[。！？][”’」』）]*|$")
_INITIAL = re.compile(r"(?:^|[\s(])(?:\w|[A-ZÀ-Ý]\w{0,2}|\d+)\.\s+$")
_LONGEST = 400


class Sentences:
    """Takes a Markdown text that only grows, gives each finished sentence once, without marks."""

    def __init__(
        self, code_words: Callable[[], str] = str, plain: Callable[[str], str] = str
    ) -> None:
        """Begin with nothing.

        Args:
            code_words: What is said in the place of a piece of code, "" for nothing.
            plain: Puts words in the place of what has a notation of its own, such as formulas.
        """
        self._read = 0
        self._in_code = False
        self._code_words = code_words
        self._plain = plain

    def more(self, text: str, *, ended: bool = False) -> list[str]:
        """Sentences that became complete.

        Args:
            text: The whole text so far.
            ended: Nothing will follow, so that the last words are a sentence too.
        """
        found: list[str] = []
        while (end := text.find("\n", self._read)) >= 0:
            self._read_line(text[self._read : end], found)
            self._read = end + 1
        rest = text[self._read :]
        if ended:
            self._read_line(rest, found)
            self._read = len(text)
        elif not self._in_code and "|" not in rest and not _FENCE.match(rest):
            self._read += self._read_sentences(rest, found)
        return found

    def _read_line(self, line: str, found: list[str]) -> None:
        if _FENCE.match(line):
            self._in_code = not self._in_code
            if self._in_code and self._code_words():
                found.append(self._code_words())
            return
        if self._in_code or _TABLE_RULE.match(line):
            return
        if line.lstrip().startswith("|"):
            line = ", ".join(cell.strip() for cell in line.strip(" |").split("|"))
        used = self._read_sentences(line, found)
        self._say(line[used:], found)

    def _read_sentences(self, line: str, found: list[str]) -> int:
        """Add the complete sentences of a line; how much of it they are."""
        begin = 0
        for end in _END.finditer(line):
            sentence = line[begin : end.end()]
            if not end.group() or _INITIAL.search(sentence):
                continue  # the line goes on, or this is "Dr. " or "1. "
            self._say(sentence, found)
            begin = end.end()
        if len(line) - begin > _LONGEST:
            cut = line.rfind(" ", begin, begin + _LONGEST)
            cut = cut if cut > begin else begin + _LONGEST
            self._say(line[begin:cut], found)
            begin = cut
        return begin

    def _say(self, words: str, found: list[str]) -> None:
        words = _LINK.sub(r"\1", _BEFORE_WORDS.sub("", self._plain(words)))
        words = " ".join(_MARKS.sub("", words).split())
        if any(character.isalnum() for character in words):
            found.append(words)
