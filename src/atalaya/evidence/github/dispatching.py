"""Starts a run of a workflow on GitHub, on a branch or a tag that points at the released SDK.

GitHub dispatches no commit. So a ref is looked for: the one that the settings name, then tags, which stay where they
are, then branches; first those that point at the released commit itself, then those whose commit holds the same SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

from atalaya.core.errors import NetworkError
from atalaya.evidence.commits import same_commit
from atalaya.evidence.github.client import Absent, Client, Refused
from atalaya.evidence.github.payloads import CommitOf, Home, Refs, Run, Workflow
from atalaya.evidence.github.trees import Trees

MOST_LOOKED_INTO = 10  # commits of refs whose trees are asked for
STARTED = (200, 201, 204)
DISPATCHED = "workflow_dispatch"


class Target(NamedTuple):
    """A branch or a tag, and the commit that it points at."""

    ref: str
    commit: str


def target(client: Client, repo: str, commit: str, trees: Trees, *, named: str = "") -> Target | None:
    """A ref on which a dispatched run tests the released SDK; None where there is none.

    :param commit: the released one.
    :param named: the ref that the settings name.
    :raises NetworkError: GitHub does not tell its refs.
    """
    if named and (found := _of_the_sdk(_named(client, repo, named), commit, trees)) is not None:
        return found
    branches = list(_listed(client, f"repos/{repo}/branches?per_page=100"))
    default = _default_branch(client, repo)
    branches.sort(key=lambda branch: branch.ref != default)
    return _of_the_sdk([*_listed(client, f"repos/{repo}/tags?per_page=100"), *branches], commit, trees)


def _of_the_sdk(refs: Sequence[Target], commit: str, trees: Trees) -> Target | None:
    """The first that points at the released commit, else the first whose commit holds the same SDK."""
    exact = next((ref for ref in refs if same_commit(ref.commit, commit)), None)
    if exact is not None or not refs:
        return exact
    trees.find(commit)
    for sha in list(dict.fromkeys(ref.commit for ref in refs))[:MOST_LOOKED_INTO]:
        trees.find(sha)
    same = trees.same_as(commit)
    return next((ref for ref in refs if ref.commit.lower() in same), None)


def _named(client: Client, repo: str, ref: str) -> list[Target]:
    try:
        return [Target(ref, client.page(f"repos/{repo}/commits/{quote(ref)}", CommitOf).value.sha)]
    except (Absent, Refused):  # it is not there, and others may be
        return []


def _listed(client: Client, path: str) -> Iterator[Target]:
    for page in client.pages(path, Refs):
        for ref in page.value.items:
            yield Target(ref.name, ref.commit.sha)


def _default_branch(client: Client, repo: str) -> str:
    try:
        return client.page(f"repos/{repo}", Home).value.default_branch
    except NetworkError:  # it is asked for its order only
        return ""


def start(client: Client, repo: str, workflow: Workflow, on: Target) -> str:
    """Start a run; empty where GitHub took it, else what to do about it.

    :raises NetworkError: there was no answer.
    """
    file = workflow.path.rpartition("/")[2]
    status, says = client.send("POST", f"repos/{repo}/actions/workflows/{file}/dispatches", {"ref": on.ref})
    if status in STARTED:
        return ""
    if status in (401, 403):
        return (
            f"the token may not dispatch ({status}: {says!r}). Give it `actions: write`: in a workflow under "
            f"`permissions:`, or as a token's right to write Actions."
        )
    if status == 404:
        return f"GitHub knows no such workflow on its default branch, or not for this token ({status}: {says!r})."
    if status == 422:
        return (
            f"{file} at {on.ref} cannot be dispatched ({status}: {says!r}). Give it `workflow_dispatch:` under `on:`, "
            f"without an input that is required."
        )
    return f"GitHub answers {status}: {says!r}. The next watch tries again."


def unfinished(runs: Iterable[Run]) -> list[Run]:
    """Those that are queued or running."""
    return [run for run in runs if run.status not in (None, "completed")]


def dispatched_on(day: str, runs: Sequence[Run], is_ours: Callable[[Run], bool]) -> int:
    """How many runs of our workflows somebody dispatched on a day, as 2026-01-31."""
    return sum(run.event == DISPATCHED and (run.created_at or "").startswith(day) and is_ours(run) for run in runs)
