"""Proxy classes that give an SDK with other names the names of the contract.

A name that is bound to a class gives a class that takes the contract's arguments and shows the contract's fields and
methods, and that holds one of the SDK's own objects. What goes in is handed over as the SDK's own object, and
what comes out is shown in the same way. The SDK is not changed; an exception class alone, which must be the
very class that is raised, also takes and shows its fields by their other names.

A class that checks make subclasses of is a subclass itself: what they override is called by the contract's names.
"""

from __future__ import annotations

import copy
import dataclasses
import enum
import functools
import inspect
import operator
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from atalaya.core.errors import HarnessError
from atalaya.sdk.adapter import Adapter, Vocabulary
from atalaya.sdk.async_calls import finished
from atalaya.sdk.wire_names import WireNames

NO_NAMES = WireNames()


class View:
    """One of the SDK's objects, shown by the contract's names."""

    _own: Any

    def __init__(self, own: Any) -> None:
        object.__setattr__(self, "_own", own)

    def __repr__(self) -> str:
        return repr(self._own)

    def __eq__(self, other: object) -> bool:
        return bool(self._own == _bare(other))

    def __hash__(self) -> int:
        return hash(self._own)


def _bare(value: Any) -> Any:
    """The SDK's own object behind a view, also in a list of them."""
    if isinstance(value, View):
        return value._own
    if type(value) in (list, tuple):
        return type(value)(_bare(item) for item in value)
    return value


