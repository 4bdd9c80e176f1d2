"""The runbook's smoke: strict config, CREATED to READY, and a cache that stays out of polling.

On loopback it waits for many exports; against a real service it waits for one.
"""

from __future__ import annotations

import os
import uuid
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from atalaya.harness.api import (
    NO_FAULTS,
    Broken,
    EventKind,
    FaultPlan,
    NotApplicable,
    Sdk,
    Smoke,
    attempt,
    describe,
    require,
    without_variables,
)

from .fixture import CheckContext, outcome_of, stamp_of

LIFE = ("CREATED", "CREATED", "READY")
CACHED = "/aris3/reports/overview"


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
        self.requests = len(self.lab.log())
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
        wait = self.twice(lambda: lab.wait(exports, export_id, timeout_sec=30.0), place, transport)
        polls = [seen for seen in lab.polls(export_id) if lab.at_s(seen) >= wait.started_s]
        self.polls += len(polls)
        if lab.sdk.has("cache"):
            self.trials += 1
        if wait.error is not None and not polls and not isinstance(wait.error, TimeoutError):
            self.saw_error(wait.error, place, transport)
            return wait.said()
        if not polls or lab.at_s(polls[0]) - wait.started_s > 0.1:
            self.saw(
                EventKind.STALE_READ,
                place,
                f"the first poll was answered from the cache, stamp {stamp_of(primed.value)}",
            )
            return "a stale read"
        if wait.error is not None:
            self.saw_error(wait.error, place, transport)
            return wait.said()
        if stamp_of(wait.value.status) != polls[-1].stamp:
            self.saw(EventKind.STALE_READ, place, "the status returned is not the last one served")
            return "a stale read"
        return "" if outcome_of(wait) == "COMPLETED" else f"the outcome is {outcome_of(wait)}"

    def cache_outside_polling(self) -> None:
        if not self.lab.sdk.has("cache"):
            raise NotApplicable("this SDK does not have a cache of GETs")
        http = self.lab.http()
        for _ in range(2):
            self.lab.given(lambda: http.request("GET", CACHED), "a GET")
        sent = len(self.lab.log(CACHED))
        self.requests += sent
        require(sent == 1, f"a GET repeated at once was sent {sent} times")


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
        self.polls += self.requests - before
        result = waited.value
        outcome = str(getattr(result.outcome, "value", result.outcome))
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
