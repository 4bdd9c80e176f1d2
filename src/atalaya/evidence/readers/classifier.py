"""Classifies a failed test as a network error, a polling timeout, or neither.

Only the type and the message of a failure are asked, never its text: a log that mentions a timeout is no
timeout. A test that *asserts* something about an error did not meet that error, so what tells an assertion
comes first.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from atalaya.records.stored import EventKind


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
    "AssertionError",
    "AssertionFailedError",
    "AssertionFailure",
    "AssertFailedException",
    "ComparisonFailure",
    "ExpectationNotMetError",
    "ExpectationFailedException",
    "Failed",
    "MultipleFailuresError",
)
_NETWORK = _named(
    # the SDK under watch
    "TransportError",
    # Python
    r"Connection(?:Reset|Refused|Aborted)?Error",
    "BrokenPipeError",
    "gaierror",
    "herror",
    r"socket\.timeout",
    r"SSL\w*Error",
    "RemoteDisconnected",
    "IncompleteRead",
    "URLError",
    # requests, urllib3, httpx, aiohttp
    "ConnectTimeout",
    "ReadTimeout",
    "WriteTimeout",
    "PoolTimeout",
    "ProxyError",
    "ChunkedEncodingError",
    "ConnectError",
    "ReadError",
    "WriteError",
    "RemoteProtocolError",
    "MaxRetryError",
    "NewConnectionError",
    "NameResolutionError",
    "ProtocolError",
    "ReadTimeoutError",
    "ConnectTimeoutError",
    "ClientConnectorError",
    "ClientOSError",
    "ServerDisconnectedError",
    "ServerTimeoutError",
    # Java, .NET
    "ConnectException",
    "SocketException",
    "SocketTimeoutException",
    "UnknownHostException",
    "NoRouteToHostException",
    "SSL\\w*Exception",
    "HttpConnectTimeoutException",
    "HttpTimeoutException",
    "HttpRequestException",
)

PATTERNS: tuple[Pattern, ...] = (
    Pattern(None, _ASSERTION, None, "an assertion about an error is not that error"),
    Pattern(None, None, _ASSERTION, "an assertion about an error is not that error"),
    Pattern(
        None,
        None,
        re.compile(rf"(?i){_BEFORE}(?:builtins\.)?TimeoutError\b.{{0,200}}\bcancell?ed\b", re.DOTALL),
        "a wait that was cancelled on request raises the same class, and no time ran out",
    ),
    Pattern(
        None,
        _named("TimeoutError"),
        re.compile(r"(?i).{0,200}\bcancell?ed\b", re.DOTALL),
        "a wait that was cancelled on request raises the same class, and no time ran out",
    ),
    Pattern(EventKind.NETWORK_ERROR, _NETWORK, None, "the type says that the connection failed"),
    Pattern(EventKind.NETWORK_ERROR, None, _NETWORK, "the message opens with an error of the connection"),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(
            r"(?:(?:connect|read|write|getaddrinfo|socket|request) )?"
            r"E(?:CONNRESET|CONNREFUSED|CONNABORTED|NOTFOUND|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH|AI_AGAIN)\b"
            r"|getaddrinfo E\w+"
        ),
        "an error number of the socket, as Node words it",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(
            r"\[Errno -?\d+\] (?:Connection |Network is|No route|Name or service|Temporary failure in name|"
            r"Broken pipe|Operation timed out)"
        ),
        "an error number of the socket, as Python words it",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(
            r"connection (?:refused|reset|aborted|closed|timed out)\b|socket hang up|TLS handshake|"
            r"SSL handshake|dial (?:tcp|udp)\b|no such host|i/o timeout|network is unreachable|"
            r"(?:the )?(?:read|write|connect)(?: operation)? timed out|timed out$"
        ),
        "the message opens with what the network did",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(r"context deadline exceeded"),
        "Go's word for a call that got no answer in time",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(r"(?:HTTP(?:/[\d.]+)? )?(?:status )?50[234]\b"),
        "a gateway's answer: the service was not reached",
    ),
    Pattern(
        EventKind.POLLING_TIMEOUT,
        None,
        _says(r"(?:timed? ?out|gave up)\b.{0,200}\b(?:poll|wait(?:ing|ed)? for)"),
        "the message opens with a wait that ran out of time",
    ),
    Pattern(
        EventKind.POLLING_TIMEOUT,
        re.compile(r"^(?:builtins\.)?TimeoutError$"),
        None,
        "Python's own TimeoutError is what the SDK's wait raises; its transport raises TransportError",
    ),
    Pattern(
        EventKind.POLLING_TIMEOUT,
        None,
        re.compile(rf"{_BEFORE}(?:builtins\.)?TimeoutError(?=[:(\"']|\s*$)"),
        "Python's own TimeoutError is what the SDK's wait raises; its transport raises TransportError",
    ),
)


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


# ── lines of a log ───────────────────────────────────────────────────────────
# A line begins with what happened, or it is no event: "shows ETIMEDOUT banner" speaks of one.

_SOCKET = (
    r"E(?:CONNRESET|CONNREFUSED|CONNABORTED|NOTFOUND|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH|AI_AGAIN)\b"
    r"|connection (?:refused|reset|aborted|closed|timed out)\b|timed? ?out\b|socket hang up|no such host"
    r"|conexi[oó]n (?:rechazada|rehusada|restablecida|reinicializada|reiniciada|abortada|cerrada)\b"
    r"|tiempo de espera agotado\b"
)
_REQUEST = r"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (?P<target>\S{1,300}) ?(?:->|=>|→|:|-) ?"

LINES: tuple[Pattern, ...] = (
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        re.compile(rf"(?i){_REQUEST}(?:HTTP(?:/[\d.]+)? )?(?:50[234]\b|{_SOCKET})"),
        "a request, and that it was not answered, or by a gateway",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        re.compile(r"(?i)curl: \((?:5|6|7|18|28|35|52|55|56)\) "),
        "curl's codes for names, connections, time and TLS",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        re.compile(r"(?i)(?:\S+ )?retrying \(.{0,200}\) after connection broken by "),
        "urllib3's word for a connection that broke and is tried again",
    ),
    Pattern(
        EventKind.POLLING_TIMEOUT,
        None,
        re.compile(r"(?i)(?:polling|waiting for) \S.{0,200}\b(?:timed out|gave up)\b"),
        "a wait, and that it ran out of time",
    ),
    Pattern(
        EventKind.STALE_READ,
        None,
        re.compile(
            r"(?i)(?:the )?(?:first )?(?:poll|status)\b.{0,80}\b"
            r"(?:was answered from the cache|is not the last one served)"
            r"|stale (?:read|status|answer|cache hit)\b(?! *[:=] *0)"
        ),
        "a poll that read an older state: as the smoke words it, and as people do",
    ),
    # In Spanish, as the system words it (glibc's errno) and as people do. What takes "ERROR" for the level of a line
    # leaves "de red: ..." of "error de red: ...".
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        re.compile(
            r"(?i)(?:la )?conexi[oó]n (?:rechazada|rehusada|restablecida|reinicializada|reiniciada|abortada)\b"
            r"|(?:error )?de (?:red|conexi[oó]n):(?! *0)|expir[oó] el tiempo de conexi[oó]n\b"
        ),
        "in Spanish, what the network did",
    ),
    Pattern(
        EventKind.POLLING_TIMEOUT,
        None,
        re.compile(
            r"(?i)(?:tiempo de espera agotado|se agot[oó] el tiempo(?: de espera)?)\b"
            r".{0,200}\b(?:esperando|sonde\w{2,8}|exportaci[oó]n|trabajo|job)\b"
            r"|(?:esperando|sondeando|(?:el )?sondeo del?) \S.{0,200}\b(?:tiempo agotado|agot[oó] (?:su|el) tiempo)\b"
        ),
        "in Spanish, a wait that ran out of time",
    ),
    Pattern(
        EventKind.STALE_READ,
        None,
        re.compile(
            r"(?i)(?:(?:el|un) )?(?:primer )?(?:sondeo|estado)\b.{0,80}\b"
            r"(?:se respondi[oó] desde la cach[eé]|ley[oó] de la cach[eé]|no es el [uú]ltimo servido)"
            r"|(?:lectura|estado|respuesta) obsolet[oa]\b(?! *[:=] *0)"
        ),
        "in Spanish, a poll that read an older state",
    ),
)

# Whoever asserts an error expects it.
EXPECTED = re.compile(r"(?i)\bxfail(?:ed)?\b|\b(?:as|was|is) expected\b|\bexpected (?:error|timeout)\b|\braises\(")
SUCCEEDED = re.compile(rf"(?i){_REQUEST}(?:HTTP(?:/[\d.]+)? )?(?:2\d\d|304)\b")
RETRIED = re.compile(r"(?i)(?:retry(?:ing)?|reconnect(?:ing|ed)?)\b.{0,100}\b(?:ok|succeeded|successful|recovered)\b")
POLLED = re.compile(r"(?i)poll(?:ing|ed)? (?P<target>\S.{0,100}?): (?:status|state)[=: ]+(?P<state>[\w-]{1,40})")
_PASSED = re.compile(r"(?i)(?:info:? |ok |✓ |√ |pass(?:ed)?\b)|.{0,2000}\bpassed[.!]?$")


def classify_line(says: str) -> EventKind | None:
    """What a line of a log tells of, its timestamp and level taken off; None where that is no event.

    >>> classify_line("POST /orders -> 503 Service Unavailable")
    <EventKind.NETWORK_ERROR: 'network-error'>
    >>> classify_line("timed out after 60 s waiting for job 17 (last status=pending)")
    <EventKind.POLLING_TIMEOUT: 'polling-timeout'>
    >>> classify_line('test "shows ETIMEDOUT banner" passed') is None
    True
    """
    if _PASSED.match(says):
        return None
    for pattern in LINES:
        if pattern.message is not None and pattern.message.match(says):
            return pattern.event
    found = classify("", says)
    return None if found is None else found.event


def target_of(says: str) -> str:
    """What was asked for in a line that tells of a request; empty in others."""
    found = re.match(_REQUEST, says, re.IGNORECASE)
    return found["target"] if found else ""
