"""The states of a watch and of an incident, and the transitions between them.

Two tables. The code takes no step that is not in them, and the docs draw them from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from atalaya.core.words import N_, Text

NEW = ""  # what is not there yet

# ── a watch ──────────────────────────────────────────────────────────────────
OPEN, EXTENDED, CLOSED, INVALID = "open", "extended", "closed", "invalid"

# ── an incident, beside "open" ───────────────────────────────────────────────
ACKNOWLEDGED, MONITORING, RESOLVED, REOPENED = "acknowledged", "monitoring", "resolved", "reopened"
CARRIED_OVER = "carried over"

FIXED = (MONITORING, RESOLVED)  # a fix has landed
OVER = (RESOLVED, CARRIED_OVER)  # what does not keep a watch from being closed

# How each is said in a sentence.
WORDS: dict[str, str] = {
    OPEN: N_("open"),
    ACKNOWLEDGED: N_("acknowledged"),
    MONITORING: N_("monitoring"),
    RESOLVED: N_("resolved"),
    REOPENED: N_("reopened"),
    CARRIED_OVER: N_("carried over"),
}

REOPENS_WITHIN_DAYS = 10  # what comes back later than this is an incident of its own


class Step(NamedTuple):
    """One line of a table: from a state to another, who may take it, and what it means."""

    before: str
    after: str
    who: str
    says: str


RULE, PERSON, EITHER = N_("a rule"), N_("a person"), N_("a rule or a person")

WATCH: tuple[Step, ...] = (
    Step(NEW, OPEN, PERSON, N_("The release is out, and its watch begins.")),
    Step(OPEN, EXTENDED, EITHER, N_("24 h more: a critical incident is open at the end, or somebody asks for it.")),
    Step(EXTENDED, EXTENDED, EITHER, N_("Another 24 h, and the last.")),
    Step(OPEN, CLOSED, PERSON, N_("The window is over, and no incident is open: the folder is sealed.")),
    Step(EXTENDED, CLOSED, PERSON, N_("The window is over, and no incident is open: the folder is sealed.")),
    Step(OPEN, INVALID, PERSON, N_("The evidence is not what was recorded: nothing can be said, and that is sealed.")),
    Step(
        EXTENDED, INVALID, PERSON, N_("The evidence is not what was recorded: nothing can be said, and that is sealed.")
    ),
)

INCIDENT: tuple[Step, ...] = (
    Step(NEW, OPEN, EITHER, N_("It was seen.")),
    Step(NEW, ACKNOWLEDGED, PERSON, N_("It was seen by who takes care of it.")),
    Step(OPEN, ACKNOWLEDGED, PERSON, N_("Somebody takes care of it.")),
    Step(OPEN, MONITORING, PERSON, N_("A fix has landed, and has yet to be shown.")),
    Step(ACKNOWLEDGED, MONITORING, PERSON, N_("A fix has landed, and has yet to be shown.")),
    Step(MONITORING, RESOLVED, PERSON, N_("Enough clean runs have shown that the fix holds.")),
    Step(MONITORING, REOPENED, EITHER, N_("It came back: the fix failed.")),
    Step(RESOLVED, REOPENED, EITHER, N_("It came back within ten days.")),
    Step(REOPENED, ACKNOWLEDGED, PERSON, N_("Somebody takes care of it.")),
    Step(REOPENED, MONITORING, PERSON, N_("Another fix has landed, and has yet to be shown.")),
    Step(OPEN, CARRIED_OVER, PERSON, N_("The watch closes, and the next version begins with it.")),
    Step(ACKNOWLEDGED, CARRIED_OVER, PERSON, N_("The watch closes, and the next version begins with it.")),
    Step(MONITORING, CARRIED_OVER, PERSON, N_("The watch closes before the fix is shown.")),
    Step(REOPENED, CARRIED_OVER, PERSON, N_("The watch closes, and the next version begins with it.")),
)


def in_words(state: str) -> Text | str:
    """The state of an incident, to be said in a sentence; one that no table has is left as it is.

    >>> str(in_words("carried over")), in_words("lost")
    ('carried over', 'lost')
    """
    return Text(template=WORDS[state]) if state in WORDS else state


def states(table: Iterable[Step]) -> tuple[str, ...]:
    """Every state of a table, in the order in which it comes up.

    >>> states(WATCH)
    ('open', 'extended', 'closed', 'invalid')
    """
    return tuple(dict.fromkeys(step.after for step in table))


def successors(table: Iterable[Step], before: str) -> tuple[str, ...]:
    """The states that can follow one. It may always stay what it is.

    >>> successors(INCIDENT, "monitoring")
    ('resolved', 'reopened', 'carried over')
    """
    return tuple(step.after for step in table if step.before == before)


def is_allowed(table: Iterable[Step], before: str, after: str) -> bool:
    """Whether the table has such a step.

    >>> is_allowed(INCIDENT, "open", "resolved")
    False
    """
    return before == after or after in successors(table, before)
