"""What each check of this pack is given: clients of the SDK on the loopback service, and calls into it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from atalaya.harness import api
from atalaya.harness.api import Attempt, CannotTell, Seen, is_argument, resolve, short, without_variables

EXPORT = "exp-1"


class CheckContext(api.CheckContext):
    """An SDK's clients on a loopback service of their own, in virtual time."""

    def polls(self, export_id: str = EXPORT) -> list[Seen]:
        """The status requests for one export that reached the service."""
        return self.log(f"/aris3/exports/{export_id}", "GET")

    def config(self, **changes: Any) -> Any:
        """A configuration for the loopback service: no retries, short socket time-outs."""
        fields: dict[str, Any] = {
            "env_name": "check",
            "api_base_url": self.service.base_url,
            "connect_timeout_seconds": 2.0,
            "read_timeout_seconds": 5.0,
            "retries": 0,
            "retry_backoff_seconds": 0.0,
        } | changes
        return self.build("ClientConfig", **fields)

    def http(self, *, client: type[Any] | None = None, config: Any = None, **fields: Any) -> Any:
        """An HTTP client on the loopback service. A field that its constructor does not take is set afterwards."""
        config = config or self.config()
        later = {name: fields.pop(name) for name in list(fields) if not is_argument("HttpClient", name)}
        http = self.built(partial(client or self.sdk.HttpClient, config=config, **fields), "HttpClient")
        for name, value in later.items():
            setattr(http, name, value)
        return http

    def exports(self, http: Any = None, **fields: Any) -> Any:
        """An exports client, on an HTTP client of its own unless one is given."""
        http = http or self.http()
        return self.build("ExportsClient", http=http, **fields)

    def pollster(self) -> Any:
        """An exports client with no cache: for what must hold of a wait whatever a cache does to it."""
        return self.exports(self.uncached())

    def uncached(self, **fields: Any) -> Any:
        """An HTTP client with its cache switched off, if it has one."""
        switch = {"enable_get_cache": False} if self.sdk.has("cache") else {}
        return self.http(**{**switch, **fields})

    def library_of(self, http: Any) -> str:
        """The library whose session an HTTP client shows: ``requests``, ``httpx``, or empty for neither."""
        made_of = {kind.__module__.partition(".")[0] for kind in type(getattr(http, "session", None)).__mro__}
        return next((name for name in ("requests", "httpx") if name in made_of), "")

    def get(self, http: Any, path: str, **options: Any) -> Attempt:
        """A GET through the SDK."""
        return self.attempt(partial(http.request, "GET", path, **options), f"GET {path}")

    def post(self, http: Any, path: str, **options: Any) -> Attempt:
        """A POST through the SDK."""
        return self.attempt(partial(http.request, "POST", path, json_body={"a": 1}, **options), f"POST {path}")

    def need_hits(self, http: Any) -> None:
        """Go on only with a cache that serves a repeated GET: without hits, there is nothing to judge by them.

        :raises CannotTell: it does not.
        """
        for _ in range(2):
            self.given(partial(http.request, "GET", "/aris3/control"), "a GET")
        if len(self.log("/aris3/control")) != 1:
            raise CannotTell("a GET repeated at once is not served from the cache: see cache.repeats-are-served")

    def wait(self, exports: Any, export_id: str = EXPORT, **options: Any) -> Attempt:
        """Wait for an export, every 0.2 s within 10 s unless told otherwise."""
        options = {"timeout_sec": 10.0, "poll_interval_sec": 0.2} | options
        told = ", ".join([repr(export_id), *(f"{name}={short(value)}" for name, value in options.items())])
        return self.attempt(
            partial(exports.wait_for_export_ready, export_id, **options), f"wait_for_export_ready({told})"
        )

    def load_config(self, variables: Mapping[str, str], env_file: str = "") -> Attempt:
        """load_config with these ``ARIS3_*`` variables and no others, and no file but the one given."""
        without_variables("ARIS3_")
        os.environ.update(variables)
        told = " ".join(f"{name}={value!r}" for name, value in variables.items()) or "no variables"
        return self.attempt(partial(self.sdk.load_config, env_file), f"load_config({env_file!r}) with {told}")


def warm_up() -> Any:
    """A first client, so that what the SDK imports late is imported once for all checks."""
    config = resolve("ClientConfig")(env_name="check", api_base_url="http://127.0.0.1:9")
    return resolve("HttpClient")(config=config)


def outcome_of(wait: Attempt) -> str:
    """The outcome of a wait that returned, as the contract writes it: ``COMPLETED``."""
    outcome = getattr(wait.value, "outcome", None)
    value = getattr(outcome, "value", outcome)
    return str(value)


def stamp_of(status: Any) -> int | None:
    """The stamp that the service put into the status that the SDK read."""
    stamp = getattr(status, "row_count", None)
    return stamp if isinstance(stamp, int) and not isinstance(stamp, bool) else None
