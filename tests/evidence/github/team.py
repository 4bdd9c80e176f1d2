"""The repository of a team, on the stand-in: a gate of four jobs, a smoke that is green whatever happens, few runs.

The gate runs on pull requests and by hand, and uploads logs where it failed, but no report. The smoke's step ends in a
pipe without ``pipefail``, so that only its artifact tells how it ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from atalaya.cli.as_of import judged
from atalaya.core.settings import SubjectSettings
from atalaya.evidence.from_runs import SMOKE_JOB, SMOKE_WORKFLOW
from atalaya.evidence.ledger import ledger
from atalaya.records.judged import CiCell, Judgement, Metric
from atalaya.records.stored import Conclusion, Environment, JobAttempt, record_metadata
from atalaya.site.build.skeleton import pages
from atalaya.watch import folder
from tests.evidence.github.stand_in import BEGAN, SHA, StandIn, job
from tests.evidence.github.watching import Watch

GATE, SMOKE = "clients-python-sdk", "post-release-smoke"
SDK = "clients/python/aris3_client_sdk"
GATE_JOBS = (
    "ubuntu-latest / py3.10 / full",
    "ubuntu-latest / py3.11 / full",
    "ubuntu-latest / py3.12 / full",
    "windows-latest / py3.11 / smoke",
)
LINUX_311 = GATE_JOBS[1]
CHECKS = ("load_config_requires_api_base_url", "request_export_wait_ready_flow", "get_cache_normal_behavior")
TIMED_OUT = "Fallo inesperado en flujo de exportación: TimeoutError: Export exp-1 not READY after 30.0s"


class Team:
    """What happens in the team's week, and the watch that takes it in."""

    def __init__(self, root: Path, github: StandIn, workflows: tuple[str, ...] = (GATE, SMOKE)) -> None:
        self.github = github
        self.watch = Watch(root, github, workflows=workflows, subject=SubjectSettings(path=SDK, commit=SHA))
        self.github.now = BEGAN + timedelta(days=3)
        self._numbers = iter(range(1, 1_000_000))
        for number, name in ((71, GATE), (72, SMOKE), (73, "backend")):
            self.workflow(number, name)
        github.add_commit(SHA, SDK, "e" * 40)
        folder.open_release(self.watch.place.releases, replace(self.watch.release, commit=SHA), pages())
        self._judged: tuple[object, Judgement] | None = None  # of what lay there, and when

    def workflow(self, number: int, name: str, file: str = "") -> None:
        path = f".github/workflows/{file or name}.yml"
        self.github.workflows.append({"id": number, "name": name, "path": path, "state": "active"})

    # ── what happens ─────────────────────────────────────────────────────────

    def gate(self, hour: float, *attempts: Mapping[str, str], **fields: Any) -> int:
        """A run of the gate begins at this hour: the jobs of each attempt, an hour apart; those not named are green."""
        everything = [
            [
                self.job(name, hour + n, attempt.get(name, "success"))
                for name in GATE_JOBS
                if n == 0 or name in attempt  # only those that are named are run again
            ]
            for n, attempt in enumerate(attempts or ({},))
        ]
        return self.run(GATE, 71, hour, *everything, **fields)

    def smoke(
        self, hour: float, *, passes: bool = True, files: Mapping[str, bytes] | None = None, **fields: Any
    ) -> int:
        """A run of the smoke, green, and what it leaves."""
        run = self.run(SMOKE, 72, hour, [self.job("smoke", hour)], **fields)
        self.artifact(run, "post-release-smoke-artifacts", files if files is not None else smoke_files(passes))
        return run

    def job(self, name: str, hour: float, conclusion: str | None = "success", **fields: Any) -> dict[str, Any]:
        """A job that took ten minutes, and ended at this hour."""
        ends = at(hour)
        told = {"started_at": stamp(ends - timedelta(minutes=10)), "completed_at": stamp(ends) if conclusion else None}
        return job(next(self._numbers), name, conclusion, **{**told, **fields})

    def own_smoke(self, hour: float) -> None:
        """A smoke of the watch's own, clean, with enough trials to prove zeros."""
        metadata = record_metadata(f"smoke-{hour}", Environment.LOOPBACK, at(hour))
        ran = JobAttempt(
            **metadata,
            workflow=SMOKE_WORKFLOW,
            job=SMOKE_JOB,
            variant="3.12",
            attempt=1,
            commit=SHA,
            conclusion=Conclusion.SUCCESS,
            origin=f"smoke-{hour}",
            requests=5_000,
            polls=3_000,
            waits=2_000,
            stale_trials=2_000,
        )
        ledger.write(self.watch.folder, [ran])

    def run(self, workflow: str, number: int, hour: float, *attempts: list[dict[str, Any]], **fields: Any) -> int:
        run = next(self._numbers)
        began = stamp(at(hour) - timedelta(minutes=11))
        told = {
            "name": workflow,
            "path": f".github/workflows/{workflow}.yml",
            "workflow_id": number,
            "event": "workflow_dispatch",
            "created_at": began,
            "updated_at": stamp(at(hour + len(attempts) - 1) + timedelta(minutes=1)),
        }
        self.github.add_run(run, *attempts, **{**told, **fields})
        for n in range(1, len(attempts) + 1):
            self.github.attempts[run, n]["run_started_at"] = stamp(at(hour + n - 1) - timedelta(minutes=11))
        for each in (each for attempt in attempts for each in attempt if each["conclusion"] == "failure"):
            self.github.logs[each["id"]] = b"2026-01-01T00:00:00Z FAILED tests/test_a.py::test_a - assert 1 == 2\n"
        return run

    def artifact(
        self, run: int, name: str, files: Mapping[str, bytes], hour: float | None = None, **fields: Any
    ) -> None:
        """An artifact with these files; with an hour, it says that it was made then."""
        made = {} if hour is None else {"created_at": stamp(at(hour))}
        kept = self.github.add_artifact(run, next(self._numbers), name, **files)
        kept.update({**made, **fields})

    # ── what becomes of it ───────────────────────────────────────────────────

    def take(self) -> tuple[str, ...]:
        """What `collect` says."""
        return self.watch.take().lines

    @property
    def judgement(self) -> Judgement:
        seen = frozenset(self.watch.folder.rglob("*")), self.github.now
        if self._judged is None or self._judged[0] != seen:
            release = folder.load(self.watch.place.releases / "1.0.0")
            self._judged = seen, judged(self.watch.place, release, self.github.now)
        return self._judged[1]

    @property
    def rate(self) -> tuple[int | None, int | None]:
        """The jobs that ended well, and those that count."""
        found = self.metric("pass-rate")
        return found.k, found.n

    def metric(self, name: str) -> Metric:
        return next(metric for metric in self.judgement.metrics if metric.id == name)

    @property
    def cells(self) -> dict[str, str]:
        """How each job of CI is now."""
        return {cell.job: str(cell.state) for cell in self.judgement.cells}

    def cell(self, name: str) -> CiCell:
        return next(cell for cell in self.judgement.cells if cell.job == name)

    @property
    def ends(self) -> list[tuple[str, int, str, str]]:
        """Each record of a job: its name, its attempt, how it ended, and what GitHub said where that is otherwise."""
        ci = (one for one in self.watch.kept(JobAttempt) if one.environment is Environment.CI)
        records = sorted(ci, key=lambda one: (one.run_id, one.job, one.attempt, one.origin))
        return [
            (one.job, one.attempt, str(one.conclusion), "" if one.reported is None else str(one.reported))
            for one in records
        ]


