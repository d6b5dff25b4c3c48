"""Draws the rows of the list of conversations."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.ui.chats.chat_list_model import ChatRole
from app.ui.look.theme import Theme

_Index = QModelIndex | QPersistentModelIndex


class ChatListDelegate(QStyledItemDelegate):
    """One line a conversation; the open one stands on a card, the others light up."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """44 px at 16 pt, headings a little less but with air above."""
        del option
        is_heading = index.data(ChatRole.CHAT_ID) is None
        height = 50 if is_heading and index.row() else 34 if is_heading else 44
        return QSize(10, self.theme.px(height))

    def menu_area(self, row: QRect) -> QRect:
        """Where the three dots of a row are."""
        side = min(self.theme.px(40), row.height())
        return QRect(row.right() - side - self.theme.px(2), row.top(), side, row.height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """A heading or a title."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(ChatRole.CHAT_ID) is None:
            self._paint_heading(painter, option.rect, str(index.data()))
        else:
            self._paint_chat(painter, option, index)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        """A field over the title."""
        del option
        field = QLineEdit(parent)
        field.setProperty("inline", "true")
        field.setMaxLength(200)
        field.setAccessibleName(str(index.data()))
        return field

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        """As large as the row."""
        del index
        editor.setGeometry(option.rect.adjusted(0, 1, 0, -1))

    def _paint_heading(self, painter: QPainter, area: QRect, text: str) -> None:
        painter.setFont(self.theme.font("small"))
        painter.setPen(self.theme.color("muted"))
        inner = area.adjusted(self.theme.px(10), 0, 0, -self.theme.px(7))
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, text)

    def _paint_chat(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        theme = self.theme
        is_open = bool(index.data(ChatRole.IS_OPEN))
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        card = QRectF(option.rect).adjusted(1.0, 1.5, -1.0, -1.5)
        radius = theme.px(12)
        if is_open or hovered or focused:
            painter.setBrush(theme.color("surface" if is_open else "tint"))
            edge = "accent" if focused else "edge" if is_open else "tint"
            painter.setPen(QPen(theme.color(edge), 2 if focused else 1))
            painter.drawRoundedRect(card, radius, radius)
        dots = hovered or focused
        font = theme.font("body", bold=is_open)
        font.setPointSizeF(font.pointSizeF() * 0.88)
        painter.setFont(font)
        painter.setPen(theme.color("ink"))
        right = self.menu_area(option.rect).width() if dots else theme.px(8)
        inner = option.rect.adjusted(theme.px(14), 0, -right, 0)
        title = painter.fontMetrics().elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, inner.width()
        )
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        if dots:
            icon = theme.icon("more", "muted", 20)
            side = theme.px(20)
            place = self.menu_area(option.rect)
            icon.paint(
                painter,
                QRect(place.center().x() - side // 2, place.center().y() - side // 2, side, side),
            )
