"""Tests that simulated watches are judged like real ones with the same counts, and reported so."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.core.errors import UsageError
from atalaya.core.settings import Settings, Thresholds, load
from atalaya.core.window import LOOKS_H
from atalaya.evidence.ledger import ledger
from atalaya.metrics.engine import opened
from atalaya.metrics.measure import measure
from atalaya.metrics.pass_rate import cluster_correction, judge_rate
from atalaya.metrics.stats.intervals import Estimate, wilson
from atalaya.metrics.window_query import DetectorPower, MetricQuery
from atalaya.records.judged import State
from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Environment,
    Event,
    EventKind,
    JobAttempt,
    TestAttempt,
    VerdictStatus,
)
from atalaya.selftest import last_run
from atalaya.selftest.last_run import Run, SelfTest
from atalaya.selftest.prove import Caught
from atalaya.watch.calibration_record import FILE, SCENARIO_TEXTS, Truth, World, encoded, read
from tests.ours import PACK
from tools.calibration import baseline_rules
from tools.calibration.__main__ import calibrate as command
from tools.calibration.calibrate import (
    ENOUGH,
    RELEASE,
    T0,
    Bench,
    Seen,
    calibrate,
    counted,
    duties_of,
    fails_when_mended,
    rows_of,
    sees_of,
)
from tools.calibration.scenarios import BY_ID, SCENARIOS, Sees, draw

DOCS = Path(__file__).parents[3] / "docs"
WORLD, LIMITS = World(), Thresholds()
DETECTOR = DetectorPower(shown=100, caught=100)
SEEN = Seen(dict.fromkeys(("network-errors", "polling-timeouts", "stale-cache"), DETECTOR), 100, 100, PACK.duties)


def made(*ids: str, watches: int = 40, seed: int = 1):
    return calibrate(
        watches=watches,
        seed=seed,
        settings=Settings(),
        seen=SEEN,
        made_by="a test",
        scenarios=[BY_ID[id] for id in ids],
    )


def of(id: str, **asked: int):
    (found,) = made(id, **asked).found
    return found


# ── the counts are what SQL would count ──────────────────────────────────────


def evidence(drawn, row: int):
    """One drawn watch, written down as a real one would be."""
    stamp = {"environment": Environment.CI, "commit": "abc", "origin": "", "attempt": 1, "variant": ""}

    def job(workflow: str, name: str, run: str, hour: int, well: bool, **tried: int):
        at = T0 + timedelta(hours=hour, minutes=5)
        conclusion = Conclusion.SUCCESS if well else Conclusion.FAILURE
        return JobAttempt(
            **stamp,
            run_id=run,
            workflow=workflow,
            job=name,
            occurred_at=at,
            recorded_at=at,
            conclusion=conclusion,
            **tried,
        )

    def event(kind: EventKind, hour: int, number: int):
        at = T0 + timedelta(hours=hour, minutes=5)
        return Event(
            run_id=f"event-{hour}",
            environment=Environment.CI,
            occurred_at=at,
            recorded_at=at,
            event=kind,
            expected=False,
            blocking=False,
            place="",
            message=str(number),
            origin="",
        )

    def test(name: str, run: str, hour: int, attempt: int, passed: bool):
        at = T0 + timedelta(hours=hour, minutes=5)
        outcome = CaseOutcome.PASSED if passed else CaseOutcome.FAILED
        return TestAttempt(
            **(stamp | {"attempt": attempt}),
            run_id=run,
            test=name,
            occurred_at=at,
            recorded_at=at,
            outcome=outcome,
            critical=True,
        )

    for hour in np.flatnonzero(drawn.awake):
        hour = int(hour)
        yield job("atalaya-checks", "contracts", f"checks-{hour}", hour, bool(drawn.checks[row, hour]))
        yield test("kept", f"checks-{hour}", hour, 1, True)
        yield job(
            "atalaya-smoke",
            "smoke",
            f"smoke-{hour}",
            hour,
            bool(drawn.smokes[row, hour]),
            requests=WORLD.requests_per_smoke,
            waits=WORLD.waits_per_smoke,
            stale_trials=WORLD.waits_per_smoke,
        )
        for kind, column in (
            (EventKind.NETWORK_ERROR, drawn.errors),
            (EventKind.POLLING_TIMEOUT, drawn.timeouts),
            (EventKind.STALE_READ, drawn.stale),
        ):
            yield from (event(kind, hour, number) for number in range(column[row, hour]))
    for run in map(int, np.flatnonzero(drawn.delivered)):
        hour, id = WORLD.ci_hour(run), f"ci-{run}"
        for number in range(WORLD.jobs_per_ci_run):
            yield job("clients-python-sdk", f"job-{number}", id, hour, number < drawn.ci[row, run])
        yield test("may-be-flaky", id, hour, 1, not drawn.flaky[row, run])
        if drawn.flaky[row, run]:
            yield test("may-be-flaky", id, hour, 2, not drawn.again[row, run])


@pytest.mark.parametrize(
    "id",
    [
        "bad-90",
        "healthy-96-together",
        "flaky-test",
        "rising-errors",
        "stale-reads",
        "polling-timeouts",
        "slept",
        "ci-silent",
        "nothing-ran",
    ],
)
def test_a_drawn_watch_is_measured_as_its_evidence_would_be(id: str, tmp_path: Path) -> None:
    drawn = draw(BY_ID[id], WORLD, watches=20, seed=3, sees=Sees())
    happened = (drawn.errors + drawn.timeouts + drawn.stale).sum(axis=1) + drawn.flaky.sum(axis=1)
    row = int(happened.argmax())
    assert bool(happened[row]) is not BY_ID[id].without_events
    bench = Bench(drawn, WORLD, Settings(), SEEN)
    ledger.write(tmp_path, list(evidence(drawn, row)))
    looks = list(counted(drawn, WORLD))[row]
    with opened(tmp_path) as engine:
        for hours, counts in zip(LOOKS_H, looks, strict=True):
            span = MetricQuery(
                release=RELEASE, as_of=T0 + timedelta(hours=hours), settings=Settings(), detectors=SEEN.detectors
            )
            measured = {metric.id: metric for metric in measure(engine, span)}
            for metric in measured.values():
                simulated = bench.metric(metric.id, counts)
                for name in ("state", "value", "low", "high", "n", "reason", "critical", "settles"):
                    assert getattr(metric, name) == getattr(simulated, name), (hours, metric.id, name)
                assert metric.acts is simulated.acts


def test_the_rows_have_the_columns_that_sql_gives(tmp_path: Path) -> None:
    drawn = draw(BY_ID["flaky-test"], WORLD, watches=1, seed=1, sees=Sees())
    ledger.write(tmp_path, list(evidence(drawn, 0)))
    (looks,) = counted(drawn, WORLD)
    span = MetricQuery(release=RELEASE, as_of=T0 + timedelta(hours=72), settings=Settings())
    with opened(tmp_path) as engine:
        for question, rows in rows_of(looks[-1]).items():
            for row in rows:
                missing = engine.ask(question, span.parameters())[0].keys() - row.keys()
                assert set() == missing, question


# ── what is drawn ────────────────────────────────────────────────────────────


def test_jobs_of_a_run_are_correlated_as_the_scenario_says() -> None:
    drawn = draw(BY_ID["healthy-96-together"], WORLD, watches=20_000, seed=1, sees=Sees())
    well, jobs = drawn.ci.ravel(), WORLD.jobs_per_ci_run
    p = well.mean() / jobs
    both = (well * (well - 1)).mean() / (jobs * (jobs - 1))  # that two jobs of a run end well
    assert p == pytest.approx(0.96, abs=0.002)
    assert (both - p**2) / (p * (1 - p)) == pytest.approx(0.3, abs=0.02)


def test_what_the_checks_do_not_see_is_not_counted() -> None:
    half = draw(BY_ID["stale-reads"], WORLD, watches=20_000, seed=1, sees=Sees(stale=0.5))
    assert half.stale.sum() / half.stale.size / WORLD.waits_per_smoke == pytest.approx(1 / 400, rel=0.03)
    missed = DetectorPower(shown=4, caught=3)
    assert sees_of(SEEN.detectors | {"stale-cache": missed}) == Sees(1.0, 1.0, 0.75)


def test_two_scenarios_do_not_share_their_draws() -> None:
    one, other = (draw(BY_ID[id], WORLD, watches=20, seed=1, sees=Sees()) for id in ("healthy-99", "stale-reads"))
    assert not np.array_equal(one.checks, other.checks)


def test_nothing_is_drawn_while_the_watch_sleeps() -> None:
    drawn = draw(BY_ID["slept"], WORLD, watches=10, seed=1, sees=Sees())
    assert drawn.checks[:, 20:34].sum() + drawn.smokes[:, 20:34].sum() == 0
    assert not drawn.delivered[[4, 5]].any()
    assert drawn.delivered.sum() == WORLD.ci_runs - 2


# ── what becomes of it ───────────────────────────────────────────────────────


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    assert encoded(made("bad-90", "flaky-test")) == encoded(made("bad-90", "flaky-test"))
    assert made("bad-90").found != made("bad-90", seed=2).found


def test_a_scenario_is_drawn_alike_whatever_is_drawn_beside_it() -> None:
    assert made("healthy-96", "bad-90").found[1] == of("bad-90")


def test_every_watch_has_one_word_at_each_look() -> None:
    assert [sum(words.values()) for words in of("healthy-96").words.values()] == [40] * 3


@pytest.mark.parametrize("id", ["slept", "ci-silent", "nothing-ran"])
def test_what_nobody_saw_is_never_go_and_the_naive_rules_say_go(id: str) -> None:
    found = of(id)
    assert [found.ended(VerdictStatus.GO), found.ended(VerdictStatus.INCONCLUSIVE)] == [0, 40]
    assert all(simple.go >= 39 for simple in found.naive)


def test_a_healthy_release_ends_in_go_and_a_bad_one_does_not() -> None:
    assert of("healthy-99").ended(VerdictStatus.GO) >= 39
    bad = of("bad-85")
    assert [bad.alarmed, bad.ended(VerdictStatus.GO)] == [40, 0]


def test_the_release_before_adds_what_the_comparison_finds() -> None:
    alone, beside = of("bad-90", watches=200), of("worse-90-compared", watches=200)
    assert 0 <= alone.alarmed - alone.alarmed_by_rate < 10  # those in which CI alone is known to be sick
    assert beside.alarmed > beside.alarmed_by_rate


def test_a_smoke_that_fails_its_duty_is_an_alarm_where_duties_are_drawn() -> None:
    drawn = draw(BY_ID["healthy-99"], WORLD, watches=1, seed=1, sees=Sees())
    drawn.smokes[0, 23] = drawn.smokes[0, 71] = False
    bench = Bench(drawn, WORLD, Settings(), SEEN)
    (looks,), (duties,) = list(counted(drawn, WORLD)), list(duties_of(drawn, WORLD))
    assert duties.smoke is Conclusion.FAILURE
    assert bench.words(looks, duties)[-1] is VerdictStatus.EXTEND
    assert bench.words(looks, duties._replace(smoke_last=Conclusion.SUCCESS))[-1] is VerdictStatus.GO  # late, and well
    assert bench.words(looks, duties.met())[-1] is VerdictStatus.GO


# ── mended rules ─────────────────────────────────────────────────────────────


def test_a_mended_rule_fails_where_its_interval_does() -> None:
    """The score below -z is the upper end of Wilson's interval below the threshold: with as many jobs, and fewer."""
    drawn = draw(BY_ID["bad-90"], WORLD, watches=200, seed=1, sees=Sees())
    for looks in counted(drawn, WORLD):
        for counts in looks:
            plain = wilson(counts.jobs_well, counts.jobs)
            runs = [(well, 5) for well in counts.runs] + [(1, 1)] * counts.well
            shared = cluster_correction(runs + [(0, 1)] * (counts.exposure.own - counts.well))
            wider = Estimate(value=plain.value, low=shared.low, high=shared.high, n=plain.n, method=plain.method)
            fails = judge_rate(counts.jobs_well, wider, LIMITS)[0] is State.FAIL
            assert fails == ("clustered" in set(fails_when_mended(counts, LIMITS)))


