"""The fragments about all incidents, decisions by people and the tables of states."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from atalaya.core.words import N_
from atalaya.records.judged import Incident, IncidentFollowUp, IncidentPage, Judgement
from atalaya.records.stored import Decision
from atalaya.site.charts.state_diagram import machine
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import begun
from atalaya.watch.decisions import ACTIONS
from atalaya.watch.incidents.incident_rules import OPENS, STORM
from atalaya.watch.incidents.incidents import document, page_of
from atalaya.watch.owners import action_of, owners_of_incident
from atalaya.watch.states import INCIDENT, NEW, OVER, REOPENS_WITHIN_DAYS, WATCH, Step, states

NAMES: dict[str, str] = {
    NEW: N_("new"),
    "open": N_("Open"),
    "acknowledged": N_("Acknowledged"),
    "monitoring": N_("Monitoring"),
    "resolved": N_("Resolved"),
    "reopened": N_("Reopened"),
    "carried over": N_("Carried over"),
    "extended": N_("Extended"),
    "closed": N_("Closed"),
    "invalid": N_("Invalid"),
}
COMMA, SPACE = Markdown(", "), Markdown(" ")
TONES: dict[str, tuple[str, str]] = {
    "open": ("✖", "bad"),
    "acknowledged": ("◆", "bad"),
    "monitoring": ("◑", "unsure"),
    "resolved": ("●", "good"),
    "reopened": ("▲", "bad"),
    "carried over": ("▶", "unsure"),
}


# ── on a release's pages ─────────────────────────────────────────────────────


def incidents(judgement: Judgement, voice: Renderer) -> Markdown:
    """The runbook's table of incidents, with its own row where there were none."""
    header = [
        voice(N_("Date (UTC)")),
        voice(N_("Impact")),
        voice(N_("Root cause")),
        voice(N_("Fix applied")),
        voice(N_("State")),
    ]
    absent = voice(N_("N/A"))
    told = {one.incident: one for one in judgement.followed}
    rows = [_row(one, told.get(one.id), judgement, voice) for one in judgement.incidents] or [
        [voice(N_("No incidents")), absent, absent, absent, voice(N_("Closed"))]
    ]
    caption = voice(N_("Incidents in the {hours} hours"), hours=judgement.release.window_h)
    table = begun(caption, header, [myst.row(*row) for row in rows], voice, classes="cards incidents")
    return myst.paragraphs(table, *(_amiss(page, judgement, voice) for page in judgement.pages))


def _amiss(page: IncidentPage, judgement: Judgement, voice: Renderer) -> Markdown | None:
    """What somebody may think is recorded, and is not; what cannot be read. Nothing of most pages."""
    if page.problem is not None:
        unread = voice(N_("The page {page} cannot be shown:"), page=page.name)
        return myst.joined([unread, voice.say(page.problem)], SPACE)
    if page.incident and not page.not_recorded:
        return None
    link = myst.page(page.name, judgement.release.version, document(page))
    if page.incident:
        says = voice(N_("The front matter of this page says what is not recorded, so it counts for nothing:"))
    else:
        says = voice(N_("This page is about no incident that is recorded, so it counts for nothing:"))
    return myst.joined([says, link], SPACE)


def _row(incident: Incident, told: IncidentFollowUp | None, judgement: Judgement, voice: Renderer) -> list[Markdown]:
    impact = [
        myst.span(link(judgement, incident), "row-id"),
        voice.plain(incident.impact),
        voice.badge(incident.severity),
    ]
    if told is not None and told.seen > 1 and told.last_at is not None:
        impact.append(voice(N_("Seen {n} times, the last on {at}."), n=told.seen, at=told.last_at))
    if incident.state not in OVER:
        impact.append(voice.say(action_of(incident.severity, judgement.settings)))
    if owners := owners_of_incident(incident, judgement.settings):
        impact.append(voice(N_("Owner: {owner}."), owner=names(owners)))
    if told is not None and told.blocks:
        impact.append(voice(N_("Stands in the way of {duties}."), duties=told.blocks))
    stands = [state(incident.state, voice)]
    if told is not None and told.landed_at is not None and incident.state not in OVER:
        stands.append(voice.say(told.proof))
    return [
        voice.at(incident.at),
        myst.paragraphs(*impact),
        voice.plain(incident.root_cause),
        voice.plain(incident.fix),
        myst.paragraphs(*stands),
    ]


