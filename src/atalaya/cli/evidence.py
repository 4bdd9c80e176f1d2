"""The `evidence` commands: compact segments, print the JSON Schema, verify digests and published pages."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from atalaya.cli.as_of import judged
from atalaya.cli.context import Context
from atalaya.cli.output import print_json, write_json
from atalaya.cli.publish import write_release
from atalaya.cli.which_release import named_or_open
from atalaya.core.errors import AtalayaError
from atalaya.records.stored import Redaction, Release


def compact(place: Context, args: argparse.Namespace) -> int:
    """Put the evidence that is older than the current run into one Parquet file for each kind."""
    from atalaya.evidence.ledger import ledger
    from atalaya.watch.seal import require_unsealed

    release = named_or_open(place, args.release, "evidence compact")
    require_unsealed(place.releases / release.version)
    folder = place.releases / release.version / "evidence"
    written = ledger.compact(folder)
    problems = ledger.verify(folder)
    rows = [_told(path) for path in written]
    for row in rows:
        place.console.row("compacted", f"{row['segments']} segments, {row['records']} records: {row['file']}")
    for problem in problems:
        place.console.row("broken", problem)
    if not rows:
        place.console.line(f"  {release.version}: nothing is older than its current run, or all of it is compacted")
    if args.json:
        print_json({"release": release.version, "compacted": rows, "problems": problems})
    return 1 if problems else 0


def _told(path: Path) -> dict[str, Any]:
    from atalaya.evidence.ledger.parquet import manifest

    said = manifest(path)
    records = sum(entry.records for entry in said.segments)
    return {
        "file": path.name,
        "kind": said.kind,
        "segments": len(said.segments),
        "records": records,
        "size_bytes": path.stat().st_size,
    }


def schema(place: Context, args: argparse.Namespace) -> int:
    """Say what may stand in a segment, as JSON Schema."""
    from atalaya.evidence.ledger.schema import document

    if args.out:
        write_json(Path(args.out), document())
        place.console.line(f"  the schema of the records: {args.out}")
    else:
        print_json(document())
    return 0


def verify(place: Context, args: argparse.Namespace) -> int:
    """Recompute every digest of a release's evidence, look for what is gone, replay what was published."""
    from atalaya.watch import folder

    releases = (folder.load(place.releases / args.release),) if args.release else folder.find(place.releases)
    found = [_verified(place, release) for release in releases]
    for each in found:
        _say(place, each)
    if args.json:
        print_json({"releases": found})
    if any(each["problems"] or each["differs"] for each in found):
        return 1
    if not any(each["segments"] for each in found):
        place.console.line("  there is no evidence to verify")
        return 3
    return 0


def _verified(place: Context, release: Release) -> dict[str, Any]:
    from atalaya.evidence.ledger import ledger, manifest
    from atalaya.evidence.ledger.redaction import in_words

    folder = place.releases / release.version / "evidence"
    survey = ledger.survey(folder)
    problems, differs = [*survey.problems, *map(str, manifest.differs(survey))], []
    published = place.docs / "_generated" / release.version
    if published.is_dir():
        try:
            differs = list(_replayed(place, release, published))
        except AtalayaError as why:
            problems.append(f"it cannot be replayed: {why}")
    return {
        "release": release.version,
        "segments": len(survey.segments),
        "records": sum(segment.info.records for segment in survey.segments),
        "published": published.is_dir(),
        "problems": problems,
        "redacted": [str(in_words(one)) for one in ledger.readable(folder, Redaction)],
        "differs": differs,
    }


def _replayed(place: Context, release: Release, published: Path) -> Iterator[dict[str, Any]]:
    """Each file that is published and would not be written so today, or the other way round."""
    judgement = judged(place, release, None)
    with tempfile.TemporaryDirectory(prefix="atalaya-verify-") as folder:
        replayed = Path(folder)
        write_release(place, judgement, replayed)
        files = {file.relative_to(root) for root in (published, replayed) for file in root.rglob("*") if file.is_file()}
        for file in sorted(files):
            if said := difference(published / file, replayed / file):
                yield {"file": file.as_posix()} | said


def difference(published: Path, replayed: Path) -> dict[str, Any] | None:
    """Where two files first differ: the line, from 1, and what each has there; None for a file that is not."""
    old, new = (_lines(file) for file in (published, replayed))
    if old == new:
        return None
    pairs = enumerate(zip_longest(old or [], new or []), start=1)
    line, (was, now) = next(((number, pair) for number, pair in pairs if pair[0] != pair[1]), (1, (None, None)))
    return {
        "line": line,
        "published": None if old is None else _text(was),
        "replayed": None if new is None else _text(now),
    }


def _lines(file: Path) -> list[bytes] | None:
    """The lines of a published file, without what a compaction changes: in which files the segments lie."""
    from atalaya.site.fragments.evidence_pages import without_files

    if not file.is_file():
        return None
    return (without_files(file.read_bytes()) if file.suffix == ".html" else file.read_bytes()).split(b"\n")


def _text(line: bytes | None) -> str:
    return "(it ends here)" if line is None else line.decode("utf-8", "backslashreplace")


def _say(place: Context, found: dict[str, Any]) -> None:
    for problem in found["problems"]:
        place.console.row("broken", problem)
    for said in found["redacted"]:
        place.console.row("redacted", f"{found['release']}: {said}")
    for each in found["differs"]:
        was, now = (each[name] if each[name] is not None else "(no such file)" for name in ("published", "replayed"))
        place.console.row(
            "differs",
            f"{found['release']}/{each['file']}:{each['line']}: published {was!r}, the evidence gives {now!r}",
        )
    if not found["published"]:
        place.console.line(f"  {found['release']}: not published: there is nothing to replay against")
    if not found["problems"] and not found["differs"]:
        place.console.line(
            f"  {found['release']}: {found['segments']} segments, {found['records']} records: all as they were written"
        )
