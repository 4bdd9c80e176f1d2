"""The table of the roads to the wire and the properties that hold on them, and the checks that are made from it.

A road is one way by which a client sends a request: a method of it, or one more option. A pack lists its roads; a
property is a test that takes one of them. Each pair of the two is a cell: it is tested, does not apply since the road
lacks what the property is about, or has a sentence that explains why it is not tested.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from atalaya.core.errors import HarnessError
from atalaya.harness.fixture import Attempt, CheckContext
from atalaya.harness.marks import promise
from atalaya.mock_server.control import Seen
from atalaya.mock_server.scenario import Step

JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the client of a road is built. ``base_url`` is empty for the check's own service."""

    base_url: str = ""
    retries: int = 0
    backoff_s: float = 0.0
    connect_timeout_s: float = 2.0
    read_timeout_s: float = 5.0
    verify: bool = True
    cached: bool = False


@dataclass(frozen=True, kw_only=True)
class Road:
    """One way by which a client sends a request.

    ``method`` and ``path`` are what reaches the service. ``build`` makes a client, and ``take`` takes the road with it.
    A good answer has this ``status`` and ``kind``, and what ``body`` makes of a text; ``heard`` finds that text in what
    the road returned. Three say what is amiss with what became of a call, and nothing where all is well: ``fails``
    where the network was dead, ``refused`` where a status, and a message unless it is empty, was answered, ``empty``
    where a success without a body was. ``traits`` name the parts of the contract that a road has.
    """

    name: str
    method: str
    path: str
    build: Callable[[Any, Settings], Any]
    take: Callable[[Any], Any]
    fails: Callable[[Any, Attempt], str]
    refused: Callable[[Any, int, str, Attempt], str]
    body: Callable[[str], Any] = lambda text: text
    heard: Callable[[Any], Any] = lambda value: value
    empty: Callable[[Attempt], str] = lambda got: ""
    status: int = 200
    kind: str = JSON
    traits: frozenset[str] = field(default_factory=frozenset)

    def good(self, text: str = "well", *, encoding: str = "utf-8", kind: str = "", **headers: str) -> Step:
        """A good answer, with a text in it."""
        from json import dumps

        body = self.body(text)
        raw = body.encode(encoding) if self.kind != JSON else dumps(body, ensure_ascii=False).encode(encoding)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = b"" if self.method == "HEAD" else raw
        return Step(status=self.status, raw=raw, headers={"Content-Type": kind or self.kind, **named})


class Taken(NamedTuple):
    """What became of a call, and the requests that it sent to the check's own service."""

    got: Attempt
    sent: Sequence[Seen]


def take(lab: CheckContext, road: Road, *answers: Step, client: Any = None, settings: Settings | None = None) -> Taken:
    """Take a road that is answered so, with a new client unless one is given."""
    if answers:
        lab.service.answer(road.method, road.path, *answers)
    if client is None:
        client = road.build(lab, settings or Settings())
    before = len(lab.log())
    got = lab.attempt(partial(road.take, client), road.name)
    return Taken(got, lab.log()[before:])


class CellState(enum.Enum):
    """What is done about a road and a property."""

    TESTED = "tested"
    NOT_APPLICABLE = "not applicable"
    EXPLAINED = "explained"


class Cell(NamedTuple):
    """A property and a road, and why it is not tested there, where it is not."""

    property: str
    road: str
    state: CellState
    reason: str


@dataclass(frozen=True, kw_only=True)
class Property:
    """A test that takes a road, the traits that the road needs for it, and roads that have a reason instead."""

    id: str
    test: Callable[[Any, Road], None]
    needs: tuple[str, ...]
    explained: Mapping[str, str]


class Table:
    """The roads of a pack and the properties that were asked of them.

    ``lacking`` says of each trait, in words, what a road is like that does not have it.
    """

    def __init__(self, roads: Sequence[Road], lacking: Mapping[str, str]) -> None:
        self.roads = tuple(roads)
        self.lacking = lacking
        self.properties: dict[str, Property] = {}

    def holds(self, id: str) -> Callable[..., Callable[[CheckContext], None]]:
        """Makes the check of a promise, which is that a property holds on each road: see :meth:`check`."""
        return partial(self.check, id)

    def check(
        self, id: str, test: Callable[[Any, Road], None], *, needs: str = "", explained: Mapping[str, str] | None = None
    ) -> Callable[[CheckContext], None]:
        """The check of a property: a case for each road that it is tested on.

        :param needs: the traits, by spaces, without which a road has nothing to do with the property.
        :param explained: why roads that have them are not tested, by name.
        """
        made = Property(id=id, test=test, needs=tuple(needs.split()), explained=explained or {})
        known = {road.name for road in self.roads}
        if wrong := [*(set(made.needs) - set(self.lacking)), *(set(made.explained) - known)]:
            raise HarnessError(f"{id}: the table has no road and no trait that is called {wrong[0]!r}")
        self.properties[id] = made
        tested = [road for road in self.roads if self.cell(made, road).state is CellState.TESTED]

        @promise(id)
        def check(lab: CheckContext) -> None:
            for road in tested:
                with lab.trial(road.name):
                    test(lab, road)

        return check

    def cell(self, property: Property, road: Road) -> Cell:
        """What is done about one road and one property."""
        if road.name in property.explained:
            return Cell(property.id, road.name, CellState.EXPLAINED, property.explained[road.name])
        for trait in property.needs:
            if trait not in road.traits:
                return Cell(property.id, road.name, CellState.NOT_APPLICABLE, self.lacking[trait])
        return Cell(property.id, road.name, CellState.TESTED, "")

    def cells(self) -> Iterator[Cell]:
        """Every cell, a property after the other."""
        return (self.cell(property, road) for property in self.properties.values() for road in self.roads)
