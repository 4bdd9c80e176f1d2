"""Reads `adapter.toml`, which maps the contract's names to the names of an SDK.

An SDK that behaves as the contract says, under other names, is watched through one file: ``adapter.toml``. Here it
is read, and nothing is imported; :mod:`atalaya.sdk.binding` speaks the SDK's names by it.

What crosses the wire, and the keys of a telemetry event, may have other names as well: :mod:`atalaya.sdk.wire_names`
translates them. What an adapter cannot change is what they mean.
"""

from __future__ import annotations

import keyword
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from atalaya.core.errors import SettingsError
from atalaya.core.words import Record
from atalaya.sdk.wire_names import WireKind, WireNames

ANY = "*"


class Vocabulary(Record, frozen=True, kw_only=True):
    """The names of a contract, which an adapter can rename, and where the contract puts them.

    ``names`` holds ``module:Name`` for each class, function, error and enum, ``functions`` and ``methods`` their
    arguments, ``fields`` those of each class. ``errors`` share the fields of ``base_error``, but for
    ``plain_error``, which has none. ``enum`` has the members ``outcomes``. Without ``required`` there is nothing to
    check. ``loader`` is the function that reads the variables, which begin with ``prefix``; ``subclassed`` is the class
    that checks make subclasses of.

    ``paths``, ``headers``, ``bodies`` and ``telemetry`` are the names that cross the wire, and the keys of an event.
    ``wire`` says which arguments, as ``Class.method.argument``, results, as ``Class.method``, and fields hold them.
    """

    package: str
    prefix: str
    names: dict[str, str]
    functions: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    methods: dict[str, dict[str, tuple[str, ...]]] = msgspec.field(default_factory=dict)
    fields: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    errors: tuple[str, ...] = ()
    base_error: str = ""
    plain_error: str = ""
    enum: str = ""
    outcomes: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    loader: str = ""
    subclassed: str = ""
    paths: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    telemetry: tuple[str, ...] = ()
    wire: dict[str, WireKind] = msgspec.field(default_factory=dict)

    @property
    def known(self) -> tuple[str, ...]:
        """Every name that can be renamed."""
        enum = [self.enum] if self.enum else []
        return tuple(dict.fromkeys([*self.functions, *self.methods, *self.fields, *self.errors, *enum]))

    @property
    def arguments(self) -> dict[str, tuple[str, ...]]:
        """The arguments of each function, and of each method as ``Class.method``."""
        methods = {f"{owner}.{one}": names for owner, table in self.methods.items() for one, names in table.items()}
        return {**self.functions, **methods}

    def holder(self, owner: str) -> str:
        """The class under which the fields of one are named: errors share those of their base."""
        return self.base_error if owner in self.errors else owner


class Adapter(Record, frozen=True, kw_only=True):
    """The names of one SDK, by the names of the contract. What is not renamed is called as in the contract.

    ``names`` holds ``module:Name`` for each name that the SDK has: one that is not in it, the SDK lacks.
    ``methods`` and ``fields`` go by class, ``arguments`` by ``Class.method`` or function. ``variables`` may
    end in ``*`` on both sides. ``outcomes`` are the values of the outcome of a wait. ``paths``, ``headers`` and
    ``bodies`` are what crosses the wire, ``telemetry`` the keys of an event.
    """

    file: str
    package: str
    distribution: str
    names: dict[str, str]
    methods: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    arguments: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    fields: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    variables: dict[str, str] = msgspec.field(default_factory=dict)
    outcomes: dict[str, str] = msgspec.field(default_factory=dict)
    paths: dict[str, str] = msgspec.field(default_factory=dict)
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    bodies: dict[str, str] = msgspec.field(default_factory=dict)
    telemetry: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def wire(self) -> WireNames:
        """The names that cross the wire."""
        return WireNames(paths=self.paths, headers=self.headers, bodies=self.bodies, telemetry=self.telemetry)

    def method(self, owner: str, method: str) -> str:
        """What a method of the contract is called in the SDK."""
        return self.methods.get(owner, {}).get(method, method)

    def field(self, owner: str, field: str) -> str:
        """What a field of the contract is called in the SDK; ``owner`` as :meth:`Vocabulary.holder` says."""
        return self.fields.get(owner, {}).get(field, field)

    def variable(self, name: str) -> str:
        """What a variable of the contract is called in the SDK.

        A variable that is renamed takes those along that begin with it: the URL of a profile, for one.

        >>> renamed = {"CLIENT_*": "ACME_*", "CLIENT_API_BASE_URL": "ACME_ENDPOINT"}
        >>> acme = Adapter(file="", package="acme", distribution="acme", names={}, variables=renamed)
        >>> acme.variable("CLIENT_RETRIES"), acme.variable("CLIENT_API_BASE_URL_DEV"), acme.variable("HOME")
        ('ACME_RETRIES', 'ACME_ENDPOINT_DEV', 'HOME')

        What the contract does not know must not become what the SDK knows: it stays as it is.

        >>> acme.variable("CLIENT_ENDPOINT")
        'CLIENT_ENDPOINT'
        """
        own = _translated(name, self.variables.items())
        return own if self.variable_of_the_contract(own) == name else name

    def variable_of_the_contract(self, name: str) -> str:
        """What a variable of the SDK is called in the contract: the way back."""
        return _translated(name, [(own, ours) for ours, own in self.variables.items()])


