"""The tables of the matrix of logs: how a line is laid out, how an event is worded, and what only speaks of one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from atalaya.records.stored import EventKind

Layout = Callable[[str], str]


def _before(prefix: str) -> Layout:
    """A layout that puts the same before each line of a text."""
    return lambda text: "".join(f"{prefix}{line}\n" for line in text.split("\n"))


def _json(**members: object) -> Layout:
    return lambda text: json.dumps({**members, "message": text}) + "\n"


def _json_lines_of_docker(text: str) -> str:
    time = "2026-01-01T00:00:01.25Z"
    return "".join(
        json.dumps({"log": f"{line}\n", "stream": "stderr", "time": time}) + "\n" for line in text.split("\n")
    )


def _within(outer: Layout, inner: Layout) -> Layout:
    return lambda text: outer(inner(text).removesuffix("\n"))


GITHUB = _before("2026-01-01T00:00:01.1234567Z ")
COMPOSE = _before("orders-api-1  | ")
LOGGING = _before("2026-01-01 00:00:01,250 - acme.client - ERROR - ")
CRI = _before("2026-01-01T00:00:01.669794202Z stderr F ")

# Each of these puts something before every line of a text.
LAYOUTS: Mapping[str, Layout] = {
    "plain": _before(""),
    "indented": _before("      "),
    "logging with time": LOGGING,
    "logging, level first": _before("2026-01-01 00:00:01,250 ERROR acme.client: "),
    "logging, bare name": _before("2026-01-01 00:00:01,250 ERROR acme.client "),
    "logging in brackets": _before("[2026-01-01 00:00:01,250] [ERROR] [acme.client] "),
    "logging with its thread": _before("2026-01-01 00:00:01,250 [MainThread] ERROR acme.client - "),
    "logging with its place": _before("2026-01-01 00:00:01,250 ERROR client.py:12 "),
    "logging without time": _before("ERROR acme.client: "),
    "basicConfig": _before("ERROR:acme.client:"),
    "flask": _before("[2026-01-01 00:00:01,250] ERROR in app: "),
    "loguru": _before("2026-01-01 00:00:01.250 | ERROR    | acme.client:wait:12 - "),
    "structlog": _before("2026-01-01 00:00:01 [error    ] "),
    "structlog in colours": _before("\x1b[2m2026-01-01T00:00:01Z\x1b[0m [\x1b[31m\x1b[1merror    \x1b[0m] \x1b[1m"),
    "rich": _before("[00:00:01] ERROR    "),
    "pytest live log": _before("ERROR    acme.client:client.py:12 "),
    "pytest live log with time": _before("2026-01-01 00:00:01 [   ERROR] (client.py:12) "),
    "pytest's mark": _before("E   "),
    "pytest's mark, deeper": _before("E       "),
    "pytest summary": _before("FAILED tests/test_smoke.py::test_wait[a - b] - "),
    "pytest summary of an error": _before("ERROR tests/test_smoke.py::TestWait::test_wait - "),
    "pytest summary of a module": _before("ERROR tests/test_smoke.py - "),
    "github": GITHUB,
    "github's error": _before("2026-01-01T00:00:01.1234567Z ##[error]"),
    "github's command": _before("::error file=smoke.py,line=3,title=Smoke::"),
    "github's bare command": _before("::error::"),
    "azure": _before("2026-01-01T00:00:01.1234567Z ##vso[task.logissue type=error;sourcepath=a.py]"),
    "gitlab": _before("2026-01-01T00:00:01.123456Z 01E "),
    "jenkins": _before("[2026-01-01T00:00:01.123Z] "),
    "compose": COMPOSE,
    "compose, old": _before("api_1  | "),
    "docker with times": _before("2026-01-01T00:00:01.250123456Z "),
    "kubectl with prefix": _before("[pod/orders-7d9c/api] "),
    "stern": _before("orders-7d9c5b8f6d-x2x9z api "),
    "syslog 3164": _before("<27>Jan  1 00:00:01 host-1 orders[123]: "),
    "syslog 3164 in a file": _before("Jan 11 00:00:01 host-1 orders: "),
    "syslog 5424": _before('<27>1 2026-01-01T00:00:01.003Z host-1 orders 123 ID47 [a@1 iut="3" b="x y"] '),
    "syslog 5424 without data": _before("<27>1 2026-01-01T00:00:01.003Z host-1 orders 123 - - "),
    "journal": _before("2026-01-01T00:00:01+0000 host-1 orders[123]: "),
    "klog": _before("E0101 00:00:01.123456    1234 wait.go:12] "),
    "cri": CRI,
    "cri, standard output": _before("2026-01-01T00:00:01.669794202+01:00 stdout F "),
    "docker's json-file": _json_lines_of_docker,
    "xdist": _before("[gw0] "),
    "go's log": _before("2026/01/01 00:00:01 client.go:12: "),
    "go's log without place": _before("2026/01/01 00:00:01 "),
    "spring": _before("2026-01-01T00:00:01.250+01:00 ERROR 1 --- [   main] c.a.orders.Client   : "),
    "logback": _before("00:00:01.250 [main] ERROR com.acme.Client - "),
    "log4j": _before("2026-01-01 00:00:01,250 ERROR [main] (Client.java:12) - "),
    "env_logger": _before("[2026-01-01T00:00:01Z ERROR acme::client] "),
    "tracing of rust": _before("2026-01-01T00:00:01.250123Z ERROR acme::client: "),
    "winston": _before("2026-01-01T00:00:01.250Z error: "),
    "serilog": _before("[00:00:01 ERR] "),
    "airflow": _before("[2026-01-01, 00:00:01 UTC] {client.py:12} ERROR - "),
    "npm": _before("npm ERR! "),
    "rails of a group": _before("    | "),
    "level": _before("ERROR: "),
    "level in brackets": _before("[ERROR] "),
    "the team's smoke": _before("[FAIL] request_export_wait_ready_flow: "),
    "windows": lambda text: "\ufeff" + text.replace("\n", "\r\n") + "\r\n",
    "github, compose, logging": _within(GITHUB, _within(COMPOSE, LOGGING)),
    "cri, klog": _within(CRI, _before("E0101 00:00:01.123456    1234 wait.go:12] ")),
    "github, xdist, pytest's mark": _within(GITHUB, _before("[gw3] E   ")),
    "docker's json-file, loguru": _within(
        _json_lines_of_docker, _before("2026-01-01 00:00:01.250 | ERROR    | acme.client:wait:12 - ")
    ),
    "github, kubectl, syslog": _within(GITHUB, _within(_before("[pod/a/b] "), _before("<27>Jan  1 00:00:01 h o[1]: "))),
    "compose, spring": _within(COMPOSE, _before("2026-01-01T00:00:01.250+01:00 ERROR 1 --- [ main] c.a.Client : ")),
    "gitlab, pytest summary": _within(
        _before("2026-01-01T00:00:01.1Z 00O "), _before("FAILED tests/test_a.py::test_b - ")
    ),
}


def _logfmt(text: str) -> str:
    return f"time=2026-01-01T00:00:01Z level=error msg={json.dumps(text, ensure_ascii=False)} order=7\n"


def _klog_structured(text: str) -> str:
    return f'E0101 00:00:01.123456    1234 wait.go:12] "Failed to sync" err={json.dumps(text, ensure_ascii=False)}\n'


def _with_traceback(text: str) -> str:
    trace = f'Traceback (most recent call last):\n  File "client.py", line 12, in wait\n    raise error\n{text}'
    return json.dumps({"level": "error", "event": "the order failed", "exception": trace}) + "\n"


def _teamcity(text: str) -> str:
    said = text.replace("|", "||").replace("'", "|'").replace("[", "|[").replace("]", "|]").replace("\n", "|n")
    return f"##teamcity[message text='{said}' status='ERROR']\n"


# These take a whole text in.
RECORDS: Mapping[str, Layout] = {
    "json": _json(level="error", time="2026-01-01T00:00:01Z"),
    "json, as logstash": _json(**{"@timestamp": "2026-01-01T00:00:01Z", "log.level": "ERROR"}),
    "json, as pino": lambda text: json.dumps({"level": 50, "time": 1767225601000, "msg": text}) + "\n",
    "json, as zap": lambda text: (
        json.dumps({"level": "error", "ts": 1767225601.25, "msg": "it failed", "error": text}) + "\n"
    ),
    "json, as structlog": lambda text: json.dumps({"event": text, "level": "error", "timestamp": "2026-01-01"}) + "\n",
    "json with exc_info": lambda text: json.dumps({"level": "ERROR", "message": "it failed", "exc_info": text}) + "\n",
    "json with a traceback": _with_traceback,
    "json with an error": lambda text: (
        json.dumps({"level": "error", "msg": "it failed", "err": {"stack": text}}) + "\n"
    ),
    "json unescaped": lambda text: json.dumps({"level": "error", "msg": text}, ensure_ascii=False) + "\n",
    "json in docker's json-file": lambda text: (
        json.dumps({"log": json.dumps({"level": "error", "msg": text}) + "\n"}) + "\n"
    ),
    "github, compose, json": _within(_within(GITHUB, COMPOSE), _json(level="error")),
    "logfmt": _logfmt,
    "github, logfmt": _within(GITHUB, _logfmt),
    "klog, structured": _klog_structured,
    "structlog, its error behind": lambda text: (
        f"2026-01-01 00:00:01 [error    ] it failed        error={json.dumps(text, ensure_ascii=False)}\n"
    ),
    "teamcity": _teamcity,
    "utf-16": lambda text: f"{text}\n",
}

NETWORK: Mapping[str, str] = {
    "requests": (
        "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.example', port=443): Max retries exceeded "
        "with url: /orders (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f>: "
        "Failed to "
        "establish a new connection: [Errno 111] Connection refused'))"
    ),
    "requests, read": (
        "requests.exceptions.ReadTimeout: HTTPConnectionPool(host='api', port=80): Read timed out. (read timeout=10)"
    ),
    "requests, status": (
        "requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: https://api.example/orders"
    ),
    "urllib3": (
        "urllib3.exceptions.MaxRetryError: HTTPConnectionPool(host='api', port=80): Max retries exceeded with url: /"
    ),
    "urllib3, protocol": (
        "urllib3.exceptions.ProtocolError: ('Connection aborted.', ConnectionResetError(104, 'Connection reset'))"
    ),
    "urllib": "urllib.error.URLError: <urlopen error [Errno -2] Name or service not known>",
    "urllib, status": "urllib.error.HTTPError: HTTP Error 502: Bad Gateway",
    "httpx": "httpx.ConnectError: [Errno 111] Connection refused",
    "httpx, read": "httpx.ReadTimeout: The read operation timed out",
    "httpx, protocol": "httpx.RemoteProtocolError: Server disconnected without sending a response.",
    "httpx, status": "httpx.HTTPStatusError: Server error '504 Gateway Timeout' for url 'https://api.example/orders'",
    "aiohttp": (
        "aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host api.example:443 ssl:default [refused]"
    ),
    "aiohttp, disconnected": "aiohttp.client_exceptions.ServerDisconnectedError: Server disconnected",
    "aiohttp, status": (
        "aiohttp.client_exceptions.ClientResponseError: 502, message='Bad Gateway', url='https://api.example/'"
    ),
    "python": "ConnectionResetError: [Errno 104] Connection reset by peer",
    "python, pipe": "BrokenPipeError: [Errno 32] Broken pipe",
    "python, name": "socket.gaierror: [Errno -3] Temporary failure in name resolution",
    "python, tls": (
        "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1006)"
    ),
    "python, os": "OSError: [Errno 101] Network is unreachable",
    "python, socket": "TimeoutError: [Errno 110] Connection timed out",
    "python, read": "TimeoutError: The read operation timed out",
    "sdk": "aris3_client_sdk.exceptions.TransportError: [0] TRANSPORT_ERROR: no answer trace_id=7",
    "sdk, gateway": "aris3_client_sdk.exceptions.ServerError: [503] HTTP_ERROR: Service Unavailable",
    "sdk, wrapped": "Fallo inesperado en get_cache_normal_behavior: TransportError: [0] TRANSPORT_ERROR: sin respuesta",
    "go, dial": "dial tcp 127.0.0.1:8080: connect: connection refused",
    "go, get": 'Get "http://api.example/orders": dial tcp: lookup api.example: no such host',
    "go, wrapped": 'failed to fetch orders: Get "http://api.example/orders": context deadline exceeded',
    "go, read": "read tcp 127.0.0.1:52014->127.0.0.1:8080: i/o timeout",
    "go, tls": "net/http: TLS handshake timeout",
    "go, grpc": "rpc error: code = Unavailable desc = connection closed before server preface received",
    "node, refused": "Error: connect ECONNREFUSED 127.0.0.1:8080",
    "node, timed out": "connect ETIMEDOUT 192.0.2.1:443",
    "node, not found": "Error: getaddrinfo ENOTFOUND api.example",
    "node, again": "getaddrinfo EAI_AGAIN api.example",
    "node, reset": "read ECONNRESET",
    "node, hang up": "Error: socket hang up",
    "node, fetch": "FetchError: request to http://api.example/orders failed, reason: connect ECONNREFUSED 127.0.0.1:80",
    "node, undici": "TypeError: fetch failed",
    "axios": "AxiosError: Request failed with status code 503",
    "axios, timeout": "AxiosError: timeout of 1000ms exceeded",
    "chromium": "Error: page.goto: net::ERR_CONNECTION_REFUSED at http://127.0.0.1:3000/",
    "java": "java.net.ConnectException: Connection refused (Connection refused)",
    "java, read": "java.net.SocketTimeoutException: Read timed out",
    "java, host": "Caused by: java.net.UnknownHostException: api.example: Name or service not known",
    "java, thread": 'Exception in thread "main" java.net.SocketException: Connection reset',
    "java, netty": "io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection refused: api/127.0.0.1:80",
    "java, spring": (
        "org.springframework.web.client.ResourceAccessException: I/O error on GET request: Connection refused"
    ),
    "java, gateway": "java.io.IOException: Server returned HTTP response code: 503 for URL: http://api.example/orders",
    "dotnet": "System.Net.Http.HttpRequestException: Connection refused (127.0.0.1:80)",
    "ruby": "Errno::ECONNREFUSED: Failed to open TCP connection to api.example:80 (Connection refused)",
    "curl": "curl: (7) Failed to connect to api.example port 80 after 2 ms: Connection refused",
    "curl, name": "curl: (6) Could not resolve host: api.example",
    "curl, time": "curl: (28) Operation timed out after 30001 milliseconds with 0 bytes received",
    "curl, status": "curl: (22) The requested URL returned error: 503",
    "request": "GET https://api.example/health -> ECONNREFUSED",
    "request, gateway": "POST /orders -> 503 Service Unavailable",
    "request, cloudflare": "POST /orders -> 524",
    "word in the error": (
        "ConnectionError: the queue cancelled-orders was expected to answer, and its deadline has passed"
    ),
    "status": "503 Service Unavailable",
    "es, python": "ConnectionRefusedError: [Errno 111] Conexión rehusada",
    "es, os": "OSError: [Errno 101] La red es inaccesible",
    "es, rechazada": "conexión rechazada al pedir /orders",
    "es, restablecida": "GET /orders -> conexión restablecida por la máquina remota",
    "es, error de red": "error de red: no se llegó a /orders",
    "es, tiempo": "Expiró el tiempo de conexión",
    "es, lectura": "tiempo de espera de lectura agotado",
    "es, nombre": "no se pudo resolver el host api.example",
    "es, no se pudo": "No se pudo conectar con api.example: conexión rechazada",
    "es, estado": "la petición a /orders falló: código de estado 503",
    "es, envuelto": "Fallo inesperado en smoke: ConnectionError: conexión rechazada",
}
TIMEOUT: Mapping[str, str] = {
    "sdk": "TimeoutError: Export e-7 was still CREATED after 30.0 seconds",
    "sdk, wrapped": (
        "Fallo inesperado en request_export_wait_ready_flow: TimeoutError: Export e-7 was still CREATED after 30 s"
    ),
    "sdk, wrapped in English": (
        "Unexpected error in wait_ready: TimeoutError: Export e-7 was still CREATED after 30.0 seconds"
    ),
    "sdk, nested": "SmokeError: TimeoutError: Export e-7 was still CREATED after 30.0 seconds",
    "cancelled in its name": "TimeoutError: Export cancelled-orders was still CREATED after 30.0 seconds",
    "expected in it": "TimeoutError: READY was expected, and e-7 is still CREATED",
    "a deadline that passed": "TimeoutError: the deadline of export e-7 has passed",
    "a word of a test": "TimeoutError: export test_passed: status was not ok",
    "waiting for": "timed out after 60 s waiting for job 17 (last status=pending)",
    "wait timed out": "waiting for order 7 timed out",
    "gave up": "gave up after 12 polls of order o-7",
    "polling gave up": "polling order o-7 gave up after 30 s",
    "timeout waiting": "Timeout waiting for export e-7",
    "timed out polling": "Timed out after 30 s polling for status=ready (15 polls)",
    "never ready": "export e-7 was not ready after 30 s",
    "es, error": "TimeoutError: la exportación 7 seguía en CREATED tras 30 s",
    "es, agotado": "tiempo de espera agotado esperando la exportación 7",
    "es, agotado y estado": "TimeoutError: tiempo de espera agotado: la exportación 7 sigue en CREATED tras 60 s",
    "es, se agoto": "se agotó el tiempo de espera de la exportación 7",
    "es, esperando": "esperando el trabajo 7: tiempo agotado",
    "es, sondeo": "el sondeo del trabajo 7 agotó su tiempo",
    "es, seguia": "la exportación e-7 seguía en CREATED tras 30 s",
}
# Lines of access logs, of servers and of clients, that hold the answer of a gateway.
ACCESS: Mapping[str, str] = {
    "combined": '203.0.113.7 - - [01/Jan/2026:00:00:01 +0000] "GET /v1/orders HTTP/1.1" 502 157 "-" "curl/8.5"',
    "with its duration": '203.0.113.7 - ana [01/Jan/2026:00:00:01 +0000] "POST /v1/orders HTTP/2.0" 504 0 "-" rt=60.0',
    "uvicorn": 'INFO:     203.0.113.7:5000 - "GET /v1/orders HTTP/1.1" 503 Service Unavailable',
    "werkzeug": 'INFO:werkzeug:203.0.113.7 - - [01/Jan/2026 00:00:01] "GET /v1/orders HTTP/1.1" 503 -',
    "urllib3": 'DEBUG:urllib3.connectionpool:http://api:80 "GET /v1/orders HTTP/1.1" 503 19',
    "httpx": 'INFO:httpx:HTTP Request: GET http://api/v1/orders "HTTP/1.1 503 Service Unavailable"',
    "gin": '[GIN] 2026/01/01 - 00:00:01 | 503 |    1.2ms |     203.0.113.7 | GET      "/v1/orders"',
    "morgan": "GET /v1/orders 503 12.345 ms - 19",
    "rails": "Completed 503 Service Unavailable in 12ms",
    "envoy": '[2026-01-01T00:00:01.250Z] "GET /v1/orders HTTP/1.1" 503 UF 0 91 3 - "-" "curl/8.5"',
    "json": '{"level":"info","method":"GET","path":"/v1/orders","status":503,"duration_ms":12}',
    "json, as caddy": '{"level":"info","request":{"method":"GET","uri":"/v1/orders"},"status":502}',
    "logfmt": 'level=info msg="request done" method=GET path=/v1/orders status=503 took=12ms',
    "cloudflare": '203.0.113.7 - - [01/Jan/2026:00:00:01 +0000] "GET /v1/orders HTTP/1.1" 522 0',
}
# And what a service answers of its own, or that is no status at all.
ACCESS_DECOYS: Mapping[str, str] = {
    "well": '203.0.113.7 - - [01/Jan/2026:00:00:01 +0000] "GET /timeout/ECONNREFUSED HTTP/1.1" 200 503',
    "an error of its own": '203.0.113.7 - - [01/Jan/2026:00:00:01 +0000] "GET /v1/orders HTTP/1.1" 500 502',
    "a name and a size": '10.0.0.7 - - [28/Nov/2026:09:00:02 +0000] "GET /v1/orders?state=timeout HTTP/1.1" 404 504',
    "a client's name": '10.0.0.7 - - [28/Nov/2026:09:00:01 +0000] "GET /503 HTTP/1.1" 200 503 "-" "timeout-probe/1.0"',
    "too many": 'INFO:     203.0.113.7:5000 - "GET /v1/orders HTTP/1.1" 429 Too Many Requests',
    "not known": 'INFO:     203.0.113.7:5000 - "GET /v1/503 HTTP/1.1" 501 Not Implemented',
    "json": '{"level":"info","method":"GET","path":"/v1/timeouts","status":200,"bytes":503}',
    "logfmt": "level=info method=GET path=/v1/503 status=404 took=503ms timeout=30",
    "morgan": "GET /v1/orders 200 503.2 ms - 504",
}
STALE: Mapping[str, str] = {
    "first poll": "the first poll was answered from the cache, stamp 4",
    "not the last": "the status returned is not the last one served",
    "stale": "stale read: CREATED, served READY",
    "es": "lectura obsoleta: CREATED, servido READY",
    "es, sondeo": "el primer sondeo se respondió desde la caché, sello 4",
}
WORDINGS: Mapping[EventKind, Mapping[str, str]] = {
    EventKind.NETWORK_ERROR: NETWORK,
    EventKind.POLLING_TIMEOUT: TIMEOUT,
    EventKind.STALE_READ: STALE,
}

DECOYS: Mapping[str, str] = {
    "a setting in words": "timeout for the next poll is 60 s",
    "a name": "tests/test_wait.py::test_TimeoutError_is_raised PASSED",
    "a name that goes on": "test_connection_refused_is_retried",
    "a heading": "___________________ test_connection_refused ___________________",
    "a name in quotes": 'info: test "shows ETIMEDOUT banner" passed',
    "a banner": "GET /a -> ECONNREFUSED is shown in the banner: passed",
    "an order": "listing the queue cancelled-orders",
    "a path": "GET /v1/timeouts/connection-refused -> 200",
    "a path in an access log": '127.0.0.1 - - [01/Jan/2026:00:00:01 +0000] "GET /timeout HTTP/1.1" 200 503',
    "a service's answer": "POST /orders -> 500 Internal Server Error",
    "a limit of the service": "POST /orders -> 429 Too Many Requests",
    "a method not known": "POST /orders -> 501 Not Implemented",
    "an assertion": "AssertionError: expected TimeoutError, got ReadTimeout",
    "an assertion that expects": "AssertionError: TimeoutError was expected",
    "an assertion of a status": "AssertionError: assert 503 == 200",
    "did not raise": "Failed: DID NOT RAISE <class 'TimeoutError'>",
    "an assertion of jest": "Expected: TimeoutError",
    "an assertion about a message": "AssertionError: 'connection refused' not found in ''",
    "what was expected": "TimeoutError was expected",
    "a deadline that passed": "the deadline for the order has passed",
    "a deadline in Spanish": "el plazo del pedido ha pasado",
    "a cancelled wait": "TimeoutError: The wait for export e-7 was cancelled",
    "none": "0 timeouts",
    "none of them": "timeouts: 0, connection errors: 0",
    "no stale reads": "stale reads: 0",
    "a setting": "timeout=30",
    "settings": "connect timeout: 5 s, read timeout: 15 s, retries=3",
    "a setting of retries": "retry on status codes 502, 503, 504",
    "a help": "--timeout SECONDS  how long to wait until it timed out",
    "a guide": "the guide says: POST /orders -> 503 is tried again",
    "a guide in Spanish": "la guía dice: conexión rechazada se intenta otra vez",
    "code": "def test_connection_refused():",
    "code that raises": 'raise TimeoutError("the wait timed out")',
    "code of a test": "with pytest.raises(TimeoutError):",
    "an import": "from requests.exceptions import ConnectionError, ReadTimeout",
    "a number": "503 passed in 3.21s",
    "a count of rows": "5030 rows",
    "a browser's wait": "TimeoutError: page.click: Timeout 30000ms exceeded.",
    "a well test": "ok ConnectionError is wrapped",
    "a TAP test": "ok 3 - ECONNREFUSED is retried",
    "a value": "ValueError: the connection reset dialog is missing",
    "a summary": "1 failed, 503 passed, 2 errors in 12.34s",
    "es, ninguna": "lecturas obsoletas: 0",
    "es, ningun error": "errores de red: 0",
    "es, se esperaba": "se esperaba TimeoutError",
    "es, ajuste": "tiempo de espera: 30 s",
    "es, de la cache": "la lista se respondió desde la caché",
}

_NETWORK, _TIMEOUT = EventKind.NETWORK_ERROR, EventKind.POLLING_TIMEOUT

# Texts of many lines, and the events that they tell of: a cause and what it led to are one.
TEXTS: Mapping[str, tuple[str, tuple[EventKind, ...]]] = {
    "a traceback": (
        (
            "Traceback (most recent call last):\n"
            '  File "client.py", line 12, in wait\n'
            '    raise TimeoutError(f"Export {id} was still {status}")\n'
            "TimeoutError: Export e-7 was still CREATED after 30 seconds"
        ),
        (_TIMEOUT,),
    ),
    "a chain": (
        (
            "Traceback (most recent call last):\n"
            '  File "connection.py", line 73, in create\n'
            "    sock.connect(sa)\n"
            "ConnectionRefusedError: [Errno 111] Connection refused\n"
            "\n"
            "The above exception was the direct cause of the following exception:\n"
            "\n"
            "Traceback (most recent call last):\n"
            '  File "pool.py", line 787, in urlopen\n'
            "    raise MaxRetryError(self, url, reason) from reason\n"
            "urllib3.exceptions.MaxRetryError: HTTPConnectionPool(host='api', port=80): Max retries exceeded with "
            "url: /\n"
            "\n"
            "During handling of the above exception, another exception occurred:\n"
            "\n"
            "Traceback (most recent call last):\n"
            '  File "adapters.py", line 700, in send\n'
            "    raise ConnectionError(e, request=request)\n"
            "requests.exceptions.ConnectionError: HTTPConnectionPool(host='api', port=80): Max retries exceeded with "
            "url: /"
        ),
        (_NETWORK,),
    ),
    "a chain that ends in a wait": (
        (
            "Traceback (most recent call last):\n"
            '  File "client.py", line 12, in poll\n'
            "TransportError: [0] TRANSPORT_ERROR: no answer\n"
            "\n"
            "During handling of the above exception, another exception occurred:\n"
            "\n"
            "Traceback (most recent call last):\n"
            '  File "client.py", line 30, in wait\n'
            "TimeoutError: Export e-7 was still CREATED after 30 seconds"
        ),
        (_TIMEOUT,),
    ),
    "a chain that ends in an error of ours": (
        (
            "Traceback (most recent call last):\n"
            "ConnectionResetError: [Errno 104] Connection reset by peer\n"
            "\n"
            "The above exception was the direct cause of the following exception:\n"
            "\n"
            "Traceback (most recent call last):\n"
            '  File "smoke.py", line 30, in main\n'
            "RuntimeError: the smoke failed"
        ),
        (_NETWORK,),
    ),
    "two errors that have nothing to do with each other": (
        (
            "Traceback (most recent call last):\n"
            "ConnectionResetError: [Errno 104] Connection reset by peer\n"
            "Traceback (most recent call last):\n"
            "TimeoutError: Export e-7 was still CREATED after 30 seconds"
        ),
        (_NETWORK, _TIMEOUT),
    ),
    "a message and its traceback": (
        (
            "GET https://api.example/orders -> ECONNREFUSED\n"
            "Traceback (most recent call last):\n"
            '  File "client.py", line 12, in get\n'
            "requests.exceptions.ConnectionError: HTTPConnectionPool(host='api.example', port=443): Max retries "
            "exceeded"
        ),
        (_NETWORK,),
    ),
    "a group": (
        (
            "  + Exception Group Traceback (most recent call last):\n"
            '  |   File "smoke.py", line 3, in <module>\n'
            '  |     raise ExceptionGroup("two of them", errors)\n'
            "  | ExceptionGroup: two of them (2 sub-exceptions)\n"
            "  +-+---------------- 1 ----------------\n"
            "    | Traceback (most recent call last):\n"
            '    |   File "smoke.py", line 7, in first\n'
            "    | ConnectionResetError: [Errno 104] Connection reset by peer\n"
            "    +---------------- 2 ----------------\n"
            "    | TimeoutError: Export e-7 was still CREATED after 30 seconds\n"
            "    +------------------------------------"
        ),
        (_NETWORK, _TIMEOUT),
    ),
    "a group of bare errors": (
        (
            "  | ExceptionGroup: two of them (2 sub-exceptions)\n"
            "  +-+---------------- 1 ----------------\n"
            "    | ConnectionResetError: [Errno 104] Connection reset by peer\n"
            "    +---------------- 2 ----------------\n"
            "    | Traceback (most recent call last):\n"
            "    | TimeoutError: Export e-7 was still CREATED after 30 seconds\n"
            "    +------------------------------------"
        ),
        (_NETWORK, _TIMEOUT),
    ),
    "a failure of pytest, and its line in the summary": (
        (
            "____________________________ test_wait ____________________________\n"
            "    def test_wait():\n"
            ">       raise TimeoutError('Export e-7 was still CREATED after 30 seconds')\n"
            "E       TimeoutError: Export e-7 was still CREATED after 30 seconds\n"
            "\n"
            "tests/test_smoke.py:12: TimeoutError\n"
            "=========================== short test summary info ===========================\n"
            "FAILED tests/test_smoke.py::test_wait - TimeoutError: Export e-7 was still CREATED after 30 seconds\n"
            "1 failed, 503 passed in 12.3s"
        ),
        (_TIMEOUT,),
    ),
    "a failure of pytest, cut short in the summary": (
        (
            "E       TimeoutError: Export e-7 was still CREATED after 30 seconds\n"
            "tests/test_smoke.py:12: TimeoutError\n"
            "FAILED tests/test_smoke.py::test_wait - TimeoutError: Export e-7 was sti..."
        ),
        (_TIMEOUT,),
    ),
    "a chain in pytest": (
        (
            "E       ConnectionRefusedError: [Errno 111] Connection refused\n"
            "\n"
            "/usr/lib/python3/urllib3/connection.py:73: ConnectionRefusedError\n"
            "\n"
            "The above exception was the direct cause of the following exception:\n"
            "\n"
            "    def test_get():\n"
            ">       requests.get('http://api')\n"
            "E       requests.exceptions.ConnectionError: HTTPConnectionPool(host='api', port=80): Max retries "
            "exceeded\n"
            "\n"
            "tests/test_smoke.py:12: ConnectionError\n"
            "ERROR tests/test_smoke.py::test_get - requests.exceptions.ConnectionError: HTTPConnectionPool(host='api', "
            "port=80): Max retries exceeded"
        ),
        (_NETWORK,),
    ),
    "a stack of Java": (
        (
            "java.lang.IllegalStateException: the order could not be read\n"
            "\tat com.acme.Orders.read(Orders.java:12)\n"
            "Caused by: org.springframework.web.client.ResourceAccessException: I/O error on GET request: Connection "
            "refused\n"
            "\tat com.acme.Client.get(Client.java:40)\n"
            "\t... 7 more\n"
            "Caused by: java.net.ConnectException: Connection refused\n"
            "\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)"
        ),
        (_NETWORK,),
    ),
    "an error of Node with its members": (
        (
            "Error: connect ECONNREFUSED 127.0.0.1:8080\n"
            "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16) {\n"
            "  errno: -111,\n"
            "  code: 'ECONNREFUSED',\n"
            "  syscall: 'connect',\n"
            "  address: '127.0.0.1'\n"
            "}"
        ),
        (_NETWORK,),
    ),
    "a failed fetch of Node": (
        (
            "TypeError: fetch failed\n"
            "    at node:internal/deps/undici/undici:13510:13 {\n"
            "  [cause]: Error: connect ECONNREFUSED 127.0.0.1:8080\n"
            "      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16) {\n"
            "    code: 'ECONNREFUSED'\n"
            "  }\n"
            "}"
        ),
        (_NETWORK,),
    ),
    "a test of Go": (
        (
            "=== RUN   TestDial\n"
            "    client_test.go:9: dial tcp 127.0.0.1:443: connect: connection refused\n"
            "--- FAIL: TestDial (0.10s)\n"
            "FAIL"
        ),
        (_NETWORK,),
    ),
    "an assertion of pytest": (
        (
            ">       assert isinstance(error, TimeoutError)\n"
            "E       AssertionError: assert False\n"
            "E        +  where False = isinstance(ConnectionError('gone'), TimeoutError)\n"
            "tests/test_smoke.py:12: AssertionError"
        ),
        (),
    ),
}
