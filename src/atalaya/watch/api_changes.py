"""Compares what two versions of an SDK offer, and tells what can break who uses it.

griffe compares them, from the source that the evidence holds: nothing of an SDK is imported. It looks at return types
and defaults too, and not at what a function does: that is what the promises are for.
"""

from __future__ import annotations

import ast
import logging
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atalaya.core.words import N_, Text
from atalaya.records.stored import PublicApi

if TYPE_CHECKING:
    from griffe import Breakage

logging.getLogger("griffe").addHandler(logging.NullHandler())  # what it warns of is none of our lines

LONGEST = 120  # signs of a name, a type or a default that are shown

# By the name that griffe gives to a kind of change. One that is not here is told by the last line.
SAYS: Mapping[str, str] = {
    "PARAMETER_REMOVED": N_("{name} lost its argument {argument}."),
    "PARAMETER_MOVED": N_("{name} takes its argument {argument} at another place."),
    "PARAMETER_CHANGED_KIND": N_("{name} took its argument {argument} as {old}, and takes it as {new}."),
    "PARAMETER_CHANGED_DEFAULT": N_("{name} had {old} as the default of {argument}, and has {new}."),
    "PARAMETER_CHANGED_REQUIRED": N_("{name} requires its argument {argument}, which could be left out."),
    "PARAMETER_ADDED_REQUIRED": N_("{name} requires a new argument, {argument}."),
    "RETURN_CHANGED_TYPE": N_("{name} returned {old}, and returns {new}."),
    "OBJECT_REMOVED": N_("{name} is gone."),
    "OBJECT_CHANGED_KIND": N_("{name} was a {old}, and is a {new}."),
    "CLASS_REMOVED_BASE": N_("{name} inherited from {old}, and inherits from {new}."),
    "": N_("{name} has changed: it was {old}, and is {new}."),
}


class Incomparable(ValueError):
    """Two versions cannot be compared; says why."""


@lru_cache(maxsize=8)
def changes(old: PublicApi, new: PublicApi) -> tuple[Text, ...]:
    """What can break who used the old one and takes the new one, a sentence each, in the order of the names.

    :raises Incomparable: the source of one of them cannot be read.
    """
    if problem := old.problem or new.problem:
        raise Incomparable(problem)
    import griffe

    try:
        for one in (*old.modules, *new.modules):
            # A module that griffe cannot read is left out by it, and would look as if it were gone.
            ast.parse(one.source)
        with tempfile.TemporaryDirectory(prefix="atalaya-api-") as folder:
            before, after = (_loaded(one, Path(folder) / name) for one, name in ((old, "old"), (new, "new")))
            found = list(map(_told, griffe.find_breaking_changes(before, after)))
    except Exception as why:  # a stranger's source, in a library that promises no errors of its own
        raise Incomparable(f"{type(why).__name__}: {why}") from None
    told = {str(one): one for one in found}  # what is offered under two names has changed once
    return tuple(sorted(told.values(), key=lambda one: (one.values["name"], str(one))))


def _loaded(api: PublicApi, folder: Path) -> Any:
    """The tree of names of one version. Only its own files are looked at, and none is run."""
    import griffe

    packages = {one.name.rpartition(".")[0] for one in api.modules} | {api.package}
    for one in api.modules:
        inner = Path(*one.name.split("."))
        file = folder / (inner / "__init__.py" if one.name in packages else inner.with_suffix(".py"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(one.source, encoding="utf-8")
    return griffe.load(
        api.package, search_paths=[folder], allow_inspection=False, resolve_aliases=True, resolve_external=False
    )


def _told(one: Breakage) -> Text:
    kind = one.kind.name
    argument = getattr(one.old_value if one.old_value is not None else one.new_value, "name", "")
    values = [_shown(value) for value in (one.old_value, one.new_value)]
    if kind.startswith("PARAMETER_CHANGED_"):
        of = "kind" if kind == "PARAMETER_CHANGED_KIND" else "default"
        values = [_shown(getattr(value, of, value)) for value in (one.old_value, one.new_value)]
    template = SAYS.get(kind, SAYS[""])
    known = {"name": _name(one), "argument": _cut(str(argument)), "old": values[0], "new": values[1]}
    return Text(template=template, values={key: value for key, value in known.items() if f"{{{key}}}" in template})


def _name(one: Breakage) -> str:
    """What users call it: without the module that it is defined in, unless it is one itself."""
    path, module = one.obj.path, "" if one.obj.is_module else _module(one)
    return _cut(path.removeprefix(f"{module}."))


def _module(one: Breakage) -> str:
    holder = one.obj.parent if one.obj.is_alias else one.obj
    return str(holder.module.path) if holder is not None else ""


def _shown(value: Any) -> str:
    """What changed, in words: a kind of argument, a type, a default, the classes that one inherits from."""
    if isinstance(value, list):
        return _cut(", ".join(map(str, value))) or "-"
    return _cut(str(getattr(value, "value", value) if value is not None else "-"))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
