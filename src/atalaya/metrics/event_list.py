"""Lists the unexpected events of a watch, each once."""

from __future__ import annotations

import msgspec

from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.stored import FORMAT, Event


def unexpected_events(engine: Engine, span: MetricQuery) -> tuple[Event, ...]:
    """The events that no test provoked, oldest first: each once, whatever tells of it.

    :raises EvidenceError: a segment cannot be read.
    """
    rows = engine.ask("event_list", span.parameters())
    return tuple(msgspec.convert(row | {"format": row["format"] or FORMAT}, Event) for row in rows)
