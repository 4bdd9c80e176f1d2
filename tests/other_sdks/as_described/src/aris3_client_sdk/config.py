"""Client configuration, read from the environment."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from dotenv import load_dotenv


class ConfigError(ValueError):
    """The environment does not give a usable configuration."""


@dataclass(frozen=True)
class ClientConfig:
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
    load_dotenv(env_file)

    env_name = (os.environ.get("ARIS3_ENV") or "dev").strip()
    base_url = _text(f"ARIS3_API_BASE_URL_{env_name.upper()}") or _text("ARIS3_API_BASE_URL")

    timeout = _float("ARIS3_TIMEOUT_SECONDS", 10.0, _positive, "must be greater than 0")
    connect = _float("ARIS3_CONNECT_TIMEOUT_SECONDS", min(timeout, 5.0), _positive, "must be greater than 0")
    read = _float("ARIS3_READ_TIMEOUT_SECONDS", max(timeout, connect), _positive, "must be greater than 0")
    retries = _int("ARIS3_RETRIES", 3, _not_negative, "must be 0 or more")
    backoff = _float("ARIS3_RETRY_BACKOFF_SECONDS", 0.3, _not_negative, "must be 0 or more")
    jitter = _bool("ARIS3_RETRY_JITTER_ENABLED", False)
    jitter_min = _float("ARIS3_RETRY_JITTER_MIN_SECONDS", 0.0, _not_negative, "must be 0 or more")
    jitter_max = _float(
        "ARIS3_RETRY_JITTER_MAX_SECONDS",
        0.0,
        lambda value: value >= 0 and value >= jitter_min,
        "must be 0 or more, and not below ARIS3_RETRY_JITTER_MIN_SECONDS",
    )
    max_connections = _int("ARIS3_MAX_CONNECTIONS", 20, lambda value: value >= 1, "must be 1 or more")
    verify_ssl = _bool("ARIS3_VERIFY_SSL", True)

    if not base_url:
        raise ConfigError("ARIS3_API_BASE_URL is not set")

    return ClientConfig(
        env_name=env_name,
        api_base_url=base_url.rstrip("/"),
        connect_timeout_seconds=connect,
        read_timeout_seconds=read,
        retries=retries,
        retry_backoff_seconds=backoff,
        retry_jitter_enabled=jitter,
        retry_jitter_min_seconds=jitter_min,
        retry_jitter_max_seconds=jitter_max,
        max_connections=max_connections,
        verify_ssl=verify_ssl,
    )


def _text(name: str) -> str:
    return os.environ.get(name, "").strip()


def _positive(value: float) -> bool:
    return value > 0


def _not_negative(value: float) -> bool:
    return value >= 0


def _float(name: str, default: float, accept: Callable[[float], bool], rule: str) -> float:
    raw = os.environ.get(name)
    try:
        value = default if raw is None else float(raw)
    except ValueError as exc:
        raise ConfigError(f"{name} must be a number, got {raw!r}") from exc
    if not accept(value):
        raise ConfigError(f"{name} {rule}, got {value}")
    return value


def _int(name: str, default: int, accept: Callable[[int], bool], rule: str) -> int:
    raw = os.environ.get(name)
    try:
        value = default if raw is None else int(raw)
    except ValueError as exc:
        raise ConfigError(f"{name} must be a whole number, got {raw!r}") from exc
    if not accept(value):
        raise ConfigError(f"{name} {rule}, got {value}")
    return value


def _bool(name: str, default: bool) -> bool:
    raw = os.environ.get(name)
    if raw is None:
        return default
    return raw.strip().lower() in {"1", "true", "yes", "on"}
