"""A transport on httpx, asynchronous, with an event loop that lives for one request."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from .config import ClientConfig

NETWORK_ERRORS = (httpx.RequestError, httpx.InvalidURL)


@functools.cache
def _tls(verify_ssl: bool) -> ssl.SSLContext:
    return httpx.create_ssl_context(verify=verify_ssl)


def pause(seconds: float) -> None:
    asyncio.run(asyncio.sleep(seconds))


def open_session(config: ClientConfig) -> object:
    return object()  # there is nothing to keep


def exchange(
    session: object,
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

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(verify=_tls(config.verify_ssl)) as client:
            return await client.request(
                method=method,
                url=httpx.URL(url).copy_merge_params(params) if params else url,
                headers=merged,
                json=json_body,
                timeout=httpx.Timeout(connect=connect, read=read, write=read, pool=None),
                follow_redirects=True,
            )

    return asyncio.run(send())
