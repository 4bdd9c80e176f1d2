"""Tests of `atalaya fleet` as it is used: its table, its JSON, its exit codes, and its page in both languages."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from atalaya.core.places import project_of
from atalaya.core.settings import Settings
from atalaya.evidence.ledger import ledger
from atalaya.records.fleet_schema import document
from atalaya.records.stored import Environment, record_metadata
from atalaya.watch.state_at import in_force_record
from tests.commands import run
from tests.fleet.many import release, said, sealed
from tests.fleet.test_sources import NOBODY, git

NOW = datetime.now(UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of its own, beside the repositories of teams."""
    (tmp_path / "here" / "docs" / "releases").mkdir(parents=True)
    return tmp_path / "here"


def watched(folder: Path, version: str, word: str, hours_ago: float = 1) -> Path:
    """A release that is watched now, and what was said of it last."""
    made = release(folder, version, at=NOW - timedelta(hours=30), real=True)
    return said(made, word, NOW - timedelta(hours=hours_ago), real=True)


def fleet(
    root: Path, *arguments: str, teams: tuple[str, ...] = ("orders",), more: str = ""
) -> subprocess.CompletedProcess[str]:
    sources = "".join(f'[[source]]\npath = "../{team}"\n' for team in teams)
    (root / "fleet.toml").write_text(more + sources, encoding="utf-8")
    return run("fleet", *arguments, root=root, cwd=root)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("GO", 0),
        ("ON TRACK", 0),
        ("WAITING", 0),
        ("INCONCLUSIVE", 3),
        ("OFF TRACK", 1),
        ("EXTEND", 1),
        ("NO-GO", 1),
        ("INVALID", 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst_word(word: str, code: int, root: Path) -> None:
    watched(root.parent / "orders", "1.0.0", word)
    watched(root.parent / "billing", "1.0.0", "GO")
    done = fleet(root, "--json", teams=("orders", "billing"))
    assert (code, word) == (done.returncode, json.loads(done.stdout)["word"]), done.stderr


def test_a_verdict_that_has_expired_is_unknown_and_says_what_it_was(root: Path) -> None:
    watched(root.parent / "orders", "1.0.0", "GO", hours_ago=26)
    done = fleet(root)
    assert (done.returncode, "UNKNOWN        orders 1.0.0, it was GO, valid until" in done.stderr) == (3, True), (
        done.stderr
    )


def test_a_remote_that_cannot_be_reached_ends_with_3_and_shows_the_others(root: Path) -> None:
    sealed(release(root.parent / "orders", "1.0.0", real=True))
    gone = f'[[source]]\ngit = "{root.as_uri()}/gone.git"\nsubject = "billing"\n'
    done = fleet(root, "--json", more=gone)
    found = json.loads(done.stdout)
    assert (done.returncode, [one["word"] for one in found["subjects"]]) == (3, ["UNKNOWN", "GO"]), done.stderr
    assert "unknown        billing: git ls-remote:" in done.stderr


def test_a_release_that_cannot_be_read_is_a_row_and_ends_with_3(root: Path) -> None:
    sealed(release(root.parent / "orders", "1.0.0", real=True))
    (release(root.parent / "orders", "1.1.0", real=True) / "release.toml").write_bytes(b"\xff")
    done = fleet(root, "--json")
    rows = {one["release"]: (one["word"], one["why"]) for one in json.loads(done.stdout)["releases"]}
    assert (done.returncode, rows) == (3, {"1.0.0": ("GO", None), "1.1.0": ("UNKNOWN", "it cannot be read")}), (
        done.stderr
    )


@pytest.mark.parametrize("text", ["", '[[source]]\npath = "../nowhere"\n', "[[source]\n", '[[source]]\npth = "x"\n'])
def test_a_file_that_cannot_be_meant_ends_with_2(text: str, root: Path) -> None:
    (root / "fleet.toml").write_text(text)
    done = run("fleet", root=root, cwd=root)
    assert (done.returncode, "fleet.toml" in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_without_a_file_it_says_what_to_write(root: Path) -> None:
    done = run("fleet", root=root, cwd=root)
    assert (done.returncode, "Write one with a [[source]]" in done.stderr) == (2, True), done.stderr


def test_another_list_may_be_named(root: Path, tmp_path: Path) -> None:
    sealed(release(root.parent / "orders", "1.0.0", real=True))
    (tmp_path / "all.toml").write_text('[[source]]\npath = "orders"\n')
    assert run("fleet", "--fleet", str(tmp_path / "all.toml"), root=root, cwd=root).returncode == 0


def test_the_json_is_what_its_schema_says(root: Path) -> None:
    sealed(release(root.parent / "orders", "1.0.0", real=True), "NO-GO", state="FAIL")
    watched(root.parent / "orders", "1.1.0", "ON TRACK")
    (root.parent / "billing").mkdir()
    done = fleet(root, "--json", "--report", "fleet-report.json", teams=("orders", "billing"))
    found = json.loads(done.stdout)
    jsonschema.validate(found, document())
    assert found == json.loads((root / "fleet-report.json").read_text())
    assert found == json.loads((root / "docs" / "_generated" / "reference" / "fleet.json").read_text())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found | {"word": "FINE"}, document())


def test_a_run_asks_nobody_and_judges_what_nothing_was_said_of(root: Path) -> None:
    release(root.parent / "orders", "1.0.0", at=NOW - timedelta(hours=1), real=True)
    unasked = fleet(root, "--json", "--no-judge")
    (one,) = json.loads(unasked.stdout)["releases"]
    assert (one["word"], one["why"], one["not_judged"]) == (
        "UNKNOWN",
        "no verdict of it was recorded",
        "--no-judge was given",
    )
    done = fleet(root, "--json")
    (one,) = json.loads(done.stdout)["releases"]
    assert (one["basis"], one["word"]) == ("judged here", "WAITING"), done.stderr
    assert "1 judged" in done.stderr
    assert "0 opened, 0 read, 0 judged" in fleet(root).stderr


def test_compacted_evidence_alone_is_judged(root: Path) -> None:
    evidence = root.parent / "exported" / "2.1.0"
    for number, at in enumerate((NOW - timedelta(hours=2), NOW - timedelta(hours=1))):
        made = record_metadata(f"opening-2.1.0{'.' * number}", Environment.LOOPBACK, at)
        ledger.write(evidence, [in_force_record(Settings(), made, by="ana", why="opened")])
    ledger.compact(evidence)
    (root / "fleet.toml").write_text('[[source]]\nparquet = "../exported"\n')
    done = run("fleet", "--json", root=root, cwd=root)
    (one,) = json.loads(done.stdout)["releases"]
    assert (one["release"], one["basis"], one["problem"]) == ("2.1.0", "judged here", ""), done.stderr


def test_a_branch_is_fetched_once_and_read_again_when_it_moves(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    work = root.parent / "work"
    work.mkdir()
    git(work, "init", "-q", "-b", "evidence")
    sealed(release(work / "docs" / "releases", "1.0.0", real=True))
    git(work, "add", "-A")
    git(work, "commit", "-qm", "Add a release")
    (root / "fleet.toml").write_text(f'[[source]]\ngit = "{work.as_uri()}"\n')
    assert "1 release: 1 opened, 1 read" in run("fleet", root=root, cwd=root).stderr
    assert "1 release: 0 opened, 0 read" in run("fleet", root=root, cwd=root).stderr
    sealed(release(work / "docs" / "releases", "1.1.0", real=True))
    git(work, "add", "-A")
    git(work, "commit", "-qm", "Add another")
    assert "2 releases: 1 opened, 1 read" in run("fleet", root=root, cwd=root).stderr
    assert git(root.parent / "work", "status", "--porcelain") == ""
    assert not (root / ".git").exists()


def test_the_page_is_written_in_both_languages_and_not_again_where_nothing_changed(root: Path) -> None:
    sealed(release(root.parent / "orders", "1.0.0", real=True), "NO-GO", state="FAIL")
    fleet(root)
    generated = root / "docs" / "_generated" / "reference"
    page = root / "docs" / "fleet.md"
    before = (page.stat().st_mtime_ns, (generated / "en" / "fleet" / "releases-1.html").stat().st_mtime_ns)
    for code, word in (("en", "NO-GO"), ("es", "NO-GO")):
        assert word in (generated / code / "fleet.md").read_text(encoding="utf-8").replace("\\", "")
        assert word in (generated / code / "fleet" / "releases-1.html").read_text(encoding="utf-8")
    fleet(root)
    assert before == (page.stat().st_mtime_ns, (generated / "en" / "fleet" / "releases-1.html").stat().st_mtime_ns)


def test_the_first_page_of_all_lies_where_the_site_is_built_from(tmp_path: Path) -> None:
    root = tmp_path / "empty"
    root.mkdir()
    sealed(release(tmp_path / "orders", "1.0.0", real=True))
    done = fleet(root)
    assert (project_of(root) / "fleet.md").is_file(), done.stderr
    assert f"its page: {project_of(root) / 'fleet.md'}" in done.stderr
    assert run("publish", root=root, cwd=root).returncode == 0
    assert (project_of(root) / "_generated" / "switcher.json").is_file()


def test_a_name_that_is_no_text_hurts_nobody(root: Path) -> None:
    sealed(release(root.parent / "orders", "1.0.0", real=True))
    (root.parent / "orders" / os.fsdecode(b"odd-\xff")).mkdir()
    ((root.parent / "orders" / os.fsdecode(b"odd-\xff")) / "release.toml").write_text("")
    done = fleet(root, "--json")
    assert (done.returncode, len(json.loads(done.stdout)["releases"])) == (3, 2), done.stderr


def test_versions_that_look_like_private_addresses_are_two_releases_by_their_names(root: Path) -> None:
    """Scrubbed, both had one name, and the one that went wrong was not there."""
    for version, word in (("10.0.0.1", "NO-GO"), ("10.0.0.2", "ON TRACK")):
        watched(root.parent / "orders", version, word)
    done = fleet(root)
    assert done.returncode == 1, done.stderr
    assert "NO-GO          orders 10.0.0.1" in done.stderr
    assert "1 subject, 2 releases, 1 not fine now" in done.stderr
    assert "2 releases: 0 opened" in run("fleet", root=root, cwd=root).stderr


def test_releases_whose_names_are_secrets_stay_two_though_neither_is_shown(root: Path) -> None:
    for number, word in enumerate(("NO-GO", "GO")):
        sealed(release(root.parent / "orders", f"ghp_{number}{'a' * 20}", real=True), word)
    done = fleet(root)
    assert "1 subject, 2 releases" in done.stderr
    assert "ghp_" not in done.stdout + done.stderr


def test_subjects_that_would_be_shown_alike_are_refused(root: Path) -> None:
    teams = ("ana@example.test", "eva@example.test")
    for team in teams:
        sealed(release(root.parent / team, "1.0.0", real=True))
    done = fleet(root, teams=teams)
    assert (done.returncode, "several sources are shown as '[e-mail]'" in done.stderr) == (2, True)


def test_rehearsals_that_nobody_asked_for_are_not_judged_and_it_is_said_that_nothing_else_is_there(root: Path) -> None:
    release(root.parent / "orders", "1.0.0")
    done = fleet(root)
    assert done.returncode == 3
    assert "1 release: 1 opened, 1 read, 0 judged" in done.stderr
    assert "orders: all that is in it are rehearsals" in done.stderr
    assert "1 release: 0 opened, 0 read, 0 judged" in run("fleet", root=root, cwd=root).stderr
    assert "1 read, 1 judged" in fleet(root, more="rehearsals = true\n").stderr


def test_a_folder_without_parquet_says_so(root: Path) -> None:
    (root.parent / "none").mkdir()
    (root / "fleet.toml").write_text('[[source]]\nparquet = "../none"\n', encoding="utf-8")
    done = run("fleet", root=root, cwd=root)
    assert (done.returncode, "none: there is no Parquet file in it" in done.stderr) == (3, True)


def test_a_report_is_not_written_over_the_list_of_sources(root: Path) -> None:
    sealed(release(root.parent / "orders", "1.0.0", real=True))
    done = fleet(root, "--report", "fleet.toml")
    assert (done.returncode, "that is the list of the sources" in done.stderr) == (2, True)
    assert (root / "fleet.toml").read_text(encoding="utf-8").startswith("[[source]]")


def test_how_far_it_has_come_is_said_where_nothing_else_is(root: Path) -> None:
    for number in range(8):
        sealed(release(root.parent / "orders", f"1.{number}.0", real=True))
    said_of_it = fleet(root).stderr
    assert [line.strip() for line in said_of_it.splitlines() if " of 8" in line] == [
        "releases: 2 of 8",
        "releases: 4 of 8",
        "releases: 6 of 8",
    ]
