"""The events of a watch that people are notified of.

A pure function of what the ledger holds: each happening has a name that never changes, so that nobody is told twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from atalaya.core.words import N_, Prose, Record, Text, text
from atalaya.records.judged import Judgement
from atalaya.records.stored import Decision, Evidence, VerdictRecord, WatchTransition
from atalaya.watch.decisions import ACTIONS
from atalaya.watch.incidents.incidents import address_of
from atalaya.watch.owners import due_of
from atalaya.watch.states import OVER, in_words


class Notification(Record, frozen=True, kw_only=True):
    """One thing that happened. ``page`` is where to read on, relative to the release's front page."""

    id: str
    at: datetime
    title: Text
    body: Text
    page: str


def happenings(judgement: Judgement) -> tuple[Notification, ...]:
    """All of them, the oldest first."""
    found = [
        *_verdicts(judgement.said),
        *_incidents(judgement),
        *_steps(judgement.steps),
        *_decisions(judgement.decisions),
    ]
    return tuple(sorted((one for one in found), key=lambda one: (one.at, one.id)))


def _named(record: Evidence, *what: str, title: Text, body: Text, page: str) -> Notification:
    """Named after what does not change when records gain a field, or are written down twice."""
    key = "\0".join((record.kind, record.occurred_at.isoformat(), record.run_id, *what))
    digest = hashlib.sha256(key.encode("utf-8", "backslashreplace")).hexdigest()
    return Notification(id=f"{record.kind}-{digest[:20]}", at=record.occurred_at, title=title, body=body, page=page)


def _verdicts(said: Sequence[VerdictRecord]) -> Iterator[Notification]:
    before = None
    for one in said:
        if before is not None and (before.word, before.rule) == (one.word, one.rule):
            continue  # two runs that met said the same
        title = (
            text("{word}: the first verdict", word=one.word)
            if before is None
            else text("{word}: it was {before}", word=one.word, before=before.word)
            if before.word is not one.word
            else text("{word}, for another reason", word=one.word)
        )
        body = text("Rule {rule}. {because}", rule=one.rule, because=" ".join(one.because))
        yield _named(one, one.verdict, title=title, body=body, page="index.html")
        before = one


def _incidents(judgement: Judgement) -> Iterator[Notification]:
    states: dict[str, str] = {}
    for one in judgement.transitions:
        if states.get(one.incident) != one.state:
            states[one.incident] = one.state
            title = text(
                "{incident}, {severity}, is {state}: {impact}",
                incident=one.incident,
                severity=one.severity,
                state=in_words(one.state),
                impact=Prose(words=one.impact),
            )
            body = _why(one.by, one.why)
            if one.state not in OVER:
                body = text("{body} {due}", body=body, due=due_of(one, judgement.settings))
            page = address_of(one.incident, judgement.pages)
            yield _named(one, one.incident, one.state, title=title, body=body, page=page)


# What a watch becomes, in words for those who did not see it.
BECOMES: dict[str, str] = {
    "open": N_("The watch is open"),
    "extended": N_("The watch goes on for 24 hours more"),
    "closed": N_("The watch is closed"),
    "invalid": N_("The watch is closed as invalid"),
}


def _steps(steps: Sequence[WatchTransition]) -> Iterator[Notification]:
    for one in steps:
        title = Text(template=BECOMES.get(one.state, BECOMES["open"]))
        yield _named(one, one.state, title=title, body=_why(one.by, one.why), page="report.html")


def _decisions(decisions: Sequence[Decision]) -> Iterator[Notification]:
    for one in decisions:
        says = ACTIONS.get(one.action, "")
        title = text("{action}: {says}", action=one.action, says=Text(template=says) if says else "")
        body = text(
            "{by} read {word} ({digest}). {why}",
            by=Prose(words=one.by),
            word=one.word,
            digest=one.verdict[:12],
            why=Prose(words=one.why),
        )
        yield _named(one, one.action, one.verdict, title=title, body=body, page="rollback.html")


def _why(by: str, why: str) -> Text:
    return text("{by}: {why}", by=Prose(words=by), why=Prose(words=why))
