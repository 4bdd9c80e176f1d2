"""Computes how many jobs of CI are asked for at a checkpoint.

The number is fixed when the time about a checkpoint begins, by the runs that had ended then: who dispatches until the
figure looks well stops when chance is kind. Where the watch dispatched a run itself, the number that it wrote down then
holds. What has run since is taken off it, however it ended. After the dispatch of the last checkpoint no further one is
asked for in that window.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from atalaya.core.settings import Thresholds
from atalaya.core.window import DAY_H, T0, WINDOW_H, due_at, ends_at
from atalaya.metrics.coverage import ABOUT_H, checkpoints_of
from atalaya.metrics.pass_rate import jobs_needed
from atalaya.records.judged import CiRun, DispatchPlan
from atalaya.records.stored import Dispatch, Release

JOBS_A_RUN = 4  # until a run has shown how many it has
RUNS_AT_T0 = 2
MOST_JOBS = 16  # at one checkpoint


def asked(
    ci_runs: Sequence[CiRun],
    *,
    release: Release,
    as_of: datetime,
    limits: Thresholds,
    dispatched: Sequence[Dispatch] = (),
) -> DispatchPlan | None:
    """What is asked for at the checkpoint that it is time for; None before T+0 and once the window is over.

    At T+0, two runs. Later, the jobs that the pass rate needs, spread over the checkpoints that are left; one run at
    the least, since without one there would be a gap of CI; and as whole runs, at most 16 jobs.

    :param dispatched: the runs of the main pipeline that the watch started.

    >>> from datetime import UTC, timedelta
    >>> t0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> release = Release(version="1.1.0", commit="", opened_at=t0)
    >>> def at(hours, *runs):
    ...     ended = [CiRun(t0 + timedelta(hours=h), 4, 4) for h in runs]
    ...     plan = asked(ended, release=release, as_of=t0 + timedelta(hours=hours), limits=Thresholds())
    ...     return plan and (plan.hours, plan.runs, plan.runs_left)
    >>> at(0), at(24, 1, 1), at(25, 1, 1, 24), at(48, 1, 1, 24, 24), at(72)
    ((0, 2, 2), (24, 2, 2), (24, 2, 1), (48, 2, 2), None)
    """
    if not release.opened_at <= as_of < ends_at(release):
        return None
    begun = [hours for hours in checkpoints_of(release) if begins_at(release, hours) <= as_of]
    hours = begun[-1]
    begins = begins_at(release, hours)
    known = sorted(run for run in ci_runs if run.ended_at <= as_of and run.decided)
    before = [run for run in known if run.ended_at < begins]
    a_run = max((run.decided for run in before), default=JOBS_A_RUN)
    if hours == T0:
        runs = RUNS_AT_T0
    else:
        needed = jobs_needed([(run.succeeded, run.decided) for run in before], limits) or 0
        jobs = min(MOST_JOBS, math.ceil(needed / _left(hours)))
        runs = max(1, min(math.ceil(jobs / a_run), MOST_JOBS // a_run))
    done = sum(run.decided for run in known if run.ended_at >= begins)
    started = sorted(
        (one for one in dispatched if one.checkpoint_h == hours and one.recorded_at <= as_of),
        key=lambda one: one.recorded_at,
    )
    jobs = runs * a_run
    if started:
        runs, jobs = started[0].runs, started[0].jobs
    return DispatchPlan(hours=hours, runs=runs, jobs=jobs, jobs_done=done, runs_started=len(started))


def begins_at(release: Release, hours: int) -> datetime:
    """When a checkpoint's number is fixed: as soon as it can be observed."""
    return due_at(release, max(0, hours - ABOUT_H))


def _left(hours: int) -> int:
    """The checkpoints that are left with this one, in the window as it was then: it may be made longer later."""
    return max(0, WINDOW_H - hours) // DAY_H + 1
