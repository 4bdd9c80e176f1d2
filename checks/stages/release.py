"""What do the commands do that look after a release?"""

from __future__ import annotations

import argparse

from checks.records import Release
from checks.stages.place import Place, instant, utc_now


def release_open(place: Place, args: argparse.Namespace) -> int:
    """Open the watch of a release: from then on, `watch` writes to it."""
    from checks.includes.skeleton import pages
    from checks.release.folder import open_release

    opened_at = instant(args.at) if args.at else utc_now()
    folder = open_release(
        place.releases,
        Release(version=args.version, commit=args.commit.lower(), opened_at=opened_at),
        pages(),
    )
    place.console.line(
        f"  open: {folder}, T+0 is {opened_at:%Y-%m-%d %H:%M} UTC. Now run the watch: python3 noxfile.py"
    )
    return 0
