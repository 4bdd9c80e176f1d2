"""The folder of a watch on disk, and which watch currently receives evidence.

A release's folder is the whole of its watch: ``release.toml``, the pages that people edit, ``evidence/``
and ``incidents/``. The folder is named after the release.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from atalaya.core import plain_file
from atalaya.core.errors import ReleaseError, passes, short_of_something
from atalaya.core.window import EXTENSION_H, LONGEST_H, ends_at
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import Release, SettingsSnapshot, WatchTransition
from atalaya.watch.states import EXTENDED, OPEN, WATCH, is_allowed

FORMAT = 1
LARGEST_BYTES = 1_000_000  # of a release.toml: ten lines
LOCAL = "local-"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


def find(releases: Path) -> tuple[Release, ...]:
    """Every release in the tree, the newest T+0 first.

    :raises ReleaseError: one of the folders cannot be read, or is from a newer format.
    """
    found = [load(file.parent) for file in sorted(releases.glob("*/release.toml"))]
    return tuple(sorted(found, key=lambda release: (release.opened_at, release.version), reverse=True))


def load(folder: Path) -> Release:
    """The release of one folder.

    :raises ReleaseError: there is none, it cannot be read, or a newer Atalaya has written it.
    """
    file = folder / "release.toml"
    try:
        table = tomllib.loads(plain_file.content(file, LARGEST_BYTES).decode("utf-8"))
    except FileNotFoundError:
        raise ReleaseError(
            f"{file}: no such file. Open the release first: atalaya release open {folder.name} --commit REF."
        ) from None
    except (OSError, ValueError) as why:  # no text, no TOML, or a name that no file can have
        if passes(why):
            raise short_of_something(repr(str(file)), why) from None
        raise ReleaseError(f"{str(file)!r}: cannot be read: {why}. Restore it from git.") from None
    if table.get("format", 0) > FORMAT:
        raise ReleaseError(
            f"{file}: format {table['format']}, and this Atalaya knows {FORMAT} at most. "
            f"It was written by a newer one: upgrade."
        )
    try:
        release = msgspec.convert(table, Release)
    except msgspec.ValidationError as why:
        raise ReleaseError(f"{file}: {why}. Restore it from git.") from None
    if release.version != folder.name:
        raise ReleaseError(
            f"{file}: the version is {release.version!r} and the folder is named {folder.name!r}. Rename one of them."
        )
    if release.opened_at.tzinfo is None:
        raise ReleaseError(f"{file}: opened_at has no zone. Write it in UTC, as 2026-01-31T09:00:00Z.")
    return release


def open_release(releases: Path, release: Release, pages: Mapping[str, str]) -> Path:
    """Make the folder of a new watch, whole or not at all.

    :raises ReleaseError: the name cannot be a folder's, or there is such a folder.
    """
    require_free(releases, release.version)
    folder = releases / release.version
    try:
        releases.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".opening-", dir=releases) as scratch:
            half_made = Path(scratch) / release.version
            _fill(half_made, {"release.toml": _toml(release), **pages})
            os.rename(half_made, folder)  # noqa: PTH104 - fails where a rival was faster, and that is wanted
    except OSError as why:
        raise ReleaseError(f"{folder}: cannot be made: {why}. Make room, or the folder writable.") from None
    return folder


def require_free(releases: Path, version: str) -> None:
    """
    :raises ReleaseError: the name cannot be a folder's, or there is such a folder, on some file systems at least.
    """
    if not NAME.fullmatch(version) or version.endswith("."):
        raise ReleaseError(f"{version!r} cannot name a release. Use letters, digits, dots, plus and hyphens.")
    there = {one.name.casefold(): one for one in releases.iterdir()} if releases.is_dir() else {}
    if (taken := there.get(version.casefold())) is not None:
        raise ReleaseError(f"{taken}: there is such a release. Choose another version, or go on with that one.")


def beside_opening(folder: Path, release: Release, pages: Mapping[str, str]) -> Iterator[str]:
    """What a release's folder holds beside what opening it wrote: files, by their names, and records, by their kinds.

    :param pages: the texts of the pages that a new release begins with.
    """
    written = {"release.toml": _toml(release), **pages}
    for file in sorted(one for one in folder.rglob("*") if not one.is_dir() or one.is_symlink()):
        name = file.relative_to(folder).as_posix()
        if file.parent == folder / "evidence" and not file.name.startswith("."):
            continue
        if name not in written or file.read_bytes() != written[name].encode():
            yield f"{name} was {'changed' if name in written else 'added'}"
    found = ledger.survey(folder / "evidence")
    yield from found.problems
    for record in (one for segment in found.segments for one in segment.records):
        is_first = isinstance(record, SettingsSnapshot) or (
            isinstance(record, WatchTransition) and record.state == OPEN
        )
        if record.run_id != f"opening-{release.version}" or not is_first:
            yield f"a record of {record.kind}"


def remove(folder: Path) -> None:
    """Take a release's folder away, whole or not at all.

    :raises ReleaseError: it cannot be taken away, and is there still.
    """
    gone = folder.with_name(f".withdrawn-{folder.name}")
    try:
        folder.rename(gone)
        shutil.rmtree(gone)
    except OSError as why:
        raise ReleaseError(f"{folder}: cannot be taken away: {why}. Make the folder writable.") from None


def _fill(folder: Path, files: Mapping[str, str]) -> None:
    for name in ("evidence", "incidents"):
        (folder / name).mkdir(parents=True)
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def to_write(releases: Path, *, now: datetime) -> Release | None:
    """The watch that new evidence belongs to: a tracked one whose window is open, else a local one, else none."""
    running = [
        release
        for release in find(releases)
        if not release.rehearsal
        and not (releases / release.version / "seal.json").exists()
        and release.opened_at <= now < ends_at(release, max(release.window_h, LONGEST_H))
        and now < ends_at(release, lasts_h(releases / release.version, release))
    ]
    tracked = [release for release in running if not release.version.startswith(LOCAL)]
    return next(iter(tracked or running), None)


def local_name(releases: Path, version: str | None) -> str:
    """A name for a watch of this machine's own that no folder has."""
    base = LOCAL + re.sub(r"[^A-Za-z0-9._+-]", "-", version or "unknown")[:40]
    names = [base, *(f"{base}.{number}" for number in range(2, 1000))]
    return next(name for name in names if not (releases / name).exists())


def lasts_h(folder: Path, release: Release) -> int:
    """How long a watch lasts by the records in its folder, or as it was opened."""
    return steps_taken(ledger.readable(folder / "evidence", WatchTransition), release)[1]


def steps_taken(steps: Sequence[WatchTransition], release: Release) -> tuple[str, int]:
    """The state of a watch and the hours that it lasts, by its steps. One that the table has not counts for nothing."""
    state, lasts = OPEN, release.window_h
    for step in sorted(steps, key=lambda one: (one.occurred_at, one.recorded_at, one.run_id)):
        if step.state != OPEN and is_allowed(WATCH, state, step.state):
            state = step.state
            longer = min(step.window_h, lasts + EXTENSION_H, LONGEST_H)
            lasts = max(lasts, longer) if state == EXTENDED else lasts
    return state, lasts


def _toml(release: Release) -> str:
    """A flat table. JSON's strings, numbers and booleans are TOML's too; times are written bare."""
    lines = ["# The watch of one release. Written when it was opened; the window begins at opened_at."]
    for name, value in msgspec.structs.asdict(release).items():
        if isinstance(value, datetime):
            lines.append(f"{name} = {value.astimezone(UTC).isoformat().replace('+00:00', 'Z')}")
        else:
            lines.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
