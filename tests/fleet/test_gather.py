"""Tests that work grows with what is new: counted in files opened, rows read and releases judged, never in seconds."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.evidence.ledger import file_lines, ledger
from atalaya.fleet import gather, judging, sources
from atalaya.fleet.assemble import reasons_of
from atalaya.fleet.gather import Gathered, Work
from atalaya.fleet.kept import Store
from atalaya.fleet.row import Made, end_of_window
from atalaya.fleet.sources import FoundSource, ReleasePlace
from atalaya.records.fleet import Basis, FleetSource, FleetWord
from atalaya.records.stored import CaseOutcome
from atalaya.site.i18n.language import Language
from atalaya.watch.states import OPEN
from tests.commands import ROOT
from tests.fleet.conftest import NOW
from tests.fleet.many import RELEASES, SAID_AT, T0, release, said, sealed, step
from tests.fleet.test_reading import attempt
from tests.ours import PACK


class Judge:
    """Stands in for the judgement, and remembers what it was asked for: a real one takes seconds."""

    def __init__(self) -> None:
        self.judged: list[str] = []
        self.beside: dict[str, list[str]] = {}
        self.words: dict[str, FleetWord] = {}

    def __call__(self, made: Made, of, place, beside, by) -> Made:
        self.judged.append(made.row.release)
        self.beside[made.row.release] = [one.name for one in beside]
        word = self.words.get(made.row.release, FleetWord.ON_TRACK)
        row = replace(made.row, word=word, basis=Basis.JUDGED, as_of=by.now)
        return Made(row, until=end_of_window(row, by.now))


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    stands_in = Judge()
    monkeypatch.setattr(judging, "judge", stands_in)
    return stands_in


def gathered(
    folder: Path,
    store: Store,
    *,
    now: datetime = NOW,
    rehearsals: bool = True,
    judge: bool = True,
    handed_over: bool = False,
) -> Gathered:
    if handed_over:
        places = tuple(sources._of_parquet(folder))
    else:
        places = tuple(ReleasePlace(one.name, one, one / "evidence") for one in sorted(folder.iterdir()))
    source = FoundSource(FleetSource(subject="orders", kind="path", place="x"), "", places)
    (found,) = gather.gather([source], store, pack=PACK, now=now, rehearsals=rehearsals, judge=judge)
    return found


def closed(folder: Path, number: int) -> Path:
    return sealed(release(folder, f"1.{number}.0", at=T0 + timedelta(days=number), real=True))


def test_a_second_run_opens_no_file_of_any_release(
    tmp_path: Path, store: Store, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        closed(tmp_path / "releases", number)
    first = gathered(tmp_path / "releases", store)
    assert Work(listed=5, opened=5, read=5, judged=0) == first.work
    opened: list[Path] = []
    monkeypatch.setattr(file_lines, "regular", lambda path: opened.append(path))
    second = gathered(tmp_path / "releases", store)
    assert opened == []
    assert Work(listed=5, opened=0, read=0, judged=0) == second.work
    assert first.rows == second.rows


def test_of_many_releases_only_the_one_with_new_evidence_is_opened_and_judged(
    tmp_path: Path, store: Store, judge: Judge
) -> None:
    folder = tmp_path / "releases"
    for number in range(5):
        closed(folder, number)
    newest = said(release(folder, "2.0.0", at=T0 + timedelta(days=9), real=True), real=True)
    assert Work(listed=6, opened=6, read=6, judged=0) == gathered(folder, store).work
    ledger.write(newest / "evidence", [attempt("t", CaseOutcome.PASSED, SAID_AT + timedelta(hours=1))])
    assert Work(listed=6, opened=1, read=1, judged=1) == gathered(folder, store).work
    assert (["2.0.0"], Work(listed=6, opened=0, read=0, judged=0)) == (judge.judged, gathered(folder, store).work)


def test_a_fresh_clone_is_opened_and_found_to_be_the_same(tmp_path: Path, store: Store, judge: Judge) -> None:
    folder = tmp_path / "releases"
    closed(folder, 1)
    release(folder, "2.0.0", real=True)
    assert gathered(folder, store).work.judged == 1
    for file in folder.rglob("*.*"):
        os.utime(file, (1, 1))
    assert Work(listed=2, opened=2, read=0, judged=0) == gathered(folder, store).work
    assert Work(listed=2, opened=0, read=0, judged=0) == gathered(folder, store).work


def test_a_release_that_is_compared_with_another_is_judged_anew_when_that_changes(
    tmp_path: Path, store: Store, judge: Judge
) -> None:
    folder = tmp_path / "releases"
    earlier = closed(folder, 1)
    release(folder, "2.0.0", at=T0 + timedelta(days=9), real=True)
    gathered(folder, store)
    assert judge.beside == {"2.0.0": ["1.1.0"]}
    sealed(earlier, "NO-GO")
    assert Work(listed=2, opened=1, read=2, judged=1) == gathered(folder, store).work


def test_one_that_cannot_be_read_keeps_no_other_from_being_judged(tmp_path: Path, store: Store, judge: Judge) -> None:
    folder = tmp_path / "releases"
    (closed(folder, 1) / "release.toml").write_text("not TOML [")
    release(folder, "2.0.0", at=T0 + timedelta(days=9), real=True)
    found = gathered(folder, store)
    assert (judge.beside, [bool(row.problem) for row in found.rows]) == ({"2.0.0": []}, [True, False])


def test_a_release_is_compared_with_few_others_however_many_there_are(
    tmp_path: Path, store: Store, judge: Judge
) -> None:
    folder = tmp_path / "releases"
    for number in range(30):
        closed(folder, number)
    release(folder, "2.0.0", at=T0 + timedelta(days=99), real=True)
    gathered(folder, store)
    assert [f"1.{number}.0" for number in (19, *range(20, 30))] == judge.beside["2.0.0"]


def test_the_first_run_compares_with_the_same_releases_as_the_next(tmp_path: Path, store: Store, judge: Judge) -> None:
    """The one that is accepted is further back than those that are always looked at, and is judged in the same run."""
    folder = tmp_path / "releases"
    for number in range(13):
        release(folder, f"1.{number}.0", at=T0 + timedelta(days=4 * number), real=True)
    judge.words = {"1.0.0": FleetWord.GO}
    gathered(folder, store)
    assert judge.beside["1.12.0"][0] == "1.0.0"
    assert gathered(folder, store).work.judged == 0


@pytest.mark.parametrize("between", ["rehearsals", "releases whose windows go on"])
def test_what_is_no_baseline_of_a_release_takes_the_place_of_none(
    tmp_path: Path, store: Store, judge: Judge, between: str
) -> None:
    folder = tmp_path / "releases"
    closed(folder, 0)
    for number in range(1, 13):
        is_real = between != "rehearsals"
        at = T0 + timedelta(days=8 if is_real else 4, hours=number)
        release(folder, f"1.{number}.0", at=at, real=is_real)
    release(folder, "2.0.0", at=T0 + timedelta(days=9), real=True)
    gathered(folder, store)
    assert judge.beside["2.0.0"] == ["1.0.0"]


@pytest.mark.parametrize("is_real", [True, False])
def test_new_evidence_of_the_next_release_judges_none_before_it_again(
    tmp_path: Path, store: Store, judge: Judge, is_real: bool
) -> None:
    folder = tmp_path / "releases"
    for number in range(3):
        release(folder, f"1.{number}.0", at=T0 + timedelta(days=number), real=is_real)
    release(folder, "2.0.0", at=T0 + timedelta(days=3), real=True)
    assert gathered(folder, store).work.judged == 4
    ledger.write(folder / "2.0.0" / "evidence", [attempt("t", CaseOutcome.FAILED)])
    assert gathered(folder, store).work.judged == 1


def test_of_evidence_that_came_without_a_seal_none_is_missed(tmp_path: Path, store: Store, judge: Judge) -> None:
    folder = tmp_path / "handed"
    for number, began in enumerate(({}, {"previous": "1.0.0", "previous_seal": "5ea1"})):
        at = T0 + timedelta(days=4 * number)
        made = release(folder, f"1.{number}.0", at=at, real=True)
        ledger.write(made / "evidence", [step(at, OPEN, run_id="began", **began)])
    assert gathered(folder, store, handed_over=True).work.judged == 2
    assert judge.beside == {"1.0.0": [], "1.1.0": ["1.0.0"]}


def test_a_watch_of_one_machine_is_left_out_whatever_its_folder_is_called(
    tmp_path: Path, store: Store, judge: Judge
) -> None:
    folder = tmp_path / "handed" / "1.2.0"
    ledger.write(folder, [step(T0, OPEN, run_id="opening-local-1.1.0")])
    found = gathered(folder.parent, store, handed_over=True)
    assert (found.rows, found.source.left_out) == ((), 1)


def test_what_a_clock_that_was_ahead_made_is_made_again(tmp_path: Path, store: Store, judge: Judge) -> None:
    folder = tmp_path / "releases"
    release(folder, "1.0.0", real=True)
    assert gathered(folder, store, now=NOW + timedelta(days=9)).work.judged == 1
    assert gathered(folder, store).work.judged == 1
    assert gathered(folder, store).work.judged == 0


def test_a_file_that_was_changed_within_its_size_and_time_is_noticed(tmp_path: Path, store: Store) -> None:
    made = sealed_with_an_incident(tmp_path / "releases")
    assert [row.word for row in gathered(made.parent, store).rows] == [FleetWord.GO]
    page = made / "incidents" / "INC-1.md"
    before = page.stat()
    page.write_text("It was fast.\n")
    os.utime(page, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert page.stat().st_size == before.st_size
    assert [row.seal_broken for row in gathered(made.parent, store).rows] == [True]


def sealed_with_an_incident(folder: Path) -> Path:
    made = release(folder, "1.0.0", real=True)
    (made / "incidents").mkdir()
    (made / "incidents" / "INC-1.md").write_text("It was slow.\n")
    return sealed(made)


@pytest.mark.parametrize("what", ["a page", "a hidden file", "a file in a folder of the evidence", "a linked folder"])
def test_a_sealed_release_in_which_anything_was_changed_takes_its_word_back(
    tmp_path: Path, store: Store, what: str
) -> None:
    folder = tmp_path / "releases"
    made = release(folder, "1.0.0", real=True)
    for name in ("incidents", "evidence/notes"):
        (made / name).mkdir()
        (made / name / "INC-1.md").write_text("It was slow.\n")
    sealed(made)
    assert [row.word for row in gathered(folder, store).rows] == [FleetWord.GO]
    match what:
        case "a page":
            (made / "incidents" / "INC-1.md").write_text("It was fast.\n")
        case "a hidden file":
            (made / "evidence" / ".notes").touch()
        case "a file in a folder of the evidence":
            (made / "evidence" / "notes" / "INC-1.md").write_text("It was fast.\n")
        case _:
            (made / "incidents" / "more").symlink_to(tmp_path, target_is_directory=True)
    assert [(row.word, row.seal_broken) for row in gathered(folder, store).rows] == [(FleetWord.UNKNOWN, True)]


@pytest.mark.parametrize("how", ["a link in its place", "a folder of it has another name"])
def test_a_sealed_release_that_is_not_where_it_was_takes_its_word_back(tmp_path: Path, store: Store, how: str) -> None:
    folder = tmp_path / "releases"
    made = sealed_with_an_incident(folder)
    assert [row.word for row in gathered(folder, store).rows] == [FleetWord.GO]
    if how == "a link in its place":
        made.rename(tmp_path / "elsewhere")
        made.symlink_to(tmp_path / "elsewhere")
    else:
        (made / "incidents").rename(made / "incidentz")
    assert [row.word for row in gathered(folder, store).rows] == [FleetWord.UNKNOWN]


def test_what_releases_are_compared_with_is_looked_for_once_each(
    tmp_path: Path, store: Store, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "releases"
    for number in range(30):
        release(folder, f"2.{number}.0", at=T0 + timedelta(days=number), real=True)
    gathered(folder, store)
    assert len(judge.judged) == 30
    asked: list[Path] = []
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: (asked.append(path), exists(path))[1])
    assert gathered(folder, store).work.judged == 0
    assert len([path for path in asked if path.name == "release.toml"]) == 30


def test_the_clock_alone_makes_a_word_be_looked_for_anew(tmp_path: Path, store: Store, judge: Judge) -> None:
    folder = tmp_path / "releases"
    said(release(folder, "1.0.0", real=True), "ON TRACK", T0 + timedelta(hours=70), real=True)
    assert gathered(folder, store, now=T0 + timedelta(hours=71)).work.judged == 0
    assert Work(listed=1, opened=0, read=0, judged=0) == gathered(folder, store, now=T0 + timedelta(hours=71)).work
    assert Work(listed=1, opened=1, read=1, judged=1) == gathered(folder, store, now=T0 + timedelta(hours=73)).work


def test_what_nobody_wanted_judged_is_judged_when_somebody_does(tmp_path: Path, store: Store, judge: Judge) -> None:
    folder = tmp_path / "releases"
    release(folder, "1.0.0", real=True)
    (row,) = gathered(folder, store, judge=False).rows
    assert (row.word, judge.judged) == (FleetWord.UNKNOWN, [])
    (row,) = gathered(folder, store).rows
    assert (row.word, judge.judged) == (FleetWord.ON_TRACK, ["1.0.0"])
    assert Work(listed=1, opened=0, read=0, judged=0) == gathered(folder, store, judge=False).work


class Killed(BaseException):
    """Stands for a process that ends at once."""


@pytest.mark.parametrize(("how", "saved_every"), [(KeyboardInterrupt, 20), (RuntimeError, 20), (Killed, 1)])
def test_a_run_that_was_stopped_is_gone_on_with_and_leaves_nothing_unjudged_as_if_it_were(
    tmp_path: Path,
    store: Store,
    judge: Judge,
    monkeypatch: pytest.MonkeyPatch,
    how: type[BaseException],
    saved_every: int,
) -> None:
    folder = tmp_path / "releases"
    for number in range(3):
        release(folder, f"1.{number}.0", at=T0 + timedelta(days=number), real=True)
    monkeypatch.setattr(gather, "SAVE_EVERY", saved_every)

    def stopped(made: Made, *rest) -> Made:
        if len(judge.judged) == 2:
            raise how
        return judge(made, *rest)

    monkeypatch.setattr(judging, "judge", stopped)
    with pytest.raises(how):
        gathered(folder, store)
    monkeypatch.setattr(judging, "judge", judge)
    found = gathered(folder, store)
    assert (found.work.judged, judge.judged) == (1, ["1.0.0", "1.1.0", "1.2.0"])
    assert {FleetWord.ON_TRACK} == {row.word for row in found.rows}


def test_rows_that_another_version_kept_are_read_anew(
    tmp_path: Path, store: Store, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "releases"
    closed(folder, 1)
    gathered(folder, store)
    monkeypatch.setattr(gather, "program", lambda: "other")
    assert Work(listed=1, opened=1, read=1, judged=0) == gathered(folder, store).work
    for file in (tmp_path / "rows").iterdir():
        file.write_bytes(b"\xff not JSON")
    assert Work(listed=1, opened=1, read=1, judged=0) == gathered(folder, store).work


def test_a_row_of_an_older_form_is_made_again(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "releases"
    release(folder, "1.0.0", at=NOW - timedelta(hours=1), real=True)
    (made,) = gathered(folder, store).rows
    assert made.reason is not None
    (file,) = (tmp_path / "rows").iterdir()
    kept = json.loads(file.read_text())["1.0.0"]
    del kept["row"]["reason"]
    torn = {"type": "text", "template": "{n} jobs", "values": {}}
    for older in (
        kept | {"made_by": "before there were sentences"},
        kept | {"row": kept["row"] | {"reason": "in a form that nobody knows"}},
        kept | {"row": kept["row"] | {"reason": torn}},
    ):
        file.write_text(json.dumps({"1.0.0": older}))
        again = gathered(folder, store)
        assert (again.rows, again.work.judged) == ((made,), 1)


def test_rehearsals_and_watches_of_one_machine_are_left_out_and_counted(
    tmp_path: Path, store: Store, judge: Judge
) -> None:
    folder = tmp_path / "releases"
    closed(folder, 1)
    sealed(release(folder, "rehearsal-1"))
    release(folder, "local-1.0.0", real=True)
    found = gathered(folder, store, rehearsals=False)
    assert ([row.release for row in found.rows], found.source.left_out) == (["1.1.0"], 2)


def test_a_release_that_is_gone_leaves_no_row(tmp_path: Path, store: Store, judge: Judge) -> None:
    folder = tmp_path / "releases"
    closed(folder, 1)
    shutil.rmtree(closed(folder, 2))
    closed(folder, 3)
    gathered(folder, store)
    shutil.rmtree(folder / "1.3.0")
    assert [row.release for row in gathered(folder, store).rows] == ["1.1.0"]


def test_a_real_judgement_is_the_word_of_the_release_s_own_pages(tmp_path: Path, store: Store) -> None:
    shutil.copytree(RELEASES / "rehearsal-1", tmp_path / "releases" / "rehearsal-1")
    (row,) = gathered(tmp_path / "releases", store).rows
    expected = json.loads((ROOT / "tests" / "watch" / "rehearsals.json").read_text())["rehearsal-1"]
    assert (expected["verdict"], Basis.JUDGED, "") == (str(row.word), row.basis, row.problem)
    assert list(expected["metrics"]) == [one.id for one in row.metrics]


def test_a_reason_that_was_kept_is_said_in_each_language(tmp_path: Path, store: Store) -> None:
    shutil.copytree(RELEASES / "rehearsal-1", tmp_path / "releases" / "rehearsal-1")
    judged = reasons_of([gathered(tmp_path / "releases", store)])
    found = gathered(tmp_path / "releases", store)
    assert (found.work.judged, reasons_of([found])) == (0, judged)
    (row,) = found.rows
    assert (row.because[0],) == tuple(map(str, judged.values()))
    assert list(judged) == [row.digest]
    (said,) = map(Language("es").say, judged.values())
    assert said == "Probadas: network-errors, polling-timeouts, stale-cache."
