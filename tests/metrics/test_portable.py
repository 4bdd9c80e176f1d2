"""Tests that each question keeps to what two databases answer alike, and is translated as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import atalaya
from atalaya.metrics.engine.questions import HERE, names_in, view, written
from atalaya.metrics.engine.tables import TABLES
from tests.tables import each_row

pytest.importorskip("sqlglot", reason="SQLGlot translates for Spark; `nox -s tests` installs it")

from atalaya.metrics.engine.portable import NotPortable, _named_twice, parsed, translate, unportable

QUESTIONS = sorted(path.stem for path in HERE.glob("*.sql"))
FLEET = sorted(Path(atalaya.__file__).parent.glob("fleet/*.sql"))
VIEWS = sorted(path.stem for path in (HERE / "views").glob("*.sql"))
LISTS: dict[str, Any] = {name: [] for name in ("ours", "workflows", "same_tree", "ci_events", "repeats")}
OTHERS = Path(__file__).parents[1]


def found(sql: str) -> list[str]:
    tree = parsed(sql)
    return sorted({*unportable(tree), *_named_twice(tree)})


@each_row("question", QUESTIONS)
def test_a_question_holds_nothing_that_engines_answer_otherwise(question: str) -> None:
    asked = written(question)
    whole = asked.over({name: f"FROM {name}_1" for name in asked.needs})
    assert not found(whole)
    # Each parameter is still there, under its name.
    assert {name for name in names_in(whole) if f":{name}" not in translate(whole, LISTS)} == set()


@each_row("question", VIEWS)
def test_a_view_holds_nothing_that_engines_answer_otherwise(question: str) -> None:
    for table, record in TABLES.items():
        assert not found(view(question, record, table))


@each_row("file", FLEET)
def test_a_question_of_the_fleet_holds_nothing_that_engines_answer_otherwise(file: Path) -> None:
    assert not found(file.read_text(encoding="utf-8"))


@each_row("file", sorted(OTHERS.rglob("*.sql")))
def test_a_metric_that_the_tests_add_is_portable_too(file: Path) -> None:
    assert not found(file.read_text(encoding="utf-8"))


@each_row(
    ("sql", "says"),
    [
        ("SELECT arg_max(a, b) FROM t", "the function ARG_MAX"),
        ("SELECT list(x ORDER BY y) FROM t", "the function ARRAY_AGG"),
        ("SELECT quantile_cont(x, 0.5) FROM t", "the function PERCENTILE_CONT"),
        ("SELECT epoch_us(a) FROM t", "the function EPOCH_US"),
        ("SELECT date_diff('day', a, b) FROM t", "a difference of times in another unit than microseconds"),
        ("SELECT date_diff('hour', a, b) FROM t", "a difference of times in another unit than microseconds"),
        ("SELECT CAST(2.5 AS INT)", "a cast to INT"),
        ("SELECT CAST(at AS DATE) FROM t", "a cast to DATE"),
        ("SELECT TRY_CAST(x AS BIGINT) FROM t", "a cast to BIGINT"),
        ("SELECT CAST(a / 2 AS BIGINT) FROM t", "a cast that rounds"),
        ("SELECT a / b FROM t", "a division by what may be zero"),
        ("SELECT a / 0 FROM t", "a division by what may be zero"),
        ("SELECT UNNEST(a), UNNEST(b) FROM t", "two lists that are unnested beside each other"),
        ("SELECT regexp_replace(a, 'x$', '') FROM t", "$ in a pattern"),
        (r"SELECT regexp_replace(a, '^\s', '') FROM t", r"\s in a pattern"),
        (r"SELECT regexp_replace(a, '\d+', '', 'g') FROM t", r"\d in a pattern"),
        ("SELECT regexp_replace(a, 'x', '') FROM t", "a pattern that is replaced once, and is not bound to an end"),
        ("SELECT regexp_replace(a, b, '', 'g') FROM t", "a pattern that is computed"),
        ("SELECT regexp_replace(a, 'x', '', 'gi') FROM t", "the modifiers gi of a pattern"),
        ("SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1", "QUALIFY"),
        ("SELECT a - INTERVAL 1 DAY FROM t", "INTERVAL"),
        (
            "WITH a AS (SELECT 1 AS x), b AS (WITH a AS (SELECT 2 AS x) SELECT x FROM a) SELECT x FROM b",
            "two steps of the name a",
        ),
    ],
)
def test_what_engines_answer_otherwise_is_refused(sql: str, says: str) -> None:
    assert says in found(sql)
    with pytest.raises(NotPortable):
        translate(sql, {})


def test_what_cannot_be_parsed_is_refused() -> None:
    with pytest.raises(NotPortable, match="cannot be parsed"):
        translate("SELECT FROM WHERE", {})


@each_row(
    ("sql", "parameters", "becomes"),
    [
        ("FROM jobs", {}, "SELECT * FROM jobs"),
        ('SELECT "commit" FROM t', {}, "SELECT `commit` FROM t"),
        ("SELECT a FROM t WHERE $rehearsal", {"rehearsal": True}, "SELECT a FROM t WHERE :rehearsal"),
        (
            "SELECT a FROM t WHERE list_contains($ours, a)",
            {"ours": []},
            "SELECT a FROM t WHERE ARRAY_CONTAINS(FROM_JSON(:ours, 'ARRAY<STRING>'), a)",
        ),
        (
            "SELECT UNNEST(CAST($repeats AS VARCHAR[][])) AS pair",
            {"repeats": []},
            "SELECT EXPLODE(CAST(FROM_JSON(:repeats, 'ARRAY<ARRAY<STRING>>') AS ARRAY<ARRAY<STRING>>)) AS pair",
        ),
        ("SELECT pair[1] AS told FROM t", {}, "SELECT pair[0] AS told FROM t"),
        (r"SELECT regexp_replace(a, '[ \t]*\z', '') FROM t", {}, r"SELECT REGEXP_REPLACE(a, '[ \\t]*\\z', '') FROM t"),
        ("WITH b AS NOT MATERIALIZED (SELECT a FROM t) FROM b", {}, "WITH b AS (SELECT a FROM t) SELECT * FROM b"),
        ("SELECT a FROM t ORDER BY a ASC NULLS LAST", {}, "SELECT a FROM t ORDER BY a ASC NULLS LAST"),
    ],
)
def test_a_text_is_written_as_spark_reads_it(sql: str, parameters: dict[str, Any], becomes: str) -> None:
    assert translate(sql, parameters) == becomes
