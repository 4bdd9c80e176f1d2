"""Renders the timeline of a check, in virtual seconds.

Three things are told in one order: what was called in the SDK and what came of it, which requests reached the
service and what they were answered, and how long the SDK paused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import merge
from typing import NamedTuple

from atalaya.harness.virtual_clock import Sleep
from atalaya.mock_server.control import Seen

# Who asks, and whether it is the same request once more. The checks make these values up: they are no secrets.
TOLD_HEADERS = ("authorization", "x-tenant-id", "x-app-id", "x-device-id")
BODY_BYTES = 80

CASE = "── "  # begins the note of each case
LONGEST = 200  # lines; of a longer story the beginning and the end are told


class Note(NamedTuple):
    """Something that the check itself knows of: a case that begins, a call, or what came of one.

    ``closes`` is True where all that happened up to this instant came before it.
    """

    at_s: float
    text: str
    closes: bool = False


class _Event(NamedTuple):
    at_s: float
    kind: int  # at one instant, a request comes before the pause that follows it
    number: int
    text: str


def instant(seen: Seen) -> float | None:
    """The virtual second at which a request was in flight, where the witness could say."""
    return float(seen.witness["at_s"]) if isinstance(seen.witness, dict) else None


def request_line(seen: Seen) -> str:
    """One request and its answer: ``GET /jobs/1  ->  200 CREATED #3``."""
    sent = [f"{name}: {seen.headers[name]}" for name in TOLD_HEADERS if name in seen.headers]
    sent += [seen.body[:BODY_BYTES].decode("utf-8", "replace")] if seen.body else []
    answer = seen.fault or f"{seen.status}{' ' + seen.state if seen.state else ''} #{seen.stamp}"
    with_it = f" [{'; '.join(sent)}]" if sent else ""
    return f"{seen.method} {seen.path}{with_it}  ->  {answer}"


def render(notes: Sequence[Note], requests: Iterable[Seen], sleeps: Iterable[Sleep]) -> tuple[str, ...]:
    """The story, a line for each event, in the order in which things happened."""
    last_s = 0.0
    on_the_wire = []
    for seen in requests:
        at_s = instant(seen)
        last_s = last_s if at_s is None else at_s
        on_the_wire.append(_Event(last_s, 0, seen.number, request_line(seen)))
    pauses = [
        _Event(pause.at_s, 1, number, f"the SDK pauses for {pause.seconds:g} s") for number, pause in enumerate(sleeps)
    ]
    events = list(merge(on_the_wire, sorted(pauses)))
    lines, next_event = [], 0
    for note in notes:
        while next_event < len(events) and _comes_before(events[next_event], note):
            lines.append(_line(events[next_event].at_s, events[next_event].text))
            next_event += 1
        lines.append(_line(note.at_s, note.text))
    lines += [_line(event.at_s, event.text) for event in events[next_event:]]
    return _shortened(lines)


def last_case(lines: Sequence[str], *, most: int = 24) -> tuple[str, ...]:
    """The case in which a check ended, which is the one that a reader wants; at most so many lines of it."""
    begins = max((number for number, line in enumerate(lines) if f"  {CASE}" in line), default=0)
    story = lines[begins:]
    if len(story) <= most:
        return tuple(story)
    return (*story[: most // 2], f"{'':13}... {len(story) - most} lines more in the report ...", *story[-most // 2 :])


def _comes_before(event: _Event, note: Note) -> bool:
    return event.at_s < note.at_s or (note.closes and event.at_s == note.at_s)


def _line(at_s: float, text: str) -> str:
    return f"{at_s:9.3f} s  {text}"


def _shortened(lines: list[str]) -> tuple[str, ...]:
    if len(lines) <= LONGEST:
        return tuple(lines)
    half = LONGEST // 2
    left_out = f"            ... {len(lines) - 2 * half} lines are left out here ..."
    return (*lines[:half], left_out, *lines[-half:])
