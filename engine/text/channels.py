"""Splits a reply into what the model thinks and what it answers.

Reasoning models write their thoughts between tags, `<think>` and `</think>`, before the answer.
Either tag may be cut into several tokens. Some templates write the opening tag themselves, at the
end of the prompt; a model may also stop before it closes the tag, and everything was thought.

The opening tag counts only at the very beginning of a reply: a later one is something the model
writes about. Line breaks after a tag belong to neither channel.

A set of tags is data (`ChannelTags`), so that formats with named channels fit in as well: each
rule says which text, met in which channel, begins which other.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.types import Channel

Segment = tuple[Channel, str]


@dataclass(frozen=True, slots=True)
class ChannelTags:
    """The tags of one way to mark thoughts.

    Attributes:
        opening: Begins thinking, at the start of a reply or at the end of the prompt.
        closing: Ends thinking.
    """

    opening: str
    closing: str


THINK_TAGS = ChannelTags("<think>", "</think>")


class ChannelSplitter:
    """Splits one reply.

    Args:
        prompt: The rendered prompt; only its end matters. "" when no template was used.
        tags: How this model marks its thoughts.
    """

    def __init__(self, prompt: str = "", tags: ChannelTags = THINK_TAGS) -> None:
        self._tags = tags
        opened = prompt.rstrip().endswith(tags.opening)
        self._channel: Channel = "thinking" if opened else "answer"
        self._held = ""
        self._awaiting = not opened  # the opening tag may still come
        self._after_tag = opened

    @property
    def channel(self) -> Channel:
        """Where the next text goes; "thinking" after the end means the tag was never closed."""
        return self._channel

    def push(self, text: str) -> list[Segment]:
        """Take new text; return what is certain, at most one segment of each channel."""
        self._held += text
        segments: list[Segment] = []
        if self._awaiting and not self._look_for_opening():
            return segments
        if self._channel == "thinking":
            self._take_thinking(segments)
        if self._channel == "answer":
            self._emit(segments, len(self._held))
        return segments

    def flush(self) -> list[Segment]:
        """The reply ended: what was kept back is text after all."""
        segments: list[Segment] = []
        self._awaiting = False
        self._emit(segments, len(self._held))
        return segments

    def _look_for_opening(self) -> bool:
        """Decide whether the reply begins with the opening tag; False while it is open."""
        start = self._held.lstrip()
        if self._tags.opening.startswith(start) and start != self._tags.opening:
            return False  # nothing but white space and perhaps a part of the tag so far
        self._awaiting = False
        if start.startswith(self._tags.opening):
            self._held = start[len(self._tags.opening) :]
            self._channel, self._after_tag = "thinking", True
        return True

    def _take_thinking(self, segments: list[Segment]) -> None:
        end = self._held.find(self._tags.closing)
        if end < 0:
            self._emit(segments, len(self._held) - self._partial_closing())
            return
        self._emit(segments, end)
        self._held = self._held[len(self._tags.closing) :]
        self._channel, self._after_tag = "answer", True

    def _partial_closing(self) -> int:
        """Length of the longest end of the held text that begins the closing tag."""
        closing = self._tags.closing
        lengths = range(min(len(self._held), len(closing) - 1), 0, -1)
        return next((n for n in lengths if self._held.endswith(closing[:n])), 0)

    def _emit(self, segments: list[Segment], count: int) -> None:
        """Move the first `count` held characters out, without line breaks after a tag."""
        text, self._held = self._held[:count], self._held[count:]
        if self._after_tag:
            text = text.lstrip("\r\n")
        if text:
            self._after_tag = False
            segments.append((self._channel, text))
