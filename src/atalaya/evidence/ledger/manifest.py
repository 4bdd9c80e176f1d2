"""The segment manifest: records the names of all segments, so that a missing one is detected.

An altered segment is not what its name says. One that was taken away says nothing at all, so each run writes down
the names that no run before it had: a name with no segment behind it is a segment that is gone.
"""

from __future__ import annotations

from collections.abc import Iterator

from atalaya.core.words import Text, text
from atalaya.evidence.ledger.ledger import Survey
from atalaya.records.stored import SegmentManifest


def unnamed(survey: Survey) -> tuple[str, ...]:
    """The segments that no roll call has named yet, but for roll calls."""
    named = {name for call in _calls(survey) for name in call.segments}
    return tuple(
        sorted(
            _stem(one.info.name)
            for one in survey.segments
            if one.info.kind != SegmentManifest.kind and _stem(one.info.name) not in named
        )
    )


def missing(survey: Survey) -> Iterator[Text]:
    """What was named, and is not there: nothing at all, as long as nobody took a segment away."""
    there = {_stem(one.info.name) for one in survey.segments} | {_stem(name) for name in survey.damaged}
    for call in _calls(survey):
        for name in call.segments:
            if name not in there:
                yield text(
                    "{segment}: it was in the ledger on {at}, and is gone. Restore it from git.",
                    segment=name,
                    at=call.recorded_at,
                )


def _calls(survey: Survey) -> list[SegmentManifest]:
    return [record for segment in survey.segments for record in segment.records if isinstance(record, SegmentManifest)]


def _stem(name: str) -> str:
    """Compressed or not, it is the same segment."""
    return name.partition(".")[0]
