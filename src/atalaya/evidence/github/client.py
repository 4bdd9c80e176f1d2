"""The GitHub API client: conditional requests, rate limits, writes that are sent once, and no leak of the token.

Each page is asked for with the tag of the answer that is there already: "not changed" costs nothing of the hour's
requests. The token goes to the API and nowhere else; a download is followed to another host without it, and that
address, which is signed, is neither logged nor kept.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import IO, Any, Generic, NamedTuple, NoReturn, TypeVar

import httpx
import msgspec
import stamina

from atalaya.core import environment, network
from atalaya.core.environment import Secret
from atalaya.core.errors import NetworkError, SettingsError
from atalaya.core.scrub import scrub
from atalaya.evidence.github.http_cache import Cache, Stored
from atalaya.evidence.github.payloads import Payload, decoded
from atalaya.evidence.github.rate_limits import FIRST_WAIT_S, asked_to_wait

API = "https://api.github.com"
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
TIMEOUT_S = httpx.Timeout(30.0, connect=10.0)
TRIES = 4
LONGEST_S = 600.0  # for one answer: a byte now and then never lets the socket's own time run out
PAGE_BYTES = 64 * 1024 * 1024
PAGES = 1_000
REDIRECTS = (301, 302, 303, 307, 308)
HOPS = 5
PATIENCE_S = 3_900.0  # the hour that a limit lasts at most, and some minutes

P = TypeVar("P", bound=Payload)


class Absent(NetworkError):
    """It is gone, or the token may not see it: GitHub does not say which."""


class Refused(NetworkError):
    """It may not be had, or is not what it should be: asking again will not help."""


class Garbled(Refused):
    """An answer that is not what was asked for. Digest and size are of what came."""

    def __init__(self, says: str, sha256: str, size_bytes: int) -> None:
        super().__init__(says)
        self.sha256, self.size_bytes = sha256, size_bytes


class TooLarge(Refused):
    """It is larger than what is taken in."""


class Spent(NetworkError):
    """A limit holds for longer than we wait. What was read is kept, and the next run goes on from there."""


class _Broken(Exception):
    """The server's own trouble, which may pass."""


class Page(NamedTuple, Generic[P]):
    """One answer: what is read of it, the next page's address, and digest and size of what came."""

    value: P
    next: str
    sha256: str
    size_bytes: int


class _Refusal(msgspec.Struct):
    message: str = ""


class _Answer(NamedTuple):
    status: int
    headers: httpx.Headers
    links: dict[str | None, dict[str, str]]
    body: bytes
    ours: bool


