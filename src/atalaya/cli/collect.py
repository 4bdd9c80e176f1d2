"""The `collect` command: imports CI reports, logs and GitHub results as evidence."""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from atalaya.cli.context import Context
from atalaya.cli.incident import incidents_by_rule
from atalaya.cli.instants import utc_now
from atalaya.cli.output import print_json, require_writable, write_json
from atalaya.cli.record_verdict import call_the_roll
from atalaya.cli.recording import append_evidence
from atalaya.cli.which_release import require_opened, resolve_release
from atalaya.core.errors import UsageError
from atalaya.records.stored import (
    CommitTree,
    Conclusion,
    Environment,
    Evidence,
    FileVerdict,
    Reading,
    ReadStatus,
    Release,
    record_metadata,
)

if TYPE_CHECKING:
    from atalaya.evidence.readers.collector import Found, Gathered, Job, KnownFiles
    from atalaya.evidence.readers.logs import Log

SCRATCH = "atalaya-reports-"  # of the folder that a zip is unpacked into

# What can be told of a job by hand; a word that a machine has to find out is not among them.
TOLD = (
    Conclusion.SUCCESS,
    Conclusion.FAILURE,
    Conclusion.TIMED_OUT,
    Conclusion.CANCELLED,
    Conclusion.SKIPPED,
    Conclusion.NEUTRAL,
)


def collect(place: Context, args: argparse.Namespace) -> int:
    """Take in what CI said: the files given, or all that watch.toml names, GitHub among it."""
    settings = place.loaded.settings
    given = bool(args.junit or args.log)
    _require_sense(args)
    paths = [Path(path) for path in args.junit] if given else [place.root / path for path in settings.ci.junit]
    github = bool(settings.ci.repo) and not given
    if not paths and not args.log and not github:
        raise UsageError(
            "collect: no reports were named. Give files or folders with --junit or --log, or name `repo` "
            "or `junit` in [ci] of watch.toml."
        )
    if (args.exit_code is not None or args.conclusion) and not paths:
        raise UsageError("collect: --exit-code and --conclusion tell of reports, and none were named. Add --junit.")
    require_writable(args.report)
    _require_apart(args.report, [*paths, *map(Path, args.log)])
    release = None if args.dry_run else resolve_release(place, args.release, None)
    job = _job(place, release, args)
    if args.attempt and not args.of_run:
        place.console.line(f"  attempt {args.attempt} of no run that is known: --run ID joins it to the others")
    table: dict[str, dict[str, Any]] = {}
    in_run = ""
    if paths:
        of_reports, job, in_run = _take_in_reports(place, paths, release, job, args.of_run or "")
        table |= of_reports
    table |= _take_in_logs(place, [Path(log) for log in args.log], release, job, args.of_run or "", in_run)
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
    call_the_roll(place, release)
    return code


def _take_in_reports(
    place: Context, paths: Sequence[Path], release: Release | None, job: Job, run_id: str
) -> tuple[dict[str, dict[str, Any]], Job, str]:
    """Read reports and keep what they tell: the outcome of each, and their job and its run, for logs beside them.

    What is held of the reports ends with this, since a judgement follows, which needs the room.
    """
    from atalaya.evidence.readers.collector import report

    collected = take_in(place, paths, release, job=job, run_id=run_id)
    if release is not None:
        keep(place, release, collected)
    return report(collected), *_of_this_call(job, collected)


def _require_sense(args: argparse.Namespace) -> None:
    """Before anything is read: an empty path is the working folder to the system, and meant by nobody.

    :raises UsageError: a path is empty, or options contradict each other.
    """
    for option, paths in (("--junit", args.junit), ("--log", args.log)):
        if not all(path.strip() for path in paths):
            raise UsageError(f"collect: {option} was given an empty path. Name a file or a folder: `.` is this one.")
    for log in map(Path, args.log):
        if log.exists() and not log.is_file():  # a pipe would be waited for
            raise UsageError(f"collect: --log {log} is no file. Name the files: one option takes several.")
    if args.each_file and args.job:
        raise UsageError("collect: --job names one job, and --each-file makes one of each file. Leave one of them out.")


