"""Scripted answers: decides what the service answers to each request.

A resource lives a *life*: a sequence of steps, one for each time that somebody asks, of which the last
repeats. ``CREATED, CREATED, READY`` is a life; so is ``CREATED`` (it never becomes anything), and
``CREATED, FAILED``. Any path can be given steps too. Which paths are a resource's, and what they answer by
themselves, a check pack says in a subclass of :class:`Lives`. No socket is known here: a method, a target
and a body go in, and a status, a body and headers come out.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs

from atalaya.mock_server.faults import FAULTS
from atalaya.mock_server.http1 import JSON, STAMP_HEADER, TRACE_HEADER, Request, error_object, to_json


class _Unset(enum.Enum):
    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


TOGETHER_S = 1.0  # real seconds
UNSET: Final = _Unset.UNSET  # None is a JSON value, and may be asked for


@dataclass(frozen=True, kw_only=True)
class Step:
    """One answer of a script.

    The body is ``json``, or ``raw``, or a status object in ``state`` with ``fields`` laid over it. With
    none of them, a ``status`` of 400 or more brings the four-key error object, a lower one an empty body,
    and no status at all the answer that the route gives without a script. ``delay_s`` passes first, in
    real time. With ``together``, the answer then waits until so many requests of its path are under way, for
    :data:`TOGETHER_S` at the most. ``fault`` (a name in :data:`atalaya.mock_server.faults.FAULTS`) may spoil what is
    sent.
    ``headers`` are added; ``trace_id`` goes into the ``X-Trace-ID`` header, and into an error object.

    >>> Step(state="FAILED", fields={"failure_reason_code": "NO_ROWS"}).state
    'FAILED'
    >>> Step(state="READY", raw=b"ready")
    Traceback (most recent call last):
    ...
    ValueError: Step: give one of state, json and raw, not state and raw
    """

    state: str | None = None
    status: int | None = None
    json: Any = UNSET
    raw: bytes | None = None
    fault: str | None = None
    delay_s: float = 0.0
    together: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    trace_id: str | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("state", "json", "raw") if getattr(self, name) not in (None, UNSET)]
        if len(given) > 1:
            raise ValueError(f"Step: give one of state, json and raw, not {' and '.join(given)}")
        if self.fault is not None and self.fault not in FAULTS:
            raise ValueError(f"Step: no fault is named {self.fault!r}. There are: {', '.join(FAULTS)}")
        if not 0 <= self.delay_s < 3600:
            raise ValueError(f"Step: delay_s is {self.delay_s!r}, not a number of seconds from 0 to an hour")
        if self.together < 0:
            raise ValueError(f"Step: together is {self.together!r}, not a number of requests")
        if self.status is not None and not 200 <= self.status <= 599:
            raise ValueError(f"Step: status is {self.status!r}, not a final HTTP status (200 to 599)")

    def to_wire(self) -> dict[str, Any]:
        """What crosses to the service's process, as JSON can carry it."""
        wire = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        if self.json is UNSET:
            del wire["json"]
        if self.raw is not None:
            wire["raw"] = base64.b64encode(self.raw).decode()
        return wire | {"headers": dict(self.headers), "fields": dict(self.fields)}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Step:
        """The step that :meth:`to_wire` wrote."""
        raw = wire.get("raw")
        return cls(**{**wire, "raw": None if raw is None else base64.b64decode(raw)})


def as_step(step: Step | str) -> Step:
    """A step; a mere word is a state."""
    return step if isinstance(step, Step) else Step(state=step)


class Answer(NamedTuple):
    """What will be sent unless a fault spoils it. ``state`` is the resource's, where the answer tells it."""

    status: int
    body: bytes
    headers: dict[str, str]
    state: str | None
    content_type: str = JSON


class Life:
    """Steps, and how far they have been walked."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        if not steps:
            raise ValueError("a script needs at least one step")
        self._steps = steps
        self._walked = 0

    def next(self) -> Step:
        step = self._steps[min(self._walked, len(self._steps) - 1)]
        self._walked += 1
        return step


class Resource:
    """One thing that the service knows: its life, the state it was last seen in, and what it was asked for with."""

    def __init__(self, id: str, life: Life, asked: Mapping[str, Any] | None = None) -> None:
        self.id = id
        self.life = life
        self.state = ""
        self.asked = dict(asked or {})


class Turn(NamedTuple):
    """One request, and the step that is its answer. Taken at once, answered after the step's delay."""

    request: Request
    path: str
    query: str
    resource: Resource | None
    step: Step


