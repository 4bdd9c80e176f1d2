"""Imports what every build of the pages needs, once, before the first build is forked."""

from __future__ import annotations

from importlib import import_module

import sphinx.cmd.build  # noqa: F401
from sphinx.application import builtin_extensions

OURS = (
    "myst_parser",
    "myst_parser.sphinx_ext.main",
    "sphinx_design",
    "atalaya.site.build.sphinx_extension",
    "atalaya.site.i18n.page_words",
)

for name in (*builtin_extensions, *OURS):
    import_module(name)
