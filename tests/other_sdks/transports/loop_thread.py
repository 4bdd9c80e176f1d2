"""A transport on httpx, asynchronous, on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import functools
import ssl
import threading
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

import httpx

from .config import ClientConfig

NETWORK_ERRORS = (httpx.RequestError, httpx.InvalidURL)
T = TypeVar("T")


class Loop:
    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="aris3-loop", daemon=True).start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


_loop: Loop | None = None
_guard = threading.Lock()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    global _loop
    with _guard:
        if _loop is None:
            _loop = Loop()
    return _loop.run(coroutine)


@functools.cache
def _tls(verify_ssl: bool) -> ssl.SSLContext:
    return httpx.create_ssl_context(verify=verify_ssl)


def pause(seconds: float) -> None:
    run(asyncio.sleep(seconds))


def open_session(config: ClientConfig) -> httpx.AsyncClient:
    pool = httpx.Limits(max_connections=None, max_keepalive_connections=config.max_connections)
    return httpx.AsyncClient(verify=_tls(config.verify_ssl), limits=pool)


def exchange(
    session: httpx.AsyncClient,
    config: ClientConfig,
    method: str,
    url: str,
    headers: Mapping[str, str | None],
    json_body: object | None = None,
    params: Any = None,
) -> httpx.Response:
    merged = httpx.Headers()
    for name, value in headers.items():
        if value is not None:
            merged[name] = value
    connect, read = config.connect_timeout_seconds, config.read_timeout_seconds
    return run(
        session.request(
            method=method,
            url=httpx.URL(url).copy_merge_params(params) if params else url,
            headers=merged,
            json=json_body,
            timeout=httpx.Timeout(connect=connect, read=read, write=read, pool=None),
            follow_redirects=True,
        )
    )
