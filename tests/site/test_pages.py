"""Tests that each fragment is a pure function of (judgement, language), and the runbook is covered."""

from __future__ import annotations

import json
import os
import re

import msgspec
import pytest

from atalaya.core.window import CHECKPOINTS_H
from atalaya.core.words import text
from atalaya.records.judged import State
from atalaya.records.stored import VerdictStatus
from atalaya.site.build.pages import FRAGMENTS, publish
from atalaya.site.fragments.calibration import about_the_verdict
from atalaya.site.fragments.contract import about_the_checks
from atalaya.site.fragments.figures import about_the_metrics
from atalaya.site.fragments.reference import FRAGMENTS as REFERENCE
from atalaya.site.fragments.reference import publish_reference
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import SHAPES, Renderer
from atalaya.site.outputs.feed import NAME
from tests.ours import PACK
from tests.site import example

EN, ES = Renderer(Language("en")), Renderer(Language("es"))


def written(folder):
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_publish_writes_every_fragment_and_the_figures_for_machines(tmp_path):
    publish(example.judgement(), tmp_path / "en", Language("en"))
    expected = {f"en/{name}.md" for name in [*FRAGMENTS, *(f"t{hours:02}" for hours in CHECKPOINTS_H)]} | {
        "metrics.json",
        "badge.json",
        "badge.svg",
        f"en/{NAME}",
        "en/card.json",
    }
    assert expected == set(written(tmp_path))


@pytest.mark.parametrize("code", ["en", "es"])
def test_the_same_judgement_gives_the_same_bytes(tmp_path, code):
    for place in ("one", "two"):
        publish(example.judgement(strangers=True), tmp_path / place / code, Language(code))
    assert written(tmp_path / "one") == written(tmp_path / "two")


def test_a_fragment_that_stays_the_same_is_not_written_again(tmp_path):
    out = tmp_path / "en"
    assert publish(example.judgement(), out, Language("en"))
    for file in out.iterdir():
        os.utime(file, (1, 1))
    assert publish(example.judgement(), out, Language("en")) == ()
    assert {1.0} == {file.stat().st_mtime for file in out.iterdir()}


def test_only_the_fragments_that_changed_are_written_again_and_with_a_fresh_time(tmp_path):
    out = tmp_path / "en"
    publish(example.judgement(), out, Language("en"))
    for file in out.iterdir():
        os.utime(file, (1, 1))
    written = {file.name.partition("-")[0] for file in publish(example.judgement(incidents=True), out, Language("en"))}
    told = {"incidents.md", "incident", "decisions.md", "asked.md", "seal.md", "timeline.md", "feed.atom", "glance.md"}
    assert told | {"chart"} == written  # charts mark incidents
    assert (out / "incidents.md").stat().st_mtime > 1


def test_without_incidents_the_runbooks_own_row_stands_there():
    spanish = FRAGMENTS["incidents"](example.judgement(), ES)
    for cell in ("Fecha (UTC)", "Impacto", "Causa raíz", "Fix aplicado", "Estado", "Sin incidentes", "Cerrado"):
        assert cell.replace("(", "\\(").replace(")", "\\)") in spanish
    assert spanish.count("N\\/A") == 3
    assert "No incidents" in FRAGMENTS["incidents"](example.judgement(), EN)


def test_with_incidents_the_row_that_says_there_were_none_is_gone():
    assert "Sin incidentes" not in FRAGMENTS["incidents"](example.judgement(incidents=True), ES)


def test_the_metrics_have_the_columns_of_the_runbook():
    spanish = FRAGMENTS["metrics"](example.judgement(), ES)
    for column in ("Métrica", "Definición", "Fuente", "Umbral objetivo", "Estado 72h"):
        assert f"- {column}\n" in spanish


def test_before_the_end_a_state_is_called_one_so_far_and_afterwards_not():
    open_still = example.judgement()
    ended = msgspec.structs.replace(open_still, verdict=msgspec.structs.replace(open_still.verdict, window="ended"))
    assert FRAGMENTS["metrics"](open_still, EN).count("So far\\:") == 5
    assert FRAGMENTS["metrics"](ended, EN).count("So far\\:") == 0


def test_a_metric_without_a_value_shows_none():
    nothing = msgspec.structs.replace(example.judgement(), metrics=example.judgement().metrics[-1:])
    assert "[not known]{.figure}" in FRAGMENTS["metrics"](nothing, EN)
    assert "state-unknown" in FRAGMENTS["metrics"](nothing, EN)


@pytest.mark.parametrize("kind", dict.fromkeys(type(word) for word in SHAPES), ids=lambda kind: kind.__name__)
def test_states_beside_one_another_differ_by_shape_and_none_is_left_out(kind):
    shapes = [SHAPES[word][0] for word in kind]
    assert len(set(shapes)) == len(shapes)


@pytest.mark.parametrize("word", [State.UNKNOWN, VerdictStatus.WAITING, State.INCONCLUSIVE])
def test_what_is_not_known_is_never_green(word):
    assert SHAPES[word][1] != "good"


