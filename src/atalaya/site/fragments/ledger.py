"""The fragment of the evidence behind a page: file by file, and what the runs were made with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from atalaya.records.judged import Judgement, Trace
from atalaya.records.results import SegmentInfo
from atalaya.records.stored import Reading, ReadStatus, RunContext
from atalaya.site.fragments import segments
from atalaya.site.fragments.provenance import Places, metrics_behind, traces
from atalaya.site.fragments.record_reference import SAYS
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render

READINGS_SHOWN = 500


def evidence(judgement: Judgement, voice: Renderer) -> Markdown:
    """Segments by their kind, files that nobody can read, readings and run contexts."""
    shown = _shown(judgement.readings)
    by_name = {segment.name: segment for segment in judgement.segments}

    def record(trace: Trace) -> Markdown | None:
        segment = by_name.get(trace.segment)
        return segments.record_link(trace, segment, judgement) if segment else None

    files = {reading.origin: _file_id(reading) for reading in shown if reading.sha256}
    return render(
        "evidence",
        voice,
        judgement=judgement,
        behind_figures=traces(judgement.traces, Places(files, record), voice),
        kinds=_kinds(judgement),
        readings=list(_anchored(shown)),
        unread=sum(reading.status is not ReadStatus.READ for reading in judgement.readings),
        metrics_behind=metrics_behind(judgement.traces, voice),
        ReadStatus=ReadStatus,
        contexts=_alike(judgement.contexts),
    )


class Kind(NamedTuple):
    """The segments of one kind, in numbers, and the link to its page."""

    link: Markdown
    says: str
    environments: list[str]
    segments: int
    records: int
    size_bytes: int
    first_at: datetime
    last_at: datetime


def _kinds(judgement: Judgement) -> list[Kind]:
    """However many segments there are, a release has no more rows than there are kinds."""
    found = []
    for kind, of_it in groupby(sorted(judgement.segments, key=_kind), key=_kind):
        alike = list(of_it)
        found.append(
            Kind(
                link=myst.page(kind, judgement.release.version, segments.page_of(kind)),
                says=SAYS[kind],
                environments=sorted({name for one in alike for name in one.environments}),
                segments=len(alike),
                records=sum(one.records for one in alike),
                size_bytes=sum(one.size_bytes for one in alike),
                first_at=min(one.first_at for one in alike),
                last_at=max(one.last_at for one in alike),
            )
        )
    return found


def _kind(segment: SegmentInfo) -> str:
    return segment.kind


def _shown(readings: Iterable[Reading]) -> list[Reading]:
    """What could not be read comes first: it is what somebody has to look at."""
    ordered = sorted(readings, key=lambda reading: (reading.status is ReadStatus.READ, reading.file, reading.sha256))
    return ordered[:READINGS_SHOWN]


def _file_id(reading: Reading) -> str:
    return f"file-{reading.sha256[:12]}"


def _anchored(readings: Iterable[Reading]) -> Iterator[tuple[Reading, str]]:
    """Each file with the anchor that its records lead to, if it has one; the same bytes may be listed twice."""
    anchored: set[str] = set()
    for reading in readings:
        id = _file_id(reading)
        yield reading, id if reading.sha256 and id not in anchored else ""
        anchored.add(id)


def _alike(contexts: Iterable[RunContext]) -> list[list[RunContext]]:
    """Runs made with the same things are together, so that each row is a change."""
    ordered = sorted(contexts, key=lambda context: (context.producer, context.environment.value, context.occurred_at))
    return [list(alike) for _, alike in groupby(ordered, key=_made_with)]


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
