"""The runbook's smoke: strict config, CREATED to READY, and a cache that stays out of polling.

On loopback it waits for many exports; against a real service it waits for one.
"""

from __future__ import annotations

import os
import uuid
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from atalaya.harness.api import (
    NO_FAULTS,
    Attempt,
    Broken,
    EventKind,
    FaultPlan,
    NotApplicable,
    Sdk,
    Seen,
    Smoke,
    attempt,
    describe,
    require,
    retries_in,
    without_variables,
)

from .fixture import CheckContext, outcome_of, stamp_of

LIFE = ("CREATED", "CREATED", "READY")
ENDS = ("READY", "FAILED")
STATE_OF = {"COMPLETED": "READY", "FAILED": "FAILED"}  # what the outcome of a wait says of its export
CACHED = "/aris3/reports/overview"
BUDGET_S, INTERVAL_S = 30.0, 0.2
AT_ONCE_S = INTERVAL_S / 2  # what comes later than this was not the next thing that the wait did


class ThreeSteps(Smoke):
    """What both smokes walk through."""

    @property
    def steps(self) -> dict[str, Callable[[], None]]:
        return {
            "strict-config": self.strict_config,
            "created-to-ready": self.created_to_ready,
            "cache-outside-polling": self.cache_outside_polling,
        }

    @abstractmethod
    def strict_config(self) -> None:
        """Without a URL there is no configuration; with one, there is."""

    @abstractmethod
    def created_to_ready(self) -> None:
        """A wait ends with its export READY."""

    @abstractmethod
    def cache_outside_polling(self) -> None:
        """A GET that is repeated at once is served from the cache."""


class LoopbackSmoke(ThreeSteps):
    """Many waits on our own service, each beside a status that was cached before it."""

    def __init__(self, lab: CheckContext, waits: int, weather: FaultPlan = NO_FAULTS) -> None:
        super().__init__()
        self.lab = lab
        self.planned = waits
        self.weather = weather

    def strict_config(self) -> None:
        refused = self.lab.load_config({})
        require(isinstance(refused.error, self.lab.sdk.ConfigError), f"without a URL, load_config {refused.said()}")
        taken = self.lab.load_config({"ARIS3_API_BASE_URL": self.lab.service.base_url})
        require(taken.error is None, f"with a URL, load_config {taken.said()}")

    def created_to_ready(self) -> None:
        bad = []
        for number in range(self.planned):
            export_id = f"smoke-{number:04d}"
            self.lab.service.script(export_id, *self.weather.spoiled(number, LIFE))
            if problem := self._one_wait(export_id):
                bad.append(problem)
        log = self.lab.log()
        self.requests, self.retries = len(log), retries_in(log)
        require(not bad, f"{len(bad)} of {self.planned} waits failed; the first: {bad[:1]}")

    def _one_wait(self, export_id: str) -> str:
        """One wait beside a cached status; the problem in words, or nothing."""
        lab, place, get = self.lab, f"wait_for_export_ready({export_id})", f"get_export_status({export_id})"
        transport = lab.sdk.TransportError
        exports = lab.exports(lab.http())
        primed = self.twice(lambda: lab.attempt(lambda: exports.get_export_status(export_id)), get, transport)
        if primed.error is not None:
            self.saw_error(primed.error, get, transport)
            return primed.said()
        self.waits += 1
        heard: list[Any] = []
        hook = {"telemetry_hook": heard.append} if lab.sdk.has("telemetry") else {}
        budget = {"timeout_sec": BUDGET_S, "poll_interval_sec": INTERVAL_S}
        wait = self.twice(lambda: lab.wait(exports, export_id, **budget, **hook), place, transport)
        polls = [seen for seen in lab.polls(export_id) if lab.at_s(seen) >= wait.started_s]
        self.polls += len(polls)
        told = [seen.state for seen in polls if seen.state]
        took_s = wait.started_s + wait.elapsed_s - primed.started_s - primed.elapsed_s
        self.waited(told[-1] if told else "", took_s if told and told[-1] in ENDS else None, len(polls))
        if lab.sdk.has("cache"):
            self.trials += 1
        none_made = bool(hook) and not _told(heard)
        if wait.error is not None and not polls and (none_made or not isinstance(wait.error, TimeoutError)):
            self.saw_error(wait.error, place, transport)
            return wait.said()
        if stale := self._stale(wait, polls, _told(heard), stamp_of(primed.value)):
            self.saw(EventKind.STALE_READ, place, stale)
            return "a stale read"
        if wait.error is not None and isinstance(wait.error, (transport, TimeoutError)):
            self.saw_error(wait.error, place, transport)
            return wait.said()
        return self._ended(wait, place)

    def _stale(self, wait: Attempt, polls: Sequence[Seen], told: int, before: int | None) -> str:
        """What shows that the wait read an older status than the service's; empty where nothing does.

        :param told: how many polls the wait says it made; 0 where it has no way to say so.
        :param before: the stamp of the status that was cached before it.
        """
        at_s = [self.lab.at_s(seen) for seen in polls]
        if not polls or at_s[0] - wait.started_s > AT_ONCE_S:
            return f"the first poll was answered from the cache, stamp {before}"
        served = [self.lab.at_s(seen) for seen in polls if seen.stamp is not None]
        # An SDK that waits longer than asked leaves a gap too, but then as many polls were served as it tells of.
        since_s = [wait.started_s - INTERVAL_S, *served]
        gaps = [one - other > INTERVAL_S + AT_ONCE_S for other, one in zip(since_s, served, strict=False)]
        if told > len(served) and (any(gaps) or not served):
            return f"the poll was answered from the cache: of {told} polls the service served {len(served)}"
        if wait.error is None and stamp_of(wait.value.status) != polls[-1].stamp:
            return "the status returned is not the last one served"
        return ""

    def _ended(self, wait: Attempt, place: str) -> str:
        """The problem of a wait that neither the network nor a TimeoutError ended, in words, or nothing."""
        said = wait.said() if wait.error is not None else f"the outcome is {outcome_of(wait)}"
        if wait.error is None and outcome_of(wait) == "COMPLETED":
            return ""
        if wait.elapsed_s >= BUDGET_S:  # whatever it calls that
            self.saw(EventKind.POLLING_TIMEOUT, place, f"{said}, after {wait.elapsed_s:g} s")
        return said

    def cache_outside_polling(self) -> None:
        if not self.lab.sdk.has("cache"):
            raise NotApplicable("this SDK does not have a cache of GETs")
        http = self.lab.http()
        for _ in range(2):
            self.lab.given(lambda: http.request("GET", CACHED), "a GET")
        sent = len(self.lab.log(CACHED))
        self.requests += sent
        require(sent == 1, f"a GET repeated at once was sent {sent} times")


