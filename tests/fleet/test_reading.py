"""Tests that the row of a release says what was said of it, and that whatever a folder holds is a row."""

from __future__ import annotations

import errno
import gzip
import json
import os
import shutil
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import asdict, replace

from atalaya.core import plain_file
from atalaya.core.errors import EngineError, NetworkError
from atalaya.core.settings import Settings, Thresholds
from atalaya.evidence.ledger import ledger
from atalaya.fleet import judging, reading
from atalaya.fleet.incidents import most
from atalaya.fleet.judging import Judging
from atalaya.fleet.row import MOST, Made
from atalaya.fleet.sources import TOML, ReleasePlace
from atalaya.metrics.definitions import counting
from atalaya.records.fleet import FINE, Basis, FleetIncident, FleetWord, NotJudged
from atalaya.records.judged import State
from atalaya.records.stored import (
    CaseOutcome,
    CommitTree,
    Conclusion,
    Environment,
    Event,
    EventKind,
    IncidentStep,
    JobAttempt,
    Observation,
    Outcome,
    Severity,
    TestAttempt,
    record_metadata,
)
from atalaya.site.outputs.json_output import as_json
from atalaya.watch.folder import load
from atalaya.watch.incidents.fingerprint import cause_of_event
from atalaya.watch.judgement import judge_release
from atalaya.watch.state_at import in_force_record, rests_on
from atalaya.watch.states import CLOSED, EXTENDED, INVALID, OPEN
from tests.fleet.many import SAID_AT, T0, call_the_roll, metrics, read, release, said, sealed, step
from tests.tables import each_row

CI = Environment.CI
DIGITS = json.dumps(metrics("1.0.0", "GO")).replace("0.95", "9" * 400)
NO_ZONE = json.dumps(metrics("1.0.0", "GO") | {"as_of": "2026-11-27T09:00:00"})


def place_of(folder: Path, published: Path | None = None) -> ReleasePlace:
    return ReleasePlace(folder.name, folder, folder / "evidence", published)


def row_of(folder: Path, by: Judging) -> Made:
    return read("orders", place_of(folder), by)


def test_a_closed_release_has_the_word_and_the_figures_of_its_sealed_report(tmp_path: Path, by: Judging) -> None:
    row = row_of(sealed(release(tmp_path, "1.0.0", real=True), "NO-GO", state="FAIL"), by).row
    assert (row.word, row.basis, row.closed, row.valid_until, row.problem) == (
        FleetWord.NO_GO,
        Basis.SEALED,
        True,
        None,
        "",
    )
    assert (row.metrics[0].id, row.metrics[0].state, row.metrics[0].value, row.metrics[0].low, row.metrics[0].high) == (
        "pass-rate",
        State.FAIL,
        0.95,
        0.89,
        0.98,
    )


