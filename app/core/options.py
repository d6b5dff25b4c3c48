"""Every setting there is: its name, type, default and allowed values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from app.core.errors import SettingsError

T = TypeVar("T", bool, int, str)


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """A typed setting.

    Attributes:
        key: Stable name in the files and on the command line.
        default: Value where nobody chose one; its type is the option's type.
        choices: Allowed values; empty allows all.
        minimum: Least allowed number.
        maximum: Greatest allowed number.
    """

    key: str
    default: T
    choices: tuple[T, ...] = ()
    minimum: int | None = None
    maximum: int | None = None

    def check(self, value: object, origin: str) -> T:
        """Return `value` when this option can take it.

        Raises:
            SettingsError: Wrong type or out of range. Params: key, origin.
        """
        # bool is an int in Python, so compare types exactly.
        if type(value) is not type(self.default) or not self._in_range(value):
            raise SettingsError(key=self.key, origin=origin)
        return value

    def parse(self, text: str) -> T:
        """Read a value from the command line.

        Raises:
            SettingsError: Not a value of this option.
        """
        value: object = text
        if isinstance(self.default, bool):
            value = {"true": True, "on": True, "false": False, "off": False}.get(text.lower())
        elif isinstance(self.default, int):
            try:
                value = int(text)
            except ValueError:
                raise SettingsError(key=self.key, origin="command_line") from None
        return self.check(value, "command_line")

    def _in_range(self, value: object) -> bool:
        if self.choices and value not in self.choices:
            return False
        if isinstance(value, int):
            above = self.minimum is None or value >= self.minimum
            return above and (self.maximum is None or value <= self.maximum)
        return True


THEME = Option("theme", "system", choices=("system", "light", "dark", "contrast"))
VIEW = Option("view", "simple", choices=("simple", "full"))
# 0 is what suits the view: 18 in Simple, 16 in Full.
TEXT_SIZE_PT = Option("text_size_pt", 0, minimum=0, maximum=72)
LANGUAGE = Option("language", "", choices=("", "en", "fr", "zh_Hans"))
REDUCE_MOTION = Option("reduce_motion", False)
SEND_WITH_ENTER = Option("send_with_enter", True)
MARK_DOUBT = Option("mark_doubt", True)
# "" is the language of the question.
ANSWER_LANGUAGE = Option("answer_language", "", choices=("", "en", "fr", "zh_Hans"))
READING_PACE = Option("reading_pace", "normal", choices=("slow", "normal", "fast"))
OFFLINE_LOCK = Option("offline_lock", True)
MODEL = Option("model", "")
DEVICE = Option("device", "auto", choices=("auto", "cpu", "cuda", "webgpu", "trt-rtx", "alcove"))
THREADS = Option("threads", 0, minimum=0, maximum=1024)
SAVED_CHATS_MB = Option("saved_chats_mb", 2_000, minimum=0, maximum=1_000_000)
USE_KEYRING = Option("use_keyring", True)
BIN_DAYS = Option("bin_days", 30, minimum=1, maximum=3650)
WINDOW_GEOMETRY = Option("window_geometry", "")
# Ids of folders whose conversations are not listed, "3,7".
CLOSED_FOLDERS = Option("closed_folders", "")
LAST_CHAT_ID = Option("last_chat_id", 0, minimum=0)

OPTIONS: tuple[Option[bool] | Option[int] | Option[str], ...] = (
    VIEW,
    THEME,
    TEXT_SIZE_PT,
    LANGUAGE,
    REDUCE_MOTION,
    SEND_WITH_ENTER,
    MARK_DOUBT,
    ANSWER_LANGUAGE,
    READING_PACE,
    OFFLINE_LOCK,
    MODEL,
    DEVICE,
    THREADS,
    SAVED_CHATS_MB,
    USE_KEYRING,
    BIN_DAYS,
    WINDOW_GEOMETRY,
    CLOSED_FOLDERS,
    LAST_CHAT_ID,
)
