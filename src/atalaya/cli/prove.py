"""The commands that test the checks: `prove` with seeded defects, `mutate` with generated mutants."""

from __future__ import annotations

import argparse
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from atalaya.cli.console import Console
from atalaya.cli.context import Context, append_evidence, built, print_json, utc_now, write_json
from atalaya.core.errors import UsageError
from atalaya.records.stored import Environment

if TYPE_CHECKING:
    from atalaya.sdk.prepare import Prepared
    from atalaya.selftest.prove import Caught, Proven


def prove(place: Context, args: argparse.Namespace) -> int:
    """Run every check against every seeded defect; fails when one survives."""
    from atalaya.sdk.prepare import prepare
    from atalaya.selftest.kill_matrix import told
    from atalaya.selftest.prove import prove as run_all

    known = place.pack.defect
    for id in args.defect or ():
        if id not in known:
            raise UsageError(f"--defect {id}: there is no such defect. There are: {', '.join(known)}.")
    chosen = [known[id] for id in args.defect or known]
    with prepare("", pack=place.pack, echo=place.console.line) as prepared:
        proven = run_all(
            prepared,
            defects=chosen,
            expected_only=args.expected_only,
            hear=lambda caught: hear_caught(place.console, caught),
        )
    never = () if args.defect else proven.promises_never_red
    report = {"schema": "atalaya.prove/1", **built(proven), "promises_never_red": list(never)}
    if args.report:
        write_json(Path(args.report), report)
    if args.json:
        print_json(report)
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
    return 1 if survivors or never else 0


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
