"""The renderer of the fragments: one language, escaped text, each state as a word and a shape.

A state is told three times: by its word, by a shape that differs from all others beside it, and only then by
colour. The table of shapes is the whole of that rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from atalaya.core.words import N_, StrictEnum, Text, instant, sentence
from atalaya.records.fleet import FleetWord
from atalaya.records.judged import Burning, CellState, Compared, CourseOfTest, DutyState, FlakyClass, HealthState, State
from atalaya.records.stored import CaseOutcome, Outcome, Presence, ReadStatus, Severity, VerdictStatus
from atalaya.site.i18n.language import Language
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown

TURNS = 12  # changes of a strip that are told one by one
MORE = N_("… ({n} characters)")

# The shape, and the tone that the style sheet colours.
SHAPES: dict[StrictEnum, tuple[str, str]] = {
    State.PROVEN: ("●", "good"),
    State.MEETS: ("◕", "good"),
    State.FAIL: ("✖", "bad"),
    State.INCONCLUSIVE: ("◑", "unsure"),
    State.UNKNOWN: ("○", "unknown"),
    State.NOT_APPLICABLE: ("–", "unknown"),
    VerdictStatus.GO: ("●", "good"),
    VerdictStatus.ON_TRACK: ("◕", "good"),
    VerdictStatus.NO_GO: ("✖", "bad"),
    VerdictStatus.OFF_TRACK: ("▲", "bad"),
    VerdictStatus.INVALID: ("⊘", "bad"),
    VerdictStatus.INCONCLUSIVE: ("◑", "unsure"),
    VerdictStatus.EXTEND: ("▶", "unsure"),
    VerdictStatus.WAITING: ("○", "unknown"),
    FleetWord.GO: ("●", "good"),
    FleetWord.ON_TRACK: ("◕", "good"),
    FleetWord.NO_GO: ("✖", "bad"),
    FleetWord.OFF_TRACK: ("▲", "bad"),
    FleetWord.INVALID: ("⊘", "bad"),
    FleetWord.INCONCLUSIVE: ("◑", "unsure"),
    FleetWord.EXTEND: ("▶", "unsure"),
    FleetWord.WAITING: ("○", "unknown"),
    FleetWord.UNKNOWN: ("◌", "unknown"),
    FlakyClass.CONFIRMED: ("▲", "bad"),
    FlakyClass.REGRESSION: ("◆", "bad"),
    FlakyClass.BROKEN: ("✖", "bad"),
    FlakyClass.SUSPECT: ("◑", "unsure"),
    FlakyClass.HEALTHY: ("●", "good"),
    FlakyClass.UNOBSERVED: ("○", "unknown"),
    CellState.GREEN: ("●", "good"),
    CellState.RED_NOW: ("◆", "bad"),
    CellState.BROKEN: ("✖", "bad"),
    CellState.WORSE: ("▲", "bad"),
    CellState.TOO_OLD: ("○", "unsure"),
    HealthState.OVER: ("▲", "bad"),
    HealthState.WITHIN: ("●", "good"),
    HealthState.TOO_FEW: ("◑", "unsure"),
    HealthState.NO_BASIS: ("◌", "unknown"),
    HealthState.NOTHING: ("∅", "unknown"),
    HealthState.UNKNOWN: ("○", "unknown"),
    HealthState.SHOWN: ("–", "unknown"),
    Outcome.KEPT: ("●", "good"),
    Outcome.BROKEN: ("✖", "bad"),
    Outcome.NOT_APPLICABLE: ("–", "unknown"),
    Outcome.UNKNOWN: ("○", "unknown"),
    CaseOutcome.PASSED: ("●", "good"),
    CaseOutcome.FAILED: ("✖", "bad"),
    CaseOutcome.ERRORED: ("▲", "bad"),
    CaseOutcome.SKIPPED: ("–", "unknown"),
    CaseOutcome.UNKNOWN: ("○", "unknown"),
    CourseOfTest.PASSED: ("●", "good"),
    CourseOfTest.MIXED: ("◑", "unsure"),
    CourseOfTest.FAILED: ("✖", "bad"),
    CourseOfTest.NOT_RUN: ("○", "unknown"),
    Compared.REGRESSED: ("▲", "bad"),
    Compared.NOT_SHOWN: ("●", "good"),
    Compared.TOO_FEW: ("◑", "unsure"),
    Compared.NO_BASIS: ("○", "unknown"),
    DutyState.MET: ("●", "good"),
    DutyState.FAILED: ("✖", "bad"),
    DutyState.MISSING: ("○", "unsure"),
    DutyState.NOT_YET_DUE: ("◌", "unknown"),
    DutyState.SIGNED: ("◉", "good"),
    DutyState.PERSON_SIGNS: ("✎", "unsure"),
    DutyState.NOT_APPLICABLE: ("–", "unknown"),
    ReadStatus.READ: ("●", "good"),
    ReadStatus.UNREADABLE: ("✖", "bad"),
    ReadStatus.DECLINED: ("⊘", "unsure"),
    ReadStatus.UNSUPPORTED: ("○", "unsure"),
    Presence.SEEN: ("▲", "unsure"),
    Presence.NOT_SEEN: ("●", "good"),
    Presence.UNKNOWN: ("○", "unknown"),
    Burning.YES: ("▲", "unsure"),
    Burning.NO: ("●", "good"),
    Burning.UNKNOWN: ("○", "unknown"),
    Severity.CRITICAL: ("◆", "plain"),
    Severity.MAJOR: ("◈", "plain"),
    Severity.MINOR: ("◇", "plain"),
}


class Renderer:
    """One language, and the only ways from a value to the text of a fragment."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, template: str, /, **values: Any) -> Markdown:
        """One of our sentences, translated and filled; strings among the values become code spans."""
        return self.say(Text(template=template, values=values))

    def say(self, text: Text) -> Markdown:
        """A sentence that was computed elsewhere."""
        return Markdown(self.language.say(text, escape=self.literal, prose=myst.escaped, person=self.plain))

    def literal(self, value: str, limit: int = myst.LIMIT) -> Markdown:
        """A name or a message that a stranger chose."""
        return myst.literal(value, limit, self.language.gettext(MORE))

    def variant(self, value: str) -> Markdown:
        """A variant of a job of CI; a job without a matrix has none, and a dash would not say so."""
        return self.literal(value) if value else self(N_("no variant"))

    def plain(self, value: str) -> Markdown:
        """Prose that a person wrote for people to read."""
        return myst.plain(value, more=self.language.gettext(MORE))

    def ours(self, words: str) -> Markdown:
        """A stored sentence of ours that takes no values, such as a promise."""
        return self.say(sentence(words))

    def word(self, word: StrictEnum) -> Markdown:
        """A word of a closed set."""
        return myst.escaped(self.language.gettext(str(word.value)))

    def badge(self, word: StrictEnum, *classes: str) -> Markdown:
        """A state, told by its shape and its word before its colour."""
        return myst.span(
            self.shaped(word), "state", f"tone-{SHAPES[word][1]}", f"state-{_slug(str(word.value))}", *classes
        )

    def shaped(self, word: StrictEnum) -> Markdown:
        """A state by its shape and its word, where there is no colour."""
        return Markdown(f"{SHAPES[word][0]} ") + self.word(word)

    def strip(self, words: Sequence[StrictEnum]) -> Markdown | None:
        """Outcomes side by side, each a shape, with all of them in words for who cannot see it; nothing of none.

        Where they change often, the words say how many there are of each.

        >>> Renderer(Language("en")).strip([Outcome.KEPT, Outcome.KEPT, Outcome.BROKEN])
        '{strip}`kept 2, broken 1 <good●● bad✖>`'
        """
        runs = [(word, len(list(alike))) for word, alike in groupby(words)]
        told = runs if len(runs) <= TURNS else Counter(words).items()
        said = ", ".join(f"{self.language.gettext(str(word.value)).replace(',', '')} {n}" for word, n in told)
        drawn = " ".join(f"{SHAPES[word][1]}{SHAPES[word][0] * n}" for word, n in runs)
        return myst.role("strip", f"{said} <{drawn}>") if runs else None

    def mark(self, shape: str, words: Markdown, tone: str, *classes: str) -> Markdown:
        """A badge for words that are no state."""
        return myst.span(Markdown(f"{shape} ") + words, "state", f"tone-{tone}", *classes)

    def at(self, at: datetime | None, *classes: str) -> Markdown:
        """An instant, which the page's script follows with its age."""
        return myst.span(Markdown(instant(at)), "instant", *classes) if at else myst.NOTHING

    def number(self, value: float | None, spec: str = "") -> Markdown:
        """A number as the language has it; a dash where there is none."""
        return myst.NOTHING if value is None else myst.escaped(self.language.number(value, spec))

    def hour(self, hours: float, spec: str = "") -> Markdown:
        """An hour of the watch."""
        return myst.escaped(f"T+{self.language.number(hours, spec)}")

    def interval(self, value: float, low: float, high: float, spec: str = ".1%") -> Markdown:
        """A value, and between which ends it lies."""
        value_, low_, high_ = (self.number(one, spec) for one in (value, low, high))
        return Markdown(f"{value_} ({low_} … {high_})")

    def counts(self, *values: float) -> Markdown:
        """Numbers side by side, such as a part and its whole."""
        return myst.joined(map(self.number, values), Markdown(" / "))

    def say_all(self, texts: Iterable[Text], *, ordered: bool = False) -> Markdown:
        return myst.bullets((self.say(text) for text in texts), ordered=ordered)


def _slug(word: str) -> str:
    return word.lower().replace(" ", "-")