def at(hour: float) -> datetime:
    return BEGAN + timedelta(hours=hour)


def stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def smoke_files(passes: bool, *, but: tuple[str, ...] = ()) -> dict[str, bytes]:
    """The three files of the team's smoke: all checks pass, or the wait for an export does not."""
    checks = [
        {
            "name": name,
            "passed": passes or name != CHECKS[1],
            "details": "OK" if passes or name != CHECKS[1] else TIMED_OUT,
        }
        for name in CHECKS
    ]
    failed = sum(not check["passed"] for check in checks)
    document = {
        "timestamp_utc": "2026-01-01T01:00:00+00:00",
        "suite": "sdk post-release smoke",
        "checks": checks,
        "summary": {"passed": 3 - failed, "failed": failed, "ok": not failed},
    }
    printed = json.dumps(document, ensure_ascii=False, indent=2)
    log = [
        "suite=sdk post-release smoke",
        *(f"[{'PASS' if c['passed'] else 'FAIL'}] {c['name']}: {c['details']}" for c in checks),
    ]
    files = {
        "post_release_smoke_result__json": printed.encode(),
        "post_release_smoke_result__log": "\n".join([*log, f"overall={'FAIL' if failed else 'PASS'}", ""]).encode(),
        "post_release_smoke_stdout__log": f"Comprobando el entorno...\n{printed}\n".encode(),
    }
    return {name: content for name, content in files.items() if not name.endswith(but or "\0")}
