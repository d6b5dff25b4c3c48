"""The filters a chat template may use, each with a bound on what it makes.

Left out on purpose: padding (`center`, `wordwrap`), what depends on chance or on addresses
(`random`, `pprint`), what reaches into objects (`attr`), and HTML. A template that uses one of
them fails to compile, with a clear error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import Undefined
from jinja2.filters import FILTERS, make_attrgetter
from markupsafe import escape

from engine.errors import TemplateFailed

if TYPE_CHECKING:
    from jinja2 import Environment

    from engine.text.metering import Meter

_UNCHANGED = [
    "abs",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "groupby",
    "int",
    "items",
    "last",
    "length",
    "list",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "select",
    "selectattr",
    "sort",
    "unique",
]
_OF_TEXT = ["capitalize", "lower", "title", "upper"]
MAX_SEARCH_CHARS = 256
_MAX_COUNT = 10_000
_MAX_WIDTH = 64
_MAX_DIGITS = 20
_WIDE_NUMBER = re.compile(r"\d{4}|\*")

Filter = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What filters know of where they run.

    Attributes:
        environment: Compiles templates; looks attributes up.
        meter: The meter of the moment.
        add: The `+` operator with its bounds.
    """

    environment: Environment
    meter: Callable[[], Meter]
    add: Callable[[Any, Any], Any]


def limited_filters(sandbox: Sandbox) -> dict[str, Filter]:
    """All filters by name. They use the sandbox's meter of the moment."""
    table: dict[str, Filter] = {name: FILTERS[name] for name in _UNCHANGED}
    table.update({name: _on_text(sandbox, FILTERS[name]) for name in _OF_TEXT})
    text = _on_text(sandbox, str)
    table.update({"string": text, "safe": text})
    table["e"] = table["escape"] = _on_text(sandbox, lambda value: str(escape(value)))
    table["trim"] = _on_text(sandbox, _trim)
    table["batch"] = _counted(FILTERS["batch"])
    table["slice"] = _counted(FILTERS["slice"])
    table["round"] = _round
    table["tojson"] = _to_json(sandbox)
    table["join"] = _join(sandbox)
    table["replace"] = _replace(sandbox)
    table["indent"] = _indent(sandbox)
    table["format"] = _format(sandbox)
    table["sum"] = _sum(sandbox)
    return table


def plain_text(meter: Meter, value: Any) -> str:  # noqa: ANN401 - whatever a template holds
    """A value as text. Raises TemplateFailed for what is not plain data."""
    if isinstance(value, str | int | float | Undefined | None):
        return str(value)
    if isinstance(value, range):
        return str(value)
    if not isinstance(value, list | tuple | dict):
        raise TemplateFailed(reason="not_plain_data")
    meter.allow(meter.weigh(value))
    check_plain(value)
    return str(value)


def check_plain(value: Any) -> None:  # noqa: ANN401
    """Refuse a container, weighed before, that would print the address of an object."""
    if isinstance(value, dict):
        value = [part for pair in value.items() for part in pair]
    for item in value:
        if isinstance(item, list | tuple | dict):
            check_plain(item)
        elif not isinstance(item, str | int | float | Undefined | range | None):
            raise TemplateFailed(reason="not_plain_data")


def estimate_percent_format(meter: Meter, pattern: str, values: Any) -> None:  # noqa: ANN401
    """Refuse `pattern % values` that would make too much."""
    for field in re.finditer(r"%[^%a-zA-Z]*", pattern):
        if _WIDE_NUMBER.search(field.group()):
            raise TemplateFailed(reason="too_long")
    meter.allow(len(pattern) + pattern.count("%") * (meter.weigh(values) + 100))
    check_plain((values,))


def is_wide(spec: str) -> bool:
    """Whether a format specification asks for 1,000 characters or more, or might."""
    return bool(_WIDE_NUMBER.search(spec)) or "{" in spec


