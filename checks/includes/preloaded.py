"""What does every build of these pages import? It is imported once, before the first of them forks off."""

from __future__ import annotations

from importlib import import_module

import sphinx.cmd.build  # noqa: F401
from sphinx.application import builtin_extensions

OURS = (
    "myst_parser",
    "myst_parser.sphinx_ext.main",
    "sphinx_design",
    "checks.includes.extension",
    "checks.includes.page_words",
)

for name in (*builtin_extensions, *OURS):
    import_module(name)
