"""Benchmarks of the intake of many reports, from their files to the ledger, beside the usual readers.

Run by ``nox -s bench``. Figures are printed, never asserted: what is asserted is that all counted the same. CPU time
is compared in one process and in turn; memory is the peak of a process of its own.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
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
from tests.benchmarks.test_speed import RUNS, medians, table, with_junitparser, with_lxml_iterparse

ROOT = Path(__file__).parents[2]
FILES, CASES = 1_000, 700  # of a large release: 103 MB
TINY_FILES = int(os.environ.get("BENCH_TINY_FILES", "100_000"))
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)

# Reads a folder as `collect` does: to the end of its table, and then into a ledger where one is named.
INTAKE = """
import json, re, resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from atalaya.core.scrub import scrub
from atalaya.evidence.ledger import ledger
from atalaya.evidence.readers.collector import Job, gather, report
def main():
    began = time.perf_counter()
    job = Job("ci", "c0ffee", whole=True)
    found = gather([Path(sys.argv[1])], job=job, recorded_at=datetime.now(UTC), scrub=scrub)
    cases = sum(entry["cases"] for entry in report(found).values())
    if len(sys.argv) > 2:
        ledger.write(Path(sys.argv[2]), found)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    peak_kb = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
    cpu_s = sum(one.ru_utime + one.ru_stime for one in used)
    print(json.dumps([cases, cpu_s, time.perf_counter() - began, peak_kb / 1024]))
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


def test_collecting_many_reports_beside_other_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "SHARED_BYTES", 1e12)  # one process, so that its CPU time is all there is
    folder = tmp_path / "reports"
    files = FILES // 10
    size_mb = write_reports(folder, files, CASES)
    paths = sorted(folder.iterdir())
    assert sum(with_junitparser(path)[0] for path in paths) == sum(r.cases or 0 for r in gathered(folder).readings)

    def of_each(read: Callable[[Path], object]) -> Callable[[], object]:
        return lambda: [read(path) for path in paths].clear()

    def into_a_ledger() -> None:
        shutil.rmtree(tmp_path / "ledger", ignore_errors=True)
        ledger.write(tmp_path / "ledger", gathered(folder))

    calls = {
        "expat without handlers": of_each(inputs.bare),
        "lxml, iterparse": of_each(with_lxml_iterparse),
        "junitparser": of_each(with_junitparser),
        "Atalaya: read": of_each(reports.read),
        "collect --dry-run": lambda: gathered(folder),
        "collect, into a ledger": into_a_ledger,
    }
    print(f"\n{files} files, {files * CASES} cases, {size_mb:.1f} MB; CPU time, medians of {RUNS} turns")
    table(medians(calls, time.process_time), size_mb, ("expat without handlers", "lxml, iterparse", "junitparser"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for the peak")
def test_a_large_release_in_bounded_memory(tmp_path: Path) -> None:
    size_mb = write_reports(tmp_path / "reports", FILES, CASES)
    print(f"\n{FILES} files, {FILES * CASES} cases, {size_mb:.0f} MB, each in a process of its own")
    for name, into in (("collect --dry-run", []), ("collect, into a ledger", [tmp_path / "ledger"])):
        assert in_a_process(name, tmp_path / "reports", *into) == FILES * CASES


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for the peak")
def test_very_many_tiny_files(tmp_path: Path) -> None:
    for number in range(TINY_FILES):
        folder = tmp_path / "reports" / f"{number // 1_000:03}"
        folder.mkdir(parents=True, exist_ok=True)
        case = f'<testcase classname="m" name="t{number}" time="0.01"/>'
        (folder / f"{number:06}.xml").write_text(f'<testsuite name="s{number}" tests="1">{case}</testsuite>')
    print(f"\n{TINY_FILES} files of one case")
    for name, into in (("collect --dry-run", []), ("collect, into a ledger", [tmp_path / "ledger"])):
        assert in_a_process(name, tmp_path / "reports", *into) == TINY_FILES


def in_a_process(name: str, *paths: Path) -> int:
    """Take in a folder, print what it took, and give how many cases there were."""
    script = paths[0].with_name("intake.py")  # a file: the processes that it starts import it
    script.write_text(INTAKE, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script), *map(str, paths)], capture_output=True, text=True, check=True)
    cases, cpu_s, wall_s, peak_mb = json.loads(done.stdout)
    print(f"  {name:28}{cpu_s:6.1f} s of CPU time, {wall_s:5.1f} s on the wall, at most {peak_mb:.0f} MB")
    return int(cases)
