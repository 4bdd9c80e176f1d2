"""The fragments of the five figures: what each says, what stands behind it, and how it is computed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from html import escape
from typing import Any

from atalaya.core.window import DAY_H, elapsed_h
from atalaya.core.words import N_, Text
from atalaya.metrics.definitions import METRICS, MetricDefinition
from atalaya.metrics.engine.questions import sql_docstring
from atalaya.records.fleet import FleetMetric
from atalaya.records.judged import Figure, Judgement, Metric, State
from atalaya.records.results import SegmentInfo
from atalaya.site.charts import charts
from atalaya.site.fragments import segments
from atalaya.site.fragments.incidents import names
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render
from atalaya.verdict.rules import RULES
from atalaya.watch.owners import owners_of_metric

SEGMENTS_SHOWN = 50


def title_of(metric: Metric, voice: Renderer) -> Markdown:
    """The runbook's name for a metric."""
    return voice.ours(METRICS[metric.id].title)


def name_of(metric: Metric, voice: Renderer) -> str:
    """The same in plain words, for what is no MyST."""
    return voice.language.gettext(METRICS[metric.id].title)


def metrics(judgement: Judgement, voice: Renderer) -> Markdown:
    """The runbook's table, with the figures filled in."""
    open_still = judgement.verdict.window == "open"
    header = [
        voice(N_("Metric")),
        voice(N_("Definition")),
        voice(N_("Source")),
        voice(N_("Target threshold")),
        voice(N_("Value (95% interval)")),
        voice(N_("Trials")),
        voice(N_("State at 72 h")),
    ]
    rows = [_row(metric, judgement, open_still, voice) for metric in judgement.metrics]
    caption = (
        voice(N_("The five metrics so far, as of {at}"), at=judgement.as_of)
        if open_still
        else voice(N_("The five metrics at the end, as of {at}"), at=judgement.as_of)
    )
    table = myst.table(caption, header, rows, classes="cards metrics")
    return myst.paragraphs(myst.folded(caption, table), _through(judgement, voice))


def _row(metric: Metric, judgement: Judgement, open_still: bool, voice: Renderer) -> myst.Row:
    badge = voice.badge(metric.state)
    return [
        myst.paragraphs(myst.span(_defined(metric, voice), "row-name"), _owners(metric, judgement, voice)),
        voice.ours(METRICS[metric.id].definition),
        voice.say(metric.source),
        voice.say(metric.threshold),
        myst.paragraphs(*figure(metric, voice), spark(metric, judgement, voice)),
        myst.joined(part for part in (voice.number(metric.n), voice.say(metric.exposure)) if part),
        myst.paragraphs(myst.joined((voice(N_("So far:")), badge)) if open_still else badge, voice.say(metric.reason)),
    ]


def _owners(metric: Metric, judgement: Judgement, voice: Renderer) -> Markdown | None:
    owners = owners_of_metric(metric, judgement.settings)
    return voice(N_("Owner: {owner}."), owner=names(owners)) if owners else None


def _defined(metric: Metric, voice: Renderer) -> Markdown:
    """The name of a metric, which leads to what it is, wherever it is measured."""
    return myst.role("metric", f"{name_of(metric, voice)} <{metric.id}>")


def figure(metric: Metric, voice: Renderer) -> tuple[Markdown, ...]:
    """The value, of how many where it counts events, and its interval."""
    if metric.state is State.NOT_APPLICABLE:
        return (myst.span(myst.NOTHING, "figure"),)
    if metric.value is None:
        return (myst.span(voice(N_("not known")), "figure"),)
    value = myst.span(_in_unit(metric.value, metric.unit, voice), "figure")
    if metric.unit == "events" and metric.n:
        return _counted(metric, value, voice)
    ends = interval(metric, voice)
    return (value, myst.span(ends, "interval")) if ends is not None else (value,)


