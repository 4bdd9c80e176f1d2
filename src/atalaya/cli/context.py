"""The context of a command (where it works, and its settings) and helpers that all commands share."""

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

from atalaya.cli.console import Console
from atalaya.core import environment
from atalaya.core.errors import ReleaseError, UsageError
from atalaya.core.settings import Loaded
from atalaya.records.judged import Judgement
from atalaya.records.stored import (
    Environment,
    Evidence,
    Metadata,
    Release,
    SettingsSnapshot,
    VerdictStatus,
    record_metadata,
)
from atalaya.site.build import home

if TYPE_CHECKING:
    from atalaya.harness.pack import Pack
    from atalaya.sdk.prepare import Prepared


# The exit code of each word. WAITING is 3 under --strict.
EXIT: dict[VerdictStatus, int] = {
    VerdictStatus.GO: 0,
    VerdictStatus.ON_TRACK: 0,
    VerdictStatus.WAITING: 0,
    VerdictStatus.INVALID: 1,
    VerdictStatus.NO_GO: 1,
    VerdictStatus.EXTEND: 1,
    VerdictStatus.OFF_TRACK: 1,
    VerdictStatus.INCONCLUSIVE: 3,
}


TICK = timedelta(microseconds=1)


class Context(NamedTuple):
    """Where the command works, and what it was told to do there."""

    root: Path
    loaded: Loaded
    console: Console

    @property
    def pack(self) -> Pack:
        """The check pack that watch.toml names, else that of the source tree, else the one that is installed."""
        from atalaya.core.pack_loader import find, load

        return load(find(self.loaded.settings.checks.packs, self.loaded.path.parent))

    @property
    def docs(self) -> Path:
        """The home of the release pages: ``docs/``, or ``docs/atalaya/`` beside other people's pages."""
        return home.find(self.root)

    @property
    def releases(self) -> Path:
        return self.docs / "releases"


def prepared_sdk(place: Context, args: argparse.Namespace) -> AbstractContextManager[Prepared]:
    """The SDK that was asked for, here or in watch.toml, in an environment of its own."""
    from atalaya.sdk.adapter import read
    from atalaya.sdk.prepare import prepare

    subject = place.loaded.settings.subject
    asked = args.sdk if args.sdk is not None else subject.sdk
    named = Path(args.adapter) if args.adapter else place.root / subject.adapter if subject.adapter else None
    adapter = read(named, place.pack.load("capabilities").VOCABULARY) if named else None
    return prepare(asked, pack=place.pack, adapter=adapter, echo=place.console.line)


def resolve_release(place: Context, named: str | None, version: str | None, *, to_write: bool = False) -> Release:
    """The release named, else the one whose window is open, else a new local one."""
    from atalaya.site.build.skeleton import pages
    from atalaya.watch import folder

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


def _takes_evidence(place: Context, release: Release) -> Release:
    from atalaya.watch.seal import require_unsealed

    require_unsealed(place.releases / release.version)
    if release.rehearsal:
        raise ReleaseError(
            f"{release.version}: a rehearsal takes no evidence but its own. Name another release, or none."
        )
    return release


def named_or_open(place: Context, named: str | None, command: str, *, to_write: bool = False) -> Release:
    """The release named, else the one whose window is open. Unlike :func:`the_release`, none is made.

    :raises ReleaseError: none is named, and none is open.
    """
    from atalaya.watch import folder

    release = folder.load(place.releases / named) if named else folder.to_write(place.releases, now=utc_now())
    if release is None:
        raise ReleaseError(f"{command}: no release is open. Name one with --release.")
    return _takes_evidence(place, release) if to_write else release


def append_evidence(place: Context, release: Release, records: Sequence[Evidence]) -> None:
    """Add to a release's ledger; the first time, with the settings that its verdicts rest on."""
    from atalaya.evidence.ledger import ledger
    from atalaya.watch.seal import require_unsealed
    from atalaya.watch.state_at import in_force_record

    require_unsealed(place.releases / release.version)
    folder = place.releases / release.version / "evidence"
    known = ledger.survey(folder, SettingsSnapshot.kind)
    # Settings that were altered are not made good by those of now: they stay what has to be restored.
    is_first = not (known.segments or known.damaged or any(isinstance(one, SettingsSnapshot) for one in records))
    first = (
        []
        if not is_first
        else [
            in_force_record(
                place.loaded.settings,
                record_metadata(f"opening-{release.version}", Environment.LOOPBACK, max(release.opened_at, utc_now())),
                by="atalaya",
                why="the first record of this watch",
                set_here=place.loaded.origins,
            )
        ]
    )
    written = ledger.write(folder, [*first, *records])
    place.console.line(f"  kept: {len(first) + len(records)} records in {len(written)} segments of {release.version}")


def new_metadata(release: Release, at: datetime | None = None) -> Metadata:
    """The metadata of what a person says, or a rule: now, unless an instant is given."""
    return record_metadata(uuid.uuid4().hex, release.own_environment, at or utc_now())


def metadata_after(release: Release, last: Evidence | None) -> Metadata:
    """As :func:`new_metadata`, and later than what is answered, though the clock that wrote it was ahead of ours."""
    made = new_metadata(release)
    if last is None:
        return made
    at = max(made["occurred_at"], last.occurred_at + TICK)
    return record_metadata(made["run_id"], made["environment"], max(at, last.recorded_at + TICK), at)


def who(args: argparse.Namespace) -> str:
    """Who says so: as named, or as the workflow or the system knows them."""
    return args.by or environment.github_actor() or getpass.getuser()


def judged(place: Context, release: Release, as_of: datetime | None) -> Judgement:
    from atalaya.watch.judgement import judge_release

    return judge_release(
        place.releases / release.version, release, as_of=as_of, settings=place.loaded.settings, pack=place.pack
    )


def judge_now(place: Context, release: Release) -> Judgement:
    """As of now; where a clock that is ahead has written already, as of its newest record, so that none is missed."""
    from atalaya.evidence.ledger import ledger
    from atalaya.watch.state_at import NOT_EVIDENCE

    found = ledger.survey(place.releases / release.version / "evidence").segments
    written = (one.recorded_at for segment in found for one in segment.records if not isinstance(one, NOT_EVIDENCE))
    return judged(place, release, max((utc_now(), *written)))


def exit_code(judgement: Judgement, *, strict: bool) -> int:
    word = judgement.verdict.word
    return 3 if strict and word is VerdictStatus.WAITING else EXIT[word]


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
    say_what_is_not_recorded(console, judgement)


def say_what_is_not_recorded(console: Console, judgement: Judgement) -> None:
    """What pages of incidents say that no record does: it counts for nothing, and somebody may think that it does."""
    for page in judgement.pages:
        if page.problem is not None:
            console.row("unreadable", f"the page {page.name}: {page.problem}")
        for line in page.not_recorded:
            console.row("not recorded", f"the page {page.name}: {line.strip()}")
    if any(page.not_recorded for page in judgement.pages):
        console.line(
            "    nothing is judged by that. Record it: atalaya release incident ID --state STATE --why TEXT; "
            "pages of an older Atalaya: atalaya release migrate"
        )


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
