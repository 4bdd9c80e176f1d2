"""Tests that every file is accounted for, and each piece of evidence counts once."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.core.errors import UsageError
from atalaya.evidence.ledger import ledger
from atalaya.evidence.readers.collector import Collected, Job, KnownFiles, collect, report
from atalaya.records.stored import Conclusion, Environment, EventKind, Reading, ReadStatus
from tests.tables import each_row

SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PASSES = b'<testsuite name="s"><testcase name="a" time="1"/></testsuite>'
SKIPS = b'<testsuite name="s"><testcase name="a"><skipped/></testcase></testsuite>'
FAILS = b'<testsuite name="s"><testcase name="a" time="1"><failure message="x"/></testcase></testsuite>'


def gather(*paths: Path, **options: Any) -> Collected:
    return collect(paths, job=Job("unit", "c0ffee"), recorded_at=NOW, **options)


def put(folder: Path, **files: bytes) -> Path:
    for name, content in files.items():
        (folder / f"{name}.xml").write_bytes(content)
    return folder


def test_the_report_names_each_file_relative_to_the_folder_and_has_exactly_these_keys(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    put(tmp_path / "deep", one=FAILS)
    put(tmp_path, broken=b"<testsuite>")
    counted = {"cases": 1, "passed": 0, "failed": 1, "errored": 0, "skipped": 0, "suite_failures": 0}
    found = report(gather(tmp_path))
    reasons = [found[name].pop("reason") for name in found]
    assert {
        "broken.xml": {"status": "unreadable", **dict.fromkeys(counted), "verdict": "unknown"},
        "deep/one.xml": {"status": "read", **counted, "verdict": "failed"},
    } == found
    assert all(reasons)


def test_a_file_given_by_itself_is_named_by_its_name(tmp_path: Path) -> None:
    assert list(report(gather(put(tmp_path, one=PASSES) / "one.xml"))) == ["one.xml"]


def test_every_sample_is_in_the_report() -> None:
    files = [path for path in (SAMPLES / "malformed").rglob("*") if path.is_file()]
    assert len(files) == len(report(gather(SAMPLES / "malformed")))


@pytest.mark.parametrize("missing", ["nowhere", "empty"])
def test_a_path_without_a_report_is_an_error_that_says_what_to_do(tmp_path: Path, missing: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=rf"{missing}: no .* Give "):
        gather(tmp_path / missing)


def test_naming_no_path_is_an_error() -> None:
    with pytest.raises(UsageError, match="Give files"):
        gather()


@each_row(
    ("name", "conclusion"),
    [
        ("junit/made/utf8-bom.xml", Conclusion.FAILURE),
        ("junit/made/latin1-declared.xml", Conclusion.UNKNOWN),
        ("junit/made/suite-error-no-cases.xml", Conclusion.FAILURE),
        ("junit/made/declared-without-cases.xml", Conclusion.NOTHING_RAN),
        ("junit/cucumber+junit-xml-formatter/skipped.default.xml", Conclusion.NOTHING_RAN),
    ],
)
def test_a_report_alone_makes_a_failed_job_and_never_a_successful_one(name: str, conclusion: Conclusion) -> None:
    jobs = gather(SAMPLES / name).jobs
    assert [("unit", "c0ffee", "", 1, conclusion)] == [
        (job.workflow, job.commit, job.variant, job.attempt, job.conclusion) for job in jobs
    ]


def test_a_file_that_is_not_read_gives_a_reading_and_nothing_else() -> None:
    collected = gather(SAMPLES / "malformed/made/truncated-before-last-close.xml")
    assert (len(collected.readings), collected.jobs, collected.tests, collected.events) == (1, (), (), ())


CONCLUDED = [
    # What the report says, what is known of its job, and how that ended.
    (PASSES, None, Conclusion.UNKNOWN),
    (PASSES, Conclusion.SUCCESS, Conclusion.SUCCESS),
    (PASSES, Conclusion.FAILURE, Conclusion.FAILURE),
    (PASSES, Conclusion.TIMED_OUT, Conclusion.TIMED_OUT),
    (PASSES, Conclusion.CANCELLED, Conclusion.CANCELLED),
    (FAILS, None, Conclusion.FAILURE),
    (FAILS, Conclusion.SUCCESS, Conclusion.FAILURE),
    (FAILS, Conclusion.CANCELLED, Conclusion.FAILURE),
    (FAILS, Conclusion.TIMED_OUT, Conclusion.TIMED_OUT),
    (SKIPS, None, Conclusion.NOTHING_RAN),
    (SKIPS, Conclusion.SUCCESS, Conclusion.NOTHING_RAN),
    (SKIPS, Conclusion.FAILURE, Conclusion.FAILURE),
]


def test_a_green_report_needs_the_conclusion_of_its_job_and_a_red_one_stays_red(tmp_path: Path) -> None:
    for content, known, ended in CONCLUDED:
        collected = collect([put(tmp_path, a=content)], job=Job("unit", "c", conclusion=known), recorded_at=NOW)
        assert [job.conclusion for job in collected.jobs] == [ended], (content, known)


def test_the_same_bytes_in_two_places_are_two_pieces_of_evidence(tmp_path: Path) -> None:
    collected = gather(put(tmp_path, a=FAILS, b=FAILS))
    assert (len(collected.readings), len(collected.jobs), len(collected.tests)) == (2, 2, 2)
    assert len({test.origin for test in collected.tests}) == 2


def test_the_same_bytes_of_another_folder_or_another_run_are_not_known(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        put(tmp_path / name, a=FAILS)

    def taken(name: str, *before: Collected, run_id: str = "") -> Collected:
        readings = [reading for collected in before for reading in collected.readings]
        known = KnownFiles(readings, run_id).find
        return gather(
            tmp_path / name, known=known, place_of=lambda path: str(path.relative_to(tmp_path)), run_id=run_id
        )

    first = taken("one")
    other = taken("two", first)
    assert [len(one.tests) for one in (first, other, taken("one", first, other))] == [1, 1, 0]
    assert first.tests[0].run_id != other.tests[0].run_id
    in_a_run = taken("one", first, other, run_id="7")
    assert (len(in_a_run.tests), len(taken("one", in_a_run, run_id="7").tests)) == (1, 0)


def test_a_file_that_an_older_version_recorded_is_known_by_its_name(tmp_path: Path) -> None:
    old = replace(gather(put(tmp_path, a=FAILS)).readings[0], run_id="reports-0123", place="")
    again = gather(tmp_path, known=KnownFiles([old]).find, place_of=lambda path: f"reports/{path.name}")
    assert (again.tests, again.known) == ((), ("a.xml",))


def test_a_conclusion_that_is_known_later_is_that_of_the_same_job(tmp_path: Path) -> None:
    first = gather(put(tmp_path, a=PASSES))
    again = collect(
        [tmp_path],
        job=Job("unit", "c0ffee", conclusion=Conclusion.SUCCESS),
        recorded_at=NOW + timedelta(hours=1),
        known=KnownFiles(first.readings).find,
    )
    (before,), (after,) = first.jobs, again.jobs
    assert (before.conclusion, after.conclusion) == (Conclusion.UNKNOWN, Conclusion.SUCCESS)
    assert replace(after, conclusion=before.conclusion, recorded_at=NOW) == before
    assert [record.kind for record in again.evidence] == ["job"]


def test_jobs_tests_and_events_say_which_job_they_are_of(tmp_path: Path) -> None:
    content = b'<testsuite><testcase name="a"><error type="ConnectionError" message="refused"/></testcase></testsuite>'
    put(tmp_path, **{"r-a2": content})
    for name, expected in ((None, "r.xml"), ("test (3.12)", "test (3.12)"), ("", "")):
        found = collect([tmp_path], job=Job("unit", "c0ffee", "push", name=name), recorded_at=NOW)
        (job,), (test,), (event,) = found.jobs, found.tests, found.events
        assert (job.workflow, job.event, job.job) == ("unit", "push", "r.xml")
        assert (test.workflow, test.job, test.attempt) == ("unit", expected, 2)
        assert (event.commit, event.workflow, event.job, event.attempt) == ("c0ffee", "unit", expected, 2)


def test_the_same_file_by_two_paths_is_listed_once(tmp_path: Path) -> None:
    put(tmp_path, a=FAILS)
    assert list(report(gather(tmp_path, tmp_path / "a.xml"))) == ["a.xml"]


def test_equal_names_in_two_folders_are_two_lines_of_the_report(tmp_path: Path) -> None:
    for name, content in (("x", PASSES), ("y", FAILS)):
        (tmp_path / name).mkdir()
        put(tmp_path / name, a=content)
    assert list(report(gather(tmp_path / "x", tmp_path / "y"))) == ["a.xml", "y/a.xml"]


def test_what_the_ledger_has_is_listed_and_not_recorded_again(tmp_path: Path) -> None:
    put(tmp_path, a=FAILS, broken=b"<")
    book = tmp_path / "book"
    ledger.write(book, gather(tmp_path).evidence)
    known = KnownFiles(ledger.read(book, Reading)).find
    put(tmp_path, b=PASSES)
    again = collect(
        [tmp_path / f"{name}.xml" for name in ("a", "broken", "b")],
        job=Job("unit", "c0ffee"),
        recorded_at=NOW,
        known=known,
    )
    assert (len(report(again)), [job.job for job in again.jobs]) == (3, ["b.xml"])
    assert [record.kind for record in again.evidence] == ["job", "test", "reading"]


def test_readings_are_recorded_last_so_that_a_stopped_writer_loses_nothing() -> None:
    assert [record.kind for record in gather(SAMPLES / "junit/made/network-and-timeouts.xml").evidence][-1] == "reading"


def test_the_same_reports_collected_later_are_the_same_run(tmp_path: Path) -> None:
    put(tmp_path, a=PASSES.replace(b'"s"', b'"s" timestamp="2026-11-25T01:02:03Z"'))
    first, second = (collect([tmp_path], job=Job("unit", "c"), recorded_at=NOW.replace(hour=hour)) for hour in (13, 14))
    book = tmp_path / "book"
    assert ledger.write(book, first.evidence) == ledger.write(book, second.evidence)


@pytest.mark.parametrize(
    "names", [("py311-attempt-1/r.xml", "py311-attempt-2/r.xml"), ("r-a1.xml", "r-a2.xml"), ("r.xml", "r-a2.xml")]
)
def test_an_attempt_named_in_the_path_is_an_attempt_of_the_same_job(tmp_path: Path, names: tuple[str, str]) -> None:
    for name, content in zip(names, (FAILS, PASSES), strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    collected = gather(tmp_path)
    expected = [(1, Conclusion.FAILURE), (2, Conclusion.UNKNOWN)]
    assert expected == [(job.attempt, job.conclusion) for job in collected.jobs]
    assert len({(job.run_id, job.job) for job in collected.jobs}) == 1
    assert [(test.attempt, str(test.outcome)) for test in collected.tests] == [(1, "failed"), (2, "passed")]
    assert len({(test.test, test.variant) for test in collected.tests}) == 1


def test_attempts_in_a_file_and_across_files_are_numbered_in_one_row(tmp_path: Path) -> None:
    flaky = PASSES.replace(b'time="1"/>', b'time="1"><flakyFailure/></testcase>')
    put(tmp_path, **{"r-a1": FAILS, "r-a2": flaky})
    assert [test.attempt for test in gather(tmp_path).tests] == [1, 2, 3]


def test_two_files_that_claim_one_attempt_are_two_jobs(tmp_path: Path) -> None:
    put(tmp_path, **{"r": FAILS, "r-a1": PASSES})
    assert [(job.job, job.attempt) for job in gather(tmp_path).jobs] == [("r.xml", 1), ("r-a1.xml", 1)]


def test_the_same_test_in_two_jobs_is_not_a_retry(tmp_path: Path) -> None:
    tests = gather(put(tmp_path, linux=FAILS, windows=PASSES)).tests
    assert {"linux.xml", "windows.xml"} == {test.variant for test in tests}


def test_eight_network_and_polling_errors_are_found_and_no_decoy() -> None:
    events = gather(SAMPLES / "junit/made/network-and-timeouts.xml").events
    assert [event.event for event in events] == [EventKind.NETWORK_ERROR] * 5 + [EventKind.POLLING_TIMEOUT] + [
        EventKind.NETWORK_ERROR
    ] * 2
    assert all(event.blocking and not event.expected for event in events)


def test_an_error_that_a_retry_cured_is_an_event_that_blocks_nothing(tmp_path: Path) -> None:
    cured = b'<testcase name="a"><flakyError type="TransportError"/><flakyError type="TransportError"/></testcase>'
    events = gather(put(tmp_path, a=b"<testsuite>" + cured + b"</testsuite>")).events
    assert [(event.event, event.blocking) for event in events] == [(EventKind.NETWORK_ERROR, False)]


def test_of_several_errors_of_one_kind_in_one_test_the_first_is_shown(tmp_path: Path) -> None:
    errors = b"".join(b'<error type="TransportError" message="%s"/>' % message for message in (b"first", b"second"))
    events = gather(put(tmp_path, a=b"<testsuite><testcase>" + errors + b"</testcase></testsuite>")).events
    assert [event.message for event in events] == ["TransportError: first"]


def test_an_error_of_a_suite_itself_is_an_event_too(tmp_path: Path) -> None:
    content = b'<testsuite name="s"><error type="ConnectionError" message="refused"/></testsuite>'
    assert [(event.place, event.blocking) for event in gather(put(tmp_path, a=content)).events] == [("s", True)]


@pytest.mark.parametrize(
    ("timestamp", "occurred_at", "words"),
    [
        ("2026-11-25T01:00:00+01:00", NOW.replace(hour=0), ""),
        ("2026-11-25T01:00:00", NOW.replace(hour=1), "taken as UTC"),
        ("2026-11-25T13:00:00", NOW, "lies after the recording"),
        ("", NOW, "no time of its own"),
    ],
)
def test_a_time_comes_from_the_report_or_is_said_to_be_that_of_recording(
    tmp_path: Path, timestamp: str, occurred_at: datetime, words: str
) -> None:
    collected = gather(put(tmp_path, a=PASSES.replace(b'"s"', f'"s" timestamp="{timestamp}"'.encode())))
    assert {occurred_at} == {record.occurred_at for record in collected.evidence}
    assert words in collected.readings[0].reason
    assert words or not collected.readings[0].reason


def test_every_record_carries_the_run_and_the_environment_it_was_given(tmp_path: Path) -> None:
    collected = gather(put(tmp_path, a=FAILS), run_id="r1", environment=Environment.REHEARSAL)
    assert {("r1", Environment.REHEARSAL)} == {(record.run_id, record.environment) for record in collected.evidence}


def test_messages_and_names_are_scrubbed_before_they_are_kept(tmp_path: Path) -> None:
    content = b'<testsuite><testcase name="ana"><error type="TransportError" message="to ana"/></testcase></testsuite>'
    collected = gather(put(tmp_path, a=content), scrub=lambda value: value.replace("ana", "[x]"))
    assert [(test.test, test.message) for test in collected.tests] == [("[x]", "TransportError: to [x]")]
    assert [(event.place, event.message) for event in collected.events] == [("[x]", "TransportError: to [x]")]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_out_of_the_folder_is_listed_and_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    put(inside, a=PASSES)
    put(outside, secret=FAILS)
    (inside / "file.xml").symlink_to(outside / "secret.xml")
    (inside / "folder").symlink_to(outside)
    (inside / "gone.xml").symlink_to(outside / "none")
    (inside / "loop").symlink_to(inside)
    (inside / "twin.xml").symlink_to(inside / "a.xml")
    statuses = {reading.file: reading.status for reading in gather(inside).readings}
    assert statuses == {
        "a.xml": ReadStatus.READ,
        "file.xml": ReadStatus.DECLINED,
        "folder": ReadStatus.DECLINED,
        "gone.xml": ReadStatus.UNREADABLE,
        "twin.xml": ReadStatus.READ,
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes there")
def test_a_pipe_is_listed_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert [reading.status for reading in gather(tmp_path).readings] == [ReadStatus.DECLINED]


@pytest.mark.skipif(os.name == "nt" or shutil.which("true") is None, reason="names are text there")
def test_a_file_name_that_is_no_text_can_be_recorded(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.xml")).write_bytes(PASSES)
    assert len(ledger.write(tmp_path / "book", gather(tmp_path).evidence)) == 3


def test_all_samples_can_be_recorded_and_read_back(tmp_path: Path) -> None:
    collected = gather(SAMPLES / "junit", SAMPLES / "malformed", SAMPLES / "other")
    ledger.write(tmp_path, collected.evidence)
    assert list(collected.tests) == ledger.read(tmp_path, "test")
    assert ledger.verify(tmp_path) == []


def test_a_test_and_what_it_met_lead_to_their_line(tmp_path: Path) -> None:
    content = b"""<testsuite name="s">
<testcase name="a"/>

<testcase name="b"><failure type="ConnectionError" message="refused"/></testcase>
</testsuite>"""
    found = gather(put(tmp_path, one=content))
    assert [test.line for test in found.tests] == [2, 4]
    assert [event.line for event in found.events] == [4]
