"""What each check is given: clients of the loopback service, and the roads to it."""

import asyncio
from collections.abc import Callable
from typing import Any

from atalaya.harness import api

ASKED, MADE, OF_A_MODEL = "/v1/predictions/p1", "/v1/predictions", "/v1/models/acme/echo/predictions"
ROADS: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "get": ("GET", ASKED, lambda client: client.predictions.get("p1")),
    "async get": ("GET", ASKED, lambda client: asyncio.run(client.predictions.async_get("p1"))),
    "wait": ("GET", ASKED, lambda client: client.predictions.get("p1").wait()),
    "iterate": ("GET", ASKED, lambda client: list(client.predictions.get("p1").output_iterator())),
    "create": ("POST", MADE, lambda client: client.predictions.create("v1", {})),
    "create and wait": ("POST", OF_A_MODEL, lambda client: client.predictions.create(model="acme/echo", wait=True)),
    "run": ("POST", OF_A_MODEL, lambda client: client.run("acme/echo", {})),
}


class CheckContext(api.CheckContext):
    """A client on a loopback service of its own."""

    def take(self, road: str, *answers: api.Step | str, **options: Any) -> api.Attempt:
        """Take a road, which is answered so; the options are the client's."""
        method, path, call = ROADS[road]
        self.service.answer(method, path, *answers)
        client = self.build("Client", **{"api_token": "r8_check", "base_url": self.service.base_url} | options)
        return self.attempt(lambda: call(client), road)
