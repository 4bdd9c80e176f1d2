"""The smoke: predictions are waited for, many on loopback, and the newest one of the real service."""

from collections.abc import Callable, Mapping
from typing import Any

from httpx import TransportError

from atalaya.harness.api import FaultPlan, Sdk, Smoke, attempt, require

from .fixture import CheckContext

LIFE = ("starting", "processing", "succeeded")


class LoopbackSmoke(Smoke):
    """Predictions of our own service, one after another."""

    def __init__(self, lab: CheckContext, waits: int, weather: FaultPlan) -> None:
        super().__init__()
        for number in range(waits):
            lab.service.script(f"p{number}", *weather.spoiled(number, LIFE))
        self.predictions = lab.sdk.Client("r8_smoke", base_url=lab.service.base_url).predictions
        self.ids = lambda: [f"p{number}" for number in range(waits)]

    @property
    def steps(self) -> dict[str, Callable[[], None]]:
        return {"waits": self.wait_for_all}

    def wait_for_all(self) -> None:
        """Each prediction is waited for until it has finished."""
        for id in self.ids():
            made = self.twice(lambda id=id: attempt(lambda: self.predictions.get(id).wait()), "wait", TransportError)
            self.waits, self.requests = self.waits + 1, self.requests + len(LIFE)
            require(made.error is None, f"the wait for {id} {made.said()}")


class ServiceSmoke(LoopbackSmoke):
    """The newest prediction of the real service: none is made, and nothing charged."""

    def __init__(self, base_url: str, credentials: Mapping[str, Any]) -> None:
        Smoke.__init__(self)
        self.predictions = Sdk().Client(base_url=base_url, **credentials).predictions
        self.ids = lambda: [one.id for one in self.predictions.list()][:1]
