"""The `status` command: where the watch stands, in ten lines, from what lies on this machine."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from atalaya.cli.context import Context
from atalaya.cli.exit_codes import EXIT, UNKNOWN
from atalaya.cli.instants import utc_now
from atalaya.cli.output import print_json
from atalaya.core.settings import Settings
from atalaya.core.window import HOUR, elapsed_h, ends_at, next_look
from atalaya.core.words import first_of
from atalaya.records.fleet import FINE, FleetWord, NotJudged, Why
from atalaya.records.stored import IncidentStep, Release, RunContext, VerdictStatus, WatchTransition

if TYPE_CHECKING:
    from atalaya.fleet.last_verdict import StatedVerdict

SCHEMA = "atalaya.status/1"


class Said(NamedTuple):
    """The last verdict that was said, as it was said then."""

    word: FleetWord
    at: datetime
    because: tuple[str, ...] = ()
    valid_until: datetime | None = None
    figures: tuple[tuple[str, str], ...] = ()  # each metric and its state
    next_steps: tuple[str, ...] = ()


class Standing(NamedTuple):
    """Where a watch stands, by what lies on this machine."""

    release: Release
    now: datetime
    lasts_h: int
    is_sealed: bool
    word: FleetWord  # UNKNOWN where no verdict can be believed, INVALID where it is not as it was sealed
    why: Why | None  # that the word is not the one that was said
    problem: str
    said: Said | None
    seen_at: datetime | None  # when the checks or the smoke last ran
    incidents: tuple[IncidentStep, ...]  # those that are not over
    looks_by: datetime | None  # when the schedule is to look again
    settings: Settings = Settings()

    @property
    def is_valid(self) -> bool:
        """Whether the last verdict may still be believed."""
        return self.why is None

    @property
    def due(self) -> datetime | None:
        """The next checkpoint, or the end of a window that was made longer."""
        is_over = self.now >= ends_at(self.release, self.lasts_h)
        return None if is_over else next_look(self.release, self.now, self.lasts_h)


def status(place: Context, args: argparse.Namespace) -> int:
    """Show where the watch stands, in ten lines: offline, and by what was judged last."""
    release = _release(place, args.release)
    if release is None:
        place.console.line("  no release is open. Open one: atalaya release open VERSION --commit REF")
        if args.json:
            print_json({"schema": SCHEMA, "release": None})
        return UNKNOWN
    found = standing(place, release, utc_now())
    if args.json:
        print_json(_document(found))
    else:
        for word, says in lines(found):
            place.console.row(word, says)
    return UNKNOWN if found.word is FleetWord.UNKNOWN else EXIT[VerdictStatus(found.word.value)]


def _release(place: Context, named: str | None) -> Release | None:
    """The release that is named, else the one that is watched, else the last one."""
    from atalaya.watch import folder

    if named:
        return folder.load(place.releases / named)
    watched = folder.to_write(place.releases, now=utc_now())
    return watched or next((one for one in folder.find(place.releases) if not one.rehearsal), None)


class _AsSaid(NamedTuple):
    """Judges nothing: what was said of a release is believed as it is, or not at all."""

    now: datetime
    own: Settings
    promises: frozenset[str] = frozenset()

    def why_not(self, release: Release) -> NotJudged:
        return NotJudged.ASKED


def standing(place: Context, release: Release, now: datetime) -> Standing:
    """What the folder of a release says, with the last judgement of it that was published here."""
    from atalaya.evidence.ledger import ledger
    from atalaya.fleet.reading import OPENED_BY, read
    from atalaya.fleet.release_records import Records, RecordsByNow
    from atalaya.fleet.row import why_not, with_its_seal, word_now
    from atalaya.fleet.sources import ReleasePlace
    from atalaya.watch.folder import steps_taken
    from atalaya.watch.seal import followers_of, is_sealed
    from atalaya.watch.state_at import incident_steps
    from atalaya.watch.states import OVER

    folder, settings = place.releases / release.version, place.loaded.settings
    published = place.docs / "_generated" / release.version / "metrics.json"
    made = read("", ReleasePlace(release.version, folder, folder / "evidence", published), _AsSaid(now, settings))
    began = [one for one in followers_of(place.releases, release.version) if one.previous_seal]
    row = with_its_seal(made.row, ((one.run_id.removeprefix(OPENED_BY), one.previous_seal) for one in began))
    known = RecordsByNow(Records(folder / "evidence", ledger.readable), release, now)
    steps, _ = incident_steps(known.of(IncidentStep))
    latest = {one.incident: one for one in steps}
    runs = [one.recorded_at for one in ledger.readable(folder / "evidence", RunContext)]
    seen_at = max((at for at in runs if release.rehearsal or at <= now), default=None)
    lasts, every_h = steps_taken(known.of(WatchTransition), release)[1], settings.watch.every_h
    is_over = now >= ends_at(release, lasts)
    return Standing(
        release=release,
        now=now,
        lasts_h=lasts,
        is_sealed=is_sealed(folder),
        word=word_now(row, now),
        why=why_not(row, now),
        problem=row.problem,
        said=made.said and _said(made.said),
        seen_at=seen_at,
        incidents=tuple(one for one in latest.values() if one.state not in OVER),
        looks_by=(seen_at or release.opened_at) + every_h * HOUR if every_h and not is_over else None,
        settings=settings,
    )


def _said(stated: StatedVerdict) -> Said:
    return Said(
        word=stated.word,
        at=stated.as_of,
        because=stated.because,
        valid_until=stated.valid_until,
        figures=tuple((one.id, str(one.state)) for one in stated.metrics),
        next_steps=stated.next_steps,
    )


# ── in words ─────────────────────────────────────────────────────────────────


def lines(found: Standing) -> Iterator[tuple[str, str]]:
    """Ten lines at the most: a word, and what it is about."""
    from atalaya.watch.owners import due_now, owners_of_incident

    release, now, said = found.release, found.now, found.said
    yield str(found.word), f"{release.version}{_validity(found)}"
    if said is not None and said.because and (found.is_valid or said.word not in FINE):
        yield "because", first_of(said.because, 1, " ")
    yield "window", _window(found)
    seen = f"the checks ran {away(found.seen_at, now)}" if found.seen_at else "the checks never ran"
    yield "last look", seen + _since(found)
    if said is not None and said.figures:
        yield "figures", ", ".join(f"{id} {state}" for id, state in said.figures)
    told = [
        " ".join((one.incident, one.severity.value, one.state, *owners_of_incident(one, found.settings)))
        for one in found.incidents
    ]
    due = due_now(found.incidents, found.settings)
    none = "none is open, of those that can be read" if found.problem else "none is open"
    yield "incidents", f"{first_of(told, 3)}. {due}" if due else none
    if found.is_sealed:
        yield "next", "nothing: it is closed. The next release: atalaya release open VERSION --commit REF"
        return
    for what, at in (("next look", found.looks_by), ("next due", found.due)):
        if at is not None:
            late = "" if at > now else ": it is late"
            hours = f"T+{round(elapsed_h(release, at))}, " if what == "next due" else ""
            yield what, f"{hours}{at:%Y-%m-%d %H:%M} UTC, {away(at, now)}{late}"
    if found.due is None:
        yield "next due", "the window is over: decide and close it: atalaya release close --why TEXT"
    if said is not None and said.next_steps:
        yield "to do", first_of(said.next_steps, 1, " ")


def _validity(found: Standing) -> str:
    """When the word was said, and until when it may be believed; or why it cannot."""
    said = found.said
    if found.problem:
        return f": {found.problem}"
    if said is None:
        return ": nothing was judged on this machine. Judge it: atalaya publish"
    judged = f", judged {away(said.at, found.now)}"
    until = f"{said.valid_until:%Y-%m-%d %H:%M} UTC" if said.valid_until is not None else ""
    if found.why is Why.EXPIRED:
        return f"{judged}: it was {said.word}. It is out of date since {until}: {_refreshed_by(found)}"
    if found.why is not None:
        return f"{judged}: it was {said.word}. What came since was not judged: atalaya publish"
    if found.is_sealed:
        return f"{judged}, and closed"
    return f"{judged}, valid until {until}" if until else judged


def _refreshed_by(found: Standing) -> str:
    """What makes a verdict fresh: what judges again and keeps it; where nothing was seen since, a new look."""
    is_over = found.now >= ends_at(found.release, found.lasts_h)
    return "atalaya publish" if is_over or _is_newer(found) else "atalaya watch"


def _since(found: Standing) -> str:
    """Whether anything was seen that the verdict knows nothing of."""
    return ", after that verdict: atalaya publish" if _is_newer(found) else ""


def _is_newer(found: Standing) -> bool:
    """Whether the checks or the smoke ran after the last verdict."""
    return bool(found.seen_at and found.said and found.seen_at > found.said.at + timedelta(minutes=1))


def _window(found: Standing) -> str:
    ends = ends_at(found.release, found.lasts_h)
    at = f"T+{max(0, int(elapsed_h(found.release, found.now)))} of {found.lasts_h} h"
    return f"{at}, {'ends' if ends > found.now else 'ended'} {away(ends, found.now)} ({ends:%Y-%m-%d %H:%M} UTC)"


def away(at: datetime, now: datetime) -> str:
    """How far an instant is.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 4, 12, tzinfo=UTC)
    >>> away(noon, noon + 90 * HOUR / 60), away(noon, noon - 30 * HOUR), away(noon, noon)
    ('2 h ago', 'in 30 h', 'just now')
    """
    minutes = round(abs(at - now) / timedelta(minutes=1))
    if minutes == 0:
        return "just now"
    amount = (
        f"{minutes} min" if minutes < 90 else f"{round(minutes / 60)} h" if minutes < 2880 else f"{minutes // 1440} d"
    )
    return f"in {amount}" if at > now else f"{amount} ago"


def _document(found: Standing) -> dict[str, Any]:
    from atalaya.watch.owners import owners_of_incident

    said = found.said
    return {
        "schema": SCHEMA,
        "release": found.release.version,
        "now": found.now,
        "word": found.word,
        "problem": found.problem,
        "verdict": said and {**said._asdict(), "figures": dict(said.figures), "is_valid": found.is_valid},
        "opened_at": found.release.opened_at,
        "ends_at": ends_at(found.release, found.lasts_h),
        "is_closed": found.is_sealed,
        "seen_at": found.seen_at,
        "incidents": [
            {
                "id": one.incident,
                "severity": one.severity,
                "state": one.state,
                "owners": owners_of_incident(one, found.settings),
            }
            for one in found.incidents
        ],
        "looks_by": found.looks_by,
        "due_at": found.due,
    }
