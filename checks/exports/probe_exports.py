"""Probes for limitations of requesting and fetching exports, beyond the contract.

A probe returns how it saw the limitation, and None where it is not there. Nothing here counts against the SDK.
"""

from __future__ import annotations

from functools import partial

from atalaya.harness.api import Step, describe, limitation, words

from ..export_helpers import PAYLOAD, needs
from ..fixture import EXPORT, CheckContext


@limitation("exports.malformed-status-leaks")
def probe_malformed_status(lab: CheckContext) -> str | None:
    needs(lab, "get_export_status")
    exports = lab.exports(lab.uncached())
    for what, body in (("an empty object", {}), ("a list", [])):
        lab.service.answer("GET", f"/aris3/exports/{EXPORT}", Step(json=body))
        made = lab.attempt(partial(exports.get_export_status, EXPORT))
        if made.error is not None and not isinstance(made.error, lab.sdk.ApiError):
            return f"{what} raised {describe(made.error)}"
    return None


@limitation("exports.download-leaks-library-errors")
def probe_download_leaks(lab: CheckContext) -> str | None:
    needs(lab, "download_export")
    lab.service.answer("GET", f"/aris3/exports/{EXPORT}/download", Step(fault="close"))
    made = lab.attempt(partial(lab.exports().download_export, EXPORT))
    leaked = made.error is not None and not isinstance(made.error, lab.sdk.ApiError)
    return f"a closed connection raised {type(made.error).__module__}.{type(made.error).__name__}" if leaked else None


@limitation("exports.list-lags-behind")
def probe_list_lags(lab: CheckContext) -> str | None:
    lab.sdk.needs("cache")
    needs(lab, "request_export", "list_exports")
    exports = lab.exports()
    lab.given(exports.list_exports, "a list")
    made = lab.given(partial(exports.request_export, PAYLOAD), "an export")
    rows = [row.export_id for row in lab.given(exports.list_exports, "a list").rows]
    return f"{made.export_id} is not in the list straight after" if made.export_id not in rows else None


@limitation("exports.ids-are-not-escaped")
def probe_ids(lab: CheckContext) -> str | None:
    needs(lab, "get_export_status")
    exports = lab.exports(lab.uncached())
    escaped = []
    for export_id in ("../secret", "a?b=1", ""):
        before = len(lab.log())
        lab.attempt(partial(exports.get_export_status, export_id))
        for seen in lab.log()[before:]:
            path, _, query = seen.path.partition("?")
            if query or path.count("/") != 3 or path.endswith("/"):
                escaped.append(f"{export_id!r} reached {seen.path}")
    return words(escaped) if escaped else None


@limitation("exports.foreign-status-is-accepted")
def probe_foreign_status(lab: CheckContext) -> str | None:
    needs(lab, "get_export_status")
    lab.service.script(EXPORT, Step(state="READY", fields={"export_id": "exp-other"}))
    made = lab.attempt(partial(lab.exports().get_export_status, EXPORT))
    return "asked for exp-1, it returned exp-other" if getattr(made.value, "export_id", "") == "exp-other" else None


@limitation("exports.no-key-for-a-second-try")
def probe_second_try(lab: CheckContext) -> str | None:
    needs(lab, "request_export")
    exports = lab.exports()
    lab.service.answer("POST", "/aris3/exports", Step(fault="close"), "CREATED")
    for _ in range(2):
        lab.attempt(partial(exports.request_export, PAYLOAD))
    keys = [seen.headers.get("idempotency-key") for seen in lab.log("/aris3/exports", "POST")]
    differ = len(keys) == 2 and keys[0] != keys[1]
    return "one transaction id, sent twice after a failure, had two idempotency keys" if differ else None
