"""Tests that CI's jobs by variant, and Atalaya's own runs beside them, are shown."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from atalaya.core.words import text
from atalaya.records.judged import CellState, CiCell, OwnRuns
from atalaya.site.build.pages import FRAGMENTS
from atalaya.site.fragments.ci import ROWS_SHOWN, WORST_FIRST
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from tests.site import example

VOICE = Renderer(Language("en"))


def cell(state: CellState, variant: str) -> CiCell:
    opened_at = example.judgement().release.opened_at
    return CiCell(
        workflow="clients-python-sdk",
        job="tests",
        variant=variant,
        state=state,
        runs=12,
        succeeded=9,
        last_at=opened_at + timedelta(hours=66),
        reason=text("Broken since {since}.", since=opened_at + timedelta(hours=54)),
    )


def shown(*cells: CiCell, voice: Renderer = VOICE) -> str:
    return FRAGMENTS["ci-cells"](replace(example.judgement(), cells=cells), voice)


def test_what_hinders_comes_first() -> None:
    states = [CellState.GREEN, CellState.TOO_OLD, CellState.RED_NOW, CellState.WORSE, CellState.BROKEN]
    page = shown(*(cell(state, f"v{number}") for number, state in enumerate(states)))
    places = [page.index(f"`v{number}`") for number in (4, 3, 2, 1, 0)]
    assert (places, set(states)) == (sorted(places), set(WORST_FIRST) & set(CellState))
    assert "the latest run of 1 is green and not too old" in page


def test_a_cell_says_how_it_is_and_since_when() -> None:
    page = shown(cell(CellState.BROKEN, "3.12"))
    assert [said for said in ("broken", "Broken since", "9 of 12", "clients-python-sdk") if said not in page] == []


def test_a_job_without_a_matrix_is_said_to_have_no_variant() -> None:
    for code, words in (("en", "no variant"), ("es", "sin variante")):
        page = shown(cell(CellState.GREEN, ""), voice=Renderer(Language(code)))
        assert [line for line in page.splitlines() if line.strip() in ("- –", f"- {words}")] == [f"  - {words}"], code


def test_more_cells_than_a_page_holds_are_left_out_and_counted() -> None:
    page = shown(*(cell(CellState.GREEN, f"v{number}") for number in range(ROWS_SHOWN + 3)))
    assert "3 more are in the evidence" in page


def test_without_a_cell_no_job_of_ci_was_taken_in() -> None:
    assert "No CI job was taken in" in shown()


def test_our_own_runs_stand_beside_and_are_said_to_be_no_ci() -> None:
    opened_at = example.judgement().release.opened_at
    own = OwnRuns(
        workflow="atalaya-smoke",
        decided=73,
        succeeded=72,
        undecided=1,
        value=0.986,
        low=0.926,
        high=0.998,
        last_at=opened_at,
    )
    none = replace(own, workflow="atalaya-checks", decided=0, succeeded=0, value=None, low=None, high=None)
    page = FRAGMENTS["own-runs"](replace(example.judgement(), own_runs=(own, none)), VOICE)
    assert [said for said in ("are no jobs of CI", "72 of 73", "not known", "atalaya-smoke") if said not in page] == []
    assert "have not run in the window" in FRAGMENTS["own-runs"](replace(example.judgement(), own_runs=()), VOICE)
