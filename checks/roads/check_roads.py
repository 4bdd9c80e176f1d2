"""Checks of the properties that hold on every road to the wire: made from the table of roads, a case for each."""

from __future__ import annotations

from functools import partial
from typing import Any

from atalaya.harness import road_properties as properties
from atalaya.harness.api import Road, Settings, Step, Table, has_field, require, short
from atalaya.harness.roads import take

from ..fixture import CheckContext
from .roads import ERRORS, LACKING, ROADS

TABLE = Table(ROADS, LACKING)
TRACE = "x-trace-id"
OTHERS = {"access_token": "token-2", "tenant_id": "tenant-2", "app_id": "app-2", "device_id": "device-2"}
HEADERS = {
    "access_token": "authorization",
    "tenant_id": "x-tenant-id",
    "app_id": "x-app-id",
    "device_id": "x-device-id",
}


# ── properties of this SDK's own ─────────────────────────────────────────────


def hooks_see_each_request(lab: CheckContext, road: Road) -> None:
    """The two hooks are called once a request, with its last answer."""
    lab.sdk.needs("hooks")
    retried = "retried" in road.traits
    for label, steps, status in (
        ("a good answer", (road.good(),), road.status),
        ("an error", (Step(status=409),), 409),
        *((("a retry", (Step(status=503), road.good()), road.status),) if retried else ()),
    ):
        client = road.build(lab, Settings(retries=1))
        calls: list[tuple[Any, ...]] = []
        _http(client).before_request = lambda method, *_, calls=calls: calls.append(("before", method))
        _http(client).after_response = lambda answer, calls=calls: calls.append(("after", answer.status_code))
        got = take(lab, road, *steps, client=client).got
        expected = [("before", road.method), ("after", status)]
        require(
            calls == expected, f"{label}: the hooks saw {short(calls)} instead of {short(expected)}, and {got.said()}"
        )


def last_operation_tells_the_result(lab: CheckContext, road: Road) -> None:
    """last_operation tells how the latest request ended, and passes a dead network by."""
    lab.sdk.needs("last-operation")
    client = road.build(lab, Settings())
    for label, step, expected in (
        ("an error", Step(status=409), "error"),
        ("a dead network", Step(fault="close"), "error"),
        ("a good answer", road.good(), "success"),
        ("a dead network after it", Step(fault="close"), "success"),
    ):
        take(lab, road, step, client=client)
        told = getattr(_http(client).last_operation, "result", None)
        require(told == expected, f"after {label}, its result is {short(told)} instead of {expected!r}")


def cache_is_used_as_promised(lab: CheckContext, road: Road) -> None:
    """A GET is answered from the cache the second time, and all else is sent again."""
    lab.sdk.needs("cache")
    cached = "cached" in road.traits
    client = road.build(lab, Settings(cached=True))
    take(lab, road, road.good("first"), client=client)
    again = take(lab, road, road.good("second"), client=client)
    sent = len(again.sent)
    require(sent == (0 if cached else 1), f"the second time it sent {sent} requests, and {again.got.said()}")
    if cached and lab.sdk.has("last-operation"):
        told = getattr(_http(client).last_operation, "result", None)
        require(told == "success(cache)", f"the result of an answer from the cache is {short(told)}")
    if "value" in road.traits:
        heard, expected = road.heard(again.got.value), "first" if cached else "second"
        require(heard == expected, f"the second time it gave {short(heard)} instead of {expected!r}")


def clients_share_no_cache(lab: CheckContext, road: Road) -> None:
    """What one client has cached is not what another answers with, also on one session."""
    lab.sdk.needs("cache")
    first, second = (road.build(lab, Settings(cached=True)) for _ in range(2))
    if has_field("HttpClient", "session") and _http(first).session is not None:
        _http(second).session = _http(first).session
    take(lab, road, road.good("of the first"), client=first)
    taken = take(lab, road, road.good("of the second"), client=second)
    require(len(taken.sent) == 1, f"the second client sent {len(taken.sent)} requests, and {taken.got.said()}")


def identity_is_that_of_now(lab: CheckContext, road: Road) -> None:
    """A client that is given another identity sends that one, and none of the first."""
    client = road.build(lab, Settings(cached=True))
    take(lab, road, road.good(), client=client)
    for label, identity in (("another", OTHERS), ("none", dict.fromkeys(OTHERS))):
        for name, value in identity.items():
            setattr(client, name, value)
        taken = take(lab, road, road.good(), client=client)
        require(bool(taken.sent), f"with {label} it sent nothing, and {taken.got.said()}")
        sent = {name: taken.sent[-1].headers.get(header) for name, header in HEADERS.items()}
        token = identity["access_token"]
        expected = {**identity, "access_token": f"Bearer {token}" if token else None}
        require(sent == expected, f"with {label} it sent {short(sent)}")


