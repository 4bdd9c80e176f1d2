"""The part of `collect` that imports a release's CI results from GitHub."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from atalaya.cli.context import Context, github_repository
from atalaya.cli.instants import utc_now
from atalaya.core import environment
from atalaya.records.stored import (
    CommitTree,
    Environment,
    Evidence,
    JobAttempt,
    Reading,
    Release,
    RunContext,
    record_metadata,
)

if TYPE_CHECKING:
    from atalaya.evidence.github.client import Client
    from atalaya.evidence.github.fetch import Summary
    from atalaya.evidence.github.trees import Trees

CACHE = ".atalaya/github.sqlite"


class Taken(NamedTuple):
    """What became of it: 0 or, where something is not known, 3; and what to say of it."""

    code: int
    lines: tuple[str, ...]


def take_from_github(
    place: Context,
    release: Release,
    *,
    echo: Callable[[str], None],
    environ: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> Taken:
    """Take in what GitHub has of a release's runs that the ledger has not. Each run is kept as soon as it is read.

    :raises SettingsError: the repository, the token or the API's address cannot be.
    """
    repo = github_repository(place)
    if not repo:
        return Taken(0, ("no `repo` in [ci] of watch.toml: GitHub was not asked, and what CI said there is unknown",))
    with asking(place, echo=echo, environ=environ, clock=clock, sleep=sleep) as client:
        if not client.has_token:
            echo(
                '  GitHub: no token in GITHUB_TOKEN or GH_TOKEN: 60 requests an hour, each "not changed" counted too, '
                "and mostly no artifacts and no logs"
            )
        return _take(place, release, client, echo, clock())


@contextmanager
def asking(
    place: Context,
    *,
    echo: Callable[[str], None],
    environ: Mapping[str, str] | None,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> Iterator[Client]:
    """A client of GitHub, with the cache of this machine.

    :raises SettingsError: the token or the API's address cannot be.
    """
    from atalaya.evidence.github.client import API, Client
    from atalaya.evidence.github.http_cache import Cache

    environ = environment.everything() if environ is None else environ
    token = environment.github_token(environ)
    with (
        closing(Cache(place.root / CACHE, token)) as cache,
        closing(
            Client(environment.github_api(environ) or API, token, cache, echo=echo, clock=clock, sleep=sleep)
        ) as client,
    ):
        if cache.trouble:
            echo(f"  GitHub: {cache.trouble}")
        yield client


def trees_of(place: Context, client: Client, records: Sequence[Evidence], now: datetime) -> Trees:
    """What is known of the trees of the SDK's folder, and how more is found out."""
    from atalaya.evidence.github.trees import Trees

    settings = place.loaded.settings
    return Trees(
        client,
        settings.ci.repo,
        settings.subject.path,
        [record for record in records if isinstance(record, CommitTree)],
        _in_git(place),
        record_metadata(f"github-{settings.ci.repo}", Environment.CI, now),
    )


def _take(place: Context, release: Release, client: Client, echo: Callable[[str], None], now: datetime) -> Taken:
    from atalaya.evidence.apart import lines
    from atalaya.evidence.github.fetch import CollectedIds, Collection
    from atalaya.evidence.ledger import ledger
    from atalaya.watch.folder import lasts_h

    settings = place.loaded.settings
    repo, folder = settings.ci.repo, place.releases / release.version / "evidence"
    records = ledger.of_kinds(folder, CommitTree, JobAttempt, Reading, RunContext)
    trees = trees_of(place, client, records, now)
    kept: list[Evidence] = []

    def keep(evidence: Sequence[Evidence]) -> None:
        ledger.write(folder, evidence)
        kept.extend(evidence)

    summary = Collection(
        client,
        repo,
        release,
        workflows=settings.ci.workflows,
        recorded=recorded_names(records),
        digests={record.subject_digest for record in records if isinstance(record, RunContext)},
        trees=trees,
        known=CollectedIds(record for record in records if isinstance(record, Reading)),
        recorded_at=now,
        keep=keep,
        echo=echo,
    ).take()
    lasting = replace(release, window_h=lasts_h(folder.parent, release))
    apart = map(str, lines(kept, release=lasting, same_tree=trees.same_as(release.commit)))
    unknown = summary.trouble or summary.unread or summary.trees
    return Taken(3 if unknown else 0, (*_lines(repo, summary, client), *apart))


def recorded_names(records: Sequence[Evidence]) -> dict[str, str]:
    """The name under which the jobs of a workflow were first recorded, by its file: a changed name changes nothing."""
    jobs = [record for record in records if isinstance(record, JobAttempt) and record.workflow_file]
    jobs.sort(key=lambda job: (job.recorded_at, job.occurred_at), reverse=True)
    return {job.workflow_file: job.workflow for job in jobs}


def _in_git(place: Context) -> Callable[[str, str], str | None] | None:
    """What asks the SDK's own repository for a tree; None where it is not on this machine."""
    from atalaya.sdk import git_repository

    repository = git_repository.find(place.root, place.loaded.settings)
    if repository is None:
        return None
    return lambda commit, path: git_repository.tree_of(repository, commit, path)


def _lines(repo: str, summary: Summary, client: Client) -> tuple[str, ...]:
    left = "" if client.remaining is None else f", {client.remaining} left of the hour's"
    lines = [
        f"{repo}: {summary.runs} runs, {summary.taken} taken in, {summary.before} known before",
        *(f"left out: {n} runs {which}" for which, n in sorted(summary.left_out.items())),
        f"{summary.attempts} attempts, {summary.jobs} jobs, {summary.files} files of artifacts, {summary.logs} logs",
        f'{client.requests} requests, {client.not_modified} of them answered "not changed"{left}',
    ]
    lines += [f"run {said}" for said in summary.said]
    if summary.apart or summary.apart_left:
        left_over = f"; {summary.apart_left} not read this time" if summary.apart_left else ""
        lines.append(f"{summary.apart} runs that do not count: their jobs are shown apart{left_over}")
    for troubles in filter(None, (summary.trees, summary.no_tree)):
        first = min(troubles)
        lines.append(
            f"{len(troubles)} commits of which it is not known whether they hold the same SDK, so their runs do not "
            f"count. {first[:12]}: {troubles[first]}"
        )
    if summary.unread:
        lines.append(f"{summary.unread} files or runs could not be read, and what they held is unknown")
    if summary.trouble:
        lines.append(f"not all was read, so CI's part of this period is unknown: {summary.trouble}")
    return tuple(lines)
