"""Tests that the strip over the releases says of each what was known at each checkpoint and what is known now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from atalaya.core.words import instant, text
from atalaya.records.judged import Checkpoint, DutyState, Judgement, Tally
from atalaya.records.stored import VerdictStatus
from atalaya.site.fragments.releases import at_checkpoints, releases
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.states import CLOSED, INVALID
from tests.site import example

EN = Renderer(Language("en"))


def shown(*judgements: Judgement) -> str:
    return releases(judgements, EN).replace("\\", "")


def words(judgement: Judgement) -> list[str | None]:
    return [str(one.word) if one.word is not None else None for one in at_checkpoints(judgement)]


def with_duties(*states: DutyState) -> Judgement:
    base = example.judgement()
    first, *rest = base.checkpoints
    duty = first.duties[0]
    point: Checkpoint = replace(first, duties=tuple(replace(duty, state=state) for state in states))
    return replace(base, checkpoints=(point, *rest))


def test_a_checkpoint_shows_the_verdict_of_then_and_not_the_one_of_now():
    base = example.judgement()
    first, second = base.looks
    judgement = replace(
        base, looks=(replace(first, verdict=replace(first.verdict, word=VerdictStatus.ON_TRACK)), second)
    )
    assert words(judgement)[1:3] == ["ON TRACK", "OFF TRACK"]
    assert "{release}`T+24 <1.1.0 t24>` [◕ ON TRACK]" in shown(judgement)


@pytest.mark.parametrize(
    ("word", "states"),
    [
        ("met", [DutyState.MET, DutyState.SIGNED]),
        ("missing", [DutyState.MET, DutyState.MISSING]),
        ("failed", [DutyState.MISSING, DutyState.FAILED, DutyState.MET]),
        ("a person signs this", [DutyState.PERSON_SIGNS, DutyState.MET]),
    ],
)
def test_t0_shows_the_worst_that_became_of_its_duties(word: str, states: list[DutyState]):
    assert words(with_duties(*states))[0] == word


@pytest.mark.parametrize(
    ("state", "word"), [("open", "not yet due"), ("extended", "not yet due"), (CLOSED, None), (INVALID, None)]
)
def test_a_checkpoint_that_has_not_come_is_not_yet_due_and_after_a_close_never_will_be(state: str, word: str | None):
    judgement = replace(example.judgement(), state=state)
    assert words(judgement)[3] == word
    assert ("the watch ended before it" in shown(judgement)) == (word is None)


def test_the_figures_are_those_of_now_and_after_a_fix_of_what_came_since():
    base = example.judgement()
    stale = next(one for one in base.metrics if one.unit == "events")
    fixed = replace(stale, value=0.0, k=0, n=210, before_fix=Tally(events=24, trials=282))
    row = shown(replace(base, metrics=(fixed,)))
    assert "[0]{.figure} of 210 since the fix" in row
    assert "24" not in row.partition("since the fix")[2].partition("\n")[0]
    assert f"<1.1.0 evidence#figure-{stale.id}>" in row


def test_a_figure_that_is_not_known_says_so():
    unknown = replace(example.judgement(), metrics=example.judgement().metrics[-1:])
    assert "[not known]{.figure}" in shown(unknown)


def test_incidents_are_counted_open_and_all():
    judgement = example.judgement(incidents=True)
    still, all = 0, len(judgement.incidents)
    closed = replace(judgement, incidents=tuple(replace(one, state="resolved") for one in judgement.incidents))
    opened = replace(judgement, incidents=tuple(replace(one, state="reopened") for one in judgement.incidents))
    assert f"`{still} / {all} <1.1.0 incidents>`" in shown(closed)
    assert f"`{all} / {all} <1.1.0 incidents>`" in shown(opened)


def test_of_many_releases_the_newest_stand_open_and_none_is_left_out():
    many = [
        replace(one, release=replace(one.release, version=f"1.{n}.0", opened_at=example.T0 + timedelta(days=n)))
        for n in reversed(range(40))
        for one in [example.judgement()]
    ]
    page = shown(*many)
    before, _, folded = page.partition("{dropdown}")
    # That of the newest stands above all rows too.
    assert (before.count("verdict-word"), page.count("verdict-word"), "And 32 more" in folded) == (9, 41, True)


def of(version: str, *steps: str, rehearsal: bool = False) -> Judgement:
    base = example.judgement()
    return replace(
        base,
        release=replace(base.release, version=version, rehearsal=rehearsal),
        verdict=replace(
            base.verdict,
            because=(text("CI is red."), text("It slept.")),
            next_steps=tuple(text(step) for step in steps),
        ),
    )


def test_above_the_strip_stands_what_to_do_about_the_newest_release_that_is_no_rehearsal():
    rehearsed, newest = of("rehearsal-9", "Rehearse.", rehearsal=True), of("1.2.0", "Run the smoke.", "Look.")
    card, _, strip = shown(rehearsed, newest, of("1.1.0", "Close it.")).partition("{list-table}")
    assert "{release}`1.2.0`" in card
    assert "[▲ OFF TRACK]" in card
    assert "[Why]{.fact} CI is red." in card
    assert "{release}`T+72 <1.2.0 t72>`" in card
    assert "[What to do next]{.fact} Run the smoke." in card
    assert "{release}`All that there is to do <1.2.0 index>`" in card
    assert "{.instant .valid-until}" in card
    assert "Run the smoke." not in strip


def test_above_the_strip_stands_since_when_what_is_open_still_was_seen_and_where_it_is_told():
    base = example.judgement(incidents=True)
    first, second = base.incidents[0], replace(base.incidents[0], id="INC-2", at=example.T0 + timedelta(hours=9))
    followed = (replace(base.followed[0], incident=first.id, first_at=example.T0 + timedelta(hours=3)),)
    expected = {"open": example.T0 + timedelta(hours=3), "resolved": second.at}
    for state, at in expected.items():
        judgement = replace(base, incidents=(replace(first, state=state), replace(second, state="open")))
        card, _, _ = shown(replace(judgement, followed=followed)).partition("{list-table}")
        since = next(line for line in card.splitlines() if "[Since]{.fact}" in line)
        assert instant(at) in since
        assert "{release}`Open incidents <1.1.0 incidents>`" in since


def test_where_nothing_is_open_nothing_is_said_of_since_when():
    base = example.judgement(incidents=True)
    over = tuple(replace(one, state="resolved") for one in base.incidents)
    assert "[Since]" not in shown(replace(base, incidents=over))


def test_where_there_are_only_rehearsals_the_newest_stands_above_and_is_called_one():
    card, _, _ = shown(of("rehearsal-2", rehearsal=True), of("rehearsal-1", rehearsal=True)).partition("{list-table}")
    assert "{release}`rehearsal-2`" in card
    assert "REHEARSAL" in card
    assert "What to do next" not in card
    assert "valid-until" not in card


def test_of_no_release_there_is_nothing_to_do():
    assert "verdict-card" not in releases((), EN)
