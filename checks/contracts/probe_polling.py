"""Which weaknesses beyond the contract does this SDK have in its waits?

A probe returns how it saw the weakness, and None where it is not there. Nothing here counts against the SDK.
"""

from __future__ import annotations

from checks.contracts.lab import EXPORT, Lab, stamp_of
from checks.contracts.plugin import weakness


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
