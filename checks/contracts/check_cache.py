"""Does the cache serve what it may, keep apart what it must, and stand aside when told to?"""

from __future__ import annotations

from functools import partial
from typing import Any

from checks.contracts.judging import require
from checks.contracts.lab import EXPORT, Lab, Step, stamp_of
from checks.contracts.plugin import promise

PATH = "/aris3/reports/overview"
IDENTITY = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")


@promise("cache.bypass-per-request")
def check_bypass_per_request(lab: Lab) -> None:
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
            stamps = []
            for plain in (False, False, True, False, True):
                status = lab.given(
                    partial(exports.get_export_status, EXPORT, use_get_cache=plain), "a status"
                )
                stamps.append(stamp_of(status))
            _bypass_sequence(stamps, len(lab.polls()))


@promise("cache.repeats-are-served")
def check_repeats_are_served(lab: Lab) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    with lab.trial("the same GET twice"):
        first, second = _stamp(lab, http), _stamp(lab, http)
        require(len(lab.log(PATH)) == 1, "the second GET was sent too")
        require(first == second, f"the second answer is another one: stamp {second} instead of {first}")


@promise("cache.entries-expire")
def check_entries_expire(lab: Lab) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("cache-ttl")
    http = lab.http(cache_ttl_seconds=5.0)
    lab.need_hits(http)
    with lab.trial("before the lifetime's end"):
        first = _stamp(lab, http)
        _pass_time(4.5)
        require(_stamp(lab, http) == first, "the answer was fetched again after 4.5 of 5 s")
    with lab.trial("after it"):
        _pass_time(1.0)
        require(_stamp(lab, http) != first, "the answer is still served after 5.5 of 5 s")
    with lab.trial("a lifetime of zero"):
        http = lab.http(cache_ttl_seconds=0.0)
        first, second = (_stamp(lab, http, f"{PATH}/zero") for _ in range(2))
        require(first != second, "an answer was served from the cache")


@promise("cache.query-is-part-of-the-key")
def check_query_is_part_of_the_key(lab: Lab) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    cases: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
        ("another value", {"page": 1}, {"page": 2}),
        ("another name", {"from": "x"}, {"to": "x"}),
        ("a query and none", {"size": 5}, {}),
    )
    for label, one, other in cases:
        with lab.trial(label):
            first, second = _stamp(lab, http, params=one), _stamp(lab, http, params=other or None)
            require(first != second, f"{one} and {other or 'no query'} share an answer")


@promise("cache.identities-are-kept-apart")
def check_identities_are_kept_apart(lab: Lab) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    for number, header in enumerate(IDENTITY):
        with lab.trial(header):
            path = f"{PATH}/{number}"
            first = _stamp(lab, http, path, headers={header: "one"})
            require(_stamp(lab, http, path, headers={header: "two"}) != first, "two values share an answer")
            require(_stamp(lab, http, path) != first, "a value and none share an answer")
    with lab.trial("two clients' tokens on one HTTP client"):
        lab.service.script(EXPORT, "CREATED")
        stamps = [
            stamp_of(
                lab.given(partial(lab.exports(http, access_token=t).get_export_status, EXPORT), "a status")
            )
            for t in ("alice", "bob")
        ]
        require(stamps[0] != stamps[1], "two tokens share one status")


@promise("cache.errors-are-not-stored")
def check_errors_are_not_stored(lab: Lab) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    cases = {"404": Step(status=404), "500": Step(status=500), "empty": Step(status=200, raw=b"")}
    for label, bad in cases.items():
        with lab.trial(label):
            path = f"{PATH}/{label}"
            lab.service.answer("GET", path, bad, Step(status=200, json={"good": True}))
            lab.get(http, path)
            again = lab.get(http, path)
            require(
                again.value == {"good": True}, f"after it, the good answer did not come: it {again.said()}"
            )


@promise("cache.only-gets")
def check_only_gets(lab: Lab) -> None:
    lab.sdk.needs("cache")
    http = lab.http()
    lab.service.answer("POST", PATH, Step(status=200, json={"posted": True}))
    with lab.trial("the same POST twice"):
        for _ in range(2):
            lab.given(lambda: http.request("POST", PATH, json_body={"a": 1}), "a POST")
        require(len(lab.log(PATH, "POST")) == 2, "a POST was answered from the cache")
    with lab.trial("a GET of its path"):
        got = lab.given(lambda: http.request("GET", PATH), "a GET")
        require(got != {"posted": True}, "a GET was answered with what a POST had left in the cache")


@promise("cache.clients-are-kept-apart")
def check_clients_are_kept_apart(lab: Lab) -> None:
    lab.sdk.needs("cache")
    with lab.trial("two clients"):
        first, second = _stamp(lab, lab.http()), _stamp(lab, lab.http())
        require(first != second, "the second client was served from the first one's cache")


@promise("cache.switch-is-honoured")
def check_switch_is_honoured(lab: Lab) -> None:
    lab.sdk.needs("cache")
    with lab.trial("switched off from the start"):
        http = lab.http(enable_get_cache=False)
        require(_stamp(lab, http) != _stamp(lab, http), "an answer was served from the cache")
    with lab.trial("switched off later"):
        http = lab.http()
        first = _stamp(lab, http)
        http.enable_get_cache = False
        require(_stamp(lab, http) != first, "an answer was served from the cache")


@promise("cache.invalidation-by-path")
def check_invalidation_by_path(lab: Lab) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("invalidation")
    http = lab.http()
    lab.need_hits(http)
    with lab.trial("a mutation that names one of two paths"):
        named, other = _stamp(lab, http, "/aris3/stores"), _stamp(lab, http, "/aris3/users")
        lab.service.answer("POST", "/aris3/stores", Step(status=200, json={"ok": True}))
        lab.given(
            lambda: http.request("POST", "/aris3/stores", json_body={}, invalidate_paths=["/aris3/stores"]),
            "a POST",
        )
        require(
            _stamp(lab, http, "/aris3/stores") != named, "the answer of the path it names is still served"
        )
        require(_stamp(lab, http, "/aris3/users") == other, "the answer of another path is gone too")


@promise("cache.clear-empties-it")
def check_clear_empties_it(lab: Lab) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("cache-clear")
    http = lab.http()
    with lab.trial("a cached GET, and clear_cache"):
        first = _stamp(lab, http)
        lab.given(http.clear_cache, "clear_cache")
        require(_stamp(lab, http) != first, "the answer is still served")


def _stamp(lab: Lab, http: Any, path: str = PATH, **options: Any) -> Any:
    """The stamp of the answer that a GET through the SDK gets."""
    answer = lab.given(lambda: http.request("GET", path, **options), f"GET {path}")
    return answer.get("stamp") if isinstance(answer, dict) else answer


def _bypass_sequence(stamps: list[Any], sent: int) -> None:
    """Judge bypass, bypass, plain, bypass, plain: what each answer says about the cache."""
    bypass_1, bypass_2, plain_1, bypass_3, plain_2 = stamps
    require(bypass_1 != bypass_2, "a bypass was answered with what an earlier bypass had stored")
    require(plain_1 not in (bypass_1, bypass_2), "a plain GET was answered with what a bypass had stored")
    require(bypass_3 != plain_1, "a bypass was answered from the cache")
    require(plain_2 != bypass_3, "a bypass overwrote the cached answer")
    require(plain_2 == plain_1, "a bypass removed the cached answer")
    require(sent == 4, f"{sent} requests on the wire instead of 4")


def _pass_time(seconds: float) -> None:
    """Let virtual time pass, as a caller's own sleep would."""
    import time

    time.sleep(seconds)
