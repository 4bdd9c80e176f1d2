"""The `export` command: writes a release's test attempts as one CTRF document for other tools."""

from __future__ import annotations

import argparse
from pathlib import Path

from atalaya.cli.context import Context
from atalaya.cli.output import write_json
from atalaya.cli.version import own_version
from atalaya.cli.which_release import named_or_open
from atalaya.records.stored import Environment, Release, TestAttempt


def export(place: Context, args: argparse.Namespace) -> int:
    """Write the attempts of a release's tests as one CTRF document.

    A rehearsal has no other environment than its own, so that is what is written, whatever was asked for.
    """
    from atalaya.evidence.export import document

    release = named_or_open(place, args.release, "evidence export")
    environment = Environment.REHEARSAL if release.rehearsal else Environment(args.environment)
    content = document(release, environment, _attempts(place, release, environment), version=own_version())
    write_json(Path(args.ctrf), content)
    said = content["results"]["summary"]
    place.console.row(
        "exported",
        f"{release.version}, environment {environment}: {said['tests']} tests, {said['failed']} failed, "
        f"{said['other']} unknown, {said['flaky']} flaky: {args.ctrf}",
    )
    return 0


def _attempts(place: Context, release: Release, environment: Environment) -> list[TestAttempt]:
    """Those that belong to the watch, as of the newest of them."""
    from atalaya.evidence.ledger import ledger
    from atalaya.watch.window import in_window

    # Not a survey: a document that lacks what is damaged would look better than the evidence.
    records = ledger.read(place.releases / release.version / "evidence", TestAttempt)
    as_of = max((record.recorded_at for record in records), default=release.opened_at)
    return [record for record in records if record.environment is environment and in_window(record, release, as_of)]
