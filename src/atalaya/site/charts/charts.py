"""SVG charts of a watch over its window; each chart shows the same as the table beside it.

Each chart is inline SVG with a title and a description, and its numbers stand in a folded table below it. It takes
its colours from the page by classes. Places along the window are per cents and heights are pixels, so a chart is as
wide as its page and its words stay as large as the text; what is drawn with paths lies in a layer that stretches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

from atalaya.core.window import DAY_H, EXTENSION_H, due_at, elapsed_h
from atalaya.core.words import N_, StrictEnum, Text
from atalaya.records.judged import DurationStats, FlakyTest, Incident, Judgement, RateInBin, TimeSeries
from atalaya.site.charts import drawing, moments
from atalaya.site.fragments.incidents import NAMES, TONES
from atalaya.site.markup import myst
from atalaya.site.markup.html_markup import Html, Said
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import SHAPES, Renderer
from atalaya.watch.decisions import ACTIONS
from atalaya.watch.states import EXTENDED, FIXED, OVER

SHOWN = 8  # incidents, and
RANKED = 10  # tests that are drawn; the tables hold them all
ROWS = 200  # of a table


class Row(NamedTuple):
    """A name, and below it what it stands for: drawn from a height in pixels on."""

    name: str  # escaped
    height: float
    drawn: Callable[[float], Iterable[str]]


def _hours(judgement: Judgement, voice: Renderer, top: float, bottom: float) -> list[str]:
    """Hairlines at each day of the window, with the hour and the day below."""
    release, parts = judgement.release, []
    for hours in range(0, release.window_h + 1, DAY_H):
        x, day = drawing.percent(hours, release.window_h), voice.language.day(due_at(release, hours))
        parts += [
            drawing.line(x, top, x, bottom, "grid"),
            drawing.words(x, bottom + 18, f"T+{hours}", "tick", "middle"),
            drawing.words(x, bottom + 33, escape(day), "day", "middle"),
        ]
    return parts


def _share(value: float, voice: Renderer) -> str:
    return escape(voice.language.number(value, ".0%" if float(f"{100 * value:.6f}").is_integer() else ".1%"))


def _mark(word: StrictEnum, said: Said) -> tuple[str, int]:
    """A state by its shape and its word, and how long that is."""
    words = f"{SHAPES[word][0]} {said.language.gettext(str(word.value))}"
    return escape(words), len(words)


def _when(hours: float, voice: Renderer) -> Markdown:
    return voice.hour(hours, ".1f") if hours % 1 else voice.hour(hours, ".0f")


def _stretch(begins_h: float, ends_h: float, voice: Renderer) -> Markdown:
    return myst.joined((_when(begins_h, voice), _when(ends_h, voice)), Markdown(" – "))


# ── the watch's timeline ─────────────────────────────────────────────────────


def timeline(judgement: Judgement, voice: Renderer) -> Markdown:
    """The window with its checkpoints, where somebody looked, incidents, decisions, and now."""
    release, said = judgement.release, Said(voice)
    now = elapsed_h(release, judgement.as_of)
    if now <= 0:
        return voice(N_("The window opens on {at}: nothing is known of it yet."), at=release.opened_at)
    rows = [
        *_verdicts(judgement, said),
        *_window(judgement, said),
        _watched(judgement, said),
        *_spans(judgement, said),
        *_decided(judgement, said),
    ]
    y, parts, top = 0.0, [], 2.0
    for row in rows:
        parts += [drawing.words("0%", y + 13, row.name, "name"), *row.drawn(y + 20)]
        y += 20 + row.height + 12
    over = now >= release.window_h
    if not over:
        at = drawing.percent(now, release.window_h)
        # What comes later lies above: the line crosses no word.
        parts = [
            drawing.line(at, top, at, y + 2, "now"),
            *parts,
            drawing.words(at, y + 13, said(N_("now")), "now-word", drawing.anchor(now, release.window_h)),
        ]
        y += 18
    parts = [*_hours(judgement, voice, top, y), *parts]
    open_still = sum(one.state not in OVER for one in judgement.incidents)
    says = said(
        N_(
            "From T+0, on {opened}, for {hours} h. Judged on {at}: {word}. Checkpoints observed: {seen} of {points}. "
            "Gaps: {gaps}. Incidents: {incidents}, of which not over: {open}."
        ),
        opened=release.opened_at,
        hours=release.window_h,
        at=judgement.as_of,
        word=judgement.verdict.word,
        seen=len(judgement.coverage.points) - len(judgement.coverage.missed),
        points=len(judgement.coverage.points),
        gaps=len(judgement.coverage.unseen),
        incidents=len(judgement.incidents),
        open=open_still,
    )
    keys = (
        (judgement.incidents, N_("Solid: it hurt. Outlined: a fix had landed, and had to be proven.")),
        (judgement.coverage.unseen, N_("Dashed: nobody looked.")),
    )
    legend = " ".join(said(key) for drawn, key in keys if drawn)
    drawn = drawing.Drawn(
        said(N_("The watch, from T+0 on")), says, y + drawing.HOURS_HEIGHT, parts, legend, "chart rows"
    )
    left_out = len(judgement.incidents) - SHOWN
    more = voice(N_("More in the table of incidents: {n}."), n=left_out) if left_out > 0 else None
    return drawing.framed(drawn, _happened(judgement, voice), voice, more)


def _verdicts(judgement: Judgement, said: Said) -> Iterator[Row]:
    """The verdict at each checkpoint, as it was then, and now."""
    hours, now = judgement.release.window_h, elapsed_h(judgement.release, judgement.as_of)
    looks = [(float(look.hours), look.verdict.word) for look in judgement.looks if look.hours < min(now, hours)]
    marks = [
        drawing.Mark(at_h, *_mark(word, said), f"tone-{SHAPES[word][1]}")
        for at_h, word in [*looks, (min(now, hours), judgement.verdict.word)]
    ]
    chosen = drawing.lanes(marks, hours)

    def drawn(y: float) -> Iterator[str]:
        yield drawing.line("0%", y + 5, "100%", y + 5, "rail")
        for mark, lane in zip(marks, chosen, strict=True):
            at = drawing.percent(mark.at_h, hours)
            yield drawing.dot(at, y + 5, 4, f"point {mark.tone}")
            yield drawing.words(
                at, y + 24 + drawing.LINE * lane, mark.words, mark.tone, drawing.anchor(mark.at_h, hours)
            )

    yield Row(said(N_("Verdict at each checkpoint, and now")), 10 + drawing.LINE * (max(chosen) + 1), drawn)


def _window(judgement: Judgement, said: Said) -> Iterator[Row]:
    """The window and what it was extended by, where it was."""
    hours = judgement.release.window_h
    longer = [step for step in judgement.steps if step.state == EXTENDED]
    if not longer:
        return
    first = max(DAY_H, hours - EXTENSION_H * len(longer))

    def drawn(y: float) -> Iterator[str]:
        yield drawing.rect("0%", y, drawing.percent(first, hours), 8, "bar")
        yield drawing.rect(drawing.percent(first, hours), y, drawing.percent(hours - first, hours), 8, "bar added")
        for step in longer:
            at = drawing.percent(elapsed_h(judgement.release, step.occurred_at), hours)
            yield drawing.words(at, y + 22, "▲", "tone-unsure", "middle")

    yield Row(said(N_("Window: {first} h, extended to {hours} h"), first=first, hours=hours), 24, drawn)


def _watched(judgement: Judgement, said: Said) -> Row:
    release, watched = judgement.release, judgement.coverage
    hours, now = release.window_h, min(elapsed_h(release, judgement.as_of), release.window_h)
    gaps = [(elapsed_h(release, gap.begins), elapsed_h(release, gap.ends)) for gap in watched.unseen]

    def drawn(y: float) -> Iterator[str]:
        yield drawing.line("0%", y + 5, "100%", y + 5, "rail")
        yield drawing.rect("0%", y, drawing.percent(now, hours), 10, "seen")
        for begins, ends in gaps:
            yield drawing.rect(drawing.percent(begins, hours), y, drawing.percent(ends - begins, hours), 10, "gap")

    name = (
        said(
            N_("Watched: {seen} of {n} checkpoints; gaps: {gaps}"),
            seen=len(watched.points) - len(watched.missed),
            n=len(watched.points),
            gaps=len(gaps),
        )
        if watched.points
        else said(N_("Watched: no checkpoint is over yet"))
    )
    return Row(name, 10, drawn)


class Span(NamedTuple):
    """From when to when an incident hurt, in hours since T+0: until a fix landed, and until that was shown."""

    begins_h: float
    landed_h: float | None
    ends_h: float


def span_of(incident: Incident, judgement: Judgement) -> Span:
    """An incident's stretch of the window; one that is not over goes on until now."""
    steps = [step for step in judgement.transitions if step.incident == incident.id]
    landed = next((one.landed_at for one in judgement.followed if one.incident == incident.id), None)
    if landed is None and incident.state in FIXED:
        # The last time it was called fixed, and not one after which it came back.
        since = next((n for n, step in reversed(list(enumerate(steps))) if step.state not in FIXED), -1)
        landed = steps[since + 1].occurred_at if since + 1 < len(steps) else None
    over = next((step.occurred_at for step in reversed(steps) if step.state == incident.state), None)
    ends = over if incident.state in OVER and over is not None else judgement.as_of

    def hours(at: datetime) -> float:
        return elapsed_h(judgement.release, at)

    return Span(hours(incident.at), hours(landed) if landed else None, hours(ends))


