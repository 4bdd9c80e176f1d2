"""Tests that `evidence verify` reports all differences, and `evidence compact` causes none."""

from __future__ import annotations

import argparse
import json
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atalaya.cli import evidence
from atalaya.cli.as_of import judged
from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.cli.publish import write_release
from atalaya.cli.record_verdict import call_the_roll
from atalaya.core.settings import Loaded, Settings
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import RunContext, SegmentManifest
from atalaya.watch import folder

REHEARSAL = Path(__file__).parents[2] / "docs" / "releases" / "rehearsal-1"
NAME = REHEARSAL.name


@pytest.fixture
def place(tmp_path: Path) -> Context:
    """A project with one release in it, and a run after it, so that there is something to compact."""
    book = shutil.copytree(REHEARSAL, tmp_path / "docs" / "releases" / NAME) / "evidence"
    last = max(ledger.read(book, RunContext), key=lambda record: record.recorded_at)
    ledger.write(book, [msgspec.structs.replace(last, run_id="now", recorded_at=last.recorded_at + timedelta(hours=1))])
    return Context(tmp_path, Loaded(Settings(), {}, tmp_path / "watch.toml"), Console())


def published(place: Context) -> Path:
    out = place.docs / "_generated" / NAME
    write_release(place, judged(place, folder.load(place.releases / NAME), None), out)
    return out


def asked(
    command: Any, place: Context, capsys: pytest.CaptureFixture[str], release: str | None = NAME
) -> tuple[int, Any]:
    code = command(place, argparse.Namespace(release=release, json=True))
    printed = capsys.readouterr().out
    return code, json.loads(printed[printed.index("{") :])