class Client:
    """GitHub's REST API: read, but for :meth:`send`.

    :param echo: is told of waits. ``clock`` and ``sleep`` are parameters, so that tests need not wait.
    """

    def __init__(
        self,
        api: str,
        token: Secret,
        cache: Cache,
        *,
        echo: Callable[[str], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.api = checked_address(api)
        self.cache = cache
        self.requests = self.not_modified = 0
        self.remaining: int | None = None
        self._origin = _origin(self.api)
        self._token = checked_token(token)
        self._echo, self._clock, self._sleep, self._patience_s = echo, clock, sleep, patience_s
        self._http = network.client(timeout=TIMEOUT_S, headers={"User-Agent": "atalaya"})
        self._retry = stamina.RetryingCaller(attempts=TRIES, timeout=None, wait_initial=0.5, wait_max=8.0)
        # They log addresses and headers, and a signed address is a secret.
        for name in ("httpx", "httpcore", "stamina"):
            logging.getLogger(name).setLevel(logging.ERROR)

    @property
    def has_token(self) -> bool:
        return bool(self._token)

    def close(self) -> None:
        self._http.close()

    def page(self, path: str, kind: type[P]) -> Page[P]:
        """One document, from GitHub or, where it says that nothing has changed, from the cache.

        :raises NetworkError: there is no such answer to be had: one of the errors above.
        """
        url = self._url(path)
        stored, value = self._known(str(url), kind)
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if stored is not None:
            headers["If-None-Match"] = stored.etag
        answer = self._ask(url, headers)
        if answer.status == 304 and stored is not None and value is not None:
            return Page(value, stored.next, stored.sha256, stored.size_bytes)
        sha256 = hashlib.sha256(answer.body).hexdigest()
        if answer.status != 200:
            _refuse(url, answer)
        try:
            value = decoded(answer.body, kind)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as why:
            raise Garbled(
                f"GitHub's answer to {url.path} is not what it should be: {scrub(str(why))[:200]}. Run again later.",
                sha256,
                len(answer.body),
            ) from None
        next_url = answer.links.get("next", {}).get("url", "")
        page = Page(value, next_url, sha256, len(answer.body))
        if etag := answer.headers.get("etag"):
            body = msgspec.json.encode(value)
            self.cache.put(str(url), Stored(etag, next_url, sha256, len(answer.body), body))
        return page

    def pages(self, path: str, kind: type[P]) -> Iterator[Page[P]]:
        """A document and those that follow it, by the links that it gives."""
        seen = {""}
        while path not in seen:
            if len(seen) > PAGES:
                raise Refused(f"GitHub's answer to {self._url(path).path} has more than {PAGES:,} pages.")
            seen.add(path)
            page = self.page(path, kind)
            yield page
            path = page.next
        if path:
            raise Refused(f"GitHub's pages of {self._url(path).path} lead in a circle. Run again later.")

    def download(self, path: str, into: IO[bytes], *, most_bytes: int) -> None:
        """A file, from wherever GitHub sends us for it."""
        url = self._url(path)
        answer = self._ask(url, {}, into, most_bytes)
        if answer.status != 200:
            _refuse(url, answer)

    def send(self, method: str, path: str, content: Mapping[str, Any]) -> tuple[int, str]:
        """The status and the words of the answer to one request that writes. It is sent once: twice may do it twice.

        :raises NetworkError: there was no answer, so that it is not known whether it was done.
        """
        url = self._url(path)
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        self.requests += 1
        try:
            response = self._http.request(method, url, headers=headers, json=dict(content))
        except httpx.RequestError as why:
            raise NetworkError(
                f"{url.host}: {network.what(why)} at {method} {url.path}: whether it was done is not known. "
                f"{network.mend(why)}"
            ) from None
        self._count(response)
        return response.status_code, scrub(_message_in(response.content))

    # ── one request ──────────────────────────────────────────────────────────

    def _known(self, url: str, kind: type[P]) -> tuple[Stored | None, P | None]:
        stored = self.cache.get(url)
        if stored is None:
            return None, None
        try:
            return stored, decoded(stored.body, kind)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):  # what another version kept
            return None, None

    def _url(self, path: str) -> httpx.URL:
        url = _parsed(path if "://" in path else f"{self.api}/{path}")
        if _origin(url) != self._origin:
            raise Refused(f"GitHub's answer leads to another host, {url.host!r}: not followed.")
        return url

    def _ask(
        self, url: httpx.URL, headers: dict[str, str], into: IO[bytes] | None = None, most_bytes: int = PAGE_BYTES
    ) -> _Answer:
        """The answer, once no limit is in the way."""
        unsaid_s = FIRST_WAIT_S
        while True:
            answer = self._followed(url, headers, into, most_bytes)
            limit = asked_to_wait(answer.status, answer.headers, answer.body, now=self._clock(), unsaid_s=unsaid_s)
            if limit is None:
                return answer
            until = self._clock() + timedelta(seconds=limit.wait_s)
            if limit.wait_s > self._patience_s:
                raise Spent(
                    f"GitHub limits our requests ({limit.says}) until about {until:%Y-%m-%d %H:%M} UTC, and that is "
                    f"longer than we wait. Run again then: what was read is kept."
                )
            self._echo(f"  GitHub: {limit.says}. Waiting {limit.wait_s:.0f} s, until {until:%H:%M:%S} UTC")
            self._patience_s -= limit.wait_s
            unsaid_s *= 2
            self._sleep(limit.wait_s)

    def _followed(self, url: httpx.URL, headers: dict[str, str], into: IO[bytes] | None, most_bytes: int) -> _Answer:
        """The answer behind redirects. Only a download may be followed to another host."""
        for _ in range(HOPS):
            answer = self._retried(url, headers, into, most_bytes)
            if answer.status not in REDIRECTS:
                return answer
            target = url.join(_parsed(answer.headers.get("location", "")))
            if into is None and _origin(target) != self._origin:
                raise Refused(f"GitHub's answer leads to another host, {target.host!r}: not followed.")
            if target.scheme not in ("https", self.api.scheme):
                raise Refused(f"GitHub sends us to {target.host!r} over {target.scheme!r}: not followed.")
            url = target
        raise Refused("GitHub sends us from one address to the next, and never to an answer.")

    def _retried(self, url: httpx.URL, headers: dict[str, str], into: IO[bytes] | None, most_bytes: int) -> _Answer:
        try:
            return self._retry((httpx.RequestError, _Broken), self._once, url, headers, into, most_bytes)
        except (httpx.RequestError, _Broken) as why:
            what = str(why) if isinstance(why, _Broken) else network.what(why)
            mend = "" if isinstance(why, _Broken) else f"{network.mend(why)} "
            raise NetworkError(
                f"{url.host}: {what}, {TRIES} times in a row. {mend}Run again later: what was read is kept."
            ) from None

    def _once(self, url: httpx.URL, headers: dict[str, str], into: IO[bytes] | None, most_bytes: int) -> _Answer:
        ours = _origin(url) == self._origin
        if ours:
            self.requests += 1
            headers = {**headers, "Authorization": f"Bearer {self._token.reveal()}"} if self._token else headers
        began_s = time.monotonic()
        with self._http.stream("GET", url, headers=headers) as response:
            if response.status_code >= 500:
                raise _Broken(f"it answers {response.status_code}")
            if ours:
                self._count(response)
            body: IO[bytes] = io.BytesIO() if into is None or response.status_code != 200 else into
            body.seek(0)
            body.truncate()  # what a try that was cut off has left
            for piece in response.iter_bytes():
                if time.monotonic() - began_s > LONGEST_S:
                    raise _Broken(f"an answer takes longer than {LONGEST_S:.0f} s")
                if body.tell() + len(piece) > most_bytes:
                    raise TooLarge(f"larger than {most_bytes:,} bytes.")
                body.write(piece)
            content = body.getvalue() if isinstance(body, io.BytesIO) and body is not into else b""
            return _Answer(response.status_code, response.headers, response.links, content, ours)

    def _count(self, response: httpx.Response) -> None:
        self.not_modified += response.status_code == 304
        remaining = response.headers.get("x-ratelimit-remaining", "")
        if remaining.isdecimal():
            self.remaining = int(remaining)


def _message_in(body: bytes) -> str:
    """What GitHub says in an answer that is a refusal."""
    try:
        return str(msgspec.json.decode(body, type=_Refusal).message)[:200]
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return body[:200].decode("utf-8", "replace").strip()


def _refuse(url: httpx.URL, answer: _Answer) -> NoReturn:
    """Say what an answer that is none means, and who can mend it."""
    # What another host says may quote the signed address.
    said = scrub(answer.body[:2_000].decode("utf-8", "replace"))[:200] if answer.ours else "(another host)"
    if answer.status in (404, 410):
        raise Absent(f"{url.path}: gone, or not for this token to see ({answer.status}).")
    if answer.status in (401, 403):
        raise Refused(
            f"{url.path}: not allowed ({answer.status}): {said!r}. Give a token in GITHUB_TOKEN that may read Actions."
        )
    raise Refused(f"{url.path}: GitHub answers {answer.status}: {said!r}. Run again later.")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _parsed(address: str) -> httpx.URL:
    try:
        return httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        raise Refused("GitHub's answer leads to an address that is none.") from None


def is_repository(name: str) -> bool:
    """Whether it is a repository's name, as ``owner/name``."""
    return _REPOSITORY.fullmatch(name) is not None


def checked_address(api: str) -> httpx.URL:
    """The address of the API: the token is sent there, so it must be safe on the way."""
    try:
        url = httpx.URL(api.rstrip("/"))
    except (httpx.InvalidURL, ValueError):
        raise SettingsError(f"GITHUB_API_URL is no address. Give one such as {API}, or leave it out.") from None
    safe = url.scheme == "https" or (url.scheme == "http" and url.host in environment.LOOPBACK)
    if url.userinfo or not url.host or not safe:
        raise SettingsError(f"GITHUB_API_URL: only https:// keeps a token safe. Give {API}, or leave it out.")
    return url


def checked_token(token: Secret) -> Secret:
    text = token.reveal()
    if not (text.isascii() and text.isprintable()) or " " in text:
        # It is not quoted here: whatever stands there may be a secret.
        raise SettingsError("GITHUB_TOKEN holds characters that no token has. Set it anew, or leave it out.")
    return token
