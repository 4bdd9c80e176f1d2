"""What a team does in the 72 hours after a release, and the word and the sentences that it must get for it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from atalaya.records.judged import State
from atalaya.records.stored import Severity
from tests.stories.week import Told, Week, with_errors

WELL = "success"
LOST = "failure"
CHECKPOINTS = (0.5, 24, 48, 71.9)  # when somebody who follows the runbook by hand comes by
EVERY_SIX = tuple(range(0, 72, 6))  # CI's runs: the first ends half an hour after T+0


def by_hand(week: Week, runs: int = 8, jobs: int = 4) -> None:
    """The watch is run at each checkpoint, and CI is dispatched beside it."""
    week.visits(*CHECKPOINTS)
    for at in CHECKPOINTS:
        for turn in range(runs // len(CHECKPOINTS)):
            week.ci(at - 0.2 + turn / 10, (WELL,) * jobs)


def clean_ci(week: Week, jobs: int = 5, *, lost: Iterable[tuple[int, int]] = ()) -> None:
    """A run of CI each six hours and one before the end, all green but for the jobs (run, number) that are named."""
    bad = set(lost)
    for run, hour in enumerate(EVERY_SIX):
        week.ci(hour + 0.5, [LOST if (run, job) in bad else WELL for job in range(jobs)])


def no_nonsense(told: Told) -> None:
    """What no reader may ever meet."""
    told.forbids(r"at most 1\.0000", r"11922", r"1\.0000 for each")


def test_hourly_runs_and_a_clean_ci_are_a_go(week: Week) -> None:
    week.hourly()
    clean_ci(week)
    told = week.judge()
    assert told.word == "GO", told.said
    no_nonsense(told)
    told.forbids("no CI job", "broken since", "red now")


def test_the_runbook_by_hand_is_a_go(week: Week) -> None:
    by_hand(week)
    week.repeats(49)
    told = week.judge()
    assert told.word == "GO", told.said
    no_nonsense(told)


@pytest.mark.long
def test_the_runbook_by_hand_with_half_of_the_runs_says_what_is_missing(week: Week) -> None:
    by_hand(week, runs=4)
    week.repeats(49)
    told = week.judge()
    assert told.word == "INCONCLUSIVE", told.said
    told.requires(r"\d+ more (clean )?(CI )?jobs")
    no_nonsense(told)


def test_smokes_without_ci_are_no_pass_rate(week: Week) -> None:
    week.visits(*CHECKPOINTS)
    told = week.judge()
    assert told.word == "INCONCLUSIVE", told.said
    told.requires("(?i)no CI job", r"gh workflow run")
    told.forbids(r"pass-rate[^\n]*100(\.0)? ?%")
    no_nonsense(told)


@pytest.mark.long
def test_one_job_and_then_silence_is_inconclusive(week: Week) -> None:
    week.ci(1, (WELL,))
    told = week.judge()
    assert told.word == "INCONCLUSIVE", told.said
    told.forbids("PROVEN: CI pass rate", r"PROVEN\s+pass-rate")


def test_cancelled_jobs_prove_nothing(week: Week) -> None:
    week.visits(*CHECKPOINTS)
    week.ci(1, (WELL,))
    for hour in range(2, 12):
        week.ci(hour, ("cancelled",) * 4)
    told = week.judge()
    assert told.word == "INCONCLUSIVE", told.said
    (rate,) = (metric for metric in told.judgement.metrics if metric.id == "pass-rate")
    assert (rate.k, rate.n) == (1, 1)
    assert rate.state is State.INCONCLUSIVE


@pytest.mark.long
def test_one_lost_job_of_48_is_a_go(week: Week) -> None:
    week.hourly()
    clean_ci(week, 4, lost=[(4, 2)])
    told = week.judge()
    assert told.word == "GO", told.said


@pytest.mark.long
def test_three_lost_jobs_of_60_are_inconclusive(week: Week) -> None:
    week.hourly()
    clean_ci(week, 5, lost=[(2, 0), (5, 3), (8, 1)])
    told = week.judge()
    assert told.word == "INCONCLUSIVE", told.said
    told.requires(r"57 of 60", r"\d+ more (clean )?(CI )?jobs")


@pytest.mark.long
def test_one_bad_run_of_a_wide_matrix_is_no_crisis(week: Week) -> None:
    week.hourly()
    clean_ci(week, 20, lost=[(1, job) for job in range(20)])
    for hour in (24.2, 48.2):
        assert all(one.severity is not Severity.CRITICAL for one in week.judge(hour).judgement.incidents)
    told = week.judge()
    assert told.word == "INCONCLUSIVE", told.said
    assert all(one.severity is not Severity.CRITICAL for one in told.judgement.incidents)
    told.requires(r"220 of 240", r"\d+ more")


def test_a_variant_that_is_dead_extends_the_watch(week: Week) -> None:
    week.hourly()
    clean_ci(week, 5, lost=[(9, 4), (10, 4), (11, 4)])
    told = week.judge()
    assert told.word == "EXTEND", told.said
    told.requires(r"(?i)broken since", r"v4")


@pytest.mark.long
def test_a_last_run_that_is_mostly_red_extends_the_watch(week: Week) -> None:
    week.hourly()
    clean_ci(week, 5, lost=[(11, 0), (11, 1), (11, 2)])
    told = week.judge()
    assert told.word == "EXTEND", told.said
    told.requires(r"(?i)red now")


def test_the_only_job_of_the_first_day_is_red(week: Week) -> None:
    week.hourly(25)
    week.ci(3, (LOST,))
    told = week.judge(24.2)
    assert told.word == "OFF TRACK", told.said
    told.requires(r"(?i)pipeline")
    told.forbids(r"0\.00001\d", r"1\.3e-05")


@pytest.mark.long
def test_two_of_three_jobs_are_too_few(week: Week) -> None:
    week.hourly()
    for hour, ended in ((2, WELL), (26, LOST), (71, WELL)):
        week.ci(hour, (ended,))
    told = week.judge()
    assert told.word == "INCONCLUSIVE", told.said


def test_one_cured_network_error_is_a_go(week: Week) -> None:
    week.hourly(but=[30])
    week.smoke(30.02, week.runs.one_error)
    clean_ci(week)
    told = week.judge()
    assert told.word == "GO", told.said


def test_a_service_that_fails_half_of_the_time_is_a_no_go_though_it_falls(week: Week) -> None:
    clean_ci(week)
    for hour in range(73):
        errors = 20 if hour < 24 else 19 if hour < 48 else 17
        week.smoke(hour, with_errors(week.runs.healthy_smoke, errors, 40))
    for hour in (0, 24, 48, 72):
        week.checks(hour)
    told = week.judge()
    assert told.word == "NO-GO", told.said
    told.requires("network-errors")


def test_a_red_ci_is_a_no_go_whatever_our_own_runs_say(week: Week) -> None:
    week.hourly()
    for hour in EVERY_SIX:
        week.ci(hour + 0.5, (LOST,) * 5)
    told = week.judge()
    assert told.word == "NO-GO", told.said
    told.requires("pass-rate")


def test_a_fix_is_not_proven_by_one_clean_run(week: Week) -> None:
    clean_ci(week)
    week.repeats(49)
    for at in (0.5, 24, 48, 71.9):
        week.checks(at)
    week.incident(23, "open", metric="stale-cache")
    week.smoke(0.5)
    week.smoke(23.9, week.runs.stale_smoke)
    week.smoke(47)
    week.incident(49, "monitoring", metric="stale-cache")
    week.smoke(71.9)
    week.incident(72, "resolved", metric="stale-cache")
    told = week.judge()
    assert told.word == "INCONCLUSIVE", told.said
    told.requires(r"\d+ more (clean )?(runs|smokes)")
    told.forbids(r"24 [^\n]{0,40}at most 0")


def test_a_broken_sdk_is_a_no_go(week: Week) -> None:
    clean_ci(week)
    for at in (0.5, 24, 48, 71.9):
        week.checks(at, week.runs.broken_checks)
        week.smoke(at, week.runs.stale_smoke)
    told = week.judge()
    assert told.word == "NO-GO", told.said
    told.requires("config.no-fallback", r"atalaya check .*--promise config\.no-fallback")
