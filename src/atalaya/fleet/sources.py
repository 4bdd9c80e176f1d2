"""Finds the releases of each source: a folder here, a branch that git fetches, or compacted evidence."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from msgspec.structs import replace

from atalaya.core import places, settings
from atalaya.core.errors import AtalayaError, SettingsError
from atalaya.core.fleet_settings import LoadedFleet, SourceSettings
from atalaya.core.settings import Settings
from atalaya.evidence.ledger import listing, naming
from atalaya.fleet.remotes import Checkout, fetch
from atalaya.fleet.strangers import shown
from atalaya.records.fleet import FleetSource, NotJudged

TOML, REPORT = "release.toml", "report.json"
LEFT_OF_A_RELEASE = ("evidence", "incidents", REPORT, "seal.json")  # of which one is enough to tell a release
PARQUET = ".parquet"
AT_ONCE = 8  # repositories that are asked: each mostly waits for its server
Fetch = Callable[[Path, SourceSettings], Checkout]


class ReleasePlace(NamedTuple):
    """One release of a source: its name there, its folder, its evidence, and what was published of it, if anything.

    ``evidence_alone`` says that it was handed over as evidence, which comes without the other files of its folder.
    """

    name: str
    folder: Path
    evidence: Path
    published: Path | None = None
    evidence_alone: bool = False


class FoundSource(NamedTuple):
    """A source with its releases, and the settings that its own ``watch.toml`` has; None where it has none."""

    source: FleetSource
    site: str
    releases: tuple[ReleasePlace, ...] = ()
    settings: Settings | None = None
    not_judged: NotJudged | None = None  # why none of its releases is judged here


def find(loaded: LoadedFleet, cache: Path, *, fetched: Fetch = fetch) -> Iterator[FoundSource]:
    """Each source of a fleet, in the order of its file.

    :param cache: the folder that branches are fetched into.
    :raises SettingsError: a folder that the file names is not there.
    """
    base = loaded.path.parent
    for number, source in enumerate(loaded.settings.source):
        if source.kind != "git" and not (base / source.place).is_dir():
            raise SettingsError(
                f"{loaded.place(number)} {source.kind}: {source.place!r}: there is no such folder. Name the one that "
                f"has the releases of {source.name}, relative to {loaded.path.name}."
            )
    names = Counter(shown(source.name) for source in loaded.settings.source)
    for name in (name for name, sources in names.items() if sources > 1):
        raise SettingsError(
            f"{loaded.path.name}: several sources are shown as {name!r}, since the rest of their names is nothing to "
            f'publish. Give each a name of its own: subject = "NAME".'
        )
    with _fetching(loaded.settings.source, cache, fetched) as checkout_of:
        for source in loaded.settings.source:
            yield _found(source, base, checkout_of)


@contextmanager
def _fetching(
    listed: Iterable[SourceSettings], cache: Path, fetched: Fetch
) -> Iterator[Callable[[SourceSettings], Checkout]]:
    """Begin to fetch all that is to be fetched, some at a time, each once; what one came to is waited for."""
    begun: dict[tuple[str, str, str], Future[Checkout]] = {}
    waiting: deque[tuple[SourceSettings, Future[Checkout]]] = deque()
    for source in (one for one in listed if one.kind == "git"):
        if _branch(source) not in begun:
            begun[_branch(source)] = Future()
            waiting.append((source, begun[_branch(source)]))

    def fetch_them() -> None:
        while True:
            try:
                source, future = waiting.popleft()
            except IndexError:
                return
            try:
                future.set_result(fetched(cache, source))
            except BaseException as why:  # it is raised where the result is asked for
                future.set_exception(why)

    for _ in range(min(AT_ONCE, len(waiting))):
        Thread(target=fetch_them, daemon=True).start()  # after Ctrl-C nobody waits for them
    try:
        yield lambda source: begun[_branch(source)].result()
    finally:
        waiting.clear()


def _branch(source: SourceSettings) -> tuple[str, str, str]:
    return source.git, source.branch, source.releases


def _found(source: SourceSettings, base: Path, checkout_of: Callable[[SourceSettings], Checkout]) -> FoundSource:
    is_shown = FleetSource(subject=shown(source.name), kind=source.kind, place=shown(source.place))
    site = f"{source.site.rstrip('/')}/" if source.site else ""
    try:
        if source.kind == "git":
            root, commit = checkout_of(source)
            return _of_repository(source, root, is_shown, site, revision=commit)
        root = (base / source.place).resolve()
        if source.kind == "parquet":
            found = tuple(_of_parquet(root))
            problem = "" if found else "there is no Parquet file in it, nor in a folder of it"
            return FoundSource(replace(is_shown, problem=problem), site, found)
        return _of_repository(source, root, is_shown, site)
    except AtalayaError as why:
        return FoundSource(replace(is_shown, problem=shown(why)), site)
    except OSError as why:
        return FoundSource(replace(is_shown, problem=shown(f"it cannot be read: {why.strerror or why}")), site)


def _of_repository(
    source: SourceSettings, root: Path, is_shown: FleetSource, site: str, revision: str = ""
) -> FoundSource:
    """The releases of a repository, or of a folder that is nothing but releases."""
    releases = root / source.releases if source.releases else _releases_in(root)
    if releases is None or not releases.is_dir():
        problem = "there is no folder of releases in it"
        if (root / "HEAD").is_file() and (root / "objects").is_dir():
            problem = "it is a bare repository: name it with `git`, as file:///PATH"
        return FoundSource(replace(is_shown, revision=revision, problem=problem), site)
    if not releases.resolve().is_relative_to(root.resolve()):
        return FoundSource(replace(is_shown, revision=revision, problem="a link leads out of it"), site)
    own, not_judged = _own_settings(root)
    is_kept = releases == places.releases_of(root)
    generated = (places.project_of(root) if is_kept else releases.parent) / "_generated"
    found = tuple(
        ReleasePlace(folder.name, folder, folder / "evidence", generated / folder.name / "metrics.json")
        for folder in _of_releases(releases, _is_left)
    )
    if not found:
        is_shown = replace(is_shown, problem="there is no release in it")
    return FoundSource(replace(is_shown, revision=revision), site, found, own, not_judged)


def _releases_in(root: Path) -> Path | None:
    """The folder of releases of a repository; the folder itself where that is what it is."""
    kept = places.releases_of(root)
    if kept.is_dir():
        return kept
    return root if _has_a_release(root) else None


def _has_a_release(folder: Path) -> bool:
    """Whether one in it has a ``release.toml``: what is half made or hidden is none, nor is what a link leads to."""
    with os.scandir(folder) as entries:
        return any(
            one.is_dir(follow_symlinks=False) and os.path.lexists(folder / one.name / TOML)
            for one in entries
            if not one.name.startswith(".")
        )


def _of_releases(releases: Path, is_one: Callable[[Path], bool]) -> list[Path]:
    """What has to be shown of a folder of releases. One that a link stands for is listed too, as one that cannot be
    read. A link to another one of them is a second name of that one."""
    there, links = set(), []
    with os.scandir(releases) as entries:
        for one in (one for one in entries if not one.name.startswith(".")):
            folder = releases / one.name
            if one.is_symlink():
                links.append(folder)
            elif one.is_dir() and is_one(folder):
                there.add(folder)
    targets = {folder.resolve() for folder in there} if links else set()
    return sorted(there | {link for link in links if is_one(link) and _target(link) not in targets})


def _is_left(folder: Path) -> bool:
    """Whether something tells that a folder is, or was, a release's. What leads nowhere or cannot be opened may be."""
    try:
        with os.scandir(folder):
            return any(os.path.lexists(folder / name) for name in (TOML, *LEFT_OF_A_RELEASE))
    except NotADirectoryError:  # a link to a file
        return False
    except OSError:
        return True


