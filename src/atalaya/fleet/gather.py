"""Brings the rows of all releases together: those that are kept, and those that are new, read and judged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from atalaya.core.engines import DUCKDB
from atalaya.core.settings import Settings
from atalaya.core.source_digest import code, program
from atalaya.core.window import HOUR
from atalaya.fleet import judging, reading
from atalaya.fleet.judging import Judging
from atalaya.fleet.kept import Files, Kept, Store, files_of
from atalaya.fleet.row import Made
from atalaya.fleet.sources import TOML, FoundSource, ReleasePlace
from atalaya.fleet.strangers import encodable
from atalaya.fleet.tallies import tallied
from atalaya.harness.pack import Pack
from atalaya.records.fleet import FleetSource, FleetWord, NotJudged, ReleaseRow
from atalaya.watch.folder import LOCAL

BEFORE = 10  # earlier releases among which the last accepted one is looked for, beside the last that ended in GO
NEVER = datetime.min.replace(tzinfo=UTC)
NOTHING_SHARED = "all that is in it are rehearsals, which `rehearsals = true` shows, or watches of one machine"
SAVE_EVERY = 20  # judgements: a run that was killed need not make these again


class Work(NamedTuple):
    """What a run had to do: releases that were looked at, whose files were opened, that were read, and judged."""

    listed: int = 0
    opened: int = 0
    read: int = 0
    judged: int = 0


def total(works: Iterable[Work]) -> Work:
    """All of them together."""
    return Work(*map(sum, zip(*works, strict=True)))


class Gathered(NamedTuple):
    """One source with the rows of its releases, and what it took."""

    source: FleetSource
    site: str
    rows: tuple[ReleaseRow, ...]
    work: Work


class _Release(NamedTuple):
    place: ReleasePlace
    files: Files
    content: str
    made: Made
    kept: Kept | None  # as it can be used again
    was_read: bool

    @property
    def name(self) -> str:
        """What it is kept by."""
        return encodable(self.place.name)

    @property
    def row_until(self) -> datetime | None:
        """Until when the row may be used as it is: one that has yet to be judged never may."""
        return NEVER if self.made.to_judge is not None else self.made.until


def gather(
    sources: Iterable[FoundSource],
    store: Store,
    *,
    pack: Pack,
    now: datetime,
    rehearsals: bool,
    judge: bool = True,
    engine: str = DUCKDB,
    looked_at: Callable[[], object] = lambda: None,
    judged: Callable[[str], object] = lambda release: None,
) -> Iterator[Gathered]:
    """Each source with the rows of its releases, those that were kept before where nothing has changed.

    :param judge: whether releases are judged anew where that is needed.
    :param engine: what counts the evidence of those; each gives the same answers.
    :param looked_at: called for each release, once its row is there or it is known that it has to be judged.
    :param judged: called after each judgement, which takes a second or more.
    """
    for found in sources:
        why = found.not_judged if judge or found.not_judged is not None else NotJudged.ASKED
        by = Judging(pack=pack, now=now, own=found.settings, not_judged=why, engine=engine, rehearsals=rehearsals)
        yield _gathered(found, store, by, looked_at, judged)


def _gathered(
    found: FoundSource, store: Store, by: Judging, looked_at: Callable[[], object], judged: Callable[[str], object]
) -> Gathered:
    subject = found.source.subject
    before = store.read(subject)
    made_by = _made_by(by)
    releases = []
    for place in found.releases:
        if not place.name.startswith(LOCAL):
            releases.append(_looked_at(subject, place, before.get(encodable(place.name)), made_by, by))
        looked_at()
    work = Work(
        listed=len(releases),
        opened=sum(one.kept is None or one.kept.signature != one.files.signature for one in releases),
        read=sum(one.was_read for one in releases),
    )
    kept = {one.name: _to_keep(one, made_by, by.now) for one in releases}
    try:
        for name, one, more in _judged(releases, kept, by, judged):
            kept[name] = one
            work = total((work, more))
            if more.judged and work.judged % SAVE_EVERY == 0:
                store.keep(subject, kept)
    except (KeyboardInterrupt, Exception):  # a query that is stopped raises an error of its own
        store.keep(subject, kept)
        raise
    if found.source.problem == "" and kept != before:
        store.keep(subject, kept)
    rows = [one.row for one in kept.values()]
    shown = tuple(row for row in rows if _is_shown(row, by))
    left_out = len(found.releases) - len(shown)
    source = replace(found.source, releases=len(shown), left_out=left_out)
    if left_out and not shown:
        source = replace(source, problem=NOTHING_SHARED)
    return Gathered(source, found.site, shown, work)


def _is_shown(row: ReleaseRow, by: Judging) -> bool:
    """Not a watch of one machine, whatever its folder is called; a rehearsal where they are asked for."""
    return not row.release.startswith(LOCAL) and (by.rehearsals or not row.rehearsal)


def _looked_at(subject: str, place: ReleasePlace, kept: Kept | None, made_by: str, by: Judging) -> _Release:
    """A release with the row that is kept of it, or one that was read anew."""
    files = files_of(place)
    same = kept is not None and kept.signature == files.signature
    content = kept.content if kept is not None and same else files.content()
    if kept is not None and kept.content == content and kept.made_by == made_by and kept.is_for(by):
        return _Release(place, files, content, kept.made, kept, was_read=False)
    return _Release(place, files, content, reading.read(subject, place, by, tallied), None, was_read=True)


def _to_keep(one: _Release, made_by: str, now: datetime) -> Kept:
    return Kept(
        since=one.kept.since if one.kept is not None else now,
        signature=one.files.signature,
        content=one.content,
        made_by=made_by,
        row=one.made.row,
        until=one.row_until,
        beside=one.kept.beside if one.kept is not None else None,
    )


def _judged(
    releases: Sequence[_Release], kept: Mapping[str, Kept], by: Judging, judged: Callable[[str], object]
) -> Iterator[tuple[str, Kept, Work]]:
    """Those that have to be judged, and what each took: new ones, and those that are compared with what is another one
    now."""
    for one, others, after in _compared(releases, lambda other: kept[other.name].row.word):
        if one.made.to_judge is None and kept[one.name].beside is None:
            continue
        compared = [f"{other.name}\0{other.content}" for other in others]
        if after is not None:  # of the next one, how it began is read
            compared.append(f"{after.name}\0{after.made.row.opened_at}\0{after.made.row.previous_seal}")
        beside = hashlib.sha256("\0".join(compared).encode())
        if one.made.to_judge is None and kept[one.name].beside == beside.hexdigest():
            continue
        made, work = one.made, Work()
        if made.to_judge is None:  # its own files are the same: read it as if they were not
            made, work = reading.read(made.row.subject, one.place, by, tallied), Work(read=1)
        if made.to_judge is not None:
            read = [*others, *([after] if after is not None and not _misses_a_seal(one, after) else [])]
            folders = [other.place.folder for other in read]
            made = judging.judge(made, made.to_judge, one.place, folders, by)
            judged(f"{made.row.subject} {made.row.release}")
            work = work._replace(judged=1)
        yield (
            one.name,
            replace(kept[one.name], row=made.row, since=by.now, until=made.until, beside=beside.hexdigest()),
            work,
        )


def _compared(
    releases: Iterable[_Release], word_of: Callable[[_Release], FleetWord]
) -> Iterator[tuple[_Release, list[_Release], _Release | None]]:
    """Each release in the order in which they were opened, with what a judgement of it reads of others: the earlier
    ones among which the last accepted one is looked for, and the one that was opened after it.

    :param word_of: the word of an earlier one by now: it may have been judged a moment ago.
    """
    in_time = sorted((one for one in releases if one.made.row.opened_at is not None), key=_when)
    there = [(one.place.folder / TOML).exists() for one in in_time]
    opened_after: list[_Release | None] = []  # of each, from the last one back
    after: _Release | None = None
    for one, is_there in zip(reversed(in_time), reversed(there), strict=True):
        opened_after.append(after)
        after = one if is_there and not one.made.row.rehearsal else after
    listed = [*zip(in_time, there, reversed(opened_after), strict=True)]
    for is_rehearsal in (False, True):  # neither is compared with an earlier one of the others
        before: list[_Release] = []
        went: list[_Release] = []  # the last that ended in GO, of those before the nearest
        watched: list[_Release] = []  # those whose window may go on when the next one is opened
        for one, is_there, next_one in listed:
            if one.made.row.rehearsal is not is_rehearsal:
                continue
            over = [other for other in watched if _is_over_before(other, one)]
            watched = [other for other in watched if other not in over]
            for other in over:
                before.append(other)
                if len(before) > BEFORE:
                    further = before.pop(0)
                    went = [further] if word_of(further) is FleetWord.GO else went
            yield one, [*went, *before], next_one if not is_rehearsal else None
            watched += [one] if is_there else []


def _misses_a_seal(one: _Release, other: _Release) -> bool:
    """Whether another release began from the seal of one that came without such files: no seal of it is missed."""
    return one.place.evidence_alone and other.made.row.previous == one.made.row.release


def _is_over_before(other: _Release, one: _Release) -> bool:
    """Whether the window that a release was opened for was over when another one was opened."""
    row, opened_at = other.made.row, one.made.row.opened_at
    return row.opened_at is not None and opened_at is not None and row.opened_at + row.window_h * HOUR <= opened_at


def _when(one: _Release) -> tuple[datetime | None, str]:
    return one.made.row.opened_at, one.name


def _made_by(by: Judging) -> str:
    """The digest of what makes a row: this version, the checks, and the settings of the source."""
    settings = msgspec.json.encode(by.own or Settings()).decode()
    why = by.not_judged if by.not_judged is not NotJudged.ASKED else None
    parts = (program(), code(by.pack.folder), settings, str(why), str(by.own is None))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
