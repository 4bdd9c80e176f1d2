"""What do the pages say of the end of a watch: the seal, what is left open, and what was asked of this release?"""

from __future__ import annotations

from checks.includes import myst
from checks.includes.contract import link
from checks.includes.voice import Voice
from checks.records import N_, BacklogItem, Judgement
from checks.release.asked import Answer, answers
from checks.release.backlog import COST, FREQUENCY, IMPACT, PRIORITY


def seal(judgement: Judgement, voice: Voice) -> str:
    """Whether the folder of the release is sealed, and untouched since."""
    state = judgement.seal
    if state.differs:
        return myst.paragraphs(
            voice.mark("⊘", voice(N_("the seal is broken")), "bad"),
            voice(N_("This folder is not what was sealed:")),
            voice.list(state.differs),
        )
    if not state.is_sealed or state.closed_at is None:
        return voice(N_("The watch has not been closed: nothing is sealed yet."))
    return myst.paragraphs(
        voice.mark("●", voice(N_("sealed, and untouched")), "good"),
        voice(
            N_("Closed on {at} by {by}, as {word}: {why} Files: {n}. The seal's digest is {digest}."),
            at=state.closed_at,
            by=state.by,
            word=state.word,
            why=state.why,
            n=state.files,
            digest=state.digest[:12],
        ),
        voice(N_("Anyone can prove it: `python -m checks release verify`.")),
    )


def questions(judgement: Judgement, voice: Voice) -> str:
    """Everything that is not settled, by name, and the item of the backlog that takes it on."""
    if not judgement.questions:
        return voice(N_("No question is open."))
    header = [voice(N_("Question")), voice(N_("What is open")), voice(N_("Item of the backlog"))]
    rows = [
        [
            myst.span(voice.literal(one.id), "row-name"),
            voice.say(one.says),
            voice.literal(one.item) if one.item else "–",
        ]
        for one in judgement.questions
    ]
    caption = voice(N_("Open questions: {n}"), n=len(rows))
    return myst.table(caption, header, rows, classes="cards questions")


def backlog(judgement: Judgement, voice: Voice) -> str:
    """Where the next version begins."""
    if not judgement.backlog:
        return voice(N_("The backlog is empty: each check passes and each figure is proven."))
    header = [voice(N_("Priority")), voice(N_("Item")), voice(N_("Why")), voice(N_("Proven done by"))]
    rows = [_item(item, voice) for item in judgement.backlog]
    caption = voice(N_("Backlog for the next version: {n} items, the most pressing first"), n=len(rows))
    return myst.paragraphs(myst.table(caption, header, rows, classes="cards backlog"), _how_it_is_ranked(voice))


def _item(item: BacklogItem, voice: Voice) -> list[str]:
    return [
        voice.number(item.priority),
        myst.paragraphs(voice.say(item.says), myst.span(voice.literal(item.id), "row-id")),
        voice.say(item.why),
        voice.literal(item.proven_by),
    ]


def _how_it_is_ranked(voice: Voice) -> str:
    """The tables that the priorities come from, folded away."""
    shares = [(least, counts) for least, counts in FREQUENCY if least]
    lines = [
        voice(N_("Impact, whom it hurts: {factors}."), factors=[f"{one} {counts}" for one, counts in IMPACT.items()]),
        voice(
            N_("Frequency, how often it was met: {factors}, and less often 1."),
            factors=[f"{least:.0%} {counts}" for least, counts in shares],
        ),
        *(voice(N_("Cost {n}: {says}."), n=n, says=says) for n, says in COST.items()),
        voice(N_("Priority, by the least product: {factors}."), factors=[f"{least}: {p}" for least, p in PRIORITY]),
    ]
    return myst.dropdown(voice(N_("How it is ranked: impact x frequency x cost")), myst.bullets(lines))


def asked(judgement: Judgement, voice: Voice) -> str:
    """What the last release's backlog asked for, and which of it has a check by now."""
    found = answers(judgement)
    if not found:
        return voice(N_("No backlog of a release before this one was taken on."))
    header = [voice(N_("Priority")), voice(N_("Item")), voice(N_("Has a check")), voice(N_("Now"))]
    rows = [_answer(one, voice) for one in found]
    before = next(step.previous for step in judgement.steps if step.asked)
    caption = voice(
        N_("From the backlog of {release}: {n} items, with a check {checks}, done {done}"),
        release=before,
        n=len(rows),
        checks=sum(one.has_check for one in found),
        done=sum(one.is_done for one in found),
    )
    return myst.table(caption, header, rows, classes="cards asked")


def _answer(one: Answer, voice: Voice) -> list[str]:
    item = one.item
    name = link(item.id) if one.has_check and one.of_promise else voice.literal(item.id)
    has = (
        voice.mark("●", voice(N_("yes")), "good") if one.has_check else voice.mark("○", voice(N_("not yet")), "unknown")
    )
    now = voice.badge(one.now) if one.now is not None else "–"
    return [voice.number(item.priority), myst.paragraphs(myst.span(name, "row-name"), voice.plain(item.says)), has, now]
