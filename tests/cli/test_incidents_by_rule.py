"""Whatever brings evidence opens the incidents that the rules ask for: `smoke --release` and `collect`, as `watch`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atalaya.cli import check
from atalaya.evidence.ledger import ledger
from atalaya.records.results import Host, SmokeEvent, SmokeRun, SmokeStep, Subject
from atalaya.records.stored import EventKind, IncidentStep, Outcome
from tests.commands import opened, run


def rules(folder: Path) -> list[str]:
    return [one.rule for one in ledger.read(folder / "evidence", IncidentStep)]


@pytest.fixture
def folder(root: Path) -> Path:
    return opened(root, at=(datetime.now(UTC) - timedelta(hours=2)).isoformat())


def test_a_log_that_tells_of_a_timeout_opens_an_incident_once(folder: Path, root: Path) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    (root / "smoke.log").write_text(f"{at.isoformat()} ERROR stale read: it answered CREATED after READY\n")
    (root / "other.log").write_text(f"{at.isoformat()} ERROR timed out after 60 s waiting for job 17\n")
    for name in ("other.log", "other.log", "smoke.log"):
        run("collect", "--log", root / name, "--release", "1.1.1", root=root)

    assert rules(folder)
    assert sorted(set(rules(folder))) == sorted(rules(folder))
    assert len(list((folder / "incidents").glob("*.md"))) == len(rules(folder))


def test_a_dry_run_opens_none(folder: Path, root: Path) -> None:
    (root / "other.log").write_text(f"{datetime.now(UTC).isoformat()} ERROR timed out after 60 s waiting for job 17\n")
    run("collect", "--log", root / "other.log", "--dry-run", root=root)

    assert rules(folder) == []


def test_a_smoke_that_reads_stale_opens_an_incident(folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = SmokeRun(
        run_id="smoke-1",
        subject=Subject(name="acme-sdk", version="1.1.1", digest="0" * 64, source="bundled"),
        host=Host(python="3.12.1", implementation="CPython", os="linux", freeze=()),
        base_url="",
        started_at=datetime.now(UTC),
        duration_s=1.0,
        steps=(SmokeStep(id="created-to-ready", outcome=Outcome.BROKEN, reason="stale", duration_s=1.0),),
        events=(SmokeEvent(kind=EventKind.STALE_READ, blocking=True, place="poll", message="old"),),
        requests=10,
        polls=10,
        waits=2,
        trials=2,
    )
    monkeypatch.setattr(check, "_smoke", lambda *_: ran)
    done = run("smoke", "--release", "1.1.1", root=root)

    assert (done.returncode, rules(folder)) == (1, ["stale-read"]), done.stderr