def _told(heard: Sequence[Any]) -> int:
    """How many answered polls the telemetry of a wait tells of."""
    return sum(isinstance(one, Mapping) and one.get("event") == "export_poll_status" for one in heard)


class ServiceSmoke(ThreeSteps):
    """One wait on a real service. What the service served cannot be seen, so no stale read can be proven."""

    def __init__(self, base_url: str, credentials: dict[str, str]) -> None:
        super().__init__()
        self.sdk = Sdk()
        self.base_url = base_url
        self.credentials = credentials

    def strict_config(self) -> None:
        without_variables("ARIS3_")
        try:
            found = self.sdk.load_config("")
        except self.sdk.ConfigError:
            pass
        else:
            raise Broken(f"without a URL, load_config returned {getattr(found, 'api_base_url', found)!r}")
        self._config()

    def _config(self) -> Any:
        os.environ["ARIS3_API_BASE_URL"] = self.base_url
        return self.sdk.load_config("")

    def _exports(self) -> Any:
        known = ("access_token", "tenant_id", "app_id", "device_id")
        who = {name: self.credentials[name] for name in known if self.credentials.get(name)}
        http = self.sdk.HttpClient(config=self._config(), after_response=self._count)
        return self.sdk.ExportsClient(http=http, **who)

    def _count(self, _: Any) -> None:
        # Called for what the service answered: a hit in the cache is no request.
        self.requests += 1

    def saw(self, kind: EventKind, place: str, message: str, *, blocking: bool = True) -> None:
        """Count a request that was never answered: it is one all the same."""
        self.requests += kind is EventKind.NETWORK_ERROR
        super().saw(kind, place, message, blocking=blocking)

    def _failed(self, error: BaseException, place: str) -> Broken:
        """Count a call that failed."""
        self.saw_error(error, place, self.sdk.TransportError)
        return Broken(describe(error))

    def created_to_ready(self) -> None:
        exports = self._exports()
        try:
            created = exports.request_export(
                {
                    "source_type": "reports_daily",
                    "format": "csv",
                    "transaction_id": str(uuid.uuid4()),
                    "filters": {"store_id": self.credentials.get("store_id") or None},
                }
            )
            self.waits += 1
            before = self.requests
        except Exception as error:
            raise self._failed(error, "request_export") from error
        place = "wait_for_export_ready"
        waited = self.twice(
            lambda: attempt(lambda: exports.wait_for_export_ready(created.export_id, timeout_sec=120.0)),
            place,
            self.sdk.TransportError,
        )
        if waited.error is not None:
            raise self._failed(waited.error, place) from waited.error
        polls = self.requests - before
        self.polls += polls
        outcome = outcome_of(waited)
        state = STATE_OF.get(outcome, "")
        self.waited(state, waited.elapsed_s if state in ENDS else None, polls)
        require(outcome == "COMPLETED", f"the outcome is {outcome}")

    def cache_outside_polling(self) -> None:
        exports = self._exports()
        if not self.sdk.has("cache"):
            raise NotApplicable("this SDK does not have a cache of GETs")
        before = self.requests
        try:
            exports.list_recent_exports()
            exports.list_recent_exports()
        except Exception as error:
            raise self._failed(error, "list_recent_exports") from error
        sent = self.requests - before
        require(sent == 1, f"a list repeated at once was answered by the service {sent} times")
