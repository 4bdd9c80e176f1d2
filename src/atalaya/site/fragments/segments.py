"""Links to segments and to their records, on the page of their kind.

The anchor of a record is made of the digest of its segment and of its line there, so that it leads to the same record
however many segments come, and after they were compacted.
"""

from __future__ import annotations

from atalaya.metrics.definitions import METRICS, MetricDefinition
from atalaya.records.judged import Judgement, Trace
from atalaya.records.results import SegmentInfo
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown

FOLDER = "evidence"  # of a release's pages; the files of evidence lie there too, beside the front language's
DIGITS = 16  # of a digest, in an anchor
SHOWN_DIGITS = 8  # of it in the words of a link


def name_of(segment: SegmentInfo) -> str:
    """The beginning of its digest, which never changes."""
    return segment.digest[:DIGITS]


def segment_id(segment: SegmentInfo) -> str:
    """The anchor of a segment on the page of its kind."""
    return f"segment-{name_of(segment)}"


def record_id(segment: SegmentInfo, line: int) -> str:
    """The anchor of the record at a line of a segment, from 1, on the page of its kind."""
    return f"record-{name_of(segment)}-{line}"


def page_of(kind: str) -> str:
    """The page of a kind, from the front of the release."""
    return f"{FOLDER}/{kind}"


def link(segment: SegmentInfo, judgement: Judgement) -> Markdown:
    """The name of a segment, which leads to its place on the page of its kind."""
    return myst.page(segment.name, judgement.release.version, f"{page_of(segment.kind)}#{segment_id(segment)}")


def short_link(segment: SegmentInfo, judgement: Judgement) -> Markdown:
    """The kind of a segment and the beginning of its digest, which lead to the same place."""
    words = f"{segment.kind}-{segment.digest[:SHOWN_DIGITS]}"
    return myst.page(words, judgement.release.version, f"{page_of(segment.kind)}#{segment_id(segment)}")


def record_link(trace: Trace, segment: SegmentInfo, judgement: Judgement) -> Markdown:
    """The kind and the digest of a segment with the line of a record, which leads to that record."""
    words = f"{segment.kind}-{segment.digest[:SHOWN_DIGITS]}:{trace.line}"
    return myst.page(words, judgement.release.version, f"{page_of(segment.kind)}#{record_id(segment, trace.line)}")


def behind(metric: str, judgement: Judgement) -> list[SegmentInfo]:
    """The segments that hold records which a metric counts."""
    return [segment for segment in judgement.segments if is_counted(segment.kind, METRICS[metric])]


def is_counted(kind: str, it: MetricDefinition) -> bool:
    """Whether a metric counts records of a kind."""
    return kind in [record.kind for record in it.evidence]
