"""Finds the parts of a growing Markdown text that will not change any more.

A reply arrives in hundreds of pieces. Parsing all of it at each piece would be quadratic, so the
text is cut at places where CommonMark starts afresh: a blank line before unindented text, a
heading, an item of a top-level list, a line inside fenced code, a row of a table. What lies before
the last cut is finished.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_HEADING = re.compile(r"^ {0,3}#{1,6}(\s|$)")
_ITEM = re.compile(r"^ {0,3}([-*+]|\d{1,9}[.)])\s")
_STRUCTURE = re.compile(r"^\s*([-*+>|#]|\d{1,9}[.)]\s|`{3,}|~{3,}|={3,}\s*$)|^( {4}|\t)|\|")
_TABLE_RULE = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_CODE_LINES_PER_BLOCK = 40
_TABLE_ROWS_PER_BLOCK = 12
_LONGEST = 4_000
_FORMULA_LINES = 60  # a formula on lines of its own that has not ended by then is none


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of Markdown that can be rendered on its own.

    Attributes:
        source: The Markdown, for continued code without the line that opened the fence.
        fence: "" for ordinary text, else the line that opened the fenced code it belongs to.
        continues: The code or the table goes on from the block before.
        start: Where `source` begins in the whole text.
        head: The first two lines of the table that goes on, else "".
    """

    source: str
    fence: str = ""
    continues: bool = False
    start: int = 0
    head: str = ""


class BlockSplitter:
    """Cuts a text that only grows."""

    def __init__(self) -> None:
        self._text = ""
        self._start = 0  # where the unfinished block begins
        self._scan = 0  # where the next line to look at begins
        self._fence = ""
        self._continues = False
        self._code_lines = 0
        self._blank_before = False
        self._line_before = ""
        self._head = ""  # of the table that is being read
        self._rows = 0
        self._formula = ""  # what ends the formula that is being read
        self._formula_lines = 0

    def grow(self, text: str) -> list[Block] | None:
        """Take the whole text so far; return the blocks that became finished.

        Returns None when `text` does not begin with what was there: the caller starts again.
        """
        if not text.startswith(self._text):
            return None
        self._text = text
        finished: list[Block] = []
        while (end := text.find("\n", self._scan)) >= 0:
            self._look_at(text[self._scan : end], end + 1, finished)
            self._scan = end + 1
            self._cut_long(self._scan, finished)
        self._cut_long(len(text), finished)
        return finished

    def tail(self) -> Block:
        """The part that may still change."""
        source = self._text[self._start :]
        above, line, last = source.rpartition("\n")
        if self._head and line and last.strip() and "|" not in last and above.endswith("|"):
            # No row of the table; the last row can do without its last stroke.
            source = f"{above[:-1]}\n\n{last}"
        return self._block(source)

    def _look_at(self, line: str, after: int, finished: list[Block]) -> None:
        if self._fence:
            self._look_at_code(line, after, finished)
        elif self._formula:
            self._look_at_formula(line)
        elif not line.strip():
            self._blank_before = True
            self._end_table(finished)
        else:
            self._look_at_text(line, after, finished)
        self._line_before = line

    def _look_at_text(self, line: str, after: int, finished: list[Block]) -> None:
        if self._head and "|" not in line:
            # Strictly this would be one more row; whoever forgets the empty line means a paragraph.
            self._cut(self._scan, finished)
            self._end_table(finished)
        if self._starts_block(line):
            self._cut(self._scan, finished)
        self._blank_before = False
        fence = _FENCE.match(line)
        if fence and self._start == self._scan:
            self._fence, self._start, self._code_lines = line.strip(), after, 0
            self._continues, self._head = False, ""
        elif _HEADING.match(line):
            self._cut(after, finished)
        else:
            self._look_for_formula(line)
            self._look_at_table(line, after, finished)

    def _look_for_formula(self, line: str) -> None:
        bare = line.strip()
        for opening, closing in (("$$", "$$"), ("\\[", "\\]")):
            if bare.startswith(opening) and closing not in bare[2:]:
                self._formula, self._formula_lines = closing, 0

    def _look_at_formula(self, line: str) -> None:
        self._formula_lines += 1
        if self._formula in line or self._formula_lines > _FORMULA_LINES:
            self._formula = ""

    def _look_at_table(self, line: str, after: int, finished: list[Block]) -> None:
        """Cut long tables: what is a hundred rows up must not be laid out again for each row."""
        if self._head:
            self._rows += 1
            if self._rows >= _TABLE_ROWS_PER_BLOCK:
                self._cut(after, finished)
                self._continues, self._rows = True, 0
        elif "|" in line and "|" in self._line_before and _TABLE_RULE.match(line):
            begin = self._scan - len(self._line_before) - 1
            if after - begin <= _LONGEST:
                self._cut(begin, finished)
                self._head, self._rows = self._text[begin:after], 0

    def _end_table(self, finished: list[Block]) -> None:
        if not self._head:
            return
        if self._continues:
            self._cut(self._scan, finished)
        self._head, self._continues = "", False

    def _look_at_code(self, line: str, after: int, finished: list[Block]) -> None:
        marker = _FENCE.match(self._fence)
        closing = _FENCE.match(line)
        if marker and closing and not closing[2].strip() and closing[1].startswith(marker[1]):
            self._cut(self._scan, finished, always=True)
            self._start, self._fence, self._continues = after, "", False
            return
        self._code_lines += 1
        if self._code_lines >= _CODE_LINES_PER_BLOCK:
            self._cut(after, finished)
            self._continues, self._code_lines = True, 0

    def _starts_block(self, line: str) -> bool:
        if line[0] in " \t":
            return False
        head = self._text[self._start : self._scan]
        if not head.strip():
            return False
        if self._blank_before or _HEADING.match(line):
            return True
        in_list = bool(_ITEM.match(head.lstrip("\n")))
        if _FENCE.match(line):
            return True
        return in_list and bool(_ITEM.match(line))

    def _cut(self, at: int, finished: list[Block], *, always: bool = False) -> None:
        source = self._text[self._start : at]
        if source.strip() or always:
            finished.append(self._block(source))
        self._start = at
        self._blank_before = False

    def _cut_long(self, upto: int, finished: list[Block]) -> None:
        """Cut where Markdown would not: what never ends must not be parsed again and again."""
        while upto - self._start > _LONGEST:
            middle, most = self._start + _LONGEST // 2, self._start + _LONGEST
            at = max(self._text.rfind(mark, middle, most) for mark in " \n") + 1
            self._cut(at or most, finished)
            self._continues = bool(self._fence or self._head)
            self._scan = max(self._scan, self._start)

    def _block(self, source: str) -> Block:
        head = self._head if self._continues else ""
        return Block(source, self._fence, self._continues, self._start, head)


def keep_line_breaks(source: str) -> str:
    """Make single line breaks of a plain paragraph visible: letters and verses live by them."""
    lines = source.strip("\n").split("\n")
    if not all(line.strip() for line in lines) or any(_STRUCTURE.search(line) for line in lines):
        return source
    # A line separator is text to the parser and a new line to the layout.
    return "\u2028".join(line.rstrip() for line in lines)
