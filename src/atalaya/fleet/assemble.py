"""Says of all rows how they stand now: which words can be believed, what is current, and what several share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from urllib.parse import quote

from atalaya.core.words import Text
from atalaya.fleet.gather import Gathered
from atalaya.fleet.row import why_not, with_its_seal, word_now
from atalaya.fleet.tables import Ask, filled
from atalaya.metrics.engine.engine import Database, Row
from atalaya.records.fleet import (
    WORST_FIRST,
    Fleet,
    FleetMetric,
    FleetRelease,
    FleetSource,
    FleetSubject,
    FleetWord,
    ReleaseRow,
    SharedCause,
    SharedTest,
    Why,
)
from atalaya.records.judged import State

WORST_STATES = (State.FAIL, State.UNKNOWN, State.INCONCLUSIVE, State.MEETS, State.PROVEN)
MOST_SHARED = 200  # tests, and causes: as many are listed


def releases_of(gathered: Iterable[Gathered], now: datetime) -> Iterator[FleetRelease]:
    """Every release as it stands now, subject by subject, the newest first."""
    for one in gathered:
        began: dict[str, list[tuple[str, str]]] = {}
        for row in one.rows:
            if row.previous_seal and row.previous != row.release:
                began.setdefault(row.previous, []).append((row.release, row.previous_seal))
        rows = sorted((with_its_seal(row, began.get(row.release, ())) for row in one.rows), key=_opened, reverse=True)
        newest = _newest(rows, now)
        yield from (_stands(row, one.site, now, is_current=_is_current(row, newest, now)) for row in rows)


def reasons_of(gathered: Iterable[Gathered]) -> dict[str, Text]:
    """The first reason of each verdict that was judged here, by the digest of that verdict, for all languages."""
    return {row.digest: row.reason.text for one in gathered for row in one.rows if row.reason is not None}


def fleet_of(gathered: Sequence[Gathered], database: Database, now: datetime) -> Fleet:
    """All that is shown, as of an instant.

    :param database: an empty one, which counts what several releases share.
    """
    releases = list(releases_of(gathered, now))
    ask = filled(database, [row for one in gathered for row in one.rows], releases)
    subjects = tuple(_subjects(gathered, releases, ask, now))
    sources = tuple(one.source for one in gathered)
    tests, causes = (ask(question, {"most": MOST_SHARED}) for question in ("shared_tests", "shared_causes"))
    shared = {"shared_tests": _in_all(tests), "shared_causes": _in_all(causes)}
    return Fleet(
        as_of=now,
        word=_worst(_words(sources, releases)),
        counts=_counts(sources, subjects, releases) | shared,
        sources=sources,
        subjects=subjects,
        releases=tuple(releases),
        shared_tests=tuple(_shared_tests(tests)),
        shared_causes=tuple(_shared_causes(causes)),
    )


# ── one release ──────────────────────────────────────────────────────────────


def _stands(row: ReleaseRow, site: str, now: datetime, *, is_current: bool) -> FleetRelease:
    why = why_not(row, now)
    return FleetRelease(
        subject=row.subject,
        release=row.release,
        word=word_now(row, now),
        last_word=row.word,
        why=why,
        current=is_current,
        link=f"{site}{quote(row.release, safe='')}/" if site else "",
        opened_at=row.opened_at,
        ends_at=row.ends_at,
        rehearsal=row.rehearsal,
        closed=row.closed,
        basis=row.basis,
        rule=row.rule,
        because=row.because,
        as_of=row.as_of,
        valid_until=row.valid_until,
        evidence_at=row.evidence_at,
        verdict=row.digest,
        worst_metric=_worst_metric(row.metrics),
        metrics=row.metrics,
        open_incidents=tuple(one for one in row.incidents if one.is_open),
        incidents=len(row.incidents),
        flaky_tests=tuple(one.test for one in row.tests),
        problem=row.problem,
        not_judged=row.not_judged,
    )


def _worst_metric(metrics: Sequence[FleetMetric]) -> FleetMetric | None:
    """The metric in the worst state, the first of those; None where none is known or all are not applicable."""
    known = [one for one in metrics if one.state in WORST_STATES]
    return min(known, key=lambda one: WORST_STATES.index(one.state), default=None)


def _newest(rows: Iterable[ReleaseRow], now: datetime) -> ReleaseRow | None:
    """The release of a subject that was opened last by now; a rehearsal, or one that has yet to begin, only where there
    is no other."""
    dated = [row for row in rows if row.opened_at is not None]
    return max(dated, key=lambda row: (not row.rehearsal, _begun(row, now), _opened(row)), default=None)


def _begun(row: ReleaseRow | FleetRelease, now: datetime) -> bool:
    return row.opened_at is not None and row.opened_at <= now


def _opened(row: ReleaseRow) -> tuple[bool, float, str]:
    """What releases are ordered by; one that cannot be read may be the newest."""
    at = row.opened_at
    return at is None, at.timestamp() if at is not None else 0.0, row.release


def _is_current(row: ReleaseRow, newest: ReleaseRow | None, now: datetime) -> bool:
    is_watched = not row.closed and not row.rehearsal and row.ends_at is not None and now < row.ends_at
    return row is newest or is_watched or row.opened_at is None


# ── all of them ──────────────────────────────────────────────────────────────


def _words(sources: Iterable[FleetSource], releases: Iterable[FleetRelease]) -> Iterator[FleetWord]:
    """The words of what is current; a source of which nothing is known is one of them."""
    yield from (one.word for one in releases if one.current)
    yield from (FleetWord.UNKNOWN for one in sources if one.problem or not one.releases)


def _worst(words: Iterable[FleetWord]) -> FleetWord:
    return min(words, key=WORST_FIRST.index, default=FleetWord.UNKNOWN)


def _counts(
    sources: Sequence[FleetSource], subjects: Sequence[FleetSubject], releases: Sequence[FleetRelease]
) -> dict[str, int]:
    return {
        "sources": len(sources),
        "unknown_sources": sum(bool(one.problem) for one in sources),
        "subjects": len(subjects),
        "releases": len(releases),
        "current": sum(one.current for one in releases),
        "not_fine": sum(one.is_shown_first for one in releases),
        "unreadable": sum(one.why is Why.UNREADABLE for one in releases),
        "broken_seals": sum(one.why is Why.SEAL_BROKEN for one in releases),
        "expired": sum(one.why is Why.EXPIRED for one in releases),
        "open_incidents": sum(len(one.open_incidents) for one in releases),
        "left_out": sum(one.left_out for one in sources),
    }


def _subjects(
    gathered: Iterable[Gathered], releases: Sequence[FleetRelease], ask: Ask, now: datetime
) -> Iterator[FleetSubject]:
    words: dict[str, dict[str, int]] = {}
    incidents: Counter[str] = Counter()
    for row in ask("subjects", {}):
        words.setdefault(row["subject"], {})[row["word"]] = row["releases"]
        incidents[row["subject"]] += row["open_incidents"]
    flaky = {row["subject"]: row["tests"] for row in ask("flaky_of_subject", {})}
    current: dict[str, list[FleetRelease]] = {}
    for one in releases:
        if one.current:
            current.setdefault(one.subject, []).append(one)
    for each in gathered:
        name = each.source.subject
        of_it = current.get(name, [])
        yield FleetSubject(
            subject=name,
            word=_worst([*(one.word for one in of_it), *([FleetWord.UNKNOWN] if each.source.problem else [])]),
            newest=next((one.release for one in [*(one for one in of_it if _begun(one, now)), *of_it]), ""),
            releases=len(each.rows),
            words={str(word.value): n for word in WORST_FIRST if (n := words.get(name, {}).get(str(word.value), 0))},
            open_incidents=incidents[name],
            flaky_tests=flaky.get(name, 0),
            problem=each.source.problem,
        )


def _in_all(shared: Sequence[Row]) -> int:
    """How many are shared, whether they are listed or not."""
    return int(shared[0]["in_all"]) if shared else 0


def _shared_tests(shared: Iterable[Row]) -> Iterator[SharedTest]:
    for _, rows in groupby(shared, key=itemgetter("place")):
        of_test = list(rows)
        yield SharedTest(
            test=of_test[0]["test"],
            critical=of_test[0]["critical"] == 1,
            releases=of_test[0]["releases"],
            subjects=_by_subject(of_test),
        )


def _shared_causes(shared: Iterable[Row]) -> Iterator[SharedCause]:
    for _, rows in groupby(shared, key=itemgetter("rank")):
        of_cause = list(rows)
        first = of_cause[0]
        yield SharedCause(
            cause=first["cause"],
            what=first["what"],
            error=first["error"],
            place=first["place"],
            incident=first["incident"],
            blocking=first["blocking"] == 1,
            releases=first["releases"],
            subjects=_by_subject(of_cause),
        )


def _by_subject(rows: Iterable[Row]) -> dict[str, int]:
    return {row["subject"]: row["of_subject"] for row in rows}
