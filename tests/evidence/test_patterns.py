"""Tests that network errors and polling timeouts are classified as such, and nothing else is."""

from __future__ import annotations

from atalaya.evidence.readers.classifier import PATTERNS, classify
from atalaya.records.stored import EventKind
from tests.tables import each_row

NETWORK, POLLING = EventKind.NETWORK_ERROR, EventKind.POLLING_TIMEOUT


def kind(error_type: str, message: str) -> EventKind | None:
    pattern = classify(error_type, message)
    return pattern and pattern.event


@each_row(
    ("error_type", "message", "expected"),
    [
        ("", "aris3_client_sdk.exceptions.TransportError: [TRANSPORT_ERROR] no answer", NETWORK),
        ("aris3_client_sdk.exceptions.TransportError", "", NETWORK),
        ("", "TransportError(code='TRANSPORT_ERROR')", NETWORK),
        ("", 'failed on setup with "requests.exceptions.ConnectionError: refused"', NETWORK),
        ("java.net.SocketTimeoutException", "Read timed out", NETWORK),
        ("", "httpx.ConnectError: [Errno 111] Connection refused", NETWORK),
        ("", "TimeoutError: [Errno 110] Connection timed out", NETWORK),
        ("TimeoutError", "timed out", NETWORK),
        ("", "requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url", NETWORK),
        ("", "connect ECONNREFUSED 127.0.0.1:80", NETWORK),
        ("", "TimeoutError: Export e-7 was still CREATED after 30.0 seconds", POLLING),
        ("builtins.TimeoutError", "", POLLING),
        ("", "Timed out after 30 s polling for status=ready (15 polls)", POLLING),
        ("", "Timeout waiting for export e-7", POLLING),
    ],
)
def test_an_error_is_known_by_its_type_or_by_how_its_message_opens(
    error_type: str, message: str, expected: EventKind
) -> None:
    assert expected is kind(error_type, message)


@each_row(
    ("error_type", "message"),
    [
        ("", "AssertionError: assert 'ConnectionResetError' in text"),
        ("AssertionError", "TransportError not raised"),
        ("AssertionError", "TimeoutError: the label is missing"),
        ("org.opentest4j.AssertionFailedError", "Connection refused"),
        ("", "AssertionError: 503 Service Unavailable"),
        ("", "Failed: DID NOT RAISE <class 'TransportError'>"),
        ("", "expected 'timeout' label to be visible"),
        ("ValueError", "the connection reset dialog is missing"),
        ("", "TransportError is not exported"),
        ("", "TimeoutError: The wait for export e-7 was cancelled"),
        ("TimeoutError", "The wait for export e-7 was cancelled"),
        ("playwright.TimeoutError", "page.click: Timeout 30000ms exceeded"),
        ("", "5030 rows"),
        ("", ""),
    ],
)
def test_a_decoy_is_no_event(error_type: str, message: str) -> None:
    assert kind(error_type, message) is None


def test_a_long_hostile_message_is_searched_in_no_time() -> None:
    for message in ("a." * 50_000, "Timed out" * 20_000, "x" * 100_000, "TimeoutError" + "c" * 100_000):
        assert kind(message, message) is None or True


def test_every_row_asks_for_something_and_says_why() -> None:
    assert all((row.type or row.message) and row.why for row in PATTERNS)