def _translated(name: str, pairs: Iterable[tuple[str, str]]) -> str:
    """By the longest rule that fits: the name itself, a name that it begins with, or a prefix."""
    fitting = [
        (len(old.removesuffix(ANY)), old, new)
        for old, new in pairs
        if name == old or name.startswith(f"{old}_") or (old.endswith(ANY) and name.startswith(old.removesuffix(ANY)))
    ]
    if not fitting:
        return name
    length, _, new = max(fitting)
    return new.removesuffix(ANY) + name[length:]


def read(path: Path, vocabulary: Vocabulary) -> Adapter:
    """Read an ``adapter.toml``, which renames what the vocabulary knows.

    :raises SettingsError: it cannot be read, lacks what it needs, or says what nobody knows; the text names the
        file, the line and the key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        raise SettingsError(f"{path}: cannot be read: {why}. Name an adapter.toml that can.") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise SettingsError(f"{path}: not TOML: {why}. Mend that line.") from None
    problem = next(_problems(table, vocabulary), None)
    if problem is not None:
        section, key, what = problem
        dotted = ".".join(filter(None, (section, key)))
        raise SettingsError(f"{path.name}:{_line_of(text, section, key)} {dotted}: {what}")
    package = table["package"]
    return Adapter(**{"file": path.name, "distribution": package.replace("_", "-"), **table})


# ── what can be wrong with it ────────────────────────────────────────────────

Problem = tuple[str, str, str]  # the section, the key, and what is wrong with it and what to do


def _problems(table: Mapping[str, Any], vocabulary: Vocabulary) -> Iterator[Problem]:
    yield from _unknown("", table, ("package", "distribution", "names", *_SECTIONS))
    package = table.get("package")
    if not isinstance(package, str) or not _is_dotted(package):
        yield "", "package", "the name that the SDK is imported by is needed here, such as 'acme_sdk'."
        return
    if not re.fullmatch(r"[\w.-]+", str(table.get("distribution", package))):
        yield ("", "distribution", "the name that the SDK is installed by is needed here, such as 'acme-sdk'.")
    yield from _problems_of_names(table.get("names", {}), package, vocabulary)
    for section, checked in _SECTIONS.items():
        given = table.get(section, {})
        if not isinstance(given, dict):
            yield "", section, f"it must be a table: [{section}]."
            continue
        yield from checked(section, given, vocabulary)


def _problems_of_names(names: Any, package: str, vocabulary: Vocabulary) -> Iterator[Problem]:
    if not isinstance(names, dict):
        yield "", "names", "it must be a table: [names]."
        return
    yield from _unknown("names", names, vocabulary.known)
    for name, place in names.items():
        module, _, attribute = str(place).partition(":")
        inside = module == package or module.startswith(f"{package}.")
        if not (inside and _is_dotted(module) and attribute.isidentifier()):
            yield (
                "names",
                name,
                f"{place!r} is no place in the SDK. Write '{package}:Name' or '{package}.module:Name'.",
            )
    for name in vocabulary.required:
        if name not in names:
            yield "names", name, "it is missing, and nothing can be checked without it. Say where it is."


def _problems_of_members(section: str, tables: Mapping[str, Any], vocabulary: Vocabulary) -> Iterator[Problem]:
    """``[methods.X]``, ``[fields.X]`` and ``[arguments."X.m"]``: an owner, and renamed members."""
    known: Mapping[str, Iterable[str]] = getattr(vocabulary, section)
    yield from _unknown(section, tables, known)
    for owner, members in tables.items():
        if not isinstance(members, dict):
            yield section, owner, f"it must be a table: [{section}.{owner}]."
            continue
        yield from _unknown(f"{section}.{owner}", members, known[owner])
        yield from _problems_of_words(f"{section}.{owner}", members)
        # A name that is given away must not be somebody else's: the two could not be told apart.
        for name, own in members.items():
            if own in known[owner] and members.get(own, own) == own and own != name:
                yield (f"{section}.{owner}", name, f"{own!r} is another name of the contract. Rename that one too.")


def _problems_of_variables(section: str, variables: Mapping[str, Any], vocabulary: Vocabulary) -> Iterator[Problem]:
    for name, own in variables.items():
        if not re.fullmatch(rf"{vocabulary.prefix}[A-Z0-9_]*\*?", name):
            yield section, name, f"a variable of the contract begins with {vocabulary.prefix}, and may end in {ANY}."
        elif not isinstance(own, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*\*?", own):
            yield section, name, f"{own!r} is no name of a variable."
        elif name.endswith(ANY) is not own.endswith(ANY):
            yield section, name, f"a rule for many variables ends in {ANY} on both sides, or on neither."
    yield from _problems_of_twins(section, variables)


def _problems_of_outcomes(section: str, outcomes: Mapping[str, Any], vocabulary: Vocabulary) -> Iterator[Problem]:
    yield from _unknown(section, outcomes, vocabulary.outcomes)
    for name, own in outcomes.items():
        if not isinstance(own, str) or not own:
            yield section, name, f"{own!r} is no text: it is the value of the SDK's own outcome."
    yield from _problems_of_twins(section, outcomes)


def _problems_of_wire(section: str, names: Mapping[str, Any], vocabulary: Vocabulary) -> Iterator[Problem]:
    """``[paths]``, ``[headers]``, ``[bodies]`` and ``[telemetry]``."""
    known: tuple[str, ...] = getattr(vocabulary, section)
    yield from _unknown(section, names, known)
    for name, own in names.items():
        if not isinstance(own, str) or not re.fullmatch(_WIRE[section], own):
            yield section, name, f"{own!r} cannot stand in its place. Write it as the SDK sends it, such as {name!r}."
        elif section == "paths" and set(re.findall(r"\{\w+\}", own)) != set(re.findall(r"\{\w+\}", name)):
            yield section, name, f"{own!r} does not hold the same segments in braces. Give each of them its place."
        elif own in known and names.get(own, own) == own and own != name:
            yield section, name, f"{own!r} is another name of the contract. Rename that one too."
    yield from _problems_of_twins(section, names)


# What a name of each kind looks like (RFC 9110, 5.6.2, for a header's).
_WIRE = {"paths": r"/[^?#\s]*", "headers": r"[A-Za-z0-9!#$%&'*+.^_|~`-]+", "bodies": r"(?s).+", "telemetry": r"(?s).+"}


def _problems_of_words(section: str, members: Mapping[str, Any]) -> Iterator[Problem]:
    for name, own in members.items():
        if not isinstance(own, str) or not own.isidentifier() or keyword.iskeyword(own):
            yield section, name, f"{own!r} is no name in Python."
    yield from _problems_of_twins(section, members)


def _problems_of_twins(section: str, members: Mapping[str, Any]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, own in members.items():
        if (other := seen.setdefault(str(own), name)) != name:
            yield section, name, f"{own!r} is what {other} is called already."


def _unknown(section: str, given: Iterable[str], known: Iterable[str]) -> Iterator[Problem]:
    for key in given:
        if key not in known:
            yield (section, key, f"there is no such name. Known here: {', '.join(known)}. Rename it, or take it out.")


_SECTIONS: dict[str, Any] = {
    "methods": _problems_of_members,
    "arguments": _problems_of_members,
    "fields": _problems_of_members,
    "variables": _problems_of_variables,
    "outcomes": _problems_of_outcomes,
    **dict.fromkeys(_WIRE, _problems_of_wire),
}


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() and not keyword.iskeyword(part) for part in name.split("."))


def _line_of(text: str, section: str, key: str) -> int:
    """The line of a key, of the section where it should stand, or of a section's head; 1 where it is nowhere."""
    inside, found = not section, 1
    for number, line in enumerate(text.splitlines(), start=1):
        if head := re.match(r"\s*\[\s*([^\]]+?)\s*\]", line):
            name = head[1].replace('"', "").replace("'", "")
            inside = name == section
            if inside:
                found = number
            elif f"{name}.".startswith(".".join(filter(None, (section, key, ""))) or "."):
                return number
        elif inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return found
