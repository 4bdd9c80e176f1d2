"""The fragment of a fleet, what is not fine first, and the pages below it that list every release.

The pages are made whole, as HTML: a list of ten thousand releases is forty of them, however many subjects there are.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import NamedTuple

import msgspec

from atalaya.core.words import N_, Prose, Text, text
from atalaya.metrics.definitions import METRICS
from atalaya.records.fleet import (
    FINE,
    WORST_FIRST,
    Basis,
    Fleet,
    FleetIncident,
    FleetMetric,
    FleetRelease,
    FleetSubject,
    FleetWord,
    SharedCause,
    SharedTest,
    Why,
)
from atalaya.site.fragments.figures import in_words
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import BEGUN, render, render_html

MOST_NOT_FINE = 60  # releases on the first page; the others are on the lists
MOST_SUBJECTS = 100
MOST_SHARED = 40
MOST_INCIDENTS = 3  # of one release
LONGEST = 160  # signs of an incident's impact
N_WORDS = N_("{n} {word}")
MORE = "…"  # where something was cut
MOST_NAMED = 5  # subjects that share something, by name
ROWS = 250  # of a page of the list

Reasons = Mapping[str, Text]  # the first of each verdict that was judged here, by its digest
NONE_KEPT: Reasons = {}
Keep = Callable[[str, str, Callable[[], str]], str]


class Page(NamedTuple):
    """One page of the list of releases: those of some subjects, a part of each."""

    name: str
    parts: tuple[tuple[str, tuple[FleetRelease, ...]], ...]

    @property
    def releases(self) -> tuple[FleetRelease, ...]:
        """All of them."""
        return tuple(one for _, releases in self.parts for one in releases)

    @property
    def first(self) -> str:
        """Its first subject."""
        return self.parts[0][0]

    @property
    def last(self) -> str:
        """Its last subject."""
        return self.parts[-1][0]


class Place(NamedTuple):
    """Where a page of the list stands among the others, whose names are given."""

    number: int
    of: int
    before: str | None
    after: str | None


class Standing(NamedTuple):
    """How some releases stand together: the worst word of what is current, and what is not fine of all of them.

    ``word`` may be believed until ``until``; both are None where none of them is current.
    """

    word: FleetWord | None
    until: datetime | None
    releases: int
    not_fine_now: int
    not_fine: tuple[Text, ...]


def fleet(found: Fleet, voice: Renderer, reasons: Reasons = NONE_KEPT) -> Markdown:
    """What is shown first: how all stands, what is not fine, every subject, and what several releases share.

    :param reasons: the sentences that can be said in each language; the others are in English.
    """
    pages = pages_of(found)
    where = {subject: f"{page.name}#{anchor(subject)}" for page in reversed(pages) for subject, _ in page.parts}
    bad = sorted((one for one in found.releases if one.is_shown_first), key=FleetRelease.worst_first)
    subjects = sorted(found.subjects, key=lambda one: (WORST_FIRST.index(one.word), one.subject))
    return render(
        "fleet",
        voice,
        fleet=found,
        broken=[one for one in found.sources if one.problem],
        bad=bad[:MOST_NOT_FINE],
        more_bad=len(bad) - len(bad[:MOST_NOT_FINE]),
        subjects=subjects[:MOST_SUBJECTS],
        more_subjects=len(subjects) - len(subjects[:MOST_SUBJECTS]),
        tests=found.shared_tests[:MOST_SHARED],
        more_tests=found.counts["shared_tests"] - len(found.shared_tests[:MOST_SHARED]),
        causes=found.shared_causes[:MOST_SHARED],
        more_causes=found.counts["shared_causes"] - len(found.shared_causes[:MOST_SHARED]),
        lists=[(page, _page_words(page), standing(page.releases)) for page in pages],
        list_link=myst.fleet,
        subject_link=lambda name: myst.fleet(name, where[name]) if name in where else voice.literal(name),
        named=lambda one: _named(one, voice),
        figure=lambda one: _figure(one, voice),
        reason=lambda one: _reason(one, voice, reasons),
        dating=dating,
        counts=lambda one: _words(one, voice),
        shared=lambda one: _subjects(one, voice),
        cause=lambda one: _cause(one, voice),
    )


def standing(releases: Sequence[FleetRelease]) -> Standing:
    """How some releases stand together: of a subject, or of a whole list."""
    now = [one for one in releases if one.current]
    word = min((one.word for one in now), key=WORST_FIRST.index, default=None)
    # A good word needs all of them; a bad one those that have it.
    dated = [one.valid_until for one in now if dating(one) and (word in FINE or one.word is word)]
    counted = Counter(one.word for one in releases)
    incidents = sum(len(one.open_incidents) for one in releases)
    return Standing(
        word=word,
        until=min(filter(None, dated), default=None) if word is not FleetWord.UNKNOWN else None,
        releases=len(releases),
        not_fine_now=sum(one.is_shown_first for one in releases),
        not_fine=(
            *(
                Text(template=N_WORDS, values={"n": counted[one], "word": one})
                for one in WORST_FIRST
                if counted[one] and one not in FINE
            ),
            *([text("incidents open: {n}", n=incidents)] if incidents else []),
        ),
    )


def dating(release: FleetRelease) -> str:
    """The class that lets the page's script take back a word that is out of date."""
    return "" if release.rehearsal or release.closed else "valid-until"


