"""Reads what an SDK offers from its source, and runs none of it: names and signatures, without what functions do.

What is kept is Python source, since that can be read for ever, by people too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from atalaya.core.scrub import scrub
from atalaya.records.stored import ApiModule
from atalaya.sdk.source import folder_of

MOST_BYTES = 1024 * 1024  # of what is kept of one SDK
_NOTHING = ast.Constant(value=...)


def modules_of(files: Mapping[str, bytes], package: str) -> tuple[tuple[ApiModule, ...], str]:
    """The modules of a package, by name, and why they are not all; empty where they are.

    :param files: the content of its ``.py`` files, by their paths below the package's own folder.
    """
    found: list[ApiModule] = []
    for path, content in sorted(files.items()):
        name = _name_of(path, package)
        if name is None:
            continue
        try:
            found.append(ApiModule(name=name, source=scrub(outline(content))))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as why:
            return tuple(found), f"{name} cannot be read: {type(why).__name__}."
        if sum(len(one.source) for one in found) > MOST_BYTES:
            return (), f"There is more than {MOST_BYTES} bytes of it."
    return tuple(found), "" if found else "No module of it was found."


def files_in(folder: Path) -> dict[str, bytes]:
    """The ``.py`` files below a package's folder, by their paths in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py") if path.is_file()}


def files_below(files: Mapping[str, bytes], package: str) -> dict[str, bytes]:
    """Those files of a project that are a package's: under ``src/``, at its root, or one folder down."""
    inner = folder_of(package) + "/"
    heads = ("src/", "", *sorted({f"{path.partition('/')[0]}/" for path in files if "/" in path}))
    head = next((head + inner for head in heads if f"{head}{inner}__init__.py" in files), None)
    if head is None:
        return {}
    return {path.removeprefix(head): content for path, content in files.items() if path.startswith(head)}


def outline(content: str | bytes) -> str:
    """A module's source without what its functions do, and without its docstrings.

    >>> print(outline('def f(a: int, *, b=2):\\n    "Do."\\n    return a * b'))
    def f(a: int, *, b=2):
        ...

    :raises SyntaxError: it is no Python that this one can read.
    """
    tree = ast.parse(content)
    tree.body = list(_kept(tree.body)) or [ast.Expr(_NOTHING)]
    return ast.unparse(ast.fix_missing_locations(tree))


def _kept(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for one in body:
        match one:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                fields = list(_fields(one)) if one.name == "__init__" else []
                one.body = fields or [ast.Expr(_NOTHING)]
                yield one
            case ast.ClassDef():
                one.body = list(_kept(one.body)) or [ast.Expr(_NOTHING)]
                yield one
            case ast.If():
                one.body = list(_kept(one.body)) or [ast.Pass()]
                one.orelse = list(_kept(one.orelse))
                yield one
            case ast.Try():
                one.body = list(_kept(one.body)) or [ast.Pass()]
                for handler in one.handlers:
                    handler.body = list(_kept(handler.body)) or [ast.Pass()]
                one.orelse, one.finalbody = list(_kept(one.orelse)), []
                yield one
            case ast.Assign() | ast.AnnAssign():
                one.value = _value(one)
                yield one
            case ast.AugAssign() if not _is_all(one.target):
                pass
            case ast.Expr() | ast.Assert() | ast.Raise() | ast.Delete() | ast.For() | ast.While() | ast.With():
                pass  # what a module does, and offers nobody
            case _:
                yield one


def _value(one: ast.Assign | ast.AnnAssign) -> Any:
    """What a name is given, where that makes it part of what is offered: the list of names, another's name, a field."""
    targets = one.targets if isinstance(one, ast.Assign) else [one.target]
    is_field = isinstance(one.value, ast.Call) and ast.unparse(one.value.func).lower().endswith("field")
    if one.value is None or is_field or any(map(_is_all, targets)) or isinstance(one.value, ast.Name | ast.Attribute):
        return one.value
    return _NOTHING


def _is_all(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "__all__"


def _fields(init: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.stmt]:
    """The attributes that a constructor sets on what it makes."""
    for one in ast.walk(init):
        if isinstance(one, ast.AnnAssign) and _is_own(one.target):
            yield ast.AnnAssign(one.target, one.annotation, _NOTHING, 0)
        elif isinstance(one, ast.Assign) and (own := [target for target in one.targets if _is_own(target)]):
            yield ast.Assign([own[0]], _NOTHING)


def _is_own(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"


def _name_of(path: str, package: str) -> str | None:
    """The dotted name of a module; None for a file that cannot be imported by one."""
    parts = path.removesuffix(".py").split("/")
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join((package, *parts)) if all(part.isidentifier() for part in parts) else None
