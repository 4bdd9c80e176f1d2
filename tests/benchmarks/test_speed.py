"""How fast is it, beside what one would use instead, in the same run?

Run by ``nox -s bench``. Figures are printed, never asserted: what is asserted is that all counted the same.
"""

from __future__ import annotations

import statistics
import subprocess
import time
import xml.parsers.expat
from collections.abc import Callable
from pathlib import Path

import junitparser
import pytest
from lxml import etree

from checks.contracts.run import run_checks, run_smoke
from checks.evidence import reports
from checks.service.process import ServiceProcess
from checks.subject.environment import Prepared

RUNS = 5
CASES = 40_000
ROOT = Path(__file__).parents[2]
HOURS = 72
EVERY_S = 2


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of 40,000 cases, one in ten of them failed."""
    path = tmp_path_factory.mktemp("bench") / "report.xml"
    with path.open("w", encoding="utf-8") as file:
        file.write('<testsuites><testsuite name="bench">\n')
        for number in range(CASES):
            file.write(
                f'<testcase classname="tests.test_{number % 97}" name="case_{number}" time="0.{number % 1000:03}">'
            )
            if number % 10 == 0:
                file.write('<failure type="AssertionError" message="1 != 2">' + "line\n" * 40 + "</failure>")
            file.write("</testcase>\n")
        file.write("</testsuite></testsuites>\n")
    return path


def seconds(call: Callable[[], object]) -> float:
    """The median of a few runs, the first one left out."""
    taken = []
    for _ in range(RUNS + 1):
        started_s = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started_s)
    return statistics.median(taken[1:])


def with_bare_expat(path: Path) -> None:
    with path.open("rb") as file:
        xml.parsers.expat.ParserCreate().ParseFile(file)


def with_lxml(path: Path) -> tuple[int, int]:
    root = etree.parse(path).getroot()
    return sum(1 for _ in root.iter("testcase")), sum(1 for _ in root.iter("failure"))


def with_junitparser(path: Path) -> tuple[int, int]:
    cases = [case for suite in junitparser.JUnitXml.fromfile(str(path)) for case in suite]
    return len(cases), sum(
        any(isinstance(each, junitparser.Failure) for each in case.result) for case in cases
    )


def test_reading_junit(report: Path) -> None:
    ours = reports.read(report)
    assert (len(ours.cases), ours.failed) == with_lxml(report) == with_junitparser(report)
    size_mb = report.stat().st_size / 1e6
    floor = seconds(lambda: with_bare_expat(report))
    print(f"\nreading {CASES} cases, {size_mb:.1f} MB; expat without handlers = 1")
    for name, call in {
        "expat without handlers": lambda: with_bare_expat(report),
        "Atalaya": lambda: reports.read(report),
        "lxml, a tree": lambda: with_lxml(report),
        "junitparser": lambda: with_junitparser(report),
    }.items():
        taken = seconds(call)
        print(f"  {name:24} {taken / floor:6.2f} times as long  {size_mb / taken:7.0f} MB/s")


def test_the_whole_set_of_checks(prepared: Prepared) -> None:
    run = run_checks(prepared)
    print(
        f"\n{len(run.checks)} promises and {len(run.findings)} probes: {run.duration_s:.1f} s, start-up included"
    )
    assert run.checks


def test_the_smoke_in_virtual_time(prepared: Prepared) -> None:
    run = run_smoke(prepared, waits=500)
    virtual_s = run.waits * 0.4
    print(f"\n{run.requests} requests in {run.duration_s:.1f} s: {run.requests / run.duration_s:.0f} a second, "
          f"and {virtual_s / run.duration_s:.0f} virtual seconds in each real one")  # fmt: skip
    assert run.waits == 500


def requests_a_second(prepared: Prepared, service: ServiceProcess, how: str, polls: int) -> float:
    source = str(prepared.paths[0]) if prepared.paths else ""
    worker = [str(prepared.python), str(Path(__file__).with_name("soak.py"))]
    done = subprocess.run(
        [*worker, str(ROOT), source, str(service.control_port), how, str(polls)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)


def test_a_soak_of_72_virtual_hours(prepared: Prepared) -> None:
    polls = HOURS * 3600 // EVERY_S
    shares = []
    with ServiceProcess() as service:
        for _ in range(3):  # in turn, so that a machine that slows down slows both
            bare = requests_a_second(prepared, service, "bare", polls // 10)
            clocked = requests_a_second(prepared, service, "clock", polls // 10)
            shares.append(clocked / bare)
        whole = requests_a_second(prepared, service, "clock", polls)
    print(f"\n{HOURS} virtual hours, a poll each {EVERY_S} s: {polls / whole:.0f} s, {whole:.0f} requests a second; "
          f"beside the same client in a bare loop with no clock: {statistics.median(shares):.0%} "
          f"(of {', '.join(f'{share:.0%}' for share in shares)})")  # fmt: skip