# ── naive rules ──────────────────────────────────────────────────────────────


def test_the_naive_rules_are_as_naive_as_they_are_said_to_be() -> None:
    drawn = draw(BY_ID["healthy-99"], WORLD, watches=2, seed=1, sees=Sees())
    drawn.checks[0, :] = False
    drawn.errors[1, 48:] = 1
    assert [rule(drawn, WORLD, LIMITS, 72).tolist() for rule in baseline_rules.RULES.values()] == [
        [True, False],
        [False, True],
        [False, True],
    ]
    assert not baseline_rules.rank_test(drawn, WORLD, LIMITS, 24).any()


def test_the_rank_test_is_the_known_one_on_sparse_counts() -> None:
    """p = .0366 for (0, 1, 2, 1, 0, 0) against zeros is a false alarm that a rank test raised on a known tool."""
    drawn = draw(BY_ID["healthy-99"], WORLD, watches=1, seed=1, sees=Sees())
    drawn.errors[0, 48:54] = (0, 1, 2, 1, 0, 0)
    assert baseline_rules.rank_test(drawn, WORLD, LIMITS, 72).tolist() == [True]


# ── the file, and the command ────────────────────────────────────────────────


def test_the_calibration_in_the_tree_is_of_these_scenarios_and_large_enough() -> None:
    kept = read(DOCS)
    assert kept is not None
    assert tuple(found.scenario for found in kept.found) == SCENARIOS
    assert kept.world == WORLD
    assert kept.watches >= ENOUGH


