"""Tests that the files of a ledger are listed and copied byte for byte, readable or not."""

from __future__ import annotations

import gzip
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atalaya.core.whole_file import write_whole
from atalaya.evidence.ledger import holdings, ledger
from atalaya.records.stored import Conclusion, Environment, JobAttempt

T0 = datetime(2026, 11, 25, 4, tzinfo=UTC)
HOSTILE = "job <img src=x onerror=alert(1)>\n\u202e" + "x" * 190 + ".jsonl"


def jobs(run: str, n: int = 1) -> list[JobAttempt]:
    return [
        JobAttempt(
            run_id=run,
            environment=Environment.CI,
            occurred_at=T0,
            recorded_at=T0,
            workflow="w",
            job=f"j{number} ñ",
            variant="",
            attempt=1,
            commit="c",
            conclusion=Conclusion.SUCCESS,
            origin="o",
        )
        for number in range(n)
    ]


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))  # noqa: PTH208 - names


def test_a_file_is_listed_with_the_size_and_the_digest_of_its_bytes(tmp_path: Path) -> None:
    (path,) = ledger.write(tmp_path, jobs("r1", 1000))
    held = holdings.holdings(tmp_path)
    (listed,) = held.files_of(held.segments[0].info)
    assert path.name.endswith(".jsonl.gz")
    assert (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()) == (listed.size_bytes, listed.sha256)


def test_lines_are_those_that_stand_in_the_file_packed_or_not(tmp_path: Path) -> None:
    (packed,) = ledger.write(tmp_path, jobs("r1", 1000))
    (plain,) = ledger.write(tmp_path, jobs("r2", 3))
    with gzip.open(packed, "rt", encoding="utf-8") as file:
        expected = {(packed.name, 7): file.read().splitlines()[6]}
    expected[plain.name, 3] = plain.read_text(encoding="utf-8").splitlines()[2]
    assert expected == holdings.holdings(tmp_path).lines({packed.name: [7], plain.name: [3], "gone.jsonl": [1]})


def test_after_a_compaction_a_line_is_the_same_and_stands_in_the_compacted_file(tmp_path: Path) -> None:
    (path,) = ledger.write(tmp_path, jobs("r1", 3))
    before = holdings.holdings(tmp_path).lines({path.name: [2]})
    ledger.write(tmp_path, jobs("r2"))
    (compacted,) = ledger.compact(tmp_path)
    held = holdings.holdings(tmp_path)
    assert before == held.lines({path.name: [2]})
    (segment,) = (one.info for one in held.segments if one.info.name == path.name)
    assert [compacted.name] == [one.name for one in held.files_of(segment)]


def test_a_segment_that_two_recorded_stands_in_both_files(tmp_path: Path) -> None:
    (path,) = ledger.write(tmp_path, jobs("r1", 3))
    other = path.with_name(f"{path.name}.gz")
    other.write_bytes(gzip.compress(path.read_bytes()))
    held = holdings.holdings(tmp_path)
    assert {path.name, other.name} == {one.name for one in held.files_of(held.segments[0].info)}


def test_what_cannot_be_read_keeps_its_bytes_and_is_listed_with_the_reason_and_no_path_of_the_machine(
    tmp_path: Path,
) -> None:
    (path,) = ledger.write(tmp_path, jobs("r1"))
    path.write_bytes(path.read_bytes().replace(b"success", b"failure"))
    (tmp_path / HOSTILE).write_bytes(b"\xff\x00 not a record")
    survey = ledger.survey(tmp_path)
    found = {one.name: one for one in holdings.unreadable(tmp_path, survey)}
    assert {path.name, HOSTILE} == found.keys()
    assert hashlib.sha256(b"\xff\x00 not a record").hexdigest() == found[HOSTILE].sha256
    assert "it was changed after it was written" in found[path.name].reason
    assert not any(str(tmp_path) in one.reason for one in found.values())
    assert holdings.holdings(tmp_path, survey).files == {}


def test_copies_have_the_bytes_of_the_files_and_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, into = tmp_path / "evidence", tmp_path / "html" / "evidence"
    ledger.write(source, jobs("r1", 1000))
    (source / HOSTILE).write_bytes(b"\xff\x00 not a record")
    written: list[str] = []

    def counted(path: Path, content: object) -> None:
        written.append(path.name)
        write_whole(path, content)  # type: ignore[arg-type]

    monkeypatch.setattr(holdings, "write_whole", counted)
    holdings.copy(source, into)
    assert {name: (source / name).read_bytes() for name in names(source)} == {
        name: (into / name).read_bytes() for name in names(into)
    }
    assert names(source) == sorted(written)
    holdings.copy(source, into)
    assert names(source) == sorted(written)


def test_a_file_that_changed_is_copied_anew_and_one_that_is_gone_goes_while_pages_stay(tmp_path: Path) -> None:
    source, into = tmp_path / "evidence", tmp_path / "html"
    (first,) = ledger.write(source, jobs("r1"))
    (second,) = ledger.write(source, jobs("r2"))
    holdings.copy(source, into)
    (into / "job.html").write_text("a page", encoding="utf-8")
    first.unlink()
    second.write_bytes(b"damaged")
    holdings.copy(source, into)
    assert sorted([second.name, "job.html"]) == names(into)
    assert (into / second.name).read_bytes() == b"damaged"


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_and_a_pipe_are_not_followed(tmp_path: Path) -> None:
    source, into = tmp_path / "evidence", tmp_path / "html"
    secret = tmp_path / "secret"
    secret.write_text("of this machine", encoding="utf-8")
    ledger.write(source, jobs("r1"))
    name = f"job-{'0' * 32}.jsonl"
    (source / name).symlink_to(secret)
    os.mkfifo(source / f"job-{'1' * 32}.jsonl")
    holdings.copy(source, into)
    assert len(names(into)) == 1
    found = {one.name: one for one in holdings.unreadable(source, ledger.survey(source))}
    assert (found[name].size_bytes, found[name].sha256) == (None, "")


def test_no_folder_is_nothing(tmp_path: Path) -> None:
    assert holdings.holdings(tmp_path / "none").segments == ()
    holdings.copy(tmp_path / "none", tmp_path / "html")
    assert not (tmp_path / "html").exists()
