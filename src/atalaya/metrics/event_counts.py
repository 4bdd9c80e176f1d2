"""Reads what the questions of the event metrics answer: events and trials, before and since a fix, by kind of run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from atalaya.core.words import N_, Text, text
from atalaya.metrics.engine.engine import Row
from atalaya.metrics.stats.flakiness import clean_runs_to_prove
from atalaya.records.judged import Tally

# The kinds of runs, as ``event_tallies.sql`` names them: their fates are compared with those of their own kind.
KINDS: dict[str, str] = {
    "telling": N_("runs that say how often they tried"),
    "silent": N_("runs that do not say how often they tried"),
    "check": N_("runs of the checks"),
}
ASIDE = ("expected", "of another commit", "of another workflow", "outside the window")

FEWEST_CLEAN = 3  # runs: what failed in all of a few runs is not known to fail in all, so one clean run shows little


class RunsOfKind(NamedTuple):
    """Runs of one kind: how many there were, those with an unexpected event, and those that one stopped."""

    n: int = 0
    bad: int = 0
    blocked: int = 0


class Side(NamedTuple):
    """What was counted on one side of a fix. ``in_rate`` are the events among the ``trials``."""

    events: int = 0
    in_rate: int = 0
    blocking: int = 0
    trials: int = 0
    runs: Mapping[str, RunsOfKind] = MappingProxyType({})

    @property
    def without_trials(self) -> int:
        """The events of runs that do not say how often they tried: they enter no rate."""
        return self.events - self.in_rate

    @property
    def n_runs(self) -> int:
        """The runs that the trials were made in."""
        return self.runs.get("telling", RunsOfKind()).n


class EventCounts(NamedTuple):
    """What one metric counted: since its fix, or all of it where there is none, and what came before.

    ``since_by_day`` and ``by_day`` are what entered the rate in each 24 hours, since the fix and in all, ``all_by_day``
    are all events. ``apart`` is what does not count, by why.
    """

    since: Side
    before: Side
    since_by_day: tuple[Tally, ...]
    by_day: tuple[Tally, ...]
    all_by_day: tuple[int, ...]
    apart: dict[str, int]
    silent_jobs: int

    @property
    def known(self) -> bool:
        """Whether anything was tried, or happened."""
        return self.since.trials > 0 or self.since.events > 0

    def without_fix(self) -> EventCounts:
        """The same, where nothing before the fix had to be mended: all of it counts."""
        whole = _merged(self.before, self.since)
        return self._replace(since=whole, before=Side(), since_by_day=self.by_day)


def event_counts(rows: Sequence[Row], bins: int) -> EventCounts:
    """What the rows of one question come to, over so many times 24 hours."""
    counted = [row for row in rows if row["runs_kind"] in KINDS]
    since = [row for row in counted if row["since_fix"]]
    return EventCounts(
        since=_side(since),
        before=_side([row for row in counted if not row["since_fix"]]),
        since_by_day=_by_day(since, bins),
        by_day=_by_day(counted, bins),
        all_by_day=tuple(_sum([row for row in counted if row["bin"] == number], "events") for number in range(bins)),
        apart={why: _sum([row for row in rows if row["runs_kind"] == why], "events") for why in ASIDE},
        silent_jobs=_sum(counted, "silent_jobs"),
    )


def _by_day(rows: Sequence[Row], bins: int) -> tuple[Tally, ...]:
    days = ([row for row in rows if row["bin"] == number] for number in range(bins))
    return tuple(Tally(events=_sum(day, "in_rate"), trials=_sum(day, "trials")) for day in days)


def by_part(rows: Sequence[Row], parts: int) -> tuple[Tally, ...]:
    """All events, and the trials beside them, in each 6 hours since T+0. The end belongs to the last."""
    counted = [row for row in rows if row["runs_kind"] in KINDS]
    of_part = ([row for row in counted if min(row["part"], parts - 1) == number] for number in range(parts))
    return tuple(Tally(events=_sum(part, "events"), trials=_sum(part, "trials")) for part in of_part)


def _side(rows: Sequence[Row]) -> Side:
    return Side(
        events=_sum(rows, "events"),
        in_rate=_sum(rows, "in_rate"),
        blocking=_sum(rows, "blocking"),
        trials=_sum(rows, "trials"),
        runs={
            kind: RunsOfKind(*(_sum(of_kind, name) for name in ("runs", "bad_runs", "blocked_runs")))
            for kind, of_kind in ((kind, [row for row in rows if row["runs_kind"] == kind]) for kind in KINDS)
            if of_kind
        },
    )


def _merged(one: Side, other: Side) -> Side:
    both = [{kind: side.runs.get(kind, RunsOfKind()) for kind in KINDS} for side in (one, other)]
    return Side(
        events=one.events + other.events,
        in_rate=one.in_rate + other.in_rate,
        blocking=one.blocking + other.blocking,
        trials=one.trials + other.trials,
        runs={
            kind: RunsOfKind(*(sum(pair) for pair in zip(*(side[kind] for side in both), strict=True)))
            for kind in KINDS
            if kind in one.runs or kind in other.runs
        },
    )


def _sum(rows: Sequence[Row], name: str) -> int:
    return sum(row[name] for row in rows)


# ── what shows a fix ─────────────────────────────────────────────────────────


class Sick(NamedTuple):
    """Runs of a kind that was sick before a fix, and those of the same kind since."""

    kind: str
    bad: int
    n: int
    since: int
    bad_since: int

    @property
    def needed(self) -> int:
        """The clean runs that reject, at 95 %, that the share of sick ones from before is still there.

        >>> Sick("telling", bad=1, n=3, since=1, bad_since=0).needed
        8
        """
        return clean_runs_needed(self.bad, self.n)

    @property
    def clean(self) -> int:
        return self.since - self.bad_since


def clean_runs_needed(bad: int, n: int) -> int:
    """The clean runs in a row that reject, at 95 %, that ``bad`` of ``n`` are sick still: ln 0.05 / ln(1 - bad/n).

    Where nearly all were sick it is one or two; three are asked for, since a share of all is never known from a few.

    >>> clean_runs_needed(1, 3), clean_runs_needed(3, 40), clean_runs_needed(1, 1)
    (8, 39, 3)
    """
    return max(FEWEST_CLEAN, clean_runs_to_prove(bad / n) or 0) if bad else 0


class Fix(NamedTuple):
    """When a fix landed, and what shows it: clean trials, and clean runs of each kind that was sick.

    The trials of one run share its fate, so a rate is rejected only where the runs reject it as well.
    """

    at: datetime
    events_before: int
    trials_before: int
    events_since: int
    trials_since: int
    sick: tuple[Sick, ...]

    @property
    def trials_needed(self) -> int:
        """The clean trials that reject, at 95 %, that the rate from before the fix is still there."""
        return (clean_runs_to_prove(self.events_before / self.trials_before) or 0) if self.events_before else 0

    @property
    def runs_needed(self) -> int:
        """The further clean runs that it takes, of all kinds together. Zero where the runs are enough."""
        return sum(max(0, one.needed - one.clean) for one in self.sick)

    @property
    def further_trials(self) -> int:
        """The further clean trials that it takes."""
        return max(0, self.trials_needed - self.trials_since)

    @property
    def is_shown(self) -> bool:
        """Whether enough came after it. What came is not asked here."""
        return self.runs_needed == 0 and self.further_trials == 0


def fix_of(counts: EventCounts, at: datetime | None, *, blocking: bool = False) -> Fix | None:
    """The fix of a metric that an incident spoiled, if one has landed.

    :param blocking: whether what was to be fixed are the events that stopped a run, and not all of them.
    """
    if at is None:
        return None
    before, since = counts.before, counts.since
    return Fix(
        at=at,
        # An event that stopped a run counts by its run: the others of that run are another matter.
        events_before=0 if blocking else before.in_rate,
        trials_before=before.trials,
        events_since=since.blocking if blocking else since.events,
        trials_since=since.trials,
        sick=tuple(_sick(before, since, blocking)),
    )


def _sick(before: Side, since: Side, blocking: bool) -> Iterator[Sick]:
    for kind in KINDS:
        then, now = (side.runs.get(kind, RunsOfKind()) for side in (before, since))
        bad, bad_since = (runs.blocked if blocking else runs.bad for runs in (then, now))
        if bad:
            # A run that says it tried nothing is none, whatever happened in it.
            yield Sick(kind, bad, max(bad, then.n), now.n, bad_since)


def sick_in_words(fix: Fix) -> tuple[Text, ...]:
    """Each kind of runs that was sick: what was there, and how far the clean ones since have come."""
    return tuple(
        text(
            "{kind}: {clean} clean since, {needed} needed to reject at 95 % the {bad} in {n} from before",
            kind=Text(template=KINDS[one.kind]),
            clean=one.clean,
            needed=one.needed,
            bad=one.bad,
            n=one.n,
        )
        for one in fix.sick
    )