def _spans(judgement: Judgement, said: Said) -> Iterator[Row]:
    """Each incident: those that are not over come first, where there are too many to draw."""
    chosen = sorted(judgement.incidents, key=lambda one: (one.state in OVER, one.at, one.id))[:SHOWN]
    for incident in sorted(chosen, key=lambda one: (one.at, one.id)):
        yield _incident(incident, judgement, said)


def _incident(incident: Incident, judgement: Judgement, said: Said) -> Row:
    hours, span = judgement.release.window_h, span_of(incident, judgement)
    shape, tone = TONES.get(incident.state, ("○", "unknown"))
    landed = max(span.begins_h, min(span.ends_h, span.ends_h if span.landed_h is None else span.landed_h))

    def drawn(y: float) -> Iterator[str]:
        yield drawing.line("0%", y + 5, "100%", y + 5, "rail")
        yield drawing.rect(
            drawing.percent(span.begins_h, hours),
            y,
            drawing.percent(max(0.0, landed - span.begins_h), hours),
            10,
            "hurts",
        )
        if landed < span.ends_h:
            yield drawing.rect(
                drawing.percent(landed, hours), y, drawing.percent(span.ends_h - landed, hours), 10, "proving"
            )
        # A span of no length is seen too.
        yield drawing.dot(drawing.percent(span.begins_h, hours), y + 5, 5, "hurts")
        yield drawing.value("0%", "100%", y - 20, y + 12, _lasted(incident, state, span, said))

    state = said.language.gettext(NAMES[incident.state]) if incident.state in NAMES else incident.state
    name = f"{shape} {escape(moments.short(incident.id, 18))} · {escape(moments.short(state, 16))}"
    return Row(f'<tspan class="tone-{tone}">{name}</tspan>', 10, drawn)


