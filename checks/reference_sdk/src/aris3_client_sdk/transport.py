"""How does one request cross the network? The only module that knows the HTTP library.

It is imported with the first client rather than with the package: the library is slow to load.
"""

from __future__ import annotations

import contextlib
import functools
import math
import ssl
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from .config import ClientConfig

NETWORK_ERRORS = (httpx.RequestError, httpx.InvalidURL)


class Session(httpx.Client):
    """A client whose pooled sockets are closed with it, also when nobody calls ``close``."""

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


def open_session(config: ClientConfig) -> httpx.Client:
    pool = httpx.Limits(max_connections=None, max_keepalive_connections=config.max_connections)
    return Session(verify=_tls(config.verify_ssl), limits=pool)


def exchange(
    session: httpx.Client,
    config: ClientConfig,
    method: str,
    url: str,
    headers: Mapping[str, str | None],
    json_body: object | None = None,
    params: Any = None,
) -> httpx.Response:
    """Send one request and read the whole answer. Raises one of ``NETWORK_ERRORS``."""
    connect, read = _seconds(config.connect_timeout_seconds), _seconds(config.read_timeout_seconds)
    return session.request(
        method=method,
        url=_with_query(url, params),
        headers=_one_per_name(headers),
        json=json_body,
        timeout=httpx.Timeout(connect=connect, read=read, write=read, pool=None),
        follow_redirects=True,
    )


@functools.cache
def _tls(verify_ssl: bool) -> ssl.SSLContext:
    """Once a process: reading the certificate store takes longer than a request."""
    return httpx.create_ssl_context(verify=verify_ssl)


def _seconds(timeout: float) -> float | None:
    """The configuration accepts ``inf``, a socket does not: it wants None for "no limit"."""
    return None if math.isinf(timeout) else timeout


def _one_per_name(headers: Mapping[str, str | None]) -> httpx.Headers:
    """The last spelling of a name wins, so that a caller's ``x-trace-id`` does not travel beside ours."""
    merged = httpx.Headers()
    for name, value in headers.items():
        if value is not None:
            merged[name] = value
    return merged


def _with_query(url: str, params: Mapping[str, Any] | Iterable[tuple[str, Any]] | None) -> httpx.URL:
    """Add ``params`` behind a query that the path may already carry; a value of None is left out."""
    target = httpx.URL(url)
    pairs = params.items() if isinstance(params, Mapping) else params or ()
    added = urlencode([(name, value) for name, value in pairs if value is not None], doseq=True).encode()
    return target.copy_with(query=b"&".join(filter(None, (target.query, added)))) if added else target
