"""The Sphinx extension that includes generated fragments in a page.

By one directive, ``live``, which only resolves to an include: ``{live} metrics`` is the file
``_generated/<release>/<language>/metrics.md``, and the page is built again when that file changes. Beside it
are ``incident-pages``, since a table of contents of nothing is a warning to Sphinx, and the role ``release``,
since Sphinx knows nothing of the builds beside the one that it makes. The page of an incident gets what is recorded
of it between its heading and its text.
"""

from __future__ import annotations

import gc
import glob
import html
import json
import re
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.directives.other import TocTree
from sphinx.environment import CONFIG_OK
from sphinx.errors import ExtensionError
from sphinx.locale import _
from sphinx.transforms import SphinxTransform
from sphinx.transforms.i18n import Locale
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.writers.html5 import HTML5Translator

from atalaya.core.words import Text
from atalaya.site.build import page_head, shared_files
from atalaya.site.build.atomic_write import HISTORY_TITLES, fragment_file
from atalaya.site.build.page_head import fragments_folder
from atalaya.site.build.shared_files import ROOT, language_folder, way_to_front
from atalaya.watch.incidents.incidents import content_of, new_page, page_files, slug, taken_apart

if TYPE_CHECKING:
    from docutils.parsers.rst.states import Inliner
    from sphinx.application import Sphinx
    from sphinx.config import Config

FEED = "feed.atom"
FRAGMENTS = "atalaya_fragments"  # those of the page that is being read
FLEET, FLEET_TITLES = "fleet", "fleet-titles.json"
# The roles that lead to a page of the reference: its folder, and what an id in it looks like.
REFERENCES = {
    "promise": ("promises", r"[a-z]+\.[a-z0-9-]+"),
    "metric": ("metrics", r"[a-z-]+"),
    "rule": ("rules", r"[a-z0-9-]+"),
}
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_TO_PAGE = re.compile(r"(.+?) <(\S+) ([a-zA-Z0-9._/-]+(?:#[a-z0-9-]+)?)>", re.DOTALL)
_TO_FILE = re.compile(r"(.+?) <(\S+) ([a-zA-Z0-9._~%-]+)>", re.DOTALL)
_TO_HISTORY = re.compile(r"(?P<words>.+?) <(?P<page>[a-z0-9-]+(?:#[a-z0-9-]+)?)>", re.DOTALL)
_TO_FLEET = re.compile(r"(?P<words>.+?) <(?P<page>[a-z0-9-]+(?:#[a-z0-9-]+)?)>", re.DOTALL)
_TONES, _SHAPES = "good|bad|unsure|unknown", "[^\\w\\s<>&\"']+"
_RUN = re.compile(f"({_TONES})({_SHAPES})")
_STRIP = re.compile(f"(?P<words>[^<>]+) <(?P<runs>(?:{_TONES}){_SHAPES}(?: (?:{_TONES}){_SHAPES})*)>")
_NAME = re.compile(r"[a-z0-9-]+")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]{0,20}(?![\w-])")
_WORD = re.compile(r"[^\W\d_]{2}")


