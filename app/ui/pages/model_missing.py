"""There is no assistant yet: one button fetches it, after a click and never before."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from app.core.errors import AppError
from app.ui.durations import Durations
from app.ui.error_text import error_text
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, IconLabel, Label
from app.ui.pages.base import ScrollPage
from engine.errors import EngineError

_STEPS = 1_000


class ModelMissingPage(ScrollPage):
    """Offers the small assistant.

    Signals:
        download_wished: The button was clicked.
        cancel_wished: Stop; what has arrived is kept.
    """

    download_wished = Signal()
    cancel_wished = Signal()

    def __init__(self, theme: Theme, size_bytes: int, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent, width=680)
        self._size_bytes = size_bytes
        self._running = False
        self._progress: tuple[str, int, int, float | None] = ("download", 0, 0, None)
        self._error: AppError | EngineError | None = None
        self._heading = Label(theme, "heading")
        self._why = Label(theme, "body", "muted")
        self._trouble = Label(theme, "body", "alert")
        self._download = Button(theme, "primary", "download")
        self._cancel = Button(theme, "outlined", "close")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _STEPS)
        self._words = Label(theme, "body")
        self._promise = Label(theme, "small", "accent")
        self._build()
        self._download.clicked.connect(self.start)
        self._cancel.clicked.connect(self.cancel_wished)
        self.stop()

    def start(self) -> None:
        """The person asked for it."""
        self._running, self._error = True, None
        self._progress = ("download", 0, 0, None)
        self._retranslate()
        self.download_wished.emit()

    def stop(self) -> None:
        """It is over: finished, cancelled or failed."""
        self._running = False
        self._retranslate()

    def show_progress(self, stage: str, done: int, total: int, seconds_left: float | None) -> None:
        """How far it has come.

        Args:
            stage: "download", "extract" or "build".
            done: Of `total`.
            total: 0 while unknown.
            seconds_left: Estimate, None while there is none.
        """
        self._progress = (stage, done, total, seconds_left)
        self._retranslate()

    def show_error(self, error: AppError | EngineError) -> None:
        """It did not work; the button is there again."""
        self._error = error
        self.stop()

    def _build(self) -> None:
        px = self.theme.px
        body = self.column.body
        body.addStretch(2)
        body.addWidget(IconLabel(self.theme, "mark", size=56))
        body.addSpacing(px(14))
        body.addWidget(self._heading)
        body.addSpacing(px(8))
        body.addWidget(self._why)
        body.addSpacing(px(22))
        body.addWidget(self._trouble)
        body.addWidget(self._words)
        body.addSpacing(px(8))
        body.addWidget(self._bar)
        body.addSpacing(px(14))
        row = QHBoxLayout()
        row.addWidget(self._download)
        row.addWidget(self._cancel)
        row.addStretch(1)
        body.addLayout(row)
        body.addSpacing(px(18))
        promise = QHBoxLayout()
        promise.setSpacing(px(10))
        promise.addWidget(
            IconLabel(self.theme, "shield", "accent", 22), 0, Qt.AlignmentFlag.AlignTop
        )
        promise.addWidget(self._promise, 1)
        body.addLayout(promise)
        body.addStretch(3)

    def _retranslate(self) -> None:
        megabytes = QLocale().toString(round(self._size_bytes / 1_000_000))
        self._heading.setText(self.tr("One thing is missing: the assistant"))
        self._why.setText(
            self.tr(
                "A small assistant for everyday questions in English. It is downloaded once and "
                "then works without the internet."
            )
        )
        self._download.set_label(self.tr("Download ({size} MB)").format(size=megabytes))
        self._cancel.set_label(self.tr("Cancel"))
        self._promise.setText(
            self.tr("Nothing is downloaded before you choose. What you write is never sent.")
        )
        self._download.setVisible(not self._running)
        for widget in (self._cancel, self._bar, self._words):
            widget.setVisible(self._running)
        self._trouble.setVisible(self._error is not None)
        self._trouble.setText(error_text(self._error) if self._error is not None else "")
        self._show_numbers()

    def _show_numbers(self) -> None:
        stage, done, total, seconds_left = self._progress
        self._bar.setRange(0, _STEPS if total else 0)
        self._bar.setValue(round(_STEPS * done / total) if total else 0)
        if stage == "download":
            text = self.tr("Downloading…")
        elif stage == "extract":
            text = self.tr("Unpacking…")
        else:
            text = self.tr("Preparing the assistant for this computer…")
        if seconds_left is not None:
            time = Durations().about(seconds_left)
            text = self.tr("{what} {time} left").format(what=text, time=time)
        self._words.setText(text)
        self._bar.setAccessibleName(text)