def test_a_rehearsal_says_so_and_a_real_release_says_nothing():
    assert "REHEARSAL" in FRAGMENTS["banner"](example.judgement(rehearsal=True), EN)
    assert "REHEARSAL" not in FRAGMENTS["banner"](example.judgement(), EN)


def test_every_kind_of_evidence_and_every_reading_is_on_the_evidence_page():
    judgement = example.judgement()
    page = FRAGMENTS["evidence"](judgement, EN)
    records = sum(segment.records for segment in judgement.segments)
    assert f"{records} records in {len(judgement.segments)} segments" in page
    for kind in {segment.kind for segment in judgement.segments}:
        assert f"{{release}}`{kind} <1.1.0 evidence/{kind}>`" in page
    for reading in judgement.readings:
        assert f"`{reading.file}`" in page
    assert "ends in the middle of an element" in page


def test_runs_made_with_the_same_things_are_one_row_and_a_change_is_another():
    page = FRAGMENTS["evidence"](example.judgement(), EN)
    assert (page.count("CPython 3.11.9"), page.count("CPython 3.12.4")) == (1, 1)


def test_a_broken_promise_comes_with_its_log_and_the_line_that_tests_it_again():
    page = FRAGMENTS["contracts"](example.judgement(), EN)
    assert "`atalaya check --promise polling.fresh-status`" in page
    assert "GET /aris3/exports/e1 200 CREATED" in page
    assert "not in this watch" in page


def test_machines_read_the_verdict_the_metrics_and_the_promises(tmp_path):
    publish(example.judgement(), tmp_path / "es", Language("es"))
    document = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert document["verdict"]["word"] == "OFF TRACK"
    assert [document["metrics"][2]["state"], document["metrics"][4]["value"]] == ["PROVEN", None]
    assert document["promises"]["polling.fresh-status"]["outcome"] == "broken"


def test_the_page_of_a_metric_says_what_is_counted_in_each_language_and_leads_to_its_rules() -> None:
    for name, page in about_the_metrics().items():
        english, spanish = (page(Renderer(Language(code))) for code in ("en", "es"))
        assert ("\nCounts" in english, "\nCuenta" in spanish, "Counts" in spanish) == (True, True, False), name
        assert "{rule}`extend`" in english


@pytest.mark.parametrize("code", ["en", "es"])
def test_the_reference_is_written_in_each_language_and_once(tmp_path, code):
    assert publish_reference(tmp_path, PACK)
    assert publish_reference(tmp_path, PACK) == ()
    names = [*REFERENCE, *about_the_metrics(), *about_the_checks(PACK, None), *about_the_verdict(None)]
    assert {f"{name}.md" for name in names} == {
        file.name for file in (tmp_path / "_generated" / "reference" / code).iterdir()
    }


def test_a_package_that_changed_between_two_runs_is_a_row_of_its_own():
    judgement = example.judgement()
    *before, last = judgement.contexts
    upgraded = msgspec.structs.replace(last, freeze=("pydantic==2.14.0", "requests==2.35.0"))
    page = FRAGMENTS["evidence"](msgspec.structs.replace(judgement, contexts=(*before, upgraded)), EN)
    assert page.count("CPython 3.12.4") == 2
    assert "requests==2.35.0" in page


def test_each_figure_leads_to_the_file_and_line_behind_it_and_the_file_leads_back():
    shown = FRAGMENTS["evidence"](example.judgement(), EN)
    assert "[`reports/unit.xml`]{#file-" in shown
    assert re.search(r"\[`reports/unit\.xml@[0-9a-f]{12}`\]\(#file-[0-9a-f]{12}\), line 12", shown)
    assert "[Network errors](#behind-network-errors)" in shown
    assert "{#behind-network-errors}" in shown


def test_no_link_on_the_evidence_page_leads_nowhere():
    shown = FRAGMENTS["evidence"](example.judgement(), EN)
    wanted = set(re.findall(r"\]\(#([\w-]+)\)", shown))
    assert wanted
    assert wanted <= set(re.findall(r"\]\{#([\w-]+)\}", shown))


def test_a_watch_that_slept_shows_when():
    shown = FRAGMENTS["coverage"](example.judgement(), EN)
    assert "43 of 50" in shown
    assert "it slept" in shown
    assert "7\\.5" in shown


@pytest.mark.parametrize("name", ["reasons", "verdict"])
def test_what_is_not_known_is_not_said_again_where_it_is_why(name):
    judgement = example.judgement()
    why, other = text("CI is silent."), text("Nobody has signed it.")

    def shown(*because):
        said = msgspec.structs.replace(judgement.verdict, because=because, unknowns=(why, other), fired=())
        return FRAGMENTS[name](msgspec.structs.replace(judgement, verdict=said), EN).replace("\\", "")

    repeating, alone = shown(why), shown(text("Met."))
    assert (repeating.count("CI is silent."), repeating.count("Nobody has signed it.")) == (1, 1)
    assert "What else is not known" in repeating
    assert "What is not known" in alone
    assert alone.count("CI is silent.") == 1
