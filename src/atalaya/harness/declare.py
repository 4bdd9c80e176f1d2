"""What a check pack needs to declare its promises, limitations and seeded defects.

A row of a table is a function with a docstring and no body: its name is the id, its docstring holds the sentences.
These tables are data. They are read where no SDK, pytest or hypothesis is installed, so nothing here imports them.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module, util
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from atalaya.core.errors import HarnessError
from atalaya.core.words import N_
from atalaya.records.results import Limitation, Promise, Statement
from atalaya.records.stored import EventKind, Severity

__all__ = [
    "CRITICAL",
    "MAJOR",
    "MINOR",
    "N_",
    "Defect",
    "Defects",
    "EventKind",
    "Family",
    "Limitation",
    "Limitations",
    "Promise",
    "Promises",
    "SeededEvent",
    "SeededEvents",
    "Severity",
    "StandIn",
    "StandIns",
    "Statement",
    "Statements",
    "family",
]

CRITICAL, MAJOR, MINOR = Severity.CRITICAL, Severity.MAJOR, Severity.MINOR

UNTESTED = "Untested: "
_LABEL = re.compile(r"(?P<label>Source|How|(?P<change>Broken|Found) in (?P<file>\S+\.py)): (?P<words>.*)")

Row = TypeVar("Row")
Function = Callable[[], None]


class Defect(NamedTuple):
    """One change to the reference SDK, in words and in text, and the promises that it breaks.

    ``old`` and ``new`` are whole lines of one file, without the indentation that they have in common. What is
    ``found`` stands in the reference SDK as it was released: there ``old`` is what would mend it.
    """

    id: str
    says: str
    file: str
    old: str
    new: str
    expected: tuple[str, ...]
    found: bool = False

    @property
    def mended(self) -> Defect:
        """The way back."""
        return self._replace(old=self.new, new=self.old)


class StandIn(NamedTuple):
    """One change after which the reference SDK has a limitation that it lacks, or lacks one that it has.

    ``has`` says which: whether a probe must see the limitation once the change is made.
    """

    limitation: str
    has: bool
    file: str
    old: str
    new: str

    @property
    def id(self) -> str:
        """The limitation, and which of its two faces this is."""
        return f"{self.limitation}-{'there' if self.has else 'gone'}"


class SeededEvent(NamedTuple):
    """Something that the smoke must see: a change to the reference SDK, a fault of the network, or both.

    ``event`` is what the smoke must count. ``file``, ``old`` and ``new`` are those of a defect, empty where nothing
    is changed. ``fault`` names one of the loopback service's, empty for none: it strikes the ``request`` of the
    ``wait`` so many ``times``, as a ``FaultInjection`` counts them. A change acts in ``wait`` at the latest.
    """

    id: str
    event: EventKind
    says: str
    file: str = ""
    old: str = ""
    new: str = ""
    fault: str = ""
    wait: int = 0
    request: int = 0
    times: int = 1


class _Table(Generic[Row]):
    """The rows of one module, in the order in which they are written."""

    def __init__(self, family: str) -> None:
        self.family = family
        self._rows: list[Row] = []

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def _adds(self, row: Callable[[Function], Row]) -> Callable[[Function], Row]:
        """A decorator that makes a row of a function, and keeps it."""

        def add(function: Function) -> Row:
            self._rows.append(row(function))
            return self._rows[-1]

        return add

    def _id(self, function: Function, id: str) -> str:
        return id or f"{self.family}.{_hyphens(function)}"


class Promises(_Table[Promise]):
    """The promises of one family, with the sentences and the defects that are written below them."""

    def __init__(self, family: str) -> None:
        super().__init__(family)
        self.statements: list[Statement] = []
        self.defects: list[Defect] = []

    def add(self, severity: Severity, *, checkpoint_h: int, id: str = "") -> Callable[[Function], Promise]:
        """Add a promise. The docstring says it, then "Why: " it matters, then "How: " it is tested.

        :param checkpoint_h: the checkpoint that needs it: 0, 24, 48 or 72.
        :param id: its id, where that is not the family and the function's name.
        """

        def row(function: Function) -> Promise:
            says, why, how = _sentences(function, "Why", "How")
            return Promise(
                id=self._id(function, id), severity=severity, checkpoint_h=checkpoint_h, says=says, why=why, how=how
            )

        return self._adds(row)

    def documented(self, severity: Severity, *, checkpoint_h: int, section: str) -> Callable[[Function], Function]:
        """Add the promises of an SDK whose documentation is its contract, many in one docstring.

        Below its first paragraph stand a name and a sentence for each promise, and indented below them, each in a
        line or more: "Source: " the sentence of the documentation, "How: " it is tested, and what breaks it:
        "Broken in FILE: " a change, or "Found in FILE: " what the released SDK does, and the lines of a diff.

        :param section: where in the contract the sentences stand.
        """

        def add(function: Function) -> Function:
            for head, below in _entries(function):
                name, _, says = head.partition(": ")
                parts = _labelled(function, below)
                self._document(function, f"{self.family}.{name}", says, parts, severity, checkpoint_h, section)
            return function

        return add

    def _document(
        self,
        function: Function,
        id: str,
        says: str,
        parts: Sequence[_Part],
        severity: Severity,
        checkpoint_h: int,
        section: str,
    ) -> None:
        said = {part.label: part.words for part in parts if not part.change}
        if set(said) != {"Source", "How"} or not says:
            raise _wrong(function, f"{id} needs a sentence, and below it a Source and How it is tested")
        why = f"Its documentation says: {said['Source']}"
        self._rows.append(
            Promise(id=id, severity=severity, checkpoint_h=checkpoint_h, says=says, why=why, how=said["How"])
        )
        self.statements.append(Statement(section=section, says=said["Source"], promises=(id,)))
        changes = [part for part in parts if part.change]
        for number, part in enumerate(changes, start=1):
            name = id.replace(".", "-") + (f"-{number}" if len(changes) > 1 else "")
            old, new = _change(function, "\n".join(part.diff))
            found = part.change == "Found"
            self.defects.append(Defect(name, part.words, part.file, old, new, (id,), found=found))


class Limitations(_Table[Limitation]):
    """The limitations beyond the contract that one family looks for."""

    def add(self, *, id: str = "", against: str = "") -> Callable[[Function], Limitation]:
        """Add a limitation. The docstring says it, then a "Proposal: " to remove it.

        :param against: the promise that would be broken by that, since the contract asks for what is there.
        """

        def row(function: Function) -> Limitation:
            says, proposal = _sentences(function, "Proposal")
            return Limitation(id=self._id(function, id), says=says, proposal=proposal, against=against)

        return self._adds(row)


class Defects(_Table[Defect]):
    """The seeded defects of one family."""

    def add(self, file: str, *expected: str, id: str = "") -> Callable[[Function], Defect]:
        """Add a defect in one file. The docstring says it, then shows the change as the lines of a diff.

        :param expected: the promises that it breaks, and that must turn red.
        :param id: its id, where that cannot be the function's name.
        """

        def row(function: Function) -> Defect:
            says, _, diff = _docstring(function).partition("\n\n")
            return Defect(id or _hyphens(function), " ".join(says.split()), file, *_change(function, diff), expected)

        return self._adds(row)


class StandIns(_Table[StandIn]):
    """For each limitation of one family, the change that brings it in or takes it away."""

    def has(self, file: str, *, id: str = "") -> Callable[[Function], StandIn]:
        """Add a change that brings in the limitation of this name. The docstring is the lines of a diff."""
        return self._adds(lambda function: self._stand_in(function, True, file, id))

    def lacks(self, file: str, *, id: str = "") -> Callable[[Function], StandIn]:
        """Add a change that takes away the limitation of this name. The docstring is the lines of a diff."""
        return self._adds(lambda function: self._stand_in(function, False, file, id))

    def _stand_in(self, function: Function, has: bool, file: str, id: str) -> StandIn:
        return StandIn(self._id(function, id), has, file, *_change(function, _docstring(function)))


class SeededEvents(_Table[SeededEvent]):
    """What is seeded into what the smoke sees."""

    def __init__(self) -> None:
        super().__init__("")

    def add(
        self, event: EventKind, file: str, *, wait: int = 0, fault: str = "", request: int = 0
    ) -> Callable[[Function], SeededEvent]:
        """Add a change in one file. The docstring says it, then shows it as the lines of a diff.

        :param wait: the first wait in which it acts, or that the fault strikes.
        """

        def row(function: Function) -> SeededEvent:
            says, _, diff = _docstring(function).partition("\n\n")
            change = _change(function, diff)
            says = " ".join(says.split())
            return SeededEvent(_hyphens(function), event, says, file, *change, fault=fault, wait=wait, request=request)

        return self._adds(row)

    def like(self, event: EventKind, *defects: Defect) -> None:
        """Add defects that a family has declared already."""
        self._rows += [SeededEvent(it.id, event, it.says, it.file, it.old, it.new) for it in defects]

    def lost(self, fault: str, says: str, *, wait: int, request: int, times: int = 1) -> None:
        """Add a request that the network takes, once or several times in a row."""
        id = f"{fault}-at-{request}" + (f"-{times}-times" if times > 1 else "")
        self._rows.append(
            SeededEvent(id, EventKind.NETWORK_ERROR, says, fault=fault, wait=wait, request=request, times=times)
        )


class Statements(_Table[Statement]):
    """The sentences of the contract that one family is about."""

    def section(self, number: str) -> Callable[[Function], Function]:
        """Add the sentences of one section of the contract.

        The docstring names the section, then has each sentence in our words, and indented below it the promises that
        test it, or "Untested: " and the reason why none does.
        """

        def add(function: Function) -> Function:
            for says, below in _definitions(function):
                if below.startswith(UNTESTED):
                    self._rows.append(Statement(section=number, says=says, reason=below.removeprefix(UNTESTED)))
                else:
                    self._rows.append(Statement(section=number, says=says, promises=tuple(below.split(", "))))
            return function

        return add


def _hyphens(function: Function) -> str:
    return function.__name__.replace("_", "-")


def _docstring(function: Function) -> str:
    if not function.__doc__:
        raise _wrong(function, "it has no docstring. Write one, and run Python without -OO")
    return inspect.cleandoc(function.__doc__)


def _sentences(function: Function, *labels: str) -> list[str]:
    """The first paragraph of a docstring, and after it one for each label, each as one line without its label."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in _docstring(function).split("\n\n")]
    starts = ["", *(f"{label}: " for label in labels)]
    if [paragraph[: len(start)] for paragraph, start in zip(paragraphs, starts, strict=False)] != starts or len(
        paragraphs
    ) != len(starts):
        raise _wrong(function, f"its docstring needs a sentence, then a paragraph for each of: {', '.join(labels)}")
    return [paragraph.removeprefix(start) for paragraph, start in zip(paragraphs, starts, strict=True)]


