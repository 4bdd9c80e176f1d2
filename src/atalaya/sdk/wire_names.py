"""What an SDK calls the paths, headers, body keys and telemetry keys of the contract, and the way there and back.

The loopback service translates by it what comes in and what goes out, so that a check sees the contract's words alone;
the proxies of an adapter translate what a check hands to the SDK, and gets from it.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from atalaya.core.words import Record, StrictEnum


class WireKind(StrictEnum):
    """What an argument, a result or a field holds that crosses the wire."""

    PATH = "path"  # a path, or several of them
    URL = "url"  # an address of the service
    HEADERS = "headers"  # a table of headers
    BODY = "body"  # a decoded body
    TELEMETRY = "telemetry"  # a function that is told events
    REQUEST_HOOK = "request-hook"  # a function that is told a method, an address, and a table with headers to change


class WireNames(Record, frozen=True, kw_only=True):
    """The SDK's names by the contract's. A path may hold ``{name}`` for a segment, and what follows it goes along."""

    paths: dict[str, str] = msgspec.field(default_factory=dict)
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    bodies: dict[str, str] = msgspec.field(default_factory=dict)
    telemetry: dict[str, str] = msgspec.field(default_factory=dict)

    def own_path(self, path: str) -> str:
        """The SDK's path for one of the contract; with its query.

        >>> names = WireNames(paths={"/jobs": "/v2/tasks", "/jobs/{id}/log": "/v2/tasks/{id}/output"})
        >>> [names.own_path(path) for path in ("/jobs?size=3", "/jobs/a%2Fb", "/jobs/7/log", "/jobsite")]
        ['/v2/tasks?size=3', '/v2/tasks/a%2Fb', '/v2/tasks/7/output', '/jobsite']
        """
        return _path(path, self.paths.items())

    def path(self, own: str) -> str:
        """The contract's path for one of the SDK.

        >>> names = WireNames(paths={"/jobs": "/v2/tasks", "/jobs/{id}/log": "/v2/tasks/{id}/output"})
        >>> [names.path(own) for own in ("/v2/tasks/7/output", "/gateway/v2/tasks/7", "/jobs/7")]
        ['/jobs/7/log', '/gateway/jobs/7', '/jobs/7']
        """
        return _path(own, ((theirs, ours) for ours, theirs in self.paths.items()))

    def own(self, kind: WireKind, value: Any) -> Any:
        """What a check hands over, as the SDK calls it."""
        if kind is WireKind.PATH:
            return _each(value, self.own_path)
        if kind is WireKind.TELEMETRY:
            return self._listener(value) if callable(value) else value
        if kind is WireKind.REQUEST_HOOK:
            return self._hook(value) if callable(value) else value
        return _TABLES[kind](value, self._table(kind)) if kind in _TABLES else value

    def shown(self, kind: WireKind, value: Any) -> Any:
        """What the SDK answers, as the contract calls it."""
        if kind is WireKind.URL:
            return _address(value, self.path)
        if kind is WireKind.PATH:
            return _each(value, self.path)
        return _TABLES[kind](value, _back(self._table(kind))) if kind in _TABLES else value

    def body(self, content: bytes, *, own: bool, coding: str = "", charset: str = "utf-8") -> bytes:
        """A body of JSON with the SDK's keys, or with the contract's; any other as it is, byte for byte.

        :param coding: its ``Content-Encoding``. :param charset: the one that its ``Content-Type`` declares.
        """
        unpack, pack = _CODINGS.get(coding, (bytes, bytes))
        try:
            decoded = json.loads(unpack(content).decode(charset)) if self.bodies and content else None
        except (ValueError, LookupError, EOFError, OSError, zlib.error):
            return content
        renamed = renamed_keys(decoded, self.bodies if own else _back(self.bodies))
        return content if renamed is decoded else pack(json.dumps(renamed, ensure_ascii=False).encode(charset))

    def named_headers(self, headers: Mapping[str, str], *, own: bool) -> dict[str, str]:
        """Headers by the SDK's names, or by the contract's."""
        return dict(renamed_headers(headers, self.headers if own else _back(self.headers)))

    def _table(self, kind: WireKind) -> Mapping[str, str]:
        return self.headers if kind is WireKind.HEADERS else self.bodies

    def _listener(self, listener: Callable[..., Any]) -> Callable[..., Any]:
        """A hook that is told an event by the contract's keys."""
        return lambda *events: listener(*(_rekeyed(event, _back(self.telemetry)) for event in events))

    def _hook(self, hook: Callable[..., Any]) -> Callable[..., Any]:
        """A hook that sees a request by the contract's names, and whose changes of the headers reach the SDK."""

        def told(method: str, url: str, seen: Any) -> Any:
            tables = {name: kind for name, kind in _OF_A_REQUEST.items() if name in seen}
            shown = {**seen, **{name: self.shown(kind, seen[name]) for name, kind in tables.items()}}
            headers = shown["headers"]  # what a hook puts in its place changes nothing
            came = hook(method, self.shown(WireKind.URL, url), shown)
            changed = dict(self.own(WireKind.HEADERS, headers))
            seen["headers"].clear()
            seen["headers"].update(changed)
            return came

        return told


