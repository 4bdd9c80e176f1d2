"""Tests that each fault has the effect on a client that its name says."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from unittest.mock import Mock, patch

import httpx
import pytest
import requests

from atalaya.mock_server.control import Scope, Step
from atalaya.mock_server.faults import DRIP_EVERY_S, DRIP_PIECES, FAULTS, HUGE_HEADER_BYTES, SLOW_S, Exchange, drip
from tests.mock_server.raw import ASK, BODY, connect, read
from tests.tables import each_row

# How much of the answer a bare socket sees of each fault, and how the connection ends, if it does.
SEEN = {
    "reset": ("nothing", "RST"),
    "close": ("nothing", "FIN"),
    "stall": ("nothing", "silence"),
    "reset-mid-headers": ("half of the head", "RST"),
    "reset-after-headers": ("the head", "RST"),
    "reset-mid-body": ("half of the body", "RST"),
    "truncated-body": ("half of the body", "FIN"),
    "half-close": ("half of the body", "FIN"),
    "stall-mid-body": ("half of the body", "silence"),
    "slow": ("all", "silence"),
    "drip": ("all", "silence"),
    "close-after-answer": ("all", "FIN"),
    "garbage-status-line": ("not HTTP", "FIN"),
    "huge-header": ("all", "silence"),
    "garbage-length": ("all", "FIN"),
    "garbage-body": ("another body", "silence"),
    "error-500": ("another body", "silence"),
}

# What httpx raises for each fault, and which words of it tell the fault from its neighbours.
RAISED = {
    "reset": (httpx.ReadError, "reset"),
    "close": (httpx.RemoteProtocolError, "without sending a response"),
    "stall": (httpx.ReadTimeout, "timed out"),
    "reset-mid-headers": (httpx.ReadError, "reset"),
    "reset-after-headers": (httpx.ReadError, "reset"),
    "reset-mid-body": (httpx.ReadError, "reset"),
    "truncated-body": (httpx.RemoteProtocolError, "without sending complete message body"),
    "half-close": (httpx.RemoteProtocolError, "without sending complete message body"),
    "stall-mid-body": (httpx.ReadTimeout, "timed out"),
    "garbage-status-line": (httpx.RemoteProtocolError, "illegal status line"),
    "huge-header": (httpx.RemoteProtocolError, "too long"),
    "garbage-length": (httpx.RemoteProtocolError, "Content-Length"),
}
# The same for requests, which reads an answer of an unknown length to its end and is content.
RAISED_BY_REQUESTS = {
    "reset": (requests.ConnectionError, "reset"),
    "close": (requests.ConnectionError, "without response"),
    "stall": (requests.ReadTimeout, "timed out"),
    "reset-mid-headers": (requests.ConnectionError, "reset"),
    "reset-after-headers": (requests.exceptions.ChunkedEncodingError, "reset"),
    "reset-mid-body": (requests.exceptions.ChunkedEncodingError, "reset"),
    "truncated-body": (requests.exceptions.ChunkedEncodingError, "IncompleteRead"),
    "half-close": (requests.exceptions.ChunkedEncodingError, "IncompleteRead"),
    "stall-mid-body": (requests.ConnectionError, "timed out"),
    "garbage-status-line": (requests.ConnectionError, "BadStatusLine"),
    "huge-header": (requests.ConnectionError, "LineTooLong"),
}
WHOLE = {"slow", "drip", "close-after-answer"}
SPOILT = {"garbage-body", "error-500"}


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A client of the other kind, with a pool."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_each_fault_is_tested_here() -> None:
    assert set(FAULTS) == SEEN.keys()
    assert set(FAULTS) == RAISED.keys() | WHOLE | SPOILT
    assert set(FAULTS) == RAISED_BY_REQUESTS.keys() | WHOLE | SPOILT | {"garbage-length"}


def test_each_fault_says_in_a_sentence_what_it_does() -> None:
    assert all(fault.says.endswith(".") for fault in FAULTS.values())
    assert len({fault.says for fault in FAULTS.values()}) == len(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_bare_socket_sees_so_much_of_the_answer_and_that_end(scope: Scope, name: str) -> None:
    scope.answer("GET", "/x", Step(raw=BODY, fault=name))
    assert read(scope, patience_s=SLOW_S + 1 if name == "slow" else 0.5) == SEEN[name]


@pytest.mark.parametrize("name", RAISED)
def test_a_fault_below_http_raises(scope: Scope, http: httpx.Client, name: str) -> None:
    kind, words = RAISED[name]
    scope.answer("GET", "/x", Step(fault=name), Step(json="well again"))
    with pytest.raises(kind, match=words):
        http.get("/x", timeout=0.3)
    assert http.get("/x").json() == "well again"
    assert [seen.fault for seen in scope.log()] == [name, None]


@pytest.mark.parametrize("name", RAISED_BY_REQUESTS)
def test_a_fault_below_http_raises_in_requests_too(scope: Scope, session: requests.Session, name: str) -> None:
    kind, words = RAISED_BY_REQUESTS[name]
    scope.answer("GET", "/x", Step(fault=name), Step(json="well again"))
    with pytest.raises(kind, match=words):
        session.get(f"{scope.base_url}/x", timeout=0.3)
    assert session.get(f"{scope.base_url}/x", timeout=10).json() == "well again"
    assert [seen.fault for seen in scope.log()] == [name, None]


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_an_answer_that_comes_whole_in_the_end_is_taken_by_both(
    scope: Scope, http: httpx.Client, session: requests.Session, name: str
) -> None:
    scope.answer("GET", "/x", Step(raw=b'"whole"', fault=name))
    assert http.get("/x").json() == "whole"
    assert session.get(f"{scope.base_url}/x", timeout=10).json() == "whole"
    assert [(seen.fault, seen.status, seen.stamp) for seen in scope.log()] == [(name, 200, 1), (name, 200, 2)]


@pytest.mark.parametrize("name", ["truncated-body", "reset-mid-body", "half-close", "stall-mid-body"])
def test_half_a_body_arrives_before_the_end(scope: Scope, http: httpx.Client, name: str) -> None:
    scope.answer("GET", "/x", Step(raw=b"0123456789", fault=name))
    arrived: list[bytes] = []
    with http.stream("GET", "/x", timeout=0.5) as answer, pytest.raises(httpx.TransportError):
        arrived.extend(answer.iter_raw())
    assert b"".join(arrived) == b"01234"


@pytest.mark.parametrize("name", ["reset-after-headers", "reset-mid-body", "half-close", "stall-mid-body"])
def test_a_status_that_the_client_has_seen_is_in_the_log_and_has_its_stamp(
    scope: Scope, http: httpx.Client, name: str
) -> None:
    scope.answer("GET", "/x", Step(status=202, raw=BODY, fault=name))
    with http.stream("GET", "/x") as answer:
        seen = (answer.status_code, int(answer.headers["X-Atalaya-Stamp"]))
    assert seen == (202, 1)
    assert [(entry.status, entry.stamp) for entry in scope.log()] == [seen]


@pytest.mark.parametrize("name", [name for name, (part, _) in SEEN.items() if part == "half of the body"])
@pytest.mark.parametrize("step", [{"status": 204, "raw": b"dropped"}, {"status": 304}])
def test_half_of_an_answer_without_a_body_is_not_a_whole_answer(
    scope: Scope, name: str, step: dict[str, object]
) -> None:
    scope.answer("GET", "/x", Step(**step, fault=name))  # type: ignore[arg-type]
    assert read(scope, patience_s=0.3)[0] == "half of the head"


# ── one by one ──


def test_after_a_half_close_the_service_reads_on_and_after_a_close_it_does_not(scope: Scope) -> None:
    def hears_more(name: str) -> bool:
        scope.answer("GET", "/x", Step(raw=BODY, fault=name))
        with connect(scope) as sock:
            sock.sendall(ASK)
            while sock.recv(65536):
                """To its FIN."""
            try:
                for _ in range(3):
                    sock.sendall(b"still here")
                    time.sleep(0.05)
            except OSError:
                return False
            return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0

    assert [hears_more("half-close"), hears_more("truncated-body")] == [True, False]


@each_row("bytes_", [25, 1_000, 1_000_000])
def test_a_drip_is_as_many_pieces_with_a_pause_after_each_however_long_the_answer(bytes_: int) -> None:
    sock, pauses = Mock(), []
    exchange = Exchange(request=Mock(), answer=bytes(bytes_))
    with patch("atalaya.mock_server.faults.time.sleep", pauses.append):
        drip(sock, exchange)
    pieces = [call.args[0] for call in sock.sendall.call_args_list]
    assert b"".join(pieces) == exchange.answer
    assert (len(pieces), pauses) == (DRIP_PIECES, [DRIP_EVERY_S] * DRIP_PIECES)


def test_an_answer_that_drips_arrives_in_pieces_and_whole(scope: Scope, http: httpx.Client) -> None:
    scope.answer("GET", "/x", Step(raw=b"a" * 1_000_000, fault="drip"))
    with connect(scope) as sock:
        sock.sendall(ASK)
        assert len(sock.recv(1_000_000)) < 1_000_000
    assert len(http.get("/x").content) == 1_000_000


def test_a_dripping_connection_is_kept(scope: Scope, http: httpx.Client) -> None:
    scope.answer("GET", "/x", Step(fault="drip"))
    sockets = {http.get("/x").extensions["network_stream"].get_extra_info("client_addr") for _ in range(2)}
    assert len(sockets) == 1


def test_a_connection_that_is_closed_after_its_answer_never_costs_a_client_with_a_pool_a_request(
    scope: Scope, http: httpx.Client, session: requests.Session
) -> None:
    scope.answer("GET", "/x", Step(json="right", fault="close-after-answer"))
    answers = [http.get("/x") for _ in range(200)]
    others = [session.get(f"{scope.base_url}/x", timeout=10) for _ in range(200)]
    assert {answer.json() for answer in [*answers, *others]} == {"right"}
    assert {answer.headers["Connection"] for answer in [*answers, *others]} == {"keep-alive"}
    assert len(scope.log()) == 400


def test_a_client_that_asks_again_on_the_closed_connection_gets_no_answer(scope: Scope) -> None:
    scope.answer("GET", "/x", Step(raw=BODY, fault="close-after-answer"))
    with connect(scope) as sock:
        sock.sendall(ASK)
        whole = b""
        while not whole.endswith(BODY):
            whole += sock.recv(65536)
        with pytest.raises(ConnectionError):
            ask_again(sock)
    assert len(scope.log()) == 1


def test_a_client_that_asks_to_close_is_not_promised_to_be_kept(scope: Scope, http: httpx.Client) -> None:
    scope.answer("GET", "/x", Step(fault="close-after-answer"))
    answer = http.get("/x", headers={"Connection": "close"})
    assert answer.headers["Connection"] == "close"


def test_a_huge_header_stands_in_an_answer_that_is_otherwise_right(scope: Scope) -> None:
    scope.answer("GET", "/x", Step(raw=BODY, fault="huge-header"))
    with connect(scope) as sock:
        sock.sendall(ASK)
        whole = b""
        while not whole.endswith(BODY):
            whole += sock.recv(65536)
    lines = whole.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert max(map(len, lines)) == HUGE_HEADER_BYTES + len("X-Huge: ")
    assert f"Content-Length: {len(BODY)}".encode() in lines


def test_a_garbage_length_is_no_number_and_the_only_length(scope: Scope, session: requests.Session) -> None:
    scope.answer("GET", "/x", Step(json="whole", fault="garbage-length"))
    answer = session.get(f"{scope.base_url}/x", timeout=10)
    assert answer.headers["Content-Length"] == "many"
    assert answer.json() == "whole"


def test_a_slow_answer_is_late_and_right(scope: Scope, http: httpx.Client) -> None:
    scope.script("e1", Step(state="READY", fault="slow"))
    answer = http.get("/aris3/exports/e1")
    assert answer.json()["status"] == "READY"
    assert answer.elapsed.total_seconds() >= SLOW_S
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


def ask_again(sock: socket.socket) -> None:
    """A first word is still taken; that nobody listens is only known when its echo has come."""
    for _ in range(20):
        sock.sendall(ASK)
        time.sleep(0.02)
