"""The site, really built with Sphinx, once for all tests of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from atalaya.core.words import text
from atalaya.records.judged import IncidentPage
from atalaya.site.build.site import publish_releases
from tests.docs.building import URL, Site
from tests.ours import PROMISES, pack_of
from tests.site import example

RELEASES = {
    "1.1.0": replace(example.judgement(), accepted=example.accepted("1.0.9")),
    "1.0.9": example.judgement(strangers=True),
    "rehearsal-7": replace(
        example.judgement(rehearsal=True, incidents=True),
        pages=(
            IncidentPage(name="broken.md", problem=text("It is not UTF-8 text. Save it as that.")),
            IncidentPage(name="garbled.md", not_recorded=("\t{[: <b>&",)),
            IncidentPage(name="stuck.md", incident="i1", not_recorded=("state: open",)),
        ),
    ),
}

INCIDENT = """\
---
id: i1
state: open
---

# Exports stayed at CREATED

```{live} incident-stuck
```

What happened, for people.
"""


@pytest.fixture
def empty_site(tmp_path, few_promises):
    """A site without a release, not yet built."""
    site = Site(tmp_path, few_promises).copy_docs()
    publish_releases(site.docs, [])
    return site


@pytest.fixture
def few_promises():
    """A pack of a few promises: most of a build are their pages, and these tests do not read them."""
    return pack_of(PROMISES[::40])


@pytest.fixture(scope="module", params=[40, pytest.param(1, marks=pytest.mark.long)], ids=["few", "all"])
def site(tmp_path_factory, request):
    """A site of three releases, built: with a page for a few of the promises, or with all of them, which takes long."""
    site = Site(tmp_path_factory.mktemp("site"), pack_of(PROMISES[:: request.param]), URL.rstrip("/")).copy_docs()
    judgements = [site.add(version, judgement) for version, judgement in RELEASES.items()]
    publish_releases(site.docs, judgements, url=URL)
    incidents = site.docs / "releases" / "rehearsal-7" / "incidents"
    (incidents / "stuck.md").write_text(INCIDENT, encoding="utf-8")
    (incidents / "garbled.md").write_text("---\n\t{[: <b>&\n---\nHalf a page.\n", encoding="utf-8")
    (incidents / "broken.md").write_bytes(b"---\nid: \xff\n---\n")
    (incidents / "linked.md").symlink_to("/etc/hostname")
    site.build()
    return site
