"""Tests that an outlook is judged by the real rules, deterministic, and in time; and that its draws are as they say."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from atalaya.cli.outlook import outlook_document, print_outlook
from atalaya.core.settings import Settings, Thresholds, WatchSettings
from atalaya.core.window import LOOKS_H
from atalaya.metrics.pass_rate import jobs_needed
from atalaya.records.judged import CellState, CiRun, DutyState, Judgement, State
from atalaya.records.stored import Conclusion, VerdictStatus
from atalaya.site.fragments.outlook import outlook as fragment
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch import outlook as module
from atalaya.watch.outlook import (
    AFTER_H,
    CiJudge,
    Plan,
    Shows,
    WatchJudge,
    asked_from,
    by_plan,
    clean,
    draw_runs,
    every,
    looks_of,
    outlook,
    simulated,
)
from tests.watch.watched import CI, T0, Watched, job

PLAN = every(6, 5)
GO = str(VerdictStatus.GO)


def green(plan: Plan = PLAN) -> np.ndarray:
    return np.ones((1, *plan.shape), dtype=np.bool_)


def shown(ended: np.ndarray, plan: Plan = PLAN):
    (looks,) = CiJudge(plan, Settings(), simulated()).shows(ended)
    return looks


def word(ended: np.ndarray, plan: Plan = PLAN) -> VerdictStatus:
    looks = tuple(Shows(look, clean()) for look in shown(ended, plan))
    return WatchJudge(Settings(), simulated()).ended(looks).word


# ── what is drawn ────────────────────────────────────────────────────────────


def test_jobs_of_a_run_are_correlated_as_they_are_said_to_be() -> None:
    ended = draw_runs(np.random.default_rng(1), np.full((12, 5), 0.9), watches=10_000, correlation=0.3)
    well = ended.sum(axis=2).ravel()
    p, both = well.mean() / 5, (well * (well - 1)).mean() / 20
    assert p == pytest.approx(0.9, abs=0.005)
    assert (both - p**2) / (p * (1 - p)) == pytest.approx(0.3, abs=0.02)


def test_with_a_correlation_of_one_a_run_ends_as_a_whole() -> None:
    ended = draw_runs(np.random.default_rng(1), np.full((12, 5), 0.5), watches=100, correlation=1.0)
    assert set(ended.sum(axis=2).ravel().tolist()) == {0, 5}


# ── what is judged ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(3))
def test_ci_shows_what_the_same_jobs_would_show_in_a_real_watch(seed: int, tmp_path: Path) -> None:
    """The state of the rate, of each cell, of the duty of the pipeline and of CI's coverage, at each look."""
    ended = draw_runs(np.random.default_rng(seed), np.full(PLAN.shape, 0.85), watches=1)
    if seed == 1:
        ended[:, :4] &= np.arange(5) > 0  # no run of the first day is green
    watched = Watched(tmp_path)
    watched.keep(*jobs_of(ended[0]))
    for hours, shows in zip(LOOKS_H, shown(ended), strict=True):
        judgement = watched.judged(hours)
        duties = {duty.id: duty.state for point in judgement.checkpoints for duty in point.duties}
        rate = next(metric for metric in judgement.metrics if metric.id == "pass-rate")
        assert rate.state is shows.rate
        assert frozenset(one.state for one in judgement.cells if one.state is not CellState.GREEN) == shows.cells
        assert duties["pipeline-green"] is shows.pipeline
        assert judgement.coverage.ci_gaps == shows.coverage.ci_gaps


def jobs_of(ended: np.ndarray):
    for run, row in enumerate(ended):
        for number, well in enumerate(row.tolist()):
            yield job(
                PLAN.hours[run],
                Conclusion.SUCCESS if well else Conclusion.FAILURE,
                workflow="clients-python-sdk",
                job="tests",
                variant=f"{number}",
                run_id=f"ci-{run:02}",
                environment=CI,
                requests=None,
                waits=None,
                polls=None,
                stale_trials=None,
            )


def test_a_watch_without_a_failure_is_go() -> None:
    assert word(green()) is VerdictStatus.GO


def test_a_variant_that_is_dead_at_the_end_extends_the_watch() -> None:
    ended = green()
    ended[0, -3:, 2] = False
    assert CellState.BROKEN in shown(ended)[-1].cells
    assert word(ended) is VerdictStatus.EXTEND


