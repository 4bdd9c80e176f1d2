"""Tests of `atalaya status`: ten lines, offline, quick, and never greener than what was judged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from atalaya.evidence.ledger import ledger, listing
from atalaya.records.stored import (
    CaseOutcome,
    Environment,
    SegmentManifest,
    TestAttempt,
    VerdictRecord,
    VerdictStatus,
    record_metadata,
)
from atalaya.watch.state_at import rests_on
from tests.commands import ROOT, opened, run
from tests.fleet.many import call_the_roll, metrics, sealed


def _at(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="seconds")


@pytest.fixture
def judged(root: Path) -> Path:
    """The folder of the figures of a watch at T+30 whose last verdict was ON TRACK; no page is built for it."""
    evidence = opened(root, at=_at(-30)) / "evidence"
    run("release", "incident", "new", "--severity", "major", "--impact", "x", "--by", "Ana", root=root)
    three_hours_ago = datetime.fromisoformat(_at(-3))
    segments = ledger.survey(evidence).segments
    written_then = [replace(one, recorded_at=three_hours_ago) for segment in segments for one in segment.records]
    for file in listing.files(evidence):
        file.unlink()
    ledger.write(evidence, [one for one in written_then if not isinstance(one, SegmentManifest)])
    published = root / "docs" / "_generated" / "1.1.1" / "metrics.json"
    published.parent.mkdir(parents=True)
    said(published)
    return published


def said(published: Path, *, hours: float = -2, version: str = "1.1.1", **changes: object) -> None:
    evidence = published.parents[2] / "releases" / "1.1.1" / "evidence"
    document = metrics(version, "ON TRACK", datetime.fromisoformat(_at(hours))) | {
        "evidence": to_builtins(rests_on(ledger.segments(evidence)))
    }
    document["verdict"] |= {"because": ["a", "b", "c"], "next_steps": ["Do x.", "Do y."]} | changes
    published.write_text(json.dumps(document), encoding="utf-8")


def test_it_tells_the_word_its_age_what_is_due_and_what_to_do_in_ten_lines(root: Path, judged: Path) -> None:
    done = run("status", root=root)
    told = done.stderr.splitlines()
    assert (done.returncode, len(told) <= 10) == (0, True), done.stderr
    for says in (
        "ON TRACK       1.1.1, judged 2 h ago, valid until",
        "because        a (and 2 more)",
        "window         T+30 of 72 h, ends in 42 h",
        "figures        pass-rate MEETS, stale-cache PROVEN",
        "major open",
        "next due       T+48, ",
        "to do          Do x. (and 1 more)",
    ):
        assert any(says in line for line in told), (says, done.stderr)


def test_a_verdict_that_is_out_of_date_is_unknown_and_says_since_when(root: Path, judged: Path) -> None:
    said(judged, valid_until=_at(-1))
    done = run("status", root=root)
    assert (done.returncode, "It is out of date since" in done.stderr) == (3, True)
    assert "UTC: atalaya watch\n" in done.stderr  # to judge once more says the same: nothing was seen since


def test_once_the_window_is_over_a_verdict_from_before_is_judged_again(root: Path) -> None:
    opened(root, at=_at(-80))
    published = root / "docs" / "_generated" / "1.1.1" / "metrics.json"
    published.parent.mkdir(parents=True)
    said(published, valid_until=_at(-8))
    assert "UTC: atalaya publish\n" in run("status", "--release", "1.1.1", root=root).stderr


def test_the_code_is_that_of_the_word(root: Path, judged: Path) -> None:
    for word, code in (("OFF TRACK", 1), ("INCONCLUSIVE", 3), ("WAITING", 0), ("not a word", 3)):
        said(judged, word=word)
        assert (word, code) == (word, run("status", root=root).returncode)


def test_where_nothing_was_judged_it_is_unknown(root: Path) -> None:
    done = run("status", root=root)
    assert (done.returncode, "no release is open" in done.stderr) == (3, True)
    opened(root, at=_at(-1))
    done = run("status", root=root)
    assert (done.returncode, "nothing was judged" in done.stderr) == (3, True)


def test_a_later_verdict_of_another_machine_stands_over_the_one_that_was_published_here(
    root: Path, judged: Path
) -> None:
    evidence = root / "docs" / "releases" / "1.1.1" / "evidence"

    def recorded(hours: float) -> dict[str, Any]:
        at = datetime.fromisoformat(_at(hours))
        made = record_metadata(f"judged {hours}", Environment.CI, at)
        why = ("it broke", "so did that")
        one = VerdictRecord(**made, word=VerdictStatus.OFF_TRACK, rule="r", verdict="0", because=why)
        call_the_roll(evidence, at, run_id=one.run_id)
        ledger.write(evidence, [one])
        told: dict[str, Any] = json.loads(run("status", "--json", root=root).stdout)["verdict"]
        return told

    older, later = recorded(-2.5), recorded(-1)
    assert (older["word"], later["word"], later["because"]) == ("ON TRACK", "OFF TRACK", ["it broke", "so did that"])
    off = datetime.fromisoformat(later["valid_until"]) - datetime.fromisoformat(_at(18))  # T+48 is before 25 hours
    assert abs(off) < timedelta(minutes=2)


def _something_new(evidence: Path) -> None:
    made = record_metadata("new", Environment.CI, datetime.now(UTC))
    one = TestAttempt(
        **made, test="t", variant="", attempt=1, commit="", outcome=CaseOutcome.FAILED, critical=False, origin="x"
    )
    ledger.write(evidence, [one])


def _half(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def _linked(file: Path) -> None:
    elsewhere = file.with_suffix(".elsewhere")
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def _bad_and_older(evidence: Path, page: Path) -> None:
    said(page, word="OFF TRACK")
    _something_new(evidence)


def _other_settings(evidence: Path, page: Path) -> None:
    (page.parents[3] / "watch.toml").write_text("[thresholds]\npass_rate = 0.5\n")


def _begins_later(evidence: Path, page: Path) -> None:
    file = evidence.parent / "release.toml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("opened_at")]
    file.write_text("\n".join([*lines, f"opened_at = {_at(1)}"]) + "\n")


# What is done to the evidence of a release that is ON TRACK and to its page, and the word of it then.
HARMS: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "nothing": (lambda evidence, page: None, "ON TRACK"),
    "evidence that came later": (lambda evidence, page: _something_new(evidence), "UNKNOWN"),
    "evidence that is gone": (lambda evidence, page: next(evidence.glob("transition-*")).unlink(), "UNKNOWN"),
    "evidence that is torn": (lambda evidence, page: _half(next(evidence.glob("transition-*"))), "UNKNOWN"),
    "a page that is torn": (lambda evidence, page: _half(page), "UNKNOWN"),
    "a page that is a link": (lambda evidence, page: _linked(page), "UNKNOWN"),
    "a page of another release": (lambda evidence, page: said(page, version="2.0.0"), "UNKNOWN"),
    "a page of a clock ahead": (lambda evidence, page: said(page, hours=1), "UNKNOWN"),
    "a page that is out of date": (lambda evidence, page: said(page, valid_until=_at(-1)), "UNKNOWN"),
    "a bad word that is older than the evidence": (_bad_and_older, "OFF TRACK"),
    "a watch that began after its word": (_begins_later, "UNKNOWN"),
    "another watch.toml": (_other_settings, "UNKNOWN"),
    "a broken seal": (lambda evidence, page: (sealed(evidence.parent) / "x.md").write_text("x"), "INVALID"),
    "a report that says another word": (lambda evidence, page: sealed(evidence.parent, "NO-GO"), "NO-GO"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_it_believes_of_a_word_what_the_fleet_believes(root: Path, judged: Path, harm: str) -> None:
    does, word = HARMS[harm]
    does(root / "docs" / "releases" / "1.1.1" / "evidence", judged)
    (root / "fleet.toml").write_text('[[source]]\npath = "."\nsubject = "it"\n')
    done = run("status", "--json", "--release", "1.1.1", root=root)
    fleet = run("fleet", "--no-judge", "--json", root=root)
    assert fleet.stdout, fleet.stderr
    of_fleet = json.loads(fleet.stdout)["releases"][0]
    told = json.loads(done.stdout)
    assert (word, word) == (told["word"], of_fleet["word"])
    codes = {"ON TRACK": 0, "OFF TRACK": 1, "INVALID": 1, "NO-GO": 1, "UNKNOWN": 3}
    assert (done.returncode, told["problem"]) == (codes[word], of_fleet["problem"])


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("evidence that came later", "it was ON TRACK. What came since was not judged: atalaya publish"),
        ("evidence that is torn", "UNKNOWN        1.1.1: "),
        ("evidence that is torn", "incidents      none is open, of those that can be read"),
        ("a broken seal", "INVALID        1.1.1: It is not as it was sealed: x.md was added."),
    ],
)
def test_it_says_why_a_word_cannot_be_believed(root: Path, judged: Path, harm: str, says: str) -> None:
    HARMS[harm][0](root / "docs" / "releases" / "1.1.1" / "evidence", judged)
    told = run("status", "--release", "1.1.1", root=root).stderr
    assert (says in told, "because" in told) == (True, False), told


def test_a_program_reads_the_same(root: Path, judged: Path) -> None:
    told = json.loads(run("status", "--json", root=root).stdout)
    assert (told["schema"], told["release"], told["verdict"]["word"]) == ("atalaya.status/1", "1.1.1", "ON TRACK")
    assert (told["verdict"]["is_valid"], told["is_closed"]) == (True, False)


def test_nothing_that_is_slow_to_import_is_imported(root: Path, judged: Path) -> None:
    code = "import sys; from atalaya.cli.main import main; main(sys.argv[1:]); print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code, "--root", str(root), "status"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(done.stdout.split())
    slow = {
        "babel",
        "duckdb",
        "httpx",
        "jinja2",
        "numpy",
        "scipy",
        "sphinx",
        "atalaya.metrics",
        "atalaya.watch.judgement",
    }
    assert ("ON TRACK" in done.stderr, slow & imported) == (True, set())