def _on_text(sandbox: Sandbox, function: Filter) -> Filter:
    def on_text(value: Any, *args: Any) -> Any:  # noqa: ANN401
        return function(plain_text(sandbox.meter(), value), *args)

    return on_text


def _counted(function: Filter) -> Filter:
    def counted(value: Any, count: int, fill_with: Any = None) -> Any:  # noqa: ANN401
        if not 1 <= count <= _MAX_COUNT:
            raise TemplateFailed(reason="too_long")
        return function(value, count, fill_with)

    counted.__dict__.update(function.__dict__)
    return counted


def _trim(text: str, chars: str | None = None) -> str:
    refuse_long_search(chars)
    return text.strip(chars)


def refuse_long_search(text: object) -> None:
    """Refuse what `strip`, `rfind` and their like would look for in quadratic time."""
    if isinstance(text, str) and len(text) > MAX_SEARCH_CHARS:
        raise TemplateFailed(reason="too_long")


def _round(value: float, precision: int = 0, method: str = "common") -> float:
    if abs(precision) > _MAX_DIGITS:
        raise TemplateFailed(reason="too_long")
    result: float = FILTERS["round"](value, precision, method)
    return result


def _to_json(sandbox: Sandbox) -> Filter:
    """As Hugging Face templates expect it: not escaped for HTML, keys in their own order."""

    def to_json(
        value: Any,  # noqa: ANN401
        ensure_ascii: bool = False,
        indent: int | None = None,
        separators: tuple[str, str] | None = None,
        sort_keys: bool = False,
    ) -> str:
        meter = sandbox.meter()
        meter.weigh(value)
        if (indent or 0) > _MAX_WIDTH or any(len(part) > _MAX_WIDTH for part in separators or ()):
            raise TemplateFailed(reason="too_long")
        encoder = json.JSONEncoder(
            ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )
        parts: list[str] = []
        chars = 0
        for part in encoder.iterencode(value):
            meter.tick()
            chars += len(part)
            meter.allow(chars)
            parts.append(part)
        return "".join(parts)

    return to_json


def _join(sandbox: Sandbox) -> Filter:
    def join(value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
        meter = sandbox.meter()
        items = map(make_attrgetter(sandbox.environment, attribute), value) if attribute else value
        parts: list[str] = []
        chars = 0
        for item in items:
            meter.tick()
            text = plain_text(meter, item)
            chars += len(text) + len(d)
            meter.allow(chars)
            parts.append(text)
        return str(d).join(parts)

    return join


def _replace(sandbox: Sandbox) -> Filter:
    def replace(value: Any, old: str, new: str, count: int = -1) -> str:  # noqa: ANN401
        text, old, new = (plain_text(sandbox.meter(), part) for part in (value, old, new))
        sandbox.meter().allow(len(text) + text.count(old) * len(new))
        return text.replace(old, new, -1 if count is None else count)

    return replace


def _indent(sandbox: Sandbox) -> Filter:
    def indent(
        value: Any,  # noqa: ANN401
        width: int | str = 4,
        first: bool = False,
        blank: bool = False,
    ) -> str:
        text = plain_text(sandbox.meter(), value)
        chars = len(width) if isinstance(width, str) else width
        if chars > _MAX_WIDTH:
            raise TemplateFailed(reason="too_long")
        sandbox.meter().allow(len(text) + (len(text.splitlines()) + 1) * chars)
        return str(FILTERS["indent"](text, width, first, blank))

    return indent


def _format(sandbox: Sandbox) -> Filter:
    def format_values(value: Any, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401
        pattern = plain_text(sandbox.meter(), value)
        estimate_percent_format(sandbox.meter(), pattern, kwargs or args)
        return str(pattern % (kwargs or args))

    return format_values


def _sum(sandbox: Sandbox) -> Filter:
    def total(value: Iterable[Any], attribute: str | None = None, start: Any = 0) -> Any:  # noqa: ANN401
        items = map(make_attrgetter(sandbox.environment, attribute), value) if attribute else value
        for item in items:
            start = sandbox.add(start, item)
        return start

    return total
