"""Benchmarks the reading of reports, from their files to the ledger, beside the usual readers.

Run by ``nox -s bench``. Figures are never asserted: what is asserted is that all counted the same. CPU time is compared
in one process and in turn; memory is the peak of a process of its own. The floor is expat with no handler at all.
"""

from __future__ import annotations

import random
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atalaya.core.scrub import scrub
from atalaya.evidence.ledger import ledger
from atalaya.evidence.readers import packed, reports
from atalaya.evidence.readers.collector import Gathered, Job, gather
from tests.benchmarks import reports as inputs
from tests.benchmarks.readers import told, with_junitparser, with_lxml, with_lxml_iterparse
from tests.benchmarks.table import Table, paired, spent

ROOT = Path(__file__).parents[2]
CASES = 700  # of one file
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FLOOR = "expat without handlers"
FASTER = 1.8  # than junitparser, of the reader alone
TAKEN_IN = 1.5  # times junitparser's CPU time, of all that is taken in
COLLECT_MB = 200  # of memory, at 210,000 cases
NEEDS_WAIT4 = pytest.mark.skipif(sys.platform == "win32", reason="the system does not say what a process took")

# Reads a folder as `collect` does: to the end of its table, and then into a ledger where one is named.
INTAKE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from atalaya.core.scrub import scrub
from atalaya.evidence.ledger import ledger
from atalaya.evidence.readers.collector import Job, gather, report
def main():
    job = Job("ci", "c0ffee", whole=True)
    found = gather([Path(sys.argv[1])], job=job, recorded_at=datetime.now(UTC), scrub=scrub)
    cases = sum(entry["cases"] for entry in report(found).values())
    if len(sys.argv) > 2:
        ledger.write(Path(sys.argv[2]), found)
    print(cases)
if __name__ == "__main__":
    main()
