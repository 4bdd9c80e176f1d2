"""A transport on asyncio streams, with HTTP/1.1 written by hand, on an event loop in a thread."""

from __future__ import annotations

import asyncio
import io
import ssl
import threading
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage, parse_headers
from typing import Any
from urllib.parse import urlsplit

from .config import ClientConfig
from .plain import Answer, Call, PlainError, call, followed

# A time-out of asyncio is not an OSError before Python 3.11.
NETWORK_ERRORS = (OSError, EOFError, asyncio.TimeoutError, HTTPException, PlainError)


class Loop:
    """An event loop in a thread, made with the first client and kept by it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="aris3-loop", daemon=True).start()


def open_session(config: ClientConfig) -> Loop:
    return Loop()


def exchange(
    session: Loop,
    config: ClientConfig,
    method: str,
    url: str,
    headers: Mapping[str, str | None],
    json_body: object | None = None,
    params: Any = None,
) -> Answer:
    def send(one: Call) -> Answer:
        return asyncio.run_coroutine_threadsafe(_send(config, one), session.loop).result()

    return followed(call(method, url, headers, json_body, params), send)


async def _send(config: ClientConfig, one: Call) -> Answer:
    parts = urlsplit(one.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PlainError(f"{one.url!r} is no address of a service")
    context = None
    if parts.scheme == "https":
        context = ssl.create_default_context() if config.verify_ssl else ssl._create_unverified_context()
    port = parts.port or (443 if context else 80)
    reader, writer = await asyncio.wait_for(
        asyncio.open_connection(parts.hostname, port, ssl=context), config.connect_timeout_seconds
    )
    try:
        head = [f"{one.method} {one.target} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
        head += [f"{name}: {value}" for name, value in one.headers.items()]
        if one.body is not None:
            head.append(f"Content-Length: {len(one.body)}")
        writer.write("\r\n".join([*head, "", ""]).encode("latin-1") + (one.body or b""))
        return await _answer(reader, one.method, config.read_timeout_seconds)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader, method: str, wait: float) -> Answer:
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), wait)
        line, _, rest = head.partition(b"\r\n")
        version, code, *_ = line.split(b" ")
        if not version.startswith(b"HTTP/1."):
            raise PlainError(f"this is not HTTP: {line!r}")
        status, headers = int(code), parse_headers(io.BytesIO(rest))
        return Answer(status, headers, await _body(reader, method, status, headers, wait))
    except (ValueError, asyncio.LimitOverrunError) as why:
        raise PlainError(f"the answer cannot be read: {why}") from why


async def _body(reader: asyncio.StreamReader, method: str, status: int, headers: HTTPMessage, wait: float) -> bytes:
    if method == "HEAD" or status in (204, 304):
        return b""
    if "chunked" in headers.get("Transfer-Encoding", ""):
        body = b""
        while size := int((await asyncio.wait_for(reader.readline(), wait)).split(b";")[0], 16):
            body += (await asyncio.wait_for(reader.readexactly(size + 2), wait))[:-2]
        return body
    if "Content-Length" in headers:
        return await _exactly(reader, int(headers["Content-Length"]), wait)
    body = b""
    while more := await asyncio.wait_for(reader.read(65536), wait):
        body += more
    return body


async def _exactly(reader: asyncio.StreamReader, size: int, wait: float) -> bytes:
    body = b""
    while len(body) < size:
        more = await asyncio.wait_for(reader.read(size - len(body)), wait)
        if not more:
            raise PlainError(f"the answer ended after {len(body)} of {size} bytes")
        body += more
    return body
