"""Tests that the rehearsals are judged as they were when their pages were written."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from atalaya.core.settings import Settings
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import JobAttempt
from atalaya.watch.folder import find
from atalaya.watch.judgement import judge_release
from tests.ours import PACK

RELEASES = Path(__file__).parents[2] / "docs" / "releases"
EXPECTED = json.loads((Path(__file__).parent / "rehearsals.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("version", sorted(EXPECTED))
def test_a_rehearsal_keeps_its_verdict_and_its_figures(version: str) -> None:
    release = next(one for one in find(RELEASES) if one.version == version)
    judgement = judge_release(RELEASES / version, release, as_of=None, settings=Settings(), pack=PACK)
    expected = EXPECTED[version]
    assert expected["verdict"] == str(judgement.verdict.word)
    assert expected["checkpoints"] == {str(look.hours): str(look.verdict.word) for look in judgement.looks}
    assert list(expected["metrics"]) == [metric.id for metric in judgement.metrics]
    for metric in judgement.metrics:
        *numbers, state = expected["metrics"][metric.id]
        assert (state, metric.id) == (str(metric.state), metric.id)
        # The last digits are the platform's.
        known = [number if number is None else pytest.approx(number, rel=1e-9) for number in numbers]
        assert known == [metric.value, metric.low, metric.high, metric.n], metric.id


def test_the_team_s_jobs_count_on_both_commits_of_one_tree_and_those_of_pull_requests_do_not() -> None:
    release = next(one for one in find(RELEASES) if one.version == "rehearsal-3")
    evidence = RELEASES / release.version / "evidence"
    jobs = [one for one in ledger.readable(evidence, JobAttempt) if one.event]
    by_event = Counter((one.event, one.commit == release.commit, str(one.conclusion)) for one in jobs)
    assert by_event == {
        ("workflow_dispatch", True, "success"): 28,
        ("workflow_dispatch", False, "success"): 4,
        ("pull_request", False, "success"): 8,
        ("pull_request", False, "failure"): 4,
    }
    assert len({one.run_id for one in jobs if one.event == "workflow_dispatch"}) == 8