def test_no_green_run_by_the_first_look_fails_the_duty_of_the_pipeline() -> None:
    ended = green()
    ended[0, :4, 0] = False
    assert [look.pipeline for look in shown(ended)] == [DutyState.FAILED, DutyState.MET, DutyState.MET]


def test_no_run_at_all_is_unknown_and_never_go() -> None:
    none = Plan((), ())
    assert shown(np.ones((1, 0, 0), dtype=np.bool_), none)[-1].rate is State.UNKNOWN
    assert word(np.ones((1, 0, 0), dtype=np.bool_), none) is VerdictStatus.INCONCLUSIVE


def test_an_incident_that_opened_at_a_look_stays_open() -> None:
    """A rate that failed at T+24 leaves a critical incident, which nobody resolves."""
    first, *later = shown(green())
    looks = [Shows(first._replace(rate=State.FAIL), clean()), *(Shows(look, clean()) for look in later)]
    ended = WatchJudge(Settings(), simulated()).ended(tuple(looks))
    assert (ended.word, ended.alarmed) == (VerdictStatus.NO_GO, True)


def test_the_order_of_jobs_does_not_matter_where_each_run_has_the_same() -> None:
    ended = green()
    ended[0, 3, 0] = ended[0, 7, 2] = False
    judge = CiJudge(PLAN, Settings(), simulated())
    one, other = list(judge.shows(ended)), list(judge.shows(ended[:, :, ::-1]))
    assert one == other
    assert one == list(CiJudge(PLAN, Settings(), simulated()).shows(ended[:, :, ::-1]))


# ── what the advice asks for ─────────────────────────────────────────────────


def test_the_advice_asks_for_what_is_missing_spread_over_the_checkpoints_left() -> None:
    asked, limits = asked_from(), Thresholds()
    ((plan, _),) = by_plan(np.ones((1, *asked.shape), dtype=np.bool_), asked, limits)
    assert plan.hours[:2] == (0.5, 1.0)
    assert sum(plan.jobs) >= (jobs_needed((), limits) or 0)
    of_a_checkpoint = [sum(at - 3 <= hour <= at + 3 for hour in plan.hours) for at in (24, 48, 72)]
    assert max(of_a_checkpoint) <= 4
    assert word(np.ones((1, *plan.shape), dtype=np.bool_), plan) is VerdictStatus.GO


def test_after_a_failure_the_advice_asks_for_more() -> None:
    asked, limits = asked_from(), Thresholds()
    ended = np.ones((2, *asked.shape), dtype=np.bool_)
    ended[1, 0, 0] = False
    fewer, more = sorted(len(plan.hours) for plan, _ in by_plan(ended, asked, limits))
    assert fewer < more


# ── the outlook of a watch ───────────────────────────────────────────────────


