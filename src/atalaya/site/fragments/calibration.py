"""The fragments of the page of the calibration, from the counts that ``calibrate`` left in the tree."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from atalaya.core.words import N_, Text
from atalaya.metrics.stats.intervals import ALPHA, wilson
from atalaya.records.judged import State
from atalaya.records.stored import VerdictStatus
from atalaya.site.markup.myst import NOTHING, Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.watch.calibration_record import (
    BASELINE_RULE_NAMES,
    BASELINE_RULE_TEXTS,
    COMPUTED_TEXTS,
    MOST_JOBS,
    STRICTER_RULE_TEXTS,
    Calibration,
    Found,
    Truth,
)

NONE_YET = N_("No calibration has been kept yet: `nox -s calibrate` makes one.")
SHARE = N_("{share:.2%} ({low:.2%} to {high:.2%}): {count} of {n}")
FRAGMENTS = ("world", "healthy", "duties", "mends", "sick", "unseen", "words", "theory", "naive", "jobs")


def about_the_verdict(calibration: Calibration | None) -> dict[str, Callable[[Renderer], Markdown]]:
    """The fragments that tell how often the verdict is wrong, by name."""
    names = [f"calibration-{name}" for name in FRAGMENTS]
    if calibration is None:
        return {name: lambda voice: voice(NONE_YET) for name in names}
    return {name: partial(_fragment, name, calibration) for name in names}


def _fragment(name: str, it: Calibration, voice: Renderer) -> Markdown:
    return render(name, voice, it=it, Verdict=VerdictStatus, **_kinds(it), **_cells(it, voice), **_beside_theory(it))


def _kinds(it: Calibration) -> dict[str, list[Found]]:
    """The kinds of watches, by what is true of them."""
    by_truth = {truth: [found for found in it.found if found.scenario.truth is truth] for truth in Truth}
    healthy = by_truth[Truth.HEALTHY]
    return {
        "healthy": healthy,
        "over": [found for found in healthy if _held(found, it) is State.FAIL],
        "sick": by_truth[Truth.SICK],
        "unseen": by_truth[Truth.UNSEEN],
        "without_events": [
            found
            for found in it.found
            if found.scenario.without_events and found.scenario.whole and found.scenario.truth is not Truth.UNSEEN
        ],
    }


def _cells(it: Calibration, voice: Renderer) -> dict[str, Any]:
    """What the tables print of a kind of watch, and of a count of watches."""

    def share(count: int) -> Markdown:
        of = wilson(count, it.watches)
        return voice(SHARE, share=of.value, low=of.low, high=of.high, count=count, n=it.watches)

    def percent(count: int) -> Markdown:
        return voice.number(count / it.watches, ".1%")

    def alarm_and_go(alarmed: int, go: int) -> Markdown:
        return voice(N_("alarm {alarmed:.1%}, GO {go:.1%}"), alarmed=alarmed / it.watches, go=go / it.watches)

    ends = [
        one
        for one in VerdictStatus
        if one not in (VerdictStatus.OFF_TRACK, VerdictStatus.WAITING, VerdictStatus.ON_TRACK)
    ]
    return {
        "share": share,
        "percent": percent,
        "alarm_and_go": alarm_and_go,
        "held": partial(_held, it=it),
        "settles": partial(_settles, voice=voice),
        "mends": [voice(says) for says in STRICTER_RULE_TEXTS.values()],
        "mended": lambda found: [share(found.mended[id]) for id in STRICTER_RULE_TEXTS],
        "naive": [voice(name) for name in BASELINE_RULE_NAMES.values()],
        "naive_says": BASELINE_RULE_TEXTS.values(),
        "go_by": [voice(N_("GO by: {rule}"), rule=Text(template=name)) for name in BASELINE_RULE_NAMES.values()],
        "shares_of_naive": lambda found: [percent(simple.go) for simple in found.naive],
        "alarms_of_naive": lambda found: [alarm_and_go(simple.alarmed, simple.go) for simple in found.naive],
        "words": ends,
        "ended": lambda found: [voice.number(n) for n in (*map(found.ended, ends), found.off_track)],
    }


def _held(found: Found, it: Calibration) -> State:
    share = wilson(found.alarmed, it.watches)
    if share.low is None or share.high is None:
        return State.UNKNOWN
    if share.high <= ALPHA:
        return State.PROVEN
    return State.FAIL if share.low > ALPHA else State.INCONCLUSIVE


def _beside_theory(it: Calibration) -> dict[str, Any]:
    """What can be computed, beside what was simulated."""
    both = [(found, one) for found in it.found for one in found.theory]
    return {
        "both": both,
        "theory": COMPUTED_TEXTS,
        "inside": sum(_is_inside(one.expected, one.seen, it.watches) for _, one in both),
        "together": sum(one.p(it.watches) >= ALPHA / len(both) for _, one in both),
    }


def _is_inside(expected: float, seen: int, n: int) -> bool:
    share = wilson(seen, n)
    # A probability that is 1 or 0 but for rounding is.
    return share.low is not None and share.high is not None and share.low - 1e-9 <= expected <= share.high + 1e-9


def _settles(found: Found, voice: Renderer) -> Markdown:
    if found.scenario.icc:
        return NOTHING  # computed for jobs that are drawn one by one
    settle = found.wanting.settle
    return voice(N_("none, up to {most}"), most=MOST_JOBS) if settle is None else voice.number(settle)
