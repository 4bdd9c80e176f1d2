"""Sends results to the GitHub summary, annotations and a webhook."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from atalaya.cli.as_of import judged
from atalaya.cli.context import Context
from atalaya.cli.output import print_json
from atalaya.cli.recording import append_evidence, new_metadata
from atalaya.cli.which_release import named_or_open
from atalaya.core import environment
from atalaya.core.errors import NetworkError, UsageError
from atalaya.harness.pack import Pack
from atalaya.records.judged import Judgement
from atalaya.records.results import CheckRun
from atalaya.records.stored import Notice, Outcome, Release

LARGEST_BYTES = 1024 * 1024  # of a summary, as GitHub takes it
# A check names its promise by a decorator, or is made from a table of roads.
_CHECK = re.compile(r'^(?:@promise|\w+ = \w+\.\w+)\("(?P<id>[^"]+)"\)', re.MULTILINE)

# ── the run's summary ────────────────────────────────────────────────────────


def summarise_run(place: Context, judgement: Judgement, named: str | None) -> None:
    """Write the summary where the run is shown, if that was asked for or GitHub names a file for it."""
    from atalaya.site.i18n.language import Language
    from atalaya.site.markup.renderer import Renderer
    from atalaya.site.outputs.summary import summary

    file = named or environment.github_summary()
    if not file:
        return
    text = summary(judgement, Renderer(Language(place.loaded.settings.watch.language)))
    try:
        with Path(file).open("a", encoding="utf-8") as written:
            written.write(text.encode("utf-8", "replace")[:LARGEST_BYTES].decode("utf-8", "ignore"))
    except OSError as why:  # said, and no reason to lose the rest of a watch
        place.console.row("unknown", f"{file}: the summary cannot be written: {why.strerror}. Name another file.")


# ── beside the code ──────────────────────────────────────────────────────────


def annotate(run: CheckRun, pack: Pack) -> None:
    """In a workflow of GitHub, an annotation for each promise that is broken or unknown, at its check."""
    if environment.in_github_actions():
        for line in workflow_commands(run, pack):
            print(line, file=sys.stderr, flush=True)  # the output is the report's, with --json


def workflow_commands(run: CheckRun, pack: Pack) -> Iterable[str]:
    """The workflow commands: what is in them can start no other.

    >>> _property("a:b,c%d")
    'a%3Ab%2Cc%25d'
    """
    places = places_of_checks(pack)
    for check in run.checks:
        level = {Outcome.BROKEN: "error", Outcome.UNKNOWN: "warning"}.get(check.outcome)
        if level is not None:
            file, line = places.get(check.id, (_shown(pack.folder), 1))
            where = f"file={_property(file)},line={line},title={_property(check.id)}"
            yield f"::{level} {where}::{_message(check.reason or str(check.outcome))}"


def places_of_checks(pack: Pack) -> dict[str, tuple[str, int]]:
    """The file and the line of the check of each promise."""
    found = {}
    for file in pack.files("check_*.py"):
        source = file.read_text(encoding="utf-8")
        for match in _CHECK.finditer(source):
            line = source.count("\n", 0, match.start()) + 1
            found[match["id"]] = (_shown(file), line)
    return found


def _shown(file: Path) -> str:
    """A file as a workflow names it: from the folder that the workflow runs in, where it lies there."""
    here = Path.cwd()
    return (file.relative_to(here) if file.is_relative_to(here) else file).as_posix()


def _message(text: str) -> str:
    from atalaya.core.scrub import scrub

    shown = (
        scrub(text[:20_000])[:2000].replace("##[", "# #[").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    )
    return "".join(sign if sign.isprintable() else " " for sign in shown)


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


# ── in their chat ────────────────────────────────────────────────────────────


def notify(place: Context, args: argparse.Namespace) -> int:
    """Tell a chat by its webhook what has happened since it was last told; --dry-run prints it and sends nothing."""
    release = named_or_open(place, args.release, "notify", to_write=not args.dry_run)
    judgement = judged(place, release, None)
    if args.dry_run:
        message = _message_of(place, judgement)
        print_json(message if message is not None else {"text": "nothing has happened since"})
        return 0
    if not environment.webhook():
        raise UsageError(
            f"notify: no webhook is set. Give it as {environment.WEBHOOK}, since it is a secret; --dry-run needs none."
        )
    return tell(place, release, judgement)


def tell(place: Context, release: Release, judgement: Judgement) -> int:
    """Send what has not been told yet, and keep that it was: told at least once, if two runs meet."""
    code, ids = deliver(place, judgement)
    if ids:
        host = urlsplit(environment.webhook().reveal()).hostname or ""
        append_evidence(place, release, [Notice(**new_metadata(release), channel=host, told=ids)])
    return code


def deliver(place: Context, judgement: Judgement) -> tuple[int, tuple[str, ...]]:
    """Send what has not been told yet, if anybody is to be told; an exit code, and the names of what was told."""
    from atalaya.site.outputs.webhook import send

    webhook = environment.webhook()
    message = _message_of(place, judgement) if webhook else None
    if message is None:
        return 0, ()
    try:
        send(webhook, message)
    except (NetworkError, UsageError) as why:  # a watch says so, and goes on
        place.console.row("unknown", f"webhook: {why}")
        return why.exit_code if isinstance(why, UsageError) else 3, ()
    ids = tuple(one.id for one in _untold(judgement))
    place.console.line(f"  told by webhook: {len(ids)} happenings")
    return 0, ids


def _untold(judgement: Judgement) -> Sequence[Any]:
    from atalaya.watch.notifications import happenings

    told = {id for notice in judgement.notices for id in notice.told}
    return [one for one in happenings(judgement) if one.id not in told]


def _message_of(place: Context, judgement: Judgement) -> dict[str, Any] | None:
    from atalaya.site.i18n.language import Language
    from atalaya.site.markup.renderer import Renderer
    from atalaya.site.outputs.webhook import message

    untold = _untold(judgement)
    voice = Renderer(Language(place.loaded.settings.watch.language))
    return message(judgement, untold, voice) if untold else None
