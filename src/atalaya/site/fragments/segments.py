"""The page of one file of evidence, record by record.

Each segment has a page of its own, so that from any figure its evidence is two links away. These pages have no
source in the release's folder, which is sealed one day: they are made whole from the ledger, as HTML, and the
extension puts the frame of the site around them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import msgspec

from atalaya.core.words import Text
from atalaya.evidence.ledger.ledger import Segment
from atalaya.metrics.definitions import METRICS, MetricDefinition
from atalaya.records.judged import Judgement
from atalaya.records.results import SegmentInfo
from atalaya.records.stored import Evidence
from atalaya.site.build import atomic_write
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import BEGUN, render_html

FOLDER = "segments"
RECORDS_SHOWN = 200
RECORD_LIMIT = 1500  # characters: the longest record of the bundled SDK has about 900


def link(segment: SegmentInfo, judgement: Judgement) -> Markdown:
    """The name of a segment, which leads to its page."""
    return myst.page(segment.name, judgement.release.version, f"{FOLDER}/{name_of(segment)}")


def name_of(segment: SegmentInfo) -> str:
    """What its page is called: the beginning of its digest, so it never changes either."""
    return segment.digest[:16]


def behind(metric: str, judgement: Judgement) -> list[SegmentInfo]:
    """The segments that hold records which a metric counts."""
    return [segment for segment in judgement.segments if _is_counted(segment, METRICS[metric])]


def _is_counted(segment: SegmentInfo, it: MetricDefinition) -> bool:
    return segment.kind in [record.kind for record in it.evidence]


def write_pages(judgement: Judgement, segments: Iterable[Segment], out: Path, voice: Renderer) -> tuple[Path, ...]:
    """Write the page of each segment that the judgement rests on, and take away those of segments gone.

    ``out`` is the folder of the release's fragments in one language. Returns the files that had to be written.
    """
    listed = {segment.name for segment in judgement.segments}
    texts = {name_of(segment.info): page(segment, voice) for segment in segments if segment.info.name in listed}
    return atomic_write.write_pages(out / FOLDER, texts, ".html")


def page(segment: Segment, voice: Renderer) -> str:
    """The body of the page."""
    return render_html(
        "segment",
        voice,
        segment=segment.info,
        id=name_of(segment.info),
        metrics=[Text(template=it.title) for it in METRICS.values() if _is_counted(segment.info, it)],
        records=[(one, _line(one)) for one in segment.records[:RECORDS_SHOWN]],
        most=BEGUN,
        left_out=len(segment.records) - RECORDS_SHOWN,
        limit=RECORD_LIMIT,
    ).rstrip("\n")


def _line(record: Evidence) -> str:
    """What the record says beyond where and when, as it stands in the file."""
    said = msgspec.to_builtins(record)
    kept = {name: value for name, value in said.items() if name not in ("occurred_at", "environment", "format")}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
