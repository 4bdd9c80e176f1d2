"""The Sphinx extension for projects of other people: a fragment of a release on any page, MyST or reStructuredText.

``extensions = ["atalaya.sphinxext"]`` is all that a ``conf.py`` needs. The directive ``live`` is that of the release
pages, and shows the newest release where none is named. Its fragments are read as MyST with the extensions that they
are written in, whatever the page is, and its links lead to the release pages at ``atalaya_url``, or at ``[site] url``
of ``watch.toml``. The folders of releases are a site of their own, and no pages of the project.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.utils import new_document
from myst_parser.config.main import MdParserConfig
from myst_parser.mdit_to_docutils.sphinx_ import SphinxRenderer
from myst_parser.parsers.mdit import create_md_parser
from sphinx.errors import ConfigError

from atalaya.core import places
from atalaya.core.errors import SettingsError
from atalaya.core.settings import load
from atalaya.site.build import sphinx_extension as ours
from atalaya.site.build.atomic_write import NEWEST
from atalaya.site.build.home import source as home

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

STYLE = "live.css"
# Those of the release pages. Nobody's text may become HTML of its own, whatever the project allows its own pages.
SYNTAX = MdParserConfig(enable_extensions={"attrs_inline", "colon_fence"}, disable_syntax=["html_block", "html_inline"])


class Live(ours.Live):
    """``live NAME``: the fragment of that name, of the release that ``:release:`` names or of the newest one."""

    def run(self) -> list[nodes.Node]:
        self.options.setdefault("release", NEWEST)
        return super().run()

    @property
    def docs(self) -> Path:
        return project_of(self.env.app)

    def parsed(self, text: str, file: Path) -> list[nodes.Node]:
        """What the fragment says. It is no part of the page's own text, which may be in another syntax."""
        document = new_document(str(file), self.state.document.settings)
        parser = create_md_parser(SYNTAX, SphinxRenderer)
        parser.options["document"] = document
        parser.render(text)
        for link in document.findall(nodes.reference):
            # MyST would look for its target among those of the page, to which the fragment's own do not belong.
            if link.attributes.pop("id_link", None):
                link["refid"] = link.attributes.pop("refuri").removeprefix("#")
        return list(document.children)


class _Elsewhere(ours.SiteLink):
    """A link to the release pages, which are a site of their own."""

    @property
    def front(self) -> str:
        return f"{self.config.atalaya_url.rstrip('/')}/"

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        found, problems = super().run()
        if self.config.atalaya_url:
            return found, problems
        # Where the release pages are is not known: the words stay, and lead nowhere.
        return [child for link in found for child in link.children], problems


class ReleaseLink(_Elsewhere, ours.ReleaseLink):
    """``release``: a page of a release."""


class ReferenceLink(_Elsewhere, ours.ReferenceLink):
    """``promise``, ``metric`` and ``rule``: a page of the reference."""


class HistoryLink(_Elsewhere, ours.HistoryLink):
    """``history``: a page of the history over releases."""


def project_of(app: Sphinx) -> Path:
    """The folder that `publish` writes to, of the repository that the project lies in."""
    return places.project_of(places.root_of(Path(app.confdir)))


def _know_the_repository(app: Sphinx, config: Config) -> None:
    """Take the address from its settings, and leave the folders of releases to their own site."""
    root = places.root_of(Path(app.confdir))
    try:
        config.atalaya_url = config.atalaya_url or load(root / places.SETTINGS).settings.site.url
    except SettingsError as why:
        raise ConfigError(str(why)) from None
    releases = places.releases_of(root)
    if releases.is_relative_to(app.srcdir):
        config.exclude_patterns.append(f"{releases.relative_to(app.srcdir).as_posix()}/**")


def _bring_the_style(app: Sphinx) -> None:
    folder = home() / "_static"
    app.config.html_static_path.append(str(folder / STYLE))


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls."""
    app.setup_extension("sphinx_design")
    app.add_config_value("atalaya_url", "", "env", types=[str])
    app.add_config_value("live_release", "", "env", types=[str])
    app.add_config_value("live_front_language", "en", "env", types=[str])
    ours.add_live(app, Live)
    app.add_role("release", ReleaseLink())
    app.add_role("history", HistoryLink())
    for role, (folder, ids) in ours.REFERENCES.items():
        app.add_role(role, ReferenceLink(folder, ids))
    app.connect("config-inited", _know_the_repository)
    app.connect("builder-inited", _bring_the_style)
    app.add_css_file(STYLE)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
