"""What does each page of a release show, made from one judgement?

A fragment is a pure function of (judgement, language). The tables below name them all; the pages that
include them are in :mod:`checks.includes.skeleton`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from checks.includes import badge, charts, feed, myst
from checks.includes.closing import asked, backlog, questions, seal
from checks.includes.contract import link
from checks.includes.coverage import coverage
from checks.includes.figures import figures, metrics
from checks.includes.files import write_if_changed
from checks.includes.flaky import flaky
from checks.includes.glance import glance
from checks.includes.incidents import decisions, incidents, page_fragments, way_back
from checks.includes.language import Language
from checks.includes.ledger import evidence
from checks.includes.machine import as_json
from checks.includes.published import artefact, moves
from checks.includes.verdicts import reasons, verdict
from checks.includes.voice import Voice
from checks.includes.watching import environments, in_force, looks, pace
from checks.records import N_, Judgement, Outcome, PromiseStatus, Release
from checks.window import CHECKPOINTS_H

Fragment = Callable[[Judgement, Voice], str]


def publish(judgement: Judgement, out: Path, language: Language) -> tuple[Path, ...]:
    """Write every fragment of one release in one language, and beside that folder ``metrics.json``.

    ``out`` is ``docs/_generated/<release>/<language>/``. A file whose content is the same keeps its time.
    Returns the files that had to be written.
    """
    voice = Voice(language)
    texts = {out / f"{name}.md": fragment(judgement, voice) for name, fragment in FRAGMENTS.items()}
    texts |= {out / f"t{hours:02}.md": checkpoint(judgement, hours, voice) for hours in CHECKPOINTS_H}
    texts |= {out / f"{name}.md": text for name, text in page_fragments(judgement, voice).items()}
    texts = {file: text.rstrip("\n") + "\n" for file, text in texts.items()}
    texts[out / feed.NAME] = feed.of_release(judgement, voice)
    texts[out.parent / "metrics.json"] = as_json(judgement)
    texts[out.parent / "badge.json"] = badge.endpoint(judgement)
    texts[out.parent / "badge.svg"] = badge.svg(judgement)
    return tuple(file for file, text in texts.items() if write_if_changed(file, text))


def banner(judgement: Judgement, voice: Voice) -> str:
    """Says that a rehearsal is one, and where to read on when the verdict is red. Else nothing at all."""
    return myst.paragraphs(_rehearsal(judgement.release, voice), way_back(judgement, voice))


def _rehearsal(release: Release, voice: Voice) -> str:
    if not release.rehearsal:
        return ""
    return myst.div(
        "rehearsal-banner",
        voice(N_("REHEARSAL: nothing on this page happened. No SDK was released, and no number here is about one.")),
        voice(N_("Made by {command}."), command=release.made_by) if release.made_by else "",
    )


def contracts(judgement: Judgement, voice: Voice) -> str:
    """The matrix: each promise, its outcome, and when its check was last seen red."""
    counts = Counter(status.outcome for status in judgement.promises)
    summary = voice(
        N_("Promises kept: {kept} of {n}. Broken: {broken}, not applicable: {absent}, unknown: {unknown}."),
        kept=counts[Outcome.KEPT],
        n=len(judgement.promises),
        broken=counts[Outcome.BROKEN],
        absent=counts[Outcome.NOT_APPLICABLE],
        unknown=counts[Outcome.UNKNOWN],
    )
    proof = (
        voice(
            N_("Seeded defects caught by the promise that they break: {caught} of {seeded}."),
            caught=judgement.defects_caught,
            seeded=judgement.defects_seeded,
        )
        if judgement.defects_seeded
        else voice(N_("No defect has been seeded yet, so no check has been seen red: `nox -s prove` does it."))
    )
    ordered = sorted(judgement.promises, key=lambda status: status.promise.contract)
    tables = [
        _family(name, list(family), voice)
        for name, family in groupby(ordered, key=lambda status: status.promise.contract)
    ]
    return myst.paragraphs(summary, proof, *tables)


def _family(name: str, family: list[PromiseStatus], voice: Voice) -> str:
    kept = sum(status.outcome is Outcome.KEPT for status in family)
    header = [
        voice(N_("Promise")),
        voice(N_("Severity")),
        voice(N_("Outcome")),
        voice(N_("Reason")),
        voice(N_("Runs: kept, broken, unknown")),
        voice(N_("Last run")),
        voice(N_("Last seen red")),
    ]
    rows = [
        [
            myst.paragraphs(myst.span(link(status.promise.id), "row-name"), voice.ours(status.promise.says)),
            voice.badge(status.promise.severity),
            voice.badge(status.outcome),
            voice.plain(status.reason) if status.reason else "–",
            f"{voice.number(status.kept)} / {voice.number(status.broken)} / {voice.number(status.unknown)}",
            voice.at(status.at),
            voice.at(status.last_seen_red_at) if status.last_seen_red_at else voice(N_("never: it proves nothing yet")),
        ]
        for status in family
    ]
    caption = voice(N_("{contract}: promises kept, {kept} of {n}"), contract=name, kept=kept, n=len(family))
    red = [_reproduce(status, voice) for status in family if status.outcome is Outcome.BROKEN]
    return myst.paragraphs(
        myst.table(caption, header, rows, classes="cards contracts", widths="26 9 13 18 10 12 12"), *red
    )


def _reproduce(status: PromiseStatus, voice: Voice) -> str:
    promise = status.promise
    return myst.dropdown(
        f"{voice.badge(status.outcome)} {voice.literal(promise.id)}",
        voice(N_("Why it matters: {why}"), why=promise.why),
        voice(N_("How it was tested: {how}"), how=promise.how),
        voice(N_("To see it again: `nox -s checks -- --promise {id}`"), id=promise.id),
        voice(N_("The shortest way to it that was found:")) if status.script else "",
        myst.block(status.script) if status.script else "",
        voice(N_("What happened, by the virtual clock:")) if status.log else "",
        myst.block(status.log) if status.log else "",
    )


def findings(judgement: Judgement, voice: Voice) -> str:
    """Limitations beyond the contract: shown, never counted."""
    newest = {finding.weakness: finding for finding in sorted(judgement.findings, key=lambda found: found.occurred_at)}
    known = {limitation.id: limitation for limitation in judgement.limitations}
    if not newest:
        return voice(N_("Weaknesses beyond the contract have not been looked for yet."))
    header = [
        voice(N_("Weakness")),
        voice(N_("Seen")),
        voice(N_("What was seen")),
        voice(N_("What would mend it")),
        voice(N_("Last looked for")),
    ]
    rows = []
    for id, finding in sorted(newest.items()):
        limitation = known.get(id)
        rows.append(
            [
                myst.paragraphs(
                    myst.span(voice.literal(id), "row-name"), voice.ours(limitation.says) if limitation else ""
                ),
                voice.badge(finding.seen),
                voice.plain(finding.reason) if finding.reason else "–",
                voice.ours(limitation.proposal) if limitation else "–",
                voice.at(finding.occurred_at),
            ]
        )
    caption = voice(N_("Weaknesses beyond the contract. None of them counts against the release."))
    return myst.table(caption, header, rows, classes="cards findings")


def checkpoint(judgement: Judgement, hours: int, voice: Voice) -> str:
    """The duties of one checkpoint, each met by evidence or signed by a person."""
    found = next((point for point in judgement.checkpoints if point.hours == hours), None)
    if found is None or not found.duties:
        return voice(N_("This checkpoint asks for nothing in this release."))
    due = (
        voice(N_("Due on {at}, and it has come."), at=found.due_at)
        if found.due_at <= judgement.as_of
        else voice(N_("Due on {at}: not yet."), at=found.due_at)
    )
    header = [voice(N_("Duty")), voice(N_("State")), voice(N_("Evidence"))]
    rows = [[voice.say(duty.says), voice.badge(duty.state), voice.say(duty.evidence)] for duty in found.duties]
    duties = myst.table(voice(N_("Duties, {n} in all"), n=len(rows)), header, rows, classes="cards duties")
    return myst.paragraphs(due, _verdict_then(judgement, hours, voice), duties)


def _verdict_then(judgement: Judgement, hours: int, voice: Voice) -> str:
    look = next((look for look in judgement.looks if look.hours == hours), None)
    if look is None:
        return ""
    return voice(N_("The verdict, as it was then:")) + " " + voice.badge(look.verdict.word)


FRAGMENTS: dict[str, Fragment] = {
    "banner": banner,
    "glance": glance,
    "verdict": verdict,
    "reasons": reasons,
    "metrics": metrics,
    "figures": figures,
    "flaky": flaky,
    "coverage": coverage,
    "environments": environments,
    "looks": looks,
    "settings": in_force,
    "pace": pace,
    "contracts": contracts,
    "incidents": incidents,
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
