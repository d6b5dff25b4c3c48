"""Formulas as a line of text: for screen readers, for copying, and until they are drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from xml.etree import ElementTree

from app.ui.markdown.formulas import time_limit
from app.ui.markdown.inline import Maths

_LONGEST = 400
_DEADLINE_S = 0.006
_SUPER = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_SUB = str.maketrans("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_SPACED = frozenset("=<>≤≥≠≈≡→⇒⇔∈∉⊂⊆±×·÷−+∼≪≫↦←∪∩")


@lru_cache(maxsize=512)
def words_of(formula: Maths) -> str:
    """Such as "x² + 1 = (a + b)/2"; the source where there is no better form."""
    if not formula.closed or len(formula.source) > _LONGEST:
        return formula.whole
    from latex2mathml.converter import convert  # noqa: PLC0415  a tenth of a second that only this needs

    try:
        with time_limit(_DEADLINE_S):
            root = ElementTree.fromstring(convert(formula.source))  # noqa: S314  made by the line itself
            words = " ".join(_line(root).split())
    except Exception:  # noqa: BLE001  what is wrong with a formula shows itself in many ways
        return formula.whole
    return words if words and "\\" not in words else formula.whole


def _line(node: ElementTree.Element) -> str:
    name = node.tag.rpartition("}")[2]
    if name in _FORMS:
        return _FORMS[name](node)
    if len(node) == 0:
        text = (node.text or "").strip("\u2061\u2062\u2063")
        if name == "mo" and text in _SPACED:
            return f" {text} "
        return " " if name == "mspace" else text
    return "".join(_line(child) for child in node)


def _parts(node: ElementTree.Element) -> list[str]:
    return [_line(child).strip() for child in node]


def _held(text: str) -> str:
    """In brackets, unless it is one word or one number."""
    whole = text.startswith("(") and text.endswith(")") and text.count("(") == 1
    return text if text.replace(".", "").isalnum() or len(text) == 1 or whole else f"({text})"


def _raised(text: str) -> str:
    if text == "∘":
        return "°"
    high = text.replace(" ", "").translate(_SUPER)
    return high if _all_changed(text, high) else f"^{_held(text)}"


def _lowered(text: str) -> str:
    low = text.replace(" ", "").translate(_SUB)
    return low if _all_changed(text, low) else f"_{_held(text)}"


def _all_changed(text: str, other: str) -> bool:
    return bool(text) and all(a != b for a, b in zip(text.replace(" ", ""), other, strict=True))


def _fraction(node: ElementTree.Element) -> str:
    above, below = _parts(node)
    return f"{_held(above)}/{_held(below)}"


def _root(node: ElementTree.Element) -> str:
    return f"√{_held(''.join(_parts(node)))}"


def _other_root(node: ElementTree.Element) -> str:
    inside, degree = _parts(node)
    return f"{degree.translate(_SUPER)}√{_held(inside)}"


def _power(node: ElementTree.Element) -> str:
    base, high = _parts(node)
    return base + _raised(high)


def _index(node: ElementTree.Element) -> str:
    base, low = _parts(node)
    return base + _lowered(low)


def _both(node: ElementTree.Element) -> str:
    base, low, high = _parts(node)
    return f"{base}{_lowered(low)}{_raised(high)} "


def _table(node: ElementTree.Element) -> str:
    rows = [", ".join(_parts(row)) for row in node]
    return "; ".join(rows)


_FORMS: dict[str, Callable[[ElementTree.Element], str]] = {
    "mfrac": _fraction,
    "msqrt": _root,
    "mroot": _other_root,
    "msup": _power,
    "msub": _index,
    "msubsup": _both,
    "munderover": _both,
    "munder": _index,
    "mover": _power,
    "mtable": _table,
}
