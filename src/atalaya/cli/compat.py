"""The `compat` command: starts the SDK on other Pythons and with other dependencies, and reads what it offers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from atalaya.cli.check import exit_of, require_a_named_sdk, say_if_of_another_version
from atalaya.cli.console import plain
from atalaya.cli.context import Context, prepared_sdk
from atalaya.cli.incident import incidents_by_rule
from atalaya.cli.instants import utc_now
from atalaya.cli.output import built, print_json, require_writable, write_json
from atalaya.cli.record_verdict import call_the_roll
from atalaya.cli.recording import append_evidence, new_metadata
from atalaya.cli.which_release import named_or_open
from atalaya.records.stored import (
    Compatibility,
    Environment,
    Evidence,
    Metadata,
    Outcome,
    PublicApi,
    Release,
    record_metadata,
)

if TYPE_CHECKING:
    from atalaya.sdk.compat import Room, Step
    from atalaya.sdk.prepare import Prepared

# An SDK of one digest stays what it is; what the index serves of its dependencies moves.
AGAIN_AFTER = timedelta(hours=24)
MOST_EARLIER = 3  # releases whose source is looked for in git: the last accepted one is mostly the last


def compat(place: Context, args: argparse.Namespace) -> int:
    """Start the SDK on each Python, and with the lowest and highest versions of its dependencies."""
    from atalaya.sdk.compat import PYTHONS, every_room

    require_writable(args.report)
    release = named_or_open(place, args.release, "compat", to_write=True) if args.release else None
    require_a_named_sdk(place, args, release)
    pythons = args.python or place.loaded.settings.compat.pythons or PYTHONS
    with prepared_sdk(place, args) as prepared:
        say_if_of_another_version(place, release, prepared.subject.version)
        made = new_metadata(release) if release else record_metadata("dry", Environment.LOOPBACK, utc_now())
        tried = _tried(place, prepared, every_room(pythons, dependencies=not args.python), made)
        offers = list(_offered(place, prepared, release, made)) if release else []
    if release is not None:
        append_evidence(place, release, [*tried, *offers])
        incidents_by_rule(place, release)
        call_the_roll(place, release)
    report = {"schema": "atalaya.compat/1", "rooms": [_reported(one) for one in tried]}
    if args.report:
        write_json(Path(args.report), report)
        place.console.line(f"  report: {args.report}")
    if args.json:
        print_json(report)
    return exit_of([one.outcome for one in tried])


def seen_beside(place: Context, prepared: Prepared, release: Release) -> list[Evidence]:
    """What `watch` adds: the rooms of watch.toml that are due, and what the SDK offers, where that is not known yet."""
    from atalaya.evidence.ledger import ledger
    from atalaya.sdk.compat import every_room

    settings, made = place.loaded.settings.compat, new_metadata(release)
    rooms: Sequence[Room] = every_room(settings.pythons, dependencies=settings.dependencies)
    known = ledger.readable(place.releases / release.version / "evidence", Compatibility) if rooms else []
    fresh = {
        (one.python, one.dependencies)
        for one in known
        if one.subject_digest == prepared.subject.digest
        and one.outcome is not Outcome.UNKNOWN
        and one.occurred_at > made["occurred_at"] - AGAIN_AFTER
    }
    due = [room for room in rooms if room not in fresh]
    return [*(_tried(place, prepared, due, made) if due else ()), *_offered(place, prepared, release, made)]


# ── environments ─────────────────────────────────────────────────────────────


def _tried(place: Context, prepared: Prepared, rooms: Sequence[Room], made: Metadata) -> list[Compatibility]:
    """What each room showed, a record and a line each."""
    from atalaya.sdk.compat import direct_needs, started

    folder, found = prepared.package_folder, []
    site = folder.parents[prepared.package.count(".")] if folder else place.root
    for one in started(
        prepared.installs,
        rooms,
        package=prepared.package,
        steps=_steps(prepared),
        needs=direct_needs(site, prepared.subject.name),
        patience_s=place.loaded.settings.compat.patience_s,
    ):
        told = msgspec.structs.asdict(one)
        record = Compatibility(
            **made,
            subject_version=prepared.subject.version,
            subject_digest=prepared.subject.digest,
            **told.pop("room")._asdict(),
            **told,
        )
        found.append(record)
        where = f"{one.room.dependencies} dependencies" if one.room.dependencies else f"Python {one.room.python}"
        place.console.row(str(one.outcome), f"{plain(where)}: {one.reason or _times(record)}")
    return found


def _times(one: Compatibility) -> str:
    client = "" if one.client_ms is None else f", a first client built in {one.client_ms:.0f} ms"
    return f"{one.ran_on}: imported in {one.import_ms or 0:.0f} ms{client}"


def _reported(one: Compatibility) -> dict[str, Any]:
    keys = ("python", "dependencies", "outcome", "reason", "ran_on", "import_ms", "client_ms", "freeze")
    report = built(one)
    return {key: report[key] for key in keys}


def _steps(prepared: Prepared) -> list[Step]:
    """The way to a first client, in the SDK's own names; empty where the pack, or its adapter, tells none."""
    from atalaya.sdk.compat import Step

    adapter, pack, steps = prepared.adapter, prepared.pack, []
    if not pack.first_client:
        return []
    places = adapter.names if adapter else pack.load("capabilities").VOCABULARY.names
    for one in pack.first_client:
        if one.name not in places:
            return []
        theirs = {key: adapter.field(one.name, key) if adapter else key for key in (*one.arguments, *one.uses)}
        steps.append(
            Step(
                name=one.name,
                place=places[one.name],
                arguments={theirs[key]: value for key, value in one.arguments.items()},
                uses={theirs[key]: of for key, of in one.uses.items()},
            )
        )
    return steps


