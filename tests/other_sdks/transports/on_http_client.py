"""A transport on the standard library, with a connection for each request."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .config import ClientConfig
from .plain import Answer, Call, PlainError, call, followed

NETWORK_ERRORS = (OSError, http.client.HTTPException, PlainError)


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
) -> Answer:
    def send(one: Call) -> Answer:
        connection = _connection(config, one.url)
        try:
            connection.connect()
            connection.sock.settimeout(config.read_timeout_seconds)
            connection.request(one.method, one.target, body=one.body, headers=one.headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    return followed(call(method, url, headers, json_body, params), send)


def _connection(config: ClientConfig, url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    wait = config.connect_timeout_seconds
    if parts.scheme == "http" and parts.hostname:
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=wait)
    if parts.scheme == "https" and parts.hostname:
        context = ssl.create_default_context() if config.verify_ssl else ssl._create_unverified_context()
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=wait, context=context)
    raise PlainError(f"{url!r} is no address of a service")
