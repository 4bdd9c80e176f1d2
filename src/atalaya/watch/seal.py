"""The seal of a closed release: writes it, and verifies that the folder is unchanged.

``seal.json`` names every other file with its size and its digest, the verdict, and the settings that it rests on. It
is written last. Whoever changes a file breaks the seal; whoever makes the seal anew breaks the first record of the next
release, which holds the digest of the seal that it began from.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from atalaya.core import plain_file
from atalaya.core.errors import EvidenceError, ReleaseError, passes, short_of_something
from atalaya.core.words import Record, Text, text
from atalaya.evidence.ledger import file_lines, ledger, naming
from atalaya.evidence.ledger.redaction import KINDS, in_words, removed_by
from atalaya.records.judged import Judgement, SealState
from atalaya.records.stored import Redaction, WatchTransition
from atalaya.watch.states import CLOSED, INVALID

NAME = "seal.json"
SCHEMA = "atalaya.seal/1"
LARGEST_BYTES = 64 * 1024 * 1024  # of seal.json: more files than a watch has


class SealedFile(Record, frozen=True, kw_only=True):
    """One file of the folder; ``path`` is relative, with slashes."""

    path: str
    size_bytes: int
    sha256: str


class Seal(Record, frozen=True, kw_only=True):
    """What ``seal.json`` holds. ``settings`` is the digest of those in force at the end; empty: none were recorded."""

    schema: str
    release: str
    state: str
    closed_at: datetime
    by: str
    why: str
    word: str
    rule: str
    verdict: str
    settings: str
    files: tuple[SealedFile, ...]


def is_sealed(folder: Path) -> bool:
    """Whether a release is closed for good."""
    return (folder / NAME).is_file()


def require_unsealed(folder: Path) -> None:
    """
    :raises ReleaseError: the release is sealed, or about to be, so nothing may write to it.
    """
    if is_sealed(folder):
        raise ReleaseError(
            f"{folder}: it was closed and sealed, and nothing is written to it any more. Open the next release: "
            f"atalaya release open VERSION --commit REF."
        )
    if closing_step(folder) is not None:
        raise ReleaseError(
            f"{folder}: its closing was interrupted. End it first: atalaya release close --release "
            f"{folder.name} --why TEXT."
        )


def closing_step(folder: Path) -> WatchTransition | None:
    """The step that ended a watch, if one did."""
    steps = ledger.readable(folder / "evidence", WatchTransition)
    return next((one for one in steps if one.state in (CLOSED, INVALID)), None)


def make(folder: Path, judgement: Judgement, step: WatchTransition) -> bytes:
    """The content of ``seal.json`` for a folder as it lies there.

    :raises ReleaseError: something in it cannot be sealed.
    """
    return (
        msgspec.json.format(
            msgspec.json.encode(
                Seal(
                    schema=SCHEMA,
                    release=judgement.release.version,
                    state=step.state,
                    closed_at=step.occurred_at,
                    by=step.by,
                    why=step.why,
                    word=judgement.verdict.word.value,
                    rule=judgement.verdict.rule,
                    verdict=judgement.digest,
                    settings=judgement.changes[-1].digest if judgement.changes else "",
                    files=tuple(_files(folder)),
                )
            ),
            indent=2,
        )
        + b"\n"
    )


def state_of(folder: Path, followers: Sequence[WatchTransition] = ()) -> SealState:
    """How the folder compares with its seal. No seal: not sealed, and nothing differs.

    :param followers: first records of releases that began from this one.
    """
    file = folder / NAME
    try:
        content = plain_file.content(file, LARGEST_BYTES)
    except FileNotFoundError:
        gone = (
            text("{name} is gone: {release} began from it.", name=NAME, release=step.run_id)
            for step in disputed_by(followers, "")
        )
        return SealState(differs=tuple(gone))
    except OSError as why:
        if passes(why):
            raise short_of_something(NAME, why) from None
        said = str(why).replace(f"{folder}{os.sep}", "")
        return SealState(digest="unreadable", differs=(text("{name} cannot be read: {why}", name=NAME, why=said),))
    digest = hashlib.sha256(content).hexdigest()
    try:
        seal = msgspec.json.decode(content, type=Seal)
    except msgspec.MsgspecError as why:
        return SealState(digest=digest, differs=(text("{name} cannot be read: {why}", name=NAME, why=str(why)),))
    redactions = ledger.readable(folder / "evidence", Redaction)
    return SealState(
        closed_at=seal.closed_at,
        by=seal.by,
        why=seal.why,
        word=seal.word,
        files=len(seal.files),
        digest=digest,
        differs=(*_differs(folder, seal, redactions), *_made_anew(digest, followers)),
        redacted=tuple(map(in_words, redactions)),
    )


def _differs(folder: Path, seal: Seal, redactions: Sequence[Redaction]) -> Iterator[Text]:
    if seal.schema != SCHEMA:
        yield text("The seal is of the format {schema}, which this Atalaya does not know.", schema=seal.schema)
        return
    if seal.release != folder.name:
        yield text("The seal is that of {release}.", release=seal.release)
    try:
        now = {file.path: file for file in _files(folder)}
    except ReleaseError as why:
        yield text("{why}", why=str(why))
        return
    then = {file.path: file for file in seal.files}
    removed = removed_by(redactions)
    made = {(file.path, file.sha256) for one in redactions for file in one.files}
    for path in sorted(then.keys() | now.keys()):
        if path in now and path in then and now[path] == then[path]:
            continue
        if _is_redacted(path, now.get(path), removed, made):
            continue
        if path not in now:
            yield text("{file} is gone.", file=path)
        elif path not in then:
            yield text("{file} was added.", file=path)
        else:
            yield text("{file} was changed.", file=path)


def _is_redacted(path: str, now: SealedFile | None, removed: frozenset[str], made: Container[tuple[str, str]]) -> bool:
    """Whether a redaction says itself that a file is gone, or what stands there now. Of evidence, nothing changes."""
    evidence = path.removeprefix("evidence/") if path.startswith("evidence/") else ""
    if now is None:
        return bool(evidence) and naming.identity(evidence) in removed
    if evidence.startswith(f"{Redaction.kind}-"):
        return True
    return (path, now.sha256) in made and (not evidence or evidence.partition("-")[0] in KINDS)


def _made_anew(digest: str, followers: Sequence[WatchTransition]) -> Iterator[Text]:
    if disputed_by(followers, digest):
        yield text("{name} itself was made anew: the next release began from another one.", name=NAME)


def disputed_by(followers: Sequence[WatchTransition], digest: str) -> tuple[WatchTransition, ...]:
    """The first records of releases that began from another seal than the one of this digest; empty: there is none."""
    return tuple(step for step in followers if step.previous_seal and step.previous_seal != digest)


def followers_of(releases: Path, version: str) -> tuple[WatchTransition, ...]:
    """The first records of the releases that began from this one. What cannot be read began from nothing."""
    return all_followers(releases).get(version, ())


def digest_of(folder: Path) -> str:
    """The digest of a release's seal; empty where it has none."""
    try:
        return hashlib.sha256(plain_file.content(folder / NAME, LARGEST_BYTES)).hexdigest()
    except OSError:
        return ""


def all_followers(releases: Path) -> dict[str, tuple[WatchTransition, ...]]:
    """Of each release that others began from, their first records: :func:`followers_of`, read once for all."""
    found: dict[str, tuple[WatchTransition, ...]] = {}
    for folder in sorted(file.parent for file in releases.glob("*/release.toml")):
        for step in ledger.readable(folder / "evidence", WatchTransition):
            if step.previous and step.previous != folder.name:
                found[step.previous] = (*found.get(step.previous, ()), step)
    return found


def _files(folder: Path) -> Iterator[SealedFile]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise ReleaseError(f"{path}: a link cannot be sealed, for what it leads to may change. Put a file there.")
        if path.is_dir() or name == NAME:
            continue
        if path.name.startswith("."):
            raise ReleaseError(f"{path}: a hidden file does not belong to a release. Take it away.")
        try:
            with file_lines.regular(path) as file:  # a pipe would be waited for without end
                yield SealedFile(
                    path=name,
                    size_bytes=os.fstat(file.fileno()).st_size,
                    sha256=hashlib.file_digest(file, "sha256").hexdigest(),
                )
        except EvidenceError as why:
            raise ReleaseError(str(why)) from None
