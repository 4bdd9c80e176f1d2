"""Tests that settings are read correctly, and that an error gives the place of what is wrong."""

import re
from pathlib import Path

import pytest

from atalaya.core.environment import OWN, SERVICE
from atalaya.core.errors import SettingsError
from atalaya.core.settings import Settings, every_key, load
from tests.commands import run
from tests.ours import PACK


def written(folder: Path, text: str) -> Path:
    path = folder / "watch.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_missing_file_means_all_defaults(tmp_path: Path) -> None:
    assert Settings() == load(tmp_path / "watch.toml", {}).settings


def test_every_key_has_a_default_and_a_description() -> None:
    assert all(key.description and key.default is not None for key in every_key())


def test_the_file_in_the_tree_is_valid() -> None:
    assert load(Path(__file__).parents[2] / "watch.toml", {}).settings.thresholds.pass_rate == 0.95


def test_a_value_knows_the_line_it_came_from(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, "[smoke]\n\nwaits = 3\n"), {})
    assert loaded.settings.smoke.waits == 3
    assert loaded.origins == {"smoke.waits": "watch.toml:3"}


def test_a_variable_stands_over_the_file(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, "[smoke]\nwaits = 3\n"), {"ATALAYA_SMOKE_WAITS": "9"})
    assert loaded.settings.smoke.waits == 9
    assert loaded.origins["smoke.waits"] == "ATALAYA_SMOKE_WAITS"


def test_a_variable_for_a_list_is_split_at_commas(tmp_path: Path) -> None:
    loaded = load(tmp_path / "watch.toml", {"ATALAYA_CI_WORKFLOWS": "a, b"})
    assert loaded.settings.ci.workflows == ("a", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[thresholds]\npass_rat = 1\n", "watch.toml:2 unknown key 'pass_rat' in [thresholds]. Known here: pass_rate"),
        ("[tresholds]\npass_rate = 1\n", "watch.toml:1 unknown section or key 'tresholds'"),
        ("[thresholds]\n\npass_rate = 7\n", "watch.toml:3 thresholds.pass_rate: expected `float` <= 1.0"),
        ("[watch]\nlanguage = 'fr'\n", "watch.toml:2 watch.language"),
        ("[thresholds]\nnetwork_proven_upper = inf\n", "watch.toml:2 thresholds.network_proven_upper"),
        ("[watch]\nevery_h = 1e-12\n", "watch.toml:2 watch.every_h"),
        ("[watch]\nvalid_h = 1e300\n", "watch.toml:2 watch.valid_h"),
        ('[ci]\nworkflows = ["a\\u007F"]\n', "watch.toml:2 ci.workflows"),
        ("a = [", "not TOML"),
        ("thresholds = 3", "watch.toml thresholds: expected `object`"),
        ("\n[notify]\nwebhook = 'https://h/s3cret'\n", "watch.toml:2 notify: the webhook is a secret. Take it out"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(written(tmp_path, text), {})
    assert message in str(refused.value)


def test_a_variable_that_cannot_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ATALAYA_THRESHOLDS_PASS_RATE"):
        load(tmp_path / "watch.toml", {"ATALAYA_THRESHOLDS_PASS_RATE": "x"})


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("ATALAYA_THRESHOLDS_PASRATE", "ATALAYA_THRESHOLDS_PASS_RATE"),
        ("ATALAYA_WEBHOOK", "ATALAYA_NOTIFY_WEBHOOK"),
        ("ATALAYA_UNLOKED", "ATALAYA_UNLOCKED"),
    ],
)
def test_a_variable_that_is_not_known_is_refused_with_the_nearest_one(tmp_path: Path, name: str, nearest: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: there is no such variable. The nearest is {nearest}"):
        load(tmp_path / "watch.toml", {name: "0.1"})


def test_every_variable_of_a_setting_and_of_the_tool_is_known(tmp_path: Path) -> None:
    load(tmp_path / "watch.toml", dict.fromkeys(OWN, "1") | {"PATH": "", "ATALAYA": ""})
    settable = {key.variable: str(key.default) for key in every_key() if isinstance(key.default, int | float)}
    assert set(settable) <= set(load(tmp_path / "watch.toml", settable).origins.values())


def test_every_variable_in_the_project_is_known() -> None:
    root = Path(__file__).parents[2]
    files = [root / "noxfile.py", *root.glob(".github/workflows/*.yml")]
    for room in ("checks", "src", "docs", "tests"):
        files += [file for file in (root / room).rglob("*") if file.suffix in (".py", ".md") and file != Path(__file__)]
    said = {name for file in files for name in re.findall(r"ATALAYA_[A-Z_]*[A-Z]\b", file.read_text(encoding="utf-8"))}
    assert "ATALAYA_UNLOCKED" in said
    in_the_process_of_the_sdk = {"ATALAYA_BESIDE", "ATALAYA_TOLD"}
    credentials = {f"{SERVICE}{name.upper()}" for name in PACK.credentials}
    assert in_the_process_of_the_sdk == said - {key.variable for key in every_key()} - set(OWN) - credentials


def test_a_misspelt_variable_ends_a_command_with_2(tmp_path: Path) -> None:
    done = run("judge", root=tmp_path, ATALAYA_SMOKE_WAIT="3")
    assert (done.returncode, "ATALAYA_SMOKE_WAITS" in done.stderr) == (2, True)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "watch.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "watch.toml", {})
