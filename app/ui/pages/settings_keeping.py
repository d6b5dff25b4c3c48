"""Keep and repair: back up, bring in, take out, mend; one at a time, with its progress."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDir, Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import AppError, KeyUnavailable
from app.ui.look.announce import announce
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label
from app.ui.pages.keeping_sentences import KeepingSentences
from app.ui.pages.settings_parts import Section

_STEPS = 1_000
_KINDS = {".md": "markdown", ".json": "json", ".txt": "text"}


class KeepingSection(Section):
    """Buttons, each below its sentence; below them what is under way and what came of it.

    Signals:
        backup_wished: Folder that was chosen.
        import_wished: Files or a folder that were chosen.
        export_wished: File that was chosen, and "markdown", "json" or "text".
        repair_wished: Look whether everything is sound.
        secret_given: The files that were to be brought in, and what opens the copy among them.
        bin_wished: Show what was deleted.
        stop_wished: Stop what is under way.
    """

    backup_wished = Signal(object)
    import_wished = Signal(object)
    export_wished = Signal(object, str)
    repair_wished = Signal()
    secret_given = Signal(object, str)
    bin_wished = Signal()
    stop_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._running = ""
        self._outcome: object = None
        self._sentences = KeepingSentences(self)
        self.backup = Button(theme, "outlined", "save")
        self.bring = Button(theme, "outlined", "download")
        self.bring_folder = Button(theme, "outlined", "folder")
        self.take = Button(theme, "outlined", "folder")
        self.repair = Button(theme, "outlined", "check")
        self.bin = Button(theme, "outlined", "trash")
        self._deeds = (self.backup, self.bring, self.take, self.bin, self.repair)
        self._words = [Label(theme, "body", "muted") for _ in self._deeds]
        self._chosen: tuple[Path, ...] = ()  # to be brought in
        self._ask_secret = Label(theme, "body")
        self.secret = QLineEdit()
        self.open_copy = Button(theme, "outlined", "key")
        self._doing = Label(theme, "body")
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self.stop = Button(theme, "outlined", "stop")
        self.said = Label(theme, "body", "accent")
        self._build()
        self.backup.clicked.connect(self._on_backup)
        self.bring.clicked.connect(self._on_import)
        self.bring_folder.clicked.connect(self._on_import_folder)
        self.take.clicked.connect(self._on_export)
        self.bin.clicked.connect(self.bin_wished)
        self.repair.clicked.connect(self.repair_wished)
        self.stop.clicked.connect(self.stop_wished)
        self.secret.returnPressed.connect(self._on_secret)
        self.open_copy.clicked.connect(self._on_secret)
        self.retranslate()

    def show_started(self, work: str) -> None:
        """Something is under way."""
        self._running, self._outcome = work, None
        self._bar.setValue(0)
        self._bar.setRange(0, 0)  # until it is known how far it is
        self._show()

    def show_progress(self, _work: str, share: float) -> None:
        """So much of it is done, 0 to 1."""
        self._bar.setRange(0, _STEPS)
        self._bar.setValue(round(_STEPS * share))

    def show_done(self, _work: str, result: object) -> None:
        """It is done: BackedUp, Exported, Imported, RepairReport, or the error that ended it."""
        self._running, self._outcome = "", result
        self._show()
        announce(self.said, self._sentences.outcome(result))

    def show_cancelled(self, work: str) -> None:
        """It was stopped and left nothing half done."""
        self._running = ""
        self._outcome = "import cancelled" if work == "import" else "cancelled"
        self._show()

    def set_damaged(self, damaged: bool) -> None:
        """Conversations that cannot be opened can only be repaired."""
        for button, words in zip(self._deeds[:-1], self._words, strict=False):
            button.setVisible(not damaged)
            words.setVisible(not damaged)
        self.bring_folder.setVisible(not damaged)

    def _build(self) -> None:
        px = self.theme.px
        for button, words in zip(self._deeds, self._words, strict=True):
            row = QVBoxLayout()
            row.setSpacing(px(6))
            row.addWidget(words)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            if button is self.bring:
                row.addWidget(self.bring_folder, 0, Qt.AlignmentFlag.AlignLeft)
            self.column.addLayout(row)
            self.column.addSpacing(px(8))  # a button belongs to the sentence above it
        for widget in (self._ask_secret, self.secret):
            self.column.addWidget(widget)
        self.column.addWidget(self.open_copy, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(self._doing)
        under = QHBoxLayout()
        under.setSpacing(px(14))
        under.addWidget(self._bar, 1)
        under.addWidget(self.stop)
        self.column.addLayout(under)
        self.column.addWidget(self.said)

    def _on_backup(self) -> None:
        place = QFileDialog.getExistingDirectory(
            self, self.tr("Where should the copy be kept?"), QDir.homePath()
        )
        if place:
            self.backup_wished.emit(Path(place))

    def _on_import(self) -> None:
        places, _ = QFileDialog.getOpenFileNames(
            self,
            self.tr("Conversations to bring in"),
            QDir.homePath(),
            self.tr("Conversations (*.zip *.json *.jsonl *.chat *.db);;All files (*)"),
        )
        self._bring(places)

    def _on_import_folder(self) -> None:
        place = QFileDialog.getExistingDirectory(
            self, self.tr("Folder with the conversations to bring in"), QDir.homePath()
        )
        self._bring([place] if place else [])

    def _bring(self, places: list[str]) -> None:
        if places:
            self._chosen = tuple(map(Path, places))
            self.import_wished.emit(self._chosen)

    def _on_secret(self) -> None:
        if self._chosen and self.secret.text().strip():
            self.secret_given.emit(self._chosen, self.secret.text().strip())

    def _on_export(self) -> None:
        name = self.tr("My conversations") + ".md"
        kinds = (
            (".md", self.tr("To read and to edit (*.md)")),
            (".txt", self.tr("Plain text (*.txt)")),
            (".json", self.tr("Everything, to bring in again (*.json)")),
        )
        place, chosen = QFileDialog.getSaveFileName(
            self,
            self.tr("Save all conversations"),
            str(Path.home() / name),
            ";;".join(words for _, words in kinds),
        )
        if not place:
            return
        ending = next((ending for ending, words in kinds if words == chosen), ".md")
        path = Path(place)
        if path.suffix.lower() not in _KINDS:
            path = path.with_name(path.name + ending)
        self.export_wished.emit(path, _KINDS[path.suffix.lower()])

    def _show(self) -> None:
        under_way = bool(self._running)
        for button in (*self._deeds, self.bring_folder):
            button.setEnabled(not under_way)
        for widget in (self._doing, self._bar, self.stop):
            widget.setVisible(under_way)
        outcome = self._outcome
        locked = isinstance(outcome, KeyUnavailable) and outcome.params.get("reason") == "wrong"
        if not locked:
            self.secret.clear()
        for field in (self._ask_secret, self.secret, self.open_copy):
            field.setVisible(locked)
        if under_way:
            self._doing.setText(self._sentences.doing(self._running))
            self._bar.setAccessibleName(self._sentences.doing(self._running))
        said = "" if locked else self._sentences.outcome(self._outcome)
        self.said.set_tone("alert" if isinstance(self._outcome, AppError) else "accent")
        self.said.setText(said)
        self.said.setVisible(bool(said))

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Keep and repair"))
        texts = (
            (
                self.tr("Back up…"),
                self.tr("A locked copy of everything, on a USB stick or another disk."),
            ),
            (
                self.tr("Bring in conversations…"),
                self.tr("Conversations from ChatGPT, GPT4All, Jan or another Alcove."),
            ),
            (
                self.tr("Save to a file…"),
                self.tr(
                    "All conversations in one file that other programs can read. It is not locked."
                ),
            ),
            (
                self.tr("Bin"),
                self.tr("What you have deleted, to have it back or to delete it for good."),
            ),
            (
                self.tr("Repair my conversations"),
                self.tr("Looks whether your conversations are in order, and repairs them."),
            ),
        )
        for button, words, (label, text) in zip(self._deeds, self._words, texts, strict=True):
            button.set_label(label)
            button.setAccessibleDescription(text)
            words.setText(text)
        self.bring_folder.set_label(self.tr("Bring in a folder…"))
        self.bring_folder.setAccessibleDescription(
            self.tr("For programs that keep each conversation in a folder, as Jan does.")
        )
        question = self.tr(
            "This copy is locked with another key. Please type the recovery code or the "
            "passphrase that belongs to it:"
        )
        self._ask_secret.setText(question)
        self.secret.setAccessibleName(self.tr("Recovery code or passphrase of the copy"))
        self.open_copy.set_label(self.tr("Open the copy"))
        self.stop.set_label(self.tr("Stop"))
        self._show()