@pytest.fixture(scope="module")
def judgement(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    """A watch with a run of CI each six hours, as it was at T+24."""
    watched = Watched(tmp_path_factory.mktemp("releases"))
    watched.keep(*jobs_of(np.ones((4, 5), dtype=np.bool_)))
    return watched.judged(24)


def test_the_runs_so_far_are_repeated_until_the_end(judgement: Judgement) -> None:
    assert [(run.ended_at - T0, run.decided) for run in judgement.ci_runs] == [
        (timedelta(hours=6 * number + AFTER_H), 5) for number in range(4)
    ]
    found = outlook(judgement)
    assert (found.asked, found.runs, found.jobs) == (False, 12, 60)


def test_one_run_is_taken_for_a_days(judgement: Judgement) -> None:
    early = replace(judgement, as_of=T0 + timedelta(hours=2), ci_runs=judgement.ci_runs[:1])
    assert outlook(early).runs == 3


def test_a_better_release_reaches_go_more_often(judgement: Judgement) -> None:
    shares = [row.ended[GO] / outlook(judgement).watches for row in outlook(judgement).rows]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.85
    assert shares[-1] < 0.10
    assert all(sum(row.ended.values()) == outlook(judgement).watches for row in outlook(judgement).rows)


def test_how_the_runs_ended_changes_no_row_but_their_correlation_does(judgement: Judgement) -> None:
    lost = judgement.ci_runs[0]._replace(succeeded=0)
    together = outlook(replace(judgement, ci_runs=(lost, *judgement.ci_runs[1:])))
    assert together.correlation == pytest.approx(0.95)
    assert together.rows != outlook(judgement).rows
    spread = judgement.ci_runs[0]._replace(succeeded=4)
    assert outlook(replace(judgement, ci_runs=(spread, *judgement.ci_runs[1:]))).rows == outlook(judgement).rows


def test_without_a_run_it_is_that_of_what_the_advice_would_ask_for(judgement: Judgement) -> None:
    none = replace(judgement, ci_runs=(), as_of=T0)
    found = outlook(none)
    assert found.asked
    assert found.rows[0].ended[GO] / found.watches > 0.5
    assert found.rows[-1].ended[GO] / found.watches < 0.10


def test_too_late_for_any_run_it_is_never_go(judgement: Judgement) -> None:
    found = outlook(replace(judgement, ci_runs=(), as_of=T0 + timedelta(hours=80)))
    assert [row.ended[GO] for row in found.rows] == [0, 0, 0]


def test_the_same_watch_has_the_same_outlook(judgement: Judgement) -> None:
    first = outlook(judgement)
    module._outlook.cache_clear()
    assert outlook(judgement) == first


@pytest.mark.parametrize(("step_h", "jobs", "until_h"), [(6, 5, 72), (6, 20, 72), (1, 5, 72), (1, 20, 72), (2, 20, 96)])
def test_the_work_is_bounded_however_often_ci_runs(step_h: float, jobs: int, until_h: int) -> None:
    """So that the outlook stays under a second of CPU time: at each look, all jobs until then are looked at."""
    plan, looks_h = every(step_h, jobs, until_h), looks_of(simulated(until_h))
    looked_at = sum(jobs for look_h in looks_h for hour in plan.hours if hour <= look_h)
    watches = module._watches(plan, looks_h)
    assert module.LEAST_WATCHES < watches < module.MOST_WATCHES
    assert module.MOST_WORK - looked_at < watches * looked_at <= module.MOST_WORK


@pytest.mark.parametrize("every_h", [1 / 60, 0.5, 1.0, 2.5, 4.0, 6.0])
def test_a_watch_that_keeps_its_schedule_has_the_outlook_of_one_by_hand(judgement: Judgement, every_h: float) -> None:
    """What is drawn at random is CI: the watch itself is taken to run when it should."""
    by_hand, watch = Settings(), WatchSettings(every_h=every_h)
    rows = outlook(replace(judgement, settings=replace(by_hand, watch=watch))).rows
    assert rows[0].ended[GO] > 0
    assert rows == outlook(replace(judgement, settings=by_hand)).rows


def test_with_many_runs_fewer_watches_are_drawn_and_the_outlook_says_how_many(judgement: Judgement) -> None:
    hourly = tuple(CiRun(ended_at=T0 + timedelta(hours=hour), succeeded=20, decided=20) for hour in range(24))
    found = outlook(replace(judgement, ci_runs=hourly))
    assert found.watches == sum(found.rows[0].ended.values()) < 20
    assert f"{found.watches} watches are drawn" in str(found.rests_on)


# ── where it is shown ────────────────────────────────────────────────────────


def test_the_page_shows_a_row_for_each_rate_and_what_is_not_clean(judgement: Judgement) -> None:
    shown = fragment(judgement, Renderer(Language("en"))).replace("\\", "")
    assert [rate in shown for rate in ("0.99", "0.95", "0.90")] == [True] * 3
    assert "12 runs with 60 jobs" in shown
    assert "Not clean now: `flaky-tests`, `network-errors`" in shown


def test_the_command_prints_a_table_and_a_field_of_its_json(judgement: Judgement) -> None:
    assert outlook_document(judgement, asked=False) == {}
    document = json.loads(json.dumps(outlook_document(judgement, asked=True)))["outlook"]
    assert [row["rate"] for row in document["rows"]] == [0.99, 0.95, 0.90]
    out = io.StringIO()
    with redirect_stdout(out):
        print_outlook(judgement)
    assert "INCONCLUSIVE" in out.getvalue()
    assert "0.99" in out.getvalue()
