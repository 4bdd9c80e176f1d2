"""A transport on requests, sent by a thread pool while the caller waits."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from .config import ClientConfig

NETWORK_ERRORS = (requests.RequestException,)


class Pool:
    def __init__(self, config: ClientConfig) -> None:
        self.session = requests.Session()
        self.workers = ThreadPoolExecutor(config.max_connections, thread_name_prefix="aris3")


def open_session(config: ClientConfig) -> Pool:
    return Pool(config)


def exchange(
    session: Pool,
    config: ClientConfig,
    method: str,
    url: str,
    headers: Mapping[str, str | None],
    json_body: object | None = None,
    params: Any = None,
) -> requests.Response:
    return session.workers.submit(
        session.session.request,
        method=method,
        url=url,
        headers=headers,
        json=json_body,
        params=params,
        timeout=(config.connect_timeout_seconds, config.read_timeout_seconds),
        verify=config.verify_ssl,
    ).result()
