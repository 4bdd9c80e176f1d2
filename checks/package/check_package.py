"""Checks that the package was installed whole, can be imported, has its names, and declares what it needs."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from atalaya.harness.api import Broken, NotApplicable, describe, package, promise, require, words

from ..capabilities import PACKAGE, VOCABULARY
from ..fixture import CheckContext

# Where the contract puts its names: the modules of which it speaks.
MODULES = (
    "auth_store",
    "clients",
    "clients.base",
    "clients.exports_client",
    "config",
    "error_mapper",
    "exceptions",
    "http_client",
    "idempotency",
    "models",
    "models_exports",
    "models_reports",
    "session",
    "tracing",
)
NAMES = (
    "ClientConfig",
    "ConfigError",
    "load_config",
    "HttpClient",
    "ApiSession",
    "AuthStore",
    "TraceContext",
    "IdempotencyKeys",
    "new_idempotency_keys",
    "resolve_idempotency_keys",
    "idempotency_headers",
    "ExportStatus",
    "ExportRequest",
    "ExportArtifact",
    "ExportListResponse",
    "ExportFormat",
    "ExportSourceType",
    "ReportFilter",
    "SessionData",
    "TokenResponse",
    "UserResponse",
    "ApiError",
    "UnauthorizedError",
    "AuthError",
    "ForbiddenError",
    "PermissionError",
    "NotFoundError",
    "ValidationError",
    "RateLimitError",
    "ServerError",
    "TransportError",
    "MustChangePasswordError",
)
# What is not at the top: the contract names the modules that have it.
BELOW = (
    ("clients.exports_client", "ExportsClient"),
    ("clients", "ExportsClient"),
    ("models_exports", "ExportWaitResult"),
    ("models_exports", "ExportTerminalState"),
    ("models_exports", "ExportResolvedArtifact"),
    ("exceptions", "ConflictError"),
)
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
NEWER_NAMES = Path(__file__).with_name("newer_names.json")
# Statements that `ast.parse` reads whatever version it is asked for.
NEWER_SYNTAX = {"TryStar": ("except*", "3.11"), "TypeAlias": ("a type statement", "3.12")}


# ── installed and imported ───────────────────────────────────────────────────


@promise("package.installs")
def check_installs(lab: CheckContext) -> None:
    from packaging.requirements import Requirement

    owner = _distribution()
    with lab.trial("it is there"):
        require(bool(owner.version), f"{owner.metadata['Name']} has no version")
    for line in owner.requires or ():
        needed = Requirement(line)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        with lab.trial(line):
            try:
                found = metadata.version(needed.name)
            except metadata.PackageNotFoundError:
                raise Broken(f"{needed.name} is not installed beside it") from None
            fits = needed.specifier.contains(found, prereleases=True)
            require(fits, f"{needed.name} {found} is installed beside it")


@promise("package.wheel-holds-the-package")
def check_wheel_holds_the_package(lab: CheckContext) -> None:
    files = _distribution().files
    if not files:
        raise NotApplicable("nothing says what was installed")
    # Scripts lie outside; an editable install leaves a file that leads to the source.
    held = {Path(str(file)).parts[0] for file in files}
    beside = {one for one in held if one.endswith((".dist-info", ".data", ".pth")) or one in ("..", "__pycache__")}
    held -= beside | {one for one in held if one.startswith("__editable__")}
    own = package().partition(".")[0]
    with lab.trial("the package"):
        require(own in held or any(one.endswith(".pth") for one in beside), f"{own} is not among {words(sorted(held))}")
    with lab.trial("nothing beside it"):
        require(held <= {own}, f"it installs {words(sorted(held - {own}))} too")


@promise("package.imports")
def check_imports(lab: CheckContext) -> None:
    for name in (package(), *(f"{PACKAGE}.{one}" for one in MODULES if package() == PACKAGE)):
        with lab.trial(name):
            try:
                if importlib.util.find_spec(name) is not None:
                    importlib.import_module(name)
            except Exception as why:
                raise Broken(f"its import raises {describe(why)}") from why


@promise("package.has-its-names")
def check_has_its_names(lab: CheckContext) -> None:
    if package() != PACKAGE:
        raise NotApplicable("this SDK has names of its own")
    found = _load_all()
    for name in NAMES:
        with lab.trial(name):
            if hasattr(found[PACKAGE], name):
                continue
            holders = [module for module in found if hasattr(found[module], name)]
            require(not holders, f"it is in {words(holders)}, and cannot be imported from {PACKAGE}")
            require(name not in VOCABULARY.required, f"it cannot be imported from {PACKAGE}")
            raise NotApplicable(f"this SDK does not have {name}")
    for module, name in BELOW:
        with lab.trial(f"{module}.{name}"):
            if not any(hasattr(one, name) for one in found.values()):
                raise NotApplicable(f"this SDK does not have {name}")
            holder = found.get(f"{PACKAGE}.{module}")
            require(holder is not None and hasattr(holder, name), f"it cannot be imported from {PACKAGE}.{module}")


# ── what it declares ─────────────────────────────────────────────────────────


@promise("package.declares-what-it-imports")
def check_declares_what_it_imports(lab: CheckContext) -> None:
    owner = _distribution()
    known = _with_what_they_need([_named(line) for line in owner.requires or ()])
    known.add(_plain(owner.metadata["Name"]))
    owners = metadata.packages_distributions()
    imported = _imported_by(Path(str(importlib.import_module(package()).__file__)).parent)
    for library, file in sorted(imported.items()):
        with lab.trial(f"import {library}"):
            brought_by = {_plain(name) for name in owners.get(library, ())}
            if not brought_by:
                raise NotApplicable(f"{library} is not installed")
            require(bool(brought_by & known), f"{file} imports it, and neither {words(sorted(brought_by))} is declared")


@promise("package.declares-its-python")
def check_declares_its_python(lab: CheckContext) -> None:
    from packaging.specifiers import SpecifierSet

    declared = _distribution().metadata["Requires-Python"]
    with lab.trial("a Python is declared"):
        require(bool(declared), "it declares none")
    for version in PYTHONS:
        with lab.trial(f"Python {version}"):
            fits = SpecifierSet(declared or "").contains(f"{version}.5")
            require(fits, f"it is declared for {declared!r}, which shuts it out")


@promise("package.fits-its-python")
def check_fits_its_python(lab: CheckContext) -> None:
    from packaging.specifiers import SpecifierSet

    declared = SpecifierSet(_distribution().metadata["Requires-Python"] or "")
    oldest = next((version for version in PYTHONS if declared.contains(f"{version}.5")), None)
    if oldest is None:
        raise NotApplicable(f"it is declared for none of {words(PYTHONS)}")
    newer = _Newer(oldest)
    folder = Path(str(importlib.import_module(package()).__file__)).parent
    for file in sorted(folder.rglob("*.py")):
        with lab.trial(file.relative_to(folder).as_posix()):
            text = file.read_text(encoding="utf-8")
            try:
                tree = ast.parse(text, feature_version=(3, int(oldest.partition(".")[2])))
            except SyntaxError as why:
                raise Broken(f"line {why.lineno} is no Python {oldest}: {why.msg}") from None
            for line, name, since in newer.used_in(tree):
                require(False, f"line {line} takes {name}, which Python {oldest} lacks: it came with {since}")


# ── what the checks share ────────────────────────────────────────────────────


def _distribution() -> metadata.Distribution:
    """What was installed, with all that it declares.

    :raises NotApplicable: the SDK is a folder that nothing was installed into.
    """
    names = [package().partition(".")[0], *metadata.packages_distributions().get(package().partition(".")[0], ())]
    for name in names:
        try:
            return metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
    raise NotApplicable("this SDK was not installed: nothing says what it declares")


def _load_all() -> dict[str, Any]:
    """The package and those of its modules that can be imported, by name."""
    found: dict[str, Any] = {PACKAGE: importlib.import_module(PACKAGE)}
    for name in (f"{PACKAGE}.{one}" for one in MODULES):
        try:
            found[name] = importlib.import_module(name)
        except Exception:  # which is another promise's matter
            continue
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _named(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    return _plain(found[0]) if found else ""


def _with_what_they_need(names: list[str]) -> set[str]:
    """Distributions, with all that is installed because of them."""
    known: set[str] = set()
    while names:
        name = names.pop()
        if name in known:
            continue
        known.add(name)
        with suppress(metadata.PackageNotFoundError):
            # What only an extra of a library brings along is not there for everybody.
            names += [_named(line) for line in metadata.requires(name) or () if "extra ==" not in line]
    return known


def _imported_by(folder: Path) -> dict[str, str]:
    """The third-party packages that the files of a folder import, each with a file that does."""
    own = {package().partition(".")[0], *sys.stdlib_module_names}
    found: dict[str, str] = {}
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for name in _imports_of(tree):
            if name not in own:
                found.setdefault(name, file.relative_to(folder).as_posix())
    return found


class _Newer:
    """What the standard library has that one Python lacks."""

    def __init__(self, oldest: str) -> None:
        self.oldest = oldest
        self.modules: dict[str, str] = {}
        self.names: dict[tuple[str, str], str] = {}
        for since, told in json.loads(NEWER_NAMES.read_text(encoding="utf-8")).items():
            if PYTHONS.index(since) > PYTHONS.index(oldest):
                self.modules |= dict.fromkeys(told["modules"], since)
                self.names |= {
                    (module, name): since for module, names in told["names"].items() for name in names.split()
                }

    def used_in(self, tree: ast.Module) -> Iterator[tuple[int, str, str]]:
        """What a module uses of it in any case: line, name, and the Python that it came with."""
        called = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        for node in ast.walk(tree):  # it has to be read, whether or not it is run
            name, since = NEWER_SYNTAX.get(type(node).__name__, ("", self.oldest))
            if PYTHONS.index(since) > PYTHONS.index(self.oldest):
                yield getattr(node, "lineno", 0), name, since
        for node in _in_any_case(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name in self.modules:
                        yield node.lineno, alias.name, self.modules[alias.name]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                if node.module in self.modules:
                    yield node.lineno, node.module, self.modules[node.module]
                for alias in node.names:
                    yield from self._name(node, node.module, alias.name)
            elif isinstance(node, ast.Attribute) and (module := called.get(ast.unparse(node.value))):
                yield from self._name(node, module, node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield from self._name(node, "builtins", node.id)

    def _name(self, node: ast.stmt | ast.expr, module: str, name: str) -> Iterator[tuple[int, str, str]]:
        since = self.names.get((module, name)) or self.modules.get(f"{module}.{name}")
        if since:
            yield node.lineno, name if module == "builtins" else f"{module}.{name}", since


def _in_any_case(node: ast.AST) -> Iterator[ast.AST]:
    """A node with all below it but what is tried, or done on some versions or for a type checker only."""
    if isinstance(node, (ast.Try, ast.TryStar, ast.If, ast.IfExp, ast.Match)):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_any_case(child)


def _imports_of(module: ast.AST) -> Iterator[str]:
    """The top-level names of the modules that are imported in any case."""
    for node in _in_any_case(module):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]
