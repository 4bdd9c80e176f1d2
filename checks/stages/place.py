"""Where does a command work, and what do all commands share?"""

from __future__ import annotations

import argparse
import getpass
import os
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from checks.console import Console
from checks.errors import ReleaseError, UsageError
from checks.records import Environment, Evidence, InForce, Judgement, Release, VerdictWord
from checks.settings import Loaded

if TYPE_CHECKING:
    from checks.contracts.pack import Pack
    from checks.subject.environment import Prepared


# The exit code of each word. WAITING is 3 under --strict.
EXIT: dict[VerdictWord, int] = {
    VerdictWord.GO: 0,
    VerdictWord.ON_TRACK: 0,
    VerdictWord.WAITING: 0,
    VerdictWord.INVALID: 1,
    VerdictWord.NO_GO: 1,
    VerdictWord.EXTEND: 1,
    VerdictWord.OFF_TRACK: 1,
    VerdictWord.INCONCLUSIVE: 3,
}


TICK = timedelta(microseconds=1)


class Place(NamedTuple):
    """Where the command works, and what it was told to do there."""

    root: Path
    loaded: Loaded
    console: Console

    @property
    def pack(self) -> Pack:
        """The check pack that watch.toml names, else that of the source tree, else the one that is installed."""
        from checks.pack_loader import find, load

        return load(find(self.loaded.settings.checks.packs, self.loaded.path.parent))

    @property
    def docs(self) -> Path:
        return self.root / "docs"

    @property
    def releases(self) -> Path:
        return self.docs / "releases"


def prepared_sdk(place: Place, args: argparse.Namespace) -> AbstractContextManager[Prepared]:
    """The SDK that was asked for, here or in watch.toml, in an environment of its own."""
    from checks.subject.adapter import read
    from checks.subject.environment import prepare

    subject = place.loaded.settings.subject
    asked = args.sdk if args.sdk is not None else subject.sdk
    named = Path(args.adapter) if args.adapter else place.root / subject.adapter if subject.adapter else None
    adapter = read(named, place.pack.load("capabilities").VOCABULARY) if named else None
    return prepare(asked, pack=place.pack, adapter=adapter, echo=place.console.line)


def the_release(place: Place, named: str | None, version: str | None, *, to_write: bool = False) -> Release:
    """The release named, else the one whose window is open, else a new local one."""
    from checks.includes.skeleton import pages
    from checks.release import folder

    if named:
        release = folder.load(place.releases / named)
        return _takes_evidence(place, release) if to_write else release
    now = utc_now()
    found = folder.to_write(place.releases, now=now)
    if found is not None:
        place.console.line(f"  release: {found.version}, since {found.opened_at:%Y-%m-%d %H:%M} UTC")
        return found
    name = folder.local_name(place.releases, version)
    release = Release(version=name, commit=place.loaded.settings.subject.commit, opened_at=now)
    folder.open_release(place.releases, release, pages())
    place.console.line(f"  no release is open: {name} was opened for this machine, T+0 is now")
    return release


def _takes_evidence(place: Place, release: Release) -> Release:
    from checks.release.seal import require_unsealed

    require_unsealed(place.releases / release.version)
    if release.rehearsal:
        raise ReleaseError(
            f"{release.version}: a rehearsal takes no evidence but its own. Name another release, or none."
        )
    return release


def named_or_open(place: Place, named: str | None, command: str, *, to_write: bool = False) -> Release:
    """The release named, else the one whose window is open. Unlike :func:`the_release`, none is made.

    :raises ReleaseError: none is named, and none is open.
    """
    from checks.release import folder

    release = folder.load(place.releases / named) if named else folder.to_write(place.releases, now=utc_now())
    if release is None:
        raise ReleaseError(f"{command}: no release is open. Name one with --release.")
    return _takes_evidence(place, release) if to_write else release


