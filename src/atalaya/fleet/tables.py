"""The tables that the questions of the fleet are asked of: a row for each release, flaky test and cause."""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol, get_type_hints

import duckdb
import msgspec

from atalaya.core.words import Record
from atalaya.metrics.engine.duckdb_database import DuckDB
from atalaya.metrics.engine.engine import Row
from atalaya.records.fleet import FleetRelease, ReleaseRow

HERE = Path(__file__).parent
ENCODER = msgspec.json.Encoder()

COLUMN_TYPES = {str: "VARCHAR", bool: "BOOLEAN", int: "BIGINT"}


class ReleaseOfTable(Record, frozen=True, kw_only=True):
    """A release that is shown."""

    subject: str
    release: str
    word: str
    open_incidents: int


class TestOfTable(Record, frozen=True, kw_only=True):
    """A test that was flaky in one release."""

    __test__: ClassVar[bool] = False
    subject: str
    release: str
    test: str
    critical: bool


class CauseOfTable(Record, frozen=True, kw_only=True):
    """A cause that one release had."""

    subject: str
    release: str
    cause: str
    what: str
    error: str
    place: str
    incident: str
    blocking: bool


TABLES: dict[str, type[Record]] = {
    "fleet_releases": ReleaseOfTable,
    "fleet_tests": TestOfTable,
    "fleet_causes": CauseOfTable,
}


def columns(table: str) -> dict[str, str]:
    """The columns of a table by name, in DuckDB's types: declared, and never guessed from what is there.

    >>> columns("fleet_tests")["critical"]
    'BOOLEAN'
    """
    return {name: COLUMN_TYPES[hint] for name, hint in get_type_hints(TABLES[table]).items() if hint in COLUMN_TYPES}


class Ask(Protocol):
    """Answers a question of this folder, by its name."""

    def __call__(self, question: str, parameters: Mapping[str, Any]) -> list[Row]: ...


@contextmanager
def opened(rows: Iterable[ReleaseRow], releases: Iterable[FleetRelease]) -> Iterator[Ask]:
    """The tables of these rows, to be asked.

    :param rows: those that are shown, as they were read.
    :param releases: the same as they stand now.
    """
    with tempfile.TemporaryDirectory(prefix="atalaya-fleet-") as folder, duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, lines in _lines(list(rows), releases).items():
            file = Path(folder) / f"{name}.jsonl"
            file.write_bytes(lines)
            connection.read_json(glob.escape(str(file)), columns=columns(name), format="newline_delimited").create(name)

        database = DuckDB(connection)

        def ask(question: str, parameters: Mapping[str, Any]) -> list[Row]:
            return database.rows((HERE / f"{question}.sql").read_text(encoding="utf-8"), parameters)

        yield ask


def _lines(rows: list[ReleaseRow], releases: Iterable[FleetRelease]) -> dict[str, bytes]:
    return {
        "fleet_releases": ENCODER.encode_lines(
            [
                ReleaseOfTable(
                    subject=one.subject,
                    release=one.release,
                    word=str(one.word.value),
                    open_incidents=len(one.open_incidents),
                )
                for one in releases
            ]
        ),
        "fleet_tests": ENCODER.encode_lines(
            [
                TestOfTable(subject=row.subject, release=row.release, test=one.test, critical=one.critical)
                for row in rows
                for one in row.tests
            ]
        ),
        "fleet_causes": ENCODER.encode_lines(
            [
                CauseOfTable(
                    subject=row.subject,
                    release=row.release,
                    cause=one.cause,
                    what=one.what,
                    error=one.error,
                    place=one.place,
                    incident=one.incident,
                    blocking=one.blocking,
                )
                for row in rows
                for one in row.causes
            ]
        ),
    }
