"""Keeps incidents as issues of a repository on GitHub: opened once, commented once, closed and opened again.

GitHub opens whatever it is asked to, so what is there is looked for first, by a marker that the first line of a body
hides. Where two runs opened the same at once, both find both afterwards: the lower number stays, the other is closed.
The same goes for comments, of which the later one is taken away. What a stranger writes is nobody's marker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from atalaya.core.errors import NetworkError
from atalaya.evidence.github.client import Client, Refused
from atalaya.evidence.github.payloads import Comments, Home, Issue, Issues, Written

LABEL = "atalaya"
TEAM = ("OWNER", "MEMBER", "COLLABORATOR")
BOT = "Bot"
MOST_PAGES = 10  # of issues without our label: somebody took it off
PAUSE_S = 1.0  # GitHub asks for a second between two writes
DONE = (200, 201, 204)
MENDS = {
    403: "the token may not write issues. Give it `issues: write`: in a workflow under `permissions:`, or as a token's "
    "right to write Issues",
    404: "there is no such repository, or the token may not see it. Name it as `repo` in [ci] of watch.toml",
    410: "issues are turned off there. Turn them on in the repository's settings, or set `github = false` in "
    "[incidents] of watch.toml",
}

W = TypeVar("W", bound=Written)


class Said(NamedTuple):
    """A text with its marker, which is its first line."""

    marker: str
    text: str

    @property
    def body(self) -> str:
        return f"{self.marker}\n{self.text}"


class Wanted(NamedTuple):
    """An incident as its issue is to be."""

    incident: str
    title: str
    opening: Said
    labels: tuple[str, ...]
    is_closed: bool
    events: tuple[Said, ...]


class Kept(NamedTuple):
    """The issue of an incident, with what people of the team wrote below it."""

    number: int
    done: tuple[str, ...]
    written: tuple[Written, ...]


class Board:
    """The issues of one repository.

    :param since: when the oldest of the incidents may have become an issue.
    :param writes: whether anything is written: else it is only read what is there.
    """

    def __init__(
        self,
        client: Client,
        repo: str,
        *,
        since: datetime,
        sleep: Callable[[float], None] = time.sleep,
        writes: bool = True,
    ) -> None:
        self._client, self._repo, self._since, self._sleep, self._writes = client, repo, since, sleep, writes
        self._labelled: list[Issue] | None = None
        self._others: list[Issue] | None = None

    def keep(self, wanted: Wanted) -> Kept | None:
        """Bring the issue of an incident to what it is to be; None where it needs none.

        :raises NetworkError: GitHub does not tell what there is, or does not take what is written.
        """
        found = self._found(wanted.opening.marker)
        if not found and (wanted.is_closed or not self._writes):
            return None
        if not self._writes:
            return Kept(found[0].number, (), _by_people(self._comments(found[0].number)))
        done = [] if found else ["opened"]
        first, *others = found or self._opened(wanted)
        for other in others:
            if other.state != "closed":
                self._change(other.number, {"state": "closed", "state_reason": "not_planned"})
                done.append(f"closed #{other.number}, the same once more")
        there = self._comments(first.number)
        for event in wanted.events:
            if not _of(event.marker, there):
                self._write("POST", f"issues/{first.number}/comments", {"body": event.body})
                done.append("commented")
        if "commented" in done:
            there = self._without_doubles(self._comments(first.number), wanted.events)
        if change := _change_of(first, wanted):
            self._change(first.number, change)
            done.append(str(change.get("state", "labelled")))
        return Kept(first.number, tuple(done), _by_people(there))

    def is_private(self) -> bool:
        """Whether not everybody may read the repository; so it is where GitHub does not tell."""
        return self._client.page(f"repos/{self._repo}", Home).value.private is not False

    # ── what there is ────────────────────────────────────────────────────────

    def _found(self, marker: str) -> list[Issue]:
        """The issues with a marker, the lowest number first: among those with our label, else among all."""
        if self._labelled is None:
            self._labelled = list(self._listed(f"labels={quote(LABEL)}"))
        if found := _of(marker, self._labelled):
            return found
        if self._others is None:
            self._others = list(self._listed(f"since={self._since:%Y-%m-%dT%H:%M:%SZ}", MOST_PAGES))
        return _of(marker, self._others)

    def _listed(self, which: str, most: int | None = None) -> Iterable[Issue]:
        pages = self._client.pages(f"repos/{self._repo}/issues?state=all&{which}&per_page=100", Issues)
        for page in islice(pages, most):
            yield from page.value.items

    def _comments(self, number: int) -> list[Written]:
        pages = self._client.pages(f"repos/{self._repo}/issues/{number}/comments?per_page=100", Comments)
        return [one for page in pages for one in page.value.items]

    # ── what is written ──────────────────────────────────────────────────────

    def _opened(self, wanted: Wanted) -> list[Issue]:
        """Open an issue, and look whether somebody else did so at once."""
        body = {"title": wanted.title, "body": wanted.opening.body, "labels": list(wanted.labels)}
        self._write("POST", "issues", body)
        self._labelled = self._others = None
        found = self._found(wanted.opening.marker)
        if not found:
            raise Refused("GitHub took an issue and does not list it yet. The next watch goes on with it.")
        return found

    def _without_doubles(self, there: Sequence[Written], events: Iterable[Said]) -> list[Written]:
        doubles = [one for event in events for one in _of(event.marker, there)[1:]]
        for one in doubles:
            self._write("DELETE", f"issues/comments/{one.id}", {}, but=(404,))
        return [one for one in there if one not in doubles]

    def _change(self, number: int, change: dict[str, object]) -> None:
        self._write("PATCH", f"issues/{number}", change)

    def _write(self, method: str, path: str, content: Mapping[str, object], but: tuple[int, ...] = ()) -> None:
        status, says = self._client.send(method, f"repos/{self._repo}/{path}", content)
        self._sleep(PAUSE_S)
        if status in DONE or status in but:
            return
        mend = MENDS.get(status, "The next watch tries again")
        raise NetworkError(f"GitHub answers {status} to {method} {path}: {says!r}. {mend[0].upper()}{mend[1:]}.")


def _of(marker: str, there: Iterable[W]) -> list[W]:
    """Those that begin with a marker and were not written by a stranger, the oldest first."""
    found = [one for one in there if (one.body or "").partition("\n")[0].rstrip() == marker and _is_trusted(one)]
    return sorted(found, key=lambda one: one.id)


def _is_trusted(one: Written) -> bool:
    return one.author_association in TEAM or (one.user is not None and one.user.type == BOT)


def _by_people(there: Iterable[Written]) -> tuple[Written, ...]:
    """What people of the team wrote, and no program, ours or another."""
    return tuple(
        one
        for one in there
        if one.author_association in TEAM
        and not (one.user is not None and one.user.type == BOT)
        and not (one.body or "").startswith("<!-- atalaya:")
    )


def _change_of(issue: Issue, wanted: Wanted) -> dict[str, object]:
    """What is to become another one. Labels that are not ours stay."""
    change: dict[str, object] = {}
    state = "closed" if wanted.is_closed else "open"
    if issue.state != state:
        change |= {"state": state} | ({"state_reason": "completed"} if wanted.is_closed else {})
    names = [label.name for label in issue.labels]
    theirs = [name for name in names if name != LABEL and not name.startswith(f"{LABEL}: ")]
    if {*names} != {*theirs, *wanted.labels}:
        change["labels"] = [*theirs, *wanted.labels]
    return change
