"""Checks that exports are requested as the caller meant, reported as answered, and fetched whole."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import product
from typing import Any

from atalaya.harness.api import (
    Attempt,
    CannotTell,
    NotApplicable,
    Seen,
    Step,
    describe,
    exists,
    promise,
    require,
    short,
    words,
)

from ..export_helpers import asker, having, needs, sent_as
from ..fixture import EXPORT, CheckContext

LIST = "/aris3/exports"
STATUS = f"{LIST}/{EXPORT}"

SOURCES = ("reports_overview", "reports_daily", "reports_calendar")
FORMATS = ("csv", "xlsx", "pdf")
ALL_KINDS = tuple(product(SOURCES, FORMATS))
STATES = ("CREATED", "READY", "COMPLETED", "FAILED", "ERROR", "EXPIRED", "NOT_FOUND", "ready", "in Prüfung – 50 %", "")
LONG = "Straße Ñandú €, " * 320  # some 5,000 characters

CALLERS: dict[str, dict[str, Any]] = {
    "a key": {"idempotency_key": "key-1"},
    "a transaction id": {"transaction_id": "tx-2"},
    "both": {"transaction_id": "tx-2", "idempotency_key": "key-1"},
}
PAYLOAD = {
    "source_type": "reports_daily",
    "format": "csv",
    "filters": {"store_id": "store-7", "from": "2030-01-01", "to": "2030-01-31", "timezone": "UTC"},
    "transaction_id": "tx-1",
}

# What a status must have, and what it may have, with values that no default would give.
REQUIRED = {
    "export_id": "exp-77",
    "tenant_id": "tenant-7",
    "store_id": "store-7",
    "source_type": "reports_calendar",
    "format": "xlsx",
    "filters_snapshot": {"store_id": "store-7"},
    "status": "Processing",
    "row_count": 4711,
    "created_at": "2031-02-03T04:05:06Z",
}
OPTIONAL = {
    "checksum_sha256": "ab" * 32,
    "failure_reason_code": "NO_ROWS",
    "generated_by_user_id": "user-7",
    "generated_at": "2031-02-03T04:05:07Z",
    "trace_id": "trace-7",
    "file_size_bytes": 1234,
    "content_type": "text/csv",
    "file_name": "daily.csv",
    "updated_at": "2031-02-03T04:05:08Z",
}
# The same fields as the world fills them: other alphabets, capitals, zeros, empty texts, instants of other zones.
ODD = {
    "export_id": "Exp_7aB-00.9~Z",
    "tenant_id": "Mandant Zürich № 7",
    "store_id": " ",
    "filters_snapshot": {"store_id": "Almacén Ñ", "from": None, "deep": [{"ключ": [1, 2.5, {}]}], "": ""},
    "row_count": 0,
    "created_at": "2031-02-03T23:05:06.123456+05:30",
}
ODD_OPTIONAL = {
    "checksum_sha256": "AB" * 32,
    "failure_reason_code": "",
    "generated_by_user_id": "007",
    "generated_at": "1999-12-31T23:59:59-11:00",
    "trace_id": "Trace 7/ä",
    "file_size_bytes": 0,
    "content_type": "text/csv; charset=utf-8",
    "file_name": "año 2030 – «ventas».csv",
    "updated_at": "2031-02-03T04:05:06+00:00",
}
HUGE = {"row_count": 2**53 + 1, "file_size_bytes": 5 * 2**40, "file_name": LONG}


# ── asking for one ───────────────────────────────────────────────────────────


@promise("exports.request-is-sent-as-asked")
def check_request(lab: CheckContext) -> None:
    exports = asker(lab, "request_export")
    for source, format in ALL_KINDS:
        with lab.trial(f"{source} as {format}"):
            payload = PAYLOAD | {"source_type": source, "format": format, "file_name": f"{source}.{format}"}
            _is_asked(_body(_requested(lab, exports, payload, judged=True)), payload)
    filters: dict[str, dict[str, Any]] = {
        "other alphabets": {"store_id": "Almacén Ñandú № 7", "timezone": "América/Ñuñoa"},
        "capitals": {"store_id": "StoreABC", "timezone": "America/Argentina/Buenos_Aires"},
        "one date of two": {"to": "2030-12-31"},
        "the other date of two": {"from": "1999-02-28"},
        "one alone": {"store_id": "0"},
        "an empty text": {"store_id": "", "to": "2030-01-31"},
        "5,000 characters": {"store_id": LONG},
    }
    for label, chosen in filters.items():
        with lab.trial(f"filters with {label}"):
            payload = PAYLOAD | {
                "filters": chosen,
                "transaction_id": f"TX {label} ü/#?",
                "file_name": f"{label} – €.csv",
            }
            before = copy.deepcopy(payload)
            _is_asked(_body(_requested(lab, exports, payload)), before)
            require(payload == before, f"the caller's own payload was changed to {short(payload)}")
    with lab.trial("letters that Unicode writes in another way too"):
        text = "an\u0303o \u2460 \ufb01 \u212b"
        payload = PAYLOAD | {"filters": {"store_id": text}, "transaction_id": text, "file_name": f"{text}.csv"}
        _is_asked(_body(_requested(lab, exports, payload)), payload)
    with lab.trial("without a file name"):
        body = _body(_requested(lab, exports, PAYLOAD))
        require(body.get("file_name") is None, f"the body has file_name {body.get('file_name')!r}, and none was given")
        _is_asked(body, PAYLOAD)
    with lab.trial("method, path and type"):
        seen = _requested(lab, exports, PAYLOAD)
        told = f"{seen.method} {seen.path}"
        require((seen.method, seen.path) == ("POST", LIST), f"it is sent as {told}, not as POST {LIST}")
        kind = seen.headers.get("content-type", "")
        require(kind.startswith("application/json"), f"its Content-Type is {kind!r}")


@promise("exports.request-takes-a-model")
def check_request_takes_a_model(lab: CheckContext) -> None:
    exports = asker(lab, "request_export")
    if not exists("ExportRequest"):
        raise NotApplicable("this SDK does not have ExportRequest")
    model = lab.sdk.ExportRequest
    cases: dict[str, dict[str, Any]] = {
        "all fields": {"file_name": "año – €.csv"},
        "no file name": {},
        "one filter": {"filters": {"store_id": "Almacén Ñ"}},
    }
    cases |= {f"{source} as {format}": {"source_type": source, "format": format} for source, format in ALL_KINDS}
    for label, changes in cases.items():
        with lab.trial(label):
            payload = PAYLOAD | changes
            expected = _body(_requested(lab, exports, payload))
            built = lab.attempt(partial(model, **payload), "ExportRequest(...)")
            require(built.error is None, f"ExportRequest {built.said()} for {short(payload)}")
            body = _body(_requested(lab, exports, built.value, judged=True))
            require(body == expected, f"the body is {short(body)}, and with a mapping it is {short(expected)}")


@promise("exports.null-filters-are-dropped")
def check_null_filters(lab: CheckContext) -> None:
    exports = asker(lab, "request_export")
    with lab.trial("two filters set, two null"):
        filters = {"store_id": "store-7", "from": "2030-01-01", "to": None, "timezone": None}
        body = _body(_requested(lab, exports, PAYLOAD | {"filters": filters}))
        sent = body.get("filters")
        require(
            isinstance(sent, dict) and {"store_id", "from"} <= set(sent) and not {"to", "timezone"} & set(sent),
            f"the filters are sent as {short(sent)}, and two of them were null",
        )
    for key in ("store_id", "from", "to", "timezone"):
        with lab.trial(f"only {key} null, and the others empty or zero"):
            given = {"store_id": "", "from": "2030-01-01", "to": "2030-01-31", "timezone": "0"} | {key: None}
            sent = _body(_requested(lab, exports, PAYLOAD | {"filters": given})).get("filters")
            kept = {name: value for name, value in given.items() if value is not None}
            require(isinstance(sent, dict) and set(sent) == set(kept), f"of {short(given)} it sends {short(sent)}")
    with lab.trial("all null"):
        filters = dict.fromkeys(("store_id", "from", "to", "timezone"))
        sent = _body(_requested(lab, exports, PAYLOAD | {"filters": filters})).get("filters")
        require(not sent, f"the filters are sent as {short(sent)}, and all of them were null")


@promise("exports.transaction-id")
def check_transaction_id(lab: CheckContext) -> None:
    exports = asker(lab, "request_export")
    with lab.trial("the payload's own"):
        sent = _body(_requested(lab, exports, PAYLOAD)).get("transaction_id")
        require(sent == "tx-1", f"transaction_id is {sent!r}, not 'tx-1'")
    with lab.trial("the payload's own, beside a key of the caller's"):
        sent = _body(_requested(lab, exports, PAYLOAD, idempotency_key="key-1")).get("transaction_id")
        require(sent == "tx-1", f"transaction_id is {sent!r}, not 'tx-1'")
    for given in ("tx-2", "TX Ü/7", "0"):
        with lab.trial(f"replaced by the argument {given!r}"):
            sent = _body(_requested(lab, exports, PAYLOAD, transaction_id=given)).get("transaction_id")
            require(sent == given, f"transaction_id is {sent!r}, not {given!r}")
    with lab.trial("replaced by the argument, beside a key"):
        sent = _body(_requested(lab, exports, PAYLOAD, **CALLERS["both"])).get("transaction_id")
        require(sent == "tx-2", f"transaction_id is {sent!r}, not 'tx-2'")
    for label in ("a transaction id", "both"):
        with lab.trial(f"a model, with {label} of the caller's"):
            if not exists("ExportRequest"):
                raise NotApplicable("this SDK does not have ExportRequest")
            model = lab.given(partial(lab.sdk.ExportRequest, **PAYLOAD), "ExportRequest(...)")
            sent = _body(_requested(lab, exports, model, **CALLERS[label])).get("transaction_id")
            require(sent == "tx-2", f"transaction_id is {sent!r}, not 'tx-2'")


@promise("exports.idempotency-key")
def check_idempotency_key(lab: CheckContext) -> None:
    exports = asker(lab, "request_export")
    with lab.trial("the caller's own"):
        sent = _requested(lab, exports, PAYLOAD, idempotency_key="key-1").headers.get("idempotency-key")
        require(sent == "key-1", f"Idempotency-Key is {sent!r}, not 'key-1'")
    with lab.trial("the caller's own, beside a transaction id"):
        seen = _requested(lab, exports, PAYLOAD, transaction_id="tx-2", idempotency_key="key-2")
        sent = seen.headers.get("idempotency-key")
        require(sent == "key-2", f"Idempotency-Key is {sent!r}, not 'key-2'")
    with lab.trial("a new one beside a transaction id of the caller's"):
        keys = [_requested(lab, exports, PAYLOAD, transaction_id="tx-2").headers.get("idempotency-key") for _ in "ab"]
        require(all(keys), "a request has no Idempotency-Key")
        require(len(set(keys)) == 2, f"equal requests share the key {keys[0]}")
    with lab.trial("a new one for each call"):
        keys = [_requested(lab, exports, PAYLOAD).headers.get("idempotency-key") for _ in range(3)]
        require(all(keys), "a request has no Idempotency-Key")
        require(len(set(keys)) == len(keys), f"equal requests share the key {keys[0]}")


@promise("exports.payload-holds-its-transaction-id")
def check_payload_holds_its_transaction_id(lab: CheckContext) -> None:
    exports = asker(lab, "request_export")
    cases: dict[str, dict[str, Any]] = {
        "no transaction_id": {},
        "a transaction_id as an argument only": {"transaction_id": "tx-2"},
    }
    _requested(lab, exports, PAYLOAD)
    payload = {key: value for key, value in PAYLOAD.items() if key != "transaction_id"}
    for label, options in cases.items():
        with lab.trial(label):
            _is_refused(lab, exports, payload, **options)
    for key, value in (("source_type", "reports_weekly"), ("format", "xml")):
        with lab.trial(f"a {key} that there is not"):
            _is_refused(lab, exports, PAYLOAD | {key: value})


@promise("exports.request-is-sent-once")
def check_request_is_sent_once(lab: CheckContext) -> None:
    needs(lab, "request_export")
    http = lab.http(config=lab.config(retries=3))
    exports = lab.exports(http)
    lab.service.answer("POST", "/control", Step(status=503))
    lab.post(http, "/control")
    if len(lab.log("/control")) != 1:
        raise CannotTell("any POST is retried: see transport.posts-are-not-retried")
    for label, step in (
        ("503", Step(status=503)),
        ("500", Step(fault="error-500")),
        ("a closed connection", Step(fault="close")),
        ("a connection reset in the body", Step(fault="reset-mid-body", state="CREATED")),
    ):
        with lab.trial(label):
            made, sent = _counted(lab, exports, step)
            if not sent:
                raise CannotTell(f"nothing was sent: request_export {made.said()}")
            require(sent == 1, f"it was sent {sent} times")
            require(made.error is not None, f"it {made.said()}, and nothing was answered")
    for label, given in CALLERS.items():
        with lab.trial(f"503, with {label} of the caller's"):
            made, sent = _counted(lab, exports, Step(status=503), **given)
            require(sent == 1, f"it was sent {sent} times: request_export {made.said()}")


@promise("exports.request-returns-the-status")
def check_request_returns_the_status(lab: CheckContext) -> None:
    exports = asker(lab, "request_export")
    bodies: dict[str, dict[str, Any]] = {
        "all fields": REQUIRED | OPTIONAL,
        "required fields only": REQUIRED,
        "odd values": REQUIRED | ODD | ODD_OPTIONAL,
    }
    bodies |= {f"the state {state!r}": REQUIRED | {"status": state} for state in STATES}
    for label, body in bodies.items():
        with lab.trial(f"an answer with {label}"):
            lab.service.answer("POST", LIST, Step(status=201, json=body))
            made = lab.attempt(partial(exports.request_export, PAYLOAD))
            require(made.error is None, f"it {made.said()} instead of returning the status")
            _same_fields(made.value, body)


# ── looking at one ───────────────────────────────────────────────────────────


@promise("exports.status-is-read-whole")
def check_status(lab: CheckContext) -> None:
    exports = asker(lab, "get_export_status")
    bodies: dict[str, dict[str, Any]] = {
        "required fields only": {},
        "all fields": OPTIONAL,
        "optional fields null": dict.fromkeys(OPTIONAL),
        "one optional field null": OPTIONAL | {"file_name": None},
        "keys that nobody knows": {"colour": "blue", "nested": {"a": [1]}, "größe": None},
        "odd values": ODD | ODD_OPTIONAL,
        "huge values": HUGE,
    }
    bodies |= {f"{source} as {format}": {"source_type": source, "format": format} for source, format in ALL_KINDS}
    bodies |= {f"the state {state!r}": {"status": state} for state in STATES}
    bodies |= {f"{key} alone": {key: value} for key, value in OPTIONAL.items()}
    for label, more in bodies.items():
        with lab.trial(label):
            body = REQUIRED | more
            lab.service.answer("GET", f"{LIST}/{body['export_id']}", Step(json=body))
            made = lab.attempt(partial(exports.get_export_status, body["export_id"]))
            require(made.error is None, f"the status request {made.said()} for {short(body)}")
            _same_fields(made.value, REQUIRED | dict.fromkeys(OPTIONAL) | _known(more))


@promise("exports.status-path")
def check_status_path(lab: CheckContext) -> None:
    exports = asker(lab, "get_export_status")
    for export_id in (EXPORT, "Exp-7aB", "0", "9f8E.7d_6C-5b~4A", "x" * 200):
        with lab.trial(f"a status request for {short(export_id)}"):
            before = len(lab.log())
            lab.service.script(export_id, "CREATED")
            lab.attempt(partial(exports.get_export_status, export_id))
            sent_as(lab, [("GET", f"{LIST}/{export_id}")], after=before)
            require(not lab.log()[-1].body, "it has a body")


@promise("exports.malformed-status-is-refused")
def check_malformed_status(lab: CheckContext) -> None:
    exports = asker(lab, "get_export_status")
    answers = {
        "a list": Step(json=[REQUIRED]),
        "an empty list": Step(json=[]),
        "null": Step(json=None),
        "an empty body": Step(status=200),
    }
    for label, step in answers.items():
        with lab.trial(label):
            lab.service.answer("GET", STATUS, step)
            made = lab.attempt(partial(exports.get_export_status, EXPORT))
            require(isinstance(made.error, ValueError), f"the status request {made.said()} instead of ValueError")
    for key in REQUIRED:
        with lab.trial(f"no {key}"):
            body = {name: value for name, value in REQUIRED.items() if name != key}
            lab.service.answer("GET", STATUS, Step(json=body))
            made = lab.attempt(partial(exports.get_export_status, EXPORT))
            require(made.error is not None, f"the status request {made.said()}")
    wrong = (
        ("row_count", "many"),
        ("row_count", 3.5),
        ("row_count", None),
        ("created_at", "yesterday"),
        ("filters_snapshot", "all"),
        ("source_type", "reports_weekly"),
        ("format", "xml"),
        ("store_id", None),
        ("tenant_id", None),
    )
    for key, value in wrong:
        with lab.trial(f"{key} is {short(value)}"):
            lab.service.answer("GET", STATUS, Step(json=REQUIRED | {key: value}))
            made = lab.attempt(partial(exports.get_export_status, EXPORT))
            require(made.error is not None, f"the status request {made.said()}")


@promise("exports.list-is-read-whole")
def check_list(lab: CheckContext) -> None:
    methods = having(lab, "list_recent_exports", "list_exports")
    exports = asker(lab)
    bodies: dict[str, list[dict[str, Any]]] = {
        "no rows": [],
        "one row": [REQUIRED],
        "three rows": [REQUIRED | {"export_id": f"exp-{number}", "row_count": number} for number in (3, 1, 2)],
        "rows with all fields": [REQUIRED | OPTIONAL, REQUIRED | ODD | ODD_OPTIONAL, REQUIRED],
        "each state": [REQUIRED | {"export_id": f"E{n}", "status": state} for n, state in enumerate(STATES)],
        "each kind": [REQUIRED | {"source_type": source, "format": format} for source, format in ALL_KINDS],
        "500 rows": [REQUIRED | _nth(number) for number in range(500)],
    }
    for number, (label, rows) in enumerate(bodies.items(), start=1):
        for method in methods:
            with lab.trial(f"{label}, {method}"):
                lab.service.answer("GET", LIST, Step(json={"rows": rows}))
                # Another page size each time, so that no cache has the answer.
                made = lab.attempt(partial(getattr(exports, method), number * 2 + (method == "list_exports")))
                require(made.error is None, f"{method} {made.said()}")
                got = [getattr(row, "export_id", None) for row in getattr(made.value, "rows", None) or []]
                expected = [row["export_id"] for row in rows]
                require(len(got) == len(expected), f"{len(got)} rows instead of {len(expected)}")
                require(got == expected, f"the rows are {short(words(got))} instead of {short(words(expected))}")
                for row, sent in zip(made.value.rows, rows, strict=True):
                    _same_fields(row, REQUIRED | dict.fromkeys(OPTIONAL) | sent)


@promise("exports.page-size-is-sent")
def check_page_size(lab: CheckContext) -> None:
    for method in having(lab, "list_recent_exports", "list_exports"):
        for label, arguments, query in (
            ("none", {}, ""),
            ("None", {"page_size": None}, ""),
            ("0", {"page_size": 0}, ""),
            ("1", {"page_size": 1}, "?page_size=1"),
            ("7", {"page_size": 7}, "?page_size=7"),
            ("500", {"page_size": 500}, "?page_size=500"),
        ):
            with lab.trial(f"{method}, page size {label}"):
                exports, before = lab.exports(), len(lab.log())
                lab.attempt(partial(getattr(exports, method), **arguments))
                sent_as(lab, [("GET", f"{LIST}{query}")], after=before)


@promise("exports.reads-are-cached")
def check_reads_are_cached(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    needs(lab, "get_export_status", "get_export_artifact", "list_exports")
    http = lab.http()
    lab.need_hits(http)
    exports = lab.exports(http)
    lab.service.script(EXPORT, "CREATED", "READY")
    calls: dict[str, tuple[Callable[[], Any], Callable[[], Any], str]] = {
        "a status": (partial(exports.get_export_status, EXPORT), partial(exports.get_export_status, EXPORT), STATUS),
        "an artifact, after a status": (
            partial(exports.get_export_status, EXPORT),
            partial(exports.get_export_artifact, EXPORT),
            STATUS,
        ),
        "a list": (exports.list_exports, exports.list_exports, LIST),
    }
    for label, (first, second, path) in calls.items():
        with lab.trial(label):
            lab.given(first, "the first call")
            before = len(lab.log(path))
            lab.given(second, "the second call")
            require(len(lab.log(path)) == before, "repeated at once, it was sent again")


# ── what the checks share ────────────────────────────────────────────────────


def _is_refused(lab: CheckContext, exports: Any, payload: dict[str, Any], **options: Any) -> None:
    before = len(lab.log())
    made = lab.attempt(partial(exports.request_export, payload, **options))
    require(made.error is not None, f"it {made.said()} instead of being refused")
    require(len(lab.log()) == before, "it was sent to the service all the same")


def _counted(lab: CheckContext, exports: Any, step: Step, **options: Any) -> tuple[Attempt, int]:
    """A request for an export that meets this step first, and how often it was sent."""
    lab.service.answer("POST", LIST, step, "CREATED")
    before = len(lab.log(LIST, "POST"))
    made = lab.attempt(partial(exports.request_export, PAYLOAD, **options))
    return made, len(lab.log(LIST, "POST")) - before


def _requested(lab: CheckContext, exports: Any, payload: Any, *, judged: bool = False, **options: Any) -> Seen:
    """Ask for an export, and return the request that reached the service.

    :param judged: whether it is the check's own promise that it is sent at all.
    """
    lab.service.answer("POST", LIST, "CREATED")
    before = len(lab.log())
    made = lab.attempt(partial(exports.request_export, payload, **options))
    sent = lab.log()[before:]
    require(bool(sent) or not judged, f"nothing was sent: request_export {made.said()} for {short(payload)}")
    if not sent:
        raise CannotTell(f"nothing was sent: request_export {made.said()}")
    return sent[0]


def _body(seen: Seen) -> dict[str, Any]:
    try:
        body = json.loads(seen.body)
    except ValueError as why:
        raise CannotTell(f"the body is not JSON: {describe(why)}") from why
    if not isinstance(body, dict):
        raise CannotTell(f"the body is {short(body)}, and no object")
    return body


def _nth(number: int) -> dict[str, Any]:
    """What tells one row of many from its neighbours: neither its id nor its time is in order."""
    place = number * 7919 % 500
    created = f"20{place % 100:02}-0{place % 9 + 1}-1{place % 7}T0{place % 10}:00:00Z"
    return {"export_id": f"Exp-{place}", "row_count": place, "created_at": created, "status": STATES[place % 3]}


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key in REQUIRED | OPTIONAL}


def _is_asked(body: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
    """The body is the payload, and nothing beside it."""
    for key in (name for name in payload if name != "filters"):
        require(body.get(key) == payload[key], f"the body has {key} {short(body.get(key))}, not {short(payload[key])}")
    _same_filters(body, payload["filters"])
    _nothing_beside(body, ("source_type", "format", "filters", "transaction_id", "file_name"), "the body")
    _nothing_beside(body.get("filters", {}), payload["filters"], "the filters")


def _nothing_beside(sent: Mapping[str, Any], asked: Iterable[str], what: str) -> None:
    """A null says no more than its absence."""
    beside = [key for key, value in sent.items() if key not in asked and value is not None]
    require(not beside, f"{what} too: {words(beside)}, which nobody asked for")


def _same_filters(body: Mapping[str, Any], filters: Any) -> None:
    """A date may be sent as a day or as the first moment of it."""
    sent = body.get("filters")
    found = sent if isinstance(sent, dict) else {}
    require(set(found) >= set(filters), f"the filters are sent as {short(sent)}")
    for key, value in filters.items():
        require(str(found[key]).startswith(value), f"the filter {key} is sent as {found[key]!r}, not {value!r}")


def _same_fields(model: Any, expected: Mapping[str, Any]) -> None:
    """Texts of enums are compared as texts, and moments by their day and time, whatever holds them."""
    for key, value in expected.items():
        got = getattr(model, key, None)
        if key.endswith("_at") and value is not None:
            same = _instant(str(got)) == _instant(value)
        elif key in ("source_type", "format"):
            same = getattr(got, "value", got) == value
        elif key == "filters_snapshot":
            same = got == value or not isinstance(got, dict)
        else:
            same = got == value and isinstance(got, type(value))
        require(same, f"{key} is {short(got)}, and the service said {short(value)}")


def _instant(text: str) -> datetime | str:
    """A moment, whatever its zone; a text that is none is left as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
