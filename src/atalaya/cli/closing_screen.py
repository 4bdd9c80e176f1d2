"""The screen that a watch ends with: the word, five lines, what to do, and where to read the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from atalaya.cli.console import Console
from atalaya.core.words import first_of
from atalaya.records.judged import Judgement
from atalaya.records.stored import Outcome, Presence
from atalaya.watch.owners import due_now, named_for_nothing, owners_of_incident
from atalaya.watch.states import OVER

REASONS, STEPS, IDS = 2, 3, 3  # so many are told; the others are counted
LONGEST = 200  # characters of a line


def close_with(console: Console, judgement: Judgement, page: Path) -> None:
    """Say how it stands on one screen, whatever was seen; the page has the rest."""
    verdict = judgement.verdict
    console.row(str(verdict.word), f"{judgement.release.version}, valid until {verdict.valid_until:%Y-%m-%d %H:%M} UTC")
    for word, says in five_lines(judgement):
        console.row(word, _short(says))
    if due := due_now(judgement.incidents, judgement.settings):
        console.row("by level", _short(str(due)))
    for name, nearest in named_for_nothing(judgement.settings, judgement):
        console.row("unknown", f"[owners] {name}: no metric, family or severity. The nearest is {nearest}")
    if verdict.next_steps:
        console.line("  what to do:")
        for number, step in enumerate(verdict.next_steps[:STEPS], 1):
            console.line(f"    {number}. {_short(str(step))}")
        if len(verdict.next_steps) > STEPS:
            console.line(f"    and {len(verdict.next_steps) - STEPS} more, on the page")
    console.line(f"  read it: {page}")


def five_lines(judgement: Judgement) -> Iterator[tuple[str, str]]:
    """Why, the figures, the promises, the incidents, and what is not known: a line each."""
    verdict = judgement.verdict
    yield "because", first_of(list(map(str, verdict.because)), REASONS, " ") or "no rule says more"
    yield "figures", ", ".join(f"{metric.id} {metric.state}" for metric in judgement.metrics)
    yield "promises", _promises(judgement)
    not_over = [
        " ".join((one.id, str(one.severity), one.state, *owners_of_incident(one, judgement.settings)))
        for one in judgement.incidents
        if one.state not in OVER
    ]
    yield "incidents", first_of(not_over, IDS) or "none is open"
    yield "not known", first_of(list(map(str, verdict.unknowns)), 1, " ") or "nothing that counts"


def _promises(judgement: Judgement) -> str:
    by_outcome = {
        outcome: [one.promise.id for one in judgement.promises if one.outcome is outcome] for outcome in Outcome
    }
    named = {Outcome.BROKEN: f" ({first_of(by_outcome[Outcome.BROKEN], IDS)})"}
    told = [f"{len(ids)} {outcome}{named.get(outcome, '')}" for outcome, ids in by_outcome.items() if ids]
    latest = {one.weakness: one.seen for one in sorted(judgement.findings, key=lambda one: one.occurred_at)}
    seen = sum(presence is Presence.SEEN for presence in latest.values())
    return ", ".join(told or ["none was tested"]) + f"; {seen} limitations beyond them, which count in nothing"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
