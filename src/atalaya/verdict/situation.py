"""Holds all that the rules of the verdict look at, as of one instant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from atalaya.core.settings import Settings
from atalaya.core.window import LONGEST_H, due_at, ends_at, next_look
from atalaya.core.words import Record, StrictEnum, Text
from atalaya.records.judged import (
    BrokenTest,
    CellState,
    Checkpoint,
    CiCell,
    Coverage,
    DispatchPlan,
    Duty,
    DutyState,
    Incident,
    IncidentFollowUp,
    Metric,
    State,
)
from atalaya.records.stored import Release, Severity

OVER = ("resolved",)  # states of an incident that is no longer open: what is carried over hurts still


class When(StrictEnum):
    """The part of the watch in which a rule may apply."""

    BEFORE = "before the end"
    END = "at the end"


class Situation(Record, frozen=True, kw_only=True):
    """All that the rules and the advice look at.

    ``metrics_at`` holds the metrics as they were at each checkpoint that has passed, by its hours.
    ``disputed`` say why the last record of an incident does not count as it was written, and ``unproven`` are those
    whose fix has landed and which were not seen since: only the proof, or the word that they are over, is missing.
    ``ahead`` name records from a clock ahead of ours.
    ``integrity_problems`` say what of the evidence or the settings is not what it was recorded to be.
    ``broken_critical`` are the ids of the critical promises whose latest outcome is broken, ``broken_others`` of the
    others. ``own_at`` is when Atalaya itself last observed the SDK, ``collected_at`` when files of CI were last taken
    in, and ``dispatch`` how many jobs of CI are asked for now.
    """

    release: Release
    as_of: datetime
    settings: Settings
    metrics: tuple[Metric, ...]
    metrics_at: dict[int, tuple[Metric, ...]] = msgspec.field(default_factory=dict)
    checkpoints: tuple[Checkpoint, ...] = ()
    coverage: Coverage | None = None
    cells: tuple[CiCell, ...] = ()
    broken_tests: tuple[BrokenTest, ...] = ()
    incidents: tuple[Incident, ...] = ()
    followed: tuple[IncidentFollowUp, ...] = ()
    unproven: tuple[str, ...] = ()
    disputed: tuple[Text, ...] = ()
    ahead: tuple[Text, ...] = ()
    integrity_problems: tuple[Text, ...] = ()
    broken_critical: tuple[str, ...] = ()
    broken_others: tuple[str, ...] = ()
    defects_seeded: int = 0
    defects_caught: int = 0
    own_at: datetime | None = None
    collected_at: datetime | None = None
    dispatch: DispatchPlan | None = None

    @property
    def ends_at(self) -> datetime:
        """The end of the window."""
        return ends_at(self.release)

    @property
    def when(self) -> When:
        """The part of the watch that the instant lies in."""
        return When.END if self.as_of >= self.ends_at else When.BEFORE

    @property
    def can_extend(self) -> bool:
        """Whether the window may still be made longer."""
        return self.release.window_h < LONGEST_H

    @property
    def last_look_h(self) -> int | None:
        """The last checkpoint that has passed and that the metrics are known of."""
        return max((hours for hours in self.metrics_at if due_at(self.release, hours) <= self.as_of), default=None)

    @property
    def next_look(self) -> datetime:
        """The next instant at which the metrics are looked at: a checkpoint, or the end."""
        return next_look(self.release, self.as_of)

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Those that are not over; not one whose fix has landed and whose proof alone is missing."""
        return tuple(
            one
            for one in self.incidents
            if one.state.lower() not in OVER and one.at <= self.as_of and one.id not in self.unproven
        )

    def incidents_of(self, severity: Severity) -> tuple[Incident, ...]:
        """The open incidents of one severity."""
        return tuple(one for one in self.open_incidents if one.severity is severity)

    def cells_in(self, *states: CellState) -> tuple[CiCell, ...]:
        """The cells of CI that are in one of these states."""
        return tuple(cell for cell in self.cells if cell.state in states)

    def duties_in(self, state: DutyState) -> Iterator[tuple[Checkpoint, Duty]]:
        """The duties in one state whose checkpoint has come."""
        for point in self.checkpoints:
            if point.due_at <= self.as_of:
                yield from ((point, duty) for duty in point.duties if duty.state is state)

    def metric(self, id: str) -> Metric | None:
        """One metric; None where it was not measured."""
        return next((metric for metric in self.metrics if metric.id == id), None)

    @property
    def is_failing(self) -> bool:
        """Whether anything fails, is broken, red or open, of all that the rules look at."""
        red = self.cells_in(CellState.RED_NOW, CellState.BROKEN, CellState.WORSE)
        return bool(
            self.integrity_problems
            or self.defects_seeded > self.defects_caught
            or self.broken_critical
            or self.broken_others
            or red
            or self.broken_tests
            or any(one.state.lower() not in OVER and one.at <= self.as_of for one in self.incidents)
            or any(metric.state is State.FAIL for metric in self.metrics)
            or any(True for _ in self.duties_in(DutyState.FAILED))
        )
