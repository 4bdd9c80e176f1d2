"""Resolves the commit of a release: in the SDK's own repository, else by GitHub's API."""

from __future__ import annotations

import re
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from atalaya.cli.context import Context, github_repository
from atalaya.core import environment
from atalaya.core.errors import NetworkError, ReleaseError

# What git prints of a commit, whole or cut short.
_SHA = re.compile(r"[0-9a-f]{4,64}")
_WHOLE = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def commit_of(place: Context, named: str | None, *, unverified: bool) -> str:
    """The full SHA of the commit that was named, else of the one in ``watch.toml``; says where it was found.

    Where there is neither a repository of the SDK nor one on GitHub to ask, a SHA is taken as it is given, and that is
    said. A clone of Atalaya is never asked: its commits are not the SDK's.

    :raises ReleaseError: it is no commit there, or no SHA and nobody can be asked.
    """
    asked = place.loaded.settings.subject.commit if named is None else named
    asked = asked.strip()
    if named is None:
        if not asked:
            raise ReleaseError(
                "release open: no commit is named, here or in [subject] of watch.toml. Give the one that was "
                "released: --commit SHA, a tag or HEAD."
            )
        place.console.line(f"  commit: {asked}, as [subject] of watch.toml says")
    if unverified:
        place.console.line(f"  commit: {asked or 'none'}, not verified: evidence of another name is kept apart")
        return asked.lower()
    found, why_not = _in_the_repository(place, asked)
    if found is None and asked:
        found, said = _by_github(place, asked)
        why_not = "; ".join(one for one in (why_not, said) if one)
    if found is not None:
        return found
    if _can_nobody_be_asked(place) and _SHA.fullmatch(asked.lower()):
        place.console.line(f"  commit: {asked.lower()}, as it was given, for nobody can be asked: {why_not}")
        return asked.lower()
    raise ReleaseError(
        f"--commit {asked or '(empty)'}: it is no commit that can be found: {why_not}. Give a SHA, a tag or HEAD of "
        f"the SDK's repository; fetch first, if it is not here yet. To open without it: --unverified."
    )


def _can_nobody_be_asked(place: Context) -> bool:
    from atalaya.sdk.git_repository import find

    return find(place.root, place.loaded.settings) is None and not place.loaded.settings.ci.repo


def _in_the_repository(place: Context, asked: str) -> tuple[str | None, str]:
    """The commit, or None and why."""
    from atalaya.sdk.git_repository import resolve, search

    repository, reason = search(place.root, place.loaded.settings)
    if repository is None:
        return None, reason
    found = resolve(repository, asked)
    if found is None:
        return None, f"{repository} has no such commit"
    place.console.line(f"  commit: {found}, by {asked} of {repository}")
    return found, ""


def _by_github(place: Context, asked: str) -> tuple[str | None, str]:
    """The commit, or None and why.

    :raises SettingsError: the repository, the token or the API's address cannot be.
    """
    from atalaya.evidence.github.client import API, Client
    from atalaya.evidence.github.http_cache import Cache
    from atalaya.evidence.github.payloads import Payload

    class Commit(Payload, frozen=True, kw_only=True):
        sha: str

    repo = github_repository(place)
    if not repo:
        return None, "[ci] repo names no repository on GitHub"
    token = environment.github_token()
    with (
        tempfile.TemporaryDirectory(prefix="atalaya-commit-") as scratch,  # a command that is refused leaves nothing
        closing(Cache(Path(scratch) / "github.sqlite", token)) as cache,
        closing(Client(environment.github_api() or API, token, cache, echo=place.console.line)) as client,
    ):
        try:
            sha = client.page(f"repos/{repo}/commits/{quote(asked, safe='')}", Commit).value.sha.lower()
        except NetworkError as why:
            return None, f"GitHub, asked for {repo}: {why}".rstrip(".")
    if not _WHOLE.fullmatch(sha):
        return None, f"GitHub, asked for {repo}, answers with no commit"
    place.console.line(f"  commit: {sha}, by {asked} of {repo} on GitHub")
    return sha, ""
