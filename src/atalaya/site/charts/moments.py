"""Marks on a chart when incidents were opened and their fixes landed: each with words, a value and a row of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

from atalaya.core.window import elapsed_h
from atalaya.core.words import N_
from atalaya.records.judged import Incident, Judgement
from atalaya.records.stored import Release
from atalaya.site.charts import drawing
from atalaya.site.fragments.incidents import TONES
from atalaya.site.markup import myst
from atalaya.site.markup.html_markup import Said
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.states import OVER

MARKED = 4  # incidents on one chart: the table of incidents holds them all
LONGEST = 12  # letters of an id, so that the marks of a few incidents stand side by side on a telephone
WIDE = 14  # pixels in which a mark can be pointed at
OPENED, FIX = TONES["open"][0], TONES["monitoring"][0]


class Moment(NamedTuple):
    """An instant that is marked: by a shape and a few words on the chart, by a sentence beside it."""

    at: datetime
    shape: str
    words: str  # escaped, as what follows
    length: int  # of the words, in letters
    says: str
    tone: str
    told: Markdown  # the same for the table


def of_incidents(judgement: Judgement, metric: str, voice: Renderer) -> list[Moment]:
    """When incidents were opened and fixes landed: those of the chart's own metric first, then what is not over."""
    ranked = sorted(judgement.incidents, key=lambda one: (metric not in one.about, one.state in OVER, one.at, one.id))
    found = [moment for one in ranked[:MARKED] for moment in _of(one, judgement, voice)]
    return sorted(found, key=lambda one: (one.at, one.words))


def _of(one: Incident, judgement: Judgement, voice: Renderer) -> Iterator[Moment]:
    landed = next((told.landed_at for told in judgement.followed if told.incident == one.id), None)
    yield moment(one.at, OPENED, short(one.id, LONGEST), N_("{incident} was opened"), "tone-bad", voice, one)
    if landed is not None:
        yield moment(landed, FIX, short(one.id, LONGEST), N_("The fix of {incident} landed"), "tone-unsure", voice, one)


def moment(
    at: datetime, shape: str, words: str, sentence: str, tone: str, voice: Renderer, incident: Incident
) -> Moment:
    """An instant of an incident.

    :param words: a few, of any origin.
    :param sentence: one of ours about ``{incident}``.
    """
    shown = f"{shape} {words}".rstrip()
    return Moment(
        at=at,
        shape=shape,
        words=escape(shown),
        length=len(shown),
        says=f"{Said(voice)(sentence, incident=incident.id)}, {Said(voice).at(at)}",
        tone=tone,
        told=voice(sentence, incident=incident.id),
    )


def short(words: str, most: int) -> str:
    """The end of a name says more than its beginning, where it does not fit."""
    shown = myst.visible(words, 120, "…")
    return shown if len(shown) <= most else f"…{shown[-most + 1 :]}"


class Marks:
    """The moments within a stretch of the window, with their words above the plot."""

    def __init__(self, moments: Sequence[Moment], release: Release, begins_h: float, ends_h: float) -> None:
        self.release, self.begins_h, self.hours = release, begins_h, ends_h - begins_h
        self.moments = [one for one in moments if begins_h <= elapsed_h(release, one.at) <= ends_h]
        self._marks = [drawing.Mark(self._at(one), one.words, one.length, one.tone) for one in self.moments]
        self._lanes = drawing.lanes(self._marks, self.hours)

    def _at(self, one: Moment) -> float:
        return elapsed_h(self.release, one.at) - self.begins_h

    @property
    def height(self) -> float:
        """The room that the words take above the plot."""
        return drawing.LINE * (max(self._lanes) + 1) + 4 if self._lanes else 0.0

    def drawn(self, bottom: float) -> Iterator[str]:
        """A line through the plot for each, below its words."""
        placed = [
            (drawing.percent(mark.at_h, self.hours), drawing.LINE * lane + 13, mark) for mark, lane in self._laned()
        ]
        yield from (drawing.line(x, y + 4, x, bottom, f"moment {mark.tone}") for x, y, mark in placed)
        for x, y, mark in placed:  # words come last: no line crosses them
            yield drawing.words(x, y, mark.words, f"moment-word {mark.tone}", drawing.anchor(mark.at_h, self.hours))

    def _laned(self) -> Iterator[tuple[drawing.Mark, int]]:
        return zip(self._marks, self._lanes, strict=True)

    def values(self, bottom: float) -> Iterator[tuple[float, str]]:
        """What can be pointed at, each with its hour."""
        for one in self.moments:
            at_h = self._at(one)
            x = drawing.percent(at_h, self.hours)
            yield self.begins_h + at_h, drawing.value(x, str(WIDE), 0, bottom, one.says, moved=-WIDE / 2)

    def table(self, voice: Renderer) -> Markdown | None:
        """The same as rows."""
        rows = [
            [voice.hour(round(elapsed_h(self.release, one.at), 1), "g"), voice.at(one.at), one.told]
            for one in self.moments
        ]
        header = [voice(N_("Hour")), voice(N_("When (UTC)")), voice(N_("What happened"))]
        return myst.table(voice(N_("What is marked")), header, rows, classes="cards happened") if rows else None
