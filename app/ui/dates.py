"""Days and hours as one says them, in the language that is on."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QDate, QLocale, QObject, QTime

_WEEK_DAYS = 6


class Dates(QObject):
    """Speaks the language that is on; a QObject so that the sentences are collected."""

    def when(self, moment: datetime, now: datetime | None = None) -> str:
        """Such as "Today, 14:20", "Yesterday", "Tuesday" or "12 March 2026"."""
        now = now or datetime.now().astimezone()
        local = moment.astimezone(now.tzinfo)
        locale = QLocale()
        days = (now.date() - local.date()).days
        if days <= 0:
            time = locale.toString(QTime(local.hour, local.minute), QLocale.FormatType.ShortFormat)
            return self.tr("Today, {time}").format(time=time)
        if days == 1:
            return self.tr("Yesterday")
        date = QDate(local.year, local.month, local.day)
        if days <= _WEEK_DAYS:
            return _capital(locale.standaloneDayName(date.dayOfWeek()))
        if local.year == now.year:
            return locale.toString(date, self.tr("d MMMM"))
        return locale.toString(date, self.tr("d MMMM yyyy"))


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
