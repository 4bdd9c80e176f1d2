"""Input files for the benchmarks of report reading, and the least work of any reader based on expat."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any
from xml.parsers import expat

OUTCOMES = {"failure": "failed", "error": "errored", "skipped": "skipped"}


def write_dense(path: Path, cases: int) -> None:
    """Short cases, one in ten of them failed with little text: the most elements in a byte."""
    _write(path, cases, failed_every=10, lines=4)


def write_with_text(path: Path, cases: int) -> None:
    """The same with tracebacks of forty lines, and one failure in four cases."""
    _write(path, cases, failed_every=4, lines=40)


KINDS = {"dense": write_dense, "with tracebacks": write_with_text}


def _write(path: Path, cases: int, *, failed_every: int, lines: int) -> None:
    chance = random.Random(cases)
    trace = "  File test_module.py, line 12, in test\n" * lines
    with path.open("w", encoding="utf-8") as file:
        file.write('<testsuites><testsuite name="bench">\n')
        for number in range(cases):
            time_s = chance.lognormvariate(-5, 2)  # written in milliseconds, as most writers do
            file.write(f'<testcase classname="tests.test_{number % 97}" name="case_{number}" time="{time_s:.3f}">')
            if number % failed_every == 0:
                file.write(f'<failure type="AssertionError" message="1 != {number}">{trace}</failure>')
            file.write("</testcase>\n")
        file.write("</testsuite></testsuites>\n")


def bare(path: Path) -> None:
    """Expat with no handler at all: nobody who reads with expat is faster."""
    with path.open("rb") as file:
        expat.ParserCreate().ParseFile(file)


def least_handlers(path: Path) -> list[tuple[Any, ...]]:
    """Three handlers that put the same cases into tuples. They check nothing, and know the one shape of file here."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    cases: list[tuple[Any, ...]] = []
    suites: list[str] = []
    problems: list[tuple[str, str, str]] = []
    text: list[str] = []
    case: dict[str, str] = {}
    problem: dict[str, str] | None = None
    line = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal case, line, problem
        if tag == "testcase":
            case, line = attributes, parser.CurrentLineNumber
        elif tag in OUTCOMES:
            problem = attributes
        elif tag == "testsuite" or tag == "testsuites":
            suites.append(attributes.get("name", ""))

    def characters(data: str) -> None:
        if problem is not None:
            text.append(data)

    def end(tag: str) -> None:
        nonlocal problem, problems
        if tag == "testcase":
            get = case.get
            cases.append(
                (
                    suites[-1],
                    get("classname", ""),
                    get("name", ""),
                    get("file", ""),
                    get("status"),
                    float(get("time", "nan")),
                    get("timestamp"),
                    problems,
                    line,
                )
            )
            problems = []
        elif tag in OUTCOMES and problem is not None:
            message = problem.get("message", "")
            problems.append((OUTCOMES[tag], message, "" if message else "".join(text)))
            problem = None
            text.clear()
        elif tag == "testsuite" or tag == "testsuites":
            suites.pop()

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    with path.open("rb") as file:
        parser.ParseFile(file)
    return cases
