"""Detects which parts of the contract an SDK has, and where they are.

Found by looking at names and signatures, never at a version. Which names there are, the check pack says; an SDK
of other names is spoken to by an adapter: see :func:`activate_adapter`. Runs in the SDK's own process.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from atalaya.sdk.adapter import Adapter, Vocabulary
from atalaya.sdk.adapter_proxy import Translator


class Binding(NamedTuple):
    """Where a name of the contract lives in the SDK."""

    module: str
    name: str


class Capability(NamedTuple):
    """A part of the contract that an SDK may lack, and how its presence shows."""

    says: str
    present: Callable[[], bool]


class Lacking(AttributeError):
    """The SDK does not have a name of the contract: its adapter does not say where it is."""


NAMES: dict[str, Binding] = {}  # where each name of the contract lives in this SDK

_vocabulary = Vocabulary(package="", prefix="", names={})
_known: Mapping[str, Capability] = {}
_translator: Translator | None = None


def activate_adapter(
    vocabulary: Vocabulary, known: Mapping[str, Capability], adapter: Adapter | None = None, *, ours: Path | None = None
) -> None:
    """Speak the names of a contract from now on, in this process; with an adapter, those that the SDK has for them.

    :param known: the parts of the contract that an SDK may lack, by name.
    :param ours: the folder of this run, where files may be translated in place.
    """
    global _vocabulary, _known, _translator
    _vocabulary, _known = vocabulary, known
    places = adapter.names if adapter else vocabulary.names
    NAMES.clear()
    NAMES.update({name: Binding(*place.split(":")) for name, place in places.items()})
    _translator = Translator(adapter, vocabulary, native, ours) if adapter else None


def package() -> str:
    """The name that the SDK is imported by."""
    return _translator.adapter.package if _translator else _vocabulary.package


def prefix() -> str:
    """What the variables of the contract begin with."""
    return _vocabulary.prefix


def capability(name: str) -> Capability:
    """A part of the contract, by its name."""
    return _known[name]


def native(name: str) -> Any:
    """The SDK's own object for a name of the contract.

    :raises Lacking: the adapter does not bind it.
    :raises ImportError, AttributeError: the SDK does not have it where the contract, or the adapter, says.
    """
    if name not in NAMES and _translator is not None:
        raise Lacking(f"{_translator.adapter.file} does not say where {name} is")
    binding = NAMES[name]
    return getattr(importlib.import_module(binding.module), binding.name)


def resolve(name: str) -> Any:
    """What speaks for a name of the contract: the SDK's own object, or what an adapter makes of it.

    :raises ImportError, AttributeError: as :func:`own`.
    """
    return native(name) if _translator is None else _translator.of(name)


def native_name(owner: str, member: str) -> str:
    """What a field or a method of the contract is called in the SDK.

    >>> native_name("HttpClient", "enable_get_cache")
    'enable_get_cache'
    """
    if _translator is None:
        return member
    return _translator.adapter.field(_vocabulary.holder(owner), _translator.adapter.method(owner, member))


def missing_bindings() -> Iterator[str]:
    """What the adapter says, and the SDK does not have: each with its key, and in words."""
    if _translator is None:
        return
    adapter = _translator.adapter
    for name, place in adapter.names.items():
        try:
            native(name)
        except (ImportError, AttributeError) as why:
            yield f"names.{name}: there is no {place} in the SDK: {why}"
    for owner in {**_vocabulary.methods, **_vocabulary.fields}:
        if owner not in adapter.names or not exists(owner):
            yield from (
                f"{section}.{owner}: {owner} is not in [names], so nothing in it can be renamed"
                for section in ("methods", "fields")
                if owner in getattr(adapter, section)
            )
            continue
        for method, theirs in adapter.methods.get(owner, {}).items():
            if not callable(getattr(native(owner), theirs, None)):
                yield f"methods.{owner}.{method}: {adapter.names[owner]} has no method {theirs!r}"
        for field, theirs in adapter.fields.get(owner, {}).items():
            if not has_field(owner, field):
                yield f"fields.{owner}.{field}: {adapter.names[owner]} has no field {theirs!r}"
    yield from _amiss_in_arguments(adapter)
    yield from _amiss_in_outcomes(adapter)


def _amiss_in_arguments(adapter: Adapter) -> Iterator[str]:
    for where, arguments in adapter.arguments.items():
        owner, _, method = where.partition(".")
        try:
            function = getattr(native(owner), native_name(owner, method)) if method else native(owner)
            parameters = inspect.signature(function).parameters
        except (ImportError, AttributeError):
            yield f"arguments.{where}: the SDK has no such method"
            continue
        except (TypeError, ValueError):
            continue
        if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
            continue
        for argument, theirs in arguments.items():
            if theirs not in parameters:
                yield f"arguments.{where}.{argument}: it takes no {theirs!r}, but {', '.join(parameters)}"


def _amiss_in_outcomes(adapter: Adapter) -> Iterator[str]:
    if not adapter.outcomes:
        return
    try:
        values = {member.value for member in native(_vocabulary.enum)}
    except (ImportError, AttributeError, TypeError):
        yield f"outcomes: names.{_vocabulary.enum} must say where the outcomes are"
        return
    for outcome, theirs in adapter.outcomes.items():
        if theirs not in values:
            yield f"outcomes.{outcome}: there is no outcome {theirs!r}, but {', '.join(map(str, values))}"


def exists(name: str) -> bool:
    """Whether the SDK has a name of the contract at all."""
    try:
        resolve(name)
    except (ImportError, AttributeError):
        return False
    return True


def has_method(owner: str, method: str) -> bool:
    """Whether a class has a method by that name."""
    return callable(getattr(native(owner), native_name(owner, method), None))


def has_field(owner: str, field: str) -> bool:
    """Whether a class has a field: a dataclass field, or an attribute of the class, or of what it is built from."""
    target, name = native(owner), native_name(owner, field)
    if dataclasses.is_dataclass(target) and name in {f.name for f in dataclasses.fields(target)}:
        return True
    if hasattr(target, name) or name in getattr(target, "__annotations__", {}):
        return True
    return not dataclasses.is_dataclass(target) and _takes(target, owner, name)


def takes(owner: str, method: str, parameter: str) -> bool:
    """Whether a method takes a parameter by that name.

    :raises LookupError: it takes ``**kwargs`` or cannot be looked into, so nobody can say.
    """
    function: Callable[..., Any] | None = getattr(native(owner), native_name(owner, method), None)
    if function is None:
        return False
    where = f"{owner}.{method}"
    renamed = _translator.adapter.arguments.get(where, {}) if _translator is not None else {}
    return _takes(function, where, renamed.get(parameter, parameter))


def is_argument(owner: str, field: str) -> bool:
    """Whether a class is built with this field as an argument; also where nobody can say, so that it is tried."""
    try:
        return _takes(native(owner), owner, native_name(owner, field))
    except LookupError:
        return True


def _takes(function: Callable[..., Any], where: str, parameter: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError) as why:
        raise LookupError(f"{where} cannot be looked into: {why}") from None
    if parameter in parameters:
        return True
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        raise LookupError(f"{where} takes any keyword, so it does not show whether it knows {parameter!r}")
    return False
