"""What will come out of the printer, before it does."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label
from app.ui.paper.page_view import PageView
from app.ui.paper.pages import Pages

_LEAST_PAGE = 160  # in a lower window all of it scrolls
_DESCRIBED = 2_000  # characters of a page that a screen reader is given


class PreviewPage(QWidget):
    """One page at a time, with large buttons.

    Signals:
        closed: Back to the conversation.
        print_wished: Put it on paper.
        pdf_wished: Make a file of it.
    """

    closed = Signal()
    print_wished = Signal()
    pdf_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pages: Pages | None = None
        self._ready = False
        self._number = 0
        self._can_print = True
        self.back = Button(theme, "quiet", "arrow-left")
        self.view = PageView(theme)
        self.before = Button(theme, "outlined", "chevron-left")
        self.after = Button(theme, "outlined", "chevron-right", trailing=True)
        self.larger = Button(theme, "outlined", "search")
        self.larger.setCheckable(True)
        self.print_button = Button(theme, "primary", "print")
        self.pdf_button = Button(theme, "outlined", "save")
        self._place = Label(theme, "body", wrap=False)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._note = Label(theme, "small", "doubt")
        self._note.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._build()
        self._connect()
        self._retranslate()

    def begin(self) -> None:
        """Pages are being laid out; nothing can be shown yet."""
        self._pages, self._ready, self._number = None, False, 0
        self._progress.setValue(0)
        self.view.show_page(None, 0)
        self.larger.setChecked(False)
        self._note.hide()
        self._show_state()

    def show_share(self, share: float) -> None:
        """So much is laid out."""
        self._progress.setValue(round(100 * share))

    def show_pages(self, pages: Pages, *, can_print: bool) -> None:
        """Everything is laid out."""
        self._pages, self._ready, self._number = pages, True, 0
        self._can_print = can_print
        self._show_state()
        self._turn(0)
        if not can_print:
            self.say_no_printer()
        else:
            self.print_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def say_no_printer(self) -> None:
        """Nothing can be printed here: offer the file."""
        self._can_print = False
        self._show_state()
        self._note.show()
        self.pdf_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _build(self) -> None:
        inner = QWidget()
        inner.setProperty("ground", "none")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(_scrolling(inner))
        column = QVBoxLayout(inner)
        self._column = column
        column.addWidget(self._row(self.back))
        column.addWidget(self.view, 1)
        column.addWidget(self._progress)
        column.addWidget(self._note)
        turning = (self.before, self._place, self.after, self.larger)
        column.addWidget(self._row(*turning, self.print_button, self.pdf_button, centred=True))
        self._fit()

    def _row(self, *widgets: QWidget, centred: bool = False) -> QWidget:
        row = QWidget()
        flow = FlowLayout(row, self._theme.px(10), centred=centred)
        for widget in widgets:
            flow.addWidget(widget)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        row.setSizePolicy(policy)
        return row

    def _connect(self) -> None:
        self.back.clicked.connect(self.closed)
        self.print_button.clicked.connect(self.print_wished)
        self.pdf_button.clicked.connect(self.pdf_wished)
        self.before.clicked.connect(lambda: self._turn(-1))
        self.after.clicked.connect(lambda: self._turn(1))
        self.view.turned.connect(self._turn)
        self.larger.toggled.connect(self.view.set_large)
        self.larger.toggled.connect(lambda _: self._retranslate())
        self._theme.changed.connect(self._fit)

    def _turn(self, by: int) -> None:
        pages = self._pages
        if pages is None or not 0 <= self._number + by < pages.count:
            return
        self._number += by
        self.view.show_page(pages, self._number)
        # A button that is switched off under the keyboard would leave it nowhere.
        first, last = self._number == 0, self._number == pages.count - 1
        if first and self.before.hasFocus():
            self.after.setFocus(Qt.FocusReason.OtherFocusReason)
        if last and self.after.hasFocus():
            self.before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.before.setEnabled(not first)
        self.after.setEnabled(not last)
        self._say_place()

    def _show_state(self) -> None:
        several = self._ready and self._pages is not None and self._pages.count > 1
        self._progress.setVisible(not self._ready)
        for widget in (self.before, self.after):
            widget.setVisible(several)
        self.larger.setVisible(self._ready)
        self.print_button.setVisible(self._can_print)
        self.print_button.setEnabled(self._ready)
        self.pdf_button.setEnabled(self._ready)
        self._say_place()

    def _say_place(self) -> None:
        pages = self._pages
        if pages is None:
            place = self.tr("Preparing the pages…")
        elif pages.count == 1:
            place = self.tr("One page")
        else:
            place = self.tr("Page {number} of {count}").format(
                number=self._number + 1, count=pages.count
            )
        self._place.setText(place)
        self._progress.setAccessibleName(place)
        self.view.setAccessibleName(place)
        words = pages.words(self._number)[:_DESCRIBED] if pages is not None else ""
        self.view.setAccessibleDescription(words)

    def _fit(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(24), px(8), px(24), px(16))
        self._column.setSpacing(px(10))
        self._progress.setFixedHeight(px(10))
        self.view.setMinimumHeight(px(_LEAST_PAGE))

    def _retranslate(self) -> None:
        self.back.set_label(self.tr("Back to the conversation"))
        self.before.set_label(self.tr("Previous page"))
        self.after.set_label(self.tr("Next page"))
        whole = self.larger.isChecked()
        self.larger.set_label(self.tr("Whole page") if whole else self.tr("Larger"))
        self.print_button.set_label(self.tr("Print"))
        self.pdf_button.set_label(self.tr("Save as PDF"))
        self._note.setText(
            self.tr(
                "There is no printer on this computer. You can save the pages as a PDF and print "
                "them somewhere else."
            )
        )
        self._say_place()


def _scrolling(content: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.viewport().setAutoFillBackground(False)
    area.setWidget(content)
    content.setAutoFillBackground(False)
    return area