class Live(SphinxDirective):
    """``{live} NAME``: the fragment of that name, of the release and in the language that is being built.

    ``:release:`` names another one, or ``latest``; what stands inside is shown while nothing of it is published.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"release": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        if self.env.app.builder.name == "gettext":
            return self._otherwise()  # fragments are translated as they are written, and not by those of the pages
        name = self.arguments[0]
        if not _NAME.fullmatch(name):
            raise self.error(f"'{name}' is no name of a fragment: small letters, digits and hyphens")
        if "release" in self.options:
            return self._of_another(name, self.options["release"])
        return self._included(fragments_folder(self.env.app) / f"{name}.md")

    def _of_another(self, name: str, release: str) -> list[nodes.Node]:
        if not _RELEASE.fullmatch(release):
            raise self.error(f"'{release}' is no name of a release")
        self.env.note_dependency(str(self.docs / "_generated" / "switcher.json"))
        file = fragment_file(self.docs, release, self.config.language or "en", name)
        if file is None and not self.content:
            raise self.error(
                f"nothing named '{name}' has been published of '{release}'. Run `atalaya publish`, or say "
                f"inside the directive what to show until then."
            )
        return self._otherwise() if file is None else self._included(file)

    def _otherwise(self) -> list[nodes.Node]:
        return self._nested(self.content)

    def _nested(self, lines: StringList) -> list[nodes.Node]:
        """These lines as part of the page."""
        container = nodes.Element()
        container.document = self.state.document
        self.state.nested_parse(lines, self.content_offset, container)
        return list(container.children)

    def _included(self, file: Path) -> list[nodes.Node]:
        self.env.note_dependency(str(file))
        try:
            text = file.read_text(encoding="utf-8")
        except OSError:
            raise self.error(
                f"{file} is missing: nothing has been published for this release in this language. "
                f"Run `atalaya publish`, and build again."
            ) from None
        found = self.parsed(text, file)
        document = self.state.document
        setattr(document, FRAGMENTS, [*getattr(document, FRAGMENTS, ()), *found])
        return found

    @property
    def docs(self) -> Path:
        """The Sphinx project that the fragments were published into."""
        return Path(self.env.app.confdir)

    def parsed(self, text: str, file: Path) -> list[nodes.Node]:
        """What a fragment says: part of the page that it stands on."""
        return self._nested(StringList(text.splitlines(), source=str(file)))


class IncidentPages(TocTree):
    """``{incident-pages}``: a table of contents of the pages in ``incidents/``, and nothing where there are none.

    Sphinx's own takes a pattern that matches nothing for a mistake; here it is what one hopes for.
    """

    has_content = False

    def run(self) -> list[nodes.Node]:
        self.content = StringList(["incidents/*"], source=self.get_source_info()[0])
        self.options = {"glob": None, "titlesonly": None, "maxdepth": 1}
        return super().run()

    def parse_content(self, toctree: addnodes.toctree) -> None:
        if any(name.startswith("incidents/") for name in self.env.found_docs):
            super().parse_content(toctree)


def _leave_out_unreadable(app: Sphinx, config: Config) -> None:
    """Keep from Sphinx the pages of incidents that would end its build; the table of incidents names them."""
    for file in page_files(Path(app.srcdir) / "incidents"):
        if isinstance(content_of(file), Text):
            config.exclude_patterns.append(f"incidents/{glob.escape(file.name)}")


def _above_the_text(app: Sphinx, page: str, source: list[str]) -> None:
    """Put what is recorded of an incident above the free text of its page, in place of any front matter."""
    file = Path(app.env.doc2path(page))
    folder = Path(app.srcdir) / "incidents"
    if app.config.live_release == ROOT or file.parent != folder or file not in page_files(folder):
        return
    own = slug(file.stem)
    parts = taken_apart(source[0], own)
    source[0] = new_page(parts.title or file.stem, f"```{{live}} incident-{own}\n```\n\n{parts.body}")


def _titled(app: Sphinx, page: str, source: list[str]) -> None:
    """Give a generated page its title in the language that is built: Sphinx translates what people wrote."""
    titles = HISTORY_TITLES if page.startswith("history/") else FLEET_TITLES if page == FLEET else ""
    file = fragments_folder(app) / titles
    if app.builder.name == "gettext":
        return  # it asks for the words of people's pages
    if app.config.live_release == ROOT and titles and file.is_file():
        app.env.note_dependency(str(file))
        title = json.loads(file.read_text(encoding="utf-8")).get(PurePosixPath(page).name)
        if title:
            source[0] = re.sub(r"^# .*$", lambda _: f"# {title}", source[0], count=1, flags=re.MULTILINE)


class SiteLink(SphinxRole):
    """A link to another build of the site, of which Sphinx knows nothing: a release, or the root pages."""

    inliner: Inliner

    @property
    def here(self) -> str:
        """From the page that is being read to the front of its own build."""
        return "../" * self.env.docname.count("/")

    @property
    def front(self) -> str:
        """From there to the front of the site."""
        return self.here + way_to_front(self.config)

    @property
    def language(self) -> str:
        """The folder of the language that is being built, below the front of the site or of a release."""
        return language_folder(self.config)

    def refused(self, why: str) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """What the role comes to where its text is wrong."""
        return [], [self.inliner.reporter.error(why)]


class ReleaseLink(SiteLink):
    """A link from any page of the site to a page of a release, in the same language.

    ``{release}`VERSION``` leads to its front page, ``{release}`WORDS <VERSION PAGE#ANCHOR>``` to any other. On the
    page that it would lead to, only its words are left.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        text = self.text.strip()  # a fence of backticks has a blank inside
        found = _TO_PAGE.fullmatch(text)
        words, release, page = found.groups() if found else (text, text, "index")
        if not _RELEASE.fullmatch(release):
            return self.refused(f"'{release}' is no name of a release")
        name, _, anchor = page.partition("#")
        is_own = release == self.config.live_release
        if is_own and page == self.env.docname:
            return [nodes.inline(self.rawtext, words, classes=["this-page"])], []
        folder = self.here if is_own else f"{self.front}{release}/{self.language}"
        target = f"{folder}{name}.html" + (f"#{anchor}" if anchor else "")
        return [nodes.reference(self.rawtext, words, refuri=target, internal=True)], []


