"""A release that is watched, for tests that take in what the stand-in tells of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from atalaya.cli.collect_github import CACHE, Taken, take_from_github
from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.core.settings import CiSettings, Loaded, Settings, SubjectSettings
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import Evidence, Reading, Release
from tests.evidence.github.stand_in import BEGAN, REPO, SHA, TOKEN, StandIn

E = TypeVar("E", bound=Evidence)


class Watch:
    """A place with one release, whose clock is the stand-in's and whose sleep only counts."""

    def __init__(
        self,
        root: Path,
        github: StandIn,
        *,
        commit: str = SHA,
        workflows: tuple[str, ...] = ("CI",),
        subject: SubjectSettings | None = None,
    ) -> None:
        self.root, self.github = root, github
        self.release = Release(version="1.0.0", commit=commit, opened_at=BEGAN)
        settings = Settings(ci=CiSettings(repo=REPO, workflows=workflows), subject=subject or SubjectSettings())
        self.place = Context(root, Loaded(settings, {}, root / "watch.toml"), Console())
        self.said: list[str] = []
        self.slept: list[float] = []
        self.environ = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": github.api}

    @property
    def folder(self) -> Path:
        return self.place.releases / self.release.version / "evidence"

    @property
    def cache(self) -> Path:
        return self.root / CACHE

    def take(self, environ: Mapping[str, str] | None = None, sleep: Callable[[float], None] | None = None) -> Taken:
        return take_from_github(
            self.place,
            self.release,
            echo=self.said.append,
            environ=environ or self.environ,
            clock=lambda: self.github.now,
            sleep=sleep or self._sleep,
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.github.now += timedelta(seconds=seconds)

    def kept(self, kind: type[E]) -> list[E]:
        return ledger.read(self.folder, kind)

    def reading(self, file: str) -> Reading:
        """The last that was said of a file."""
        return max((r for r in self.kept(Reading) if r.file == file), key=lambda r: r.recorded_at)

    def everything(self) -> str:
        """All that was written anywhere, as text."""
        content = b"".join(path.read_bytes() for path in self.root.rglob("*") if path.is_file())
        return content.decode("utf-8", "replace") + "\n".join(self.said)
