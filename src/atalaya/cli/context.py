"""The context of a command (where it works, and its settings) and helpers that all commands share."""

from __future__ import annotations

import argparse
import getpass
import itertools
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from atalaya.cli.console import Console, put_out
from atalaya.core import environment, places
from atalaya.core.errors import ReleaseError, SettingsError, UsageError
from atalaya.core.settings import Loaded
from atalaya.core.whole_file import write_whole
from atalaya.core.window import ends_at
from atalaya.records.judged import Judgement, Verdict
from atalaya.records.stored import (
    Environment,
    Evidence,
    Metadata,
    Release,
    SettingsSnapshot,
    VerdictStatus,
    record_metadata,
)

if TYPE_CHECKING:
    from atalaya.harness.pack import Pack
    from atalaya.sdk.prepare import Prepared
    from atalaya.sdk.source_version import SourceVersion
    from atalaya.watch.baseline import Recall


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
UNKNOWN = 3  # where no verdict can be believed


TICK = timedelta(microseconds=1)
MOST_BESIDE = 5  # reasons of rules that did not decide, on the terminal
SLACK = timedelta(milliseconds=1)  # what answers a record is a tick later, and is of the same moment of the clock


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
        """The Sphinx project of the release pages, with what is generated for them."""
        return places.project_of(self.root)

    @property
    def releases(self) -> Path:
        return places.releases_of(self.root)


def prepared_sdk(place: Context, args: argparse.Namespace) -> AbstractContextManager[Prepared]:
    """The SDK that was asked for, here or in watch.toml, in an environment of its own."""
    from atalaya.sdk.adapter import read
    from atalaya.sdk.git_repository import is_ours
    from atalaya.sdk.prepare import prepare

    subject = place.loaded.settings.subject
    named = Path(args.adapter) if args.adapter else place.root / subject.adapter if subject.adapter else None
    adapter = read(named, place.pack.load("capabilities").VOCABULARY) if named else None
    asked, base = asked_sdk(place, args), place.root if args.sdk is None else None
    if not (asked or place.pack.requirement or is_ours(place.root)):
        place.console.line(
            "  nothing names your SDK here, so the one that comes with Atalaya is run. Name yours with --sdk, or begin "
            "with `atalaya init` in its repository."
        )
    return prepare(asked, pack=place.pack, adapter=adapter, base=base, echo=place.console.line)


def asked_sdk(place: Context, args: argparse.Namespace) -> str:
    """What names the SDK here or in watch.toml; empty where that is the pack's own."""
    return args.sdk if args.sdk is not None else place.loaded.settings.subject.sdk


def told_version(place: Context, sdk: str) -> SourceVersion:
    """Which version an SDK says that it is, as far as that can be told without installing it."""
    from atalaya.sdk.source_version import version_of

    pack = place.pack
    return version_of(
        sdk or pack.requirement,
        place.root,
        package=pack.package,
        distribution=pack.distribution,
        bundled=pack.reference,
    )


def resolve_release(place: Context, named: str | None, version: str | None) -> Release:
    """The release to write to: the one that is named, else the one whose window is open, else a new local one.

    A local one has no folder yet: its first evidence makes it, so that a command which is refused makes none.
    """
    from atalaya.watch import folder

    if named:
        return _takes_evidence(place, folder.load(place.releases / named))
    now = utc_now()
    found = folder.to_write(place.releases, now=now)
    if found is not None:
        _say_which(place, found)
        return found
    name = folder.local_name(place.releases, version)
    return Release(version=name, commit=place.loaded.settings.subject.commit, opened_at=now)


def require_opened(place: Context, release: Release) -> None:
    """Make the folder of a local release that has none yet."""
    from atalaya.site.build.skeleton import pages
    from atalaya.watch import folder

    if release.version.startswith(folder.LOCAL) and not (place.releases / release.version).exists():
        folder.open_release(place.releases, release, pages())
        place.console.line(f"  no release is open: {release.version} was opened for this machine, T+0 is now")


def _say_which(place: Context, release: Release) -> None:
    place.console.line(f"  release: {release.version}, since {release.opened_at:%Y-%m-%d %H:%M} UTC")


def _takes_evidence(place: Context, release: Release) -> Release:
    from atalaya.watch.seal import require_unsealed

    require_unsealed(place.releases / release.version)
    if release.rehearsal:
        raise ReleaseError(
            f"{release.version}: a rehearsal takes no evidence but its own. Name another release, or none."
        )
    return release


def named_or_open(place: Context, named: str | None, command: str, *, to_write: bool = False) -> Release:
    """The release named, else the one whose window is open. Unlike :func:`resolve_release`, none is made.

    :raises ReleaseError: none is named, and none is open.
    """
    from atalaya.watch import folder

    release = folder.load(place.releases / named) if named else folder.to_write(place.releases, now=utc_now())
    if release is None:
        there = ", ".join(one.version for one in folder.find(place.releases)[:10])
        mend = (
            f"Name one with --release. There are: {there}."
            if there
            else "Open one: atalaya release open VERSION --commit REF."
        )
        raise ReleaseError(f"{command}: no release is open. {mend}")
    return _takes_evidence(place, release) if to_write else release