def snapshot(root: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_all_is_well_where_it_is_and_nothing_is_written(place: Context, capsys: pytest.CaptureFixture[str]) -> None:
    published(place)
    before = snapshot(place.root)
    code, said = asked(evidence.verify, place, capsys)
    (each,) = said["releases"]
    assert (code, each["published"], each["problems"], each["differs"]) == (0, True, [], [])
    assert before == snapshot(place.root)


@pytest.mark.long
def test_it_is_all_well_after_a_compaction_too(place: Context, capsys: pytest.CaptureFixture[str]) -> None:
    published(place)
    code, said = asked(evidence.compact, place, capsys)
    assert (code, len(said["compacted"]), said["problems"]) == (0, 11, [])
    code, said = asked(evidence.verify, place, capsys, None)
    assert (code, said["releases"][0]["segments"]) == (0, 12), said["releases"][0]["differs"][:3]


def test_a_published_file_that_was_edited_is_named_with_its_first_line(
    place: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    page = published(place) / "es" / "verdict.md"
    lines = page.read_text(encoding="utf-8").split("\n")
    lines[2] = "GO"
    page.write_text("\n".join(lines), encoding="utf-8")
    code, said = asked(evidence.verify, place, capsys)
    (differs,) = said["releases"][0]["differs"]
    assert (code, differs["file"], differs["line"], differs["published"]) == (1, "es/verdict.md", 3, "GO")


def test_a_published_file_too_many_and_one_too_few_are_named(
    place: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    out = published(place)
    (out / "en" / "zz.md").write_text("x")
    (out / "en" / "t00.md").unlink()
    code, said = asked(evidence.verify, place, capsys)
    told = {each["file"]: (each["published"], each["replayed"]) for each in said["releases"][0]["differs"]}
    assert (1, {"en/zz.md", "en/t00.md"}) == (code, set(told))
    assert (told["en/zz.md"][1], told["en/t00.md"][0]) == (None, None)


@pytest.mark.parametrize("compacted", [False, True])
def test_evidence_that_was_changed_is_said(place: Context, capsys: pytest.CaptureFixture[str], compacted: bool) -> None:
    book = place.releases / NAME / "evidence"
    if compacted:
        ledger.compact(book)
    path = next(iter(book.glob("job-*")))
    path.write_bytes(path.read_bytes()[:-9])
    code, said = asked(evidence.verify, place, capsys)
    (problem,) = said["releases"][0]["problems"]
    assert (code, path.name in problem) == (1, True)


def rolled(place: Context) -> Path:
    """A segment that a roll call has named."""
    call_the_roll(place, folder.load(place.releases / NAME))
    return next((place.releases / NAME / "evidence").glob("job-*"))


@pytest.mark.parametrize("way", ["deleted", "renamed", "another suffix", "moved", "another's name"])
def test_a_segment_that_is_not_where_it_was_is_named(
    place: Context, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    path = rolled(place)
    if way == "deleted":
        path.unlink()
    elif way == "moved":
        (path.parent / "old").mkdir()
        path.rename(path.parent / "old" / path.name)
    else:
        names = {
            "renamed": f"job-{'0' * 32}.jsonl",
            "another suffix": f"{path.name}.bak",
            "another's name": next(path.parent.glob("observation-*")).name.replace("observation", "job"),
        }
        path.rename(path.with_name(names[way]))
    code, said = asked(evidence.verify, place, capsys)
    gone = [problem for problem in said["releases"][0]["problems"] if "is gone. Restore it from git" in problem]
    assert (code, [problem.partition(":")[0] for problem in gone]) == (1, [path.name.partition(".")[0]])


def test_a_time_of_recording_that_was_changed_is_named(place: Context, capsys: pytest.CaptureFixture[str]) -> None:
    named = next((place.releases / NAME / "evidence").glob("context-*"))
    # As the first versions wrote it: its name holds no time.
    path = named.rename(named.with_name(re.sub(r"-\d{8}T\d+Z\.", ".", named.name)))
    call_the_roll(place, folder.load(place.releases / NAME))
    content = path.read_bytes()
    stamp = re.search(rb'"recorded_at":"(\d{4})', content)
    assert stamp is not None
    path.write_bytes(content.replace(stamp[0], b'"recorded_at":"2020'))
    assert ledger.verify(path.parent) == []
    code, said = asked(evidence.verify, place, capsys)
    (problem,) = said["releases"][0]["problems"]
    assert (code, "a time of recording was changed in it" in problem) == (1, True)


def test_what_is_named_stays_named_in_a_compacted_file(place: Context, capsys: pytest.CaptureFixture[str]) -> None:
    rolled(place)
    asked(evidence.compact, place, capsys)
    code, said = asked(evidence.verify, place, capsys)
    assert (code, said["releases"][0]["problems"]) == (0, [])
    next((place.releases / NAME / "evidence").glob("test-*.parquet")).unlink()
    code, said = asked(evidence.verify, place, capsys)
    assert code == 1
    assert all(problem.startswith("test-") for problem in said["releases"][0]["problems"])


def test_a_roll_call_names_those_before_it_and_never_only_those(place: Context) -> None:
    rolled(place)
    book = place.releases / NAME / "evidence"
    before = len(ledger.read(book, SegmentManifest))
    call_the_roll(place, folder.load(place.releases / NAME))
    assert before == len(ledger.read(book, SegmentManifest))
    last = ledger.read(book, RunContext)[0]
    ledger.write(book, [msgspec.structs.replace(last, run_id="later")])
    call_the_roll(place, folder.load(place.releases / NAME))
    newest = max(ledger.read(book, SegmentManifest), key=lambda call: call.recorded_at)
    assert {"context", "roll"} == {name.partition("-")[0] for name in newest.segments}
    assert len(newest.digests) == len(newest.segments)


def test_a_release_that_was_never_published_is_said_and_is_no_error(
    place: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = asked(evidence.verify, place, capsys)
    assert (code, said["releases"][0]["published"]) == (0, False)


def test_nothing_there_is_unknown_and_never_well(place: Context, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(place.releases / NAME / "evidence")
    assert asked(evidence.verify, place, capsys)[0] == 3
    shutil.rmtree(place.releases / NAME)
    assert asked(evidence.verify, place, capsys, None) == (3, {"releases": []})
