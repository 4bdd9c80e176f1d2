"""The cut-out of a metric's chart around an incident: what it counted in each 6 h, and what became of the incident."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from atalaya.core.window import due_at, elapsed_h
from atalaya.core.words import N_, Text
from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import Incident, IncidentFollowUp, Judgement, RateInBin
from atalaya.records.stored import IncidentStep
from atalaya.site.charts import drawing, moments
from atalaya.site.fragments.incidents import TONES
from atalaya.site.markup import myst
from atalaya.site.markup.html_markup import Said
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.states import OVER

PART_H = 6
MARGIN = 0.1  # of the stretch, before the first sighting and after the last, and
LEAST_MARGIN_H = 3
LABELLED = 7  # columns that have room for their numbers on a telephone
TICKS = 5
NUMBERS = 34  # pixels of the numbers above the columns
SEEN = "◌"


class Part(NamedTuple):
    """How often something was seen in a stretch of the window, of so many trials; None where nothing counts them."""

    begins_h: float
    ends_h: float
    seen: int
    of: int | None = None
    rate: RateInBin | None = None


class Course(NamedTuple):
    """What is drawn: a title, what the trials are, and the stretches."""

    title: Text
    what: Text | None
    parts: Sequence[Part]


def metric_of(incident: Incident) -> str:
    """The metric whose chart an incident is cut out of; empty where it is about none."""
    return next((name for name in (incident.metric, *incident.about) if name in METRICS), "")


def cutout(
    incident: Incident,
    told: IncidentFollowUp | None,
    steps: Sequence[IncidentStep],
    judgement: Judgement,
    voice: Renderer,
) -> Markdown:
    """The chart around an incident with the same in numbers; a sentence where nothing of it was counted in time.

    :param steps: those of the incident, in order.
    """
    course = _course(incident, told, judgement)
    if course is None:
        return voice(N_("Nothing that is recorded counts it in time, so there is no chart of it."))
    found = sorted(_moments(incident, told, steps, voice), key=lambda one: one.at)
    begins_h, ends_h = _stretch(found, told, judgement)
    parts = [part for part in course.parts if part.ends_h > begins_h and part.begins_h < ends_h]
    if not parts:
        return voice(N_("Nothing was counted around it, so there is no chart of it."))
    begins_h, ends_h = min(begins_h, parts[0].begins_h), max(ends_h, parts[-1].ends_h)
    return _drawn(incident, course._replace(parts=parts), found, (begins_h, ends_h), judgement, voice)


# ── what is drawn ────────────────────────────────────────────────────────────


def _course(incident: Incident, told: IncidentFollowUp | None, judgement: Judgement) -> Course | None:
    """What the incident's metric counted; of one that no metric counts in time, how often its own causes were seen."""
    metric, course = metric_of(incident), judgement.course
    measured = next((one for one in judgement.metrics if one.id == metric), None)
    if course is not None and measured is not None and course.events.get(metric):
        parts = [Part(one.begins_h, one.ends_h, one.events, one.trials, one) for one in course.events[metric]]
        return Course(Text(template=METRICS[metric].title), measured.exposure, parts)
    if course is not None and measured is not None and metric == "pass-rate" and any(one.trials for one in course.jobs):
        parts = [Part(one.begins_h, one.ends_h, one.trials - one.events, one.trials, one) for one in course.jobs]
        return Course(Text(template=N_("CI jobs that did not end well")), measured.exposure, parts)
    if told is None or not told.seen_at:
        return None
    hours = [elapsed_h(judgement.release, at) for at in told.seen_at]
    until_h = min(elapsed_h(judgement.release, judgement.as_of), judgement.release.window_h)
    bins = range(max(1, math.ceil(until_h / PART_H)))
    in_bin = [min(bins[-1], max(0, int(at_h // PART_H))) for at_h in hours]
    parts = [Part(n * PART_H, max(n * PART_H + 0.1, min((n + 1) * PART_H, until_h)), in_bin.count(n)) for n in bins]
    return Course(Text(template=N_("How often its causes were seen")), None, parts)


def _moments(
    incident: Incident, told: IncidentFollowUp | None, steps: Sequence[IncidentStep], voice: Renderer
) -> Iterable[moments.Moment]:
    """What became of the incident, each with its words."""

    def words(short: str) -> str:
        return voice.language.gettext(short)

    if told is not None and told.first_at is not None:
        says = N_("{incident} was first seen")
        yield moments.moment(told.first_at, SEEN, words(N_("first seen")), says, "tone-unknown", voice, incident)
    if told is not None and told.last_at is not None and told.seen > 1:
        says = N_("{incident} was last seen")
        yield moments.moment(told.last_at, SEEN, words(N_("last seen")), says, "tone-unknown", voice, incident)
    says = N_("{incident} was opened")
    yield moments.moment(incident.at, moments.OPENED, words(N_("opened")), says, "tone-bad", voice, incident)
    if told is not None and told.landed_at is not None:
        says = N_("The fix of {incident} landed")
        yield moments.moment(told.landed_at, moments.FIX, words(N_("fix")), says, "tone-unsure", voice, incident)
    if incident.state in OVER and steps:
        shape, says = TONES[incident.state][0], N_("{incident} was over")
        yield moments.moment(steps[-1].occurred_at, shape, words(N_("over")), says, "tone-good", voice, incident)


def _stretch(
    found: Sequence[moments.Moment], told: IncidentFollowUp | None, judgement: Judgement
) -> tuple[float, float]:
    """From a little before the first of it to a little after its last sighting or its fix, within the window."""
    release = judgement.release
    ends = [at for at in (told.last_at, told.landed_at) if at is not None] if told else []
    last = max([*ends, found[0].at])
    first_h, last_h = elapsed_h(release, found[0].at), elapsed_h(release, last)
    margin = max(LEAST_MARGIN_H, MARGIN * (last_h - first_h))
    until_h = min(elapsed_h(release, judgement.as_of), release.window_h)
    begins_h = min(max(0.0, first_h - margin), max(0.0, until_h - PART_H))
    return begins_h, max(begins_h + PART_H, min(last_h + margin, until_h))


# ── how it is drawn ──────────────────────────────────────────────────────────


def whole_ticks(most: int) -> list[float]:
    """Whole numbers from 0 to at or above ``most``, as few as an axis needs.

    >>> whole_ticks(1), whole_ticks(9), whole_ticks(130)
    ([0, 1], [0, 5, 10], [0, 50, 100, 150])
    """
    step = next(size * 10**power for power in range(20) for size in (1, 2, 5) if most <= 3 * size * 10**power)
    return [step * n for n in range(max(1, math.ceil(most / step)) + 1)]


def _drawn(
    incident: Incident,
    course: Course,
    found: Sequence[moments.Moment],
    stretch: tuple[float, float],
    judgement: Judgement,
    voice: Renderer,
) -> Markdown:
    said, (begins_h, ends_h) = Said(voice), stretch
    marks = moments.Marks(found, judgement.release, begins_h, ends_h)
    labelled = len(course.parts) <= LABELLED
    top = marks.height + (NUMBERS if labelled else 10)
    axis = drawing.Axis(whole_ticks(max(part.seen for part in course.parts)), top)
    hours = ends_h - begins_h

    def x(at_h: float) -> str:
        return drawing.percent(at_h - begins_h, hours)

    drawn = [*_hours(stretch, axis, judgement, voice), *axis.drawn(lambda value: said.language.number(int(value)))]
    values = [*marks.values(axis.bottom)]
    for part in course.parts:
        wide, middle = part.ends_h - part.begins_h, x((part.begins_h + part.ends_h) / 2)
        height = axis.bottom - axis.y(part.seen)
        column = drawing.percent(0.6 * wide, hours)
        drawn.append(drawing.rect(x(part.begins_h + 0.2 * wide), axis.y(part.seen), column, height, "column"))
        if labelled:
            drawn.append(drawing.words(middle, marks.height + 13, said.language.number(part.seen), "value", "middle"))
            if part.of is not None:
                of = f"/ {said.language.number(part.of)}"
                drawn.append(drawing.words(middle, marks.height + 27, of, "tick", "middle"))
        width = drawing.percent(wide, hours)
        says = _in_words(part, course, said)
        values.append((part.begins_h, drawing.value(x(part.begins_h), width, axis.top, axis.bottom, says)))
    drawn += [*marks.drawn(axis.bottom), *(hit for _, hit in sorted(values, key=lambda one: one[0]))]
    title = said(N_("{what} in each 6 h, around {incident}"), what=course.title, incident=incident.id)
    counts = ", ".join(said.language.number(part.seen) for part in course.parts)
    of_parts = said(
        N_("From {begins} to {ends}, in each 6 h: {counts}."),
        begins=said.hour(begins_h),
        ends=said.hour(ends_h),
        counts=counts,
    )
    says = " ".join([of_parts, *(f"{one.says}." for one in marks.moments)])
    legend: str = said(N_("Columns: how often in each 6 h. Dotted lines: what became of the incident."))
    if labelled and course.what is not None:
        legend = f"{legend} {said(N_('Above the columns: seen / {what}.'), what=course.what)}"
    table = myst.paragraphs(_table(course, voice), _all_moments(found, judgement, voice))
    frame = drawing.Drawn(title, says, axis.bottom + drawing.HOURS_HEIGHT, drawn, legend)
    return drawing.framed(frame, table, voice)


def _hours(stretch: tuple[float, float], axis: drawing.Axis, judgement: Judgement, voice: Renderer) -> Iterable[str]:
    """Hairlines at round hours of the stretch, with the hour and the day below."""
    begins_h, ends_h = stretch
    hours = ends_h - begins_h
    step = next(size for size in (6, 12, 24, 48, 96, 10_000) if hours / size < TICKS)
    for at_h in range(math.ceil(begins_h / step) * step, math.floor(ends_h) + 1, step):
        x, day = drawing.percent(at_h - begins_h, hours), voice.language.day(due_at(judgement.release, at_h))
        yield drawing.line(x, axis.top, x, axis.bottom, "grid")
        yield drawing.words(x, axis.bottom + 18, f"T+{at_h}", "tick", "middle")
        yield drawing.words(x, axis.bottom + 33, Said(voice).stranger(day), "day", "middle")


def _in_words(part: Part, course: Course, said: Said) -> str:
    place = {"begins": said.hour(part.begins_h), "ends": said.hour(part.ends_h), "seen": part.seen}
    if part.of is None or course.what is None:
        return said(N_("{begins} – {ends}: {seen}."), **place)
    return said(N_("{begins} – {ends}: {seen}; {what}: {of}."), **place, what=course.what, of=part.of)


def _table(course: Course, voice: Renderer) -> Markdown:
    header = [voice(N_("Stretch")), voice(N_("Seen")), voice(N_("Of how many")), voice(N_("Rate (95% interval)"))]
    rows = [
        [
            myst.joined(
                (voice.hour(round(one.begins_h, 1), "g"), voice.hour(round(one.ends_h, 1), "g")), Markdown(" – ")
            ),
            voice.number(one.seen),
            voice.number(one.of),
            _rate(one, voice),
        ]
        for one in course.parts
    ]
    caption = voice(N_("{what} in each 6 h"), what=course.title)
    if course.what is not None:
        caption = voice(N_("{what} in each 6 h, of {of}"), what=course.title, of=course.what)
    return myst.table(caption, header, rows, classes="cards course")


def _rate(part: Part, voice: Renderer) -> Markdown | None:
    rate = part.rate
    if rate is None or rate.value is None or rate.low is None or rate.high is None:
        return None
    return voice.interval(rate.value, rate.low, rate.high)


def _all_moments(found: Sequence[moments.Moment], judgement: Judgement, voice: Renderer) -> Markdown | None:
    """What became of the incident, also where the cut-out does not reach."""
    first, last = found[0].at, found[-1].at + timedelta(seconds=1)
    begins_h, ends_h = elapsed_h(judgement.release, first), elapsed_h(judgement.release, last)
    return moments.Marks(found, judgement.release, begins_h, ends_h).table(voice)