def append_evidence(place: Context, release: Release, records: Iterable[Evidence]) -> None:
    """Add to a release's ledger; the first time, with the settings that its verdicts rest on.

    :param records: settings are looked for in a sequence alone: what is made one record at a time has none.
    """
    from atalaya.evidence.ledger import ledger
    from atalaya.watch.seal import require_unsealed
    from atalaya.watch.state_at import in_force_record

    require_opened(place, release)
    require_unsealed(place.releases / release.version)
    folder = place.releases / release.version / "evidence"
    known = ledger.survey(folder, {SettingsSnapshot.kind})
    # Settings that were altered are not made good by those of now: they stay what has to be restored.
    settled = isinstance(records, Sequence) and any(isinstance(one, SettingsSnapshot) for one in records)
    is_first = not (known.segments or known.damaged or settled)
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
    kept = 0

    def counted() -> Iterator[Evidence]:
        nonlocal kept
        for record in itertools.chain(first, records):
            kept += 1
            yield record

    written = ledger.write(folder, counted())
    place.console.line(f"  kept: {kept} records in {len(written)} segments of {release.version}")


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


def who(place: Context, args: argparse.Namespace) -> str:
    """Who says so: as named, else as the workflow or git knows them, else the account of this machine, said aloud.

    What is recorded is published, so no address of an e-mail is.

    :raises UsageError: an address was named.
    """
    return _named(place, args) or _account_aloud(place)


def signer(place: Context, args: argparse.Namespace) -> str:
    """As :func:`who`, for what is a person's word: an account that is nobody's is no name.

    :raises UsageError: an address was named, or nobody can be.
    """
    name, account = _named(place, args), _account()
    if not name and not _is_a_name(account):
        raise UsageError(
            f"nobody says who does this: git has no user.name here, and the account {account or 'of this machine'!r} "
            f"is nobody's name. Give --by NAME, or set it: git config user.name NAME."
        )
    return name or _account_aloud(place)


def _named(place: Context, args: argparse.Namespace) -> str:
    """As given with ``--by``, else as the workflow or git says; empty where none of them does."""
    from atalaya.sdk.git_repository import user_name

    if args.by.strip():
        if _ADDRESS.search(args.by):
            raise UsageError(f"--by {args.by}: the pages are public, and that is an address. Give a name.")
        return " ".join(args.by.split())
    for name in (environment.github_actor(), user_name(place.root)):
        if _is_a_name(name):
            return " ".join(name.split())
    return ""


def _account_aloud(place: Context) -> str:
    account = _account() or "unknown"
    place.console.line(f"  by {account}, as this machine calls the account; another name: --by NAME")
    return account


_ADDRESS = re.compile(r"\S@\S")
# What accounts of containers and services are called: whoever works there, it is not their name.
_NOBODY = frozenset({"", "nobody", "root", "unknown", "none", "anonymous", "admin", "administrator", "user", "runner"})


def _is_a_name(text: str) -> bool:
    return text.strip().casefold() not in _NOBODY and not _ADDRESS.search(text)


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without an entry, as containers have
        return ""


def github_repository(place: Context) -> str:
    """The repository on GitHub that ``watch.toml`` names; empty where it names none.

    :raises SettingsError: it is none.
    """
    from atalaya.evidence.github.client import is_repository

    repo = place.loaded.settings.ci.repo
    if repo and not is_repository(repo):
        raise SettingsError(f"{place.loaded.path.name} ci.repo: {repo!r} is no repository. Write it as owner/name.")
    return repo


def judged(
    place: Context,
    release: Release,
    as_of: datetime | None,
    *,
    now: datetime | None = None,
    engine: str = "duckdb",
    recall: Recall | None = None,
) -> Judgement:
    """Judge a release as of an instant, or as of the one that its evidence and the clock give.

    :param now: what the clock says, where it was read before; the clock is read nowhere behind this.
    :param engine: what counts the evidence.
    :param recall: what is kept of the releases that are tried as the baseline.
    """
    from atalaya.watch.baseline import anew
    from atalaya.watch.judgement import judge_release

    folder = place.releases / release.version
    return judge_release(
        folder,
        release,
        as_of=as_of,
        now=None if as_of else clock_of(folder, release, now or utc_now()),
        settings=place.loaded.settings,
        pack=place.pack,
        engine=engine,
        recall=recall or anew,
        read=place.docs / places.READ,
    )


