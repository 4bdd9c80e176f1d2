"""What each check of this pack is given."""

from __future__ import annotations

from typing import Any

from atalaya.harness import api


class CheckContext(api.CheckContext):
    """A client on a loopback service of its own."""

    def client(self, url: str = "") -> Any:
        """A client that asks the loopback service, unless it is given another address."""
        return self.build("Client", url=url or self.service.base_url)

    def degrees(self, town: str) -> api.Attempt:
        """Ask for the degrees of a town."""
        client = self.client()
        return self.attempt(lambda: client.degrees(town), f"degrees({town!r})")
