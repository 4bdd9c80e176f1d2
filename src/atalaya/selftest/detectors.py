"""Seeds events into what the smoke sees and into what the log reader reads, and notes which of them are seen.

Everything really runs: the smoke against the reference SDK with a change or a fault of the network in it, the reader
on logs that are written for it. Beside what is seeded, each detector is shown what it must not take for an event.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from atalaya.core.errors import HarnessError
from atalaya.harness.declare import SeededEvent
from atalaya.harness.fault_plan import NO_FAULTS, FaultInjection, FaultPlan
from atalaya.harness.runner import run_smoke
from atalaya.records.stored import EventKind
from atalaya.sdk.prepare import Prepared
from atalaya.selftest.detector_record import Sight
from atalaya.selftest.prove import in_order
from atalaya.selftest.seeded_faults import inject
from atalaya.selftest.seeded_logs import DECOYS, LAYOUTS, WORDINGS

HEALTHY_WAITS = 20
STALLED = 2  # more at once than there are processors: where nothing is answered, a smoke waits for five real seconds

ReadLog = Callable[[bytes], Sequence[EventKind]]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was shown to a detector: ``event`` is what it should have seen, None for nothing."""

    id: str
    event: EventKind | None
    events: tuple[EventKind, ...]

    @property
    def well(self) -> bool:
        """Whether what was seeded was seen; where nothing was, whether nothing was seen."""
        return self.event in self.events if self.event is not None else not self.events


def show_smoke(
    prepared: Prepared,
    *,
    seeded: Sequence[SeededEvent] | None = None,
    jobs: int = 0,
    hear: Callable[[Seen], None] = lambda seen: None,
) -> Sight:
    """Run the pack's smoke once for each thing that is seeded, and once with nothing wrong.

    :param prepared: an environment that has what the reference SDK needs, made quick to start.
    :param seeded: some of the pack's; None means all of them.
    :param jobs: how many at once; 0 means as many as the machine can do.
    :param hear: called with each result, in the order of the pack.
    """
    sick = prepared.pack.seeded if seeded is None else seeded
    shown: list[SeededEvent | None] = [*sick, None] if sick else []
    jobs = jobs or (os.cpu_count() or 1) + STALLED
    return _sight(in_order(lambda one: _smoke_sees(prepared, one), shown, jobs=jobs), hear)


def _smoke_sees(prepared: Prepared, seeded: SeededEvent | None) -> Seen:
    if seeded is None:
        return Seen(id="healthy", event=None, events=_events(prepared, HEALTHY_WAITS))
    weather = NO_FAULTS
    if seeded.fault:
        where = {"wait": seeded.wait, "request": seeded.request, "times": seeded.times}
        weather = FaultPlan(gusts=(FaultInjection(fault=seeded.fault, **where),))
    waits = seeded.wait + 1
    if not seeded.file:
        events = _events(prepared, waits, weather)
    else:
        with tempfile.TemporaryDirectory(prefix="atalaya-seeded-") as folder:
            source = inject(prepared.pack, seeded, Path(folder))
            events = _events(msgspec.structs.replace(prepared, paths=(source,)), waits, weather)
    return Seen(id=seeded.id, event=seeded.event, events=events)


def _events(prepared: Prepared, waits: int, weather: FaultPlan = NO_FAULTS) -> tuple[EventKind, ...]:
    try:
        run = run_smoke(prepared, waits=waits, weather=weather)
    except HarnessError:
        return ()  # a smoke that ends without a result has seen nothing
    return tuple(event.kind for event in run.events)


def show_logs(
    read: ReadLog, *, layouts: Sequence[str] = tuple(LAYOUTS), hear: Callable[[Seen], None] = lambda seen: None
) -> Sight:
    """Give the reader a log for each wording in each layout, and for each decoy: the events of each, once.

    :param read: the kinds of the events that the reader finds in a log; of a wording it must find one.
    """
    return _sight(_read(read, layouts), hear)


def _read(read: ReadLog, layouts: Sequence[str]) -> Iterator[Seen]:
    for kind, wordings in WORDINGS.items():
        for name, line in wordings.items():
            for layout in layouts:
                found = tuple(read(LAYOUTS[layout](line)))
                # One event is one: a reader that finds two of them has not read it well.
                yield Seen(id=f"{name}/{layout}", event=kind, events=found if len(found) == 1 else ())
    for name, line in DECOYS.items():
        for layout in layouts:
            yield Seen(id=f"{name}/{layout}", event=None, events=tuple(read(LAYOUTS[layout](line))))


def _sight(results: Iterator[Seen], hear: Callable[[Seen], None]) -> Sight:
    seeded: dict[EventKind, dict[str, bool]] = {}
    nothing: dict[str, bool] = {}
    for seen in results:
        hear(seen)
        of_kind = nothing if seen.event is None else seeded.setdefault(seen.event, {})
        of_kind[seen.id] = seen.well
    return Sight(seeded=seeded, nothing=nothing)