# ── what it offers ───────────────────────────────────────────────────────────


def offered(prepared: Prepared, made: Metadata, *, version: str) -> Iterator[PublicApi]:
    """What the SDK that was prepared offers; nothing where its files are out of reach.

    :param version: of the release, where the SDK does not say its own.
    """
    from atalaya.sdk.public_api import files_in

    if prepared.package_folder is not None:
        told, files = prepared.subject.version or version, files_in(prepared.package_folder)
        yield _api(prepared, files, made, version=told, digest=prepared.subject.digest, origin="installed")


def _offered(place: Context, prepared: Prepared, release: Release, made: Metadata) -> Iterator[PublicApi]:
    """What the SDK offers, and what the releases before it did that have no record of it: each once."""
    from atalaya.evidence.ledger import ledger

    known = ledger.readable(place.releases / release.version / "evidence", PublicApi)
    if prepared.subject.digest not in {one.subject_digest for one in known}:
        yield from offered(prepared, made, version=release.version)
    yield from _earlier(place, prepared, release, made, {one.version for one in known})


def _earlier(
    place: Context, prepared: Prepared, release: Release, made: Metadata, known: set[str]
) -> Iterator[PublicApi]:
    """What earlier releases offered, read from their commits, where their own ledgers do not say."""
    from atalaya.evidence.ledger import ledger
    from atalaya.sdk import git_repository as git
    from atalaya.sdk.public_api import files_below
    from atalaya.watch import folder

    settings = place.loaded.settings
    before = [one for one in folder.find(place.releases) if one.opened_at < release.opened_at and one.commit]
    before = [one for one in before if one.rehearsal is release.rehearsal and one.version not in known]
    repository = git.find(place.root, settings) if before else None
    for one in sorted(before, key=lambda one: one.opened_at)[-MOST_EARLIER:]:
        if repository is None or ledger.readable(place.releases / one.version / "evidence", PublicApi):
            continue
        files = files_below(git.python_files(repository, one.commit, settings.subject.path), prepared.package)
        if files:
            yield _api(prepared, files, made, version=one.version, digest="", origin=one.commit)


def _api(
    prepared: Prepared, files: Mapping[str, bytes], made: Metadata, *, version: str, digest: str, origin: str
) -> PublicApi:
    from atalaya.sdk.public_api import modules_of

    modules, problem = modules_of(files, prepared.package)
    return PublicApi(
        **made,
        package=prepared.package,
        version=version,
        subject_digest=digest,
        origin=origin,
        modules=modules,
        problem=problem,
    )
