"""Tests of `release incident redact`: the text is typed, and no command line or output has it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import IncidentStep, Redaction
from tests.commands import opened, run

SECRET = "hunter2-token"


@pytest.fixture
def folder(root: Path) -> Path:
    made = opened(root, at=(datetime.now(UTC) - timedelta(hours=2)).isoformat())
    run(
        "release",
        "incident",
        "new",
        "--severity",
        "major",
        "--impact",
        f"it printed {SECRET}",
        "--by",
        "Ana",
        root=root,
    )
    return made


def id_of(folder: Path) -> str:
    return ledger.read(folder / "evidence", IncidentStep)[0].incident


def test_it_takes_the_text_from_the_input_and_says_what_was_done(
    folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    done = run("release", "incident", "redact", id_of(folder), "--why", "a token", "--by", "Ana", root=root)
    assert (done.returncode, SECRET in done.stderr) == (0, False), done.stderr
    assert "1 records, 0 pages; by Ana: a token" in done.stderr
    assert [one.impact for one in ledger.read(folder / "evidence", IncidentStep)] == ["it printed [redacted]"]
    assert len(ledger.read(folder / "evidence", Redaction)) == 1
    verified = run("evidence", "verify", root=root)
    assert (verified.returncode, "Ana redacted 1 records of" in verified.stderr) == (0, True), verified.stderr
    assert "it printed [redacted]" in run("release", "incident", root=root).stderr


def test_an_incident_that_is_not_there_and_a_reason_that_is_missing_are_said(folder: Path, root: Path) -> None:
    for words, says in (
        (("redact", "INC-NONE", "--why", "x"), "no such incident is recorded"),
        (("redact", id_of(folder)), "--why TEXT"),
        ((id_of(folder), "INC-2"), "give one incident, or `redact` and one"),
    ):
        done = run("release", "incident", *words, "--by", "Ana", root=root)
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
