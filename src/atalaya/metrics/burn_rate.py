"""Computes how fast the window's error budget is spent (the burn-rate view).

An early sign, which decides nothing: it is looked at each hour, and who looks that often sees alarms that are none.
"""

from __future__ import annotations

from datetime import timedelta

from atalaya.core.window import elapsed_h
from atalaya.metrics.engine.engine import Engine
from atalaya.metrics.stats.burn import ALERTS, Alert, Events, budget_used, burn_rate, burning
from atalaya.metrics.window_query import MetricQuery, iso
from atalaya.records.judged import Burning, BurnRate, BurnRateSign


def pace(engine: Engine, span: MetricQuery) -> BurnRate:
    """What of the budget is spent, and each of the alerts as of the instant asked about.

    :raises EvidenceError: a segment cannot be read.
    """
    slo = span.settings.thresholds.requests_slo
    so_far = _since(engine, span, span.release.window_h + 1)  # T+0 itself is among it
    elapsed = elapsed_h(span.release, span.until)
    expected = so_far.total * span.release.window_h / elapsed if elapsed > 0 else 0.0
    return BurnRate(
        slo=slo,
        bad=so_far.bad,
        total=so_far.total,
        used=budget_used(so_far.bad, expected, slo) if so_far.total else None,
        signs=tuple(_sign(engine, span, alert, slo) for alert in ALERTS),
    )


def _sign(engine: Engine, span: MetricQuery, alert: Alert, slo: float) -> BurnRateSign:
    long, short = (_since(engine, span, hours) for hours in (alert.long_h, alert.short_h))
    # A log tells of errors and not of requests: where more went wrong than was counted, there is no rate.
    tried = [some.bad <= some.total for some in (long, short)]
    return BurnRateSign(
        long_h=alert.long_h,
        short_h=alert.short_h,
        limit=alert.rate,
        long_rate=burn_rate(*long, slo) if tried[0] else None,
        short_rate=burn_rate(*short, slo) if tried[1] else None,
        burns=burning(long, short, slo=slo, rate=alert.rate) if all(tried) else Burning.UNKNOWN,
    )


def _since(engine: Engine, span: MetricQuery, hours: float) -> Events:
    since = iso(span.until - timedelta(hours=hours))
    (row,) = engine.ask("burn", {**span.parameters(), "since": since})
    return Events(row["bad"], row["total"])