def _lasted(incident: Incident, state: str, span: Span, said: Said) -> Html:
    begins, ends = said.hour(span.begins_h), said.hour(span.ends_h)
    if span.landed_h is None:
        sentence = N_("{incident}, {state}: {begins} – {ends}; no fix has landed.")
        return said(sentence, incident=incident.id, state=state, begins=begins, ends=ends)
    landed = said.hour(span.landed_h)
    sentence = N_("{incident}, {state}: {begins} – {ends}; a fix landed at {landed}.")
    return said(sentence, incident=incident.id, state=state, begins=begins, ends=ends, landed=landed)


def _decided(judgement: Judgement, said: Said) -> Iterator[Row]:
    if not judgement.decisions:
        return
    hours = judgement.release.window_h

    def drawn(y: float) -> Iterator[str]:
        yield drawing.line("0%", y + 5, "100%", y + 5, "rail")
        for one in judgement.decisions:
            at = drawing.percent(elapsed_h(judgement.release, one.occurred_at), hours)
            yield drawing.words(at, y + 10, "◆", "decided", "middle")

    yield Row(said(N_("Decisions: {n}"), n=len(judgement.decisions)), 10, drawn)


def _happened(judgement: Judgement, voice: Renderer) -> Markdown:
    """All that the timeline shows, as a table, in order of time."""
    release = judgement.release
    told: list[tuple[datetime, Markdown]] = [(release.opened_at, voice(N_("The watch was opened.")))]
    told += [(due_at(release, look.hours), voice.badge(look.verdict.word)) for look in judgement.looks]
    told += [
        (gap.begins, voice(N_("Nobody looked for {hours:.1f} h, until {at}."), hours=gap.hours, at=gap.ends))
        for gap in judgement.coverage.unseen
    ]
    stepped = {step.incident for step in judgement.transitions}
    told += [(one.at, _became(one.id, one.state, voice)) for one in judgement.incidents if one.id not in stepped]
    told += [(step.occurred_at, _became(step.incident, step.state, voice)) for step in judgement.transitions]
    told += [
        (step.occurred_at, voice(N_("The window was extended to {hours} h."), hours=step.window_h))
        for step in judgement.steps
        if step.state == EXTENDED
    ]
    told += [
        (one.occurred_at, voice(N_("Decided: {action}, by {by}."), by=one.by, action=_action(one.action)))
        for one in judgement.decisions
    ]
    told += [(judgement.as_of, myst.joined((voice(N_("Judged:")), voice.badge(judgement.verdict.word))))]
    told.sort(key=lambda one: one[0])
    rows = [[_when(elapsed_h(release, at), voice), voice.at(at), what] for at, what in told[:ROWS]]
    header = [voice(N_("Hour")), voice(N_("When (UTC)")), voice(N_("What happened"))]
    table = myst.table(voice(N_("The watch, in order of time")), header, rows, classes="cards happened")
    left_out = len(told) - len(rows)
    return myst.paragraphs(table, voice(N_("{n} more are in the evidence."), n=left_out) if left_out else None)


