"""Other readers of JUnit XML, each giving the cases that ours gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import junitparser
from lxml import etree

from atalaya.evidence.readers.model import Report
from tests.benchmarks import reports as inputs


def row(suite: str, case: etree._Element) -> tuple[Any, ...]:
    """A case of lxml's as :func:`inputs.least_handlers` tells it, but for the line: libxml2 counts to 65,535."""
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
    """Our cases as :func:`inputs.least_handlers` tells them."""
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