class EvidenceFileLink(SiteLink):
    """A link from any page of the site to a file of a release's evidence, which both languages share.

    ``{evidence-file}`WORDS <VERSION NAME>```; the name is encoded as an address has it.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        found = _TO_FILE.fullmatch(self.text.strip())
        if found is None or not _RELEASE.fullmatch(found[2]):
            return self.refused(f"'{self.text}' is no file of a release's evidence")
        words, release, name = found.groups()
        return [
            nodes.reference(self.rawtext, words, refuri=f"{self.front}{release}/evidence/{name}", internal=True)
        ], []


class ReferenceLink(SiteLink):
    """A link from any page of the site to a page of the reference, in the same language.

    ``{promise}`ID``` shows the id, ``{metric}`WORDS <ID>``` shows words.
    """

    def __init__(self, folder: str, ids: str) -> None:
        super().__init__()
        self.folder, self.asked = folder, re.compile(rf"(?:(?P<words>.+) <)?(?P<id>{ids})>?")

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        found = self.asked.fullmatch(self.text)
        if found is None:
            return self.refused(f"'{self.text}' is no id of one of the {self.folder}")
        is_own = self.config.live_release == ROOT
        root = self.here if is_own else f"{self.front}{self.language}"
        refuri = f"{root}reference/{self.folder}/{found['id']}.html"
        link = nodes.reference(self.rawtext, refuri=refuri, internal=True)
        link += nodes.Text(found["words"]) if found["words"] else nodes.literal(found["id"], found["id"])
        return [link], []


class HistoryLink(SiteLink):
    """A link to a page of the history from any page of the site, as ``{history}`WORDS <PAGE#ANCHOR>```."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        found = _TO_HISTORY.fullmatch(self.text.strip())
        if found is None:
            return self.refused(f"'{self.text}' is no page of the history")
        name, _, anchor = found["page"].partition("#")
        is_own = self.config.live_release == ROOT
        root = self.here if is_own else f"{self.front}{self.language}"
        below = "history" if name == "index" else f"history/{name}"
        if is_own and below not in self.env.found_docs:
            # No release has been judged yet, so nothing has a history; when one is, this page is read anew.
            self.env.note_dependency(str(Path(self.env.app.srcdir) / f"{below}.md"))
            return [nodes.Text(found["words"])], []
        target = f"{root}{below}.html" + (f"#{anchor}" if anchor else "")
        return [nodes.reference(self.rawtext, found["words"], refuri=target, internal=True)], []


class FleetLink(SiteLink):
    """A link from a root page to a page below that of the fleet, as ``{fleet}`WORDS <PAGE#ANCHOR>```."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        found = _TO_FLEET.fullmatch(self.text.strip())
        if found is None:
            return self.refused(f"'{self.text}' is no page of the fleet")
        name, _, anchor = found["page"].partition("#")
        target = f"{self.here}fleet/{name}.html" + (f"#{anchor}" if anchor else "")
        return [nodes.reference(self.rawtext, found["words"], refuri=target, internal=True)], []


class Strip(SphinxRole):
    """Outcomes as a row of shapes, which a screen reader is told in words: ``{strip}`WORDS <TONE SHAPES ...>```."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        found = _STRIP.fullmatch(self.text.strip())
        if found is None:
            return [], [self.inliner.reporter.error(f"'{self.text}' is no row of outcomes")]
        runs = "".join(f'<i class="tone-{tone}">{shapes}</i>' for tone, shapes in _RUN.findall(found["runs"]))
        label = html.escape(found["words"])
        drawn = f'<span class="strip" role="img" aria-label="{label}">{runs}</span>'
        return [nodes.raw(self.rawtext, drawn, format="html")], []


