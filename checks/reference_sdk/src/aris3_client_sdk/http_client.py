"""What happens to one request on its way: trace, cache, context, retries, errors?"""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from .config import ClientConfig
from .error_mapper import map_error
from .exceptions import ApiError, TransportError
from .tracing import TRACE_HEADER, TraceContext

if TYPE_CHECKING:
    import httpx

IDENTITY_HEADERS = ("Authorization", "X-Tenant-ID", "X-App-ID", "X-Device-ID")


@dataclass(frozen=True)
class LastOperation:
    """How the newest finished request ended: ``success``, ``error`` or ``success(cache)``."""

    module: str
    operation: str
    result: str


@dataclass
class HttpClient:
    """Requests to one service, with retries for reads and a short cache for GET.

    The cache belongs to this instance. Without ``trace``, each request has an id of its own.
    """

    config: ClientConfig
    trace: TraceContext | None = None
    session: httpx.Client | None = None
    before_request: Callable[[str, str, dict[str, Any]], object] | None = None
    after_response: Callable[[httpx.Response], object] | None = None
    cache_ttl_seconds: float = 3.0
    enable_get_cache: bool = True
    _cache: dict[str, tuple[float, Any]] = field(default=None, repr=False)  # type: ignore[arg-type]
    _context_versions: dict[str, int] = field(default=None, repr=False)  # type: ignore[arg-type]
    last_operation: LastOperation | None = None

    def __post_init__(self) -> None:
        self._cache = {} if self._cache is None else self._cache
        self._context_versions = {} if self._context_versions is None else self._context_versions
        if self.session is None:
            from .transport import open_session

            self.session = open_session(self.config)

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json_body: object | None = None,
        params: Any = None,
        response_hook: Callable[[httpx.Response], object] | None = None,
        retry_mutation: bool = False,
        module: str = "unknown",
        operation: str = "unknown",
        use_get_cache: bool = True,
        context_key: str | None = None,
        context_version: int | None = None,
        invalidate_paths: Iterable[str] | None = None,
    ) -> Any:
        """Send a request and return its decoded JSON, or None for an empty body.

        ``use_get_cache=False`` passes the cache by: no entry is read, written or removed.
        Raises ``ApiError``: the service's own, ``TransportError``, or ``INVALID_RESPONSE`` for a bad body.
        """
        method = method.upper()
        trace = self.trace or TraceContext()
        sent_headers = {"Accept": "application/json", **(headers or {}), TRACE_HEADER: trace.ensure()}
        url = self.url(path)
        if context_key is not None and context_version is None:
            context_version = self.get_context_version(context_key)
        if self.before_request:
            # Copies: of all that a hook sees, only the headers are its to change.
            seen = {"headers": sent_headers, **copy.deepcopy({"json_body": json_body, "params": params})}
            self.before_request(method, url, seen)

        caching = method == "GET" and self.enable_get_cache and use_get_cache
        key = _cache_key(url, params, sent_headers)
        if caching and (cached := self._read_cache(key)) is not None:
            self.last_operation = LastOperation(module, operation, "success(cache)")
            return cached

        may_retry = method in ("GET", "HEAD") or retry_mutation
        self._check_context(context_key, context_version, trace)
        response = self._send(method, url, sent_headers, json_body, params, may_retry, trace)
        self._check_context(context_key, context_version, trace)
        if self.after_response:
            self.after_response(response)
        trace.update_from_headers(response.headers)
        if response_hook:
            response_hook(response)

        try:
            payload = _decode(response, trace)
        except ApiError:
            self.last_operation = LastOperation(module, operation, "error")
            raise
        if caching and response.content:
            self._write_cache(key, payload)
        if method != "GET" or not response.content:
            self._invalidate(invalidate_paths or ())
        self.last_operation = LastOperation(module, operation, "success")
        return payload

    def url(self, path: str) -> str:
        """The address of a path of this service."""
        # RFC 3986, 4.2: behind "./" a colon names no scheme, so that even an absolute URL stays on our host.
        return urljoin(f"{self.config.api_base_url.rstrip('/')}/", f"./{path.lstrip('/')}")

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json_body: object | None = None,
        params: Any = None,
        trace_id: str | None = None,
    ) -> httpx.Response:
        """One exchange with the service: no cache, no retry, no hook. Raises ``TransportError``."""
        from . import transport

        assert self.session is not None
        try:
            return transport.exchange(self.session, self.config, method, url, headers, json_body, params)
        except transport.NETWORK_ERRORS as cause:
            raise TransportError(
                code="TRANSPORT_ERROR",
                message=str(cause),
                details={"type": type(cause).__name__},
                trace_id=trace_id,
                status_code=0,
            ) from cause

    def switch_context(self, key: str) -> int:
        """Declare what is in flight under ``key`` outdated; empties the whole cache."""
        self._context_versions[key] = self.get_context_version(key) + 1
        self.clear_cache()
        return self._context_versions[key]

    def get_context_version(self, key: str) -> int:
        return self._context_versions.get(key, 0)

    def clear_cache(self) -> None:
        self._cache.clear()

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json_body: object | None,
        params: Any,
        may_retry: bool,
        trace: TraceContext,
    ) -> httpx.Response:
        for attempt in range(self.config.retries + 1):
            last = attempt == self.config.retries or not may_retry
            try:
                response = self.exchange(method, url, headers, json_body, params, trace.trace_id)
                if response.status_code < 500 or last:
                    return response
            except TransportError:
                if last:
                    raise
            time.sleep(self._retry_delay(attempt))
        raise RuntimeError(f"no attempt was made: retries is {self.config.retries}")

    def _retry_delay(self, attempt: int) -> float:
        delay = self.config.retry_backoff_seconds * 2.0**attempt
        if self.config.retry_jitter_enabled:
            delay += random.uniform(
                self.config.retry_jitter_min_seconds, self.config.retry_jitter_max_seconds
            )
        return max(delay, 0.0)

    def _check_context(self, key: str | None, version: int | None, trace: TraceContext) -> None:
        if key is None or self.get_context_version(key) == version:
            return
        raise TransportError(
            code="REQUEST_CANCELLED",
            message=f"The context {key!r} was switched",
            details={"context_key": key},
            trace_id=trace.trace_id,
            status_code=0,
        )

    def _read_cache(self, key: str) -> Any:
        entry = self._cache.get(key)
        if entry is None:
            return None
        expires_at, payload = entry
        if time.monotonic() < expires_at:
            return payload
        self._cache.pop(key, None)
        return None

    def _write_cache(self, key: str, payload: Any) -> None:
        self._cache[key] = (time.monotonic() + self.cache_ttl_seconds, payload)

    def _invalidate(self, paths: Iterable[str]) -> None:
        wanted = tuple(paths)
        for key in list(self._cache):  # a copy, since another thread may write meanwhile
            if any(path in key for path in wanted):
                self._cache.pop(key, None)