def _target(link: Path) -> Path | None:
    """Where a link leads; None where it leads nowhere, or in a circle."""
    try:
        return link.resolve(strict=True)
    except (OSError, RuntimeError):
        return None


def _own_settings(root: Path) -> tuple[Settings | None, NotJudged | None]:
    """What the repository's ``watch.toml`` says, and why its releases cannot be judged by it."""
    file = root / places.SETTINGS
    if not file.is_file() or file.is_symlink():
        return None, None
    try:
        own = settings.load(file, {}).settings
    except SettingsError:
        return None, NotJudged.SETTINGS
    # Its checks are code of that repository, and this command runs none of it.
    return own, NotJudged.OWN_PACK if own.checks.packs else None


def _of_parquet(root: Path) -> Iterator[ReleasePlace]:
    """One release where Parquet lies in the folder itself, else one for each folder that has evidence."""
    if any(path.suffix == PARQUET for path in listing.files(root)):
        yield ReleasePlace(root.name, root, root, evidence_alone=True)
        return
    for folder in _of_releases(root, _has_evidence):
        within = folder / "evidence"
        yield ReleasePlace(folder.name, folder, within if os.path.isdir(within) else folder, evidence_alone=True)  # noqa: PTH112 - no error


def _has_evidence(folder: Path) -> bool:
    """Whether a folder has evidence, compacted or not yet: a release whose Parquet is gone is shown as what is left.
    What leads nowhere or cannot be opened may have some."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names
        with suppress(NotADirectoryError):  # a file may be called so
            names += os.listdir(folder / "evidence") if "evidence" in names else []  # noqa: PTH208 - names
    except NotADirectoryError:
        return False
    except OSError:
        return True
    return any(name.endswith(PARQUET) or naming.NAME.fullmatch(name) for name in names)