def _counted(metric: Metric, value: Markdown, voice: Renderer) -> tuple[Markdown, ...]:
    """What counts now and of how many trials; its rate, which is what the threshold is about; and what came before.

    Where some of it is of runs that tell no trials, it is not said to be of the trials of the others.
    """
    before = metric.before_fix
    fixed = before.events > 0 or before.trials > 0
    of = N_("of {n} since the fix") if fixed else N_("of {n}")
    parts = [myst.joined((value, voice(of, n=metric.n))) if metric.value == metric.k else value]
    rate = interval(metric, voice)
    if rate is not None:
        parts.append(myst.span(rate, "interval"))
    if fixed:
        parts.append(myst.span(voice(N_("before it {k} of {n}"), k=before.events, n=before.trials), "interval"))
    return tuple(parts)


def interval(metric: Metric, voice: Renderer) -> Markdown | None:
    """Between which ends a figure lies, of counted events their rate; None where that is not known."""
    if metric.value is None or (metric.low is None and metric.high is None):
        return None
    if metric.unit == "events" and metric.n:
        # Events of runs that tell no trials are in the count, and in no rate.
        if metric.low is None or metric.high is None or metric.value != metric.k:
            return None
        low, high = (voice.language.number(end / metric.n, ".2g") for end in (metric.low, metric.high))
        return voice(N_("rate {low} … {high}"), low=Text(template=low), high=Text(template=high))
    ends = (_in_unit(end, metric.unit, voice) if end is not None else None for end in (metric.low, metric.high))
    return myst.joined(ends, Markdown(" … "))


def _in_unit(value: float, unit: str, voice: Renderer) -> Markdown:
    return myst.escaped(_plain(value, unit, voice))


def _plain(value: float, unit: str, voice: Renderer) -> str:
    if unit == "share":
        return voice.language.number(value, ".1%")
    return voice.language.number(int(value) if value == int(value) else value, "" if value == int(value) else ".4g")


def at_looks(judgement: Judgement, metric: Metric) -> list[tuple[float, Figure]]:
    """What a metric said at each look that has passed, and what it says now, with the hours since T+0."""
    now = min(elapsed_h(judgement.release, judgement.as_of), float(judgement.release.window_h))
    looks = [
        (float(look.hours), one)
        for look in judgement.looks
        for one in look.figures
        if one.metric == metric.id and look.hours < now
    ]
    this = Figure(metric=metric.id, value=metric.value, low=metric.low, high=metric.high, state=metric.state)
    return [*looks, (now, this)]


def spark(metric: Metric, judgement: Judgement, voice: Renderer) -> Markdown | None:
    """A small chart of the figure at each look; of a metric that counts events by day, its rate on each."""
    name = escape(name_of(metric, voice))
    hours = judgement.release.window_h
    if metric.by_day:
        title = voice.language.gettext(N_("{name}, the rate of each day"))
        level = metric.threshold.values.get("level", 0)
        drawn = charts.spark(title.replace("{name}", name), _each_day(metric, judgement), hours, limit=level)
        return drawn and myst.paragraphs(drawn, myst.span(voice(N_("rate by day")), "interval"))
    seen = [
        charts.Seen(
            hours,
            one.value,
            one.low,
            one.high,
            f"{voice.language.hour(hours)}: {escape(in_words(one, metric.unit, voice))}",
        )
        for hours, one in at_looks(judgement, metric)
    ]
    target = judgement.course.target if judgement.course and metric.unit == "share" else None
    return charts.spark(name, seen, hours, target)


def _each_day(metric: Metric, judgement: Judgement) -> list[charts.Seen]:
    """The rate of each 24 hours: a count of all so far would hide that it falls."""
    now = elapsed_h(judgement.release, judgement.as_of)
    return [
        charts.Seen(
            min(DAY_H * number, now),
            day.events / day.trials if day.trials else None,
            None,
            None,
            f"T+{DAY_H * (number - 1)} … T+{DAY_H * number}: {day.events} / {day.trials}",
        )
        for number, day in enumerate(metric.by_day, start=1)
    ]


def in_words(one: Figure | FleetMetric, unit: str, voice: Renderer) -> str:
    """A figure with its interval, in plain words."""
    if one.value is None:
        return voice.language.gettext(N_("not known"))
    value = _plain(one.value, unit, voice)
    if one.low is None or one.high is None:
        return value
    return f"{value} ({_plain(one.low, unit, voice)} … {_plain(one.high, unit, voice)})"