def clock_of(folder: Path, release: Release, now: datetime) -> datetime | None:
    """What the clock says to a watch; None where time has stopped.

    One that was closed stays judged as of its last record, and so does a rehearsal, whose calendar is made up. One that
    was opened for later has not begun: it is judged as of its T+0.
    """
    from atalaya.watch.seal import closing_step, is_sealed

    if release.rehearsal or is_sealed(folder) or closing_step(folder) is not None:
        return None
    return max(now + SLACK, release.opened_at)


def judge_now(place: Context, release: Release) -> Judgement:
    """As of this instant, whatever the newest record's is."""
    return judged(place, release, utc_now())


def judge_all(place: Context, release: Release) -> Judgement:
    """As of the newest record, though a clock ahead wrote it: what is answered may be a step of that record."""
    now = utc_now()
    return judged(place, release, ahead(place, release, now) or now)


def ahead(place: Context, release: Release, now: datetime) -> datetime | None:
    """When the last of the records that a clock ahead of ours has written is of now; None where there is none."""
    from atalaya.evidence.ledger import ledger, opening
    from atalaya.watch.state_at import evidence_recorded_at

    found = ledger.survey(place.releases / release.version / "evidence", sieve=opening.none).segments
    newest = max(evidence_recorded_at(found), default=now)
    return newest if newest > now else None


def exit_code(judgement: Judgement, *, strict: bool) -> int:
    word = judgement.verdict.word
    return 3 if strict and word is VerdictStatus.WAITING else EXIT[word]


def summarise(console: Console, judgement: Judgement, *, now: datetime | None = None) -> None:
    """Say a verdict, what it rests on, and what is to be done.

    :param now: what a clock says, where it goes on: a verdict of a watch that is under way may be out of date by then.
    """
    verdict, until = judgement.verdict, f"{judgement.verdict.valid_until:%Y-%m-%d %H:%M} UTC"
    is_late = now is not None and verdict.valid_until <= now < ends_at(judgement.release)
    console.row(
        str(verdict.word),
        f"{judgement.release.version}, as of {judgement.as_of:%Y-%m-%d %H:%M} UTC, "
        + (f"out of date since {until}: look again: atalaya watch" if is_late else f"valid until {until}"),
    )
    for text in verdict.because:
        console.line(f"    {text}")
    if also := _also(verdict):
        console.line("  beside it:")
        for reason in also:
            console.line(f"    {reason}")
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


def _also(verdict: Verdict) -> list[str]:
    """What else fails, by the rules that applied and did not decide; what is unknown has its own list."""
    unknown = set(map(str, verdict.unknowns))
    said = [str(reason) for rule in verdict.fired if rule.rule != verdict.rule for reason in rule.because]
    new = [
        reason for reason in dict.fromkeys(said) if reason not in unknown and reason not in map(str, verdict.because)
    ]
    return new[:MOST_BESIDE] + ([f"and {len(new) - MOST_BESIDE} more"] if len(new) > MOST_BESIDE else [])


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


YEARS = range(1970, 9000)  # a window before an instant, and one after it, have to be instants too


def instant(text: str) -> datetime:
    """An instant that was written down, in UTC.

    :raises UsageError: it is none, or lies where no calendar of a release does.
    """
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        if at.year not in YEARS:
            raise ValueError
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no instant. Write it in UTC, as 2026-01-31T09:00:00Z.") from None
    return at


def built(value: Any) -> Any:
    return msgspec.to_builtins(value)


def write_json(path: Path, content: Any) -> None:
    _write(path, as_json(content))


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    _write(path, text.encode("utf-8", "backslashreplace"))


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except (OSError, ValueError) as why:
        says = getattr(why, "strerror", None) or why
        raise UsageError(f"{path}: cannot be written: {says}. Name another file.") from None


def require_writable(*files: str | None) -> None:
    """Before a run that takes time, and keeps evidence: whether the files that it is to write can be.

    :raises UsageError: one of them cannot.
    """
    for file in files:
        if file is None:
            continue
        if not file.strip():
            raise UsageError("A file to be written was given an empty path. Name one, or leave the option out.")
        path = Path(file)
        above = next((one for one in path.parents if one.exists()), path)
        # A pipe takes what is written when somebody reads it, which may be never.
        if path.is_dir() or path.is_fifo() or not above.is_dir() or not os.access(above, os.W_OK):
            raise UsageError(f"{path}: it cannot be written there. Name another file.")


def print_json(content: Any) -> None:
    """Print JSON in UTF-8, whatever the encoding of the terminal: a program reads it."""
    put_out(as_json(content))


def as_json(content: Any) -> bytes:
    """A document as it is published: UTF-8, indented, with the end of a line."""
    try:
        encoded = msgspec.json.encode(content)
    except UnicodeEncodeError:  # a file's name may be no text
        encoded = msgspec.json.encode(_encodable(msgspec.to_builtins(content)))
    return msgspec.json.format(encoded, indent=2) + b"\n"


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(one) for key, one in value.items()}
    return [_encodable(one) for one in value] if isinstance(value, (list, tuple)) else value
