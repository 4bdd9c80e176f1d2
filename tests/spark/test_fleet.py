"""Tests that `fleet --engine spark` shows what `fleet` shows, of releases that are judged and of what they share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from atalaya.cli import fleet as command
from atalaya.evidence.ledger import ledger
from atalaya.fleet import tables
from atalaya.metrics.engine.engine import opened_empty
from atalaya.records.fleet import FleetCause, FleetTest
from atalaya.records.stored import CaseOutcome, Environment
from tests.commands import run
from tests.fleet.many import T0, release, sealed
from tests.fleet.test_assemble import row
from tests.fleet.test_reading import attempt

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
QUESTIONS = sorted(file.stem for file in Path(tables.__file__).parent.glob("*.sql"))
STRANGE = ("é", "e\u0301", "", "\u2028", "\U0001f600", 'a"b\\', "-- a", "$most", "{x}", "a\tb")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A project whose fleet has a release that has to be judged, and closed ones that share tests and causes."""
    orders = tmp_path / "orders"
    flaky(release(orders, "1.1.0", kind="rehearsal-2"))
    for number, kind in enumerate(("rehearsal-1", "rehearsal-2", "rehearsal-3")):
        sealed(flaky(release(tmp_path / "billing", f"1.{number}.0", kind=kind, at=T0)))
    (tmp_path / "here").mkdir()
    listed = 'rehearsals = true\n[[source]]\npath = "../orders"\n[[source]]\npath = "../billing"\n'
    (tmp_path / "here" / "fleet.toml").write_text(listed, encoding="utf-8")
    with mock.patch.object(command, "utc_now", return_value=NOW):
        yield tmp_path / "here"


def flaky(folder: Path) -> Path:
    """The same release, with a test that passed and failed."""
    both = (CaseOutcome.PASSED, CaseOutcome.FAILED)
    ledger.write(folder / "evidence", [attempt("t", one, environment=Environment.REHEARSAL) for one in both])
    return folder


def shown(root: Path, *more: str, **environ: str) -> str:
    for kept in (root / ".atalaya" / "fleet" / "rows").glob("*"):
        kept.unlink()
    done = run("fleet", "--json", *more, root=root, cwd=root, **{"SPARK_REMOTE": ""} | environ)
    assert "1 judged" in done.stderr
    assert done.stdout, done.stderr
    return done.stdout


def test_spark_shows_the_fleet_as_duckdb_does(root: Path) -> None:
    ours = shown(root)
    assert '"shared_tests":[{' in ours.replace(" ", "").replace("\n", "")
    same = ours == shown(root, "--engine=spark")
    assert same  # pytest would take minutes to show how two such documents differ


def test_a_spark_connect_server_shows_it_as_duckdb_does(root: Path, server: str) -> None:
    same = shown(root) == shown(root, "--engine=spark", SPARK_REMOTE=server)
    assert same  # pytest would take minutes to show how two such documents differ


def test_strangers_names_are_counted_alike() -> None:
    rows = [
        row(
            f"{number}",
            subject=f"of {name}",
            tests=tuple(
                FleetTest(id=one, test=one, critical=bool(number % 2), keys=1) for one in STRANGE[: number + 1]
            ),
            causes=tuple(FleetCause(cause=one, what=one, blocking=bool(number % 3)) for one in STRANGE[number:]),
        )
        for number, name in enumerate(STRANGE)
    ]
    answers = []
    for engine in ("duckdb", "spark"):
        with opened_empty(engine=engine) as database:
            ask = tables.filled(database, rows, [])
            answers.append([ask(one, {"most": 5} if one.startswith("shared") else {}) for one in QUESTIONS])
    assert answers[0] == answers[1]
    assert [bool(one) for one in answers[0]] == [True, True, True, False]  # no release is shown


def test_a_fleet_in_which_nothing_is_shared_is_counted_too() -> None:
    for engine in ("duckdb", "spark"):
        with opened_empty(engine=engine) as database:
            ask = tables.filled(database, [], [])
            assert [ask(one, {"most": 5} if one.startswith("shared") else {}) for one in QUESTIONS] == [[], [], [], []]


def test_a_server_that_is_not_there_ends_with_3_before_anything_is_judged(root: Path) -> None:
    done = run("fleet", "--engine=spark", root=root, cwd=root, SPARK_REMOTE="sc://127.0.0.1:1")
    assert (done.returncode, "judged" in done.stderr) == (3, False)
    assert "no Spark Connect server answers at 127.0.0.1:1" in done.stderr
    assert not (root / ".atalaya" / "fleet").exists()
