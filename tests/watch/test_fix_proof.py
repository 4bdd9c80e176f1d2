"""Tests that a fix is shown by clean runs of the kind that was sick, counted alike before it and since."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import IncidentFollowUp, State
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Environment,
    Evidence,
    JobAttempt,
    Observation,
    Outcome,
    TestAttempt,
    VerdictStatus,
)
from atalaya.watch.incidents.fingerprint import cause_of_attempt, cause_of_job
from atalaya.watch.incidents.fix_verification import follow, not_shown
from tests.watch.watched import CI, Watched, at, checked, in_force, job, stale, stamp, transition

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
    assert "1 clean since, 8 needed" in str(one.proof)


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


def test_what_was_seen_before_a_person_opened_an_incident_is_its_own(watched: Watched) -> None:
    watched.keep(job(28), job(35), stale(28), stale(35), transition(31, "open"))
    (one,) = watched.judged(40).followed
    assert (one.seen, one.seen_at) == (2, (at(28), at(35)))
    assert [(count.seen, count.trials) for count in one.counts] == [(2, 12)]


def test_what_was_seen_before_another_incident_of_the_metric_was_over_is_that_ones(watched: Watched) -> None:
    first = {"opened_at": at(5), "incident": "INC-0"}
    watched.keep(
        *(job(hour) for hour in range(60)),
        *(stale(hour) for hour in (4, 6, 28, 35)),
        transition(5, "open", **first),
        transition(7, "monitoring", **first),
        transition(25, "carried over", **first),
        transition(31, "open"),
    )
    seen = {one.incident: one.seen_at for one in watched.judged(60).followed}
    assert seen == {"INC-0": (at(4), at(6)), "INC-1": (at(28), at(35))}


def test_a_stale_read_of_a_real_service_is_of_no_incident(watched: Watched) -> None:
    real = stale(29)
    fields = {name: getattr(real, name) for name in real.__struct_fields__}
    watched.keep(
        job(28), stale(28), type(real)(**fields | {"environment": Environment.SERVICE}), transition(31, "open")
    )
    assert watched.judged(40).followed[0].seen == 1


def test_a_broken_check_that_the_metric_counts_is_seen_of_what_a_person_wrote(watched: Watched) -> None:
    (checks,) = (it.events.checks for it in METRICS.values() if it.id == "stale-cache" and it.events)
    broken = [
        replace(one, outcome=Outcome.BROKEN) if isinstance(one, Observation) and one.promise in checks else one
        for one in checked(29)
    ]
    watched.keep(*broken, stale(28), job(28), transition(31, "open"), transition(34, "monitoring"))
    judged = watched.judged(40)
    assert (judged.followed[0].seen, judged.metrics[4].before_fix.events) == (2, 2)


def test_the_table_of_metrics_names_the_checks_that_the_question_counts() -> None:
    sql = (Path(str(METRICS["stale-cache"].question)).parent / "event_tallies.sql").read_text(encoding="utf-8")
    counted = {name for it in METRICS.values() if it.events for name in it.events.checks}
    assert counted == set(re.findall(r"WHERE promise = '([^']+)'", sql))


def test_a_broken_test_and_the_jobs_that_fail_with_it_are_counted_each_and_seen_once(watched: Watched) -> None:
    failing = {"workflow": "clients-python-sdk", "job": "tests", "environment": CI}
    silent = dict.fromkeys(("requests", "polls", "waits", "stale_trials"))
    case = {"test": "t", "variant": "3.12", "attempt": 1, "commit": "c", "critical": False, "origin": "x"}
    tests = [
        TestAttempt(**stamp(hour, f"ci-{hour}", CI), outcome=outcome, **case)
        for hour, outcome in ((10, CaseOutcome.PASSED), *((hour, CaseOutcome.FAILED) for hour in (20, 21, 22)))
    ]
    jobs = [job(hour, FAILED, run_id=f"ci-{hour}", **failing, **silent) for hour in (20, 21, 22)]
    ended = job(10, run_id="ci-10", **failing, **silent)
    causes = (cause_of_attempt("t"), cause_of_job(ended))
    watched.keep(*tests, *jobs, ended, transition(23, "open", metric="", rule="test-broken", fingerprints=causes))
    (one,) = watched.judged(24).followed
    assert (one.seen, one.first_at) == (3, at(20))
    assert [(count.seen, count.trials) for count in one.counts] == [(3, 4), (3, 4)]
