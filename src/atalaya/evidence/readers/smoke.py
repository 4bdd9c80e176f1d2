"""Reads what a smoke wrote of itself: the team's JSON, log and standard output, and our own JSON.

A smoke is a script and no test framework: its checks are its tests, and its summary is the one place that tells how
the job ended where the job itself is green whatever happened (a pipe without ``pipefail`` hides the exit code).
The three files of the team tell of one run, each as well as it can, and that run is counted once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from atalaya.evidence.readers import strict_json
from atalaya.evidence.readers.model import (
    LIMITS,
    Case,
    Contents,
    Ends,
    Problem,
    Report,
    SuiteFinding,
    Timestamp,
    ToldEvent,
    beyond,
    cut_message,
    cut_name,
    text_in,
    timestamp_of,
)
from atalaya.records.stored import CaseOutcome, EventKind

OUTCOMES: dict[str, CaseOutcome] = {"True": CaseOutcome.PASSED, "False": CaseOutcome.FAILED}
OWN_SCHEMA = "atalaya.smoke/1"
OWN_OUTCOMES: dict[str, CaseOutcome] = {
    "kept": CaseOutcome.PASSED,
    "broken": CaseOutcome.FAILED,
    "not-applicable": CaseOutcome.SKIPPED,
}
RED = (CaseOutcome.FAILED, CaseOutcome.ERRORED)

# A line of the log. What stands between two of them belongs to the first: details may have several lines.
_CHECK = re.compile(r"^\[(?P<word>PASS|FAIL)\] (?P<name>[^\s:]{1,200})(?::[ \t]*(?P<details>.*))?$", re.MULTILINE)
_OVERALL = re.compile(r"^overall=(PASS|FAIL)\s*$", re.MULTILINE)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")
# The class of an error where a message names one: at its head, or after what the script puts before it.
_CAUSE = re.compile(
    r"(?:^|: )(?P<type>(?:[A-Za-z_]\w*\.)*\w*(?:Error|Exception|Timeout|Disconnected|IncompleteRead|gaierror|timeout))"
    r"(?=:|\(|\s*$)",
    re.MULTILINE,
)
_JSON_BEGINS = re.compile(r"^\{[ \t]*(?:\r?\n|\")", re.MULTILINE)


# ── JSON ─────────────────────────────────────────────────────────────────────


def recognises(document: Any) -> bool:
    """Whether a JSON document is a smoke's, of the team or our own."""
    return _is_own(document) or _is_the_teams(document)


def contents(document: Mapping[str, Any]) -> Contents:
    """The checks of a document that :func:`recognises` has accepted.

    :raises Declined: there are more than may be read.
    """
    return _own(document) if _is_own(document) else _the_teams(document)


def _is_own(document: Any) -> bool:
    return (
        isinstance(document, dict) and document.get("schema") == OWN_SCHEMA and isinstance(document.get("steps"), list)
    )


def _is_the_teams(document: Any) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("checks"), list):
        return False
    summary = document.get("summary")
    named = all(isinstance(check, dict) and {"name", "passed"} <= check.keys() for check in document["checks"])
    return named and isinstance(summary, dict) and "ok" in summary


def _the_teams(document: Mapping[str, Any]) -> Contents:
    timestamp = timestamp_of(text_in(document, "timestamp_utc"))
    suite, summary = text_in(document, "suite"), document["summary"]
    cases = tuple(
        _case(suite, text_in(check, "name"), OUTCOMES.get(str(check["passed"])), text_in(check, "details"), timestamp)
        for check in _bounded(document["checks"])
    )
    counted = {
        "passed": sum(case.outcome is CaseOutcome.PASSED for case in cases),
        "failed": sum(case.outcome in RED for case in cases),
    }
    ok = summary["ok"]
    doubts = [
        f"Its summary says {summary[name]} {name}; there are {n}."
        for name, n in counted.items()
        if name in summary and summary[name] != n
    ]
    if cases and ok is not (counted["failed"] == 0):
        doubts.append(f"Its summary says that ok is {str(ok).lower()}, and its checks say otherwise.")
    return _contents(suite, cases, ok is not False, tuple(doubts), timestamp)


def _own(document: Mapping[str, Any]) -> Contents:
    timestamp = timestamp_of(text_in(document, "started_at"))
    steps = [step for step in _bounded(document["steps"]) if isinstance(step, dict)]
    cases = tuple(
        _case(
            "smoke",
            text_in(step, "id"),
            OWN_OUTCOMES.get(text_in(step, "outcome")),
            text_in(step, "reason"),
            timestamp,
            step.get("duration_s"),
        )
        for step in steps
    )
    told = document.get("events")
    kinds = {str(kind): kind for kind in EventKind}
    events = tuple(
        ToldEvent(
            kind=kinds[text_in(event, "kind")],
            place=cut_name(text_in(event, "place")),
            message=cut_message(text_in(event, "message")),
            blocking=event.get("blocking") is not False,
        )
        for event in _bounded(told if isinstance(told, list) else [])
        if isinstance(event, dict) and text_in(event, "kind") in kinds
    )
    return _contents("smoke", cases, True, (), timestamp, events)


def _bounded(members: Sequence[Any]) -> Sequence[Any]:
    if len(members) > LIMITS["cases"].most:
        raise beyond("cases")
    return members


# ── text ─────────────────────────────────────────────────────────────────────


def in_text(content: bytes) -> Contents | None:
    """A smoke in a text: its log, or its standard output with the JSON after what was printed before.

    :raises Declined: there is more in it than may be read.
    """
    text = _decoded(content).replace("\r\n", "\n")
    return _printed(text) or _logged(text)


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return content.decode(encoding, "replace")


