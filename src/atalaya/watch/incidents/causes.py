"""Puts together what the rules see of one cause, so that it is one incident.

A defect shows in many ways: its promise breaks, the smoke counts an event, tests and jobs of CI fail, a figure misses
its threshold. What began together, or is known to see the same, is one cause.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from atalaya.core.words import first_of
from atalaya.records.stored import Severity

WHAT = {"promise-broken": "the promise ", "test-broken": "the test ", "metric-failed": "the metric "}
SHOWN = 3  # so much that comes with a cause is named, and the rest is counted


class Sighting(NamedTuple):
    """What a rule sees of one cause, as often as it was seen.

    ``about`` is the metric, or the family of promises, that it hurts; ``name`` is what it is in a sentence. ``began``
    is the run in which it was first seen, and ``runs`` are all of them, where it is told by runs. ``formerly`` are the
    names under which earlier versions knew the cause.
    """

    rule: str
    fingerprint: str
    severity: Severity
    about: str
    metric: str
    impact: str
    first_at: datetime
    last_at: datetime
    times: int
    shows: tuple[str, ...]
    name: str = ""
    began: str = ""
    runs: frozenset[str] = frozenset()
    formerly: frozenset[str] = frozenset()


Cause = list[Sighting]  # what leads comes first
Sees = Mapping[str, Sequence[str]]  # the promises whose checks would see what a metric counts


def _of_one_family(promise: Sighting, other: Sighting, sees: Sees) -> bool:
    return promise.about == other.about and promise.began == other.began


def _seen_by_its_check(promise: Sighting, event: Sighting, sees: Sees) -> bool:
    id = promise.name
    return any(
        id.startswith(one.removesuffix("*")) if one.endswith(".*") else id == one for one in sees.get(event.metric, ())
    )


def _began_together(one: Sighting, other: Sighting, sees: Sees) -> bool:
    return one.about == other.about and bool(one.began) and one.began == other.began


def _in_one_run(one: Sighting, other: Sighting, sees: Sees) -> bool:
    return bool(one.runs & other.runs)


EVENT = "an event that a metric counts"
# What leads comes first; each joins the first that is there before it and that it is one cause with. What opens by
# another rule stands alone.
ORDER = (EVENT, "test-broken", "promise-broken", "variant-failing", "metric-failed")
JOINS: Mapping[tuple[str, str], Callable[[Sighting, Sighting, Sees], bool]] = {
    ("promise-broken", EVENT): _seen_by_its_check,
    ("promise-broken", "promise-broken"): _of_one_family,
    ("test-broken", "test-broken"): _began_together,
    ("variant-failing", "test-broken"): _in_one_run,
    ("variant-failing", "variant-failing"): _began_together,
    ("metric-failed", "test-broken"): _in_one_run,
    ("metric-failed", "variant-failing"): _in_one_run,
}


def by_cause(found: Sequence[Sighting], sees: Sees) -> list[Cause]:
    """The sightings, a list for each cause."""
    causes: list[Cause] = []
    for one in sorted(found, key=lambda one: _rank(one)):
        home = next((cause for cause in causes if any(_joins(one, other, sees) for other in cause)), None)
        if home is None:
            causes.append([one])
        else:
            home.append(one)
    return causes


def _rank(one: Sighting) -> tuple[int, int]:
    kind = _kind(one)
    return ORDER.index(kind) if kind in ORDER else len(ORDER), -one.times


def _kind(one: Sighting) -> str:
    return EVENT if one.metric and one.rule != "metric-failed" else one.rule


def _joins(one: Sighting, other: Sighting, sees: Sees) -> bool:
    rule = JOINS.get((_kind(one), _kind(other)))
    return rule is not None and rule(one, other, sees)


def in_words(cause: Cause) -> str:
    """What a cause does, in a sentence: what leads, and what comes with it."""
    with_it = also(cause[1:])
    return f"{cause[0].impact.rstrip('.')}. Seen with it: {with_it}" if with_it else cause[0].impact


def also(found: Sequence[Sighting]) -> str:
    """The names of sightings, the first of them; the others are counted.

    >>> also([])
    ''
    """
    named = [f"{WHAT.get(one.rule, '')}{one.name or one.fingerprint}" for one in found]
    return first_of(named, SHOWN)
