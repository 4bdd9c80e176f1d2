"""A pytest plugin that reports the tests which were running when pytest was stopped as skipped.

A JUnit report has a test as soon as its set-up is done, and one without a failure looks passed. Copied beside the
tests' process, which has pytest and nothing of Atalaya.
"""

from __future__ import annotations

from typing import Any

import pytest

RUNNING: dict[str, Any] = {}  # where each test that began and did not end is written, by its id


def pytest_runtest_logstart(nodeid: str, location: Any) -> None:
    """A test begins."""
    RUNNING[nodeid] = location


def pytest_runtest_logreport(report: Any) -> None:
    """A step of a test ended: it is over with its tear-down."""
    if report.when == "teardown":
        RUNNING.pop(report.nodeid, None)


@pytest.hookimpl(tryfirst=True)  # before the report is written
def pytest_sessionfinish(session: Any) -> None:
    """Say what did not end. A worker of pytest-xdist leaves that to the process that gathers the reports."""
    made = getattr(pytest, "TestReport", None)  # public since pytest 7
    if made is None or hasattr(session.config, "workerinput"):
        return
    for nodeid, location in list(RUNNING.items()):
        why = (str(location[0]), location[1] or 0, "it was running when the repeat was cut short")
        report = made(nodeid, location, {}, "skipped", why, "call")
        session.config.hook.pytest_runtest_logreport(report=report)
