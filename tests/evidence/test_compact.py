"""Tests that compaction changes no evidence, and each segment stays verifiable if the file is damaged."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from atalaya.core.errors import EngineError, EvidenceError, UsageError
from atalaya.core.settings import Settings
from atalaya.evidence.ledger import compaction, holdings, ledger, opening, parquet, segment_format, writing
from atalaya.metrics.engine import engine
from atalaya.records.stored import Conclusion, Environment, Evidence, JobAttempt, RunContext
from atalaya.watch import folder as releases
from atalaya.watch.judgement import judge_release
from tests.counting import counted
from tests.ours import PACK

ROOT = Path(__file__).parents[2]
REHEARSAL = ROOT / "docs" / "releases" / "rehearsal-1"
T0 = datetime(2026, 11, 25, 4, tzinfo=UTC)


def job(number: int, **changed: Any) -> JobAttempt:
    return msgspec.structs.replace(
        JobAttempt(
            run_id=f"r{number:05}",
            environment=Environment.CI,
            occurred_at=T0 + timedelta(seconds=number),
            recorded_at=T0 + timedelta(seconds=number),
            workflow="w",
            job="é'\u2028\n",
            variant="",
            attempt=1,
            commit="c",
            conclusion=Conclusion.SUCCESS,
            origin="o",
            duration_s=0.1,
        ),
        **changed,
    )


def written(folder: Path, count: int = 4) -> list[Path]:
    """So many segments of one job each, the last of them the current run's."""
    return [ledger.write(folder, [job(number)])[0] for number in range(count)]


def only(folder: Path) -> Path:
    (path,) = folder.glob("*.parquet")
    return path


def count(folder: Path, damaged: frozenset[str] = frozenset()) -> int:
    """How many attempts the metrics see."""
    with engine.opened(folder, damaged=damaged) as asked:
        return asked._database.length("job_attempts")


def all_rows(folder: Path) -> list[engine.Row]:
    with engine.opened(folder) as asked:
        return asked._database.rows("SELECT * EXCLUDE (filename) FROM job_attempts ORDER BY ALL", {})


def packed_by_hand(folder: Path, holding: Sequence[Evidence] = (), **changed: Any) -> Path:
    """A compacted file under its right name, with an entry or a line that may be wrong."""
    lines = [msgspec.json.encode(record, order="deterministic") for record in holding or [job(1)]]
    digest = segment_format.digest_of([msgspec.json.decode(line) for line in lines])
    entry = parquet.Entry(name=f"job-{digest[:32]}.jsonl", digest=digest, records=len(lines), size_bytes=1)
    half = folder / "half"
    parquet.pack(half, "job", [(msgspec.structs.replace(entry, **changed), lines)])
    path = folder / f"job-{parquet.sha256_of(half)[:32]}.parquet"
    return half.rename(path)


def test_a_release_is_judged_the_same_from_compacted_evidence(tmp_path: Path) -> None:
    book = shutil.copytree(REHEARSAL, tmp_path / "rehearsal-1")
    evidence, release = book / "evidence", releases.load(book)
    newest = max(ledger.read(evidence, RunContext), key=lambda record: record.recorded_at)
    later = newest.recorded_at + timedelta(hours=1)
    ledger.write(evidence, [msgspec.structs.replace(newest, run_id="current", recorded_at=later)])
    before = judge_release(book, release, as_of=None, settings=Settings(), pack=PACK)
    assert len(ledger.compact(evidence)) == 11
    assert len(list(evidence.glob("*.jsonl*"))) == 1
    assert before == judge_release(book, release, as_of=None, settings=Settings(), pack=PACK)


def test_thousands_of_segments_are_the_same_records_and_the_same_rows_in_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(writing, "sweep", lambda _: None)
    written(tmp_path, 1_500)
    ledger.write(tmp_path, [job(number, run_id="large") for number in range(400)])  # a packed one
    before = (ledger.survey(tmp_path), ledger.read(tmp_path, "job"), all_rows(tmp_path))
    ledger.compact(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert before == (ledger.survey(tmp_path), ledger.read(tmp_path, "job"), all_rows(tmp_path))


def test_the_current_run_stays_and_the_manifest_tells_of_the_others(tmp_path: Path) -> None:
    *old, current = written(tmp_path)
    infos = {info.name: info for info in ledger.segments(tmp_path)}
    (path,) = ledger.compact(tmp_path)
    said = parquet.manifest(path)
    assert {current, path} == set(tmp_path.iterdir())
    assert ("job", {p.name for p in old}) == (said.kind, {entry.name for entry in said.segments})
    assert {(infos[p.name].digest, 1) for p in old} == {(entry.digest, entry.records) for entry in said.segments}


def test_what_no_reader_would_unpack_for_its_size_is_parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, 40)
    before = ledger.survey(tmp_path)
    line = len(msgspec.json.encode(job(1)))
    monkeypatch.setattr(compaction, "FULL_BYTES", 10 * line)
    monkeypatch.setattr(parquet, "LARGEST_BYTES", 20 * line)
    made = ledger.compact(tmp_path)
    assert len(made) == 4
    assert len(list(tmp_path.iterdir())) == 4 + 1
    assert (before, 40) == (ledger.survey(tmp_path), count(tmp_path))
    assert ledger.compact(tmp_path) == ()


