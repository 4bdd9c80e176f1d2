"""Downloads what a package index serves for a release, and compares it with what CI built.

An index is asked by its simple API, as JSON or as HTML (PEP 691, PEP 503). The digest that it names is a claim, so each
file is fetched and its bytes are hashed. An index that cannot be asked is an answer too: a record that says why.

A whole look has one deadline: a time-out of a read starts anew with each byte that a hostile index drips.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit

import httpx
import msgspec
import stamina
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from atalaya.core import network
from atalaya.core.errors import AtalayaError, NetworkError, UsageError
from atalaya.core.scrub import scrub
from atalaya.records.stored import Artefact, Built, BuiltFile, Metadata, PublishedFile

JSON_PAGE, HTML_PAGE = "application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+html"
ACCEPT = f"{JSON_PAGE}, {HTML_PAGE};q=0.2, text/html;q=0.1"
TIMEOUT = httpx.Timeout(20.0, connect=10.0)
TRIES = 3
PAGE_BYTES = 32 * 1024 * 1024
FILE_BYTES = 128 * 1024 * 1024
MOST_FILES = 200
NAME_SIGNS = 255  # the longest name that a file system takes
SLICE = 64 * 1024
PACKAGES = (".whl", ".tar.gz", ".zip")

Resolve = Callable[[str, str, float], tuple[str, ...]]


class Absent(NetworkError):
    """The index answers, and has nothing of that name."""


class Listed(NamedTuple):
    """A file as an index lists it."""

    name: str
    url: str
    claimed: str
    yanked: bool
    yanked_reason: str
    requires_python: str
    metadata: str


class Deadline:
    """When a look is over, whatever it was reading."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds

    @property
    def left_s(self) -> float:
        """Seconds that are left; 0 when it is over."""
        return max(0.0, self._ends - time.monotonic())

    def hold(self, shown: str) -> None:
        """Go on, unless it is over.

        :raises NetworkError: it is over, so what was asked for is not known.
        """
        if not self.left_s:
            raise self.passed(shown)

    def passed(self, shown: str) -> NetworkError:
        return NetworkError(
            f"{shown} was not read to its end in the {self.seconds:g} s that a look may take. "
            f"Ask a faster index, or raise deadline_s in [artefact]."
        )


def look(
    project: str, version: str, index: str, metadata: Metadata, *, resolve: Resolve, deadline_s: float
) -> Artefact:
    """Ask an index what it serves of one version.

    :param resolve: what a requirement brings along from an index, in how many seconds, as
        :meth:`Installer.resolve` says it.
    :param deadline_s: how long it may take, all told. What was not read by then is not known, and says so.
    """
    shown, deadline = without_credentials(index), Deadline(deadline_s)
    files: tuple[PublishedFile, ...] = ()
    problem = unresolved = ""
    resolved: tuple[str, ...] = ()
    more = 0
    try:
        files, more = asyncio.run(_served(project, version, index, deadline))
    except Absent:
        pass  # the index answers, and has no such project: that is known
    except NetworkError as why:
        problem = str(why)
    except (ValueError, httpx.InvalidURL, RecursionError) as why:
        # What a hostile index lists must not end a watch: it is unknown, and says why.
        problem = f"{shown}: what it lists cannot be asked for ({type(why).__name__})."
    try:
        deadline.hold(shown)
        resolved = resolve(f"{project}=={version}", index, deadline.left_s)
    except AtalayaError as why:
        unresolved = scrub(str(why))
    return Artefact(
        **metadata,
        project=project,
        version=version,
        index=shown,
        files=files,
        resolved=resolved,
        problem=problem,
        unresolved=unresolved,
        not_looked_at=more,
    )


async def _served(project: str, version: str, index: str, deadline: Deadline) -> tuple[tuple[PublishedFile, ...], int]:
    """The files of one version, by name, and how many more are listed."""
    async with network.async_client(timeout=TIMEOUT) as client:
        ours = []
        for one in await _listed(client, project, index, deadline):
            deadline.hold(without_credentials(index))  # names can be made so that each takes long to read
            if _is_of(one.name, project, version):
                ours.append(one)
        ours.sort()
        files = [await _published(client, one, deadline) for one in ours[:MOST_FILES]]
    return tuple(files), len(ours) - len(files)


