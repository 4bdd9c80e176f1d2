"""Limitations of the wait for an export that the contract does not speak of."""

from __future__ import annotations

from atalaya.harness.declare import Limitations

# Beyond the contract: shown, and fed to the backlog.
LIMITATIONS = Limitations("polling")


@LIMITATIONS.add(against="polling.last-pause-is-whole")
def deadline_overshoot() -> None:
    """The last pause of a wait is not shortened to the time that is left.

    Proposal: Sleep for the interval or for what is left of the budget, whichever is shorter.
    """


@LIMITATIONS.add(against="polling.polls-are-retried")
def retries_outlast_the_budget() -> None:
    """The retries of one poll go on long after the budget of its wait is spent.

    Proposal: Hand the time that is left down to the request, and stop retrying when it is gone.
    """


@LIMITATIONS.add()
def cancel_looks_like_a_timeout() -> None:
    """A cancelled wait raises the very type of a wait that ran out of time.

    Proposal: Raise a subclass of TimeoutError for a cancellation, so that callers need not read its text.
    """


@LIMITATIONS.add(against="polling.cancel-is-asked-once-a-round")
def cancel_waits_for_the_pause() -> None:
    """A cancellation is noticed only when the current pause is over.

    Proposal: Pause in short steps, or on an event, and let the contract say so.
    """


@LIMITATIONS.add()
def budget_of_nan_never_ends() -> None:
    """A wait with a budget of nan never runs out of time.

    Proposal: Refuse a budget that is not a number before the first poll.
    """


@LIMITATIONS.add()
def interval_is_not_checked() -> None:
    """An interval of nan or infinity is found out only in the first pause, with an error that does not name it.

    Proposal: Refuse an interval that is not finite before the first poll.
    """


@LIMITATIONS.add(against="polling.wait-until-ready-is-the-same-wait")
def wait_until_ready_hides_the_outcome() -> None:
    """wait_until_ready returns for an export that failed as it does for one that is ready.

    Proposal: Give it an option to raise where the outcome is not COMPLETED, and say so in its documentation.
    """


@LIMITATIONS.add(against="polling.not-found-later-is-expired")
def expired_beside_created() -> None:
    """An export that vanishes is reported as EXPIRED beside a status that still reads CREATED.

    Proposal: Leave the status out of such a result, or mark it as the last one seen.
    """


@LIMITATIONS.add(against="polling.hook-errors-escape")
def hook_ends_the_wait() -> None:
    """A telemetry hook that fails ends a wait that was going well.

    Proposal: Catch what the hook raises and log it, once the contract allows it.
    """


@LIMITATIONS.add(against="polling.telemetry-is-silent-otherwise")
def silent_endings() -> None:
    """A wait that is cancelled or ends in an error tells its telemetry hook nothing.

    Proposal: Tell the end of every wait, whatever it was, once the contract has an event for it.
    """


@LIMITATIONS.add(against="polling.leaves-cache-entries-alone")
def stale_after_the_wait() -> None:
    """After a wait has seen READY, a plain status request may still answer CREATED from the cache.

    Proposal: Drop the export's cached answer when a wait ends, once the contract allows it.
    """
