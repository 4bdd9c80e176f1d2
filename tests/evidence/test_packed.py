"""Tests that many reports are read alike in any number of processes, and that few of them are held at a time."""

from __future__ import annotations

import multiprocessing
import os
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pytest

from atalaya.evidence.ledger import ledger
from atalaya.evidence.readers import attempts, collector, packed, reports
from atalaya.evidence.readers.collector import Job
from atalaya.evidence.readers.packed import Source
from tests.evidence.test_reports import COUNTED, NOT_COUNTED, SAMPLES

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CASES = 2_000


class Deadly(type(Path())):  # type: ignore[misc]
    """A file on which the process that is to read it dies, unless it is the first of them."""

    def open(self, *args: Any, **kwargs: Any) -> IO[Any]:
        if multiprocessing.parent_process() is not None:
            os._exit(9)
        return super().open(*args, **kwargs)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", [Path, Deadly])
def test_several_processes_read_the_same_in_the_same_order_even_if_one_dies(
    kind: type[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "SHARED_BYTES", 0)
    paths = [SAMPLES / name for name in (*COUNTED[::15], *NOT_COUNTED[::15], "none.xml")]
    middle = len(paths) // 2
    given = [*paths[:middle], kind(paths[middle]), *paths[middle + 1 :]]
    assert [packed.read(Source(path)) for path in paths] == list(packed.read_all(list(map(Source, given)), jobs=2))


def test_little_is_read_without_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(packed, "ProcessPoolExecutor")
    sources = [Source(SAMPLES / name) for name in COUNTED[:3]]
    assert [packed.read(source) for source in sources] == list(packed.read_all(sources))


def test_what_was_packed_is_what_was_read() -> None:
    for name in COUNTED[::5]:
        report = reports.read(SAMPLES / name)
        found, tests = packed.pack(report), attempts.of(report)
        failing = tuple(test for test in tests.tests if any(each.problems for each in test.tries))
        assert (found.cases, found.notes) == (len(report.cases), tests.notes)
        assert packed.unpack(found.tests) == tests.tests
        assert set(packed.unpack(found.failing)) >= set(failing), name


def test_what_is_put_away_is_found_again_in_memory_and_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "HELD_BYTES", 1_000)
    store = packed.Store()
    contents = [bytes([number]) * number * 10 for number in range(40)]
    places = [store.put(content) for content in contents]
    assert contents == [store.get(place) for place in places]


def reports_in(folder: Path, files: int) -> Path:
    folder.mkdir()
    for file in range(files):
        cases = "".join(f'<testcase classname="m{file}" name="test_{n}"/>' for n in range(CASES))
        (folder / f"{file}.xml").write_text(f'<testsuite name="s">{cases}</testsuite>')
    return folder


def most_bytes_of(folder: Path, into: Path) -> int:
    tracemalloc.start()
    found = collector.gather([folder], job=Job("w", "c", whole=True), recorded_at=NOW)
    ledger.write(into, found)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_number_of_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "HELD_BYTES", 1_000)
    most_bytes_of(reports_in(tmp_path / "warm", 1), tmp_path / "warmed")
    few = most_bytes_of(reports_in(tmp_path / "few", 2), tmp_path / "a")
    many = most_bytes_of(reports_in(tmp_path / "many", 12), tmp_path / "b")
    assert many < 1.5 * few
    assert len(ledger.read(tmp_path / "b", "test")) == 12 * CASES


def test_what_files_tell_of_is_made_anew_each_time(tmp_path: Path) -> None:
    found = collector.gather([reports_in(tmp_path / "r", 2)], job=Job("w", "c", whole=True), recorded_at=NOW)
    assert list(found) == list(found)
    assert len(list(found)) == 1 + 2 * CASES + 2
