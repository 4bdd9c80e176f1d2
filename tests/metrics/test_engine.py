"""Tests that segments become the tables that their records declare."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import atalaya.metrics.engine.engine as engine_module
from atalaya.core.errors import EvidenceError, UsageError
from atalaya.core.settings import Settings
from atalaya.metrics.engine.engine import Database, QueryFailed, opened, opened_empty
from atalaya.metrics.engine.questions import HERE
from atalaya.metrics.engine.tables import TABLES, columns
from atalaya.metrics.window_query import MetricQuery, iso
from atalaya.records.stored import EventKind, Observation, Outcome
from atalaya.watch.folder import load
from tests.tables import each_row

REHEARSAL = Path(__file__).parents[2] / "docs/releases/rehearsal-2"

QUESTIONS = sorted(path.stem for path in HERE.glob("*.sql"))
FILES = sorted(path.relative_to(HERE).with_suffix("").as_posix() for path in HERE.rglob("*.sql"))
FUNCTIONS = {
    "cast",
    "coalesce",
    "count",
    "date_diff",
    "dense_rank",
    "filter",
    "floor",
    "hash",
    "in",
    "least",
    "length",
    "list_contains",
    "lower",
    "materialized",
    "max",
    "min",
    "nullif",
    "over",
    "regexp_replace",
    "row_number",
    "substr",
    "translate",
    "sum",
    "unnest",
    "and",
    "as",
    "or",
    "not",
    "partition",
    "where",
}


def parameters(watch: Any) -> dict[str, Any]:
    span = MetricQuery(release=watch.release, as_of=watch.release.opened_at, settings=watch.settings)
    return {**span.parameters(), "since": iso(watch.release.opened_at)}


def test_columns_are_declared_from_the_record() -> None:
    declared = columns(Observation)
    assert [declared[name] for name in ("outcome", "occurred_at", "duration_s", "trials", "log")] == [
        "VARCHAR",
        "TIMESTAMPTZ",
        "DOUBLE",
        "BIGINT",
        "VARCHAR[]",
    ]


def rehearsed(hours: float, **more: Any) -> dict[str, Any]:
    """What is asked of a rehearsal that holds events, failed tests and a fix."""
    release = load(REHEARSAL)
    assert release is not None
    span = MetricQuery(release=release, as_of=release.opened_at + timedelta(hours=hours), settings=Settings(), **more)
    return {**span.parameters("stale-cache"), "since": iso(release.opened_at)}


def test_a_long_table_is_read_where_it_lies_and_gives_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    for short in (engine_module.SHORT, 0):
        monkeypatch.setattr(engine_module, "SHORT", short)
        with opened(REHEARSAL / "evidence") as engine:
            # A step has no order of its own: the questions that need it have.
            answers.append({of: sorted(engine.ask(of, rehearsed(72)), key=repr) for of in QUESTIONS})
            made = {name for name, _ in engine._tables}
            assert ("recorded_events" in made) == bool(short)
            assert "event_tallies" in made
    assert answers[0] == answers[1]


def test_a_step_is_computed_once_an_instant_whichever_questions_need_it() -> None:
    with opened(REHEARSAL / "evidence") as engine:
        for hours in (48, 72):
            for question in ("stale_cache", "polling_timeouts", "network_errors", "stale_cache"):
                engine.ask(question, rehearsed(hours))
            made = [name for name, _ in engine._tables]
            assert made.count("event_tallies") == 1
        # Where a fix landed between, it is another question.
        fixed = load(REHEARSAL).opened_at + timedelta(hours=9)  # type: ignore[union-attr]
        engine.ask("stale_cache", rehearsed(72, fixed_at={"stale-cache": fixed}))
        assert [name for name, _ in engine._tables].count("event_tallies") == 2


def test_an_instant_that_is_asked_about_again_is_answered_alike() -> None:
    with opened(REHEARSAL / "evidence") as engine:
        first = engine.ask("stale_cache", rehearsed(48))
        engine.ask("stale_cache", rehearsed(72))
        engine._answers.clear()
        assert engine.ask("stale_cache", rehearsed(48)) == first


def test_a_step_that_failed_is_computed_when_it_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(REHEARSAL / "evidence") as engine:
        database = engine._database
        keep, failed = database.keep, []

        def failing_once(table: str, *asked: Any) -> None:
            if not failed:
                failed.append(table)
                raise QueryFailed("its files went away")
            keep(table, *asked)

        monkeypatch.setattr(database, "keep", failing_once)
        with pytest.raises(EvidenceError, match="its files went away"):
            engine.ask("stale_cache", rehearsed(72))
        answer = engine.ask("stale_cache", rehearsed(72))
    assert failed
    with opened(REHEARSAL / "evidence") as engine:
        assert engine.ask("stale_cache", rehearsed(72)) == answer


@pytest.mark.parametrize(
    "asked",
    [
        lambda database: database.rows("FROM nowhere", {}),
        lambda database: database.keep("made", "FROM nowhere", {}),
        lambda database: database.take("made", "FROM nowhere", "nowhere"),
        lambda database: database.define("made", "FROM nowhere"),
        lambda database: database.length("nowhere"),
    ],
)
def test_a_database_says_in_one_way_that_it_cannot(asked_of: str, asked: Callable[[Database], object]) -> None:
    with opened_empty(engine=asked_of) as database, pytest.raises(QueryFailed, match="nowhere"):
        asked(database)


def test_an_engine_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = "spark_database"  # imported already, where the other tests ask Spark
    monkeypatch.delitem(sys.modules, f"atalaya.metrics.engine.{name}", raising=False)
    monkeypatch.delattr(sys.modules["atalaya.metrics.engine"], name, raising=False)
    for needed in ("pyarrow", "pyspark", "sqlglot"):
        monkeypatch.setitem(sys.modules, needed, None)
    with pytest.raises(UsageError, match="the extra `scale`"), opened(tmp_path, engine="spark"):
        pass


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_folder_that_does_not_exist_holds_no_evidence(question: str, watch: Any) -> None:
    with opened(watch.folder / "nowhere") as engine:
        rows = engine.ask(question, parameters(watch))
    assert not [value for row in rows for value in row.values() if value]


def test_several_segments_of_a_kind_are_one_table(watch: Any) -> None:
    for hours in (1, 2):
        watch.keep(watch.event(EventKind.STALE_READ, hours=hours))
    assert watch.metric("stale-cache").value == 2


def test_a_file_that_is_no_segment_is_not_read(watch: Any) -> None:
    (watch.folder / ".segment-event-1.tmp").write_text("half a record")
    (watch.folder / "notes.jsonl").write_text("not a record")
    assert watch.metric("stale-cache").value is None


def test_a_link_to_nowhere_that_is_left_out_is_in_nobodys_way(watch: Any) -> None:
    watch.keep(watch.event(EventKind.STALE_READ))
    link = watch.folder / f"event-{'0' * 32}.jsonl"
    link.symlink_to(watch.folder / "nowhere")
    with opened(watch.folder, damaged={link.name}) as engine:
        assert engine._database.length("events") == 1


def test_a_folder_whose_name_is_a_pattern_is_read_as_it_is(watch: Any) -> None:
    (watch.folder / "ab").mkdir()
    watch.folder = watch.folder / "a*"
    watch.folder.mkdir()
    watch.keep(watch.event(EventKind.STALE_READ))
    (watch.folder.parent / "ab" / next(watch.folder.iterdir()).name).write_text("never read\n")
    assert watch.metric("stale-cache").value == 1


def test_a_damaged_segment_is_an_error_that_names_it(watch: Any) -> None:
    segment = watch.folder / f"event-{'0' * 32}.jsonl"
    segment.write_text('{"run_id": "cut')
    with pytest.raises(EvidenceError, match=segment.name):
        watch.metric("stale-cache")


@each_row("question", FILES)
def test_each_question_begins_by_saying_what_it_counts(question: str) -> None:
    first = (HERE / f"{question}.sql").read_text(encoding="utf-8").splitlines()[0]
    assert re.match(r"-- (?:Counts|Lists|Says)\b", first)


@each_row("question", FILES)
def test_each_question_keeps_to_what_two_engines_agree_on(question: str) -> None:
    sql = re.sub(r"--.*|'[^']*'", "", (HERE / f"{question}.sql").read_text(encoding="utf-8"))
    called = {name.lower() for name in re.findall(r"(\w+)\s*\(", sql)}
    assert called <= FUNCTIONS | {step.lower() for step in re.findall(r"(\w+) AS \($", sql, re.MULTILINE)}
    assert not re.search(r"SELECT\s+\*|QUALIFY|::", sql)
    assert all("NULLS LAST" in line for line in re.findall(r"ORDER BY (.*)", sql))


def test_the_tables_are_the_kinds_that_metrics_ask_for() -> None:
    asked = {
        name.removeprefix("counted_").removeprefix("window_")
        for question in QUESTIONS
        for name in re.findall(r"FROM (\w+)", (HERE / f"{question}.sql").read_text(encoding="utf-8"))
    }
    assert set(TABLES) <= asked


def test_the_window_and_the_released_commit_are_filtered_in_one_place() -> None:
    written = {file: (HERE / f"{file}.sql").read_text(encoding="utf-8") for file in FILES}
    for filtered, view in (
        ("$until", "recorded"),
        ("LENGTH($commit)", "recorded"),
        ("$ci_events", "recorded"),
        ("'loopback'", "recorded"),
    ):
        assert [f"views/{view}"] == [file for file, sql in written.items() if filtered in sql]


def test_python_holds_no_question_of_its_own() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(HERE).rglob("*.py"))
    assert not re.search(r"\bSELECT\b|\bFROM [a-z_]+ WHERE\b", sources)


def test_a_value_that_text_could_break_is_only_a_value(watch: Any) -> None:
    watch.keep(watch.checked("polling.fresh-status'; DROP VIEW events; --", Outcome.BROKEN))
    assert watch.metric("stale-cache").value is None
