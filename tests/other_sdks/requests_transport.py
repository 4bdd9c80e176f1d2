"""A transport on requests: a second SDK, for checks that must not know the first.

Takes the place of the reference SDK's own transport module in a copy of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from .config import ClientConfig

NETWORK_ERRORS = (requests.RequestException,)


def open_session(config: ClientConfig) -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=config.max_connections, max_retries=0))
    return session


def exchange(
    session: requests.Session,
    config: ClientConfig,
    method: str,
    url: str,
    headers: Mapping[str, str | None],
    json_body: object | None = None,
    params: Any = None,
) -> requests.Response:
    return session.request(
        method=method,
        url=url,
        headers=headers,
        json=json_body,
        params=params,
        timeout=(config.connect_timeout_seconds, config.read_timeout_seconds),
        verify=config.verify_ssl,
    )
