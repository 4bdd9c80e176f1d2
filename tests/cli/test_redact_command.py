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


def test_whoever_writes_what_looks_like_a_secret_is_told_how_to_take_it_out(folder: Path, root: Path) -> None:
    by = ("--by", "Ana", "--severity", "major")
    said = "The pages leave it out; the evidence has it."
    plain = run("release", "incident", "new", "--impact", "it printed a token", *by, root=root)
    secret = run("release", "incident", "new", "--impact", f"it printed ghp_{'a1B2' * 9}", *by, root=root)
    assert (plain.returncode, said in plain.stderr) == (0, False), plain.stderr
    assert (secret.returncode, said in secret.stderr) == (0, True), secret.stderr
    newest = max(ledger.read(folder / "evidence", IncidentStep), key=lambda one: one.recorded_at).incident
    assert f"atalaya release incident redact {newest} --release {folder.name} --why TEXT" in secret.stderr
    why = ("--why", "told by ana@example.test", "--by", "Ana")
    assert said in run("release", "incident", newest, "--state", "acknowledged", *why, root=root).stderr
