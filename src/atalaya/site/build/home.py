"""Makes the Sphinx project of the release pages where there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

from atalaya.core.source_digest import GENERATED, digest
from atalaya.core.whole_file import write_whole

# What a home consists of, beside the releases. In a clone it lies in docs/, in the wheel beside this module's package.
PARTS = ("conf.py", "index.md", "history.md", "_static", "_templates", "locale", "guides", "concepts", "reference")
OF_OUR_OWN_PACK = ("index.md", "guides", "concepts")
PACKAGED = Path(__file__).resolve().parents[1] / "home"
INDEX = PACKAGED.with_name("templates") / "home.md"  # of the site of another check pack
IN_A_CLONE = Path(__file__).resolve().parents[4] / "docs"
MADE_FROM = ".made-from"  # the digests of the parts that a project which nobody keeps was copied from


def source() -> Path:
    """The folder that a home is copied from."""
    return PACKAGED if PACKAGED.is_dir() else IN_A_CLONE


def renew(project: Path, *, guides: bool = True) -> None:
    """Make a project that nobody keeps: whole, and anew where another Atalaya has made it.

    :param guides: as for :func:`complete`.
    """
    made_from = " ".join((*(digest(source() / name, leave_out=GENERATED) for name in PARTS), str(guides)))
    said = project / MADE_FROM
    if said.is_file() and said.read_text(encoding="utf-8") == made_from:
        return
    shutil.rmtree(project, ignore_errors=True)
    complete(project, guides=guides)
    write_whole(said, made_from.encode())


def complete(home: Path, *, guides: bool = True) -> None:
    """Copy what Sphinx needs into a home that lacks it; what is there stays as it is.

    :param guides: whether the guides and the concepts go with it. They tell of Atalaya by the SDK of its own check
        pack, so the site of another one begins with its releases, and has the reference beside them.
    """
    if (home / "conf.py").exists() or not (source() / "conf.py").is_file():
        return
    if not guides and not (home / "index.md").exists():
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(INDEX, home / "index.md")
    for name in [part for part in PARTS if guides or part not in OF_OUR_OWN_PACK]:
        part, target = source() / name, home / name
        if part.is_dir():
            left_out = shutil.ignore_patterns("*.mo", "__pycache__")
            # Some of it may be there already: the generated pages of the reference are written first.
            shutil.copytree(part, target, ignore=left_out, copy_function=_copy_what_is_missing, dirs_exist_ok=True)
        elif part.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(part, target)


def _copy_what_is_missing(source: str, target: str) -> str:
    return target if Path(target).exists() else shutil.copy2(source, target)