_OF_A_REQUEST = {"headers": WireKind.HEADERS, "json_body": WireKind.BODY}


def renamed_keys(value: Any, names: Mapping[str, str]) -> Any:
    """A decoded body under other keys: its own, and those of the objects in its lists.

    What a caller put in, such as filters, is an object in it and stays as it is. A body with nothing to rename is
    itself.

    >>> names = {"status": "state", "rows": "items"}
    >>> renamed_keys({"rows": [{"status": "NEW", "filters": {"status": 1}}]}, names)
    {'items': [{'state': 'NEW', 'filters': {'status': 1}}]}
    """
    if isinstance(value, list):
        made = [renamed_keys(item, names) for item in value]
        return value if all(new is old for new, old in zip(made, value, strict=True)) else made
    if type(value) is not dict:
        return value
    inner = {key: renamed_keys(item, names) if isinstance(item, list) else item for key, item in value.items()}
    same = all(inner[key] is value[key] for key in value)
    return _rekeyed(value if same else inner, names)


def renamed_headers(headers: Any, names: Mapping[str, str]) -> Any:
    """A table of headers under other names, whatever capitals they are written in.

    >>> renamed_headers({"x-trace-id": "1", "Accept": "a"}, {"X-Trace-ID": "X-Acme-Trace"})
    {'X-Acme-Trace': '1', 'Accept': 'a'}
    """
    if not isinstance(headers, Mapping):
        return headers
    known = {name.lower(): other for name, other in names.items()}
    return _rekeyed(headers, {name: known[name.lower()] for name in headers if str(name).lower() in known})


_CODINGS: Mapping[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gzip": (gzip.decompress, gzip.compress),
    "deflate": (zlib.decompress, zlib.compress),
}
_TABLES: Mapping[WireKind, Callable[[Any, Mapping[str, str]], Any]] = {
    WireKind.HEADERS: renamed_headers,
    WireKind.BODY: renamed_keys,
}


def _rekeyed(table: Any, names: Mapping[str, str]) -> Any:
    """A table under other keys; itself, where none is renamed."""
    if not isinstance(table, Mapping) or not any(key in names for key in table):
        return table
    return {names.get(key, key): value for key, value in table.items()}


def _back(names: Mapping[str, str]) -> dict[str, str]:
    return {theirs: ours for ours, theirs in names.items()}


def _each(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return rename(value)
    return type(value)(map(rename, value)) if isinstance(value, (list, tuple, set)) else value


def _address(value: Any, rename: Callable[[str], str]) -> Any:
    """An address with another path."""
    if not isinstance(value, str) or "://" not in value:
        return value
    scheme, _, rest = value.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}{rename(slash + path)}"


def _path(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """By the rule that says most of it. A service may lie in a folder: what stands before the path stays."""
    bare, mark, query = path.partition("?")
    for old, new in sorted(pairs, key=lambda pair: (-pair[0].count("/"), -len(pair[0]))):
        if found := re.fullmatch(f"(?P<_before>(?:/[^/]+)*?){_pattern(old)}(?P<_after>(?:/.*)?)", bare):
            return found["_before"] + new.format(**found.groupdict()) + found["_after"] + mark + query
    return path


def _pattern(template: str) -> str:
    pieces = re.split(r"\{(\w+)\}", template)
    return "".join(f"(?P<{piece}>[^/]+)" if number % 2 else re.escape(piece) for number, piece in enumerate(pieces))
