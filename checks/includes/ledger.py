"""Which evidence stands behind the page, file by file, and what was it made with?"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from checks.includes import myst, segments
from checks.includes.traces import Places, metrics_behind, traces
from checks.includes.voice import Voice
from checks.records import N_, Judgement, Reading, ReadStatus, RunContext, SegmentInfo

READINGS_SHOWN = 500


def evidence(judgement: Judgement, voice: Voice) -> str:
    """Segments, readings and run contexts."""
    shown = _shown(judgement.readings)
    places = Places(
        files={reading.origin: f"file-{reading.sha256[:12]}" for reading in shown if reading.sha256},
        segments={segment.name: segments.link(segment, judgement) for segment in judgement.segments},
    )
    return myst.paragraphs(
        traces(judgement.traces, places, voice),
        _segments(judgement, voice),
        _readings(judgement, shown, voice),
        _contexts(judgement.contexts, voice),
    )


def _anchor(segment: SegmentInfo) -> str:
    return f"segment-{segments.name_of(segment)}"


def _segments(judgement: Judgement, voice: Voice) -> str:
    if not judgement.segments:
        return voice(N_("There is no evidence yet. Nothing ran, so nothing is known."))
    header = [
        voice(N_("Segment")),
        voice(N_("Kind")),
        voice(N_("Environments")),
        voice(N_("Records")),
        voice(N_("Bytes")),
        voice(N_("First")),
        voice(N_("Last")),
        voice(N_("Digest")),
    ]
    rows = [
        [
            myst.anchor(segments.link(segment, judgement), _anchor(segment)),
            voice.literal(segment.kind),
            ", ".join(voice.literal(name) for name in segment.environments) or "–",
            voice.number(segment.records),
            voice.number(segment.size_bytes),
            voice.at(segment.first_at),
            voice.at(segment.last_at),
            voice.literal(segment.digest),
        ]
        for segment in judgement.segments
    ]
    caption = voice(
        N_("The ledger: {records} records in {n} segments"),
        records=sum(segment.records for segment in judgement.segments),
        n=len(judgement.segments),
    )
    return myst.table(caption, header, rows, classes="cards ledger")


def _shown(readings: tuple[Reading, ...]) -> list[Reading]:
    """What could not be read comes first: it is what somebody has to look at."""
    ordered = sorted(readings, key=lambda reading: (reading.status is ReadStatus.READ, reading.file, reading.sha256))
    return ordered[:READINGS_SHOWN]


def _readings(judgement: Judgement, shown: list[Reading], voice: Voice) -> str:
    readings = judgement.readings
    if not readings:
        return voice(N_("No file of test results was taken in."))
    behind = metrics_behind(judgement.traces, voice)
    anchored: set[str] = set()
    header = [
        voice(N_("File")),
        voice(N_("Status")),
        voice(N_("What it says")),
        voice(N_("Cases")),
        voice(N_("Passed")),
        voice(N_("Failed")),
        voice(N_("Errored")),
        voice(N_("Skipped")),
        voice(N_("Reason")),
        voice(N_("Figures")),
    ]
    rows = [
        [
            _file(reading, anchored, voice),
            voice.badge(reading.status),
            voice.word(reading.verdict),
            *(
                "–" if count is None else voice.number(count)
                for count in (reading.cases, reading.passed, reading.failed, reading.errored, reading.skipped)
            ),
            voice.plain(reading.reason),
            behind.get(reading.origin, "–"),
        ]
        for reading in shown
    ]
    unread = sum(reading.status is not ReadStatus.READ for reading in readings)
    caption = voice(N_("Files taken in: {n}, of which {unread} could not be used"), n=len(readings), unread=unread)
    left_out = len(readings) - len(shown)
    return myst.paragraphs(
        myst.table(caption, header, rows, classes="cards readings"),
        voice(N_("{n} more files are in the evidence folder."), n=left_out) if left_out else "",
    )


def _file(reading: Reading, anchored: set[str], voice: Voice) -> str:
    """The file's name, which the records taken from it lead to; the same bytes may be listed twice."""
    name, id = voice.literal(reading.file), f"file-{reading.sha256[:12]}"
    if not reading.sha256 or id in anchored:
        return name
    anchored.add(id)
    return myst.anchor(name, id)


def _contexts(contexts: tuple[RunContext, ...], voice: Voice) -> str:
    """Runs made with the same things are one row, so that each row is a change."""
    if not contexts:
        return voice(N_("No run has been made yet."))
    header = [
        voice(N_("Made by")),
        voice(N_("Runs")),
        voice(N_("From")),
        voice(N_("To")),
        voice(N_("Environment")),
        voice(N_("SDK")),
        voice(N_("Python")),
        voice(N_("System")),
        voice(N_("Digest of the SDK")),
        voice(N_("Packages")),
    ]
    ordered = sorted(contexts, key=lambda context: (context.producer, context.environment.value, context.occurred_at))
    rows = [_context_row(list(alike), voice) for _, alike in groupby(ordered, key=_made_with)]
    caption = voice(N_("What the runs were made with: a new row is a change"))
    return myst.table(caption, header, rows, classes="cards contexts")


def _made_with(context: RunContext) -> tuple[object, ...]:
    return (
        context.producer,
        context.environment,
        context.subject_name,
        context.subject_version,
        context.subject_digest,
        context.subject_source,
        context.python,
        context.implementation,
        context.os,
        context.freeze,
    )


def _context_row(alike: list[RunContext], voice: Voice) -> list[str]:
    first, last = alike[0], alike[-1]
    sdk = f"{first.subject_name} {first.subject_version or '?'} ({first.subject_source})"
    return [
        voice.literal(first.producer),
        voice.number(len(alike)),
        voice.at(first.occurred_at),
        voice.at(last.occurred_at),
        voice.literal(first.environment.value),
        voice.literal(sdk),
        voice.literal(f"{first.implementation} {first.python}"),
        voice.literal(first.os),
        voice.literal(first.subject_digest),
        _freeze(first.freeze, voice),
    ]


def _freeze(freeze: Iterable[str], voice: Voice) -> str:
    return ", ".join(voice.literal(package, 80) for package in freeze) or "–"
