"""Tests that the published schema accepts every record that is written, and no other."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from atalaya.evidence.ledger.ledger import write
from atalaya.evidence.ledger.schema import document
from atalaya.evidence.readers.collector import Job, collect
from atalaya.records.stored import (
    FORMAT,
    STORED,
    ApiModule,
    Artefact,
    Built,
    BuiltFile,
    CommitTree,
    Compatibility,
    Decision,
    Dispatch,
    Environment,
    Health,
    IncidentNote,
    Notice,
    Outcome,
    PublicApi,
    PublishedFile,
    Redaction,
    SegmentManifest,
    VerdictRecord,
    VerdictStatus,
)
from tests.tables import each_row

SAMPLES = Path(__file__).parent / "samples"
REHEARSED = Path(__file__).parents[2] / "docs" / "releases" / "rehearsal-2" / "evidence"
FINDING = {
    "run_id": "r",
    "environment": "ci",
    "occurred_at": "2026-03-02T09:00:00Z",
    "recorded_at": "2026-03-02T09:00:00Z",
    "format": 1,
    "weakness": "errors.cannot-be-pickled",
    "seen": None,
    "reason": "",
}

STAMP: dict[str, Any] = {
    "run_id": "r",
    "environment": Environment.LOOPBACK,
    "occurred_at": datetime(2026, 3, 2, 9, tzinfo=UTC),
    "recorded_at": datetime(2026, 3, 2, 9, tzinfo=UTC),
}
# What no rehearsal and no collection writes.
WRITTEN_DOWN = (
    Redaction(**STAMP, incident="INC-1", by="Ana", why="a token", records=1, removed=("note-0",), comments=(1,)),
    IncidentNote(**STAMP, incident="INC-1", comment=1, by="member", text="It is the proxy."),
    Decision(
        **STAMP,
        action="go-on",
        word=VerdictStatus.ON_TRACK,
        verdict="d" * 64,
        verdict_as_of=STAMP["occurred_at"],
        by="ana",
        why="all is well",
    ),
    VerdictRecord(
        **STAMP, word=VerdictStatus.ON_TRACK, rule="nothing-failing", verdict="d" * 64, because=("Proven: pass-rate.",)
    ),
    SegmentManifest(**STAMP, segments=("job-0123",)),
    Dispatch(
        **STAMP,
        checkpoint_h=24,
        workflow="unit",
        workflow_file="unit.yml",
        ref="v1.1.0",
        commit="a" * 40,
        runs=2,
        jobs=8,
    ),
    CommitTree(**STAMP, commit="a" * 40, path="clients/python", tree="b" * 40, asked_of="git"),
    Health(
        **STAMP,
        producer="smoke",
        python="3.12.4",
        start_error="",
        clock="virtual",
        requests=5,
        retries=1,
        states=("READY", "CREATED"),
        took_ms=(200.0, None),
        polls=(2, 3),
    ),
    Health(**STAMP, producer="checks", python="3.12.4"),
    Compatibility(
        **STAMP,
        subject_version="1.1.0",
        subject_digest="d" * 64,
        python="3.12",
        dependencies="",
        outcome=Outcome.KEPT,
        ran_on="3.12.4",
        import_ms=200.1,
        client_ms=None,
        freeze=("a==1",),
    ),
    PublicApi(
        **STAMP,
        package="acme",
        version="1.1.0",
        subject_digest="d" * 64,
        origin="installed",
        modules=(ApiModule(name="acme", source="x = ..."),),
    ),
    Notice(**STAMP, channel="hooks.example", told=("said-0123",)),
    Built(**STAMP, origin="dist", files=(BuiltFile(name="a-1.whl", sha256="d" * 64, size_bytes=7),)),
    Artefact(
        **STAMP,
        project="a",
        version="1",
        index="https://index.example/",
        resolved=("a==1",),
        files=(
            PublishedFile(
                name="a-1.whl",
                claimed="",
                sha256="d" * 64,
                size_bytes=7,
                yanked=True,
                yanked_reason="no",
                requires_python=">=3.11",
                metadata="",
            ),
        ),
    ),
)


def rows(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(folder.glob("*.jsonl*")):
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for line in content.splitlines():
            yield file.name.partition("-")[0], json.loads(line)


def errors(kind: str, row: dict[str, Any]) -> list[str]:
    validator = Draft202012Validator(document() | {"$ref": f"#/$defs/{kind}"}, format_checker=FormatChecker())
    return [error.message for error in validator.iter_errors(row)]


def test_it_is_a_schema_and_has_every_kind() -> None:
    Draft202012Validator.check_schema(document())
    assert STORED.keys() <= document()["$defs"].keys()


def test_every_row_of_a_rehearsal_and_of_a_collection_is_valid(tmp_path: Path) -> None:
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    collected = collect([SAMPLES / "junit"], job=Job("unit", ""), recorded_at=now)
    write(tmp_path, [*collected.evidence, *WRITTEN_DOWN])
    seen: set[str] = set()
    for kind, row in (*rows(REHEARSED), *rows(tmp_path)):
        # One row of each shape: thousands are alike.
        shape = f"{kind} {sorted((name, type(value).__name__) for name, value in row.items())}"
        if shape not in seen:
            seen.add(shape)
            assert errors(kind, row) == []
    assert {shape.partition(" ")[0] for shape in seen} == set(STORED)


@pytest.mark.parametrize("name", ["run_id", "occurred_at", "weakness", "seen"])
def test_a_row_that_lacks_a_field_is_not_valid(name: str) -> None:
    assert errors("finding", FINDING) == []
    assert errors("finding", {key: value for key, value in FINDING.items() if key != name})


@each_row("change", [{"environment": "moon"}, {"reason": 7}, {"seen": "yes"}, {"format": FORMAT + 1}, {"format": "1"}])
def test_a_row_with_something_else_in_a_field_is_not_valid(change: dict[str, Any]) -> None:
    assert errors("finding", FINDING | change)


def test_an_older_row_without_the_fields_of_today_is_valid() -> None:
    assert errors("finding", {key: value for key, value in FINDING.items() if key != "format"}) == []