@pytest.mark.parametrize("harm", ["torn", "gone"])
@pytest.mark.parametrize("name", ["evidence/said-*", "evidence/test-*", "evidence/watch-*", "report.json", TOML])
def test_a_sealed_release_that_is_not_what_was_sealed_has_a_broken_seal(
    tmp_path: Path, by: Judging, name: str, harm: str
) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), "GO", T0, real=True)
    ledger.write(folder / "evidence", [attempt("t", CaseOutcome.PASSED)])
    sealed(folder)
    assert row_of(folder, by).row.word is FleetWord.GO
    file = next(folder.glob(name))
    content = file.read_bytes()
    file.unlink()
    if harm == "torn":
        file.write_bytes(content[: len(content) // 2])
    row = row_of(folder, by).row
    assert (row.seal_broken, row.closed, Path(name).name.split("-")[0] in row.problem) == (True, True, True)


@pytest.mark.parametrize("name", ["evidence/notes.txt", "evidence/.x.jsonl", "notes.md", "seal.json"])
def test_a_sealed_release_that_has_more_than_was_sealed_or_a_torn_seal_has_a_broken_seal(
    tmp_path: Path, by: Judging, name: str
) -> None:
    folder = sealed(said(release(tmp_path, "1.0.0", real=True), "GO", T0, real=True))
    (folder / name).write_text("torn")
    assert row_of(folder, by).row.seal_broken


@pytest.mark.parametrize("name", ["incidents/INC-1.md", "evidence/test-", "report.json", "seal.json", TOML])
def test_too_many_open_files_break_no_seal_and_are_tried_again(
    tmp_path: Path, by: Judging, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), "GO", T0, real=True)
    ledger.write(folder / "evidence", [attempt("t", CaseOutcome.PASSED)])
    (folder / "incidents").mkdir()
    (folder / "incidents" / "INC-1.md").write_text("It was slow.\n")
    sealed(folder)
    opened = plain_file.opened

    def refusing(path: Path) -> object:
        if path.as_posix().startswith((folder / name).as_posix()):
            raise OSError(errno.EMFILE, "Too many open files")
        return opened(path)

    with monkeypatch.context() as for_now:
        for_now.setattr(plain_file, "opened", refusing)
        made = row_of(folder, by)
    assert (made.row.seal_broken, made.row.word, made.until) == (False, FleetWord.UNKNOWN, by.now)
    says = "cannot be read: Too many open files. Nothing is known of it: see to that, and run again."
    assert made.row.problem.endswith(says)


def test_evidence_that_a_clock_ahead_opened_is_read_again_when_its_time_has_come(tmp_path: Path, by: Judging) -> None:
    comes, folder = by.now + timedelta(minutes=1), tmp_path / "1.0.0"
    ledger.write(folder, [step(comes, OPEN)])
    made = read("orders", ReleasePlace("1.0.0", folder, folder, evidence_alone=True), by)
    assert (bool(made.row.problem), made.until) == (True, comes)


def test_what_was_published_of_a_release_names_the_evidence_that_it_rests_on(tmp_path: Path, by: Judging) -> None:
    folder, published = release(tmp_path, "1.0.0", real=True), tmp_path / "metrics.json"
    ledger.write(folder / "evidence", [attempt("t", CaseOutcome.PASSED)])
    judgement = judge_release(folder, load(folder), as_of=None, now=by.now, settings=Settings(), pack=by.pack)
    published.write_text(as_json(judgement))
    assert read("orders", place_of(folder, published), by).to_judge is None
    ledger.write(folder / "evidence", [attempt("late", CaseOutcome.PASSED)])
    assert read("orders", place_of(folder, published), by).to_judge is not None


@pytest.mark.parametrize("kind", ["api", "job", "reading", "test"])
def test_what_was_said_is_not_believed_where_any_evidence_is_damaged(tmp_path: Path, by: Judging, kind: str) -> None:
    folder = said(release(tmp_path, "1.0.0"), "GO")
    segment = next((folder / "evidence").glob(f"{kind}-*"))
    content = segment.read_bytes()
    segment.unlink()  # it is a link to that of the rehearsal
    segment.write_bytes(content[: len(content) // 2])
    made = row_of(folder, by)
    assert (made.row.word, made.row.basis) == (FleetWord.UNKNOWN, Basis.NOTHING)
    assert made.to_judge is not None or kind in made.row.problem
    left = row_of(folder, by._replace(not_judged=NotJudged.ASKED)).row
    assert (left.word, kind in left.problem) == (FleetWord.UNKNOWN, True)


def test_evidence_that_a_judgement_reads_is_not_read_through_before_it(
    tmp_path: Path, by: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_through: list[Path] = []
    survey = ledger.survey

    def surveyed(folder: Path, kinds: Collection[str] | None = None, **how: object) -> ledger.Survey:
        read_through.extend([folder] if kinds is None else [])
        return survey(folder, kinds, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger, "survey", surveyed)
    stands = said(release(tmp_path, "1.0.0"), "GO")
    assert (row_of(stands, by).to_judge, read_through) == (None, [stands / "evidence"])
    is_older = said(release(tmp_path, "1.1.0"), "GO", T0 - timedelta(days=90))
    assert row_of(is_older, by).to_judge is not None
    assert read_through == [stands / "evidence"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in a folder there")
@pytest.mark.parametrize("name", ["release.toml", "seal.json", "report.json", "evidence/notes", "evidence/job-1.jsonl"])
def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path, by: Judging, name: str) -> None:
    folder = sealed(release(tmp_path, "1.0.0", real=True))
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    row = row_of(folder, by).row
    assert (row.word, bool(row.problem)) == (FleetWord.UNKNOWN, True)


def test_a_release_toml_without_end_is_not_read(tmp_path: Path, by: Judging) -> None:
    folder = release(tmp_path, "1.0.0", real=True)
    with (folder / "release.toml").open("a", encoding="utf-8") as file:
        file.write("# so it goes on\n" * 100_000)
    assert "more than 1000000 bytes" in row_of(folder, by).row.problem


def test_a_report_that_is_not_what_was_sealed_breaks_the_seal(tmp_path: Path, by: Judging) -> None:
    folder = sealed(release(tmp_path, "1.0.0", real=True), "NO-GO")
    report = folder / "report.json"
    report.write_text(report.read_text().replace("NO-GO", "GO"))
    row = row_of(folder, by).row
    assert (row.seal_broken, row.problem) == (True, "report.json is not what was sealed. Restore it from git.")


def test_a_link_in_the_place_of_a_report_breaks_the_seal(tmp_path: Path, by: Judging) -> None:
    folder = release(tmp_path, "1.0.0", real=True)
    _report_is_a_link(folder)
    row = row_of(folder, by).row
    assert (row.seal_broken, "report.json: a link cannot be sealed" in row.problem) == (True, True)


def test_the_report_of_another_release_breaks_the_seal(tmp_path: Path, by: Judging) -> None:
    other = sealed(release(tmp_path / "other", "2.0.0", real=True), "GO")
    folder = release(tmp_path, "1.0.0", real=True)
    for name in ("report.json", "seal.json"):
        (folder / name).write_bytes((other / name).read_bytes())
    row = row_of(folder, by).row
    assert (row.seal_broken, row.problem) == (True, "It is not as it was sealed: The seal is that of 2.0.0.")


def test_the_last_verdict_that_was_recorded_is_shown_until_it_expires(tmp_path: Path, by: Judging) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), "WAITING", SAID_AT, real=True)
    said(folder, "ON TRACK", SAID_AT + timedelta(hours=2), real=True)
    made = row_of(folder, by)
    assert (FleetWord.ON_TRACK, Basis.RECORDED, SAID_AT + timedelta(hours=2 + 25)) == (
        made.row.word,
        made.row.basis,
        made.row.valid_until,
    )
    assert made.to_judge is None


def test_what_was_published_is_shown_with_its_figures_where_nothing_was_said_later(tmp_path: Path, by: Judging) -> None:
    folder, published = release(tmp_path, "1.0.0", real=True), tmp_path / "metrics.json"
    ledger.write(folder / "evidence", [attempt("t", CaseOutcome.PASSED)])
    call_the_roll(folder / "evidence", SAID_AT - timedelta(hours=1))
    published.write_text(json.dumps(metrics("1.0.0", "EXTEND")))
    row = read("orders", place_of(folder, published), by).row
    assert (row.word, row.basis, len(row.metrics)) == (FleetWord.EXTEND, Basis.PUBLISHED, 2)
    said(folder, "GO", SAID_AT + timedelta(hours=1), real=True)
    assert read("orders", place_of(folder, published), by).row.word is FleetWord.GO


def test_a_page_that_names_its_evidence_stands_as_long_as_that_is_all_there_is(tmp_path: Path, by: Judging) -> None:
    folder, published = release(tmp_path, "1.0.0", real=True), tmp_path / "metrics.json"
    hour = timedelta(hours=1)
    ledger.write(folder / "evidence", [attempt("before", CaseOutcome.PASSED, SAID_AT - hour)])
    survey = ledger.survey(folder / "evidence")
    page = metrics("1.0.0", "ON TRACK") | {"evidence": asdict(rests_on(one.info for one in survey.segments))}
    published.write_text(json.dumps(page))
    call_the_roll(folder / "evidence", SAID_AT + hour)  # it took an hour to judge
    assert read("orders", place_of(folder, published), by).to_judge is None
    ledger.write(folder / "evidence", [attempt("late", CaseOutcome.FAILED, SAID_AT - hour)])
    call_the_roll(folder / "evidence", SAID_AT, run_id="elsewhere")
    assert read("orders", place_of(folder, published), by).to_judge is not None


def test_a_page_that_rests_on_more_evidence_than_there_is_is_not_believed_and_nothing_is_judged_for_it(
    tmp_path: Path, by: Judging
) -> None:
    folder, published = release(tmp_path, "1.0.0", real=True), tmp_path / "metrics.json"
    ledger.write(folder / "evidence", [attempt("t", CaseOutcome.PASSED)])
    (red,) = ledger.write(folder / "evidence", [attempt("t", CaseOutcome.FAILED)])
    survey = ledger.survey(folder / "evidence")
    at = T0 + timedelta(hours=70)
    page = metrics("1.0.0", "OFF TRACK", at) | {"evidence": asdict(rests_on(one.info for one in survey.segments))}
    published.write_text(json.dumps(page))
    assert read("orders", place_of(folder, published), by._replace(now=at)).row.word is FleetWord.OFF_TRACK
    red.unlink()  # and no roll call had named it
    for now in (at, T0 + timedelta(hours=73)):  # the end of the window brings nothing back
        made = read("orders", place_of(folder, published), by._replace(now=now))
        assert (made.row.basis, made.to_judge) == (Basis.NOTHING, None)
        assert "rests on 3 segments of evidence, and 2 are there" in made.row.problem


def test_a_damaged_file_of_many_segments_is_damage_and_not_a_lack_of_them(tmp_path: Path, by: Judging) -> None:
    folder, published = release(tmp_path, "1.0.0", real=True), tmp_path / "metrics.json"
    ledger.write(folder / "evidence", [attempt("t", CaseOutcome.PASSED)])
    ledger.write(folder / "evidence", [attempt("t", CaseOutcome.FAILED)])
    said(folder, "ON TRACK", real=True)
    ledger.compact(folder / "evidence")
    survey = ledger.survey(folder / "evidence")
    page = metrics("1.0.0", "ON TRACK") | {"evidence": asdict(rests_on(one.info for one in survey.segments))}
    published.write_text(json.dumps(page))
    file = next((folder / "evidence").glob("test-*.parquet"))
    file.write_bytes(file.read_bytes()[:-3])
    assert read("orders", place_of(folder, published), by).to_judge is not None


@pytest.mark.parametrize("name", ["metrics.json", TOML])
def test_what_cannot_be_opened_for_now_is_looked_at_again(
    tmp_path: Path, by: Judging, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, published = release(tmp_path, "1.0.0", real=True), tmp_path / "metrics.json"
    published.write_text(json.dumps(metrics("1.0.0", "NO-GO")))
    content = plain_file.content

    def refusing(path: Path, most: int) -> bytes:
        if path.name == name:
            raise OSError(errno.EMFILE, "Too many open files")
        return content(path, most)

    monkeypatch.setattr(plain_file, "content", refusing)
    made = read("orders", place_of(folder, published), by)
    assert ("Too many open files" in made.row.problem, made.until) == (True, by.now)


def test_what_was_said_by_other_settings_than_those_of_its_repository_is_judged_anew(
    tmp_path: Path, by: Judging
) -> None:
    folder = release(tmp_path, "1.0.0", real=True)
    told = record_metadata("opening-1.0.0", Environment.LOOPBACK, T0)
    ledger.write(folder / "evidence", [in_force_record(Settings(), told, by="ana", why="the first record")])
    said(folder, "ON TRACK", real=True)
    assert row_of(folder, by._replace(own=Settings())).to_judge is None
    lax = Settings(thresholds=Thresholds(pass_rate=0.5))
    assert row_of(folder, by._replace(own=lax)).to_judge is not None


@each_row(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        DIGITS,
        "{}",
        "not JSON",
        '{"release": {"version": "1.0.0"}}',
        json.dumps(metrics("2", "GO")),
        NO_ZONE,
    ],
)
def test_a_page_that_is_not_of_this_release_says_nothing(text: str, tmp_path: Path, by: Judging) -> None:
    folder = tmp_path / "1.0.0" if (tmp_path / "1.0.0").exists() else release(tmp_path, "1.0.0", real=True)
    (tmp_path / "metrics.json").write_text(text)
    row = read("orders", place_of(folder, tmp_path / "metrics.json"), by).row
    assert (row.word, row.basis, row.problem) == (FleetWord.UNKNOWN, Basis.NOTHING, "")


def test_what_was_said_before_newer_evidence_is_judged_anew(tmp_path: Path, by: Judging) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), "GO", real=True)
    assert row_of(folder, by).to_judge is None
    ledger.write(folder / "evidence", [attempt("t", CaseOutcome.PASSED, SAID_AT + timedelta(minutes=1))])
    made = row_of(folder, by)
    assert made.to_judge is not None
    assert made.to_judge.version == "1.0.0"


