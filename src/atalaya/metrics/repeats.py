"""Tells which tests of a report are repeats of one test, by their names.

pytest-repeat calls the second of five repeats of ``test_x`` ``test_x[2-5]``, and of ``test_x[a]`` ``test_x[a-2-5]``.
Two parameters may give the same names, so a name alone tells nothing. Names are repeats where one report shows that
they are:

- it has all of ``1-5`` to ``5-5``, and there are two of them at least;
- it has no other number of repeats of that test: a repeat has one count, while two parameters have several;
- at least half of its tests are repeated so, which ``pytest --count`` does to all of them. Pages 1 to 5 of 5 are the
  parameters of one test among many.

Where they are not taken for repeats, each stays a test of its own. That hides a flaky test and shows that it was run
too rarely; the contrary would call a test flaky that fails for one of its parameters each time.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.window_query import MetricQuery

REPEAT = re.compile(
    r"(?P<test>.*)\[(?:(?P<parameters>.*)-)?(?P<step>[1-9][0-9]{0,5})-(?P<count>[1-9][0-9]{0,5})\]", re.DOTALL
)
LEAST = 2  # repeats
HALF = 2  # one test of so many in a report must be repeated

Report = tuple[frozenset[str], int]  # the names that may be of repeats, and how many names there are in all


def parameters(engine: Engine, span: MetricQuery) -> dict[str, Any]:
    """What the questions about tests may ask for: a span's own, and which names are of repeats of which test.

    :raises EvidenceError: a segment cannot be read.
    """
    names = defaultdict[tuple[str, str, str], set[str]](set)
    tests: dict[tuple[str, str, str], int] = {}
    for row in engine.ask("repeat_names", span.parameters()):
        report = (row["run_id"], row["variant"], row["origin"])
        names[report].add(row["test"])
        tests[report] = row["tests"]
    found = repeats((frozenset(named), tests[report]) for report, named in names.items())
    return {**span.parameters(), "repeats": [list(pair) for pair in found.items()]}


def repeats(reports: Iterable[Report]) -> dict[str, str]:
    """The tests that were repeated, by the names of their repeats, in the order of those.

    >>> repeats([(frozenset({"test_x[1-2]", "test_x[2-2]", "test_y[a-1-2]", "test_y[a-2-2]"}), 4)])
    {'test_x[1-2]': 'test_x', 'test_x[2-2]': 'test_x', 'test_y[a-1-2]': 'test_y[a]', 'test_y[a-2-2]': 'test_y[a]'}
    >>> repeats([(frozenset({"test_x[1-3]", "test_x[2-3]"}), 2)])  # the third is not there
    {}
    """
    found: dict[str, str] = {}
    for named, tests in reports:
        whole = _whole(named)
        together = set(whole.values())
        if len(together) * HALF >= tests - len(whole) + len(together):
            found |= whole
    return dict(sorted(found.items()))


def step(name: str) -> int:
    """Which repeat a name is of; 0 where it names none.

    >>> step("test_x[2-5]"), step("test_x[fast-2-5]"), step("test_x")
    (2, 2, 0)
    """
    match = REPEAT.fullmatch(name)
    return int(match["step"]) if match else 0


def _whole(named: Iterable[str]) -> Mapping[str, str]:
    """The names that are one of a whole set of repeats, with the test that was repeated."""
    of_test = defaultdict[str, dict[tuple[int, int], str]](dict)
    for name in named:
        if match := REPEAT.fullmatch(name):
            test = match["test"] + (f"[{match['parameters']}]" if match["parameters"] is not None else "")
            of_test[test][int(match["step"]), int(match["count"])] = name
    return {
        name: test
        for test, by_step in of_test.items()
        if by_step.keys() == {(each, len(by_step)) for each in range(1, len(by_step) + 1)} and len(by_step) >= LEAST
        for name in by_step.values()
    }
