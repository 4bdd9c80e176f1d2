"""A release in a folder of its own, the records that its tests are made of, and how it is judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from atalaya.core.settings import Settings
from atalaya.evidence.from_runs import CHECKS_WORKFLOW, SMOKE_WORKFLOW
from atalaya.evidence.ledger import ledger
from atalaya.records.judged import Judgement
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Environment,
    Event,
    EventKind,
    Evidence,
    IncidentStep,
    JobAttempt,
    Observation,
    Outcome,
    Proof,
    Release,
    TestAttempt,
    record_metadata,
)
from atalaya.site.outputs.json_output import judgement_document
from atalaya.watch.folder import open_release
from atalaya.watch.judgement import judge_release
from atalaya.watch.state_at import in_force_record
from tests.ours import PACK, PROMISES

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LOOPBACK, CI = Environment.LOOPBACK, Environment.CI


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def stamp(hours: float, run: str, environment: Environment = LOOPBACK, late_h: float = 0) -> dict[str, Any]:
    return {"run_id": run, "environment": environment, "occurred_at": at(hours), "recorded_at": at(hours + late_h)}


def job(hours: float, conclusion: Conclusion = Conclusion.SUCCESS, **changes: Any) -> JobAttempt:
    values = {
        "workflow": SMOKE_WORKFLOW,
        "job": "smoke",
        "variant": "3.12",
        "attempt": 1,
        "commit": "",
        "origin": "x",
        "conclusion": conclusion,
        "requests": 40,
        "polls": 15,
        "waits": 6,
        "stale_trials": 6,
    }
    return JobAttempt(**(stamp(hours, f"smoke-{hours}") | values | changes))


def healthy(hours: int = 72, *, lost: int = 0) -> Iterator[Evidence]:
    """A watch in which all went well but for the first ``lost`` jobs of CI."""
    for promise in PROMISES:
        yield Proof(**stamp(0, "proof"), defect=f"no {promise.id}", expected=(promise.id,), caught_by=(promise.id,))
    for hour in range(hours + 1):
        yield job(hour)
        name = "clients-python-sdk"
        ended = Conclusion.FAILURE if hour < lost else Conclusion.SUCCESS
        yield job(
            hour,
            ended,
            workflow=name,
            job="tests",
            run_id=f"ci-{hour}",
            environment=CI,
            requests=None,
            waits=None,
            polls=None,
            stale_trials=None,
        )
        for attempt in (1, 2):
            yield TestAttempt(
                **stamp(hour, f"ci-{hour}", CI),
                test="t",
                variant="3.12",
                attempt=attempt,
                commit="c",
                outcome=CaseOutcome.PASSED,
                critical=False,
                origin="x",
            )
    for hour in (0, 24, 48, 72):
        if hour <= hours:
            yield from checked(hour)


def checked(hour: float, **broken: Any) -> Iterator[Evidence]:
    run = stamp(hour, f"checks-{hour}")
    yield job(
        hour,
        workflow=CHECKS_WORKFLOW,
        job="contracts",
        run_id=f"checks-{hour}",
        requests=None,
        waits=None,
        polls=None,
        stale_trials=None,
    )
    for promise in PROMISES:
        yield Observation(
            **run,
            promise=promise.id,
            severity=promise.severity,
            outcome=Outcome.KEPT,
            reason="",
            duration_s=0.1,
            trials=1,
            subject_digest="d",
        )


class Watched:
    """A release in a folder of its own."""

    def __init__(self, releases: Path, version: str = "1.1.0", opened_at: datetime = T0) -> None:
        self.release = Release(version=version, commit="", opened_at=opened_at)
        self.folder = open_release(releases, self.release, {})
        self.settings = Settings()

    def keep(self, *records: Evidence) -> None:
        ledger.write(self.folder / "evidence", records)

    def judged(self, hours: float | None = None, *, now: float | None = None) -> Judgement:
        as_of, clock = (None if one is None else at(one) for one in (hours, now))
        return judge_release(self.folder, self.release, as_of=as_of, settings=self.settings, pack=PACK, now=clock)

    def bytes(self, hours: float) -> bytes:
        return msgspec.json.encode(judgement_document(self.judged(hours)))


def in_force(hours: float, settings: Settings = Settings(), why: str = "the first record") -> Evidence:  # noqa: B008
    return in_force_record(settings, record_metadata(f"r{hours}", LOOPBACK, at(hours)), by="ana", why=why)


def transition(hours: float, state: str, **changes: Any) -> IncidentStep:
    values: dict[str, Any] = {
        "incident": "INC-1",
        "opened_at": at(30),
        "state": state,
        "severity": "critical",
        "root_cause": "",
        "impact": "polls read stale states",
        "fix": "",
        "metric": "stale-cache",
        "by": "ana",
        "why": "seen",
    }
    return msgspec.convert(stamp(hours, f"t{hours}") | values | changes, IncidentStep)


def stale(hours: float) -> Event:
    return Event(
        **stamp(hours, f"smoke-{hours}"),
        event=EventKind.STALE_READ,
        expected=False,
        blocking=True,
        place="p",
        message="m",
        origin="x",
    )
