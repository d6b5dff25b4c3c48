"""Settings in four layers: defaults < user < command line < policy.

Each value knows which layer it came from. The user's file keeps a version; older files are upgraded
step by step, and keys this version does not know are kept for the one that does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeVar

from app.core.errors import PolicyError, SettingsError
from app.core.jsonfile import BadJsonFile, JsonObject, JsonValue, read_json, write_json
from app.core.options import OPTIONS, Option

Origin = Literal["default", "user", "command_line", "policy"]
Upgrade = Callable[[JsonObject], JsonObject]
T = TypeVar("T", bool, int, str)

VERSION = 1


def _nest_values(old: JsonObject) -> JsonObject:
    """0 -> 1: a file without a version held its values at the top level."""
    return {"values": {key: value for key, value in old.items() if key != "version"}}


UPGRADES: dict[int, Upgrade] = {0: _nest_values}


class Settings:
    """Reads all layers once; writes the user's layer at each change.

    Attributes:
        problems: What was wrong in the user's file and is ignored; the defaults hold instead.
    """

    def __init__(
        self,
        user_file: Path | None = None,
        *,
        command_line: Mapping[str, str] | None = None,
        policy_file: Path | None = None,
    ) -> None:
        """Read every layer.

        Args:
            user_file: settings.json; None keeps changes in memory only.
            command_line: Values as typed, by key.
            policy_file: The office's file; None or an absent file locks nothing.

        Raises:
            SettingsError: A value of the command line or of the policy is not usable. A policy
                that cannot be read is refused, never silently skipped.
        """
        self.problems: list[SettingsError] = []
        self._file = user_file
        self._by_key = {option.key: option for option in OPTIONS}
        self._document: JsonObject = self._read_user(user_file)
        self._values: dict[Origin, dict[str, bool | int | str]] = {
            "default": {option.key: option.default for option in OPTIONS},
            "user": self._usable_user_values(),
            "command_line": self._parse_command_line(command_line or {}),
            "policy": self._read_policy(policy_file),
        }

    def get(self, option: Option[T]) -> T:
        """The value that holds, from the highest layer that has one."""
        return option.check(self._values[self.origin(option)][option.key], "default")

    def origin(self, option: Option[T]) -> Origin:
        """The layer that `get` takes the value from."""
        layers: tuple[Origin, ...] = ("policy", "command_line", "user")
        for layer in layers:
            if option.key in self._values[layer]:
                return layer
        return "default"

    def locked(self, option: Option[T]) -> bool:
        """Whether the policy decides, so that a person cannot."""
        return option.key in self._values["policy"]

    def set_user(self, option: Option[T], value: T) -> None:
        """Change the user's layer and write it; a value of the command line still wins this time.

        Raises:
            PolicyError: The policy decides this one. Params: key.
            SettingsError: Not a value of this option.
            DiskFull: Not written; the old value stays.
            ReadOnly: Not written; the old value stays.
        """
        if self.locked(option):
            raise PolicyError(key=option.key)
        option.check(value, "user")
        self._write_user({**self._user_layer(), option.key: value})
        self._values["user"][option.key] = value

    def reset_user(self, option: Option[T]) -> None:
        """Forget the user's choice; errors as `set_user`."""
        remaining = {key: value for key, value in self._user_layer().items() if key != option.key}
        self._write_user(remaining)
        self._values["user"].pop(option.key, None)

    def _user_layer(self) -> JsonObject:
        values = self._document.get("values")
        return values if isinstance(values, dict) else {}

    def _write_user(self, values: JsonObject) -> None:
        document: JsonObject = {**self._document, "version": self._version(), "values": values}
        if self._file is not None:
            write_json(self._file, document)
        self._document = document

    def _version(self) -> int:
        version = self._document.get("version", VERSION)
        return version if isinstance(version, int) else VERSION

    def _read_user(self, path: Path | None) -> JsonObject:
        empty: JsonObject = {"version": VERSION, "values": {}}
        if path is None:
            return empty
        try:
            return upgrade_document(read_json(path))
        except FileNotFoundError:
            return empty
        except OSError:
            self.problems.append(SettingsError(key="", origin="user"))
        except BadJsonFile:
            # Settings are not worth refusing to start, but keep what was there.
            self.problems.append(SettingsError(key="", origin="user"))
            with contextlib.suppress(OSError):
                path.replace(path.with_name(path.name + ".damaged"))
        return empty

    def _usable_user_values(self) -> dict[str, bool | int | str]:
        usable: dict[str, bool | int | str] = {}
        for key, value in self._user_layer().items():
            option = self._by_key.get(key)
            if option is None:
                continue
            try:
                usable[key] = option.check(value, "user")
            except SettingsError as exc:
                self.problems.append(exc)
        return usable

    def _parse_command_line(self, texts: Mapping[str, str]) -> dict[str, bool | int | str]:
        return {key: self._option(key, "command_line").parse(text) for key, text in texts.items()}

    def _read_policy(self, path: Path | None) -> dict[str, bool | int | str]:
        if path is None:
            return {}
        try:
            document = read_json(path)
        except FileNotFoundError:
            return {}
        except (BadJsonFile, OSError) as exc:
            raise SettingsError(key="", origin="policy") from exc
        values: JsonValue = document.get("settings", {})
        if not isinstance(values, dict):
            raise SettingsError(key="settings", origin="policy")
        return {
            key: self._option(key, "policy").check(value, "policy") for key, value in values.items()
        }

    def _option(self, key: str, origin: Origin) -> Option[bool] | Option[int] | Option[str]:
        try:
            return self._by_key[key]
        except KeyError:
            raise SettingsError(key=key, origin=origin) from None


def upgrade_document(
    document: JsonObject, upgrades: Mapping[int, Upgrade] = UPGRADES
) -> JsonObject:
    """Bring a settings file to this version; one of a newer version is left as it is.

    Raises:
        BadJsonFile: Its version is not a number, or no step leads on from it.
    """
    version = document.get("version", 0)
    if type(version) is not int or version < 0:
        raise BadJsonFile("bad version")
    target = max(upgrades) + 1
    while version < target:
        if version not in upgrades:
            raise BadJsonFile("unknown version")
        document = upgrades[version](document)
        version += 1
        document = {**document, "version": version}
    return document
