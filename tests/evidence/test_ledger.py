"""Tests that the ledger keeps all writes whole and unchanged, with many writers and killed writers."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atalaya.core import plain_file
from atalaya.core.errors import EvidenceError, HarnessError, UsageError
from atalaya.evidence.ledger import atomic_write, file_lines, ledger, listing, naming, segment_format, writing
from atalaya.metrics.engine import engine
from atalaya.records.stored import FORMAT, STORED, Conclusion, Environment, Event, EventKind, Evidence, JobAttempt

ROOT = Path(__file__).parents[2]
T0 = datetime(2026, 11, 25, 4, tzinfo=UTC)


def job(number: int = 1, recorded_at: datetime = T0) -> JobAttempt:
    return JobAttempt(
        run_id=f"r{number}",
        environment=Environment.CI,
        occurred_at=T0,
        recorded_at=recorded_at,
        workflow="w",
        job="j",
        variant="",
        attempt=1,
        commit="c",
        conclusion=Conclusion.SUCCESS,
        origin="o",
        duration_s=0.1,
    )


def event() -> Event:
    return Event(
        run_id="r",
        environment=Environment.LOOPBACK,
        occurred_at=T0 + timedelta(hours=1),
        recorded_at=T0,
        event=EventKind.STALE_READ,
        expected=False,
        blocking=False,
        place="p",
        message="é\u2028\n",
        origin="o",
    )


def only(folder: Path) -> Path:
    (path,) = folder.glob("*.jsonl")
    return path


def put_row(folder: Path, row: dict[str, Any]) -> None:
    """A segment of jobs as another version might have written it."""
    name = f"job-{segment_format.digest_of([row])[: naming.DIGEST_CHARS]}-{segment_format.recorded_at_of([row])}.jsonl"
    atomic_write.put(folder / name, msgspec.json.encode(row, order="deterministic") + b"\n")


def test_what_is_written_is_read_back_in_the_order_given(tmp_path: Path) -> None:
    records: list[Evidence] = [job(2), event(), job(1)]
    paths = ledger.write(tmp_path / "new" / "folder", records)
    assert [path.name.partition("-")[0] for path in paths] == ["job", "event"]
    assert [job(2), job(1)] == ledger.read(tmp_path / "new" / "folder", "job")
    assert [event()] == ledger.read(tmp_path / "new" / "folder", "event")


def test_a_kind_can_be_asked_for_by_its_type_and_must_exist(tmp_path: Path) -> None:
    ledger.write(tmp_path, [job(), event()])
    assert ledger.read(tmp_path, JobAttempt) == [job()]
    with pytest.raises(HarnessError, match="no kind of evidence"):
        ledger.read(tmp_path, "jobs")


def test_the_same_evidence_recorded_twice_is_one_file_and_the_first_stays(tmp_path: Path) -> None:
    (first,) = ledger.write(tmp_path, [job()])
    before = first.read_bytes()
    (second,) = ledger.write(tmp_path, [job(recorded_at=T0 + timedelta(days=1))])
    assert (first, before) == (second, only(tmp_path).read_bytes())


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def changed(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def moved_behind_a_link(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved").name)


def linked_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to("nothing")


DAMAGES = [cut_off, changed, emptied, moved_behind_a_link, linked_to_nothing]


@pytest.mark.parametrize("number", [1, 400])
@pytest.mark.parametrize("damage", DAMAGES)
def test_evidence_that_is_recorded_at_the_same_instant_takes_the_place_of_a_damaged_segment(
    tmp_path: Path, damage: Callable[[Path], None], number: int
) -> None:
    (first,) = ledger.write(tmp_path, many(number))
    damage(first)
    assert ledger.verify(tmp_path)
    assert ledger.write(tmp_path, many(number)) == (first,)
    assert (ledger.verify(tmp_path), listing.paths(tmp_path)) == ([], [first])
    assert ledger.read(tmp_path, "job") == many(number)


@pytest.mark.parametrize("damage", DAMAGES)
def test_evidence_that_is_recorded_later_stands_beside_a_damaged_segment_which_is_told_of(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    (first,) = ledger.write(tmp_path, [job()])
    damage(first)
    again = job(recorded_at=T0 + timedelta(hours=1))
    (path,) = ledger.write(tmp_path, [again])
    assert (path.is_file(), path != first) == (True, True)
    assert [first.name in problem for problem in ledger.verify(tmp_path)] == [True]
    assert ledger.readable(tmp_path, JobAttempt) == [again]


def test_a_segment_that_cannot_be_written_keeps_no_other_from_it(tmp_path: Path) -> None:
    (first,) = ledger.write(tmp_path / "once", [job()])
    (tmp_path / first.name).mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        ledger.write(tmp_path, [job(), event()])
    assert ledger.readable(tmp_path, Event) == [event()]


def test_a_time_of_recording_that_cannot_be_is_damage(tmp_path: Path) -> None:
    (path,) = ledger.write(tmp_path, [job()])
    path.write_bytes(segment_format.RECORDED_AT.sub(b',"recorded_at":"0001-01-01T00:00:00+01:00"', path.read_bytes()))
    assert [path.name in problem for problem in ledger.verify(tmp_path)] == [True]
    assert ledger.write(tmp_path, [job()]) == (path,)
    assert ledger.verify(tmp_path) == []


def test_of_two_files_of_one_segment_the_whole_one_stays_where_the_other_is_damaged(tmp_path: Path) -> None:
    (path,) = ledger.write(tmp_path, [job()])
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes())[:-9])
    assert ledger.write(tmp_path, [job(recorded_at=T0 + timedelta(hours=1))]) == (path,)
    assert listing.paths(tmp_path) == [path, packed]


def test_a_segment_that_nobody_can_open_now_is_not_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = ledger.write(tmp_path, [job()])
    opened = plain_file.opened

    def refusing(path: Path) -> Any:
        if path == first:
            raise OSError(errno.EMFILE, "Too many open files")
        return opened(path)

    with monkeypatch.context() as for_now:
        for_now.setattr(plain_file, "opened", refusing)
        (path,) = ledger.write(tmp_path, [job(recorded_at=T0 + timedelta(hours=1))])
    assert listing.paths(tmp_path) == [first, path]
    assert ledger.read(tmp_path, "job") == [job()]


def test_the_same_instant_in_another_zone_is_the_same_evidence(tmp_path: Path) -> None:
    elsewhere = msgspec.structs.replace(job(), occurred_at=T0.astimezone(timezone(timedelta(hours=2))))
    assert ledger.write(tmp_path, [job()]) == ledger.write(tmp_path, [elsewhere])


def test_another_order_is_another_segment(tmp_path: Path) -> None:
    assert ledger.write(tmp_path, [job(1), job(2)]) != ledger.write(tmp_path, [job(2), job(1)])


def test_no_record_is_no_segment_and_no_folder_is_an_empty_ledger(tmp_path: Path) -> None:
    assert ledger.write(tmp_path / "none", []) == ()
    assert (
        (tmp_path / "none").exists(),
        ledger.read(tmp_path / "none", "job"),
        ledger.segments(tmp_path / "none"),
        ledger.verify(tmp_path / "none"),
    ) == (False, [], (), [])


def test_a_segment_describes_itself(tmp_path: Path) -> None:
    (path,) = ledger.write(tmp_path, [job(1), msgspec.structs.replace(job(2), occurred_at=T0 + timedelta(hours=3))])
    (info,) = ledger.segments(tmp_path)
    assert (path.name, "job", 2, path.stat().st_size, ("ci",), T0, T0 + timedelta(hours=3)) == (
        info.name,
        info.kind,
        info.records,
        info.size_bytes,
        info.environments,
        info.first_at,
        info.last_at,
    )
    assert (len(info.digest), path.name == f"job-{info.digest[:32]}-20261125T040000000000Z.jsonl") == (64, True)


def test_segments_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for number in range(5):
        ledger.write(tmp_path, [job(number), event()])
    names = [info.name for info in ledger.segments(tmp_path)]
    assert (6, sorted(names)) == (len(names), names)


def test_a_segment_can_be_read_by_others(tmp_path: Path) -> None:
    ledger.write(tmp_path, [job()])
    assert os.name == "nt" or stat.S_IMODE(only(tmp_path).stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"success"', b'"failure"'),
        (b'"attempt":1', b'"attempt":2'),
        (b'"attempt":1', b'"attempt":1,"extra":1'),
        (b'"attempt":1', b'"attempt":"1"'),
        (b'"duration_s":0.1,', b""),
        (b"\n", b""),
        (b"}\n", b"\n"),
    ],
)
def test_an_edited_segment_is_found_and_the_error_says_where_and_what_to_do(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    ledger.write(tmp_path, [job(1), job(2)])
    path = only(tmp_path)
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(EvidenceError, match=rf"{path.name}.*version control"):
        ledger.read(tmp_path, "job")
    assert len(ledger.verify(tmp_path)) == 1


def test_lines_put_in_another_order_or_taken_away_are_found(tmp_path: Path) -> None:
    ledger.write(tmp_path, [job(1), job(2)])
    path = only(tmp_path)
    first, second = path.read_bytes().splitlines(keepends=True)
    for content in (second + first, first, first + second + second, b""):
        path.write_bytes(content)
        assert len(ledger.verify(tmp_path)) == 1


def test_one_bad_segment_is_named_and_the_others_are_checked(tmp_path: Path) -> None:
    good, bad = ledger.write(tmp_path, [job()])[0], ledger.write(tmp_path, [job(2)])[0]
    bad.write_text("{}\n")
    (problem,) = ledger.verify(tmp_path)
    assert (bad.name in problem, good.name in problem) == (True, False)


def test_a_kind_that_is_not_known_here_is_from_a_newer_version(tmp_path: Path) -> None:
    ledger.write(tmp_path, [job()])
    only(tmp_path).rename(tmp_path / f"telemetry-{'0' * 32}.jsonl")
    for ask in (lambda: ledger.segments(tmp_path), lambda: ledger.read(tmp_path, "job")):
        with pytest.raises(EvidenceError, match="from a newer Atalaya"):
            ask()


def test_the_ledger_holds_no_record_before_the_last_is_there(tmp_path: Path) -> None:
    def records() -> Iterator[Evidence]:
        yield from (job(number) for number in range(2_000))
        yield event()
        assert listing.files(tmp_path) == []
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.write(tmp_path, records())
    assert list(tmp_path.iterdir()) == []


def test_records_are_taken_one_at_a_time_and_few_are_held(tmp_path: Path) -> None:
    ledger.write(tmp_path / "warm", [job()])
    tracemalloc.start()
    ledger.write(tmp_path, (job(number) for number in range(20_000)))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2 * 1024 * 1024
    assert [job(number) for number in range(20_000)] == ledger.read(tmp_path, "job")


def test_what_no_reader_would_open_for_its_size_is_parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ledger.write(tmp_path / "whole", [job(number) for number in range(3_000)])
    monkeypatch.setattr(writing, "FULL_BYTES", 200_000)
    parts = ledger.write(tmp_path / "parts", [job(number) for number in range(3_000)])
    assert (len(whole), len(parts) > 2) == (1, True)
    assert parts == ledger.write(tmp_path / "parts", [job(number) for number in range(3_000)])
    found = ledger.read(tmp_path / "parts", JobAttempt)
    assert [job(number) for number in range(3_000)] == sorted(found, key=lambda each: int(each.run_id[1:]))


def test_the_digest_of_a_line_leaves_out_its_own_time_of_recording_alone() -> None:
    odd = msgspec.json.encode({"a": {"b": 1, "recorded_at": "x"}, "c": ',"recorded_at":"y"', "recorded_at": "z"})
    for line in (msgspec.json.encode(job(), order="sorted"), odd):
        row = msgspec.json.decode(line)
        told = segment_format.without_times(line + b"\n", 1)
        assert segment_format.digest_of([row]) == hashlib.sha256(told).hexdigest()


def test_a_value_that_is_not_known_here_under_a_right_digest_is_from_a_newer_version(tmp_path: Path) -> None:
    ledger.write(tmp_path, [job()])
    row = msgspec.json.decode(only(tmp_path).read_bytes()) | {"conclusion": "vanished"}
    only(tmp_path).unlink()
    put_row(tmp_path, row)
    with pytest.raises(EvidenceError, match=r":1: .*'vanished'.*from a newer Atalaya"):
        ledger.read(tmp_path, "job")


def test_a_field_that_an_older_version_did_not_write_does_not_change_a_digest(tmp_path: Path) -> None:
    ledger.write(tmp_path, [job()])
    row = msgspec.json.decode(only(tmp_path).read_bytes())
    del row["stale_trials"]
    only(tmp_path).unlink()
    put_row(tmp_path, row)
    assert [job()] == ledger.read(tmp_path, "job")


@pytest.mark.parametrize("name", ["notes.jsonl", "job-123.jsonl", f"job-{'A' * 32}.jsonl"])
def test_a_stranger_among_the_segments_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}\n")
    with pytest.raises(EvidenceError, match="not a segment"):
        ledger.segments(tmp_path)


def test_an_empty_file_under_the_digest_of_nothing_is_no_segment(tmp_path: Path) -> None:
    (tmp_path / f"job-{hashlib.sha256().hexdigest()[:32]}.jsonl").write_bytes(b"")
    with pytest.raises(EvidenceError, match="empty"):
        ledger.segments(tmp_path)


def test_other_files_beside_the_segments_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("hello")
    ledger.write(tmp_path, [job()])
    assert (len(ledger.segments(tmp_path)), (tmp_path / "README.md").exists()) == (1, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"duration_s": float("nan")},
        {"attempt": "one"},
        {"occurred_at": datetime(2026, 11, 25)},  # noqa: DTZ001 - that is what is wrong with it
        {"commit": "\ud800"},
    ],
)
def test_a_record_that_could_not_be_read_back_is_refused_before_it_is_written(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    with pytest.raises(HarnessError, match="job: "):
        ledger.write(tmp_path, [msgspec.structs.replace(job(), **wrong)])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        ledger.write(tmp_path / "file", [job()])


def test_a_writer_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        ledger.write(tmp_path, [job()])
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_is_swept_after_an_hour_and_not_before(tmp_path: Path) -> None:
    old, young = tmp_path / ".segment-old.tmp", tmp_path / ".segment-young.tmp"
    for path in (old, young):
        path.write_text('{"half')
    os.utime(old, (time.time() - 3_700,) * 2)
    ledger.write(tmp_path, [job()])
    assert (old.exists(), young.exists(), ledger.verify(tmp_path)) == (False, True, [])


# Writes segments until it is stopped, and says the name of each one that it was told is safe.
WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from datetime import UTC, datetime
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import Conclusion, Environment, JobAttempt
folder, start, count = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
now = datetime.now(UTC)
for number in range(start, start + count):
    jobs = [JobAttempt(run_id=f"r{number}", environment=Environment.CI, occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
                       recorded_at=now, workflow="w", job=f"j{n}", variant="", attempt=1, commit="c",
                       conclusion=Conclusion.SUCCESS, origin="o") for n in range(50)]
    print(ledger.write(folder, jobs)[0].name, flush=True)
"""


