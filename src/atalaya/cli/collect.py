"""The `collect` command: imports CI reports, logs and GitHub results as evidence."""

from __future__ import annotations

import argparse
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atalaya.cli.context import (
    Context,
    append_evidence,
    print_json,
    require_opened,
    require_writable,
    resolve_release,
    utc_now,
    write_json,
)
from atalaya.cli.incident import incidents_by_rule
from atalaya.core.errors import UsageError
from atalaya.records.stored import Environment, Reading, ReadStatus, Release, record_metadata

if TYPE_CHECKING:
    from atalaya.evidence.readers.collector import Collected, Found


def collect(place: Context, args: argparse.Namespace) -> int:
    """Take in what CI said: the files given, or all that watch.toml names, GitHub among it."""
    from atalaya.evidence.readers.collector import report

    settings = place.loaded.settings
    given = bool(args.junit or args.log)
    paths = [Path(path) for path in args.junit] if given else [place.root / path for path in settings.ci.junit]
    github = bool(settings.ci.repo) and not given
    if not paths and not args.log and not github:
        raise UsageError(
            "collect: no reports were named. Give files or folders with --junit or --log, or name `repo` "
            "or `junit` in [ci] of watch.toml."
        )
    require_writable(args.report)
    release = None if args.dry_run else resolve_release(place, args.release, None)
    table: dict[str, dict[str, Any]] = {}
    if paths:
        collected = take_in(place, paths, release, workflow=args.workflow, commit=args.commit)
        table |= report(collected)
        if release is not None:
            append_evidence(place, release, collected.evidence)
    table |= _take_in_logs(place, [Path(log) for log in args.log], release)
    if args.report:
        write_json(Path(args.report), table)
    if args.json:
        print_json(table)
    code = 3 if any(entry["status"] != "read" for entry in table.values()) else 0
    if release is None:
        place.console.line("  dry run: nothing was kept" + (", and GitHub was not asked" if github else ""))
        return code
    code = max(code, _ask_github(place, release)) if github else code
    incidents_by_rule(place, release)
    return code


def all_that_is_named(place: Context, release: Release) -> int:
    """Take in all that watch.toml names. Where something is not there, that is said, and the rest is taken in.

    :return: 0, or 3 where something of CI stays unknown.
    """
    settings = place.loaded.settings
    if not settings.ci.junit and not settings.ci.repo:
        place.console.line("  neither reports nor a repository are named in watch.toml: what CI said stays unknown")
        return 0
    code = 0
    if settings.ci.junit:
        try:
            collected = take_in(place, [place.root / path for path in settings.ci.junit], release)
            append_evidence(place, release, collected.evidence)
        except UsageError as why:
            place.console.row("unknown", str(why))
            code = why.exit_code
    return max(code, _ask_github(place, release)) if settings.ci.repo else code


def _take_in_logs(place: Context, paths: Sequence[Path], release: Release | None) -> dict[str, dict[str, Any]]:
    """Read logs of a smoke, and say what each tells of. One that is there already is listed, and counts once."""
    from atalaya.core.scrub import scrub
    from atalaya.evidence.readers import logs

    table: dict[str, dict[str, Any]] = {}
    known = set(_known(place, release)) if paths else set()
    for path in paths:
        log = logs.read(path, scrub=scrub)
        name = path.name
        metadata = record_metadata(f"log-{log.sha256[:16]}", Environment.CI, utc_now())
        reading = logs.reading(log, file=name, metadata=metadata)
        before = " Recorded before: it is counted once." if log.sha256 in known else ""
        place.console.row(str(reading.status), f"{name}: {reading.reason}{before}")
        table[name if name not in table else str(path)] = {
            "status": str(reading.status),
            "verdict": str(reading.verdict),
            "reason": reading.reason,
            "events": len(log.events),
        }
        if release is not None and not before:
            append_evidence(place, release, [*logs.events(log, file=name, metadata=metadata), reading])
        known |= {log.sha256} - {""}
    return table


