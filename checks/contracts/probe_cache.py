"""Which weaknesses beyond the contract does this SDK have in its cache?

A probe returns how it saw the weakness, and None where it is not there. Nothing here counts against the SDK.
"""

from __future__ import annotations

from functools import partial

from checks.contracts.lab import Lab
from checks.contracts.plugin import weakness

PATH = "/aris3/reports/overview"


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
