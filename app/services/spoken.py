"""The sentences of a growing answer, as one would say them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_LATER_FENCE = re.compile(r"\n {0,3}(?:`{3}|~{3})")
_TABLE_RULE = re.compile(r"^[\s|:-]*$")
_BEFORE_WORDS = re.compile(r"^[\s>#]*([-*+]\s+)?")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_MARKS = re.compile(r"[*`]+|~~|\\(?=[^\w\s])|(?<!\w)_+|_+(?!\w)")
_END = re.compile(r"[.!?…][\"'”’»)\]]*\s+|[。！？][”’」』）]*|$")
_INITIAL = re.compile(r"(?:^|[\s(])(?:\w|[A-ZÀ-Ý]\w{0,2}|\d+)\.\s+$")
_LONGEST = 400
_AT_ONCE = 4_000  # of a line: what is looked at again and again must not be megabytes


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
        self._found: deque[str] = deque()
        self._code_words = code_words
        self._plain = plain

    def more(self, text: str, *, ended: bool = False) -> Iterator[str]:
        """Sentences that became complete; looked for as they are taken, however long the text is.

        Args:
            text: The whole text so far.
            ended: Nothing will follow, so that the last words are a sentence too.
        """
        while True:
            while self._found:
                yield self._found.popleft()
            if not self._go_on(text, ended=ended):
                return

    def _go_on(self, text: str, *, ended: bool) -> bool:
        """Read a little further; False at the end of what is complete."""
        if self._in_code:
            return self._skip_code(text, ended=ended)
        start = self._read
        end = text.find("\n", start, start + _AT_ONCE)
        if end >= 0:
            self._read = end + 1
            self._read_line(text[start:end], begins=_at_line_start(text, start))
            return True
        rest = text[start : start + _AT_ONCE]
        if ended and start + len(rest) == len(text):
            self._read = len(text)
            self._read_line(rest, begins=_at_line_start(text, start))
            return bool(rest)
        if len(rest) < _AT_ONCE and ("|" in rest or _FENCE.match(rest)):
            return False
        used = self._read_sentences(rest)
        self._read += used
        return used > 0

    def _skip_code(self, text: str, *, ended: bool) -> bool:
        """Go to the line that ends the code, else to the last one there is."""
        fence = _LATER_FENCE.search(text, max(0, self._read - 1))
        end = text.find("\n", fence.end()) if fence is not None else -1
        if end >= 0 or (fence is not None and ended):
            self._in_code = False
            self._read = end + 1 if end >= 0 else len(text)
            return True
        before = fence.start() if fence is not None else text.rfind("\n", self._read)
        self._read = len(text) if ended else max(self._read, before + 1)
        return False

    def _read_line(self, line: str, *, begins: bool) -> None:
        if begins and _FENCE.match(line):
            self._in_code = True
            if self._code_words():
                self._found.append(self._code_words())
            return
        if "-" in line and _TABLE_RULE.match(line):
            return
        if line.lstrip().startswith("|"):
            line = ", ".join(cell.strip() for cell in line.strip(" |").split("|"))
        used = self._read_sentences(line)
        self._say(line[used:])

    def _read_sentences(self, line: str) -> int:
        """Add the complete sentences of a line; how much of it they are."""
        begin = 0
        for end in _END.finditer(line):
            sentence = line[begin : end.end()]
            if not end.group() or _INITIAL.search(sentence):
                continue  # the line goes on, or this is "Dr. " or "1. "
            self._say(sentence)
            begin = end.end()
        while len(line) - begin > _LONGEST:
            cut = line.rfind(" ", begin, begin + _LONGEST)
            cut = cut if cut > begin else begin + _LONGEST
            self._say(line[begin:cut])
            begin = cut
        return begin

    def _say(self, words: str) -> None:
        words = _LINK.sub(r"\1", _BEFORE_WORDS.sub("", self._plain(words)))
        words = " ".join(_MARKS.sub("", words).split())
        if any(character.isalnum() for character in words):
            self._found.append(words)


def _at_line_start(text: str, place: int) -> bool:
    return place == 0 or text[place - 1] == "\n"
