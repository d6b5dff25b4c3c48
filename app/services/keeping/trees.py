"""From what other programs keep to whole chats."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from app.core.keeping import WholeAttachment, WholeChat, WholeMessage
from app.core.records import ReplyDetails, Span
from app.core.text import LONGEST_LINE

_THOUGHT = re.compile(r"\s*<think(?:ing)?>(.*?)(?:</think(?:ing)?>|\Z)\s*", re.DOTALL)
_LATEST_S = 7_000_000_000.0  # the year 2191; larger numbers are milliseconds


@dataclass(frozen=True, slots=True)
class Node:
    """A message of another program.

    Attributes:
        parent: Place of the one it follows, always a smaller number.
        role: Who wrote it.
        answer: What was said.
        thinking: What was thought before.
        created_at: UTC.
        attachments: Its files.
    """

    parent: int | None
    role: Literal["user", "assistant"]
    answer: str
    thinking: str
    created_at: datetime
    attachments: tuple[WholeAttachment, ...] = ()


def split_thought(text: str) -> tuple[str, str]:
    """Thinking and answer of a text that holds both, with marks around the thinking."""
    found = _THOUGHT.match(text)
    return (found.group(1).strip(), text[found.end() :]) if found else ("", text)


def whole_chat(
    title: str,
    created_at: datetime,
    updated_at: datetime,
    nodes: Sequence[Node],
    active: int | None,
) -> WholeChat:
    """A chat of these messages.

    What an assistant said in several parts one after the other becomes one answer: other programs
    keep each thought and each use of a tool as a message of its own.
    """
    following = Counter(node.parent for node in nodes)
    merged: list[Node] = []
    places: list[int] = []
    for node in nodes:
        parent = None if node.parent is None else places[node.parent]
        goes_on = (
            parent is not None
            and node.role == merged[parent].role == "assistant"
            and following[node.parent] == 1
        )
        if goes_on and parent is not None:
            merged[parent] = _joined(merged[parent], node)
            places.append(parent)
        else:
            places.append(len(merged))
            merged.append(replace(node, parent=parent))
    return WholeChat(
        title=" ".join(title.split())[:LONGEST_LINE],
        pinned=False,
        created_at=created_at,
        updated_at=max(updated_at, created_at),
        folder="",
        messages=tuple(_message_of(node) for node in merged),
        active=None if active is None else places[active],
    )


def moment(value: object, otherwise: datetime) -> datetime:
    """A time that another program kept as seconds or milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return otherwise
    seconds = value / 1000 if value > _LATEST_S else value
    if not 0 < seconds < _LATEST_S:
        return otherwise
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(seconds))


def _joined(first: Node, second: Node) -> Node:
    return replace(
        first,
        answer="\n\n".join(part for part in (first.answer, second.answer) if part),
        thinking="\n\n".join(part for part in (first.thinking, second.thinking) if part),
        attachments=first.attachments + second.attachments,
    )


def _message_of(node: Node) -> WholeMessage:
    details = ReplyDetails()
    thinking = len(node.thinking)
    if node.thinking:
        spans = (
            Span("thinking", 0, thinking),
            Span("answer", thinking, thinking + len(node.answer)),
        )
        details = ReplyDetails(spans=spans if node.answer else spans[:1])
    return WholeMessage(
        node.parent,
        node.role,
        node.thinking + node.answer,
        "complete",
        node.created_at,
        details,
        node.attachments,
    )
