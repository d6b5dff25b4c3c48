from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.core import paths
from app.core.errors import ReadOnly, StoreError
from app.core.paths import Paths, policy_file, resolve_paths, user_folders
from tests.helpers.small_disk import make_read_only, small_disk

HOME = Path("/home/someone")


def test_linux_follows_the_xdg_rules() -> None:
    assert user_folders("linux", {}, HOME) == (
        HOME / ".local/share/alcove",
        HOME / ".cache/alcove",
    )
    env = {"XDG_DATA_HOME": "/data", "XDG_CACHE_HOME": "/cache"}
    assert user_folders("linux", env, HOME) == (Path("/data/alcove"), Path("/cache/alcove"))
    env = {"XDG_DATA_HOME": "relative", "XDG_CACHE_HOME": ""}
    assert user_folders("linux", env, HOME) == user_folders("linux", {}, HOME)


def test_windows_and_macos() -> None:
    assert user_folders("win32", {"LOCALAPPDATA": "/l"}, HOME) == (
        Path("/l/Alcove"),
        Path("/l/Alcove/cache"),
    )
    assert user_folders("win32", {}, HOME)[0] == HOME / "AppData" / "Local" / "Alcove"
    assert user_folders("darwin", {}, HOME) == (
        HOME / "Library/Application Support/Alcove",
        HOME / "Library/Caches/Alcove",
    )


def test_the_policy_lies_where_only_an_administrator_writes() -> None:
    assert policy_file("linux", {}) == Path("/etc/alcove/policy.json")
    assert policy_file("win32", {"PROGRAMDATA": "/p"}) == Path("/p/Alcove/policy.json")
    assert policy_file("darwin", {}).is_absolute()


def test_everything_lies_below_a_chosen_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = resolve_paths(Path("here/../chosen"))
    data = tmp_path / "chosen"
    assert (found.data, found.cache, found.models) == (data, data / "cache", data / "models")
    assert found.database == data / "alcove.db"
    assert found.keys.parent == found.settings.parent == found.backups.parent == data
    assert found.logs.is_relative_to(found.cache)
    assert not data.exists()


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert resolve_paths(Path("~/x")).data == tmp_path / "x"
    assert resolve_paths().data.is_relative_to(tmp_path)


def test_the_starter_is_the_shipped_one_or_the_fetched_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "resources_folder", lambda: tmp_path / "resources")
    data = tmp_path / "data"
    assert resolve_paths(data).starter_bundle == data / "models" / paths.STARTER_NAME
    shipped = tmp_path / "resources" / "starter" / paths.STARTER_NAME
    shipped.mkdir(parents=True)
    assert resolve_paths(data).starter_bundle == data / "models" / paths.STARTER_NAME
    (shipped / "manifest.json").write_text("{}")
    assert resolve_paths(data).starter_bundle == shipped


def test_the_json_form_names_absolute_folders(tmp_path: Path) -> None:
    found = resolve_paths(tmp_path).as_json()
    assert set(found) == {"data", "cache", "models", "starter_bundle"}
    assert all(Path(value).is_absolute() for value in found.values())


def test_the_folders_are_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    made = Paths(*(tmp_path / "data" / name for name in (".", "cache", "models", "starter")))
    made.create()
    made.create()
    assert made.logs.is_dir()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        resolve_paths(tmp_path / "file" / "data").create()
    with small_disk(tmp_path / "disk", 65536) as disk:
        make_read_only(disk)
        with pytest.raises(ReadOnly):
            resolve_paths(disk / "data").create()
