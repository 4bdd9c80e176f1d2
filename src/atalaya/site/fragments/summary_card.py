"""The fragment that says at one look whether the release holds, what is due, what is wrong, how sure that is, and what
is not known.

Whoever opens the page at night must not have to scroll for any of these answers.
Each name leads to the page that says more.
"""

from __future__ import annotations

from collections import Counter

from atalaya.core.words import N_
from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import CellState, DutyState, Judgement, Metric, State
from atalaya.records.stored import Outcome
from atalaya.site.fragments.figures import figure, interval, name_of, spark
from atalaya.site.fragments.incidents import link, seen
from atalaya.site.fragments.verdicts import card
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.verdict.findings import cell_name, no_ci
from atalaya.verdict.situation import OVER

MOST = 3  # of each answer: the rest is counted, and stands further down
WORST_FIRST = {CellState.BROKEN: 0, CellState.WORSE: 1, CellState.RED_NOW: 2}


def glance(judgement: Judgement, voice: Renderer) -> Markdown:
    """The verdict with what is due, wrong and not known, and beside it the five metrics in a row each."""
    wrong, five = _wrong(judgement, voice), _five(judgement, voice)
    none = no_ci(next((metric for metric in judgement.metrics if metric.id == "pass-rate"), None))
    return render(
        "glance",
        voice,
        judgement=judgement,
        wrong=wrong,
        sure=_sure(judgement, voice),
        unknown=_unknown(judgement, voice),
        over=_over(judgement, voice),
        five=five,
        most=MOST,
        no_ci=none,
        **card(judgement),
    )


def _wrong(judgement: Judgement, voice: Renderer) -> list[Markdown]:
    """What fails, what is red now, what is broken, and what hurts somebody still."""
    version = judgement.release.version
    found = _in_one_line(State.FAIL, judgement, voice)
    found += [
        myst.joined((voice.literal(cell_name(cell)), voice.say(cell.reason)))
        for cell in sorted(judgement.cells, key=lambda cell: WORST_FIRST.get(cell.state, len(WORST_FIRST)))
        if cell.state in WORST_FIRST
    ]
    found += [myst.joined((voice.literal(one.test), voice.say(one.reason))) for one in judgement.broken_tests]
    broken = [one.promise.id for one in judgement.promises if one.outcome is Outcome.BROKEN]
    if broken:
        words = voice.language.gettext(N_("Contracts"))
        count = voice(N_("Promises broken: {n}, the first of them {id}"), n=len(broken), id=broken[0])
        found.append(myst.joined((myst.page(words, version, "contracts"), count)))
    found += [
        myst.joined(
            (link(judgement, one), voice.plain(one.impact), voice(N_("(since {at})"), at=seen(judgement, one)[0]))
        )
        for one in judgement.incidents
        if one.state.lower() not in OVER
    ]
    for point in judgement.checkpoints:
        failed = sum(duty.state is DutyState.FAILED for duty in point.duties)
        if failed:
            count = voice(N_("Duties failed: {n}"), n=failed)
            found.append(myst.joined((myst.page(f"T+{point.hours}", version, f"t{point.hours:02}"), count)))
    return found


def _unknown(judgement: Judgement, voice: Renderer) -> list[Markdown]:
    """The metrics that are not settled, in one line, and what else is not known."""
    return _in_one_line(State.INCONCLUSIVE, judgement, voice) + [voice.say(one) for one in judgement.verdict.unknowns]


def _in_one_line(state: State, judgement: Judgement, voice: Renderer) -> list[Markdown]:
    """The metrics in a state, side by side before its word; nothing where there are none."""
    version = judgement.release.version
    names = [_figure(metric, version, voice) for metric in judgement.metrics if metric.state is state]
    return [myst.joined((myst.joined(names, Markdown(", ")), voice.badge(state)))] if names else []


def _sure(judgement: Judgement, voice: Renderer) -> list[Markdown]:
    """How many metrics are in each state, and the intervals of those that are not proven."""
    states = Counter(metric.state for metric in judgement.metrics)
    counts = (myst.joined((voice.badge(state), voice.number(states[state]))) for state in State if states[state])
    open_still = (
        voice("{metric} ({interval})", metric=voice.ours(METRICS[metric.id].title), interval=ends)
        for metric in judgement.metrics
        if metric.state is not State.PROVEN and (ends := interval(metric, voice)) is not None
    )
    said = [voice(N_("Metrics: {states}"), states=myst.joined(counts))]
    if between := myst.joined(open_still, Markdown(", ")):
        said.append(voice(N_("Not proven, with a 95% interval: {metrics}."), metrics=between))
    return said


def _over(judgement: Judgement, voice: Renderer) -> list[Markdown]:
    """The incidents that hurt somebody and are over, each with the time in which it did."""
    found = []
    for one in judgement.incidents:
        if one.state.lower() in OVER:
            first, last = seen(judgement, one)
            when = voice(N_("(from {first} to {last})"), first=first, last=last)
            found.append(myst.joined((link(judgement, one), voice.plain(one.impact), when)))
    return found


def _five(judgement: Judgement, voice: Renderer) -> Markdown:
    header = [
        voice(N_("Metric")),
        voice(N_("Value (95% interval)")),
        voice(N_("Course")),
        voice(N_("Target threshold")),
        voice(N_("State")),
    ]
    rows = [_row(metric, judgement, voice) for metric in judgement.metrics]
    return myst.table(voice(N_("The five metrics")), header, rows, classes="cards five", widths="17 24 14 21 24")


def _row(metric: Metric, judgement: Judgement, voice: Renderer) -> myst.Row:
    return [
        myst.span(_figure(metric, judgement.release.version, voice), "row-name"),
        myst.paragraphs(*figure(metric, voice)),
        spark(metric, judgement, voice),
        voice.say(metric.threshold),
        voice.badge(metric.state),
    ]


def _figure(metric: Metric, version: str, voice: Renderer) -> Markdown:
    """The name of a metric, which leads to how its figure comes about."""
    return myst.page(name_of(metric, voice), version, f"evidence#figure-{metric.id}")
