"""Very long lines, cut into pieces that a text field can lay out one at a time.

Qt lays out a whole paragraph at each key press; 200,000 characters without a line break would take
a noticeable fraction of a second each time. The pieces are joined again when the text is read.
"""

from __future__ import annotations

from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextDocument, QTextFormat

_CONTINUES = QTextFormat.Property.UserProperty.value + 7
_PIECE = 1_500


def insert_text(cursor: QTextCursor, text: str) -> None:
    """Insert `text` at the cursor as if it had been typed; one step to undo."""
    cursor.beginEditBlock()
    cursor.removeSelectedText()
    for number, line in enumerate(_lines(text)):
        if number:
            cursor.insertBlock(_format(continues=False))
        for start in range(0, len(line), _PIECE):
            if start:
                cursor.insertBlock(_format(continues=True))
            cursor.insertText(line[start : start + _PIECE])
    cursor.endEditBlock()


def new_line(cursor: QTextCursor) -> None:
    """Begin a line that does not belong to the one before."""
    cursor.insertBlock(_format(continues=False))


def text_of(document: QTextDocument) -> str:
    """What was written, without the cuts."""
    parts: list[str] = []
    block = document.begin()
    while block.isValid():
        if parts and not block.blockFormat().boolProperty(_CONTINUES):
            parts.append("\n")
        parts.append(block.text() if parts else block.text() or "")
        block = block.next()
    return "".join(parts).replace("\u2028", "\n")


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2029", "\n").split("\n")


def _format(*, continues: bool) -> QTextBlockFormat:
    layout = QTextBlockFormat()
    if continues:
        layout.setProperty(_CONTINUES, True)
    return layout