def _action(action: str) -> Text | str:
    return Text(template=ACTIONS[action]) if action in ACTIONS else action


def _became(id: str, state: str, voice: Renderer) -> Markdown:
    return myst.joined((voice.literal(id), voice(NAMES[state]) if state in NAMES else voice.literal(state)))


# ── one chart a question ─────────────────────────────────────────────────────


def pass_rate(judgement: Judgement, voice: Renderer) -> Markdown:
    """The pass rate so far with its interval, the rate of each 6 h, and the threshold."""
    course, said, hours = judgement.course, Said(voice), judgement.release.window_h
    so_far = [(part, _known(part)) for part in course.so_far] if course else []
    known = [(part, rate) for part, rate in so_far if rate]
    if course is None or not known:
        return voice(N_("No CI job has been decided, so nothing is known of the rate."))
    own = [(part, part.value) for part in course.jobs if part.value is not None]
    lowest = min(course.target, *(rate.low for _, rate in known), *(value for _, value in own))
    marks = moments.Marks(moments.of_incidents(judgement, "pass-rate", voice), judgement.release, 0, hours)
    axis = drawing.Axis(drawing.ticks(min(lowest, 0.9), 1.0), 10 + marks.height)
    target = axis.y(course.target)
    last, rate = known[-1]
    parts = [
        *_hours(judgement, voice, axis.top, axis.bottom),
        *axis.drawn(lambda value: _share(value, voice), course.target),
        *_rates_so_far(known, axis, hours),
        drawing.line("0%", target, "100%", target, "threshold"),
        drawing.words("0%", target + 4, _share(course.target, voice), "tick wanted", "end", dx=-7),
        *(
            drawing.dot(drawing.percent((part.begins_h + part.ends_h) / 2, hours), axis.y(value), 3.5, "hollow")
            for part, value in own
        ),
        *_rate_of_now(last, rate, axis, hours),
        *marks.drawn(axis.bottom),
        *_values(zip(course.jobs, _jobs_in_words(course, said), strict=True), marks, axis, hours),
    ]
    says = said(
        N_(
            "So far {value:.1%} of {n} decided CI jobs ended well, {low:.1%} to {high:.1%} at 95 %. "
            "Threshold: {target:.1%}."
        ),
        value=rate.value,
        n=last.trials,
        low=rate.low,
        high=rate.high,
        target=course.target,
    )
    legend: str = said(
        N_(
            "Line: the rate so far, in the band of its 95 % interval. Circles: the rate of each 6 h alone. Dashes: the "
            "threshold, {target:.1%}."
        ),
        target=course.target,
    )
    legend += _legend_of(marks, judgement, said)
    header = [
        voice(N_("Stretch")),
        voice(N_("Ended well, of decided")),
        voice(N_("Rate (95% interval)")),
        voice(N_("Rate so far (95% interval)")),
    ]
    rows = [
        [_stretch(part.begins_h, part.ends_h, voice), _of(part, voice), _rate(part, voice), _rate(sum_, voice)]
        for part, sum_ in zip(course.jobs, course.so_far, strict=True)
    ]
    title = said(N_("CI pass rate through the window"))
    jobs = myst.table(voice(N_("Decided jobs in each 6 h")), header, rows, classes="cards course")
    table = myst.paragraphs(jobs, marks.table(voice))
    return drawing.framed(drawing.Drawn(title, says, axis.bottom + drawing.HOURS_HEIGHT, parts, legend), table, voice)