def test_a_verdict_from_a_clock_that_is_ahead_waits_until_its_time_has_come(tmp_path: Path, by: Judging) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), "WAITING", real=True)
    comes = by.now + timedelta(days=50)
    said(folder, "GO", comes, real=True)
    published = tmp_path / "metrics.json"
    published.write_text(json.dumps(metrics("1.0.0", "ON TRACK", by.now + timedelta(days=90))))
    made = read("orders", place_of(folder, published), by)
    assert (made.row.word, made.until) == (FleetWord.WAITING, comes)
    assert read("orders", place_of(folder, published), by._replace(now=comes)).row.word is FleetWord.GO


def test_a_release_that_is_judged_is_looked_at_again_when_a_verdict_that_is_ahead_has_come(
    tmp_path: Path, by: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    comes = by.now + timedelta(days=50)
    made = row_of(said(release(tmp_path, "1.0.0", real=True), "NO-GO", comes, real=True), by)
    assert made.to_judge is not None
    monkeypatch.setattr(judging, "_judged", lambda row, *_: Made(row))
    assert judging.judge(made, made.to_judge, place_of(tmp_path / "1.0.0"), [], by).until == comes


@pytest.mark.parametrize(
    ("at_h", "lasts_h", "until_h"),
    [(0, 72, 24), (23, 72, 24), (24, 72, 48), (70, 72, 72), (72, 72, 97), (80, 72, 105), (80, 96, 96)],
)
def test_a_recorded_verdict_is_believed_until_the_next_checkpoint(
    tmp_path: Path, by: Judging, at_h: int, lasts_h: int, until_h: int
) -> None:
    hour = timedelta(hours=1)
    folder = release(tmp_path, "1.0.0", real=True)
    if lasts_h > 72:
        ledger.write(folder / "evidence", [step(T0 + 70 * hour, EXTENDED, window_h=lasts_h)])
    said(folder, "ON TRACK", T0 + at_h * hour, real=True)
    made = row_of(folder, by._replace(now=T0 + at_h * hour))
    assert (made.row.valid_until, made.to_judge) == (T0 + until_h * hour, None)


@pytest.mark.parametrize("damage", [True, False])
def test_a_longer_window_is_known_though_something_in_it_cannot_be_read(
    tmp_path: Path, by: Judging, damage: bool
) -> None:
    folder = release(tmp_path, "1.0.0", real=True)
    ledger.write(folder / "evidence", [step(T0 + timedelta(hours=70), EXTENDED, window_h=96)])
    (segment,) = ledger.write(folder / "evidence", [attempt("t", CaseOutcome.FAILED)])
    if damage:
        segment.write_bytes(b"torn")
    row = row_of(folder, by._replace(not_judged=NotJudged.ASKED)).row
    assert (bool(row.problem), row.ends_at, row.closed) == (damage, T0 + timedelta(hours=96), False)


@pytest.mark.parametrize("name", ["/tmp/outside", "../outside", ""])
def test_what_evidence_calls_its_release_is_no_path(tmp_path: Path, by: Judging, name: str) -> None:
    folder = tmp_path / "handed" / "1.0.0"
    ledger.write(folder, [step(T0, OPEN, run_id=f"opening-{name}")])
    made = read("orders", ReleasePlace("1.0.0", folder, folder, evidence_alone=True), by)
    assert made.to_judge is not None
    assert made.to_judge.version == "1.0.0"


def test_a_test_that_a_clock_wrote_down_ahead_waits_until_its_time_has_come(tmp_path: Path, by: Judging) -> None:
    folder, comes = release(tmp_path, "1.0.0", real=True), by.now + timedelta(days=365)
    failed = replace(attempt("t", CaseOutcome.FAILED), recorded_at=comes)
    ledger.write(folder / "evidence", [attempt("t", CaseOutcome.PASSED), failed])
    made = row_of(folder, by)
    assert (made.row.tests, made.until) == ((), comes)
    assert [one.test for one in row_of(folder, by._replace(now=comes)).row.tests] == ["t"]


def test_the_verdict_of_a_rehearsal_is_none_of_a_release(tmp_path: Path, by: Judging) -> None:
    made = row_of(said(release(tmp_path, "1.0.0", real=True), "GO", real=False), by)
    assert (made.row.basis, made.to_judge is not None) == (Basis.NOTHING, True)


def test_a_closed_release_without_its_seal_gives_no_word(tmp_path: Path, by: Judging) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), "GO", real=True)
    ledger.write(folder / "evidence", [step(SAID_AT, CLOSED)])
    row = row_of(folder, by).row
    assert (row.word, row.problem) == (
        FleetWord.UNKNOWN,
        "It is closed, and its seal.json is gone. Restore it from git.",
    )