def _definitions(function: Function) -> Iterator[tuple[str, str]]:
    """Each sentence below the first paragraph of a docstring, and what stands indented below it, as one line each."""
    return ((says, " ".join(line.strip() for line in below)) for says, below in _entries(function))


def _entries(function: Function) -> Iterator[tuple[str, list[str]]]:
    """Each sentence below the first paragraph of a docstring, and the lines that stand indented below it."""
    says: list[str] = []
    below: list[str] = []
    for line in [*_docstring(function).partition("\n\n")[2].splitlines(), ""]:
        if line.startswith(" "):
            below.append(line)
        elif line and not below:
            says.append(line)
        else:
            if not says or not below:
                raise _wrong(function, f"below {' '.join(says)!r} stand no promises. Write their ids there, indented")
            yield " ".join(says), below
            says, below = [line], []


class _Part(NamedTuple):
    """What stands behind one label: its words in one line, and the lines of a diff below them."""

    label: str
    change: str
    file: str
    words: str
    diff: list[str]


def _labelled(function: Function, below: Sequence[str]) -> list[_Part]:
    parts: list[_Part] = []
    for line in textwrap.dedent("\n".join(below)).splitlines():
        if found := _LABEL.fullmatch(line):
            parts.append(_Part(found["label"], found["change"] or "", found["file"] or "", found["words"], []))
        elif not parts:
            raise _wrong(function, f"{line!r} has no label. Begin it with Source, How, Broken in FILE or Found in FILE")
        elif line[0] in "-+ ":
            parts[-1].diff.append(line)
        else:
            parts[-1] = parts[-1]._replace(words=f"{parts[-1].words} {line}")
    return parts


