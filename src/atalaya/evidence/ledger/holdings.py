"""Says what lies in a ledger, file by file as it lies on disk, and copies it beside the pages byte for byte."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from atalaya.core.errors import EvidenceError
from atalaya.core.whole_file import write_whole
from atalaya.evidence.ledger import file_lines, ledger, listing, naming
from atalaya.evidence.ledger import parquet as compacted
from atalaya.evidence.ledger.ledger import Survey
from atalaya.evidence.ledger.opening import Segment
from atalaya.records.results import SegmentInfo, UnreadableFile


class LedgerFile(NamedTuple):
    """One file of a ledger: how large it is, and the SHA-256 of its bytes as they lie there, packed or not."""

    path: Path
    size_bytes: int
    sha256: str

    @property
    def name(self) -> str:
        return self.path.name


class Holdings(NamedTuple):
    """The segments of a ledger, and the files that each of them stands in: two where two recorded the same.

    ``counts`` are of the records of segments of which not all are held, by the segment's name.
    """

    segments: tuple[Segment, ...]
    files: Mapping[str, tuple[LedgerFile, ...]]  # by what a segment is, whenever it was recorded
    counts: Mapping[str, Counter[object]] = {}

    def files_of(self, segment: SegmentInfo) -> tuple[LedgerFile, ...]:
        return self.files.get(naming.identity(segment.name), ())

    def lines(self, wanted: Mapping[str, Collection[int]]) -> dict[tuple[str, int], str]:
        """The lines of segments as they stand in their files, by the segment's name and the line, from 1.

        Each file is read once. What went away since it was listed is left out.

        :param wanted: which lines, by the names of segments.
        """
        by_file: dict[Path, dict[str, str]] = {}  # of each file, what the segments are called that are read from it
        for segment in self.segments:
            info = segment.info
            if wanted.get(info.name) and (files := self.files_of(info)):
                by_file.setdefault(files[0].path, {})[naming.identity(info.name)] = info.name
        return dict(chain.from_iterable(_lines(path, names, wanted) for path, names in by_file.items()))


def _lines(
    path: Path, names: Mapping[str, str], wanted: Mapping[str, Collection[int]]
) -> Iterator[tuple[tuple[str, int], str]]:
    try:
        for stored_as, lines in file_lines.lines_in(path):
            name = names.get(naming.identity(stored_as))
            for number in wanted[name] if name is not None else ():
                yield (str(name), number), lines[number - 1].decode("utf-8", "backslashreplace")
    except (EvidenceError, IndexError):  # another one took it away, or changed it, in between
        return


def holdings(folder: Path, survey: Survey | None = None) -> Holdings:
    """What lies in a ledger and can be read. No folder means nothing."""
    found = survey or ledger.survey(folder)
    files: dict[str, list[LedgerFile]] = {}
    for path in listing.files(folder):
        if path.name not in found.damaged and (one := _listed(path)) is not None:
            for name in listing.names_in(path):
                files.setdefault(naming.identity(name), []).append(one)
    return Holdings(found.segments, {name: tuple(of_it) for name, of_it in files.items()})


def unreadable(folder: Path, survey: Survey) -> tuple[UnreadableFile, ...]:
    """The files of a ledger that cannot be read, each with the reason. What is no regular file has no digest."""
    found = []
    for name, problem in zip(sorted(survey.damaged), survey.problems, strict=True):
        listed = _listed(folder / name)
        found.append(
            UnreadableFile(
                name=name,
                size_bytes=listed.size_bytes if listed else None,
                sha256=listed.sha256 if listed else "",
                reason=problem.replace(f"{folder}{os.sep}", "").replace(f"{folder}/", ""),
            )
        )
    return tuple(found)


def _listed(path: Path) -> LedgerFile | None:
    try:
        with file_lines.regular(path) as file:
            size_bytes = os.fstat(file.fileno()).st_size
        return LedgerFile(path, size_bytes, compacted.sha256_of(path))
    except (EvidenceError, OSError):
        return None


def copy(folder: Path, into: Path) -> None:
    """Make the files beside the pages those of the ledger: the same names, bytes and times, and no others.

    What is no regular file is left out: a link may lead to anything. A file that was redacted goes from here too.
    """
    names = set()
    for path in listing.files(folder):
        try:
            with file_lines.regular(path) as file:
                target, there = into / path.name, os.fstat(file.fileno())
                names.add(path.name)
                if _is_copied(target, there):
                    continue
                write_whole(target, file)
                os.utime(target, ns=(there.st_atime_ns, there.st_mtime_ns))
        except EvidenceError:
            continue
    for old in listing.files(into):
        if old.name not in names:
            old.unlink()


def _is_copied(target: Path, there: os.stat_result) -> bool:
    """Whether the copy has the size and the time of what it was copied from: the time is set once it is whole."""
    try:
        copied = target.stat()
    except OSError:
        return False
    return (copied.st_size, copied.st_mtime_ns) == (there.st_size, there.st_mtime_ns)