def _through(judgement: Judgement, voice: Renderer) -> Markdown | None:
    """The numbers that the small charts are drawn from, as a table."""
    if not any(look.figures for look in judgement.looks):
        return None
    header = [voice(N_("Metric")), voice(N_("Hour")), voice(N_("Value (95% interval)")), voice(N_("State"))]
    each = [(title_of(metric, voice), row) for metric in judgement.metrics for row in _course(metric, judgement, voice)]
    rows = [[title, *row] for title, row in each]
    caption = voice(N_("The five metrics at each look, and events by day"))
    table = myst.table(caption, header, rows, classes="cards course")
    return myst.dropdown(voice(N_("The small charts in numbers")), table, classes="chart-table")


def _course(metric: Metric, judgement: Judgement, voice: Renderer) -> list[list[Markdown | None]]:
    """What the small chart of a metric is drawn from."""
    if metric.by_day:
        return [
            [voice.hour(DAY_H * n), voice(N_("{k} of {n}"), k=day.events, n=day.trials), None]
            for n, day in enumerate(metric.by_day, start=1)
        ]
    return [
        [voice.hour(hours, ".4g"), myst.escaped(in_words(one, metric.unit, voice)), voice.badge(one.state)]
        for hours, one in at_looks(judgement, metric)
    ]


def about_the_metrics() -> dict[str, Callable[[Renderer], Markdown]]:
    """The fragments that say what each metric is, by name."""
    return {f"metric-{id}": partial(_described, it) for id, it in METRICS.items()}


def _described(it: MetricDefinition, voice: Renderer) -> Markdown:
    """What one metric is, wherever it is measured: its definition, what decides its state, and what is counted."""
    rules = [rule.id for rule in RULES if rule.id.startswith(("critical-metric", "metric-", "extend"))]
    return render("metric", voice, it=it, counted=what_is_counted(it), rules=[myst.role("rule", id) for id in rules])


def what_is_counted(it: MetricDefinition) -> str:
    """What the question of a metric counts, as a paragraph."""
    return " ".join(sql_docstring(it.question).splitlines())


def figures(judgement: Judgement, voice: Renderer) -> Markdown:
    """For each metric: the figure in words, its method, and what one needs to compute it again."""
    return render(
        "figures",
        voice,
        figures=[(metric, title_of(metric, voice), _rests_on(metric, judgement)) for metric in judgement.metrics],
        most=SEGMENTS_SHOWN,
        value=partial(_input, voice=voice),
    )


def _rests_on(metric: Metric, judgement: Judgement) -> list[tuple[SegmentInfo, Markdown]]:
    """The files of evidence that hold what is counted, the newest first, each with the link to its page."""
    found = sorted(segments.behind(metric.id, judgement), key=lambda one: one.last_at, reverse=True)
    return [(one, segments.link(one, judgement)) for one in found]


def _input(value: Any, voice: Renderer) -> Markdown:
    """One input as it is; a long list is cut, and says how long it is."""
    if isinstance(value, dict):
        value = [f"{name}: {_scalar(inner)}" for name, inner in sorted(value.items())]
    if isinstance(value, list | tuple):
        shown = [voice.literal(str(_scalar(item)), 120) for item in value[:20]]
        more = [voice(N_("and {n} more"), n=len(value) - 20)] if len(value) > 20 else []
        return myst.joined([*shown, *more], Markdown(", ")) or myst.NOTHING
    match value:
        case None:
            return myst.NOTHING
        case datetime():
            return voice.at(value)
        case Text():
            return voice.say(value)
        case bool():
            return voice(N_("yes")) if value else voice(N_("no"))
        case int():
            return voice.number(value)
        case float():
            return voice.number(value, ".6g")
        case _:
            return voice.literal(str(value))


def _scalar(value: Any) -> Any:
    return value if isinstance(value, str | int | float) or value is None else str(value)