def _jobs_in_words(course: TimeSeries, said: Said) -> Iterator[str]:
    """What each 6 h showed, and all so far."""
    for part, sum_ in zip(course.jobs, course.so_far, strict=True):
        if part.trials:
            sentence = N_("{begins} – {ends}: {events} of {trials} decided CI jobs ended well.")
        else:
            sentence = N_("{begins} – {ends}: no CI job was decided.")
        of_part = said(sentence, **_place(part, said), events=part.events, trials=part.trials)
        rate = _known(sum_)
        so_far = N_("So far: {value:.1%}, {low:.1%} to {high:.1%} at 95 %.")
        yield f"{of_part} {said(so_far, value=rate.value, low=rate.low, high=rate.high)}" if rate else of_part


def _place(part: RateInBin | DurationStats, said: Said) -> dict[str, str]:
    return {"begins": said.hour(part.begins_h), "ends": said.hour(part.ends_h)}


def _values(
    parts: Iterable[tuple[RateInBin | DurationStats, str]], marks: moments.Marks, axis: drawing.Axis, hours: float
) -> list[str]:
    """The values of each stretch and of each mark, in the order of time: the keys lead from one to the next."""
    found = [
        (
            part.begins_h,
            drawing.value(
                drawing.percent(part.begins_h, hours),
                drawing.percent(part.ends_h - part.begins_h, hours),
                axis.top,
                axis.bottom,
                says,
            ),
        )
        for part, says in parts
    ]
    return [drawn for _, drawn in sorted([*found, *marks.values(axis.bottom)], key=lambda one: one[0])]


def _legend_of(marks: moments.Marks, judgement: Judgement, said: Said) -> str:
    """What the marks mean, and how many incidents have none."""
    if not marks.moments:
        return ""
    key = said(N_("{opened}: an incident was opened. {fix}: its fix landed."), opened=moments.OPENED, fix=moments.FIX)
    left_out = len(judgement.incidents) - moments.MARKED
    more = f" {said(N_('More in the table of incidents: {n}.'), n=left_out)}" if left_out > 0 else ""
    return f" {key}{more}"


class Rate(NamedTuple):
    """A rate of which all is known."""

    value: float
    low: float
    high: float


def _rates_so_far(known: Sequence[tuple[RateInBin, Rate]], axis: drawing.Axis, hours: int) -> Iterable[str]:
    """The rate so far as a line, in the band of its interval."""
    places = [(100 * part.ends_h / hours, rate) for part, rate in known]
    band = [(x, axis.y(rate.high)) for x, rate in places] + [(x, axis.y(rate.low)) for x, rate in reversed(places)]
    line = [(x, axis.y(rate.value)) for x, rate in places]
    return drawing.layer(axis.bottom + 4, drawing.path(band, "band", closed=True), drawing.path(line, "course"))


def _rate_of_now(last: RateInBin, rate: Rate, axis: drawing.Axis, hours: int) -> Iterator[str]:
    """The last rate as a point, with its interval."""
    end = drawing.percent(last.ends_h, hours)
    yield drawing.line(end, axis.y(rate.high), end, axis.y(rate.low), "whisker")
    yield drawing.dot(end, axis.y(rate.value), 4, "point")


def _known(part: RateInBin) -> Rate | None:
    if part.value is None or part.low is None or part.high is None:
        return None
    return Rate(part.value, part.low, part.high)


def _of(part: RateInBin, voice: Renderer) -> Markdown:
    return voice.counts(part.events, part.trials)


