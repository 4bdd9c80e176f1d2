"""Prints what a judgement says on the terminal."""

from __future__ import annotations

from datetime import datetime

from atalaya.cli.console import Console
from atalaya.core.window import ends_at
from atalaya.records.judged import Judgement, Verdict

MOST_BESIDE = 5  # reasons of rules that did not decide, on the terminal


def summarise(console: Console, judgement: Judgement, *, now: datetime | None = None) -> None:
    """Say a verdict, what it rests on, and what is to be done.

    :param now: what a clock says, where it goes on: a verdict of a watch that is under way may be out of date by then.
    """
    verdict, until = judgement.verdict, f"{judgement.verdict.valid_until:%Y-%m-%d %H:%M} UTC"
    is_late = now is not None and verdict.valid_until <= now < ends_at(judgement.release)
    console.row(
        str(verdict.word),
        f"{judgement.release.version}, as of {judgement.as_of:%Y-%m-%d %H:%M} UTC, "
        + (f"out of date since {until}: look again: atalaya watch" if is_late else f"valid until {until}"),
    )
    for text in verdict.because:
        console.line(f"    {text}")
    if also := _also(verdict):
        console.line("  beside it:")
        for reason in also:
            console.line(f"    {reason}")
    for metric in judgement.metrics:
        console.row(str(metric.state), f"{metric.id}: {metric.text}")
    if verdict.would_change:
        console.line("  what would change it:")
        for text in verdict.would_change:
            console.line(f"    {text}")
    if verdict.unknowns:
        console.line("  still unknown:")
        for text in verdict.unknowns:
            console.line(f"    {text}")
    if verdict.next_steps:
        console.line("  what to do:")
        for text in verdict.next_steps:
            console.line(f"    {text}")
    say_what_is_not_recorded(console, judgement)


def _also(verdict: Verdict) -> list[str]:
    """What else fails, by the rules that applied and did not decide; what is unknown has its own list."""
    unknown = set(map(str, verdict.unknowns))
    said = [str(reason) for rule in verdict.fired if rule.rule != verdict.rule for reason in rule.because]
    new = [
        reason for reason in dict.fromkeys(said) if reason not in unknown and reason not in map(str, verdict.because)
    ]
    return new[:MOST_BESIDE] + ([f"and {len(new) - MOST_BESIDE} more"] if len(new) > MOST_BESIDE else [])


def say_what_is_not_recorded(console: Console, judgement: Judgement) -> None:
    """What pages of incidents say that no record does: it counts for nothing, and somebody may think that it does."""
    for page in judgement.pages:
        if page.problem is not None:
            console.row("unreadable", f"the page {page.name}: {page.problem}")
        for line in page.not_recorded:
            console.row("not recorded", f"the page {page.name}: {line.strip()}")
    if any(page.not_recorded for page in judgement.pages):
        console.line(
            "    nothing is judged by that. Record it: atalaya release incident ID --state STATE --why TEXT; "
            "pages of an older Atalaya: atalaya release migrate"
        )
