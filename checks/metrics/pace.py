"""At which pace is the window's budget of errors spent?

An early sign, which decides nothing: it is looked at each hour, and who looks that often sees alarms that are none.
"""

from __future__ import annotations

from datetime import timedelta

from checks.metrics.burn import ALERTS, Alert, Events, budget_used, burn_rate, burning
from checks.metrics.engine import Engine
from checks.metrics.span import Span, iso
from checks.records import Pace, PaceSign


def pace(engine: Engine, span: Span) -> Pace:
    """What of the budget is spent, and each of the alerts as of the instant asked about.

    :raises EvidenceError: a segment cannot be read.
    """
    slo = span.settings.thresholds.requests_slo
    so_far = _since(engine, span, span.release.window_h)
    elapsed = (span.until - span.release.opened_at) / timedelta(hours=1)
    expected = so_far.total * span.release.window_h / elapsed if elapsed > 0 else 0.0
    return Pace(
        slo=slo,
        bad=so_far.bad,
        total=so_far.total,
        used=budget_used(so_far.bad, expected, slo) if so_far.total else None,
        signs=tuple(_sign(engine, span, alert, slo) for alert in ALERTS),
    )


def _sign(engine: Engine, span: Span, alert: Alert, slo: float) -> PaceSign:
    long, short = (_since(engine, span, hours) for hours in (alert.long_h, alert.short_h))
    return PaceSign(
        long_h=alert.long_h, short_h=alert.short_h, limit=alert.rate, long_rate=burn_rate(*long, slo),
        short_rate=burn_rate(*short, slo), burns=burning(long, short, slo=slo, rate=alert.rate),
    )  # fmt: skip


def _since(engine: Engine, span: Span, hours: float) -> Events:
    since = iso(span.until - timedelta(hours=hours))
    (row,) = engine.ask("burn", {**span.parameters(), "since": since})
    return Events(row["bad"], row["total"])