class Lives:
    """The scripts of one scope. Not safe for threads by itself: the scope holds its lock around it.

    A check pack's subclass knows its resources. As it is, it answers what is scripted by path, and echoes the rest.
    """

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.resources: dict[str, Resource] = {}
        self.default: tuple[Step, ...] = ()
        self._answers: dict[tuple[str, str], Life] = {}

    # ── what a check pack says ──

    def resource_at(self, method: str, path: str) -> tuple[str, bool] | None:
        """The resource that a request is about, and whether asking walks its life on; None where there is none."""
        return None

    def state_object(self, resource: Resource, stamp: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What is answered of a resource in its state, with ``fields`` laid over it and the answer's stamp in it."""
        return {"id": resource.id, "status": resource.state, "stamp": stamp, **fields}

    def routed(self, turn: Turn, headers: dict[str, str], stamp: int) -> Answer:
        """What a path without a script answers."""
        query = parse_qs(turn.query, keep_blank_values=True)
        return Answer(200, to_json({"stamp": stamp, "path": turn.path, "query": query}), headers, None)

    # ── writing the scripts ──

    def script(self, id: str, steps: tuple[Step, ...]) -> None:
        """Give a resource its life. An older life of the same resource is over."""
        self.resources[id] = Resource(id, Life(steps))

    def default_life(self, steps: tuple[Step, ...]) -> None:
        """The life of every resource that has no script, those not yet heard of included."""
        Life(steps)
        self.default = steps

    def answer(self, method: str, path: str, steps: tuple[Step, ...]) -> None:
        """Answer a path, with or without a query, by these steps instead of what its route would say."""
        self._answers[method.upper(), path] = Life(steps)

    # ── taking turns ──

    def take(self, request: Request) -> Turn:
        """Which step is this request's? It is walked over by asking."""
        path, _, query = request.target.partition("?")
        if self.prefix and not path.startswith(f"{self.prefix}/"):
            nowhere = Step(status=404, json=error_object("NOT_FOUND", f"Nothing is served outside {self.prefix}/"))
            return Turn(request, path, query, None, nowhere)
        path = path.removeprefix(self.prefix)
        target = f"{path}?{query}" if query else path
        resource, walks = self._resource(request.method, path)
        life = self._answers.get((request.method, target)) or self._answers.get((request.method, path))
        if life is None and resource is not None and walks:
            life = resource.life
        return Turn(request, path, query, resource, life.next() if life else Step())

    def _resource(self, method: str, path: str) -> tuple[Resource | None, bool]:
        found = self.resource_at(method, path)
        if found is None:
            return None, False
        id, walks = found
        if id not in self.resources and self.default:
            self.resources[id] = Resource(id, Life(self.default))
        return self.resources.get(id), walks

    def answer_to(self, turn: Turn, stamp: int) -> Answer:
        """The answer of a turn, stamped."""
        step = turn.step
        headers = {STAMP_HEADER: str(stamp), **step.headers}
        if step.trace_id is not None:
            headers[TRACE_HEADER] = step.trace_id
        if step.raw is not None:
            kind = next((value for name, value in headers.items() if name.lower() == "content-type"), JSON)
            kept = {name: value for name, value in headers.items() if name.lower() != "content-type"}
            return Answer(step.status or 200, step.raw, kept, None, kind)
        if step.json is not UNSET:
            return Answer(step.status or 200, to_json(step.json), headers, None)
        if step.state is not None:
            return self._status(turn, step, headers, stamp)
        if step.status is not None:
            body = self._error(step.status, step) if step.status >= 400 else b""
            return Answer(step.status, body, headers, None)
        return self.routed(turn, headers, stamp)

    def _status(self, turn: Turn, step: Step, headers: dict[str, str], stamp: int) -> Answer:
        resource = turn.resource or Resource("scripted", Life((step,)))
        resource.state = str(step.state)
        status = step.status or (201 if turn.request.method == "POST" else 200)
        return Answer(status, to_json(self.state_object(resource, stamp, step.fields)), headers, step.state)

    def _error(self, status: int, step: Step) -> bytes:
        return to_json(error_object(f"SCRIPTED_{status}", f"Answered {status}, as scripted.", trace_id=step.trace_id))
