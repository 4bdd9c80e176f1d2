"""The fragments that the pages of a release show, made from one judgement.

A fragment is a pure function of (judgement, language). The tables below name them all; the pages that
include them are in :mod:`atalaya.site.build.skeleton`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from atalaya.core.window import CHECKPOINTS_H
from atalaya.records.judged import Judgement
from atalaya.site.build.atomic_write import CARD, write_if_changed
from atalaya.site.charts import charts
from atalaya.site.fragments.ci import ci_cells, own_runs
from atalaya.site.fragments.closing_report import asked, backlog, questions, seal
from atalaya.site.fragments.compared import compared
from atalaya.site.fragments.coverage import coverage
from atalaya.site.fragments.figures import figures, metrics
from atalaya.site.fragments.flaky import flaky
from atalaya.site.fragments.health import health
from atalaya.site.fragments.history import page_of_family
from atalaya.site.fragments.incident_page import incidents_with_accounts, page_fragments
from atalaya.site.fragments.incidents import decisions
from atalaya.site.fragments.ledger import evidence
from atalaya.site.fragments.outlook import outlook
from atalaya.site.fragments.package import artefact, moves
from atalaya.site.fragments.summary_card import glance
from atalaya.site.fragments.verdicts import reasons, verdict
from atalaya.site.fragments.watch_health import environments, in_force, looks, pace
from atalaya.site.i18n.language import Language
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import fragment, render
from atalaya.site.outputs import badge, feed, social_card
from atalaya.site.outputs.json_output import as_json
from atalaya.watch.backlog import mended_by
from atalaya.watch.decisions import RED

Fragment = Callable[[Judgement, Renderer], str]


def publish(judgement: Judgement, out: Path, language: Language, url: str = "") -> tuple[Path, ...]:
    """Write every fragment of one release in one language, and beside that folder ``metrics.json``.

    ``out`` is ``docs/_generated/<release>/<language>/``. A file whose content is the same keeps its time.
    Returns the files that had to be written.

    :param url: the address of the site, which the ids of its feed begin with; empty where it is not known.
    """
    voice = Renderer(language)
    texts = {out / f"{name}.md": make(judgement, voice) for name, make in FRAGMENTS.items()}
    texts |= {out / f"t{hours:02}.md": checkpoint(judgement, hours, voice) for hours in CHECKPOINTS_H}
    texts |= {out / f"{name}.md": text for name, text in page_fragments(judgement, voice).items()}
    texts = {file: text.rstrip("\n") + "\n" for file, text in texts.items()}
    texts[out / feed.NAME] = feed.of_release(judgement, voice, url)
    texts[out / CARD] = social_card.card(judgement, voice)
    texts[out.parent / "metrics.json"] = as_json(judgement)
    texts[out.parent / "badge.json"] = badge.endpoint(judgement)
    texts[out.parent / "badge.svg"] = badge.svg(judgement)
    return tuple(file for file, text in texts.items() if write_if_changed(file, text))


def contracts(judgement: Judgement, voice: Renderer) -> Markdown:
    """The matrix: each promise, its outcome, and when its check was last seen red."""
    outcomes = Counter(status.outcome for status in judgement.promises)
    return render("contracts", voice, judgement=judgement, outcomes=outcomes, histories=_histories)


def _histories(judgement: Judgement) -> list[Markdown]:
    """The way to the history of each family of promises."""
    families = dict.fromkeys(status.promise.contract for status in judgement.promises)
    return [myst.history(family, page_of_family(family)) for family in families]


def findings(judgement: Judgement, voice: Renderer) -> Markdown:
    """Limitations beyond the contract: shown, never counted."""
    newest = {finding.weakness: finding for finding in sorted(judgement.findings, key=lambda found: found.occurred_at)}
    known = {limitation.id: limitation for limitation in judgement.limitations}
    rows = [(finding, known.get(id), judgement.worded.get(id)) for id, finding in sorted(newest.items())]
    return render("findings", voice, findings=rows, mended_by=mended_by)


def checkpoint(judgement: Judgement, hours: int, voice: Renderer) -> Markdown:
    """The duties of one checkpoint, each met by evidence or signed by a person."""
    point = next((point for point in judgement.checkpoints if point.hours == hours), None)
    look = next((look for look in judgement.looks if look.hours == hours), None)
    return render("checkpoint", voice, judgement=judgement, point=point, look=look)


FRAGMENTS: dict[str, Fragment] = {
    "banner": fragment("banner", red=RED),
    "glance": glance,
    "verdict": verdict,
    "reasons": reasons,
    "metrics": metrics,
    "figures": figures,
    "ci-cells": ci_cells,
    "own-runs": own_runs,
    "health": health,
    "flaky": flaky,
    "coverage": coverage,
    "environments": environments,
    "looks": looks,
    "compared": compared,
    "outlook": outlook,
    "settings": in_force,
    "pace": pace,
    "contracts": contracts,
    "incidents": incidents_with_accounts,
    "decisions": decisions,
    "backlog": backlog,
    "asked": asked,
    "questions": questions,
    "seal": seal,
    "artefact": artefact,
    "moves": moves,
    "findings": findings,
    "evidence": evidence,
    "timeline": charts.timeline,
    "chart-pass-rate": charts.pass_rate,
    "chart-network": charts.network,
    "chart-flaky": charts.flaky,
    "chart-latency": charts.latency,
}
