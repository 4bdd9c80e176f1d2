"""Makes a release with the evidence of many runs of a test suite, as `collect` would write it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from atalaya.core.scrub import scrub
from atalaya.evidence.ledger import ledger
from atalaya.evidence.readers.collector import Job, gather
from atalaya.records.stored import Release
from atalaya.site.build.skeleton import pages
from atalaya.watch.folder import open_release

VERSION = "1.1.0"
COMMIT = "c0ffee" * 6 + "c0ff"
T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
JOB = Job("clients-python-sdk", COMMIT, whole=True, since=T0)


def write_report(path: Path, at: datetime, tests: int, chance: random.Random) -> None:
    """A report of a suite as pytest writes it: one test in 400 is flaky, and fails once in ten runs."""
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8") as out:
        begun = f'tests="{tests}" hostname="ci" timestamp="{at.isoformat()}"'
        out.write(f'<testsuites><testsuite name="pytest" {begun}>\n')
        for test in range(tests):
            place = f"tests.integration.test_module_{test // 40}.TestOrders{test % 17}"
            name = f"test_order_{test}_keeps_its_state"
            out.write(f'<testcase classname="{place}" name="{name}" time="{chance.lognormvariate(-5, 2):.3f}">')
            if test % 400 == 7 and chance.random() < 0.1:
                out.write('<failure type="AssertionError" message="assert 1 == 0">x</failure>')
            out.write("</testcase>\n")
        out.write("</testsuite></testsuites>\n")


def make(root: Path, *, runs: int, tests: int) -> Path:
    """A project with one release, and in its ledger so many runs of so many tests. Returns the ledger."""
    (root / "watch.toml").write_text("", encoding="utf-8")
    release = Release(version=VERSION, commit=COMMIT, opened_at=T0)
    evidence = open_release(root / "docs" / "releases", release, pages()) / "evidence"
    chance = random.Random(runs)
    for run in range(runs):
        at = T0 + timedelta(hours=1 + 70 * run / runs)
        report = root / "reports" / f"run-{run:04}" / "ubuntu-py311.xml"
        write_report(report, at, tests, chance)
        recorded_at = at + timedelta(minutes=20)
        ledger.write(
            evidence, gather([report.parent], job=JOB, run_id=f"run-{run}", recorded_at=recorded_at, scrub=scrub)
        )
        report.unlink()
    return evidence
