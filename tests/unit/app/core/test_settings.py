from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core import options
from app.core.errors import PolicyError, ReadOnly, SettingsError
from app.core.jsonfile import BadJsonFile, JsonObject, read_json
from app.core.options import LANGUAGE, OFFLINE_LOCK, OPTIONS, SEND_WITH_ENTER, TEXT_SIZE_PT, THEME
from app.core.settings import VERSION, Settings, upgrade_document
from tests.helpers.small_disk import make_read_only, small_disk


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return tmp_path / "policy.json"


def test_every_option_is_listed_once_and_its_default_is_allowed() -> None:
    defined = [value for value in vars(options).values() if isinstance(value, options.Option)]
    assert sorted(o.key for o in OPTIONS) == sorted(o.key for o in defined)
    assert len({o.key for o in OPTIONS}) == len(OPTIONS)
    for option in OPTIONS:
        option.check(option.default, "default")


def test_defaults(file: Path) -> None:
    settings = Settings(file)
    assert settings.get(THEME) == "system"
    assert settings.get(TEXT_SIZE_PT) == 0, "what suits the view"
    assert settings.get(LANGUAGE) == ""
    assert settings.get(OFFLINE_LOCK) is True
    assert settings.origin(THEME) == "default"
    assert not file.exists()


def test_each_layer_wins_over_the_one_below(file: Path, policy: Path) -> None:
    settings = Settings(file)
    settings.set_user(THEME, "dark")
    settings.set_user(TEXT_SIZE_PT, 20)
    policy.write_text(json.dumps({"settings": {"theme": "contrast"}}))
    arguments = {"theme": "light", "text_size_pt": "24"}
    settings = Settings(file, command_line=arguments, policy_file=policy)
    assert (settings.get(THEME), settings.origin(THEME)) == ("contrast", "policy")
    assert (settings.get(TEXT_SIZE_PT), settings.origin(TEXT_SIZE_PT)) == (24, "command_line")
    settings = Settings(file)
    assert (settings.get(THEME), settings.origin(THEME)) == ("dark", "user")
    assert (settings.get(LANGUAGE), settings.origin(LANGUAGE)) == ("", "default")


def test_a_choice_is_kept_and_can_be_taken_back(file: Path) -> None:
    settings = Settings(file)
    settings.set_user(LANGUAGE, "zh_Hans")
    settings.set_user(SEND_WITH_ENTER, False)
    again = Settings(file)
    assert again.get(LANGUAGE) == "zh_Hans"
    assert again.get(SEND_WITH_ENTER) is False
    again.reset_user(LANGUAGE)
    assert again.get(LANGUAGE) == ""
    assert Settings(file).origin(LANGUAGE) == "default"


