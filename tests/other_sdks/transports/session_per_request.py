"""A transport on requests, with a session that lives for one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from .config import ClientConfig

NETWORK_ERRORS = (requests.RequestException,)


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
) -> requests.Response:
    with requests.Session() as once:
        return once.request(
            method=method,
            url=url,
            headers=headers,
            json=json_body,
            params=params,
            timeout=(config.connect_timeout_seconds, config.read_timeout_seconds),
            verify=config.verify_ssl,
        )
