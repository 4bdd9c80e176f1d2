"""What a transport does itself where its library only moves bytes: queries, JSON, redirects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

MOST_REDIRECTS = 20


class PlainError(Exception):
    """The exchange failed above the socket."""


@dataclass
class Answer:
    status_code: int
    headers: Mapping[str, str] | HTTPMessage
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Call:
    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None

    @property
    def target(self) -> str:
        parts = urlsplit(self.url)
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        return f"{target}?{parts.query}" if parts.query else target


def call(method: str, url: str, headers: Mapping[str, str | None], json_body: Any, params: Any) -> Call:
    pairs = params.items() if isinstance(params, Mapping) else params or ()
    query = urlencode([(name, value) for name, value in pairs if value is not None], doseq=True)
    if query:
        url += ("&" if urlsplit(url).query else "?") + query
    merged = {name.lower(): (name, value) for name, value in headers.items() if value is not None}
    body = None
    if json_body is not None:
        body = json.dumps(json_body).encode()
        merged.setdefault("content-type", ("Content-Type", "application/json"))
    return Call(method, url, dict(merged.values()), body)


def after_redirect(call: Call, answer: Answer) -> Call | None:
    """The next call, where the answer sends us elsewhere."""
    where = answer.headers.get("Location")
    if not where or answer.status_code not in (301, 302, 303, 307, 308):
        return None
    url = urljoin(call.url, where)
    headers = dict(call.headers)
    if urlsplit(url).netloc != urlsplit(call.url).netloc:
        headers.pop("Authorization", None)
    if answer.status_code in (307, 308) or call.method == "HEAD":
        return Call(call.method, url, headers, call.body)
    headers.pop("Content-Type", None)
    return Call("GET", url, headers, None)


def followed(call: Call, send: Callable[[Call], Answer]) -> Answer:
    for _ in range(MOST_REDIRECTS):
        answer = send(call)
        following = after_redirect(call, answer)
        if following is None:
            return answer
        call = following
    raise PlainError("too many redirects")
