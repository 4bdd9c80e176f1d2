"""Tests that the table of the network errors gives each state where it should, and that each row can be reached."""

from __future__ import annotations

from typing import Any

import pytest
from scipy import stats

from atalaya.core.settings import Thresholds
from atalaya.metrics.event_counts import Fix, Sick
from atalaya.metrics.network_errors import NETWORK_HOLDS, NETWORK_RULES, Errors, judge_errors
from atalaya.metrics.window_query import DetectorPower
from atalaya.records.judged import Acts, State
from atalaya.site.fragments import network
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.metrics.conftest import PERFECT, T0

LEVEL = Thresholds().network_level
SENT = (1464, 1464, 1464)

# What each row is for, as counts of three days, and the state and the word on whether its failure is critical.
ROWS: dict[str, tuple[Errors, State, bool]] = {
    "network-blocking": (Errors((0, 1, 0), SENT, blocking=1), State.FAIL, True),
    "network-no-requests": (Errors((0, 0, 0), (0, 0, 0)), State.UNKNOWN, False),
    "network-above": (Errors((732, 700, 644), SENT), State.FAIL, True),  # from 50 % down to 44 %
    "network-below": (Errors((0, 1, 0), SENT), State.PROVEN, False),
    "network-below-rising": (Errors((0, 0, 5), SENT), State.MEETS, False),
    "network-falling": (Errors((15, 8, 4), SENT), State.MEETS, False),
    "network-rising": (Errors((4, 8, 15), SENT), State.FAIL, False),
    "network-too-few": (Errors((0, 0, 0), (20, 20, 0)), State.INCONCLUSIVE, False),
    "network-none": (Errors((0, 0, 0), (40, 40, 40)), State.MEETS, False),
    "network-open": (Errors((9, 8, 8), SENT), State.INCONCLUSIVE, False),
}


def judged(errors: Errors, **known: Any) -> tuple[State, str, Acts]:
    state, reason, acts = judge_errors(errors, Thresholds(), **({"detector": PERFECT} | known))
    return state, str(reason), acts


def test_each_row_of_the_table_is_reached_in_its_order() -> None:
    assert [rule.id for rule in NETWORK_RULES] == list(ROWS)
    for rule, (errors, state, critical) in zip(NETWORK_RULES, ROWS.values(), strict=True):
        assert (rule.state, rule.critical) == (state, critical), rule.id
        assert judged(errors)[0] is state, rule.id


def test_an_error_that_blocks_acts_at_once_and_a_level_at_its_checkpoint() -> None:
    assert [judged(ROWS[id][0])[2] for id in ("network-blocking", "network-above", "network-rising")] == [
        Acts.AT_ONCE,
        Acts.AT_CHECKPOINTS,
        Acts.AT_CHECKPOINTS,
    ]


def test_the_level_is_held_against_the_exact_interval() -> None:
    for errors in range(1, 40):
        low, high = stats.chi2.ppf(0.025, 2 * errors) / 2, stats.chi2.ppf(0.975, 2 * errors + 2) / 2
        over, under = int(low / LEVEL), int(high / LEVEL) + 1  # requests that put an end of it just beyond the level
        assert judged(Errors((errors,), (over,)))[0] is State.FAIL
        assert judged(Errors((errors,), (over + 1,)))[0] is State.INCONCLUSIVE
        assert judged(Errors((errors,), (under,)))[0] is State.PROVEN
        assert judged(Errors((errors,), (under - 1,)))[0] is State.INCONCLUSIVE


def test_what_is_open_says_how_many_requests_would_settle_it() -> None:
    open_still = Errors((3,), (400,))
    more = int(-(-stats.chi2.ppf(0.975, 8) / 2 // LEVEL)) - 400
    assert f"{more} more requests without an error would settle it" in judged(open_still)[1]
    assert judged(Errors((3,), (400 + more,)))[0] is State.PROVEN
    assert judged(Errors((3,), (400 + more - 1,)))[0] is State.INCONCLUSIVE


def test_a_rise_or_a_fall_is_held_against_the_limit_of_its_look() -> None:
    falling = Errors((15, 8, 4), SENT)
    assert [judged(falling, look=look)[0] for look in (1, 2, 3)] == [State.INCONCLUSIVE, State.MEETS, State.MEETS]


@pytest.mark.parametrize("id", [id for id, (_, state, _) in ROWS.items() if state in (State.MEETS, State.PROVEN)])
def test_without_a_self_test_or_with_an_error_of_a_log_nothing_is_met(id: str) -> None:
    errors = ROWS[id][0]
    assert judged(errors, detector=DetectorPower(shown=0, caught=0))[0] is State.INCONCLUSIVE
    assert judged(errors, detector=DetectorPower(shown=3, caught=0))[0] is State.INCONCLUSIVE
    assert judged(errors._replace(without_count=1))[0] is State.INCONCLUSIVE


@pytest.mark.parametrize("id", [id for id, (_, state, _) in ROWS.items() if state is State.FAIL])
def test_what_fails_fails_whatever_is_not_known(id: str) -> None:
    errors = ROWS[id][0]._replace(without_count=1)
    assert judged(errors, detector=DetectorPower(shown=0, caught=0))[0] is State.FAIL


def fix(*, clean: int, blocked: int = 0) -> Fix:
    """One of three runs was stopped before it; so many ran since."""
    return Fix(
        at=T0,
        events_before=0,
        trials_before=60,
        events_since=blocked,
        trials_since=20 * clean,
        sick=(Sick("telling", bad=1, n=3, since=clean, bad_since=blocked),),
    )


def test_a_fix_of_what_stopped_runs_takes_as_many_clean_ones_as_reject_it() -> None:
    since = Errors((0, 0, 0), SENT)
    assert [judged(since, fix=fix(clean=clean))[0] for clean in (0, 1, 7, 8)] == [
        State.INCONCLUSIVE,
        State.INCONCLUSIVE,
        State.INCONCLUSIVE,
        State.PROVEN,
    ]
    assert "1 clean since, 8 needed" in judged(since, fix=fix(clean=1))[1]


def test_a_fix_after_which_a_run_is_stopped_has_failed() -> None:
    state, reason, acts = judged(Errors((0, 0, 1), SENT, blocking=1), fix=fix(clean=40, blocked=1))
    assert (state, acts, reason.startswith("The fix of 2026-03-02 09:00 UTC failed")) == (
        State.FAIL,
        Acts.AT_ONCE,
        True,
    )


def test_the_docs_print_every_row_of_the_table() -> None:
    printed = network.table(Renderer(Language("en"))).replace("\\", "")
    for says in (*(rule.says for rule in NETWORK_RULES), *NETWORK_HOLDS.values()):
        assert says in printed
