"""Checks what the cache may serve, what it must keep apart, and how it is bypassed."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from atalaya.harness.api import Attempt, CannotTell, NotApplicable, Step, promise, require, short, takes

from ..export_helpers import stamp_shown
from ..fixture import EXPORT, CheckContext

PATH = "/aris3/reports/overview"
STORES, USERS = "/aris3/stores", "/aris3/users"
IDENTITY = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")
GOOD = {"good": True}
LONG_S = 600.0
MANY = 1100  # answers: more than the bounds that people choose


# ── what it is for ───────────────────────────────────────────────────────────


@promise("cache.repeats-are-served")
def check_repeats_are_served(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    with lab.trial("the same GET twice"):
        first, second = _stamp(lab, http), _stamp(lab, http)
        require(len(lab.log(PATH)) == 1, "the second GET was sent too")
        require(first == second, f"the second answer is another one: stamp {second} instead of {first}")
    with lab.trial("what it says"):
        rows = [{"name": f"Zoë № {n * 7919 % 500}", "size": n / 2, "tags": [], "at": None} for n in range(500)]
        said = {"rows": rows, "more": True, "big": 2**60, "text": "€" * 5000, "": {"deep": [[[{}]]]}}
        lab.service.answer("GET", f"{PATH}/rich", Step(json=said))
        for which in ("first", "second"):
            got = lab.given(partial(http.request, "GET", f"{PATH}/rich"), "a GET")
            require(got == said, f"the {which} answer is {short(got)} instead of {short(said)}")
        require(len(lab.log(f"{PATH}/rich")) == 1, "the second GET was sent too")
    steps = {
        "203": Step(status=203, json=GOOD),
        "206": Step(status=206, json=GOOD),
        "with a Cache-Control that forbids to store it": Step(
            status=200, json=GOOD, headers={"Cache-Control": "no-store, max-age=0"}
        ),
    }
    for number, (label, step) in enumerate(steps.items()):
        with lab.trial(f"an answer {label}"):
            path = f"{PATH}/kind/{number}"
            lab.service.answer("GET", path, step)
            _served_again(lab, http, path)
    with lab.trial("an answer that a redirect leads to"):
        lab.service.answer("GET", f"{PATH}/moved", Step(status=302, headers={"Location": f"{PATH}/there"}))
        lab.service.answer("GET", f"{PATH}/there", Step(status=200, json=GOOD))
        _served_again(lab, http, f"{PATH}/moved")
    with lab.trial("a GET with the current version of a context"):
        lab.sdk.needs("context")
        lab.service.answer("GET", f"{PATH}/context", Step(status=200, json=GOOD))
        _served_again(lab, http, f"{PATH}/context", context_key="tenant", context_version=0)
    with lab.trial("a GET with a response_hook"):
        if not _takes_response_hook():
            raise NotApplicable("this SDK's request has no response_hook")
        lab.service.answer("GET", f"{PATH}/hooked", Step(status=200, json=GOOD))
        _served_again(lab, http, f"{PATH}/hooked", response_hook=lambda *_: None)
        _served_again(lab, http, f"{PATH}/hooked")
    with lab.trial("the same user's status, asked for by two clients on one HTTP client"):
        lab.service.script(EXPORT, "CREATED")
        first, second = (_status(lab, lab.exports(http, access_token="alice")) for _ in range(2))
        require(first == second, "the second status was fetched again")


@promise("cache.empty-lists-are-answers")
def check_empty_lists_are_answers(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    lab.need_hits(http)
    empty: dict[str, Any] = {"an empty list": [], "an empty object": {}, "zero": 0, "false": False, "an empty text": ""}
    for label, said in empty.items():
        with lab.trial(label):
            path = f"{PATH}/{label.split()[-1]}"
            lab.service.answer("GET", path, Step(json=said))
            for _ in range(2):
                got = lab.given(partial(http.request, "GET", path), "a GET")
            require(got == said, f"the second answer is {short(got)} instead of {said}")
            require(len(lab.log(path)) == 1, "the second GET was sent too")


@promise("cache.hits-are-noted")
def check_hits_are_noted(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("last-operation")
    http = lab.http()
    with lab.trial("an answer from the cache"):
        _hit(lab, http)
        noted = _noted(http)
        require(noted == "success(cache)", f"last_operation.result is {noted!r} instead of 'success(cache)'")
    with lab.trial("an answer from the service after it"):
        _stamp(lab, http, f"{PATH}/other")
        require(_noted(http) != "success(cache)", "last_operation.result is still 'success(cache)'")


@promise("cache.hits-call-no-response-hook")
def check_hits_call_no_response_hook(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("hooks")
    heard: list[str] = []
    cases: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "after_response": ({"after_response": lambda *_: heard.append("after_response")}, {})
    }
    if _takes_response_hook():
        cases["response_hook"] = ({}, {"response_hook": lambda *_: heard.append("response_hook")})
    for label, (fields, options) in cases.items():
        with lab.trial(label):
            http = lab.http(**fields)
            path = f"{PATH}/{label}"
            _hit(lab, http, path, **options)
            if not heard:
                raise CannotTell(f"{label} is not called for an answer from the service either")
            require(len(heard) == 1, "it was called for an answer from the cache")
            heard.clear()


@promise("cache.hits-call-before-request")
def check_hits_call_before_request(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("hooks")
    heard: list[str] = []
    http = lab.http(before_request=lambda method, *_: heard.append(method))
    with lab.trial("a GET, and one that is served from the cache"):
        _hit(lab, http)
        if not heard:
            raise CannotTell("before_request is not called for an answer from the service either")
        require(len(heard) == 2, f"before_request was called {len(heard)} times for two GETs")


@promise("cache.hits-skip-the-context")
def check_hits_skip_the_context(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("context")
    http = lab.http()
    with lab.trial("a cached answer, asked for with an outdated context"):
        first = _hit(lab, http)
        again = lab.get(http, PATH, context_key="tenant", context_version=7)
        require(again.error is None, f"it {again.said()} instead of returning the cached answer")
        require(_stamp_in(again) == first, "the answer was fetched again")


# ── how long it serves ───────────────────────────────────────────────────────


@promise("cache.entries-expire")
def check_entries_expire(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("cache-ttl")
    http = lab.http(cache_ttl_seconds=5.0)
    lab.need_hits(http)
    early, late = PATH, STORES
    firsts = {path: _stamp(lab, http, path) for path in (early, late)}
    with lab.trial("before the lifetime's end"):
        time.sleep(4.5)
        require(_stamp(lab, http, early) == firsts[early], "the answer was fetched again after 4.5 of 5 s")
    with lab.trial("after it"):
        time.sleep(1.0)
        # Not the one that was served just now: that this prolongs nothing is another promise.
        second = _stamp(lab, http, late)
        require(second != firsts[late], "the answer is still served after 5.5 of 5 s")
    with lab.trial("the next answer has a lifetime of its own"):
        time.sleep(4.5)
        require(_stamp(lab, http, late) == second, "the second answer was fetched again after 4.5 of 5 s")
    with lab.trial("two clients, a lifetime each"):
        brief, patient = lab.http(cache_ttl_seconds=1.0), lab.http(cache_ttl_seconds=10.0)
        stamps = _stamp(lab, brief), _stamp(lab, patient)
        time.sleep(2.0)
        require(_stamp(lab, brief) != stamps[0], "the answer is still served after 2 of 1 s")
        require(_stamp(lab, patient) == stamps[1], "the answer was fetched again after 2 of 10 s")
    with lab.trial("a lifetime of zero"):
        http = lab.http(cache_ttl_seconds=0.0)
        first, second = (_stamp(lab, http, f"{PATH}/zero") for _ in range(2))
        require(first != second, "an answer was served from the cache")


@promise("cache.hits-do-not-prolong")
def check_hits_do_not_prolong(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("cache-ttl")
    http = lab.http(cache_ttl_seconds=5.0)
    lab.need_hits(http)
    with lab.trial("an answer that is served twice in its lifetime"):
        first = _stamp(lab, http)
        _stamp(lab, http, USERS)
        for _ in range(2):
            time.sleep(2.2)
            if _stamp(lab, http) != first:
                raise CannotTell("it was fetched again within its lifetime: see cache.entries-expire")
        time.sleep(1.2)
        _expired(lab, http, USERS)
        require(_stamp(lab, http) != first, "it is still served after 5.6 of 5 s")


@promise("cache.lifetime-ends-on-time")
def check_lifetime_ends_on_time(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("cache-ttl")
    for lifetime_s in (0.5, 4.0):
        with lab.trial(f"a lifetime of {lifetime_s:g} s, asked at its very end"), lab.clock.exact():
            http = lab.http(cache_ttl_seconds=lifetime_s)
            first = _hit(lab, http, f"{PATH}/{lifetime_s:g}")
            time.sleep(lifetime_s)
            require(_stamp(lab, http, f"{PATH}/{lifetime_s:g}") != first, f"after {lifetime_s:g} s it is still served")


@promise("cache.lifetime-is-set-when-stored")
def check_lifetime_is_set_when_stored(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("cache-ttl")
    with lab.trial("raised after the answer was stored"):
        http, other = (lab.http(cache_ttl_seconds=2.0) for _ in range(2))
        first = _stamp(lab, http)
        _stamp(lab, other, USERS)
        http.cache_ttl_seconds = 60.0
        time.sleep(2.5)
        _expired(lab, other, USERS)
        require(_stamp(lab, http) != first, "it is still served after 2.5 of the 2 s that it was stored for")
    for label, built_s, set_s in (("lowered to nothing", 60.0, 0.0), ("raised from nothing", 0.0, 60.0)):
        with lab.trial(f"{label} before any answer was stored"):
            http = lab.http(cache_ttl_seconds=built_s)
            http.cache_ttl_seconds = set_s
            first, second = (_stamp(lab, http, f"{PATH}/{set_s:g}") for _ in range(2))
            served = first == second
            require(served is (set_s > 0), "an answer was served from the cache" if served else "it was fetched again")
    with lab.trial("an answer that came two seconds after it was asked for"):
        http = lab.http(config=lab.config(retries=1, retry_backoff_seconds=2.0), cache_ttl_seconds=3.0)
        lab.need_hits(http)
        lab.service.answer("GET", STORES, Step(status=503), Step())
        late = lab.get(http, STORES)
        if late.error is not None or late.elapsed_s < 1.9:
            raise CannotTell(f"there is no late answer: the GET {late.said()} in {late.elapsed_s:.1f} s")
        time.sleep(2.0)
        require(_stamp(lab, http, STORES) == _stamp_in(late), "it was fetched again 2 s after it came, of 3 s")


@promise("cache.lasts-three-seconds-by-default")
def check_lasts_three_seconds_by_default(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("cache-ttl")
    usual, told = lab.http(), lab.http(cache_ttl_seconds=3.0)
    firsts = _hit(lab, usual), _hit(lab, told)
    for label, pause_s, kept in (("after 2.5 s", 2.5, True), ("after 3.5 s", 1.0, False)):
        with lab.trial(label):
            time.sleep(pause_s)
            if (_stamp(lab, told) == firsts[1]) is not kept:
                raise CannotTell("a lifetime of 3 s is not kept where it is asked for: see cache.entries-expire")
            served = _stamp(lab, usual) == firsts[0]
            require(served is kept, "it is still served" if served else "it was fetched again")


@promise("cache.no-stale-answer-on-error")
def check_no_stale_answer_on_error(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("cache-ttl")
    http = lab.http(cache_ttl_seconds=2.0)
    _stamp(lab, http, USERS)
    bad = {"500": Step(status=500), "404": Step(status=404), "a closed connection": Step(fault="close")}
    paths = {label: f"{PATH}/{number}" for number, label in enumerate(bad)}
    olds = {label: _stamp(lab, http, path) for label, path in paths.items()}
    time.sleep(2.5)
    _expired(lab, http, USERS)
    for label, step in bad.items():
        with lab.trial(label):
            lab.service.answer("GET", paths[label], step, Step())
            failed = lab.get(http, paths[label])
            require(
                failed.error is not None or _stamp_in(failed) != olds[label],
                "the error was hidden: the answer is the one whose lifetime had ended",
            )
            require(_stamp(lab, http, paths[label]) != olds[label], "after it, the old answer is served again")


# ── what is kept apart ───────────────────────────────────────────────────────


@promise("cache.query-is-part-of-the-key")
def check_query_is_part_of_the_key(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    cases: tuple[tuple[str, Any, Any], ...] = (
        ("another value", {"page": 1}, {"page": 2}),
        ("a longer value", {"page": 1}, {"page": 11}),
        ("another name", {"from": "x"}, {"to": "x"}),
        ("a query and none", {"size": 5}, {}),
        ("an empty value and none", {"size": ""}, {}),
        ("one parameter more", {"from": "x"}, {"from": "x", "to": "y"}),
        ("the second of two", {"from": "x", "to": "y"}, {"from": "x", "to": "z"}),
        ("two values, exchanged", {"from": "x", "to": "y"}, {"from": "y", "to": "x"}),
        ("a value that looks like two", {"from": "x&to=y"}, {"from": "x", "to": "y"}),
        ("small and capital letters", {"name": "a"}, {"name": "A"}),
        ("small and capital letters of a name", {"Name": "a"}, {"name": "a"}),
        ("a letter beyond ASCII and one within", {"name": "año"}, {"name": "ano"}),
        ("two letters beyond ASCII", {"name": "ñ"}, {"name": "ü"}),
        ("an accent in one letter and in two", {"name": "\u00f1"}, {"name": "n\u0303"}),
        ("long values, alike up to the last letter", {"name": "ü" * 5000 + "a"}, {"name": "ü" * 5000 + "b"}),
        ("a space more", {"name": "a"}, {"name": "a "}),
        ("a list in another order", {"store": ["a", "b"]}, {"store": ["b", "a"]}),
        ("zero and nothing", {"page": 0}, {"page": ""}),
        ("a list that is longer", {"store": ["a", "b"]}, {"store": ["a"]}),
        ("pairs, the first of one name", [("store", "a"), ("store", "c")], [("store", "b"), ("store", "c")]),
        ("pairs, one of a name and two", [("store", "a"), ("store", "b")], [("store", "b")]),
        ("true and one", {"x": True}, {"x": 1}),
        ("false and zero", {"x": False}, {"x": 0}),
        ("None and its name", {"x": None}, {"x": "None"}),
    )
    for number, (label, one, other) in enumerate(cases):
        with lab.trial(label):
            path = f"{PATH}/{number}"
            first, second = (_stamp(lab, http, path, params=query or None) for query in (one, other))
            require(first != second, f"{one} and {other or 'no query'} share an answer")


@promise("cache.path-is-part-of-the-key")
def check_path_is_part_of_the_key(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    cases = {
        "another end": ("/aris3/stores/1", "/aris3/stores/2"),
        "a longer end": ("/aris3/stores/1/items", "/aris3/stores/11/items"),
        "one level more": ("/aris3/reports", "/aris3/reports/daily"),
        "another beginning": ("/aris3/daily/sales", "/aris4/daily/sales"),
        "small and capital letters": ("/aris3/stores/a", "/aris3/stores/A"),
        "long ends, alike up to the last letter": (f"/aris3/{'x' * 3000}1", f"/aris3/{'x' * 3000}2"),
        "a slash more": ("/aris3/stores/9", "/aris3/stores/9/"),
        "an escape": ("/aris3/stores/a%2Fb", "/aris3/stores/a/b"),
        "a query in the path": ("/aris3/sales?page=1", "/aris3/sales?page=2"),
        "a query in the path, and none": ("/aris3/sales?page=3", "/aris3/sales"),
    }
    for label, (one, other) in cases.items():
        with lab.trial(label):
            first, second = _stamp(lab, http, one), _stamp(lab, http, other)
            require(first != second, f"{one} and {other} share an answer")
    with lab.trial("a base address that is changed later"):
        first = _stamp(lab, http)
        behind = lab.config(api_base_url=f"{lab.service.base_url}/gateway")
        lab.given(partial(setattr, http, "config", behind), "a change of the configuration")
        # A client that has read the address when it was built still sends there: for it nothing has changed.
        _stamp(lab, http, f"{PATH}/new")
        if lab.log(f"/gateway{PATH}/new"):
            require(_stamp(lab, http) != first, "the answer of one address is served for another")


@promise("cache.identities-are-kept-apart")
def check_identities_are_kept_apart(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    for number, header in enumerate(IDENTITY):
        with lab.trial(header):
            path = f"{PATH}/{number}"
            first = _stamp(lab, http, path, headers={header: "one"})
            require(_stamp(lab, http, path, headers={header: "two"}) != first, "two values share an answer")
            require(_stamp(lab, http, path) != first, "a value and none share an answer")
    long = "Bearer " + "0123456789abcdef" * 16
    token, tenant, app = IDENTITY[:3]
    cases: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = (
        ("long tokens, alike up to the last letter", {token: f"{long}a"}, {token: f"{long}b"}),
        ("long tokens, alike from the second letter on", {token: f"A{long}"}, {token: f"B{long}"}),
        ("small and capital letters", {token: "Bearer abc"}, {token: "Bearer ABC"}),
        ("small and capital letters of a tenant", {tenant: "Acme"}, {tenant: "acme"}),
        ("zeros before a number", {tenant: "007"}, {tenant: "7"}),
        ("one value in two places", {tenant: "one"}, {app: "one"}),
        ("two values, exchanged", {tenant: "one", app: "two"}, {tenant: "two", app: "one"}),
        ("two values, cut elsewhere", {tenant: "ab", app: "c"}, {tenant: "a", app: "bc"}),
        ("one of two differs", {token: "one", tenant: "one"}, {token: "one", tenant: "two"}),
        ("one of two is missing", {token: "one", tenant: "three"}, {token: "one"}),
    )
    for number, (label, one, other) in enumerate(cases, start=len(IDENTITY)):
        with lab.trial(label):
            first, second = (_stamp(lab, http, f"{PATH}/{number}", headers=who) for who in (one, other))
            require(first != second, f"{_told(one)} and {_told(other)} share an answer")
    with lab.trial("two clients' tokens on one HTTP client"):
        lab.service.script(EXPORT, "CREATED")
        stamps = [_status(lab, lab.exports(http, access_token=who)) for who in ("alice", "bob")]
        require(stamps[0] != stamps[1], "two tokens share one status")
    if hasattr(http, "switch_context"):
        with lab.trial("after a context was switched"):
            lab.given(partial(http.switch_context, "any"), "switch_context")
            one, two = (_stamp(lab, http, f"{PATH}/switched", headers={token: who}) for who in ("one", "two"))
            require(one != two, "two tokens share an answer")


@promise("cache.identity-from-a-hook")
def check_identity_from_a_hook(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("hooks")
    adding: dict[str, str] = {}
    http = lab.http(before_request=lambda method, url, ctx: ctx["headers"].update(adding))
    lab.need_hits(http)
    for number, header in enumerate(IDENTITY):
        with lab.trial(header):
            path = f"{PATH}/{number}"
            stamps = []
            for who in ("one", "two"):
                adding.clear()
                adding[header] = who
                stamps.append(_stamp(lab, http, path))
            if lab.log(path)[0].headers.get(header.lower()) != "one":
                raise CannotTell("what before_request adds to the headers is not sent")
            require(stamps[0] != stamps[1], "two values that before_request had added share an answer")


@promise("cache.clients-are-kept-apart")
def check_clients_are_kept_apart(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    with lab.trial("two clients"):
        one, other = lab.http(), lab.http()
        first, second = _stamp(lab, one), _stamp(lab, other)
        require(first != second, "the second client was served from the first one's cache")
    with lab.trial("a client that is made later"):
        first = _stamp(lab, lab.http(), USERS)
        require(_stamp(lab, lab.http(), USERS) != first, "it was served from the cache of one that was there before")
    if lab.sdk.has("cache-clear"):
        with lab.trial("one client's clear_cache"):
            first = _hit(lab, one, STORES)
            lab.given(other.clear_cache, "clear_cache")
            require(_stamp(lab, one, STORES) == first, "it emptied the other client's cache")


# ── what is never stored ─────────────────────────────────────────────────────


@promise("cache.errors-are-not-stored")
def check_errors_are_not_stored(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    cases = {
        **{str(status): Step(status=status) for status in (400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 503, 599)},
        "an-error-with-a-body": Step(status=404, json={"good": False}),
        "empty": Step(status=200, raw=b""),
        "204": Step(status=204),
        "closed": Step(fault="close"),
        "cut": Step(fault="truncated-body"),
    }
    _not_stored(lab, cases)


@promise("cache.null-is-never-served")
def check_null_is_never_served(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    _not_stored(lab, {"null": Step(json=None)})


@promise("cache.only-gets")
def check_only_gets(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD"):
        path = f"{PATH}/{method.lower()}"
        lab.service.answer(method, path, Step(status=200, json={"by": method}))
        call = partial(http.request, method, path, **({} if method == "HEAD" else {"json_body": {"a": 1}}))
        with lab.trial(f"the same {method} twice"):
            if any(lab.attempt(call).error is not None for _ in range(2)):
                if method == "POST":
                    raise CannotTell("a POST failed, so there is nothing to judge")
                continue  # not every SDK sends every method
            require(len(lab.log(path, method)) == 2, f"a {method} was answered from the cache")
        with lab.trial(f"a GET after a {method}, and another {method} after it"):
            first = _stamp(lab, http, path)
            require(len(lab.log(path, "GET")) == 1, f"a GET was answered with what a {method} had stored")
            again = lab.given(call, f"a {method}")
            require(len(lab.log(path, method)) == 3, f"a {method} was answered with what a GET had stored")
            require(_stamp_of(again) != first, f"a {method} was answered with what a GET had stored")


@promise("cache.outdated-answers-are-not-stored")
def check_outdated_answers_are_not_stored(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    for capability in ("context", "context-switch"):
        lab.sdk.needs(capability)
    http = lab.http()
    lab.need_hits(http)
    with lab.trial("a context that is switched while its request is in flight"):
        lab.samplers.append(lambda seen: http.switch_context("tenant"))
        late = lab.get(http, PATH, context_key="tenant", context_version=0)
        lab.samplers.clear()
        if late.error is None or not lab.log(PATH):
            raise CannotTell(f"the request was not cancelled: it {late.said()}")
        require(_stamp(lab, http) != lab.log(PATH)[0].stamp, "the answer of the cancelled request is served")


# ── how it is passed by ──────────────────────────────────────────────────────


@promise("cache.bypass-per-request")
def check_bypass_per_request(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("bypass")
    http = lab.http()
    lab.need_hits(http)
    with lab.trial("bypass, bypass, plain, bypass, plain"):
        stamps = [_stamp(lab, http, use_get_cache=plain) for plain in (False, False, True, False, True)]
        _bypass_sequence(stamps, len(lab.log(PATH)))
    if lab.sdk.has("status-bypass"):
        with lab.trial("the same for a status"):
            lab.service.script(EXPORT, "CREATED")
            exports = lab.exports(lab.http())
            stamps = [_status(lab, exports, use_get_cache=plain) for plain in (False, False, True, False, True)]
            _bypass_sequence(stamps, len(lab.polls()))
    if lab.sdk.has("cache-ttl"):
        with lab.trial("a bypass near the end of an answer's lifetime"):
            http = lab.http(cache_ttl_seconds=5.0)
            first, control = _stamp(lab, http), _stamp(lab, http, USERS)
            time.sleep(4.5)
            bypass = _stamp(lab, http, use_get_cache=False)
            time.sleep(1.0)
            if _stamp(lab, http, USERS) == control:
                raise CannotTell("an answer that nobody passed by lives on too: see cache.entries-expire")
            after = _stamp(lab, http)
            require(after != first, "a bypass prolonged the answer's lifetime")
            require(after != bypass, "a bypass overwrote the cached answer")
    with lab.trial("a bypass while the cache is switched off"):
        http = lab.http()
        http.enable_get_cache = False
        bypass = _stamp(lab, http, use_get_cache=False)
        http.enable_get_cache = True
        require(_stamp(lab, http) != bypass, "what it had stored was served once the cache was on again")
    with lab.trial("a bypass after an error"):
        http = lab.http()
        lab.service.answer("GET", f"{PATH}/lost", Step(status=404))
        lab.get(http, f"{PATH}/lost")
        bypass = _stamp(lab, http, use_get_cache=False)
        require(_stamp(lab, http) != bypass, "a plain GET was answered with what it had stored")


@promise("cache.failed-bypass-touches-nothing")
def check_failed_bypass_touches_nothing(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("bypass")
    http = lab.http()
    lab.need_hits(http)
    cases = {
        "404": Step(status=404),
        "500": Step(status=500),
        "a closed connection": Step(fault="close"),
        "an empty answer": Step(status=200, raw=b""),
        "null": Step(json=None),
    }
    for number, (label, bad) in enumerate(cases.items()):
        with lab.trial(f"a bypass that meets {label}"):
            path = f"{PATH}/{number}"
            first = _hit(lab, http, path)
            lab.service.answer("GET", path, bad, Step())
            bypass = lab.get(http, path, use_get_cache=False)
            require(_stamp_in(bypass) != first, "it was answered from the cache instead")
            require(_stamp(lab, http, path) == first, "it removed the cached answer")


@promise("cache.switch-is-honoured")
def check_switch_is_honoured(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    with lab.trial("switched off from the start"):
        http = lab.http(enable_get_cache=False)
        require(_stamp(lab, http) != _stamp(lab, http), "an answer was served from the cache")
    with lab.trial("switched off later"):
        http = lab.http()
        first = _stamp(lab, http)
        http.enable_get_cache = False
        second = _stamp(lab, http)
        require(second != first, "an answer was served from the cache")
    with lab.trial("and on again"):
        _stamp(lab, http, STORES)
        http.enable_get_cache = True
        require(_stamp(lab, http) != second, "the answer that came meanwhile was stored, and is served")
        lab.need_hits(lab.http())
        first, second = (_stamp(lab, http, STORES) for _ in range(2))
        require(first == second, "the cache stays off")


@promise("cache.switch-keeps-what-is-stored")
def check_switch_keeps_what_is_stored(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    with lab.trial("off, a GET, and on again"):
        first = _hit(lab, http)
        http.enable_get_cache = False
        if _stamp(lab, http) == first:
            raise CannotTell("the switch does not turn the cache off: see cache.switch-is-honoured")
        http.enable_get_cache = True
        _hit(lab, http, USERS)
        require(_stamp(lab, http) == first, "the answer that was cached before is gone or replaced")


# ── how it is emptied ────────────────────────────────────────────────────────


@promise("cache.invalidation-by-path")
def check_invalidation_by_path(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("invalidation")
    http = lab.http()
    lab.need_hits(http)
    with lab.trial("a mutation that names one of two paths"):
        named, other = _hit(lab, http, STORES), _hit(lab, http, USERS)
        _mutate(lab, http, [STORES])
        require(_stamp(lab, http, STORES) != named, "the answer of the path it names is still served")
        require(_stamp(lab, http, USERS) == other, "the answer of another path is gone too")
    with lab.trial("two paths, and a third that is not named"):
        paths = (STORES, USERS, PATH)
        olds = [_hit(lab, http, path) for path in paths]
        _mutate(lab, http, [STORES, USERS])
        gone = [_stamp(lab, http, path) != old for path, old in zip(paths, olds, strict=True)]
        require(gone[0] and gone[1], "the answer of a path it names is still served")
        require(not gone[2], "the answer of another path is gone too")
    variants: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("with a query", STORES, {"params": {"page": 2}}),
        ("below it", f"{STORES}/7", {}),
        ("for a token", STORES, {"headers": {"Authorization": "Bearer alice"}}),
        ("for a tenant", STORES, {"headers": {"X-Tenant-ID": "one"}}),
    )
    for label, path, options in variants:
        with lab.trial(f"an answer of the path that it names, {label}"):
            old = _hit(lab, http, path, **options)
            _mutate(lab, http, [STORES])
            require(_stamp(lab, http, path, **options) != old, "it is still served")
    for method, step in {"PUT": Step(), "PATCH": Step(), "DELETE": Step(status=204), "OPTIONS": Step()}.items():
        with lab.trial(f"by {method}"):
            old = _hit(lab, http, STORES)
            lab.service.answer(method, STORES, step)
            _mutate(lab, http, [STORES], method=method)
            require(_stamp(lab, http, STORES) != old, "the answer of the path it names is still served")
    for label, step in (("204", Step(status=204)), ("an empty 200", Step(status=200, raw=b""))):
        with lab.trial(f"by a GET that is answered {label}"):
            old, other = _hit(lab, http, STORES), _hit(lab, http, USERS)
            lab.service.answer("GET", f"{PATH}/nothing/{step.status}", step)
            lab.given(partial(http.request, "GET", f"{PATH}/nothing/{step.status}", invalidate_paths=[STORES]), "a GET")
            require(_stamp(lab, http, STORES) != old, "the answer of the path it names is still served")
            require(_stamp(lab, http, USERS) == other, "the answer of another path is gone too")
    if lab.sdk.has("bypass"):
        with lab.trial("by a GET past the cache that is answered 204"):
            old = _hit(lab, http, STORES)
            lab.service.answer("GET", f"{PATH}/past", Step(status=204))
            past = partial(http.request, "GET", f"{PATH}/past", use_get_cache=False, invalidate_paths=[STORES])
            lab.given(past, "a GET")
            require(_stamp(lab, http, STORES) != old, "the answer of the path it names is still served")
    for label, named, other in (
        ("in other capitals", STORES, STORES.upper()),
        ("with another query", f"{STORES}?x=1", f"{STORES}?x=2"),
    ):
        with lab.trial(f"a path, and the same {label}"):
            old, kept = _hit(lab, http, named), _hit(lab, http, other)
            _mutate(lab, http, [named])
            require(_stamp(lab, http, named) != old, f"the answer of {named} is still served")
            require(_stamp(lab, http, other) == kept, f"{named} was named, and the answer of {other} is gone too")
    with lab.trial("a path that would be a pattern, too"):
        plain, other = f"{STORES}.a+b", f"{STORES}-aab"
        old, kept = _hit(lab, http, plain), _hit(lab, http, other)
        _mutate(lab, http, [plain])
        require(_stamp(lab, http, plain) != old, f"the answer of {plain} is still served")
        require(_stamp(lab, http, other) == kept, f"{plain} was named, and the answer of {other} is gone too")
    with lab.trial("behind a base address with a path"):
        http = lab.http(config=lab.config(api_base_url=f"{lab.service.base_url}/gateway"))
        old = _hit(lab, http, STORES)
        _mutate(lab, http, [STORES])
        require(_stamp(lab, http, STORES) != old, "the answer of the path it names is still served")


@promise("cache.plain-mutations-invalidate-nothing")
def check_plain_mutations_invalidate_nothing(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    first = _hit(lab, http, STORES)
    for method in ("POST", "PUT", "DELETE"):
        with lab.trial(f"a {method} of the same path"):
            if lab.attempt(partial(http.request, method, STORES, json_body={"a": 1})).error is not None:
                if method == "POST":
                    raise CannotTell("a POST failed, so there is nothing to judge")
                continue
            require(_stamp(lab, http, STORES) == first, "the cached answer is gone")
    if lab.sdk.has("invalidation"):
        with lab.trial("a POST that names no path"):
            _mutate(lab, http, [])
            require(_stamp(lab, http, STORES) == first, "the cached answer is gone")


@promise("cache.failed-mutations-invalidate-nothing")
def check_failed_mutations_invalidate_nothing(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("invalidation")
    http = lab.http()
    first = _hit(lab, http, STORES)
    bad = {"500": Step(status=500), "409": Step(status=409), "a closed connection": Step(fault="close")}
    for label, step in bad.items():
        with lab.trial(f"a POST that names the path, and meets {label}"):
            lab.service.answer("POST", STORES, step)
            failed = lab.post(http, STORES, invalidate_paths=[STORES])
            if failed.error is None:
                raise CannotTell(f"the POST {failed.said()} instead of failing")
            require(_stamp(lab, http, STORES) == first, "the cached answer is gone")


@promise("cache.gets-invalidate-nothing")
def check_gets_invalidate_nothing(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("invalidation")
    http = lab.http()
    with lab.trial("a GET that names a path"):
        first = _hit(lab, http, STORES)
        _stamp(lab, http, USERS, invalidate_paths=[STORES])
        require(_stamp(lab, http, STORES) == first, "the cached answer is gone")
    with lab.trial("a GET that names a path, and is answered null"):
        first = _hit(lab, http, STORES)
        lab.service.answer("GET", f"{PATH}/null", Step(status=200, json=None))
        lab.given(partial(http.request, "GET", f"{PATH}/null", invalidate_paths=[STORES]), "a GET")
        require(_stamp(lab, http, STORES) == first, "the cached answer is gone")


@promise("cache.clear-empties-it")
def check_clear_empties_it(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("cache-clear")
    _emptied_by(lab, "clear_cache", lambda http: http.clear_cache())


@promise("cache.none-is-pushed-out")
def check_none_is_pushed_out(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    http = lab.http(cache_ttl_seconds=LONG_S)
    with lab.trial(f"{MANY} others"):
        first = _hit(lab, http, f"{PATH}/first")
        for number in range(MANY):
            _stamp(lab, http, f"{PATH}/{number}")
        require(_stamp(lab, http, f"{PATH}/first") == first, f"after {MANY} other answers it was asked for anew")


@promise("cache.switch-context-empties-it")
def check_switch_context_empties_it(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("context-switch")
    _emptied_by(lab, "switch_context", lambda http: http.switch_context("tenant"))


# ── what the checks share ────────────────────────────────────────────────────


def _stamp(lab: CheckContext, http: Any, path: str = PATH, **options: Any) -> Any:
    """The stamp of the answer that a GET through the SDK gets."""
    return _stamp_of(lab.given(partial(http.request, "GET", path, **options), f"GET {path}"))


def _stamp_of(answer: Any) -> Any:
    return answer.get("stamp") if isinstance(answer, dict) else answer


def _stamp_in(attempt: Attempt) -> Any:
    """The stamp of the answer that a call got; nothing, where it got none."""
    return None if attempt.error is not None else _stamp_of(attempt.value)


def _status(lab: CheckContext, exports: Any, **options: Any) -> Any:
    """The stamp of the status that an exports client gets."""
    return stamp_shown(lab, lab.given(partial(exports.get_export_status, EXPORT, **options), "a status"))


def _hit(lab: CheckContext, http: Any, path: str = PATH, **options: Any) -> Any:
    """The stamp of an answer that is in the cache: it was asked for twice, and sent once.

    :raises CannotTell: it was sent twice.
    """
    first, second = _stamp(lab, http, path, **options), _stamp(lab, http, path, **options)
    if first != second:
        raise CannotTell("a GET repeated at once is not served from the cache: see cache.repeats-are-served")
    return first


def _served_again(lab: CheckContext, http: Any, path: str, **options: Any) -> None:
    """A GET that is answered GOOD is made twice, and sent once."""
    for which in ("first", "second"):
        got = lab.given(partial(http.request, "GET", path, **options), "a GET")
        if got != GOOD:
            raise CannotTell(f"the {which} answer is {short(got)} instead of {short(GOOD)}")
    require(len(lab.log(path)) == 1, "the second GET was sent too")


def _expired(lab: CheckContext, http: Any, path: str) -> None:
    """Go on only where an answer that nobody touched since it came is fetched again, its lifetime being over.

    :raises CannotTell: it is still served.
    """
    sent = len(lab.log(path))
    _stamp(lab, http, path)
    if len(lab.log(path)) == sent:
        raise CannotTell("an answer that nobody touched lives on too: see cache.entries-expire")


def _not_stored(lab: CheckContext, cases: dict[str, Step]) -> None:
    http = lab.http()
    for label, bad in cases.items():
        with lab.trial(label):
            path = f"{PATH}/{label}"
            lab.service.answer("GET", path, bad, Step(status=200, json=GOOD))
            lab.get(http, path)
            again = lab.get(http, path)
            require(again.value == GOOD, f"after it, the good answer did not come: it {again.said()}")


def _mutate(lab: CheckContext, http: Any, paths: list[str], method: str = "POST") -> None:
    call = partial(http.request, method, STORES, json_body={"a": 1}, invalidate_paths=paths)
    lab.given(call, f"a {method}")


def _emptied_by(lab: CheckContext, told: str, empty: Callable[[Any], Any]) -> None:
    http = lab.http()
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "a path": (PATH, {}),
        "another path": (STORES, {}),
        "a query": (PATH, {"params": {"page": 2}}),
        "a token": (PATH, {"headers": {"Authorization": "Bearer alice"}}),
    }
    olds = {label: _hit(lab, http, path, **options) for label, (path, options) in asked.items()}
    lab.given(partial(empty, http), told)
    for label, (path, options) in asked.items():
        with lab.trial(f"the answer for {label} after {told}"):
            require(_stamp(lab, http, path, **options) != olds[label], "it is still served")


def _takes_response_hook() -> bool:
    """Whether a request can bring a hook of its own; not, where nobody can say."""
    try:
        return takes("HttpClient", "request", "response_hook")
    except LookupError:
        return False


def _noted(http: Any) -> str:
    """What last_operation says of the newest request."""
    result = getattr(http.last_operation, "result", None)
    return str(getattr(result, "value", result))


def _told(headers: dict[str, str]) -> str:
    return " and ".join(f"{name}: {value[:12]}{'...' * (len(value) > 12)}" for name, value in headers.items())


def _bypass_sequence(stamps: list[Any], sent: int) -> None:
    """Judge bypass, bypass, plain, bypass, plain: what each answer says about the cache."""
    bypass_1, bypass_2, plain_1, bypass_3, plain_2 = stamps
    require(bypass_1 != bypass_2, "a bypass was answered with what an earlier bypass had stored")
    require(plain_1 not in (bypass_1, bypass_2), "a plain GET was answered with what a bypass had stored")
    require(bypass_3 != plain_1, "a bypass was answered from the cache")
    require(plain_2 != bypass_3, "a bypass overwrote the cached answer")
    require(plain_2 == plain_1, "a bypass removed the cached answer")
    require(sent == 4, f"{sent} requests on the wire instead of 4")