def _require_apart(report: str | None, paths: Sequence[Path]) -> None:
    """What is written must not become what is read: the next call would take it for a report of CI.

    :raises UsageError: the report of this command would lie among the files to be read.
    """
    for path in paths if report else ():
        if Path(os.path.realpath(report or "")).is_relative_to(os.path.realpath(path)):  # which follows no loop
            raise UsageError(
                f"collect: --report {report} lies in what is to be read ({path}), and would be taken for a report of "
                f"CI the next time. Name a file elsewhere."
            )


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
            paths = [place.root / path for path in settings.ci.junit]
            collected = take_in(place, paths, release, job=_job(place, release))
            keep(place, release, collected)
        except UsageError as why:
            place.console.row("unknown", str(why))
            code = why.exit_code
    return max(code, _ask_github(place, release)) if settings.ci.repo else code


def _job(place: Context, release: Release | None, args: argparse.Namespace | None = None) -> Job:
    """What is known of the job that wrote the files: as told, else as the release and the settings have it."""
    from atalaya.evidence.readers.collector import Job

    settings = place.loaded.settings
    workflow = next(iter(settings.ci.workflows), "ci")
    commit = (release.commit if release is not None else "") or settings.subject.commit
    since = release.opened_at if release is not None else None
    if args is None:
        return Job(workflow, commit.lower(), whole=True, since=since)
    conclusion = Conclusion(args.conclusion) if args.conclusion else None
    if args.exit_code is not None:
        conclusion = Conclusion.FAILURE if args.exit_code else Conclusion.SUCCESS
    return Job(
        args.workflow or workflow,
        (args.commit or commit).lower(),
        args.event or "",
        conclusion,
        name=args.job or None,
        attempt=args.attempt or 0,
        whole=not args.each_file,
        since=since,
    )


def keep(place: Context, release: Release, evidence: Iterable[Evidence]) -> None:
    """Add to the release's ledger, and say what of it will count in nothing."""
    from atalaya.evidence.apart import Apart
    from atalaya.evidence.commits import same_tree
    from atalaya.evidence.ledger import ledger
    from atalaya.watch.folder import lasts_h

    folder = place.releases / release.version
    trees = ledger.readable(folder / "evidence", CommitTree)
    now = replace(release, window_h=lasts_h(folder, release))
    apart = Apart(now, same_tree(release.commit, trees))
    append_evidence(place, release, _each(evidence, apart.count))
    for line in apart.lines():
        place.console.line(f"  {line}")


def _each(evidence: Iterable[Evidence], see: Callable[[Evidence], None]) -> Iterator[Evidence]:
    """The same records, each seen as it passes: there may be more than memory holds."""
    for record in evidence:
        see(record)
        yield record


def _of_this_call(job: Job, collected: Gathered) -> tuple[Job, str]:
    """The job that the logs of a call are of, and its run: that of its reports, so that both tell of one event."""
    if not job.whole or not collected.jobs:
        return job, ""
    last = collected.jobs[-1]
    return job._replace(name=last.job, attempt=last.attempt), last.run_id


def _take_in_logs(
    place: Context, paths: Sequence[Path], release: Release | None, job: Job, run_id: str, in_run: str = ""
) -> dict[str, dict[str, Any]]:
    """Read logs of a smoke, and say what each tells of. One that is there already is listed, and counts once.

    :param run_id: the run that was named. :param in_run: that of the reports that came with them.
    """
    from atalaya.core.scrub import scrub
    from atalaya.evidence.readers import logs

    table: dict[str, dict[str, Any]] = {}
    known = _known(place, release, run_id)
    seen: set[tuple[str, str]] = set()
    for path in paths:
        log = logs.read(path, scrub=scrub)
        name = path.name
        lies_in = below(place.root, path) or name
        again = bool(log.sha256) and ((lies_in, log.sha256) in seen or bool(known.find(name, lies_in, log.sha256)))
        seen.add((lies_in, log.sha256))
        metadata = record_metadata(run_id or in_run or _run_of_log(log, lies_in), Environment.CI, utc_now())
        reading = logs.reading(log, file=name, metadata=metadata, place=lies_in)
        before = " Recorded before: it is counted once." if again else ""
        place.console.row(str(reading.status), f"{name}: {reading.reason}{before}")
        table[name if name not in table else str(path)] = {
            "status": str(reading.status),
            "verdict": str(reading.verdict),
            "reason": reading.reason,
            "events": len(log.events),
        }
        if release is not None and not again:
            of_file, attempt = job.attempt_of(name)
            of = job._replace(name=job.name or of_file, attempt=attempt)
            keep(place, release, [*logs.events(log, file=name, metadata=metadata, job=of), reading])
    return table


