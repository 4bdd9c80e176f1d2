"""What does the verdict say, what does it stand on, and what is due next?"""

from __future__ import annotations

from checks.includes import myst, rules
from checks.includes.voice import SHAPES, Voice
from checks.records import N_, DutyState, Judgement, Release
from checks.window import ends_at

DONE = (DutyState.MET, DutyState.SIGNED, DutyState.NOT_APPLICABLE)


def verdict(judgement: Judgement, voice: Voice) -> str:
    """The word, and all that it stands on."""
    said = judgement.verdict
    card = myst.div(
        tone(judgement),
        voice.badge(said.word, "verdict-word"),
        headline(judgement, voice),
        myst.facts(
            [
                (voice(N_("Next")), due_next(judgement, voice)),
                *times(judgement, voice),
                (voice(N_("T+0")), voice.at(judgement.release.opened_at)),
                *_stands_on(judgement, voice),
            ]
        ),
    )
    return myst.paragraphs(card, reasons(judgement, voice))


def reasons(judgement: Judgement, voice: Voice) -> str:
    """What the verdict stands on, what would change it, what is not known, what to do, and each rule that applied."""
    said = judgement.verdict
    return myst.paragraphs(
        _section(voice(N_("Why")), voice.list(said.because)),
        _section(voice(N_("What would change it")), voice.list(said.would_change)),
        _section(voice(N_("What is not known")), voice.list(said.unknowns)),
        _section(voice(N_("What to do next")), voice.list(said.next_steps, ordered=True)),
        _rules(judgement, voice),
    )


def headline(judgement: Judgement, voice: Voice) -> str:
    release = judgement.release
    return (
        voice(N_("Release {version}, commit {commit}"), version=release.version, commit=release.commit[:12])
        if release.commit
        else voice(N_("Release {version}, commit not known"), version=release.version)
    )


def dating(release: Release) -> tuple[str, ...]:
    """The class that lets the page's script call a verdict out of date. A rehearsal's never goes out of date."""
    return () if release.rehearsal else ("valid-until",)


def times(judgement: Judgement, voice: Voice) -> list[tuple[str, str]]:
    """Until when it is watched, of which instant the verdict is, and until when it may be believed."""
    release, said = judgement.release, judgement.verdict
    ends = ends_at(release)
    window = WINDOWS.get(said.window)
    return [
        (voice(N_("Window")), f"{voice(window) if window else voice.literal(said.window)} {voice.at(ends)}"),
        (voice(N_("As of")), voice.at(said.as_of)),
        (voice(N_("Valid until")), voice.at(said.valid_until, *dating(release))),
    ]


def _stands_on(judgement: Judgement, voice: Voice) -> list[tuple[str, str]]:
    return [
        (voice(N_("Rule")), rules.link(judgement.verdict.rule, voice)),
        (voice(N_("Digest")), voice.literal(judgement.digest[:12])),
    ]


def due_next(judgement: Judgement, voice: Voice) -> str:
    """The next checkpoint, and when it is due; the closing where there is none any more."""
    coming = [point for point in judgement.checkpoints if point.due_at > judgement.as_of]
    if coming:
        link = myst.page(f"T+{coming[0].hours}", judgement.release.version, f"t{coming[0].hours:02}")
        open_still = sum(duty.state not in DONE for duty in coming[0].duties)
        return f"{link} {voice.at(coming[0].due_at)} {voice(N_('duties: {n}'), n=open_still)}"
    if judgement.seal.is_sealed:
        return voice(N_("the next release"))
    return voice(N_("the end of the window")) if judgement.verdict.window == "open" else voice(N_("to close the watch"))


WINDOWS: dict[str, str] = {"open": N_("open until"), "ended": N_("ended on"), "extended": N_("extended beyond")}


def _section(title: str, body: str) -> str:
    """A small title that takes no place in the page's outline."""
    return myst.paragraphs(f"```{{rubric}} {title}\n:heading-level: 2\n```", body) if body else ""


def _rules(judgement: Judgement, voice: Voice) -> str:
    fired = judgement.verdict.fired
    if not fired:
        return ""
    return myst.dropdown(
        voice(N_("Every rule that applied: {n}. The first one decides."), n=len(fired)),
        myst.facts(_stands_on(judgement, voice)),
        *(
            myst.paragraphs(f"{rules.link(rule.rule, voice)} {voice.badge(rule.word)}", voice.list(rule.because))
            for rule in fired
        ),
    )


def tone(judgement: Judgement) -> str:
    """The classes of the card that holds the verdict."""
    return f"verdict-card verdict-{SHAPES[judgement.verdict.word][1]}"
