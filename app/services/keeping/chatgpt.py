"""ChatGPT's export: a list of conversations, each a tree of nodes by their names.

The form was read off published exports of 2023 to 2026; nobody documents it. What a person never
saw (system prompts, calls of tools and what they gave back) is left out, and so are pictures,
which the file only names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

from app.core.errors import DamagedFile
from app.core.jsonfile import JsonObject, JsonValue
from app.core.keeping import WholeChat
from app.services.keeping.trees import Node, moment, whole_chat

_SEPARATOR = "\ue202"
_MARKER = re.compile("\ue200([^\ue200\ue201]*)\ue201")
"""Around references to sources, which are kept elsewhere, and around names that can be clicked."""


def is_conversation(value: JsonObject) -> bool:
    """Whether it looks like one."""
    return isinstance(value.get("mapping"), dict)


def read_conversation(value: JsonObject, modified: datetime) -> WholeChat:
    """A conversation; what is not as expected inside a message counts as not said.

    Args:
        value: An object for which `is_conversation` holds.
        modified: When the file was written, for times that are missing.

    Raises:
        DamagedFile: The tree is none.
    """
    mapping = value.get("mapping")
    if not isinstance(mapping, dict):
        raise DamagedFile
    created = moment(value.get("create_time"), modified)
    nodes: list[Node] = []
    places: dict[str, int | None] = {}
    for name, parent in _in_order(mapping):
        place = places.get(parent) if parent is not None else None
        node = _node_of(mapping[name], place, created + timedelta(microseconds=len(nodes)))
        if node is None:
            places[name] = place
        else:
            places[name] = len(nodes)
            nodes.append(node)
    current = value.get("current_node")
    active = places.get(current) if isinstance(current, str) else None
    if active is None and nodes:
        active = len(nodes) - 1
    title = value.get("title")
    updated = moment(value.get("update_time"), created)
    return whole_chat(title if isinstance(title, str) else "", created, updated, nodes, active)


def _in_order(mapping: Mapping[str, JsonValue]) -> Iterator[tuple[str, str | None]]:
    """The nodes, each after its parent and once, whatever the file claims."""
    children: dict[str | None, list[str]] = {}
    for name, node in mapping.items():
        parent = node.get("parent") if isinstance(node, dict) else None
        known = isinstance(parent, str) and parent in mapping and parent != name
        children.setdefault(parent if known else None, []).append(name)  # type: ignore[arg-type]
    for name, node in mapping.items():
        _sort_by_the_list(children.get(name), node)
    waiting: list[tuple[str, str | None]] = [
        (name, None) for name in reversed(children.get(None, []))
    ]
    while waiting:
        name, parent = waiting.pop()
        yield name, parent
        waiting += [(child, name) for child in reversed(children.pop(name, []))]


def _sort_by_the_list(names: list[str] | None, node: JsonValue) -> None:
    """The parent's own list knows the order of versions better than the order in the file."""
    listed = node.get("children") if isinstance(node, dict) else None
    if names is not None and isinstance(listed, list):
        order = {name: n for n, name in enumerate(listed) if isinstance(name, str)}
        names.sort(key=lambda name: order.get(name, len(order)))


def _node_of(value: JsonValue, parent: int | None, otherwise: datetime) -> Node | None:
    message = value.get("message") if isinstance(value, dict) else None
    if not isinstance(message, dict) or _is_hidden(message):
        return None
    role = _role(message)
    content = message.get("content")
    if role is None or not isinstance(content, dict):
        return None
    thinking, answer = _said(content)
    if not thinking and not answer.strip():
        return None
    return Node(parent, role, answer, thinking, moment(message.get("create_time"), otherwise))


def _is_hidden(message: JsonObject) -> bool:
    metadata = message.get("metadata")
    hidden = isinstance(metadata, dict) and metadata.get("is_visually_hidden_from_conversation")
    recipient = message.get("recipient")
    return bool(hidden) or (isinstance(recipient, str) and recipient not in ("all", ""))


def _role(message: JsonObject) -> Literal["user", "assistant"] | None:
    author = message.get("author")
    match author.get("role") if isinstance(author, dict) else None:
        case "user":
            return "user"
        case "assistant":
            return "assistant"
        case _:
            return None


def _said(content: JsonObject) -> tuple[str, str]:
    """Thinking and answer of a message."""
    match content.get("content_type"):
        case "text" | "multimodal_text":
            return "", _MARKER.sub(_named, "\n\n".join(_texts(content.get("parts"))))
        case "code":
            text = content.get("text")
            return "", f"```\n{text}\n```" if isinstance(text, str) and text else ""
        case "thoughts":
            return "\n\n".join(_thoughts(content.get("thoughts"))), ""
        case _:
            return "", ""


def _named(found: re.Match[str]) -> str:
    """A place, a person or the like by its name; of what only ChatGPT's page can show, nothing."""
    kind, _, rest = found[1].partition(_SEPARATOR)
    if kind != "entity":
        return ""
    try:
        named = json.loads(rest)
    except (ValueError, RecursionError):
        return ""
    known = isinstance(named, list) and len(named) > 1 and isinstance(named[1], str)
    return str(named[1]) if known else ""


def _texts(parts: JsonValue) -> Iterator[str]:
    for part in parts if isinstance(parts, list) else []:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str) and text.strip():
            yield text


def _thoughts(thoughts: JsonValue) -> Iterator[str]:
    for thought in thoughts if isinstance(thoughts, list) else []:
        text = thought.get("content") if isinstance(thought, dict) else None
        if isinstance(text, str) and text.strip():
            yield text
