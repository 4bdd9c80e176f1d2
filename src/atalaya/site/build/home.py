"""Finds the home of the release pages, with the Sphinx project around them, and makes it where there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

# What a home consists of, beside the releases. In a clone it lies in docs/, in the wheel beside this module's package.
PARTS = ("conf.py", "index.md", "_static", "_templates", "locale", "guides", "concepts", "reference")
OF_OUR_OWN_PACK = ("index.md", "guides", "concepts")
EXTENSION = "atalaya.site.build.sphinx_extension"
PACKAGED = Path(__file__).resolve().parents[1] / "home"
INDEX = PACKAGED.with_name("templates") / "home.md"  # of the site of another check pack
IN_A_CLONE = Path(__file__).resolve().parents[4] / "docs"


def find(root: Path) -> Path:
    """Where the release pages of a project are: ``docs/`` where that is Atalaya's own, else ``docs/atalaya/``."""
    docs = root / "docs"
    if (docs / "releases").exists() or not docs.exists() or _is_ours(docs):
        return docs
    return docs / "atalaya"


def complete(home: Path, *, guides: bool = True) -> None:
    """Copy what Sphinx needs into a home that lacks it; what is there stays as it is.

    :param guides: whether the guides and the concepts go with it. They tell of Atalaya by the SDK of its own check
        pack, so the site of another one begins with its releases, and has the reference beside them.
    """
    source = PACKAGED if PACKAGED.is_dir() else IN_A_CLONE
    if (home / "conf.py").exists() or not (source / "conf.py").is_file():
        return
    if not guides and not (home / "index.md").exists():
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(INDEX, home / "index.md")
    for name in [part for part in PARTS if guides or part not in OF_OUR_OWN_PACK]:
        part, target = source / name, home / name
        if part.is_dir():
            left_out = shutil.ignore_patterns("*.mo", "__pycache__")
            # Some of it may be there already: the generated pages of the reference are written first.
            shutil.copytree(part, target, ignore=left_out, copy_function=_copy_what_is_missing, dirs_exist_ok=True)
        elif part.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(part, target)


def _copy_what_is_missing(source: str, target: str) -> str:
    return target if Path(target).exists() else shutil.copy2(source, target)


def _is_ours(docs: Path) -> bool:
    conf = docs / "conf.py"
    return conf.is_file() and EXTENSION in conf.read_text(encoding="utf-8", errors="replace")
