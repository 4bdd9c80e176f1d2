"""Tests that the history over releases costs no judgement and no page of a release that has not changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atalaya.cli import publish
from atalaya.cli.as_of import judged
from atalaya.cli.context import Context
from atalaya.cli.publish import write_pages
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import CaseOutcome, Environment, Release, TestAttempt, WatchTransition
from atalaya.site.build.skeleton import pages
from atalaya.watch import seal
from atalaya.watch.folder import load, open_release
from atalaya.watch.states import CLOSED, OPEN
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


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The releases whose pages were written, one after the other."""
    versions: list[str] = []
    written = publish._written
    monkeypatch.setattr(
        publish, "_written", lambda place, one: (versions.append(one.release.version), written(place, one))[1]
    )
    return versions


def test_a_failure_in_the_newest_release_is_in_the_history_and_only_that_release_is_judged_again(
    place: Context, made: list[str]
) -> None:
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


def close(place: Context, version: str) -> str:
    """End a watch and seal it; returns the digest of the seal."""
    folder = place.releases / version
    release = load(folder)
    at = release.opened_at + timedelta(hours=72)
    step = step_to(release, CLOSED, at)
    ledger.write(folder / "evidence", [step])
    (folder / seal.NAME).write_bytes(seal.make(folder, judged(place, release, None), step))
    return seal.digest_of(folder)


def step_to(release: Release, state: str, at: datetime, **said: str) -> WatchTransition:
    return WatchTransition(
        run_id=f"{state}-{release.version}",
        environment=Environment.LOOPBACK,
        occurred_at=at,
        recorded_at=at,
        state=state,
        window_h=72,
        by="ana",
        why="",
        **said,
    )


def test_opening_a_release_judges_no_release_that_was_closed_and_writes_none_of_its_pages(
    place: Context, made: list[str]
) -> None:
    seals = [close(place, version) for version in VERSIONS]
    write_pages(place)
    assert sorted(made) == list(VERSIONS)

    made.clear()
    before = contents(place)
    release = Release(version="1.3.0", commit="", opened_at=opened_at(NEWEST) + timedelta(days=7))
    open_release(place.releases, release, pages())
    first = step_to(release, OPEN, release.opened_at, previous=NEWEST, previous_seal=seals[-1])
    ledger.write(place.releases / release.version / "evidence", [first])
    write_pages(place)

    assert made == [release.version]
    after = contents(place)
    again = {name.partition("/")[0] for name, content in after.items() if before.get(name) != content}
    assert again == {release.version, "reference"}


@pytest.mark.long
def test_a_release_that_was_published_is_not_judged_again_for_the_history_to_be_written(
    place: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pages(place)
    for file in (place.docs / "_generated" / "reference").rglob("history*"):
        file.unlink()
    monkeypatch.setattr(publish, "judged", lambda *args, **options: pytest.fail("it was judged again"))
    write_pages(place)
    assert (place.docs / "_generated" / "reference" / "es" / "history-tests.md").is_file()
