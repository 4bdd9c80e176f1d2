"""Tests that a release is judged by the evidence, thresholds and baseline that applied at that time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from atalaya.core.settings import CiSettings, Settings, Thresholds, WatchSettings
from atalaya.records.judged import Compared, State, Tally
from atalaya.records.stored import (
    Conclusion,
    Environment,
    Evidence,
    Observation,
    Outcome,
    Proof,
    Release,
    SettingsSnapshot,
    Severity,
    Signature,
    VerdictRecord,
    VerdictStatus,
    WatchTransition,
    record_metadata,
)
from atalaya.site.build.pages import FRAGMENTS
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.baseline import Tried, accepted_before
from atalaya.watch.folder import to_write
from atalaya.watch.incidents.fingerprint import cause_of
from atalaya.watch.judgement import instant_of
from atalaya.watch.state_at import differing, in_force_record
from tests.ours import PROMISES
from tests.tables import each_row
from tests.watch.watched import (
    CI,
    LOOPBACK,
    PACK,
    T0,
    Watched,
    at,
    checked,
    healthy,
    in_force,
    job,
    stale,
    stamp,
    transition,
)


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


RELEASE = Release(version="1.1.0", commit="", opened_at=T0)
LONGER = WatchTransition(**stamp(70, "w"), state="extended", window_h=96, by="ana", why="more")


@each_row(
    ("expected", "now", "records"),
    [
        (0, 5, []),
        (3, 5, [3]),
        (3, 60, [3]),  # what nobody observed since is not seen yet
        (5, 5, [3, 9]),  # a clock that is ahead
        (72, 72, [3]),  # once the window is over, at least its end
        (72, 90, [3]),
        (80, 90, [3, 80]),
        (85, 85, [3, 99]),
    ],
)
def test_the_instant_is_that_of_the_newest_evidence_or_now_and_the_end_once_it_is_over(
    expected: float, now: float, records: list[float]
) -> None:
    assert instant_of([job(hours) for hours in records], RELEASE, at(now)) == at(expected)


def test_the_end_is_that_of_the_window_as_it_is_known_now() -> None:
    ends = {now: instant_of([job(3), LONGER], RELEASE, at(now)) for now in (69, 80, 97)}
    assert ends == {69: at(69), 80: at(70), 97: at(96)}


def test_a_watch_that_was_closed_and_a_rehearsal_stay_judged_as_of_their_last_record() -> None:
    closed = WatchTransition(**stamp(73, "w"), state="closed", window_h=72, by="ana", why="over")
    assert instant_of([job(3), closed], RELEASE, at(500)) == at(73)
    assert instant_of([job(3)], replace(RELEASE, rehearsal=True), at(500)) == at(3)


def test_what_is_written_of_a_verdict_is_no_evidence() -> None:
    said = VerdictRecord(**stamp(60, "s"), word=VerdictStatus.ON_TRACK, rule="r", verdict="d")
    assert instant_of([job(3), said], RELEASE, at(70)) == at(3)


def test_a_record_from_a_clock_ahead_waits_until_its_time_has_come_and_is_named(watched: Watched) -> None:
    watched.keep(
        in_force(0), *healthy(30), job(31.5, Conclusion.FAILURE, run_id="ahead-1", workflow="clients-python-sdk")
    )
    now, later, replayed = watched.judged(now=30.5), watched.judged(now=31.5), watched.judged(30.5)
    named = (
        "The run ahead-1 was recorded by a clock that is 1.0 h ahead of this one: it waits until 2026-03-03 16:30 UTC."
    )
    assert (now.as_of, [str(one) for one in now.verdict.unknowns]) == (at(30.5), [named])
    assert (later.as_of, later.verdict.unknowns) == (at(31.5), ())
    assert [judged.metrics[0].inputs["decided"] for judged in (now, later, replayed)] == [31, 32, 31]
    assert (replayed.digest, replayed.verdict.unknowns) == (now.digest, ())


def test_a_silent_change_is_seen_though_a_clock_is_ahead(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy(30), job(35, run_id="ahead-1"))
    watched.settings = Settings(thresholds=Thresholds(pass_rate=0.5))
    assert watched.judged(now=30.5).verdict.rule == "evidence-changed-so-far"


# ── settings ─────────────────────────────────────────────────────────────────


def test_a_threshold_that_was_changed_in_silence_makes_the_verdict_invalid(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy(60, lost=3))
    watched.settings = Settings(thresholds=Thresholds(pass_rate=0.5))
    verdict = watched.judged().verdict
    assert (verdict.word, verdict.rule) == (VerdictStatus.OFF_TRACK, "evidence-changed-so-far")
    assert "thresholds.pass_rate = 0.95 is thresholds.pass_rate = 0.5 now" in str(verdict.because[0])


def recorded(hours: float, *lines: str, set_here: tuple[str, ...] | None = None) -> Evidence:
    """A record of settings with other lines than those of this version."""
    record = in_force(hours)
    assert isinstance(record, SettingsSnapshot)
    changed = {line.partition(" = ")[0]: line for line in (*record.settings, *lines)}
    settings = tuple(changed.values())
    digest = hashlib.sha256("\n".join(settings).encode()).hexdigest()
    return replace(record, settings=settings, digest=digest, set_here=set_here)


OLD_DEFAULTS = ("watch.every_h = 1.0", "thresholds.pass_rate_tolerance = 0.05")


@pytest.mark.parametrize("set_here", [None, ("thresholds.pass_rate",)])
def test_a_default_that_moved_with_atalaya_is_shown_and_is_no_change_by_the_team(
    watched: Watched, set_here: tuple[str, ...] | None
) -> None:
    watched.keep(recorded(0, *OLD_DEFAULTS, set_here=set_here), *healthy(30))
    judged = watched.judged()
    assert judged.verdict.word is VerdictStatus.ON_TRACK, judged.verdict.because
    said = "A default of Atalaya is another one since: {}. This watch is judged by what was recorded: {}."
    now = ("watch.every_h = 0.0", "thresholds.pass_rate_tolerance = 0.065")
    assert [str(one) for one in judged.moved_defaults] == list(map(said.format, now, OLD_DEFAULTS))
    assert judged.coverage.every_h == 1.0
    assert "A default of Atalaya is another one since" in FRAGMENTS["settings"](judged, Renderer(Language("en")))


DEFAULT = Settings()


def differs(
    *lines: str, now: Settings = DEFAULT, set_here: tuple[str, ...] | None = None, set_now: Iterable[str] = ()
) -> list[str]:
    record = recorded(0, *lines, set_here=set_here)
    assert isinstance(record, SettingsSnapshot)
    return [then for then, _ in differing(record, now, set_now)]


def test_what_the_team_set_and_then_changed_or_took_out_is_a_change() -> None:
    stricter = "thresholds.pass_rate = 0.99"
    assert differs(stricter) == [stricter]  # no version ever had such a default
    assert differs(*OLD_DEFAULTS) == []
    assert differs(*OLD_DEFAULTS, set_here=("watch.every_h",)) == ["watch.every_h = 1.0"]
    assert differs(stricter, set_here=()) == [], "a default of a version to come"
    assert differs(*OLD_DEFAULTS, now=Settings(watch=WatchSettings(every_h=2))) == ["watch.every_h = 1.0"]
    assert differs(*OLD_DEFAULTS, set_now=("watch.every_h",)) == ["watch.every_h = 1.0"], "set to its default"


def test_the_record_of_the_settings_says_which_keys_were_set() -> None:
    made = in_force_record(
        Settings(), record_metadata("r", LOOPBACK, T0), by="ana", why="T+0", set_here=["ci.junit", "watch.every_h"]
    )
    assert made.set_here == ("watch.every_h",), "of the keys that a verdict rests on"


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
    assert states == {39: State.MEETS, 60: State.INCONCLUSIVE}
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
    assert "33 clean since, 39 needed to reject at 95 % the 3 in 40 from before; 198 trials since, of 239" in str(
        metric.reason
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
    assert watched.judged(72).verdict.rule == "fix-unproven"  # until somebody calls it resolved
    watched.keep(transition(71, "resolved"))
    assert watched.judged(72).verdict.word is VerdictStatus.GO


def test_a_failure_after_the_fix_is_a_failed_fix(watched: Watched) -> None:
    assert after_a_fix(watched, more=(stale(60),)) is State.FAIL
    assert "failed: Unexpected events: 1. Allowed: 0." in str(watched.judged(72).metrics[4].reason)


def test_an_incident_called_resolved_without_its_proof_leaves_the_word_open_whatever_its_severity(
    watched: Watched,
) -> None:
    major = next(promise.id for promise in PROMISES if promise.severity is Severity.MAJOR)
    broken = [
        replace(one, outcome=Outcome.BROKEN)
        for one in checked(29)
        if isinstance(one, Observation) and one.promise == major
    ]
    causes = {
        "rule": "promise-broken",
        "metric": "",
        "fingerprints": (cause_of(broken[0]),),
        "blocks": ("strict-config",),
    }
    watched.keep(in_force(0), *healthy(), *broken)
    watched.keep(
        transition(30, "open", **causes), transition(40, "monitoring", **causes), transition(41, "resolved", **causes)
    )
    for hours, word in ((60, VerdictStatus.WAITING), (72, VerdictStatus.INCONCLUSIVE)):
        verdict = watched.judged(hours).verdict
        assert (verdict.word, verdict.rule.removesuffix("-so-far")) == (word, "duty-missing"), verdict.because
        assert "INC-1 stands in its way until its fix is shown" in str(verdict.because[0])
        assert "clean runs of" in str(verdict.because[0])


# ── CI ───────────────────────────────────────────────────────────────────────


def of_ci(record: Evidence) -> bool:
    return record.environment is CI


def test_without_ci_the_word_is_open_and_says_so_and_how_to_dispatch_it(watched: Watched) -> None:
    watched.settings = Settings(ci=CiSettings(repo="aris/sdk", ref="main"))
    watched.keep(in_force(0), *(one for one in healthy() if not of_ci(one)))
    before, after = (watched.judged(hours).verdict for hours in (30, 72))
    assert [before.word, after.word] == [VerdictStatus.WAITING, VerdictStatus.INCONCLUSIVE]
    assert "CI did not run from T+48 to T+72" in " ".join(map(str, after.unknowns))
    for verdict in (before, after):
        assert "`gh workflow run clients-python-sdk --ref main --repo aris/sdk`" in " ".join(
            map(str, verdict.next_steps)
        )


def test_one_job_of_ci_and_then_silence_is_no_go_ahead(watched: Watched) -> None:
    watched.keep(in_force(0), *(one for one in healthy() if not of_ci(one) or one.run_id == "ci-1"))
    verdict = watched.judged(72).verdict
    assert verdict.word is VerdictStatus.INCONCLUSIVE
    assert [str(one)[:30] for one in verdict.unknowns if str(one).startswith("CI did not run")] == [
        "CI did not run from T+24 to T+",
        "CI did not run from T+48 to T+",
    ]


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
    assert "against 73 of 73 in 1.0.0" in str(judged.metrics[0].against)


def test_what_the_accepted_release_came_to_stands_beside_its_figures(watched: Watched, tmp_path: Path) -> None:
    before(tmp_path)
    watched.keep(in_force(0), *healthy())
    accepted = watched.judged(72).accepted
    assert accepted is not None
    assert (accepted.version, set(accepted.outcomes.values()), accepted.incidents) == ("1.0.0", {Outcome.KEPT}, ())


def test_a_release_that_failed_is_no_basis(watched: Watched, tmp_path: Path) -> None:
    before(tmp_path, lost=60)
    watched.keep(in_force(0), *healthy())
    judged = watched.judged(72)
    assert (judged.baseline, {metric.compared for metric in judged.metrics}) == ("", {Compared.NO_BASIS})


def test_the_basis_comes_to_the_same_whenever_it_is_asked_for_once_it_has_settled(
    watched: Watched, tmp_path: Path
) -> None:
    other = before(tmp_path)
    tried: list[Tried] = []

    def recall(release: Release, as_of: datetime, judge: Callable[[], Tried]) -> Tried:
        tried.append(judge())
        return tried[-1]

    for days in (0, 300):
        later = Release(version=f"2.{days}", commit="", opened_at=T0 + timedelta(days=days))
        assert accepted_before(tmp_path, later, watched.settings, PACK, recall=recall) is not None
    assert tried[0].settled_at == other.release.opened_at + timedelta(hours=72)
    assert tried[0] == tried[-1]  # between them stands a release without evidence


def test_what_is_kept_of_the_basis_is_not_judged_again(watched: Watched, tmp_path: Path) -> None:
    before(tmp_path)
    kept = accepted_before(tmp_path, watched.release, watched.settings, PACK)
    found = accepted_before(
        tmp_path, watched.release, watched.settings, PACK, recall=lambda *_: Tried(kept, watched.release.opened_at)
    )
    assert found == kept
    assert found is not None


def test_the_basis_is_measured_over_as_much_of_its_window(watched: Watched, tmp_path: Path) -> None:
    before(tmp_path)
    watched.keep(in_force(0), *healthy())
    assert "against 25 of 25 in 1.0.0" in str(watched.judged(24).metrics[0].against)


# ── environments ─────────────────────────────────────────────────────────────


def test_a_real_service_is_counted_apart_and_decides_nothing(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy(30), job(5, Conclusion.FAILURE, environment=Environment.SERVICE, run_id="real"))
    judged = watched.judged()
    lost = {str(tried.environment): (tried.decided, tried.lost) for tried in judged.environments}
    assert lost == {"loopback": (33, 0), "ci": (31, 0), "service": (1, 1)}
    assert judged.metrics[0].k == 31
    assert {own.workflow: own.decided for own in judged.own_runs} == {"atalaya-checks": 2, "atalaya-smoke": 31}