def test_what_is_compacted_already_is_not_decoded_again(tmp_path: Path) -> None:
    written(tmp_path, 20)
    ledger.compact(tmp_path)
    ledger.write(tmp_path, [job(20)])
    with counted() as work:
        (path,) = ledger.compact(tmp_path)
    assert [entry.records for entry in parquet.manifest(path).segments] == [1]
    assert work.decoded == {"job": 3}  # the two that stand alone, and what was written, read back
    assert len(ledger.read(tmp_path, "job")) == 21


def test_a_compaction_holds_one_segment_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "AT_ONCE", 500)

    def peak_bytes(runs: int) -> int:
        folder = tmp_path / f"{runs}"
        for run in range(runs):
            ledger.write(folder, [job(number, run_id=f"r{run}") for number in range(1_000)])
        tracemalloc.start()
        ledger.compact(folder)
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak_bytes(2)
    assert peak_bytes(15) < 1.5 * peak_bytes(3)


def test_what_a_compacted_file_only_claims_to_hold_is_not_taken_away(tmp_path: Path) -> None:
    alone, *_ = written(tmp_path)
    (info,) = (one for one in ledger.segments(tmp_path) if one.name == alone.name)
    packed_by_hand(tmp_path, [job(0, job="another")], name=info.name, digest=info.digest)
    ledger.compact(tmp_path)
    assert job(0) in [record for segment in ledger.survey(tmp_path).segments for record in segment.records]


def test_a_second_compaction_finds_nothing_to_do(tmp_path: Path) -> None:
    written(tmp_path)
    ledger.compact(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert ((), before) == (ledger.compact(tmp_path), sorted(tmp_path.iterdir()))


def test_nothing_is_compacted_where_there_is_nothing(tmp_path: Path) -> None:
    assert ledger.compact(tmp_path / "none") == ()
    assert not (tmp_path / "none").exists()


def test_the_same_evidence_again_is_one_and_the_first_time_of_recording_stays(tmp_path: Path) -> None:
    written(tmp_path)
    ledger.compact(tmp_path)
    ledger.write(tmp_path, [job(0, recorded_at=T0 + timedelta(days=9))])
    assert [job(0).recorded_at] == [r.recorded_at for r in ledger.read(tmp_path, "job") if r.run_id == "r00000"]
    assert (count(tmp_path), len(ledger.segments(tmp_path))) == (4, 4)


def test_killed_before_the_originals_went_nothing_is_twice_and_the_next_one_ends_it(tmp_path: Path) -> None:
    old = {path: path.read_bytes() for path in written(tmp_path)}
    ledger.compact(tmp_path)
    for path, content in old.items():
        path.write_bytes(content)
    assert (count(tmp_path), len(ledger.read(tmp_path, "job"))) == (4, 4)
    assert ledger.compact(tmp_path) == ()
    assert len(list(tmp_path.iterdir())) == 2


def test_two_compacted_files_that_overlap_are_counted_once(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    written(one, 4)
    written(other, 6)
    ledger.compact(one)
    ledger.compact(other)
    shutil.copy(only(one), other)
    assert (len(list(other.glob("*.parquet"))), count(other), len(ledger.read(other, "job"))) == (2, 6, 6)


def test_compactions_at_once_lose_nothing(tmp_path: Path) -> None:
    written(tmp_path, 60)
    before = ledger.survey(tmp_path)
    code = "import sys, pathlib; from atalaya.evidence.ledger import ledger; ledger.compact(pathlib.Path(sys.argv[1]))"
    several = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT) for _ in range(3)]
    assert [each.wait(60) for each in several] == [0, 0, 0]
    assert (before, 60) == (ledger.survey(tmp_path), count(tmp_path))


def test_a_reader_that_a_compaction_overtakes_looks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path)
    before, open_file = ledger.survey(tmp_path), opening.open_file

    def overtaken(path: Path, sieve: opening.Sieve | None = None) -> tuple[opening.Segment, ...]:
        monkeypatch.setattr(opening, "open_file", open_file)
        ledger.compact(tmp_path)
        return open_file(path)

    monkeypatch.setattr(opening, "open_file", overtaken)
    assert before == ledger.survey(tmp_path)


