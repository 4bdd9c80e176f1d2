"""Keeps the row of each release under the digest of what it was made from, so that only what is new is read.

A folder whose files have the same names, sizes and times as before is not opened. Where only times differ, as in a
fresh clone, its files are read once and found to be the same: nothing is judged again for that.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec

from atalaya.core import plain_file
from atalaya.core.errors import EngineError
from atalaya.core.whole_file import write_whole
from atalaya.core.words import Record
from atalaya.evidence.ledger import atomic_write, file_lines
from atalaya.fleet.judging import Judging
from atalaya.fleet.row import Made
from atalaya.fleet.sources import TOML, ReleasePlace
from atalaya.records.fleet import NotJudged, ReleaseRow
from atalaya.watch.seal import NAME as SEAL


class Kept(Record, frozen=True, kw_only=True):
    """A row, and what it was made from.

    ``signature`` is over names, sizes and times of the files, ``content`` over their bytes, ``made_by`` over what reads
    them. It holds from ``since`` on, when it was made, and until ``until``. A row that was judged has in ``beside`` the
    digest of the releases that it was compared with.
    """

    signature: str
    content: str
    made_by: str
    row: ReleaseRow
    since: datetime
    until: datetime | None = None
    beside: str | None = None

    def is_for(self, by: Judging) -> bool:
        """Whether the same files give this row now: the clock may have come to where they say something else, and a
        release that was not judged because nobody wanted it may be wanted."""
        is_left = self.row.not_judged is NotJudged.ASKED and by.why_not(self.row) is not NotJudged.ASKED
        return not is_left and self.since <= by.now and (self.until is None or by.now < self.until)

    @property
    def made(self) -> Made:
        """The row as it was made."""
        return Made(self.row, self.until)


class Files(NamedTuple):
    """The files of a release that its row is made from, as they lie there now."""

    signature: str
    paths: tuple[str, ...]
    folder: str  # the release's
    is_linked: bool  # whether a link stands in the place of that folder, or of its evidence

    def content(self) -> str:
        """The digest of their names and bytes. One that cannot be read counts as what it is: unreadable."""
        over = hashlib.sha256(str(self.is_linked).encode())
        for path in map(Path, self.paths):
            try:
                with file_lines.regular(path) as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
            except (EngineError, MemoryError, OSError):  # it may be read the next time
                digest = uuid.uuid4().hex
            except Exception as why:  # a pipe, a link, a file without a right to read it
                digest = type(why).__name__
            over.update(f"{os.path.relpath(path, self.folder)}\0{digest}\0".encode("utf-8", "surrogateescape"))
        return over.hexdigest()


def files_of(place: ReleasePlace) -> Files:
    """Look at a release's folder without opening anything in it."""
    is_linked = plain_file.is_link(place.folder) or plain_file.is_link(place.evidence)
    over, paths = hashlib.sha256(str(is_linked).encode()), []
    for path, there in _there(place):
        paths.append(path)
        said = f"{path}\0{there.st_mode}\0{there.st_size}\0{there.st_mtime_ns}\0{there.st_ctime_ns}\0"
        over.update(said.encode("utf-8", "surrogateescape"))
    return Files(over.hexdigest(), tuple(paths), str(place.folder), is_linked)


def _there(place: ReleasePlace) -> Iterator[tuple[str, os.stat_result]]:
    """The files by their paths, as texts: a fleet has hundreds of thousands, and looks at each of them each time."""
    if os.path.lexists(place.folder / SEAL):
        paths = _all_in(place.folder)
    else:
        paths = chain([str(place.folder / TOML)], _segments_in(place.evidence))
    for path in (*paths, *([str(place.published)] if place.published is not None else [])):
        with suppress(OSError):
            yield path, os.lstat(path)


def _segments_in(evidence: Path) -> Iterator[str]:
    with suppress(OSError), os.scandir(evidence) as entries:
        yield from sorted(one.path for one in entries if not one.name.startswith(atomic_write.TEMPORARY_PREFIX))


def _all_in(folder: Path) -> Iterator[str]:
    """All that a seal is over, and what may have come since."""
    for inside, folders, names in os.walk(folder):
        folders.sort()
        links = (name for name in folders if os.path.islink(os.path.join(inside, name)))  # noqa: PTH114, PTH118 - texts
        yield from (os.path.join(inside, name) for name in sorted((*names, *links)))  # noqa: PTH118 - texts


class Store:
    """The rows that were kept of each subject, a file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, subject: str) -> Mapping[str, Kept]:
        """What is kept of a subject, by the names of its releases; nothing where another version wrote it."""
        try:
            return msgspec.json.decode(self._file(subject).read_bytes(), type=dict[str, Kept])
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
            return {}

    def keep(self, subject: str, kept: Mapping[str, Kept]) -> None:
        """Keep these and no others."""
        write_whole(self._file(subject), msgspec.json.encode(kept))

    def _file(self, subject: str) -> Path:
        return self._folder / f"{hashlib.sha256(subject.encode('utf-8', 'replace')).hexdigest()[:24]}.json"