def _rate(part: RateInBin, voice: Renderer, times: float = 1, spec: str = ".1%") -> Markdown:
    rate = _known(part)
    if rate is None:
        return voice(N_("not known"))
    return voice.interval(times * rate.value, times * rate.low, times * rate.high, spec)


THOUSAND = 1000


def network(judgement: Judgement, voice: Renderer) -> Markdown:
    """The network errors in each 24 h for a thousand requests, with their interval and what was tried."""
    said, hours = Said(voice), judgement.release.window_h
    parts_of = judgement.course.errors if judgement.course else ()
    known = [(part, rate) for part in parts_of if (rate := _known(part))]
    if not known:
        return voice(N_("No request was counted, so errors have nothing to be compared with."))
    marks = moments.Marks(moments.of_incidents(judgement, "network-errors", voice), judgement.release, 0, hours)
    axis = drawing.Axis(drawing.ticks(0, THOUSAND * max(rate.high for _, rate in known)), 44 + marks.height)

    def figure(value: float) -> str:
        return escape(voice.language.number(value, ".4g"))

    drawn = [*_hours(judgement, voice, axis.top, axis.bottom), *axis.drawn(figure)]
    for part in parts_of:
        middle = drawing.percent(
            part.begins_h + DAY_H / 2, hours
        )  # a day that is not over has the place of a whole one
        drawn += [
            drawing.words(middle, marks.height + 13, figure_of(part.events, voice), "value", "middle"),
            drawing.words(middle, marks.height + 29, f"/ {figure_of(part.trials, voice)}", "tick", "middle"),
        ]
        rate = _known(part)
        if rate is None:
            drawn.append(drawing.words(middle, axis.bottom - 6, "○", "tone-unknown", "middle"))
            continue
        top = axis.y(THOUSAND * rate.value)
        drawn += [
            drawing.rect(
                drawing.percent(part.begins_h + DAY_H / 4, hours),
                top,
                drawing.percent(DAY_H / 2, hours),
                axis.bottom - top,
                "column",
            ),
            drawing.line(middle, axis.y(THOUSAND * rate.high), middle, axis.y(THOUSAND * rate.low), "whisker"),
            drawing.dot(middle, top, 4, "point"),
        ]
    said_of = [(part, _errors_in_words(part, said)) for part in parts_of]
    drawn += [*marks.drawn(axis.bottom), *_values(said_of, marks, axis, hours)]
    counts = ", ".join(" / ".join(map(voice.language.number, (one.events, one.trials))) for one in parts_of)
    says = said(N_("Errors among requests, in each 24 h: {counts}."), counts=counts)
    legend: str = said(
        N_(
            "Columns: errors for each 1,000 requests, with the 95 % interval. Above them: errors / requests. "
            "A ring: no request was counted."
        )
    )
    legend += _legend_of(marks, judgement, said)
    header = [voice(N_("Stretch")), voice(N_("Errors / requests")), voice(N_("For each 1,000 (95% interval)"))]
    rows = [
        [_stretch(part.begins_h, part.ends_h, voice), _of(part, voice), _rate(part, voice, THOUSAND, ".2f")]
        for part in parts_of
    ]
    errors = myst.table(voice(N_("Network errors in each 24 h")), header, rows, classes="cards course")
    table = myst.paragraphs(errors, marks.table(voice))
    title = said(N_("Network errors for each 1,000 requests"))
    return drawing.framed(drawing.Drawn(title, says, axis.bottom + drawing.HOURS_HEIGHT, drawn, legend), table, voice)


def _errors_in_words(part: RateInBin, said: Said) -> str:
    rate = _known(part)
    if rate is None:
        return said(N_("{begins} – {ends}: no request was counted."), **_place(part, said))
    return said(
        N_(
            "{begins} – {ends}: {events} errors, {trials} requests; {value:.2f} for each 1,000, {low:.2f} to "
            "{high:.2f} at 95 %."
        ),
        **_place(part, said),
        events=part.events,
        trials=part.trials,
        value=THOUSAND * rate.value,
        low=THOUSAND * rate.low,
        high=THOUSAND * rate.high,
    )


def figure_of(count: int, voice: Renderer) -> str:
    """A count in few letters, so that five days stand side by side: from 10,000 on in thousands."""
    return escape(voice.language.number(count) if count < 10_000 else f"{voice.language.number(count // 1000)} k")


