"""Tests that the digest of what a reader sees changes exactly when the reader sees a change."""

from __future__ import annotations

from pathlib import Path

import pytest

from atalaya.watch.render_key import visible_digest
from tests.watch.watched import Watched, healthy, job, transition


@pytest.fixture
def watch(tmp_path: Path) -> Watched:
    made = Watched(tmp_path)
    made.keep(*healthy(31))
    return made


def test_another_run_that_ends_well_shows_nothing_new(watch: Watched) -> None:
    before = visible_digest(watch.judged(31))
    watch.keep(job(32))
    assert visible_digest(watch.judged(32)) == before


def test_figures_are_shown_anew_with_each_step_of_six_hours(watch: Watched) -> None:
    # T+0 is at 09:00, so that a step begins at T+33 and at T+39. By then the pass rate is met.
    digests = [visible_digest(watch.judged(hour)) for hour in (33, 38.9, 39)]
    assert (digests[0] == digests[1], digests[1] == digests[2]) == (True, False)


def test_an_incident_is_seen_and_each_of_its_states(watch: Watched) -> None:
    before = visible_digest(watch.judged(31.9))
    watch.keep(transition(31, "open"))
    incident = visible_digest(watch.judged(31.9))
    watch.keep(transition(31.5, "acknowledged"))
    assert len({before, incident, visible_digest(watch.judged(31.9))}) == 3


def test_a_digest_is_the_same_whoever_computes_it(watch: Watched) -> None:
    assert visible_digest(watch.judged(31)) == visible_digest(watch.judged(31))