def test_what_was_said_is_not_believed_where_evidence_was_taken_away(tmp_path: Path, by: Judging) -> None:
    folder = release(tmp_path, "1.0.0", real=True)
    (segment,) = ledger.write(folder / "evidence", [attempt("t", CaseOutcome.FAILED)])
    said(folder, "ON TRACK", real=True)
    assert row_of(folder, by).row.word is FleetWord.ON_TRACK
    segment.unlink()
    made = row_of(folder, by)
    assert (made.row.basis, made.to_judge is not None) == (Basis.NOTHING, True)
    left = row_of(folder, by._replace(not_judged=NotJudged.ASKED)).row
    assert (left.word, segment.name.partition(".")[0] in left.problem) == (FleetWord.UNKNOWN, True)


@pytest.mark.parametrize("said_by", ["a page", "a record"])
def test_what_was_said_without_any_evidence_is_not_believed(tmp_path: Path, by: Judging, said_by: str) -> None:
    folder, published = release(tmp_path, "1.0.0", real=True), tmp_path / "metrics.json"
    if said_by == "a page":
        published.write_text(json.dumps(metrics("1.0.0", "GO")))
    else:
        said(folder, "GO", real=True)
    for segment in (folder / "evidence").iterdir():
        if not segment.name.startswith("said-"):
            segment.unlink()
    row = read("orders", place_of(folder, published), by).row
    assert (row.word, row.basis, "no evidence" in row.problem) == (FleetWord.UNKNOWN, Basis.NOTHING, True)


