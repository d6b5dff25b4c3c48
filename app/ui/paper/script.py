"""What is to stand on paper: a title, a date, and parts that are small enough to be laid out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Literal

from PySide6.QtCore import QDate, QLocale

from app.core.languages import language_of
from app.core.records import Message
from app.core.text import one_line
from app.services.doubt import caution_for, marks_of, needs_note
from app.services.history import split_channels
from app.ui.check_words import CheckWords
from app.ui.export_words import export_words
from app.ui.markdown.blocks import Block, BlockSplitter

PartKind = Literal["title", "label", "question", "answer", "note"]
_TELLING, _TELLING_MESSAGES = 400, 20  # enough to tell the language
_PIECE = 6_000  # characters laid out together; more would be felt as a hitch
# What XML forbids, what turns the writing direction of a whole page, what Qt's documents keep.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffc\ufffe\uffff]"
    "|[\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of what is written.

    Attributes:
        kind: How it looks.
        text: Plain text, for everything but answers.
        blocks: Markdown, for answers.
        marks: Stretches of the answer to underline, which the blocks know their places in.
    """

    kind: PartKind
    text: str = ""
    blocks: tuple[Block, ...] = ()
    marks: tuple[tuple[int, int], ...] = ()

    @property
    def characters(self) -> int:
        """How much it says."""
        return len(self.text) + sum(len(block.source) for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Script:
    """Everything for one print or one file.

    Attributes:
        title: Of the conversation, never empty.
        speaker: What who answers is called.
        date: As one writes it in the language that is on.
        messages: The branch, in order.
        only: Id of the one reply that is written, without title and names; None: all of it.
        mark_doubt: Underline what the model was unsure of.
    """

    title: str
    speaker: str
    date: str
    messages: tuple[Message, ...]
    only: int | None = None
    mark_doubt: bool = True

    @property
    def language(self) -> str:
        """What most of it is in, else what the window speaks."""
        beginnings = (m.text[:_TELLING] for m in self.messages if self.only in (None, m.id))
        told = language_of(" ".join(islice(beginnings, _TELLING_MESSAGES)))
        return told or QLocale().bcp47Name()

    @property
    def characters(self) -> int:
        """How much there is to write, about."""
        return max(1, sum(len(m.text) for m in self.messages if self.only in (None, m.id)))

    def parts(self) -> Iterator[Part]:
        """From top to bottom; made as they are asked for, since chats can be very long."""
        if self.only is None:
            yield Part("title", self.title)
        words, question = export_words(), ""
        for message in self.messages:
            if message.role == "user":
                question = message.text
            if self.only not in (None, message.id):
                continue
            if message.role == "user":
                yield Part("label", words.you)
                yield from _plain(clean(message.text))
            elif message.role == "assistant":
                yield from self._answer(message, question, self.speaker)

    def _answer(self, message: Message, question: str, speaker: str) -> Iterator[Part]:
        answer = split_channels(message.text, message.details.spans)[1]
        if not answer.strip():
            return
        if self.only is None:
            yield Part("label", speaker)
        marks = marks_of(message, question) if self.mark_doubt else ()
        yield from _rich(answer, tuple((mark.start, mark.end) for mark in marks))
        words = CheckWords()
        if marks:
            yield Part("note", words.doubt(many=needs_note(marks)))
        caution = words.caution(caution_for(question, answer))
        if caution:  # whoever is given the paper has not seen the window
            yield Part("note", caution)


def script_of(
    messages: Sequence[Message],
    title: str,
    *,
    speaker: str = "",
    only: int | None = None,
    mark_doubt: bool = True,
    moment: datetime | None = None,
) -> Script:
    """Prepare messages for paper.

    Args:
        messages: A branch; thinking is left out.
        title: Of the chat, "" for none.
        speaker: Name of who answers; "" for the assistant for anything.
        only: Id of the one reply that is wanted; None: all of it.
        mark_doubt: Underline what the model was unsure of.
        moment: Now, unless a test wants another time.
    """
    now = moment or datetime.now().astimezone()
    date = QLocale().toString(QDate(now.year, now.month, now.day), QLocale.FormatType.LongFormat)
    words = export_words()
    name = one_line(title) or words.untitled
    return Script(name, words.named(speaker), date, tuple(messages), only, mark_doubt)


def clean(text: str) -> str:
    """Without characters that no paper can show."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNPRINTABLE.sub("\ufffd", text)


def _plain(text: str) -> Iterator[Part]:
    for piece in _pieces(text.strip("\n")):
        yield Part("question", piece.removesuffix("\n"))


def _rich(answer: str, marks: tuple[tuple[int, int], ...]) -> Iterator[Part]:
    """An answer cut between its Markdown blocks."""
    splitter = BlockSplitter()
    text = clean(answer)
    # An ending fence is one only when its line has ended.
    blocks = [*(splitter.grow(text + "\n") or []), splitter.tail()]
    together: list[Block] = []
    size = 0
    for piece in (piece for block in blocks for piece in _small(block)):
        too_much = size + len(piece.source) > _PIECE
        if size and too_much and not (piece.continues and size < 3 * _PIECE):
            yield Part("answer", blocks=tuple(together), marks=marks)
            together, size = [], 0
        together.append(piece)
        size += len(piece.source)
    if size:
        yield Part("answer", blocks=tuple(together), marks=marks)


def _small(block: Block) -> Iterator[Block]:
    """A block of ordinary size as it is, a huge one in pieces."""
    if len(block.source) <= 2 * _PIECE:
        if block.source.strip():
            yield block
        return
    start = block.start
    for number, piece in enumerate(_pieces(block.source)):
        goes_on = block.continues or (number > 0 and bool(block.fence))
        yield replace(block, source=piece, start=start, continues=goes_on)
        start += len(piece)


def _pieces(text: str) -> Iterator[str]:
    """Cut at line breaks, else at spaces, else anywhere."""
    start = 0
    while len(text) - start > _PIECE:
        end = start + _PIECE
        for break_at in ("\n", " "):
            found = text.rfind(break_at, start + _PIECE // 2, end)
            if found >= 0:
                end = found + 1
                break
        yield text[start:end]
        start = end
    if text[start:].strip():
        yield text[start:]