def names(owners: Iterable[str]) -> Markdown:
    """The owners as the team wrote them, an address too: it is there to be read."""
    return myst.joined(map(myst.escaped, owners), COMMA)


def link(judgement: Judgement, incident: Incident) -> Markdown:
    """The id of an incident, which leads to its page; without one, to what is told of it below the table of all."""
    return myst.page(incident.id, judgement.release.version, page_of(incident.id, judgement.pages))


def seen(judgement: Judgement, incident: Incident) -> tuple[datetime, datetime]:
    """When its causes were first and last seen; where no record tells that, when it was opened."""
    told = next((one for one in judgement.followed if one.incident == incident.id), None)
    first = told.first_at if told else None
    last = told.last_at if told else None
    return first or incident.at, last or incident.at


def state(now: str, voice: Renderer) -> Markdown:
    """A state of an incident as it is told everywhere: by its shape, its word, its colour."""
    if now not in TONES:
        return voice.plain(now)
    shape, tone = TONES[now]
    return voice.mark(shape, voice(NAMES[now]), tone)


def decisions(judgement: Judgement, voice: Renderer) -> Markdown:
    """Who read which verdict, and what they did."""
    if not judgement.decisions:
        return voice(N_("Nobody has written down what was done about a verdict."))
    header = [
        voice(N_("When (UTC)")),
        voice(N_("Decision")),
        voice(N_("The verdict that was read")),
        voice(N_("By")),
        voice(N_("Why")),
    ]
    rows = [myst.row(*_decision(one, voice)) for one in judgement.decisions]
    return begun(voice(N_("Decisions: {n}"), n=len(rows)), header, rows, voice, classes="cards decisions")


def _decision(one: Decision, voice: Renderer) -> list[Markdown]:
    said = ACTIONS.get(one.action)
    return [
        voice.at(one.occurred_at),
        myst.paragraphs(myst.span(voice.literal(one.action), "row-name"), voice(said) if said else None),
        myst.paragraphs(voice.badge(one.word), voice.literal(one.verdict[:12]), voice.at(one.verdict_as_of)),
        voice.plain(one.by),
        voice.plain(one.why),
    ]


# ── in the reference ─────────────────────────────────────────────────────────


def machines(voice: Renderer) -> Markdown:
    """The states of a watch and of an incident: each table, drawn and printed."""
    return myst.paragraphs(
        _machine(WATCH, N_("The states of a watch"), voice),
        _machine(INCIDENT, N_("The states of an incident"), voice),
        voice(
            N_(
                "An incident that comes back within {days} days of being resolved is opened again; later, it is "
                "another one."
            ),
            days=REOPENS_WITHIN_DAYS,
        ),
    )


def _machine(table: tuple[Step, ...], title: str, voice: Renderer) -> Markdown:
    names = {state: voice.language.gettext(NAMES[state]) for state in states(table)}
    says = "; ".join(f"{voice.language.gettext(NAMES[step.before])} → {names[step.after]}" for step in table)
    header = [voice(N_("From")), voice(N_("To")), voice(N_("Who")), voice(N_("What it means"))]
    rows = [
        [voice(NAMES[step.before]), voice(NAMES[step.after]), voice(step.who), voice.ours(step.says)] for step in table
    ]
    return myst.paragraphs(
        machine(table, names, title=voice.language.gettext(title), says=says),
        myst.table(voice(title), header, rows, classes="cards states"),
    )


def opening_rules(voice: Renderer) -> Markdown:
    """The rules that open an incident by themselves."""
    header = [voice(N_("Rule")), voice(N_("Severity")), voice(N_("Opens an incident when"))]
    rows = [[voice.literal(rule.id), voice(rule.severity), voice.ours(rule.says)] for rule in OPENS]
    return myst.paragraphs(
        myst.table(voice(N_("What opens an incident by itself")), header, rows, classes="cards opening"),
        voice(
            N_(
                "The same cause opens once: it is told by what broke, the type of the error and the place, never by a "
                "message. What began together, or is known to see the same, is one cause: a defect, the promises whose "
                "checks see it, the tests and jobs that fail in the same runs, and the figure that they spoil. More "
                "than {n} new causes of one rule at once are one incident."
            ),
            n=STORM,
        ),
    )
