"""Benchmarks of our speed beside that of the usual alternatives, in the same run.

Run by ``nox -s bench``. Figures are printed, never asserted: what is asserted is that all counted the same.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import junitparser
import pytest
from lxml import etree

from atalaya.evidence.readers import packed, reports
from atalaya.evidence.readers.model import Report
from atalaya.harness.runner import run_checks, run_smoke
from atalaya.mock_server.server_process import ServiceProcess
from atalaya.sdk.prepare import Prepared
from tests.benchmarks import reports as inputs
from tests.ours import PACK

RUNS = 7
CASES = 40_000
FILES = 20
ROOT = Path(__file__).parents[2]
HOURS = 72
EVERY_S = 2


def medians(calls: Mapping[str, Callable[[], object]], clock: Callable[[], float]) -> dict[str, list[float]]:
    """How long each took each time. They take turns, so that a machine that slows down slows all of them."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(RUNS + 1):
        for name, call in calls.items():
            gc.collect()
            started_s = clock()
            call()
            if turn:  # the first is to warm up
                taken[name].append(clock() - started_s)
    return taken


def table(taken: Mapping[str, Sequence[float]], size_mb: float, beside: Sequence[str]) -> None:
    """Speeds, and for some of them how many times as long each other took in the same turn."""
    print(f"  {'':28}{'MB/s':>5}  {'  '.join(f'beside {other}' for other in beside)}")
    for name, each in taken.items():
        ratios = (statistics.median(a / b for a, b in zip(each, taken[other], strict=True)) for other in beside)
        told = "  ".join(f"{ratio:{len(other) + 7}.2f}" for other, ratio in zip(beside, ratios, strict=True))
        print(f"  {name:28}{size_mb / statistics.median(each):5.0f}  {told}")


def row(suite: str, case: etree._Element) -> tuple[Any, ...]:
    """A case of lxml's as :func:`least_handlers` tells it, but for the line: libxml2 counts to 65,535."""
    get = case.get
    problems = [
        (inputs.OUTCOMES[each.tag], each.get("message", ""), "" if "message" in each.attrib else each.text)
        for each in case
        if each.tag in inputs.OUTCOMES
    ]
    return (
        suite,
        get("classname", ""),
        get("name", ""),
        get("file", ""),
        get("status"),
        float(get("time", "nan")),
        get("timestamp"),
        problems,
    )


def with_lxml(path: Path) -> list[tuple[Any, ...]]:
    root = etree.parse(path).getroot()
    return [row(suite.get("name"), case) for suite in root for case in suite.iter("testcase")]


def with_lxml_iterparse(path: Path) -> list[tuple[Any, ...]]:
    cases, suite = [], ""
    for event, each in etree.iterparse(path, events=("start", "end"), tag=("testsuite", "testcase")):
        if each.tag == "testsuite":
            suite = each.get("name")
        elif event == "end":
            cases.append(row(suite, each))
            each.clear()
    return cases


def with_junitparser(path: Path) -> tuple[int, int]:
    cases = [
        (case.classname, case.name, case.time, case.result)
        for suite in junitparser.JUnitXml.fromfile(str(path))
        for case in suite
    ]
    return len(cases), sum(any(isinstance(each, junitparser.Failure) for each in case[-1]) for case in cases)


def told(report: Report) -> list[tuple[Any, ...]]:
    """Our cases as :func:`least_handlers` tells them."""
    return [
        (
            case.suites[-1],
            case.classname,
            case.name,
            case.file,
            None,
            case.duration_s,
            None,
            [(str(problem.outcome), problem.message, problem.text) for problem in case.problems],
            case.line,
        )
        for case in report.cases
    ]


@pytest.mark.parametrize(("kind", "write"), inputs.KINDS.items())
def test_reading_junit_on_one_core(kind: str, write: Callable[[Path, int], None], tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    write(path, CASES)
    ours = reports.read(path)
    assert with_junitparser(path) == (len(ours.cases), ours.failed)
    assert inputs.least_handlers(path) == told(ours)
    assert with_lxml(path) == with_lxml_iterparse(path) == [case[:-1] for case in told(ours)]
    size_mb = path.stat().st_size / 1e6
    calls = {
        "expat without handlers": lambda: inputs.bare(path),
        "expat, least handlers": lambda: inputs.least_handlers(path),
        "Atalaya": lambda: reports.read(path),
        "lxml, a tree": lambda: with_lxml(path),
        "lxml, iterparse": lambda: with_lxml_iterparse(path),
        "junitparser": lambda: with_junitparser(path),
    }
    print(f"\n{kind}: {CASES} cases, {size_mb:.1f} MB; CPU time, medians of {RUNS} turns")
    table(medians(calls, time.process_time), size_mb, ("expat without handlers", "expat, least handlers", "Atalaya"))


def test_reading_many_files_in_two_processes(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.xml" for number in range(FILES)]
    for path in paths:
        inputs.write_with_text(path, CASES // 4)
    sources = [packed.Source(path) for path in paths]
    one, two = (list(packed.read_all(sources, jobs=jobs)) for jobs in (1, 2))
    assert one == two
    size_mb = sum(path.stat().st_size for path in paths) / 1e6
    calls = {
        "one process": lambda: list(packed.read_all(sources, jobs=1)),
        "two processes": lambda: list(packed.read_all(sources, jobs=2)),
    }
    print(f"\n{FILES} files, {size_mb:.0f} MB; time on the wall, medians of {RUNS} turns")
    table(medians(calls, time.perf_counter), size_mb, ("one process",))


def test_the_whole_set_of_checks(prepared: Prepared) -> None:
    run = run_checks(prepared)
    print(f"\n{len(run.checks)} promises and {len(run.findings)} probes: {run.duration_s:.1f} s, start-up included")
    assert run.checks


def test_the_smoke_in_virtual_time(prepared: Prepared) -> None:
    run = run_smoke(prepared, waits=500)
    virtual_s = run.waits * 0.4
    print(
        f"\n{run.requests} requests in {run.duration_s:.1f} s: {run.requests / run.duration_s:.0f} a second, "
        f"and {virtual_s / run.duration_s:.0f} virtual seconds in each real one"
    )
    assert run.waits == 500


def requests_a_second(prepared: Prepared, service: ServiceProcess, how: str, polls: int) -> float:
    source = str(prepared.paths[0]) if prepared.paths else ""
    worker = [str(prepared.python), str(Path(__file__).with_name("soak.py"))]
    done = subprocess.run(
        [*worker, str(ROOT), source, str(service.control_port), how, str(polls)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def test_a_soak_of_72_virtual_hours(prepared: Prepared) -> None:
    polls = HOURS * 3600 // EVERY_S
    shares = []
    with ServiceProcess(pack=PACK.folder) as service:
        for _ in range(3):  # in turn, so that a machine that slows down slows both
            bare = requests_a_second(prepared, service, "bare", polls // 10)
            clocked = requests_a_second(prepared, service, "clock", polls // 10)
            shares.append(clocked / bare)
        whole = requests_a_second(prepared, service, "clock", polls)
    print(
        f"\n{HOURS} virtual hours, a poll each {EVERY_S} s: {polls / whole:.0f} s, {whole:.0f} requests a second; "
        f"beside the same client in a bare loop with no clock: {statistics.median(shares):.0%} "
        f"(of {', '.join(f'{share:.0%}' for share in shares)})"
    )
