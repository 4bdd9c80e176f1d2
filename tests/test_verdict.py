"""Tests that the first rule that applies decides the verdict, and that silence never counts as success."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from atalaya.core.settings import Settings, WatchSettings
from atalaya.core.words import text
from atalaya.metrics.coverage import covered
from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import (
    Acts,
    Checkpoint,
    Compared,
    Coverage,
    Duty,
    DutyState,
    Incident,
    Metric,
    State,
    Verdict,
)
from atalaya.records.stored import Release, Severity, VerdictStatus
from atalaya.verdict import RULES, Situation, When, judge
from tests.tables import each_row

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CRITICAL = ("pass-rate", "polling-timeouts", "stale-cache")


def metric(id: str, state: State = State.MEETS, *, acts: Acts = Acts.AT_ONCE) -> Metric:
    nothing = text("")
    return Metric(
        id=id,
        value=None,
        low=None,
        high=None,
        n=0,
        unit="",
        exposure=nothing,
        source=nothing,
        state=state,
        threshold=nothing,
        method=nothing,
        text=nothing,
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


def watched(slots: int) -> Coverage:
    """The first so many of 72 hours, and nothing after them."""
    seen = [T0 + timedelta(hours=hour) for hour in range(slots)]
    return covered(seen, begins=T0, until=T0 + timedelta(hours=72), schedule=WatchSettings())


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
    ("the watch slept", {"coverage": watched(40)}, VerdictStatus.INCONCLUSIVE, VerdictStatus.WAITING),
    ("the watch missed a slot or two", {"coverage": watched(70)}, VerdictStatus.GO, VerdictStatus.ON_TRACK),
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


# What is so, the rule that says it at the end, and the one before.
RULED: list[tuple[dict[str, Any], str, str]] = [
    ({"integrity_problems": (text("a digest differs"),)}, "evidence-changed", "evidence-changed-so-far"),
    ({"defects_caught": 19}, "defect-survived", "defect-survived-so-far"),
    ({"incidents": (incident(Severity.CRITICAL),)}, "critical-incident", "critical-incident-now"),
    ({"broken_critical": ("config.no-fallback",)}, "critical-promise", "critical-promise-now"),
    ({"metrics": metrics(**FAILS)}, "critical-metric", "critical-metric-now"),
    ({"metrics": metrics(flaky_tests=State.UNKNOWN)}, "metric-unknown", "metric-unknown-so-far"),
    ({"coverage": watched(40)}, "watch-slept", "watch-slept-so-far"),
    ({"checkpoints": (duty(DutyState.MISSING),)}, "duty-missing", "duty-missing-so-far"),
    ({"disputed": (text("a record does not count"),)}, "incident-disputed", "incident-disputed-so-far"),
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


def test_what_slept_says_when_and_how_much() -> None:
    assert [str(because) for because in verdict(72, coverage=watched(40)).because] == [
        "Something was observed in 40 of 72 slots of 1 h (55.6%); it must be in 90%.",
        "Nothing was observed for 33.0 h, from 2026-03-04 00:00 UTC to 2026-03-05 09:00 UTC; at most 6 h may pass.",
    ]
    assert str(verdict(30, coverage=watched(40)).next_steps[0]).startswith("Let a schedule run the watch")


def test_an_incident_that_is_disputed_comes_first_with_how_to_record_it() -> None:
    found = verdict(72, disputed=(text("a record does not count"),))
    assert str(found.next_steps[0]).startswith("Record how such an incident stands")
    assert "a record does not count" in [str(unknown) for unknown in found.unknowns]


def test_changed_evidence_an_open_incident_and_a_survivor_each_come_with_a_step() -> None:
    steps = verdict(
        30,
        integrity_problems=(text("a digest differs"),),
        incidents=(incident(Severity.MINOR), incident(Severity.MINOR, "resolved"), incident(Severity.MINOR, hours=40)),
        defects_caught=19,
    ).next_steps
    assert [str(step).split(",")[0] for step in steps] == [
        "See what was changed",
        "If a setting was changed on purpose",
        "Close the incident I-1",
        "See which defect survived",
    ]


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
    assert "`atalaya release extend --release 1.1.0 --why TEXT`" in str(found.next_steps[-1])


@pytest.mark.parametrize(("window", "hours"), [("open", 30), ("ended", 72)])
def test_a_window_is_open_and_then_it_has_ended(window: str, hours: float) -> None:
    assert verdict(hours).window == window


@each_row(
    ("until_h", "hours", "valid_h"), [(24, 0, 25), (24, 20, 25), (48, 24, 25), (32, 30, 2), (72, 71, 25), (97, 72, 25)]
)
def test_a_verdict_is_valid_no_longer_than_to_the_next_checkpoint(until_h: float, hours: float, valid_h: float) -> None:
    settings = Settings(watch=WatchSettings(valid_h=valid_h))
    assert verdict(hours, settings=settings).valid_until == T0 + timedelta(hours=until_h)


# ── unknowns and what to do ──────────────────────────────────────────────────


def test_each_duty_that_nobody_has_signed_is_named() -> None:
    found = verdict(72, checkpoints=(duty(DutyState.PERSON_SIGNS, 24), duty(DutyState.PERSON_SIGNS, 48)))
    assert [str(unknown) for unknown in found.unknowns[-2:]] == [
        "T+24, Run the smoke: nobody has signed it.",
        "T+48, Run the smoke: nobody has signed it.",
    ]


def test_waiting_names_what_it_waits_for_and_what_to_do() -> None:
    found = verdict(
        30, metrics=metrics(pass_rate=State.UNKNOWN), checkpoints=(duty(DutyState.MISSING, id="pipeline-green"),)
    )
    assert [str(unknown) for unknown in found.unknowns] == [
        "pass-rate: because of pass-rate",
        "T+24, Run the smoke: none has run",
    ]
    assert [str(step) for step in found.next_steps] == [
        "Run the watch again: `atalaya watch`.",
        "Take in what CI wrote: `atalaya collect --junit PATH`.",
    ]


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


def test_on_track_says_when_to_look_again_and_go_asks_for_nothing() -> None:
    assert "Run the watch again by 2026-03-04 09:00 UTC" in str(verdict(30).next_steps[0])
    assert verdict(72).next_steps == ()


def test_a_broken_promise_comes_with_the_command_that_shows_it() -> None:
    steps = verdict(30, broken_critical=("config.no-fallback",)).next_steps
    assert "`atalaya check --promise config.no-fallback`" in str(steps[0])


def test_the_same_situation_gives_the_same_bytes() -> None:
    assert msgspec.json.encode(verdict(30)) == msgspec.json.encode(verdict(30))


def test_a_metric_that_is_not_applicable_blocks_no_word() -> None:
    assert verdict(72, metrics=metrics(stale_cache=State.NOT_APPLICABLE)).word is VerdictStatus.GO
    assert verdict(72, metrics=metrics(stale_cache=State.UNKNOWN)).word is VerdictStatus.INCONCLUSIVE