# ── the cells ────────────────────────────────────────────────────────────────


def _named(one: FleetRelease, voice: Renderer) -> Markdown:
    name = myst.away(voice.literal(one.release), one.link) if one.link else voice.literal(one.release)
    mark = voice.mark("✎", voice(N_("REHEARSAL")), "unsure") if one.rehearsal else None
    return myst.joined(part for part in (name, mark) if part)


def _figure(one: FleetRelease, voice: Renderer) -> list[Markdown] | Markdown:
    worst = one.worst_metric
    if worst is None:
        return voice(N_("none is known"))
    return [myst.joined((_metric_name(worst, voice), voice.badge(worst.state))), myst.escaped(_value(worst, voice))]


def _metric_name(metric: FleetMetric, voice: Renderer) -> Markdown:
    known = METRICS.get(metric.id)
    return voice.ours(known.title) if known else voice.literal(metric.id)


def _value(metric: FleetMetric, voice: Renderer) -> str:
    """The value with its interval; of events, among how many trials."""
    said = in_words(metric, metric.unit, voice)
    if metric.unit == "events" and metric.n and metric.value is not None:
        return f"{said} / {voice.language.number(metric.n)}"
    return said


def _incidents(incidents: Sequence[FleetIncident], voice: Renderer) -> Iterator[Markdown]:
    """The first of the incidents that are open, a line each."""
    for one in incidents[:MOST_INCIDENTS]:
        names = [voice.badge(one.severity), voice.literal(one.id, 60)]
        yield myst.joined([*names, voice.plain(shortened(one.impact))] if one.impact else names)
    if len(incidents) > MOST_INCIDENTS:
        yield voice(N_("and {n} more"), n=len(incidents) - MOST_INCIDENTS)


def shortened(words: str) -> str:
    """A person's prose as far as a row has room for it, to the end of a word, and a sign where there was more.

    What is hidden, or a secret, is made visible or taken out before it is cut, since it may straddle the cut.
    """
    shown = myst.visible(words, LONGEST, MORE)
    if not shown.endswith(MORE) or len(shown) <= LONGEST:
        return shown
    cut = shown.removesuffix(MORE)
    whole = cut.rpartition(" ")[0].rstrip()
    return f"{whole if len(whole) > LONGEST // 2 else cut}{MORE}"


def _first_reason(one: FleetRelease, voice: Renderer, reasons: Reasons) -> Text:
    """Why it has its word. What was said elsewhere is in English, but for a sentence of ours that takes no values."""
    if one.basis is Basis.JUDGED and one.verdict in reasons:
        return reasons[one.verdict]
    return Text(template="{words}", values={"words": Prose(words=voice.language.gettext(one.because[0]))})


def _reason(one: FleetRelease, voice: Renderer, reasons: Reasons) -> list[Markdown]:
    """Why somebody has to look: what cannot be read, what expired, the first reason of the verdict, open incidents."""
    lines: list[Markdown] = []
    if one.why is Why.EXPIRED:
        lines.append(voice(N_("It was {word}: its verdict has expired."), word=one.last_word))
    elif one.why is Why.NOTHING:
        lines.append(voice(N_("No verdict of it was recorded.")))
    if (left := _not_judged(one)) is not None:
        lines.append(voice.say(left))
    if one.problem:
        lines.append(voice.literal(one.problem))
    elif one.because and one.why is not Why.NOT_JUDGED:
        lines.append(voice.say(_first_reason(one, voice, reasons)))
    return [*lines, *_incidents(one.open_incidents, voice)]


def _not_judged(one: FleetRelease) -> Text | None:
    if one.not_judged is None:
        return None
    if one.as_of is None:
        return text("Not judged here: {why}.", why=one.not_judged)
    return text(
        "It was {word} on {at}, and was not judged here since then: {why}.",
        word=one.last_word,
        at=one.as_of,
        why=one.not_judged,
    )


def _words(one: FleetSubject, voice: Renderer) -> Markdown | None:
    return myst.joined((voice(N_WORDS, n=n, word=FleetWord(word)) for word, n in one.words.items()), Markdown(", "))


