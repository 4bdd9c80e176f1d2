"""Prepares the Python environment and the modules that the checks run with.

The SDK goes first into a private environment that is thrown away afterwards; pytest and msgspec, which
record what the checks find, come second and must fit what the SDK chose. So what is tested is what users get.
Nothing that was asked for is ever written to: a project is copied and built from the copy, an environment
gets what it lacks from a folder beside it.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from packaging.utils import canonicalize_name

from atalaya.core import environment as process_environment
from atalaya.core.errors import BrokenSubject, NoPython, SettingsError, SubjectError
from atalaya.core.words import Record
from atalaya.records.results import Host, Subject
from atalaya.sdk import bytecode, interpreter_probe
from atalaya.sdk.adapter import Adapter
from atalaya.sdk.installer import Installer, find_installer, site_packages_in
from atalaya.sdk.source import (
    BUNDLED_LABEL,
    HINT,
    Kind,
    Source,
    classify,
    folder_of,
    is_project,
    package_in,
    reference_of,
)
from atalaya.sdk.source_hash import digest_of, first_difference, is_layer, source_files, subject_files

if TYPE_CHECKING:
    from atalaya.harness.pack import Pack

# What the recorder needs beside the SDK.
RECORDER = ("pytest>=8", "msgspec>=0.19", "hypothesis>=6.100")
RECORDER_CALLED = "what makes and records the checks (pytest, msgspec, hypothesis)"
RECORDER_MEND = "The SDK's own pins leave no room for it: loosen them, or watch an environment without them."

# The checks' own code needs it; the SDK itself might run on less.
OLDEST_PYTHON = (3, 11)

# Left behind when a project is copied: environments, caches, and what earlier builds made.
SKIPPED = frozenset({".venv", ".nox", ".tox", "node_modules", "__pycache__"})
SKIPPED_AT_ROOT = frozenset({"build", "dist"})

# All that the SDK's process sees of our environment. Everything else could change what it does: its own
# variables, proxies, a .netrc, certificates, another Python's path.
PASSED_ON = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "COMSPEC",
    "PATHEXT",
    "WINDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
)


# What uv and pip say where a package is for another Python, and where there is no such package, or version of it.
_OTHER_PYTHON = re.compile(r"does not satisfy Python|requires a different Python", re.IGNORECASE)
_NOT_THERE = (
    r"no versions? of {name}\b|\b{name} was not found|distribution found for {name}\b|only {name}\S* \w+ available"
)


class Prepared(Record, frozen=True, kw_only=True):
    """An interpreter that can import the SDK and pytest, once ``paths`` stand first on ``sys.path``.

    ``pack`` holds the checks that it is for. ``adapter`` says what the names of the contract are called in the SDK,
    where they are not the contract's own. ``installs`` is what an installer is given to install the SDK elsewhere;
    empty where it is a folder or an environment, which cannot be. ``package_folder`` is where the SDK's package lies.
    """

    pack: Pack
    python: Path
    paths: tuple[Path, ...]
    subject: Subject
    host: Host
    adapter: Adapter | None = None
    installs: tuple[str, ...] = ()
    package_folder: Path | None = None

    @property
    def package(self) -> str:
        """The name that the SDK is imported by."""
        return self.adapter.package if self.adapter else self.pack.package

    @property
    def is_reference(self) -> bool:
        """Whether it is the pack's reference SDK."""
        return self.subject.source == (self.pack.requirement or BUNDLED_LABEL)


class _Place(NamedTuple):
    """Where the SDK can be imported from."""

    python: Path
    paths: tuple[Path, ...] = ()
    installs: tuple[str, ...] = ()


class _Bench(NamedTuple):
    """What every way of preparing needs: a folder of its own, a home for the SDK, an installer, the pack, and names."""

    scratch: Path
    home: Path
    installer: Installer
    pack: Pack
    package: str
    distribution: str


