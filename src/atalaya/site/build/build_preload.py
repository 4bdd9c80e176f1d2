"""Imports what every build of the pages needs, once, before the first build is forked.

Whatever a build imports or compiles by itself, each of them does again. Only what no build can alter is made here.
"""

from __future__ import annotations

import gc
from importlib import import_module

# Nothing of what is imported goes away again, so there is no use in looking for it: neither here, nor in the builds.
gc.disable()

import sphinx.cmd.build  # noqa: E402, F401
from sphinx.application import builtin_extensions  # noqa: E402

from atalaya.site.i18n.language import LANGUAGES  # noqa: E402

OURS = (
    "myst_parser",
    "myst_parser.parsers.sphinx_",
    "myst_parser.sphinx_ext.directives",
    "myst_parser.sphinx_ext.main",
    "myst_parser.sphinx_ext.mathjax",
    "myst_parser.sphinx_ext.myst_refs",
    "pydata_sphinx_theme",
    "sphinx_design",
    "sphinx_design.extension",
    "atalaya.site.build.sphinx_extension",
    "atalaya.site.i18n.page_words",
)
# What Sphinx, docutils and Pygments import as they come upon the first page that asks for it.
LATE = (
    "jinja2.ext",
    "pygments.lexers.python",
    "pygments.lexers.shell",
    "pygments.styles.tango",
    "sphinx.builders.latex.transforms",
    "sphinx.ext.mathjax",
    "sphinx.search.es",
    "xml.dom.minidom",
    *(f"docutils.languages.{code}" for code in LANGUAGES),
    *(f"docutils.parsers.rst.languages.{code}" for code in LANGUAGES),
)

for name in (*builtin_extensions, *OURS, *LATE):
    import_module(name)

# The theme looks for elements by selectors, whose grammar is compiled at the first of them, and lists every style of
# Pygments, of which other packages bring more.
import_module("soupsieve").compile("a.b#c[d]:not(e)")
for _ in import_module("pygments.styles").get_all_styles():
    pass

gc.freeze()
gc.enable()
