"""Maps each function of the SDK to the checks that call it.

Only those can notice a change inside of such a function, so a defect or a mutant in there needs no others. One run
of the checks, against a copy of the bundled SDK whose functions note that they are entered, tells. Whatever could
have been noted under another check, or lies outside of the functions' bodies, counts as every check's.
"""

from __future__ import annotations

import ast
import tempfile
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from atalaya.core.words import Record
from atalaya.harness.pack import Pack
from atalaya.harness.runner import run_checks
from atalaya.records.stored import Outcome
from atalaya.sdk.prepare import Prepared
from atalaya.sdk.source import folder_of

# What the copy notes with: in whose check, as the recorder tells it, and in which function. Standard library only.
NOTING = """
import builtins as _builtins, os as _os, sys as _sys
_noted = set()
def _reached(where, file={file!r}):
    line = getattr(_sys.modules.get("atalaya.harness.recorder"), "on_trial", "") + "\\t" + where + "\\n"
    if line not in _noted:
        _noted.add(line)
        handle = _os.open(file, _os.O_WRONLY | _os.O_APPEND | _os.O_CREAT)
        _os.write(handle, line.encode())
        _os.close(handle)
_builtins._atalaya_reached = _reached
"""


# CPython 3.11 counts the depth of the syntax tree that it builds for the whole interpreter: two threads that parse at
# once can end in "AST constructor recursion depth mismatch".
_ONE_AT_A_TIME = threading.Lock()


class Reach(Record, frozen=True, kw_only=True):
    """For each function of ``package``, as ``file:name``, the promises whose checks enter it.

    ``inner`` is where the package lies below what it is imported from; ``ids`` are all promises.

    ``anyones`` are the functions that were entered in no check in particular; ``anywhere`` are the promises
    whose checks entered none, as far as was noted, or did not come to their end.
    """

    package: Path
    inner: str
    ids: tuple[str, ...]
    entered: Mapping[str, frozenset[str]]
    anyones: frozenset[str]
    anywhere: frozenset[str]

    def of(self, source: Path) -> tuple[str, ...]:
        """The promises that can notice what was changed in this copy of the SDK's ``src``."""
        changed = changes(self.package, source / self.inner)
        if changed is None or changed & self.anyones:
            return self.ids
        near = self.anywhere.union(*(self.entered.get(where, frozenset()) for where in changed))
        return tuple(id for id in self.ids if id in near)


def survey(prepared: Prepared) -> Reach:
    """Run all checks once against the reference SDK, and note where they go.

    :param prepared: an environment that has what the reference SDK needs.
    """
    pack = prepared.pack
    package = pack.source / folder_of(pack.package)
    with tempfile.TemporaryDirectory(prefix="atalaya-reach-", ignore_cleanup_errors=True) as name:
        notes, source = Path(name) / "notes.txt", Path(name) / "src"
        notes.touch()
        for file in sorted(package.rglob("*.py")):
            copy = source / file.relative_to(pack.source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = _noting(file.read_text(encoding="utf-8"), _called(file, package))
            if file == package / "__init__.py":
                text = _with_the_means(text, NOTING.format(file=str(notes)))
            copy.write_text(text, encoding="utf-8")
        run = run_checks(msgspec.structs.replace(prepared, paths=(source,)), wanted=tuple(pack.promise))
        stopped = {check.id for check in run.checks if check.outcome is not Outcome.KEPT}
        return _read(notes.read_text(encoding="utf-8"), pack, stopped)


def changes(before: Path, after: Path) -> frozenset[str] | None:
    """The functions whose bodies differ between two copies of a package; None where more than that does.

    A function is named as ``file:name``; what is defined inside of another belongs to the outer one.
    """
    names = {_called(file, before) for file in before.rglob("*.py")}
    if names != {_called(file, after) for file in after.rglob("*.py")}:
        return None
    found: set[str] = set()
    for name in names:
        old, new = ((folder / name).read_text(encoding="utf-8") for folder in (before, after))
        if old == new:
            continue
        try:
            (skeleton, bodies), (other, changed) = _taken_apart(old), _taken_apart(new)
        except SyntaxError:
            return None
        if skeleton != other:
            return None
        found |= {f"{name}:{function}" for function in bodies if bodies[function] != changed[function]}
    return frozenset(found)


def _called(file: Path, package: Path) -> str:
    return file.relative_to(package).as_posix()


# ── functions ────────────────────────────────────────────────────────────────


def _functions(node: ast.AST, scope: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The outermost functions, with their names."""
    for child in ast.iter_child_nodes(node):
        inner = f"{scope}.{child.name}" if isinstance(child, ast.ClassDef) and scope else ""
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{scope}.{child.name}" if scope else child.name, child
        else:
            yield from _functions(child, inner or (child.name if isinstance(child, ast.ClassDef) else scope))


def _taken_apart(source: str) -> tuple[str, dict[str, str]]:
    """A module without the bodies of its functions, and those bodies. Functions of one name share an entry."""
    with _ONE_AT_A_TIME:
        tree = ast.parse(source)
    bodies: defaultdict[str, str] = defaultdict(str)
    for name, function in list(_functions(tree)):
        bodies[name] += "".join(ast.dump(statement) for statement in function.body)
        function.body = []
    return ast.dump(tree), dict(bodies)


def _noting(source: str, file: str) -> str:
    """A module whose functions note that they are entered."""
    tree = ast.parse(source)
    for name, function in list(_functions(tree)):
        function.body[:0] = ast.parse(f"_atalaya_reached({f'{file}:{name}'!r})").body
    return ast.unparse(tree)


def _with_the_means(source: str, means: str) -> str:
    """The package's own module, with what notes in front of everything but what Python wants to come first."""
    tree = ast.parse(source)
    first = next(
        (
            number
            for number, statement in enumerate(tree.body)
            if not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")
            and not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        ),
        len(tree.body),
    )
    tree.body[first:first] = ast.parse(means).body
    return ast.unparse(tree)


# ── notes ────────────────────────────────────────────────────────────────────


def _read(notes: str, pack: Pack, stopped: Collection[str]) -> Reach:
    entered: defaultdict[str, set[str]] = defaultdict(set)
    anyones: set[str] = set()
    for line in notes.splitlines():
        id, where = line.split("\t")
        if id in pack.promise:
            entered[where].add(id)
        else:
            anyones.add(where)
    return Reach(
        package=pack.source / folder_of(pack.package),
        inner=folder_of(pack.package),
        ids=tuple(pack.promise),
        entered={where: frozenset(ids) for where, ids in entered.items()},
        anyones=frozenset(anyones),
        anywhere=frozenset(set(pack.promise).difference(*entered.values())).union(stopped),
    )
