"""Pictures of screens side by side: three languages below each other, three schemes beside.

Sheets have at most 256 colours, which is what a drawn window needs, to keep the repository small.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from tests.helpers.screen_tour import LANGUAGES, SCHEMES

_PICTURED = {
    "simple": "new conversation conversation-top reading thinking error earlier search settings "
    "help bin recovery preview missing passphrase-create",
    "full": "new conversation conversation-top endings rename search settings settings-2 "
    "assistants assistant-own bin-delete preview",
}
_PICTURED_LARGE = {"simple": "new conversation", "full": "new conversation"}
_WIDTH_PX = 640
_GAP_PX = 10
_COLOURS = 256
_GROUND = "#9A9A9A"


def is_pictured(name: str, where: str) -> bool:
    """Whether a screen stands on a sheet, at this scale of the display."""
    view, screen = name.split("-", 1)
    scale = where.rsplit("-", 1)[1]
    chosen = {"1": _PICTURED, "2": _PICTURED_LARGE}.get(scale, {})
    return screen in chosen.get(view, "").split()


def keep(image: QImage, folder: Path, name: str, where: str) -> None:
    """Put a picture aside for its sheet."""
    smooth = Qt.TransformationMode.SmoothTransformation
    _save(image.scaledToWidth(_WIDTH_PX, smooth), folder / f"{name}@{where}.png")


def make_sheets(kept: Path, folder: Path) -> None:
    """Lay what was put aside together, one sheet for each screen and scale, and list them."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets: dict[str, str] = {}
    for path in sorted(kept.glob("*.png")):
        name, where = path.stem.split("@")
        scale = where.rsplit("-", 1)[1]
        sheets[name if scale == "1" else f"{name}-200"] = f"{name}@{{}}-{{}}-{scale}.png"
    for sheet, pattern in sheets.items():
        rows = [
            [QImage(str(kept / pattern.format(language, scheme))) for scheme in SCHEMES]
            for language in LANGUAGES
        ]
        _save(_few_colours(_laid(rows)), folder / f"{sheet}.png")


def _laid(rows: list[list[QImage]]) -> QImage:
    width, height = rows[0][0].width() + _GAP_PX, rows[0][0].height() + _GAP_PX
    size = len(rows[0]) * width + _GAP_PX, len(rows) * height + _GAP_PX
    sheet = QImage(*size, QImage.Format.Format_RGB32)
    sheet.fill(QColor(_GROUND))
    painter = QPainter(sheet)
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            painter.drawImage(
                QRect(_GAP_PX + x * width, _GAP_PX + y * height, image.width(), image.height()),
                image,
            )
    painter.end()
    return sheet


def _few_colours(image: QImage) -> QImage:
    """The commonest colours as they are, the rest by their neighbours; nothing is dithered."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint32) & 0xFFFFFF
    colours, where, counts = np.unique(flat, return_inverse=True, return_counts=True)
    table = _palette(colours, counts)
    channels = _channels(colours).astype(np.int32)
    chosen = np.empty(len(colours), np.uint8)
    for start in range(0, len(colours), 4_096):
        part = channels[start : start + 4_096, None, :] - _channels(table)[None].astype(np.int32)
        chosen[start : start + 4_096] = np.argmin((part**2).sum(axis=2), axis=1)
    indices = chosen[where].reshape(image.height(), image.width())
    result = QImage(image.width(), image.height(), QImage.Format.Format_Indexed8)
    result.setColorTable([int(colour) | 0xFF000000 for colour in table])
    rows = np.frombuffer(result.bits(), np.uint8).reshape(image.height(), result.bytesPerLine())
    rows[:, : image.width()] = indices
    return result


def _palette(colours: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """A quarter of it are colours of surfaces; the rest stand for the edges of letters."""
    order = np.argsort(counts)[::-1]
    exact = colours[order[: _COLOURS // 4]]
    coarse = _channels(colours) >> 4
    keys = coarse[:, 0] * 256 + coarse[:, 1] * 16 + coarse[:, 2]
    sums = np.bincount(keys, counts, 4_096)
    common = np.argsort(sums)[::-1][: _COLOURS - len(exact)]
    common = common[sums[common] > 0]
    means = [np.bincount(keys, counts * _channels(colours)[:, c], 4_096) for c in range(3)]
    red, green, blue = (np.rint(mean[common] / sums[common]).astype(np.uint32) for mean in means)
    return np.concatenate([exact, red << 16 | green << 8 | blue])


def _channels(colours: np.ndarray) -> np.ndarray:
    return np.stack([colours >> shift & 255 for shift in (16, 8, 0)], axis=1).astype(np.int64)


def _save(image: QImage, path: Path) -> None:
    if not image.save(str(path)):
        raise OSError(f"cannot write {path}")
