"""Tests of `atalaya status`: ten lines, offline, quick, and never greener than what was judged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands import ROOT, opened, run


def _at(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="seconds")


@pytest.fixture
def judged(root: Path) -> Path:
    """The folder of the figures of a watch at T+30 whose last verdict was ON TRACK; no page is built for it."""
    opened(root, at=_at(-30))
    published = root / "docs" / "_generated" / "1.1.1" / "metrics.json"
    published.parent.mkdir(parents=True)
    said(published)
    return published


def said(published: Path, **changes: object) -> None:
    verdict = {"word": "ON TRACK", "valid_until": _at(23), "because": ["a", "b", "c"], "next_steps": ["Do x.", "Do y."]}
    metrics = [{"id": "pass-rate", "state": "MEETS"}, {"id": "stale-cache", "state": "PROVEN"}]
    document = {"as_of": _at(-2), "verdict": verdict | changes, "metrics": metrics}
    published.write_text(json.dumps(document), encoding="utf-8")


def test_it_tells_the_word_its_age_what_is_due_and_what_to_do_in_ten_lines(root: Path, judged: Path) -> None:
    run("release", "incident", "new", "--severity", "major", "--impact", "x", "--by", "Ana", root=root)
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
    assert "UTC: atalaya judge\n" in run("status", "--release", "1.1.1", root=root).stderr


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
    from atalaya.cli.status import _last_said
    from atalaya.records.stored import Environment, VerdictRecord, VerdictStatus, record_metadata

    def recorded(hours: float) -> VerdictRecord:
        at = datetime.now(UTC) + timedelta(hours=hours)
        told = record_metadata("x", Environment.CI, at, at)
        return VerdictRecord(**told, word=VerdictStatus.OFF_TRACK, rule="r", verdict="0", because=("it broke",))

    def until(at: datetime) -> datetime:
        return at + timedelta(hours=5)

    older, later = (_last_said(judged.parent, [recorded(hours)], until) for hours in (-3, -1))
    assert older is not None
    assert later is not None
    assert (older.word, later.word, later.valid_until) == ("ON TRACK", "OFF TRACK", until(later.at))


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
