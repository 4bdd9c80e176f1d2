"""Helpers shared by the checks of exports and of waits.

A client that has what they need, waits still to be made, and ways to say that a wait ended well.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

from atalaya.harness.api import (
    Attempt,
    CannotTell,
    HarnessError,
    Lacking,
    NotApplicable,
    Step,
    describe,
    has_method,
    package,
    require,
    short,
    words,
)

from .fixture import EXPORT, CheckContext, outcome_of, stamp_of

# Far longer than any budget here: a wait that never gives up returns in the end, and is found out.
FOREVER: tuple[str | Step, ...] = ("CREATED",) * 100 + ("READY",)

WAIT = "wait_for_export_ready"
PAYLOAD = {"source_type": "reports_daily", "format": "csv", "filters": {}, "transaction_id": "tx-1"}  # no less
BRISK_S = 0.2  # how often the waits of most checks poll: as often as the contract allows
LONGER = 1.5  # a pause may be that much longer than asked: jitter is healthy


def needs(lab: CheckContext, *methods: str) -> None:
    """Go on only with an SDK that has a client of exports, with these methods.

    :raises NotApplicable: it does not.
    """
    missing = [name for name in methods if name not in having(lab, *methods)]
    if missing:
        raise NotApplicable(f"this SDK's client of exports does not have {words(missing)}")


def having(lab: CheckContext, *methods: str) -> list[str]:
    """Those of these methods that the SDK's client of exports has.

    :raises NotApplicable: it has none of them.
    """
    try:
        found = [name for name in methods if has_method("ExportsClient", name)]
    except (ImportError, AttributeError) as why:
        if _is_absence(why):
            raise NotApplicable("this SDK does not have a client of exports") from why
        raise HarnessError(f"the client of exports cannot be had: {describe(why)}") from why
    if not found:
        raise NotApplicable(f"this SDK's client of exports does not have {words(methods)}")
    return found


def _is_absence(why: Exception) -> bool:
    """Whether the name is not there, as opposed to a module that is there and cannot be imported."""
    if isinstance(why, ModuleNotFoundError):
        return (why.name or "").startswith(package())
    return isinstance(why, Lacking) or (isinstance(why, AttributeError) and why.name == "ExportsClient")


def waiter(lab: CheckContext, **fields: Any) -> Any:
    """A client of exports that can wait, on an HTTP client as users build it."""
    needs(lab, WAIT)
    return lab.exports(lab.http(**fields))


def pollster(lab: CheckContext, **settings: Any) -> Any:
    """A client of exports that can wait, with no cache: for what holds whatever a cache does to it."""
    needs(lab, WAIT)
    return lab.exports(lab.uncached(config=lab.config(**settings)))


def asker(lab: CheckContext, *methods: str) -> Any:
    """A client of exports that has these methods, with no cache."""
    needs(lab, *methods)
    return lab.exports(lab.uncached())


def waiting(exports: Any, export_id: str, **options: Any) -> Callable[[], Any]:
    """A wait still to be made, every 0.2 s within 20 s unless told otherwise."""
    options = {"timeout_sec": 20.0, "poll_interval_sec": BRISK_S} | options
    return partial(exports.wait_for_export_ready, export_id, **options)


def completed(wait: Attempt) -> None:
    """Require that a wait returned, and with the outcome COMPLETED."""
    require(wait.error is None, f"the wait {wait.said()} instead of returning COMPLETED")
    require(outcome_of(wait) == "COMPLETED", f"the outcome is {outcome_of(wait)}, not COMPLETED")


def timed_out(wait: Attempt, budget_s: float) -> None:
    """Go on only with a wait that ran out of its budget, which another promise is about."""
    if not isinstance(wait.error, TimeoutError):
        raise CannotTell(f"there is no time-out to judge: the wait {wait.said()}")
    if wait.elapsed_s < budget_s - 1e-3:
        raise CannotTell(f"it gave up after {wait.elapsed_s:.3f} of {budget_s:g} s, before its budget was spent")


def at_once(lab: CheckContext, wait: Attempt, export_id: str) -> None:
    """Require that a wait ended with its last poll, and not a pause later."""
    late_s = wait.started_s + wait.elapsed_s - lab.at_s(lab.polls(export_id)[-1])
    require(late_s < BRISK_S / 2, f"the wait ended {late_s:.1f} s after its last poll")


def ended_by(lab: CheckContext, wait: Attempt, plain: Attempt, export_id: str, polls: int) -> None:
    """Require that a wait ended at once, with the error that a plain status request raises for the same answer."""
    if plain.error is None:
        raise CannotTell(f"a plain status request {plain.said()}, so there is no error to end a wait")
    expected = type(plain.error)
    require(
        type(wait.error) is expected,
        f"the wait {wait.said()} instead of raising {expected.__name__} as a plain status request does",
    )
    status = getattr(plain.error, "status_code", None)
    told = getattr(wait.error, "status_code", None)
    require(told == status, f"the error tells of status {told} instead of {status}: the wait {wait.said()}")
    sent = len(lab.polls(export_id))
    require(sent == polls, f"{sent} polls on the wire instead of {polls}: it did not end the wait at once")


def sent_as(lab: CheckContext, expected: list[tuple[str, str]], after: int = 0) -> None:
    """Require that what reached the service, but for the first so many requests, is this and nothing else."""
    sent = [(seen.method, seen.path) for seen in lab.log()[after:]]
    told, wanted = (words([" ".join(one) for one in some]) or "nothing" for some in (sent, expected))
    require(sent == expected, f"it sent {told} instead of {wanted}")


def stamp_shown(lab: CheckContext, status: Any, export_id: str = EXPORT) -> int:
    """The stamp that a status shows, which says by which answer of the service it came.

    :raises CannotTell: it shows none that the service has put into an answer for this export.
    """
    stamp = stamp_of(status)
    if stamp is None or stamp not in [seen.stamp for seen in lab.polls(export_id)]:
        raise CannotTell(f"the status shows no stamp of an answer, so nobody can say how old it is: {short(status)}")
    return stamp


def gaps_of(lab: CheckContext, export_id: str = EXPORT) -> list[float]:
    """Virtual seconds between the polls for an export.

    :raises CannotTell: there are too few to measure one that is not the last, which may be cut short.
    """
    at_s = [lab.at_s(seen) for seen in lab.polls(export_id)]
    if len(at_s) < 3:
        raise CannotTell(f"{len(at_s)} polls on the wire: there is no pause to measure")
    return [later - earlier for earlier, later in pairwise(at_s)]