def test_the_rules_hold_their_5_percent_where_jobs_fail_singly() -> None:
    """Published on 10,000 watches each: with a rate of .96 and more, an alarm in 5 % of watches at the most."""
    kept = read(DOCS)
    assert kept is not None
    share = {found.scenario.id: found.alarmed / kept.watches for found in kept.found}
    assert max(share[id] for id in ("healthy-99", "healthy-97", "healthy-96", "steady-errors")) <= 0.05


def test_no_calibration_is_none_and_a_broken_one_says_how_to_mend_it(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    (tmp_path / "reference").mkdir()
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(UsageError, match="nox -s calibrate"):
        read(tmp_path)


@pytest.fixture
def self_test(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the pack hold a self-test of these defects; of none at all, there is no self-test."""

    def hold(*defects: Caught) -> None:
        run = Run(made_at=T0, python="3.11.7", subject_digest="d", to_all=True, defects=defects)
        monkeypatch.setattr(last_run, "read", lambda pack: SelfTest(pack=pack, runs=(run,)) if defects else None)

    return hold


def place(root: Path) -> Context:
    return Context(root, load(root / "watch.toml"), Console(io.StringIO()))


def asked(report: Path | None = None, watches: int = 2) -> argparse.Namespace:
    return argparse.Namespace(watches=watches, seed=1, report=report, json=False)


CAUGHT = Caught(id="one", expected=("polling.fresh-status",), caught_by=("polling.fresh-status",))


def test_a_small_calibration_is_reported_and_kept_nowhere(tmp_path: Path, self_test: Callable[..., None]) -> None:
    self_test(CAUGHT)
    report = tmp_path / "report.json"
    assert command(place(tmp_path), asked(report)) == 0
    assert '"made_by": "nox -s calibrate -- --watches 2 --seed 1"' in report.read_text()
    assert read(tmp_path / "docs") is None


def test_without_a_self_test_nothing_could_be_go_and_the_command_says_so(
    tmp_path: Path, self_test: Callable[..., None]
) -> None:
    self_test()
    with pytest.raises(UsageError, match="there is no self-test"):
        command(place(tmp_path), asked())


def test_with_a_defect_that_survived_each_verdict_would_be_invalid_and_the_command_says_so(
    tmp_path: Path, self_test: Callable[..., None]
) -> None:
    survived = Caught(id="two", expected=("polling.fresh-status",), caught_by=())
    self_test(CAUGHT, survived)
    with pytest.raises(UsageError, match="the defect two survived"):
        command(place(tmp_path), asked())


def test_each_truth_has_scenarios_and_each_scenario_a_name_of_its_own() -> None:
    assert set(Truth) == {scenario.truth for scenario in SCENARIOS}
    assert list(SCENARIO_TEXTS) == [scenario.id for scenario in SCENARIOS]
