"""The command `prove`: shows seeded defects to the checks, and seeded events to the detectors of events."""

from __future__ import annotations

import argparse
import platform
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.cli.instants import utc_now
from atalaya.cli.output import built, print_json, write_json
from atalaya.cli.recording import append_evidence
from atalaya.core.errors import UsageError
from atalaya.records.stored import Environment

if TYPE_CHECKING:
    from atalaya.sdk.prepare import Prepared
    from atalaya.selftest.detector_record import Detector, Sight
    from atalaya.selftest.detectors import Seen
    from atalaya.selftest.prove import Caught, Proven


def prove(place: Context, args: argparse.Namespace) -> int:
    """Run every check against every seeded defect, and the detectors on seeded events; fails when one survives."""
    from atalaya.sdk.prepare import prepare

    if args.detectors and (args.defect or args.expected_only):
        raise UsageError("--detectors shows no defect to the checks: leave out --defect and --expected-only.")
    known = place.pack.defect
    for id in args.defect or ():
        if id not in known:
            raise UsageError(f"--defect {id}: there is no such defect. There are: {', '.join(known)}.")
    report: dict[str, Any] = {"schema": "atalaya.prove/1", "defects": [], "promises_never_red": []}
    with prepare("", pack=place.pack, echo=place.console.line) as prepared:
        well = True
        if not args.detectors:
            well = _prove_checks(place, args, prepared, report)
        if not args.defect:
            well = prove_detectors(place, prepared, report) and well
    if args.report:
        write_json(Path(args.report), report)
    if args.json:
        print_json(report)
    return 0 if well else 1


def _prove_checks(place: Context, args: argparse.Namespace, prepared: Prepared, report: dict[str, Any]) -> bool:
    """Show the seeded defects to the checks; whether each was caught, and each promise seen red."""
    from atalaya.selftest.kill_matrix import told
    from atalaya.selftest.prove import prove as run_all

    known = place.pack.defect
    chosen = [known[id] for id in args.defect or known]
    with place.console.bar("seeded defects", len(chosen)) as done:

        def hear(caught: Caught) -> None:
            hear_caught(place.console, caught)
            done()

        def hear_group(number: int, of: int) -> None:
            if number * 4 // of > (number - 1) * 4 // of:  # a line a quarter: the bar counts the defects
                place.console.line(f"  groups of defects: {number} of {of}")

        proven = run_all(prepared, defects=chosen, expected_only=args.expected_only, hear=hear, hear_group=hear_group)
    never = () if args.defect else proven.promises_never_red
    report |= {**built(proven), "promises_never_red": list(never)}
    _keep_proof(place, proven, prepared, to_all=not args.expected_only, whole=not args.defect)
    if not args.defect:
        for line in told(proven, place.pack):
            place.console.line(line)
    survivors = [caught.id for caught in proven.defects if caught.survived]
    place.console.line(
        f"  {len(chosen) - len(survivors)} of {len(chosen)} defects caught"
        + (f"; survived: {', '.join(survivors)}" if survivors else "")
        + (f"; never red: {', '.join(never)}" if never else "")
    )
    return not survivors and not never


def prove_detectors(place: Context, prepared: Prepared, report: dict[str, Any]) -> bool:
    """Seed events into what the smoke sees and what the log reader reads; whether they saw all, and nothing else."""
    from atalaya.core.scrub import scrub
    from atalaya.evidence.readers import logs
    from atalaya.selftest import detector_record
    from atalaya.selftest.detector_record import Detector, Detectors, Measured
    from atalaya.selftest.detectors import show_logs, show_smoke

    place.console.line("Seeding events into what the smoke sees and what the log reader reads.")
    begun_s = time.monotonic()
    sights = {
        Detector.SMOKE: show_smoke(prepared, hear=lambda seen: _hear_seen(place.console, seen)),
        Detector.LOGS: show_logs(lambda log: [event.kind for event in logs.read(log, scrub=scrub).events]),
    }
    now = utc_now().replace(microsecond=0)
    made = {
        detector: Measured(
            made_at=now,
            # The reader runs here, and the smoke where the SDK does.
            python=prepared.host.python if detector is Detector.SMOKE else platform.python_version(),
            digest=detector_record.digest(place.pack, detector),
            sight=sight,
        )
        for detector, sight in sights.items()
    }
    try:
        detector_record.write(place.pack, Detectors(detectors=made))
    except OSError as why:  # an installed pack may belong to somebody else
        place.console.line(f"  the result is not kept in the pack: {why}")
    report["detectors"] = built(made)
    for detector, sight in sights.items():
        place.console.line(f"  {_in_words(detector, sight)}")
    place.console.line(f"  the detectors took {time.monotonic() - begun_s:.0f} s")
    return not any(sight.survivors or sight.false_alarms for sight in sights.values())


def _in_words(detector: Detector, sight: Sight) -> str:
    counts = [f"{sight.caught(kind)} of {sight.shown(kind)} {kind}" for kind in sight.seeded]
    return (
        f"{detector}: caught {', '.join(counts) or 'nothing, since the pack seeds nothing'}"
        + (f"; survived: {', '.join(sight.survivors)}" if sight.survivors else "")
        + (f"; seen where nothing was: {', '.join(sight.false_alarms)}" if sight.false_alarms else "")
    )


def _hear_seen(console: Console, seen: Seen) -> None:
    """Show what became of one seeded event."""
    if seen.event is None:
        console.row("quiet" if seen.well else "FALSE", f"{seen.id}: nothing seeded")
    else:
        console.row("caught" if seen.well else "SURVIVED", f"{seen.event}: {seen.id}")


def _keep_proof(place: Context, proven: Proven, prepared: Prepared, *, to_all: bool, whole: bool) -> None:
    """Leave a self-test in the pack, for the pages of the promises, and a whole one in the watch that is open.

    A verdict rests on it there. The rows of single defects prove nothing of a watch, and go into the pack alone.
    """
    from atalaya.evidence.from_runs import from_proof
    from atalaya.selftest import last_run
    from atalaya.watch.folder import to_write

    now = utc_now().replace(microsecond=0)
    made = last_run.Run(
        made_at=now,
        python=prepared.host.python,
        subject_digest=prepared.subject.digest,
        to_all=to_all,
        defects=proven.defects,
        requirement=place.pack.requirement,
    )
    try:
        last_run.write(place.pack, made, whole=whole)
    except OSError as why:  # an installed pack may belong to somebody else
        place.console.line(f"  the result is not kept beside the defects: {why}")
    release = to_write(place.releases, now=now) if whole else None
    if release is not None:
        records = from_proof(
            proven, run_id=uuid.uuid4().hex, environment=Environment.LOOPBACK, recorded_at=now, occurred_at=now
        )
        append_evidence(place, release, records)


def hear_caught(console: Console, caught: Caught) -> None:
    """Show what became of one seeded defect."""
    word = "SURVIVED" if caught.survived else "caught"
    console.row(word, f"{caught.id}: {', '.join(caught.caught_by) or 'by nothing'}")
