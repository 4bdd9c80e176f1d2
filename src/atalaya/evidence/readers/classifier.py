"""Classifies a failed test, and a line of a log, as a network error, a polling timeout, a stale read, or none of them.

What happened stands at the head of a message, or behind words that say of it that it failed ("X: TimeoutError: ...",
"Unexpected error in Y: ..."). What merely speaks of an error has other words before it. A test that *asserts*
something about an error did not meet that error, so what tells an assertion comes first; and no word that stands
within an error hides it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from atalaya.records.stored import EventKind


class Pattern(NamedTuple):
    """One row: what a match means (None: no event), where to look, what for, and why it means that."""

    event: EventKind | None
    type: re.Pattern[str] | None
    message: re.Pattern[str] | None
    why: str


class Told(NamedTuple):
    """What a text tells of: the row that applies, and the text from where it applies on."""

    pattern: Pattern
    says: str

    @property
    def kind(self) -> EventKind | None:
        """The event; None where it is known to be none."""
        return self.pattern.event


MOST_HEADS = 12  # of a message: "a: b: c: ..." may go on without end
HEAD_CHARS = 4_096

# pytest says in which phase a fixture broke, and wraps what it raised.
_BEFORE = r'^\s*(?:failed on (?:setup|call|teardown) with ")?[\'"`]?'
_PACKAGE = r"(?:[\w$]+(?:\.|::|\\|\$))*"
_CLASS = rf"{_PACKAGE}[\w$]*(?:Error|Exception|Timeout|Failure|Fault)"


def _named(*names: str) -> re.Pattern[str]:
    """A class of errors as a type, or as the head of a message: with its package or without. A count of 0 is none."""
    return re.compile(rf"{_BEFORE}{_PACKAGE}(?:{'|'.join(names)})(?=[:(\"';,\]]|\s*$)(?!:? *[=:]? *(?:0|none|no)\s*$)")


def _says(pattern: str) -> re.Pattern[str]:
    """The head of a message, after the classes of the error where some are named."""
    return re.compile(rf"(?i){_BEFORE}(?:{_CLASS}(?:\([^()]{{0,100}}\))?:\s*){{0,4}}(?:{pattern})")


_ASSERTION = _named(
    "AssertionError",
    "AssertionFailedError",
    "AssertionFailure",
    "AssertFailedException",
    "ComparisonFailure",
    "ExpectationNotMetError",
    "ExpectationFailedException",
    "JestAssertionError",
    "Failed",
    "MultipleFailuresError",
)
_NETWORK_NAMES = (
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
    # requests, urllib3, httpx, aiohttp, botocore
    r"(?<=exceptions\.)Timeout",
    "ConnectTimeout",
    "ReadTimeout",
    "WriteTimeout",
    "PoolTimeout",
    "TimeoutException",
    "ProxyError",
    "ChunkedEncodingError",
    "ConnectError",
    "ReadError",
    "WriteError",
    "CloseError",
    "NetworkError",
    "RemoteProtocolError",
    "MaxRetryError",
    "NewConnectionError",
    "NameResolutionError",
    "ProtocolError",
    "ReadTimeoutError",
    "ConnectTimeoutError",
    r"Client(?:Connect|Connector|Connection|Proxy|OS|Payload)\w*Error",
    r"Server(?:Disconnected|Timeout|Connection)Error",
    "ConnectionTimeoutError",
    "SocketTimeoutError",
    r"\w*Connection\w*(?:Error|Exception)",
    "ConnectionClosedError",
    # Java, .NET
    r"\w*ConnectException",
    "SocketException",
    "SocketTimeoutException",
    "UnknownHostException",
    "NoRouteToHostException",
    "NoHttpResponseException",
    "PrematureCloseException",
    "CommunicationsException",
    "UnresolvedAddressException",
    "ConnectionClosedException",
    "ResourceAccessException",
    "WebClientRequestException",
    r"Read(?:Timeout)Exception",
    "ConnectTimeoutException",
    r"SSL\w*Exception",
    "HttpConnectTimeoutException",
    "HttpTimeoutException",
    "HttpRequestException",
    # Ruby, PHP, Node
    r"Errno::E(?:CONN\w+|TIMEDOUT|PIPE|HOSTUNREACH)",
    r"Net::(?:Open|Read|Write)Timeout",
    "SocketError",
    "ConnectionFailed",
)
_NETWORK = _named(*_NETWORK_NAMES)
# Robot and some runners call each failure an assertion, and keep the error itself in the message.
_NETWORK_WITHIN = re.compile(
    rf"(?:.{{0,1000}}?: )?{_PACKAGE}(?:{'|'.join(_NETWORK_NAMES)}): (?!(?:was |is )?expected\b)\S"
)
_STATUS = r"(?:50[234]|52[0-4])"  # the answers of a gateway; what else a service answers is its own answer
_REASON = (
    r"(?=\s*$|[\])}:;.'\"]|,(?! ?\d)|\s*(?:[(–-]|(?:server )?error|service|(?:bad )?gateway|web server|connection|"
    r"origin|"
    r"a timeout|unknown|ssl|for (?:url)?|from |on |response|status|al |en ))"
)
_ERRNO = (
    r"E(?:CONNRESET|CONNREFUSED|CONNABORTED|NOTFOUND|TIMEDOUT|SOCKETTIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH|HOSTDOWN|"
    r"AI_AGAIN|PROTO)\b|UND_ERR_(?:CONNECT|HEADERS|BODY|SOCKET)\w*\b"
)
_CANCELLED = (
    r"(?!.{0,300}(?:\bstill\b|timed? ?out\b|\bafter \d)).{0,300}?"
    r"(?<![\w/=.-])(?<!\bfor )(?<!\bof )cancell?(?:ed|ad[oa])\b(?![\w-])"
)
_METHOD = r"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)"
_REQUEST = rf"{_METHOD} (?P<target>\S{{1,300}}?) ?(?:->|=>|→|:(?= )|-(?= )) ?"
_SOCKET = (
    rf"{_ERRNO}|connection (?:refused|reset|aborted|closed|timed out)\b|timed? ?out\b|socket hang up|no such host"
    r"|conexi[oó]n (?:rechazada|rehusada|restablecida|reinicializada|reiniciada|abortada|cerrada)\b"
    r"|tiempo de espera agotado\b"
)
_WAIT = r"\b(?:poll(?:s|ing|ed)?\b|wait(?:ing|ed)? (?:for\b|on\b|\d))"

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        EventKind.NETWORK_ERROR, _ASSERTION, _NETWORK_WITHIN, "called an assertion, and holds the error that was met"
    ),
    Pattern(None, _ASSERTION, None, "an assertion about an error is not that error"),
    Pattern(None, None, _ASSERTION, "an assertion about an error is not that error"),
    Pattern(
        None,
        None,
        re.compile(rf"(?i){_BEFORE}(?:builtins\.)?TimeoutError\b{_CANCELLED}", re.DOTALL),
        "a wait that was cancelled on request raises the same class, and no time ran out",
    ),
    Pattern(
        None,
        _named("TimeoutError"),
        re.compile(rf"(?i){_CANCELLED}", re.DOTALL),
        "a wait that was cancelled on request raises the same class, and no time ran out",
    ),
    Pattern(
        None,
        None,
        re.compile(
            rf"{_BEFORE}(?:TimeoutError: )?(?:[\w-]+\.)?(?:page|locator|frame|element\w*|browser\w*)\.\w+: (?:Test t|"
            rf"T)imeout"
            rf"|{_BEFORE}(?:{_CLASS}: |Error: )?(?:Test timeout of |Timed out \d+ ?ms waiting for expect\(|Exceeded "
            rf"timeout of "
            r"|Timeout of \d+ ?ms exceeded\. For async)"
        ),
        "a browser's wait for an element, or a test that took too long for its runner",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(rf"{_REQUEST}(?:HTTP(?:/[\d.]+)? )?(?:{_STATUS}\b|{_SOCKET})"),
        "a request, and that it was not answered, or by a gateway",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        re.compile(
            rf"^.{{0,500}}?(?:\"{_METHOD} [^\"]{{1,2000}}\" {_STATUS}(?=\s|$)|\"HTTP/[\d.]+ {_STATUS}\b)"
            rf"|^\s*{_METHOD} \S{{1,1000}} (?:HTTP/[\d.]+ )?{_STATUS}(?: -?[\d.]+ ?(?:m?s|µs|b)?\b| -|$)"
            rf"|^\s*{_STATUS} \|.{{0,200}}\| +{_METHOD} |^\s*Completed {_STATUS}\b"
        ),
        "a line of an access log, of a server or of a client, with the answer of a gateway",
    ),
    Pattern(
        None,
        None,
        re.compile(rf"^.{{0,500}}?\"{_METHOD} [^\"]{{1,2000}}\" \d{{3}}(?=\s|$)"),
        "a line of an access log, with the service's own answer: its numbers and names are no errors",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        re.compile(
            rf"(?i)^\s*curl:? (?:\((?:5|6|7|16|18|28|35|52|55|56|60|92)\) |(?:error )?(?:5|6|7|18|28|35|52|55|56)\b"
            rf"|\(22\) .{{0,80}}\b{_STATUS}\b)"
        ),
        "curl's codes for names, connections, time and TLS",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(
            r"(?:re-?try\w*|reintent\w*|reconnect\w*|reconect\w*)(?: \S{1,40}){0,5}? "
            rf"(?:after|due to|because of|tras|por|debido a) (?:an? |la |una? )?(?:{_SOCKET})"
        ),
        "what is tried again, and why",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        re.compile(r"(?i)^\s*(?:\S+ )?retrying \(.{0,200}\) after connection broken by "),
        "urllib3's word for a connection that broke and is tried again",
    ),
    Pattern(
        EventKind.POLLING_TIMEOUT,
        None,
        _says(
            r"(?:polling|waiting (?:for|on)) \S.{0,200}\b(?:timed out|gave up)\b"
            r"|(?=.{1,160}?\b(?:after|within|in) \d)"
            r"(?!.{0,120}\b(?:expect\w*|assert\w*|should|tests?|if|until|says|\w*(?:Error|Exception|Timeout)(?=:))\b)"
            r".{1,120}?\b"
            r"(?:(?:was |is )?(?:still [\w-]+|not (?:yet )?(?:ready|done|finished|complete\w*))"
            r"|(?:never|did not|didn't) (?:bec[ao]me|reach\w*|finish\w*|get|got)\b.{0,40}?)"
            r" (?:after|within|in) \d"
        ),
        "a wait, and that it ran out of time",
    ),
    Pattern(
        EventKind.STALE_READ,
        None,
        re.compile(
            r"(?i)^\s*(?:(?:the )?(?:first )?(?:poll|status)\b.{0,80}\b"
            r"(?:was answered from the cache|is not the last one served)"
            r"|stale (?:read|status|answer|cache hit)\b(?! *[:=] *0))"
        ),
        "a poll that read an older state: as the smoke words it, and as people do",
    ),
    # In Spanish, as the system words it (glibc's errno) and as people do. What takes "ERROR" for the level of a line
    # leaves "de red: ..." of "error de red: ...".
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(
            r"(?:la )?conexi[oó]n (?:fue |ha sido |con \S+ )?(?:rechazad|rehusad|restablecid|reinicializad|reiniciad|"
            r"abortad|cerrad|perdid|interrumpid|cortad)a\b|conexi[oó]n terminada por la otra parte"
            r"|(?:error )?de (?:red|conexi[oó]n):(?! *0)|expir[oó] el tiempo de (?:conexi[oó]n|espera de la "
            r"conexi[oó]n)\b"
            r"|(?:la )?red (?:es )?(?:inaccesible|inalcanzable)|(?:no hay|sin) ruta (?:al|hasta el) (?:host|destino|"
            r"`?host)"
            r"|no se p(?:udo|uede) (?:resolver|conectar|establecer (?:la|una) conexi[oó]n)|tuber[ií]a rota|"
            r"(?:el )?nombre o (?:el )?servicio desconocido|fallo temporal (?:en|al) (?:la )?resol|"
            r"tiempo de (?:espera|conexi[oó]n) (?:de (?:la )?(?:conexi[oó]n|lectura|red|petici[oó]n) )?agotado"
            r"(?!.{0,200}\b(?:esperando|sonde\w{2,8}|exportaci[oó]n|trabajo|job)\b)"
            r"|(?:se )?agot[oó](?:se)? el tiempo de (?:conexi[oó]n|lectura|espera de (?:la )?(?:conexi[oó]n|lectura))\b"
        ),
        "in Spanish, what the network did",
    ),
    Pattern(
        EventKind.POLLING_TIMEOUT,
        None,
        _says(
            r"(?:tiempo de espera agotado|(?:se agot[oó]|agotado|expir[oó]) el tiempo(?: de espera)?|tiempo agotado)\b"
            r".{0,200}\b(?:esperando|sonde\w{2,8}|exportaci[oó]n|trabajo|job)\b"
            r"|(?:error )?al (?:esperar|sondear) \S.{0,200}\b(?:agot[oó]|tiempo agotado|timeout)\b"
            r"|(?:esperando|sondeando|(?:el )?sondeo del?) \S.{0,200}\b(?:tiempo agotado|agot[oó] (?:su|el) tiempo)\b"
            r"|(?:la |el )?(?:exportaci[oó]n|trabajo|job)\b.{0,80}\b(?:segu[ií]a|sigue|no estuvo|no lleg[oó]|no "
            r"termin[oó])\b"
            r".{0,60}\b(?:tras|despu[eé]s de|en) \d"
        ),
        "in Spanish, a wait that ran out of time",
    ),
    Pattern(
        EventKind.STALE_READ,
        None,
        re.compile(
            r"(?i)^\s*(?:(?:(?:el|un) )?(?:primer )?(?:sondeo|estado)\b.{0,80}\b"
            r"(?:se respondi[oó] desde la cach[eé]|ley[oó] de la cach[eé]|no es el [uú]ltimo servido)"
            r"|(?:lectura|estado|respuesta) obsolet[oa]\b(?! *[:=] *0))"
        ),
        "in Spanish, a poll that read an older state",
    ),
    Pattern(EventKind.NETWORK_ERROR, _NETWORK, None, "the type says that the connection failed"),
    Pattern(EventKind.NETWORK_ERROR, None, _NETWORK, "the message opens with an error of the connection"),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(rf"(?:(?:connect|read|write|getaddrinfo|queryA?|socket|request) )?(?:{_ERRNO})|getaddrinfo E\w+"),
        "an error number of the socket, as Node words it",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(
            r"\[(?:Errno|WinError) -?\d+\] (?:Connection |Network is|No route|Name or service|Temporary failure in "
            r"name|"
            r"Broken pipe|Operation timed out|nodename nor servname|getaddrinfo|Host is|"
            r"(?:Se ha )?(?:forzado|conexi[oó]n)|Conexi[oó]n|La red|Expir|No se puede establecer una conexi[oó]n)"
        ),
        "an error number of the socket, as Python words it",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(
            r"(?:connection|the connection [\w.:/@-]+) (?:[\w.:\[\]/@-]+ ){0,6}?(?:refused|reset|aborted|"
            r"(?:prematurely )?closed|lost|broken|dropped|"
            r"timed out|terminated|timeout|failed)\b|"
            r"(?:unable|failed|could(?: no|n')t|can(?:no|n')t) (?:to )?(?:connect|resolve|reach|establish a|open a? "
            r"?(?:TCP )?"
            r"(?:connection|socket))\b|the server is currently unable to handle|socket hang up|(?:TLS|SSL)\w* "
            r"handshake|handshake (?:failed|timed out)|"
            r"dial (?:tcp|udp|unix)\d?\b|(?:read|write) (?:tcp|udp) \S|lookup \S+: |no such host|i/o timeout|"
            r"(?:network|host|destination|server) (?:is |host |net )?unreachable|no route to host|broken pipe\b|"
            r"could not resolve (?:host|proxy)|name or service not known|temporary failure in name resolution|"
            r"name resolution|getaddrinfo failed|remote (?:end|host) closed|server disconnected|unexpected EOF\b|"
            r"EOF\s*$|"
            r"(?:_ssl\.c:\d+: )?(?:the )?(?:\w+ )?(?:read|write|connect|handshake|connection|socket|request|response|"
            r"call)(?: operation| attempt| to \S+)? timed? ?out\b(?! *[=:] *\d)|timed out\s*[.!)]*$|"
            r"all connection attempts failed|failed to (?:establish a new connection|connect)|network error\b|fetch "
            r"failed|"
            r"timeout (?:of \d+ ?\w* exceeded|awaiting '?(?:request|connect|response))|max retries exceeded|"
            r"net::ERR_(?:CONNECTION|NAME_NOT|TIMED_OUT|INTERNET|ADDRESS|NETWORK|SSL|EMPTY_RESPONSE|SOCKET|TUNNEL|"
            r"PROXY)|"
            r"NS_ERROR_(?:CONNECTION|NET|UNKNOWN_HOST)|upstream (?:connect error|timed out|prematurely closed)|"
            r"no live upstreams|connect\(\) (?:to \S+ )?failed|recv\(\) failed|send\(\) failed|"
            r"(?:(?:status = )?StatusCode\.|code = )(?:UNAVAILABLE|DEADLINE_EXCEEDED|Unavailable|DeadlineExceeded)|"
            r"error sending request for url|tcp connect error|"
            r"the (?:request|operation) was cancell?ed due to the configured HttpClient\.Timeout|"
            r"\(?(?:client\.)?timeout exceeded while awaiting|"
            r"certificate verify failed|\[SSL: "
        ),
        "the message opens with what the network did",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(r"context deadline exceeded|net/http: (?:request canceled|TLS|timeout)"),
        "Go's word for a call that got no answer in time",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(
            rf"(?:(?:HTTP|status|server|client|error|response)(?:/[\d.]+)?[ _-]?)*\[?'?\(?{_STATUS}\b{_REASON}"
            rf"|HTTP(?:/[\d.]+)?[ _:]+(?:error |status |code ){{0,3}}{_STATUS}\b"
        ),
        "a gateway's answer: the service was not reached",
    ),
    Pattern(
        EventKind.NETWORK_ERROR,
        None,
        _says(
            rf"(?=.{{0,160}}?{_STATUS})"
            rf"(?!.{{0,80}}\b(?:expect\w*|assert\w*|should|tests?|when|if|simulat\w*|mock\w*|says|shows?|would|rows)\b)"
            rf"(?:[\w'-]+ ){{0,6}}(?:status(?: code)?|response code|(?:returned|responded|answered|replied|failed|got|"
            rf"received)(?: with| by| an?)?(?: HTTP| status| code| error)*|error|an error occurred|"
            rf"c[oó]digo(?: de (?:estado|respuesta))?|respondi[oó](?: con)?(?: un)?|devolvi[oó](?: "
            rf"un)?)[:= ]+[('\"]?{_STATUS}"
            rf"(?![\d.])(?!\s*(?:m?s|bytes|rows|items|tests|times)\b)"
        ),
        "a client's words for a gateway's answer",
    ),
    Pattern(
        EventKind.POLLING_TIMEOUT,
        None,
        _says(
            rf"(?:(?:timed? ?out|timeouts?)\b(?! *[=:] *\d)(?!.{{0,80}}\b(?:is|set to|of) \d)|gave up|giving up|"
            rf"deadline exceeded|time limit)\b.{{0,200}}{_WAIT}"
            rf"|(?:gave up|giving up) (?:on )?(?:poll|wait)"
        ),
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
        re.compile(rf"{_BEFORE}(?:builtins\.)?TimeoutError(?=[:(\"']|\s*$)(?!: *(?:0|none)\s*$)"),
        "Python's own TimeoutError is what the SDK's wait raises; its transport raises TransportError",
    ),
)

# What may stand before an error and leaves it one: a class, words of failure, a request, a lone name.
_WRAPPER = re.compile(
    rf"(?:{_CLASS}(?: ?[\[(][^\])]{{0,200}}[\])])?"
    rf"|{_METHOD} \"?\S{{1,1000}}\"?|(?:connect|read|writ|send|request|call|dial|fetch)\w* (?:to|from|of|on) .{{1,300}}"
    r"|(?!(?:note|hint|tip|docs?|help|example|usage|info|expected|expects?|got|tests?|describe|actual|received|"
    r"warning|nota|"
    r"ayuda|ejemplo|esperado|obtenido|se|todo|description)$)(?!.*::)(?!--)[\w./@<>\[\]#$-]{1,200}"
    r"|(?=.*?\b(?:fail\w*|errors?|unable|could(?: no|n')t|can(?:no|n')t|exception|unexpected\w*|panic|fatal|abort\w*|"
    r"crash\w*|"
    r"lost|reason|caused?|because|uncaught|unhandled|rejected|goroutine|giving up|gave up|rpc|"
    r"fall[oóa]\w*|error(?:es)?|excepci[oó]n|inesperad\w+|no se pud\w+|imposible|motivo|causa|debido)\b)"
    r"(?!.*\b(?:expect\w*|assert\w*|should|says|shows?|simulat\w*|mock\w*|raises?|guide|docs)\b).{1,400})",
    re.IGNORECASE,
)
_BREAK = re.compile(r":\s+|;\s+|\bdesc = \"?|; caused by:? |\(caused by | -> | - | => ", re.IGNORECASE)


def heads(message: str) -> Iterator[str]:
    """A message, and the rest of it after each of the wrappers that it opens with.

    >>> list(heads("Unexpected error in wait: TimeoutError: gone"))
    ['Unexpected error in wait: TimeoutError: gone', 'TimeoutError: gone', 'gone']
    >>> list(heads("the guide says: connection refused"))
    ['the guide says: connection refused']
    """
    message = message[:HEAD_CHARS]
    yield message
    begin = 0
    for _ in range(MOST_HEADS):
        found = _BREAK.search(message, begin)
        if found is None:
            return
        before = message[begin : found.start()].strip("\"' ")
        if before and not _WRAPPER.fullmatch(before):
            return
        begin = found.end()
        yield message[begin:]


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
    found = _first(PATTERNS, error_type, message)
    return None if found is None else found.pattern


def _first(rows: tuple[Pattern, ...], error_type: str, message: str) -> Told | None:
    """The first row that applies to the first head that any applies to. The type is that of the whole message."""
    for head in heads(message):
        for row in rows:
            if (row.type is None or row.type.search(error_type)) and (row.message is None or row.message.match(head)):
                return Told(row, head)
        error_type = ""
    return None


# ── lines of a log ───────────────────────────────────────────────────────────

# Whoever asserts an error expects it: said of it before it, or behind it. "READY was expected" is no such thing.
_EXPECTED = re.compile(
    r"(?i)^\s*(?:\S+ )?expected (?:error|timeout|failure)\b|[(,] ?(?:as )?expected\)?[.!]?\s*$|^\s*xfail|"
    r"\(xfail(?:ed)?\)"
)
_PASSED = re.compile(
    r"(?i)^\s*(?:ok |✓ |✔ |√ |pass(?:ed)?\b)|(?:[:\"'\])…] ?|\.\.\. ?|::\S{1,300} )(?:passed|ok)[.!]?\s*$|"
    r"(?-i:\bPASSED)(?: +\[ *\d+%\])?\s*$"
)
SUCCEEDED = re.compile(
    rf"(?i)\s*{_REQUEST}(?:HTTP(?:/[\d.]+)? )?(?:2\d\d|304)\b"
    rf'|.{{0,500}}?"{_METHOD} (?P<path>\S{{1,300}})(?: HTTP/[\d.]+)?" (?:2\d\d|304)\b'
)
RETRIED = re.compile(
    r"(?i)\s*(?:(?:retry(?:ing)?|reconnect(?:ing|ed)?)\b.{0,100}\b(?:ok|succeeded|successful|recovered)\b"
    r"|(?:reintento|reintentando|reconectando|reconectado)\b.{0,100}\b(?:ok|correcto|con [eé]xito|recuperad[oa])\b)"
)
POLLED = re.compile(r"(?i)\s*poll(?:ing|ed)? (?P<target>\S.{0,100}?): (?:status|state)[=: ]+(?P<state>[\w-]{1,40})")
_CODE = re.compile(
    r"\s*(?:>(?:\s{2,}|$)|#|//|(?:raise|throws?|except|(?:async )?def|class|assert|import|catch)\b(?!:))"
)
_PLACE = re.compile(r"^\S{1,300}:\d{1,7}: [\w.]{1,100}$")  # pytest ends a failure by where it was, and its class
_BARE_NAME = re.compile(  # of a logger, between a level and the message
    r"(?!\w*(?:s|ing|ed|n't)\b(?!\.))(?!(?:the|an?|no|not|if|when|on|in|at|after|before|for|test|raise|throw|return|"
    r"except|catch|expect|should|mock|fake|"
    r"without|with|la|el|un|una|sin|con|si|cuando|no)\b)[a-z_][\w.-]{1,100} (?=\S)|[\w-]{1,60}(?:\.[\w-]{1,60}){1,9} "
    r"(?=\S)"
)
OTHER_ERROR = re.compile(rf"\s*{_CLASS}(?=: |\s*$)")
_NOTHING = Pattern(None, None, None, "it passed, or is a place or a name")


def tell(says: str, *, after_a_level: bool = False) -> Told | None:
    """What a text of a log tells of; a row without an event where it is known to be none, None where it is not known.

    :param after_a_level: the text follows a level, and so may begin with the name of a logger.

    >>> tell("POST /orders -> 503 Service Unavailable").kind
    <EventKind.NETWORK_ERROR: 'network-error'>
    >>> tell("timed out after 60 s waiting for job 17 (last status=pending)").kind
    <EventKind.POLLING_TIMEOUT: 'polling-timeout'>
    >>> tell('test "shows ETIMEDOUT banner" passed').kind is None
    True
    """
    if _PASSED.search(says) or _PLACE.match(says) or _CODE.match(says):
        return Told(_NOTHING, says)
    found = _first(PATTERNS, "", says)
    if found is None and after_a_level and (name := _BARE_NAME.match(says)):
        return _first(PATTERNS, "", says[name.end() :])
    return found


# ── what is not understood ───────────────────────────────────────────────────
# Nobody knows every layout. A line that holds the words of an event, and no row applies to it, is a doubt; but not one
# that plainly speaks of an error: code, a test's name, a guide, a count of none, a setting.

_TROUBLE = re.compile(
    rf"(?<![\w-])(?:{'|'.join(name for name in _NETWORK_NAMES if not name.startswith('(?<='))}|TimeoutError)(?![\w-])"
    rf"|(?i:(?<![\w-])(?:{_ERRNO}|{_SOCKET}|{_STATUS} (?:service|bad gateway|gateway)|"
    r"(?:network|host|service|server) (?:is )?unreachable|stale (?:read|status)|lectura obsoleta|agot[oó] el "
    r"tiempo))(?![\w-])"
)
_HINT = re.compile(
    r"(?i)(?<![\w-])(?:time-?outs?|network|sockets?|unreachable|connections?|dns|gateway|unavailable|stale|"
    r"obsolet[oa]s?|"
    r"handshake|tls|ssl|deadline|disconnect\w*|peer|upstream|conexi[oó]n|inalcanzable|agot\w+|no responde)(?![\w-])"
)
_SPEAKS = re.compile(
    r"^\s*(?:\w+\.)*(?:Value|Key|Type|Attribute|Name|Index|Import|ModuleNotFound|FileNotFound|Syntax|Indentation|"
    r"Lookup|"
    r"ZeroDivision|Unicode\w*|NotImplemented|Reference|Range|Arithmetic|Overflow|JSONDecode|Validation|NullPointer|"
    r"IllegalArgument|IllegalState|ClassCast)(?:Error|Exception)\b|"
    r"(?i:^\s*(?:raise|except|with|(?:async )?def|class|import|from|assert|return|if|elif|else|for|throws?|catch|try|"
    r"await|"
    r"const|let|var|self|File|at|where|ok|traceback|tests?/\S*|it|describe)\b(?! (?:error|exception):)|"
    r"^\s*(?:>(?:\s{2,}|$)|#|//|/?\*|@\w|--|\.\.\.|<)|"
    r"::|\btest_\w+|--\w|\b(?:guide|docs?|says|said|dice|shown|shows|banner|expect\w*|esperad[oa]s?|esperaba\w*|"
    r"assert\w*|should|raises?|"
    r"raised|simulat\w*|mock\w*|handle[ds]|ignored|wrapped|wraps|for example|por ejemplo|gu[ií]a|help|usage|ayuda|"
    r"xfail\w*)\b|"
    r"\b(?:0|no|none|ning[uú]n\w*|without|sin) (?:[\w-]+ ){0,2}(?:time-?outs?|errors?|errores|stale|retries)\b|"
    r"[:=]\s*0\s*$|\b(?:time-?outs?|retries|deadline)\w*[\"']?\s*[=:]\s*[\"']?\d)"
)


def is_doubtful(says: str, *, red: bool, calm: bool) -> bool:
    """Whether a text that no row applies to may tell of an event all the same.

    :param red: its line has the level of an error.
    :param calm: its line has a level below a warning.

    >>> is_doubtful("@@ orders @@ ConnectionResetError @@ peer", red=False, calm=False)
    True
    >>> is_doubtful("with pytest.raises(TimeoutError):", red=False, calm=False)
    False
    """
    name = _BARE_NAME.match(says)
    said = (*heads(says), says[name.end() :] if name else "")
    if calm or any(_SPEAKS.search(one) or SUCCEEDED.match(one) for one in said):
        return False
    return _TROUBLE.search(says) is not None or (red and _HINT.search(says) is not None)


def is_expected(says: str) -> bool:
    """Whether a line says itself that what it tells of was to happen."""
    return _EXPECTED.search(says) is not None


def target_of(says: str) -> str:
    """What was asked for in a line that tells of a request; empty in others."""
    found = re.search(
        rf"(?:^\s*|: ){_REQUEST}|\"{_METHOD} (?P<path>\S{{1,300}})(?: HTTP[/\d.]*)?\" \d", says, re.IGNORECASE
    )
    return (found["target"] or found["path"]) if found else ""
