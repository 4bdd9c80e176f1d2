"""Tests that the signs of health are judged by exact tests against their limits, and that silence is not health."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from scipy import stats

from atalaya.core.settings import HealthSettings
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.health.failed_ends import failed_ends
from atalaya.metrics.health.judge import health
from atalaya.metrics.health.ready_latency import ready_latency
from atalaya.metrics.health.retries import retries
from atalaya.metrics.health.runs import Told, told, totals
from atalaya.metrics.health.start_failures import start_failures
from atalaya.metrics.measure import basis_of
from atalaya.metrics.stats.sequential import limit
from atalaya.metrics.window_query import Baseline, HealthTotals, MetricQuery
from atalaya.records.judged import HealthSign, HealthState
from atalaya.records.stored import Environment, Health, record_metadata
from tests.metrics.conftest import T0
from tests.tables import each_row

LIMITS = HealthSettings()
LAST = limit(3)  # the level of the last look: 0.04507


def run(hour: float = 1, **told_of: Any) -> Told:
    """What a run of this hour tells: times of waits that became READY, and how many ended FAILED."""
    ready, failed = told_of.pop("ready_ms", ()), told_of.pop("failed", 0)
    values: dict[str, Any] = {
        "service": False,
        "python": "3.12.4",
        "start_error": None,
        "clock": "virtual",
        "requests": None,
        "retries": None,
        "ends": (*(("READY", took_ms) for took_ms in ready), *[("FAILED", 200.0)] * failed),
    }
    return Told(at=T0 + timedelta(hours=hour), **(values | told_of))


def before(ready_ms: Sequence[float] = (), requests: int = 0, again: int = 0) -> Baseline:
    known = HealthTotals(ready_ms=tuple(ready_ms), requests=requests, retries=again)
    return Baseline(version="1.0.0", metrics={}, jobs={}, health=known)


# ── READY's latency ──────────────────────────────────────────────────────────


def latency(base: Sequence[float], new: Sequence[float], level: float = LAST) -> HealthSign:
    return ready_latency([run(ready_ms=new)], before(base), level, LIMITS)


def test_the_percentiles_are_those_of_numpy() -> None:
    drawn = random.Random(7)
    times = [round(drawn.lognormvariate(6, 0.5), 1) for _ in range(211)]
    found = latency(times, times)
    assert (found.p50_ms, found.p95_ms, found.p99_ms) == tuple(np.percentile(times, (50, 95, 99)))
    assert (found.n, found.clock) == (211, "virtual")


def test_times_that_are_surely_longer_by_more_than_the_limit_are_over_it() -> None:
    drawn = random.Random(7)
    base = [drawn.gauss(200, 10) for _ in range(60)]
    new = [took_ms * 1.4 for took_ms in base]
    found = latency(base, new)
    expected = stats.mannwhitneyu(new, base, alternative="greater", method="asymptotic").pvalue
    assert (found.state, found.p) == (HealthState.OVER, pytest.approx(expected))
    assert "Surely longer, by more than the limit" in str(found.reason)


def test_times_that_are_surely_longer_by_less_than_the_limit_are_within_it() -> None:
    drawn = random.Random(7)
    base = [drawn.gauss(200, 10) for _ in range(60)]
    found = latency(base, [took_ms * 1.2 for took_ms in base])
    assert found.state is HealthState.WITHIN
    assert "Longer, by less than the limit" in str(found.reason)


def test_a_few_long_times_may_be_chance() -> None:
    base = [float(200 + number) for number in range(40)]
    found = latency(base, [*base[:-3], 900.0, 901.0, 902.0])
    assert (found.state, found.p95_ms and found.p95_ms > 1.3 * 240) == (HealthState.TOO_FEW, True)


def test_times_that_are_all_the_same_show_no_difference() -> None:
    found = latency([200.0] * 1440, [200.0] * 80)
    assert (found.state, found.p) == (HealthState.WITHIN, 1.0)
    assert "No difference seen" in str(found.reason)


@each_row(("base_n", "new_n"), [(1440, 80), (80, 1440), (40, 40)])
def test_times_that_are_the_same_on_each_side_are_told_apart_all_the_same(base_n: int, new_n: int) -> None:
    found = latency([200.0] * base_n, [600.0] * new_n)
    assert (found.state, found.p is not None and found.p < 1e-6) == (HealthState.OVER, True)


def test_times_of_nothing_can_be_exceeded_too() -> None:
    states = [latency([0.0] * 40, [took_ms] * 40).state for took_ms in (0.0, 200.0)]
    assert states == [HealthState.WITHIN, HealthState.OVER]


def test_where_most_times_are_the_same_the_longer_ones_are_counted_by_fishers_test() -> None:
    base, new = [200.0] * 99 + [400.0], [200.0] * 30 + [400.0] * 6
    found = latency(base, new)
    expected = stats.fisher_exact([[6, 30], [1, 99]], alternative="greater").pvalue
    assert (found.state, found.p) == (HealthState.OVER, pytest.approx(expected))
    assert "6 of 36 waits took longer than the limit against 1 of 100" in str(found.reason)


def test_a_look_is_judged_at_its_own_level() -> None:
    base, new = [200.0] * 99 + [400.0], [200.0] * 30 + [400.0] * 5
    assert limit(1) < stats.fisher_exact([[5, 30], [1, 99]], alternative="greater").pvalue < limit(2)
    assert [latency(base, new, limit(look)).state for look in (1, 2, 3)] == [
        HealthState.TOO_FEW,
        HealthState.OVER,
        HealthState.OVER,
    ]


def test_below_six_times_on_a_side_nothing_is_told() -> None:
    assert latency([200.0] * 5, [600.0] * 100).state is HealthState.TOO_FEW
    assert latency([200.0] * 6, [600.0] * 100).state is HealthState.OVER


def test_the_runs_with_a_time_above_the_limit_are_those_that_were_not_well() -> None:
    runs = [run(1, ready_ms=[200.0, 260.0]), run(2, ready_ms=[200.0, 261.0]), run(3)]
    found = ready_latency(runs, before([200.0] * 20), LAST, LIMITS)
    assert [(one.at, one.well) for one in found.runs] == [(runs[0].at, True), (runs[1].at, False)]


def test_the_limit_of_the_settings_counts() -> None:
    runs = [run(ready_ms=[300.0] * 40)]
    states = [
        ready_latency(runs, before([200.0] * 40), LAST, HealthSettings(ready_p95_ratio=ratio)).state
        for ratio in (1.49, 1.5)
    ]
    assert states == [HealthState.OVER, HealthState.WITHIN]


# ── retries ──────────────────────────────────────────────────────────────────


@each_row(
    ("again", "requests", "base_again", "base_requests", "expected"),
    [
        (9, 40_000, 6, 90_000, HealthState.OVER),  # p = 0.0181
        (2, 100, 0, 10_000, HealthState.WITHIN),  # a rise counts from three on
        (3, 100, 0, 10_000, HealthState.OVER),
        (0, 400, 0, 400, HealthState.WITHIN),
        (4, 6, 0, 6, HealthState.TOO_FEW),
        (9, 40_000, 40, 90_000, HealthState.WITHIN),
    ],
)
def test_retries_are_held_against_the_last_release_by_the_exact_poisson_test(
    again: int, requests: int, base_again: int, base_requests: int, expected: HealthState
) -> None:
    found = retries([run(requests=requests, retries=again)], before((), base_requests, base_again), LAST)
    p = stats.binom.sf(again - 1, again + base_again, requests / (requests + base_requests))
    assert (found.state, found.p) == (expected, pytest.approx(p))
    assert (found.k, found.n, found.value) == (again, requests, again / requests)


def test_a_smoke_that_did_not_look_for_retries_has_not_seen_that_there_are_none() -> None:
    assert retries([run()], before((), 10, 0), LAST).state is HealthState.NOTHING


# ── FAILED ends ──────────────────────────────────────────────────────────────


def hourly(hours: int, failed: dict[int, int]) -> list[Told]:
    """A smoke of 20 waits an hour, of which so many ended FAILED."""
    return [
        run(hour, ready_ms=[200.0] * (20 - failed.get(hour, 0)), failed=failed.get(hour, 0))
        for hour in range(1, hours + 1)
    ]


def test_the_worst_six_hours_are_tested_against_the_limit_at_a_level_for_each() -> None:
    found = failed_ends(hourly(24, {10: 5, 12: 6}), LAST, LIMITS)
    # 11 of the 120 waits in the six hours that end at 12 (among others), 24 stretches.
    expected = stats.binom.sf(10, 120, 0.03)
    assert (found.state, found.p) == (HealthState.OVER, pytest.approx(expected))
    assert expected < LAST / 24 < stats.binom.sf(9, 120, 0.03)
    assert "11 of 120 waits in the 6 h before 2026-03-02 21:00 UTC" in str(found.reason)
    low, high = stats.binomtest(11, 480).proportion_ci(0.95, "exact")
    assert (found.k, found.n, found.low, found.high) == (11, 480, pytest.approx(low), pytest.approx(high))


def test_one_fewer_is_too_few_to_tell() -> None:
    found = failed_ends(hourly(24, {10: 5, 12: 5}), LAST, LIMITS)
    assert found.state is HealthState.TOO_FEW


def test_six_hours_are_six_hours() -> None:
    """What ends FAILED is counted with what ended in less than six hours before it, and with nothing else."""
    together, apart = ([run(1, failed=8), run(1 + hours, failed=8)] for hours in (5.99, 6))
    padded = [[*one, run(3, ready_ms=[200.0] * 10)] for one in (together, apart)]
    found = [failed_ends(sorted(one, key=lambda told: told.at), LAST, LIMITS) for one in padded]
    assert ["16 of 26 waits" in str(one.reason) for one in found] == [True, False]


def test_none_in_enough_exports_is_within_the_limit_and_none_in_few_is_too_few() -> None:
    # 1 - 0.025 ** (1 / n) <= 0.03 from n = 122 on.
    few, enough = (failed_ends([run(ready_ms=[200.0] * n)], LAST, LIMITS) for n in (121, 122))
    assert (few.state, enough.state) == (HealthState.TOO_FEW, HealthState.WITHIN)
    assert "It takes 122 trials without a failure" in str(few.reason)


def test_a_failed_end_is_no_time_of_ready() -> None:
    assert totals([run(ready_ms=[200.0], failed=3)]).ready_ms == (200.0,)


def test_exports_that_did_not_end_are_no_ends(watch: Any) -> None:
    watch.keep(told_by("a", states=("CREATED", "READY", "FAILED"), took_ms=(None, 200.0, 400.0)))
    (found,) = of(watch, "failed-ends")
    assert (found.k, found.n) == (1, 2)


# ── import and first client ──────────────────────────────────────────────────


def started(python: str, failures: int, n: int) -> Iterator[Told]:
    for number in range(n):
        yield run(number, python=python, start_error="ImportError: no" if number < failures else "")


def test_each_python_version_is_held_against_the_limit_at_its_part_of_the_level() -> None:
    found = list(start_failures([*started("3.10.1", 1, 9), *started("3.12.4", 2, 9)], LAST, LIMITS))
    assert [(one.about, one.k, one.n) for one in found] == [("3.10", 1, 9), ("3.12", 2, 9)]
    ps = [stats.binom.sf(0, 9, 0.01), stats.binom.sf(1, 9, 0.01)]
    assert [one.p for one in found] == [pytest.approx(p) for p in ps]
    assert ps[1] < LAST / 2 < ps[0]
    assert [one.state for one in found] == [HealthState.TOO_FEW, HealthState.OVER]


def test_one_failure_that_is_over_the_limit_alone_may_be_chance_among_two_versions() -> None:
    one, other = list(started("3.10.1", 1, 3)), list(started("3.12.4", 0, 3))
    assert LAST / 2 < stats.binom.sf(0, 3, 0.01) < LAST
    states = [next(start_failures(runs, LAST, LIMITS)).state for runs in (one, one + other)]
    assert states == [HealthState.OVER, HealthState.TOO_FEW]


def test_the_last_error_is_said() -> None:
    (found,) = start_failures(list(started("3.12.4", 2, 9)), LAST, LIMITS)
    assert "The last failure: ImportError: no." in str(found.reason)


def test_versions_of_one_minor_release_are_one_and_in_the_order_of_their_numbers() -> None:
    runs = [*started("3.9.2", 0, 1), *started("3.10.1", 0, 1), *started("3.10.7", 1, 2), *started("3.14.0rc1", 0, 1)]
    assert [(one.about, one.n) for one in start_failures(runs, LAST, LIMITS)] == [("3.9", 1), ("3.10", 3), ("3.14", 1)]


def test_a_run_that_does_not_tell_how_it_started_is_none_that_started_well() -> None:
    (found,) = start_failures([run()], LAST, LIMITS)
    assert (found.state, found.n) == (HealthState.NOTHING, 0)


def test_no_failure_in_enough_runs_is_within_the_limit() -> None:
    # 1 - 0.025 ** (1 / n) <= 0.01 from n = 368 on.
    few, enough = (next(start_failures(list(started("3.12.4", 0, n)), LAST, LIMITS)) for n in (367, 368))
    assert (few.state, enough.state) == (HealthState.TOO_FEW, HealthState.WITHIN)
    assert "It takes 368 trials without a failure" in str(few.reason)


# ── from the ledger ──────────────────────────────────────────────────────────


def told_by(run_id: str, hours: float = 1, environment: Environment = Environment.LOOPBACK, **fields: Any) -> Health:
    at: datetime = T0 + timedelta(hours=hours)
    return Health(**record_metadata(run_id, environment, at), **({"producer": "smoke", "python": "3.12.4"} | fields))


def signs(watch: Any, hours: float = 72, basis: Baseline | None = None) -> tuple[HealthSign, ...]:
    as_of = T0 + timedelta(hours=hours)
    with opened(watch.folder) as engine:
        return health(engine, MetricQuery(release=watch.release, as_of=as_of, settings=watch.settings, basis=basis))


def of(watch: Any, id: str, **more: Any) -> list[HealthSign]:
    return [sign for sign in signs(watch, **more) if sign.id == id]


ONE = {"states": ("READY",), "took_ms": (200.0,), "polls": (2,), "clock": "virtual", "requests": 4, "retries": 0}


def test_an_older_ledger_says_nothing_and_is_green_in_nothing(watch: Any) -> None:
    watch.keep(watch.job("a", workflow="atalaya-smoke"))
    assert [(sign.id, sign.state) for sign in signs(watch)] == [
        ("ready-latency", HealthState.NOTHING),
        ("retries", HealthState.NOTHING),
        ("failed-ends", HealthState.NOTHING),
        ("start-failures", HealthState.NOTHING),
    ]


def test_without_an_accepted_release_the_figures_are_shown_and_compared_with_nothing(watch: Any) -> None:
    watch.keep(told_by("a", **ONE))
    latency, again, *_ = signs(watch)
    assert (latency.state, latency.p95_ms, again.state, again.n) == (
        HealthState.NO_BASIS,
        200.0,
        HealthState.NO_BASIS,
        4,
    )
    with_none = signs(watch, basis=before())
    assert [sign.state for sign in with_none[:2]] == [HealthState.NO_BASIS] * 2


def test_a_run_is_counted_once_however_often_it_is_told(watch: Any) -> None:
    watch.keep(told_by("a", **ONE), told_by("b", 2, **ONE))
    later = {"recorded_at": T0 + timedelta(hours=5)}
    again = told_by("a", **ONE)
    watch.keep(Health(**({name: getattr(again, name) for name in again.__struct_fields__} | later)))
    watch.keep(told_by("a", attempt=2, **ONE))
    (found,) = of(watch, "retries")
    assert found.n == 12


def test_a_real_service_is_shown_apart_on_its_real_clock_and_decides_nothing(watch: Any) -> None:
    watch.keep(
        told_by("a", **ONE, start_error=""),
        told_by(
            "real",
            environment=Environment.SERVICE,
            states=("READY", "FAILED"),
            took_ms=(9000.0, 8000.0),
            clock="real",
            start_error="ImportError: no",
        ),
    )
    ours, real = of(watch, "ready-latency")
    assert [(one.about, one.p95_ms, one.clock) for one in (ours, real)] == [
        ("", 200.0, "virtual"),
        ("service", 9000.0, "real"),
    ]
    assert {sign.state for sign in signs(watch) if sign.about == "service"} == {HealthState.SHOWN}
    assert [sign.k for sign in of(watch, "failed-ends")] == [0, 1]
    assert [(sign.about, sign.k) for sign in of(watch, "start-failures")] == [("3.12", 0)]


def test_only_what_happened_in_the_window_by_then_counts(watch: Any) -> None:
    watch.keep(told_by("early", -1, **ONE), told_by("a", 1, **ONE), told_by("b", 30, **ONE), told_by("late", 80, **ONE))
    assert [of(watch, "retries", hours=hours)[0].n for hours in (0.5, 24, 72, 90)] == [0, 4, 8, 8]


def test_another_release_is_a_basis_by_what_its_own_smokes_told(watch: Any) -> None:
    watch.keep(told_by("a", **ONE), told_by("real", environment=Environment.SERVICE, **ONE))
    span = MetricQuery(release=watch.release, as_of=T0 + timedelta(hours=72), settings=watch.settings)
    with opened(watch.folder) as engine:
        assert len(told(engine, span)) == 2
        assert basis_of(engine, span).health == HealthTotals(ready_ms=(200.0,), requests=4, retries=0)


def test_a_figure_that_cannot_be_is_not_told(watch: Any) -> None:
    watch.keep(
        told_by("a", states=("READY", "READY"), took_ms=(-1.0, 200.0), requests=2, retries=3),
        told_by("b", requests=-4, retries=0),
        told_by("c", requests=4),
    )
    (latency,), (again,) = of(watch, "ready-latency", basis=before([200.0])), of(watch, "retries")
    assert (latency.n, again.state) == (1, HealthState.NOTHING)
