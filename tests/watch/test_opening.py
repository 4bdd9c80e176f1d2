"""Tests that rules open one incident per cause, and that a fix counts only when it is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.records.stored import (
    CaseOutcome,
    Conclusion,
    Environment,
    EventKind,
    IncidentStep,
    JobAttempt,
    Observation,
    Outcome,
    Severity,
    TestAttempt,
)
from atalaya.watch.incidents.fingerprint import error_type, fingerprint
from atalaya.watch.incidents.incident_rules import STORM, due
from atalaya.watch.state_at import incident_steps
from atalaya.watch.states import INCIDENT, NEW, WATCH, Step, is_allowed, states, successors
from tests.ours import PACK
from tests.tables import each_row
from tests.watch.watched import Watched, at, checked, healthy, in_force, job, stale, stamp, transition

PROMISE = "config.no-fallback"


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    watched = Watched(tmp_path)
    watched.keep(in_force(0), *healthy(20))
    return watched


def broken(hours: float, promise: str = PROMISE, reason: str = "ValueError: no address", **changes: Any) -> Observation:
    values = {
        "promise": promise,
        "severity": PACK.promise[promise].severity,
        "outcome": Outcome.BROKEN,
        "reason": reason,
        "duration_s": 0.1,
        "trials": 1,
        "subject_digest": "d",
    }
    return Observation(**(stamp(hours, f"run-{hours}") | values | changes))


def kept(hours: float, promise: str = PROMISE) -> Observation:
    return broken(hours, promise, "", outcome=Outcome.KEPT)


def steps(watched: Watched, hours: float) -> tuple[IncidentStep, ...]:
    """What the rules do, judged as of the newest evidence; and it is kept."""
    taken = due(watched.judged(), at=at(hours))
    watched.keep(*taken)
    return taken


def say(watched: Watched, hours: float, opened: IncidentStep, state: str, **changes: Any) -> IncidentStep:
    step = replace(
        opened, **stamp(hours, f"ana-{hours}"), state=state, by="ana", why="so", fingerprints=(), rule="", **changes
    )
    watched.keep(step)
    return step


# ── what opens ───────────────────────────────────────────────────────────────


def test_nothing_opens_in_a_healthy_watch(watched: Watched) -> None:
    assert steps(watched, 21) == ()


def test_a_broken_promise_opens_an_incident_with_evidence_and_the_duty_that_it_blocks(watched: Watched) -> None:
    watched.keep(broken(21))
    (opened,) = steps(watched, 21.1)
    assert (opened.state, opened.severity, opened.rule) == ("open", Severity.CRITICAL, "promise-broken")
    assert (at(21), ("strict-config",)) == (opened.opened_at, opened.blocks)
    assert [name.partition("-")[0] for name in opened.shows] == ["observation"]
    assert PACK.promise[PROMISE].says in opened.impact


def test_the_same_cause_does_not_open_twice_whatever_its_message_says(watched: Watched) -> None:
    watched.keep(broken(21, reason="ValueError: could not connect to port 4711 after 12 ms"))
    (opened,) = steps(watched, 21.1)
    watched.keep(broken(22, reason="ValueError: could not connect to port 9 after 340 ms"))
    assert steps(watched, 22.1) == ()
    (followed,) = watched.judged().followed
    assert (opened.incident, 2) == (followed.incident, followed.seen)


def test_another_type_of_error_is_another_cause(watched: Watched) -> None:
    watched.keep(broken(21))
    steps(watched, 21.1)
    watched.keep(broken(22, reason="KeyError: 'url'"))
    assert len(steps(watched, 22.1)) == 1
    assert len(watched.judged().incidents) == 2


def test_two_who_see_the_same_open_the_same(watched: Watched) -> None:
    watched.keep(stale(21))
    judged = watched.judged()
    (one,), (other,) = due(judged, at=at(21.1)), due(judged, at=at(21.2))
    watched.keep(one, other)
    assert one.incident == other.incident
    assert [incident.state for incident in watched.judged().incidents] == ["open"]
    assert not watched.judged().verdict.unknowns or "no step" not in str(watched.judged().verdict.unknowns)


@pytest.mark.parametrize(
    ("kind", "blocking", "opens"),
    [
        (EventKind.STALE_READ, True, ["critical stale-cache"]),
        (EventKind.POLLING_TIMEOUT, True, ["critical polling-timeouts"]),
        (EventKind.NETWORK_ERROR, True, ["critical network-errors"]),
        (EventKind.NETWORK_ERROR, False, []),
    ],
)
def test_an_event_opens_what_its_metric_is_worth(
    kind: EventKind, blocking: bool, opens: list[str], watched: Watched
) -> None:
    watched.keep(replace(stale(21), event=kind, blocking=blocking))
    assert opens == [f"{one.severity} {one.metric}" for one in steps(watched, 21.1)]


@pytest.mark.parametrize("changes", [{"expected": True}, {"environment": Environment.SERVICE}])
def test_what_a_test_provoked_and_what_a_real_service_did_open_nothing(
    changes: dict[str, Any], watched: Watched
) -> None:
    watched.keep(replace(stale(21), **changes))
    assert steps(watched, 21.1) == ()


def test_a_minor_promise_opens_nothing(watched: Watched) -> None:
    minor = next(id for id, promise in PACK.promise.items() if promise.severity is Severity.MINOR)
    watched.keep(broken(21, minor))
    assert steps(watched, 21.1) == ()


def test_a_storm_is_one_incident_with_a_count_and_what_comes_later_joins_it(watched: Watched) -> None:
    ids = [id for id, promise in PACK.promise.items() if promise.severity is not Severity.MINOR]
    watched.keep(*(broken(21, id) for id in ids[: STORM + 2]))
    (storm,) = steps(watched, 21.1)
    assert (len(storm.fingerprints), storm.severity) == (STORM + 2, Severity.CRITICAL)
    watched.keep(broken(22, ids[STORM + 2]))
    (joined,) = steps(watched, 22.1)
    assert (storm.incident, "open", STORM + 3) == (joined.incident, joined.state, len(joined.fingerprints))
    assert steps(watched, 22.2) == ()
    assert [followed.seen for followed in watched.judged().followed] == [STORM + 3]


def test_a_thousand_stale_reads_in_one_place_are_one_incident(watched: Watched) -> None:
    watched.keep(*(replace(stale(21), message=f"read {n}") for n in range(1000)))
    (opened,) = steps(watched, 21.1)
    assert (len(opened.fingerprints), watched.judged().followed[0].seen) == (1, 1000)


def test_what_a_person_wrote_down_first_is_not_opened_again(watched: Watched) -> None:
    watched.keep(stale(21), transition(21.05, "open"))
    assert steps(watched, 21.1) == ()


def test_a_pass_rate_that_fails_at_a_checkpoint_opens_one_and_comes_back_only_at_the_next(watched: Watched) -> None:
    lost = [
        job(
            20.5 + n / 100,
            Conclusion.FAILURE,
            workflow="clients-python-sdk",
            job="tests",
            run_id=f"l{n}",
            environment=Environment.CI,
        )
        for n in range(30)
    ]
    watched.keep(*lost, *checked(24.2))
    (opened,) = steps(watched, 24.3)  # of the variant that fails, and the rate that it spoils
    assert (opened.rule, opened.severity, opened.metric, opened.blocks) == (
        "variant-failing",
        Severity.CRITICAL,
        "pass-rate",
        ("pipeline-green", "review-pass-rate"),
    )
    assert opened.impact.endswith("Seen with it: the metric pass-rate")
    say(watched, 25, opened, "monitoring")
    watched.keep(*checked(26))
    assert steps(watched, 26.1) == ()  # what was lost stays counted: that is no news
    watched.keep(*checked(48.1))
    assert [one.state for one in steps(watched, 48.2)] == ["reopened"]


def ci(hours: float, conclusion: Conclusion = Conclusion.SUCCESS, variant: str = "3.13", **changes: Any) -> JobAttempt:
    """A job of CI in a run of its own."""
    values: dict[str, Any] = {
        "workflow": "clients-python-sdk",
        "job": "tests",
        "variant": variant,
        "run_id": f"ci-{hours}-{variant}",
        "environment": Environment.CI,
    }
    return job(hours, conclusion, **(values | changes))


def test_a_variant_that_fails_three_runs_opens_one_of_its_own(watched: Watched) -> None:
    watched.keep(*(ci(hours, Conclusion.FAILURE) for hours in (20.1, 20.2)))
    assert steps(watched, 20.2) == ()  # red now, and no incident
    watched.keep(ci(20.3, Conclusion.TIMED_OUT))
    (opened,) = steps(watched, 20.4)
    assert (opened.rule, opened.severity, opened.metric, opened.opened_at) == (
        "variant-failing",
        Severity.MAJOR,
        "",
        at(20.1),
    )
    assert opened.fingerprints == (fingerprint("variant-failing", "clients-python-sdk", "tests", "3.13"),)
    assert "tests (3.13) of clients-python-sdk fails. Broken since 2026-03-03 05:06 UTC: its last 3" in opened.impact
    watched.keep(ci(20.5, Conclusion.FAILURE))
    assert steps(watched, 20.6) == ()  # the same cause


def test_a_variant_that_fails_again_after_its_fix_reopens_its_incident(watched: Watched) -> None:
    watched.keep(*(ci(hours, Conclusion.FAILURE) for hours in (20.1, 20.2, 20.3)))
    (opened,) = steps(watched, 20.4)
    say(watched, 21, opened, "monitoring")
    watched.keep(ci(21.1))
    assert steps(watched, 21.2) == ()
    watched.keep(*(ci(hours, Conclusion.FAILURE) for hours in (22, 22.1, 22.2)))
    assert [one.state for one in steps(watched, 22.3)] == ["reopened"]


def test_a_variant_that_a_test_finds_worse_opens_one_at_a_checkpoint(watched: Watched) -> None:
    # 7 of 10 against 0 of 21: 120 / 2629575 = 0.000046, at or below 0.00052 / 2
    watched.keep(*(ci(hour, Conclusion.FAILURE if hour < 14 else Conclusion.SUCCESS) for hour in range(0, 20, 2)))
    assert steps(watched, 23) == ()
    watched.keep(*checked(24.1))
    (opened,) = steps(watched, 24.2)
    assert (opened.rule, opened.opened_at) == ("variant-failing", at(0))
    assert "7 of 10 runs against 0 of 21 in the other jobs and variants" in opened.impact
    say(watched, 25, opened, "monitoring")
    watched.keep(ci(26))
    assert steps(watched, 26.1) == ()  # what failed stays counted: that is no news
    watched.keep(ci(27, Conclusion.FAILURE))
    assert [one.state for one in steps(watched, 27.1)] == ["reopened"]


def test_what_a_pull_request_showed_opens_nothing(watched: Watched) -> None:
    watched.keep(*(ci(hours, Conclusion.FAILURE, event="pull_request") for hours in (20.1, 20.2, 20.3)))
    watched.keep(replace(stale(20.2), run_id="ci-20.2-3.13", environment=Environment.CI))
    assert steps(watched, 20.4) == ()


def failed(run: str, hours: float, outcome: CaseOutcome = CaseOutcome.FAILED, **changes: Any) -> TestAttempt:
    values = {
        "test": "exports::test_ready",
        "variant": "3.12",
        "attempt": 1,
        "commit": "c",
        "outcome": outcome,
        "critical": False,
        "origin": "x",
    }
    return TestAttempt(**(stamp(hours, run, Environment.CI) | values | changes))


@pytest.mark.parametrize("critical", [False, True])
def test_a_broken_test_opens_one_incident_whatever_its_variants(critical: bool, watched: Watched) -> None:
    watched.keep(*(failed(f"r{n}", 20 + n / 10, variant=v, critical=critical) for n in range(2) for v in ("a", "b")))
    assert steps(watched, 20.3) == ()
    watched.keep(*(failed("r3", 20.5, variant=variant, critical=critical) for variant in ("a", "b")))
    (opened,) = steps(watched, 20.6)
    assert (opened.rule, opened.severity, opened.metric, opened.opened_at) == (
        "test-broken",
        Severity.CRITICAL if critical else Severity.MAJOR,
        "",
        at(20),
    )
    assert ({"test"}, True) == ({name.partition("-")[0] for name in opened.shows}, "test_ready" in opened.impact)
    watched.keep(failed("r4", 20.7, variant="a", critical=critical))
    assert steps(watched, 20.8) == ()


def test_the_fix_of_a_broken_test_is_shown_by_a_pass_and_a_failure_after_it_comes_back(watched: Watched) -> None:
    watched.keep(*(failed(f"r{number}", 20 + number / 10) for number in range(3)))
    (opened,) = steps(watched, 20.4)
    say(watched, 20.5, opened, "monitoring")
    (followed,) = watched.judged().followed
    assert (followed.shown, "all failed" in str(followed.proof)) == (False, True)
    assert steps(watched, 20.6) == ()
    watched.keep(failed("r4", 20.7, CaseOutcome.PASSED))
    assert [one.shown for one in watched.judged().followed] == [True]
    watched.keep(*(failed(f"r{number}", 20 + number / 10) for number in range(8, 10)))
    assert steps(watched, 20.95) == ()
    watched.keep(failed("r10", 21))
    assert [one.state for one in steps(watched, 21.1)] == ["reopened"]


# ── one cause, one incident ──────────────────────────────────────────────────


def test_stale_reads_of_several_waits_are_one_incident_with_the_promises_that_see_them(watched: Watched) -> None:
    reads = [replace(stale(21), place=f"wait_for_export_ready(smoke-{n:04})", message=f"m{n}") for n in range(4)]
    watched.keep(*reads, broken(21.2, "polling.fresh-status"), broken(21.2, "cache.bypass-per-request"))
    (opened,) = steps(watched, 21.3)
    assert (opened.rule, opened.severity, opened.metric) == ("stale-read", Severity.CRITICAL, "stale-cache")
    assert opened.impact == (
        "A poll read an outdated status from the cache, in wait_for_export_ready. Seen with it: "
        "the promise polling.fresh-status, the promise cache.bypass-per-request"
    )
    assert opened.about == ("stale-cache", "polling", "cache")
    watched.keep(replace(stale(22), place="wait_for_export_ready(smoke-9999)"))
    assert steps(watched, 22.1) == ()


def test_two_causes_at_once_are_two_incidents(watched: Watched) -> None:
    watched.keep(stale(21), broken(21, "polling.fresh-status"), broken(21, PROMISE))
    assert sorted(one.rule for one in steps(watched, 21.1)) == ["promise-broken", "stale-read"]


def test_a_promise_that_breaks_later_joins_the_incident_of_what_it_sees(watched: Watched) -> None:
    watched.keep(stale(21))
    (opened,) = steps(watched, 21.1)
    watched.keep(broken(22, "polling.fresh-status"))
    (joined,) = steps(watched, 22.1)
    assert (joined.incident, joined.state) == (opened.incident, "open")
    assert (len(joined.fingerprints), joined.why) == (2, "It is of the same cause: the promise polling.fresh-status.")
    assert steps(watched, 22.2) == ()


def test_what_joins_an_incident_that_a_person_wrote_leaves_it_theirs(watched: Watched) -> None:
    watched.keep(stale(21), transition(21.05, "open"), broken(21, "polling.fresh-status"))
    (joined,) = steps(watched, 21.1)
    assert (joined.incident, joined.rule, len(joined.fingerprints)) == ("INC-1", "", 1)
    watched.keep(replace(stale(22), place="elsewhere", message="ValueError: another"))
    assert steps(watched, 22.1) == ()


def test_a_dead_matrix_is_one_incident_with_its_test(watched: Watched) -> None:
    for hour in (20.1, 20.2, 20.3):
        for variant in ("3.11", "3.12", "3.13"):
            watched.keep(ci(hour, Conclusion.FAILURE, variant, run_id=f"ci-{hour}"))
            watched.keep(failed(f"ci-{hour}", hour, variant=variant))
    (opened,) = steps(watched, 20.4)
    assert (opened.rule, len(opened.fingerprints)) == ("test-broken", 4)
    assert "Seen with it: the job tests (3.11), the job tests (3.12), the job tests (3.13)" in opened.impact


def test_variants_that_break_in_different_runs_are_different_causes(watched: Watched) -> None:
    watched.keep(*(ci(hour, Conclusion.FAILURE, "3.12", run_id=f"a-{hour}") for hour in (20.1, 20.2, 20.3)))
    watched.keep(*(ci(hour, Conclusion.FAILURE, "3.13", run_id=f"b-{hour}") for hour in (20.4, 20.5, 20.6)))
    assert [one.rule for one in steps(watched, 20.7)] == ["variant-failing"] * 2


def test_an_incident_that_an_earlier_version_named_is_not_opened_again(watched: Watched) -> None:
    place = "wait_for_export_ready(smoke-0004)"
    watched.keep(replace(stale(21), place=place))
    (opened,) = steps(watched, 21.1)
    formerly = fingerprint("stale-read", "stale-read", "", place)
    watched.keep(replace(opened, **stamp(20, "old"), incident="INC-OLD", fingerprints=(formerly,)))
    other = Watched(watched.folder.parent / "other")
    other.keep(in_force(0), replace(stale(21), place=place))
    other.keep(replace(opened, **stamp(20.9, "old"), incident="INC-OLD", fingerprints=(formerly,)))
    assert steps(other, 21.2) == ()
    assert [one.seen for one in other.judged().followed] == [1]


# ── what comes back ──────────────────────────────────────────────────────────


def test_what_comes_back_after_its_fix_is_opened_again(watched: Watched) -> None:
    watched.keep(stale(21))
    (opened,) = steps(watched, 21.1)
    say(watched, 22, opened, "monitoring")
    watched.keep(job(22.5))
    assert steps(watched, 22.6) == ()
    watched.keep(stale(23))
    (again,) = steps(watched, 23.1)
    assert (opened.incident, "reopened") == (again.incident, again.state)
    assert "failed" in again.why


@pytest.mark.parametrize(("days", "states"), [(9, ["reopened"]), (11, ["open"])])
def test_within_ten_days_it_is_the_same_and_later_another(days: int, states: list[str], tmp_path: Path) -> None:
    long = Watched(tmp_path / "long")
    long.release = replace(long.release, window_h=400)
    long.keep(in_force(0), stale(21))
    (opened,) = steps(long, 21.1)
    say(long, 22, opened, "monitoring")
    say(long, 23, opened, "resolved")
    long.keep(stale(23 + days * 24))
    taken = steps(long, 23 + days * 24 + 0.1)
    assert states == [one.state for one in taken]
    assert (taken[0].incident == opened.incident) is (states == ["reopened"])


# ── what shows a fix ─────────────────────────────────────────────────────────


def test_a_fixed_promise_is_shown_by_as_many_clean_runs_as_reject_its_rate(watched: Watched) -> None:
    watched.keep(broken(21))
    (opened,) = steps(watched, 21.1)  # broken in 1 of 2 runs: T+0 kept it
    assert not watched.judged().followed[0].shown
    say(watched, 22, opened, "monitoring")
    for run in range(5):
        watched.keep(kept(22.1 + run / 10))
        # ceil(ln .05 / ln(1 - 1/2)) = 5
        assert (run == 4) is watched.judged().followed[0].shown, run
    assert "5 clean runs of 5" in str(watched.judged().followed[0].proof)


def test_one_more_failure_after_the_fix_shows_nothing(watched: Watched) -> None:
    watched.keep(broken(21))
    (opened,) = steps(watched, 21.1)
    say(watched, 22, opened, "monitoring")
    watched.keep(*(kept(22.1 + run / 10) for run in range(9)), broken(23.5))
    assert not watched.judged().followed[0].shown


# ── the tables ───────────────────────────────────────────────────────────────


def test_the_states_are_those_of_the_tables() -> None:
    assert states(WATCH) == ("open", "extended", "closed", "invalid")
    assert {"open", "acknowledged", "monitoring", "resolved", "reopened", "carried over"} == set(states(INCIDENT))


@each_row(
    ("before", "after"),
    [
        ("open", "resolved"),
        ("resolved", "open"),
        ("carried over", "open"),
        (NEW, "resolved"),
        ("acknowledged", "resolved"),
    ],
)
def test_there_is_no_way_around_the_proof(before: str, after: str) -> None:
    assert not is_allowed(INCIDENT, before, after)


@pytest.mark.parametrize("table", [WATCH, INCIDENT])
def test_every_state_can_be_reached_and_no_step_stands_there_twice(table: tuple[Step, ...]) -> None:
    reached, new = set(), {NEW}
    while new - reached:
        reached |= new
        new = {after for before in reached for after in successors(table, before)}
    assert {NEW, *states(table)} == reached
    assert len(table) == len({(step.before, step.after) for step in table})


def test_of_two_people_at_once_the_second_changes_no_state_and_it_is_said(watched: Watched) -> None:
    watched.keep(transition(15, "open"), transition(16, "monitoring"), transition(16.1, "acknowledged", by="bea"))
    judged = watched.judged()
    assert [(one.id, one.state) for one in judged.incidents] == [("INC-1", "monitoring")]
    assert any("bea wrote that it is acknowledged" in str(said) for said in judged.verdict.unknowns)


def test_what_was_refused_is_settled_by_the_next_step(watched: Watched) -> None:
    watched.keep(
        transition(15, "open"),
        transition(16, "monitoring"),
        transition(16.1, "acknowledged"),
        transition(17, "reopened"),
    )
    assert "no step" not in str(watched.judged().verdict.unknowns)


def test_what_the_second_says_beside_the_state_counts() -> None:
    taken, refused = incident_steps([transition(15, "open"), transition(16, "resolved", fix="turned off")])
    assert (taken[-1].state, taken[-1].fix, len(refused)) == ("open", "turned off", 1)


def test_an_incident_that_begins_at_its_end_is_open() -> None:
    taken, refused = incident_steps([transition(15, "resolved")])
    assert ([one.state for one in taken], len(refused)) == (["open"], 1)


# ── names of causes ──────────────────────────────────────────────────────────


@each_row(
    ("message", "expected"),
    [
        ("ValueError: no", "ValueError"),
        ("got http.client.RemoteDisconnected", ""),
        ("", ""),
        ("requests.ReadTimeout", "ReadTimeout"),
        ("x" * 5000 + "ValueError", ""),
    ],
)
def test_the_type_of_an_error_is_read_from_its_message(message: str, expected: str) -> None:
    assert expected == error_type(message)


def test_no_hostile_name_breaks_a_fingerprint() -> None:
    assert len(fingerprint("rule", "\ud800", "\0", "<script>")) == 16


def test_a_storm_that_was_mended_and_comes_back_with_other_causes_is_opened_again(watched: Watched) -> None:
    ids = [id for id, promise in PACK.promise.items() if promise.severity is not Severity.MINOR]
    watched.keep(*(broken(21, id) for id in ids[: STORM + 1]))
    (storm,) = steps(watched, 21.1)
    say(watched, 22, storm, "monitoring")
    watched.keep(*(kept(22.5, id) for id in ids[: STORM + 1]), broken(23, ids[STORM + 1]))
    assert [(storm.incident, "reopened")] == [(one.incident, one.state) for one in steps(watched, 23.1)]


def test_a_fix_that_somebody_calls_one_without_proof_counts_as_monitored_whatever_wrote_it(watched: Watched) -> None:
    watched.keep(broken(21))
    (opened,) = steps(watched, 21.1)
    say(watched, 22, opened, "monitoring")
    say(watched, 22.2, opened, "resolved")  # as a segment that a hand wrote
    watched.keep(kept(22.5))
    judged = watched.judged()
    assert [one.state for one in judged.incidents] == ["monitoring"]
    assert any("is resolved by its record, and counts as monitoring" in str(one) for one in judged.verdict.unknowns)
    watched.keep(*(kept(23 + run / 10) for run in range(4)))
    assert [one.state for one in watched.judged().incidents] == ["resolved"]
