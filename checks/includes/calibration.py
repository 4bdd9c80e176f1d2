"""What does the page of the calibration print, from the counts that ``calibrate`` left in the tree?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from checks.calibration import naive, theory
from checks.calibration.calibrate import MENDS, Calibration, Found
from checks.calibration.scenarios import Truth
from checks.includes import myst
from checks.includes.voice import Voice
from checks.metrics.statistics import ALPHA, wilson
from checks.records import N_, State, Text, VerdictWord

NONE_YET = N_("No calibration has been kept yet: `python -m checks calibrate` makes one.")
SHARE = N_("{share:.2%} ({low:.2%} to {high:.2%}): {count} of {n}")

Fragment = Callable[[Calibration, Voice], str]


def about_the_verdict(calibration: Calibration | None) -> dict[str, Callable[[Voice], str]]:
    """The fragments that tell how often the verdict is wrong, by name."""
    if calibration is None:
        return {name: lambda voice: voice(NONE_YET) for name in FRAGMENTS}
    return {name: partial(fragment, calibration) for name, fragment in FRAGMENTS.items()}


def world(it: Calibration, voice: Voice) -> str:
    """What every simulated watch has in common."""
    of = it.world
    return myst.paragraphs(
        voice(N_("Made by `{command}`, on the thresholds that `watch.toml` sets."), command=it.made_by),
        myst.bullets(
            [
                voice(
                    N_("{n} watches of each kind, each of {hours} hours, judged at T+24, T+48 and T+72."),
                    n=it.watches,
                    hours=of.hours,
                ),
                voice(
                    N_(
                        "Each hour a run of the checks and a smoke: {own} jobs in a watch. CI adds {runs} runs of {jobs} "  # noqa: E501 - a command as it is pasted
                        "jobs, so {n} jobs are decided in all."
                    ),
                    own=2 * of.hours,
                    runs=of.ci_runs,
                    jobs=of.jobs_per_ci_run,
                    n=of.jobs,
                ),
                voice(
                    N_(
                        "A smoke sends {requests} requests and makes {waits} waits, each beside a cached status: {sent} "  # noqa: E501 - a command as it is pasted
                        "requests and {waited} waits in a watch."
                    ),
                    requests=of.requests_per_smoke,
                    waits=of.waits_per_smoke,
                    sent=of.days * of.requests_a_day,
                    waited=of.waits,
                ),
                voice(
                    N_(
                        "A job ends well with the probability that its kind of watch says, whatever the others do, but "
                        "for those that fail together: there, a run of CI passes or fails as a whole with the "
                        "probability of the correlation."
                    )
                ),
                *_detectors(it, voice),
            ]
        ),
    )


def _detectors(it: Calibration, voice: Voice) -> Iterator[str]:
    for metric, detector in it.detectors.items():
        if detector.low is not None:
            yield voice(
                N_(
                    "The checks behind {metric} caught {caught} of {shown} seeded defects: that share of what happens "
                    "is seen, and the rules credit them with {low:.2%}."
                ),
                metric=metric,
                caught=detector.caught,
                shown=detector.shown,
                low=detector.low,
            )


def healthy(it: Calibration, voice: Voice) -> str:
    """How often a healthy release raises an alarm, held against 5 %."""
    of_kind = _of(it, Truth.HEALTHY)
    header = [
        voice(N_("Truth")),
        voice(N_("False alarm at any look")),
        voice(N_("At most 5 %?")),
        voice(N_("GO at T+72")),
        voice(N_("INCONCLUSIVE at T+72")),
    ]
    rows = [
        [
            _name(found, voice),
            _share(found.alarmed, it, voice),
            voice.badge(_held(found, it)),
            _share(found.ended(VerdictWord.GO), it, voice),
            _share(found.ended(VerdictWord.INCONCLUSIVE), it, voice),
        ]
        for found in of_kind
    ]
    over = [found for found in of_kind if _held(found, it) is State.FAIL]
    said = (
        voice(
            N_(
                "Surely more often than in 5 % of watches, over the three looks together, a false alarm is raised in "
                "{n} of {of} kinds of healthy watches:"
            ),
            n=len(over),
            of=len(of_kind),
        )
        if over
        else voice(
            N_(
                "In none of {of} kinds of healthy watches is a false alarm surely raised in more than 5 % of "
                "watches, over the three looks together."
            ),
            of=len(of_kind),
        )
    )
    caption = voice(N_("Healthy releases: an alarm is false"))
    return myst.paragraphs(
        said,
        myst.bullets(f"{voice.ours(found.scenario.says)}: {_share(found.alarmed, it, voice)}" for found in over),
        myst.table(caption, header, rows, classes="cards calibration", widths="30 20 14 18 18"),
    )


def _held(found: Found, it: Calibration) -> State:
    share = wilson(found.alarmed, it.watches)
    if share.low is None or share.high is None:
        return State.UNKNOWN
    if share.high <= ALPHA:
        return State.PROVEN
    return State.FAIL if share.low > ALPHA else State.INCONCLUSIVE


def duties(it: Calibration, voice: Voice) -> str:
    """What the duties add that look at one run each."""
    header = [voice(N_("Truth")), voice(N_("Every such duty met")), voice(N_("Duties as their runs ended"))]
    rows = [
        [_name(found, voice), _share(found.alarmed, it, voice), _share(found.alarmed_by_any, it, voice)]
        for found in _of(it, Truth.HEALTHY)
    ]
    caption = voice(N_("False alarms at any look, with the duties that look at one run"))
    return myst.table(caption, header, rows, classes="cards calibration", widths="40 30 30")


def mends(it: Calibration, voice: Voice) -> str:
    """What stricter rules for the pass rate would give, on the same draws: fewer false alarms, and more misses."""
    header = [voice(N_("Truth")), voice(N_("as it is")), *(voice(says) for says in MENDS.values())]
    rows = [
        [
            _name(found, voice),
            *(_share(n, it, voice) for n in (found.alarmed_by_rate, *(found.mended[id] for id in MENDS))),
        ]
        for found in it.found
        if found.scenario.without_events and found.scenario.whole and found.scenario.truth is not Truth.UNSEEN
    ]
    caption = voice(N_("The pass rate fails at any look"))
    return myst.table(caption, header, rows, classes="cards calibration", widths="28 18 18 18 18")


def sick(it: Calibration, voice: Voice) -> str:
    """How often a sick release is caught, missed, or left open."""
    header = [
        voice(N_("Truth")),
        voice(N_("Caught: an alarm at any look")),
        voice(N_("Missed: GO at T+72")),
        voice(N_("Left open: INCONCLUSIVE at T+72")),
    ]
    rows = [
        [
            _name(found, voice),
            _share(found.alarmed, it, voice),
            _share(found.ended(VerdictWord.GO), it, voice),
            _share(found.ended(VerdictWord.INCONCLUSIVE), it, voice),
        ]
        for found in _of(it, Truth.SICK)
    ]
    caption = voice(N_("Sick releases: GO is a miss"))
    return myst.table(caption, header, rows, classes="cards calibration", widths="34 22 22 22")


def unseen(it: Calibration, voice: Voice) -> str:
    """What is said where nobody looked: of the rules, and of the naive ones."""
    header = [
        voice(N_("Truth")),
        voice(N_("GO at T+72")),
        voice(N_("INCONCLUSIVE at T+72")),
        *(voice(N_("GO by: {rule}"), rule=Text(template=SHORT[id])) for id in naive.RULES),
    ]
    rows = [
        [
            _name(found, voice),
            _plain(found.ended(VerdictWord.GO), it, voice),
            _plain(found.ended(VerdictWord.INCONCLUSIVE), it, voice),
            *(_plain(simple.go, it, voice) for simple in found.naive),
        ]
        for found in _of(it, Truth.UNSEEN)
    ]
    caption = voice(N_("Not seen: GO is a claim without evidence"))
    return myst.table(caption, header, rows, classes="cards calibration", widths="30 14 14 14 14 14")


def words(it: Calibration, voice: Voice) -> str:
    """Every verdict at T+72, and how many were off the track before."""
    shown = [
        word for word in VerdictWord if word not in (VerdictWord.OFF_TRACK, VerdictWord.WAITING, VerdictWord.ON_TRACK)
    ]
    header = [voice(N_("Truth")), *(voice.word(word) for word in shown), voice(N_("OFF TRACK at T+24 or T+48"))]
    rows = [
        [_name(found, voice), *(voice.number(found.ended(word)) for word in shown), voice.number(found.off_track)]
        for found in it.found
    ]
    caption = voice(N_("Watches by their verdict at T+72, of {n} each"), n=it.watches)
    return myst.table(caption, header, rows, classes="cards calibration", widths="34 11 11 11 11 11 11")


def beside_theory(it: Calibration, voice: Voice) -> str:
    """What was simulated, beside what can be computed."""
    both = [(found, one) for found in it.found for one in found.theory]
    inside = sum(_is_inside(one.expected, one.seen, it.watches) for _, one in both)
    together = sum(one.p(it.watches) >= ALPHA / len(both) for _, one in both)
    rows = [
        [
            _name(found, voice),
            voice(theory.SAYS[one.id]),
            voice.number(one.expected, ".2%"),
            _share(one.seen, it, voice),
        ]
        for found, one in both
    ]
    header = [voice(N_("Truth")), voice(N_("What happens")), voice(N_("Theory")), voice(N_("Simulated"))]
    caption = voice(N_("Theory, and what the simulation gave"))
    return myst.paragraphs(
        voice(
            N_(
                "Of {n} probabilities that can be computed, {inside} lie inside the interval of the simulation, and "
                "{together} agree with it by an exact binomial test that allows 5 % for all of them together. Those "
                "of one kind of watch rest on the same draws, and are off together where they are."
            ),
            n=len(both),
            inside=inside,
            together=together,
        ),
        myst.table(caption, header, rows, classes="cards calibration", widths="30 28 12 30"),
    )


def _is_inside(expected: float, seen: int, n: int) -> bool:
    share = wilson(seen, n)
    # A probability that is 1 or 0 but for rounding is.
    return share.low is not None and share.high is not None and share.low - 1e-9 <= expected <= share.high + 1e-9


def beside_naive(it: Calibration, voice: Voice) -> str:
    """The rules, and three simpler ones, on the same draws."""
    header = [voice(N_("Truth")), voice(N_("These rules")), *(voice(SHORT[id]) for id in naive.RULES)]
    rows = [
        [
            _name(found, voice),
            _alarm_and_go(found.alarmed, found.ended(VerdictWord.GO), it, voice),
            *(_alarm_and_go(simple.alarmed, simple.go, it, voice) for simple in found.naive),
        ]
        for found in it.found
    ]
    caption = voice(N_("Alarms at any look, and GO at T+72, by each rule"))
    return myst.paragraphs(
        myst.bullets(voice(says) for says in naive.SAYS.values()),
        myst.table(caption, header, rows, classes="cards calibration", widths="32 17 17 17 17"),
    )


SHORT: dict[str, str] = {
    "percentage": N_("plain percentage"),
    "rank-test": N_("rank test"),
    "no-failures": N_("no failures seen"),
}


def _alarm_and_go(alarmed: int, go: int, it: Calibration, voice: Voice) -> str:
    return voice(N_("alarm {alarmed:.1%}, GO {go:.1%}"), alarmed=alarmed / it.watches, go=go / it.watches)


def jobs(it: Calibration, voice: Voice) -> str:
    """How often a healthy release stays open for want of jobs, and how many would settle it."""
    header = [
        voice(N_("Truth")),
        voice(N_("INCONCLUSIVE for want of jobs")),
        voice(N_("Clean jobs still needed (median)")),
        voice(N_("Jobs with which 80 % of such watches meet the threshold")),
    ]
    rows = [
        [
            _name(found, voice),
            _share(found.wanting.watches, it, voice),
            "–" if found.wanting.more_jobs is None else voice.number(found.wanting.more_jobs),
            _settles(found, voice),
        ]
        for found in _of(it, Truth.HEALTHY)
        if found.scenario.without_events
    ]
    caption = voice(N_("Healthy releases that stay open, and what would settle them"))
    return myst.table(caption, header, rows, classes="cards calibration", widths="34 26 18 22")


def _settles(found: Found, voice: Voice) -> str:
    if found.scenario.icc:
        return "–"  # computed for jobs that are drawn one by one
    settle = found.wanting.settle
    if settle is None:
        return voice(N_("none, up to {most}"), most=theory.MOST_JOBS)
    return voice.number(settle)


FRAGMENTS: dict[str, Fragment] = {
    "calibration-world": world,
    "calibration-healthy": healthy,
    "calibration-duties": duties,
    "calibration-mends": mends,
    "calibration-sick": sick,
    "calibration-unseen": unseen,
    "calibration-words": words,
    "calibration-theory": beside_theory,
    "calibration-naive": beside_naive,
    "calibration-jobs": jobs,
}


def _of(it: Calibration, truth: Truth) -> list[Found]:
    return [found for found in it.found if found.scenario.truth is truth]


def _name(found: Found, voice: Voice) -> str:
    return myst.span(voice.ours(found.scenario.says), "row-name")


def _share(count: int, it: Calibration, voice: Voice) -> str:
    share = wilson(count, it.watches)
    return voice(SHARE, share=share.value, low=share.low, high=share.high, count=count, n=it.watches)


def _plain(count: int, it: Calibration, voice: Voice) -> str:
    return voice.number(count / it.watches, ".1%")
