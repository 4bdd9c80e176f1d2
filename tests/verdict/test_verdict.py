"""Tests that the first rule that applies decides the verdict, and that silence never counts as success."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from atalaya.core.settings import CiSettings, Settings, WatchSettings
from atalaya.core.words import text
from atalaya.metrics.coverage import covered
from atalaya.metrics.definitions import METRICS
from atalaya.metrics.zero_events import SELF_TEST
from atalaya.records.judged import (
    Acts,
    BrokenTest,
    CellState,
    Checkpoint,
    CiCell,
    Compared,
    Coverage,
    DispatchPlan,
    Duty,
    DutyState,
    Incident,
    IncidentFollowUp,
    Metric,
    State,
    Verdict,
)
from atalaya.records.stored import Release, Severity, VerdictStatus
from atalaya.verdict.rules import RULES, judge
from atalaya.verdict.situation import Situation, When
from tests import made_metric
from tests.tables import each_row

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CRITICAL = ("pass-rate", "polling-timeouts", "stale-cache")


def metric(id: str, state: State = State.MEETS, *, acts: Acts = Acts.AT_ONCE) -> Metric:
    return made_metric.metric(
        id,
        state,
        reason=text("because of {id}", id=id),
        critical=id in CRITICAL,
        acts=Acts.AT_CHECKPOINTS if id == "pass-rate" else acts,
    )


def metrics(**states: State) -> tuple[Metric, ...]:
    return tuple(metric(id, states.get(id.replace("-", "_"), State.MEETS)) for id in METRICS)


def duty(state: DutyState, hours: int = 24, id: str = "smoke") -> Checkpoint:
    asked = Duty(id=id, says=text("Run the smoke"), state=state, evidence=text("none has run"))
    return Checkpoint(hours=hours, title=text("title"), due_at=T0 + timedelta(hours=hours), duties=(asked,))


def incident(severity: Severity, state: str = "open", hours: float = 5) -> Incident:
    at = T0 + timedelta(hours=hours)
    return Incident(id="I-1", at=at, impact="", root_cause="", fix="", state=state, severity=severity)


def watched(*hours: float, ci: tuple[float, ...] = (1, 24, 49, 70), every_h: float = 0) -> Coverage:
    """What was observed, and when CI ended."""
    seen, of_ci = ([T0 + timedelta(hours=hour) for hour in at] for at in (hours, ci))
    return covered(
        seen,
        release=Release(version="1.1.0", commit="", opened_at=T0),
        as_of=T0 + timedelta(hours=72),
        schedule=WatchSettings(every_h=every_h),
        ci=of_ci,
    )


def cell(state: CellState, **changes: Any) -> CiCell:
    values: dict[str, Any] = {
        "workflow": "clients-python-sdk",
        "job": "tests",
        "variant": "py3.11",
        "runs": 12,
        "succeeded": 9,
        "last_at": T0,
        "reason": text("Broken since {since}", since=T0),
    }
    return CiCell(state=state, **(values | changes))


def broken_test() -> BrokenTest:
    return BrokenTest(
        test="exports::test_ready",
        variant="py3.11",
        critical=False,
        failures=3,
        runs=2,
        since=T0,
        reason=text("Broken since {since}", since=T0),
    )


def situation(hours: float, **changes: Any) -> Situation:
    healthy: dict[str, Any] = {
        "release": Release(version="1.1.0", commit="", opened_at=T0),
        "as_of": T0 + timedelta(hours=hours),
        "settings": Settings(),
        "metrics": metrics(),
        "checkpoints": tuple(duty(DutyState.MET, at) for at in (0, 24, 48, 72)),
        "defects_seeded": 20,
        "defects_caught": 20,
    }
    return Situation(**(healthy | changes))


def verdict(hours: float, **changes: Any) -> Verdict:
    return judge(situation(hours, **changes))


def extended(window_h: int) -> Release:
    return Release(version="1.1.0", commit="", opened_at=T0, window_h=window_h)


FAILS = {"stale_cache": State.FAIL}

# what is so, at the end, before it
CASES: list[tuple[str, dict[str, Any], VerdictStatus, VerdictStatus]] = [
    ("all is well", {}, VerdictStatus.GO, VerdictStatus.ON_TRACK),
    (
        "the evidence was changed",
        {"integrity_problems": (text("a digest differs"),)},
        VerdictStatus.INVALID,
        VerdictStatus.OFF_TRACK,
    ),
    ("a defect survived", {"defects_caught": 19}, VerdictStatus.INVALID, VerdictStatus.OFF_TRACK),
    (
        "a critical incident is open",
        {"incidents": (incident(Severity.CRITICAL),)},
        VerdictStatus.NO_GO,
        VerdictStatus.OFF_TRACK,
    ),
    (
        "a critical incident is monitored",
        {"incidents": (incident(Severity.CRITICAL, "monitoring"),)},
        VerdictStatus.NO_GO,
        VerdictStatus.OFF_TRACK,
    ),
    (
        "a critical incident is resolved",
        {"incidents": (incident(Severity.CRITICAL, "Resolved"),)},
        VerdictStatus.GO,
        VerdictStatus.ON_TRACK,
    ),
    (
        "a critical promise is broken",
        {"broken_critical": ("config.no-fallback",)},
        VerdictStatus.NO_GO,
        VerdictStatus.OFF_TRACK,
    ),
    ("a critical metric fails", {"metrics": metrics(**FAILS)}, VerdictStatus.NO_GO, VerdictStatus.OFF_TRACK),
    (
        "a metric is unknown",
        {"metrics": metrics(flaky_tests=State.UNKNOWN)},
        VerdictStatus.INCONCLUSIVE,
        VerdictStatus.WAITING,
    ),
    ("a metric was not measured", {"metrics": metrics()[:4]}, VerdictStatus.INCONCLUSIVE, VerdictStatus.WAITING),
    ("nothing was measured", {"metrics": ()}, VerdictStatus.INCONCLUSIVE, VerdictStatus.WAITING),
    (
        "a duty that is due is missing",
        {"checkpoints": (duty(DutyState.MISSING),)},
        VerdictStatus.INCONCLUSIVE,
        VerdictStatus.WAITING,
    ),
    (
        "a checkpoint was not observed",
        {"coverage": watched(*range(40))},
        VerdictStatus.INCONCLUSIVE,
        VerdictStatus.WAITING,
    ),
    (
        "our own runs observed each hour, and CI did not run from T+24 on",
        {"coverage": watched(*range(73), ci=(1,))},
        VerdictStatus.INCONCLUSIVE,
        VerdictStatus.WAITING,
    ),
    (
        "the watch looked at each checkpoint",
        {"coverage": watched(1, 24, 49, 70)},
        VerdictStatus.GO,
        VerdictStatus.ON_TRACK,
    ),
    (
        "the watch missed a slot or two of its schedule",
        {"coverage": watched(*range(71), every_h=1)},
        VerdictStatus.GO,
        VerdictStatus.ON_TRACK,
    ),
    (
        "the watch missed many slots of its schedule",
        {"coverage": watched(1, 24, 49, 70, every_h=1)},
        VerdictStatus.INCONCLUSIVE,
        VerdictStatus.WAITING,
    ),
    ("a job of CI is green", {"cells": (cell(CellState.GREEN),)}, VerdictStatus.GO, VerdictStatus.ON_TRACK),
    ("a job of CI is red now", {"cells": (cell(CellState.RED_NOW),)}, VerdictStatus.EXTEND, VerdictStatus.WAITING),
    ("a variant is broken", {"cells": (cell(CellState.BROKEN),)}, VerdictStatus.EXTEND, VerdictStatus.OFF_TRACK),
    (
        "a variant fails more than the others, and its incident is open",
        {"cells": (cell(CellState.WORSE),), "incidents": (incident(Severity.MAJOR),)},
        VerdictStatus.EXTEND,
        VerdictStatus.OFF_TRACK,
    ),
    (
        "a variant fails more than the others",
        {"cells": (cell(CellState.WORSE),)},
        VerdictStatus.EXTEND,
        VerdictStatus.OFF_TRACK,
    ),
    (
        "a job of CI has not run lately",
        {"cells": (cell(CellState.TOO_OLD),)},
        VerdictStatus.INCONCLUSIVE,
        VerdictStatus.WAITING,
    ),
    ("a test is broken", {"broken_tests": (broken_test(),)}, VerdictStatus.EXTEND, VerdictStatus.OFF_TRACK),
    (
        "a job is red now, and the rate is inconclusive",
        {"cells": (cell(CellState.RED_NOW),), "metrics": metrics(pass_rate=State.INCONCLUSIVE)},
        VerdictStatus.EXTEND,
        VerdictStatus.WAITING,
    ),
    (
        "a variant is broken, and a metric unknown",
        {"cells": (cell(CellState.BROKEN),), "metrics": metrics(flaky_tests=State.UNKNOWN)},
        VerdictStatus.INCONCLUSIVE,
        VerdictStatus.OFF_TRACK,
    ),
    (
        "a variant is broken, and a critical metric fails",
        {"cells": (cell(CellState.BROKEN),), "metrics": metrics(stale_cache=State.FAIL)},
        VerdictStatus.NO_GO,
        VerdictStatus.OFF_TRACK,
    ),
    *(
        (
            f"an incident of severity {severity} is called resolved, and its proof is missing",
            {
                "incidents": (incident(severity, "monitoring"),),
                "unproven": ("I-1",),
                "disputed": (text("7 more clean runs"),),
            },
            VerdictStatus.INCONCLUSIVE,
            VerdictStatus.WAITING,
        )
        for severity in Severity
    ),
    (
        "no defect was seeded",
        {"defects_seeded": 0, "defects_caught": 0},
        VerdictStatus.INCONCLUSIVE,
        VerdictStatus.ON_TRACK,
    ),
    (
        "another metric fails",
        {"metrics": metrics(flaky_tests=State.FAIL)},
        VerdictStatus.EXTEND,
        VerdictStatus.OFF_TRACK,
    ),
    (
        "a major incident is open",
        {"incidents": (incident(Severity.MAJOR),)},
        VerdictStatus.EXTEND,
        VerdictStatus.OFF_TRACK,
    ),
    ("a minor incident is open", {"incidents": (incident(Severity.MINOR),)}, VerdictStatus.GO, VerdictStatus.ON_TRACK),
    ("a duty failed", {"checkpoints": (duty(DutyState.FAILED),)}, VerdictStatus.EXTEND, VerdictStatus.OFF_TRACK),
    (
        "a metric is inconclusive",
        {"metrics": metrics(network_errors=State.INCONCLUSIVE)},
        VerdictStatus.INCONCLUSIVE,
        VerdictStatus.ON_TRACK,
    ),
    (
        "a person has not signed",
        {"checkpoints": (duty(DutyState.PERSON_SIGNS),)},
        VerdictStatus.GO,
        VerdictStatus.ON_TRACK,
    ),
]


@each_row(("so", "changes", "at_end", "before"), CASES, ids=[case[0] for case in CASES])
def test_what_is_so_gives_the_word(
    so: str, changes: dict[str, Any], at_end: VerdictStatus, before: VerdictStatus
) -> None:
    assert [verdict(72, **changes).word, verdict(30, **changes).word] == [at_end, before], so


@each_row(
    ("worse", "better"),
    [
        ({"defects_caught": 19}, {"broken_critical": ("a",)}),
        ({"broken_critical": ("a",)}, {"metrics": metrics(flaky_tests=State.UNKNOWN)}),
        ({"metrics": metrics(stale_cache=State.FAIL, flaky_tests=State.UNKNOWN)}, {}),
        ({"metrics": metrics(pass_rate=State.UNKNOWN, flaky_tests=State.FAIL)}, {}),
        ({"metrics": metrics(pass_rate=State.INCONCLUSIVE, flaky_tests=State.FAIL)}, {}),
    ],
)
@each_row("hours", [30, 72])
def test_the_first_rule_that_applies_decides_and_all_are_shown(
    worse: dict[str, Any], better: dict[str, Any], hours: float
) -> None:
    found = verdict(hours, **(better | worse))
    order = [rule.id for rule in RULES]
    assert [order.index(fired.rule) for fired in found.fired] == sorted(
        order.index(fired.rule) for fired in found.fired
    )
    assert (found.word, found.rule, found.because) == (found.fired[0].word, found.fired[0].rule, found.fired[0].because)


def test_a_mandatory_metric_that_is_unknown_stands_before_one_that_fails() -> None:
    states = metrics(pass_rate=State.UNKNOWN, flaky_tests=State.FAIL)
    found = verdict(72, metrics=states)
    assert [fired.rule for fired in found.fired] == ["metric-unknown", "extend"]


def test_the_last_word_of_each_part_stands_alone() -> None:
    assert [[fired.rule for fired in verdict(hours).fired] for hours in (30, 72)] == [["nothing-failing"], ["all-met"]]


def test_go_says_which_metrics_are_only_met() -> None:
    said = [str(because) for because in verdict(72, metrics=metrics(stale_cache=State.PROVEN)).because]
    assert said == [
        "Proven: stale-cache.",
        "Met, and not proven: pass-rate, flaky-tests, network-errors, polling-timeouts.",
    ]


def test_each_rule_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.says.endswith(".") for rule in RULES)
    end = {
        VerdictStatus.INVALID,
        VerdictStatus.NO_GO,
        VerdictStatus.INCONCLUSIVE,
        VerdictStatus.EXTEND,
        VerdictStatus.GO,
    }
    assert {rule.word for rule in RULES if rule.when is When.END} == end
    assert {rule.word for rule in RULES if rule.when is When.BEFORE} == set(VerdictStatus) - end


# ── between checkpoints ──────────────────────────────────────────────────────


def test_a_rate_that_fails_between_checkpoints_is_waited_for_and_says_until_when() -> None:
    found = verdict(30, metrics=metrics(pass_rate=State.FAIL), metrics_at={24: metrics()})
    assert (found.word, found.rule) == (VerdictStatus.WAITING, "next-checkpoint-decides")
    assert "2026-03-04 09:00 UTC" in str(found.because[0])


def test_a_rate_that_failed_at_the_last_checkpoint_is_off_track_until_the_next() -> None:
    at = {24: metrics(pass_rate=State.FAIL)}
    found = verdict(30, metrics_at=at)
    assert (found.word, str(found.because[0])) == (VerdictStatus.OFF_TRACK, "At T+24: pass-rate: because of pass-rate")
    assert verdict(50, metrics_at=at | {48: metrics()}).word is VerdictStatus.ON_TRACK


def test_a_rate_that_failed_at_the_checkpoint_is_not_waited_for_as_well() -> None:
    failing = metrics(pass_rate=State.FAIL)
    found = verdict(30, metrics=failing, metrics_at={24: failing})
    assert [fired.rule for fired in found.fired] == ["critical-metric-now"]


def test_a_count_over_its_limit_acts_at_once_and_what_it_was_then_does_not() -> None:
    then = {24: metrics(stale_cache=State.FAIL)}
    assert [verdict(23, metrics=metrics(**FAILS)).word, verdict(30, metrics_at=then).word] == [
        VerdictStatus.OFF_TRACK,
        VerdictStatus.ON_TRACK,
    ]


def test_a_rising_trend_acts_at_a_checkpoint_and_a_blocking_error_at_once() -> None:
    others = [one for one in metrics() if one.id != "network-errors"]
    rising, blocking = (
        (*others, metric("network-errors", State.FAIL, acts=acts)) for acts in (Acts.AT_CHECKPOINTS, Acts.AT_ONCE)
    )
    assert [verdict(30, metrics=rising).word, verdict(30, metrics=blocking).word] == [
        VerdictStatus.WAITING,
        VerdictStatus.OFF_TRACK,
    ]
    assert verdict(30, metrics=rising, metrics_at={24: rising}).word is VerdictStatus.OFF_TRACK


def test_a_duty_or_an_incident_of_later_is_not_held_against_now() -> None:
    later = {"checkpoints": (duty(DutyState.MISSING, 48),), "incidents": (incident(Severity.CRITICAL, hours=40),)}
    assert [verdict(30, **later).word, verdict(48, **later).word] == [VerdictStatus.ON_TRACK, VerdictStatus.OFF_TRACK]


# ── the window ───────────────────────────────────────────────────────────────


def test_the_end_of_the_window_is_the_instant_of_its_end() -> None:
    assert [verdict(hours).word for hours in (71.999, 72)] == [VerdictStatus.ON_TRACK, VerdictStatus.GO]


@pytest.mark.parametrize(
    ("word", "window", "window_h"),
    [
        (VerdictStatus.EXTEND, "extended", 72),
        (VerdictStatus.EXTEND, "extended", 96),
        (VerdictStatus.NO_GO, "ended", 120),
    ],
)
def test_the_watch_is_extended_twice_and_then_it_is_no(word: VerdictStatus, window: str, window_h: int) -> None:
    found = verdict(window_h, release=extended(window_h), metrics=metrics(flaky_tests=State.FAIL))
    assert (found.word, found.window) == (word, window)


def test_a_window_that_was_extended_twice_says_so_of_each_reason() -> None:
    found = verdict(120, release=extended(120), metrics=metrics(flaky_tests=State.FAIL))
    assert (found.rule, [str(because) for because in found.because]) == (
        "extended-enough",
        ["flaky-tests: because of flaky-tests The window was extended 2 times already."],
    )
    assert "release extend" not in "".join(map(str, found.next_steps))


def test_a_window_that_was_extended_twice_may_end_well() -> None:
    assert verdict(120, release=extended(120)).rule == "all-met"


def proof_of(incident: str, *, shown: bool) -> IncidentFollowUp:
    return IncidentFollowUp(
        incident=incident,
        rule="",
        fingerprints=(),
        blocks=(),
        shows=(),
        seen=1,
        first_at=T0,
        last_at=T0,
        landed_at=T0,
        shown=shown,
        proof=text("1 clean run of 8"),
        runs_needed=None if shown else 7,
    )


# What is so, the rule that says it at the end, and the one before.
RULED: list[tuple[dict[str, Any], str, str]] = [
    ({"integrity_problems": (text("a digest differs"),)}, "evidence-changed", "evidence-changed-so-far"),
    ({"defects_caught": 19}, "defect-survived", "defect-survived-so-far"),
    ({"incidents": (incident(Severity.CRITICAL),)}, "critical-incident", "critical-incident-now"),
    ({"broken_critical": ("config.no-fallback",)}, "critical-promise", "critical-promise-now"),
    ({"metrics": metrics(**FAILS)}, "critical-metric", "critical-metric-now"),
    ({"metrics": metrics(flaky_tests=State.UNKNOWN)}, "metric-unknown", "metric-unknown-so-far"),
    ({"coverage": watched(*range(40))}, "watch-slept", "watch-slept-so-far"),
    ({"cells": (cell(CellState.TOO_OLD),)}, "ci-too-old", "ci-too-old-so-far"),
    ({"cells": (cell(CellState.BROKEN),)}, "variant-broken", "variant-broken-now"),
    ({"broken_tests": (broken_test(),)}, "test-broken", "test-broken-now"),
    ({"cells": (cell(CellState.RED_NOW),)}, "ci-red-now", "ci-red-so-far"),
    ({"cells": (cell(CellState.WORSE),)}, "extend", "would-extend"),
    ({"checkpoints": (duty(DutyState.MISSING),)}, "duty-missing", "duty-missing-so-far"),
    ({"disputed": (text("a record does not count"),)}, "incident-disputed", "incident-disputed-so-far"),
    (
        {
            "incidents": (incident(Severity.CRITICAL, "monitoring"),),
            "unproven": ("I-1",),
            "followed": (proof_of("I-1", shown=False),),
        },
        "fix-unproven",
        "fix-unproven-so-far",
    ),
    ({"defects_seeded": 0, "defects_caught": 0}, "no-self-test", "nothing-failing"),
    ({"metrics": metrics(flaky_tests=State.FAIL)}, "extend", "would-extend"),
    ({"metrics": metrics(network_errors=State.INCONCLUSIVE)}, "metric-inconclusive", "nothing-failing"),
    ({}, "all-met", "nothing-failing"),
]


def test_each_rule_is_the_one_that_speaks_of_what_is_so() -> None:
    for so, at_end, before in RULED:
        assert (at_end, before) == (verdict(72, **so).rule, verdict(30, **so).rule), so
    elsewhere = {"extended-enough", "next-checkpoint-decides"}
    assert {rule.id for rule in RULES} == {id for _, *ids in RULED for id in ids} | elsewhere


def test_what_was_not_observed_is_named_with_its_hours() -> None:
    assert [str(because) for because in verdict(72, coverage=watched(*range(40), ci=(1, 24))).because] == [
        "T+48: nothing was observed from 2026-03-04 06:00 UTC to 2026-03-04 12:00 UTC.",
        "T+72: nothing was observed from 2026-03-05 06:00 UTC to 2026-03-05 09:00 UTC.",
        "CI did not run from T+48 to T+72: no run ended from 2026-03-04 06:00 UTC to 2026-03-05 09:00 UTC.",
    ]
    scheduled = watched(*range(45), 70, every_h=1)
    assert [str(because) for because in verdict(72, coverage=scheduled).because][-2:] == [
        "Something was observed in 46 of 72 slots of 1 h (63.9%); it must be in 90%.",
        "Nothing was observed for 26.0 h, from 2026-03-04 05:00 UTC to 2026-03-05 07:00 UTC; at most 6 h may pass.",
    ]


def test_a_red_job_and_a_broken_test_are_named_with_since_when() -> None:
    assert [str(because) for because in verdict(72, cells=(cell(CellState.BROKEN),)).because] == [
        "clients-python-sdk, tests, py3.11: Broken since 2026-03-02 09:00 UTC"
    ]
    assert [str(because) for because in verdict(72, broken_tests=(broken_test(),)).because] == [
        "exports::test_ready (py3.11): Broken since 2026-03-02 09:00 UTC"
    ]


def test_a_red_job_at_the_end_of_a_window_that_was_extended_twice_is_no() -> None:
    for state in (CellState.RED_NOW, CellState.BROKEN, CellState.WORSE):
        found = verdict(120, release=extended(120), cells=(cell(state),))
        assert (found.word, found.rule) == (VerdictStatus.NO_GO, "extended-enough"), state


def test_what_would_settle_a_metric_is_said_of_those_that_say_it() -> None:
    settled = msgspec.structs.replace(metric("pass-rate", State.INCONCLUSIVE), settles=text("40 clean jobs more"))
    found = verdict(72, metrics=(settled, *metrics()[1:]))
    assert [str(change) for change in found.would_change] == ["pass-rate, INCONCLUSIVE: 40 clean jobs more"]


def test_a_metric_that_is_worse_than_before_extends_and_one_that_is_compared_leaves_nothing_unknown() -> None:
    worse = msgspec.structs.replace(
        metric("flaky-tests"), compared=Compared.REGRESSED, against=text("5 of 9 were none before")
    )
    others = tuple(one for one in metrics() if one.id != worse.id)
    found = verdict(72, metrics=(*others, worse))
    assert (found.rule, [str(because) for because in found.because]) == (
        "extend",
        ["flaky-tests: 5 of 9 were none before"],
    )
    assert found.unknowns == ()
    before = verdict(30, metrics=(*others, worse), metrics_at={24: (*others, worse)})
    assert before.rule == "would-extend"
    assert verdict(30, metrics=(*others, worse), metrics_at={24: metrics()}).rule == "nothing-failing"


def test_no_go_and_a_longer_window_may_stand_together() -> None:
    found = verdict(72, metrics=metrics(**FAILS))
    assert (found.word, found.window) == (VerdictStatus.NO_GO, "extended")
    assert "`atalaya release extend --release 1.1.0 --why 'NO-GO: critical-metric'`" in str(found.next_steps[-1])


@pytest.mark.parametrize(("window", "hours"), [("open", 30), ("ended", 72)])
def test_a_window_is_open_and_then_it_has_ended(window: str, hours: float) -> None:
    assert verdict(hours).window == window


@each_row(
    ("until_h", "hours", "valid_h"), [(24, 0, 25), (24, 20, 25), (48, 24, 25), (32, 30, 2), (72, 71, 25), (97, 72, 25)]
)
def test_a_verdict_is_valid_no_longer_than_to_the_next_checkpoint(until_h: float, hours: float, valid_h: float) -> None:
    settings = Settings(watch=WatchSettings(valid_h=valid_h))
    assert verdict(hours, settings=settings).valid_until == T0 + timedelta(hours=until_h)


# ── unknowns ─────────────────────────────────────────────────────────────────


def test_each_duty_that_nobody_has_signed_is_named() -> None:
    found = verdict(72, checkpoints=(duty(DutyState.PERSON_SIGNS, 24), duty(DutyState.PERSON_SIGNS, 48)))
    assert [str(unknown) for unknown in found.unknowns[-2:]] == [
        "T+24, Run the smoke: nobody has signed it.",
        "T+48, Run the smoke: nobody has signed it.",
    ]


def test_waiting_names_what_it_waits_for() -> None:
    found = verdict(
        30, metrics=metrics(pass_rate=State.UNKNOWN), checkpoints=(duty(DutyState.MISSING, id="pipeline-green"),)
    )
    assert [str(unknown) for unknown in found.unknowns] == [
        "pass-rate: because of pass-rate",
        "T+24, Run the smoke: none has run",
    ]


def test_a_record_from_a_clock_ahead_is_named_among_what_is_unknown() -> None:
    found = verdict(30, ahead=(text("The run r wrote with a clock that is ahead."),))
    assert [str(unknown) for unknown in found.unknowns] == ["The run r wrote with a clock that is ahead."]
    assert found.word is VerdictStatus.ON_TRACK


def test_what_nobody_signed_is_listed_at_the_end_and_not_before() -> None:
    unsigned = {"checkpoints": (duty(DutyState.PERSON_SIGNS),)}
    assert [[str(unknown) for unknown in verdict(hours, **unsigned).unknowns] for hours in (30, 72)] == [
        [],
        [
            "How it compares with a release before it: there is none that was accepted.",
            "T+24, Run the smoke: nobody has signed it.",
        ],
    ]


def test_a_watch_without_a_self_test_says_how_to_make_one() -> None:
    found = verdict(30, defects_seeded=0, defects_caught=0)
    assert len(found.unknowns) == 1
    assert "`atalaya prove`" in str(found.next_steps[0])


# ── what to do next ──────────────────────────────────────────────────────────


def test_where_it_is_not_known_what_the_detectors_see_the_first_step_finds_out() -> None:
    id = "stale-cache"
    unsure = msgspec.structs.replace(metric(id, State.INCONCLUSIVE), settles=SELF_TEST)
    others = tuple(one for one in metrics() if one.id != id)
    for hours in (30, 72):
        assert "`atalaya prove --detectors`" in steps(hours, metrics=(*others, unsure))[0]
        known = msgspec.structs.replace(unsure, settles=text("40 clean trials more"))
        assert "--detectors" not in "".join(steps(hours, metrics=(*others, known)))


CI = CiSettings(repo="aris/sdk", ref="v1.1.0")
DISPATCH = "gh workflow run clients-python-sdk --ref v1.1.0 --repo aris/sdk"
TWO_RUNS = DispatchPlan(hours=24, runs=2, jobs=8, jobs_done=0)


def steps(hours: float, **changes: Any) -> list[str]:
    return [str(step) for step in verdict(hours, **changes).next_steps]


def test_go_asks_for_nothing() -> None:
    assert verdict(72).next_steps == ()


def test_where_nothing_is_failing_that_is_said_with_what_it_rests_on() -> None:
    again = "Run the watch again by 2026-03-04 09:00 UTC: `atalaya watch --release 1.1.0`."
    assert steps(30) == [f"Nothing is failing, though no CI job was taken in yet. {again}"]
    cancelled = msgspec.structs.replace(metric("pass-rate"), inputs={"excluded": 3})
    assert steps(30, metrics=(cancelled, *metrics()[1:])) == [
        f"Nothing is failing, though no CI job was decided yet. {again}"
    ]
    with_jobs = msgspec.structs.replace(metric("pass-rate"), n=5)
    assert steps(30, metrics=(with_jobs, *metrics()[1:])) == [f"Nothing is failing. CI jobs so far: 5. {again}"]


WRONG: list[dict[str, Any]] = [
    {"metrics": metrics(flaky_tests=State.FAIL)},
    {"broken_critical": ("a",)},
    {"broken_others": ("a",)},
    {"cells": (cell(CellState.RED_NOW),)},
    {"broken_tests": (broken_test(),)},
    {"incidents": (incident(Severity.MINOR),)},
    {"checkpoints": (duty(DutyState.FAILED),)},
    {"defects_caught": 19},
    {"integrity_problems": (text("a digest differs"),)},
]


def test_where_anything_fails_it_is_not_said_that_nothing_does_and_the_first_step_shows_it() -> None:
    for so in WRONG:
        found = verdict(30, **so)
        assert not any("Nothing is failing" in str(said) for said in (*found.because, *found.next_steps)), so
        assert not steps(30, **so)[0].startswith("Run the watch again"), so


def test_what_fails_and_holds_nothing_back_is_not_passed_over() -> None:
    found = verdict(30, broken_others=("a",))
    assert (found.word, str(found.because[0])) == (
        VerdictStatus.ON_TRACK,
        "Nothing fails that holds the release back, and nothing that is due is unknown.",
    )
    assert str(verdict(30).because[0]) == "Nothing is failing, and nothing that is due is unknown."


def test_each_state_that_fails_and_each_duty_that_failed_has_a_next_step() -> None:
    for id in METRICS:
        failing = metrics(**{id.replace("-", "_"): State.FAIL})
        for hours in (30, 72):
            assert f"`atalaya judge --release 1.1.0 --explain {id}`" in "".join(steps(hours, metrics=failing))
    shown = {
        "pipeline-green": "`gh run list --workflow clients-python-sdk --repo aris/sdk --limit 5`",
        "smoke": "`atalaya smoke`",
        "strict-config": "`atalaya release checkpoint --release 1.1.0`",
    }
    for id, command in shown.items():
        failed = {"checkpoints": (duty(DutyState.FAILED, id=id),), "settings": Settings(ci=CI)}
        assert all(command in "".join(steps(hours, **failed)) for hours in (30, 72)), id


def test_what_fails_comes_first_then_what_blocks_a_duty_then_what_is_unknown() -> None:
    found = steps(
        30,
        settings=Settings(ci=CI),
        broken_critical=("config.no-fallback",),
        metrics=metrics(pass_rate=State.UNKNOWN, flaky_tests=State.FAIL, stale_cache=State.FAIL),
        cells=(cell(CellState.RED_NOW),),
        incidents=(incident(Severity.MINOR), incident(Severity.MINOR, "resolved"), incident(Severity.MINOR, hours=40)),
        checkpoints=(duty(DutyState.MISSING, 0),),
        defects_seeded=0,
        defects_caught=0,
        dispatch=TWO_RUNS,
    )
    commands = [re.findall("`([^`]*)`", step)[0] for step in found]
    assert commands == [
        "atalaya check --promise config.no-fallback",
        "atalaya judge --release 1.1.0 --explain stale-cache",
        "atalaya judge --release 1.1.0 --explain flaky-tests",
        "gh run list --workflow clients-python-sdk --repo aris/sdk --limit 5",
        "atalaya release incident I-1 --release 1.1.0 --state monitoring --why 'the fix has landed'",
        "atalaya smoke --release 1.1.0",
        "atalaya prove",
        DISPATCH,
        "atalaya watch --release 1.1.0",
    ]


def test_changed_evidence_and_a_survivor_come_before_all_else() -> None:
    found = steps(
        30, integrity_problems=(text("a digest differs"),), incidents=(incident(Severity.MINOR),), defects_caught=19
    )
    assert [step.split(",")[0] for step in found] == [
        "See what was changed",
        "If a setting was changed on purpose",
        "See which defect survived",
        "When the fix of I-1 has landed",
        "Run the watch again by 2026-03-04 09:00 UTC: `atalaya watch --release 1.1.0`.",
    ]


def test_every_command_can_be_pasted() -> None:
    unsure = [{"metrics": metrics(**{id: State.UNKNOWN})} for id in ("pass_rate", "stale_cache")]
    for so in (*WRONG, *unsure):
        for hours in (30, 72):
            for command in re.findall("`([^`]*)`", " ".join(steps(hours, **so))):
                assert not re.search(r"\b(TEXT|PATH|ID|STATE|VERSION|SHA|NAME|REF|OWNER|WORKFLOW)\b", command), command
                assert shlex.split(command), command


@each_row(
    ("dispatch", "said"),
    [
        (TWO_RUNS, f"Dispatch CI, runs: 2, jobs in all: 8, each with `{DISPATCH}`"),
        (
            msgspec.structs.replace(TWO_RUNS, jobs_done=4),
            f"Dispatch CI, runs: 1, jobs in all: 4, each with `{DISPATCH}`",
        ),
        (
            msgspec.structs.replace(TWO_RUNS, jobs_done=8),
            "Take in how CI's runs ended: `atalaya collect --release 1.1.0`.",
        ),
    ],
)
def test_missing_jobs_come_with_the_command_that_dispatches_as_many_as_the_checkpoint_asks_for(
    dispatch: DispatchPlan, said: str
) -> None:
    for so in (
        {"metrics": metrics(pass_rate=State.UNKNOWN)},
        {"metrics": metrics(flaky_tests=State.INCONCLUSIVE)},
        {"checkpoints": (duty(DutyState.MISSING, id="pipeline-green"),)},
        {"cells": (cell(CellState.TOO_OLD),)},
    ):
        found = steps(30, settings=Settings(ci=CI), dispatch=dispatch, **so)
        assert found[0].startswith(said), so
        assert "".join(found).count(said) == 1


def test_where_no_repository_is_set_a_plain_sentence_says_what_to_run() -> None:
    (first, *_) = steps(30, dispatch=TWO_RUNS, metrics=metrics(pass_rate=State.UNKNOWN))
    assert first.startswith("Run CI on the released commit, runs: 2, jobs in all: 8.")
    assert "gh " not in first


def test_after_the_end_a_dispatch_is_for_the_longer_window() -> None:
    found = steps(72, settings=Settings(ci=CI), metrics=metrics(pass_rate=State.UNKNOWN))
    assert found[-2:] == [
        "Watch for another 24 hours: `atalaya release extend --release 1.1.0 --why 'INCONCLUSIVE: metric-unknown'`.",
        f"In the longer window, dispatch CI: `{DISPATCH}`.",
    ]


def test_nothing_is_asked_for_that_was_done_a_minute_ago() -> None:
    done = {"own_at": T0 + timedelta(hours=29.9), "collected_at": T0 + timedelta(hours=29.9)}
    unsure = {
        "metrics": metrics(pass_rate=State.UNKNOWN, stale_cache=State.INCONCLUSIVE),
        "checkpoints": (duty(DutyState.MISSING), duty(DutyState.MISSING, id="pipeline-green")),
    }
    before = steps(30, **unsure)
    assert [step.split(":")[0] for step in before[:-1]] == [
        "Run the smoke",
        "Take in how CI's runs ended",
        "Run the watch again",
    ]
    assert [step.split(":")[0] for step in steps(30, **(unsure | done))[:-1]] == ["See what each duty rests on"]
    earlier = {"own_at": T0 + timedelta(hours=29.8), "collected_at": T0 + timedelta(hours=29.8)}
    assert steps(30, **(unsure | earlier)) == before


@each_row(
    ("state", "followed", "said"),
    [
        ("open", None, "When the fix of I-1 has landed, say so"),
        ("monitoring", True, "The fix of I-1 is shown, so say that it is over"),
        ("monitoring", False, "Show that the fix of I-1 holds; clean runs that it takes: 7: `atalaya watch"),
        ("carried over", None, "Run the watch again by"),
    ],
)
def test_an_incident_comes_with_the_step_that_it_can_take(state: str, followed: bool | None, said: str) -> None:
    known = () if followed is None else (proof_of("I-1", shown=followed),)
    found = steps(30, incidents=(incident(Severity.MAJOR, state),), followed=known)
    assert found[0].startswith(said), found


def test_a_fix_that_nothing_measured_shows_is_a_persons_word() -> None:
    known = (msgspec.structs.replace(proof_of("I-1", shown=True), measured=False),)
    found = steps(30, incidents=(incident(Severity.MAJOR, "monitoring"),), followed=known)
    assert found[0].startswith("Nothing that is measured shows when I-1 is over."), found


def test_an_incident_whose_fix_is_shown_waits_to_be_called_resolved_and_is_no_alarm() -> None:
    for severity in (Severity.CRITICAL, Severity.MAJOR):
        fixed: dict[str, Any] = {"incidents": (incident(severity, "monitoring"),), "unproven": ("I-1",)}
        for shown, says in (
            (True, "nobody has called it resolved since its fix landed"),
            (False, "Further clean runs that it takes: 7"),
        ):
            found = verdict(72, **fixed, followed=(proof_of("I-1", shown=shown),))
            assert (found.word, found.rule) == (VerdictStatus.INCONCLUSIVE, "fix-unproven")
            assert says in str(found.because[0])
    found = verdict(72, **fixed, followed=(proof_of("I-1", shown=True),))
    assert "--state resolved" in str(found.next_steps[0])


def test_a_minor_incident_whose_fix_is_not_shown_decides_nothing() -> None:
    minor = (incident(Severity.MINOR, "monitoring"),)
    found = verdict(72, incidents=minor, unproven=("I-1",), followed=(proof_of("I-1", shown=False),))
    assert found.word is VerdictStatus.GO


def test_a_fix_whose_proof_is_missing_says_how_many_clean_runs_it_takes() -> None:
    found = verdict(
        30,
        incidents=(incident(Severity.MAJOR, "monitoring"),),
        unproven=("I-1",),
        disputed=(text("I-1 is resolved by its record, and counts as monitoring"),),
        followed=(proof_of("I-1", shown=False),),
    )
    assert "clean runs that it takes: 7" in str(found.next_steps[0])
    assert "counts as monitoring" in str(found.unknowns[0])


def test_a_record_of_an_incident_that_does_not_count_comes_with_how_to_see_them() -> None:
    found = verdict(72, disputed=(text("a record does not count"),))
    assert str(found.next_steps[0]).startswith("Record how such an incident stands")
    assert "a record does not count" in [str(unknown) for unknown in found.unknowns]


def test_the_same_situation_gives_the_same_bytes() -> None:
    assert msgspec.json.encode(verdict(30)) == msgspec.json.encode(verdict(30))


def test_a_metric_that_is_not_applicable_blocks_no_word() -> None:
    assert verdict(72, metrics=metrics(stale_cache=State.NOT_APPLICABLE)).word is VerdictStatus.GO
    assert verdict(72, metrics=metrics(stale_cache=State.UNKNOWN)).word is VerdictStatus.INCONCLUSIVE
