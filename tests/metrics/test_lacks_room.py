"""Tests that too little memory or a full disk is never taken for a fault of the evidence."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from atalaya.core.errors import EngineError, EvidenceError
from atalaya.core.settings import Settings
from atalaya.evidence.ledger import file_lines
from atalaya.metrics.engine import duckdb_database
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.window_query import MetricQuery
from atalaya.watch import baseline
from atalaya.watch.folder import load
from tests.ours import PACK

REHEARSAL = Path(__file__).parents[2] / "docs/releases/rehearsal-2"
EVIDENCE = REHEARSAL / "evidence"

FULL = OSError(errno.ENOSPC, "No space left on device")


def unreadable() -> Exception:
    """What a ledger says of a segment, while a part of it is written for the database."""
    return file_lines.unreadable(Path("job-0.jsonl"), FULL)


@pytest.fixture(
    params=[
        lambda: duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block"),
        lambda: duckdb.IOException('IO Error: Could not write file "/tmp/duckdb_temp": No space left on device'),
        lambda: FULL,
        unreadable,
    ],
    ids=["memory", "spilling", "disk", "part"],
)
def without_room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No segment is loaded: there is no room."""
    make: Callable[[], Exception] = request.param

    def failing(*asked: object) -> None:
        raise make()

    monkeypatch.setattr(duckdb_database, "lots", failing)


@pytest.mark.usefixtures("without_room")
def test_evidence_that_finds_no_room_is_not_damaged() -> None:
    with (
        pytest.raises(EngineError, match=r"The evidence is not at fault: free memory|Nothing is known of it") as told,
        opened(EVIDENCE),
    ):
        pass
    assert "git" not in str(told.value)
    assert told.value.exit_code == 3


@pytest.mark.usefixtures("without_room")
def test_a_release_that_finds_no_room_is_not_one_that_was_never_accepted() -> None:
    release = load(REHEARSAL)
    assert release is not None
    with pytest.raises(EngineError):
        baseline._tried(REHEARSAL, release, release.opened_at, Settings(), PACK, "duckdb", None)


def test_a_question_that_finds_no_room_is_answered_once_there_is_some() -> None:
    release = load(REHEARSAL)
    assert release is not None
    as_of = release.opened_at + timedelta(hours=72)
    asked = MetricQuery(release=release, as_of=as_of, settings=Settings()).parameters()
    with opened(EVIDENCE) as engine:
        database: Any = engine._database
        database.rows("SET memory_limit = '8MB'", {})
        with pytest.raises(EngineError, match=r"environments cannot be answered: Out of Memory Error: .*run again"):
            engine.ask("environments", asked)
        database.rows("SET memory_limit = '1GB'", {})
        assert engine.ask("environments", asked)


def test_a_record_that_speaks_of_a_full_disk_is_at_fault_all_the_same(tmp_path: Path) -> None:
    (tmp_path / f"event-{'0' * 32}.jsonl").write_text(
        '{"run_id": "No space left on device", "line": "Out of Memory"}\n'
    )
    with pytest.raises(EvidenceError, match="Restore them from git"), opened(tmp_path):
        pass
