"""What the SVG charts are made of: places, marks, lines and words, and the frame with its numbers below.

Places along the window are per cents and heights are pixels, so a chart is as wide as its page and its words stay as
large as the text; what is drawn with paths lies in a layer that stretches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from atalaya.core.words import N_
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer

XMLNS = 'xmlns="http://www.w3.org/2000/svg"'
NARROW = 236  # pixels that a chart has at the least, between its margins, on a screen of 320
LETTER = 6.7  # pixels of a letter, at the size that the style sheet gives
LINE = 18
PLOT = 150  # pixels between the ends of an axis


class Mark(NamedTuple):
    """Words at a place along the window, given in hours."""

    at_h: float
    words: str  # escaped
    length: int  # in letters
    tone: str


# ── places, in per cent and in pixels ────────────────────────────────────────


def percent(value: float, whole: float) -> str:
    """Where a value lies on its way to the whole; what lies outside is drawn at the edge.

    >>> percent(36, 96), percent(-1, 96), percent(200, 96)
    ('37.5%', '0%', '100%')
    """
    return f"{number(min(100.0, max(0.0, 100 * value / whole)))}%"


def number(value: float) -> str:
    """Two digits at the most: the same bytes on each machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers from at or below ``low`` to at or above ``high``, as few as an axis needs.

    >>> ticks(0, 87), ticks(0.62, 1)
    ([0.0, 25.0, 50.0, 75.0, 100.0], [0.6, 0.7, 0.8, 0.9, 1.0])
    """
    rough = (high - low) / most or 1.0
    size = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 2.5, 5, 10, 20):
        step = factor * size
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= most:
            return [round(step * place, 9) for place in range(first, last + 1)]
    raise AssertionError(f"{low} to {high} have no round numbers")


def lanes(marks: Sequence[Mark], hours: float) -> list[int]:
    """Which line each mark's words go to, so that none lies on another where the chart is narrowest."""
    ends: list[float] = []
    chosen = []
    for mark in marks:
        begins, until = extent(mark, hours)
        lane = next((lane for lane, end in enumerate(ends) if end + LETTER <= begins), len(ends))
        ends[lane : lane + 1] = [until]
        chosen.append(lane)
    return chosen


def extent(mark: Mark, hours: float) -> tuple[float, float]:
    """From where to where a mark's words reach, in pixels of the narrowest chart."""
    at, wide = NARROW * min(1.0, max(0.0, mark.at_h / hours)), LETTER * mark.length
    begins = {"start": at, "middle": at - wide / 2, "end": at - wide}[anchor(mark.at_h, hours)]
    return begins, begins + wide


def anchor(at_h: float, hours: float) -> str:
    share = at_h / hours
    return "start" if share < 0.15 else "end" if share > 0.85 else "middle"


# ── what charts are made of ──────────────────────────────────────────────────


def line(x1: str, y1: float, x2: str, y2: float, name: str) -> str:
    return f'<line class="{name}" x1="{x1}" y1="{number(y1)}" x2="{x2}" y2="{number(y2)}"/>'


def rect(x: str, y: float, width: str, height: float, name: str) -> str:
    return f'<rect class="{name}" x="{x}" y="{number(y)}" width="{width}" height="{number(height)}"/>'


def dot(x: str, y: float, radius: float, name: str) -> str:
    return f'<circle class="{name}" cx="{x}" cy="{number(y)}" r="{number(radius)}"/>'


def words(x: str, y: float, words: str, name: str = "", anchor: str = "start", dx: float = 0) -> str:
    """Words that are escaped already."""
    moved = f' dx="{number(dx)}"' if dx else ""
    return f'<text class="{name}" x="{x}" y="{number(y)}" text-anchor="{anchor}"{moved}>{words}</text>'


def value(x: str, width: str, top: float, bottom: float, says: str, *, moved: float = 0) -> str:
    """A place that says its value to who points at it; the page's script says it to who taps it or comes by keys.

    ``says`` is escaped.
    """
    place = f' transform="translate({number(moved)} 0)"' if moved else ""
    hit = f'<rect class="hit" x="{x}" y="{number(top)}" width="{width}" height="{number(bottom - top)}"{place}/>'
    return f'<g class="says"><title>{says}</title>{hit}</g>'


def layer(height: float, *paths: str) -> list[str]:
    """Paths in per cents across and pixels down: a layer that stretches, and their lines do not."""
    box = f'viewBox="0 0 100 {number(height)}" preserveAspectRatio="none"'
    return [f'<svg width="100%" height="{number(height)}" {box}>', *paths, "</svg>"]


def path(points: Iterable[tuple[float, float]], name: str, *, closed: bool = False) -> str:
    told = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return f'<path class="{name}" d="M{told}{"Z" if closed else ""}"/>'


class Drawn(NamedTuple):
    """A chart without its frame."""

    title: str  # escaped, as all that is here
    says: str
    height: float
    parts: list[str]
    legend: str = ""
    name: str = "chart"


def framed(drawn: Drawn, table: Markdown, voice: Renderer, *after: Markdown | None) -> Markdown:
    """The chart, its legend, and its numbers folded below. No line begins with what a stranger wrote."""
    svg = [
        f'<svg class="{drawn.name}" role="img" width="100%" height="{number(drawn.height)}" {XMLNS}>',
        f"<title>{drawn.title}</title>",
        f"<desc>{drawn.says}</desc>",
        *drawn.parts,
        "</svg>",
    ]
    legend = [f'<p class="legend">{drawn.legend}</p>'] if drawn.legend else []
    raw = ['<figure class="chart-frame">', f"<figcaption>{drawn.title}</figcaption>", *svg, *legend, "</figure>"]
    return myst.paragraphs(
        myst.raw_html(raw), *after, myst.dropdown(voice(N_("The same in numbers")), table, classes="chart-table")
    )


HOURS_HEIGHT = 38  # of the two lines of words below the hairlines


class Axis(NamedTuple):
    """From values to heights: ``places`` are its round numbers, the lowest first."""

    places: list[float]
    top: float

    def y(self, value: float) -> float:
        low, high = self.places[0], self.places[-1]
        return self.top + PLOT * (high - min(high, max(low, value))) / (high - low)

    @property
    def bottom(self) -> float:
        return self.top + PLOT

    def drawn(self, said: Callable[[float], str], without: float | None = None) -> Iterator[str]:
        """Hairlines with their numbers; one that lies on another line's number is left to that."""
        for value in self.places:
            yield line("0%", self.y(value), "100%", self.y(value), "grid")
            if without is None or abs(self.y(value) - self.y(without)) >= LINE - 4:
                yield words("0%", self.y(value) + 4, said(value), "tick", "end", dx=-7)