def flaky(judgement: Judgement, voice: Renderer) -> Markdown:
    """The tests that failed, by how often a good version fails them, with the credible interval."""
    said = Said(voice)
    if not judgement.flaky:
        return voice(N_("There is no flake rate to draw."))
    ranked = sorted(
        (
            (one, Rate(one.score.mean, one.score.low, one.score.high))
            for one in judgement.flaky
            if one.score.mean is not None and one.score.low is not None and one.score.high is not None
        ),
        key=lambda one: (-one[1].value, one[0].test),
    )
    if not ranked:
        return voice(N_("Of no test that failed is it known how often a good version fails it."))
    shown = ranked[:RANKED]
    places = drawing.ticks(0, max(rate.high for _, rate in shown))
    most, bottom = places[-1], 36.0 * len(shown)
    drawn = []
    for place in places:
        x, words = drawing.percent(place, most), _share(place, voice)
        drawn += [drawing.line(x, 2, x, bottom, "grid"), drawing.words(x, bottom + 15, words, "tick", "middle")]
    for row, (one, rate) in enumerate(shown):
        drawn += _score(one, rate, most, 36.0 * row)
        sentence = N_("{test}: a good version fails it in {value:.1%}, {low:.1%} to {high:.1%}, of its attempts.")
        scored = said(sentence, test=one.test, value=rate.value, low=rate.low, high=rate.high)
        drawn.append(drawing.value("0%", "100%", 36.0 * row, 36.0 * (row + 1), scored))
    says = said(
        N_("{n} tests, the one that fails most by itself first: {test}, {value:.1%}, {low:.1%} to {high:.1%}."),
        n=len(ranked),
        test=shown[0][0].test,
        value=shown[0][1].value,
        low=shown[0][1].low,
        high=shown[0][1].high,
    )
    classes = dict.fromkeys(one.kind for one, _ in shown)
    legend = " · ".join(_mark(kind, said)[0] for kind in classes)
    header = [voice(N_("Test")), voice(N_("Class")), voice(N_("Fails by itself"))]
    rows = [[voice.literal(one.test), voice.badge(one.kind), voice.interval(*rate)] for one, rate in ranked[:ROWS]]
    table = myst.table(voice(N_("Tests by how often a good version fails them")), header, rows, classes="cards course")
    left_out = len(judgement.flaky) - len(shown)
    more = voice(N_("Only in the table below, or not known: {n}."), n=left_out) if left_out else None
    title = said(N_("How often a good version fails each test, with the 95 % credible interval"))
    return drawing.framed(drawing.Drawn(title, says, bottom + 22, drawn, legend, "chart rows"), table, voice, more)


def _score(one: FlakyTest, rate: Rate, most: float, y: float) -> list[str]:
    shape, tone = SHAPES[one.kind]
    value = drawing.percent(rate.value, most)
    return [
        drawing.words(
            "0%", y + 13, f'<tspan class="tone-{tone}">{shape}</tspan> {escape(moments.short(one.test, 34))}', "name"
        ),
        drawing.line(drawing.percent(rate.low, most), y + 24, drawing.percent(rate.high, most), y + 24, "whisker wide"),
        drawing.dot(value, y + 24, 4.5, f"point tone-{tone}"),
    ]


