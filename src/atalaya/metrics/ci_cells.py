"""Lists the jobs of CI by variant, and says how each is now: green, red, broken, or worse than the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

from atalaya.core.window import DAY_H, HOUR, LOOKS_H, due_at, ends_at
from atalaya.core.words import Text, text
from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.stats.comparison import fails_more
from atalaya.metrics.stats.rounding import rates
from atalaya.metrics.stats.sequential import limit
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import CellState, CiCell
from atalaya.records.stored import Release

# By chance alone one red run at a look would alarm a quarter of the healthy releases at 0.97 with five jobs; three in a
# row do 0.2 %.
BROKEN_RUNS = 3
LEAST_FAILURES = 3  # for a variant to be worse than others: two are one bad day
AGE_H = 27  # a day, and the three hours within which a checkpoint's runs may come

Key = tuple[str, str, str]


class JobEnd(NamedTuple):
    """How one job of one run of CI ended, by its last decided attempt."""

    workflow: str
    job: str
    variant: str
    run_id: str
    ended_at: datetime
    succeeded: bool


class Comparison(NamedTuple):
    """A cell's runs beside others: how many failed, of how many."""

    failed: int
    n: int
    others_failed: int
    others_n: int
    past: bool  # the others are its own runs from before

    @property
    def p(self) -> float:
        """How likely so many of the failures would fall to these runs, or more, if all failed alike."""
        return fails_more(self.failed, self.n, self.others_failed, self.others_n)


class Look(NamedTuple):
    """A checkpoint that has passed."""

    hours: int
    at: datetime
    number: int


def ci_cells(engine: Engine, span: MetricQuery) -> tuple[CiCell, ...]:
    """Each (workflow, job, variant) of CI that has a decided run, as of the instant asked about.

    :raises EvidenceError: a segment cannot be read.
    """
    ends = [
        JobEnd(
            row["workflow"], row["job"], row["variant"], row["run_id"], row["ended_at"], succeeded=row["succeeded"] == 1
        )
        for row in engine.ask("decided_jobs", span.parameters())
    ]
    return cells(ends, release=span.release, as_of=span.as_of)


def cells(ends: Sequence[JobEnd], *, release: Release, as_of: datetime) -> tuple[CiCell, ...]:
    """The cells of CI, in the order of their names, from how their jobs ended.

    A cell is red now where its latest run failed, and broken where its last three did: both at any instant. By the last
    checkpoint that has passed, it is worse where a test finds it so, and not run lately where its latest run was older
    than 27 h. What is said first here is the least: broken stands over worse, worse over red, red over too old.
    """
    until = min(as_of, ends_at(release))
    of_cell: dict[Key, list[JobEnd]] = {}
    # At one instant the failure comes last: what is not known to be over is not over.
    for end in sorted(ends, key=lambda end: (end.ended_at, not end.succeeded, end.run_id)):
        if end.ended_at <= until:
            of_cell.setdefault((end.workflow, end.job, end.variant), []).append(end)
    look = _last_look(release, until)
    worse = _worse(of_cell, release, look) if look else {}
    return tuple(_cell(key, of_cell[key], worse.get(key), release, look) for key in sorted(of_cell))


def _last_look(release: Release, until: datetime) -> Look | None:
    passed = [hours for hours in range(DAY_H, release.window_h + 1, DAY_H) if due_at(release, hours) <= until]
    return Look(passed[-1], due_at(release, passed[-1]), min(len(passed), len(LOOKS_H))) if passed else None


def _cell(key: Key, ends: Sequence[JobEnd], worse: Text | None, release: Release, look: Look | None) -> CiCell:
    failures = len(list(takewhile(lambda end: not end.succeeded, reversed(ends))))
    succeeded, last_at = sum(end.succeeded for end in ends), ends[-1].ended_at
    since = ends[-failures].ended_at if failures else None
    of_all = text("{succeeded} of {runs} runs ended well.", succeeded=succeeded, runs=len(ends))
    state, reason = CellState.GREEN, text("Its latest run ended well; {of_all}", of_all=of_all)
    if look and (age := _too_old(ends, release, look)) is not None:
        state = CellState.TOO_OLD
        reason = text(
            "It has not run since {last_at}: at T+{hours} its latest run was {age:.0f} h old, and at most {most} h may "
            "pass.",
            last_at=last_at,
            hours=look.hours,
            age=age / HOUR,
            most=AGE_H,
        )
    if failures:
        state = CellState.RED_NOW
        reason = text(
            "Red since {since}: its last {failures} runs failed; {of_all}",
            since=since,
            failures=failures,
            of_all=of_all,
        )
    if failures == 1:
        reason = text("Red since {since}: its latest run failed; {of_all}", since=since, of_all=of_all)
    if worse:
        state, reason = CellState.WORSE, worse
    if failures >= BROKEN_RUNS:
        state = CellState.BROKEN
        reason = text(
            "Broken since {since}: its last {failures} runs failed; {of_all}",
            since=since,
            failures=failures,
            of_all=of_all,
        )
    workflow, job, variant = key
    return CiCell(
        workflow=workflow,
        job=job,
        variant=variant,
        state=state,
        runs=len(ends),
        succeeded=succeeded,
        last_at=last_at,
        failures=failures,
        since=since,
        reason=reason,
    )


