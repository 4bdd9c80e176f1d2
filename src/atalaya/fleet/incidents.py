"""The incidents of a release, as its row shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from atalaya.fleet.row import MOST
from atalaya.fleet.strangers import cut
from atalaya.records.fleet import FleetIncident
from atalaya.records.judged import Incident
from atalaya.records.stored import IncidentStep
from atalaya.watch.state_at import incident_steps
from atalaya.watch.states import OVER


def most(incidents: Iterable[FleetIncident]) -> tuple[FleetIncident, ...]:
    """As many as a row keeps, in their order: where there are more, those that are open."""
    found = tuple(incidents)
    return found if len(found) <= MOST else tuple(sorted(found, key=lambda one: not one.is_open))[:MOST]


def incident(one: Incident | IncidentStep, id: str, opened_at: datetime) -> FleetIncident:
    """What is shown of an incident, by its page or by its last step."""
    return FleetIncident(
        id=cut(id),
        state=cut(one.state),
        is_open=one.state.lower() not in OVER,
        severity=one.severity,
        opened_at=opened_at,
        impact=cut(one.impact),
        metric=cut(one.metric),
    )


def incidents_of(recorded: Sequence[IncidentStep]) -> Iterator[FleetIncident]:
    """Each incident by its steps, the one that was opened first comes first."""
    steps, _ = incident_steps(recorded)
    latest = {one.incident: one for one in steps}
    for one in sorted(latest.values(), key=lambda step: (step.opened_at, step.incident)):
        made = incident(one, one.incident, one.opened_at)
        yield replace(made, rule=cut(one.rule), causes=tuple(map(cut, one.fingerprints[:MOST])))
