"""Lists the open questions of a watch, and decides whether it may be closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from atalaya.core.window import LONGEST_H, ends_at
from atalaya.core.words import Prose, text
from atalaya.records.judged import CellState, DutyState, Judgement, Priority, Question, State
from atalaya.records.stored import BacklogCarryover, Severity, VerdictStatus
from atalaya.verdict.findings import cell_name
from atalaya.watch.decisions import TAKES_BACK
from atalaya.watch.states import CLOSED, INCIDENT, INVALID, MONITORING, OVER, RESOLVED, in_words, is_allowed


def questions(judgement: Judgement) -> Iterator[Question]:
    """Everything that is not settled, by name: what is unknown, who has not signed, what is carried over."""
    items = {part.id: item.id for item in judgement.backlog for part in item.parts}
    for metric in judgement.metrics:
        if metric.state in (State.UNKNOWN, State.INCONCLUSIVE):
            says = text("{metric}, {state}: {reason}", metric=metric.id, state=metric.state, reason=metric.reason)
            yield Question(id=metric.id, says=says, item=items.get(metric.id, ""))
    for point in judgement.checkpoints:
        for duty in point.duties:
            if duty.state in (DutyState.MISSING, DutyState.PERSON_SIGNS, DutyState.NOT_YET_DUE):
                says = text("T+{hours}, {duty}: {state}", hours=point.hours, duty=duty.says, state=duty.state)
                yield Question(id=duty.id, says=says)
    if not judgement.coverage.enough:
        says = text(
            "Checkpoints that nobody observed: {missed}. Stretches from one to the next without CI: {gaps}. Slots of "
            "the schedule that were missed: {slots}.",
            missed=len(judgement.coverage.missed),
            gaps=len(judgement.coverage.ci_gaps),
            slots=judgement.coverage.slots - judgement.coverage.seen,
        )
        yield Question(id="watch-slept", says=says, item="watch-slept")
    for incident in judgement.incidents:
        if incident.state != RESOLVED:
            says = text(
                "{incident}, {severity}, is {state}: {impact}",
                incident=incident.id,
                severity=incident.severity,
                state=in_words(incident.state),
                impact=Prose(words=incident.impact),
            )
            yield Question(id=incident.id, says=says, item=items.get(incident.id, ""))
    for cell in judgement.cells:
        if cell.state is not CellState.GREEN:
            yield Question(id=cell_name(cell), says=cell.reason, item=items.get(cell_name(cell), ""))
    for test in judgement.broken_tests:
        yield Question(id=test.test, says=test.reason, item=items.get(test.test, ""))
    for item in judgement.backlog:
        if item.id == "checks":
            yield Question(id=item.id, says=item.says, item=item.id)
    for status in judgement.promises:
        if status.promise.id in items:
            says = text("{promise} is {outcome}.", promise=status.promise.id, outcome=status.outcome)
            yield Question(id=status.promise.id, says=says, item=items[status.promise.id])


def hinders(judgement: Judgement, *, now: datetime, early: bool) -> Iterator[str]:
    """Why a watch cannot be closed yet, and what to do about each; nothing where it can."""
    release = judgement.release
    if now < ends_at(release):
        taken_back = any(one.action in TAKES_BACK for one in judgement.decisions)
        if not early:
            yield (f"its window lasts until {ends_at(release):%Y-%m-%d %H:%M} UTC. If it was taken back: --early")
        elif not taken_back:
            yield (
                "--early is for a release that was taken back. Write that down first: atalaya release decide "
                "roll-back --why TEXT"
            )
    for incident in judgement.incidents:
        if incident.state not in OVER:
            shown, state = (
                ("that it is resolved", RESOLVED)
                if is_allowed(INCIDENT, incident.state, RESOLVED)
                else ("first that a fix has landed", MONITORING)
            )
            yield (
                f"{incident.id} is {incident.state}. Carry it over with --carry {incident.id}, or show {shown}: "
                f"atalaya release incident {incident.id} --release {release.version} --state {state} --why TEXT"
            )


def left_on_pages(judgement: Judgement) -> Iterator[str]:
    """What the front matter of pages says and no record does: in a sealed folder nobody can record it any more."""
    for page in judgement.pages:
        if page.not_recorded:
            yield (
                f"the page {page.name} says what is not recorded: {page.not_recorded[0].strip()}. Take it out, or "
                f"record it: atalaya release migrate --release {judgement.release.version}"
            )


def ends_as(judgement: Judgement) -> str:
    """The state that a watch ends in."""
    return INVALID if judgement.verdict.word is VerdictStatus.INVALID else CLOSED


def needs_longer(judgement: Judgement) -> bool:
    """Whether a critical incident is open at the end of a window that may still be made longer."""
    return judgement.release.window_h < LONGEST_H and any(
        incident.severity is Severity.CRITICAL and incident.state != RESOLVED for incident in judgement.incidents
    )


def asked_of_the_next(judgement: Judgement) -> tuple[BacklogCarryover, ...]:
    """The backlog as the next release takes it on: each thing by itself, since each is proven by itself."""
    return tuple(
        BacklogCarryover(
            id=part.id, says=str(part.says), proven_by=part.proven_by, priority=1 + tuple(Priority).index(item.priority)
        )
        for item in judgement.backlog
        for part in item.parts
    )
