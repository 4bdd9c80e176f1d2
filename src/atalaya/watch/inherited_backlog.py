"""The backlog that the last release left to this one, and the state of each item now."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import Judgement, Priority, State
from atalaya.records.stored import BacklogCarryover, Outcome, Presence

DONE = (Outcome.KEPT, Outcome.NOT_APPLICABLE, State.MEETS, State.PROVEN)


def priority_of(item: BacklogCarryover) -> Priority:
    """The priority of an item, also of one that was recorded when there was a fourth."""
    known = tuple(Priority)
    return known[max(1, min(item.priority, len(known))) - 1]


class Answer(NamedTuple):
    """An item of the backlog, and what now says of it.

    ``has_check``: a check or a metric can prove it done. ``of_promise``: it is about a promise. ``now``: what a check
    or a metric says of it in this watch.
    """

    item: BacklogCarryover
    has_check: bool
    of_promise: bool
    now: Outcome | State | None
    is_done: bool


def has_check(item: BacklogCarryover, checked: Container[str]) -> bool:
    """Whether a promise, a metric or a limitation of that id exists; ``checked`` are the first and the last."""
    return item.proven_by in checked or item.proven_by in METRICS


def answers(judgement: Judgement) -> tuple[Answer, ...]:
    """How each item of the last release's backlog stands in this watch."""
    asked = next((step.asked for step in judgement.steps if step.asked), ())
    promises = {one.promise.id: one.outcome for one in judgement.promises}
    metrics = {one.id: one.state for one in judgement.metrics}
    gone = {found.weakness for found in judgement.findings if found.seen is Presence.NOT_SEEN}
    found = []
    for item in asked:
        now = promises[item.proven_by] if item.proven_by in promises else metrics.get(item.proven_by)
        has = has_check(item, {*promises, *(one.id for one in judgement.limitations)})
        found.append(Answer(item, has, item.id in promises, now, now in DONE or item.proven_by in gone))
    return tuple(found)
