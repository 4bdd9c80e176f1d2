"""Which attempts, failures and events stand behind each figure, and in which file and line do they stand?

Each row leads to the file and the segment that it came from, where those are listed on the same page, and each file
leads back to the figures that it speaks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from checks.includes import myst
from checks.includes.runbook import RUNBOOK
from checks.includes.voice import Voice
from checks.records import N_, Conclusion, Event, EventKind, JobAttempt, TestAttempt, Trace

ROWS_SHOWN = 200


class Behind(NamedTuple):
    """What a metric rests on: which of the records, and which of those come first."""

    metric: str
    counts: Callable[[Trace], bool]
    nothing: str


def _event(kind: EventKind) -> Callable[[Trace], bool]:
    return lambda trace: isinstance(trace.record, Event) and trace.record.event is kind


BEHIND: tuple[Behind, ...] = (
    Behind("pass-rate", lambda trace: isinstance(trace.record, JobAttempt), N_("No attempt of a job was recorded.")),
    Behind("flaky-tests", lambda trace: isinstance(trace.record, TestAttempt), N_("No test has failed.")),
    Behind("network-errors", _event(EventKind.NETWORK_ERROR), N_("No network error was recorded.")),
    Behind("polling-timeouts", _event(EventKind.POLLING_TIMEOUT), N_("No polling timeout was recorded.")),
    Behind("stale-cache", _event(EventKind.STALE_READ), N_("No stale read was recorded.")),
)


class Places(NamedTuple):
    """The anchors of the files that a page lists, and the links to the pages of segments, by what records call them."""

    files: dict[str, str]
    segments: dict[str, str]


def traces(found: Iterable[Trace], places: Places, voice: Voice) -> str:
    """For each metric, the records behind it: what failed first, then the newest."""
    found = tuple(found)
    return myst.paragraphs(*(_behind(one, [t for t in found if one.counts(t)], places, voice) for one in BEHIND))


def metrics_behind(found: Iterable[Trace], voice: Voice) -> dict[str, str]:
    """For each origin of records, links to the figures that it speaks for."""
    by_origin: dict[str, list[str]] = {}
    for trace in found:
        for one in BEHIND:
            known = by_origin.setdefault(_origin(trace), [])
            if one.counts(trace) and one.metric not in known:
                known.append(one.metric)
    return {
        origin: ", ".join(myst.link(voice(RUNBOOK[metric].title), f"behind-{metric}") for metric in metrics)
        for origin, metrics in by_origin.items()
    }


def _behind(one: Behind, found: list[Trace], places: Places, voice: Voice) -> str:
    title = voice(RUNBOOK[one.metric].title) + ": " + voice(N_("{n} records"), n=len(found))
    anchor = myst.anchor(f"**{title}**", f"behind-{one.metric}")
    if not found:
        return myst.paragraphs(anchor, voice(one.nothing))
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
            myst.table(voice(RUNBOOK[one.metric].title), header, rows, classes="cards traces"),
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
