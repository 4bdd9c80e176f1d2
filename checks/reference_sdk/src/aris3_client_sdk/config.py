"""Where is the service, and how patient is a client with it?"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Number = TypeVar("Number", int, float)

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})


class ConfigError(ValueError):
    """The environment does not describe a usable client; the message names the variable."""


@dataclass(frozen=True)
class ClientConfig:
    """One client's settings, in seconds. Built directly, nothing is checked: ``load_config`` does that."""

    env_name: str
    api_base_url: str
    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 15.0
    retries: int = 3
    retry_backoff_seconds: float = 0.3
    retry_jitter_enabled: bool = False
    retry_jitter_min_seconds: float = 0.0
    retry_jitter_max_seconds: float = 0.0
    max_connections: int = 20
    verify_ssl: bool = True

    @property
    def normalized_env(self) -> str:
        return self.env_name.lower().strip()


def load_config(env_file: str | None = None) -> ClientConfig:
    """Read ``ARIS3_*`` from the environment, completed from a ``.env`` file.

    ``env_file=None`` looks for one from this file's folder upwards; ``""`` reads none.
    Raises ``ConfigError`` for a number that is no number or out of range, then for a missing address.
    """
    _load_env_file(env_file)
    env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
    base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")

    timeout = _number("ARIS3_TIMEOUT_SECONDS", float, 10.0, above=0)
    connect = _number("ARIS3_CONNECT_TIMEOUT_SECONDS", float, min(timeout, 5.0), above=0)
    read = _number("ARIS3_READ_TIMEOUT_SECONDS", float, max(timeout, connect), above=0)
    retries = _number("ARIS3_RETRIES", int, 3, at_least=0)
    backoff = _number("ARIS3_RETRY_BACKOFF_SECONDS", float, 0.3, at_least=0)
    jitter_enabled = _flag("ARIS3_RETRY_JITTER_ENABLED", False)
    jitter_min = _number("ARIS3_RETRY_JITTER_MIN_SECONDS", float, 0.0, at_least=0)
    jitter_max = _number("ARIS3_RETRY_JITTER_MAX_SECONDS", float, 0.0, at_least=jitter_min)
    max_connections = _number("ARIS3_MAX_CONNECTIONS", int, 20, at_least=1)
    verify_ssl = _flag("ARIS3_VERIFY_SSL", True)

    if not base_url:
        raise ConfigError("ARIS3_API_BASE_URL is not set. Set it, or the variable of the chosen ARIS3_ENV.")
    return ClientConfig(
        env_name=env_name,
        api_base_url=base_url.rstrip("/"),
        connect_timeout_seconds=connect,
        read_timeout_seconds=read,
        retries=retries,
        retry_backoff_seconds=backoff,
        retry_jitter_enabled=jitter_enabled,
        retry_jitter_min_seconds=jitter_min,
        retry_jitter_max_seconds=jitter_max,
        max_connections=max_connections,
        verify_ssl=verify_ssl,
    )


def _load_env_file(env_file: str | None) -> None:
    if env_file == "":
        return
    # Imported here since most programs that import the SDK never read a file.
    from dotenv import load_dotenv

    try:
        load_dotenv(env_file)
    except UnicodeDecodeError as cause:
        raise ConfigError(f"{env_file or '.env'} is not UTF-8 text: {cause}") from cause


def _text(name: str) -> str:
    return os.environ.get(name, "").strip()


def _flag(name: str, default: bool) -> bool:
    return _text(name).lower() in TRUE_WORDS if name in os.environ else default


def _number(
    name: str,
    parse: Callable[[str], Number],
    default: Number,
    *,
    above: float | None = None,
    at_least: float | None = None,
) -> Number:
    try:
        value = parse(os.environ[name]) if name in os.environ else default
    except ValueError as cause:
        raise ConfigError(f"{name} is not a number: {os.environ[name]!r}") from cause
    # Written so that nan, for which every comparison is false, is refused.
    if above is not None and not value > above:
        raise ConfigError(f"{name} is {value}: it must be greater than {above}")
    if at_least is not None and not value >= at_least:
        raise ConfigError(f"{name} is {value}: it must be at least {at_least}")
    return value
