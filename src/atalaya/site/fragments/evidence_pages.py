"""The page of each kind of evidence: its segments, to be taken along, and their records as a table.

There is one page a kind, however many segments come. These pages have no source in the release's folder, which is
sealed one day: they are made whole from the ledger, as HTML, and the extension puts the frame of the site around them.
What a page holds is bounded: so many rows, and so many raw lines. It says what it leaves out, which is in the files.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from atalaya.core.words import Text
from atalaya.evidence.ledger import ledger
from atalaya.evidence.ledger.holdings import Holdings, LedgerFile, holdings
from atalaya.evidence.ledger.opening import Segment
from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import Judgement
from atalaya.records.results import SegmentInfo
from atalaya.records.stored import Evidence, TestAttempt
from atalaya.site.build import atomic_write
from atalaya.site.build.kept_pages import KeptPages
from atalaya.site.fragments import segments
from atalaya.site.fragments.provenance import shown_of
from atalaya.site.fragments.record_columns import SHOWN, Shown
from atalaya.site.fragments.record_reference import SAYS
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import BEGUN, render_html

ROWS_SHOWN = 250  # of one kind; what a figure leads to is listed beyond that too
RAW_SHOWN = 50
RAW_LIMIT = 1500  # characters of a raw line: the longest record of the bundled SDK has about 900
SEGMENTS_OPEN = BEGUN
SUFFIX = ".html"
FILES = re.compile(rb'<table class="table cards files">.*?</table>', re.DOTALL)


class Row(NamedTuple):
    """A record that is listed: where it stands, and its line as it stands there, where that is shown."""

    line: int
    id: str
    record: Evidence
    raw: str | None


class Part(NamedTuple):
    """A segment on the page of its kind, with its files and with those of its records that are listed."""

    info: SegmentInfo
    id: str
    files: tuple[LedgerFile, ...]
    rows: tuple[Row, ...]


class Place(NamedTuple):
    """A record of a segment, before anybody knows whether it is listed."""

    segment: Segment
    line: int
    record: Evidence

    @property
    def name(self) -> tuple[str, int]:
        return self.segment.info.name, self.line


class Listing:
    """Counts the records of a ledger as they are read, and chooses those that a page may list: no other is held.

    Of tests it may list those that are amiss, all that a figure leads to among them, and the newest of the others. Of
    every other kind it may list each.

    :param segments: the names of those that the pages are of.
    """

    def __init__(self, segments: Collection[str]) -> None:
        self._segments = segments
        self._newest: list[datetime] = []  # a heap of the times of tests that are not amiss, the earliest first
        self.counts: dict[str, Counter[object]] = {}

    def __call__(self, segment: str) -> Callable[[Sequence[Evidence]], Iterable[int]]:
        """What chooses among the records of a segment; one that stands in two files is read twice, and counts once."""
        if segment not in self._segments:
            return lambda records: ()
        is_again = segment in self.counts
        counts = self.counts[segment] = Counter()
        return partial(self._chosen, counts, is_again)

    def _chosen(self, counts: Counter[object], is_again: bool, records: Sequence[Evidence]) -> list[int]:
        shown = SHOWN[records[0].kind]
        if shown.counted_by is not None:
            counts.update(map(shown.counted_by.of, records))
        if not isinstance(records[0], TestAttempt):
            return [*range(len(records))]
        may_be = self._again if is_again else self._first
        return [place for place, one in enumerate(records) if shown.is_amiss(one) or may_be(one.occurred_at)]

    def _again(self, at: datetime) -> bool:
        return len(self._newest) < ROWS_SHOWN or at >= self._newest[0]

    def _first(self, at: datetime) -> bool:
        if not self._again(at):
            return False
        (heapq.heappush if len(self._newest) < ROWS_SHOWN else heapq.heappushpop)(self._newest, at)
        return True


def held(folder: Path, judgement: Judgement) -> Holdings:
    """What lies in a ledger, with those records of it in memory that the pages of a judgement may list."""
    listing = Listing({segment.name for segment in judgement.segments})
    return holdings(folder, ledger.survey(folder, sieve=listing))._replace(counts=listing.counts)


class Roads(NamedTuple):
    """The ways from a page of a kind to what is not in its folder: they depend on which language stands in front."""

    files: str
    reference: str


def without_files(page: bytes) -> bytes:
    """A page of evidence without its tables of files: a compaction changes them, and digests are verified apart."""
    return FILES.sub(b"", page)


def write_pages(
    judgement: Judgement,
    holdings: Holdings,
    out: Path,
    voice: Renderer,
    front: str = "en",
    kept: KeptPages | None = None,
) -> tuple[Path, ...]:
    """Write a page for each kind of segment that the judgement rests on, and take away those of kinds that are gone.

    ``out`` is the folder of the release's fragments in one language. Returns the files that had to be written.

    :param front: the language whose pages stand at the front of the release.
    :param kept: knows which pages need not be made again.
    """
    kept = kept or KeptPages(None)
    listed = {segment.name for segment in judgement.segments}
    by_kind: dict[str, list[Segment]] = {}
    for segment in holdings.segments:
        if segment.info.name in listed:
            by_kind.setdefault(segment.info.kind, []).append(segment)
    linked = {(trace.segment, trace.line) for trace in shown_of(judgement.traces)}
    roads = _roads(voice.language.code, front)
    texts = {}
    for kind, of_kind in by_kind.items():
        names = {segment.info.name for segment in of_kind}
        of_it = sorted(one for one in linked if one[0] in names)
        texts[kind] = kept.text(
            out / segments.FOLDER / f"{kind}{SUFFIX}",
            _made_from(kind, of_kind, holdings, of_it, voice.language.code, roads),
            partial(page, kind, of_kind, holdings, linked=of_it, voice=voice, roads=roads),
        )
    written = atomic_write.write_pages(out / segments.FOLDER, texts, SUFFIX)
    kept.save()
    return written


def _made_from(
    kind: str,
    of_kind: Iterable[Segment],
    holdings: Holdings,
    linked: Iterable[tuple[str, int]],
    code: str,
    roads: Roads,
) -> str:
    """All that the page of a kind is made from: its segments by their digests, and the files that they stand in."""
    listed = [
        (one.info, [(file.name, file.size_bytes, file.sha256) for file in holdings.files_of(one.info)])
        for one in of_kind
    ]
    return msgspec.json.encode((kind, listed, [*linked], code, roads)).decode()


def _roads(code: str, front: str) -> Roads:
    if code == front:
        return Roads(files="", reference="../../reference/")
    return Roads(files=f"../../{segments.FOLDER}/", reference=f"../../../{code}/reference/")


def page(
    kind: str,
    of_kind: list[Segment],
    holdings: Holdings,
    *,
    linked: Iterable[tuple[str, int]] = (),
    voice: Renderer,
    roads: Roads,
) -> str:
    """The body of the page of one kind.

    :param linked: the records that figures lead to, each by the name of its segment and its line: they are all listed.
    """
    shown = SHOWN[kind]
    newest_first = sorted(of_kind, key=lambda one: (one.info.last_at, one.info.digest), reverse=True)
    parts = list(_parts(newest_first, holdings, set(linked), shown))
    with_rows = [part for part in parts if part.rows]
    environments = sorted({name for one in of_kind for name in one.info.environments})
    return render_html(
        "evidence-kind",
        voice,
        kind=kind,
        says=SAYS[kind],
        shown=shown,
        columns=[column.title for column in shown.columns],
        cells=lambda record: [column.of(record) for column in shown.columns],
        counts=_counts(of_kind, shown, holdings.counts),
        metrics=[Text(template=it.title) for it in METRICS.values() if segments.is_counted(kind, it)],
        environments=environments,
        first_at=min(one.info.first_at for one in of_kind),
        last_at=max(one.info.last_at for one in of_kind),
        files=[parts[:SEGMENTS_OPEN], parts[SEGMENTS_OPEN:]],
        first=with_rows[0] if with_rows else None,
        others=[with_rows[1 : SEGMENTS_OPEN + 1], with_rows[SEGMENTS_OPEN + 1 :]],
        begun=BEGUN,
        records=sum(one.info.records for one in of_kind),
        listed=sum(len(part.rows) for part in parts),
        raw=sum(row.raw is not None for part in parts for row in part.rows),
        limit=RAW_LIMIT,
        href=lambda file: f"{roads.files}{quote(file.name, safe='')}",
        reference=f"{roads.reference}records.html",
    ).rstrip("\n")


def _parts(
    newest_first: list[Segment], holdings: Holdings, linked: set[tuple[str, int]], shown: Shown
) -> Iterator[Part]:
    chosen = _chosen(newest_first, linked, shown)
    wanted: dict[str, list[int]] = {}
    for place in chosen[:RAW_SHOWN]:
        wanted.setdefault(place.segment.info.name, []).append(place.line)
    raw = holdings.lines(wanted)
    by_segment: dict[str, list[Row]] = {}
    for place in chosen:
        info = place.segment.info
        row = Row(place.line, segments.record_id(info, place.line), place.record, raw.get(place.name))
        by_segment.setdefault(info.name, []).append(row)
    for segment in newest_first:
        info = segment.info
        rows = tuple(by_segment.get(info.name, ()))
        yield Part(info, segments.segment_id(info), holdings.files_of(info), rows)


def _chosen(newest_first: list[Segment], linked: set[tuple[str, int]], shown: Shown) -> list[Place]:
    """The records that are listed: what is amiss first, then the newest, and all that figures lead to."""

    def order(place: Place) -> tuple[Any, ...]:
        record = place.record
        return (not shown.is_amiss(record), -record.occurred_at.timestamp(), place.segment.info.digest, place.line)

    places = [Place(of, *one) for of in newest_first for one in zip(of.lines, of.records, strict=True)]
    chosen = heapq.nsmallest(ROWS_SHOWN, places, key=order)
    among = {place.name for place in chosen}
    more = [place for place in places if place.name in linked and place.name not in among]
    return sorted([*chosen, *more], key=order)


def _counts(
    of_kind: Iterable[Segment], shown: Shown, counts: Mapping[str, Counter[object]]
) -> list[tuple[object, int]]:
    """How many records say what, in the column that they are counted by; the most frequent first."""
    if shown.counted_by is None:
        return []
    counted = Counter[object]()
    for one in of_kind:
        counted.update(counts.get(one.info.name) or map(shown.counted_by.of, one.records))
    return sorted(counted.items(), key=lambda one: (-one[1], str(one[0])))
