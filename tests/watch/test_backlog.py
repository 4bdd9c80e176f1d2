"""Tests that the backlog begins with the most urgent items."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from atalaya.core.settings import EffortSettings
from atalaya.core.words import text
from atalaya.records.judged import (
    BrokenTest,
    CellState,
    CiCell,
    FlakyClass,
    FlakyTest,
    Incident,
    IncidentFollowUp,
    Level,
    Metric,
    Priority,
    PromiseStatus,
    Score,
    State,
)
from atalaya.records.results import Limitation, Promise
from atalaya.records.stored import Environment, Finding, Outcome, Severity
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.backlog import MOST_UNTESTED, PRIORITY, RULES, BacklogInputs, Standing, backlog
from atalaya.watch.incidents.fingerprint import cause_of_test
from tests import made_metric

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIMITATIONS = (
    Limitation(id="errors.cannot-be-pickled", says="They cannot be pickled.", proposal="Give them a way."),
    Limitation(id="config.infinity-is-accepted", says="Infinity is accepted.", proposal="Refuse it."),
)


def status(
    id: str, outcome: Outcome, severity: Severity = Severity.CRITICAL, at: datetime | None = T0, reason: str = "bad"
) -> PromiseStatus:
    promise = Promise(id=id, severity=severity, checkpoint_h=0, says="It {holds}.", why="w", how="h")
    return PromiseStatus(promise=promise, outcome=outcome, reason=reason, at=at, kept=0, broken=0, unknown=0)


def metric(id: str, state: State, *, critical: bool = True) -> Metric:
    told = {"threshold": text("at most {n}", n=0), "reason": text("the reason")}
    return made_metric.metric(id, state, critical=critical, **told)


def found(weakness: str, seen: bool | None, hours: float) -> Finding:
    at = T0 + timedelta(hours=hours)
    return Finding(
        run_id="r",
        environment=Environment.CI,
        occurred_at=at,
        recorded_at=at,
        weakness=weakness,
        stored_seen=seen,
        reason="",
    )


def incident(state: str, severity: Severity = Severity.CRITICAL, metric: str = "") -> Incident:
    return Incident(
        id="INC-1", at=T0, impact="polls hang", root_cause="", fix="", state=state, severity=severity, metric=metric
    )


def test_items_come_in_the_order_in_which_they_press() -> None:
    items = backlog(
        BacklogInputs(
            promises=[
                status("cache.only-gets", Outcome.UNKNOWN),
                status("config.booleans", Outcome.BROKEN, Severity.MINOR, reason="ValueError: x"),
                status("config.no-fallback", Outcome.BROKEN),
                status("transport.gets-are-retried", Outcome.BROKEN, Severity.MAJOR),
            ],
            metrics=[
                metric("pass-rate", State.UNKNOWN),
                metric("flaky-tests", State.FAIL, critical=False),
                metric("network-errors", State.INCONCLUSIVE, critical=False),
                metric("stale-cache", State.FAIL),
            ],
            findings=[found("config.infinity-is-accepted", True, 1)],
            limitations=LIMITATIONS,
        )
    )
    assert [(str(item.priority), item.id, str(item.impact)) for item in items] == [
        ("P0", "config.no-fallback", "high"),
        ("P0", "stale-cache", "high"),
        ("P1", "cache.only-gets", "high"),
        ("P1", "pass-rate", "high"),
        ("P1", "transport.gets-are-retried", "medium"),
        ("P1", "flaky-tests", "medium"),
        ("P2", "network-errors", "medium"),
        ("P2", "config.booleans", "low"),
        ("P2", "config.infinity-is-accepted", "low"),
    ]


def test_each_standing_and_severity_has_its_priority_and_the_worse_never_the_lower() -> None:
    assert {one: {str(severity): str(PRIORITY[one][severity]) for severity in Severity} for one in Standing} == {
        Standing.BROKEN: {"critical": "P0", "major": "P1", "minor": "P2"},
        Standing.UNSURE: {"critical": "P1", "major": "P2", "minor": "P2"},
        Standing.MENDED: {"critical": "P1", "major": "P2", "minor": "P2"},
        Standing.WISH: {"critical": "P2", "major": "P2", "minor": "P2"},
    }
    assert tuple(RULES) == tuple(Priority)


def held(known: BacklogInputs) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(str(item.priority), str(item.says), tuple(part.id for part in item.parts)) for item in backlog(known)]


def test_an_incident_takes_in_all_that_it_tells_of() -> None:
    test = BrokenTest(test="t > a", variant="", critical=False, failures=3, runs=2, since=T0, reason=text("all failed"))
    known = BacklogInputs(
        incidents=[incident("monitoring", Severity.MAJOR, metric="stale-cache")],
        followed=[followed(promises=("cache.a", "cache.b"), fingerprints=(cause_of_test(test),))],
        promises=[status("cache.a", Outcome.BROKEN), status("cache.b", Outcome.UNKNOWN), status("d.e", Outcome.BROKEN)],
        metrics=[metric("stale-cache", State.FAIL)],
        broken_tests=[test],
    )
    assert held(known) == [
        ("P0", "Mend INC-1: polls hang", ("INC-1", "cache.a", "cache.b", "stale-cache", "t > a")),
        ("P0", "Keep this promise again: It {holds}.", ("d.e",)),
    ]


def test_a_resolved_incident_takes_in_nothing_that_is_not_well_now() -> None:
    known = BacklogInputs(
        incidents=[incident("resolved", metric="stale-cache")], metrics=[metric("stale-cache", State.FAIL)]
    )
    assert [parts for _, _, parts in held(known)] == [("stale-cache",), ("INC-1",)]


def test_promises_of_one_family_that_break_with_one_error_are_one_row() -> None:
    known = BacklogInputs(
        promises=[
            status("cache.a", Outcome.BROKEN, reason="TypeError: 1"),
            status("cache.b", Outcome.BROKEN, Severity.MINOR, reason="TypeError: 2"),
            status("cache.c", Outcome.BROKEN, Severity.MAJOR, reason="KeyError: 2"),
            status("config.d", Outcome.BROKEN, Severity.MAJOR, reason="TypeError: 2"),
        ]
    )
    assert held(known) == [
        ("P0", "Keep these promises of cache again: 2", ("cache.a", "cache.b")),
        ("P1", "Keep this promise again: It {holds}.", ("cache.c",)),
        ("P1", "Keep this promise again: It {holds}.", ("config.d",)),
    ]
    assert str(backlog(known)[0].accepts) == "Kept, by `atalaya check --promise cache.a --promise cache.b`."


def test_checks_that_could_not_tell_for_one_reason_are_one_row() -> None:
    known = BacklogInputs(
        promises=[
            status("cache.a", Outcome.UNKNOWN, reason="no answer in 20 s"),
            status("config.b", Outcome.UNKNOWN, reason="no answer in 21 s"),
            status("config.c", Outcome.UNKNOWN, reason="no loader"),
        ]
    )
    assert [parts for _, _, parts in held(known)] == [("cache.a", "config.b"), ("config.c",)]
    several, alone = backlog(known)
    assert [str(part.says) for part in several.beneath] == ["It {holds}."] * 2
    assert str(alone.says) == "Find out whether this promise is kept: It {holds}."


def test_an_item_that_names_itself_needs_its_id_no_second_time() -> None:
    known = BacklogInputs(incidents=[incident("open")], promises=[status("cache.a", Outcome.UNKNOWN, reason="late")])
    assert {item.id: item.names_itself for item in backlog(known)} == {"INC-1": True, "cache.a": False}


def test_the_state_of_an_incident_is_a_word_of_ours_and_a_strangers_stays_as_it_is() -> None:
    said = [backlog(BacklogInputs(incidents=[incident(state)]))[0].why for state in ("acknowledged", "lost")]
    assert [Renderer(Language("es")).say(one) for one in said] == [
        "Está reconocido\\. Ningún registro cuenta cuántas veces se vio\\.",
        "Está `lost`\\. Ningún registro cuenta cuántas veces se vio\\.",
    ]


def test_wishes_for_one_family_are_one_row_and_what_holds_many_names_no_command_that_is_too_long() -> None:
    many = [Limitation(id=f"config.{n}", says="It is so.", proposal=f"Mend {n}.") for n in range(5)]
    known = BacklogInputs(findings=[found(one.id, True, 1) for one in many], limitations=many)
    (item,) = backlog(known)
    assert (str(item.says), len(item.beneath)) == ("Go beyond the contract in config: 5 wishes", 5)
    assert str(item.accepts) == "`atalaya check` does not see them any more."


def test_a_wish_that_breaks_a_promise_says_so() -> None:
    asked = Limitation(id="config.a", says="It is so.", proposal="Mend it.", against="config.is-so")
    (item,) = backlog(BacklogInputs(findings=[found(asked.id, True, 1)], limitations=[asked]))
    assert str(item.says) == "Mend it. That breaks the promise `config.is-so`, so the contract has to change first."


def test_tests_and_variants_that_fail_stand_behind_their_metric() -> None:
    cell = CiCell(
        workflow="w", job="j", variant="v", state=CellState.BROKEN, runs=4, succeeded=1, last_at=T0, reason=text("red")
    )
    failing = [metric("pass-rate", State.FAIL), metric("flaky-tests", State.FAIL)]
    known = BacklogInputs(metrics=failing, cells=[cell], flaky=[flaky("t > a"), flaky("t > b")])
    assert [parts for _, _, parts in held(known)] == [("pass-rate", "w, j, v"), ("flaky-tests", "t > a", "t > b")]
    alone = BacklogInputs(cells=[cell], flaky=[flaky("t > a"), flaky("t > b")])
    assert held(alone) == [
        ("P1", "Mend the CI job w, j, v", ("w, j, v",)),
        ("P2", "Mend the tests that fail, or pass and fail: 2", ("t > a", "t > b")),
    ]
    assert "passes 6 times in a row" in str(backlog(BacklogInputs(flaky=[flaky("t > a")]))[0].accepts)


def test_effort_is_what_a_person_said_of_anything_in_a_row_and_else_not_estimated() -> None:
    known = BacklogInputs(
        promises=[status(id, Outcome.BROKEN) for id in ("a.b", "a.c", "d.e", "f.g")],
        effort=EffortSettings(low=("a.b", "d.e"), high=("a.c", "who knows")),
    )
    assert {item.id: item.effort for item in backlog(known)} == {"a.b": Level.HIGH, "d.e": Level.LOW, "f.g": None}


def flaky(test: str) -> FlakyTest:
    return FlakyTest(
        test=test,
        critical=False,
        kind=FlakyClass.CONFIRMED,
        keys=1,
        mixed_keys=1,
        attempts=4,
        failures=1,
        runs_per_day=1.0,
        cost_min=None,
        score=Score(keys=1),
        impact=None,
        clean_runs=6,
        reason=text("mixed"),
    )


def followed(promises: tuple[str, ...] = (), fingerprints: tuple[str, ...] = ()) -> IncidentFollowUp:
    return IncidentFollowUp(
        incident="INC-1",
        rule="",
        fingerprints=fingerprints,
        blocks=(),
        shows=(),
        seen=2,
        first_at=None,
        last_at=None,
        landed_at=None,
        shown=False,
        proof=text(""),
        promises=promises,
    )


def test_what_is_kept_met_or_not_seen_is_no_item() -> None:
    assert not backlog(
        BacklogInputs(
            promises=[status("a.b", Outcome.KEPT), status("a.c", Outcome.NOT_APPLICABLE)],
            metrics=[metric("pass-rate", State.MEETS), metric("stale-cache", State.PROVEN)],
            findings=[found("config.infinity-is-accepted", False, 1)],
            limitations=LIMITATIONS,
        )
    )


def test_the_newest_probe_that_could_tell_decides() -> None:
    seen = [
        found("config.infinity-is-accepted", True, 2),
        found("config.infinity-is-accepted", False, 1),
        found("config.infinity-is-accepted", None, 3),
        found("errors.cannot-be-pickled", True, 1),
        found("errors.cannot-be-pickled", False, 2),
    ]
    assert [item.id for item in backlog(BacklogInputs(findings=seen, limitations=LIMITATIONS))] == [
        "config.infinity-is-accepted"
    ]


def test_each_item_names_what_proves_it_done_and_why_it_is_there() -> None:
    known = BacklogInputs(
        promises=[status("a.b", Outcome.BROKEN)],
        metrics=[msgspec.structs.replace(metric("stale-cache", State.FAIL), settles=text("60 more trials."))],
        findings=[found("errors.cannot-be-pickled", True, 1)],
        limitations=LIMITATIONS,
    )
    assert [(item.parts[0].proven_by, str(item.says), str(item.why), str(item.accepts)) for item in backlog(known)] == [
        (
            "a.b",
            "Keep this promise again: It {holds}.",
            "Broken in its latest run: bad",
            "Kept, by `atalaya check --promise a.b`.",
        ),
        (
            "stale-cache",
            "Bring stale-cache back to its threshold: at most 0",
            "the reason",
            "stale-cache meets its threshold, at most 0: `atalaya judge --explain stale-cache`. 60 more trials.",
        ),
        (
            "errors.cannot-be-pickled",
            "Give them a way.",
            "Seen, and beyond the contract: They cannot be pickled.",
            "Not seen any more, by `atalaya check --promise errors.cannot-be-pickled`.",
        ),
    ]


def test_what_was_met_more_often_comes_first() -> None:
    often, rare = (
        msgspec.structs.replace(status(id, Outcome.BROKEN), broken=n, kept=72 - n) for id, n in (("b.c", 9), ("a.b", 1))
    )
    assert [item.id for item in backlog(BacklogInputs(promises=[rare, often]))] == ["b.c", "a.b"]


def test_what_no_run_has_tested_is_one_item() -> None:
    untested = [status(f"a.b{n}", Outcome.UNKNOWN, at=None) for n in range(MOST_UNTESTED + 1)]
    (item,) = backlog(BacklogInputs(promises=untested))
    assert [(part.id, part.proven_by) for part in item.parts] == [("checks", "a.b0")]


@pytest.mark.parametrize(
    ("state", "metric", "says", "proven_by"),
    [
        ("open", "stale-cache", "Mend INC-1: polls hang", "stale-cache"),
        ("carried over", "", "Mend INC-1: polls hang", "incident.inc-1"),
        ("resolved", "", "Have a check that sees INC-1 before users do: polls hang", "incident.inc-1"),
    ],
)
def test_an_incident_asks_for_its_mending_or_for_a_check(state: str, metric: str, says: str, proven_by: str) -> None:
    (item,) = backlog(BacklogInputs(incidents=[incident(state, metric=metric)]))
    assert (says, proven_by) == (str(item.says), item.parts[0].proven_by)
