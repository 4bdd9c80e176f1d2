"""The command that compares the files on the package index with the files that CI built."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from atalaya.cli.console import plain
from atalaya.cli.context import Context
from atalaya.cli.output import built, print_json
from atalaya.cli.recording import append_evidence, new_metadata
from atalaya.cli.which_release import named_or_open
from atalaya.core.errors import AtalayaError, UsageError
from atalaya.records.stored import Artefact, Built, Evidence, Release
from atalaya.watch.folder import LOCAL


def artefact(place: Context, args: argparse.Namespace) -> int:
    """Look at what the package index serves of the release, and hold it against what CI built."""
    if not place.loaded.settings.artefact.project:
        raise UsageError(
            'artefact: no project is named. Say what is published: [artefact] project = "NAME" in watch.toml.'
        )
    release = named_or_open(place, args.release, "artefact", to_write=not args.dry_run)
    looked = look(place, release)
    if not args.dry_run:
        append_evidence(place, release, looked)
    if args.json:
        print_json({"release": release.version, "looked": [built(one) for one in looked]})
    return 3 if any(isinstance(one, Artefact) and _is_unknown(one) for one in looked) else 0


def _is_unknown(seen: Artefact) -> bool:
    return bool(seen.problem) or not seen.files or seen.not_known > 0


def look(place: Context, release: Release) -> list[Evidence]:
    """What is served now, and what CI built. What cannot be asked is a record that says why."""
    from atalaya.evidence.package_index import lookup as reader
    from atalaya.sdk.installer import find_installer

    asked, console = place.loaded.settings.artefact, place.console
    version = asked.version or release.version.removeprefix(LOCAL).removeprefix("v")
    made = new_metadata(release)
    found: list[Evidence] = []
    with tempfile.TemporaryDirectory(prefix="atalaya-artefact-") as scratch:

        def resolve(requirement: str, index: str, within_s: float) -> tuple[str, ...]:
            installer = find_installer(Path(scratch), console.line)
            return installer.resolve(requirement, index=index, within_s=within_s)

        served = reader.look(asked.project, version, asked.index, made, resolve=resolve, deadline_s=asked.deadline_s)
    found.append(served)
    console.row(
        "unknown" if _is_unknown(served) else "looked",
        f"{served.project} {served.version}: {served.problem or f'{len(served.files)} files'}",
    )
    for file in served.files:
        console.line(f"    {plain(file.name)} {file.sha256[:12] or file.problem}{' yanked' if file.yanked else ''}")
    if served.not_looked_at:
        console.row("unknown", f"{served.not_looked_at} more files are listed, and were not looked at")
    if served.unresolved:
        console.row("unknown", f"what it brings along: {served.unresolved}")
    if asked.built:
        try:
            found.append(reader.built(place.root / asked.built, made))
        except AtalayaError as why:
            console.row("unknown", str(why))
    console.line(f"    built by CI: {sum(len(one.files) for one in found if isinstance(one, Built))} files")
    return found
