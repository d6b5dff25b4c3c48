"""Conversations that are printed and saved in the tests."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import TypeVar

from PySide6.QtCore import QCoreApplication

from app.core.records import Message, ReplyDetails, Role, Span
from app.ui.paper.pdf import pdf_file
from app.ui.paper.script import Script
from app.ui.paper.sheet import Sheet
from app.ui.paper.word import word_file

T = TypeVar("T")
A4 = Sheet(595, 842)
THOUGHT = "They want a letter, says the secret thought. "
ANSWER = """Here is a **letter** you can *use*. See [the page](https://example.org/town) first.

## Dear Sir or Madam

1. It is dark at night.
2. My neighbour **fell**.
   - on Monday
3. Nobody came.

> A lamp is a small sun.

| Day | Lamp |
| --- | --- |
| Monday | off |
| Tuesday | on |

```python
def lamp(on: bool) -> str:
    return "bright"
```

The energy is $E = mc^2$.
"""


def message(number: int, role: Role, text: str, details: ReplyDetails | None = None) -> Message:
    return Message(
        number,
        1,
        number - 1 or None,
        role,
        text,
        "complete",
        datetime(2026, 11, 22, tzinfo=UTC),
        details or ReplyDetails(),
    )


def thought_through(number: int, thought: str, answer: str) -> Message:
    middle = len(thought)
    spans = (Span("thinking", 0, middle), Span("answer", middle, middle + len(answer)))
    return message(number, "assistant", thought + answer, ReplyDetails(spans=spans))


def letter() -> tuple[Message, ...]:
    return (
        message(1, "user", "A letter about the lamp, please.\n\nShort & kind <b>."),
        thought_through(2, THOUGHT, ANSWER),
        message(3, "user", "谢谢您！请用中文写。"),
        message(4, "assistant", "尊敬的先生：\n\n我写信是为了**路灯**的事。"),
    )


def finish(work: Generator[float, None, T]) -> T:
    """Run work to its end, as the event loop would."""
    shares = [0.0]
    while True:
        try:
            shares.append(next(work))
        except StopIteration as end:
            assert shares == sorted(shares), "it never seems to go backwards"
            assert shares[-1] <= 1.0
            return end.value  # type: ignore[no-any-return]
        QCoreApplication.processEvents()


def pdf(script: Script, sheet: Sheet = A4, size_pt: int = 12) -> bytes:
    content: Callable[[], bytes] = finish(pdf_file(script, sheet, size_pt))
    return content()


def word(script: Script, sheet: Sheet = A4, size_pt: int = 12) -> bytes:
    content: Callable[[], bytes] = finish(word_file(script, sheet, size_pt))
    return content()
