"""Checks the address and the bytes of a finished export, and the errors of its download."""

from __future__ import annotations

from functools import partial
from typing import Any

from atalaya.harness.api import (
    Attempt,
    CannotTell,
    NotApplicable,
    Seen,
    Step,
    describe,
    has_field,
    promise,
    require,
    short,
    words,
)

from ..export_helpers import PAYLOAD, asker, having, needs, sent_as
from ..fixture import EXPORT, CheckContext

LIST = "/aris3/exports"
STATUS = f"{LIST}/{EXPORT}"
DOWNLOAD = f"{STATUS}/download"

# The types that an export is sent as, and some that a service may claim.
KINDS = (
    "application/octet-stream",
    "text/csv",
    "text/csv; charset=utf-8",
    "text/csv; charset=iso-8859-1",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/json",
)
LARGE = 9 << 20  # bytes
IDENTITY = {"access_token": "token-1", "tenant_id": "tenant-1", "app_id": "app-1", "device_id": "device-1"}
IDENTITY_HEADERS = ("authorization", "x-tenant-id", "x-app-id", "x-device-id")


# ── fetching one ─────────────────────────────────────────────────────────────


@promise("exports.artifact-has-an-address-when-ready")
def check_artifact(lab: CheckContext) -> None:
    exports = asker(lab, "resolve_export_artifact", "get_export_artifact", "get_export_status")
    address = f"{lab.service.base_url}{DOWNLOAD}"
    states: dict[str, str | None] = {
        "READY": address,
        "ready": address,
        "Ready": address,
        "rEADY": address,
        **dict.fromkeys(("COMPLETED", "CREATED", "FAILED", "ERROR", "EXPIRED", "NOT_FOUND", "Completed")),
        **dict.fromkeys(("READY_SOON", "NOT_READY", "PROCESSING", "", "готово")),
    }
    for state, expected in states.items():
        with lab.trial(state):
            lab.service.script(EXPORT, state)
            status = lab.given(partial(exports.get_export_status, EXPORT), "a status")
            _has_address(lab.attempt(partial(exports.resolve_export_artifact, status), "resolve"), expected)
            _has_address(lab.attempt(partial(exports.get_export_artifact, EXPORT), "get_export_artifact"), expected)
    for export_id in ("Exp-7aB", "9f8E.7d_6C-5b~4A", "0"):
        with lab.trial(f"READY, under the id {export_id}"):
            lab.service.script(export_id, "READY")
            asked = lab.attempt(partial(exports.get_export_artifact, export_id), "get_export_artifact")
            _has_address(asked, f"{lab.service.base_url}{LIST}/{export_id}/download")


@promise("exports.address-keeps-the-base-path")
def check_address_keeps_the_base_path(lab: CheckContext) -> None:
    needs(lab, "resolve_export_artifact", "get_export_status")
    for base in ("/gate", "/gate/way", "/gate/"):
        with lab.trial(f"a base URL that ends in {base}"):
            lab.service.script(EXPORT, "READY")
            status = lab.given(partial(lab.exports().get_export_status, EXPORT), "a status")
            http = lab.uncached(config=lab.config(api_base_url=lab.service.base_url + base))
            lab.get(http, "/control")
            if lab.log()[-1].path != f"{base.rstrip('/')}/control":
                raise CannotTell("a plain GET loses the base path: see transport.base-path-is-kept")
            resolved = lab.attempt(partial(lab.exports(http).resolve_export_artifact, status))
            expected = f"{lab.service.base_url}{base.rstrip('/')}{DOWNLOAD}"
            got = getattr(resolved.value, "url", None)
            if got is None:
                raise CannotTell("there is no address: see exports.artifact-has-an-address-when-ready")
            require(got == expected, f"the address is {got!r}, not {expected!r}")


