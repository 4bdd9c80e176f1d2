"""Tests that a run detects a detector that does not work."""

from datetime import UTC, datetime, timedelta

from atalaya.records.results import Canary, CheckResult, CheckRun, Host, Subject
from atalaya.records.stored import Outcome, Severity
from atalaya.sdk.prepare import Prepared
from atalaya.selftest.canary import choose, discount_by_canaries, run_canaries
from tests.ours import PACK

AT = datetime(2026, 1, 31, 9, tzinfo=UTC)


def run_of(**outcomes: Outcome) -> CheckRun:
    return CheckRun(
        run_id="r",
        started_at=AT,
        duration_s=1.0,
        subject=Subject(name="s", version=None, digest="d", source="bundled"),
        host=Host(python="3.11", implementation="CPython", os="Linux", freeze=()),
        checks=tuple(
            CheckResult(id=id.replace("_", "."), severity=Severity.MAJOR, outcome=outcome, reason="", duration_s=0.1)
            for id, outcome in outcomes.items()
        ),
    )


def canary(family: str, *caught_by: str) -> Canary:
    return Canary(family=family, defect="some-defect", expected=("a.one",), caught_by=caught_by)


def outcomes(run: CheckRun) -> list[Outcome]:
    return [check.outcome for check in run.checks]


def test_each_hour_has_a_defect_of_each_family_and_the_next_hour_another() -> None:
    now, then = choose(PACK, AT), choose(PACK, AT + timedelta(hours=1))
    assert {family.name for family in PACK.families} == set(now)
    assert [name for name in now if now[name] == then[name]] == []


def test_in_the_end_every_defect_has_its_turn() -> None:
    longest = max(len(family.defects) for family in PACK.families)
    seen = {defect for hour in range(longest) for defect in choose(PACK, AT + timedelta(hours=hour)).values()}
    assert set(PACK.defects) == seen


def test_what_a_family_that_slept_calls_kept_is_unknown_with_the_reason() -> None:
    run = run_of(cache_a=Outcome.KEPT, config_a=Outcome.KEPT)
    counted = discount_by_canaries(PACK, run, (canary("cache"), canary("config", "a.one")))
    assert outcomes(counted) == [Outcome.UNKNOWN, Outcome.KEPT]
    assert "some-defect" in counted.checks[0].reason


def test_what_a_family_that_slept_calls_broken_stays_broken() -> None:
    run = run_of(cache_a=Outcome.BROKEN, cache_b=Outcome.NOT_APPLICABLE)
    assert outcomes(discount_by_canaries(PACK, run, (canary("cache"),))) == [Outcome.BROKEN, Outcome.NOT_APPLICABLE]


def test_a_run_that_could_have_no_canary_says_nothing() -> None:
    counted = discount_by_canaries(PACK, run_of(cache_a=Outcome.KEPT), (), why_none="no network")
    assert outcomes(counted) == [Outcome.UNKNOWN]
    assert "no network" in counted.checks[0].reason


def test_canaries_are_really_run_and_really_caught(prepared: Prepared) -> None:
    sung = run_canaries(prepared, at=AT)
    assert [(one.family, one.caught) for one in sung] == [(name, True) for name in choose(PACK, AT)]
