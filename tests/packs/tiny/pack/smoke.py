"""The smoke: a reading, on loopback or from a real service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atalaya.harness.api import FaultPlan, Sdk, Smoke, attempt, describe, require

from .fixture import CheckContext


class LoopbackSmoke(Smoke):
    """Readings on our own service."""

    def __init__(self, lab: CheckContext, waits: int, weather: FaultPlan) -> None:
        super().__init__()
        self.lab = lab
        self.planned = waits

    @property
    def steps(self) -> dict[str, Callable[[], None]]:
        return {"reading": self.reading}

    def reading(self) -> None:
        """Ask for a town as often as was planned."""
        failed = [made for made in (self.lab.degrees("oslo") for _ in range(self.planned)) if made.error is not None]
        self.requests = len(self.lab.log())
        for one in failed:
            self.saw_error(one.error, "degrees", self.lab.sdk.WeatherError)
        require(not failed, f"{len(failed)} of {self.planned} readings failed")


class ServiceSmoke(Smoke):
    """One reading from a real service."""

    def __init__(self, base_url: str, credentials: Mapping[str, Any]) -> None:
        super().__init__()
        self.base_url = base_url

    @property
    def steps(self) -> dict[str, Callable[[], None]]:
        return {"reading": self.reading}

    def reading(self) -> None:
        """Ask for a town once."""
        sdk = Sdk()
        made = attempt(lambda: sdk.Client(url=self.base_url).degrees("oslo"))
        self.requests = 1
        if made.error is not None:
            self.saw_error(made.error, "degrees", sdk.WeatherError)
            require(False, describe(made.error))
