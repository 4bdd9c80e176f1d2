"""Tests that the schedule stops by itself, and continues as long as there is work."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import Environment, WatchTransition
from atalaya.sync.schedule import look
from atalaya.watch.folder import to_write
from tests.commands import ROOT
from tests.sync.clones import T0, Shared, git, opened
from tests.watch.watched import transition


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def extended(root: Path, to_h: int, hour: float) -> None:
    step = WatchTransition(
        run_id=f"r{hour}",
        environment=Environment.LOOPBACK,
        occurred_at=at(hour),
        recorded_at=at(hour),
        state="extended",
        window_h=to_h,
        by="ana",
        why="an incident",
    )
    ledger.write(root / "docs/releases/1.1.1/evidence", [step])


@pytest.mark.parametrize(("hour", "watched"), [(-1, ()), (0, ("1.1.1",)), (71.9, ("1.1.1",)), (72, ()), (5000, ())])
def test_a_release_is_watched_from_its_opening_to_t72(shared: Shared, hour: float, watched: tuple[str, ...]) -> None:
    assert look(shared.clone("one"), "origin", "evidence", at(hour)).watched == watched


@pytest.mark.parametrize("hour", [0, 71.9, 72, 95.9, 96, 119.9, 120, 200])
def test_with_extensions_it_says_what_the_watch_itself_would_say(shared: Shared, hour: float) -> None:
    root = shared.clone("one")
    shared.pull(root)
    extended(root, 96, 70)
    extended(root, 120, 90)
    shared.push(root)
    now = at(hour)
    found = to_write(root / "docs/releases", now=now)
    assert look(shared.clone("other"), "origin", "evidence", now).watched == ((found.version,) if found else ())


@pytest.mark.parametrize(("severity", "watched"), [("critical", ("1.1.1",)), ("major", ())])
def test_after_the_end_the_watch_is_asked_once_more_where_a_critical_incident_may_make_it_longer(
    shared: Shared, severity: str, watched: tuple[str, ...]
) -> None:
    root = shared.clone("one")
    shared.pull(root)
    ledger.write(root / "docs/releases/1.1.1/evidence", [transition(60, "open", severity=severity)])
    shared.push(root)
    found = [look(shared.clone(f"at-{hour}"), "origin", "evidence", at(hour)).watched for hour in (72.5, 96)]
    assert found == [watched, ()]


def test_a_sealed_release_is_not_watched_and_is_proposed_until_it_is_here(shared: Shared) -> None:
    shared.commit("1.1.1/seal.json", "{}\n")
    root = shared.clone("one")
    before = look(root, "origin", "evidence", at(1))
    git(root, "merge", "-q", "origin/evidence")
    after = look(root, "origin", "evidence", at(1))
    assert [(one.watched, one.sealed) for one in (before, after)] == [((), ("1.1.1",)), ((), ())]


def test_what_cannot_be_read_is_left_to_the_watch_to_tell(shared: Shared) -> None:
    shared.commit("1.1.1/release.toml", "not toml\n")
    assert look(shared.clone("one"), "origin", "evidence", at(1)).watched == ("1.1.1",)


def test_without_a_branch_it_looks_at_what_is_checked_out(shared: Shared) -> None:
    root = shared.clone("one")
    opened(root, "2.0.0")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Open 2.0.0")
    assert look(root, "origin", "no-such-branch", at(1)).watched == ("2.0.0",)


def test_a_remote_that_cannot_be_asked_is_no_answer(shared: Shared) -> None:
    root = shared.clone("one")
    git(root, "remote", "set-url", "origin", str(shared.folder / "gone"))
    done = subprocess.run(
        [sys.executable, "-S", "-m", "atalaya.sync.schedule"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
    )
    assert (done.returncode, done.stdout, "origin cannot be asked" in done.stderr) == (1, "", True)
