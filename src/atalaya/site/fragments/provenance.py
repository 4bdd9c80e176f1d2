"""The fragment of the records behind each figure, with the file and the line where each of them stands.

Each row leads to the file that it was read from, where that is listed on the same page, and to its record on the page
of its kind; each file leads back to the figures that it speaks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from atalaya.core.words import N_
from atalaya.metrics.definitions import METRICS, MetricDefinition
from atalaya.records.judged import Trace
from atalaya.records.stored import Conclusion, Event, JobAttempt, Observation, TestAttempt
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render

ROWS_SHOWN = 200
COMMA = Markdown(", ")


class Places(NamedTuple):
    """The anchors of the files that a page lists, by what records call them, and the way from a trace to its record."""

    files: dict[str, str]
    record: Callable[[Trace], Markdown | None]


def traces(found: Iterable[Trace], places: Places, voice: Renderer) -> Markdown:
    """For each metric, the records behind it: what failed first, then the newest."""
    return render(
        "traces",
        voice,
        figures=list(_by_figure(found)),
        most=ROWS_SHOWN,
        what=partial(what, voice=voice),
        how=partial(how, voice=voice),
        where=partial(_where, places=places, voice=voice),
        segment=lambda trace: places.record(trace) or voice.literal(trace.segment),
    )


def shown_of(found: Iterable[Trace]) -> Iterator[Trace]:
    """The records that :func:`traces` lists, and so leads to; one may be behind two figures."""
    for _, listed in _by_figure(found):
        yield from listed[:ROWS_SHOWN]


def _by_figure(found: Iterable[Trace]) -> Iterator[tuple[MetricDefinition, list[Trace]]]:
    ordered = sorted(sorted(found, key=_newest), key=_ended_well)
    for it in METRICS.values():
        yield it, list(filter(it.lists, ordered))


def metrics_behind(found: Iterable[Trace], voice: Renderer) -> dict[str, Markdown]:
    """For each origin of records, links to the figures that it speaks for."""
    by_origin: dict[str, list[str]] = {}
    for trace in found:
        for it in METRICS.values():
            known = by_origin.setdefault(_origin(trace), [])
            if it.lists(trace) and it.id not in known:
                known.append(it.id)
    return {
        origin: myst.joined((myst.link(voice(METRICS[id].title), f"behind-{id}") for id in metrics), COMMA)
        for origin, metrics in by_origin.items()
        if metrics
    }


def _newest(trace: Trace) -> float:
    return -trace.record.occurred_at.timestamp()


def _ended_well(trace: Trace) -> bool:
    record = trace.record
    return isinstance(record, JobAttempt) and record.conclusion is Conclusion.SUCCESS


def what(trace: Trace, voice: Renderer) -> Markdown:
    """What a record is about."""
    match trace.record:
        case JobAttempt() as job:
            names = [voice.literal(name) for name in (job.workflow, job.job, job.variant) if name]
            attempt = voice(N_("attempt {n} of run {run}"), n=job.attempt, run=job.run_id)
            return myst.joined((myst.joined(names, Markdown(" / ")), attempt), COMMA)
        case TestAttempt() as test:
            attempt = voice(N_("attempt {n} of run {run}"), n=test.attempt, run=test.run_id)
            return myst.joined((voice.literal(test.test), attempt), COMMA)
        case Event() as event:
            return myst.joined((voice.literal(event.place), voice(N_("run {run}"), run=event.run_id)), COMMA)
        case Observation() as seen:
            return myst.joined((voice.literal(seen.promise), voice(N_("run {run}"), run=seen.run_id)), COMMA)
        case _:
            return myst.NOTHING


def how(trace: Trace, voice: Renderer) -> Markdown:
    """How what a record is about ended."""
    match trace.record:
        case JobAttempt() as job:
            return voice.word(job.conclusion)
        case TestAttempt() as test:
            return myst.paragraphs(voice.word(test.outcome), voice.literal(test.message) if test.message else None)
        case Event() as event:
            return myst.paragraphs(
                voice.literal(event.quote or event.message),
                voice(N_("Expected by the test: not counted.")) if event.expected else None,
                voice(N_("It stopped the run.")) if event.blocking else None,
            )
        case Observation() as seen:
            return myst.paragraphs(voice.word(seen.outcome), voice.literal(seen.reason) if seen.reason else None)
        case _:
            return myst.NOTHING


def _where(trace: Trace, places: Places, voice: Renderer) -> Markdown:
    name = _origin(trace)
    anchor = places.files.get(name)
    linked = myst.link(voice.literal(name), anchor) if anchor else voice.literal(name)
    line = getattr(trace.record, "line", None)
    return myst.joined((linked, voice(N_("line {n}"), n=line)), COMMA) if line is not None else linked


def _origin(trace: Trace) -> str:
    return str(getattr(trace.record, "origin", ""))
