"""HTTP with retries, tracing and a small cache of GETs."""

from __future__ import annotations

import json
import logging
import os
import random
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter

from .config import ClientConfig
from .error_mapper import map_error
from .exceptions import TransportError
from .tracing import TRACE_HEADER, TraceContext

CACHE_KEY_HEADERS = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")


@dataclass
class LastOperation:
    module: str
    operation: str
    method: str
    path: str
    result: str
    trace_id: str | None = None


@dataclass
class HttpClient:
    config: ClientConfig
    trace: TraceContext | None = None
    session: requests.Session | None = None
    before_request: Callable[[str, str, dict[str, Any]], None] | None = None
    after_response: Callable[[requests.Response], None] | None = None
    cache_ttl_seconds: float = 3.0
    enable_get_cache: bool = True
    _cache: dict[str, tuple[float, Any]] | None = None
    _context_versions: dict[str, int] | None = None
    last_operation: LastOperation | None = None

    def __post_init__(self) -> None:
        if self._cache is None:
            self._cache = {}
        if self._context_versions is None:
            self._context_versions = {}
        if self.session is None:
            self.session = requests.Session()
            adapter = HTTPAdapter(
                pool_connections=self.config.max_connections,
                pool_maxsize=self.config.max_connections,
                max_retries=0,
            )
            self.session.mount("http://", adapter)
            self.session.mount("https://", adapter)

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json_body: Any = None,
        params: Mapping[str, Any] | None = None,
        response_hook: Callable[[requests.Response], None] | None = None,
        retry_mutation: bool = False,
        module: str = "unknown",
        operation: str = "unknown",
        use_get_cache: bool = True,
        context_key: str | None = None,
        context_version: int | None = None,
        invalidate_paths: Iterable[str] | None = None,
    ) -> dict[str, Any] | list[Any] | None:
        method = method.upper()
        trace_id = self.trace.ensure() if self.trace else str(uuid.uuid4())
        request_headers = {"Accept": "application/json", **(headers or {})}
        request_headers[TRACE_HEADER] = trace_id
        url = self._url(path)

        if self.before_request:
            ctx = {
                "headers": request_headers,
                "json_body": json_body,
                "params": dict(params) if isinstance(params, dict) else params,
            }
            self.before_request(method, url, ctx)

        def done(result: str) -> None:
            self.last_operation = LastOperation(module, operation, method, path, result, trace_id)

        cache_key = self._cache_key(url, params, request_headers) if method == "GET" else None
        cached = cache_key is not None and self.enable_get_cache and use_get_cache
        if cached:
            payload = self._read_cache(cache_key)
            if payload is not None:
                done("success(cache)")
                return payload

        if context_key is not None and context_version is None:
            context_version = self.get_context_version(context_key)
        self._check_context(context_key, context_version, trace_id)
        response = self._send(method, url, request_headers, json_body, params, retry_mutation, trace_id)
        self._check_context(context_key, context_version, trace_id)

        if self.after_response:
            self.after_response(response)
        if self.trace:
            self.trace.update_from_headers(response.headers)
        if response_hook:
            response_hook(response)

        if response.status_code >= 400:
            done("error")
            payload = self._error_payload(response)
            if self.trace and payload:
                self.trace.update_from_payload(payload)
            raise map_error(response.status_code, payload, response.headers.get(TRACE_HEADER) or trace_id)

        payload = response.json() if response.content else None
        if cached and payload is not None:
            self._cache[cache_key] = (time.monotonic() + self.cache_ttl_seconds, payload)
        if (method != "GET" or not response.content) and invalidate_paths:
            self._invalidate(list(invalidate_paths))
        done("success")
        return payload

    def switch_context(self, key: str) -> int:
        self._context_versions[key] = self.get_context_version(key) + 1
        self.clear_cache()
        return self._context_versions[key]

    def get_context_version(self, key: str) -> int:
        return self._context_versions.get(key, 0)

    def clear_cache(self) -> None:
        self._cache.clear()

    def _url(self, path: str) -> str:
        return urljoin(self.config.api_base_url.rstrip("/") + "/", path.lstrip("/"))

    def _cache_key(self, url: str, params: Any, headers: Mapping[str, str]) -> str:
        identity = {name: headers[name] for name in CACHE_KEY_HEADERS if name in headers}
        return json.dumps({"url": url, "params": params, "headers": identity}, sort_keys=True)

    def _read_cache(self, key: str) -> Any:
        entry = self._cache.get(key)
        if entry is None:
            return None
        expires_at, payload = entry
        if time.monotonic() < expires_at:
            return payload
        self._cache.pop(key, None)
        return None

    def _invalidate(self, paths: list[str]) -> None:
        for key in [key for key in self._cache if any(path in key for path in paths)]:
            self._cache.pop(key, None)

    def _check_context(self, key: str | None, version: int | None, trace_id: str) -> None:
        if key is not None and self.get_context_version(key) != version:
            raise TransportError(
                code="REQUEST_CANCELLED",
                message=f"The context {key!r} has changed",
                details=None,
                trace_id=trace_id,
                status_code=0,
            )

    def _send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        json_body: Any,
        params: Any,
        retry_mutation: bool,
        trace_id: str,
    ) -> requests.Response:
        if os.environ.get("ARIS3_QUIET") != "yes":
            logging.getLogger(__name__).debug("%s %s", method, url)
        attempts = self.config.retries + 1 if method in {"GET", "HEAD"} or retry_mutation else 1
        for attempt in range(attempts):
            last = attempt == attempts - 1
            try:
                response = self.session.request(
                    method=method,
                    url=url,
                    headers=headers,
                    json=json_body,
                    params=params,
                    timeout=(self.config.connect_timeout_seconds, self.config.read_timeout_seconds),
                    verify=self.config.verify_ssl,
                )
            except requests.RequestException as exc:
                if last:
                    raise TransportError(
                        code="TRANSPORT_ERROR",
                        message=str(exc),
                        details={"type": type(exc).__name__},
                        trace_id=trace_id,
                        status_code=0,
                        raw_payload=None,
                    ) from exc
            else:
                if response.status_code < 500 or last:
                    return response
            time.sleep(self._delay(attempt))
        raise RuntimeError("The request was never sent")

    def _delay(self, attempt: int) -> float:
        delay = self.config.retry_backoff_seconds * 2**attempt
        if self.config.retry_jitter_enabled:
            delay += random.uniform(
                self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
            )
        return max(delay, 0)

    @staticmethod
    def _error_payload(response: requests.Response) -> Any:
        try:
            return response.json()
        except ValueError:
            return {"message": response.text}
