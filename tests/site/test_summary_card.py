"""Tests that the summary card answers its questions first, each with a link to more."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from atalaya.core.words import instant, text
from atalaya.records.judged import BrokenTest, CellState, CiCell, Duty, DutyState, IncidentPage, State
from atalaya.records.stored import Outcome
from atalaya.site.fragments.summary_card import MOST, glance
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.site import example

EN = Renderer(Language("en"))


def calm():
    """A judgement in which nothing is wrong, and nothing unknown."""
    judgement = example.judgement()
    return replace(
        judgement,
        metrics=tuple(replace(metric, state=State.MEETS) for metric in judgement.metrics),
        promises=tuple(replace(one, outcome=Outcome.KEPT) for one in judgement.promises),
        incidents=(),
        checkpoints=tuple(replace(point, duties=()) for point in judgement.checkpoints),
        verdict=replace(judgement.verdict, unknowns=(), next_steps=()),
    )


def test_where_nothing_is_wrong_or_unknown_that_is_said_and_not_left_out():
    said = glance(calm(), EN).replace("\\", "")
    assert "Nothing, of what was looked at" in said
    assert "Nothing that is due" in said
    assert "What to do next" not in said


def test_what_to_do_stands_below_what_is_wrong_and_how_sure_that_is():
    judgement = replace(calm(), incidents=example.judgement(incidents=True).incidents)
    judgement = replace(
        judgement,
        incidents=(replace(judgement.incidents[0], state="resolved"),),
        verdict=replace(judgement.verdict, next_steps=(text("Watch on."),)),
    )
    parts = re.findall(r"\[((?:What|How) [^\]]+)\]\{\.fact\}", glance(judgement, EN).replace("\\", ""))
    assert parts == ["What is wrong", "How sure", "What to do next", "What was wrong, and is over", "What is not known"]


def test_a_metric_that_is_not_settled_is_not_known():
    judgement = calm()
    first = replace(judgement.metrics[0], state=State.INCONCLUSIVE)
    said = glance(replace(judgement, metrics=(first, *judgement.metrics[1:])), EN)
    assert f"- {{release}}`CI pass rate <1.1.0 evidence#figure-{first.id}>` {EN.badge(State.INCONCLUSIVE)}" in said
    assert "Nothing that is due" not in said.replace("\\", "")


def test_while_there_is_something_to_do_closing_the_watch_is_not_what_comes_next():
    judgement = replace(calm(), checkpoints=())
    judgement = replace(judgement, verdict=replace(judgement.verdict, window="ended"))
    assert "to close the watch" in glance(judgement, EN)
    assert "below; then to close" not in glance(judgement, EN)
    todo = replace(judgement, verdict=replace(judgement.verdict, next_steps=(text("Watch on."),)))
    assert "what there is to do, below; then to close the watch" in glance(todo, EN).replace("\\", "")


def test_each_of_the_five_is_shown_with_value_threshold_and_state_and_leads_to_its_figure():
    judgement = example.judgement()
    said = glance(judgement, EN)
    version = judgement.release.version
    for metric in judgement.metrics:
        assert f"<{version} evidence#figure-{metric.id}>`" in said
        assert EN.say(metric.threshold) in said
        assert EN.badge(metric.state) in said


def test_a_metric_that_fails_is_wrong():
    judgement = calm()
    first = replace(judgement.metrics[0], state=State.FAIL)
    said = glance(replace(judgement, metrics=(first, *judgement.metrics[1:])), EN)
    assert f"- {{release}}`CI pass rate <1.1.0 evidence#figure-{first.id}>`" in said


def test_a_broken_promise_is_wrong_and_named():
    judgement = calm()
    broken = replace(judgement.promises[0], outcome=Outcome.BROKEN)
    said = glance(replace(judgement, promises=(broken, *judgement.promises[1:])), EN)
    assert f"Promises broken: 1, the first of them `{broken.promise.id}`" in said.replace("\\", "")


def cell(state, **changes):
    one = CiCell(
        workflow="clients-python-sdk",
        job="tests",
        variant="py3.11",
        state=state,
        runs=12,
        succeeded=9,
        last_at=example.T0,
        reason=text("Since then: {state}", state=state),
    )
    return replace(one, **changes)


def test_a_job_of_ci_that_is_red_now_is_wrong_and_a_broken_one_is_said_first():
    cells = tuple(cell(state, variant=str(state)) for state in CellState)
    said = glance(replace(calm(), cells=cells), EN).replace("\\", "")
    shown = re.findall("- `clients-python-sdk, tests, ([^`]+)`", said)
    assert shown == ["broken", "fails more than the others", "red now"]


def test_a_test_that_is_broken_is_wrong():
    one = BrokenTest(
        test="exports::ready", variant="", critical=False, failures=3, runs=2, since=example.T0, reason=text("Broken")
    )
    said = glance(replace(calm(), broken_tests=(one,)), EN)
    assert "- `exports::ready` Broken" in said.replace("\\", "")


def test_where_no_job_of_ci_was_taken_in_that_is_said():
    judgement = calm()
    none = replace(judgement.metrics[0], n=0, value=None)
    said = [
        glance(replace(judgement, metrics=(one, *judgement.metrics[1:])), EN) for one in (judgement.metrics[0], none)
    ]
    assert ["no CI job was taken in" in one for one in said] == [False, True]


@pytest.mark.parametrize(("state", "expected"), [("open", 1), ("reopened", 1), ("carried over", 1), ("resolved", 0)])
def test_an_incident_that_hurts_still_is_wrong_and_leads_to_its_page(state, expected):
    one = replace(example.judgement(incidents=True).incidents[0], state=state)
    said = glance(replace(calm(), incidents=(one,), pages=(IncidentPage(name="i1.md", incident=one.id),)), EN)
    said = said.split("What is wrong")[1].split(":::")[0]
    assert expected == said.count(f"{{release}}`{one.id} <1.1.0 incidents/i1>`")


def test_since_when_an_incident_hurts_is_told_beside_it():
    one = replace(example.judgement(incidents=True).incidents[0], state="open")
    followed = (replace(example.judgement(incidents=True).followed[0], incident=one.id, first_at=example.T0),)
    said = glance(replace(calm(), incidents=(one,), followed=followed), EN)
    assert instant(example.T0) in said.split("What is wrong")[1].split(":::")[0]


def test_what_was_wrong_and_is_over_is_told_with_its_time_and_is_left_out_where_nothing_was():
    one = replace(example.judgement(incidents=True).incidents[0], state="resolved")
    said = glance(replace(calm(), incidents=(one,)), EN)
    over = said.split("What was wrong\\, and is over")[1].split(":::")[0]
    assert [one.id in over, instant(one.at) in over, "Nothing" in said] == [True, True, True]
    assert "is over" not in glance(calm(), EN)


def test_a_duty_that_failed_is_wrong_and_leads_to_its_checkpoint():
    judgement = calm()
    failed = Duty(id="d", says=text("d"), state=DutyState.FAILED, evidence=text("e"))
    point = replace(judgement.checkpoints[1], duties=(failed,))
    said = glance(replace(judgement, checkpoints=(point,)), EN)
    assert f"{{release}}`T+{point.hours} <1.1.0 t{point.hours:02}>`" in said
    assert "Duties failed: 1" in said.replace("\\", "")


def test_of_a_long_answer_the_beginning_is_shown_and_the_rest_is_counted():
    judgement = calm()
    unknowns = tuple(text("unknown {n}", n=n) for n in range(MOST + 4))
    said = glance(replace(judgement, verdict=replace(judgement.verdict, unknowns=unknowns)), EN)
    assert "and 4 more, below" in said.replace("\\", "")
    assert f"unknown {MOST - 1}" in said
    assert f"unknown {MOST}" not in said


def test_how_sure_it_is_says_how_many_are_in_each_state_and_between_which_ends_lies_what_is_not_proven():
    judgement = calm()
    proven, flaky, failing, counted, last = judgement.metrics
    metrics = (
        replace(proven, state=State.PROVEN),
        flaky,
        replace(failing, state=State.FAIL, value=6.0, k=6, low=2.2, high=13.1, n=500),
        replace(counted, state=State.MEETS, value=0.0, k=0, low=0.0, high=3.0, n=200),
        replace(last, state=State.UNKNOWN, value=None, low=None, high=None),
    )
    said = glance(replace(judgement, metrics=metrics), EN).split("How sure")[1].split(":::")[0].replace("\\", "")
    counts, ends = re.findall("^- (.+)$", said, re.MULTILINE)
    assert counts == "Metrics: " + " ".join(
        f"{EN.badge(state)} {n}"
        for state, n in ((State.PROVEN, 1), (State.MEETS, 2), (State.FAIL, 1), (State.UNKNOWN, 1))
    )
    assert ends == (
        "Not proven, with a 95% interval: Network errors (rate 0.0044 … 0.026), Polling timeouts (rate 0 … 0.015)."
    )


def test_where_each_metric_is_proven_no_interval_is_left_open():
    judgement = calm()
    proven = tuple(replace(metric, state=State.PROVEN) for metric in judgement.metrics)
    said = glance(replace(judgement, metrics=proven), EN).split("How sure")[1].split(":::")[0]
    assert [f"{EN.badge(State.PROVEN)} 5" in said, "Not proven" in said] == [True, False]


def test_the_metrics_that_fail_take_one_line_and_leave_room_for_the_incidents():
    judgement = calm()
    failing = tuple(replace(metric, state=State.FAIL) for metric in judgement.metrics)
    said = glance(replace(judgement, metrics=failing), EN).split("What is wrong")[1].split(":::")[0]
    assert [said.count("{release}`"), said.count(str(EN.badge(State.FAIL)))] == [5, 1]