def without_credentials(url: str) -> str:
    """An address without who asks.

    >>> without_credentials("https://user:secret@index.example/simple/?token=x")
    'https://index.example/simple/'
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


# ── the list ─────────────────────────────────────────────────────────────────


async def _listed(client: httpx.AsyncClient, project: str, index: str, deadline: Deadline) -> list[Listed]:
    url = urljoin(index if index.endswith("/") else f"{index}/", f"{canonicalize_name(project)}/")
    content, kind, final = await _fetch(client, url, PAGE_BYTES, accept=ACCEPT, deadline=deadline)
    try:
        if "json" in kind:
            return list(_of_json(msgspec.json.decode(content), final))
        return list(_of_html(content.decode("utf-8", "replace"), final, deadline))
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as why:
        raise NetworkError(f"{without_credentials(url)}: the list of files cannot be read: {why}.") from None


def _of_json(page: Any, base: str) -> Iterator[Listed]:
    for file in page["files"]:
        yanked = file.get("yanked", False)
        metadata = file.get("core-metadata", file.get("dist-info-metadata", False))
        yield Listed(
            name=str(file["filename"]),
            url=urljoin(base, str(file["url"])),
            claimed=_sha256(file.get("hashes")),
            yanked=yanked is not False,
            yanked_reason=yanked if isinstance(yanked, str) else "",
            requires_python=str(file.get("requires-python") or ""),
            metadata=_sha256(metadata),
        )


def _sha256(hashes: object) -> str:
    found = hashes.get("sha256", "") if isinstance(hashes, Mapping) else ""
    return found.lower() if isinstance(found, str) else ""


class _Links(HTMLParser):
    """The links of a page of PEP 503: the name of a file is what stands between the tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str | None], str]] = []
        self._inside: dict[str, str | None] | None = None
        self._words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._inside, self._words = dict(attrs), ""

    def handle_data(self, data: str) -> None:
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._inside is not None:
            self.found.append((self._inside, self._words.strip()))
            self._inside = None


def _of_html(page: str, base: str, deadline: Deadline) -> Iterator[Listed]:
    links = _Links()
    for start in range(0, len(page), SLICE):  # what never closes is looked through again and again
        deadline.hold(without_credentials(base))
        links.feed(page[start : start + SLICE])
    for attributes, name in links.found:
        url, fragment = urldefrag(urljoin(base, attributes.get("href") or ""))
        metadata = attributes.get("data-core-metadata") or attributes.get("data-dist-info-metadata") or ""
        yield Listed(
            name=name,
            url=url,
            claimed=fragment.removeprefix("sha256=").lower() if "sha256=" in fragment else "",
            yanked="data-yanked" in attributes,
            yanked_reason=attributes.get("data-yanked") or "",
            requires_python=attributes.get("data-requires-python") or "",
            metadata=metadata.removeprefix("sha256="),
        )


def _is_of(name: str, project: str, version: str) -> bool:
    """Whether a file's name says that it is a wheel or an sdist of this version. No other name is looked at."""
    if len(name) > NAME_SIGNS:
        return False
    try:
        if name.endswith(".whl"):
            found, number = parse_wheel_filename(name)[:2]
        else:
            found, number = parse_sdist_filename(name)
        return found == canonicalize_name(project) and number == Version(version)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return False


# ── the files ────────────────────────────────────────────────────────────────


async def _published(client: httpx.AsyncClient, one: Listed, deadline: Deadline) -> PublishedFile:
    sha256, size, problem = "", None, ""
    try:
        content, _, _ = await _fetch(client, one.url, FILE_BYTES, accept="*/*", deadline=deadline)
        sha256, size = hashlib.sha256(content).hexdigest(), len(content)
    except NetworkError as why:
        problem = str(why)
    return PublishedFile(
        name=one.name,
        claimed=one.claimed,
        sha256=sha256,
        size_bytes=size,
        yanked=one.yanked,
        yanked_reason=scrub(one.yanked_reason)[:500],
        requires_python=one.requires_python[:200],
        metadata=one.metadata[:128],
        problem=problem,
    )


