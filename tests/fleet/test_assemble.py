"""Tests that the fleet shows only words that can be believed now, the worst first, and what several releases share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from atalaya.core.errors import HarnessError
from atalaya.fleet import assemble, tables
from atalaya.fleet.gather import Gathered, Work
from atalaya.metrics.engine.duckdb_database import DuckDB
from atalaya.metrics.engine.engine import QueryFailed, Row, opened_empty
from atalaya.records.fleet import (
    Basis,
    Fleet,
    FleetCause,
    FleetIncident,
    FleetMetric,
    FleetSource,
    FleetTest,
    FleetWord,
    NotJudged,
    ReleaseRow,
    Why,
)
from atalaya.records.judged import State
from atalaya.records.stored import Severity
from tests.fleet.conftest import NOW
from tests.tables import each_row

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def row(release: str = "1.0.0", *, subject: str = "orders", days_ago: float = 1, **changes: object) -> ReleaseRow:
    """A release whose window is open, and whose word can be believed."""
    opened_at = NOW - days_ago * DAY
    values: dict[str, object] = {
        "subject": subject,
        "release": release,
        "opened_at": opened_at,
        "ends_at": opened_at + 3 * DAY,
        "word": FleetWord.ON_TRACK,
        "basis": Basis.JUDGED,
        "as_of": NOW - HOUR,
        "valid_until": NOW + HOUR,
    }
    return ReleaseRow(**(values | changes))  # type: ignore[arg-type]


def shown(*rows: ReleaseRow, problems: Sequence[str] = (), now: datetime = NOW) -> Fleet:
    subjects = dict.fromkeys(one.subject for one in rows)
    gathered = []
    for name in subjects:
        own = tuple(one for one in rows if one.subject == name)
        gathered.append(
            Gathered(FleetSource(subject=name, kind="path", place=name, releases=len(own)), "", own, Work())
        )
    gathered += [
        Gathered(FleetSource(subject=name, kind="git", place="x", problem="gone"), "", (), Work()) for name in problems
    ]
    with opened_empty() as database:
        return assemble.fleet_of(gathered, database, now)


def word_of(one: ReleaseRow) -> tuple[FleetWord, Why | None]:
    (release,) = shown(one).releases
    return release.word, release.why


def test_a_word_is_shown_until_its_hour_and_not_at_it() -> None:
    assert word_of(row(valid_until=NOW + timedelta(seconds=1))) == (FleetWord.ON_TRACK, None)
    assert word_of(row(valid_until=NOW)) == (FleetWord.UNKNOWN, Why.EXPIRED)
    assert FleetWord.ON_TRACK is shown(row(valid_until=NOW)).releases[0].last_word


def test_what_was_closed_or_rehearsed_does_not_expire() -> None:
    old = {"valid_until": NOW - DAY, "word": FleetWord.GO}
    assert word_of(row(closed=True, **old)) == (FleetWord.GO, None)
    assert word_of(row(rehearsal=True, **old)) == (FleetWord.GO, None)


def test_what_cannot_be_read_or_was_never_judged_is_unknown_whatever_its_word() -> None:
    assert word_of(row(word=FleetWord.GO, problem="torn")) == (FleetWord.UNKNOWN, Why.UNREADABLE)
    assert word_of(row(word=FleetWord.UNKNOWN, basis=Basis.NOTHING)) == (FleetWord.UNKNOWN, Why.NOTHING)


def test_nothing_is_unknown_and_never_fine() -> None:
    assert FleetWord.UNKNOWN is shown().word


def test_a_source_that_cannot_be_reached_keeps_the_fleet_from_being_fine() -> None:
    assert FleetWord.ON_TRACK is shown(row()).word
    assert FleetWord.UNKNOWN is shown(row(), problems=["gone"]).word
    assert FleetWord.NO_GO is shown(row(word=FleetWord.NO_GO), problems=["gone"]).word
    assert {one.subject: one.word for one in shown(row(), problems=["gone"]).subjects} == {
        "gone": FleetWord.UNKNOWN,
        "orders": FleetWord.ON_TRACK,
    }


def test_the_word_of_the_fleet_is_that_of_what_is_current() -> None:
    past = row("0.9.0", days_ago=30, word=FleetWord.NO_GO, closed=True)
    found = shown(past, row("1.0.0", word=FleetWord.GO))
    assert (found.word, {one.release: one.current for one in found.releases}) == (
        FleetWord.GO,
        {"1.0.0": True, "0.9.0": False},
    )
    assert FleetWord.NO_GO is shown(past).word


def test_a_release_that_is_watched_still_is_current_beside_a_newer_one() -> None:
    found = shown(row("1.0.0", days_ago=2, word=FleetWord.OFF_TRACK), row("1.0.1", days_ago=1))
    assert FleetWord.OFF_TRACK is found.word


def test_a_rehearsal_is_no_newest_release_where_there_is_a_real_one() -> None:
    found = shown(row("1.0.0", days_ago=30, closed=True), row("rehearsal-1", rehearsal=True, word=FleetWord.NO_GO))
    assert FleetWord.ON_TRACK is found.word


def test_a_release_without_a_date_counts_as_current() -> None:
    assert FleetWord.UNKNOWN is shown(row("1.0.0"), row("torn", opened_at=None, ends_at=None, problem="torn")).word


@given(st.lists(st.sampled_from(FleetWord), min_size=1, max_size=5))
def test_the_worst_word_is_never_hidden_by_a_better_one(words: list[FleetWord]) -> None:
    order = ["INVALID", "NO-GO", "OFF TRACK", "EXTEND", "UNKNOWN", "INCONCLUSIVE", "WAITING", "ON TRACK", "GO"]
    assert min((str(word) for word in words), key=order.index) == str(assemble._worst(words))


def metric(id: str, state: State) -> FleetMetric:
    return FleetMetric(id=id, state=state, value=0.9, low=0.8, high=0.95, n=10, unit="share")


@each_row(
    ("states", "worst"),
    [
        ((State.PROVEN, State.MEETS), 1),
        ((State.INCONCLUSIVE, State.UNKNOWN, State.MEETS), 1),
        ((State.UNKNOWN, State.FAIL), 1),
        ((State.FAIL, State.FAIL), 0),
        ((State.NOT_APPLICABLE, State.PROVEN), 1),
    ],
)
def test_the_worst_metric_is_the_one_that_fails_then_what_is_not_known(states: tuple[State, ...], worst: int) -> None:
    metrics = tuple(metric(f"m{number}", state) for number, state in enumerate(states))
    assert shown(row(metrics=metrics)).releases[0].worst_metric is metrics[worst]


def test_no_metric_is_known_where_none_applies() -> None:
    assert shown(row(metrics=(metric("m", State.NOT_APPLICABLE),))).releases[0].worst_metric is None


def test_an_open_incident_is_not_fine_whatever_the_word_is() -> None:
    incident = FleetIncident(id="I", state="open", is_open=True, severity=Severity.MINOR, opened_at=NOW)
    found = shown(row(incidents=(incident, msgspec.structs.replace(incident, is_open=False))))
    assert (found.counts["not_fine"], found.counts["open_incidents"]) == (1, 1)
    assert shown(row()).counts["not_fine"] == 0


def test_a_flaky_test_is_shared_by_two_releases_at_least_and_most_subjects_come_first() -> None:
    def flaky(*tests: str) -> tuple[FleetTest, ...]:
        return tuple(FleetTest(id=one, test=one, critical=one == "wide", keys=1) for one in tests)

    found = shown(
        row("1", subject="a", tests=flaky("deep", "wide", "alone")),
        row("2", subject="a", tests=flaky("deep")),
        row("3", subject="a", tests=flaky("deep")),
        row("1", subject="b", tests=flaky("wide")),
    )
    assert [(one.test, one.releases, one.subjects, one.critical) for one in found.shared_tests] == [
        ("wide", 2, {"a": 1, "b": 1}, True),
        ("deep", 3, {"a": 3}, False),
    ]
    assert {one.subject: one.flaky_tests for one in found.subjects} == {"a": 3, "b": 1}


def test_a_cause_is_shared_by_its_fingerprint() -> None:
    timeout = FleetCause(cause="f1", what="network-error", error="ReadTimeout", place="wait")
    blocking = msgspec.structs.replace(timeout, blocking=True)
    found = shown(
        row(subject="a", causes=(timeout,)),
        row(subject="b", causes=(blocking, FleetCause(cause="f2", what="stale-read"))),
    )
    (one,) = found.shared_causes
    assert (one.cause, one.error, one.place, one.blocking, one.subjects) == (
        "f1",
        "ReadTimeout",
        "wait",
        True,
        {"a": 1, "b": 1},
    )


def test_a_release_that_has_yet_to_begin_does_not_stand_for_its_subject() -> None:
    red = row("1.0.0", closed=True, word=FleetWord.NO_GO, valid_until=None)
    found = shown(red, row("2.0.0", days_ago=-300, word=FleetWord.WAITING))
    assert (found.word, [one.release for one in found.releases if one.current]) == (FleetWord.NO_GO, ["2.0.0", "1.0.0"])
    assert [one.newest for one in found.subjects] == ["1.0.0"]


def test_a_fine_word_is_not_believed_where_nobody_judged_what_came_since() -> None:
    assert word_of(row(not_judged=NotJudged.OWN_PACK)) == (FleetWord.UNKNOWN, Why.NOT_JUDGED)
    assert word_of(row(not_judged=NotJudged.OWN_PACK, word=FleetWord.NO_GO)) == (FleetWord.NO_GO, None)


def test_a_release_that_is_invalid_is_shown_first_however_old_it_is() -> None:
    found = shown(row("1.0.0", days_ago=9, closed=True, word=FleetWord.INVALID), row("1.1.0"))
    assert (found.word, found.counts["not_fine"]) == (FleetWord.ON_TRACK, 1)


def test_an_older_release_that_cannot_be_read_is_one_that_is_not_fine() -> None:
    found = shown(row("1.0.0", days_ago=9, problem="torn"), row("1.1.0"))
    assert (found.word, found.counts["not_fine"]) == (FleetWord.ON_TRACK, 1)


def test_a_release_that_is_not_as_it_was_sealed_is_invalid() -> None:
    found = shown(row(word=FleetWord.UNKNOWN, closed=True, problem="report.json", seal_broken=True))
    assert (found.word, found.releases[0].why, found.counts["broken_seals"], found.counts["unreadable"]) == (
        FleetWord.INVALID,
        Why.SEAL_BROKEN,
        1,
        0,
    )


def test_a_seal_that_was_made_anew_since_the_next_release_began_is_not_believed() -> None:
    before = row("1.0.0", days_ago=9, closed=True, word=FleetWord.GO, seal="new")
    after = row("1.1.0", previous="1.0.0", previous_seal="old")
    told = {one.release: (one.word, one.problem) for one in shown(before, after).releases}
    assert told == {
        "1.0.0": (FleetWord.INVALID, "Its seal was made anew: 1.1.0 began from another one. Restore it from git."),
        "1.1.0": (FleetWord.ON_TRACK, ""),
    }
    as_it_was = shown(before, replace(after, previous_seal="new")).releases
    assert [one.problem for one in as_it_was] == ["", ""]


def test_a_seal_that_was_taken_away_since_the_next_release_began_is_missed() -> None:
    before = row("1.0.0", days_ago=9, word=FleetWord.GO, seal="")
    after = row("1.1.0", previous="1.0.0", previous_seal="old")
    assert shown(before, after).releases[1].problem.startswith("Its seal was taken away: 1.1.0 began")
    gone = replace(before, word=FleetWord.UNKNOWN, problem="It is closed, and its seal.json is gone.")
    assert shown(gone, after).releases[1].word is FleetWord.INVALID
    assert shown(replace(gone, seal=None), after).releases[1].word is FleetWord.UNKNOWN
    handed_over = replace(before, evidence_alone=True)
    assert [one.problem for one in shown(handed_over, after).releases] == ["", ""]
    of_itself = row("1.0.0", previous="1.0.0", previous_seal="old")
    assert [one.problem for one in shown(of_itself).releases] == [""]


@pytest.mark.parametrize("basis", [one for one in Basis if one is not Basis.NOTHING])
def test_what_a_closed_watch_came_to_stays_where_it_was_sealed_or_judged(basis: Basis) -> None:
    over = row("1.0.0", closed=True, basis=basis, word=FleetWord.GO, valid_until=NOW - HOUR)
    expected = FleetWord.GO if basis in (Basis.SEALED, Basis.JUDGED) else FleetWord.UNKNOWN
    assert word_of(over)[0] is expected


def test_no_more_is_shared_than_can_be_shown() -> None:
    tests = tuple(FleetTest(id=f"{number:03}", test=f"t{number:03}", critical=False, keys=1) for number in range(250))
    found = shown(row("1", tests=tests), row("2", tests=tests))
    assert [f"t{number:03}" for number in range(assemble.MOST_SHARED)] == [one.test for one in found.shared_tests]
    assert (found.counts["shared_tests"], found.counts["shared_causes"]) == (250, 0)


def test_the_words_of_a_subject_are_counted() -> None:
    found = shown(
        row("1", days_ago=9, closed=True, word=FleetWord.GO), row("2", closed=True, word=FleetWord.GO), row("3")
    )
    (subject,) = found.subjects
    assert (subject.releases, subject.words) == (3, {"ON TRACK": 1, "GO": 2})


def test_what_a_database_cannot_count_is_said_and_no_verdict() -> None:
    class Full(DuckDB):
        def rows(self, sql: str, parameters: object) -> list[Row]:
            raise QueryFailed("no space is left")

    with duckdb.connect(":memory:") as connection:
        ask = tables.filled(Full(connection), [], [])
        with pytest.raises(HarnessError, match="the fleet: subjects cannot be counted: no space is left") as raised:
            ask("subjects", {})
        with pytest.raises(HarnessError, match="the fleet: fleet_releases cannot be counted"):
            tables.filled(Full(connection), [], [])
    assert raised.value.exit_code == 3


def test_a_question_is_in_the_portable_subset() -> None:
    """Each order ends in a unique key and says where NULLs go; nothing is used that engines answer differently."""
    for file in sorted(Path(tables.__file__).parent.glob("*.sql")):
        text = file.read_text(encoding="utf-8")
        assert text.startswith("-- "), file
        for word in ("list(", "arg_max", "quantile", "regexp", "strftime", "::", "QUALIFY", "SELECT *", "string_agg"):
            assert (file.name, word, False) == (file.name, word, word.lower() in text.lower())
        for line in text.split("ORDER BY")[1:]:
            keys = line.partition(")")[0].split(",")
            assert all("NULLS LAST" in key for key in keys), (file.name, line)
