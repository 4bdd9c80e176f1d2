"""Reads many reports, in several processes where that is worth it, and packs the tests of each.

What a report holds takes a hundred times as much memory as its bytes do packed, and a release may have a thousand
reports: so of one that was read only its outcome is held, and its tests are unpacked again as they are written.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from atalaya.core.words import Record
from atalaya.evidence.readers import attempts, reports
from atalaya.evidence.readers.attempts import Test
from atalaya.evidence.readers.model import Report
from atalaya.evidence.readers.placing import placed

# Below it, starting other processes takes longer than they save.
SHARED_BYTES = 64 * 1024 * 1024
AHEAD = 8  # reports that other processes may read before they are asked for
HELD_BYTES = 8 * 1024 * 1024  # of packed tests that are held in memory; the rest is on disk

_TESTS = msgspec.msgpack.Decoder(tuple[Test, ...])


class Source(NamedTuple):
    """A file to be read, and when it was written, or its run ended, where that is known."""

    path: Path
    written_at: datetime | None = None


class Packed(Record, frozen=True, kw_only=True):
    """What was read of one file.

    ``report`` is without its cases, but for those of a smoke, which are few; ``cases`` is how many there are.
    ``notes`` are on how tests were told apart. ``failing`` are those of the ``tests`` that may have met something.
    """

    report: Report
    cases: int
    notes: tuple[str, ...]
    tests: bytes
    failing: bytes


def pack(report: Report) -> Packed:
    """What a ledger needs of a report."""
    tests = attempts.of(report)
    failing = tuple(test for test in tests.tests if len(test.tries) > 1 or test.tries[0].problems)
    return Packed(
        report=replace(report, cases=()) if report.tells_end is None else report,
        cases=len(report.cases),
        notes=tests.notes,
        tests=msgspec.msgpack.encode(tests.tests),
        failing=msgspec.msgpack.encode(failing),
    )


def unpack(tests: bytes) -> tuple[Test, ...]:
    """The tests that were packed."""
    return _TESTS.decode(tests)


def read(source: Source) -> Packed:
    """Read one file."""
    return pack(placed(reports.read(source.path), source.written_at))


def read_all(sources: Sequence[Source], *, jobs: int = 2) -> Iterator[Packed]:
    """Read many files, and give what they hold in the order of their paths."""
    if jobs < 2 or len(sources) < 2 or sum(_size_bytes(source.path) for source in sources) < SHARED_BYTES:
        yield from map(read, sources)
        return
    done = 0
    try:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            waiting: list[Future[bytes]] = []
            for source in sources:
                waiting.append(pool.submit(_read_and_encode, source))
                if len(waiting) > AHEAD:
                    yield _decoded(waiting.pop(0))
                    done += 1
            while waiting:
                yield _decoded(waiting.pop(0))
                done += 1
    except BrokenProcessPool:  # the system ended one of them: what is left is read here
        yield from map(read, sources[done:])


def _read_and_encode(source: Source) -> bytes:
    return msgspec.msgpack.encode(read(source))


def _decoded(future: Future[bytes]) -> Packed:
    return msgspec.msgpack.decode(future.result(), type=Packed)


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # reading it will say so
        return 0


class Place(NamedTuple):
    """Where something was put away."""

    begin: int
    length: int


class Store:
    """Bytes that are put away: in memory where they are few, else in a file that no other program sees."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(HELD_BYTES)  # noqa: SIM115 - it lasts as long as this
        self._end = 0
        weakref.finalize(self, self._file.close)

    def put(self, content: bytes) -> Place:
        place = Place(self._end, len(content))
        self._file.seek(place.begin)
        self._file.write(content)
        self._end += len(content)
        return place

    def get(self, place: Place) -> bytes:
        self._file.seek(place.begin)
        return self._file.read(place.length)
