"""The columns in which the page of each kind of evidence shows its records: one table of all kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from atalaya.core.words import N_
from atalaya.records.stored import CaseOutcome, Conclusion, Evidence, Outcome, Presence, Proof, ReadStatus


class Column(NamedTuple):
    """The words above it, and the name of the field that stands below, or what is computed of a record."""

    title: str
    shows: str | Callable[[Any], object]

    def of(self, record: Evidence) -> object:
        return getattr(record, self.shows) if isinstance(self.shows, str) else self.shows(record)


def _nothing_amiss(record: Any) -> bool:
    return False


class Shown(NamedTuple):
    """How the records of one kind are shown, beside when and where: the columns, and what they are counted by.

    ``is_amiss`` says of a record whether somebody has to look at it: those are listed first.
    """

    columns: tuple[Column, ...]
    counted_by: Column | None = None
    is_amiss: Callable[[Any], bool] = _nothing_amiss


def _how_proven(proof: Proof) -> bool:
    return bool(set(proof.expected) & set(proof.caught_by))


# Those of several kinds, and those that records are counted by.
RUN = Column(N_("Run"), "run_id")
BY = Column(N_("By"), "by")
WHY = Column(N_("Why"), "why")
REASON = Column(N_("Reason"), "reason")
ATTEMPT = Column(N_("Attempt"), "attempt")
PYTHON = Column(N_("Python"), "python")
OUTCOME = Column(N_("Outcome"), "outcome")
CONCLUSION = Column(N_("How it ended"), "conclusion")
SEEN = Column(N_("Seen"), "seen")
STATUS = Column(N_("Status"), "status")
INCIDENT = Column(N_("Incident"), "incident")
STATE = Column(N_("State"), "state")
VERDICT = Column(N_("Verdict"), "word")
WHAT = Column(N_("What"), "event")
CAUGHT = Column(N_("Caught"), _how_proven)
MADE_BY = Column(N_("Made by"), "producer")

SHOWN: dict[str, Shown] = {
    "context": Shown(
        (
            MADE_BY,
            Column(N_("SDK"), lambda one: f"{one.subject_name} {one.subject_version or '?'}"),
            PYTHON,
            Column(N_("System"), "os"),
            RUN,
        ),
        MADE_BY,
    ),
    "observation": Shown(
        (Column(N_("Promise"), "promise"), OUTCOME, REASON, Column(N_("Trials"), "trials"), RUN),
        OUTCOME,
        lambda one: one.outcome in (Outcome.BROKEN, Outcome.UNKNOWN),
    ),
    "finding": Shown(
        (Column(N_("Weakness"), "weakness"), SEEN, REASON, RUN), SEEN, lambda one: one.seen is not Presence.NOT_SEEN
    ),
    "health": Shown(
        (
            MADE_BY,
            PYTHON,
            Column(N_("Error at the start"), "start_error"),
            Column(N_("Requests"), "requests"),
            Column(N_("Retries"), "retries"),
            RUN,
        ),
        MADE_BY,
        lambda one: bool(one.start_error),
    ),
    "tree": Shown((Column(N_("Commit"), "commit"), Column(N_("Path"), "path"), Column(N_("Tree"), "tree"))),
    "job": Shown(
        (
            Column(N_("Workflow"), "workflow"),
            Column(N_("Job"), lambda one: " / ".join(filter(None, (one.job, one.variant)))),
            CONCLUSION,
            ATTEMPT,
            RUN,
        ),
        CONCLUSION,
        lambda one: one.conclusion is not Conclusion.SUCCESS,
    ),
    "test": Shown(
        (
            Column(N_("Test"), "test"),
            OUTCOME,
            Column(N_("Message"), "message"),
            Column(N_("Job"), lambda one: one.job or one.variant),
            ATTEMPT,
            RUN,
        ),
        OUTCOME,
        lambda one: one.outcome not in (CaseOutcome.PASSED, CaseOutcome.SKIPPED),
    ),
    "event": Shown(
        (
            WHAT,
            Column(N_("Place"), "place"),
            Column(N_("Message"), lambda one: one.quote or one.message),
            Column(N_("Expected"), "expected"),
            RUN,
        ),
        WHAT,
        lambda one: not one.expected,
    ),
    "reading": Shown(
        (
            Column(N_("File"), "file"),
            STATUS,
            Column(N_("What it says"), "verdict"),
            Column(N_("Cases"), "cases"),
            Column(N_("Failed"), "failed"),
            REASON,
        ),
        STATUS,
        lambda one: one.status is not ReadStatus.READ,
    ),
    "proof": Shown(
        (
            Column(N_("Defect"), "defect"),
            Column(N_("Breaks"), "expected"),
            Column(N_("Turned red"), "caught_by"),
            Column(N_("Canary"), "canary"),
        ),
        CAUGHT,
        lambda one: not _how_proven(one),
    ),
    "settings": Shown((BY, WHY, Column(N_("Set here"), "set_here"), Column(N_("Digest"), "digest"))),
    "transition": Shown((INCIDENT, STATE, Column(N_("Severity"), "severity"), BY, WHY), STATE),
    "note": Shown((INCIDENT, BY, Column(N_("Note"), "text"))),
    "redaction": Shown((INCIDENT, BY, WHY, Column(N_("Records"), "records"))),
    "signature": Shown(
        (Column(N_("Checkpoint"), "checkpoint_h"), Column(N_("Duty"), "duty"), BY, Column(N_("Note"), "note"))
    ),
    "watch": Shown((STATE, Column(N_("Hours"), "window_h"), BY, WHY), STATE),
    "dispatch": Shown(
        (
            Column(N_("Workflow"), "workflow"),
            Column(N_("On"), "ref"),
            Column(N_("Commit"), "commit"),
            Column(N_("Checkpoint"), "checkpoint_h"),
        )
    ),
    "decision": Shown((Column(N_("Decision"), "action"), VERDICT, BY, WHY), VERDICT),
    "said": Shown((VERDICT, Column(N_("Rule"), "rule"), Column(N_("Why"), "because")), VERDICT),
    "roll": Shown((Column(N_("Segments"), lambda one: len(one.segments)),)),
    "notice": Shown((Column(N_("Where"), "channel"), Column(N_("What"), "told"))),
    "artefact": Shown(
        (
            Column(N_("Version"), lambda one: f"{one.project} {one.version}"),
            Column(N_("Index"), "index"),
            Column(N_("Files"), lambda one: tuple(file.name for file in one.files)),
            Column(N_("Problem"), "problem"),
        ),
        None,
        lambda one: bool(one.problem),
    ),
    "built": Shown(
        (Column(N_("From"), "origin"), Column(N_("Files"), lambda one: tuple(file.name for file in one.files)))
    ),
    "compat": Shown(
        (PYTHON, Column(N_("Dependencies"), "dependencies"), OUTCOME, REASON),
        OUTCOME,
        lambda one: one.outcome in (Outcome.BROKEN, Outcome.UNKNOWN),
    ),
    "api": Shown(
        (
            Column(N_("Version"), lambda one: f"{one.package} {one.version}"),
            Column(N_("From"), "origin"),
            Column(N_("Modules"), lambda one: len(one.modules)),
            Column(N_("Problem"), "problem"),
        ),
        None,
        lambda one: bool(one.problem),
    ),
}
