"""The last verdict of a release that somebody published or recorded, and whether it can still be believed.

It can where it rests on all the evidence that there is, and is not older than it may be.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from atalaya.core import plain_file
from atalaya.core.errors import EvidenceError, passes, short_of_something
from atalaya.core.kept_text import KeptText
from atalaya.core.settings import Settings
from atalaya.core.window import valid_until
from atalaya.evidence.ledger import ledger, listing, manifest, naming
from atalaya.evidence.ledger.redaction import removed_by
from atalaya.fleet.release_records import RecordsByNow
from atalaya.fleet.row import MOST, earliest, end_of_window
from atalaya.fleet.sources import ReleasePlace
from atalaya.fleet.strangers import cut, instant, number
from atalaya.records.fleet import Basis, FleetMetric, FleetWord, ReleaseRow
from atalaya.records.judged import State
from atalaya.records.stored import Redaction, Release, VerdictRecord
from atalaya.watch.state_at import NOT_EVIDENCE_KINDS, RestsOn, evidence_recorded_at, rests_on

REASONS = 3
A_MOMENT = timedelta(seconds=10)  # from the newest evidence of a page to the roll call, where the page names none
LARGEST_BYTES = 64 * 1024 * 1024  # of a report that is read


class StatedVerdict(NamedTuple):
    """A verdict as somebody said it."""

    basis: Basis
    word: FleetWord
    as_of: datetime
    rule: str = ""
    digest: str = ""
    because: tuple[str, ...] = ()  # all of the reasons
    reason: KeptText | None = None
    valid_until: datetime | None = None
    metrics: tuple[FleetMetric, ...] = ()
    recorded_at: datetime | None = None  # of what was recorded, when that was, and in which run
    run_id: str = ""
    evidence: RestsOn | None = None  # what a page says that it rests on, and what to do
    next_steps: tuple[str, ...] = ()

    def over(self, row: ReleaseRow) -> ReleaseRow:
        """The row with this verdict."""
        return replace(
            row,
            basis=self.basis,
            word=self.word,
            as_of=self.as_of,
            rule=self.rule,
            digest=self.digest,
            because=self.because[:REASONS],
            reason=self.reason,
            valid_until=self.valid_until,
            metrics=self.metrics,
        )


def published(place: ReleasePlace, release: Release) -> StatedVerdict | None:
    """The verdict that was published beside the folder; none where there is none, or another Atalaya wrote it."""
    if place.published is None or not place.published.is_file():
        return None
    try:
        said = msgspec.json.decode(plain_file.content(place.published, LARGEST_BYTES))
        return of_document(said, release.version, Basis.PUBLISHED)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as why:
        if passes(why):
            raise short_of_something(place.published.name, why) from None
        return None


def of_document(document: Any, version: str, basis: Basis) -> StatedVerdict:
    """What a document of the schema ``atalaya.metrics/1`` says."""
    if str(document["release"]["version"]) != version:
        raise ValueError(f"it is of {document['release']['version']!r}")
    verdict = document["verdict"]
    return StatedVerdict(
        basis=basis,
        word=FleetWord(verdict["word"]),
        as_of=instant(document["as_of"]),
        rule=cut(verdict["rule"]),
        digest=cut(verdict["digest"]),
        evidence=msgspec.convert(document.get("evidence"), RestsOn | None),
        because=tuple(cut(one) for one in verdict["because"][:MOST]),
        valid_until=instant(verdict["valid_until"]),
        metrics=tuple(
            FleetMetric(
                id=cut(one["id"]),
                state=State(one["state"]),
                value=number(one["value"]),
                low=number(one["low"]),
                high=number(one["high"]),
                n=int(one["n"]),
                unit=cut(one["unit"]),
            )
            for one in document["metrics"][:MOST]
        ),
        next_steps=tuple(cut(one) for one in verdict.get("next_steps", ())[:MOST]),
    )


def last_stated(
    row: ReleaseRow, place: ReleasePlace, known: RecordsByNow, window_h: int
) -> tuple[StatedVerdict | None, datetime | None]:
    """What was published or recorded last by now, and until when it is that: a record of a clock that is ahead waits
    until its time has come.

    :param window_h: how long its watch lasts, as far as is known by now.
    """
    on_a_page, recorded = published(place, known.release), _recorded(known, window_h)
    ahead = {one.as_of for one in (on_a_page, *recorded) if one is not None and one.as_of > known.now}
    if known.release.rehearsal:  # whose calendar is made up
        ahead = set()
    if on_a_page is not None and on_a_page.as_of in ahead:
        on_a_page = None
    said = _later(on_a_page, next((one for one in recorded if one.as_of not in ahead), None))
    return said, earliest(*ahead, *known.ahead, end_of_window(row, known.now))


def _recorded(known: RecordsByNow, window_h: int) -> list[StatedVerdict]:
    """The verdicts that were recorded as said to people, the last one first."""
    valid_h = known.settings(Settings()).watch.valid_h
    return [
        StatedVerdict(
            basis=Basis.RECORDED,
            word=FleetWord(one.word.value),
            as_of=one.occurred_at,
            rule=cut(one.rule),
            digest=one.verdict,
            because=tuple(map(cut, one.because[:MOST])),
            valid_until=valid_until(known.release, one.occurred_at, valid_h, window_h),
            recorded_at=one.recorded_at,
            run_id=one.run_id,
        )
        for one in reversed(known.of(VerdictRecord))
    ]


def _later(on_a_page: StatedVerdict | None, recorded: StatedVerdict | None) -> StatedVerdict | None:
    """The one that was said later; of one instant that of the page, which holds the figures too."""
    if on_a_page is None or recorded is None:
        return on_a_page or recorded
    return on_a_page if on_a_page.as_of >= recorded.as_of else recorded


def is_newer(said: StatedVerdict, row: ReleaseRow, now: datetime) -> bool:
    """Whether something was recorded, or the window began or ended, after what was said."""
    if row.opened_at is not None and said.as_of < row.opened_at:
        return True
    ended = row.ends_at is not None and not row.rehearsal and said.as_of < row.ends_at <= now
    return ended or (row.evidence_at is not None and row.evidence_at > said.as_of)


def problems(survey: ledger.Survey) -> Iterator[str]:
    """Why what was said of some evidence cannot be believed: it is not all there as it was."""
    yield from survey.problems
    yield from map(str, manifest.differs(survey))
    if not has_evidence(survey):
        yield "There is no evidence for what was said of it. Restore it from git."


class Named(NamedTuple):
    """The names of the segments that a verdict rests on; not all, where a file that holds some is damaged."""

    names: tuple[str, ...]
    are_all: bool

    @classmethod
    def in_folder(cls, evidence: Path) -> Named:
        names: list[str] = []
        are_all = True
        for path in listing.files(evidence):
            try:
                names += listing.names_in(path)
            except EvidenceError:  # whoever looks at all of it finds that
                are_all = False
        return cls(tuple(name for name in names if name.partition("-")[0] not in NOT_EVIDENCE_KINDS), are_all)

    @property
    def newest_at(self) -> datetime | None:
        """When the newest of them was begun."""
        found = (match["at"] for name in self.names if (match := naming.NAME.fullmatch(name)))
        at = max(filter(None, found), default=None)
        return datetime.strptime(at, naming.AT).replace(tzinfo=UTC) if at else None


def more_than_there_is(said: StatedVerdict, named: Named, known: RecordsByNow) -> str:
    """What to say where a page rests on more evidence than there is; what a redaction took away says so itself."""
    if said.evidence is None or not named.are_all:
        return ""
    there = set(removed_by(known.of(Redaction))) | set(map(naming.identity, named.names))
    if len(there) >= said.evidence.segments:
        return ""
    return (
        f"What was published of it rests on {said.evidence.segments} segments of evidence, and {len(there)} are there. "
        f"Restore the others from git, or publish it anew."
    )


def has_evidence(survey: ledger.Survey) -> bool:
    """Whether anything is there that a verdict rests on."""
    return any(segment.info.kind not in NOT_EVIDENCE_KINDS for segment in survey.segments)


def may_rest_on_less(said: StatedVerdict, survey: ledger.Survey) -> bool:
    """Whether what was said rests on other evidence than there is, or nobody can say that it does not: some was written
    down later, or may have come to this ledger later."""
    if any(at > said.as_of for at in evidence_recorded_at(survey.segments)):
        return True
    if said.evidence is not None:
        return said.evidence != rests_on(segment.info for segment in survey.segments)
    at = said.recorded_at or said.as_of + A_MOMENT
    return any(one.kind not in NOT_EVIDENCE_KINDS for one in manifest.unknown_at(survey, at, said.run_id))
