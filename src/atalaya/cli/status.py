"""The `status` command: where the watch stands, in ten lines, from what lies on this machine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from atalaya.cli.context import Context
from atalaya.cli.exit_codes import EXIT, UNKNOWN
from atalaya.cli.instants import instant, utc_now
from atalaya.cli.output import print_json
from atalaya.core.errors import UsageError
from atalaya.core.settings import Settings
from atalaya.core.window import HOUR, elapsed_h, ends_at, next_look, valid_until
from atalaya.core.words import first_of
from atalaya.records.stored import IncidentStep, Release, RunContext, VerdictRecord, VerdictStatus

SCHEMA = "atalaya.status/1"


class Said(NamedTuple):
    """The last verdict that was said, as it was said then."""

    word: str
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
    said: Said | None
    seen_at: datetime | None  # when the checks or the smoke last ran
    incidents: tuple[IncidentStep, ...]  # those that are not over
    looks_by: datetime | None  # when the schedule is to look again
    settings: Settings = Settings()

    @property
    def is_valid(self) -> bool:
        """Whether the last verdict may still be believed; what was sealed stays as it is."""
        said = self.said
        return said is not None and (self.is_sealed or said.valid_until is None or self.now < said.valid_until)

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
    return EXIT[VerdictStatus(found.said.word)] if found.said is not None and found.is_valid else UNKNOWN


def _release(place: Context, named: str | None) -> Release | None:
    """The release that is named, else the one that is watched, else the last one."""
    from atalaya.watch import folder

    if named:
        return folder.load(place.releases / named)
    watched = folder.to_write(place.releases, now=utc_now())
    return watched or next((one for one in folder.find(place.releases) if not one.rehearsal), None)


def standing(place: Context, release: Release, now: datetime) -> Standing:
    """What the folder of a release says, with the last judgement of it that was published here."""
    from atalaya.evidence.ledger import ledger
    from atalaya.watch.folder import lasts_h
    from atalaya.watch.seal import is_sealed
    from atalaya.watch.state_at import in_order, incident_steps
    from atalaya.watch.states import OVER

    folder = place.releases / release.version
    evidence = folder / "evidence"
    steps, _ = incident_steps(in_order(ledger.readable(evidence, IncidentStep), IncidentStep))
    latest = {one.incident: one for one in steps}
    runs = [one.recorded_at for one in ledger.readable(evidence, RunContext)]
    seen_at, every_h = max(runs, default=None), place.loaded.settings.watch.every_h
    lasts = lasts_h(folder, release)
    is_over = now >= ends_at(release, lasts)
    return Standing(
        release=release,
        now=now,
        lasts_h=lasts,
        is_sealed=is_sealed(folder),
        said=_last_said(
            place.docs / "_generated" / release.version,
            ledger.readable(evidence, VerdictRecord),
            lambda at: valid_until(release, at, place.loaded.settings.watch.valid_h, lasts),
        ),
        seen_at=seen_at,
        incidents=tuple(one for one in latest.values() if one.state not in OVER),
        looks_by=(seen_at or release.opened_at) + every_h * HOUR if every_h and not is_over else None,
        settings=place.loaded.settings,
    )


def _last_said(published: Path, records: Sequence[VerdictRecord], until: Callable[[datetime], datetime]) -> Said | None:
    """The verdict that was published here last, or one of the records where another machine said a later one.

    :param until: says how long one of an instant may be believed.
    """
    here = _published(published / "metrics.json")
    last = max(records, key=lambda one: (one.occurred_at, one.recorded_at), default=None)
    if last is None or (here is not None and here.at >= last.occurred_at):
        return here
    return Said(str(last.word), last.occurred_at, last.because, until(last.occurred_at))


def _published(file: Path) -> Said | None:
    try:
        table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        verdict = table["verdict"]
        return Said(
            word=str(VerdictStatus(verdict["word"])),
            at=instant(table["as_of"]),
            because=tuple(verdict["because"]),
            valid_until=instant(verdict["valid_until"]),
            figures=tuple((one["id"], one["state"]) for one in table["metrics"]),
            next_steps=tuple(verdict["next_steps"]),
        )
    except (OSError, ValueError, KeyError, TypeError, UsageError):
        return None  # there is none, or an older Atalaya wrote it


# ── in words ─────────────────────────────────────────────────────────────────


def lines(found: Standing) -> Iterator[tuple[str, str]]:
    """Ten lines at the most: a word, and what it is about."""
    from atalaya.watch.owners import due_now, owners_of_incident

    release, now, said = found.release, found.now, found.said
    if said is None:
        yield "UNKNOWN", f"{release.version}: nothing was judged on this machine. Judge it: atalaya judge"
    else:
        yield said.word, f"{release.version}, judged {away(said.at, now)}{_validity(found, said)}"
        if said.because:
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
    yield "incidents", f"{first_of(told, 3)}. {due}" if due else "none is open"
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


def _validity(found: Standing, said: Said) -> str:
    if found.is_sealed:
        return ", and closed"
    if said.valid_until is None:
        return ""
    until = f"{said.valid_until:%Y-%m-%d %H:%M} UTC"
    return f", valid until {until}" if found.is_valid else f". It is out of date since {until}: {_refreshed_by(found)}"


def _refreshed_by(found: Standing) -> str:
    """What makes a verdict fresh: where nothing was seen since, to judge once more says the same."""
    is_over = found.now >= ends_at(found.release, found.lasts_h)
    return "atalaya judge" if is_over or _is_newer(found) else "atalaya watch"


def _since(found: Standing) -> str:
    """Whether anything was seen that the verdict knows nothing of."""
    return ", after that verdict: atalaya judge" if _is_newer(found) else ""


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
