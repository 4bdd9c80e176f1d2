"""A copy of the docs folder with releases in it: what tests of the built site build."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from atalaya.evidence.ledger.ledger import Segment
from atalaya.harness.pack import Pack
from atalaya.records.judged import Judgement
from atalaya.site.build.pages import publish
from atalaya.site.build.site import build
from atalaya.site.build.skeleton import pages
from atalaya.site.fragments.reference import publish_reference
from atalaya.site.fragments.segments import write_pages
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.folder import open_release
from tests.ours import PACK

DOCS = Path(__file__).parents[2] / "docs"


class Site:
    """A copy of the docs folder, the releases added to it, the pack that it tells of, and where it is built."""

    def __init__(self, folder: Path, pack: Pack = PACK) -> None:
        self.pack = pack
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
        for code in LANGUAGES:
            out = self.docs / "_generated" / version / code
            publish(judgement, out, Language(code))
            write_pages(judgement, _ledger(judgement), out, Renderer(Language(code)))
        return judgement

    def build(self, **options) -> Path:
        self.said.clear()
        publish_reference(self.docs, self.pack)
        return build(self.docs, self.out, echo=self.said.append, **options)


def _ledger(judgement: Judgement) -> list[Segment]:
    """The segments that the judgement lists, each with every record that it shows."""
    records = tuple(trace.record for trace in judgement.traces)
    return [Segment(info, records) for info in judgement.segments]
