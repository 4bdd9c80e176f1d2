"""The context of a command: where it works, its settings, its check pack, and the SDK that it is about."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from atalaya.cli.console import Console
from atalaya.core import places
from atalaya.core.errors import SettingsError
from atalaya.core.settings import Loaded

if TYPE_CHECKING:
    from atalaya.harness.pack import Pack
    from atalaya.sdk.prepare import Prepared
    from atalaya.sdk.source_version import SourceVersion


class Context(NamedTuple):
    """Where the command works, and what it was told to do there."""

    root: Path
    loaded: Loaded
    console: Console

    @property
    def pack(self) -> Pack:
        """The check pack that watch.toml names, else that of the source tree, else the one that is installed."""
        from atalaya.core.pack_loader import find, load

        return load(find(self.loaded.settings.checks.packs, self.loaded.path.parent))

    @property
    def docs(self) -> Path:
        """The Sphinx project of the release pages, with what is generated for them."""
        return places.project_of(self.root)

    @property
    def releases(self) -> Path:
        return places.releases_of(self.root)


def prepared_sdk(place: Context, args: argparse.Namespace) -> AbstractContextManager[Prepared]:
    """The SDK that was asked for, here or in watch.toml, in an environment of its own."""
    from atalaya.sdk.adapter import read
    from atalaya.sdk.git_repository import is_ours
    from atalaya.sdk.prepare import prepare

    subject = place.loaded.settings.subject
    named = Path(args.adapter) if args.adapter else place.root / subject.adapter if subject.adapter else None
    adapter = read(named, place.pack.load("capabilities").VOCABULARY) if named else None
    asked, base = asked_sdk(place, args), place.root if args.sdk is None else None
    if not (asked or place.pack.requirement or is_ours(place.root)):
        place.console.line(
            "  nothing names your SDK here, so the one that comes with Atalaya is run. Name yours with --sdk, or begin "
            "with `atalaya init` in its repository."
        )
    return prepare(asked, pack=place.pack, adapter=adapter, base=base, echo=place.console.line)


def asked_sdk(place: Context, args: argparse.Namespace) -> str:
    """What names the SDK here or in watch.toml; empty where that is the pack's own."""
    return args.sdk if args.sdk is not None else place.loaded.settings.subject.sdk


def told_version(place: Context, sdk: str) -> SourceVersion:
    """Which version an SDK says that it is, as far as that can be told without installing it."""
    from atalaya.sdk.source_version import version_of

    pack = place.pack
    return version_of(
        sdk or pack.requirement,
        place.root,
        package=pack.package,
        distribution=pack.distribution,
        bundled=pack.reference,
    )


def github_repository(place: Context) -> str:
    """The repository on GitHub that ``watch.toml`` names; empty where it names none.

    :raises SettingsError: it is none.
    """
    from atalaya.evidence.github.client import is_repository

    repo = place.loaded.settings.ci.repo
    if repo and not is_repository(repo):
        raise SettingsError(f"{place.loaded.path.name} ci.repo: {repo!r} is no repository. Write it as owner/name.")
    return repo
