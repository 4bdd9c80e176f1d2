"""Tests that a judgement reads a large file of evidence once, and that nothing of what is kept is believed blindly."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest
from msgspec.structs import replace

from atalaya.core.settings import Settings
from atalaya.core.source_digest import program
from atalaya.evidence.ledger import ledger, listing, opening, read_cache
from atalaya.metrics.engine import duckdb_database, duckdb_rows
from atalaya.metrics.engine.duckdb_database import loaded
from atalaya.metrics.engine.engine import ONCE, TOLD, QueryFailed, prepare
from atalaya.metrics.engine.questions import view
from atalaya.records.judged import Judgement
from atalaya.records.stored import Environment, Event, EventKind, Evidence, JobAttempt, Reading, Release, TestAttempt
from atalaya.watch import baseline
from atalaya.watch.judgement import judge_release
from tests.benchmarks import release as made
from tests.counting import counted
from tests.ours import PACK

RELEASE = Release(version=made.VERSION, commit=made.COMMIT, opened_at=made.T0)
RUNS, TESTS = 4, 30
AFTER = made.T0 + timedelta(hours=72)


@pytest.fixture
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small ledger, each file of which is taken for a large one."""
    monkeypatch.setattr(read_cache, "LARGE_BYTES", 0)
    monkeypatch.setattr(duckdb_database, "SMALL_BYTES", -1)
    return made.make(tmp_path, runs=RUNS, tests=TESTS)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The folder for what was read."""
    return tmp_path / "read"


@pytest.fixture
def judged(evidence: Path, kept: Path) -> Callable[..., Judgement]:
    def judge(read: Path | None = kept, now: datetime = AFTER, as_of: datetime | None = None) -> Judgement:
        return judge_release(evidence.parent, RELEASE, as_of=as_of, now=now, settings=Settings(), pack=PACK, read=read)

    return judge


def names(kept: Path, suffix: str) -> list[Path]:
    return sorted(kept.glob(f"*/*{suffix}"))


def test_the_second_judgement_decodes_no_record_and_says_the_same(judged, evidence, kept):
    anew = judged(read=None)
    assert judged() == anew
    assert len(names(kept, ".segments")) == len(listing.files(evidence))
    with counted() as work:
        assert judged() == anew
    assert (dict(work.opened), dict(work.decoded)) == ({}, {})


def test_of_a_later_instant_or_an_earlier_one_it_is_read_no_more_often(judged):
    judged()
    early = made.T0 + timedelta(hours=20)
    with counted() as work:
        cached = judged(as_of=early)
    assert not work.opened
    assert cached == judged(read=None, as_of=early)


def test_a_new_segment_is_read_and_no_other(judged, evidence):
    judged()
    job = ledger.readable(evidence, JobAttempt)[0]
    (path,) = ledger.write(evidence, [replace(job, run_id="one-more")])
    with counted() as work:
        cached = judged()
    assert dict(work.opened) == {path.name: 1}
    assert cached == judged(read=None)


def test_compacted_evidence_is_kept_too_and_what_it_replaced_is_swept_away_later(judged, evidence, kept):
    anew = judged()
    before = {*names(kept, "")}
    ledger.compact(evidence)
    assert judged() == anew
    with counted() as work:
        assert judged() == anew
    assert not work.opened
    assert before < {*names(kept, "")}  # another command may still read them
    long_ago = time.time() - read_cache.SWEEP_AFTER_S - 60
    for file in names(kept, ""):
        os.utime(file, (long_ago, long_ago))
    assert judged() == anew
    gone = before - {*names(kept, "")}
    assert len(gone) == 2 * 3 * (RUNS - 1)  # the current run is not compacted


def test_a_segment_that_two_branches_compacted_is_read_once(evidence, kept, tmp_path):
    branch = tmp_path / "branch"
    shutil.copytree(evidence, branch)
    listing.paths(branch, "test-")[0].unlink()
    for folder in (evidence, branch):
        ledger.compact(folder)
    for file in branch.glob("test-*.parquet"):
        shutil.copy(file, evidence)
    assert len([*evidence.glob("test-*.parquet")]) == 2
    for _ in ("at first", "again"):
        with loaded(evidence, cache=read_cache.ReadCache(kept, "all")) as database:
            database.keep("pieces", view("pieces", Reading), {})
            database.take("whole", view("whole", TestAttempt, "test_attempts"), "read_test_attempts")
            assert database.length("whole") == RUNS * TESTS


def test_a_file_that_was_changed_is_found_though_it_was_read_before(judged, evidence):
    judged()
    path = listing.paths(evidence, "test-")[0]
    path.write_bytes(path.read_bytes().replace(b'"passed"', b'"failed"', 1))
    cached = judged()
    assert [one.name for one in cached.unreadable] == [path.name]
    assert cached == judged(read=None)


def test_a_file_under_the_name_of_another_is_found_though_its_bytes_were_read_before(judged, evidence):
    judged()
    one, other = listing.paths(evidence, "test-")[:2]
    other.write_bytes(one.read_bytes())
    cached = judged()
    assert [found.name for found in cached.unreadable] == [other.name]
    assert cached == judged(read=None)


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def changed(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:60] + bytes([content[60] ^ 1]) + content[61:])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def of_another_make(file: Path) -> None:
    """What is no record, or no column, under a digest that fits."""
    content = b"\x93\x01\x02\x03"
    digest = hashlib.sha256(content)
    if file.suffix == ".segments":
        file.write_bytes(digest.digest() + content)
    else:
        file.write_bytes(content)
        file.rename(file.with_name(f"{file.name.partition('-')[0]}-{digest.hexdigest()}.parquet"))


@pytest.mark.parametrize("suffix", [".segments", ".parquet"])
@pytest.mark.parametrize("spoil", [cut_off, changed, emptied, of_another_make])
def test_what_is_kept_and_was_spoiled_is_read_anew(judged, kept, spoil, suffix):
    anew = judged()
    for file in names(kept, suffix):
        spoil(file)
    assert judged() == anew


def test_another_version_reads_all_anew(judged, monkeypatch):
    anew = judged()
    monkeypatch.setattr(read_cache, "program", lambda: f"not {program()}")
    with counted() as work:
        assert judged() == anew
    assert len(work.opened) == 3 * RUNS


def test_what_lies_ahead_of_the_clock_is_never_kept(judged, evidence, kept):
    early = made.T0 + timedelta(hours=30)
    assert judged(now=early) == judged(read=None, now=early)
    assert 0 < len(names(kept, ".segments")) < len(listing.files(evidence))
    judged()
    assert len(names(kept, ".segments")) == len(listing.files(evidence))
    with counted() as work:
        cached = judged(now=early)
    assert work.opened
    assert cached == judged(read=None, now=early)


@pytest.mark.parametrize("reader", read_cache.READERS)
def test_another_version_of_what_reads_it_reads_all_anew(judged, monkeypatch, reader):
    judged()
    monkeypatch.setattr(read_cache, "versions", lambda tools: tuple(f"{tool} {tool == reader}" for tool in tools))
    with counted() as work:
        judged()
    assert len(work.opened) == 3 * RUNS


def test_of_a_file_that_does_not_hold_still_nothing_is_kept(evidence, kept):
    path, other = listing.paths(evidence, "test-")[:2]
    sound, changed = path.read_bytes(), other.read_bytes()

    def made(half: Path) -> None:
        half.write_bytes(b"columns of what lay there for a moment")
        path.write_bytes(changed)

    cache = read_cache.ReadCache(kept, "all")
    assert cache.columns(path, made) is None
    cache.keep(path, opening.open_file(other))
    path.write_bytes(sound)
    assert [*kept.glob("*")] == []
    assert read_cache.ReadCache(kept, "all").segments(path) is None


def test_each_sieve_finds_what_it_kept_itself(evidence, kept):
    path = listing.paths(evidence, "test-")[0]
    every, none = read_cache.ReadCache(kept, "all"), read_cache.ReadCache(kept, "none")
    every.keep(path, opening.open_file(path))
    assert none.segments(path) is None
    none.keep(path, opening.open_file(path, opening.none))
    assert [len(cache.segments(path)[0].records) for cache in (every, none)] == [TESTS, 0]


def test_times_keep_the_zone_that_they_were_written_with(evidence, kept):
    path = listing.paths(evidence, "job-")[0]
    (segment,) = opening.open_file(path)
    at = segment.info.first_at.astimezone(timezone(timedelta(hours=2)))
    found = (segment._replace(info=replace(segment.info, first_at=at), recorded_at=(at,)),)
    read_cache.ReadCache(kept, "all").keep(path, found)
    cached = read_cache.ReadCache(kept, "all").segments(path)
    assert cached is not None
    assert (cached[0].info, cached[0].records) == (found[0].info, found[0].records)
    assert (cached[0].info.first_at.isoformat(), cached[0].recorded_at[0].isoformat()) == (at.isoformat(),) * 2


def test_what_is_kept_may_go_away_while_questions_are_asked(evidence, kept):
    rows = "FROM read_test_attempts"
    with loaded(evidence, cache=read_cache.ReadCache(kept, "all")) as database:
        database.keep("pieces", view("pieces", Reading), {})
        database.take("whole", view("whole", TestAttempt, "test_attempts"), "read_test_attempts")
        before = database.rows("FROM whole ORDER BY ALL", {})
        shutil.rmtree(kept)
        assert len(before) == RUNS * TESTS
        assert database.rows("FROM whole ORDER BY ALL", {}) == before
        with pytest.raises(QueryFailed, match="read_test_attempts"):  # no other failure is made good
            database.rows(rows, {})


@pytest.fixture
def with_events(evidence: Path) -> Path:
    """The same with events, which are counted once however often they were told."""
    at = made.T0 + timedelta(hours=5)
    event = Event(
        run_id="smoke",
        environment=Environment.CI,
        occurred_at=at,
        recorded_at=at,
        event=EventKind.STALE_READ,
        expected=False,
        blocking=False,
        place="smoke",
        message="gone",
        origin="run",
    )
    ledger.write(evidence, [event])
    return evidence


def test_what_is_kept_may_go_away_while_the_tables_are_made(with_events, kept, monkeypatch):
    keep = duckdb_database.DuckDB.keep

    def vanishing(self: duckdb_database.DuckDB, table: str, *asked: Any) -> None:
        if table == ONCE:
            shutil.rmtree(kept)
        keep(self, table, *asked)

    with loaded(with_events, cache=read_cache.ReadCache(kept, "all")) as database:
        monkeypatch.setattr(duckdb_database.DuckDB, "keep", vanishing)
        prepare(database)
        assert not kept.exists()
        assert database.length(ONCE) == 1
        with pytest.raises(QueryFailed, match=TOLD):
            database.rows(f"FROM {TOLD}", {})


def test_what_is_kept_may_go_away_before_a_table_is_counted(evidence, kept):
    with loaded(evidence, cache=read_cache.ReadCache(kept, "all")) as database:
        prepare(database)
        shutil.rmtree(kept)
        assert database.length("test_attempts") == RUNS * TESTS


def test_ctrl_c_while_columns_are_written_ends_the_judgement(judged, kept, monkeypatch):
    read, calls = duckdb_rows.read, []

    def stopped(connection: object, record: type[Evidence], files: list[Path], **how: bool) -> object:
        if record is TestAttempt:
            calls.append(files)
        if len(calls) == 1:
            raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")
        return read(connection, record, files, **how)

    monkeypatch.setattr(duckdb_rows, "read", stopped)
    with pytest.raises(duckdb.InterruptException):
        judged()
    assert len(calls) == 1


def test_columns_that_cannot_be_written_leave_the_evidence_to_be_read(judged, kept, monkeypatch):
    anew = judged(read=None)

    def full(path: Path, to: Path) -> None:
        raise OSError("no space left on the device")

    monkeypatch.setattr(duckdb_rows, "_writing", lambda record: nullcontext(full))
    assert judged() == anew
    assert names(kept, ".parquet") == []


def test_all_columns_of_a_kind_are_written_by_one_connection(judged, evidence, kept, monkeypatch):
    connect, made = duckdb.connect, []

    def counting(*asked: Any, **how: Any) -> Any:
        made.append(how.get("config", {}).get("threads"))
        return connect(*asked, **how)

    monkeypatch.setattr(duckdb, "connect", counting)
    judged()
    at_first = made.count(1)
    made.clear()
    judged()
    kinds = {path.name.partition("-")[0] for path in listing.files(evidence)}
    assert len(kinds) < len(names(kept, ".parquet"))
    assert (at_first, made.count(1)) == (len(kinds), 0)


def test_a_ledger_in_a_folder_that_looks_like_a_column_is_read_as_it_is(evidence, kept, tmp_path):
    odd = tmp_path / "variant=zzz"
    shutil.copytree(evidence, odd)
    for cache in (None, read_cache.ReadCache(kept, "all"), read_cache.ReadCache(kept, "all")):
        with loaded(odd, cache=cache) as database:
            database.keep("pieces", view("pieces", Reading), {})
            database.take("whole", view("whole", TestAttempt, "test_attempts"), "read_test_attempts")
            assert database.rows("SELECT DISTINCT variant FROM whole", {}) == [{"variant": "ubuntu-py311.xml"}]


def test_a_release_that_was_accepted_before_is_read_once_too(evidence, kept):
    place = evidence.parent
    for _ in range(2):
        with counted() as work:
            baseline._tried(place, RELEASE, AFTER, Settings(), PACK, "duckdb", kept)
    assert not work.opened


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(judged, kept):
    anew = judged(read=None)
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("a file where the folder should be", encoding="utf-8")
    assert judged() == anew


def test_small_files_are_not_kept(judged, kept, monkeypatch):
    monkeypatch.setattr(read_cache, "LARGE_BYTES", 100_000)
    judged()
    assert names(kept, "") == []