def test_a_damaged_segment_is_left_where_it_is(tmp_path: Path) -> None:
    bad = written(tmp_path)[0]
    bad.write_text("{}\n")
    ledger.compact(tmp_path)
    assert (True, frozenset({bad.name})) == (bad.exists(), ledger.survey(tmp_path).damaged)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    return content[:40] + bytes([content[40] ^ 1]) + content[41:]


@pytest.mark.parametrize("damage", [cut, flipped, lambda _: b"", lambda _: b"PAR1" * 100, gzip.compress])
def test_a_damaged_compacted_file_is_said_and_the_rest_is_read(tmp_path: Path, damage: Any) -> None:
    *_, current = written(tmp_path)
    ledger.compact(tmp_path)
    path = only(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    found = ledger.survey(tmp_path)
    (problem,) = found.problems
    assert path.name in problem
    assert ([current.name], 1) == ([s.info.name for s in found.segments], count(tmp_path, found.damaged))
    with pytest.raises(EvidenceError, match=path.name):
        ledger.read(tmp_path, "job")
    assert (ledger.compact(tmp_path), current.exists()) == ((), True)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"digest": "0" * 64}, "the manifest says 0000"),
        ({"records": 2}, "manifest tells of 2"),
        ({"name": f"job-{'0' * 32}.jsonl"}, "its name says 0000"),
        ({"name": f"event-{'0' * 32}.jsonl"}, "no segment of the kind 'job'"),
        ({"name": "../../x"}, "no segment of the kind"),
    ],
)
def test_rows_that_are_not_what_the_manifest_says_are_found(tmp_path: Path, wrong: dict[str, Any], match: str) -> None:
    packed_by_hand(tmp_path, **wrong)
    (problem,) = ledger.survey(tmp_path).problems
    assert match in problem


def test_a_compacted_file_without_fault_made_the_same_way_is_read(tmp_path: Path) -> None:
    packed_by_hand(tmp_path)
    assert [job(1)] == ledger.read(tmp_path, "job")


def test_a_newer_format_is_refused_in_the_manifest_and_in_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed_by_hand(tmp_path, [job(1, format=99)])
    with pytest.raises(EvidenceError, match="written in format 99"):
        ledger.read(tmp_path, "job")
    only(tmp_path).unlink()
    with monkeypatch.context() as newer:
        newer.setattr(parquet, "FORMAT", 2)
        packed_by_hand(tmp_path)
    with pytest.raises(EvidenceError, match="compacted in format 2, and this Atalaya reads up to 1"):
        ledger.read(tmp_path, "job")


def test_a_parquet_file_of_a_stranger_is_named(tmp_path: Path) -> None:
    for name in ("mine.parquet", f"telemetry-{'0' * 32}.parquet", f"JOB-{'0' * 32}.PARQUET"):
        (tmp_path / name).write_bytes(b"PAR1")
    assert len(ledger.survey(tmp_path).problems) == 3


def test_all_compacted_files_of_a_ledger_are_read_by_one_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = shutil.copytree(REHEARSAL / "evidence", tmp_path / "evidence")
    newest = max(ledger.read(evidence, RunContext), key=lambda record: record.recorded_at)
    later = newest.recorded_at + timedelta(hours=1)
    ledger.write(evidence, [msgspec.structs.replace(newest, run_id="current", recorded_at=later)])
    ledger.compact(evidence)
    connect, made = duckdb.connect, []

    def counting(*asked: Any, **how: Any) -> Any:
        made.append(asked)
        return connect(*asked, **how)

    parquet._shared.cache_clear()
    monkeypatch.setattr(duckdb, "connect", counting)
    found = ledger.survey(evidence)
    assert len(holdings.holdings(evidence, found).files) == len(found.segments)
    assert len(made) == 1


@pytest.mark.parametrize("fatal", [duckdb.FatalException, duckdb.InternalException])
def test_a_file_that_ends_the_database_hides_no_other(tmp_path: Path, fatal: type[duckdb.Error]) -> None:
    written(tmp_path)
    ledger.compact(tmp_path)

    def ending() -> None:
        with parquet._reading():
            parquet._shared(os.getpid()).close()
            raise fatal("the database has been invalidated")

    with pytest.raises(fatal):
        ending()
    assert len(ledger.read(tmp_path, "job")) == 4


def test_a_compacted_file_that_finds_no_memory_is_not_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path)
    (path,) = ledger.compact(tmp_path)
    small = duckdb.connect(":memory:", config={"threads": 1, "temp_directory": "", "memory_limit": "1KB"})
    monkeypatch.setattr(parquet, "_shared", lambda _: small)
    with pytest.raises(EngineError, match=f"{path.name}.*The evidence is not at fault"):
        ledger.survey(tmp_path)


def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(written(tmp_path))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"cannot be compacted.*No space left"):
        ledger.compact(tmp_path)
    assert before == sorted(tmp_path.iterdir())