def writer(folder: Path, start: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(ROOT / "src"), str(folder), str(start), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_six_writers_of_the_same_evidence_at_once_make_each_segment_once(tmp_path: Path) -> None:
    writers = [writer(tmp_path, 0, 40) for _ in range(6)]
    said = {frozenset(map(naming.identity, each.communicate(timeout=600)[0].split())) for each in writers}
    assert [each.returncode for each in writers] == [0] * 6
    names = frozenset(naming.identity(path.name) for path in tmp_path.iterdir())
    assert ({names}, 40, []) == (said, len(names), ledger.verify(tmp_path))
    assert (len(ledger.segments(tmp_path)), len(ledger.read(tmp_path, "job"))) == (40, 40 * 50)


def test_two_files_of_one_segment_are_read_once_and_the_earlier_stands_for_it(tmp_path: Path) -> None:
    for name, hours in (("one", 2), ("two", 1), ("three", 3)):
        ledger.write(tmp_path / name, [job(recorded_at=T0 + timedelta(hours=hours))])
    both = tmp_path / "both"
    both.mkdir()
    for name in ("one", "two", "three"):
        shutil.copy(only(tmp_path / name), both)
    assert [T0 + timedelta(hours=1)] == [record.recorded_at for record in ledger.read(both, "job")]
    (first, *_), (packed, alone) = sorted(both.iterdir()), listing.sources(both, "job")
    assert ([], [first]) == (packed, alone)
    first.write_bytes(b"{}\n")  # where it was altered, the next one is there
    assert [sorted(both.iterdir())[1]] == listing.sources(both, "job", {first.name})[1]
    assert len(ledger.verify(both)) == 1


def test_a_compaction_takes_a_segment_that_two_recorded_once(tmp_path: Path) -> None:
    for hours in (1, 2):
        ledger.write(tmp_path / f"{hours}", [job(recorded_at=T0 + timedelta(hours=hours))])
        shutil.copy(only(tmp_path / f"{hours}"), tmp_path)
    ledger.write(tmp_path, [job(2, recorded_at=T0 + timedelta(hours=9))])
    ledger.compact(tmp_path)
    assert sorted(file.suffix for file in tmp_path.glob("job-*")) == [".jsonl", ".parquet"]
    assert len(ledger.read(tmp_path, "job")) == 2


def test_a_time_of_recording_that_was_changed_is_not_what_the_name_says(tmp_path: Path) -> None:
    (path,) = ledger.write(tmp_path, [job()])
    path.write_bytes(path.read_bytes().replace(b'"recorded_at":"2026-11-25T04', b'"recorded_at":"2026-11-25T05'))
    with pytest.raises(EvidenceError, match="by its name it was recorded at 20261125T040000000000Z, by its content"):
        ledger.read(tmp_path, "job")
    plain = path.with_name(path.name.replace("-20261125T040000000000Z", ""))
    path.rename(plain)  # as the first versions named it: only a manifest can tell
    assert len(ledger.read(tmp_path, "job")) == 1


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL there")
@pytest.mark.parametrize("rounds", [range(0, 20, 5), pytest.param(range(20), marks=pytest.mark.long)], ids=len)
def test_a_writer_that_is_killed_loses_nothing_that_it_was_told_is_safe(rounds: range, tmp_path: Path) -> None:
    safe: set[str] = set()
    for round_number in rounds:
        with writer(tmp_path, round_number * 100_000, 100_000) as process:
            assert process.stdout is not None
            safe.add(process.stdout.readline().strip())  # it has begun
            time.sleep(0.003 * round_number)
            process.send_signal(signal.SIGKILL)
            lines = process.stdout.read()
        safe.update(line.strip() for line in lines.splitlines(keepends=True) if line.endswith("\n"))
    assert ledger.verify(tmp_path) == []
    assert safe <= {info.name for info in ledger.segments(tmp_path)}


def many(number: int = 400) -> list[Evidence]:
    return [job(n) for n in range(number)]


def test_a_large_segment_is_packed_and_reads_back_the_same(tmp_path: Path) -> None:
    (path,) = ledger.write(tmp_path, many())
    assert path.name.endswith(".jsonl.gz")
    assert path.stat().st_size < writing.PACK_ABOVE_BYTES
    assert ledger.read(tmp_path, "job") == many()


def test_a_packed_segment_is_the_same_bytes_whenever_it_is_written(tmp_path: Path) -> None:
    one, other = (ledger.write(tmp_path / name, many())[0].read_bytes() for name in ("one", "other"))
    assert one == other


def test_a_segment_that_stands_there_packed_and_not_counts_once(tmp_path: Path) -> None:
    (packed,) = ledger.write(tmp_path, many())
    packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    assert len(many()) == len(ledger.read(tmp_path, "job"))
    assert (packed.with_suffix(""),) == ledger.write(tmp_path, many())


def test_a_packed_segment_that_was_changed_or_cut_is_named(tmp_path: Path) -> None:
    (packed,) = ledger.write(tmp_path, many())
    whole = packed.read_bytes()
    for content in (gzip.compress(b"{}\n"), whole[: len(whole) // 2], b"no gzip"):
        packed.write_bytes(content)
        (problem,) = ledger.verify(tmp_path)
        assert packed.name in problem


def test_a_newer_format_is_refused_and_an_older_one_is_read(tmp_path: Path) -> None:
    ledger.write(tmp_path, [job()])
    row = msgspec.json.decode(only(tmp_path).read_bytes())
    only(tmp_path).unlink()
    (old := dict(row)).pop("format")
    put_row(tmp_path, old)
    assert [job()] == ledger.read(tmp_path, "job")
    put_row(tmp_path, row | {"format": FORMAT + 1})
    with pytest.raises(EvidenceError, match=f"format {FORMAT + 1}.*reads up to {FORMAT}"):
        ledger.read(tmp_path, "job")


SAMPLE = Path(__file__).parent / "ledgers" / "format-1"


def test_what_the_first_format_wrote_is_read_for_ever() -> None:
    assert ledger.verify(SAMPLE) == []
    counts = {kind: len(ledger.read(SAMPLE, kind)) for kind in STORED}
    three = dict.fromkeys(("context", "finding", "test", "proof"), 3)
    several = {
        "tree": 0,
        "compat": 0,
        "api": 0,
        "health": 0,
        "dispatch": 0,
        "note": 0,
        "redaction": 0,
        "job": 6,
        "observation": 3 + 191,
        "transition": 2,
        "watch": 4,
        **three,
    }
    assert counts == dict.fromkeys(STORED, 1) | several
    assert {1} == {record.format for segment in ledger.survey(SAMPLE).segments for record in segment.records}


def test_the_first_format_is_kept_in_each_way_that_a_segment_is_written() -> None:
    assert {".jsonl", ".gz", ".parquet"} == {file.suffix for file in SAMPLE.iterdir()}


def test_every_field_that_the_first_format_wrote_is_read_and_written_again() -> None:
    """A field that has gone, or that has another name, would be lost in silence: decoding passes over it."""
    for file in SAMPLE.glob("*.jsonl"):
        for line in file.read_bytes().splitlines():
            record = msgspec.json.decode(line, type=STORED[file.name.partition("-")[0]])
            again = msgspec.json.decode(msgspec.json.encode(record))
            assert again == again | msgspec.json.decode(line), file.name


def test_a_record_of_each_kind_is_written_with_its_keys_in_order() -> None:
    for record in (record for segment in ledger.survey(SAMPLE).segments for record in segment.records):
        row = msgspec.json.decode(msgspec.json.encode(record))
        assert msgspec.json.encode(row, order="deterministic") + b"\n" == segment_format.encode([record])


def test_late_evidence_stands_where_it_happened_and_not_where_it_was_recorded(tmp_path: Path) -> None:
    happened, recorded = T0 + timedelta(hours=5), T0 + timedelta(hours=60)
    ledger.write(tmp_path, [msgspec.structs.replace(job(recorded_at=recorded), occurred_at=happened)])

    def decided(until_h: int, as_of_h: int, since_h: int = 0) -> int:
        asked = {
            "ours": [],
            "workflows": ["w"],
            "any_workflow": False,
            "commit": "",
            "same_tree": [],
            "ci_events": [""],
            "rehearsal": False,
            "t0": T0 + timedelta(hours=since_h),
            "until": T0 + timedelta(hours=until_h),
            "as_of": T0 + timedelta(hours=as_of_h),
        }
        with engine.opened(tmp_path) as questions:
            return int(questions.ask("pass_rate", asked)[0]["decided"])

    assert (decided(24, 72), decided(24, 24), decided(72, 72, since_h=48)) == (1, 0, 0)


def hostile(folder: Path, what: str) -> Path:
    path = folder / f"job-{'0' * 32}.jsonl"
    packed = path.with_name(path.name + ".gz")
    match what:
        case "a folder":
            path.mkdir()
        case "a pipe":
            os.mkfifo(path)
        case "a pipe, compacted":
            os.mkfifo(path := path.with_suffix(".parquet"))
        case "a link":
            real = next(SAMPLE.glob("job-*.jsonl"))  # its content is right: it is only not here
            (path := folder / real.name).symlink_to(real)
        case "a link to nothing":
            path.symlink_to(folder / "nothing")
        case "a link to a compacted file":
            real = next(SAMPLE.glob("*.parquet"))
            (path := folder / real.name).symlink_to(real)
        case "a bomb":
            with gzip.open(path := packed, "wb", compresslevel=1) as file:
                for _ in range(40):
                    file.write(bytes(1024 * 1024))
        case "nothing in it":
            path.touch()
        case "nothing in it, packed":
            (path := packed).touch()
        case "nothing in it, compacted":
            (path := path.with_suffix(".parquet")).touch()
        case "another case":
            (path := path.with_name(path.name.upper())).write_text("{}")
        case "no UTF-8":
            path = Path(os.fsdecode(os.fsencode(folder) + b"/job-\xff.jsonl"))
            path.write_text("{}")
        case "deep":
            path.write_text("[" * 100_000)
        case "forbidden":
            path.touch(mode=0)
    return path


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes with names there")
@pytest.mark.parametrize(
    "what",
    [
        "a folder",
        "a pipe",
        "a pipe, compacted",
        "a link",
        "a link to nothing",
        "a link to a compacted file",
        "a bomb",
        "nothing in it",
        "nothing in it, packed",
        "nothing in it, compacted",
        "another case",
        "no UTF-8",
        "deep",
        "forbidden",
    ],
)
def test_what_is_not_evidence_is_said_in_bounded_memory_and_the_rest_is_read(tmp_path: Path, what: str) -> None:
    book = tmp_path / "book"
    ledger.write(book, [job()])
    path = hostile(book, what)
    tracemalloc.start()
    found = ledger.survey(book)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    (problem,) = found.problems
    problem.encode()  # it can be shown
    assert frozenset({path.name}) == found.damaged
    assert [job()] == [record for segment in found.segments for record in segment.records]
    assert peak_bytes < 3 * file_lines.LONGEST_LINE_BYTES


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL there")
@pytest.mark.parametrize(("kills", "writers"), [(6, 4), pytest.param(20, 8, marks=pytest.mark.long)])
def test_writers_and_compactions_that_are_killed_lose_nothing_and_count_nothing_twice(kills: int, writers: int) -> None:
    command = [sys.executable, "-m", "tests.evidence.ledger_soak", "--kills", str(kills), "--writers", str(writers)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