@contextmanager
def prepare(
    asked: str,
    *,
    pack: Pack,
    adapter: Adapter | None = None,
    base: Path | None = None,
    echo: Callable[[str], None] = lambda line: None,
) -> Iterator[Prepared]:
    """Make the SDK that ``asked`` names importable, for as long as the context lasts.

    ``echo`` is given one line for each thing that takes time.

    :param pack: the checks that it is for. Where nothing is asked for, its reference SDK is prepared.
    :param adapter: what the names of the contract are called in this SDK; none, if they are the contract's own.
    :param base: where a relative path starts (default: the working folder).
    :raises SubjectError: the SDK cannot be found, or what is found is not the SDK.
    :raises BrokenSubject: it cannot be installed or imported, or what is built of it is not what its source says.
    :raises NoPython: there is no Python that it is for.
    :raises SettingsError: the adapter names what the SDK does not have.
    :raises NetworkError: no package index could be reached.
    """
    named = adapter or pack
    source = classify(asked or pack.requirement, base, package=named.package, bundled=pack.reference)
    with _private_folder() as scratch:
        home = scratch / "home"
        home.mkdir()
        bench = _Bench(scratch, home, find_installer(scratch, echo), pack, named.package, named.distribution)
        echo(f"Preparing the SDK ({source.label}) in a private environment.")
        place = _WAYS[source.kind](source, bench)
        told, package = _imported(source, place, bench)
        held = (told.held or {}) if adapter else {}
        prepared = _described(source, place, bench, told, package, subject_files(package, held))
        if adapter is not None:
            prepared = msgspec.structs.replace(prepared, adapter=adapter)
            _require_fit(prepared, home, layer=is_layer(package, held))
        yield prepared


