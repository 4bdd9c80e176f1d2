"""Which weaknesses beyond the contract does this SDK have in its requests and errors?

A probe returns how it saw the weakness, and None where it is not there. Nothing here counts against the SDK.
"""

from __future__ import annotations

import pickle

from checks.contracts.judging import describe
from checks.contracts.lab import Lab, Step
from checks.contracts.plugin import weakness

PATH = "/aris3/reports/overview"


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


@weakness("requests.absolute-url-takes-the-token-along")
def probe_absolute_url(lab: Lab) -> str | None:
    elsewhere = lab.another_service()
    exports = lab.exports(lab.http(), access_token="secret-token")
    lab.attempt(lambda: exports._request("GET", f"{elsewhere.base_url}/taken"))
    taken = [seen for seen in elsewhere.log() if "secret-token" in seen.headers.get("authorization", "")]
    return "the token arrived at another host" if taken else None