@pytest.mark.parametrize("state", [CLOSED, INVALID])
def test_a_closed_release_that_came_without_its_seal_is_judged_but_for_one_that_is_invalid(
    tmp_path: Path, by: Judging, state: str
) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), "GO", real=True)
    (folder / "release.toml").unlink()
    ledger.write(folder / "evidence", [step(SAID_AT + timedelta(hours=1), state, verdict="0" * 64)])
    place = ReleasePlace("1.0.0", folder, folder / "evidence", evidence_alone=True)
    made = read("orders", place, by)
    assert (made.row.closed, made.to_judge is None) == (True, state == INVALID)
    if state == INVALID:
        assert (made.row.word, made.row.because) == (FleetWord.INVALID, ("it is time",))


@pytest.mark.parametrize("how", ["by a rehearsal", "by a clock that is ahead"])
def test_a_release_is_not_closed_by_a_step_that_a_judgement_does_not_know(
    tmp_path: Path, by: Judging, how: str
) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), "GO", real=True)
    at = by.now + timedelta(hours=1) if how != "by a rehearsal" else SAID_AT - timedelta(hours=1)
    whose = Environment.REHEARSAL if how == "by a rehearsal" else Environment.LOOPBACK
    ledger.write(folder / "evidence", [step(at, CLOSED, environment=whose)])
    made = row_of(folder, by)
    assert (made.row.closed, made.row.problem) == (False, "")
    assert made.until == (None if how == "by a rehearsal" else at)


def test_a_record_of_a_rehearsal_makes_no_rehearsal_of_evidence_that_was_handed_over(
    tmp_path: Path, by: Judging
) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), "NO-GO", real=True)
    (folder / "release.toml").unlink()
    early = T0 - timedelta(days=30)
    ledger.write(folder / "evidence", [step(early, OPEN, environment=Environment.REHEARSAL)])
    place = ReleasePlace("1.0.0", folder, folder / "evidence", evidence_alone=True)
    row = read("orders", place, by).row
    assert (row.rehearsal, row.opened_at) == (False, T0)


@pytest.mark.parametrize("how", ["late", "late, and named since", "long", "without a time in its name"])
def test_evidence_that_came_after_a_verdict_is_known_by_more_than_its_name(
    tmp_path: Path, by: Judging, how: str
) -> None:
    folder = release(tmp_path, "1.0.0", real=True)
    ledger.write(folder / "evidence", [attempt("before", CaseOutcome.PASSED)])
    said(folder, "ON TRACK", real=True)
    assert row_of(folder, by).to_judge is None
    hour = timedelta(hours=1)
    match how:
        case "late" | "late, and named since":  # from another machine, whose own roll was called there
            elsewhere = tmp_path / "elsewhere"
            ledger.write(elsewhere, [attempt("late", CaseOutcome.FAILED, SAID_AT - hour)])
            if how == "late":
                call_the_roll(elsewhere, SAID_AT - hour)
            for file in elsewhere.iterdir():
                file.rename(folder / "evidence" / file.name)
            if how != "late":
                call_the_roll(folder / "evidence", SAID_AT + timedelta(seconds=9), run_id="collect")
        case "long":
            both = [attempt("t", CaseOutcome.FAILED, SAID_AT + sign * hour) for sign in (-1, 1)]
            ledger.write(folder / "evidence", both)
        case _:
            (segment,) = ledger.write(folder / "evidence", [attempt("t", CaseOutcome.FAILED, SAID_AT + hour)])
            segment.rename(segment.with_name(f"{segment.name.rpartition('-')[0]}.jsonl"))
    assert row_of(folder, by).to_judge is not None


def test_what_was_said_before_the_window_ended_is_judged_anew_at_its_end(tmp_path: Path, by: Judging) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), "ON TRACK", T0 + timedelta(hours=70), real=True)
    ends = T0 + timedelta(hours=72)
    before = row_of(folder, by._replace(now=ends - timedelta(hours=1)))
    assert (None, ends) == (before.to_judge, before.until)
    assert row_of(folder, by._replace(now=ends)).to_judge is not None


