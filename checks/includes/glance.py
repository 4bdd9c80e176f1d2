"""Is the release holding, what is due next and when, what is wrong, and what is not known?

All of it at one look: whoever opens the page at night must not have to scroll for any of the four answers.
Each name leads to the page that says more.
"""

from __future__ import annotations

from collections.abc import Sequence

from checks.includes import myst
from checks.includes.figures import figure, name_of, spark
from checks.includes.incidents import link
from checks.includes.verdicts import due_next, headline, times, tone
from checks.includes.voice import Voice
from checks.records import N_, DutyState, Judgement, Metric, Outcome, State
from checks.verdict import OVER

MOST = 3  # of each answer: the rest is counted, and stands further down


def glance(judgement: Judgement, voice: Voice) -> str:
    """The verdict with what is due, wrong and not known, and beside it the five metrics in a row each."""
    said = judgement.verdict
    is_wrong = _wrong(judgement, voice) or [voice(N_("Nothing, of what was looked at."))]
    unknown = [voice.say(one) for one in said.unknowns] or [voice(N_("Nothing that is due."))]
    card = myst.div(
        tone(judgement),
        voice.badge(said.word, "verdict-word"),
        headline(judgement, voice),
        myst.facts([(voice(N_("Next")), due_next(judgement, voice))]),
        _answer(voice(N_("What is wrong")), is_wrong, voice),
        _answer(voice(N_("What is not known")), unknown, voice),
        _answer(voice(N_("What to do next")), [voice.say(one) for one in said.next_steps], voice),
        myst.facts(times(judgement, voice)),
    )
    return myst.div("glance", card, _five(judgement, voice))


def _answer(title: str, items: Sequence[str], voice: Voice) -> str:
    if not items:
        return ""
    left_out = len(items) - MOST
    more = [voice(N_("and {n} more, below"), n=left_out)] if left_out > 0 else []
    return myst.div("answer", myst.span(title, "fact"), myst.bullets([*items[:MOST], *more]))


def _wrong(judgement: Judgement, voice: Voice) -> list[str]:
    """What fails, what is broken, and what hurts somebody still."""
    version = judgement.release.version
    found = [
        f"{_figure(metric, version, voice)} {voice.badge(metric.state)}"
        for metric in judgement.metrics
        if metric.state is State.FAIL
    ]
    broken = [one.promise.id for one in judgement.promises if one.outcome is Outcome.BROKEN]
    if broken:
        words = voice.language.gettext(N_("Contracts"))
        count = voice(N_("Promises broken: {n}, the first of them {id}"), n=len(broken), id=broken[0])
        found.append(f"{myst.page(words, version, 'contracts')} {count}")
    found += [
        f"{link(judgement, one)} {voice.plain(one.impact)}"
        for one in judgement.incidents
        if one.state.lower() not in OVER
    ]
    for point in judgement.checkpoints:
        failed = sum(duty.state is DutyState.FAILED for duty in point.duties)
        if failed:
            count = voice(N_("Duties failed: {n}"), n=failed)
            found.append(f"{myst.page(f'T+{point.hours}', version, f't{point.hours:02}')} {count}")
    return found


def _five(judgement: Judgement, voice: Voice) -> str:
    header = [
        voice(N_("Metric")),
        voice(N_("Value (95% interval)")),
        voice(N_("Course")),
        voice(N_("Target threshold")),
        voice(N_("State")),
    ]
    rows = [_row(metric, judgement, voice) for metric in judgement.metrics]
    return myst.table(voice(N_("The five metrics")), header, rows, classes="cards five", widths="19 19 15 26 21")


def _row(metric: Metric, judgement: Judgement, voice: Voice) -> list[str]:
    return [
        myst.span(_figure(metric, judgement.release.version, voice), "row-name"),
        myst.paragraphs(*figure(metric, voice)),
        spark(metric, judgement, voice),
        voice.say(metric.threshold),
        voice.badge(metric.state),
    ]


def _figure(metric: Metric, version: str, voice: Voice) -> str:
    """The name of a metric, which leads to how its figure comes about."""
    return myst.page(name_of(metric, voice), version, f"evidence#figure-{metric.id}")