class _Busy(Exception):
    """The server's own trouble, which may pass."""


async def _fetch(
    client: httpx.AsyncClient, url: str, most: int, *, accept: str, deadline: Deadline
) -> tuple[bytes, str, str]:
    """The body of an answer, its media type, and where it came from in the end.

    :raises NetworkError: it cannot be had, with the address but without who asks.
    """
    shown = without_credentials(url)
    deadline.hold(shown)
    try:
        async with asyncio.timeout(deadline.left_s):
            async for attempt in stamina.retry_context(
                on=(_Busy, httpx.TransportError), attempts=TRIES, wait_initial=0.2, wait_max=5
            ):
                with attempt:
                    return await _answer(client, url, most, accept)
    except TimeoutError:
        raise deadline.passed(shown) from None
    except (ValueError, httpx.InvalidURL):
        raise NetworkError(f"{shown}: an address that cannot be asked.") from None
    except _Busy as why:
        raise NetworkError(f"{shown}: {why}. Ask again later.") from None
    except httpx.HTTPError as why:
        raise NetworkError(f"{shown} cannot be reached ({network.what(why)}). {network.mend(why)}") from None
    raise AssertionError  # pragma: no cover - the last attempt returns or raises


async def _answer(client: httpx.AsyncClient, url: str, most: int, accept: str) -> tuple[bytes, str, str]:
    shown = without_credentials(url)
    for _ in range(4):
        if urlsplit(url).scheme not in ("http", "https"):
            raise NetworkError(f"{shown}: neither http nor https, so it is not asked.")
        if urlsplit(url).port == 0:  # asking for the port raises where it is none at all
            raise NetworkError(f"{shown}: an address that cannot be asked.")
        async with client.stream("GET", url, headers={"Accept": accept}) as answer:
            if answer.is_redirect:
                target = urljoin(url, answer.headers.get("Location", ""))
                if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
                    raise NetworkError(f"{shown} leads away from https, and is not followed.")
                url = target
                continue
            if answer.status_code in (429, 500, 502, 503, 504):
                raise _Busy(f"it answers {answer.status_code}")
            if answer.status_code in (404, 410):
                raise Absent(f"{shown} answers {answer.status_code}.")
            if answer.status_code != 200:
                raise NetworkError(f"{shown} answers {answer.status_code}.")
            content = bytearray()
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > most:
                    raise NetworkError(f"{shown} is larger than {most} bytes, and is not read to its end.")
            return bytes(content), answer.headers.get("Content-Type", ""), str(answer.url)
    raise NetworkError(f"{shown} leads on and on, and is not followed.")


# ── what CI built ────────────────────────────────────────────────────────────


def built(place: Path, metadata: Metadata) -> Built:
    """The packages in a folder, or in a zip, as CI left them.

    :raises UsageError: it is neither, or holds no package.
    """
    files = tuple(sorted(_packages(place), key=lambda one: one.name))
    if not files:
        raise UsageError(f"{place}: no wheel and no sdist is in it. Name the folder or the zip that CI built them in.")
    return Built(**metadata, origin=place.name, files=files)


def _packages(place: Path) -> Iterator[BuiltFile]:
    try:
        if place.is_dir():
            for path in sorted(place.rglob("*")):
                if path.is_file() and path.name.endswith(PACKAGES):
                    yield _built(path.name, path.read_bytes())
        else:
            with zipfile.ZipFile(place) as archive:
                for member in archive.infolist():
                    if member.filename.endswith(PACKAGES) and member.file_size <= FILE_BYTES:
                        yield _built(member.filename.rpartition("/")[2], archive.read(member))
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as why:
        raise UsageError(f"{place}: what CI built cannot be read: {why}.") from None


def _built(name: str, content: bytes) -> BuiltFile:
    return BuiltFile(name=name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