def test_an_engine_that_does_not_answer_any_more_says_nothing_of_a_release(
    tmp_path: Path, by: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def lost(*_: object, engine: str, **__: object) -> None:
        asked.append(engine)
        raise NetworkError("SPARK_REMOTE: the connection to Spark is lost")

    monkeypatch.setattr(judging, "judge_release", lost)
    folder = release(tmp_path, "1.0.0", real=True)
    made = row_of(folder, by)
    assert made.to_judge is not None
    with pytest.raises(NetworkError):
        judging.judge(made, made.to_judge, place_of(folder), [], by._replace(engine="spark"))
    assert asked == ["spark"]


def test_the_checks_of_another_pack_are_not_judged_by_this_one(tmp_path: Path, by: Judging) -> None:
    folder = release(tmp_path, "1.0.0", real=True)
    ledger.write(
        folder / "evidence",
        [
            Observation(
                **record_metadata("run", Environment.LOOPBACK, T0),
                promise="other.promise",
                severity=Severity.MAJOR,
                outcome=Outcome.KEPT,
                reason="",
                duration_s=0.1,
                trials=1,
                subject_digest="",
            )
        ],
    )
    made = row_of(folder, by)
    assert (made.to_judge, made.row.not_judged, made.row.basis) == (None, NotJudged.OTHER_PACK, Basis.NOTHING)
    asked = row_of(folder, by._replace(not_judged=NotJudged.ASKED))
    assert NotJudged.ASKED is asked.row.not_judged


def attempt(test: str, outcome: CaseOutcome, at: datetime = T0, **changes: object) -> TestAttempt:
    values = {
        "test": test,
        "variant": "3.12",
        "attempt": 1,
        "commit": "0123abc",
        "outcome": outcome,
        "critical": False,
        "origin": "x",
        "workflow": "tests",
    }
    return TestAttempt(**(record_metadata(f"run-{at.isoformat()}", CI, at) | values | changes))  # type: ignore[arg-type]


def test_flaky_is_what_passed_and_failed_on_one_commit_and_variant(tmp_path: Path, by: Judging) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), real=True)
    good, bad = CaseOutcome.PASSED, CaseOutcome.FAILED
    ledger.write(
        folder / "evidence",
        [
            attempt("flaky", good),
            attempt("flaky", bad, critical=True),
            attempt("fixed", bad, commit="old"),
            attempt("fixed", good, commit="new"),
            attempt("one variant", bad, variant="3.13"),
            attempt("one variant", good),
            attempt("skipped", bad),
            attempt("skipped", CaseOutcome.SKIPPED),
            attempt("a step of the smoke", good, workflow="atalaya-smoke"),
            attempt("a step of the smoke", bad, workflow="atalaya-smoke"),
            attempt("before T+0", good),
            attempt("before T+0", bad, T0 - timedelta(hours=1)),
            attempt("after the window", good),
            attempt("after the window", bad, T0 + timedelta(hours=73)),
            attempt("of a pull request", good),
            attempt("of a pull request", bad, run_id="pr"),
            attempt("on another commit", good, commit="fedcba9"),
            attempt("on another commit", bad, commit="fedcba9"),
            attempt("on a commit of the same tree", good),
            attempt("on a commit of the same tree", bad, commit="89abcde"),
            job(run_id="pr", event="pull_request"),
            *(
                CommitTree(**record_metadata("t", CI, T0), commit=one, path="", tree="t", asked_of="git")
                for one in ("0123abc", "89abcde")
            ),
        ],
    )
    assert [(one.test, one.critical, one.keys) for one in row_of(folder, by).row.tests] == [
        ("flaky", True, 1),
        ("on a commit of the same tree", False, 1),
    ]


def test_tests_whose_names_are_shown_alike_are_as_many_as_they_are(tmp_path: Path, by: Judging) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), real=True)
    names = [f"test_connect[{at}]" for at in ("10.0.0.1", "192.168.7.7")] + [f"{'x' * 300}{end}" for end in "ab"]
    ended = (CaseOutcome.PASSED, CaseOutcome.FAILED)
    ledger.write(folder / "evidence", [attempt(name, outcome) for name in names for outcome in ended])
    found = row_of(folder, by).row.tests
    assert (len({one.id for one in found}), len({one.test for one in found})) == (4, 2)


def job(**changes: object) -> JobAttempt:
    values = {
        "workflow": "tests",
        "job": "tests",
        "variant": "3.12",
        "attempt": 1,
        "commit": "0123abc",
        "conclusion": Conclusion.SUCCESS,
        "origin": "x",
        "event": "push",
    }
    return JobAttempt(**(record_metadata("run", CI, T0) | values | changes))  # type: ignore[arg-type]


def event(place: str, **changes: object) -> Event:
    values = {
        "event": EventKind.NETWORK_ERROR,
        "expected": False,
        "blocking": False,
        "place": place,
        "message": "ReadTimeout: no answer",
        "origin": "x",
    }
    return Event(**(record_metadata("run", CI, T0) | values | changes))  # type: ignore[arg-type]


def test_an_error_is_told_by_its_type_and_place_without_what_differs_each_time(tmp_path: Path, by: Judging) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), real=True)
    ledger.write(
        folder / "evidence",
        [
            event("wait(job-1)"),
            event("wait(job-2)", blocking=True),
            event("x", expected=True),
            event("before T+0", occurred_at=T0 - timedelta(hours=1)),
            event("of another commit", commit="fedcba9"),
            event("of a pull request", run_id="pr"),
            job(run_id="pr", event="pull_request"),
        ],
    )
    assert [(one.what, one.error, one.place, one.blocking) for one in row_of(folder, by).row.causes] == [
        ("network-error", "ReadTimeout", "wait", True)
    ]


def opened(**changes: object) -> IncidentStep:
    values = {
        "incident": "INC-1",
        "opened_at": T0,
        "state": "open",
        "severity": Severity.CRITICAL,
        "impact": "exports stay",
        "root_cause": "",
        "fix": "",
        "metric": "stale-cache",
        "by": "ana",
        "why": "seen",
        "rule": "stale-read",
        "fingerprints": ("f1",),
    }
    return IncidentStep(**(record_metadata("people", Environment.LOOPBACK, T0) | values | changes))  # type: ignore[arg-type]


