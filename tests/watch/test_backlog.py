"""Tests that the backlog begins with the most urgent items."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from atalaya.core.words import text
from atalaya.records.judged import Incident, Metric, PromiseStatus, State
from atalaya.records.results import Limitation, Promise
from atalaya.records.stored import Environment, Finding, Outcome, Severity
from atalaya.watch.backlog import MOST_UNTESTED, BacklogInputs, backlog

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
        threshold=text("at most {n}", n=0),
        method=nothing,
        text=nothing,
        reason=text("the reason"),
        critical=critical,
    )


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
                status("config.booleans", Outcome.BROKEN, Severity.MINOR),
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
    assert [(item.priority, item.id, item.impact * item.frequency * item.cost) for item in items] == [
        (1, "config.no-fallback", 27),
        (1, "stale-cache", 27),
        (1, "cache.only-gets", 18),
        (1, "pass-rate", 18),
        (2, "transport.gets-are-retried", 12),
        (2, "flaky-tests", 12),
        (3, "network-errors", 8),
        (4, "config.booleans", 3),
        (4, "config.infinity-is-accepted", 3),
    ]


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
        metrics=[metric("stale-cache", State.FAIL)],
        findings=[found("errors.cannot-be-pickled", True, 1)],
        limitations=LIMITATIONS,
    )
    assert [(item.proven_by, str(item.says), str(item.why)) for item in backlog(known)] == [
        (
            "a.b",
            "Keep this promise again: It {holds}.",
            "Broken in its latest run: bad Impact 3 x frequency 3 x cost 3 = 27.",
        ),
        (
            "stale-cache",
            "Bring stale-cache back to its threshold: at most 0",
            "the reason Impact 3 x frequency 3 x cost 3 = 27.",
        ),
        (
            "errors.cannot-be-pickled",
            "Give them a way.",
            "Seen, and beyond the contract: They cannot be pickled. Impact 1 x frequency 3 x cost 1 = 3.",
        ),
    ]


def test_how_often_it_was_met_counts() -> None:
    rare = msgspec.structs.replace(status("a.b", Outcome.BROKEN), broken=1, kept=71)
    assert [(item.frequency, item.priority) for item in backlog(BacklogInputs(promises=[rare]))] == [(1, 2)]


def test_what_no_run_has_tested_is_one_item() -> None:
    untested = [status(f"a.b{n}", Outcome.UNKNOWN, at=None) for n in range(MOST_UNTESTED + 1)]
    (item,) = backlog(BacklogInputs(promises=untested))
    assert (item.id, item.proven_by) == ("checks", "a.b0")


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
    assert (says, proven_by) == (str(item.says), item.proven_by)
