"""The fragments of the page of the calibration, from the counts that ``calibrate`` left in the tree."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from atalaya.core.words import N_
from atalaya.metrics.stats.intervals import ALPHA, wilson
from atalaya.records.stored import VerdictStatus
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.watch.calibration_record import (
    BASELINE_RULE_NAMES,
    BASELINE_RULE_TEXTS,
    COMPUTED_TEXTS,
    Calibration,
    Found,
    Goal,
    Measure,
    Truth,
    goals_of,
)

NONE_YET = N_("No calibration has been kept yet: `nox -s calibrate` makes one.")
SHARE = N_("{share:.2%} ({low:.2%} to {high:.2%})")
CAPTIONS: dict[Truth, str] = {
    Truth.HEALTHY: N_("Healthy releases: an alarm is false"),
    Truth.SICK: N_("Sick releases: GO is a miss"),
    Truth.NETWORK: N_("Network errors, with a CI that is clean"),
    Truth.ASKED: N_("Few runs of CI"),
    Truth.UNSEEN: N_("CI did not run: GO would be a claim without evidence"),
}
FRAGMENTS = ("world", "goals", "healthy", "sick", "network", "asked", "unseen", "floor", "naive", "theory")
# By what is measured, and whether it is the least that is asked for.
GOALS: dict[tuple[Measure, bool], str] = {
    (Measure.ALARM, False): N_("alarm at most {limit:.0%}"),
    (Measure.GO, False): N_("GO at most {limit:.0%}"),
    (Measure.GO, True): N_("GO at least {limit:.0%}"),
}
ENDS = (VerdictStatus.GO, VerdictStatus.INCONCLUSIVE, VerdictStatus.EXTEND, VerdictStatus.NO_GO)


def about_the_verdict(calibration: Calibration | None) -> dict[str, Callable[[Renderer], Markdown]]:
    """The fragments that tell how often the verdict is wrong, by name."""
    names = [f"calibration-{name}" for name in FRAGMENTS]
    if calibration is None:
        return {name: lambda voice: voice(NONE_YET) for name in names}
    return {name: partial(_fragment, name, calibration) for name in names}


def _fragment(name: str, it: Calibration, voice: Renderer) -> Markdown:
    values = {"it": it} | _cells(it, voice) | _computed(it)
    for truth, caption in CAPTIONS.items():
        if name == f"calibration-{truth}":
            found = [one for one in it.found if one.scenario.truth is truth]
            return render("calibration-words", voice, found=found, caption=caption, **values)
    return render(name, voice, **values)


def _cells(it: Calibration, voice: Renderer) -> dict[str, Any]:
    """What the tables print of a kind of watch, and of a count of watches."""

    def share(count: int) -> Markdown:
        of = wilson(count, it.watches)
        return voice(SHARE, share=of.value, low=of.low, high=of.high)

    def alarm_and_go(alarmed: int, go: int) -> Markdown:
        return voice(N_("alarm {alarmed:.1%}, GO {go:.1%}"), alarmed=alarmed / it.watches, go=go / it.watches)

    def goal(of: Goal) -> Markdown:
        asked = of.least if of.least > 0 else of.most
        return voice(GOALS[of.measure, of.least > 0], limit=asked)

    def met(of: Goal, found: Found) -> Markdown:
        if of.is_met(found, it.watches):
            return voice.mark("●", voice(N_("met")), "good")
        return voice.mark("✖", voice(N_("not met")), "bad")

    return {
        "share": share,
        "ends": ENDS,
        "ended": lambda found: [share(found.ended_in(word)) for word in ENDS],
        "alarm_and_go": alarm_and_go,
        "naive": [voice(name) for name in BASELINE_RULE_NAMES.values()],
        "naive_says": BASELINE_RULE_TEXTS.values(),
        "alarms_of_naive": lambda found: [alarm_and_go(simple.alarmed, simple.go) for simple in found.naive],
        "go": VerdictStatus.GO,
        "goal": goal,
        "met": met,
        "goals_of": goals_of,
        "at_rates": [voice(N_("Threshold met at a true rate of {rate}"), rate=rate) for rate in it.floor[0].go],
        "of_floor": lambda row: [voice.number(chance, ".1%") for chance in row.go.values()],
        "measured": lambda of, found: share(
            found.alarmed if of.measure is Measure.ALARM else found.ended_in(VerdictStatus.GO)
        ),
    }


def _computed(it: Calibration) -> dict[str, Any]:
    """What can be computed, beside what was simulated."""
    both = [(found, one) for found in it.found for one in found.theory]
    held = [(goal, found) for found in it.found for goal in goals_of(found.scenario)]
    return {
        "both": both,
        "theory": COMPUTED_TEXTS,
        # One of the tables tells it, and the exact tests take longer than all tables.
        "together": lambda: sum(one.p(it.watches) >= ALPHA / len(both) for _, one in both),
        "held": held,
        "missed": [one for one in held if not one[0].is_met(one[1], it.watches)],
    }
