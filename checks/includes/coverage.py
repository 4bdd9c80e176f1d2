"""Was somebody watching all the time, and if not, when did nobody?"""

from __future__ import annotations

from checks.includes import myst
from checks.includes.voice import Voice
from checks.records import N_, Judgement

GAPS_SHOWN = 50


def coverage(judgement: Judgement, voice: Voice) -> str:
    """The share of the slots in which something was observed, and every gap that is too long."""
    watched = judgement.coverage
    if not watched.slots:
        return voice(N_("The first {every:g} h are not over yet."), every=watched.every_h)
    badge = (
        voice.mark("●", voice(N_("watched")), "good")
        if watched.enough
        else voice.mark("◑", voice(N_("it slept")), "unsure")
    )
    share = voice(
        N_(
            "Something was observed in {seen} of {slots} slots of {every:g} h ({share:.1%}); it must be in "
            "{least:.0%}. The first observation of a slot came at most {late:.1f} h after the slot had begun."
        ),
        seen=watched.seen,
        slots=watched.slots,
        every=watched.every_h,
        share=watched.share,
        least=watched.least,
        late=watched.latest_h,
    )
    largest = voice(
        N_("The longest stretch without an observation: {hours:.1f} h; at most {most:g} h may pass."),
        hours=watched.largest_gap_h,
        most=watched.most_gap_h,
    )
    return myst.paragraphs(f"{badge} {share}", largest, _gaps(judgement, voice))


def _gaps(judgement: Judgement, voice: Voice) -> str:
    gaps = judgement.coverage.gaps
    if not gaps:
        return ""
    longest = sorted(gaps, key=lambda gap: (-gap.hours, gap.begins))[:GAPS_SHOWN]
    rows = [
        [voice.at(gap.begins), voice.at(gap.ends), voice.number(gap.hours, ".1f")]
        for gap in sorted(longest, key=lambda gap: gap.begins)
    ]
    caption = voice(N_("When nobody looked: {n} gaps"), n=len(gaps))
    return myst.table(caption, [voice(N_("From")), voice(N_("To")), voice(N_("Hours"))], rows, classes="cards gaps")
