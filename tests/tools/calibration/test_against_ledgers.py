"""Tests that drawn watches get the words that the same watches get as ledgers of real records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from atalaya.core.settings import Settings
from atalaya.core.window import LOOKS_H
from atalaya.metrics.detector_power import detectors
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Event,
    EventKind,
    Evidence,
    JobAttempt,
    Proof,
    Severity,
    TestAttempt,
    VerdictStatus,
)
from atalaya.watch.calibration_record import World
from atalaya.watch.incidents.incident_rules import due
from atalaya.watch.outlook import AFTER_H, ALARMS
from tests.ours import PACK, PROMISES
from tests.watch.watched import CI, Watched, at, checked, job, stamp
from tools.calibration.calibrate import Bench, Inputs, drawn_of
from tools.calibration.scenarios import BY_ID, Drawn

WORLD = World()
WORKFLOW = "clients-python-sdk"
OTHER_TESTS = ("one", "two")  # beside the one that may be flaky


def ledger_of(drawn: Drawn, number: int) -> Iterator[Evidence]:
    """The records of one drawn watch: the jobs of CI and their tests, hourly smokes, checks, and a self-test."""
    for promise in PROMISES:
        yield Proof(**stamp(0, "proof"), defect=f"no {promise.id}", expected=(promise.id,), caught_by=(promise.id,))
    for hours in (0, *LOOKS_H):
        yield from checked(hours)
    for repeat in range(WORLD.repeats):
        failed = repeat < drawn.repeats[number]
        yield from case_attempts("repeats", 0.4, failed=failed, attempt=repeat + 1)
    for hour in range(WORLD.hours):
        yield from smoke(hour, int(drawn.errors[number, hour]), int(drawn.stale[number, hour]))
    for run, ends_h in enumerate(drawn.plan.hours):
        for variant in range(drawn.plan.jobs[run]):
            failures = int(drawn.flaky[number, run, 0]) if variant == 0 and drawn.flaky.size else 0
            yield from job_of_ci(run, variant, ends_h, failures, ended=bool(drawn.ended[number, run, variant]))


def smoke(hour: int, errors: int, stale: int) -> Iterator[Evidence]:
    hours, waits = hour + AFTER_H, WORLD.waits_per_smoke
    yield job(hours, requests=WORLD.requests_per_smoke, waits=waits, stale_trials=waits, polls=waits)
    for kind, n in ((EventKind.NETWORK_ERROR, errors), (EventKind.STALE_READ, stale)):
        for line in range(n):
            yield Event(
                **stamp(hours, f"smoke-{hours}"),
                event=kind,
                expected=False,
                blocking=False,
                place="p",
                message="m",
                origin="x",
                line=line + 1,
            )


def job_of_ci(run: int, variant: int, ends_h: float, failures: int, *, ended: bool) -> Iterator[Evidence]:
    """A job, and the attempt before it where its test failed: it is run again once."""
    for attempt in (1, 2) if failures else (1,):
        yield job_attempt(run, variant, ends_h, attempt, ended=ended and not attempt <= failures)
        failed = attempt <= failures
        yield from case_attempts(f"ci-{run:02}", ends_h, failed=failed, attempt=attempt, variant=f"{variant:03}")


def job_attempt(run: int, variant: int, ends_h: float, attempt: int, *, ended: bool) -> JobAttempt:
    return job(
        ends_h,
        Conclusion.SUCCESS if ended else Conclusion.FAILURE,
        workflow=WORKFLOW,
        job="tests",
        variant=f"{variant:03}",
        attempt=attempt,
        run_id=f"ci-{run:02}",
        environment=CI,
        event="schedule",
        requests=None,
        waits=None,
        polls=None,
        stale_trials=None,
    )


def case_attempts(
    run_id: str, hours: float, *, failed: bool, attempt: int, variant: str = "000"
) -> Iterator[TestAttempt]:
    for test in ("may be flaky", *OTHER_TESTS):
        fails = failed and test not in OTHER_TESTS
        yield TestAttempt(
            **stamp(hours, run_id, CI),
            test=test,
            variant=variant,
            attempt=attempt,
            commit="",
            outcome=CaseOutcome.FAILED if fails else CaseOutcome.PASSED,
            critical=test not in OTHER_TESTS,
            origin="x",
            workflow=WORKFLOW,
            job="tests",
        )


def judged(watched: Watched) -> tuple[tuple[VerdictStatus, ...], str, bool]:
    """The word at each look, the last rule, and whether any was an alarm; incidents open as the rules have it."""
    words = []
    for hours in LOOKS_H:
        judgement = watched.judged(hours)
        if steps := due(judgement, at=at(hours)):
            watched.keep(*steps)
            judgement = watched.judged(hours)
        words.append(judgement.verdict.word)
    critical = any(one.severity is Severity.CRITICAL for one in judgement.incidents)
    return tuple(words), judgement.verdict.rule, critical or any(word in ALARMS for word in words)


@pytest.mark.parametrize(
    ("id", "number"),
    [
        pytest.param("healthy-97-5-3", 1, marks=pytest.mark.long),
        pytest.param("sick-80", 3, marks=pytest.mark.long),
        ("step", 4),
        ("dead-5-54", 5),
        pytest.param("stale-200", 7, marks=pytest.mark.long),
        pytest.param("flaky-20", 8, marks=pytest.mark.long),
        ("network-rising-0.005", 11),
        pytest.param("network-falling-0.01", 12, marks=pytest.mark.long),
        pytest.param("asked-90", 15, marks=pytest.mark.long),
        pytest.param("ci-once", 16, marks=pytest.mark.long),
    ],
)
def test_a_drawn_watch_gets_the_words_of_the_same_watch_as_a_ledger(id: str, number: int, tmp_path: Path) -> None:
    inputs = Inputs(number + 1, 5, Settings(), detectors(PACK))
    drawn = list(drawn_of(BY_ID[id], inputs))[-1]  # of those that the advice asks for, one of the last plan
    number = min(number, len(drawn.ended) - 1)
    _, simulated = list(Bench(inputs).judged(drawn))[number]
    watched = Watched(tmp_path)
    watched.keep(*ledger_of(drawn, number))
    assert judged(watched) == (simulated.words, simulated.rule, simulated.alarmed)
