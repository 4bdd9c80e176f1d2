"""What does the service answer next?

An export lives a *life*: a sequence of steps, one for each time that somebody asks, of which the last
repeats. ``CREATED, CREATED, READY`` is a life; so is ``CREATED`` (it never becomes anything), and
``CREATED, FAILED``. Any other path can be given steps too. No socket is known here: a method, a target
and a body go in, and a status, a body and headers come out.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, unquote

from checks.service.faults import FAULTS
from checks.service.wire import JSON, STAMP_HEADER, TRACE_HEADER, Request, error_object, to_json

EXPORTS = "/aris3/exports"
HEALTH = "/health"
MADE_AT = "2030-01-01T00:00:00Z"  # always the same, so that two runs of one check are answered alike


class _Unset(enum.Enum):
    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset.UNSET  # None is a JSON value, and may be asked for


@dataclass(frozen=True, kw_only=True)
class Step:
    """One answer of a script.

    The body is ``json``, or ``raw``, or a status object in ``state`` with ``fields`` laid over it. With
    none of them, a ``status`` of 400 or more brings the four-key error object, a lower one an empty body,
    and no status at all the answer that the route gives without a script. ``delay_s`` passes first, in
    real time, and ``fault`` (a name in :data:`checks.service.faults.FAULTS`) may then spoil what is sent.
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


ORDINARY_LIFE = (Step(state="CREATED"), Step(state="CREATED"), Step(state="READY"))


class Answer(NamedTuple):
    """What will be sent unless a fault spoils it. ``state`` is the export's, where the answer tells it."""

    status: int
    body: bytes
    headers: dict[str, str]
    state: str | None
    content_type: str = JSON


class _Life:
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


