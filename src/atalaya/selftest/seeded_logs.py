"""Lines that tell of an event, as tools and people word them, and the layouts of the logs that they stand in.

Each wording in each layout is a log in which one event of its kind is told of, and no other. The decoys tell of none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from atalaya.records.stored import EventKind

# What each tool or person writes, named by the language of its words.
WORDINGS: Mapping[EventKind, Mapping[str, str]] = {
    EventKind.NETWORK_ERROR: {
        "en-request-refused": "GET https://api.example/health -> ECONNREFUSED",
        "en-gateway": "POST /orders -> 503 Service Unavailable",
        "en-curl": "curl: (7) Failed to connect to 127.0.0.1 port 8080",
        "en-python-reset": "ConnectionResetError: [Errno 104] Connection reset by peer",
        "en-transport-error": "acme_client.exceptions.TransportError: the service was not reached",
        "en-urllib3": "urllib3.connectionpool Retrying (Retry(total=2)) after connection broken by 'X': /orders",
        "en-httpx": "httpx.ReadTimeout: The read operation timed out",
        "en-node": "getaddrinfo ENOTFOUND api.example",
        "en-go": "dial tcp 127.0.0.1:8080: connect: connection refused",
        "en-java": "java.net.SocketTimeoutException: Read timed out",
        "es-python-rehusada": "ConnectionRefusedError: [Errno 111] Conexión rehusada",
        "es-windows": "ConnectionRefusedError: [WinError 10061] No se puede establecer una conexión",
        "es-rechazada": "conexión rechazada al pedir /orders",
        "es-peticion": "GET /orders -> conexión restablecida por la máquina remota",
        "es-caducada": "Expiró el tiempo de conexión",
        "es-error-de-red": "error de red: no se llegó a /orders",
    },
    EventKind.POLLING_TIMEOUT: {
        "en-waiting-for": "timed out after 60 s waiting for job 17 (last status=pending)",
        "en-wait-timed-out": "waiting for order 7 timed out",
        "en-timeout-error": "TimeoutError: Order o-7 was still CREATED after 30.0 seconds",
        "en-gave-up-polling": "gave up after 12 polls of order o-7",
        "en-polling-gave-up": "polling order o-7 gave up after 30 s",
        "es-timeout-error": "TimeoutError: la exportación 7 seguía en CREATED tras 30 s",
        "es-agotado-esperando": "tiempo de espera agotado esperando la exportación 7",
        "es-se-agoto": "se agotó el tiempo de espera de la exportación 7",
        "es-esperando": "esperando el trabajo 7: tiempo agotado",
        "es-sondeo": "el sondeo del trabajo 7 agotó su tiempo",
    },
    EventKind.STALE_READ: {
        "en-first-poll": "the first poll was answered from the cache, stamp 4",
        "en-not-the-last": "the status returned is not the last one served",
        "en-stale-read": "stale read: CREATED, served READY",
        "en-stale-status": "stale status of order 7: CREATED after READY",
        "en-stale-hit": "stale cache hit for order 7",
        "es-lectura-obsoleta": "lectura obsoleta: CREATED, servido READY",
        "es-estado-obsoleto": "estado obsoleto de la exportación 7",
        "es-primer-sondeo": "el primer sondeo se respondió desde la caché, sello 4",
        "es-sondeo-leyo": "un sondeo leyó de la caché un estado obsoleto",
        "es-no-es-el-ultimo": "el estado devuelto no es el último servido",
    },
}

DECOYS: Mapping[str, str] = {
    "en-shown-in-a-banner": "GET /a -> ECONNREFUSED is shown in the banner: passed",
    "en-a-guide": "the guide says: POST /orders -> 503 is tried again",
    "en-a-test-passed": 'info: test "shows ETIMEDOUT banner" passed',
    "en-help": "--timeout SECONDS  how long to wait until it timed out",
    "en-assertion": "AssertionError: expected TimeoutError, got ReadTimeout",
    "en-none": "stale reads: 0",
    "en-success": "GET /health -> 200",
    "en-code": "def test_connection_refused():",
    "es-ninguna": "lecturas obsoletas: 0",
    "es-ningun-error": "errores de red: 0",
    "es-cero": "lectura obsoleta: 0",
    "es-guia": "la guía dice: conexión rechazada se intenta otra vez",
    "es-ayuda": "--espera SEGUNDOS  hasta que se agotó el tiempo de espera",
    "es-de-la-cache": "la lista se respondió desde la caché",
}


def _record(**members: str) -> Callable[[str], bytes]:
    """A record of JSON in whose last member the line stands."""
    *others, (last, template) = members.items()
    return lambda line: (json.dumps(dict(others) | {last: template.format(line=line)}) + "\n").encode()


def _text(template: str) -> Callable[[str], bytes]:
    return lambda line: template.format(line=line).encode()


# A log of one line, as each tool lays it out; the last has other lines round it, of which none tells of an event.
LAYOUTS: Mapping[str, Callable[[str], bytes]] = {
    "plain": _text("{line}\n"),
    "github": _text("2026-01-01T00:00:01.1234567Z {line}\n"),
    "github-error": _text("2026-01-01T00:00:01.1234567Z ##[error]{line}\n"),
    "github-command": _text("::error file=smoke.py,line=3::{line}\n"),
    "python-logging": _text("2026-01-01 00:00:01,250 WARNING {line}\n"),
    "offset": _text("2026-01-01T01:00:01+01:00 [ERROR] {line}\n"),
    "level": _text("ERROR: {line}\n"),
    "colour": _text("\x1b[31mERROR\x1b[0m {line}\n"),
    "basic-config": _text("ERROR:acme.client:{line}\n"),
    "loguru": _text("2026-01-01 00:00:01.250 | ERROR    | acme.client:wait:12 - {line}\n"),
    "structlog": _text("2026-01-01 00:00:01 [error    ] {line}\n"),
    "spring": _text("2026-01-01T00:00:01.250+01:00 ERROR 1 --- [   main] c.a.orders.Client   : {line}\n"),
    "json": _record(level="error", time="2026-01-01T00:00:01Z", msg="{line}"),
    "json-exc-info": _record(
        level="ERROR", message="the order failed", exc_info="Traceback (most recent call last):\n{line}"
    ),
    "logfmt": lambda line: f"level=error msg={json.dumps(line, ensure_ascii=False)} order=7\n".encode(),
    "compose": _text("orders-api-1  | {line}\n"),
    "syslog-3164": _text("<27>Jan  1 00:00:01 host-1 orders[123]: {line}\n"),
    "syslog-5424": _text('<27>1 2026-01-01T00:00:01.003Z host-1 orders 123 ID47 [a@1 b="x y"] {line}\n'),
    "klog": _text("E0101 00:00:01.123456    1234 wait.go:12] {line}\n"),
    "cri": _text("2026-01-01T00:00:01.669794202Z stderr F {line}\n"),
    "docker-json-file": _record(stream="stderr", time="2026-01-01T00:00:01.25Z", log="{line}\n"),
    "xdist": _text("[gw0] {line}\n"),
    "exception-group": _text("    | {line}\n"),
    "github-compose-logging": _text(
        "2026-01-01T00:00:01.1234567Z orders-1  | 2026-01-01 00:00:01,250 - acme.client - ERROR - {line}\n"
    ),
    "pytest": _text("E   {line}\n"),
    "pytest-live": _text("ERROR    acme.client:client.py:12 {line}\n"),
    "pytest-summary-error": _text("ERROR tests/test_smoke.py::test_wait - {line}\n"),
    "pytest-summary": _text("FAILED tests/test_smoke.py::test_wait - {line}\n"),
    "windows": _text("\ufeff{line}\r\n"),
    "utf-16": lambda line: f"{line}\n".encode("utf-16"),
    "among-others": _text("starting\nGET /health -> 200\n{line}\nstale reads: 0\nall the rest is well\n"),
}
