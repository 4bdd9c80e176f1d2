"""Walks the steps of a smoke, and counts what happens on the way.

The steps are the check pack's. Lives in the SDK's process. On loopback they go through many waits in virtual time, and
what the service served is their witness; against a real service they go through few, in real time.

A call that ends with an error of the network is tried once more, as its user would. Where that goes well, the error is
kept as one that blocked nothing, and the step goes on; else all of its errors blocked it.
"""

from __future__ import annotations

import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import msgspec

from atalaya.core.errors import HarnessError
from atalaya.harness.fault_plan import FaultPlan
from atalaya.harness.fixture import Attempt, CheckContext
from atalaya.harness.outcomes import Broken, NotApplicable, describe
from atalaya.harness.start import why_not_started
from atalaya.harness.virtual_clock import VirtualClock
from atalaya.mock_server.control import Control, Seen
from atalaya.records.results import SmokeEvent, SmokeExport, SmokeStep
from atalaya.records.stored import EventKind, Outcome

TOO_MANY = 429  # what a service answers that wants to be asked later
FAILED_FROM = 500
REACH_S = 5.0  # real seconds in which a service that is there takes a connection


def run(order: dict[str, Any], clock: VirtualClock | None, smokes: ModuleType, fixture: ModuleType) -> dict[str, Any]:
    """Walk the steps; what is not yet known on this side is added on the other.

    :param smokes: the pack's module: its ``LoopbackSmoke`` where there is a clock, else its ``ServiceSmoke``.
    :param fixture: the pack's module: its ``CheckContext``, and the ``warm_up`` that builds a first client, if any.
    """
    start_error = why_not_started(order["package"], getattr(fixture, "warm_up", None))
    smoke: Smoke
    if clock is not None:
        lab: type[CheckContext] = fixture.CheckContext
        room = lab(Control(order["control_port"]), clock, Path.cwd())
        smoke = smokes.LoopbackSmoke(room, order["waits"], msgspec.convert(order["weather"], FaultPlan))
    else:
        smoke = smokes.ServiceSmoke(order["base_url"], order["credentials"])
    return {
        "base_url": order["base_url"],
        "steps": [_walked(smoke, id, walk, order["base_url"]) for id, walk in smoke.steps.items()],
        "events": smoke.events,
        "requests": smoke.requests,
        "polls": smoke.polls,
        "waits": smoke.waits,
        "trials": smoke.trials,
        "retries": smoke.retries,
        "exports": smoke.exports,
        "clock": "virtual" if clock is not None else "real",
        "start_error": start_error,
    }


class Smoke(ABC):
    """The steps of a smoke, and what is counted on the way."""

    def __init__(self) -> None:
        self.events: list[SmokeEvent] = []
        self.exports: list[SmokeExport] = []
        self.requests = self.polls = self.waits = self.trials = 0
        self.retries: int | None = None  # a smoke that does not look for them has not seen that there are none

    @property
    @abstractmethod
    def steps(self) -> dict[str, Callable[[], None]]:
        """The steps in order, by their ids. A step says what it found as a check does."""

    def saw(self, kind: EventKind, place: str, message: str, *, blocking: bool = True) -> None:
        """Something that a metric counts. It stops the step that it happens in, unless a second try went well."""
        self.events.append(SmokeEvent(kind=kind, place=place, message=message[:500], blocking=blocking))

    def waited(self, state: str, took_s: float | None, polls: int) -> None:
        """A wait: what state it ended in, and how long that took if it is the last one."""
        took_ms = None if took_s is None else float(round(took_s * 1000))
        self.exports.append(SmokeExport(state=state, took_ms=took_ms, polls=polls))

    def twice(self, call: Callable[[], Attempt], place: str, transport: type[BaseException]) -> Attempt:
        """Make a call, and once more where the network took it. The time is that of both."""
        first = call()
        if not isinstance(first.error, transport):
            return first
        second = call()
        self.saw(EventKind.NETWORK_ERROR, place, describe(first.error), blocking=second.error is not None)
        return second._replace(
            started_s=first.started_s, elapsed_s=second.started_s + second.elapsed_s - first.started_s
        )

    def saw_error(self, error: BaseException, place: str, transport: type[BaseException]) -> None:
        if isinstance(error, transport):
            self.saw(EventKind.NETWORK_ERROR, place, describe(error))
        elif isinstance(error, TimeoutError):
            self.saw(EventKind.POLLING_TIMEOUT, place, describe(error))


def retries_in(log: Sequence[Seen]) -> int:
    """How many requests were sent again: the last one for the same thing was not answered, or the service failed it.

    Whoever sent it again, the SDK or its user.
    """
    failed: dict[tuple[str, str], bool] = {}
    again = 0
    for seen in log:
        asked = (seen.method, seen.path)
        again += failed.get(asked, False)
        failed[asked] = seen.status is None or seen.status == TOO_MANY or seen.status >= FAILED_FROM
    return again


def attempt(call: Callable[[], Any]) -> Attempt:
    """Make a call in real time, and keep what becomes of it."""
    started_s = time.monotonic()
    value, error = None, None
    try:
        value = call()
    except Exception as raised:
        error = raised
    return Attempt(value, error, started_s, time.monotonic() - started_s)


def _walked(smoke: Smoke, id: str, walk: Callable[[], None], base_url: str) -> SmokeStep:
    """A step as it ended. That a real service is down is no fault of the SDK: what it hindered is unknown."""
    before = len(smoke.events)
    step = _step(id, walk)
    hindered = any(event.kind is EventKind.NETWORK_ERROR and event.blocking for event in smoke.events[before:])
    if not base_url or step.outcome is not Outcome.BROKEN or not hindered or not (why := _why_out_of_reach(base_url)):
        return step
    return msgspec.structs.replace(
        step, outcome=Outcome.UNKNOWN, reason=f"nothing answers at {base_url} ({why}): start it, or give its address"
    )


def _why_out_of_reach(base_url: str) -> str:
    """Why no connection to the service can be made from here, without the SDK; empty where one can."""
    url = urlsplit(base_url)
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        socket.create_connection((url.hostname or "", port), timeout=REACH_S).close()
    except OSError as why:
        return why.strerror or str(why) or type(why).__name__
    return ""


def _step(id: str, walk: Callable[[], None]) -> SmokeStep:
    started_s = time.perf_counter()
    outcome, reason = Outcome.KEPT, ""
    try:
        walk()
    except Broken as why:
        outcome, reason = Outcome.BROKEN, str(why)
    except NotApplicable as why:
        outcome, reason = Outcome.NOT_APPLICABLE, str(why)
    except HarnessError as why:
        outcome, reason = Outcome.UNKNOWN, str(why)
    except Exception as why:
        outcome, reason = Outcome.UNKNOWN, f"the smoke itself failed: {describe(why)}"
    return SmokeStep(id=id, outcome=outcome, reason=reason, duration_s=round(time.perf_counter() - started_s, 4))
