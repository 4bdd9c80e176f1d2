"""Downloads and unpacks the artifacts of a workflow run, and finds which SDK each of them is about.

Every artifact is opened, whatever its name, but for one that is too large or that GitHub has no longer: those are
named as unread. What they hold is unpacked with care.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

from atalaya.core.errors import NetworkError
from atalaya.core.scrub import scrub
from atalaya.evidence.github.client import Absent, Client, Spent, TooLarge
from atalaya.evidence.github.payloads import Artifact
from atalaya.evidence.readers import archives
from atalaya.records.results import REPORT_SCHEMA
from atalaya.records.stored import ReadStatus

MOST_BYTES = archives.TOTAL_BYTES // 2


class Unread(NamedTuple):
    """A file from which nothing was taken, and why. ``again`` is true where another try may help."""

    name: str
    status: ReadStatus
    reason: str
    again: bool = False


class Unpacked(NamedTuple):
    """What a run's artifacts hold. ``subjects`` are the SDKs that reports of Atalaya's checks in them name.

    ``artifacts`` are those that were opened, by the folder of each, which is the first part of its files' names.
    """

    files: tuple[str, ...]
    unread: tuple[Unread, ...]
    subjects: dict[str, str]  # by file
    artifacts: dict[str, Artifact]

    def artifact_of(self, file: str) -> Artifact | None:
        """The artifact that a file lay in."""
        return self.artifacts.get(file.partition("/")[0])


class _Subject(msgspec.Struct):
    digest: str


class _Report(msgspec.Struct):
    schema: str
    subject: _Subject


def unpack(client: Client, repo: str, artifacts: Sequence[Artifact], folder: Path) -> Unpacked:
    """Download the artifacts, and unpack each into a folder of its name.

    :raises Spent: a limit holds for longer than we wait.
    """
    files: list[str] = []
    unread: list[Unread] = []
    subjects: dict[str, str] = {}
    opened: dict[str, Artifact] = {}
    taken: set[str] = set()
    left = archives.TOTAL_BYTES
    for artifact in artifacts:
        name = _folder(artifact, taken)
        if left <= 0:
            why = f"declined: what this run left unpacks to more than {archives.TOTAL_BYTES:,} bytes."
            unread.append(Unread(f"{name}.zip", ReadStatus.DECLINED, why))
            continue
        with tempfile.TemporaryFile() as packed:
            if (trouble := _download(client, repo, artifact, name, packed)) is not None:
                unread.append(trouble)
                continue
            packed.seek(0)
            opened[name] = artifact
            before = len(files) + len(unread)
            for member in archives.unpack(packed, folder / name):
                file = f"{name}/{member.name}" if member.name else f"{name}.zip"
                if member.content is None:
                    unread.append(Unread(file, member.status, member.reason))
                    continue
                files.append(file)
                left -= len(member.content)
                if (digest := _subject(member.content)) is not None:
                    subjects[file] = digest
            if len(files) + len(unread) == before:
                unread.append(Unread(f"{name}.zip", ReadStatus.UNREADABLE, "an archive with no file in it."))
    return Unpacked(tuple(files), tuple(unread), subjects, opened)


def _folder(artifact: Artifact, taken: set[str]) -> str:
    """A name that is safe as a folder's. Names of artifacts are a stranger's, and two may be the same."""
    name = artifact.name or ""
    if archives.trouble_with(name) or "/" in name or name.casefold() in taken or scrub(name) != name:
        name = f"artifact-{artifact.id}"
    taken.add(name.casefold())
    return name


def _download(client: Client, repo: str, artifact: Artifact, name: str, packed: IO[bytes]) -> Unread | None:
    file = f"{name}.zip"
    if artifact.expired:
        return Unread(file, ReadStatus.UNREADABLE, "expired: GitHub has it no longer. What it held is not known.")
    if (artifact.size_in_bytes or 0) > MOST_BYTES:
        why = f"declined: {artifact.size_in_bytes:,} bytes, and at most {MOST_BYTES:,} are taken in."
        return Unread(file, ReadStatus.DECLINED, why)
    path = f"repos/{repo}/actions/artifacts/{artifact.id}/zip"
    gone = "gone: GitHub has it no longer. What it held is not known."
    return fetch(client, path, packed, file=file, most_bytes=MOST_BYTES, gone=gone)


def fetch(client: Client, path: str, into: IO[bytes], *, file: str, most_bytes: int, gone: str) -> Unread | None:
    """Download what a run left, or say why it is not there; ``gone`` is the reason where GitHub has it no longer.

    :raises Spent: a limit holds for longer than we wait.
    """
    try:
        client.download(path, into, most_bytes=most_bytes)
    except Spent:
        raise
    except Absent:
        return Unread(file, ReadStatus.UNREADABLE, gone)
    except TooLarge as why:
        return Unread(file, ReadStatus.DECLINED, f"declined: {why}")
    except NetworkError as why:
        return Unread(file, ReadStatus.UNREADABLE, f"not downloaded: {why}", again=True)
    return None


def _subject(content: bytes) -> str | None:
    """The digest of the SDK that a report of Atalaya's checks is about; None where it is no such report."""
    if REPORT_SCHEMA.encode() not in content:
        return None
    try:
        report = msgspec.json.decode(content, type=_Report)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return report.subject.digest if report.schema == REPORT_SCHEMA else None


def names_one_of(subjects: Iterable[str], digests: Iterable[str]) -> bool:
    """Whether a report is about one of some SDKs. No digest is no SDK."""
    return bool({digest for digest in subjects if digest} & set(digests))
