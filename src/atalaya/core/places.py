"""Finds where a project's things lie: its root, the home of its release pages, and the folder that builds write to.

Standard library only: a schedule asks before anything is installed.
"""

from __future__ import annotations

from pathlib import Path

DISTRIBUTION = "atalaya-watch"  # the name that this project is installed by
SETTINGS = "watch.toml"
EXTENSION = "atalaya.site.build.sphinx_extension"  # what the conf.py of Atalaya's own pages names
EMBEDS = "atalaya.sphinxext"  # what the conf.py of other people names
BESIDE = "docs/atalaya"  # the home of the release pages beside other people's
READ = Path("_build", "read")  # in the Sphinx project: what was read of large files of evidence, by release
SCRATCH = ".atalaya"  # what is written for this machine alone: git is to ignore it


def root_of(start: Path) -> Path:
    """The project that a folder belongs to: the nearest folder above that has a ``watch.toml``, else the folder.

    The search ends where a git repository does.
    """
    for folder in (start, *start.parents):
        if (folder / SETTINGS).is_file():
            return folder
        if (folder / ".git").exists():
            break
    return start


def pages_of(root: Path) -> Path:
    """The home of the release pages: ``docs/``, or ``docs/atalaya/`` where that is there, or docs are of others."""
    docs, beside = root / "docs", root / BESIDE
    if beside.is_dir():
        return beside
    return docs if (docs / "releases").exists() or not docs.exists() or _is_ours(docs) else beside


def releases_of(root: Path) -> Path:
    """The folder with a folder for each release."""
    return pages_of(root) / "releases"


def project_of(root: Path) -> Path:
    """The Sphinx project that shows the release pages, with what a build writes; hidden where docs are of others."""
    pages = pages_of(root)
    return root / SCRATCH / "site" if pages == root / BESIDE else pages


def _is_ours(docs: Path) -> bool:
    conf = docs / "conf.py"
    return conf.is_file() and EXTENSION in conf.read_text(encoding="utf-8", errors="replace")