def _cache_key(url: str, params: Any, headers: Mapping[str, str]) -> str:
    identity = {name: headers[name] for name in IDENTITY_HEADERS if name in headers}
    # default=str: a date in a query is worth a cache key, not a TypeError.
    return json.dumps([url, params, identity], default=str, sort_keys=True)


def _decode(response: httpx.Response, trace: TraceContext) -> Any:
    """The answer's JSON; an error status becomes its exception."""
    if response.status_code >= 400:
        raise error_of(response, trace)
    if not response.content:
        return None
    try:
        return _json(response)
    except ValueError as cause:
        raise ApiError(
            code="INVALID_RESPONSE",
            message=f"The answer is not JSON: {cause}",
            details={"type": type(cause).__name__},
            trace_id=trace.trace_id,
            status_code=response.status_code,
            raw_payload={"message": response.text},
        ) from cause


def error_of(response: httpx.Response, trace: TraceContext) -> ApiError:
    """The exception for an error answer; the trace id in its body is adopted."""
    try:
        payload = _json(response)
    except ValueError:
        payload = {"message": response.text}
    trace.update_from_payload(payload)
    return map_error(response.status_code, payload, trace.trace_id)


def _json(response: httpx.Response) -> Any:
    """The decoded body, by the charset that the answer declares: the library takes all JSON for UTF-8."""
    declared = Message()
    declared["Content-Type"] = response.headers.get("Content-Type") or "application/json"
    charset = declared.get_content_charset()
    try:
        return json.loads(response.content.decode(charset)) if charset else response.json()
    except LookupError as cause:
        raise ValueError(f"there is no charset {charset!r}") from cause
