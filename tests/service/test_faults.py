"""Does each fault look to a client like what it is named after?"""

from __future__ import annotations

import httpx
import pytest

from checks.service.client import Scope, Step
from checks.service.faults import FAULTS, SLOW_S

# What httpx raises for each fault, and which words of it tell the fault from its neighbours.
RAISED = {
    "reset": (httpx.ReadError, "reset"),
    "close": (httpx.RemoteProtocolError, "without sending a response"),
    "stall": (httpx.ReadTimeout, "timed out"),
    "garbage-status-line": (httpx.RemoteProtocolError, "illegal status line"),
    "truncated-body": (
        httpx.RemoteProtocolError,
        "peer closed connection without sending complete message body",
    ),
    "reset-mid-body": (httpx.ReadError, "reset"),
}
ANSWERED = {"slow", "garbage-body", "error-500"}


def test_each_fault_is_tested_here() -> None:
    assert set(FAULTS) == RAISED.keys() | ANSWERED


def test_each_fault_says_in_a_sentence_what_it_does() -> None:
    assert all(fault.says.endswith(".") for fault in FAULTS.values())


@pytest.mark.parametrize("name", RAISED)
def test_a_fault_below_http_raises(scope: Scope, http: httpx.Client, name: str) -> None:
    kind, words = RAISED[name]
    scope.answer("GET", "/x", Step(fault=name), Step(json="well again"))
    with pytest.raises(kind, match=words):
        http.get("/x", timeout=0.3)
    assert http.get("/x").json() == "well again"
    assert [seen.fault for seen in scope.log()] == [name, None]


@pytest.mark.parametrize("name", ["truncated-body", "reset-mid-body"])
def test_half_a_body_arrives_before_the_end(scope: Scope, http: httpx.Client, name: str) -> None:
    scope.answer("GET", "/x", Step(raw=b"0123456789", fault=name))
    arrived: list[bytes] = []
    with http.stream("GET", "/x") as answer, pytest.raises(httpx.TransportError):
        arrived.extend(answer.iter_raw())
    assert b"".join(arrived) == b"01234"


def test_a_slow_answer_is_late_and_right(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", Step(state="READY", fault="slow"))
    answer = http.get("/aris3/exports/e1")
    assert answer.json()["status"] == "READY"
    assert SLOW_S <= answer.elapsed.total_seconds() < SLOW_S + 2
    with pytest.raises(httpx.ReadTimeout):
        http.get("/aris3/exports/e1", timeout=SLOW_S / 4)


def test_a_garbage_body_is_a_success_that_is_not_json(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", Step(fault="garbage-body"))
    answer = http.get("/aris3/exports/e1")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()


def test_an_error_500_has_the_four_key_object(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", Step(fault="error-500"), "READY")
    answer = http.get("/aris3/exports/e1")
    assert answer.status_code == 500
    assert set(answer.json()) == {"code", "message", "details", "trace_id"}
    assert http.get("/aris3/exports/e1").json()["status"] == "READY"


def test_a_stall_ends_when_the_scope_does(scope: Scope, http: httpx.Client) -> None:
    scope.answer("GET", "/x", Step(fault="stall"))
    with pytest.raises(httpx.ReadTimeout):
        http.get("/x", timeout=0.2)
    scope.close()
    with pytest.raises(httpx.ConnectError):
        http.get("/x")


def test_a_delay_passes_before_a_fault_strikes(scope: Scope, http: httpx.Client) -> None:
    scope.answer("GET", "/x", Step(fault="error-500", delay_s=0.2))
    assert http.get("/x").elapsed.total_seconds() >= 0.2


def test_a_service_that_has_vanished_refuses_and_keeps_its_log(scope: Scope, http: httpx.Client) -> None:
    assert http.get("/health").status_code == 200
    scope.vanish()
    with pytest.raises(httpx.TransportError):
        http.get("/health")
    with pytest.raises(httpx.ConnectError):
        http.get("/health")
    assert [seen.path for seen in scope.log()] == ["/health"]
