"""Jan's threads: a folder each, with thread.json and one message a line in messages.jsonl.

Source: the specifications of threads and messages in Jan's repository (docs/docs/specs).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO, Literal

from app.core.errors import DamagedFile, FileTooLarge
from app.core.jsonfile import JsonObject, JsonValue
from app.core.keeping import WholeChat
from app.services.keeping.json_objects import MOST_BYTES, parse_object, too_deep
from app.services.keeping.trees import Node, moment, split_thought, whole_chat


def read_thread(thread: JsonObject, lines: Iterator[JsonObject], modified: datetime) -> WholeChat:
    """A thread.

    Args:
        thread: From thread.json; {} where there is none.
        lines: From messages.jsonl.
        modified: When the file was written, for times that are missing.
    """
    created = moment(thread.get("created", thread.get("created_at")), modified)
    said: list[tuple[datetime, Literal["user", "assistant"], str]] = []
    for line in lines:
        role, text = line.get("role"), _text_of(line.get("content"))
        at = moment(line.get("created_at"), created + timedelta(microseconds=len(said)))
        if text.strip() and role == "user":
            said.append((at, "user", text))
        elif text.strip() and role == "assistant":
            said.append((at, "assistant", text))
    said.sort(key=lambda message: message[0])  # stable: one second often holds several
    nodes = []
    for place, (at, role, text) in enumerate(said):
        thinking, answer = split_thought(text) if role == "assistant" else ("", text)
        nodes.append(Node(place - 1 if place else None, role, answer, thinking, at))
    title = thread.get("title") or thread.get("summary")
    updated = moment(thread.get("updated"), nodes[-1].created_at if nodes else created)
    begun = min(created, nodes[0].created_at) if nodes else created
    last = len(nodes) - 1 if nodes else None
    return whole_chat(title if isinstance(title, str) else "", begun, updated, nodes, last)


def read_lines(file: IO[bytes]) -> Iterator[JsonObject]:
    """The objects of a file that has one on each line.

    Raises:
        DamagedFile: A line is none.
        FileTooLarge: A line is longer than any chat.
    """
    while line := file.readline(MOST_BYTES + 1):
        if len(line) > MOST_BYTES:
            raise FileTooLarge
        if not line.strip():
            continue
        if too_deep(line):
            raise DamagedFile
        yield parse_object(line)


def _text_of(content: JsonValue) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n\n".join(text for part in parts if (text := _part(part)))


def _part(part: JsonValue) -> str:
    if not isinstance(part, dict):
        return ""
    text = part.get("text")
    value = text.get("value") if isinstance(text, dict) else text
    if not isinstance(value, str) or not value:
        return ""
    return f"<think>{value}</think>" if part.get("type") == "reasoning" else value
