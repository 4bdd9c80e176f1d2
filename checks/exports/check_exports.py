"""Checks that exports are requested as the caller meant, reported as answered, and fetched whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from atalaya.harness.api import CannotTell, NotApplicable, Seen, Step, describe, exists, promise, require, short, words

from ..export_helpers import asker, having, needs, sent_as
from ..fixture import EXPORT, CheckContext

LIST = "/aris3/exports"
STATUS = f"{LIST}/{EXPORT}"

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


# ── asking for one ───────────────────────────────────────────────────────────


@promise("exports.request-is-sent-as-asked")
def check_request(lab: CheckContext) -> None:
    exports = asker(lab, "request_export")
    for source, format in (("reports_overview", "csv"), ("reports_daily", "xlsx"), ("reports_calendar", "pdf")):
        with lab.trial(f"{source} as {format}"):
            payload = PAYLOAD | {"source_type": source, "format": format, "file_name": f"{source}.{format}"}
            body = _body(_requested(lab, exports, payload, judged=True))
            for key in ("source_type", "format", "file_name", "transaction_id"):
                require(body.get(key) == payload[key], f"the body has {key} {body.get(key)!r}, not {payload[key]!r}")
            _same_filters(body, PAYLOAD["filters"])
    with lab.trial("without a file name"):
        body = _body(_requested(lab, exports, PAYLOAD))
        require(body.get("file_name") is None, f"the body has file_name {body.get('file_name')!r}, and none was given")
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
    for label, changes in (("all fields", {"file_name": "daily.csv"}), ("no file name", {})):
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
    with lab.trial("replaced by the argument"):
        sent = _body(_requested(lab, exports, PAYLOAD, transaction_id="tx-2")).get("transaction_id")
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
            before = len(lab.log())
            made = lab.attempt(partial(exports.request_export, payload, **options))
            require(made.error is not None, f"it {made.said()} instead of being refused")
            require(len(lab.log()) == before, "it was sent to the service all the same")


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
            lab.service.answer("POST", LIST, step, "CREATED")
            before = len(lab.log(LIST, "POST"))
            made = lab.attempt(partial(exports.request_export, PAYLOAD))
            sent = len(lab.log(LIST, "POST")) - before
            if not sent:
                raise CannotTell(f"nothing was sent: request_export {made.said()}")
            require(sent == 1, f"it was sent {sent} times")
            require(made.error is not None, f"it {made.said()}, and nothing was answered")


@promise("exports.request-returns-the-status")
def check_request_returns_the_status(lab: CheckContext) -> None:
    exports = asker(lab, "request_export")
    with lab.trial("an answer with all fields"):
        lab.service.answer("POST", LIST, Step(status=201, json=REQUIRED | OPTIONAL))
        made = lab.attempt(partial(exports.request_export, PAYLOAD))
        require(made.error is None, f"it {made.said()} instead of returning the status")
        for key in ("export_id", "status", "row_count", "file_name"):
            got = getattr(made.value, key, None)
            require(got == (REQUIRED | OPTIONAL)[key], f"{key} is {got!r}, not {(REQUIRED | OPTIONAL)[key]!r}")


# ── looking at one ───────────────────────────────────────────────────────────


@promise("exports.status-is-read-whole")
def check_status(lab: CheckContext) -> None:
    exports = asker(lab, "get_export_status")
    bodies: dict[str, dict[str, Any]] = {
        "required fields only": {},
        "all fields": OPTIONAL,
        "optional fields null": dict.fromkeys(OPTIONAL),
        "keys that nobody knows": {"colour": "blue", "nested": {"a": [1]}},
    }
    for label, more in bodies.items():
        with lab.trial(label):
            lab.service.answer("GET", STATUS, Step(json=REQUIRED | more))
            made = lab.attempt(partial(exports.get_export_status, EXPORT))
            require(made.error is None, f"the status request {made.said()} for {short(REQUIRED | more)}")
            _same_fields(made.value, REQUIRED)
            _same_fields(made.value, {key: more.get(key) for key in OPTIONAL})
    for key, values in (("source_type", ("reports_overview", "reports_daily")), ("format", ("csv", "pdf"))):
        for value in values:
            with lab.trial(f"{key} {value}"):
                lab.service.answer("GET", STATUS, Step(json=REQUIRED | {key: value}))
                made = lab.attempt(partial(exports.get_export_status, EXPORT))
                require(made.error is None, f"the status request {made.said()}")
                _same_fields(made.value, {key: value})


@promise("exports.status-path")
def check_status_path(lab: CheckContext) -> None:
    exports = asker(lab, "get_export_status")
    with lab.trial("a status request"):
        lab.service.script(EXPORT, "CREATED")
        lab.attempt(partial(exports.get_export_status, EXPORT))
        sent_as(lab, [("GET", STATUS)])
        require(not lab.log()[0].body, "it has a body")


@promise("exports.malformed-status-is-refused")
def check_malformed_status(lab: CheckContext) -> None:
    exports = asker(lab, "get_export_status")
    answers = {"a list": Step(json=[REQUIRED]), "null": Step(json=None), "an empty body": Step(status=200)}
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


@promise("exports.list-is-read-whole")
def check_list(lab: CheckContext) -> None:
    methods = having(lab, "list_recent_exports", "list_exports")
    exports = asker(lab)
    bodies: dict[str, list[dict[str, Any]]] = {
        "no rows": [],
        "three rows": [REQUIRED | {"export_id": f"exp-{number}", "row_count": number} for number in (3, 1, 2)],
        "a row with all fields": [REQUIRED | OPTIONAL],
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
                require(got == expected, f"the rows are {words(got)} instead of {words(expected)}")
                for row, sent in zip(made.value.rows, rows, strict=True):
                    _same_fields(row, {key: sent[key] for key in ("status", "row_count", "format")})


@promise("exports.page-size-is-sent")
def check_page_size(lab: CheckContext) -> None:
    for method in having(lab, "list_recent_exports", "list_exports"):
        for label, arguments, query in (
            ("none", {}, ""),
            ("None", {"page_size": None}, ""),
            ("0", {"page_size": 0}, ""),
            ("7", {"page_size": 7}, "?page_size=7"),
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
            same = str(got).replace(" ", "T").startswith(value[:19])
        elif key in ("source_type", "format"):
            same = getattr(got, "value", got) == value
        elif key == "filters_snapshot":
            same = got == value or not isinstance(got, dict)
        else:
            same = got == value and isinstance(got, type(value))
        require(same, f"{key} is {got!r}, and the service said {value!r}")