def latency(judgement: Judgement, voice: Renderer) -> Markdown:
    """How long the smoke took through the window: the evidence has no latency of a single poll."""
    said, release = Said(voice), judgement.release
    took = judgement.course.smoke if judgement.course else ()
    if release.rehearsal:
        return voice(N_("A rehearsal runs in virtual time, and keeps no durations."))
    if not took:
        return voice(N_("No run of the smoke said how long it took."))
    hours = release.window_h
    marks = moments.Marks(moments.of_incidents(judgement, "", voice), release, 0, hours)
    axis = drawing.Axis(drawing.ticks(0, max(one.most_s for one in took) or 1.0), 10 + marks.height)

    def seconds(value: float) -> str:
        return escape(voice.language.number(value, ".4g")) + " s"

    drawn = [*_hours(judgement, voice, axis.top, axis.bottom), *axis.drawn(seconds)]
    for one in took:
        middle = drawing.percent((one.begins_h + one.ends_h) / 2, hours)
        drawn += [
            drawing.line(middle, axis.y(one.most_s), middle, axis.y(one.least_s), "whisker"),
            drawing.dot(middle, axis.y(one.median_s), 4, "point"),
        ]
    said_of = [(one, _took_in_words(one, said)) for one in took]
    drawn += [*marks.drawn(axis.bottom), *_values(said_of, marks, axis, hours)]
    last = took[-1]
    says = said(
        N_("The last stretch: {n} runs, {median:.2f} s in the middle, {least:.2f} s to {most:.2f} s."),
        n=last.n,
        median=last.median_s,
        least=last.least_s,
        most=last.most_s,
    )
    legend: str = said(
        N_(
            "Dots: the middle run of each 6 h; lines: from the shortest to the longest. A run of the "
            "smoke holds all its polls: how long a single poll took is not in the evidence."
        )
    )
    legend += _legend_of(marks, judgement, said)
    header = [
        voice(N_("Stretch")),
        voice(N_("Runs")),
        voice(N_("Median, s")),
        voice(N_("Shortest, s")),
        voice(N_("Longest, s")),
    ]
    rows = [
        [
            _stretch(one.begins_h, one.ends_h, voice),
            voice.number(one.n),
            *(voice.number(value, ".2f") for value in (one.median_s, one.least_s, one.most_s)),
        ]
        for one in took
    ]
    durations = myst.table(voice(N_("Durations of the smoke in each 6 h")), header, rows, classes="cards course")
    table = myst.paragraphs(durations, marks.table(voice))
    title = said(N_("How long a run of the smoke took"))
    return drawing.framed(drawing.Drawn(title, says, axis.bottom + drawing.HOURS_HEIGHT, drawn, legend), table, voice)


def _took_in_words(one: DurationStats, said: Said) -> str:
    return said(
        N_("{begins} – {ends}: {n} runs, {median:.2f} s in the middle, {least:.2f} s to {most:.2f} s."),
        **_place(one, said),
        n=one.n,
        median=one.median_s,
        least=one.least_s,
        most=one.most_s,
    )


# ── a spark beside a number ──────────────────────────────────────────────────


class Seen(NamedTuple):
    """What a metric said at one look; the value is None where it was not known."""

    hours: float
    value: float | None
    low: float | None
    high: float | None
    says: str  # escaped


SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 120, 30, 5


def spark(
    title: str, seen: Sequence[Seen], hours: float, target: float | None = None, *, limit: float | None = None
) -> Markdown | None:
    """A value with its interval at each look. Nothing where it was never known. ``title`` is escaped.

    ``target`` is a share that is to be reached, ``limit`` a rate that is not to be passed.
    """
    ends = [end for one in seen for end in (one.value, one.low, one.high) if end is not None]
    if not ends:
        return None
    low, high = (min(*ends, target), 1.0) if target is not None else (0.0, max(*ends, 1.0))
    if limit is not None:
        target, low, high = limit, 0.0, max(*ends, 2 * limit, 1e-6)
    wide = (high - low) or 1.0

    def y(value: float) -> float:
        return SPARK_EDGE + (SPARK_HEIGHT - 2 * SPARK_EDGE) * (high - value) / wide

    def x(at_h: float) -> str:
        return drawing.number(SPARK_EDGE + (SPARK_WIDTH - 2 * SPARK_EDGE) * min(1.0, at_h / hours))

    baseline = y(low if target is None else target)
    parts = [drawing.line("0", baseline, str(SPARK_WIDTH), baseline, "rail" if target is None else "threshold")]
    for place, one in enumerate(seen):
        if one.value is None:
            parts.append(drawing.dot(x(one.hours), SPARK_HEIGHT / 2, 3, "absent"))
            continue
        if one.low is not None and one.high is not None:
            parts.append(drawing.line(x(one.hours), y(one.high), x(one.hours), y(one.low), "whisker"))
        parts.append(
            drawing.dot(
                x(one.hours),
                y(one.value),
                4 if place == len(seen) - 1 else 3,
                "point" if place == len(seen) - 1 else "hollow",
            )
        )
    size = f'width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}"'
    svg = [
        f'<svg class="chart spark" role="img" {size} {drawing.XMLNS}>',
        f"<title>{title}</title>",
        f"<desc>{'; '.join(one.says for one in seen)}</desc>",
        *parts,
        "</svg>",
    ]
    return myst.raw_html(svg)
