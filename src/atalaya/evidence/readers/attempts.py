"""Groups the test cases of a report into executions (attempts) of tests.

A ``testcase`` element is not always a test. Surefire and its like write lost attempts as children of a case;
pytest writes a failed test and its failed tear-down as two elements of one name, and pytest-rerunfailures
writes each lost attempt as an element that looks passed. Elsewhere, equal names are parameters or projects as
often as retries, so without a marker they are kept apart by a number, and nobody is called flaky for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from atalaya.core.words import Record
from atalaya.evidence.readers.model import LOST_IN_SILENCE, NAME_CHARS, Case, Problem, Report, Timestamp, cut_name
from atalaya.records.stored import CaseOutcome

WORST = (CaseOutcome.ERRORED, CaseOutcome.FAILED, CaseOutcome.UNKNOWN, CaseOutcome.SKIPPED, CaseOutcome.PASSED)
LOST = (CaseOutcome.FAILED, CaseOutcome.ERRORED)
TEAR_DOWN = ("failed on teardown with", "test teardown failure")

REPEATED = re.compile(r"(?P<test>.+)\[(?:(?P<with>.+)-)?(?P<run>[1-9][0-9]{0,4})-(?P<of>[1-9][0-9]{0,4})\]")

# The runs of one test, each with its elements.
Runs = list[list[Case]]

# What differs from run to run in a name, and what stands for it, so that histories can be joined.
VOLATILE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<uuid>"),
    (re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), "<address>"),
    (re.compile(r"(?:/private)?/(?:var/folders|tmp)/[^\s\]\"',:;]+"), "<temporary path>"),
)


class Try(Record, frozen=True, gc=False, array_like=True):
    """One execution of one test. The fields may be given by position: there are many, and names cost."""

    outcome: CaseOutcome
    duration_s: float | None
    problems: tuple[Problem, ...] = ()
    note: str = ""
    line: int | None = None


class Test(Record, frozen=True, gc=False, array_like=True):
    """One test with its executions, first to last. ``id`` is its identity within the report.

    ``timestamp`` is None where it is that of the report.
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    id: str
    tries: tuple[Try, ...]
    timestamp: Timestamp | None
    critical: bool


class Tests(Record, frozen=True, kw_only=True):
    """The tests of a report, and what must be said about how they were told apart."""

    tests: tuple[Test, ...]
    notes: tuple[str, ...]


def of(report: Report) -> Tests:
    """The tests of a report, in the order in which it names them first."""
    groups = _repeated(_pytest_groups(report.cases)) if report.by_pytest else _retried(report.cases)
    ids, ambiguous = _ids([runs[0][0] for runs in groups])
    tests = tuple(_test(name, runs, report.timestamp) for name, runs in zip(ids, groups, strict=True))
    return Tests(tests=tests, notes=tuple(_notes(report, tests, ambiguous)))


def _notes(report: Report, tests: Sequence[Test], ambiguous: int) -> Iterable[str]:
    if len(tests) < len(report.cases):
        yield (
            f"{len(report.cases)} test cases are {len(tests)} tests: tear-downs, lost attempts, "
            f"retries and repeats are written as cases of their own."
        )
    if ambiguous:
        yield f"Test cases that share a name with another, kept apart and not called flaky: {ambiguous}."
    if flaky := sum(len(test.tries) > 1 and _is_flaky(test) for test in tests):
        yield f"Tests that passed after a lost attempt: {flaky}."


def _is_flaky(test: Test) -> bool:
    lost = any(each.outcome in LOST for each in test.tries)
    return test.tries[-1].outcome is CaseOutcome.PASSED and lost


# ── attempts ─────────────────────────────────────────────────────────────────


def _pytest_groups(cases: Sequence[Case]) -> list[list[Case]]:
    """The elements of each test: an id is unique in a run of pytest, so equal names are one test."""
    groups: dict[tuple[int, str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.suite, case.classname, case.name), []).append(case)
    return list(groups.values())


def _retried(cases: Sequence[Case]) -> list[Runs]:
    """The elements of each test where equal names may be anything: one that failed and then passed was retried.

    A retry ends with the first pass. Parameters that share a name fail and pass in any order, and stay apart.
    """
    red = {case.name for case in cases if case.outcome in LOST}
    if not red:
        return [[[case]] for case in cases]
    tests: list[Runs] = []
    same: dict[tuple[int, str, str, str, str], Runs] = {}
    for case in cases:
        if case.name not in red:
            tests.append([[case]])
        elif group := same.get(key := (case.suite, case.classname, case.name, case.file, case.hostname)):
            group.append([case])
        else:
            tests.append(same.setdefault(key, [[case]]))
    return [
        one for runs in tests for one in ([runs] if len(runs) == 1 or _is_one_test(runs) else [[run] for run in runs])
    ]


def _is_one_test(runs: Runs) -> bool:
    *lost, last = (case for (case,) in runs)
    failed = all(case.outcome in LOST for case in lost)
    return failed and bool(last.name) and last.outcome is CaseOutcome.PASSED


def _repeated(groups: Sequence[list[Case]]) -> list[Runs]:
    """The same with the runs of pytest-repeat joined: it counts them in the name, as `test_x[2-3]`.

    Parameters can look like that. So either all of a test's runs are there, or the whole file was repeated so.
    """
    if not any(_ends_like_a_repeat(group[0].name) for group in groups):
        return [[group] for group in groups]
    series: dict[tuple[int, str, str, str], list[tuple[int, list[Case]]]] = {}
    for group in groups:
        case, name, run, of = group[0], group[0].name, 0, ""
        if mark := REPEATED.fullmatch(name):
            name = f"{mark['test']}[{mark['with']}]" if mark["with"] else mark["test"]
            run, of = int(mark["run"]), mark["of"]
        series.setdefault((case.suite, case.classname, name, of), []).append((run, group))
    whole_file = len({of for *_, of in series}) == 1
    tests: list[Runs] = []
    for (*_, name, of), numbered in series.items():
        if of and _are_runs([run for run, _ in numbered], int(of), whole_file):
            tests.append([[replace(case, name=name) for case in group] for _, group in numbered])
        else:
            tests += [[group] for _, group in numbered]
    return tests