def scrubbed_environ(home: Path) -> dict[str, str]:
    """The variables for a process that runs the SDK: none that it may read, no proxies, an empty home.

    ``PYTEST_DISABLE_PLUGIN_AUTOLOAD`` keeps the pytest plugins of an environment that is watched out of the
    checks.
    """
    kept = process_environment.only(PASSED_ON)
    homes = (
        "HOME",
        "USERPROFILE",
        "APPDATA",
        "LOCALAPPDATA",
        "XDG_DATA_HOME",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
        "XDG_STATE_HOME",
    )
    return {
        **kept,
        **dict.fromkeys(homes, str(home)),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "PYTHON_DOTENV_DISABLED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


# ── one way for each kind of source ──────────────────────────────────────────


def _from_project(source: Source, bench: _Bench) -> _Place:
    root = source.path or bench.pack.reference
    copy, package = _copied_project(root, bench, source.label)
    place = _installed([str(copy)], source, bench)
    _require_same_files(root / package, copy / package, source.label, bench)
    return place


def _from_archive(source: Source, bench: _Bench) -> _Place:
    archive = source.path
    assert archive is not None
    return _installed([str(_copied_archive(archive, bench.scratch))], source, bench)


def _from_requirement(source: Source, bench: _Bench) -> _Place:
    reference = reference_of(source.asked)
    if source.path is None or reference is None:
        return _installed([source.asked], source, bench)
    if source.path.is_file():
        copy = _copied_archive(source.path, bench.scratch)
        return _installed([f"{reference.name}{reference.extras} @ {copy.as_uri()}"], source, bench)
    if not is_project(source.path):
        raise SubjectError(f"{source.asked!r} refers to a folder that is no project. {HINT}")
    copy, package = _copied_project(source.path, bench, source.label)
    place = _installed([f"{reference.name}{reference.extras} @ {copy.as_uri()}"], source, bench)
    _require_same_files(source.path / package, copy / package, source.label, bench)
    return place


def _from_folder(source: Source, bench: _Bench) -> _Place:
    folder = source.path
    assert folder is not None
    python = bench.installer.create(bench.scratch / "env")
    _add_recorder(python, _freeze([folder]), bench)
    return _Place(python, (folder,))


def _from_environment(source: Source, bench: _Bench) -> _Place:
    asked = source.path
    assert asked is not None
    # The shims of version managers find their Python by the real home, so that is asked for here.
    told = interpreter_probe.probe_interpreter(asked, process_environment.everything())
    python = Path(told.executable or asked)
    if tuple(int(part) for part in re.findall(r"\d+", told.python)[:2]) < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise NoPython(
            f"{source.asked!r} is Python {told.python}, and the checks need {oldest} or newer. "
            f"Name an environment that has it."
        )
    # The overlay stands first, so an older pytest over there is no obstacle.
    tools = ("pytest", "pluggy", "iniconfig")
    held = [line for line in told.freeze if line.partition("==")[0].lower() not in tools]
    overlay = bench.scratch / "overlay"
    _add_recorder(python, held, bench, overlay)
    return _Place(python, (overlay,))


_WAYS: Mapping[Kind, Callable[[Source, _Bench], _Place]] = {
    Kind.BUNDLED: _from_project,
    Kind.PROJECT: _from_project,
    Kind.ARCHIVE: _from_archive,
    Kind.REQUIREMENT: _from_requirement,
    Kind.FOLDER: _from_folder,
    Kind.ENVIRONMENT: _from_environment,
}


# ── the steps they share ─────────────────────────────────────────────────────


def _installed(what: Sequence[str], source: Source, bench: _Bench) -> _Place:
    """The SDK in an environment of its own, and then the recorder, held to what the SDK chose."""
    env = bench.scratch / "env"
    python = bench.installer.create(env)
    try:
        bench.installer.install(python, what, called=f"the SDK ({source.label})", mend=HINT)
    except SubjectError as why:
        raise _not_installed(source, str(why)) from None
    _add_recorder(python, _freeze([site_packages_in(env)]), bench)
    return _Place(python, installs=tuple(what))


def is_for_another_python(why: str) -> bool:
    """Whether an installer refuses a package since it is for other Pythons."""
    return _OTHER_PYTHON.search(why) is not None


def _not_installed(source: Source, why: str) -> SubjectError:
    """What an installer's refusal means: a Python that is not there, a name or version that is not, or a broken SDK."""
    if is_for_another_python(why):
        return NoPython(why)
    asked = re.match(r"[\w.-]+", source.asked)
    if source.kind is Kind.REQUIREMENT and source.path is None and asked and "depends on" not in why:
        name = re.sub(r"[-_.]+", "[-_.]+", asked[0])
        if re.search(_NOT_THERE.format(name=name), why, re.IGNORECASE):
            return SubjectError(why)
    return BrokenSubject(why, imports=False)


def _add_recorder(python: Path, held: Sequence[str], bench: _Bench, target: Path | None = None) -> None:
    # Versions that are no versions (an SDK's own, say) would make the whole file of constraints invalid.
    usable = [line for line in held if re.fullmatch(r"[\w.-]+==v?\d[\w.!+-]*", line)]
    bench.installer.install(
        python, RECORDER, called=RECORDER_CALLED, constraints=usable, target=target, mend=RECORDER_MEND
    )
    caches = process_environment.caches()
    bytecode.compile_packages(
        python,
        target or site_packages_in(bench.scratch / "env"),
        caches and caches / "atalaya" / "bytecode",
        scrubbed_environ(bench.home),
    )


def _freeze(paths: Sequence[Path]) -> list[str]:
    """What is installed in these folders, as ``name==version``."""
    found = metadata.distributions(path=[str(path) for path in paths])
    return sorted({f"{dist.metadata['Name']}=={dist.version}" for dist in found if dist.metadata["Name"]})


def _require_same_files(original: Path, copy: Path, label: str, bench: _Bench) -> None:
    """Refuse an installed SDK whose files are not those of the source: a stale build, or files left out.

    Files that the build wrote into the copy, such as a version taken from tags, count as source.
    """
    installed = source_files(site_packages_in(bench.scratch / "env") / folder_of(bench.package))
    source = source_files(original)
    built = {name: digest for name, digest in source_files(copy).items() if name in installed}
    expected = {**built, **source}
    if name := first_difference(expected, installed):
        what = "is missing from" if name not in installed else "is not the same in"
        what = "was added by" if name not in expected else what
        raise BrokenSubject(
            f"the source of {label} and the package built from it differ: "
            f"{folder_of(bench.package)}/{name} {what} the package. "
            f"Mend what the build takes in, so that users get what the source says.",
            imports=False,
        )


def _imported(source: Source, place: _Place, bench: _Bench) -> tuple[interpreter_probe.InterpreterFacts, Path]:
    """What the interpreter says of the SDK, and the folder of the package that it is imported by."""
    told = interpreter_probe.probe_interpreter(
        place.python, scrubbed_environ(bench.home), place.paths, package=bench.package, distribution=bench.distribution
    )
    if told.error or not told.package:
        raise _not_imported(source, told, bench)
    package = Path(told.package)
    if not package.is_dir():
        raise SubjectError(
            f"{bench.package} of {source.label} is imported from {package}, which is no folder. Unpack it."
        )
    return told, package


def _described(
    source: Source,
    place: _Place,
    bench: _Bench,
    told: interpreter_probe.InterpreterFacts,
    package: Path,
    files: Mapping[str, str],
) -> Prepared:
    """What was prepared. ``files`` are those of the SDK, by which its copies are told apart."""
    subject = Subject(
        name=told.name or bench.distribution, version=told.version, digest=digest_of(files), source=source.label
    )
    host = Host(python=told.python, implementation=told.implementation, os=told.os, freeze=told.freeze)
    prepared = Prepared(
        pack=bench.pack,
        python=place.python,
        paths=place.paths,
        subject=subject,
        host=host,
        installs=place.installs,
        package_folder=package,
    )
    if bench.pack.requirement and prepared.is_reference:
        installed = package.parents[bench.package.count(".")]
        prepared = msgspec.structs.replace(prepared, pack=dataclasses.replace(bench.pack, installed=installed))
    return prepared


def _require_fit(prepared: Prepared, home: Path, *, layer: bool) -> None:
    """Refuse an adapter that names what the SDK does not have, or by which no client can be built."""
    assert prepared.adapter is not None
    amiss = interpreter_probe.missing_bindings(
        prepared.python,
        scrubbed_environ(home),
        prepared.paths,
        pack=prepared.pack.folder,
        adapter=prepared.adapter,
        layer=layer,
    )
    if amiss:
        raise SettingsError(
            f"{prepared.adapter.file} does not fit {prepared.subject.name}. {'; '.join(amiss)}. Mend these keys."
        )


def _not_imported(source: Source, told: interpreter_probe.InterpreterFacts, bench: _Bench) -> SubjectError:
    """What it means that there is no SDK to import: another package, another Python's, or a broken SDK."""
    package, why = bench.package, told.error or "it is an empty folder, not a package"
    said = f"{package} of {source.label} cannot be imported: {why.rstrip('.')}."
    mend = "Install what it names as missing, or mend that import."
    if not told.error or f"No module named '{package}'" in why:
        names = {canonicalize_name(line.partition("==")[0]) for line in told.freeze}
        if canonicalize_name(bench.distribution) not in names:
            return SubjectError(f"{said} It does not hold the SDK. {HINT}")
        mend = f"{bench.distribution} was built without it: mend its build."
    elif source.kind is Kind.FOLDER and (other := _other_python(source.path)):
        return NoPython(
            f"{said} It was made for Python {other}, and this is {told.python}: name the environment it belongs to."
        )
    return BrokenSubject(f"{said} {mend}", imports=True, python=told.python)


def _other_python(folder: Path | None) -> str | None:
    """The Python that a site-packages folder belongs to, where its path says that it is not ours."""
    found = re.search(r"python(3\.\d+)", str(folder))
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    return found[1] if found and found[1] != ours else None


# ── copies ───────────────────────────────────────────────────────────────────


def _copied_project(root: Path, bench: _Bench, label: str) -> tuple[Path, Path]:
    """A writable copy of a project, and where in it the SDK's package lies."""
    package = package_in(root, bench.package)
    if package is None:
        raise SubjectError(
            f"{label} is a project, but there is no {folder_of(bench.package)}/ in it. Name the SDK's own project."
        )
    copy = bench.scratch / "source"
    try:
        _copy_tree(root, copy, root.resolve())
    except OSError as why:
        raise SubjectError(f"{label} cannot be copied: {why}. Make it readable, and try again.") from None
    return copy, package.relative_to(root)


def _copy_tree(folder: Path, copy: Path, root: Path) -> None:
    copy.mkdir()
    for entry in sorted(folder.iterdir()):
        if entry.name in SKIPPED or entry.name.endswith(".egg-info"):
            continue
        if folder.resolve() == root and entry.name in SKIPPED_AT_ROOT:
            continue
        if entry.is_dir():
            # An environment under another name, or a link back to a folder that holds it, is left out.
            loops = entry.is_symlink() and folder.resolve().is_relative_to(entry.resolve())
            if not loops and not (entry / "pyvenv.cfg").exists():
                _copy_tree(entry, copy / entry.name, root)
        elif entry.is_file():
            shutil.copy2(entry, copy / entry.name)
            (copy / entry.name).chmod(stat.S_IMODE(entry.stat().st_mode) | stat.S_IWUSR)


def _copied_archive(archive: Path, scratch: Path) -> Path:
    """A copy under a fresh path: installers remember archives by path, and this one may be a new build."""
    (scratch / "archive").mkdir()
    return Path(shutil.copy2(archive, scratch / "archive" / archive.name))


# ── a folder that does not stay ──────────────────────────────────────────────


@contextmanager
def _private_folder() -> Iterator[Path]:
    """A fresh folder that is gone afterwards, also after Ctrl-C or a polite kill."""
    with _kill_as_exit():
        folder = Path(tempfile.mkdtemp(prefix="atalaya-"))
        try:
            # Resolved: on some systems the folder for temporary files is a symbolic link.
            yield folder.resolve()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _kill_as_exit() -> Iterator[None]:
    """Let SIGTERM unwind the stack as Ctrl-C does: nox and CI send it when they are cancelled."""
    try:
        default = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        if default:
            signal.signal(signal.SIGTERM, _exit)
    except ValueError:  # not the main thread: whoever owns that one decides
        default = False
    try:
        yield
    finally:
        if default:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
