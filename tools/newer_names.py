"""Writes ``checks/package/newer_names.json``: what the standard library gained since Python 3.10, by typeshed's stubs.

``python -m tools.newer_names``, in an environment that has mypy, brings it up to date.
"""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

FIRST, LAST = (3, 11), (3, 14)
WRITTEN = Path(__file__).resolve().parents[1] / "checks" / "package" / "newer_names.json"

Version = tuple[int, int]
Names = dict[Version, dict[str, set[str]]]


def main() -> None:
    """Write the file: for each Python, the modules that are new in it, and the new names of those that are not."""
    import mypy

    stubs = Path(str(mypy.__file__)).parent / "typeshed" / "stdlib"
    modules, names = _new_modules(stubs / "VERSIONS"), _new_names(stubs)
    told = {
        f"{major}.{minor}": {"modules": modules[major, minor], "names": _joined(names[major, minor])}
        for major, minor in sorted({*modules, *names})
    }
    WRITTEN.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _joined(names: dict[str, set[str]]) -> dict[str, str]:
    return {module: " ".join(sorted(names[module])) for module in sorted(names) if names[module]}


def _new_modules(versions: Path) -> dict[Version, list[str]]:
    found: defaultdict[Version, list[str]] = defaultdict(list)
    for line in versions.read_text(encoding="utf-8").splitlines():
        name, _, span = line.partition("#")[0].partition(":")
        major, _, minor = span.partition("-")[0].strip().partition(".")
        if major and FIRST <= (since := (int(major), int(minor))) <= LAST and not _is_private(name):
            found[since].append(name)
    return found


def _is_private(module: str) -> bool:
    return any(part.startswith("_") for part in module.split("."))


def _new_names(stubs: Path) -> Names:
    found: Names = defaultdict(lambda: defaultdict(set))
    for file in sorted(stubs.rglob("*.pyi")):
        module = ".".join(file.relative_to(stubs).with_suffix("").parts).removesuffix(".__init__")
        if _is_private(module):
            continue
        statements = ast.parse(file.read_text(encoding="utf-8")).body
        always = set(_always(statements))
        for version, names in _guarded(statements):
            if FIRST <= version <= LAST:
                public = {name for name in names if name[0] != "_"} - always
                found[version][module].update(public)
                if module.startswith("asyncio."):  # it hands on what its modules have
                    found[version]["asyncio"].update(public)
    for module in ("taskgroups", "timeouts"):  # new as a whole
        text = (stubs / "asyncio" / f"{module}.pyi").read_text(encoding="utf-8")
        found[FIRST]["asyncio"].update(name for name in _names(ast.parse(text).body) if name[0] != "_")
    return found


def _since(test: ast.expr) -> Version | None:
    """The version of ``sys.version_info >= (3, 11)``; None for any other test."""
    if (
        isinstance(test, ast.Compare)
        and ast.unparse(test.left) == "sys.version_info"
        and isinstance(test.ops[0], ast.GtE)
    ):
        major, minor, *_ = ast.literal_eval(test.comparators[0])
        return major, minor
    return None


def _guarded(statements: list[ast.stmt]) -> Iterator[tuple[Version, list[str]]]:
    for statement in statements:
        if isinstance(statement, ast.If):
            if (version := _since(statement.test)) is not None:
                yield version, list(_names(statement.body))
            else:
                yield from _guarded(statement.body)
            yield from _guarded(statement.orelse)


def _always(statements: list[ast.stmt]) -> Iterator[str]:
    """The names that are there on an older Python too."""
    for statement in statements:
        if isinstance(statement, ast.If) and (version := _since(statement.test)) and version >= FIRST:
            yield from _names(statement.orelse)
        else:
            yield from _names([statement])


def _names(statements: list[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield statement.name
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id
        elif isinstance(statement, ast.Assign):
            yield from (target.id for target in statement.targets if isinstance(target, ast.Name))
        elif isinstance(statement, ast.ImportFrom):
            yield from (alias.name for alias in statement.names if alias.asname == alias.name)
        elif isinstance(statement, ast.If):
            yield from _names([*statement.body, *statement.orelse])


if __name__ == "__main__":
    main()
