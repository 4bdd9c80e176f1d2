"""Tests that an error which only the text of a failure states is found once, and that what speaks of one is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from atalaya.evidence.readers import reports
from atalaya.evidence.readers.causes import stated_in
from atalaya.evidence.readers.collector import Job, collect
from atalaya.records.stored import EventKind
from tests.tables import each_row

NETWORK, TIMEOUT = EventKind.NETWORK_ERROR, EventKind.POLLING_TIMEOUT
PYTHON = 'Traceback (most recent call last):\n  File "/a/t.py", line 4, in test_a\n    poll()\n{}\n'
PYTEST = "def test_a():\n>       poll()\nE       {}\n\nt.py:4: {}"
CHAIN = "{}\n\nThe above exception was the direct cause of the following exception:\n\n{}"
GROUP = (
    "+ Exception Group Traceback (most recent call last):\n  |   File\n  | ExceptionGroup: two (1)\n    | {}\n    +---"
)

# The message, where there is one; the text; and the event.
STATED = [
    ("test failure", PYTHON.format("ut.TransportError: reset"), NETWORK),
    ("test failure", PYTHON.format("TimeoutError: Export 7 was still CREATED"), TIMEOUT),
    (None, PYTHON.format("ConnectionResetError: [Errno 104] Connection reset by peer"), NETWORK),
    (None, PYTHON.format("x" * 40_000 + "\nConnectionRefusedError: [Errno 111] Connection refused"), NETWORK),
    ("Failed", "=== RUN   TestDial\n    x_test.go:9: dial tcp 10.0.0.1:443: connect: connection refused\n", NETWORK),
    ("Failed", "\tError:      \tReceived unexpected error:\n\t   \tdial tcp 127.0.0.1:1: i/o timeout\n", NETWORK),
    (None, "Error: connect ECONNREFUSED 127.0.0.1:1\n    at TCPConnectWrap", NETWORK),
    ("t failed", "[Error [ERR_TEST_FAILURE]: t] {\n  cause: Error: connect ECONNREFUSED 127.0.0.1:1\n", NETWORK),
    ("it broke", "org.x.E: it broke\n\tat x\nCaused by: java.net.ConnectException: Connection refused\n", NETWORK),
    ("RuntimeError: export failed", PYTEST.format("x.TransportError: reset", "TransportError"), NETWORK),
    ("RuntimeError: export failed", "t.py:4: in test_a\n    poll()\nE   x.TransportError: reset", NETWORK),
    ("ExceptionGroup: two (1 sub-exception)", GROUP.format("x.TransportError: reset"), NETWORK),
]
DECOYS = [
    ("assert 0 == 1", PYTEST.format("TransportError: reset", "AssertionError")),
    ("ValueError: x", PYTEST.format("ValueError: x", "ValueError")),
    ("ValueError: x", "    with pytest.raises(TransportError): raise ValueError('x')\nE       ValueError: x"),
    ("AssertionError: TransportError not raised", PYTHON.format("TransportError: reset")),
    ("test failure", PYTHON.format("AssertionError: TransportError: reset is not TimeoutError")),
    ("test failure", CHAIN.format("TransportError: reset", PYTHON.format("AssertionError: 1 != 2"))),
    ("it broke", "the log said:\n  2026-01-01 ERROR ConnectionError: refused\nand went on"),
    ("Failed", "    x_test.go:9: got 5, want connection refused\n"),
    ("Failed", "--- FAIL: TestConnectionError (0.00s)\n"),
    (None, "Error: expect(received).toBe(expected)\n  Expected: 'connect ECONNREFUSED'\n"),
]


def events(path: Path) -> list[tuple[EventKind, str]]:
    found = collect([path], job=Job("unit", ""), recorded_at=datetime(2026, 12, 1, tzinfo=UTC))
    return [(event.event, event.message) for event in found.events]


def written(path: Path, message: str | None, text: str) -> list[Path]:
    """The same failure as JUnit, CTRF and pytest-json-report have it."""
    attribute = "" if message is None else f" message={quoteattr(message)}"
    junit = (
        f'<testsuite name="s"><testcase name="a"><failure{attribute}>{escape(text)}</failure></testcase></testsuite>'
    )
    ctrf = {"results": {"tests": [{"name": "a", "status": "failed", "message": message or "", "trace": text}]}}
    call = {"outcome": "failed", "crash": {"message": message or ""}, "longrepr": text}
    of_pytest = {
        "created": 0,
        "exitcode": 1,
        "summary": {},
        "tests": [{"nodeid": "a", "outcome": "failed", "call": call}],
    }
    files = [path / name for name in ("junit.xml", "ctrf.json", "pytest.json")]
    for file, content in zip(files, (junit, json.dumps(ctrf), json.dumps(of_pytest)), strict=True):
        file.write_text(content, encoding="utf-8")
    return files


@each_row(("message", "text", "kind"), STATED)
def test_an_error_that_the_text_alone_states_is_one_event(
    message: str | None, text: str, kind: EventKind, tmp_path: Path
) -> None:
    for file in written(tmp_path, message, text):
        assert [each for each, _ in events(file)] == [kind], file


@each_row(("message", "text"), DECOYS)
def test_a_text_that_speaks_of_an_error_is_no_event(message: str | None, text: str, tmp_path: Path) -> None:
    for file in written(tmp_path, message, text):
        assert events(file) == [], file


def test_the_event_says_what_the_text_states(tmp_path: Path) -> None:
    file, *_ = written(tmp_path, "Failed", "    x_test.go:9: dial tcp 10.0.0.1:443: connect: connection refused")
    assert events(file) == [(NETWORK, "dial tcp 10.0.0.1:443: connect: connection refused")]


@each_row(
    ("kind", "message", "event"),
    [
        ("AssertionError", "ConnectionError: HTTPSConnectionPool(host=x): Max retries exceeded", NETWORK),
        ("AssertionError", "Evaluating expression 'x()' failed: ConnectionError: connection reset", NETWORK),
        ("AssertionError", "Keyword 'W' failed after retrying 3 times. The last error was: TimeoutError: x", TIMEOUT),
        ("AssertionError", "'ConnectionError: x' != 'ConnectionError: y'", None),
        ("AssertionError", "ConnectionError not raised", None),
        ("java.lang.AssertionError", "ConnectException: expected", None),
    ],
)
def test_robot_framework_calls_each_failure_an_assertion(
    kind: str, message: str, event: EventKind | None, tmp_path: Path
) -> None:
    failure = f"<failure type={quoteattr(kind)} message={quoteattr(message)}/>"
    file = tmp_path / "r.xml"
    file.write_text(f'<testsuite name="s"><testcase name="a">{failure}</testcase></testsuite>', encoding="utf-8")
    assert [each for each, _ in events(file)] == ([] if event is None else [event])


def test_of_many_statements_the_first_and_the_last_are_kept() -> None:
    stated = stated_in("\n".join(f"E{n}Error: x" for n in range(100)))
    assert (len(stated), stated[0], stated[-1]) == (10, "E0Error: x", "E99Error: x")


def test_long_lines_of_any_kind_are_looked_through_in_a_moment() -> None:
    for text in ("-" * 30_000, "a." * 15_000, " |" * 15_000, "E" * 30_000, "x:1:" * 8_000, "\n " * 15_000):
        stated_in(text)


def test_a_lost_attempt_of_ctrf_tells_of_its_error_too(tmp_path: Path) -> None:
    attempt = {"status": "failed", "message": "test failure", "trace": PYTHON.format("ut.TransportError: reset")}
    test = {"name": "a", "status": "passed", "retries": 1, "retryAttempts": [attempt]}
    file = tmp_path / "ctrf.json"
    file.write_text(json.dumps({"results": {"tests": [test]}}), encoding="utf-8")
    assert reports.read(file).cases[0].lost[0].causes
    assert [kind for kind, _ in events(file)] == [NETWORK]
