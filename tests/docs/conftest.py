"""The site, really built with Sphinx, once for all tests of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from checks.includes import contract
from checks.includes.language import LANGUAGES, Language
from checks.includes.pages import publish
from checks.includes.site import build, publish_releases
from checks.includes.skeleton import pages
from checks.release.folder import open_release
from tests.includes import example

DOCS = Path(__file__).parents[2] / "docs"
RELEASES = {
    "1.1.0": example.judgement(),
    "1.0.9": example.judgement(strangers=True),
    "rehearsal-7": example.judgement(rehearsal=True, incidents=True),
}


INCIDENT = """\
---
id: stuck
at: 2026-03-03T14:05:00Z
severity: major
state: resolved
impact: Exports of two stores stayed at CREATED.
root_cause: The queue was paused.
fix: Resumed.
---

# Exports stayed at CREATED

What happened, for people.
"""


class Site:
    """A copy of the docs folder with three releases in it, and where it is built."""

    def __init__(self, folder: Path) -> None:
        self.docs, self.out = folder / "docs", folder / "html"
        self.said: list[str] = []
        ignored = shutil.ignore_patterns("_build", "_generated", "releases", "*.mo")
        shutil.copytree(DOCS, self.docs, ignore=ignored)

    def add(self, version: str, judgement):
        release = msgspec.structs.replace(judgement.release, version=version)
        judgement = msgspec.structs.replace(judgement, release=release)
        open_release(self.docs / "releases", release, pages())
        for code in LANGUAGES:
            publish(judgement, self.docs / "_generated" / version / code, Language(code))
        return judgement

    def build(self, **options) -> Path:
        self.said.clear()
        return build(self.docs, self.out, echo=self.said.append, **options)


@pytest.fixture
def empty_site(tmp_path, few_promises):
    """A site without a release, not yet built."""
    site = Site(tmp_path)
    publish_releases(site.docs, [])
    return site


@pytest.fixture
def few_promises(monkeypatch):
    """A page for a few of the promises only: most of a build is theirs, and these tests do not read them."""
    monkeypatch.setattr(contract, "PROMISES", contract.PROMISES[::40])


@pytest.fixture
def bare_site(empty_site):
    """A site without a release, built."""
    empty_site.build()
    return empty_site


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A site of three releases, built."""
    site = Site(tmp_path_factory.mktemp("site"))
    judgements = [site.add(version, judgement) for version, judgement in RELEASES.items()]
    publish_releases(site.docs, judgements)
    (site.docs / "releases" / "rehearsal-7" / "incidents" / "stuck.md").write_text(INCIDENT, encoding="utf-8")
    site.build()
    return site
