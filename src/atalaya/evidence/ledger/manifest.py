"""The segment manifest: records the names of all segments, so that one that is missing or altered is detected.

An altered segment is not what its name says. One that was taken away says nothing at all, so each command that adds
evidence writes down the names that none before it had: a name with no segment behind it is a segment that is gone. The
time of recording is no part of what a segment's name is the digest of, so beside each name stands a digest of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from atalaya.core.errors import EvidenceError
from atalaya.core.words import Text, text
from atalaya.evidence.ledger import ledger, listing, naming, opening
from atalaya.evidence.ledger.ledger import Survey
from atalaya.evidence.ledger.redaction import removed_by
from atalaya.records.results import SegmentInfo
from atalaya.records.stored import Evidence, Redaction, SegmentManifest


def unnamed(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The segments that no roll call has named yet, and the SHA-256 of the content of each.

    None where a roll call alone is new: else each would be the reason for another one. Of two, called on two machines,
    neither leads to the other, so the next one has to name both.
    """
    named = {name for call in ledger.readable(folder, SegmentManifest) for name in call.segments}
    new = {_name(info.name): info for info in _not_in(folder, named)}
    if len(new) <= 1 and all(info.kind == SegmentManifest.kind for info in new.values()):
        return (), ()
    return tuple(sorted(new)), tuple(new[name].sha256 for name in sorted(new))


def _not_in(folder: Path, named: set[str]) -> Iterator[SegmentInfo]:
    """What is not named yet; of what is damaged, nobody may say that it is as it was."""
    for path in listing.files(folder):
        try:
            if any(_name(name) not in named for name in listing.names_in(path)):
                yield from (
                    one.info for one in opening.open_file(path, opening.none) if _name(one.info.name) not in named
                )
        except EvidenceError:
            continue


def differs(survey: Survey) -> Iterator[Text]:
    """What was named, and is not there, or not as it was: nothing at all, as long as nobody touched a segment.

    What a redaction took away is not missing: it says so itself.
    """
    names = (*(one.info.name for one in survey.segments), *survey.damaged)
    redacted = removed_by(record for segment in survey.segments for record in segment.records)
    there = {naming.identity(name) for name in names} | redacted
    content = {_name(one.info.name): one.info.sha256 for one in survey.segments}
    for _, call in _calls(survey):
        for name in call.segments:
            if naming.identity(name) not in there:
                yield text(
                    "{segment}: it was in the ledger on {at}, and is gone. Restore it from git.",
                    segment=name,
                    at=call.recorded_at,
                )
        for name, sha256 in zip(call.segments, call.digests, strict=False):
            if content.get(name, sha256) != sha256:
                yield text(
                    "{segment}: its content is not what it was on {at}: a time of recording was changed in it. Restore "
                    "it from git.",
                    segment=name,
                    at=call.recorded_at,
                )


def rolls_and_redactions(segment: str) -> Callable[[Sequence[Evidence]], Iterable[int]]:
    """A sieve that keeps roll calls and redactions, which :func:`differs` and :func:`unknown_at` read."""
    is_read = segment.partition("-")[0] in (SegmentManifest.kind, Redaction.kind)
    return lambda records: range(len(records)) if is_read else ()


def unknown_at(survey: Survey, at: datetime, run_id: str = "") -> tuple[SegmentInfo, ...]:
    """The segments that no roll call proves to have been in the ledger at an instant, whenever they were recorded.

    The newest call of that instant names what none before it had, the calls before it among that. What it does not lead
    to may have lain elsewhere then: on another machine, or on a branch that was merged since. Where no roll had been
    called by then, that is all of them.

    :param run_id: what wrote down something then; where it called the roll too, that call is the one.
    """
    calls = list(_calls(survey))
    same_run = [(call.recorded_at, segment) for segment, call in calls if run_id and call.run_id == run_id]
    by_then = same_run or [(call.recorded_at, segment) for segment, call in calls if call.recorded_at <= at]
    of_segment: dict[str, list[SegmentManifest]] = {}
    for segment, call in calls:
        of_segment.setdefault(segment, []).append(call)
    known: set[str] = set()
    left = [max(by_then)[1]] if by_then else []
    while left:
        segment = left.pop()
        if segment not in known:
            known.add(segment)
            left += [naming.identity(name) for call in of_segment.get(segment, ()) for name in call.segments]
    return tuple(segment.info for segment in survey.segments if naming.identity(segment.info.name) not in known)


def _calls(survey: Survey) -> Iterator[tuple[str, SegmentManifest]]:
    """Each roll call, after the identity of the segment that it lies in."""
    for segment in survey.segments:
        calls = (record for record in segment.records if isinstance(record, SegmentManifest))
        yield from ((naming.identity(segment.info.name), call) for call in calls)


def _name(name: str) -> str:
    """Compressed or not, it is the same segment."""
    return name.partition(".")[0]
