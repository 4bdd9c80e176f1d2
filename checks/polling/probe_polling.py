"""Probes for limitations of the SDK's waits, beyond the contract.

A probe returns how it saw the limitation, and None where it is not there. Nothing here counts against the SDK.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from atalaya.harness.api import CannotTell, Step, describe, limitation

from ..export_helpers import FOREVER, needs, pollster, waiter, waiting
from ..fixture import EXPORT, CheckContext, outcome_of, stamp_of


@limitation("polling.deadline-overshoot")
def probe_overshoot(lab: CheckContext) -> str | None:
    lab.service.script(EXPORT, *FOREVER)
    wait = lab.wait(waiter(lab), timeout_sec=0.5, poll_interval_sec=5.0)
    return f"a budget of 0.5 s took {wait.elapsed_s:.1f} s" if wait.elapsed_s > 1.0 else None


@limitation("polling.retries-outlast-the-budget")
def probe_retries_outlast(lab: CheckContext) -> str | None:
    lab.service.script(EXPORT, Step(fault="close"))
    wait = lab.wait(pollster(lab, retries=3, retry_backoff_seconds=1.0), timeout_sec=0.5)
    if wait.elapsed_s <= 1.5:
        return None
    return f"a budget of 0.5 s took {wait.elapsed_s:.1f} s of retries, and then the wait {wait.said()}"


@limitation("polling.cancel-looks-like-a-timeout")
def probe_cancel_type(lab: CheckContext) -> str | None:
    exports = _cancellable(lab)
    lab.service.script(EXPORT, *FOREVER)
    cancelled = lab.wait(exports, cancel_check=lambda: True)
    late = lab.wait(exports, timeout_sec=0.0)
    if cancelled.error is None or late.error is None:
        raise CannotTell(f"one of the two did not raise: {cancelled.said()}, {late.said()}")
    same = type(cancelled.error) is type(late.error)
    return f"both raise {type(late.error).__name__}" if same else None


@limitation("polling.cancel-waits-for-the-pause")
def probe_cancel_in_a_pause(lab: CheckContext) -> str | None:
    exports = _cancellable(lab)
    lab.service.script(EXPORT, *FOREVER)
    cancelled_s = lab.clock.now() + 1.0
    wait = lab.wait(exports, poll_interval_sec=9.0, cancel_check=lambda: lab.clock.now() >= cancelled_s)
    return f"cancelled after 1 s, it ended after {wait.elapsed_s:.1f} s" if wait.elapsed_s > 3.0 else None


@limitation("polling.budget-of-nan-never-ends")
def probe_nan_budget(lab: CheckContext) -> str | None:
    lab.service.script(EXPORT, *FOREVER)
    wait = lab.wait(pollster(lab), timeout_sec=math.nan, poll_interval_sec=1.0)
    return f"after {wait.elapsed_s:.0f} s it still waited" if wait.elapsed_s > 60.0 else None


@limitation("polling.interval-is-not-checked")
def probe_interval(lab: CheckContext) -> str | None:
    exports = pollster(lab)
    for interval in (math.nan, math.inf):
        export_id = f"every-{interval}"
        lab.service.script(export_id, *FOREVER)
        wait = lab.wait(exports, export_id, timeout_sec=1.0, poll_interval_sec=interval)
        leaked = wait.error is not None and not isinstance(wait.error, (TimeoutError, lab.sdk.ApiError))
        if leaked and wait.error is not None and lab.polls(export_id):
            return f"an interval of {interval} raised {describe(wait.error)} after the first poll"
    return None


@limitation("polling.wait-until-ready-hides-the-outcome")
def probe_hidden_outcome(lab: CheckContext) -> str | None:
    needs(lab, "wait_until_ready")
    lab.service.script(EXPORT, "FAILED")
    made = lab.attempt(partial(lab.exports().wait_until_ready, EXPORT, timeout_seconds=1.0))
    return f"for a FAILED export it {made.said()}" if made.error is None else None


@limitation("polling.expired-beside-created")
def probe_expired_beside_created(lab: CheckContext) -> str | None:
    lab.service.script(EXPORT, "CREATED", Step(status=404))
    wait = lab.wait(pollster(lab))
    status = str(getattr(getattr(wait.value, "status", None), "status", ""))
    beside = wait.error is None and outcome_of(wait) == "EXPIRED" and status == "CREATED"
    return f"outcome {outcome_of(wait)}, status {status}" if beside else None


@limitation("polling.hook-ends-the-wait")
def probe_hook_ends_the_wait(lab: CheckContext) -> str | None:
    exports = _talkative(lab)

    def hook(event: Any) -> None:
        raise ZeroDivisionError("a hook of the probe's own")

    lab.service.script(EXPORT, "CREATED", "READY")
    wait = lab.wait(exports, telemetry_hook=hook)
    return f"the wait {wait.said()}" if isinstance(wait.error, ZeroDivisionError) else None


@limitation("polling.silent-endings")
def probe_silent_endings(lab: CheckContext) -> str | None:
    exports = _talkative(lab)
    events: list[Any] = []
    lab.service.script(EXPORT, Step(status=500))
    lab.wait(exports, telemetry_hook=events.append)
    return "a wait that ended in an error told nothing" if not events else None


@limitation("polling.stale-after-the-wait")
def probe_stale_after(lab: CheckContext) -> str | None:
    lab.sdk.needs("cache")
    lab.service.script(EXPORT, "CREATED", "READY")
    exports = waiter(lab)
    lab.given(partial(exports.get_export_status, EXPORT), "a status")
    lab.given(waiting(exports, EXPORT, timeout_sec=9.0), "the wait")
    status = lab.given(partial(exports.get_export_status, EXPORT), "a status")
    last = lab.polls()[-1].stamp
    return (
        f"after READY it answers {status.status} (stamp {stamp_of(status)} of {last})"
        if (str(status.status).upper() == "CREATED")
        else None
    )


def _cancellable(lab: CheckContext) -> Any:
    exports = pollster(lab)
    lab.sdk.needs("cancellation")
    return exports


def _talkative(lab: CheckContext) -> Any:
    exports = pollster(lab)
    lab.sdk.needs("telemetry")
    return exports