class Translator(HTML5Translator):
    """Sphinx's own; each cell of a header says what it is the header of, and each row with a name links to itself.

    What Sphinx adds to every word of code, to every row and to every link within the site is left out where no style
    asks for it: that was a tenth of a site.
    """

    def depart_entry(self, node: nodes.entry) -> None:
        row = node.parent
        if row["ids"] and node is row.children[0]:
            self.add_permalink_ref(row, _("Link to this definition"))
        super().depart_entry(node)

    def starttag(
        self, node: nodes.Element, tagname: str, suffix: str = "\n", empty: bool = False, **attributes: Any
    ) -> str:
        if tagname == "th":
            attributes["scope"] = "col" if isinstance(node.parent.parent, nodes.thead) else "row"
        elif tagname == "code" and attributes.get("CLASS") == "docutils literal notranslate":
            attributes["CLASS"] = "literal notranslate"
        elif tagname == "a" and attributes.get("class") == "reference internal":
            del attributes["class"]
        return str(super().starttag(node, tagname, suffix, empty, **attributes))

    def visit_Text(self, node: nodes.Text) -> None:
        if self.protect_literal_text:
            # The style keeps its blanks, and the hyphens of an option on the line of its name.
            self.body.append(_OPTION.sub(r'<span class="nb">\g<0></span>', self.encode(node.astext())))
        else:
            super().visit_Text(node)

    def visit_row(self, node: nodes.Element) -> None:
        self.body.append(self.starttag(node, "tr", ""))
        node.column = 0  # type: ignore[attr-defined]  # as Sphinx's own


def _name_rows(app: Sphinx, doctree: nodes.document) -> None:
    """Give each row of the reference that begins with code an id for ever: of that code, below that of the caption."""
    if app.config.live_release != ROOT or not app.env.docname.startswith(("reference/", "history/")):
        return
    for table in doctree.findall(nodes.table):
        captions = table.findall(nodes.title)
        section = "".join(code.astext() for caption in captions for code in caption.findall(nodes.literal))
        for row in table.findall(nodes.row):
            code = next(iter(row.children[0].findall(nodes.literal)), None)
            id = nodes.make_id(f"{section} {code.astext()}") if code is not None else ""
            if id and id not in doctree.ids and isinstance(row.parent, nodes.tbody):
                row["ids"].append(id)
                doctree.ids[id] = row


