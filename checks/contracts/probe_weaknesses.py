"""Which weaknesses beyond the contract does this SDK have?

A probe returns how it saw the weakness, and None where it is not there. Nothing here counts against the SDK.
"""

from __future__ import annotations

import pickle
from functools import partial

from checks.contracts.judging import describe
from checks.contracts.lab import EXPORT, Lab, Step, short, stamp_of
from checks.contracts.plugin import weakness

URL = {"ARIS3_API_BASE_URL": "https://127.0.0.1:9"}
PATH = "/aris3/reports/overview"


@weakness("config.tls-typo-turns-verification-off")
def probe_tls_typo(lab: Lab) -> str | None:
    for typo in ("ture", "enabled", "y", ""):
        load = lab.load_config({**URL, "ARIS3_VERIFY_SSL": typo})
        if load.error is None and not load.value.verify_ssl:
            return f"ARIS3_VERIFY_SSL={typo!r} gives verify_ssl=False"
    return None


@weakness("config.infinity-is-accepted")
def probe_infinity(lab: Lab) -> str | None:
    load = lab.load_config({**URL, "ARIS3_READ_TIMEOUT_SECONDS": "inf"})
    return None if load.error else f"read_timeout_seconds is {short(load.value.read_timeout_seconds)}"


@weakness("config.urls-are-not-checked")
def probe_urls(lab: Lab) -> str | None:
    for url in ("localhost:8000", "ftp://files", "not a url"):
        if lab.load_config({"ARIS3_API_BASE_URL": url}).error is None:
            return f"{url!r} is accepted"
    return None


@weakness("errors.cannot-be-pickled")
def probe_pickle(lab: Lab) -> str | None:
    lab.service.answer("GET", PATH, Step(status=404))
    error = lab.get(lab.http(), PATH).error
    try:
        pickle.loads(pickle.dumps(error))
    except Exception as why:
        return describe(why)
    return None


@weakness("errors.bad-success-body-leaks")
def probe_bad_body(lab: Lab) -> str | None:
    lab.service.answer("GET", PATH, Step(status=200, raw=b"<html>hello</html>"))
    error = lab.get(lab.http(), PATH).error
    leaks = error is not None and not isinstance(error, lab.sdk.ApiError)
    return describe(error) if leaks and error else None


@weakness("polling.deadline-overshoot")
def probe_overshoot(lab: Lab) -> str | None:
    lab.service.script(EXPORT, *["CREATED"] * 100, "READY")
    wait = lab.wait(lab.exports(), timeout_sec=0.5, poll_interval_sec=5.0)
    return f"a budget of 0.5 s took {wait.elapsed_s:.1f} s" if wait.elapsed_s > 1.0 else None


@weakness("polling.stale-after-the-wait")
def probe_stale_after(lab: Lab) -> str | None:
    lab.sdk.needs("cache")
    lab.service.script(EXPORT, "CREATED", "READY")
    exports = lab.exports()
    lab.given(lambda: exports.get_export_status(EXPORT), "a status")
    lab.given(
        lambda: exports.wait_for_export_ready(EXPORT, timeout_sec=9.0, poll_interval_sec=0.2), "the wait"
    )
    status = lab.given(lambda: exports.get_export_status(EXPORT), "a status")
    last = lab.polls()[-1].stamp
    return (
        f"after READY it answers {status.status} (stamp {stamp_of(status)} of {last})"
        if (str(status.status).upper() == "CREATED")
        else None
    )


@weakness("cache.hits-share-one-object")
def probe_shared_object(lab: Lab) -> str | None:
    lab.sdk.needs("cache")
    http = lab.http()
    first, second = (lab.given(lambda: http.request("GET", PATH), "a GET") for _ in range(2))
    return "the second caller got the very object of the first" if first is second else None


@weakness("cache.header-case-mixes-identities")
def probe_header_case(lab: Lab) -> str | None:
    lab.sdk.needs("cache")
    http = lab.http()
    for token in ("one", "two"):
        lab.given(partial(http.request, "GET", PATH, headers={"authorization": token}), "a GET")
    return "the second token was answered from the first one's cache" if len(lab.log(PATH)) == 1 else None


@weakness("requests.absolute-url-takes-the-token-along")
def probe_absolute_url(lab: Lab) -> str | None:
    elsewhere = lab.another_service()
    exports = lab.exports(lab.http(), access_token="secret-token")
    lab.attempt(lambda: exports._request("GET", f"{elsewhere.base_url}/taken"))
    taken = [seen for seen in elsewhere.log() if "secret-token" in seen.headers.get("authorization", "")]
    return "the token arrived at another host" if taken else None
