"""The language between a program and the worker process: newline-delimited JSON.

One object a line. `type` names the message, the other keys are its fields. Fields that are not
known are ignored, so that a newer side can say more; a type that is not known is refused. Every
request carries an id and a deadline; its answer is any number of `progress` and `token` events,
then exactly one `result` or `error` with that id. `heartbeat` comes every second, also while the
worker computes.
"""

from __future__ import annotations

import json
import types
import typing
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from engine.errors import ParamValue, ProtocolError
from engine.types import (
    BuildConfig,
    Channel,
    GenerationConfig,
    LoadOptions,
    Message,
    StatesFile,
)

PROTOCOL_VERSION = 2
HEARTBEAT_MS = 1000
MAX_LINE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """First message of either side. The worker refuses a version it does not speak."""

    type: ClassVar[str] = "hello"
    version: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Base of all requests.

    Attributes:
        id: Chosen by the client, echoed in every event that belongs to the request.
        deadline_ms: Milliseconds the worker may spend, counted from receipt; 0 is no limit.
    """

    type: ClassVar[str] = "request"
    id: str
    deadline_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load(Request):
    """Load a bundle, replacing the one loaded before. Result: {"model_hash", "load_s", ...}."""

    type: ClassVar[str] = "load"
    bundle: str
    options: LoadOptions = LoadOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generate(Request):
    """Answer a conversation. Events: progress, token. Result: {"finish_reason", ...}.

    Attributes:
        messages: The conversation so far.
        config: How tokens are chosen.
        chat: Names the conversation, so that its next question reads only what is new; "" keeps
            nothing.
        saved: Where `Save` put what was read of it, used when it is not in memory any more. A
            file that does not fit or is damaged is removed.
    """

    type: ClassVar[str] = "generate"
    messages: tuple[Message, ...]
    config: GenerationConfig = GenerationConfig()
    chat: str = ""
    saved: StatesFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Save(Request):
    """Write what is kept of a conversation to a file; gives way to any other request.

    Result: {"saved": whether there was something, "size_bytes"}.
    """

    type: ClassVar[str] = "save"
    chat: str
    file: StatesFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget(Request):
    """Give back the memory in which a conversation is kept. Files are the client's business."""

    type: ClassVar[str] = "forget"
    chat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Request):
    """Logits at every position. Reads int64 ids [seq] (.npy), writes float32 [seq, vocab]."""

    type: ClassVar[str] = "score"
    ids_path: str
    out_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Request):
    """Memory a bundle would need. Result: weights, cache per 1,000 tokens, buffers, fits."""

    type: ClassVar[str] = "plan"
    bundle: str
    context_length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect(Request):
    """Family, sizes and memory estimate of a bundle or a checkpoint."""

    type: ClassVar[str] = "inspect"
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor(Request):
    """Processor, memory, devices and providers of this computer."""

    type: ClassVar[str] = "doctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build(Request):
    """Make a bundle from a checkpoint. Events: progress. Result: {"bundle"}."""

    type: ClassVar[str] = "build"
    source: str
    destination: str
    config: BuildConfig = BuildConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop the request with this id; unknown ids are ignored, it may just have ended."""

    type: ClassVar[str] = "cancel"
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerNow:
    """End the thinking of this reply: its answer follows. Unknown ids are ignored."""

    type: ClassVar[str] = "answer_now"
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressEvent:
    """See `engine.types.Progress`."""

    type: ClassVar[str] = "progress"
    id: str
    stage: str
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEvent:
    """See `engine.types.GenerationEvent`."""

    type: ClassVar[str] = "token"
    id: str
    text: str
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    token_ends: tuple[int, ...] = ()
    channel: Channel = "answer"
    time_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultEvent:
    """The request succeeded (a cancelled reply is a result with that finish reason)."""

    type: ClassVar[str] = "result"
    id: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEvent:
    """The request failed; `engine.errors.from_wire` rebuilds the error. id "" belongs to none."""

    type: ClassVar[str] = "error"
    id: str
    code: str
    params: dict[str, ParamValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The worker lives. busy_id is the request it works on, "" when idle."""

    type: ClassVar[str] = "heartbeat"
    busy_id: str = ""
    uptime_ms: int = 0
    rss_bytes: int = 0


ClientMessage = (
    Hello
    | Load
    | Generate
    | Save
    | Forget
    | Score
    | Plan
    | Inspect
    | Doctor
    | Build
    | Cancel
    | AnswerNow
)
WorkerMessage = Hello | ProgressEvent | TokenEvent | ResultEvent | ErrorEvent | Heartbeat

_CLIENT_TYPES: dict[str, type[Any]] = {c.type: c for c in get_args(ClientMessage)}
_WORKER_TYPES: dict[str, type[Any]] = {c.type: c for c in get_args(WorkerMessage)}


def encode(message: ClientMessage | WorkerMessage) -> bytes:
    """One line, UTF-8, newline included. Lone surrogates travel as JSON escapes."""
    body = {"type": message.type, **asdict(message)}
    return (
        json.dumps(body, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    )


def decode_client_message(line: bytes) -> ClientMessage:
    """Parse what a client sent. Raises ProtocolError."""
    return typing.cast(ClientMessage, _decode(line, _CLIENT_TYPES))


def decode_worker_message(line: bytes) -> WorkerMessage:
    """Parse what the worker sent. Raises ProtocolError."""
    return typing.cast(WorkerMessage, _decode(line, _WORKER_TYPES))


def _decode(line: bytes, known: dict[str, type[Any]]) -> object:
    if len(line) > MAX_LINE_BYTES:
        raise ProtocolError(reason="line_too_long")
    try:
        body = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise ProtocolError(reason="not_json") from exc
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        raise ProtocolError(reason="no_type")
    cls = known.get(body["type"])
    if cls is None:
        raise ProtocolError(reason="unknown_type")
    return _build(cls, body)


def _build(cls: type[Any], body: dict[str, Any]) -> Any:  # noqa: ANN401
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for spec in fields(cls):
        if spec.name in body:
            values[spec.name] = _convert(body[spec.name], hints[spec.name], spec.name)
        elif spec.default is MISSING and spec.default_factory is MISSING:
            raise ProtocolError(reason="missing_field", field=spec.name)
    return cls(**values)


def _convert(value: Any, hint: Any, name: str) -> Any:  # noqa: ANN401, C901, PLR0911
    """Check a JSON value against a type hint and turn lists into tuples, objects into records."""
    origin = get_origin(hint)
    if is_dataclass(hint) and isinstance(value, dict):
        return _build(typing.cast("type[Any]", hint), value)
    if origin is tuple and isinstance(value, list):
        return tuple(_convert(item, get_args(hint)[0], name) for item in value)
    if origin is dict and isinstance(value, dict):
        return value
    if origin is typing.Literal and value in get_args(hint) and not isinstance(value, bool):
        return value
    if origin in (types.UnionType, Union):
        for option in get_args(hint):
            if option is type(None):
                if value is None:
                    return None
                continue
            try:
                return _convert(value, option, name)
            except ProtocolError:
                continue
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint in (int, str, bool) and type(value) is hint:
        return value
    raise ProtocolError(reason="bad_field", field=name)
