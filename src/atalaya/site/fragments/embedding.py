"""The fragments that a page can embed with one line, and what each of them shows."""

from __future__ import annotations

from atalaya.core.words import N_
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import render

SAYS: dict[str, str] = {
    "banner": N_("That a rehearsal is one, and the way back when the verdict is red; nothing otherwise"),
    "glance": N_("At one look: the verdict, what is due, wrong and not known, and the five metrics"),
    "verdict": N_("The verdict: its word, why, what would change it, what is not known, what to do next"),
    "reasons": N_("Why the verdict is what it is, what would change it, and each rule that applied"),
    "metrics": N_("The runbook's table of the five metrics, filled in"),
    "figures": N_("How each figure comes about, step by step"),
    "ci-cells": N_("Each job of CI by variant: how its runs ended, and how it is now"),
    "own-runs": N_("The runs of Atalaya's own checks and smoke, which are no jobs of CI"),
    "health": N_(
        "READY's latency, retries, FAILED ends, imports, fresh environments, files and public API, each with its limit"
    ),
    "flaky": N_("The tests that did not just pass, the costliest first"),
    "coverage": N_("In how much of the window somebody was looking, and where nobody was"),
    "environments": N_("What was tried on loopback, in CI and against a real service, apart"),
    "looks": N_("The verdict as it was at each checkpoint"),
    "compared": N_("The release beside the last accepted one: figures, promises, tests and incidents"),
    "outlook": N_("How often a release would reach each verdict with the runs of CI so far"),
    "settings": N_("The thresholds in force, and every change of them"),
    "pace": N_("At which pace the budget of errors is spent"),
    "contracts": N_("Each promise with its outcome, and when its check was last seen red"),
    "incidents": N_("The runbook's table of incidents"),
    "decisions": N_("Who read which verdict, and what they did"),
    "backlog": N_("Where the next version begins, ranked"),
    "asked": N_("What the last release's backlog asked for, and how it stands"),
    "questions": N_("Everything that is not settled, by name"),
    "seal": N_("Whether the folder of the release is sealed, and untouched"),
    "artefact": N_("What users install, held against what CI built"),
    "moves": N_("Every package, Python and system that changed in the window"),
    "findings": N_("Weaknesses beyond the contract"),
    "evidence": N_("Every segment, file and record that the figures rest on"),
    "timeline": N_("The watch from T+0 on: verdicts, where somebody looked, incidents, decisions, now"),
    "chart-pass-rate": N_("The pass rate through the window, with its interval and the threshold"),
    "chart-network": N_("Network errors for each 1,000 requests in each 24 h, with what was tried"),
    "chart-flaky": N_("The tests that failed, by how often a good version fails them"),
    "chart-latency": N_("How long a run of the smoke took through the window"),
    "t00": N_("The duties of T+0"),
    "t24": N_("The duties of T+24"),
    "t48": N_("The duties of T+48"),
    "t72": N_("The duties of T+72"),
}


def fragments(voice: Renderer) -> Markdown:
    """Every name that the `live` directive takes."""
    return render("fragments", voice, fragments=SAYS)
