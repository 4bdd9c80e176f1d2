"""Tests that a release whose waits are slow, end FAILED or whose SDK does not start opens incidents of health."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from atalaya.evidence.from_runs import from_smoke
from atalaya.harness.fault_plan import FaultInjection, FaultPlan
from atalaya.harness.runner import run_smoke
from atalaya.metrics.health.signs import SIGNS
from atalaya.records.judged import HealthSign, HealthState, Judgement
from atalaya.records.results import SmokeRun
from atalaya.records.stored import Evidence, Health, IncidentStep, Severity
from atalaya.sdk.prepare import Prepared
from atalaya.site.build.pages import FRAGMENTS
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.site.outputs.json_output import judgement_document
from atalaya.watch.incidents.incident_rules import due
from tests.watch.watched import LOOPBACK, T0, Watched, at, healthy, in_force, stamp, transition

WAITS = 10
WEEK = timedelta(days=7)
RULES = ("ready-latency", "retries", "failed-ends", "start-failures")


class Smokes(NamedTuple):
    """Real smokes, made once."""

    fast: SmokeRun
    slow: SmokeRun  # the service needs four polls more
    failing: SmokeRun  # of ten waits two end FAILED
    lossy: SmokeRun  # one request of each is lost and sent again


@pytest.fixture(scope="module")
def smokes(prepared: Prepared) -> Smokes:
    plans = (
        FaultPlan(),
        FaultPlan(slower=4),
        FaultPlan(failed=(2, 7)),
        FaultPlan(gusts=(FaultInjection(wait=1, request=1),)),
    )
    return Smokes(*(run_smoke(prepared, waits=WAITS, weather=plan) for plan in plans))


def told_by(made: SmokeRun, hour: float) -> Iterator[Evidence]:
    """What the smoke of this hour tells of health."""
    run = replace(made, run_id=f"health-{hour}", started_at=at(hour))
    found = from_smoke(run, environment=LOOPBACK, commit="", recorded_at=at(hour))
    return (record for record in found if isinstance(record, Health))


def every_hour(made: SmokeRun, until: int = 72) -> list[Evidence]:
    return [record for hour in range(1, until + 1) for record in told_by(made, hour)]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def accepted(watched: Watched, *records: Evidence) -> None:
    """A release of a week before whose watch ended in GO, with what its smokes told."""
    other = Watched(watched.folder.parent, "1.0.0", T0 - WEEK)
    other.keep(
        *(
            replace(one, occurred_at=one.occurred_at - WEEK, recorded_at=one.recorded_at - WEEK)
            for one in (in_force(0), *healthy(), *records)
        )
    )


def sign(judged: Judgement, id: str) -> HealthSign:
    return next(one for one in judged.health if one.id == id)


def opens(judged: Judgement) -> list[tuple[str, Severity]]:
    return [(step.rule, step.severity) for step in due(judged, at=judged.as_of) if step.rule in RULES]


@pytest.mark.long
def test_a_slow_service_against_a_fast_one_is_slower_and_opens_a_minor_incident(
    watched: Watched, smokes: Smokes
) -> None:
    accepted(watched, *every_hour(smokes.fast))
    watched.keep(in_force(0), *healthy(), *every_hour(smokes.slow))
    judged = watched.judged(72)
    found = sign(judged, "ready-latency")
    assert judged.baseline == "1.0.0"
    assert (found.state, found.p50_ms, found.n, found.clock) == (HealthState.OVER, 1000.0, 72 * WAITS, "virtual")
    assert "p95 was 200 ms, of 720 waits of 1.0.0" in str(found.reason)
    assert opens(judged) == [("ready-latency", Severity.MINOR)]


def test_the_same_service_shows_no_difference_and_opens_nothing(watched: Watched, smokes: Smokes) -> None:
    accepted(watched, *every_hour(smokes.fast))
    watched.keep(in_force(0), *healthy(), *every_hour(smokes.fast))
    judged = watched.judged(72)
    assert [(one.id, one.state) for one in judged.health[:3]] == [
        ("ready-latency", HealthState.WITHIN),
        ("retries", HealthState.WITHIN),
        ("failed-ends", HealthState.WITHIN),
    ]
    assert "No difference seen" in str(sign(judged, "ready-latency").reason)
    assert opens(judged) == []


def test_retries_that_the_last_release_did_not_need_open_a_minor_incident(watched: Watched, smokes: Smokes) -> None:
    accepted(watched, *every_hour(smokes.fast))
    watched.keep(in_force(0), *healthy(), *every_hour(smokes.lossy))
    judged = watched.judged(72)
    assert (sign(judged, "retries").state, sign(judged, "retries").k) == (HealthState.OVER, 72)
    assert opens(judged) == [("retries", Severity.MINOR)]


def test_exports_that_end_failed_open_a_major_incident_at_the_checkpoint(watched: Watched, smokes: Smokes) -> None:
    watched.keep(in_force(0), *healthy(), *every_hour(smokes.failing, until=12))
    before, then = watched.judged(23.9), watched.judged(24)
    assert (sign(before, "failed-ends").state, opens(before)) == (HealthState.OVER, [])
    assert opens(then) == [("failed-ends", Severity.MAJOR)]
    (step,) = (one for one in due(then, at=at(24)) if one.rule == "failed-ends")
    assert (step.opened_at, step.metric) == (at(1), "")
    assert step.impact.startswith("Waits that end FAILED: 24 of 120 waits, 20.0% (")
    assert len(step.shows) == 1


def unstartable(hour: float, python: str = "3.10.2") -> Evidence:
    stamped = stamp(hour, f"start-{python}-{hour}")
    return Health(**stamped, producer="checks", python=python, start_error="ImportError: no")


def test_an_sdk_that_cannot_be_imported_on_one_python_opens_a_major_incident_of_it(
    watched: Watched, smokes: Smokes
) -> None:
    broken = [unstartable(hour) for hour in range(1, 10)]
    watched.keep(in_force(0), *healthy(), *every_hour(smokes.fast), *broken)
    judged = watched.judged(72)
    states = {one.about: one.state for one in judged.health if one.id == "start-failures"}
    assert states.pop("3.10") is HealthState.OVER
    assert set(states.values()) == {HealthState.TOO_FEW}
    assert opens(judged) == [("start-failures", Severity.MAJOR)]
    (step,) = (one for one in due(judged, at=at(72)) if one.rule == "start-failures")
    assert "(Python 3.10)" in step.impact


def test_health_alters_no_metric_and_its_minor_incidents_no_word(watched: Watched, smokes: Smokes) -> None:
    accepted(watched, *every_hour(smokes.fast))
    watched.keep(in_force(0), *healthy())
    bare = watched.judged(72)
    watched.keep(*every_hour(smokes.slow))
    told = watched.judged(72)
    watched.keep(*(step for step in due(told, at=at(72)) if step.rule in RULES))
    with_incident = watched.judged(72)
    assert [one.rule for one in with_incident.transitions] == ["ready-latency"]
    assert bare.metrics == told.metrics == with_incident.metrics
    assert bare.verdict.word is told.verdict.word is with_incident.verdict.word


def test_a_ledger_from_before_says_that_nothing_was_recorded(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy())
    judged = watched.judged(72)
    assert {one.state for one in judged.health} == {HealthState.NOTHING}
    assert FRAGMENTS["health"](judged, Renderer(Language("en"))).count("∅ nothing recorded") == 8
    assert opens(judged) == []


# ── a fix ────────────────────────────────────────────────────────────────────


def fixed(watched: Watched, hour: float, step: IncidentStep) -> None:
    changes = {name: getattr(step, name) for name in ("incident", "opened_at", "rule", "fingerprints", "severity")}
    changes |= {"severity": str(step.severity), "metric": "", "impact": step.impact}
    watched.keep(transition(hour, "monitoring", **changes))


@pytest.fixture
def open_at_24(watched: Watched, smokes: Smokes) -> IncidentStep:
    watched.keep(in_force(0), *healthy(), *every_hour(smokes.failing, until=20))
    (step,) = (one for one in due(watched.judged(24), at=at(24)) if one.rule == "failed-ends")
    watched.keep(step)
    fixed(watched, 25, step)
    return step


def test_a_fix_is_shown_by_clean_smokes_and_what_was_before_opens_nothing_again(
    watched: Watched, smokes: Smokes, open_at_24: IncidentStep
) -> None:
    watched.keep(*(record for hour in range(26, 31) for record in told_by(smokes.fast, hour)))
    (short,) = watched.judged(27.5).followed
    judged = watched.judged(48)
    (shown,) = judged.followed
    # All 20 smokes before it were sick: three clean ones are the fewest.
    assert [(one.shown, one.runs_needed) for one in (short, shown)] == [(False, 1), (True, 0)]
    assert opens(judged) == []


def test_one_more_failed_end_after_the_fix_opens_it_again(
    watched: Watched, smokes: Smokes, open_at_24: IncidentStep
) -> None:
    watched.keep(*told_by(smokes.failing, 40))
    judged = watched.judged(48)
    (step,) = (one for one in due(judged, at=at(48)) if one.rule == "failed-ends")
    assert (step.incident, step.state) == (open_at_24.incident, "reopened")


# ── what a reader gets ───────────────────────────────────────────────────────


def test_the_page_and_the_json_show_each_sign_with_its_limit_and_the_clock(watched: Watched, smokes: Smokes) -> None:
    watched.keep(in_force(0), *healthy(), *every_hour(smokes.fast))
    judged = watched.judged(72)
    page = FRAGMENTS["health"](judged, Renderer(Language("en"))).replace("\\", "")
    said = (
        "smoke's virtual clock",
        "p50 200 ms, p95 200 ms, p99 200 ms, of 720 waits",
        "p95 at most 1.3 times",
        "at most 3% in any 6 h",
        "at most 1% on each Python version",
        "0 in 2,232 requests",
    )
    assert [one for one in said if one not in page] == []
    document = judgement_document(judged)["health"]
    assert [one["id"] for one in document] == list(SIGNS)
    assert [one["state"] for one in document[:2]] == ["nothing to compare with"] * 2
    assert (document[0]["clock"], document[0]["p95_ms"], "runs" in document[0]) == ("virtual", 200.0, False)


def test_a_limit_that_was_changed_in_silence_is_a_change(watched: Watched, smokes: Smokes) -> None:
    from atalaya.core.settings import HealthSettings, Settings

    watched.keep(in_force(0), *healthy(30))
    watched.settings = Settings(health=HealthSettings(failed_ends=0.5))
    assert "health.failed_ends = 0.03 is health.failed_ends = 0.5 now" in str(watched.judged().verdict.because[0])
