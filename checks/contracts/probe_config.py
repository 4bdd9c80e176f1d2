"""Which weaknesses beyond the contract does this SDK have in its configuration?

A probe returns how it saw the weakness, and None where it is not there. Nothing here counts against the SDK.
"""

from __future__ import annotations

from checks.contracts.lab import Lab, short
from checks.contracts.plugin import weakness

URL = {"ARIS3_API_BASE_URL": "https://127.0.0.1:9"}


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
