"""How does Sphinx build these pages?

One build shows either the root pages or one release, in one language. Which, comes from three variables
that ``atalaya.site.build.site`` sets; without them, plain ``sphinx-build`` gives the root pages in English.
"""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "src"))  # in a clone; elsewhere Atalaya is installed

from atalaya.core import environment  # noqa: E402
from atalaya.site.i18n import page_words  # noqa: E402

RELEASE, LANGUAGE, FRONT = environment.site()
URL = environment.site_url()
RELEASES = environment.site_releases() or HERE / "releases"
OTHER = "es" if LANGUAGE == "en" else "en"
WORDS = page_words.WORDS[LANGUAGE]


def _watch() -> dict:
    """What release.toml says of the release that is built; nothing for the root pages."""
    if not RELEASE:
        return {}
    return tomllib.loads((RELEASES / RELEASE / "release.toml").read_text(encoding="utf-8"))


WATCH = _watch()

project = "Atalaya"
author = "the Atalaya contributors"
copyright = ""
version = release = RELEASE
language = LANGUAGE

extensions = ["myst_parser", "sphinx_design", "atalaya.site.build.sphinx_extension"]
live_release = RELEASE or "reference"
live_front_language = FRONT
locale_dirs = [str(HERE / "locale")]  # a release is built from a folder of its own
gettext_compact = "docs"
gettext_uuid = False
gettext_location = False
exclude_patterns = (
    ["evidence/**", "handover/**", "incidents/_*", "README.md"]
    if RELEASE
    else ["releases/**", "_generated/**", "_build/**", "_templates/**", "_static/**", "locale/**", "README.md"]
)
nitpicky = True

myst_enable_extensions = ["attrs_inline", "colon_fence"]
# Nobody's text may become HTML of its own, and neither does ours need to.
myst_disable_syntax = ["html_block", "html_inline"]
myst_heading_anchors = 3
smartquotes = False

templates_path = ["_templates"]
template_bridge = "atalaya.site.build.shared_files.Compact"
html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["live.css", "atalaya.css"]
html_js_files = [(name, {"defer": "defer"}) for name in ("figures.js", "atalaya.js")]
html_favicon = "_static/tower.svg"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_show_search_summary = False  # for which a search would load every page that it finds
html_use_index = False
html_title = f"Atalaya {RELEASE}".strip()
if WATCH.get("rehearsal"):
    html_title += f" ({WORDS['rehearsal_mark']})"
html_sidebars = {"**": [] if RELEASE else ["all-pages.html"]}

# From any page of this build: the way to the front of the whole site, and to the same page in the other language.
_depth = bool(RELEASE) + (LANGUAGE != FRONT)
_front = "../" * _depth + ("" if LANGUAGE == FRONT else f"{LANGUAGE}/")
# The address of this build in each language, where that of the site is known.
ADDRESSES = {
    code: f"{URL}{RELEASE}{'/' if RELEASE else ''}{'' if code == FRONT else f'{code}/'}"
    for code in (LANGUAGE, OTHER)
    if URL
}
html_baseurl = ADDRESSES.get(LANGUAGE, "")
live_url = URL
html_context = {
    "addresses": ADDRESSES,
    "front_language": FRONT,
    "default_mode": "auto",
    "words": WORDS,
    "other_language": OTHER,
    "to_other": f"{OTHER}/" if LANGUAGE == FRONT else "../",
    "to_site": "../" * _depth,
    "to_front": _front,
    "watched": RELEASE,
}
html_theme_options = {
    # Never empty. The theme would render it once more on every page to find that out, and it is what takes longest.
    "templates_skip_empty_check": ["all-pages.html"],
    "logo": {"text": "Atalaya"},
    "navbar_start": ["home.html"],
    "navbar_center": ["navbar-nav"] if RELEASE else [],
    "header_links_before_dropdown": 11,
    "navbar_end": ["releases.html", "language.html", "theme-switcher"],
    "navbar_persistent": ["search-button"],
    "article_header_start": [],
    "footer_start": ["footer.html"],
    "footer_center": [],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "primary_sidebar_end": [],
    "show_prev_next": False,
    "show_nav_level": 1,
    "navigation_with_keys": False,
    "back_to_top_button": False,
    "announcement": "",
}
if WATCH.get("rehearsal"):
    html_theme_options["announcement"] = f"<strong>{WORDS['rehearsal']}</strong>"

# In a repository whose docs are of others: what it sets stands over all of this.
OWN = RELEASES.parent / "conf.py"
if OWN.parent != HERE and OWN.is_file():
    exec(compile(OWN.read_text(encoding="utf-8"), str(OWN), "exec"))
