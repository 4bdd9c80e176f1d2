"""A watch is judged as of its newest record, never ahead of the clock, and once its window is over as of its end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atalaya.cli import publish
from atalaya.cli.as_of import SLACK, clock_of, judged
from atalaya.cli.context import Context
from atalaya.cli.publish import write_pages
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import Conclusion, Environment, JobAttempt, Release, WatchTransition
from atalaya.watch.folder import load
from atalaya.watch.judgement import instant_of
from tests.cli.test_release_command import place_of
from tests.commands import opened, run

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)
END = T0 + timedelta(hours=72)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def job(hours: float) -> JobAttempt:
    return JobAttempt(
        run_id=f"run-{hours}",
        environment=Environment.CI,
        occurred_at=at(hours),
        recorded_at=at(hours),
        workflow="clients-python-sdk",
        job="tests",
        variant="3.12",
        attempt=1,
        commit="abc",
        conclusion=Conclusion.SUCCESS,
        origin="x",
    )


def step(hours: float, state: str, window_h: int = 96) -> WatchTransition:
    return WatchTransition(
        run_id=f"step-{hours}",
        environment=Environment.LOOPBACK,
        occurred_at=at(hours),
        recorded_at=at(hours),
        state=state,
        window_h=window_h,
        by="Ana",
        why="x",
    )


@pytest.mark.parametrize(
    ("records", "now", "expected"),
    [
        ((), 5, 0),  # nothing is known: T+0
        ((), -1, 0),
        ((job(3), job(1)), 5, 3),
        ((job(3), job(9)), 5, 5),  # one of a clock ahead waits
        ((job(3), job(9)), 9.5, 9),
        ((job(3),), 71.9, 3),
        ((job(3),), 72, 72),  # the window is over, and nothing has been recorded since
        ((job(3),), 500, 72),
        ((job(80),), 75, 75),
        ((job(80),), 500, 80),
        ((job(3), step(72, "extended")), 75, 72),
        ((job(3), step(72, "extended")), 96, 96),
        ((job(3), step(73, "closed", 72)), 500, 73),
        ((job(3), step(10, "closed", 72)), 500, 10),  # early: what was sealed stays what it was
    ],
)
def test_the_instant_follows_evidence_and_clock(
    records: tuple[JobAttempt | WatchTransition, ...], now: float, expected: float, tmp_path: Path
) -> None:
    release = Release(version="1.1.1", commit="abc", opened_at=T0)
    ledger.write(tmp_path / "evidence", records)

    instant = instant_of(records, release, clock_of(tmp_path, release, at(now)))

    assert at(expected) <= instant <= at(expected) + SLACK


def test_a_rehearsal_has_a_calendar_of_its_own(tmp_path: Path) -> None:
    release = Release(version="rehearsal-1", commit="abc", opened_at=T0, rehearsal=True)

    assert at(80) == instant_of([job(80)], release, clock_of(tmp_path, release, at(-1000)))


@pytest.fixture
def place(root: Path) -> Context:
    folder = opened(root, at=T0.isoformat())
    for file in (folder / "evidence").iterdir():
        file.unlink()
    ledger.write(folder / "evidence", [job(hours) for hours in (1, 30)])
    return place_of(root)


def clock(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    for module in ("as_of", "recording", "which_release", "publish", "close", "release", "incident"):
        monkeypatch.setattr(f"atalaya.cli.{module}.utc_now", lambda: at(hours))


def test_a_verdict_that_is_out_of_date_by_the_clock_says_so(
    place: Context, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for now, as_of, says in (
        (31, (), "valid until 2026-01-07 09:00 UTC"),  # T+48
        (50, (), "out of date since 2026-01-07 09:00 UTC: look again: atalaya watch"),
        (50, ("--as-of", at(30).isoformat()), "valid until 2026-01-07 09:00 UTC"),
        (100, (), "valid until"),  # what is said once the window is over stays
    ):
        clock(monkeypatch, now)
        assert says in run("judge", "--release", "1.1.1", *as_of, root=root).stderr


@pytest.mark.long
def test_every_command_judges_as_of_the_same_instant(
    place: Context, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for now, expected in ((40, 30), (100, 72)):
        clock(monkeypatch, now)
        seen = {
            json.loads(run(*arguments, "--release", "1.1.1", "--json", root=root).stdout)["as_of"]
            for arguments in (("judge",), ("release", "checkpoint"))
        }
        run("publish", root=root)
        published = json.loads((root / "docs/_generated/1.1.1/metrics.json").read_bytes())["as_of"]
        assert {datetime.fromisoformat(one) for one in (*seen, published)} == {at(expected)}


def test_a_replay_is_of_the_instant_that_it_names(place: Context, root: Path) -> None:
    done = run("judge", "--release", "1.1.1", "--json", "--as-of", at(10).isoformat(), root=root)

    assert at(10) == datetime.fromisoformat(json.loads(done.stdout)["as_of"])


def test_what_was_decided_after_the_last_evidence_is_still_shown(place: Context, root: Path) -> None:
    run("release", "decide", "go-on", "--release", "1.1.1", "--why", "x", "--by", "Ana", root=root)
    release = load(root / "docs" / "releases" / "1.1.1")

    assert [one.by for one in judged(place, release, None).decisions] == ["Ana"]


def test_pages_are_written_again_when_the_window_ends_and_not_before(
    place: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    written = publish._written
    monkeypatch.setattr(publish, "_written", lambda place, one: (made.append(one.as_of), written(place, one))[1])
    for now in (40, 50, 71, 73, 80, 500, 60, 73):
        clock(monkeypatch, now)
        write_pages(place)

    # Once while it runs, once when it is over; and again where a clock that was wrong is put right.
    assert [at(30), END, at(30), END] == made


@pytest.mark.long
def test_a_record_ahead_is_looked_at_again_by_each_build(place: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.write(place.releases / "1.1.1" / "evidence", [job(45)])
    words = []
    for now in (40, 44, 46):
        clock(monkeypatch, now)
        write_pages(place)
        words.append(json.loads((place.docs / "_generated/1.1.1/metrics.json").read_bytes())["as_of"])

    assert [at(40) + SLACK, at(44) + SLACK, at(45)] == [datetime.fromisoformat(one) for one in words]