"""


def write_reports(folder: Path, files: int, cases: int) -> float:
    """Write reports as pytest does, one case in a hundred failed; how many MB there are."""
    chance = random.Random(files)
    folder.mkdir(parents=True)
    for file in range(files):
        with (folder / f"report-{file:04}.xml").open("w", encoding="utf-8") as out:
            out.write(
                f'<testsuites><testsuite name="pytest" tests="{cases}" hostname="ci-{file % 7}" '
                f'timestamp="2026-11-28T10:{file % 60:02}:00+00:00">\n'
            )
            for case in range(cases):
                name = f"test_order_{case}_keeps_its_state[{chance.randrange(10**6)}-{'p' * chance.randrange(10, 30)}]"
                time_s = chance.lognormvariate(-5, 2)
                place = f"tests.integration.test_module_{file}.TestOrders{case % 17}"
                out.write(f'<testcase classname="{place}" name="{name}" time="{time_s:.3f}">')
                if case % 100 == 3:
                    text = "  File tests/test_x.py, line 12\n" * 10
                    out.write(f'<failure type="AssertionError" message="assert {case} == 0">{text}</failure>')
                out.write("</testcase>\n")
            out.write("</testsuite></testsuites>\n")
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6


def gathered(folder: Path) -> Gathered:
    return gather([folder], job=Job("ci", "c0ffee", whole=True), recorded_at=NOW, scrub=scrub)


@pytest.mark.parametrize(("kind", "write"), inputs.KINDS.items())
def test_reading_junit_on_one_core(bench: Table, kind: str, write: Callable[[Path, int], None], tmp_path: Path) -> None:
    path, cases = tmp_path / "report.xml", bench.size(40_000, 10_000)
    write(path, cases)
    ours = reports.read(path)
    assert with_junitparser(path) == (len(ours.cases), ours.failed)
    assert inputs.least_handlers(path) == told(ours)
    assert with_lxml(path) == with_lxml_iterparse(path) == [case[:-1] for case in told(ours)]
    size_mb = path.stat().st_size / 1e6
    ways: dict[str, Callable[[], object]] = {
        FLOOR: lambda: inputs.bare(path),
        "expat, least handlers": lambda: inputs.least_handlers(path),
        "Atalaya": lambda: reports.read(path),
        "lxml, a tree": lambda: with_lxml(path),
        "lxml, iterparse": lambda: with_lxml_iterparse(path),
        "junitparser": lambda: with_junitparser(path),
    }
    bench.compare(
        f"read JUnit, {kind}",
        f"{cases:,} cases, {size_mb:.1f} MB",
        paired(ways, turns=bench.turns),
        ours="Atalaya",
        floor=FLOOR,
        peers=["expat, least handlers", "lxml, a tree", "lxml, iterparse", "junitparser"],
        amount=(size_mb, "MB"),
        target=f"at most {1 / FASTER:.2f} times junitparser",
        met=lambda ratio: ratio["junitparser"] <= 1 / FASTER,
    )


def test_reading_many_files_in_two_processes(bench: Table, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.xml" for number in range(20)]
    for path in paths:
        inputs.write_with_text(path, bench.size(10_000, 2_500))
    sources = [packed.Source(path) for path in paths]
    one, two = (list(packed.read_all(sources, jobs=jobs)) for jobs in (1, 2))
    assert one == two
    size_mb = sum(path.stat().st_size for path in paths) / 1e6
    ways = {
        "one process": lambda: list(packed.read_all(sources, jobs=1)),
        "two processes": lambda: list(packed.read_all(sources, jobs=2)),
    }
    taken = paired(ways, turns=bench.turns, clock=time.perf_counter)
    size = f"{len(paths)} files, {size_mb:.0f} MB; time on the wall"
    bench.compare(
        "read JUnit in two processes", size, taken, ours="two processes", peers=["one process"], amount=(size_mb, "MB")
    )


def test_collecting_many_reports_beside_other_readers(
    bench: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "SHARED_BYTES", 1e12)  # one process, so that its CPU time is all there is
    folder, files = tmp_path / "reports", bench.size(100, 20)
    size_mb = write_reports(folder, files, CASES)
    paths = sorted(folder.iterdir())
    assert sum(with_junitparser(path)[0] for path in paths) == sum(r.cases or 0 for r in gathered(folder).readings)

    def of_each(read: Callable[[Path], object]) -> Callable[[], object]:
        return lambda: [read(path) for path in paths].clear()

    def into_a_ledger() -> None:
        shutil.rmtree(tmp_path / "ledger", ignore_errors=True)
        ledger.write(tmp_path / "ledger", gathered(folder))

    ways: dict[str, Callable[[], object]] = {
        FLOOR: of_each(inputs.bare),
        "lxml, iterparse": of_each(with_lxml_iterparse),
        "junitparser": of_each(with_junitparser),
        "read": of_each(reports.read),
        "gather": lambda: gathered(folder),
        "gather, into a ledger": into_a_ledger,
    }
    taken = paired(ways, turns=bench.turns)
    for ours, most in (("read", 1 / FASTER), ("gather", TAKEN_IN), ("gather, into a ledger", TAKEN_IN)):
        bench.compare(
            f"reports: {ours}",
            f"{files} files, {files * CASES:,} cases, {size_mb:.1f} MB",
            taken,
            ours=ours,
            floor=FLOOR,
            peers=["lxml, iterparse", "junitparser"],
            amount=(size_mb, "MB"),
            target=f"at most {most:.2f} times junitparser",
            met=lambda ratio, most=most: ratio["junitparser"] <= most,
        )


@NEEDS_WAIT4
def test_a_large_release_in_bounded_memory(bench: Table, tmp_path: Path) -> None:
    files = bench.size(1_000, 100)  # the whole of it is 103 MB
    size_mb = write_reports(tmp_path / "reports", files, CASES)
    for what, into in (("gather a large release", []), ("the same, into a ledger", [tmp_path / "ledger"])):
        in_a_process(
            bench,
            what,
            f"{files} files, {files * CASES:,} cases, {size_mb:.0f} MB",
            files * CASES,
            [tmp_path / "reports", *into],
        )


@NEEDS_WAIT4
def test_very_many_tiny_files(bench: Table, tmp_path: Path) -> None:
    files = bench.size(100_000, 5_000)
    for number in range(files):
        folder = tmp_path / "reports" / f"{number // 1_000:03}"
        folder.mkdir(parents=True, exist_ok=True)
        case = f'<testcase classname="m" name="t{number}" time="0.01"/>'
        (folder / f"{number:06}.xml").write_text(f'<testsuite name="s{number}" tests="1">{case}</testsuite>')
    for what, into in (("gather tiny files", []), ("the same, into a ledger", [tmp_path / "ledger"])):
        in_a_process(bench, what, f"{files:,} files of one case", files, [tmp_path / "reports", *into])


def in_a_process(bench: Table, what: str, size: str, cases: int, paths: list[Path]) -> None:
    """Take in a folder in a process of its own, and add a row of what it took."""
    script = paths[0].with_name("intake.py")  # a file: the processes that it starts import it
    script.write_text(INTAKE, encoding="utf-8")
    took = spent([sys.executable, script, *paths], cwd=ROOT)
    assert int(took.output) == cases
    bench.add(what, size, f"{took.cpu_s:.1f} s of CPU time, {took.wall_s:.1f} s, {took.peak_mb:.0f} MB")


@NEEDS_WAIT4
def test_the_whole_command_with_its_judgement(bench: Table, tmp_path: Path) -> None:
    files = bench.size(300, 30)
    size_mb = write_reports(tmp_path / "reports", files, CASES)
    (tmp_path / "watch.toml").write_text("", encoding="utf-8")
    atalaya = [sys.executable, "-m", "atalaya", "--root", tmp_path]
    spent([*atalaya, "release", "open", "1.1.0", "--commit", "c0ffee"], cwd=ROOT)
    took = spent([*atalaya, "collect", "--junit", tmp_path / "reports", "--release", "1.1.0"], cwd=ROOT)
    bench.add(
        "collect, the whole command",
        f"{files} files, {files * CASES:,} cases, {size_mb:.0f} MB",
        f"{took.cpu_s:.1f} s of CPU time, {took.wall_s:.1f} s, {took.peak_mb:.0f} MB",
        target=f"at most {COLLECT_MB} MB at 210,000 cases",
        met=None if bench.quick else took.peak_mb <= COLLECT_MB,
    )
