"""Which attempts, failures and events stand behind each figure, and in which file and line do they stand?

Each row leads to the file and the segment that it came from, where those are listed on the same page, and each file
leads back to the figures that it speaks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from checks.includes import myst
from checks.includes.voice import Voice
from checks.metrics.definitions import METRICS, MetricDefinition
from checks.records import N_, Conclusion, Event, JobAttempt, TestAttempt, Trace

ROWS_SHOWN = 200


class Places(NamedTuple):
    """The anchors of the files that a page lists, and the links to the pages of segments, by what records call them."""

    files: dict[str, str]
    segments: dict[str, str]


def traces(found: Iterable[Trace], places: Places, voice: Voice) -> str:
    """For each metric, the records behind it: what failed first, then the newest."""
    found = tuple(found)
    return myst.paragraphs(*(_behind(it, list(filter(it.lists, found)), places, voice) for it in METRICS.values()))


def metrics_behind(found: Iterable[Trace], voice: Voice) -> dict[str, str]:
    """For each origin of records, links to the figures that it speaks for."""
    by_origin: dict[str, list[str]] = {}
    for trace in found:
        for it in METRICS.values():
            known = by_origin.setdefault(_origin(trace), [])
            if it.lists(trace) and it.id not in known:
                known.append(it.id)
    return {
        origin: ", ".join(myst.link(voice(METRICS[metric].title), f"behind-{metric}") for metric in metrics)
        for origin, metrics in by_origin.items()
    }


def _behind(it: MetricDefinition, found: list[Trace], places: Places, voice: Voice) -> str:
    title = voice(it.title) + ": " + voice(N_("{n} records"), n=len(found))
    anchor = myst.anchor(f"**{title}**", f"behind-{it.id}")
    if not found:
        return myst.paragraphs(anchor, voice(it.nothing))
    shown = sorted(found, key=_newest)
    shown.sort(key=_ended_well)
    header = [
        voice(N_("When")),
        voice(N_("What")),
        voice(N_("How it ended")),
        voice(N_("File and line")),
        voice(N_("Segment")),
    ]
    rows = [_row(trace, places, voice) for trace in shown[:ROWS_SHOWN]]
    left_out = len(shown) - len(rows)
    return myst.paragraphs(
        anchor,
        myst.dropdown(
            voice(N_("The records, one by one")),
            myst.table(voice(it.title), header, rows, classes="cards traces"),
            voice(N_("{n} more are in the segments."), n=left_out) if left_out else "",
        ),
    )


def _newest(trace: Trace) -> float:
    return -trace.record.occurred_at.timestamp()


def _ended_well(trace: Trace) -> bool:
    record = trace.record
    return isinstance(record, JobAttempt) and record.conclusion is Conclusion.SUCCESS


def _row(trace: Trace, places: Places, voice: Voice) -> list[str]:
    return [
        voice.at(trace.record.occurred_at),
        _what(trace, voice),
        _how(trace, voice),
        _where(trace, places, voice),
        places.segments.get(trace.segment) or voice.literal(trace.segment),
    ]


def _what(trace: Trace, voice: Voice) -> str:
    match trace.record:
        case JobAttempt() as job:
            names = [name for name in (job.workflow, job.job, job.variant) if name]
            return f"{' / '.join(voice.literal(name) for name in names)}, " + voice(
                N_("attempt {n} of run {run}"), n=job.attempt, run=job.run_id
            )
        case TestAttempt() as test:
            return f"{voice.literal(test.test)}, " + voice(
                N_("attempt {n} of run {run}"), n=test.attempt, run=test.run_id
            )
        case Event() as event:
            return f"{voice.literal(event.place)}, " + voice(N_("run {run}"), run=event.run_id)
        case _:
            return "–"


def _how(trace: Trace, voice: Voice) -> str:
    match trace.record:
        case JobAttempt() as job:
            return voice.word(job.conclusion)
        case TestAttempt() as test:
            return myst.paragraphs(voice.word(test.outcome), voice.literal(test.message) if test.message else "")
        case Event() as event:
            return myst.paragraphs(
                voice.literal(event.quote or event.message),
                voice(N_("Expected by the test: not counted.")) if event.expected else "",
                voice(N_("It stopped the run.")) if event.blocking else "",
            )
        case _:
            return "–"


def _where(trace: Trace, places: Places, voice: Voice) -> str:
    name = _origin(trace)
    anchor = places.files.get(name)
    linked = myst.link(voice.literal(name), anchor) if anchor else voice.literal(name)
    line = getattr(trace.record, "line", None)
    return f"{linked}, {voice(N_('line {n}'), n=line)}" if line is not None else linked


def _origin(trace: Trace) -> str:
    return str(getattr(trace.record, "origin", ""))
