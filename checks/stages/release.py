"""What do the commands do that look after a release?"""

from __future__ import annotations

import argparse
import getpass
import os
import uuid
from collections.abc import Iterator
from typing import Any

from checks.errors import ReleaseError, UsageError
from checks.records import Environment, InForce, Release, Signature, Transition, WatchStep
from checks.stages.place import Place, instant, keep, named_or_open, utc_now


def release_open(place: Place, args: argparse.Namespace) -> int:
    """Open the watch of a release: from then on, `watch` writes to it."""
    from checks.includes.skeleton import pages
    from checks.release.folder import open_release

    opened_at = instant(args.at) if args.at else utc_now()
    release = Release(version=args.version, commit=args.commit.lower(), opened_at=opened_at)
    folder = open_release(place.releases, release, pages())
    keep(place, release, ())
    place.console.line(
        f"  open: {folder}, T+0 is {opened_at:%Y-%m-%d %H:%M} UTC. Now run the watch: python3 noxfile.py"
    )
    return 0


def record(place: Place, args: argparse.Namespace) -> int:
    """Write down what people changed by hand: thresholds in watch.toml, and how incidents stand."""
    release = named_or_open(place, args.release, "release record", to_write=True)
    records = [
        *_changed_settings(place, release, args),
        *changed_pages(place, release, by=_who(args), why=args.why),
    ]
    if records:
        keep(place, release, records)
    else:
        place.console.line("  everything is recorded as it stands")
    return 0


def _changed_settings(place: Place, release: Release, args: argparse.Namespace) -> Iterator[InForce]:
    from checks.evidence import ledger
    from checks.release.standing import differing, in_force_record, in_order

    settings = place.loaded.settings
    changes = in_order(ledger.read(place.releases / release.version / "evidence", InForce), InForce)
    differ = differing(changes[-1], settings) if changes else ()
    for then, now in differ:
        place.console.line(f"  {then} becomes {now}")
    if differ or not changes:
        yield in_force_record(settings, by=_who(args), why=args.why, **_stamp(release))


def changed_pages(
    place: Place, release: Release, *, by: str, why: str, only_worse: bool = False
) -> list[Transition]:
    """A record for each page of an incident that says something else than the last one.

    :param only_worse: whether to leave out those that take something back, for which somebody has to give a reason.
    """
    from checks.evidence import ledger
    from checks.release.incidents import read_pages
    from checks.release.standing import not_recorded, takes_nothing_back, transition_of

    folder = place.releases / release.version
    records = ledger.read(folder / "evidence", Transition)
    pages = not_recorded(records, read_pages(folder / "incidents"))
    if only_worse:
        pages = tuple(page for page in pages if takes_nothing_back(records, page))
    for page in pages:
        place.console.line(f"  {page.name}: {page.incident.id} is {page.incident.state}")
    return [transition_of(page, by=by, why=why, **_stamp(release)) for page in pages]


def extend(place: Place, args: argparse.Namespace) -> int:
    """Watch a release for 24 hours more; twice at the most."""
    from checks.release.folder import LONGEST_H, ends_at, lasts_h
    from checks.release.states import EXTENDED
    from checks.verdict import EXTENSION_H, MOST_EXTENSIONS

    release = named_or_open(place, args.release, "release extend", to_write=True)
    lasts = lasts_h(place.releases / release.version, release)
    longer = lasts + EXTENSION_H
    if longer > LONGEST_H:
        raise ReleaseError(
            f"{release.version}: its watch lasts {lasts} h already, and {MOST_EXTENSIONS} extensions are all there "
            f"are. Decide by its verdict."
        )
    if utc_now() >= ends_at(release, longer):
        raise ReleaseError(
            f"{release.version}: 24 h more would have ended on {ends_at(release, longer):%Y-%m-%d %H:%M} UTC already. "
            f"Nobody was watching: open the release anew."
        )
    keep(
        place,
        release,
        [WatchStep(**_written(release), state=EXTENDED, window_h=longer, by=_who(args), why=args.why)],
    )
    place.console.line(f"  {release.version} is watched for {longer} h")
    return 0


def sign(place: Place, args: argparse.Namespace) -> int:
    """Sign a duty that no machine can see, such as the review of a figure."""
    from checks.release.checkpoints import DUTIES, SIGNABLE
    from checks.release.window import due_at

    asked = next((one for one in DUTIES if one.id == args.duty), None)
    if asked is None or asked.id not in SIGNABLE:
        raise UsageError(f"{args.duty}: no duty that a person signs. There are: {', '.join(SIGNABLE)}.")
    release = named_or_open(place, args.release, "release sign", to_write=True)
    if utc_now() < (due := due_at(release, asked.hours)):
        raise ReleaseError(
            f"{asked.id}: it is due on {due:%Y-%m-%d %H:%M} UTC, and nothing can be signed before."
        )
    signed = Signature(
        **_written(release), checkpoint_h=asked.hours, duty=asked.id, by=_who(args), note=args.note
    )
    keep(place, release, [signed])
    place.console.line(f"  signed: T+{asked.hours}, {asked.id}")
    return 0


def _stamp(release: Release) -> dict[str, Any]:
    """What every word of a person says of where and when it was written down."""
    environment = Environment.REHEARSAL if release.rehearsal else Environment.LOOPBACK
    return {"run_id": uuid.uuid4().hex, "environment": environment, "at": utc_now()}


def _written(release: Release) -> dict[str, Any]:
    stamp = _stamp(release)
    at = stamp.pop("at")
    return {**stamp, "occurred_at": at, "recorded_at": at}


def _who(args: argparse.Namespace) -> str:
    """Who says so: as named, or as the workflow or the system knows them."""
    return args.by or os.environ.get("GITHUB_ACTOR") or getpass.getuser()