def _printed(text: str) -> Contents | None:
    """The last document of a smoke that is printed in a text."""
    if '"checks"' not in text and f'"{OWN_SCHEMA}"' not in text:
        return None
    for begins in reversed(list(_JSON_BEGINS.finditer(text))[-100:]):
        try:
            document = strict_json.first(text[begins.start() :])
        except strict_json.NotStrict:
            continue
        if recognises(document):
            return contents(document)
    return None


def _logged(text: str) -> Contents | None:
    checks = list(_CHECK.finditer(text))
    if not checks or not text[: checks[0].start()].strip():  # the suite's line stands first
        return None
    suite, _, _ = text.lstrip().partition("\n")
    instant = _INSTANT.search(suite)
    timestamp = timestamp_of(instant[0]) if instant else None
    overall = list(_OVERALL.finditer(text))
    ends = [*(check.start() for check in checks[1:]), overall[-1].start() if overall else len(text)]
    cases = tuple(
        _case(
            "",
            check["name"],
            CaseOutcome.PASSED if check["word"] == "PASS" else CaseOutcome.FAILED,
            text[check.start("details") : end].strip() if check["details"] else "",
            timestamp,
        )
        for check, end in zip(_bounded(checks), ends, strict=True)
    )
    if not overall:
        return _contents("", cases, True, ("It has no last line `overall=`: it was cut short.",), timestamp)
    red, ok = any(case.outcome in RED for case in cases), overall[-1][1] == "PASS"
    doubts = () if ok is not red else (f"Its last line says overall={overall[-1][1]}, and its checks say otherwise.",)
    return _contents("", cases, ok, doubts, timestamp)


# ── what all of them have ────────────────────────────────────────────────────


def _case(
    suite: str,
    name: str,
    outcome: CaseOutcome | None,
    details: str,
    timestamp: Timestamp | None,
    duration_s: Any = None,
) -> Case:
    problem = Problem(element="failure", outcome=CaseOutcome.FAILED, type=_cause(details), message=cut_message(details))
    outcome = CaseOutcome.UNKNOWN if outcome is None else outcome
    is_number = isinstance(duration_s, int | float) and not isinstance(duration_s, bool)
    return Case(
        suite=0,
        suites=(cut_name(suite),) if suite else (),
        classname="",
        name=cut_name(name),
        file="",
        hostname="",
        outcome=outcome,
        duration_s=float(duration_s) if is_number and duration_s >= 0 else None,
        timestamp=timestamp,
        problems=(problem,) if outcome is CaseOutcome.FAILED else (),
    )


def _cause(details: str) -> str:
    """The class of the error that a check's details name first; empty where they name none.

    >>> _cause("Fallo inesperado en la espera: TimeoutError: Export 7 was still CREATED")
    'TimeoutError'
    >>> _cause("AssertionError: expected TimeoutError: none was raised")
    'AssertionError'
    """
    found = _CAUSE.search(details)
    return found["type"] if found else ""


def _contents(
    suite: str,
    cases: tuple[Case, ...],
    ok: bool,
    doubts: tuple[str, ...],
    timestamp: Timestamp | None,
    events: tuple[ToldEvent, ...] = (),
) -> Contents:
    """A smoke that failed and shows no check is a failure of the whole."""
    if cases or ok:
        findings: tuple[SuiteFinding, ...] = ()
    else:
        problem = Problem(
            element="error", outcome=CaseOutcome.ERRORED, type="", message="it says that it failed, and shows no check"
        )
        findings = (SuiteFinding(suites=(cut_name(suite or "smoke"),), problem=problem),)
    return Contents(
        cases=cases,
        findings=findings,
        suite_failures=len(findings),
        doubts=doubts,
        timestamp=timestamp,
        events=events,
        tells_end=_end(cases, findings, doubts),
    )


def _end(cases: Sequence[Case], findings: Sequence[SuiteFinding], doubts: Sequence[str]) -> Ends:
    outcomes = {case.outcome for case in cases}
    if findings or outcomes & set(RED):
        return Ends.FAILED
    clean = not doubts and CaseOutcome.PASSED in outcomes and CaseOutcome.UNKNOWN not in outcomes
    return Ends.SUCCEEDED if clean else Ends.UNKNOWN


# ── one run, told by several files ───────────────────────────────────────────


def told_again(read: Sequence[tuple[str, Report]]) -> Iterator[tuple[int, int]]:
    """Which files tell of a smoke that another file beside it tells of better: its place in the list, and that one's.

    They lie in one folder, and each check ended alike in both; a log has no time, and JSON has one. Where they differ
    in a check they are two runs: neither hides the other.

    :param read: files by their places, with what was read of each.
    """
    smokes = [number for number, (_, report) in enumerate(read) if report.tells_end is not None]
    better: list[int] = []
    for number in sorted(smokes, key=lambda number: (read[number][1].timestamp is None, number)):
        same = next((other for other in better if _same_run(read[number], read[other])), None)
        if same is None:
            better.append(number)
        else:
            yield number, same


def _same_run(one: tuple[str, Report], other: tuple[str, Report]) -> bool:
    (place, report), (beside, better) = one, other
    if PurePosixPath(place).parent != PurePosixPath(beside).parent:
        return False
    times = {each.timestamp.at for each in (report, better) if each.timestamp is not None}
    ended = [[(case.name, case.outcome) for case in each.cases] for each in (report, better)]
    return len(times) < 2 and ended[0] == ended[1]