def _run_of_log(log: Log, lies_in: str) -> str:
    return f"log-of-{hashlib.sha256(f'{log.sha256} {lies_in}'.encode()).hexdigest()[:16]}"


def below(root: Path, path: Path) -> str:
    """The path of a file below the project's folder, as every machine writes it; empty where it lies elsewhere."""
    try:
        inside = Path(os.path.abspath(path)).relative_to(os.path.abspath(root))  # noqa: PTH100 - links stay links
    except ValueError:
        return ""
    return inside.as_posix().encode("utf-8", "backslashreplace").decode()


def _known(place: Context, release: Release | None, run_id: str = "") -> KnownFiles:
    """The files that the release's ledger has readings of; of one run, where it is named."""
    from atalaya.evidence.ledger import ledger
    from atalaya.evidence.readers.collector import KnownFiles

    if release is None:
        return KnownFiles(())
    return KnownFiles(ledger.readable(place.releases / release.version / "evidence", Reading), run_id)


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


def take_in(place: Context, paths: Sequence[Path], release: Release | None, *, job: Job, run_id: str = "") -> Gathered:
    """Read reports, beside what the release's ledger knows already, and say what became of each file.

    A zip that is given is opened; one that lies in a folder is a file like others.
    """
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as scratch:
        folders, beside = _unzipped(paths, Path(scratch))
        place_of = _place_of(place.root, paths, Path(scratch))
        return _take_in(place, folders, beside, release, job, run_id, place_of)


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


def _place_of(root: Path, paths: Sequence[Path], scratch: Path) -> Callable[[Path], str]:
    """The place of a file below the project's folder; of one out of a zip, that of the zip and its own in it."""

    def place_of(path: Path) -> str:
        if not path.is_relative_to(scratch):
            return below(root, path)
        number, _, *inside = path.relative_to(scratch).parts
        archive = below(root, paths[int(number)])
        return "/".join((archive, *inside)).encode("utf-8", "backslashreplace").decode() if archive else ""

    return place_of


def _written_at(path: Path) -> datetime | None:
    """When a report was written; not of one out of a zip, which is written as it is unpacked."""
    if any(part.startswith(SCRATCH) for part in path.parts):
        return None
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return None


def _take_in(
    place: Context,
    paths: Sequence[Path],
    beside: Sequence[Found],
    release: Release | None,
    job: Job,
    run_id: str,
    place_of: Callable[[Path], str],
) -> Gathered:
    from atalaya.core.scrub import scrub
    from atalaya.evidence.readers.collector import gather

    collected = gather(
        paths,
        job=job,
        run_id=run_id,
        recorded_at=utc_now(),
        known=_known(place, release, run_id).find,
        place_of=place_of,
        written_at=_written_at,
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
    if job.conclusion is None:
        _say_what_is_not_concluded(place, collected)
    if release is not None:
        _quarantine(place, paths, collected)
    return collected


def _say_what_is_not_concluded(place: Context, collected: Gathered) -> None:
    """A green report is no green job: the command that wrote it may have failed after it."""
    if not any(one.conclusion is Conclusion.UNKNOWN for one in collected.jobs):
        return
    green = (reading for reading in collected.readings if reading.file not in collected.known)
    reports = sum(reading.verdict is FileVerdict.PASSED for reading in green)
    if reports:
        what = "report" if reports == 1 else "reports"
        place.console.line(
            f"  {reports} {what} without an exit code: no job of theirs counts as successful; give --exit-code"
        )


def _quarantine(place: Context, paths: Sequence[Path], collected: Gathered) -> None:
    """Keep the bytes of what could not be read, on this machine only."""
    from atalaya.evidence.ledger import quarantine
    from atalaya.evidence.readers.collector import find

    unreadable = {r.file: r.sha256 for r in collected.readings if r.status is ReadStatus.UNREADABLE and r.sha256}
    for found in find(paths) if unreadable else ():
        if found.name in unreadable:
            quarantine.keep(place.root / quarantine.FOLDER, found.path, unreadable[found.name])
