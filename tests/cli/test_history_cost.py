"""Tests that the history over releases costs no judgement and no page of a release that has not changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atalaya.cli import publish
from atalaya.cli.context import Context
from atalaya.cli.publish import write_pages
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import CaseOutcome, Environment, Release, TestAttempt
from atalaya.site.build.skeleton import pages
from atalaya.watch.folder import open_release
from tests.cli.test_release_command import place_of

VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
NEWEST = VERSIONS[-1]
T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)


def attempt(version: str, outcome: CaseOutcome, test: str, hours: float = 1) -> TestAttempt:
    at = opened_at(version) + timedelta(hours=hours)
    return TestAttempt(
        run_id=f"run-{version}-{hours}",
        environment=Environment.CI,
        occurred_at=at,
        recorded_at=at,
        test=test,
        variant="3.12",
        attempt=1,
        commit="",
        outcome=outcome,
        critical=False,
        origin="",
    )


def opened_at(version: str) -> datetime:
    return T0 + timedelta(days=7 * VERSIONS.index(version))


@pytest.fixture
def place(root: Path) -> Context:
    """Three releases a week apart, in the first of which a test failed."""
    releases = root / "docs" / "releases"
    for version in VERSIONS:
        open_release(releases, Release(version=version, commit="", opened_at=opened_at(version)), pages())
        outcome = CaseOutcome.FAILED if version == VERSIONS[0] else CaseOutcome.PASSED
        ledger.write(releases / version / "evidence", [attempt(version, outcome, "suite::test_old")])
    return place_of(root)


def contents(place: Context) -> dict[str, bytes]:
    """Every fragment that was generated, by its path."""
    generated = place.docs / "_generated"
    return {file.relative_to(generated).as_posix(): file.read_bytes() for file in generated.rglob("*.md")}


def test_a_failure_in_the_newest_release_is_in_the_history_and_only_that_release_is_judged_again(
    place: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    written = publish._written
    monkeypatch.setattr(
        publish, "_written", lambda place, one: (made.append(one.release.version), written(place, one))[1]
    )
    write_pages(place)
    assert sorted(made) == list(VERSIONS)

    made.clear()
    before = contents(place)
    ledger.write(
        place.releases / NEWEST / "evidence", [attempt(NEWEST, CaseOutcome.FAILED, "suite::test_new", hours=2)]
    )
    write_pages(place)
    after = contents(place)
    again = {name for name, content in after.items() if before.get(name) != content}

    assert made == [NEWEST]
    assert {name for name in again if not name.startswith((f"{NEWEST}/", "reference/"))} == set()
    # Of the promises nothing changed, so their pages are not built again either.
    assert {name for name in again if name.startswith("reference/en/")} == {
        "reference/en/history-tests.md",
        "reference/en/history.md",
    }
    shown = after["reference/en/history-tests.md"].decode()
    assert shown.index("suite::test_new") < shown.index("suite::test_old")


def test_a_release_that_was_published_is_not_judged_again_for_the_history_to_be_written(
    place: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pages(place)
    for file in (place.docs / "_generated" / "reference").rglob("history*"):
        file.unlink()
    monkeypatch.setattr(publish, "judged", lambda *args, **options: pytest.fail("it was judged again"))
    write_pages(place)
    assert (place.docs / "_generated" / "reference" / "es" / "history-tests.md").is_file()