class _Export:
    """One export: what it is, its life, and the state it was last seen in."""

    def __init__(self, export_id: str, life: _Life, asked: Mapping[str, Any] | None = None) -> None:
        self.export_id = export_id
        self.life = life
        self.state = "CREATED"
        self.asked = dict(asked or {})

    def status_object(self, stamp: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """All fields that a status object must have; ``row_count`` is the stamp of the answer."""
        return {
            "export_id": self.export_id,
            "tenant_id": "tenant-1",
            "store_id": "store-1",
            "source_type": self.asked.get("source_type", "reports_daily"),
            "format": self.asked.get("format", "csv"),
            "filters_snapshot": self.asked.get("filters") or {},
            "status": self.state,
            "row_count": stamp,
            "created_at": MADE_AT,
            **fields,
        }


class Turn(NamedTuple):
    """One request, and the step that is its answer. Taken at once, answered after the step's delay."""

    request: Request
    path: str
    query: str
    export: _Export | None
    step: Step


class Lives:
    """The scripts of one scope. Not safe for threads by itself: the scope holds its lock around it."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self._exports: dict[str, _Export] = {}
        self._answers: dict[tuple[str, str], _Life] = {}
        self._default: tuple[Step, ...] = ()

    # ── writing the scripts ──

    def script(self, export_id: str, steps: tuple[Step, ...]) -> None:
        """Give an export its life. An older life of the same export is over."""
        self._exports[export_id] = _Export(export_id, _Life(steps))

    def default_life(self, steps: tuple[Step, ...]) -> None:
        """The life of every export that has no script, those not yet heard of included."""
        _Life(steps)
        self._default = steps

    def answer(self, method: str, path: str, steps: tuple[Step, ...]) -> None:
        """Answer a path, with or without a query, by these steps instead of what its route would say."""
        self._answers[method.upper(), path] = _Life(steps)

    # ── taking turns ──

    def take(self, request: Request) -> Turn:
        """Which step is this request's? It is walked over by asking."""
        path, _, query = request.target.partition("?")
        if self.prefix and not path.startswith(f"{self.prefix}/"):
            nowhere = Step(status=404, json=error_object("NOT_FOUND", f"Nothing is served outside {self.prefix}/"))
            return Turn(request, path, query, None, nowhere)
        path = path.removeprefix(self.prefix)
        target = f"{path}?{query}" if query else path
        export = self._export_at(request.method, path)
        life = self._answers.get((request.method, target)) or self._answers.get((request.method, path))
        if life is None and export is not None and path.count("/") == 3:
            life = export.life  # only asking for its status moves an export on
        return Turn(request, path, query, export, life.next() if life else Step())

    def _export_at(self, method: str, path: str) -> _Export | None:
        parts = path.split("/")
        if method not in ("GET", "HEAD") or not path.startswith(f"{EXPORTS}/") or not parts[3]:
            return None
        if len(parts) > 5 or (len(parts) == 5 and parts[4] != "download"):
            return None
        export_id = unquote(parts[3])
        if export_id not in self._exports and self._default:
            self._exports[export_id] = _Export(export_id, _Life(self._default))
        return self._exports.get(export_id)

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
        return self._routed(turn, headers, stamp)

    def _status(self, turn: Turn, step: Step, headers: dict[str, str], stamp: int) -> Answer:
        export = turn.export or _Export("scripted", _Life((step,)))
        export.state = str(step.state)
        status = step.status or (201 if turn.request.method == "POST" else 200)
        return Answer(status, to_json(export.status_object(stamp, step.fields)), headers, step.state)

    def _error(self, status: int, step: Step) -> bytes:
        return to_json(error_object(f"SCRIPTED_{status}", f"Answered {status}, as scripted.", trace_id=step.trace_id))

    # ── what the routes say by themselves ──

    def _routed(self, turn: Turn, headers: dict[str, str], stamp: int) -> Answer:
        method, path = turn.request.method, turn.path
        if path == EXPORTS and method == "POST":
            return self._made(turn, headers, stamp)
        if method in ("GET", "HEAD"):
            if path == EXPORTS:
                return self._listed(turn, headers, stamp)
            if path.startswith(f"{EXPORTS}/"):
                return self._one(turn, headers, stamp)
            if path == HEALTH:
                return Answer(200, to_json({"status": "ok", "stamp": stamp}), headers, None)
        query = parse_qs(turn.query, keep_blank_values=True)
        return Answer(200, to_json({"stamp": stamp, "path": path, "query": query}), headers, None)

    def _made(self, turn: Turn, headers: dict[str, str], stamp: int) -> Answer:
        try:
            asked = json.loads(turn.request.body)
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            error = error_object("BAD_REQUEST", "The body must be a JSON object: the export that is wanted.")
            return Answer(400, to_json(error), headers, None)
        number = len(self._exports) + 1
        while f"export-{number}" in self._exports:
            number += 1
        export = _Export(f"export-{number}", _Life(self._default or ORDINARY_LIFE), asked)
        self._exports[export.export_id] = export
        return Answer(201, to_json(export.status_object(stamp, {})), headers, export.state)

    def _listed(self, turn: Turn, headers: dict[str, str], stamp: int) -> Answer:
        rows = [export.status_object(stamp, {}) for export in reversed(self._exports.values())]
        size = parse_qs(turn.query).get("page_size", [""])[-1]
        rows = rows[: int(size)] if size.isascii() and size.isdigit() else rows
        return Answer(200, to_json({"rows": rows}), headers, None)

    def _one(self, turn: Turn, headers: dict[str, str], stamp: int) -> Answer:
        export = turn.export
        if export is None:
            error = error_object("NOT_FOUND", f"There is no export at {turn.path}.", trace_id=turn.step.trace_id)
            return Answer(404, to_json(error), headers, None)
        if turn.path.endswith("/download") and turn.path.count("/") == 4:
            content = f"export_id,stamp\r\n{export.export_id},{stamp}\r\n".encode()
            return Answer(200, content, headers, None, "text/csv")
        return Answer(200, to_json(export.status_object(stamp, turn.step.fields)), headers, export.state)
