"""The `fleet` command: the releases of many repositories on one page, what is not fine first."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from atalaya.cli.context import Context
from atalaya.cli.exit_codes import EXIT, UNKNOWN
from atalaya.cli.instants import utc_now
from atalaya.cli.output import as_json, print_json, require_writable, write_json
from atalaya.core import places
from atalaya.core.engines import DUCKDB
from atalaya.core.errors import UsageError
from atalaya.core.fleet_settings import FILE, LoadedFleet, load
from atalaya.core.words import Text, first_of
from atalaya.records.fleet import FINE, Fleet, FleetRelease, FleetWord, SharedCause, SharedTest, Why
from atalaya.records.stored import VerdictStatus

if TYPE_CHECKING:
    from atalaya.cli.console import Console
    from atalaya.fleet.gather import Gathered
    from atalaya.fleet.sources import FoundSource

SHOWN, SHARED = 20, 3  # releases on the terminal, and tests and errors that several share


def fleet(place: Context, args: argparse.Namespace) -> int:
    """Show the releases of many repositories, as `fleet.toml` lists them, and write their page."""
    named = Path(args.fleet) if args.fleet else place.root / FILE
    if args.report and Path(args.report).resolve() == named.resolve():
        raise UsageError(f"--report {args.report}: that is the list of the sources. Name another file.")
    require_writable(args.report)
    found, reasons = gathered(place, load(named), judge=not args.no_judge, engine=args.engine)
    _write_pages(place, found, reasons)
    if args.report:
        write_json(Path(args.report), found)
    if args.json:
        print_json(found)
    _say(place, found)
    return UNKNOWN if found.word is FleetWord.UNKNOWN else EXIT[VerdictStatus(found.word.value)]


def gathered(
    place: Context, loaded: LoadedFleet, *, judge: bool, engine: str = DUCKDB
) -> tuple[Fleet, dict[str, Text]]:
    """All that the sources of a fleet show, as of now; and the reasons that every language can say, by their verdicts.

    :param engine: what counts, in each release and in all of them; each gives the same answers.
    """
    from atalaya.fleet import assemble, gather
    from atalaya.metrics.engine.engine import opened_empty

    now = utc_now()
    # First of all, so that an engine that is not there keeps no release from being judged.
    with opened_empty(engine=engine) as database:
        found = _rows(place, loaded, now, judge=judge, engine=engine)
        work = gather.total(one.work for one in found)
        done = f"{work.opened} opened, {work.read} read, {work.judged} judged, the others as kept"
        place.console.line(f"  {_many(work.listed, 'release')}: {done}")
        return assemble.fleet_of(found, database, now), assemble.reasons_of(found)


def _rows(place: Context, loaded: LoadedFleet, now: datetime, *, judge: bool, engine: str) -> list[Gathered]:
    """Each source with its rows; how far it has come is shown, since a fleet may take minutes."""
    from atalaya.fleet import gather
    from atalaya.fleet.kept import Store

    console, cache = place.console, place.root / places.SCRATCH / "fleet"
    sources = list(_sources(console, loaded, cache / "git"))
    with console.bar("releases", sum(len(one.releases) for one in sources)) as done:
        return list(
            gather.gather(
                sources,
                Store(cache / "rows"),
                pack=place.pack,
                now=now,
                rehearsals=loaded.settings.rehearsals,
                judge=judge,
                engine=engine,
                looked_at=done,
                judged=lambda release: console.line(f"  judged: {release}"),
            )
        )


def _sources(console: Console, loaded: LoadedFleet, cache: Path) -> Iterator[FoundSource]:
    from atalaya.fleet import sources

    fetched = sum(one.kind == "git" for one in loaded.settings.source)  # to look at a folder takes no time
    with console.bar("repositories", fetched) as done:
        for one in sources.find(loaded, cache):
            yield one
            if one.source.kind == "git":
                done()


def _write_pages(place: Context, found: Fleet, reasons: dict[str, Text]) -> None:
    from atalaya.cli.publish import make_home
    from atalaya.site.build.fleet_pages import publish_fleet

    make_home(place)
    written = publish_fleet(place.docs, found, as_json(found), reasons)
    place.console.line(f"  its page: {place.docs / 'fleet.md'} ({len(written)} files written). Build it: atalaya site")


def _say(place: Context, found: Fleet) -> None:
    """A short table: the worst first."""
    console = place.console
    for source in found.sources:
        if source.problem:
            console.row("unknown", f"{source.subject}: {source.problem}")
    bad = sorted((one for one in found.releases if one.is_shown_first), key=FleetRelease.worst_first)
    for one in bad[:SHOWN]:
        console.row(str(one.word), _line(one))
    if len(bad) > SHOWN:
        console.line(f"  and {len(bad) - SHOWN} more, on the page")
    for word, names in _fine(found.releases):
        console.row(word, names)
    all_ = found.counts
    for test in found.shared_tests[:SHARED]:
        console.row("flaky", f"{test.test}: in {_shared(test)}")
    for cause in found.shared_causes[:SHARED]:
        says = " ".join(filter(None, (cause.what, cause.error, cause.place)))
        console.row("shared", f"{says}: in {_shared(cause)}")
    for name, what in (("shared_tests", "flaky test"), ("shared_causes", "error")):
        if (more := all_[name] - SHARED) > 0:
            console.line(f"  and {_many(more, what)} more that releases share, on the page")
    said = [
        _many(all_["subjects"], "subject"),
        _many(all_["releases"], "release"),
        f"{all_['not_fine']} not fine now",
        f"{_many(all_['open_incidents'], 'incident')} open",
        *([f"{_many(all_['unknown_sources'], 'source')} not known"] if all_["unknown_sources"] else []),
        *([f"{all_['left_out']} left out (rehearsals, and watches of one machine)"] if all_["left_out"] else []),
    ]
    console.row(str(found.word), ", ".join(said))


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _shared(one: SharedTest | SharedCause) -> str:
    return f"{_many(one.releases, 'release')} of {_many(len(one.subjects), 'subject')}"


def _line(one: FleetRelease) -> str:
    said = [f"{one.subject} {one.release}"]
    if one.why is Why.EXPIRED:
        said.append(f"it was {one.last_word}, valid until {one.valid_until:%Y-%m-%d %H:%M} UTC")
    elif one.why is Why.NOT_JUDGED:
        said.append(f"it was {one.last_word}")
    elif one.why is not None:
        said.append(one.problem or str(one.why))
    if one.not_judged is not None:
        since = f" since {one.as_of:%Y-%m-%d %H:%M} UTC" if one.as_of else ""
        said.append(f"not judged here{since}: {one.not_judged}")
    if (worst := one.worst_metric) is not None:
        number = "{:.1%}" if worst.unit == "share" else "{:.4g}"
        ends = [number.format(end) for end in (worst.low, worst.high) if end is not None]
        interval = f" ({' to '.join(ends)})" if len(ends) == 2 else ""
        value = "not known" if worst.value is None else f"{number.format(worst.value)}{interval}"
        said.append(f"{worst.id} {worst.state}: {value}")
    if one.open_incidents:
        said.append(f"{_many(len(one.open_incidents), 'incident')} open")
    return ", ".join(said)


def _fine(releases: Sequence[FleetRelease]) -> list[tuple[str, str]]:
    """What is current and fine, by its word, in a line each."""
    fine = [one for one in releases if one.current and one.is_fine]
    found = []
    for word in FINE:
        names = [f"{one.subject} {one.release}" for one in fine if one.word is word]
        if names:
            found.append((str(word), first_of(names)))
    return found
