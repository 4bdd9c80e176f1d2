"""The query of a metric: the part of a watch that it covers, and context beside the evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from atalaya.core.settings import Settings
from atalaya.core.window import DAY_H, HOUR, LOOKS_H, due_at, ends_at
from atalaya.core.words import Record
from atalaya.evidence.apart import CI_EVENTS, counts
from atalaya.evidence.from_runs import CHECKS_WORKFLOW, PERIOD, SMOKE_WORKFLOW
from atalaya.records.judged import Metric
from atalaya.records.stored import JobAttempt, Release

OUR_WORKFLOWS = (CHECKS_WORKFLOW, SMOKE_WORKFLOW)
BIN = DAY_H * HOUR


class DetectorPower(Record, frozen=True, kw_only=True):
    """How many seeded events of its kind the detectors of a metric were shown, and caught."""

    shown: int
    caught: int


NEVER_SHOWN = DetectorPower(shown=0, caught=0)


class HealthTotals(Record, frozen=True, kw_only=True):
    """What the smokes of a release tell of waits and requests. ``retries`` are among the ``requests``."""

    ready_ms: tuple[float, ...] = ()
    requests: int = 0
    retries: int = 0


class Baseline(Record, frozen=True, kw_only=True):
    """The last accepted release, measured over as much of its window as has passed of this one's.

    ``jobs`` are its decided jobs, by workflow, job and variant: those that ended well, and all.
    """

    version: str
    metrics: Mapping[str, Metric]
    jobs: Mapping[tuple[str, str, str], tuple[int, int]]
    health: HealthTotals = HealthTotals()


class MetricQuery(Record, frozen=True, kw_only=True):
    """The part of the watch that is asked about, and what it is asked of.

    ``fixed_at`` holds the metrics that an incident spoiled, and when its fix landed. ``regressed_before`` are those
    that were found worse than the basis at the look before this one, and ``unfed`` those that no check of the pack
    could ever show anything of. ``same_tree`` are the commits that hold the same SDK as the released one.
    """

    release: Release
    as_of: datetime
    settings: Settings
    detectors: Mapping[str, DetectorPower] = {}
    fixed_at: Mapping[str, datetime] = {}
    basis: Baseline | None = None
    regressed_before: frozenset[str] = frozenset()
    unfed: frozenset[str] = frozenset()
    same_tree: frozenset[str] = frozenset()

    @property
    def until(self) -> datetime:
        """The end of what counts: the instant asked about, or the end of the window if that was earlier."""
        return min(self.as_of, ends_at(self.release))

    @property
    def last_bin(self) -> int:
        """The number of the window's last 24 hours."""
        return max(0, math.ceil(self.release.window_h / DAY_H) - 1)

    @property
    def bins(self) -> int:
        """How many times 24 hours have begun."""
        return min(self.last_bin, max(0, (self.until - self.release.opened_at) // BIN)) + 1

    @property
    def look(self) -> int:
        """The look, from 1, at which tests of this instant are judged: the next one, and the last in the end."""
        to_come = (number for number, hours in enumerate(LOOKS_H, 1) if self.as_of <= due_at(self.release, hours))
        return next(to_come, len(LOOKS_H))

    def detector(self, metric: str) -> DetectorPower:
        """What the detectors of a metric are known to see."""
        return self.detectors.get(metric, NEVER_SHOWN)

    def parameters(self, metric: str = "") -> dict[str, Any]:
        """What the ``.sql`` files may ask for. ``fixed`` is when a fix for this metric landed; T+0 without one."""
        return {
            "t0": iso(self.release.opened_at),
            "until": iso(self.until),
            "as_of": iso(self.as_of),
            "fixed": iso(self.fixed_at.get(metric, self.release.opened_at)),
            "rehearsal": self.release.rehearsal,
            "commit": self.release.commit.lower(),
            "same_tree": sorted(self.same_tree),
            "ours": list(OUR_WORKFLOWS),
            "ci_events": list(CI_EVENTS),
            "workflows": list(self.settings.ci.workflows),
            "any_workflow": not self.settings.ci.workflows,
            "period": PERIOD,
            "last_bin": self.last_bin,
            "ends": iso(ends_at(self.release)),
            # What is late to a checkpoint, which tests failed, and how some ended, is asked with these.
            "at": iso(self.as_of),
            "only_failed": False,
            "tests": [],
            # Pairs of names: the questions about tests are given those that the reports show, see repeats.py.
            "repeats": [],
        }


def may_be_ci(job: JobAttempt) -> bool:
    """Whether an attempt of a job can be CI's: neither Atalaya's own run, nor of a run that tests another tree.

    Which workflows are listed, and which commits hold the released SDK, is not asked here.
    """
    return job.workflow not in OUR_WORKFLOWS and counts(job.event)


def iso(at: datetime) -> str:
    """An instant as the ``.sql`` files cast it."""
    return at.astimezone(UTC).isoformat()