def test_an_event_and_the_incident_that_it_opened_are_one_cause(tmp_path: Path, by: Judging) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), real=True)
    seen = event("wait", blocking=True)
    _, counted = counting(seen.event)
    step = opened(rule=counted.opens.id, fingerprints=(cause_of_event(seen, counted.opens.id), "another"))
    ledger.write(folder / "evidence", [seen, step])
    assert [(one.what, one.place or one.cause) for one in row_of(folder, by).row.causes] == [
        ("network-error", "wait"),
        (counted.opens.id, "another"),
    ]


def test_an_incident_is_open_until_its_records_say_that_it_is_over(tmp_path: Path, by: Judging) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), real=True)
    step = opened()
    monitored = replace(step, state="monitoring", occurred_at=T0 + timedelta(hours=1))
    ledger.write(folder / "evidence", [step, monitored])
    row = row_of(folder, by).row
    assert [(one.id, one.state, one.is_open) for one in row.incidents] == [("INC-1", "monitoring", True)]
    assert [(one.cause, one.what, one.incident) for one in row.causes] == [("f1", "stale-read", "exports stay")]
    ledger.write(folder / "evidence", [replace(monitored, state="resolved", occurred_at=T0 + timedelta(hours=2))])
    assert [one.is_open for one in row_of(folder, by).row.incidents] == [False]


def test_evidence_of_two_machines_is_known_by_the_roll_call_after_both(tmp_path: Path, by: Judging) -> None:
    folder, elsewhere = release(tmp_path, "1.0.0", real=True), tmp_path / "elsewhere"
    hour = timedelta(hours=1)
    for evidence, name in ((folder / "evidence", "here"), (elsewhere, "there")):
        ledger.write(evidence, [attempt(name, CaseOutcome.PASSED, SAID_AT - hour)])
        call_the_roll(evidence, SAID_AT - hour, run_id=name)
    for file in elsewhere.iterdir():
        file.rename(folder / "evidence" / file.name)
    assert row_of(said(folder, "ON TRACK", real=True), by).to_judge is None


@pytest.mark.parametrize("how", ["by a rehearsal", "ahead of the clock"])
def test_an_incident_is_not_over_by_what_a_judgement_does_not_know(tmp_path: Path, by: Judging, how: str) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), real=True)
    step = opened(state="monitoring")
    at = {"ahead of the clock": by.now + timedelta(hours=1)}.get(how, T0 + timedelta(hours=1))
    whose = Environment.REHEARSAL if how == "by a rehearsal" else Environment.LOOPBACK
    over = replace(step, state="resolved", occurred_at=at, recorded_at=at, environment=whose)
    ledger.write(folder / "evidence", [opened(), step, over])
    assert [one.is_open for one in row_of(folder, by).row.incidents] == [True]


@pytest.mark.parametrize("kind", ["test", "incident"])
def test_an_incident_that_can_be_read_stays_open_where_other_evidence_is_damaged(
    tmp_path: Path, by: Judging, kind: str
) -> None:
    folder = release(tmp_path, "1.0.0", real=True)
    ledger.write(folder / "evidence", [opened()])
    damaged = attempt("t", CaseOutcome.PASSED) if kind == "test" else opened(incident="INC-2", impact="it hurts")
    (segment,) = ledger.write(folder / "evidence", [damaged])
    segment.write_bytes(segment.read_bytes().replace(b"0123abc", b"0123abd").replace(b"hurts", b"hurtz"))
    ledger.write(folder / "evidence", [step(T0, OPEN, previous="0.9.0", previous_seal="5ea1", run_id="again")])
    assert row_of(folder, by).to_judge is not None
    row = row_of(folder, by._replace(not_judged=NotJudged.ASKED)).row
    assert (row.previous, row.previous_seal) == ("0.9.0", "5ea1")
    assert (row.word, bool(row.problem), [one.id for one in row.incidents if one.is_open]) == (
        FleetWord.UNKNOWN,
        True,
        ["INC-1"],
    )


def test_of_very_many_incidents_those_that_are_open_are_kept() -> None:
    closed = FleetIncident(id="INC-0", state="resolved", is_open=False, severity=Severity.MINOR, opened_at=T0)
    kept = most([closed] * MOST + [replace(closed, id="INC-200", state="open", is_open=True)])
    assert (len(kept), [one.id for one in kept if one.is_open]) == (MOST, ["INC-200"])


# ── whatever a folder holds ──────────────────────────────────────────────────


def _empty(folder: Path) -> None:
    (folder / "release.toml").write_bytes(b"")


def _binary(folder: Path) -> None:
    (folder / "release.toml").write_bytes(b"\xff\xfe\x00version = 1")


def _newer(folder: Path) -> None:
    (folder / "release.toml").write_text('format = 99\nversion = "1.0.0"\n')


def _toml_is_gone(folder: Path) -> None:
    said(folder, real=True)
    (folder / "release.toml").unlink()


def _other_name(folder: Path) -> None:
    toml = folder / "release.toml"
    toml.write_text(toml.read_text().replace('"1.0.0"', '"../../etc"'))


def _no_zone(folder: Path) -> None:
    toml = folder / "release.toml"
    toml.write_text(toml.read_text().replace("Z\n", "\n"))


def _toml_is_a_folder(folder: Path) -> None:
    (folder / "release.toml").unlink()
    (folder / "release.toml").mkdir()


def _toml_is_a_link(folder: Path) -> None:
    (folder / "release.toml").unlink()
    (folder / "release.toml").symlink_to("/etc/hostname")


def _toml_is_a_pipe(folder: Path) -> None:
    (folder / "seal.json").unlink(missing_ok=True)
    os.mkfifo(folder / "seal.json")
    (folder / "evidence" / f"job-{'0' * 32}.jsonl").write_text("{}\n")
    (folder / "evidence" / f"watch-{'0' * 32}.jsonl").write_text("{}\n")


