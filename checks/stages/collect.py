"""What does the command that takes in CI's reports do?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from checks.errors import UsageError
from checks.records import (
    Reading,
    Release,
)
from checks.stages.place import Place, keep, print_json, the_release, utc_now, write_json

if TYPE_CHECKING:
    from checks.evidence.collect import Collected


def collect(place: Place, args: argparse.Namespace) -> int:
    """Take in what CI wrote: JUnit files or folders."""
    from checks.evidence.collect import report

    settings = place.loaded.settings
    paths = [Path(path) for path in args.junit] or [place.root / path for path in settings.ci.junit]
    if not paths:
        raise UsageError("collect: no reports were named. Give files or folders with --junit, or list them as "
                         "`junit` in [ci] of watch.toml.")  # fmt: skip
    release = None if args.dry_run else the_release(place, args.release, None, to_write=True)
    collected = take_in(place, paths, release, workflow=args.workflow, commit=args.commit)
    table = report(collected)
    if args.report:
        write_json(Path(args.report), table)
    if args.json:
        print_json(table)
    if release is None:
        place.console.line("  dry run: nothing was kept")
    else:
        keep(place, release, collected.evidence)
    return 3 if any(entry["status"] != "read" for entry in table.values()) else 0


def take_in(
    place: Place,
    paths: Sequence[Path],
    release: Release | None,
    *,
    workflow: str | None = None,
    commit: str | None = None,
) -> Collected:
    """Read reports, beside what the release's ledger knows already, and say what became of each file."""
    from checks.evidence import ledger
    from checks.evidence.collect import collect as read_all
    from checks.scrub import scrub

    settings = place.loaded.settings
    known: frozenset[str] = frozenset()
    if release is not None:
        segments = ledger.survey(place.releases / release.version / "evidence").segments
        known = frozenset(r.sha256 for s in segments for r in s.records if isinstance(r, Reading))
    collected = read_all(
        paths, workflow=workflow or next(iter(settings.ci.workflows), "ci"),
        commit=commit or settings.subject.commit, recorded_at=utc_now(), known=known, scrub=scrub,
    )  # fmt: skip
    for reading in collected.readings:
        counts = "" if reading.cases is None else (
            f"{reading.cases} cases, {reading.failed} failed, {reading.errored} errored. ")  # fmt: skip
        place.console.row(str(reading.status), f"{reading.file}: {counts}{reading.reason}")
    return collected
