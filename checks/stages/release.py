"""What do the commands do that look after a release and its evidence?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from checks.records import (
    Release,
)
from checks.stages.place import Place, instant, the_release, utc_now

if TYPE_CHECKING:
    pass


def release_open(place: Place, args: argparse.Namespace) -> int:
    """Open the watch of a release: from then on, `watch` writes to it."""
    from checks.includes.skeleton import pages
    from checks.release.folder import open_release

    opened_at = instant(args.at) if args.at else utc_now()
    folder = open_release(
        place.releases, Release(version=args.version, commit=args.commit, opened_at=opened_at), pages()
    )
    place.console.line(
        f"  open: {folder}, T+0 is {opened_at:%Y-%m-%d %H:%M} UTC. Now run the watch: python3 noxfile.py"
    )
    return 0


def evidence_verify(place: Place, args: argparse.Namespace) -> int:
    """Recompute every digest of a release's evidence, and say what differs."""
    from checks.evidence import ledger

    release = the_release(place, args.release, None)
    problems = ledger.verify(place.releases / release.version / "evidence")
    for problem in problems:
        place.console.row("broken", problem)
    if not problems:
        place.console.line(f"  {release.version}: every segment is what its name says")
    return 1 if problems else 0
