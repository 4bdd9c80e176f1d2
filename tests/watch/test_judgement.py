"""Tests that a release is judged by the evidence, thresholds and baseline that applied at that time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from atalaya.core.settings import Settings, Thresholds
from atalaya.records.judged import Compared, State, Tally
from atalaya.records.stored import Conclusion, Environment, Evidence, Proof, Signature, VerdictStatus, WatchTransition
from atalaya.watch.folder import to_write
from tests.watch.watched import T0, Watched, at, healthy, in_force, job, stale, stamp, transition


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


# ── pure in time ─────────────────────────────────────────────────────────────


def test_a_healthy_watch_ends_in_go(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy())
    verdict = watched.judged(72).verdict
    assert verdict.word is VerdictStatus.GO, verdict.because


@pytest.mark.parametrize("hours", [24, 48, 72])
def test_a_checkpoint_gives_the_same_bytes_whatever_comes_later(watched: Watched, hours: int) -> None:
    records = sorted((in_force(0), *healthy()), key=lambda record: record.recorded_at)
    watched.keep(*(record for record in records if record.recorded_at <= at(hours)))
    then = watched.bytes(hours)
    watched.keep(
        *(record for record in records if record.recorded_at > at(hours)),
        stale(80),
        transition(81, "open"),
        job(10, Conclusion.FAILURE, recorded_at=at(90)),
        in_force(91, Settings(thresholds=Thresholds(pass_rate=0.5))),
        WatchTransition(**stamp(92, "w"), state="extended", window_h=96, by="ana", why="more"),
        Signature(**stamp(93, "s"), checkpoint_h=24, duty="review-pass-rate", by="ana", note="read"),
        Proof(**stamp(94, "p"), defect="d", expected=("config.no-fallback",), caught_by=()),
    )
    watched.settings = Settings(thresholds=Thresholds(pass_rate=0.5))
    assert watched.bytes(hours) == then


def test_what_came_late_is_counted_at_the_checkpoint_that_did_not_know_it(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy(), job(10.5, Conclusion.FAILURE, recorded_at=at(50)))
    assert [look.late for look in watched.judged(72).looks] == [1, 1, 0]


def test_the_newest_record_is_the_instant_of_a_judgement_that_names_none(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy(30))
    assert watched.judged().as_of == at(30)


# ── settings ─────────────────────────────────────────────────────────────────


def test_a_threshold_that_was_changed_in_silence_makes_the_verdict_invalid(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy(60, lost=3))
    watched.settings = Settings(thresholds=Thresholds(pass_rate=0.5))
    verdict = watched.judged().verdict
    assert (verdict.word, verdict.rule) == (VerdictStatus.OFF_TRACK, "evidence-changed-so-far")
    assert "thresholds.pass_rate = 0.95 is thresholds.pass_rate = 0.5 now" in str(verdict.because[0])


def test_at_the_end_a_silent_change_is_called_invalid(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy())
    watched.settings = Settings(thresholds=Thresholds(pass_rate=0.5))
    assert watched.judged(72).verdict.word is VerdictStatus.INVALID


def test_evidence_that_was_changed_is_called_invalid_at_the_end(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy())
    next(watched.folder.glob("evidence/job-*")).write_text("no record\n", encoding="utf-8")
    assert watched.judged(72).verdict.word is VerdictStatus.INVALID


def test_a_change_that_was_recorded_counts_from_then_on(watched: Watched) -> None:
    strict = Settings(thresholds=Thresholds(pass_rate=0.999, pass_rate_tolerance=0.0))
    watched.keep(in_force(0), *healthy(60), in_force(40, strict, why="we promised more"))
    watched.settings = strict
    states = {hours: watched.judged(hours).metrics[0].state for hours in (39, 60)}
    assert states == {39: State.PROVEN, 60: State.INCONCLUSIVE}
    assert [change.why for change in watched.judged().changes] == ["the first record", "we promised more"]


def test_the_next_release_may_have_other_thresholds(watched: Watched, tmp_path: Path) -> None:
    watched.keep(in_force(0), *healthy())
    Watched(tmp_path, "1.2.0", at(100))
    watched.settings = Settings(thresholds=Thresholds(pass_rate=0.5))
    assert watched.judged(72).verdict.word is VerdictStatus.GO


def test_a_watch_whose_settings_were_never_recorded_is_judged_by_those_of_now(watched: Watched) -> None:
    watched.keep(*healthy(30))
    judged = watched.judged()
    assert (judged.changes, judged.verdict.rule) == ((), "nothing-failing")


# ── incidents ────────────────────────────────────────────────────────────────


def page(watched: Watched) -> Path:
    return watched.folder / "incidents" / "inc-1.md"


FRONT = "---\nid: INC-1\nseverity: {severity}\nstate: {state}\nimpact: {impact}\n---\n"

PAGES: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "edited": lambda file: file.write_text(FRONT.format(severity="minor", state="resolved", impact="none")),
    "with a blank more": lambda file: file.write_text(
        FRONT.format(severity="critical", state="open", impact="'polls read stale states '")
    ),
    "of an incident that no record knows": lambda file: file.with_name("x.md").write_text(
        FRONT.format(severity="critical", state="open", impact="x").replace("INC-1", "INC-9")
    ),
    "not YAML": lambda file: file.write_text("---\n\t{[: &\n---\n"),
    "not UTF-8": lambda file: file.write_bytes(b"---\nid: \xff\n---\n"),
    "huge": lambda file: file.write_bytes(b"-" * 2_000_000),
    "a link to nothing": lambda file: (file.unlink(), file.symlink_to("nowhere")),
}


@pytest.mark.parametrize("what", PAGES)
def test_nothing_is_judged_by_a_page(what: str, watched: Watched) -> None:
    watched.keep(in_force(0), *healthy(48), transition(30, "open"))
    page(watched).write_text("# INC-1\n")
    before = watched.judged()
    PAGES[what](page(watched))
    after = watched.judged()
    assert replace(before, pages=()) == replace(after, pages=())


def test_a_blank_at_the_end_of_an_impact_changes_no_verdict(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy(48), transition(30, "open"))
    page(watched).write_text("# INC-1\n")
    before = watched.judged()
    watched.keep(transition(30.1, "open", impact="polls read stale states "))
    after = watched.judged()
    assert (before.digest, before.verdict, after.disputed) == (after.digest, after.verdict, ())


def test_what_a_page_says_and_no_record_does_is_shown(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy(48), transition(30, "open"))
    PAGES["edited"](page(watched))
    (shown,) = watched.judged().pages
    assert (shown.incident, shown.not_recorded) == ("INC-1", ("severity: minor", "state: resolved", "impact: none"))


def test_an_incident_is_judged_as_it_stood_then(watched: Watched) -> None:
    watched.keep(
        in_force(0), *healthy(48), transition(31, "open"), transition(40, "monitoring"), transition(45, "resolved")
    )
    states = {hours: [one.state for one in watched.judged(hours).incidents] for hours in (30, 35, 41, 48)}
    assert states == {30: [], 35: ["open"], 41: ["monitoring"], 48: ["resolved"]}


# ── fixes ────────────────────────────────────────────────────────────────────


def after_a_fix(watched: Watched, *, fixed: float = 40, until: int = 72, more: tuple[Evidence, ...] = ()) -> State:
    """Three stale reads in the runs of hours 30, 32 and 34, then a fix."""
    watched.keep(
        in_force(0),
        *healthy(until),
        *(stale(hour) for hour in (30, 32, 34)),
        transition(31, "open"),
        transition(fixed, "monitoring"),
        *more,
    )
    return watched.judged(until).metrics[4].state


def clean(runs: int, trials: int) -> tuple[Evidence, ...]:
    """More runs after the fix."""
    return tuple(
        job(50 + number / 100, stale_trials=trials, waits=trials, run_id=f"m-{number}") for number in range(runs)
    )


def test_a_fix_is_proven_by_enough_clean_runs_and_trials(watched: Watched) -> None:
    # before it 3 of 40 runs and 3 of 240 trials: ceil(ln .05 / ln(1 - 3/40)) = 39, and with 240 it is 239
    assert after_a_fix(watched) is State.INCONCLUSIVE
    metric = watched.judged(72).metrics[4]
    assert (
        "33 clean since, of 39 that it takes to reject at 95 % the 3 in 40 from before; 198 trials since, of 239"
        in str(metric.reason)
    )
    assert (metric.value, metric.k, metric.n, metric.before_fix) == (0.0, 0, 198, Tally(events=3, trials=240))
    assert "0 in 198 trials; at most 0.0151 for each, at 95 %. Before it: 3 in 240 trials." in str(metric.text)
    assert metric.fix_runs_needed == 6
    assert str(metric.settles) == "6 more clean runs with 41 trials would prove the fix."


@pytest.mark.parametrize(
    ("state", "runs", "trials"), [(State.INCONCLUSIVE, 1, 600), (State.INCONCLUSIVE, 6, 1), (State.MEETS, 6, 7)]
)
def test_many_trials_in_one_run_are_not_many_runs(watched: Watched, state: State, runs: int, trials: int) -> None:
    assert after_a_fix(watched, more=clean(runs, trials)) is state


def test_a_fix_that_is_proven_lets_the_release_go_again(watched: Watched) -> None:
    assert after_a_fix(watched, more=clean(6, 7)) is State.MEETS
    assert watched.judged(72).verdict.rule == "critical-incident"  # until somebody calls it resolved
    watched.keep(transition(71, "resolved"))
    assert watched.judged(72).verdict.word is VerdictStatus.GO


def test_a_failure_after_the_fix_is_a_failed_fix(watched: Watched) -> None:
    assert after_a_fix(watched, more=(stale(60),)) is State.FAIL
    assert "failed: Unexpected events: 1. Allowed: 0." in str(watched.judged(72).metrics[4].reason)


# ── window and signatures ────────────────────────────────────────────────────


def test_a_longer_window_counts_from_when_it_was_recorded(watched: Watched, tmp_path: Path) -> None:
    watched.keep(
        in_force(0), *healthy(), WatchTransition(**stamp(73, "w"), state="extended", window_h=96, by="ana", why="a fix")
    )
    assert [watched.judged(hours).verdict.window for hours in (72, 80)] == ["ended", "open"]
    open_now = [to_write(tmp_path, now=at(hours)) for hours in (95, 97)]
    assert [release.version if release else None for release in open_now] == ["1.1.0", None]


def test_a_signature_meets_the_duty_of_a_person(watched: Watched) -> None:
    watched.keep(
        in_force(0),
        *healthy(48),
        Signature(**stamp(25, "s"), checkpoint_h=24, duty="review-pass-rate", by="ana", note="read them"),
    )
    duty = watched.judged().checkpoints[1].duties[0]
    assert (str(duty.state), "ana signed it on 2026-03-03 10:00 UTC. read them" in str(duty.evidence)) == (
        "signed",
        True,
    )


# ── baseline ─────────────────────────────────────────────────────────────────


def before(tmp_path: Path, *, lost: int = 0) -> Watched:
    """A release whose watch ended a week earlier."""
    other = Watched(tmp_path, "1.0.0", T0 - timedelta(days=7))
    week = timedelta(days=7)
    other.keep(
        *(
            msgspec.structs.replace(one, occurred_at=one.occurred_at - week, recorded_at=one.recorded_at - week)
            for one in (in_force(0), *healthy(lost=lost))
        )
    )
    return other


def test_a_release_is_held_against_the_last_one_that_was_accepted(watched: Watched, tmp_path: Path) -> None:
    before(tmp_path)
    watched.keep(in_force(0), *healthy(lost=25))
    judged = watched.judged(72)
    assert (judged.baseline, judged.metrics[0].compared) == ("1.0.0", Compared.REGRESSED)
    assert "against 150 of 150 in 1.0.0" in str(judged.metrics[0].against)


def test_a_release_that_failed_is_no_basis(watched: Watched, tmp_path: Path) -> None:
    before(tmp_path, lost=60)
    watched.keep(in_force(0), *healthy())
    judged = watched.judged(72)
    assert (judged.baseline, {metric.compared for metric in judged.metrics}) == ("", {Compared.NO_BASIS})


def test_the_basis_is_measured_over_as_much_of_its_window(watched: Watched, tmp_path: Path) -> None:
    before(tmp_path)
    watched.keep(in_force(0), *healthy())
    assert "against 52 of 52 in 1.0.0" in str(watched.judged(24).metrics[0].against)


# ── environments ─────────────────────────────────────────────────────────────


def test_a_real_service_is_counted_apart_and_decides_nothing(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy(30), job(5, Conclusion.FAILURE, environment=Environment.SERVICE, run_id="real"))
    judged = watched.judged()
    lost = {str(tried.environment): (tried.decided, tried.lost) for tried in judged.environments}
    assert lost == {"loopback": (33, 0), "ci": (31, 0), "service": (1, 1)}
    assert judged.metrics[0].inputs["succeeded"] == 64