def _segment_changed(folder: Path) -> None:
    said(folder, real=True)
    segment = next((folder / "evidence").glob("said-*"))
    segment.write_bytes(segment.read_bytes().replace(b"GO", b"NO"))


def _evidence_is_a_link(folder: Path) -> None:
    shutil.rmtree(folder / "evidence")
    (folder / "evidence").symlink_to("/etc", target_is_directory=True)


def _unknown_kind(folder: Path) -> None:
    (folder / "evidence" / f"future-{'0' * 32}.jsonl").write_text("{}\n")


def _packed_bomb(folder: Path) -> None:
    (folder / "evidence" / f"watch-{'0' * 32}.jsonl.gz").write_bytes(gzip.compress(b"a" * (17 * 1024 * 1024)))


def _parquet_of_nothing(folder: Path) -> None:
    (folder / "evidence" / f"watch-{'0' * 32}.parquet").write_bytes(b"PAR1 nothing PAR1")


def _seal_of_nothing(folder: Path) -> None:
    (folder / "seal.json").write_text("[1, 2")


def _seal_without_report(folder: Path) -> None:
    sealed(folder)
    (folder / "report.json").unlink()


def _report_is_a_link(folder: Path) -> None:
    sealed(folder)
    (folder / "report.json").unlink()
    (folder / "report.json").symlink_to("/dev/zero")


def _deep_json(folder: Path) -> None:
    (folder / "seal.json").write_text("[" * 100_000)


def _incident_without_a_zone(folder: Path) -> None:
    ledger.write(folder / "evidence", [opened(), opened(incident="INC-2", opened_at=T0.replace(tzinfo=None))])


BAD = [
    _incident_without_a_zone,
    _empty,
    _binary,
    _newer,
    _toml_is_gone,
    _other_name,
    _no_zone,
    _toml_is_a_folder,
    _toml_is_a_link,
    _toml_is_a_pipe,
    _segment_changed,
    _evidence_is_a_link,
    _unknown_kind,
    _packed_bomb,
    _parquet_of_nothing,
    _seal_of_nothing,
    _seal_without_report,
    _report_is_a_link,
    _deep_json,
]


def test_a_folder_that_cannot_be_read_is_a_row_that_says_so(tmp_path: Path, by: Judging) -> None:
    for number, damage in enumerate(BAD):
        folder = release(tmp_path / str(number), "1.0.0", real=True)
        damage(folder)
        made = row_of(folder, by)
        if made.to_judge is not None:  # as its own repository would be judged
            made = judging.judge(made, made.to_judge, place_of(folder), [], by)
        said = made.row.problem or made.row.because[0]
        assert (made.row.word in FINE, bool(said)) == (False, True), damage
        assert (made.row.word is FleetWord.UNKNOWN) is bool(made.row.problem), damage
        assert "Traceback" not in said
        assert str(tmp_path) not in said


def test_a_release_that_cannot_be_judged_is_a_row_that_says_so(tmp_path: Path, by: Judging, monkeypatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nothing")

    folder = release(tmp_path, "1.0.0", real=True)
    made = row_of(folder, by)
    assert made.to_judge is not None
    monkeypatch.setattr(judging, "judge_release", fails)
    row = judging.judge(made, made.to_judge, place_of(folder), [], by).row
    assert (row.problem, row.word) == ("it cannot be judged: ZeroDivisionError: by nothing", FleetWord.UNKNOWN)


@pytest.mark.parametrize("why", [OSError(28, "no room"), MemoryError("no room"), EngineError("no room")])
def test_a_full_disk_says_nothing_of_a_release_for_long(
    tmp_path: Path, by: Judging, why: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise why

    folder = release(tmp_path, "1.0.0", real=True)
    made = row_of(folder, by)
    assert made.to_judge is not None
    monkeypatch.setattr(judging, "judge_release", fails)
    again = judging.judge(made, made.to_judge, place_of(folder), [], by)
    assert ("no room" in again.row.problem, again.until) == (True, by.now)
    monkeypatch.setattr(reading, "_read", fails)
    unread = row_of(folder, by)
    assert ("no room" in unread.row.problem, unread.until) == (True, by.now)


def test_secrets_of_strangers_are_scrubbed_and_long_texts_cut(tmp_path: Path, by: Judging) -> None:
    folder = said(release(tmp_path, "1.0.0", real=True), real=True)
    ledger.write(
        folder / "evidence",
        [
            attempt("token=abcdefghijklmnop " + "x" * 1000, CaseOutcome.PASSED),
            attempt("token=abcdefghijklmnop " + "x" * 1000, CaseOutcome.FAILED),
        ],
    )
    (test,) = row_of(folder, by).row.tests
    assert (test.test.startswith("[secret] x"), len(test.test) <= 301) == (True, True)


def test_evidence_without_a_folder_of_its_own_is_named_by_its_first_records(tmp_path: Path, by: Judging) -> None:
    evidence = tmp_path / "exported"
    first = in_force_record(
        Settings(), record_metadata("opening-2.1.0", Environment.LOOPBACK, T0), by="ana", why="the first record"
    )
    ledger.write(evidence, [first])
    row = read("orders", ReleasePlace("exported", evidence, evidence, evidence_alone=True), by).row
    assert (row.release, row.opened_at, row.problem) == ("2.1.0", T0, "")
    assert datetime(2026, 11, 5, 9, tzinfo=UTC) == row.ends_at


def test_evidence_that_does_not_say_when_it_began_is_a_row_that_says_so(tmp_path: Path, by: Judging) -> None:
    row = read("orders", ReleasePlace("exported", tmp_path, tmp_path, evidence_alone=True), by).row
    assert (row.release, "no record says when its watch was opened" in row.problem) == ("exported", True)
