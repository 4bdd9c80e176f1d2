"""Is this failed test a network error, a polling timeout, or neither?

Only the type and the message of a failure are asked, never its text: a log that mentions a timeout is no
timeout. A test that *asserts* something about an error did not meet that error, so what tells an assertion
comes first.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from checks.records import EventKind


class Pattern(NamedTuple):
    """One row: what a match means (None: no event), where to look, what for, and why it means that."""

    event: EventKind | None
    type: re.Pattern[str] | None
    message: re.Pattern[str] | None
    why: str


def _named(*names: str) -> re.Pattern[str]:
    """A class of errors as a type, or as the head of a message: with its package or without."""
    return re.compile(rf"{_BEFORE}(?:[\w$]+\.)*(?:{'|'.join(names)})(?=[:(\"';,]|\s*$)")


def _says(pattern: str) -> re.Pattern[str]:
    """The head of a message, after the class of the error where one is named."""
    return re.compile(rf"(?i){_BEFORE}(?:[\w$.]+(?:Error|Exception|Timeout|Failure):\s*)?(?:{pattern})")


# pytest says in which phase a fixture broke, and wraps what it raised.
_BEFORE = r'^\s*(?:failed on (?:setup|call|teardown) with ")?'

_ASSERTION = _named(
    "AssertionError", "AssertionFailedError", "AssertionFailure", "AssertFailedException", "ComparisonFailure",
    "ExpectationNotMetError", "ExpectationFailedException", "Failed", "MultipleFailuresError",
)  # fmt: skip
_NETWORK = _named(
    # the SDK under watch
    "TransportError",
    # Python
    r"Connection(?:Reset|Refused|Aborted)?Error", "BrokenPipeError", "gaierror", "herror", r"socket\.timeout",
    r"SSL\w*Error", "RemoteDisconnected", "IncompleteRead", "URLError",
    # requests, urllib3, httpx, aiohttp
    "ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout", "ProxyError", "ChunkedEncodingError",
    "ConnectError", "ReadError", "WriteError", "RemoteProtocolError", "MaxRetryError", "NewConnectionError",
    "NameResolutionError", "ProtocolError", "ReadTimeoutError", "ConnectTimeoutError", "ClientConnectorError",
    "ClientOSError", "ServerDisconnectedError", "ServerTimeoutError",
    # Java, .NET
    "ConnectException", "SocketException", "SocketTimeoutException", "UnknownHostException",
    "NoRouteToHostException", "SSL\\w*Exception", "HttpConnectTimeoutException", "HttpTimeoutException",
    "HttpRequestException",
)  # fmt: skip

PATTERNS: tuple[Pattern, ...] = (
    Pattern(None, _ASSERTION, None, "an assertion about an error is not that error"),
    Pattern(None, None, _ASSERTION, "an assertion about an error is not that error"),
    Pattern(
        None, None, re.compile(rf"(?i){_BEFORE}(?:builtins\.)?TimeoutError\b.{{0,200}}\bcancell?ed\b", re.DOTALL),
        "a wait that was cancelled on request raises the same class, and no time ran out",
    ),
    Pattern(
        None, _named("TimeoutError"), re.compile(r"(?i).{0,200}\bcancell?ed\b", re.DOTALL),
        "a wait that was cancelled on request raises the same class, and no time ran out",
    ),
    Pattern(EventKind.NETWORK_ERROR, _NETWORK, None, "the type says that the connection failed"),
    Pattern(EventKind.NETWORK_ERROR, None, _NETWORK, "the message opens with an error of the connection"),
    Pattern(
        EventKind.NETWORK_ERROR, None,
        _says(r"(?:(?:connect|read|write|getaddrinfo|socket|request) )?"
              r"E(?:CONNRESET|CONNREFUSED|CONNABORTED|NOTFOUND|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH|AI_AGAIN)\b"
              r"|getaddrinfo E\w+"),
        "an error number of the socket, as Node words it",
    ),
    Pattern(
        EventKind.NETWORK_ERROR, None,
        _says(r"\[Errno -?\d+\] (?:Connection |Network is|No route|Name or service|Temporary failure in name|"
              r"Broken pipe|Operation timed out)"),
        "an error number of the socket, as Python words it",
    ),
    Pattern(
        EventKind.NETWORK_ERROR, None,
        _says(r"connection (?:refused|reset|aborted|closed|timed out)\b|socket hang up|TLS handshake|"
              r"SSL handshake|dial (?:tcp|udp)\b|no such host|i/o timeout|network is unreachable|"
              r"(?:the )?(?:read|write|connect)(?: operation)? timed out|timed out$"),
        "the message opens with what the network did",
    ),
    Pattern(
        EventKind.NETWORK_ERROR, None, _says(r"context deadline exceeded"),
        "Go's word for a call that got no answer in time",
    ),
    Pattern(
        EventKind.NETWORK_ERROR, None, _says(r"(?:HTTP(?:/[\d.]+)? )?(?:status )?50[234]\b"),
        "a gateway's answer: the service was not reached",
    ),
    Pattern(
        EventKind.POLLING_TIMEOUT, None, _says(r"(?:timed? ?out|gave up)\b.{0,200}\b(?:poll|wait(?:ing|ed)? for)"),
        "the message opens with a wait that ran out of time",
    ),
    Pattern(
        EventKind.POLLING_TIMEOUT, re.compile(r"^(?:builtins\.)?TimeoutError$"), None,
        "Python's own TimeoutError is what the SDK's wait raises; its transport raises TransportError",
    ),
    Pattern(
        EventKind.POLLING_TIMEOUT, None, re.compile(rf"{_BEFORE}(?:builtins\.)?TimeoutError(?=[:(\"']|\s*$)"),
        "Python's own TimeoutError is what the SDK's wait raises; its transport raises TransportError",
    ),
)  # fmt: skip


def classify(error_type: str, message: str) -> Pattern | None:
    """The first row that matches, or None. A row that asks for both needs both.

    >>> classify("", "ConnectionResetError: [Errno 104] Connection reset by peer").event
    <EventKind.NETWORK_ERROR: 'network-error'>
    >>> classify("", "TimeoutError: Export e-7 was still CREATED after 30.0 seconds").event
    <EventKind.POLLING_TIMEOUT: 'polling-timeout'>
    >>> classify("AssertionError", "ConnectionResetError not raised").event is None
    True
    >>> classify("ValueError", "the connection reset dialog is missing") is None
    True
    """
    for pattern in PATTERNS:
        if (pattern.type is None or pattern.type.search(error_type)) and (
            pattern.message is None or pattern.message.search(message)
        ):
            return pattern
    return None
