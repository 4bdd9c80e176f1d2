"""Maps each block of the SDK's functions to the checks that enter it.

A block is a function's body, a branch, a loop's body, what handles an exception. Only checks that enter one can notice
a change to a statement of it, so a defect or a mutant in there needs no others. One run of the checks, against a copy
of the bundled SDK whose blocks note that they are entered, tells. Whatever could have been noted under another check,
or lies outside of the functions, counts as every check's.
"""

from __future__ import annotations

import ast
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from atalaya.core.words import Record
from atalaya.harness.pack import Pack
from atalaya.harness.runner import run_checks
from atalaya.records.stored import Outcome
from atalaya.sdk.prepare import Prepared
from atalaya.sdk.source import folder_of

# What the copy notes with: in whose check, as the recorder tells it, and in which block. Standard library only.
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
    """For each block of ``package``, as ``file:function`` and the way to it, the promises whose checks enter it.

    ``inner`` is where the package lies below what it is imported from; ``ids`` are all promises.

    ``anyones`` are the blocks that were entered in no check in particular; ``anywhere`` are the promises
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


def survey(prepared: Prepared, package: Path | None = None) -> Reach:
    """Run all checks once against an SDK, and note where they go.

    :param prepared: an environment that has what the SDK needs.
    :param package: the folder of its package (default: the reference SDK's).
    """
    pack, inner = prepared.pack, folder_of(prepared.package)
    package = package or pack.source / inner
    with tempfile.TemporaryDirectory(prefix="atalaya-reach-", ignore_cleanup_errors=True) as name:
        notes, source = Path(name) / "notes.txt", Path(name) / "src"
        notes.touch()
        for file in sorted(package.rglob("*.py")):
            copy = source / inner / file.relative_to(package)
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = _noting(file.read_text(encoding="utf-8"), _called(file, package))
            if file == package / "__init__.py":
                text = _with_the_means(text, NOTING.format(file=str(notes)))
            copy.write_text(text, encoding="utf-8")
        run = run_checks(msgspec.structs.replace(prepared, paths=(source, *prepared.paths)), wanted=tuple(pack.promise))
        stopped = {check.id for check in run.checks if check.outcome is not Outcome.KEPT}
        return _read(notes.read_text(encoding="utf-8"), pack, package, inner, stopped)


def changes(before: Path, after: Path) -> frozenset[str] | None:
    """The blocks whose own statements differ between two copies of a package; None where more than that does.

    Its name is that in the copy before. A change to what decides between branches is one of the block round them.
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
        for function, body in bodies.items():
            found.update(_differing(body, changed[function], f"{name}:{function}"))
    return frozenset(found)


def _called(file: Path, package: Path) -> str:
    return file.relative_to(package).as_posix()


# ── functions and their blocks ───────────────────────────────────────────────

Block = list[ast.stmt]


def _functions(node: ast.AST, scope: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The outermost functions, with their names."""
    for child in ast.iter_child_nodes(node):
        inner = f"{scope}.{child.name}" if isinstance(child, ast.ClassDef) and scope else ""
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{scope}.{child.name}" if scope else child.name, child
        else:
            yield from _functions(child, inner or (child.name if isinstance(child, ast.ClassDef) else scope))


def _bodies(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The outermost functions, each by a name of its own: of several with one name, the later ones have a number."""
    seen = Counter[str]()
    for name, function in list(_functions(tree)):
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}#{seen[name]}", function


def _taken_apart(source: str) -> tuple[str, dict[str, Block]]:
    """A module without the bodies of its functions, and those bodies."""
    with _ONE_AT_A_TIME:
        tree = ast.parse(source)
    bodies: dict[str, Block] = {}
    for name, function in _bodies(tree):
        bodies[name], function.body = function.body, []
    return ast.dump(tree), bodies


def _inner(statement: ast.stmt) -> Iterator[tuple[str, Block]]:
    """The blocks of a statement, each with its name: they may be entered or not. A class's body is run with it."""
    if isinstance(statement, ast.ClassDef):
        return
    for field in ("body", "orelse", "finalbody"):
        if block := getattr(statement, field, None):
            yield field, block
    for field in ("handlers", "cases"):
        for number, part in enumerate(getattr(statement, field, ())):
            yield f"{field}{number}", part.body


def _own(statement: ast.stmt) -> str:
    """A statement but for what stands in its blocks."""
    blocks = [block for _, block in _inner(statement)]
    held = [list(block) for block in blocks]
    for block in blocks:
        block[:] = [ast.Pass()]
    try:
        return ast.dump(statement)
    finally:
        for block, statements in zip(blocks, held, strict=True):
            block[:] = statements


def _differing(old: Block, new: Block, where: str) -> Iterator[str]:
    """The blocks whose own statements differ, from the outside inwards, by their names in the old one."""
    if [_own(statement) for statement in old] != [_own(statement) for statement in new]:
        yield where
        return
    for number, pair in enumerate(zip(old, new, strict=True)):
        for (name, block), (_, other) in zip(*map(_inner, pair), strict=True):
            yield from _differing(block, other, f"{where}/{number}.{name}")


def _noting(source: str, file: str) -> str:
    """A module whose blocks note that they are entered."""
    tree = ast.parse(source)
    for name, function in _bodies(tree):
        _note(function.body, f"{file}:{name}")
    return ast.unparse(ast.fix_missing_locations(tree))


def _note(block: Block, where: str) -> None:
    for number, statement in enumerate(block):
        for name, inner in _inner(statement):
            _note(inner, f"{where}/{number}.{name}")
    block[:0] = ast.parse(f"_atalaya_reached({where!r})").body


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


def _read(notes: str, pack: Pack, package: Path, inner: str, stopped: Collection[str]) -> Reach:
    entered: defaultdict[str, set[str]] = defaultdict(set)
    anyones: set[str] = set()
    for line in notes.splitlines():
        id, where = line.split("\t")
        if id in pack.promise:
            entered[where].add(id)
        else:
            anyones.add(where)
    return Reach(
        package=package,
        inner=inner,
        ids=tuple(pack.promise),
        entered={where: frozenset(ids) for where, ids in entered.items()},
        anyones=frozenset(anyones),
        anywhere=frozenset(set(pack.promise).difference(*entered.values())).union(stopped),
    )
