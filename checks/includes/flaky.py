"""Which tests did not just pass, which of them are flaky, and what does each cost?"""

from __future__ import annotations

from checks.includes import myst
from checks.includes.voice import Voice
from checks.records import N_, FlakyTest, Judgement

ROWS_SHOWN = 50


def flaky(judgement: Judgement, voice: Voice) -> str:
    """The tests by class, the costliest first: by what is sure of the score, not by the share that failed."""
    if not judgement.flaky:
        return voice(N_("No test has failed."))
    header = [
        voice(N_("Test")),
        voice(N_("Class")),
        voice(N_("Why")),
        voice(N_("Fails by itself")),
        voice(N_("Above 1 %")),
        voice(N_("Red in 40 runs")),
        voice(N_("Clean runs that prove a fix")),
    ]
    rows = [_row(one, voice) for one in judgement.flaky[:ROWS_SHOWN]]
    left_out = len(judgement.flaky) - len(rows)
    return myst.paragraphs(
        voice(
            N_(
                "Fails by itself: how often a good version fails the test, with its 95 % credible interval. A version "
                "that fails at each attempt is broken, and does not make a test flaky."
            )
        ),
        myst.table(
            voice(N_("Tests that failed: {n}, the costliest first"), n=len(judgement.flaky)),
            header,
            rows,
            classes="cards flaky",
        ),
        voice(N_("{n} more are in the evidence."), n=left_out) if left_out else "",
    )


def _row(one: FlakyTest, voice: Voice) -> list[str]:
    score = one.score
    known = score.mean is not None and score.low is not None and score.high is not None
    return [
        myst.paragraphs(myst.span(voice.literal(one.test), "row-name"), voice(N_("critical")) if one.critical else ""),
        voice.badge(one.kind),
        voice.say(one.reason),
        f"{voice.number(score.mean or 0, '.1%')} ({voice.number(score.low or 0, '.1%')} … "
        f"{voice.number(score.high or 0, '.1%')})"
        if known
        else voice(N_("not known")),
        "–" if score.above_one_percent is None else voice.number(score.above_one_percent, ".0%"),
        "–" if one.impact is None else voice.number(one.impact, ".0%"),
        "–" if one.clean_runs is None else voice.number(one.clean_runs),
    ]