def _name_the_feed(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Let a reader's browser find the feed from any page."""
    title = html.escape(app.config.html_title)
    context["metatags"] = (
        f"{context.get('metatags', '')}\n"
        f'<link rel="alternate" type="application/atom+xml" title="{title}" href="{context["pathto"](FEED, 1)}">'
    )


def _made_whole(app: Sphinx, name: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The pages of a folder whose bodies were written whole: those that are newer than what was built."""
    folder = fragments_folder(app) / name
    _take_away_gone(Path(app.outdir) / name, {file.name for file in folder.glob("*.html")})
    frame = [Path(app.confdir) / "conf.py", *(Path(app.confdir) / "_templates").glob("*.html")]
    changed_ns = max(file.stat().st_mtime_ns for file in frame)
    as_before = app.env.config_status == CONFIG_OK
    for file in sorted(folder.glob("*.html")):
        page = f"{name}/{file.stem}"
        built = Path(app.outdir) / f"{page}.html"
        if as_before and built.is_file() and built.stat().st_mtime_ns > max(changed_ns, file.stat().st_mtime_ns):
            continue
        body = file.read_text(encoding="utf-8")
        title = re.sub("<[^>]+>", "", body.partition("\n")[0])  # escaped already, as the theme wants it
        yield page, {"title": title, "body": body, "toc": "", "display_toc": False}, "page.html"


def _of_evidence(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The page of each kind of evidence, and the pages below that of a fleet."""
    yield from _made_whole(app, "evidence")
    if app.config.live_release == ROOT:
        yield from _made_whole(app, FLEET)


def _take_away_gone(built: Path, names: Collection[str]) -> None:
    """Sphinx knows nothing of pages that it was once given, so nobody else would take them away."""
    for old in built.glob("*.html"):
        if old.name not in names:
            old.unlink()


class Contents:
    """The table of contents beside a page, put together once for all pages that lie below one page.

    It shows the page above them, and none of them, so all theirs are alike; hundreds of promises have one.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def remember(self, app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
        above, toctree = str(PurePosixPath(page).parent), context.get("toctree")
        if toctree is None or above not in app.env.all_docs:
            return

        def remembered(**options: Any) -> str:
            asked = above, repr(sorted(options.items()))
            if asked not in self._known:
                self._known[asked] = toctree(**options)
            return self._known[asked]

        context["toctree"] = remembered


class Cells(SphinxTransform):
    """Give the cells of a Markdown table a place in their page: Sphinx translates nothing that comes from nowhere."""

    default_priority = 5  # before Sphinx looks for what it can translate

    def apply(self, **kwargs: Any) -> None:
        for cell in self.document.findall(nodes.entry):
            for text in cell.children:
                if isinstance(text, nodes.paragraph) and not text.source and _has_prose(text):
                    text.source, text.line = self.document["source"], text.line or 1


class SetAside(SphinxTransform):
    """Take the fragments out of a page while Sphinx translates it.

    They were written in its language, and Sphinx knows a sentence by its words, whoever said them. To look through all
    their nodes, as it does again and again, takes a fifth of what it takes to read a page.
    """

    default_priority = Locale.default_priority - 1

    def apply(self, **kwargs: Any) -> None:
        aside = []
        for node in getattr(self.document, FRAGMENTS, ()):
            if node.parent is not None:
                place = nodes.comment()
                node.parent.replace(node, place)
                aside.append((place, node))
        setattr(self.document, FRAGMENTS, aside)


class PutBack(SphinxTransform):
    """Put the fragments back into the page, once it is translated."""

    default_priority = Locale.default_priority + 10  # and once it is counted how much of it is translated

    def apply(self, **kwargs: Any) -> None:
        for place, node in getattr(self.document, FRAGMENTS, ()):
            place.parent.replace(place, node)
        setattr(self.document, FRAGMENTS, [])  # it is pickled with the page


def _has_prose(text: nodes.paragraph) -> bool:
    """Whether there is a word in it beside code, which is the same in every language."""
    return any(
        not isinstance(words.parent, nodes.literal) and _WORD.search(words.astext())
        for words in text.findall(nodes.Text)
    )


def add_live(app: Sphinx, directive: type[Live]) -> None:
    """Add the directive, and what keeps the fragments that it takes in from being translated."""
    app.add_directive("live", directive)
    app.add_transform(SetAside)
    app.add_transform(PutBack)


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls."""
    if not app.confdir:
        raise ExtensionError("the live directive needs a conf.py: give its folder with -c")
    # A page is a tree of thousands of nodes that know their parents. Python looks through all of them for what can
    # go with every few hundred new ones, which takes a quarter of a build, and hardly anything ever can.
    gc.set_threshold(20_000, 20, 100)
    app.add_config_value("live_release", ROOT, "env", types=[str])
    app.add_config_value("live_front_language", "en", "env", types=[str])
    app.add_config_value("live_url", "", "env", types=[str])
    app.add_transform(Cells)
    add_live(app, Live)
    app.add_directive("incident-pages", IncidentPages)
    app.add_role("release", ReleaseLink())
    app.add_role("evidence-file", EvidenceFileLink())
    app.add_role("history", HistoryLink())
    app.add_role("fleet", FleetLink())
    app.add_role("strip", Strip())
    for role, (folder, ids) in REFERENCES.items():
        app.add_role(role, ReferenceLink(folder, ids))
    app.set_translator("html", Translator)
    app.connect("config-inited", _leave_out_unreadable)
    app.connect("source-read", _above_the_text)
    app.connect("source-read", _titled)
    app.connect("html-page-context", _name_the_feed)
    app.connect("html-page-context", Contents().remember)
    app.connect("html-collect-pages", _of_evidence)
    app.connect("doctree-read", _name_rows)
    page_head.setup(app)
    shared_files.setup(app)
    # Pages that another version of these files has read are read anew.
    files = (__file__, str(page_head.__file__), str(shared_files.__file__))
    itself = zlib.crc32(b"".join(Path(file).read_bytes() for file in files))
    return {"version": "1", "env_version": itself, "parallel_read_safe": True, "parallel_write_safe": True}
