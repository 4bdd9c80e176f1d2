"""Tests that what was redacted in one clone goes from the shared branch, and from the other clones."""

from __future__ import annotations

from pathlib import Path

import pytest

from atalaya.evidence.ledger import ledger
from atalaya.records.stored import IncidentStep, Severity, record_metadata
from atalaya.watch.incidents.redaction import redact
from tests.sync.clones import T0, VERSION, Shared, seen
from tests.watch.watched import LOOPBACK, stamp

SECRET = "hunter2-token"


def recorded(root: Path) -> str:
    """The path of a segment that holds a secret, below the releases."""
    step = IncidentStep(
        **record_metadata("one", LOOPBACK, T0),
        incident="INC-1",
        opened_at=T0,
        state="open",
        severity=Severity.MAJOR,
        impact=f"it printed {SECRET}",
        root_cause="",
        fix="",
        metric="",
        by="ana",
        why="x",
    )
    (file,) = ledger.write(folder(root) / "evidence", [step])
    return f"docs/releases/{VERSION}/evidence/{file.name}"


def folder(root: Path) -> Path:
    return root / "docs" / "releases" / VERSION


def cut(root: Path) -> None:
    redact(folder(root), "INC-1", SECRET, stamp(40, "cut"), by="Ana", why="a token")  # type: ignore[arg-type]


def there(root: Path) -> bool:
    return any(SECRET.encode() in file.read_bytes() for file in folder(root).rglob("*") if file.is_file())


@pytest.mark.parametrize("is_sealed", [False, True])
def test_it_goes_from_the_branch_and_from_who_has_it_and_does_not_come_back(shared: Shared, is_sealed: bool) -> None:
    one, other = shared.clone(f"one-{is_sealed}"), shared.clone(f"other-{is_sealed}")
    shared.pull(one)
    path = recorded(one)
    (folder(one) / "t00.md").write_text(f"# T+0\n\n{SECRET}\n")
    if is_sealed:
        (folder(one) / "seal.json").write_text("{}\n")
    shared.push(one, edited=True)
    shared.pull(other)
    assert there(other)
    cut(one)
    shared.pull(one)
    assert not there(one)
    shared.push(one)
    assert not there(one)
    assert path not in shared.files()
    seen(other, f"other-{is_sealed}")
    shared.pull(other)
    assert not there(other)
    if not is_sealed:
        shared.push(other)
    assert path not in shared.files()
    shared.pull(one)
    assert not there(one)
