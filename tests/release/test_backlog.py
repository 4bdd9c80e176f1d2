"""Does the next version begin with what presses most?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from checks.records import (
    Environment,
    Finding,
    Metric,
    Outcome,
    Promise,
    PromiseStatus,
    Severity,
    State,
    Weakness,
    text,
)
from checks.release.backlog import backlog

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WEAKNESSES = (
    Weakness(id="errors.cannot-be-pickled", says="They cannot be pickled.", proposal="Give them a way."),
    Weakness(id="config.infinity-is-accepted", says="Infinity is accepted.", proposal="Refuse it."),
)


def status(
    id: str,
    outcome: Outcome,
    severity: Severity = Severity.CRITICAL,
    at: datetime | None = T0,
    reason: str = "bad",
) -> PromiseStatus:
    promise = Promise(id=id, severity=severity, checkpoint_h=0, says="It {holds}.", why="w", how="h")
    return PromiseStatus(promise=promise, outcome=outcome, reason=reason, at=at, kept=0, broken=0, unknown=0)


def metric(id: str, state: State, *, critical: bool = True) -> Metric:
    nothing = text("")
    return Metric(
        id=id, value=None, low=None, high=None, n=0, unit="", exposure=nothing, source=nothing, state=state,
        threshold=text("at most {n}", n=0), method=nothing, text=nothing, reason=text("the reason"), critical=critical,
    )  # fmt: skip


def found(weakness: str, seen: bool | None, hours: float) -> Finding:
    at = T0 + timedelta(hours=hours)
    return Finding(
        run_id="r",
        environment=Environment.CI,
        occurred_at=at,
        recorded_at=at,
        weakness=weakness,
        seen=seen,
        reason="",
    )


def test_items_come_in_the_order_in_which_they_press() -> None:
    items = backlog(
        [
            status("cache.only-gets", Outcome.UNKNOWN),
            status("config.booleans", Outcome.BROKEN, Severity.MINOR),
            status("config.no-fallback", Outcome.BROKEN),
            status("transport.gets-are-retried", Outcome.BROKEN, Severity.MAJOR),
        ],
        [
            metric("pass-rate", State.UNKNOWN),
            metric("flaky-tests", State.FAIL, critical=False),
            metric("network-errors", State.INCONCLUSIVE, critical=False),
            metric("stale-cache", State.FAIL),
        ],
        [found("config.infinity-is-accepted", True, 1)],
        WEAKNESSES,
    )
    assert [(item.priority, item.id) for item in items] == [
        (1, "config.no-fallback"),
        (1, "stale-cache"),
        (2, "transport.gets-are-retried"),
        (2, "config.booleans"),
        (2, "flaky-tests"),
        (3, "cache.only-gets"),
        (3, "pass-rate"),
        (3, "network-errors"),
        (4, "config.infinity-is-accepted"),
    ]


def test_what_is_kept_met_or_not_seen_is_no_item() -> None:
    assert not backlog(
        [status("a.b", Outcome.KEPT), status("a.c", Outcome.NOT_APPLICABLE)],
        [metric("pass-rate", State.MEETS), metric("stale-cache", State.PROVEN)],
        [found("config.infinity-is-accepted", False, 1)],
        WEAKNESSES,
    )


def test_the_newest_probe_that_could_tell_decides() -> None:
    seen = [
        found("config.infinity-is-accepted", True, 2),
        found("config.infinity-is-accepted", False, 1),
        found("config.infinity-is-accepted", None, 3),
        found("errors.cannot-be-pickled", True, 1),
        found("errors.cannot-be-pickled", False, 2),
    ]
    assert [item.id for item in backlog([], [], seen, WEAKNESSES)] == ["config.infinity-is-accepted"]


def test_each_item_names_what_proves_it_done_and_why_it_is_there() -> None:
    items = backlog(
        [status("a.b", Outcome.BROKEN), status("a.c", Outcome.UNKNOWN, at=None)],
        [metric("stale-cache", State.FAIL)],
        [found("errors.cannot-be-pickled", True, 1)],
        WEAKNESSES,
    )
    assert [(item.proven_by, str(item.says), str(item.why)) for item in items] == [
        ("a.b", "Keep this promise again: It {holds}.", "Broken in its latest run: bad"),
        ("stale-cache", "Bring stale-cache back to its threshold: at most 0", "the reason"),
        ("a.c", "Find out whether this promise is kept: It {holds}.", "No run has tested it."),
        (
            "errors.cannot-be-pickled",
            "Give them a way.",
            "Seen, and beyond the contract: They cannot be pickled.",
        ),
    ]