def _too_old(ends: Sequence[JobEnd], release: Release, look: Look) -> timedelta | None:
    """How old the latest run was at a checkpoint, where that was too old and none has come since.

    It is asked of cells that had run lately at the checkpoint before: within the same 27 h, so that a cell which was
    not too old then cannot fall out of sight. Before T+0 nothing had run, and at T+24 nothing is too old. A cell
    that ran once, long ago, is not waited for.
    """
    before = due_at(release, look.hours - DAY_H)
    ran_then = any(before - AGE_H * HOUR <= end.ended_at <= before for end in ends)
    age = look.at - ends[-1].ended_at
    return age if ran_then and age > AGE_H * HOUR else None


# ── which cells fail more ────────────────────────────────────────────────────


def _worse(of_cell: Mapping[Key, Sequence[JobEnd]], release: Release, look: Look) -> dict[Key, Text]:
    """The cells that fail more than the others do, or than they did before, by an exact test at a checkpoint.

    Only what had ended by then is looked at. The limit is divided among the tests (C. E. Bonferroni, 1936), whether
    there was a failure to be tested or not.
    """
    known = {key: [end for end in ends if end.ended_at <= look.at] for key, ends in of_cell.items()}
    if max(map(_failed, known.values()), default=0) < LEAST_FAILURES:
        return {}  # no comparison can find one
    all_ends = [end for ends in known.values() for end in ends]
    of_all = len(all_ends), _failed(all_ends)
    tests = [(key, comparison) for key in known for comparison in _comparisons(known[key], of_all, release, look)]
    most = limit(look.number) / max(1, len(tests))
    found: dict[Key, tuple[float, Text]] = {}
    for key, comparison in tests:
        if comparison.failed < LEAST_FAILURES or comparison.p > most:
            continue
        if key not in found or comparison.p < found[key][0]:
            reason = _worse_in_words(comparison, known[key], most, len(tests), look)
            found[key] = comparison.p, reason
    return {key: reason for key, (_, reason) in found.items()}


def _comparisons(own: Sequence[JobEnd], of_all: tuple[int, int], release: Release, look: Look) -> Iterator[Comparison]:
    """A cell beside the others, and beside its own past. ``of_all`` are the jobs of all cells, and the failed ones."""
    n, failed = of_all
    if own and n > len(own):
        yield Comparison(_failed(own), len(own), failed - _failed(own), n - len(own), past=False)
    began = due_at(release, look.hours - DAY_H)
    past, lately = ([end for end in own if (end.ended_at > began) is late] for late in (False, True))
    if past and lately:
        yield Comparison(_failed(lately), len(lately), _failed(past), len(past), past=True)


def _failed(ends: Sequence[JobEnd]) -> int:
    return sum(not end.succeeded for end in ends)


def _worse_in_words(it: Comparison, ends: Sequence[JobEnd], most: float, tests: int, look: Look) -> Text:
    p, wanted = rates(it.p, most)
    first = next(end.ended_at for end in ends if not end.succeeded)
    against = (
        text(
            "{failed} of {n} in its own runs before T+{hours}",
            failed=it.others_failed,
            n=it.others_n,
            hours=look.hours - DAY_H,
        )
        if it.past
        else text("{failed} of {n} in the other jobs and variants", failed=it.others_failed, n=it.others_n)
    )
    return text(
        "It fails more than chance explains, since {first}: {failed} of {n} runs against {against}; p = {p}, at or "
        "below {limit}, the limit at T+{hours} for each of {tests} tests.",
        first=first,
        failed=it.failed,
        n=it.n,
        against=against,
        p=p,
        limit=wanted,
        hours=look.hours,
        tests=tests,
    )
