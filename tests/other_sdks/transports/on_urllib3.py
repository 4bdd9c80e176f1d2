"""A transport on urllib3 itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import urllib3

from .config import ClientConfig
from .plain import Answer, Call, PlainError, call, followed

NETWORK_ERRORS = (urllib3.exceptions.HTTPError, PlainError)


def open_session(config: ClientConfig) -> urllib3.PoolManager:
    reqs = "CERT_REQUIRED" if config.verify_ssl else "CERT_NONE"
    return urllib3.PoolManager(maxsize=config.max_connections, cert_reqs=reqs)


def exchange(
    session: urllib3.PoolManager,
    config: ClientConfig,
    method: str,
    url: str,
    headers: Mapping[str, str | None],
    json_body: object | None = None,
    params: Any = None,
) -> Answer:
    timeout = urllib3.Timeout(connect=config.connect_timeout_seconds, read=config.read_timeout_seconds)

    def send(one: Call) -> Answer:
        response = session.request(
            one.method, one.url, body=one.body, headers=one.headers, timeout=timeout, retries=False, redirect=False
        )
        return Answer(response.status, response.headers, response.data)

    return followed(call(method, url, headers, json_body, params), send)
