"""The tables that the questions of the fleet are asked of: a row for each release, flaky test and cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

from atalaya.core.errors import HarnessError
from atalaya.core.words import Record
from atalaya.metrics.engine.engine import Database, QueryFailed, Row
from atalaya.records.fleet import FleetCause, FleetRelease, FleetTest, ReleaseRow

HERE = Path(__file__).parent


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
    id: str
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


class Ask(Protocol):
    """Answers a question of this folder, by its name."""

    def __call__(self, question: str, parameters: Mapping[str, Any]) -> list[Row]: ...


def filled(database: Database, rows: Iterable[ReleaseRow], releases: Iterable[FleetRelease]) -> Ask:
    """Make the tables of these rows in a database, to be asked.

    :param rows: those that are shown, as they were read.
    :param releases: the same as they stand now.
    :raises HarnessError: the database cannot hold them, as does what is returned where it cannot answer.
    """

    def ask(question: str, parameters: Mapping[str, Any]) -> list[Row]:
        try:
            return database.rows((HERE / f"{question}.sql").read_text(encoding="utf-8"), parameters)
        except QueryFailed as why:
            raise _cannot(question, why) from None

    for table, (record, records) in _tables(list(rows), releases).items():
        try:
            database.put(table, record, records)
        except QueryFailed as why:
            raise _cannot(table, why) from None
    return ask


def _cannot(what: str, why: QueryFailed) -> HarnessError:
    return HarnessError(f"the fleet: {what} cannot be counted: {why}. Run it again, or with another --engine.")


def _tables(rows: list[ReleaseRow], releases: Iterable[FleetRelease]) -> dict[str, tuple[type[Record], list[Record]]]:
    return {
        "fleet_releases": (ReleaseOfTable, [_of_release(one) for one in releases]),
        "fleet_tests": (TestOfTable, [_of_test(row, one) for row in rows for one in row.tests]),
        "fleet_causes": (CauseOfTable, [_of_cause(row, one) for row in rows for one in row.causes]),
    }


def _of_release(one: FleetRelease) -> ReleaseOfTable:
    return ReleaseOfTable(
        subject=one.subject, release=one.release, word=str(one.word.value), open_incidents=len(one.open_incidents)
    )


def _of_test(row: ReleaseRow, one: FleetTest) -> TestOfTable:
    return TestOfTable(subject=row.subject, release=row.release, id=one.id, test=one.test, critical=one.critical)


def _of_cause(row: ReleaseRow, one: FleetCause) -> CauseOfTable:
    return CauseOfTable(
        subject=row.subject,
        release=row.release,
        cause=one.cause,
        what=one.what,
        error=one.error,
        place=one.place,
        incident=one.incident,
        blocking=one.blocking,
    )
