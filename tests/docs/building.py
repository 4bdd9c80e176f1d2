"""A copy of the docs folder with releases in it: what tests of the built site build."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from atalaya.core.errors import HarnessError
from atalaya.evidence.ledger import holdings, ledger, segment_format
from atalaya.harness.pack import Pack
from atalaya.records.judged import Judgement, Trace
from atalaya.records.stored import Evidence
from atalaya.site.build.pages import publish
from atalaya.site.build.site import build
from atalaya.site.build.skeleton import pages
from atalaya.site.fragments.evidence_pages import write_pages
from atalaya.site.fragments.reference import publish_reference
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.folder import open_release
from tests.ours import PACK

URL = "https://watch.example.org/sdk/"  # of a site that knows its address
DOCS = Path(__file__).parents[2] / "docs"


class Site:
    """A copy of the docs folder, the releases added to it, the pack that it tells of, and where it is built.

    :param url: its address, if it knows that.
    """

    def __init__(self, folder: Path, pack: Pack = PACK, url: str = "") -> None:
        self.pack, self.url = pack, url
        self.docs, self.out = folder / "docs", folder / "html"
        self.said: list[str] = []

    def copy_docs(self) -> Site:
        """Begin with the docs folder of this tree, without releases."""
        ignored = shutil.ignore_patterns("_build", "_generated", "releases", "*.mo")
        shutil.copytree(DOCS, self.docs, ignore=ignored)
        return self

    def add(self, version: str, judgement: Judgement) -> Judgement:
        release = msgspec.structs.replace(judgement.release, version=version)
        judgement = msgspec.structs.replace(judgement, release=release)
        open_release(self.docs / "releases", release, pages())
        evidence = self.docs / "releases" / version / "evidence"
        judgement = with_ledger(judgement, evidence)
        held = holdings.holdings(evidence)
        for one in judgement.unreadable:
            if one.sha256:
                (evidence / one.name).write_bytes(b"damaged")
        for code in LANGUAGES:
            out = self.docs / "_generated" / version / code
            publish(judgement, out, Language(code))
            write_pages(judgement, held, out, Renderer(Language(code)))
        return judgement

    def build(self, **options) -> Path:
        self.said.clear()
        publish_reference(self.docs, self.pack)
        return build(self.docs, self.out, url=self.url, echo=self.said.append, **options)


def with_ledger(judgement: Judgement, folder: Path) -> Judgement:
    """The judgement as one of a ledger in that folder, which is made to hold every record that the judgement names."""
    traced = [trace.record for trace in judgement.traces]
    tables = (getattr(judgement, name) for name in judgement.__struct_fields__)
    listed = [one for table in tables if isinstance(table, tuple) for one in table if isinstance(one, Evidence)]
    kept = [one for one in (*traced, *listed) if _can_be_stored(one, folder)]
    ledger.write(folder, kept)
    found = ledger.survey(folder).segments
    return msgspec.structs.replace(
        judgement,
        segments=tuple(one.info for one in found),
        traces=tuple(
            Trace(record=record, segment=one.info.name, line=line)
            for one in found
            for line, record in enumerate(one.records, start=1)
            if record in traced
        ),
    )


def _can_be_stored(record: Evidence, folder: Path) -> bool:
    """A string that is no text, such as half of a pair, cannot come into a ledger."""
    try:
        segment_format.encode([record])
    except HarnessError:
        return False
    return True