def test_what_the_policy_decides_cannot_be_chosen(file: Path, policy: Path) -> None:
    policy.write_text(json.dumps({"settings": {"offline_lock": True}}))
    settings = Settings(file, policy_file=policy)
    assert settings.locked(OFFLINE_LOCK)
    with pytest.raises(PolicyError) as caught:
        settings.set_user(OFFLINE_LOCK, False)
    assert caught.value.params == {"key": "offline_lock"}
    assert settings.get(OFFLINE_LOCK) is True
    assert not file.exists()


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"settings": []}', '{"settings": {"theme": 1}}', '{"settings": {"nope": 1}}'],
)
def test_a_policy_that_cannot_be_kept_is_refused(policy: Path, text: str) -> None:
    policy.write_text(text)
    with pytest.raises(SettingsError) as caught:
        Settings(policy_file=policy)
    assert caught.value.params["origin"] == "policy"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("theme", "pink"),
        ("text_size_pt", "big"),
        ("text_size_pt", "-1"),
        ("text_size_pt", "1000"),
        ("offline_lock", "maybe"),
        ("unknown", "x"),
    ],
)
def test_a_bad_value_on_the_command_line_is_refused(key: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(command_line={key: text})
    assert caught.value.params == {"key": key, "origin": "command_line"}


def test_values_on_the_command_line_are_read_by_type() -> None:
    arguments = {"offline_lock": "off", "reduce_motion": "True", "threads": "4", "language": "fr"}
    settings = Settings(command_line=arguments)
    assert settings.get(OFFLINE_LOCK) is False
    assert settings.get(options.REDUCE_MOTION) is True
    assert settings.get(options.THREADS) == 4
    assert settings.get(LANGUAGE) == "fr"


@pytest.mark.parametrize("value", ["pink", 1, None, True, ["dark"]])
def test_a_bad_value_in_the_users_file_is_ignored_and_named(file: Path, value: object) -> None:
    values = {"theme": value, "text_size_pt": 20}
    file.write_text(json.dumps({"version": 1, "values": values}))
    settings = Settings(file)
    assert (settings.get(THEME), settings.get(TEXT_SIZE_PT)) == ("system", 20)
    assert [p.params for p in settings.problems] == [{"key": "theme", "origin": "user"}]


def test_a_number_is_not_a_switch(file: Path) -> None:
    file.write_text(json.dumps({"version": 1, "values": {"offline_lock": 0, "threads": True}}))
    settings = Settings(file)
    assert settings.get(OFFLINE_LOCK) is True
    assert settings.get(options.THREADS) == 0
    assert len(settings.problems) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": "x"}', '{"version": -1}'])
def test_a_damaged_file_is_set_aside(file: Path, text: str) -> None:
    file.write_text(text)
    settings = Settings(file)
    assert settings.get(THEME) == "system"
    assert len(settings.problems) == 1
    assert file.with_name("settings.json.damaged").read_text() == text
    settings.set_user(THEME, "dark")
    assert Settings(file).get(THEME) == "dark"


def test_a_file_that_cannot_be_read_is_named_and_left_alone(file: Path) -> None:
    file.mkdir()
    settings = Settings(file)
    assert settings.get(THEME) == "system"
    assert len(settings.problems) == 1
    assert file.is_dir()


def test_keys_of_another_version_are_kept(file: Path) -> None:
    values = {"theme": "dark", "of_tomorrow": {"x": [1]}}
    file.write_text(json.dumps({"version": 7, "values": values, "more": 1}))
    settings = Settings(file)
    assert settings.get(THEME) == "dark"
    settings.set_user(TEXT_SIZE_PT, 18)
    assert read_json(file) == {
        "version": 7,
        "values": {**values, "text_size_pt": 18},
        "more": 1,
    }


def test_a_file_without_a_version_is_upgraded(file: Path) -> None:
    file.write_text(json.dumps({"theme": "dark", "text_size_pt": 30}))
    settings = Settings(file)
    assert (settings.get(THEME), settings.get(TEXT_SIZE_PT)) == ("dark", 30)
    settings.set_user(LANGUAGE, "fr")
    assert read_json(file)["version"] == VERSION


def test_upgrades_run_in_order_and_once() -> None:
    def step(name: str) -> object:
        return lambda old: {**old, "seen": [*old.get("seen", []), name]}

    steps = {0: step("first"), 1: step("second"), 2: step("third")}
    document: JsonObject = {"version": 1}
    upgraded = upgrade_document(document, steps)  # type: ignore[arg-type]
    assert upgraded == {"version": 3, "seen": ["second", "third"]}
    assert upgrade_document(upgraded, steps) == upgraded  # type: ignore[arg-type]
    with pytest.raises(BadJsonFile):
        upgrade_document({"version": 1}, {2: step("x")})  # type: ignore[dict-item]


def test_a_refused_write_changes_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 65536) as disk:
        settings = Settings(disk / "settings.json")
        settings.set_user(THEME, "dark")
        make_read_only(disk)
        with pytest.raises(ReadOnly):
            settings.set_user(THEME, "light")
        assert settings.get(THEME) == "dark"


def test_without_a_file_choices_last_while_the_program_runs() -> None:
    settings = Settings()
    settings.set_user(THEME, "dark")
    assert settings.get(THEME) == "dark"


def test_a_value_out_of_range_is_not_taken(file: Path) -> None:
    settings = Settings(file)
    for value in (-1, 500):
        with pytest.raises(SettingsError):
            settings.set_user(TEXT_SIZE_PT, value)
    assert not file.exists()