def _ends_like_a_repeat(name: str) -> bool:
    return name[-1:] == "]" and name[-2:-1].isdigit()


def _are_runs(numbers: Sequence[int], of: int, whole_file: bool) -> bool:
    return of > 1 and sorted(numbers) == list(range(1, len(numbers) + 1)) and (len(numbers) == of or whole_file)


def _test(name: str, runs: Runs, began: Timestamp | None) -> Test:
    case = runs[0][0]
    timestamp = None if case.timestamp is began or case.timestamp == began else case.timestamp
    if len(runs) == 1 and len(runs[0]) == 1 and not case.lost:  # as nearly all are
        tried = Try(case.outcome, case.duration_s, case.problems, "", case.line)
        return Test(name, (tried,), timestamp, case.critical)
    return Test(
        id=name,
        tries=tuple(each for group in runs for each in _tries_in_one_run(group)),
        timestamp=timestamp,
        critical=any(case.critical for group in runs for case in group),
    )


def _tries_in_one_run(group: Sequence[Case]) -> list[Try]:
    tries: list[Try] = []
    for case in group:
        if tries and _is_tear_down(case) and tries[-1].outcome is CaseOutcome.FAILED:
            call = tries.pop()
            worst = min((call.outcome, case.outcome), key=WORST.index)
            tries.append(
                Try(
                    outcome=worst, duration_s=call.duration_s, problems=(*call.problems, *case.problems), line=call.line
                )
            )
        else:
            tries += _tries(case)
    # It was run again, so it did not pass, whatever its element looks like.
    lost = [
        Try(outcome=CaseOutcome.FAILED, duration_s=each.duration_s, note=LOST_IN_SILENCE, line=each.line)
        if each.outcome is CaseOutcome.PASSED
        else each
        for each in tries[:-1]
    ]
    return [*lost, tries[-1]]


def _is_tear_down(case: Case) -> bool:
    return any(problem.message.startswith(TEAR_DOWN) for problem in case.problems)


def _tries(case: Case) -> list[Try]:
    """The executions that one element tells of: lost ones stand before a pass, and after a first failure."""
    own = Try(outcome=case.outcome, duration_s=case.duration_s, problems=case.problems, line=case.line)
    if not case.lost:
        return [own]
    lost = [
        (problem, Try(outcome=problem.outcome, duration_s=problem.duration_s, problems=(problem,), line=case.line))
        for problem in case.lost
    ]
    if case.outcome not in LOST:
        return [*(each for _, each in lost), own]
    before = [each for problem, each in lost if problem.element.startswith("flaky")]
    after = [each for problem, each in lost if problem.element.startswith("rerun")]
    return [*before, own, *after]


# ── identity ─────────────────────────────────────────────────────────────────


def _ids(cases: Sequence[Case]) -> tuple[list[str], int]:
    """An id for each case, all different, and how many only a number keeps apart."""
    places: dict[tuple[tuple[str, ...], str], str] = {}
    ids = []
    for case in cases:
        place = places.get(key := (case.suites, case.classname))
        if place is None:
            place = places[key] = _place(case)
        ids.append(_base_id(place, case.name))
    if len(set(ids)) == len(ids):
        return ids, 0
    ids = _with(ids, [case.file for case in cases])
    ids = _with(ids, [case.hostname for case in cases])
    seen: dict[str, int] = {}
    for name in ids:
        seen[name] = seen.get(name, 0) + 1
    ambiguous = sum(n for n in seen.values() if n > 1)
    return _numbered(ids), ambiguous


def _numbered(ids: Sequence[str]) -> list[str]:
    taken = set(ids)
    next_number: dict[str, int] = {}
    numbered = []
    for name in ids:
        number = next_number.get(name, 1)
        unique = name
        while number > 1 and unique in taken:  # a test may really be called "… #2"
            unique = f"{name} #{number}"
            number += 1
        next_number[name] = max(number, 2)
        taken.add(unique)
        numbered.append(unique)
    return numbered


def _with(ids: Sequence[str], marks: Sequence[str]) -> list[str]:
    """Add the file, or the host, where it tells apart what the names do not: runners put projects there."""
    by_id: dict[str, set[str]] = {}
    for name, mark in zip(ids, marks, strict=True):
        by_id.setdefault(name, set()).add(mark)
    return [
        f"{name} [{mark}]" if mark and len(by_id[name]) > 1 else name for name, mark in zip(ids, marks, strict=True)
    ]


def _place(case: Case) -> str:
    """Suites and class, without what repeats.

    A suite that is named like the class, or that pytest puts there always, says nothing.
    """
    suites = [name for name in case.suites if name not in ("pytest", "pytest tests", case.classname)]
    return " > ".join(part for part in (*suites, case.classname) if part)


def _base_id(place: str, name: str) -> str:
    """The place of a test and its name, without what differs from run to run."""
    name = f"{place} > {name}" if place and name else place or name or "(no name)"
    # Few names have the signs of any, and those are found far sooner than the patterns.
    if name.count("-") >= 4 or "0x" in name or "/tmp/" in name or "/var/folders/" in name:
        for pattern, stands_for in VOLATILE:
            name = pattern.sub(stands_for, name)
    return name if len(name) <= NAME_CHARS else cut_name(name)
