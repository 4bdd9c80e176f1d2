"""Lists all workflow runs of a period, and checks that the list is complete.

A filtered listing ends at 1,000 results and does not say so, and what is new pushes what is old from page to page.
So the time asked for is cut until each part holds fewer, doubles are dropped, and what came is counted against what
was announced: a list that does not add up is read again, and is in the end no list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Generic, NamedTuple, Protocol, TypeVar

from atalaya.core.errors import NetworkError
from atalaya.evidence.github.client import Client, Page
from atalaya.evidence.github.payloads import Item, Payload, Run, Runs
from atalaya.evidence.readers.model import timestamp_of

CAP = 1_000
READS = 3
SECOND = timedelta(seconds=1)
RUN_AGAIN_WITHIN = timedelta(days=31)  # a run may be run again for 30 days

I_co = TypeVar("I_co", bound=Item, covariant=True)
I = TypeVar("I", bound=Item)  # noqa: E741 - an item


class Listed(Protocol[I_co]):
    """A page of a list."""

    @property
    def total_count(self) -> int: ...
    @property
    def items(self) -> tuple[I_co, ...]: ...


class Incomplete(NetworkError):
    """A list that does not hold what it announces."""


class _Capped(Exception):
    """There may be more results than are told."""


class Gathered(NamedTuple, Generic[I]):
    """A whole list. The digest is the page's, or over those of its pages, where there are more than one."""

    items: tuple[I, ...]
    sha256: str
    size_bytes: int
    pages: int


def gather(client: Client, path: str, kind: type[Payload], *, cap: int | None = None) -> Gathered[I]:
    """All items of a list, each once.

    :raises NetworkError: a page cannot be had, or the list does not add up.
    """
    found: dict[int, I] = {}
    announced = 0
    for _ in range(READS):
        found.clear()
        pages: list[Page[Payload]] = []
        for page in client.pages(path, kind):
            listed: Listed[I] = page.value  # type: ignore[assignment]
            if not pages:  # what is added while we read stands on the first page, and is for the next time
                announced = listed.total_count
            if cap is not None and announced >= cap:
                raise _Capped
            pages.append(page)
            for item in listed.items:
                found[item.id] = _later(found.get(item.id), item)
        if len(found) >= announced:
            return Gathered(tuple(found.values()), *_digest(pages), len(pages))
    raise Incomplete(
        f"GitHub announces {announced} in {path.partition('?')[0]}, and {len(found)} are there. Run again later."
    )


def _later(before: I | None, item: I) -> I:
    """Of two that are the same thing, the one of the later attempt: it was run again while we read."""
    if isinstance(before, Run) and isinstance(item, Run) and before.run_attempt > item.run_attempt:
        return before
    return item


def _digest(pages: Sequence[Page[Payload]]) -> tuple[str, int]:
    size_bytes = sum(page.size_bytes for page in pages)
    if len(pages) == 1:
        return pages[0].sha256, size_bytes
    return hashlib.sha256("".join(page.sha256 for page in pages).encode()).hexdigest(), size_bytes


def runs(client: Client, repo: str, *, since: datetime, now: datetime) -> Gathered[Run]:
    """Every run created between two instants, oldest first.

    What is asked for ends with the day, so that the address is the same, and the answer "not changed", until it is
    over; runs created after ``now`` are left for the next time.
    """
    end = datetime.combine(now.date(), time(), UTC) + timedelta(days=1) - SECOND
    parts = list(_parts(client, repo, _whole_second(since), end))
    found = {run.id: run for part in parts for run in part.items}
    latest = [run for run in found.values() if (at := timestamp_of(run.created_at or "")) is None or at.at <= now]
    whole = (
        (
            parts[0].sha256
            if len(parts) == 1
            else hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
        ),
        sum(part.size_bytes for part in parts),
        sum(part.pages for part in parts),
    )
    return Gathered(tuple(sorted(latest, key=_by_age)), *whole)


def run_again(client: Client, repo: str, commit: str, *, since: datetime) -> tuple[Run, ...]:
    """The runs of a commit that were created before an instant and run again since then, oldest first.

    :param commit: its whole SHA.
    """
    since = _whole_second(since)
    parts = _parts(client, repo, since - RUN_AGAIN_WITHIN, since - SECOND, f"&head_sha={commit}")
    found = {run.id: run for part in parts for run in part.items if (run.head_sha or "").lower() == commit.lower()}
    return tuple(sorted((run for run in found.values() if _changed_since(run, since)), key=_by_age))


def _changed_since(run: Run, since: datetime) -> bool:
    at = timestamp_of(run.updated_at or "")
    return at is None or at.at >= since


def _by_age(run: Run) -> tuple[str, int]:
    return run.created_at or "", run.id


def _whole_second(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _parts(client: Client, repo: str, since: datetime, until: datetime, more: str = "") -> Iterator[Gathered[Run]]:
    created = f"{since:%Y-%m-%dT%H:%M:%SZ}..{until:%Y-%m-%dT%H:%M:%SZ}"
    path = f"repos/{repo}/actions/runs?created={created}{more}&per_page=100"
    try:
        part: Gathered[Run] = gather(client, path, Runs, cap=CAP)
    except _Capped:
        if since >= until:
            raise Incomplete(
                f"GitHub tells of {CAP:,} runs of {repo} in the second of {since:%Y-%m-%d %H:%M:%S} UTC, and of no "
                f"more than that: what else there was cannot be read."
            ) from None
        middle = (since + (until - since) / 2).replace(microsecond=0)
        yield from _parts(client, repo, since, middle, more)
        yield from _parts(client, repo, middle + SECOND, until, more)
    else:
        yield part
