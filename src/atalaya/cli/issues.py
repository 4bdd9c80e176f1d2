"""Keeps incidents as issues on GitHub, and takes in what the team writes there: a command, and a part of `watch`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from atalaya.cli.as_of import judged
from atalaya.cli.collect_github import asking
from atalaya.cli.context import Context, github_repository
from atalaya.cli.instants import utc_now
from atalaya.cli.recording import append_evidence
from atalaya.core import environment
from atalaya.core.errors import NetworkError
from atalaya.core.scrub import scrub
from atalaya.records.judged import Incident, Judgement
from atalaya.records.stored import IncidentNote, Release, happened_at, record_metadata

if TYPE_CHECKING:
    from atalaya.evidence.github.issues import Board, Kept
    from atalaya.evidence.github.payloads import Written

LONGEST_NOTE = 4_000  # characters
MOST_NOTES = 200  # of one incident
UNKNOWN = 3


def issues(place: Context, args: argparse.Namespace) -> int:
    """Keep each incident as an issue of [ci] repo, as `github` in [incidents] asks, and take in the team's notes."""
    from atalaya.watch import folder

    if not place.loaded.settings.incidents.github:
        place.console.line("  no incident becomes an issue: `github = true` in [incidents] of watch.toml asks for it")
        return 0
    if args.release:
        releases = [folder.load(place.releases / args.release)]
    else:
        # The last ones too: what a closed watch carried over, or resolved at its end, is told as well.
        found = [one for one in folder.find(place.releases) if not one.rehearsal]
        releases = [one for one in found if not one.version.startswith(folder.LOCAL)][:2]
    if not releases:
        place.console.line("  no release was opened: there is no incident")
    codes = (keep_issues(place, one, judged(place, one, None), writes=not args.notes_only) for one in releases)
    return max(codes, default=0)


def keep_issues(
    place: Context,
    release: Release,
    judgement: Judgement,
    *,
    writes: bool = True,
    environ: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Bring the issue of each incident to how it stands. What is in the way is said, and stops nothing else.

    :param writes: whether anything is written there: else notes are taken, and no more.
    :return: an exit code: 3 where GitHub does not take or tell it all.
    :raises SettingsError: the repository, the token or the API's address cannot be.
    """
    if not place.loaded.settings.incidents.github or not judgement.incidents:
        return 0
    echo = place.console.line
    environ = environment.everything() if environ is None else environ
    if in_the_way := _in_the_way(place, release, environ):
        echo(f"  no issues on GitHub: {in_the_way}")
        return 0
    from atalaya.evidence.github.issues import Board

    with asking(place, echo=echo, environ=environ, clock=clock, sleep=sleep) as client:
        board = Board(client, github_repository(place), since=release.opened_at, sleep=sleep, writes=writes)
        try:
            kept = list(_kept(place, board, judgement))
            notes = list(_notes(place, board, judgement, kept, clock()))
        except NetworkError as why:
            place.console.row("unknown", f"issues: {why}")
            return UNKNOWN
    if notes:
        append_evidence(place, release, notes)
    return 0


def _in_the_way(place: Context, release: Release, environ: Mapping[str, str]) -> str:
    """Why nothing is written there, whatever GitHub would say; empty where nothing is in the way."""
    from atalaya.watch.folder import LOCAL

    if release.rehearsal:
        return "a rehearsal opens none"
    if release.version.startswith(LOCAL):
        return "this watch is of this machine alone"
    if not github_repository(place):
        return "no `repo` in [ci] of watch.toml"
    if not environment.github_token(environ):
        return "no token in GITHUB_TOKEN or GH_TOKEN. Give one that may write issues (in a workflow: `issues: write`)"
    return ""


def _kept(place: Context, board: Board, judgement: Judgement) -> Iterator[tuple[Incident, Kept]]:
    from atalaya.site.i18n.language import Language
    from atalaya.site.markup.renderer import Renderer
    from atalaya.site.outputs.issue import as_issue

    voice = Renderer(Language(place.loaded.settings.watch.language))
    for incident in judgement.incidents:
        kept = board.keep(as_issue(judgement, incident, voice))
        if kept is None:
            continue
        if kept.done:
            place.console.line(f"  {incident.id} is issue #{kept.number}: {', '.join(kept.done)}")
        yield incident, kept


# ── what the team wrote there ────────────────────────────────────────────────


def _notes(
    place: Context, board: Board, judgement: Judgement, kept: Sequence[tuple[Incident, Kept]], now: datetime
) -> Iterator[IncidentNote]:
    """What members and collaborators wrote since: never from a private repository to pages that all may read."""
    from atalaya.watch.seal import is_sealed

    settings, release = place.loaded.settings.incidents, judgement.release
    if not settings.notes or is_sealed(place.releases / release.version):
        return
    if not settings.private_pages and board.is_private():
        place.console.line(
            "  notes: the repository is private, and the pages may be public, so none are taken. Where the pages are "
            "private too, say so: `private_pages = true` in [incidents] of watch.toml"
        )
        return
    redacted = {comment for one in judgement.redactions for comment in one.comments}
    known = {one.comment: one.text for one in judgement.notes}
    for incident, issue in kept:
        for one in issue.written[:MOST_NOTES]:
            words = _scrubbed(one.body or "")
            if words and one.id not in redacted and known.get(one.id) != words:
                yield _note(release, incident, one, words, now)


def _note(release: Release, incident: Incident, one: Written, words: str, now: datetime) -> IncidentNote:
    from atalaya.evidence.readers.model import timestamp_of

    told = timestamp_of(one.updated_at or one.created_at or "")
    metadata = record_metadata(f"note-{one.id}", release.own_environment, now)
    return IncidentNote(
        **happened_at(metadata, min(told.at, now) if told else now),
        incident=incident.id,
        comment=one.id,
        by=one.author_association.lower(),
        text=words,
    )


def _scrubbed(words: str) -> str:
    """A comment without what must not be published. It is scrubbed whole, since a secret can straddle the cut."""
    words = scrub(words.replace("\r\n", "\n")[: LONGEST_NOTE * 10]).strip()
    words = words.encode("utf-8", "replace").decode()
    return words if len(words) <= LONGEST_NOTE else f"{words[:LONGEST_NOTE]}…"
