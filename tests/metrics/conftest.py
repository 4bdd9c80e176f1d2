"""Evidence in the few words that a test needs, written as the ledger writes it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atalaya.core.settings import Settings
from atalaya.evidence.from_runs import PERIOD
from atalaya.metrics.engine import engine as engine_module
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.measure import measure
from atalaya.metrics.window_query import DetectorPower, MetricQuery
from atalaya.records.judged import Metric
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Environment,
    Event,
    EventKind,
    Evidence,
    FileVerdict,
    JobAttempt,
    Observation,
    Outcome,
    Reading,
    ReadStatus,
    Release,
    Severity,
    TestAttempt,
)

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

PERFECT = DetectorPower(shown=3, caught=3)
SEEING = dict.fromkeys(("network-errors", "polling-timeouts", "stale-cache"), PERFECT)  # they miss nothing


class Watch:
    """One release's evidence, built up record by record."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.release = Release(version="1.1.0", commit="", opened_at=T0)
        self.settings = Settings()

    def metric(self, id: str, *, hours: float = 72, **known: Any) -> Metric:
        return next(metric for metric in self.metrics(hours=hours, **known) if metric.id == id)

    def metrics(self, *, hours: float = 72, **known: Any) -> tuple[Metric, ...]:
        span = MetricQuery(
            release=self.release,
            as_of=T0 + timedelta(hours=hours),
            settings=self.settings,
            **({"detectors": SEEING} | known),
        )
        with opened(self.folder) as engine:
            return measure(engine, span)

    def keep(self, *records: Evidence) -> None:
        for kind in {record.kind for record in records}:
            lines = b"".join(msgspec.json.encode(one) + b"\n" for one in records if one.kind == kind)
            digest = hashlib.sha256(lines).hexdigest()[:32]
            (self.folder / f"{kind}-{digest}.jsonl").write_bytes(lines)

    def job(
        self, run: str, conclusion: Conclusion = Conclusion.SUCCESS, *, hours: float = 1, **changes: Any
    ) -> JobAttempt:
        values = {
            "workflow": "clients-python-sdk",
            "job": "tests",
            "variant": "3.12",
            "attempt": 1,
            "commit": "",
            "origin": "report.xml",
            "conclusion": conclusion,
        }
        return JobAttempt(**(self._stamp(run, hours) | values | changes))

    def test(self, run: str, outcome: CaseOutcome, *, hours: float = 1, **changes: Any) -> TestAttempt:
        values = {
            "test": "exports::test_ready",
            "variant": "3.12",
            "attempt": 1,
            "commit": "abc123",
            "critical": False,
            "origin": "report.xml",
            "outcome": outcome,
        }
        return TestAttempt(**(self._stamp(run, hours) | values | changes))

    def event(self, kind: EventKind, *, hours: float = 1, **changes: Any) -> Event:
        values = {
            "event": kind,
            "expected": False,
            "blocking": False,
            "place": "smoke",
            "message": "gone",
            "origin": "run",
        }
        return Event(**(self._stamp("run", hours) | values | changes))

    def collected(self, status: ReadStatus, *, hours: float, file: str = PERIOD) -> Reading:
        """What a collection of what GitHub knows says of a file: of the list of runs, if no other."""
        return Reading(
            **self._stamp("collection", hours),
            file=file,
            sha256=f"{hours:064}",
            size_bytes=1,
            status=status,
            verdict=FileVerdict.UNKNOWN,
            reason="it was cut off",
        )

    def log(self, unclassified: int, *, hours: float, file: str = "smoke.log") -> Reading:
        """What became of a log with so many lines that nobody could classify."""
        read = self.collected(ReadStatus.READ, hours=hours, file=file)
        return msgspec.structs.replace(read, reason="line 7: ?!" if unclassified else "", unclassified=unclassified)

    def checked(self, promise: str, outcome: Outcome, *, hours: float = 1, **changes: Any) -> Observation:
        values = {
            "promise": promise,
            "severity": Severity.CRITICAL,
            "outcome": outcome,
            "reason": "",
            "duration_s": 0.1,
            "trials": 1,
            "subject_digest": "d1",
            "log": ("GET /x 200",),
        }
        return Observation(**(self._stamp(f"run-at-{hours}", hours) | values | changes))

    def _stamp(self, run: str, hours: float) -> dict[str, Any]:
        at = T0 + timedelta(hours=hours)
        return {"run_id": run, "environment": Environment.CI, "occurred_at": at, "recorded_at": at}


@pytest.fixture(autouse=True)
def asked_of(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which engine answers, however a test opens it: Spark where ``--engine=spark`` says so."""
    asked: str = request.config.getoption("--engine", "duckdb")
    if asked == "spark":
        module_of = engine_module._module_of
        monkeypatch.setattr(engine_module, "_module_of", lambda _: module_of("spark"))
    return asked


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)
