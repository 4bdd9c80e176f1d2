"""A metric that nobody has, as the recipe in CONTRIBUTING.md adds one: this module, and the question beside it."""

from __future__ import annotations

from atalaya.core.words import Text, text
from atalaya.metrics.definitions import MetricDefinition
from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.judged import Metric, State


def slow_exports(it: MetricDefinition, engine: Engine, span: MetricQuery) -> Metric:
    rows = engine.ask(it.question, span.parameters(it.id))
    events, trials = (sum(row[name] for row in rows) for name in ("events", "trials"))
    return Metric(
        id=it.id,
        value=float(events) if trials else None,
        low=None,
        high=None,
        n=trials,
        k=events if trials else None,
        unit="events",
        exposure=text("checks"),
        source=Text(template=it.source),
        state=State.MEETS if trials else State.UNKNOWN,
        threshold=text("none"),
        method=text("A count."),
        text=text("Slow: {n}", n=events),
        reason=text("No export was timed."),
        critical=it.critical,
        acts=it.acts,
        inputs={"events": events, "trials": trials},
        derivation=(text("Counted: {n}.", n=events),),
    )