@promise("exports.resolving-sends-nothing")
def check_resolving(lab: CheckContext) -> None:
    exports = asker(lab, "resolve_export_artifact", "get_export_status")
    for state in ("READY", "CREATED"):
        with lab.trial(state):
            lab.service.script(EXPORT, state)
            status = lab.given(partial(exports.get_export_status, EXPORT), "a status")
            before = len(lab.log())
            lab.attempt(partial(exports.resolve_export_artifact, status))
            sent = lab.log()[before:]
            require(not sent, f"it sent {words([f'{seen.method} {seen.path}' for seen in sent])}")


@promise("exports.artifact-asks-for-the-status")
def check_artifact_asks_for_the_status(lab: CheckContext) -> None:
    exports = asker(lab, "get_export_artifact", "get_export_status")
    with lab.trial("one artifact"):
        lab.service.script(EXPORT, "READY")
        lab.given(partial(exports.get_export_status, EXPORT), "a status")
        [plain] = lab.log()
        made = lab.attempt(partial(exports.get_export_artifact, EXPORT))
        sent_as(lab, [(plain.method, plain.path)], after=1)
        require(made.error is None, f"get_export_artifact {made.said()}")


@promise("exports.download-is-whole")
def check_download(lab: CheckContext) -> None:
    exports = asker(lab, "download_export")
    files = {
        "text": b"export_id,stamp\r\nexp-1,1\r\n",
        "lines that end in all ways": b"a\rb\nc\r\nd\n\n\r\n \t",
        "a byte order mark": b"\xef\xbb\xbfid;Wert\r\n1;\xe2\x82\xac\r\n",
        "zeros": b"\0a\0\0b\0",
        "UTF-16": "año;€\r\n".encode("utf-16"),
        "what looks packed": b"\x1f\x8b\x08\x00not gzip at all",
        "what looks like an error": b'{"code": "NOT_FOUND", "message": "no", "details": null, "trace_id": "t"}',
        "null": b"null",
        "a space": b" ",
        "one and a half MiB": bytes(range(251)) * 6300,
        "every byte": bytes(range(256)) * 40,
        "no text in any encoding": b"\xff\xfe\x00\xd8PK\x03\x04\x00",
        "JSON": b'{"rows": []}',
        "nothing": b"",
    }
    for label, content in files.items():
        with lab.trial(label):
            before = len(lab.log())
            kind = KINDS[len(content) % len(KINDS)]
            lab.service.answer("GET", DOWNLOAD, Step(raw=content, headers={"Content-Type": kind}))
            made = lab.attempt(partial(exports.download_export, EXPORT))
            require(made.error is None, f"the download {made.said()}")
            sent_as(lab, [("GET", DOWNLOAD)], after=before)
            require(
                isinstance(made.value, bytes) and made.value == content,
                f"the download is {short(made.value)}, and the file {short(content)}",
            )
    for kind in KINDS:
        with lab.trial(f"a file that is called {kind}"):
            content = "año;€\r\n".encode("latin-1", "replace") + b"\xff\xfe\0"
            lab.service.answer("GET", DOWNLOAD, Step(raw=content, headers={"Content-Type": kind}))
            made = lab.attempt(partial(exports.download_export, EXPORT))
            require(made.value == content, f"the download {made.said()}, and the file is {short(content)}")
    with lab.trial("nine MiB"):
        content = (b"id;amount;stamp_0123456789" * (LARGE // 26 + 1))[:LARGE]
        lab.service.answer("GET", DOWNLOAD, Step(raw=content, headers={"Content-Type": "application/octet-stream"}))
        made = lab.attempt(partial(exports.download_export, EXPORT))
        require(made.error is None, f"the download {made.said()}")
        size = len(made.value) if isinstance(made.value, bytes) else None
        require(size == LARGE, f"the download has {size} bytes, and the file {LARGE}")
        require(made.value == content, "the download has as many bytes as the file, and others")
    with lab.trial("an id with capitals"):
        lab.service.answer("GET", f"{LIST}/Exp-7aB/download", Step(raw=b"a file"))
        made = lab.attempt(partial(exports.download_export, "Exp-7aB"))
        require(made.value == b"a file", f"the download {made.said()}")


@promise("exports.download-accepts-anything")
def check_download_accepts(lab: CheckContext) -> None:
    exports = asker(lab, "download_export")
    with lab.trial("one download"):
        seen = _downloaded(lab, exports)
        accept = seen.headers.get("accept")
        require(accept == "*/*", f"Accept is {accept!r}, not '*/*'")


@promise("exports.identity-is-sent")
def check_identity(lab: CheckContext) -> None:
    needs(lab, "get_export_status")
    arguments: dict[str, tuple[Any, ...]] = {
        "request_export": (PAYLOAD,),
        "list_exports": (),
        "list_recent_exports": (3,),
        "get_export_artifact": (EXPORT,),
        "download_export": (EXPORT,),
    }
    identities: dict[str, dict[str, Any]] = {"with an identity": IDENTITY, "without one": {}}
    identities |= {f"with {field} only": {field: f"Only-{value}"} for field, value in IDENTITY.items()}
    identities |= {f"without {field}": IDENTITY | {field: None} for field in IDENTITY}
    lab.service.script(EXPORT, "READY")
    for label, identity in identities.items():
        exports = lab.exports(lab.uncached(), **identity)
        lab.given(partial(exports.get_export_status, EXPORT), "a status")
        expected = _identity_of(lab.log()[-1])
        for method in having(lab, *arguments):
            with lab.trial(f"{method}, {label}"):
                before = len(lab.log())
                lab.attempt(partial(getattr(exports, method), *arguments[method]))
                sent = lab.log()[before:]
                if not sent:
                    raise CannotTell("nothing was sent")
                got = _identity_of(sent[0])
                require(got == expected, f"it sends {short(got)}, and a status request {short(expected)}")


@promise("exports.download-trace-id")
def check_download_trace_id(lab: CheckContext) -> None:
    needs(lab, "download_export")
    with lab.trial("a client with a trace context"):
        context = lab.sdk.TraceContext("trace-77")
        seen = _downloaded(lab, lab.exports(lab.http(trace=context)))
        sent = seen.headers.get("x-trace-id")
        require(sent == "trace-77", f"X-Trace-Id is {sent!r}, not 'trace-77'")
    with lab.trial("a client whose trace context has no id yet"):
        context = lab.sdk.TraceContext()
        exports = lab.exports(lab.http(trace=context))
        sent = _downloaded(lab, exports).headers.get("x-trace-id")
        require(bool(sent), "it has no X-Trace-Id")
        held = context.trace_id
        require(sent == held, f"X-Trace-Id is {sent!r}, and the context's id is {held!r} then")
    with lab.trial("a client without one"):
        sent = _downloaded(lab, lab.exports()).headers.get("x-trace-id")
        require(sent is None, f"X-Trace-Id is {sent!r}, and the client has no trace context")


@promise("exports.download-is-never-cached")
def check_download_is_never_cached(lab: CheckContext) -> None:
    exports = asker(lab, "download_export")
    with lab.trial("the same file three times"):
        lab.service.answer("GET", DOWNLOAD, Step(raw=b"one"), Step(raw=b"two"), Step(raw=b"three"))
        files = [lab.attempt(partial(exports.download_export, EXPORT)) for _ in range(3)]
        sent = len(lab.log(DOWNLOAD))
        require(sent == 3, f"{sent} requests on the wire for 3 downloads")
        got = [made.value for made in files]
        if any(made.error is not None for made in files):
            raise CannotTell("a download failed: see exports.download-is-whole")
        require(got == [b"one", b"two", b"three"], f"the downloads are {short(got)}")


@promise("exports.download-is-tried-once")
def check_download_is_tried_once(lab: CheckContext) -> None:
    needs(lab, "download_export")
    exports = lab.exports(lab.http(config=lab.config(retries=3)))
    for label, step in (("503", Step(status=503)), ("a closed connection", Step(fault="close"))):
        with lab.trial(label):
            lab.service.answer("GET", DOWNLOAD, step, Step(raw=b"late"))
            before = len(lab.log(DOWNLOAD))
            made = lab.attempt(partial(exports.download_export, EXPORT))
            sent = len(lab.log(DOWNLOAD)) - before
            require(sent == 1, f"it was sent {sent} times, and {made.said()}")


@promise("exports.download-errors-are-mapped")
def check_download_errors(lab: CheckContext) -> None:
    needs(lab, "download_export", "get_export_status")
    exports = lab.exports(lab.uncached())
    answers = {
        str(status): Step(status=status)
        for status in (*range(400, 412), 418, 422, 425, 429, 451, 500, 502, 503, 511, 599)
    }
    body = {"code": "QUOTA", "message": "Größe: 5 €", "details": [{"left": 0}], "trace_id": "t-9"}
    answers |= {f"{status} with all four keys": Step(status=status, json=body) for status in (401, 404, 422, 503)}
    answers["404 with a body that is no JSON"] = Step(status=404, raw=b"gone", headers={"Content-Type": "text/plain"})
    for label, answer in answers.items():
        with lab.trial(label):
            lab.service.answer("GET", STATUS, answer)
            lab.service.answer("GET", DOWNLOAD, answer)
            plain = lab.attempt(partial(exports.get_export_status, EXPORT))
            if plain.error is None:
                raise CannotTell(f"a plain GET that is answered {answer.status} {plain.said()}")
            _as_plain(lab.attempt(partial(exports.download_export, EXPORT)).error, plain.error)


@promise("exports.download-failures-are-heard")
def check_download_failures(lab: CheckContext) -> None:
    exports = asker(lab, "download_export")
    for fault in ("close", "reset", "reset-mid-body", "garbage-status-line"):
        with lab.trial(fault):
            lab.service.answer("GET", DOWNLOAD, Step(fault=fault, raw=b"0123456789" * 20), Step(raw=b""))
            made = lab.attempt(partial(exports.download_export, EXPORT))
            require(made.error is not None, f"the download {made.said()}, and the file did not arrive")


@promise("exports.download-calls-no-hook")
def check_download_calls_no_hook(lab: CheckContext) -> None:
    needs(lab, "download_export")
    called: list[str] = []
    hooks: dict[str, Any] = {
        name: lambda *_, name=name: called.append(name)
        for name in ("before_request", "after_response")
        if has_field("HttpClient", name)
    }
    if not hooks:
        raise NotApplicable("this SDK does not have hooks around a request")
    with lab.trial(f"a client with {words([*hooks])}"):
        _downloaded(lab, lab.exports(lab.http(**hooks)))
        require(not called, f"it called {words(called)}")


# ── what the checks share ────────────────────────────────────────────────────


def _has_address(made: Attempt, expected: str | None) -> None:
    require(made.error is None, f"it {made.said()}")
    got = getattr(made.value, "url", "no url at all")
    require(got == expected, f"the address is {got!r}, not {expected!r}")


def _downloaded(lab: CheckContext, exports: Any) -> Seen:
    """Download a file, and return the request that reached the service."""
    lab.service.answer("GET", DOWNLOAD, Step(raw=b"a file"))
    before = len(lab.log())
    made = lab.attempt(partial(exports.download_export, EXPORT))
    sent = lab.log()[before:]
    if not sent:
        raise CannotTell(f"nothing was sent: the download {made.said()}")
    return sent[0]


def _identity_of(seen: Seen) -> dict[str, str]:
    return {name: seen.headers[name] for name in IDENTITY_HEADERS if name in seen.headers}


def _as_plain(error: BaseException | None, plain: BaseException) -> None:
    told = describe(error) if error is not None else "nothing"
    require(type(error) is type(plain), f"the download raised {told}, and a plain GET {describe(plain)}")
    for key in ("status_code", "code", "message", "details", "raw_payload"):
        got, expected = getattr(error, key, None), getattr(plain, key, None)
        require(got == expected, f"the error's {key} is {got!r}, and that of a plain GET {expected!r}")
