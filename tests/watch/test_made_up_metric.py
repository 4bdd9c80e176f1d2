"""Tests that a new metric appears everywhere once it has a row, a module and a query."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from atalaya.cli.publish import explain
from atalaya.core.settings import Settings
from atalaya.evidence.ledger.holdings import holdings
from atalaya.metrics.definitions import METRICS, Comparison, MetricDefinition
from atalaya.records.judged import Acts, Judgement, State
from atalaya.records.stored import Observation, VerdictStatus
from atalaya.site.build.pages import publish
from atalaya.site.fragments import evidence_pages
from atalaya.site.fragments.figures import about_the_metrics
from atalaya.site.i18n.language import LANGUAGES, Language
from atalaya.site.markup.renderer import Renderer
from atalaya.site.outputs.json_output import as_json, closing_json, judgement_document
from atalaya.site.outputs.printable import report
from atalaya.site.outputs.summary import summary
from atalaya.watch.incidents.incident_rules import due
from tests.tools.calibration.detectors import DETECTORS
from tests.watch.watched import Watched, healthy
from tools.calibration.calibrate import Inputs, found_in
from tools.calibration.scenarios import BY_ID

ROW = MetricDefinition(
    id="slow-exports",
    title="Slow exports",
    definition="Exports that take longer than ten seconds",
    source="Atalaya's own checks",
    question=Path(__file__).with_name("made_up.sql"),
    measured_by="tests.watch.made_up:slow_exports",
    critical=False,
    acts=Acts.AT_ONCE,
    compared=Comparison.VALUE,
    evidence=(Observation,),
    nothing="No export was timed.",
    blocks=("review-network", "flaky-trend"),
)
# Where a release's pages speak of a metric that is unknown: the page at the front, those of the checkpoints whose
# duties it is the evidence of and of the last one, the evidence, the backlog and the report.
FRAGMENTS = {
    "glance",
    "reasons",
    "outlook",
    "metrics",
    "looks",
    "verdict",
    "figures",
    "evidence",
    "backlog",
    "questions",
}
CHECKPOINTS = {"t24", "t48", "t72"}


@pytest.fixture(scope="module")
def judgement(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judgement]:
    """A healthy watch at its end, of which the five are known, and nothing of the sixth."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(METRICS, ROW.id, ROW)
        watched = Watched(tmp_path_factory.mktemp("releases"))
        watched.keep(*healthy())
        yield watched.judged(72)


def test_it_is_measured_last_and_is_unknown(judgement: Judgement) -> None:
    *five, made_up = judgement.metrics
    assert (ROW.id, State.UNKNOWN, None, 0) == (made_up.id, made_up.state, made_up.value, made_up.n)
    assert [metric.id for metric in five if metric.state is State.UNKNOWN] == []


def test_the_verdict_waits_for_it(judgement: Judgement) -> None:
    verdict = judgement.verdict
    assert (verdict.word, verdict.rule) == (VerdictStatus.INCONCLUSIVE, "metric-unknown")
    assert [str(one) for one in verdict.because] == ["slow-exports: No export was timed."]


def test_machines_read_it(judgement: Judgement) -> None:
    judged = json.loads(msgspec.json.encode(judgement_document(judgement)))["metrics"][ROW.id]
    assert tuple(judged[name] for name in ("state", "value", "k", "counts")) == (
        "UNKNOWN",
        None,
        None,
        {"events": 0, "trials": 0},
    )
    for document in (json.loads(as_json(judgement)), json.loads(closing_json(judgement))["report"]):
        assert (ROW.id, "UNKNOWN") == tuple(document["metrics"][-1][name] for name in ("id", "state"))


def test_the_next_version_begins_with_it(judgement: Judgement) -> None:
    assert [str(item.says) for item in judgement.backlog if item.id == ROW.id] == [
        "Gather evidence for slow-exports: nothing is known of it"
    ]


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_page_that_speaks_of_metrics_speaks_of_it(code: str, judgement: Judgement, tmp_path: Path) -> None:
    publish(judgement, tmp_path / code, Language(code))
    texts = {file.stem: file.read_text(encoding="utf-8") for file in (tmp_path / code).glob("*.md")}
    naming = {name for name, text in texts.items() if ROW.id in text or ROW.title in text}
    assert naming == FRAGMENTS | CHECKPOINTS
    for name in ("glance", "metrics", "figures"):
        assert "state-unknown" in texts[name], name
    voice = Renderer(Language(code))
    for text in (report(judgement, voice), summary(judgement, voice)):
        assert ROW.id in text
    assert "that nobody makes" in about_the_metrics()[f"metric-{ROW.id}"](voice)


def test_its_evidence_leads_to_it(judgement: Judgement, tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.keep(*healthy(0))
    held = holdings(watched.folder / "evidence")
    kept = {one.info.kind: one for one in held.segments}
    voice, roads = Renderer(Language("en")), evidence_pages.Roads(files="", reference="")
    of_kind = {kind: evidence_pages.page(kind, [one], held, voice=voice, roads=roads) for kind, one in kept.items()}
    assert ROW.title in of_kind["observation"]
    assert ROW.title not in of_kind["job"]


def test_it_can_be_explained_in_a_terminal(judgement: Judgement, capsys: pytest.CaptureFixture[str]) -> None:
    explain(judgement, ROW.id)
    assert "that nobody makes" in capsys.readouterr().out


def test_an_incident_opens_when_it_fails_and_hinders_its_duties(judgement: Judgement) -> None:
    *five, made_up = judgement.metrics
    failed = msgspec.structs.replace(made_up, state=State.FAIL)
    (opened,) = due(msgspec.structs.replace(judgement, metrics=(*five, failed)), at=judgement.as_of)
    assert (opened.rule, opened.metric) == ("metric-failed", ROW.id)
    assert set(ROW.blocks) == set(opened.blocks)


@pytest.mark.usefixtures("judgement")
def test_a_calibration_draws_nothing_for_it_and_reaches_no_go() -> None:
    found = found_in(BY_ID["network-one"], Inputs(3, 1, Settings(), DETECTORS))
    assert (found.ended, found.decided_by) == ({"INCONCLUSIVE": 3}, {"metric-unknown": 3})
