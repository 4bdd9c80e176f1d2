"""Tests that a fix is shown by clean runs of the kind that was sick, counted alike before it and since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atalaya.records.judged import IncidentFollowUp, State
from atalaya.records.stored import Conclusion, Environment, Evidence, JobAttempt, VerdictStatus
from atalaya.watch.incidents.fix_verification import follow, not_shown
from tests.watch.watched import Watched, in_force, job, stale, transition

FAILED = Conclusion.FAILURE
STEPS = (
    transition(31, "open", metric="", severity="major"),
    transition(40, "monitoring", metric="", severity="major"),
    transition(47, "resolved", metric="", severity="major"),
)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def smokes(since: int, **changes: Any) -> list[JobAttempt]:
    """A sick smoke and two clean ones before the fix of hour 40, and so many clean ones since."""
    return [job(30, FAILED), job(32), job(34), *(job(41 + number, **changes) for number in range(since))]


def followed(jobs: list[JobAttempt], **changes: Any) -> IncidentFollowUp:
    (one,) = follow(STEPS, observations=(), events=(), metrics=(), jobs=jobs, **changes)
    return one


def test_one_clean_smoke_shows_no_fix_of_what_one_in_three_were_sick_of() -> None:
    # ceil(ln .05 / ln(1 - 1/3)) = 8
    assert [(followed(smokes(n)).shown, followed(smokes(n)).runs_needed) for n in (0, 1, 7, 8)] == [
        (False, 8),
        (False, 7),
        (False, 1),
        (True, 0),
    ]


def test_an_incident_that_is_called_resolved_too_early_says_what_is_missing() -> None:
    (says,) = not_shown(STEPS, (), smokes(1)).values()
    assert "1 clean runs of 8 that are needed" in str(says)
    assert not not_shown(STEPS, (), smokes(8))


def test_runs_of_another_kind_show_no_fix_of_a_smoke() -> None:
    others = [job(50 + n / 10, workflow="clients-python-sdk", run_id=f"ci-{n}") for n in range(20)]
    real = [job(52 + n / 10, environment=Environment.SERVICE, run_id=f"real-{n}") for n in range(20)]
    assert followed([*smokes(1), *others, *real]).runs_needed == 7


def test_a_smoke_that_fails_after_the_fix_shows_that_it_failed() -> None:
    found = followed([*smokes(20), job(70, FAILED)])
    assert (found.shown, found.runs_needed, found.fails_still) == (False, None, True)
    assert not followed(smokes(1)).fails_still


def test_a_critical_incident_whose_fix_came_back_stays_an_alarm_and_one_that_lacks_proof_does_not(
    watched: Watched,
) -> None:
    watched.keep(*three_smokes_and_a_stale_read(1, severity="critical")[:-1])
    judged = watched.judged(72)
    (lacking,) = [fired for fired in judged.verdict.fired if fired.rule == "fix-unproven"]
    assert "Further clean runs that it takes: 7" in str(lacking.because[0])
    assert judged.verdict.word is VerdictStatus.INCONCLUSIVE
    assert watched.judged(39).verdict.word is VerdictStatus.OFF_TRACK
    watched.keep(stale(60))
    assert watched.judged(72).verdict.word is VerdictStatus.NO_GO


def test_a_fix_is_never_proven_by_one_clean_run() -> None:
    assert followed([job(30, FAILED), job(41)]).runs_needed == 2


def test_a_smoke_that_failed_days_before_has_nothing_to_do_with_it() -> None:
    assert followed([job(1, FAILED), job(41)]).shown


def three_smokes_and_a_stale_read(since: int, severity: str = "major") -> tuple[Evidence, ...]:
    return (
        in_force(0),
        *(job(hour) for hour in (30, 32, 34)),
        stale(30),
        transition(31, "open", severity=severity),
        transition(40, "monitoring", severity=severity),
        *(job(41 + number) for number in range(since)),
        transition(60, "resolved", severity=severity),
    )


def test_the_metric_says_how_many_more_runs_its_fix_takes(watched: Watched) -> None:
    watched.keep(*three_smokes_and_a_stale_read(1))
    judged = watched.judged(72)
    metric, (one,) = judged.metrics[4], judged.followed
    assert (metric.state, metric.value, metric.fix_runs_needed) == (State.INCONCLUSIVE, 0.0, 7)
    assert (one.shown, one.runs_needed) == (False, 7)
    assert "1 clean since, of 8 that it takes" in str(one.proof)


def test_an_event_of_a_log_is_mended_by_runs_that_tell_no_trials_either(watched: Watched) -> None:
    def logs(hours: range) -> list[JobAttempt]:
        silent = dict.fromkeys(("requests", "polls", "waits", "stale_trials"))
        return [job(hour, workflow="clients-python-sdk", run_id=f"ci-{hour}", **silent) for hour in hours]

    read = stale(30)
    watched.keep(
        *logs(range(30, 33)),
        *(job(hour) for hour in range(1, 70)),
        type(read)(**{name: getattr(read, name) for name in read.__struct_fields__} | {"run_id": "ci-30"}),
        transition(31, "open"),
        transition(40, "monitoring"),
    )
    assert watched.judged(72).metrics[4].fix_runs_needed == 8  # the smokes were never sick, and show nothing
    watched.keep(*logs(range(41, 46)))
    assert watched.judged(72).metrics[4].fix_runs_needed == 3


def test_an_incident_was_seen_as_often_as_events_happened(watched: Watched) -> None:
    watched.keep(job(30), stale(30), transition(31, "open"))
    watched.keep(stale(30), stale(32))  # taken in again, with another
    assert watched.judged(40).followed[0].seen == 2