def keep(place: Place, release: Release, records: Sequence[Evidence]) -> None:
    """Add to a release's ledger; the first time, with the settings that its verdicts rest on."""
    from checks.evidence import ledger
    from checks.release.seal import require_unsealed
    from checks.release.standing import in_force_record

    require_unsealed(place.releases / release.version)
    folder = place.releases / release.version / "evidence"
    known = ledger.survey(folder, InForce.kind)
    # Settings that were altered are not made good by those of now: they stay what has to be restored.
    is_first = not (known.segments or known.damaged or any(isinstance(one, InForce) for one in records))
    first = (
        []
        if not is_first
        else [
            in_force_record(
                place.loaded.settings,
                at=max(release.opened_at, utc_now()),
                environment=Environment.LOOPBACK,
                by="atalaya",
                why="the first record of this watch",
                run_id=f"opening-{release.version}",
            )
        ]
    )
    written = ledger.write(folder, [*first, *records])
    place.console.line(f"  kept: {len(first) + len(records)} records in {len(written)} segments of {release.version}")


def stamp(release: Release) -> dict[str, Any]:
    """What every word of a person, or of a rule, says of where and when it was written down."""
    now = utc_now()
    return {
        "run_id": uuid.uuid4().hex,
        "environment": Environment.REHEARSAL if release.rehearsal else Environment.LOOPBACK,
        "occurred_at": now,
        "recorded_at": now,
    }


def stamp_after(release: Release, last: Evidence | None) -> dict[str, Any]:
    """As :func:`stamp`, and later than what is answered, though the clock that wrote that was ahead of this one."""
    made = stamp(release)
    if last is not None:
        at = max(made["occurred_at"], last.occurred_at + TICK)
        made |= {"occurred_at": at, "recorded_at": max(at, last.recorded_at + TICK)}
    return made


def who(args: argparse.Namespace) -> str:
    """Who says so: as named, or as the workflow or the system knows them."""
    return args.by or os.environ.get("GITHUB_ACTOR") or getpass.getuser()


def judged(place: Place, release: Release, as_of: datetime | None) -> Judgement:
    from checks.release.judgement import judge_release

    return judge_release(
        place.releases / release.version, release, as_of=as_of, settings=place.loaded.settings, pack=place.pack
    )


def judged_at_least_now(place: Place, release: Release) -> Judgement:
    """As of now; where a clock that is ahead has written already, as of its newest record, so that none is missed."""
    from checks.evidence import ledger
    from checks.release.standing import TOLD

    found = ledger.survey(place.releases / release.version / "evidence").segments
    written = (one.recorded_at for segment in found for one in segment.records if not isinstance(one, TOLD))
    return judged(place, release, max((utc_now(), *written)))


def exit_code(judgement: Judgement, *, strict: bool) -> int:
    word = judgement.verdict.word
    return 3 if strict and word is VerdictWord.WAITING else EXIT[word]


def summarise(console: Console, judgement: Judgement) -> None:
    verdict = judgement.verdict
    console.row(
        str(verdict.word),
        f"{judgement.release.version}, as of {judgement.as_of:%Y-%m-%d %H:%M} UTC, "
        f"valid until {verdict.valid_until:%Y-%m-%d %H:%M} UTC",
    )
    for text in verdict.because:
        console.line(f"    {text}")
    for metric in judgement.metrics:
        console.row(str(metric.state), f"{metric.id}: {metric.text}")
    if verdict.would_change:
        console.line("  what would change it:")
        for text in verdict.would_change:
            console.line(f"    {text}")
    if verdict.unknowns:
        console.line("  still unknown:")
        for text in verdict.unknowns:
            console.line(f"    {text}")
    if verdict.next_steps:
        console.line("  what to do:")
        for text in verdict.next_steps:
            console.line(f"    {text}")


def utc_now() -> datetime:
    return datetime.now(UTC)


def instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no instant. Write it in UTC, as 2026-01-31T09:00:00Z.") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def built(value: Any) -> Any:
    return msgspec.to_builtins(value)


def write_json(path: Path, content: Any) -> None:
    write_text(path, msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}.half")  # two may write it at once
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as why:
        raise UsageError(f"{path}: cannot be written: {why.strerror or why}. Name another file.") from None


def print_json(content: Any) -> None:
    print(msgspec.json.format(msgspec.json.encode(content), indent=2).decode())
