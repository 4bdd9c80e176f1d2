"""The site, really built with Sphinx, once for all tests of it."""

from __future__ import annotations

import pytest

from checks.contracts.promises import PROMISES
from checks.includes import contract
from checks.includes.site import publish_releases
from tests.docs.building import Site
from tests.includes import example

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


@pytest.fixture
def empty_site(tmp_path, few_promises):
    """A site without a release, not yet built."""
    site = Site(tmp_path).copy_docs()
    publish_releases(site.docs, [])
    return site


@pytest.fixture
def few_promises(monkeypatch):
    """A page for a few of the promises only: most of a build is theirs, and these tests do not read them."""
    monkeypatch.setattr(contract, "PROMISES", PROMISES[::40])


@pytest.fixture
def bare_site(empty_site):
    """A site without a release, built."""
    empty_site.build()
    return empty_site


@pytest.fixture(scope="module", params=[40, pytest.param(1, marks=pytest.mark.long)], ids=["few", "all"])
def site(tmp_path_factory, request):
    """A site of three releases, built: with a page for a few of the promises, or with all of them, which takes long."""
    site = Site(tmp_path_factory.mktemp("site")).copy_docs()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contract, "PROMISES", PROMISES[:: request.param])
        judgements = [site.add(version, judgement) for version, judgement in RELEASES.items()]
        publish_releases(site.docs, judgements)
        (site.docs / "releases" / "rehearsal-7" / "incidents" / "stuck.md").write_text(INCIDENT, encoding="utf-8")
        site.build()
        yield site
