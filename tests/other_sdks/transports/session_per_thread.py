"""A transport on requests, with a session for each thread that sends."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import requests

from .config import ClientConfig

NETWORK_ERRORS = (requests.RequestException,)


class Sessions(threading.local):
    def __init__(self) -> None:
        self.mine = requests.Session()


def open_session(config: ClientConfig) -> Sessions:
    return Sessions()


def exchange(
    session: Sessions,
    config: ClientConfig,
    method: str,
    url: str,
    headers: Mapping[str, str | None],
    json_body: object | None = None,
    params: Any = None,
) -> requests.Response:
    return session.mine.request(
        method=method,
        url=url,
        headers=headers,
        json=json_body,
        params=params,
        timeout=(config.connect_timeout_seconds, config.read_timeout_seconds),
        verify=config.verify_ssl,
    )
