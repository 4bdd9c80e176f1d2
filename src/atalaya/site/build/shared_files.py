"""Keeps one `_static` for all builds of a site, and on a page only the scripts and the lines that it uses.

Sphinx gives each build the theme's files anew, three megabytes for each release and language. Here all pages lead to
those at the front of the site, and the others are taken away. What depends on the language lies in a folder of its
own there; what depends on the release are a few lines, which each page holds itself.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sphinx.jinja2glue import BuiltinTemplateLoader

from atalaya.core.source_digest import versions
from atalaya.site.build.atomic_write import write_if_changed
from atalaya.site.markup.compiled_templates import FOLDER as COMPILED
from atalaya.site.markup.compiled_templates import CompiledTemplates

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.config import Config
    from sphinx.theming import Theme

ROOT = "reference"  # the value of live_release for the root pages, whose fragments lie in a folder of that name
FOLDER = "_static"
OF_A_LANGUAGE = ("language_data.js", "translations.js")
INLINE = f"{FOLDER}/documentation_options.js"
ONLY_TO_SEARCH = {f"{FOLDER}/{name}" for name in ("doctools.js", "sphinx_highlight.js", "translations.js")}
# Scripts and style sheets that have nothing to do on a page without this.
ONLY_TO = {
    f"{FOLDER}/design-tabs.js": "sd-tab-set",
    f"{FOLDER}/figures.js": "<table",  # which stands below each chart too
    f"{FOLDER}/pygments.css": "highlight",
    f"{FOLDER}/sphinx-design.min.css": "sd-",
}
SOURCE_MAPS = "*.map"
COMPILED_WITH = ("sphinx", "pydata-sphinx-theme")  # the templates, beside Jinja: both bring filters
# A line feed that begins or ends a block is nothing that anybody sees.
_BLOCK = "(?:aside|body|div|dd|dl|figure|head|header|li|main|nav|ol|p|section|table|tbody|td|th|thead|tr|ul)"
EDGE_OF_BLOCK = re.compile(rf"(<{_BLOCK}(?:\s[^<>]*)?>)\n(?=<)|(?<=>)\n(?=</{_BLOCK}>)")
# The style sheet draws it.
CHEVRON = re.compile(r'<span class="sd-summary-state-marker[^"<>]*"><svg\b.*?</svg></span>', re.DOTALL)
# Docutils says it, and the theme once more.
VIEWPORT = re.compile(r'<meta name="viewport"[^<>]*>\s*(?=<meta name="viewport")')
PREFORMATTED = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL)
BLANK = re.compile(r"(?:[ \t]*(?:<!--(?:(?!-->|<script).)*-->[ \t]*)?\n[ \t]*)+", re.DOTALL)


def language_folder(config: Config) -> str:
    """The folder of the language that is being built, below the front of the site or of a release."""
    return "" if config.live_front_language == config.language else f"{config.language}/"


def way_to_front(config: Config) -> str:
    """From the front of a build to that of the site: a release lies a folder below, and so does the other language."""
    below: int = bool(language_folder(config)) + (config.live_release != ROOT)
    return "../" * below


def lead_to_shared(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Let every link to a shared file lead to the front of the site."""
    pathto: Callable[..., str] = context["pathto"]
    own = pathto(f"{FOLDER}/", True)
    shared = f"{way_to_front(app.config)}{own}"
    link = re.compile(rf'(^|="){re.escape(own)}({"|".join(map(re.escape, OF_A_LANGUAGE))})?')

    def to_shared(found: re.Match[str]) -> str:
        before, of_a_language = found.groups("")
        return before + shared + (language_folder(app.config) + of_a_language if of_a_language else "")

    def moved(made: Callable[..., str]) -> Callable[..., str]:
        return lambda *args, **options: link.sub(to_shared, made(*args, **options))

    own_js_tag = moved(context["js_tag"])

    def js_tag(js: Any) -> str:
        if getattr(js, "filename", js) == INLINE:
            return f"<script>{(Path(app.outdir) / INLINE).read_text(encoding='utf-8')}</script>"
        return own_js_tag(js)

    context |= {"pathto": moved(pathto), "css_tag": moved(context["css_tag"]), "js_tag": js_tag}


def hold_icon(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Put a drawn icon into the page, where it is no file to be asked for."""
    icon = Path(app.confdir) / (app.config.html_favicon or "")
    if icon.suffix == ".svg" and icon.is_file():
        context["favicon_url"] = f"data:image/svg+xml,{quote(icon.read_text(encoding='utf-8').strip())}"


def leave_out_unused(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Take from a page the scripts and the style sheets that have nothing to do there."""
    unused = set() if page == "search" else set(ONLY_TO_SEARCH)
    unused |= {file for file, sign in ONLY_TO.items() if sign not in context.get("body", "")}
    for files in ("script_files", "css_files"):
        context[files] = [one for one in context[files] if getattr(one, "filename", one) not in unused]


def take_away_copies(app: Sphinx, problem: Exception | None) -> None:
    """Leave the shared files at the front of the site only, and no source maps."""
    if problem or app.builder.format != "html":
        return
    own = Path(app.outdir) / FOLDER
    shared = Path(app.outdir) / way_to_front(app.config) / FOLDER
    if own.resolve() != shared.resolve():
        for name in OF_A_LANGUAGE if language_folder(app.config) else ():
            if (own / name).is_file():
                target = shared / language_folder(app.config) / name
                write_if_changed(target, (own / name).read_text(encoding="utf-8"))
        shutil.rmtree(own, ignore_errors=True)
    for file in own.rglob(SOURCE_MAPS):
        file.unlink()


def keep_compiled(app: Sphinx, problem: Exception | None) -> None:
    """Keep the templates that this build has compiled for those that come."""
    templates = getattr(app.builder, "templates", None)
    if isinstance(templates, Compact):
        templates.compiled.save()


class Compact(BuiltinTemplateLoader):
    """Sphinx's own templates, without the indents, blank lines, comments and drawings that nobody misses."""

    def init(self, builder: Builder, theme: Theme | None = None, dirs: list[str] | None = None) -> None:
        """Take the templates of the theme as an earlier build has compiled them."""
        super().init(builder, theme, dirs)
        file = Path(builder.confdir) / COMPILED / "theme"
        self.compiled = CompiledTemplates(file, self.environment, "\0".join(versions(COMPILED_WITH)))
        self.environment.bytecode_cache = self.compiled

    def render(self, template: str, context: dict[str, Any]) -> str:  # type: ignore[override]  # as Sphinx's own
        """The page, or the part of one."""
        parts = PREFORMATTED.split(super().render(template, context))
        return "".join(part if number % 2 else _compact(part) for number, part in enumerate(parts))


def _compact(page: str) -> str:
    return EDGE_OF_BLOCK.sub(r"\1", BLANK.sub("\n", CHEVRON.sub("", VIEWPORT.sub("", page))))


def setup(app: Sphinx) -> None:
    """Be called before the theme asks for paths, and after all that it writes."""
    app.connect("html-page-context", lead_to_shared, priority=100)
    app.connect("html-page-context", hold_icon)
    app.connect("html-page-context", leave_out_unused, priority=900)
    app.connect("build-finished", take_away_copies, priority=900)
    app.connect("build-finished", keep_compiled)
