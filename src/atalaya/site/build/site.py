"""Builds one site of all releases, in two languages, from the pages in the tree.

One Sphinx build for each of (the root pages, each release) and each language, beside one another in
one folder. A build whose sources have not changed since its last one is not started at all, so a closed
release costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from atalaya.core import environment
from atalaya.core.errors import ReleaseError, UsageError
from atalaya.core.source_digest import digest, files, versions
from atalaya.core.window import CHECKPOINTS_H
from atalaya.evidence.ledger import holdings
from atalaya.records.judged import Judgement
from atalaya.records.stored import Release
from atalaya.site.build import build_workers, history_pages, home
from atalaya.site.build.atomic_write import NEWEST, fragment_file, write_if_changed
from atalaya.site.build.pages import FRAGMENTS
from atalaya.site.fragments import segments
from atalaya.site.fragments.reference import FOLDER
from atalaya.site.fragments.releases import releases
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.renderer import Renderer
from atalaya.site.outputs import feed, not_found, sitemap
from atalaya.watch.folder import find

ROOT_ENTRIES = ("conf.py", "index.md", "history.md", "history", "fleet.md", "guides", "concepts", "reference")
SHARED_ENTRIES = ("conf.py", "_static", "_templates", "locale")
TOOLS = ("sphinx", "myst-parser", "sphinx-design", "pydata-sphinx-theme")
EMBEDDED = re.compile(r"^```\{live\} ([a-z0-9-]+)\n:release: (\S+)", re.MULTILINE)
SCRIPT = "releases.js"  # what each page of each release loads, though it was built before the newest was opened
ROOT_PAGES = "site"  # what the builds of the root pages are kept under, as those of a release under its name
WRITTEN_BY_SPHINX = ("_sources", "_images", "_downloads", "_sphinx_design_static", "search.html", "genindex.html")
FOR_MACHINES = ("metrics.json", "badge.json", "badge.svg")
NOT_IN_PAGES = ("evidence", "__pycache__", ".mo")


class Build(NamedTuple):
    """One run of Sphinx. ``release`` is empty for the root pages; ``sources`` are what it depends on."""

    release: str
    language: str
    source: Path
    out: Path
    doctrees: Path
    sources: tuple[Path, ...]

    @property
    def name(self) -> str:
        return f"{self.release or 'site'} ({self.language})"


def build(
    docs: Path,
    out: Path,
    *,
    releases: Path | None = None,
    language: str = "en",
    only: Iterable[str] | None = None,
    jobs: int = 2,
    url: str = "",
    echo: Callable[[str], object] = lambda line: None,
) -> Path:
    """Build the site into ``out`` and return its ``index.html``.

    Pages in ``language`` stand at the front; those in the other languages in a folder of that name. ``only``
    names the releases to build; the others stay as they are. What the pages include must have been written
    by ``publish``, ``publish_reference`` and :func:`publish_releases`.

    :param releases: the folder with a folder for each release (default: that of ``docs``).
    :param url: the address of the site. Empty: pages say nothing that needs it.
    :raises ReleaseError: a release has no fragments, or a name that a page of the site has already.
    :raises UsageError: Sphinx refused a page.
    """
    docs, out = docs.resolve(), out.resolve()
    folder = (releases or docs / "releases").resolve()
    Language(language)
    there = find(folder)
    wanted = _wanted(there, only)
    _require_fragments(docs, wanted)
    _compile_catalogues(docs)
    _prune(out, there)
    history_pages.prune(docs, out)
    builds = list(_builds(docs, folder, out, wanted, language))
    url = f"{url.rstrip('/')}/" if url else ""
    problems = list(_run(builds, docs, environment.site_variables("", "", language, str(folder), url), jobs, echo))
    if problems:
        raise UsageError("\n\n".join(problems))
    switcher = docs / "_generated" / "switcher.json"
    _copy(switcher, out / "switcher.json")
    write_if_changed(out / SCRIPT, _script(switcher.read_text(encoding="utf-8")))
    for one in builds:
        _copy(docs / "_generated" / (one.release or FOLDER) / one.language / feed.NAME, one.out / feed.NAME)
    for release in wanted:
        for name in FOR_MACHINES:
            _copy(docs / "_generated" / release.version / name, out / release.version / name)
        holdings.copy(folder / release.version / "evidence", out / release.version / segments.FOLDER)
    _for_visitors(out, language, url)
    return out / "index.html"


def _for_visitors(out: Path, language: str, url: str) -> None:
    """Write what is asked for at the front of a site: the page for an address that has none, and the list of pages."""
    write_if_changed(out / not_found.NAME, not_found.not_found(language, url))
    if url:
        pages = (file.relative_to(out) for file in out.rglob("*.html"))
        listed = [page.as_posix() for page in pages if "_static" not in page.parts]
        write_if_changed(out / sitemap.NAME, sitemap.sitemap(url, listed))
    else:
        (out / sitemap.NAME).unlink(missing_ok=True)


def _wanted(releases: Sequence[Release], only: Iterable[str] | None) -> list[Release]:
    taken = taken_names()
    for release in releases:
        if release.version.casefold() in taken:
            raise ReleaseError(f"release {release.version}: the site has another page there. Rename the release.")
    if only is None:
        return list(releases)
    names = set(only)
    if missing := names - {release.version for release in releases}:
        raise ReleaseError(
            f"no such release: {', '.join(sorted(missing))}. There are: "
            f"{', '.join(release.version for release in releases) or 'none'}."
        )
    return [release for release in releases if release.version in names]


def taken_names(docs: Path | None = None) -> frozenset[str]:
    """What no release may be called, in lower case: a folder or a file of that name is the site's own.

    A file system may know no difference between `ES` and `es`, so case does not count.

    :param docs: the home of the pages, where what it holds beside its usual parts counts too.
    """
    ours = {*LANGUAGES, *home.PARTS, *ROOT_ENTRIES, *SHARED_ENTRIES, *FOR_MACHINES, *WRITTEN_BY_SPHINX}
    ours |= {
        not_found.NAME,
        sitemap.NAME,
        FOLDER,
        NEWEST,
        ROOT_PAGES,
        SCRIPT,
        feed.NAME,
        "switcher.json",
        "releases",
        "_generated",
        "_build",
    }
    there = {one.name for one in docs.iterdir()} if docs is not None and docs.is_dir() else set()
    return frozenset(form.casefold() for name in ours | there for form in (name, Path(name).stem))


def _require_fragments(docs: Path, releases: Iterable[Release]) -> None:
    """Say in one sentence what Sphinx would say of each page."""
    generated = docs / "_generated"
    names = [*FRAGMENTS, *(f"t{hours:02}" for hours in CHECKPOINTS_H)]
    needed = [generated / "switcher.json"]
    for code in LANGUAGES:
        needed.append(generated / FOLDER / code / "releases.md")
        needed += [generated / release.version / code / f"{name}.md" for release in releases for name in names]
    if missing := [file for file in needed if not file.is_file()]:
        raise ReleaseError(
            f"{missing[0]}: missing, so the site cannot be built ({len(missing)} files in all). "
            f"Run `atalaya publish`, and build again."
        )


def _builds(docs: Path, folder: Path, out: Path, releases: Iterable[Release], language: str) -> Iterator[Build]:
    shared = (*(docs / entry for entry in SHARED_ENTRIES), folder.parent / "conf.py")
    doctrees = docs / "_build" / "doctrees"
    # The default language comes first: it is what one waits for.
    for code in sorted(LANGUAGES, key=lambda code: code != language):
        front = "" if code == language else code
        yield Build(
            release="",
            language=code,
            source=docs,
            out=out / front,
            doctrees=doctrees / ROOT_PAGES / code,
            sources=(
                *shared,
                *(docs / entry for entry in ROOT_ENTRIES),
                docs / "_generated" / FOLDER / code,
                *_embedded(docs, code),
            ),
        )
        for release in releases:
            name = release.version
            yield Build(
                release=name,
                language=code,
                source=folder / name,
                out=out / name / front,
                doctrees=doctrees / name / code,
                sources=(*shared, folder / name, docs / "_generated" / name / code),
            )


def _embedded(docs: Path, code: str) -> Iterator[Path]:
    """The fragments of releases that root pages embed: those pages change with them, and no others do."""
    pages = [docs / "index.md", *docs.glob("guides/*.md"), *docs.glob("concepts/*.md"), *docs.glob("reference/*.md")]
    for page in sorted(pages):
        for name, release in EMBEDDED.findall(page.read_text(encoding="utf-8")):
            file = fragment_file(docs, release, code, name)
            if file is not None:
                yield file


def _run(
    builds: Sequence[Build], docs: Path, told: Mapping[str, str], jobs: int, echo: Callable[[str], object]
) -> Iterator[str]:
    """Build what has changed, so many at once; yields the problem of each that failed, in words."""
    known = cache(partial(digest, leave_out=NOT_IN_PAGES))  # most of what a build reads, all of them read
    digests = {one: _digest(one, docs, told, known) for one in builds}
    changed = longest_first(one for one in builds if not _is_built(one, digests[one]))
    echo(f"unchanged: {len(builds) - len(changed)} of {len(builds)} builds, one for each release and language")
    if not changed:
        return
    for one in changed:
        _digest_file(one).unlink(missing_ok=True)
    with build_workers.workers(min(jobs, len(changed))) as pool:
        started_s = time.perf_counter()
        running = {
            pool.submit(build_workers.build, _arguments(one, docs), _environment(one, told)): one for one in changed
        }
        for done in as_completed(running):
            one, (code, said) = running[done], done.result()
            if code != 0:
                yield _refused(one, said)
                continue
            one.doctrees.mkdir(parents=True, exist_ok=True)
            _digest_file(one).write_text(digests[one], encoding="utf-8")
            echo(f"{one.name}: built, {time.perf_counter() - started_s:.1f} s from the start")


def longest_first(builds: Iterable[Build]) -> list[Build]:
    """Builds in the order to start them in: one that takes long and comes last would be waited for alone.

    How long it takes is about how many of the files that it reads have changed since it was last made.
    """

    def changed(one: Build) -> int:
        last = one.doctrees / "environment.pickle"
        since_ns = last.stat().st_mtime_ns if last.is_file() else 0
        return sum(file.stat().st_mtime_ns > since_ns for source in one.sources for file in files(source, NOT_IN_PAGES))

    return sorted(builds, key=changed, reverse=True)


def _digest_file(one: Build) -> Path:
    return one.doctrees / "built"


def _is_built(one: Build, digest: str) -> bool:
    file = _digest_file(one)
    return (one.out / "index.html").is_file() and file.is_file() and file.read_text(encoding="utf-8") == digest


def _arguments(one: Build, docs: Path) -> list[str]:
    return [
        "-q",
        "-N",
        "-n",
        "-W",
        "--keep-going",
        "-b",
        "html",
        "-c",
        str(docs),
        "-d",
        str(one.doctrees),
        str(one.source),
        str(one.out),
    ]


def _refused(one: Build, said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    shown = "\n".join(f"  {line}" for line in lines[-40:])
    return f"{one.name}: Sphinx refused it. Mend what it names, and build again.\n{shown}"


def _environment(one: Build, told: Mapping[str, str]) -> dict[str, str]:
    """What ``conf.py`` is told."""
    return {**told, "SITE_RELEASE": one.release, "SITE_LANGUAGE": one.language}


def _digest(one: Build, docs: Path, told: Mapping[str, str], of: Callable[[Path], str]) -> str:
    """Over everything that the build reads."""
    parts = [*versions(TOOLS), *told.values(), str(one.out)]
    parts.append(of(Path(__file__).parents[1]))
    parts += [f"{os.path.relpath(source, docs)} {of(source)}" for source in one.sources]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _compile_catalogues(docs: Path) -> None:
    """Compile before the builds: two of them that did it at once would read each other's half-written file."""
    for po in sorted(docs.glob("locale/*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.is_file() and mo.stat().st_mtime_ns > po.stat().st_mtime_ns:
            continue
        with po.open("rb") as source, mo.open("wb") as target:
            write_mo(target, read_po(source))


def _feed(judgements: Sequence[Judgement], code: str, language: str, url: str) -> str:
    """What happened in all releases. Pages in the front language stand in the release's own folder."""
    return feed.of_site(judgements, Renderer(Language(code)), "" if code == language else f"{code}/", url)


def publish_releases(
    docs: Path,
    judgements: Iterable[Judgement],
    language: str = "en",
    url: str = "",
    last_red: Mapping[str, datetime] = MappingProxyType({}),
) -> tuple[Path, ...]:
    """Write what is of all releases: their list for the landing page, ``switcher.json`` and the history.

    Returns the files that had to be written.

    :param last_red: when the self-test last saw each promise red.
    """
    newest_first = sorted(judgements, key=lambda one: (one.release.opened_at, one.release.version), reverse=True)
    texts = {docs / "_generated" / "switcher.json": _switcher(newest_first)}
    for code in LANGUAGES:
        texts[docs / "_generated" / FOLDER / code / "releases.md"] = releases(newest_first, Renderer(Language(code)))
        texts[docs / "_generated" / FOLDER / code / feed.NAME] = _feed(newest_first, code, language, url)
    written = [file for file, text in texts.items() if write_if_changed(file, text)]
    history = history_pages.publish_history(docs, docs / "_generated" / FOLDER, newest_first, last_red)
    return (*written, *history)


def _switcher(judgements: Sequence[Judgement]) -> str:
    """In the form that the theme's own switcher knows."""
    entries = []
    for judgement in judgements:
        version, word = judgement.release.version, judgement.verdict.word.value
        said = ["REHEARSAL", word] if judgement.release.rehearsal else [word]
        entries.append(
            {
                "name": f"{version} ({', '.join(said)})",
                "names": {code: f"{version} ({', '.join(map(Language(code).gettext, said))})" for code in LANGUAGES},
                "version": version,
                "url": f"{version}/",
                "preferred": judgement is judgements[0],
                "rehearsal": judgement.release.rehearsal,
            }
        )
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"


def _script(switcher: str) -> str:
    """The same for pages that were opened from a file: those can load a script from beside them, and no JSON."""
    return f"var atalayaReleases = {switcher.strip().replace('<', chr(92) + 'u003c')};\n"


def _copy(source: Path, target: Path) -> None:
    write_if_changed(target, source.read_text(encoding="utf-8"))


def _prune(out: Path, releases: Iterable[Release]) -> None:
    """Take away the pages of releases that are gone from the tree, as the last build listed them."""
    try:
        listed = {str(entry["version"]) for entry in json.loads((out / "switcher.json").read_text(encoding="utf-8"))}
    except (OSError, ValueError, KeyError, TypeError):
        return
    for gone in listed - {release.version for release in releases}:
        folder = out / gone
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", gone) and (folder / "index.html").is_file():
            shutil.rmtree(folder)