class Translator:
    """Makes the SDK's objects speak the contract's names, by an adapter.

    :param find: gives the SDK's own object for a name of the contract.
    :param ours: the folder of this run. In it, and nowhere else, a ``.env`` that the SDK may come upon is
        translated too.
    """

    def __init__(
        self, adapter: Adapter, vocabulary: Vocabulary, find: Callable[[str], Any], ours: Path | None = None
    ) -> None:
        self.adapter = adapter
        self.vocabulary = vocabulary
        self._variable = re.compile(rf"{vocabulary.prefix}[A-Z0-9_]+".encode())
        self._find = find
        self._ours = ours.resolve() if ours else None
        self._faces: dict[tuple[str, type], type[View]] = {}
        self._clients: dict[type, type] = {}
        self._enums: dict[type, Any] = {}
        self._wire = adapter.wire

    def of(self, name: str) -> Any:
        """What stands for a name of the contract: a class or a function that speaks the contract's names."""
        own = self._find(name)
        if name == self.vocabulary.loader:
            return self._loading(own)
        if name in self.vocabulary.functions:
            return self._function(own, name)
        if name in self.vocabulary.errors:
            return self._named(own, name)
        if name == self.vocabulary.enum:
            return self._outcomes(own)
        if not isinstance(own, type):
            return own
        return self._client(own) if name == self.vocabulary.subclassed else self._face(name, own)

    # ── values ──

    def shown(self, value: Any) -> Any:
        """A value of the SDK, as the contract shows it."""
        if isinstance(value, enum.Enum):
            return self._outcome(value)
        if type(value) in (list, tuple):
            return type(value)(self.shown(item) for item in value)
        if value is None or isinstance(value, (str, int, float, dict, View, *self._clients.values())):
            return value
        fitting = [(name, own) for name, own in self._classes() if isinstance(value, own)]
        if not fitting and not self._is_of_the_sdk(value):
            return value
        # The most particular; one that the contract does not name may still hold what it does.
        name, own = max(fitting, key=lambda pair: len(pair[1].__mro__), default=("", type(value)))
        face = self._face(name, own)
        made = face.__new__(face)
        View.__init__(made, value)
        return made

    def _is_of_the_sdk(self, value: Any) -> bool:
        package = type(value).__module__.partition(".")[0]
        return package == self.adapter.package.partition(".")[0] and not isinstance(value, (BaseException, type))

    def _classes(self) -> Iterator[tuple[str, type]]:
        for name in self.adapter.names:
            words = self.vocabulary
            if name not in words.functions and name not in words.errors and name != words.enum:
                own = self._find(name)
                if isinstance(own, type):
                    yield name, own

    def _outcome(self, value: Any) -> Any:
        if not self.adapter.outcomes:
            return value
        own = self._find(self.vocabulary.enum)
        return self._outcomes(own)(self._outcome_text(value.value)) if isinstance(value, own) else value

    def _outcome_text(self, own: Any) -> Any:
        return next((ours for ours, theirs in self.adapter.outcomes.items() if theirs == own), own)

    def _outcomes(self, own: Any) -> Any:
        """The outcomes of a wait, of the same kind as the SDK's, with the contract's names and values."""
        if not self.adapter.outcomes:
            return own
        if own not in self._enums:
            members = {
                str(text) if text in self.vocabulary.outcomes else member.name: text
                for member in own
                for text in [self._outcome_text(member.value)]
            }
            mixed_in = {"type": str} if issubclass(own, str) else {}
            self._enums[own] = enum.Enum(own.__name__, members, **mixed_in)
        return self._enums[own]

    def _given(self, where: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a call, as the SDK takes them."""
        renamed = self.adapter.arguments.get(where, {})
        order = (*self.vocabulary.arguments.get(where, ()), *[""] * len(args))
        values = [self._own_value(f"{where}.{name}", value) for name, value in zip(order, args, strict=False)]
        return values, {
            renamed.get(name, name): self._own_value(f"{where}.{name}", value) for name, value in kwargs.items()
        }

    def _own_value(self, place: str, value: Any) -> Any:
        kind = self.vocabulary.wire.get(place)
        return _bare(value) if kind is None else self._wire.own(kind, _bare(value))

    def _answered(self, place: str, value: Any) -> Any:
        """What a call came to, or a field holds, as the contract shows it."""
        if inspect.isawaitable(value):
            value = finished(value)
        kind = self.vocabulary.wire.get(place)
        return self.shown(value) if kind is None else self._wire.shown(kind, self.shown(value))

    # ── functions ──

    def _function(self, own: Callable[..., Any], where: str) -> Callable[..., Any]:
        """A function, or a method that is bound, that takes the contract's arguments."""

        @functools.wraps(own)
        def spoken(*args: Any, **kwargs: Any) -> Any:
            values, named = self._given(where, args, kwargs)
            _fitting(own, values, named)
            return self._answered(where, own(*values, **named))

        _sign(spoken, own, self.adapter.arguments.get(where, {}))
        return spoken

    def _loading(self, own: Callable[..., Any]) -> Callable[..., Any]:
        spoken = self._function(own, self.vocabulary.loader)

        @functools.wraps(spoken)
        def load(*args: Any, **kwargs: Any) -> Any:
            given = args[0] if args else kwargs.get("env_file")
            with self._variables(), self._files(given) as path:
                if args:
                    args = (path, *args[1:])
                elif "env_file" in kwargs:
                    kwargs["env_file"] = path
                try:
                    return spoken(*args, **kwargs)
                except BaseException as why:
                    self._retell(why)
                    raise

        return load

    # ── variables ──

    @contextmanager
    def _variables(self) -> Iterator[None]:
        """Within, the environment has the SDK's variables; before and after, the contract's."""
        own = {name for name in os.environ if self.adapter.variable_of_the_contract(name) != name}
        for name in own:
            del os.environ[name]
        self._rename(self.adapter.variable, self.vocabulary.prefix)
        try:
            yield
        finally:
            self._rename(self.adapter.variable_of_the_contract, "")

    def _rename(self, other: Callable[[str], str], prefix: str) -> None:
        for name in [name for name in os.environ if name.startswith(prefix) and other(name) != name]:
            os.environ[other(name)] = os.environ.pop(name)

    @contextmanager
    def _files(self, env_file: Any) -> Iterator[Any]:
        """A copy of a file of variables, with the SDK's names in it. A search meets files of ours alone."""
        changed: dict[Path, bytes] = {}
        copied: Path | None = None
        try:
            if env_file is None:
                for path in self._ours_in_reach():
                    changed[path] = path.read_bytes()
                    path.write_bytes(self._with_own_names(changed[path]))
            elif isinstance(env_file, (str, os.PathLike)) and env_file and Path(env_file).is_file():
                handle, name = tempfile.mkstemp(suffix=".env")
                os.close(handle)
                copied = Path(name)
                copied.write_bytes(self._with_own_names(Path(env_file).read_bytes()))
            yield env_file if copied is None else str(copied)
        finally:
            for path, content in changed.items():
                path.write_bytes(content)
            if copied is not None:
                copied.unlink()

    def _with_own_names(self, content: bytes) -> bytes:
        return self._variable.sub(lambda found: self.adapter.variable(found[0].decode()).encode(), content)

    def _ours_in_reach(self) -> list[Path]:
        """The ``.env`` files that a search could meet, as far as they lie in the folder of this very run."""
        ours = self._ours
        if ours is None:
            return []
        module = inspect.getmodule(self._find(self.vocabulary.loader))
        starts = [Path.cwd(), Path(str(getattr(module, "__file__", ""))).resolve().parent]
        found = {folder / ".env" for start in starts for folder in (start, *start.parents)}
        return sorted(path for path in found if path.is_relative_to(ours) and path.is_file())

    def _retell(self, error: BaseException) -> None:
        """Let an error name the contract's variable where it names the SDK's."""

        def retold(value: Any) -> Any:
            if not isinstance(value, str):
                return value
            return re.sub(r"[A-Za-z_][A-Za-z0-9_]*", lambda f: self.adapter.variable_of_the_contract(f[0]), value)

        error.args = tuple(retold(value) for value in error.args)
        for name, value in list(vars(error).items()):
            if retold(value) != value:
                setattr(error, name, retold(value))

    # ── classes ──

    def _face(self, name: str, own: type) -> type[View]:
        """The class of the views of one class of the SDK. Calling it makes one of the SDK's objects."""
        if (name, own) in self._faces:
            return self._faces[name, own]
        translator, renamed = self, self.adapter.fields.get(name, {})

        class Speaking(type):
            def __getattr__(cls, member: str) -> Any:  # on the class: what there is, and what it takes
                return translator._member(getattr(own, translator._own_name(name, member)), name, member)

        class Face(View, metaclass=Speaking):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                values = [_bare(value) for value in args]
                named = {renamed.get(key, key): _bare(value) for key, value in kwargs.items()}
                super().__init__(own(*values, **named))

            def __getattr__(self, member: str) -> Any:
                return translator._member(getattr(self._own, translator._own_name(name, member)), name, member)

            def __setattr__(self, member: str, value: Any) -> None:
                setattr(self._own, translator._own_name(name, member), _bare(value))

        Face.__name__ = Face.__qualname__ = own.__name__
        Face.__module__, Face.__doc__ = own.__module__, own.__doc__
        _sign(Face, own, renamed)
        if dataclasses.is_dataclass(own):
            ours = {theirs: mine for mine, theirs in renamed.items()}
            fields: Any = own.__dataclass_fields__
            Face.__dataclass_fields__ = {  # type: ignore[attr-defined]
                ours.get(key, key): _renamed_field(field, ours.get(key, key)) for key, field in fields.items()
            }
        self._faces[name, own] = Face
        return Face

    def _own_name(self, owner: str, member: str) -> str:
        return self.adapter.field(self.vocabulary.holder(owner), self.adapter.method(owner, member))

    def _member(self, value: Any, owner: str, member: str) -> Any:
        if inspect.isroutine(value):
            return self._function(value, f"{owner}.{member}")
        return self._answered(f"{owner}.{member}", value)

    def _client(self, own: Any) -> type:
        """A subclass of the class that checks make subclasses of, with the contract's names beside the SDK's."""
        if own in self._clients:
            return self._clients[own]
        adapter, translator, owner = self.adapter, self, self.vocabulary.subclassed
        renamed = adapter.fields.get(owner, {})
        ours = {theirs: mine for mine, theirs in renamed.items()}

        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            values = [_bare(value) for value in args]
            named = {renamed.get(k, k): translator._own_value(f"{owner}.{k}", v) for k, v in kwargs.items()}
            own.__init__(self, *values, **named)

        def __setattr__(self: Any, name: str, value: Any) -> None:
            own.__setattr__(self, renamed.get(name, name), translator._own_value(f"{owner}.{name}", value))

        def __init_subclass__(cls: type, /) -> None:
            if "__setattr__" in vars(cls):  # a check that watches assignments knows the contract's names
                watching: Any = vars(cls)["__setattr__"]

                @functools.wraps(watching)
                def watched(self: Any, name: str, value: Any) -> None:
                    watching(self, ours.get(name, name), value)

                type.__setattr__(cls, "__setattr__", watched)

        body: dict[str, Any] = {
            "__init__": __init__,
            "__setattr__": __setattr__,
            "__init_subclass__": classmethod(__init_subclass__),
            "__module__": own.__module__,
            "__doc__": own.__doc__,
            "__hash__": own.__hash__,
        }
        for mine, theirs in renamed.items():
            body[mine] = _field(translator, theirs)
        for where in self.vocabulary.methods.get(owner, {}):
            theirs = adapter.method(owner, where)
            if hasattr(own, theirs) and self._is_spoken_for(owner, where, getattr(own, theirs)):
                body[where] = _method(translator, own, where, theirs)
        made = type(own.__name__, (own,), body)
        _sign(made, own, renamed)
        self._clients[own] = made
        return made

    def _is_spoken_for(self, owner: str, where: str, method: Any) -> bool:
        """Whether a method of the client is not yet what the contract says."""
        place = f"{owner}.{where}"
        return (
            where in self.adapter.methods.get(owner, {})
            or place in self.adapter.arguments
            or inspect.iscoroutinefunction(method)
            or (self._wire != NO_NAMES and any(f"{one}.".startswith(f"{place}.") for one in self.vocabulary.wire))
        )

    def _named(self, own: type, name: str) -> type:
        """An exception class itself; its fields can be read, and given, by the contract's names too."""
        renamed = self.adapter.fields.get(self.vocabulary.base_error, {})
        held = {
            place.rpartition(".")[2]: kind
            for place, kind in self.vocabulary.wire.items()
            if place.startswith(f"{self.vocabulary.base_error}.") and self._wire != NO_NAMES
        }
        if name == self.vocabulary.plain_error or not (renamed or held):
            return own
        for mine, theirs in renamed.items():
            if not hasattr(own, mine):
                type.__setattr__(own, mine, property(operator.attrgetter(theirs)))
        built: Any = next((base for base in own.__mro__ if "__init__" in vars(base)), None)
        if built is None or built.__module__ == "builtins" or hasattr(built.__init__, "_by_either_name"):
            return own
        build = built.__init__

        @functools.wraps(build)
        def by_either_name(error: Any, *args: Any, **kwargs: Any) -> None:
            build(error, *args, **{renamed.get(key, key): value for key, value in kwargs.items()})
            for field, kind in held.items():
                theirs = renamed.get(field, field)
                value = getattr(error, theirs, None)
                if (ours := self._wire.shown(kind, value)) is not value:
                    setattr(error, theirs, ours)

        by_either_name._by_either_name = True  # type: ignore[attr-defined]
        type.__setattr__(built, "__init__", by_either_name)
        return own


def _field(translator: Translator, theirs: str) -> property:
    return property(lambda self: translator.shown(getattr(self, theirs)))


def _method(translator: Translator, own: type, where: str, theirs: str) -> Callable[..., Any]:
    """A method of the client under the contract's name. Under its own name, the SDK calls it too: as it likes."""
    inherited = getattr(own, theirs)
    path = f"{translator.vocabulary.subclassed}.{where}"
    packages = {base.__module__.partition(".")[0] for base in own.__mro__ if base is not object}

    @functools.wraps(inherited)
    def spoken(self: Any, *args: Any, **kwargs: Any) -> Any:
        if theirs == where and sys._getframe(1).f_globals["__name__"].partition(".")[0] in packages:
            return inherited(self, *args, **kwargs)
        values, named = translator._given(path, args, kwargs)
        called = functools.partial(inherited, self) if theirs == where else getattr(self, theirs)
        return translator._answered(path, called(*values, **named))

    _sign(spoken, inherited, translator.adapter.arguments.get(path, {}))
    return spoken


def _renamed_field(field: Any, name: str) -> Any:
    made = copy.copy(field)
    made.name = name
    return made


def _fitting(own: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> None:
    """Refuse a call that the SDK's signature does not take: that is our failure to speak to it.

    :raises HarnessError: it does not.
    """
    try:
        signature = inspect.signature(own)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as why:
        raise HarnessError(f"the call does not fit {getattr(own, '__qualname__', own)}: {why}") from None


def _sign(spoken: Any, own: Callable[..., Any], renamed: Mapping[str, str]) -> None:
    """Give a function, or a class, the SDK's signature by the contract's names."""
    try:
        signature = inspect.signature(own)
    except (TypeError, ValueError):
        return
    ours = {theirs: mine for mine, theirs in renamed.items()}
    parameters = [p.replace(name=ours.get(p.name, p.name)) for p in signature.parameters.values()]
    type_or_function: Any = spoken
    type_or_function.__signature__ = signature.replace(parameters=parameters)
