"""Tests that settings are read correctly, and that an error gives the place of what is wrong."""

import re
from pathlib import Path

import msgspec
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
    lacking = [key.key for key in every_key() if not key.description.strip() or key.default is msgspec.NODEFAULT]
    assert lacking == []


DEFAULTS = {
    "checks.packs": (),
    "subject.sdk": "",
    "subject.adapter": "",
    "subject.commit": "",
    "subject.path": "",
    "ci.repo": "",
    "ci.ref": "",
    "ci.workflows": ("clients-python-sdk", "sdk-post-release-smoke"),
    "ci.junit": (),
    "ci.dispatch": False,
    "ci.dispatch_per_day": 16,
    "watch.language": "en",
    "watch.valid_h": 25.0,
    "watch.every_h": 0.0,
    "watch.coverage": 0.9,
    "watch.gap_h": 6.0,
    "service.port": 0,
    "service.deadline_s": 20.0,
    "smoke.base_url": "",
    "smoke.waits": 20,
    "thresholds.pass_rate": 0.95,
    "thresholds.pass_rate_tolerance": 0.065,
    "thresholds.flaky_critical": 0,
    "thresholds.flaky_other": 2,
    "thresholds.network_blocking": 0,
    "thresholds.network_level": 0.005,
    "thresholds.network_proven_upper": 0.005,
    "thresholds.requests_slo": 0.999,
    "thresholds.polling_timeouts": 0,
    "thresholds.polling_proven_upper": 0.01,
    "thresholds.stale_reads": 0,
    "thresholds.stale_proven_upper": 0.01,
    "health.ready_p95_ratio": 1.30,
    "health.failed_ends": 0.03,
    "health.failed_ends_h": 6.0,
    "health.start_failures": 0.01,
    "artefact.project": "",
    "artefact.version": "",
    "artefact.index": "https://pypi.org/simple/",
    "artefact.built": "",
    "artefact.deadline_s": 300.0,
    "compat.pythons": (),
    "compat.dependencies": False,
    "compat.patience_s": 180.0,
    "incidents.github": False,
    "incidents.notes": False,
    "incidents.private_pages": False,
    "owners.NAME": (),
    "actions.critical": "Stop the roll-out, and consider going back to the last release.",
    "actions.warning": "Keep an incident open, and look at it every four hours.",
    "effort.low": (),
    "effort.medium": (),
    "effort.high": (),
    "site.url": "",
}


def test_who_sets_nothing_watches_by_these_values() -> None:
    assert {f"{key.section}.{key.name}": key.default for key in every_key()} == DEFAULTS


HALF_OPEN_SHARES = ("network_level", "network_proven_upper", "polling_proven_upper", "stale_proven_upper")
SHARES = ("pass_rate", "pass_rate_tolerance", "requests_slo")
COUNTS = ("flaky_critical", "flaky_other", "network_blocking", "polling_timeouts", "stale_reads")
# The key, what is just inside its limits, and what is just outside.
LIMITS = [
    ("watch", "valid_h", ("0.001", "8760"), ("0", "8760.5")),
    ("watch", "every_h", ("0", "0.017", "8760"), ("-1", "0.016", "8760.5")),
    ("watch", "coverage", ("0", "1"), ("-0.01", "1.01")),
    ("watch", "gap_h", ("0.001", "8760"), ("0", "8760.5")),
    ("ci", "dispatch_per_day", ("1", "1000"), ("0", "1001")),
    ("service", "port", ("0", "65535"), ("-1", "65536")),
    ("service", "deadline_s", ("0.001",), ("0",)),
    ("smoke", "waits", ("1", "10000"), ("0", "10001")),
    ("health", "ready_p95_ratio", ("1", "7"), ("0.99",)),
    ("health", "failed_ends", ("0.001", "0.999"), ("0", "1")),
    ("health", "failed_ends_h", ("0.001", "8760"), ("0", "8760.5")),
    ("health", "start_failures", ("0.001", "0.999"), ("0", "1")),
    ("artefact", "deadline_s", ("0.001",), ("0",)),
    ("compat", "patience_s", ("0.001", "3600"), ("0", "3600.5")),
    *(("thresholds", name, ("0.001", "1"), ("0", "1.01")) for name in HALF_OPEN_SHARES),
    *(("thresholds", name, ("0", "1"), ("-0.01", "1.01")) for name in SHARES),
    *(("thresholds", name, ("0", "7"), ("-1",)) for name in COUNTS),
]


def test_a_number_is_taken_up_to_its_limits_and_refused_beyond(tmp_path: Path) -> None:
    for section, key, inside, outside in LIMITS:
        for value in inside:
            assert load(written(tmp_path, f"[{section}]\n{key} = {value}\n"), {}).origins == {
                f"{section}.{key}": "watch.toml:2"
            }
        for value in outside:
            with pytest.raises(SettingsError, match=rf"watch\.toml:2 {section}\.{key}: expected"):
                load(written(tmp_path, f"[{section}]\n{key} = {value}\n"), {})


def test_every_number_of_the_settings_has_its_limits_under_test() -> None:
    numbers = {name for name, default in DEFAULTS.items() if type(default) in (int, float)}
    assert numbers == {f"{section}.{key}" for section, key, _, _ in LIMITS}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n[watch]\nlanguage = 'es'\n", 3),
        ("[ watch ]\nlanguage='es'\n", 2),
        ("[smoke]\nwaits = 1\n[watch]\n\n'language' = 'es'\n", 5),
        ("watch.language = 'es'\n", 1),
    ],
)
def test_the_line_of_a_key_is_found_in_each_way_to_write_it(tmp_path: Path, text: str, line: int) -> None:
    assert load(written(tmp_path, text), {}).origins["watch.language"] == f"watch.toml:{line}"


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


def test_owners_are_named_freely_and_each_line_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path, '[owners]\ncritical = "@on-call"\nstale-cache = "ana@example.com"\n')
    assert dict(load(path, {}).settings.owners) == {"critical": "@on-call", "stale-cache": "ana@example.com"}


def test_an_owner_that_is_no_name_is_an_error_that_names_the_section(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="owners"):
        load(written(tmp_path, "[owners]\ncritical = 3\n"), {})
