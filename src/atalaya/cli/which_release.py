"""Finds the release that a command is about: as named, else the one that is open, else a new local one."""

from __future__ import annotations

from atalaya.cli.context import Context
from atalaya.cli.instants import utc_now
from atalaya.core.errors import ReleaseError
from atalaya.records.stored import Release


def resolve_release(place: Context, named: str | None, version: str | None) -> Release:
    """The release to write to: the one that is named, else the one whose window is open, else a new local one.

    A local one has no folder yet: its first evidence makes it, so that a command which is refused makes none.
    """
    from atalaya.watch import folder

    if named:
        return _takes_evidence(place, folder.load(place.releases / named))
    now = utc_now()
    found = folder.to_write(place.releases, now=now)
    if found is not None:
        _say_which(place, found)
        return found
    name = folder.local_name(place.releases, version)
    return Release(version=name, commit=place.loaded.settings.subject.commit, opened_at=now)


def require_opened(place: Context, release: Release) -> None:
    """Make the folder of a local release that has none yet."""
    from atalaya.site.build.skeleton import pages
    from atalaya.watch import folder

    if release.version.startswith(folder.LOCAL) and not (place.releases / release.version).exists():
        folder.open_release(place.releases, release, pages())
        place.console.line(f"  no release is open: {release.version} was opened for this machine, T+0 is now")


def named_or_open(place: Context, named: str | None, command: str, *, to_write: bool = False) -> Release:
    """The release named, else the one whose window is open. Unlike :func:`resolve_release`, none is made.

    :raises ReleaseError: none is named, and none is open.
    """
    from atalaya.watch import folder

    release = folder.load(place.releases / named) if named else folder.to_write(place.releases, now=utc_now())
    if release is None:
        there = ", ".join(one.version for one in folder.find(place.releases)[:10])
        mend = (
            f"Name one with --release. There are: {there}."
            if there
            else "Open one: atalaya release open VERSION --commit REF."
        )
        raise ReleaseError(f"{command}: no release is open. {mend}")
    return _takes_evidence(place, release) if to_write else release


def _say_which(place: Context, release: Release) -> None:
    place.console.line(f"  release: {release.version}, since {release.opened_at:%Y-%m-%d %H:%M} UTC")


def _takes_evidence(place: Context, release: Release) -> Release:
    from atalaya.watch.seal import require_unsealed

    require_unsealed(place.releases / release.version)
    if release.rehearsal:
        raise ReleaseError(
            f"{release.version}: a rehearsal takes no evidence but its own. Name another release, or none."
        )
    return release