def _known(place: Context, release: Release | None) -> frozenset[str]:
    """The digests of what the release's ledger has readings of."""
    from atalaya.evidence.ledger import ledger

    if release is None:
        return frozenset()
    segments = ledger.survey(place.releases / release.version / "evidence").segments
    return frozenset(r.sha256 for s in segments for r in s.records if isinstance(r, Reading) and r.sha256)


def _ask_github(place: Context, release: Release) -> int:
    from atalaya.cli.collect_github import take_from_github
    from atalaya.core.errors import NetworkError

    require_opened(place, release)
    try:
        taken = take_from_github(place, release, echo=place.console.line)
    except (NetworkError, UsageError) as why:
        place.console.row("unknown", str(why))
        return why.exit_code if isinstance(why, UsageError) else 3
    for line in taken.lines:
        place.console.line(f"  {line}")
    return taken.code


def take_in(
    place: Context,
    paths: Sequence[Path],
    release: Release | None,
    *,
    workflow: str | None = None,
    commit: str | None = None,
) -> Collected:
    """Read reports, beside what the release's ledger knows already, and say what became of each file.

    A zip that is given is opened; one that lies in a folder is a file like others.
    """
    with tempfile.TemporaryDirectory(prefix="atalaya-reports-") as scratch:
        folders, beside = _unzipped(paths, Path(scratch))
        return _take_in(place, folders, beside, release, workflow=workflow, commit=commit)


def _unzipped(paths: Sequence[Path], scratch: Path) -> tuple[list[Path], list[Found]]:
    """The paths, with a folder for each zip among them, and what of those was not taken out."""
    from atalaya.evidence.readers.archives import unpack
    from atalaya.evidence.readers.collector import Found

    folders, beside = [], []
    for number, path in enumerate(paths):
        if not (path.is_file() and zipfile.is_zipfile(path)):
            folders.append(path)
            continue
        # The archive's name stays in front of its files': it may be what tells the attempt.
        inside = scratch / str(number) / path.stem
        for member in unpack(path, inside):
            if member.content is None:
                name = f"{path.stem}/{member.name}" if member.name else path.name
                beside.append(Found(name, path, (member.status, member.reason)))
        if inside.exists():
            folders.append(inside.parent)
        elif not any(found.path == path for found in beside):
            beside.append(Found(path.name, path, (ReadStatus.UNREADABLE, "an archive with no file in it.")))
    return folders, beside


def _take_in(
    place: Context,
    paths: Sequence[Path],
    beside: Sequence[Found],
    release: Release | None,
    *,
    workflow: str | None,
    commit: str | None,
) -> Collected:
    from atalaya.core.scrub import scrub
    from atalaya.evidence.readers.collector import collect as read_all

    settings = place.loaded.settings
    collected = read_all(
        paths,
        workflow=workflow or next(iter(settings.ci.workflows), "ci"),
        commit=(commit or settings.subject.commit).lower(),
        recorded_at=utc_now(),
        known=_known(place, release),
        beside=beside,
        scrub=scrub,
    )
    for reading in collected.readings:
        counts = (
            ""
            if reading.cases is None
            else (f"{reading.cases} cases, {reading.failed} failed, {reading.errored} errored. ")
        )
        place.console.row(str(reading.status), f"{reading.file}: {counts}{reading.reason}")
    if release is not None:
        _quarantine(place, paths, collected)
    return collected


def _quarantine(place: Context, paths: Sequence[Path], collected: Collected) -> None:
    """Keep the bytes of what could not be read, on this machine only."""
    from atalaya.evidence.ledger import quarantine
    from atalaya.evidence.readers.collector import find

    unreadable = {r.file: r.sha256 for r in collected.readings if r.status is ReadStatus.UNREADABLE and r.sha256}
    for found in find(paths) if unreadable else ():
        if found.name in unreadable:
            quarantine.keep(place.root / quarantine.FOLDER, found.path, unreadable[found.name])