def answered_trace_id_goes_on(lab: CheckContext, road: Road) -> None:
    """The trace id of an answer, in any capitals, is sent with the next request; that of an error too."""
    lab.sdk.needs("trace")
    client = road.build(lab, Settings())
    _http(client).trace = lab.sdk.TraceContext("first")
    expected = "first"
    steps = [(name, road.good()) for name in ("X-TRACE-ID", "x-trace-id", "X-Trace-Id")]
    # Whether the header of a refused download is adopted, the contract does not say.
    errors = [("X-Trace-ID", Step(status=409, raw=b"{}"))] if "hooked" in road.traits else []
    for number, (name, step) in enumerate((*steps, *errors, ("X-Trace-ID", road.good()))):
        answered = f"trace-{number}"
        step = Step(status=step.status, raw=step.raw, headers={**step.headers, name: answered})
        sent = [seen.headers.get(TRACE) for seen in take(lab, road, step, client=client).sent]
        require(sent == [expected], f"at request {number + 1} it sent {short(sent)} instead of {expected!r}")
        expected = answered
    if "hooked" not in road.traits:
        take(lab, road, Step(status=404, json={"code": "E", "message": "gone", "trace_id": "of-a-body"}), client=client)
        sent = [seen.headers.get(TRACE) for seen in take(lab, road, road.good(), client=client).sent]
        require(sent == [expected], f"after an error whose body has a trace id it sent {short(sent)}, not {expected!r}")


def _http(client: Any) -> Any:
    """The HTTP client that a client is on, which may be itself."""
    return getattr(client, "http", client)


# Each case of a promise below takes its time: the same answer is not read by roads that differ in other things.
TWINS = {
    road.name: f"It differs from `{road.name.partition(',')[0]}` in how often it is sent, and in nothing else."
    for road in ROADS
    if road.name.endswith(", to be retried")
}
LIKE_ANOTHER = {
    name: f"Each takes a quarter of a second: of this kind, `{tested}` is tested."
    for tested, names in {
        "request POST": [f"request {method}" for method in ("PUT", "PATCH", "DELETE", "OPTIONS")],
        "get_export_status": ["get_export_artifact"],
        "list_exports": ["list_recent_exports"],
        "wait_for_export_ready": ["wait_until_ready"],
    }.items()
    for name in names
}

# ── the table ────────────────────────────────────────────────────────────────

check_long = TABLE.holds("roads.long-answers-arrive-whole")(
    properties.long_answers_arrive_whole, needs="body value", explained=LIKE_ANOTHER | TWINS
)
check_compressed = TABLE.holds("roads.compressed-answers-are-read")(
    properties.compressed_answers_are_read, needs="body value", explained=TWINS
)
check_charsets = TABLE.holds("roads.declared-charsets-are-read")(
    properties.declared_charsets_are_read, needs="value json", explained=TWINS
)
check_capitals = TABLE.holds("roads.header-names-have-no-case")(
    properties.header_names_have_no_case, needs="body value", explained=TWINS
)
check_empty = TABLE.holds("roads.empty-answers-are-told")(properties.empty_answers_are_told, needs="empty")
check_redirects = TABLE.holds("roads.redirects-lead-to-other-hosts")(
    properties.redirects_lead_to_other_hosts, explained=TWINS
)
check_cut = TABLE.holds("roads.cut-answers-are-refused")(
    properties.cut_answers_are_refused, needs="body", explained=TWINS
)
check_dead = TABLE.holds("roads.dead-networks-are-told")(properties.dead_networks_are_told, explained=TWINS)
check_certificates = TABLE.holds("roads.certificates-are-verified")(
    properties.certificates_are_verified, explained=TWINS
)
check_read = TABLE.holds("roads.read-time-outs-hold")(properties.read_time_outs_hold, explained=TWINS)
check_connect = TABLE.holds("roads.connect-time-outs-hold")(properties.connect_time_outs_hold, explained=TWINS)
check_refusals = TABLE.holds("roads.refusals-are-mapped")(
    partial(properties.refusals_are_mapped, statuses=[*ERRORS]), explained=TWINS
)
check_sent = TABLE.holds("roads.sends-no-more-than-promised")(properties.sends_no_more_than_promised)
check_attempts = TABLE.holds("roads.later-attempts-equal-the-first")(
    properties.later_attempts_equal_the_first, needs="retried"
)
check_last = TABLE.holds("roads.last-failure-counts")(properties.last_failure_counts, needs="retried")
check_retries = TABLE.holds("roads.second-call-is-retried-like-the-first")(
    properties.second_call_is_retried_like_the_first, needs="retried"
)
check_second = TABLE.holds("roads.second-call-is-like-the-first")(properties.second_call_is_like_the_first)
check_cookies = TABLE.holds("roads.cookies-stay-with-their-client")(properties.cookies_stay_with_their_client)
check_base_path = TABLE.holds("roads.base-path-is-kept")(properties.base_path_is_kept)
check_hooks = TABLE.holds("roads.hooks-see-each-request")(hooks_see_each_request, needs="hooked")
check_operation = TABLE.holds("roads.last-operation-tells-the-result")(last_operation_tells_the_result, needs="noted")
check_cache = TABLE.holds("roads.cache-is-used-as-promised")(cache_is_used_as_promised)
check_caches = TABLE.holds("roads.clients-share-no-cache")(clients_share_no_cache, needs="cached")
check_identity = TABLE.holds("roads.identity-is-that-of-now")(identity_is_that_of_now, needs="identity")
check_trace = TABLE.holds("roads.answered-trace-id-goes-on")(answered_trace_id_goes_on)