def _subjects(one: SharedTest | SharedCause, voice: Renderer) -> Markdown:
    """The subjects that share something, those with the most releases first."""
    ordered = sorted(one.subjects.items(), key=lambda item: (-item[1], item[0]))
    shown = [myst.joined((voice.literal(name, 60), myst.escaped(f"× {n}"))) for name, n in ordered[:MOST_NAMED]]
    if len(ordered) > MOST_NAMED:
        shown.append(voice(N_("and {n} more"), n=len(ordered) - MOST_NAMED))
    return myst.joined(shown, Markdown(", "))


def _cause(one: SharedCause, voice: Renderer) -> list[Markdown]:
    lines = [myst.joined(voice.literal(part, 120) for part in (one.what, one.error, one.place) if part)]
    if one.incident:
        lines.append(voice.plain(one.incident))
    if one.blocking:
        lines.append(voice(N_("it stopped a run")))
    return [line for line in lines if line] or [voice.literal(one.cause)]


def _first_said(one: FleetRelease, voice: Renderer, reasons: Reasons) -> str:
    """Why it has its word, in words that are not escaped yet."""
    return voice.language.say(_first_reason(one, voice, reasons))


# ── the pages ────────────────────────────────────────────────────────────────


def anchor(subject: str) -> str:
    """What the place of a subject on its page is called: from its name, and the same for ever."""
    digest = hashlib.sha256(subject.encode("utf-8", "replace")).hexdigest()[:8]
    words = re.sub(r"[^a-z0-9]+", "-", subject.lower())[:40].strip("-")
    return f"s-{words}-{digest}" if words else f"s-{digest}"


def pages_of(found: Fleet) -> list[Page]:
    """The pages of the list: subjects stay together where they fit on one."""
    pages: list[list[tuple[str, tuple[FleetRelease, ...]]]] = []
    room = 0
    ordered = sorted(found.releases, key=lambda one: one.subject)  # stable: the newest first within each
    for subject, of_subject in groupby(ordered, key=lambda one: one.subject):
        rows = tuple(of_subject)
        if len(rows) > room:
            room = 0
        for at in range(0, len(rows), ROWS):
            part = rows[at : at + ROWS]
            if room < len(part):
                pages.append([])
                room = ROWS
            pages[-1].append((subject, part))
            room -= len(part)
    return [Page(f"releases-{number}", tuple(parts)) for number, parts in enumerate(pages, start=1)]


def _page_words(page: Page) -> str:
    return page.first if page.first == page.last else f"{page.first} … {page.last}"


def made_again(name: str, made_from: str, make: Callable[[], str]) -> str:
    """Make a page, whatever there is."""
    return make()


def list_pages(
    found: Fleet, voice: Renderer, reasons: Reasons = NONE_KEPT, keep: Keep = made_again
) -> Iterator[tuple[str, str]]:
    """The pages by their names, each with its whole body.

    :param reasons: as for :func:`fleet`.
    :param keep: is given the name of a page, all that it is made from, and what makes it.
    """
    pages = pages_of(found)
    for number, page in enumerate(pages):
        place = Place(
            number=number + 1,
            of=len(pages),
            before=pages[number - 1].name if number else None,
            after=pages[number + 1].name if number + 1 < len(pages) else None,
        )
        made_from = _made_from(page, place, voice, reasons)
        yield page.name, keep(page.name, made_from, partial(list_page, page, place, voice, reasons))


def _made_from(page: Page, place: Place, voice: Renderer, reasons: Reasons) -> str:
    """All that a page of the list is made from, but for the program and its translations."""
    said = [_first_said(one, voice, reasons) for one in page.releases if one.because]
    made_from = page.parts, place, voice.language.code, said
    try:
        return msgspec.json.encode(made_from).decode()
    except UnicodeEncodeError:  # a name of a file that is no text
        return repr(made_from)


def list_page(page: Page, place: Place, voice: Renderer, reasons: Reasons) -> str:
    """The body of one page of the list."""
    return render_html(
        "fleet-releases",
        voice,
        page=page,
        place=place,
        anchor=anchor,
        standing=standing,
        dating=dating,
        reason=lambda one: _first_said(one, voice, reasons),
        not_judged=lambda one: (left := _not_judged(one)) and voice.language.say(left),
        value=lambda one: _value(one, voice),
        leads_away=myst.leads_away,
        shortened=shortened,
        title=lambda metric: _title(metric, voice),
        most=MOST_INCIDENTS,
        begun=BEGUN,
    ).rstrip("\n")


def _title(metric: FleetMetric, voice: Renderer) -> str:
    """The name of a metric, in words that are not escaped yet: where we do not know it, a stranger gave it."""
    known = METRICS.get(metric.id)
    return voice.language.gettext(known.title) if known else metric.id


def titles(voice: Renderer) -> Mapping[str, str]:
    """The title of the first page in a language."""
    return {"fleet": voice.language.gettext(N_("Fleet"))}
