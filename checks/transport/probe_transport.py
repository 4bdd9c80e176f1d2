"""Probes for limitations of the SDK's requests and errors, beyond the contract.

A probe returns how it saw the limitation, and None where it is not there. Nothing here counts against the SDK.
"""

from __future__ import annotations

import os
import pickle
from functools import partial
from typing import Any

from atalaya.harness.api import CannotTell, Step, describe, limitation, short

from ..fixture import CheckContext
from .check_transport import through_proxies_of_the_environment

PATH = "/aris3/reports/overview"


@limitation("errors.cannot-be-pickled")
def probe_pickle(lab: CheckContext) -> str | None:
    error = _not_found(lab)
    try:
        pickle.loads(pickle.dumps(error))
    except Exception as why:
        return describe(why)
    return None


@limitation("errors.cannot-be-hashed")
def probe_hash(lab: CheckContext) -> str | None:
    error = _not_found(lab)
    try:
        hash(error)
    except TypeError as why:
        return describe(why)
    return None


@limitation("errors.have-no-args")
def probe_args(lab: CheckContext) -> str | None:
    error = _not_found(lab)
    return None if error.args else f"{type(error).__name__}.args is empty"


@limitation("errors.bad-success-body-leaks")
def probe_bad_body(lab: CheckContext) -> str | None:
    lab.service.answer("GET", PATH, Step(status=200, raw=b"<html>hello</html>"))
    return _leaked(lab, lab.get(lab.http(), PATH).error)


@limitation("errors.odd-error-body-leaks")
def probe_odd_error_body(lab: CheckContext) -> str | None:
    for number, body in enumerate((["not", "found"], "not found")):
        lab.service.answer("GET", f"/aris3/odd{number}", Step(status=404, json=body))
        if leaked := _leaked(lab, lab.get(lab.http(), f"/aris3/odd{number}").error):
            return f"{short(body)}: {leaked}"
    return None


@limitation("errors.bare-redirect-counts-as-success")
def probe_bare_redirect(lab: CheckContext) -> str | None:
    for status in (301, 304):
        lab.service.answer("GET", f"/aris3/s{status}", Step(status=status))
        got = lab.get(lab.http(), f"/aris3/s{status}")
        if got.error is None:
            return f"a bare {status} returned {short(got.value)}"
    return None


@limitation("requests.rate-limits-end-the-call")
def probe_rate_limit(lab: CheckContext) -> str | None:
    http = lab.http(config=lab.config(retries=2))
    later = Step(status=429, headers={"Retry-After": "1"})
    lab.service.answer("GET", PATH, later, Step(status=200, json={"ok": True}))
    got = lab.get(http, PATH)
    return None if got.error is None else f"with two retries left, the call {got.said()}"


@limitation("requests.hopeless-addresses-are-retried")
def probe_hopeless_address(lab: CheckContext) -> str | None:
    http = lab.http(config=lab.config(api_base_url="nowhere://127.0.0.1", retries=2, retry_backoff_seconds=10.0))
    got = lab.get(http, PATH)
    return f"it took {got.elapsed_s:.0f} s of pauses to say so" if got.elapsed_s >= 10.0 else None


@limitation("requests.absolute-url-takes-the-token-along")
def probe_absolute_url(lab: CheckContext) -> str | None:
    elsewhere = lab.another_service()
    exports = lab.exports(lab.http(), access_token="secret-token")
    lab.attempt(partial(exports._request, "GET", f"{elsewhere.base_url}/taken"))
    taken = [seen for seen in elsewhere.log() if "secret-token" in seen.headers.get("authorization", "")]
    return "the token arrived at another host" if taken else None


@limitation("requests.redirects-take-the-identity-along")
def probe_redirect(lab: CheckContext) -> str | None:
    elsewhere = lab.another_service()
    # Another name of this machine, so that it counts as another host.
    there = elsewhere.base_url.replace("127.0.0.1", "localhost") + "/taken"
    lab.service.script("exp-1", Step(status=302, headers={"Location": there}))
    who = {"access_token": "secret-token", "tenant_id": "secret-tenant", "device_id": "secret-device"}
    lab.attempt(lambda: lab.exports(lab.http(), **who).get_export_status("exp-1"))
    for seen in elsewhere.log():
        taken = [name for name, value in seen.headers.items() if "secret" in value]
        if taken:
            return f"at another host arrived {', '.join(taken)}"
    return None


@limitation("requests.environment-proxies-apply")
def probe_proxies(lab: CheckContext) -> str | None:
    proxy = lab.another_service()
    address = lab.service.base_url
    through_proxies_of_the_environment(proxy.base_url)
    http = lab.http(config=lab.config(api_base_url=address))
    got = lab.get(http, PATH)
    if proxy.log():
        return f"the proxy saw {proxy.log()[0].method} {proxy.log()[0].path}"
    if not lab.log(PATH):
        raise CannotTell(f"the request reached nobody: the call {got.said()}")
    return None


@limitation("requests.netrc-replaces-the-token")
def probe_netrc(lab: CheckContext) -> str | None:
    netrc = lab.home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    os.environ.update({"NETRC": str(netrc), "HOME": str(lab.home)})
    lab.service.script("exp-1", "READY")
    got = lab.attempt(lambda: lab.exports(lab.http(), access_token="token").get_export_status("exp-1"))
    if not lab.polls():
        raise CannotTell(f"nothing was sent: the call {got.said()}")
    sent = lab.polls()[-1].headers.get("authorization", "")
    return None if sent == "Bearer token" else f"Authorization was sent as {short(sent)}"


@limitation("requests.service-sets-the-trace-id")
def probe_trace_id(lab: CheckContext) -> str | None:
    lab.sdk.needs("trace")
    http = lab.http(trace=lab.sdk.TraceContext(trace_id="ours"))
    long = "x" * 2000
    lab.service.answer("GET", "/aris3/first", Step(status=200, json={}, trace_id=long))
    lab.get(http, "/aris3/first")
    lab.get(http, "/aris3/second")
    adopted = [seen for seen in lab.log("/aris3/second") if seen.headers.get("x-trace-id") == long]
    return f"an id of {len(long)} characters was adopted, and sent" if adopted else None


def _not_found(lab: CheckContext) -> Any:
    """The error of a 404.

    :raises CannotTell: it is none of the SDK's.
    """
    lab.service.answer("GET", PATH, Step(status=404))
    got = lab.get(lab.http(), PATH)
    if not isinstance(got.error, lab.sdk.ApiError):
        raise CannotTell(f"the call {got.said()} instead of an error of the SDK's own")
    return got.error


def _leaked(lab: CheckContext, error: BaseException | None) -> str | None:
    """What an error that is none of the SDK's says."""
    return None if error is None or isinstance(error, lab.sdk.ApiError) else describe(error)
