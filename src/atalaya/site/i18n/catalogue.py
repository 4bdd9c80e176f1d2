"""Collects the sentences that have to be translated, and lists those that have no translation yet.

``python -m atalaya.site.i18n.catalogue`` reads the sources and the pages, and puts what is new into both
catalogues with an empty translation, ready for an editor of ``.po`` files. It ends with 1 while any is empty.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

import atalaya
from atalaya import records
from atalaya.core import environment, fleet_settings, pack_loader, settings
from atalaya.core.errors import HarnessError
from atalaya.core.words import StrictEnum
from atalaya.harness.pack import Pack
from atalaya.metrics.definitions import METRICS
from atalaya.records.stored import Environment
from atalaya.site.build import fleet_pages, history_pages
from atalaya.site.build.atomic_write import write_if_changed
from atalaya.site.build.skeleton import pages
from atalaya.site.fragments.figures import what_is_counted
from atalaya.site.fragments.rules import KNOWN
from atalaya.site.i18n.language import LANGUAGES, catalogue_path, pack_catalogue_path
from atalaya.site.markup.templating import said_by, templates

PACKAGE = Path(atalaya.__file__).parent
SENTENCES = ("says", "why", "how", "reason", "proposal")  # the fields of a pack's rows that pages show
KEYWORDS = ("text", "N_", "_")
_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_WORDS = re.compile(r"[^\W\d_]")  # a template of figures alone is the same in every language
HEADER = """msgid ""
msgstr ""
"Language: {code}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def sentences() -> dict[str, tuple[str, ...]]:
    """Every sentence that the code and its templates can say, with the files that say it."""
    found: dict[str, set[str]] = {}
    for file in [*sorted(PACKAGE.rglob("*.py")), *templates()]:
        if not file.is_relative_to(pack_loader.TREE):
            _add(found, file, f"src/atalaya/{file.relative_to(PACKAGE).as_posix()}")
    for key in settings.every_key():
        found.setdefault(key.description, set()).add("src/atalaya/core/settings.py")
    for key in fleet_settings.every_key():
        found.setdefault(key.description, set()).add("src/atalaya/core/fleet_settings.py")
    for metric in METRICS.values():
        found.setdefault(what_is_counted(metric), set()).add(f"src/atalaya/metrics/{Path(metric.question).name}")
    for description in environment.OWN.values():
        found.setdefault(description, set()).add("src/atalaya/core/environment.py")
    for kind in StrictEnum.__subclasses__():
        # The names of environments are identifiers, printed as they are.
        for word in kind if kind.__module__.startswith(records.__name__) and kind is not Environment else ():
            found.setdefault(str(word.value), set()).add("src/atalaya/records.py")
    return {message: tuple(sorted(files)) for message, files in sorted(found.items(), key=_by_file)}


def pack_sentences(pack: Pack) -> dict[str, tuple[str, ...]]:
    """Every sentence that a check pack can say, with its files that say it."""
    found: dict[str, set[str]] = {}
    for file in sorted(pack.folder.glob("*.py")):
        _add(found, file, file.name)
    for family in pack.families:
        for module, rows in (("promises", (*family.promises, *family.statements)), ("limitations", family.limitations)):
            for message in (text for row in rows for name in SENTENCES if (text := getattr(row, name, ""))):
                found.setdefault(message, set()).add(f"{family.name}/{module}.py")
    return {message: tuple(sorted(files)) for message, files in sorted(found.items(), key=_by_file)}


def _add(found: dict[str, set[str]], file: Path, called: str) -> None:
    for message in _marked(file):
        if _WORDS.search(_PLACEHOLDER.sub("", message)):
            found.setdefault(message, set()).add(called)


def _marked(file: Path) -> Iterator[str]:
    """The sentences that one file marks. By the syntax tree, since Babel's extractor sees nothing inside f-strings."""
    source = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        yield from (said.message for said in said_by(source))
        return
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(message)), *_]) if name in KEYWORDS:
                yield message


def page_sentences(docs: Path) -> dict[str, tuple[str, ...]]:
    """Every sentence of the root pages, and of the pages that a new release begins with."""
    with tempfile.TemporaryDirectory() as folder:
        skeleton = Path(folder) / "skeleton"
        skeleton.mkdir()
        for name, text in pages().items():
            (skeleton / name).write_text(text, encoding="utf-8")
        found: dict[str, tuple[str, ...]] = {}
        # The titles of the generated pages: of promises, of rules, and of the history.
        ids = {*pack_loader.load(pack_loader.find()).promise, *KNOWN}
        ids.add(fleet_pages.TITLE)
        ids |= {file.stem for file in (docs / history_pages.FOLDER).glob("*.md")}
        for source, names in ((docs, "docs"), (skeleton, "src/atalaya/site/templates/release")):
            for message in _extracted(docs, source, Path(folder) / source.name):
                if message.strip("`") not in ids:
                    found.setdefault(message, (names,))
    return found


def _extracted(docs: Path, source: Path, out: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-E", "-b", "gettext", "-c", str(docs), str(source), str(out / "pot")],
        env=environment.everything()
        | {"PYTHONPATH": str(PACKAGE.parent), **environment.site_variables("", "en", "en")},
        capture_output=True,
        text=True,
        check=False,
    )
    pot = out / "pot" / "docs.pot"
    if done.returncode != 0 or not pot.is_file():
        raise HarnessError(f"{source}: Sphinx could not read out the sentences. It said:\n{done.stderr}")
    with pot.open("rb") as file:
        return [str(message.id) for message in read_po(file) if message.id]


def update(path: Path, code: str, messages: Mapping[str, Iterable[str]]) -> list[str]:
    """Bring one catalogue up to date; returns the sentences in it that have no translation."""
    old: dict[str, str] = {}
    if path.is_file():
        with path.open("rb") as file:
            old = {str(message.id): str(message.string) for message in read_po(file) if message.id}
    catalogue = Catalog(locale=code)
    for message, files in messages.items():
        catalogue.add(message, string=old.get(message, ""), locations=[(file, 0) for file in files])
    written = BytesIO()
    write_po(written, catalogue, width=100, omit_header=True, include_lineno=False)
    write_if_changed(path, HEADER.format(code=code) + written.getvalue().decode().lstrip("\n"))
    return [message for message in messages if not old.get(message)]


def main() -> int:
    """Update the catalogues of every language but English, and list what is missing."""
    docs = PACKAGE.parents[1] / "docs"
    pack = pack_loader.load(pack_loader.find())
    said, of_pack, shown = sentences(), pack_sentences(pack), page_sentences(docs)
    missing = 0
    for code in LANGUAGES:
        if code == "en":
            continue
        for path, messages in (
            (catalogue_path(code), said),
            (pack_catalogue_path(pack.folder, code), of_pack),
            (docs / "locale" / code / "LC_MESSAGES" / "docs.po", shown),
        ):
            empty = update(path, code, messages)
            missing += len(empty)
            sys.stdout.write(f"{path}: {len(messages)} sentences, {len(empty)} not translated\n")
            sys.stdout.writelines(f"  {message!r}\n" for message in empty)
    return 1 if missing else 0


def _by_file(entry: tuple[str, set[str]]) -> tuple[str, str]:
    return min(entry[1]), entry[0]


if __name__ == "__main__":
    sys.exit(main())