def _change(function: Function, diff: str) -> tuple[str, str]:
    """What the lines of a diff take away and what they put in: ``- `` old, ``+ `` new, two spaces for both."""
    lines = [(line[:2].strip(), line[2:]) for line in diff.splitlines()]
    if {mark for mark, _ in lines} - {"", "-", "+"} or not any(mark for mark, _ in lines):
        raise _wrong(function, "its docstring needs a diff: begin each line with '- ', '+ ' or two spaces")
    old, new = ("\n".join(line for mark, line in lines if mark in ("", side)) for side in "-+")
    return old, new


def _wrong(function: Function, why: str) -> HarnessError:
    code = function.__code__
    return HarnessError(f"{code.co_filename}:{code.co_firstlineno} {function.__name__}: {why}.")


# ── the families together ────────────────────────────────────────────────────


class Family(NamedTuple):
    """One family of a pack: what its three modules declare, and the folder that they lie in."""

    name: str
    folder: Path
    promises: tuple[Promise, ...]
    statements: tuple[Statement, ...]
    limitations: tuple[Limitation, ...]
    defects: tuple[Defect, ...]
    stand_ins: tuple[StandIn, ...]


def family(package: str, name: str) -> Family:
    """Read the family that lies in one folder of a pack's package. It has promises; the other modules it may lack."""

    def rows(module: str, table: str) -> tuple[Any, ...]:
        module = f"{package}.{name}.{module}"
        return tuple(getattr(import_module(module), table, ())) if util.find_spec(module) else ()

    promises = import_module(f"{package}.{name}.promises")
    return Family(
        name=name,
        folder=Path(str(promises.__file__)).parent,
        promises=tuple(promises.PROMISES),
        statements=(*promises.PROMISES.statements, *rows("promises", "STATEMENTS")),
        limitations=rows("limitations", "LIMITATIONS"),
        defects=(*promises.PROMISES.defects, *rows("defects", "DEFECTS")),
        stand_ins=rows("defects", "STAND_INS"),
    )
