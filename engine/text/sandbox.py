"""Jinja's immutable sandbox with a meter on everything a template does.

What is added to the sandbox of the library:

- `_MeteredCode` writes a call of the meter at the start of every block (loop bodies, macros,
  conditions), before every test of a filtered loop, before every piece of literal text, and
  around comparisons, concatenations, slices and literals, which the library does not let an
  environment intercept;
- all binary operators, calls, filters, tests and printed values are intercepted, and what could
  multiply (`*`, `**`, `%`, `format`, `join`, `replace`, ...) is estimated before it is done;
- methods of text, lists and mappings are an allow-list, as are filters and globals: padding,
  `to_bytes`, `lipsum` and the like are not there at all;
- constants are not folded, so that nothing runs while a template is compiled;
- a value is printed only when it is plain data: no address of an object reaches a prompt.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any, cast

from jinja2 import Undefined, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import TemplateFailed
from engine.text.filters import (
    Sandbox,
    check_plain,
    estimate_percent_format,
    is_wide,
    limited_filters,
    plain_text,
    refuse_long_search,
)
from engine.text.metering import MAX_INT_BITS, Meter

_STR_METHODS = frozenset(
    [
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "format",
        "index",
        "isalnum",
        "isalpha",
        "isascii",
        "isdecimal",
        "isdigit",
        "isidentifier",
        "islower",
        "isnumeric",
        "isprintable",
        "isspace",
        "istitle",
        "isupper",
        "join",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "replace",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
    ]
)
# CPython's `strip` and searches from the right are quadratic in what they look for.
_SLOW_SEARCHES = frozenset({"strip", "lstrip", "rstrip", "rfind", "rindex", "rsplit", "rpartition"})
_METHODS: tuple[tuple[type | tuple[type, ...], frozenset[str]], ...] = (
    (str, _STR_METHODS),
    ((list, tuple), frozenset({"copy", "count", "index"})),
    (dict, frozenset({"copy", "get", "items", "keys", "values"})),
    ((int, float, bytes, bytearray, complex), frozenset({"is_integer"})),
)


MAX_NODES = 20_000


class GenerationTag(Extension):
    """`{% generation %}`: marks what a model is trained on; here its content and nothing more."""

    tags = {"generation"}  # noqa: RUF012 - the library declares a set

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return the body in place of the tag."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _MeteredCode(CodeGenerator):
    """Writes the meter into the compiled template."""

    def blockvisit(self, nodes: Any, frame: Frame) -> None:  # noqa: ANN401
        self.writeline("environment.meter.tick()")
        super().blockvisit(nodes, frame)

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802
        if node.test is not None:
            node.test = nodes.And(nodes.EnvironmentAttribute("ticked"), node.test)
        super().visit_For(node, frame)

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802
        literal = sum(len(part.data) for part in node.nodes if isinstance(part, nodes.TemplateData))
        if literal:
            self.writeline(f"environment.meter.write({literal})")
        super().visit_Output(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self.write("environment.join_parts((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        self._sealed(super().visit_Compare, node, frame)

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        self._sealed(super().visit_List, node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        self._sealed(super().visit_Dict, node, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        if node.ctx == "load":
            self._sealed(super().visit_Tuple, node, frame)
        else:
            super().visit_Tuple(node, frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        if isinstance(node.arg, nodes.Slice):  # the library writes slices as plain Python
            self._sealed(super().visit_Getitem, node, frame)
        else:
            super().visit_Getitem(node, frame)

    def _sealed(self, visit: Callable[[Any, Frame], None], node: nodes.Node, frame: Frame) -> None:
        self.write("environment.meter.seal(")
        visit(node, frame)
        self.write(")")


class LimitedEnvironment(ImmutableSandboxedEnvironment):
    """Compiles and runs one template at a time. Set `meter` before each rendering."""

    code_generator_class = _MeteredCode
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,
            cache_size=0,
            auto_reload=False,
            finalize=_print,
            extensions=["jinja2.ext.loopcontrols", GenerationTag],
        )
        self.meter = Meter()
        self.globals = {}
        filters = limited_filters(Sandbox(self, lambda: self.meter, self.add))
        self.filters = {name: self._metered(function) for name, function in filters.items()}
        self.tests = {
            name: self._metered(cast("Callable[..., Any]", function))
            for name, function in self.tests.items()
        }

    @property
    def ticked(self) -> bool:
        """Always true; costs a step."""
        self.meter.tick()
        return True

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Parse, and refuse what would take long to compile: text that is all expressions."""
        tree = super()._parse(source, name, filename)
        left = MAX_NODES
        waiting: list[nodes.Node] = [tree]
        while waiting:
            waiting.extend(waiting.pop().iter_child_nodes())
            left -= 1
            if left < 0:
                raise TemplateFailed(reason="too_large")
        return tree

    def _metered(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def metered(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self.meter.tick()
            return self.meter.seal(function(*args, **kwargs))

        metered.__dict__.update(
            getattr(function, "__dict__", {})
        )  # how the library passes its context
        return metered

    def join_parts(self, parts: tuple[Any, ...]) -> str:
        """The `~` operator."""
        texts = [plain_text(self.meter, part) for part in parts]
        self.meter.allow(sum(map(len, texts)))
        joined: str = self.meter.seal("".join(texts))
        return joined

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ANN401
        """Methods of plain values by allow-list, everything else as the sandbox says."""
        if callable(value):
            for types, names in _METHODS:
                if isinstance(obj, types):
                    return attr in names
        return bool(super().is_safe_attribute(obj, attr, value))

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:  # noqa: ANN401
        """Refuse private names at once; other refused names count as undefined until used."""
        if attribute.startswith("_"):
            raise SecurityError(attribute)
        return super().unsafe_undefined(obj, attribute)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:  # noqa: ANN401
        """`"...".format(...)`: the sandbox's formatter, after a look at the format string."""
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None
        if value.__name__ != "format":
            raise SecurityError("format_map")

        def formatted(*args: Any, **kwargs: Any) -> str:  # noqa: ANN401
            fields = 0
            for _, _, spec, _ in string.Formatter().parse(value.__self__):
                fields += 1
                if spec and is_wide(spec):
                    raise TemplateFailed(reason="too_long")
            weight = self.meter.weigh((args, kwargs))
            check_plain((args, kwargs))
            self.meter.allow(len(value.__self__) + fields * (weight + 1000))
            return str(wrapped(*args, **kwargs))

        return formatted

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Call a macro, a method or one of our functions."""
        self.meter.tick()
        owner = getattr(obj, "__self__", None)
        if isinstance(obj, Macro):
            if obj.catch_varargs or obj.catch_kwargs:
                named = {key: value for key, value in kwargs.items() if not key.startswith("_")}
                self.meter.weigh((args, named))
        elif isinstance(owner, str):
            args = self._estimate_method(owner, obj.__name__, args)
        result = self.meter.seal(super().call(context, obj, *args, **kwargs))
        if isinstance(owner, str) and isinstance(result, list | tuple):
            self.meter.make(self.meter.weigh(result))
        return result

    def _estimate_method(self, text: str, name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Refuse methods of text that would make too much or take too long."""
        if name in _SLOW_SEARCHES:
            for argument in args:
                refuse_long_search(argument)
        elif name == "join" and args:
            items = self.meter.seal(list(args[0]))
            self.meter.allow(self.meter.weigh(items) + len(text) * len(items))
            return (items, *args[1:])
        elif name == "replace" and len(args) > 1 and isinstance(args[1], str):
            self.meter.allow(len(text) + text.count(args[0]) * len(args[1]))
        return args

    def getitem(self, obj: Any, argument: Any) -> Any:  # noqa: ANN401
        """`obj[argument]`; filters look attributes up with it as well."""
        self.meter.tick()
        return super().getitem(obj, argument)

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401
        """`obj.attribute`; format strings look attributes up with it as well."""
        self.meter.tick()
        return super().getattr(obj, attribute)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401
        """All arithmetic; what multiplies is estimated first."""
        self.meter.tick()
        if operator == "*":
            self._estimate_product(left, right)
        elif operator == "**":
            self._estimate_power(left, right)
        elif operator == "%" and isinstance(left, str):
            estimate_percent_format(self.meter, left, right)
        return self.meter.seal(super().call_binop(context, operator, left, right))

    def add(self, left: Any, right: Any) -> Any:  # noqa: ANN401
        """The `+` operator, for filters."""
        self.meter.tick()
        return self.meter.seal(self.binop_table["+"](left, right))

    def _estimate_product(self, left: Any, right: Any) -> None:  # noqa: ANN401
        if isinstance(left, int) and isinstance(right, str | list | tuple):
            left, right = right, left
        if isinstance(right, int) and isinstance(left, str | list | tuple):
            self.meter.allow(self.meter.weigh(left) * max(right, 1))

    def _estimate_power(self, base: Any, exponent: Any) -> None:  # noqa: ANN401
        whole = isinstance(base, int) and isinstance(exponent, int)
        if whole and base.bit_length() * abs(exponent) > MAX_INT_BITS:
            raise TemplateFailed(reason="too_long")


@pass_context
def _print(context: Context, value: Any) -> str:  # noqa: ANN401
    """What `{{ value }}` writes."""
    environment = context.environment
    assert isinstance(environment, LimitedEnvironment)
    if isinstance(value, Undefined):
        return str(value)
    text = plain_text(environment.meter, value)
    environment.meter.write(len(text))
    return text
