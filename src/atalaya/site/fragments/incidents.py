"""The fragments about incidents, steps of the watch and decisions by people."""

from __future__ import annotations

import re
from collections.abc import Iterable

from atalaya.core.words import N_
from atalaya.records.judged import Incident, IncidentFollowUp, IncidentPage, Judgement
from atalaya.records.stored import Decision, IncidentStep
from atalaya.site.charts.state_diagram import machine
from atalaya.site.fragments import package, segments
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.site.markup.templating import begun
from atalaya.watch.decisions import ACTIONS
from atalaya.watch.drift import before
from atalaya.watch.incidents.incident_rules import OPENS, STORM
from atalaya.watch.incidents.incidents import slug
from atalaya.watch.owners import action_of, owners_of_incident
from atalaya.watch.states import INCIDENT, NEW, OVER, REOPENS_WITHIN_DAYS, WATCH, Step, states

_LINKED = re.compile(r"[a-zA-Z0-9._-]+")  # the names of pages that the role ``release`` leads to

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
    link = myst.page(page.name, judgement.release.version, _document(page))
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
    state = [_state(incident.state, voice)]
    if told is not None and told.landed_at is not None and incident.state not in OVER:
        state.append(voice.say(told.proof))
    return [
        voice.at(incident.at),
        myst.paragraphs(*impact),
        voice.plain(incident.root_cause),
        voice.plain(incident.fix),
        myst.paragraphs(*state),
    ]


def names(owners: Iterable[str]) -> Markdown:
    """The owners as the team wrote them, an address too: it is there to be read."""
    return myst.joined(map(myst.escaped, owners), COMMA)


def link(judgement: Judgement, incident: Incident) -> Markdown:
    """The id of an incident, which leads to its page; to the table of all where it has none."""
    return myst.page(incident.id, judgement.release.version, document_of(judgement, incident))


def document_of(judgement: Judgement, incident: Incident) -> str:
    """The page of an incident, from the front page of its release; the table of all where it has none."""
    page = next((one for one in judgement.pages if one.incident == incident.id and one.problem is None), None)
    return _document(page) if page else "incidents"


def _document(page: IncidentPage) -> str:
    name = page.name.removesuffix(".md")
    return f"incidents/{name}" if _LINKED.fullmatch(name) else "incidents"


def _state(state: str, voice: Renderer) -> Markdown:
    if state not in TONES:
        return voice.plain(state)
    shape, tone = TONES[state]
    return voice.mark(shape, voice(NAMES[state]), tone)


def page_fragments(judgement: Judgement, voice: Renderer) -> dict[str, Markdown]:
    """What stands above the free text of each page, by the name of the fragment; and of each incident without one."""
    named = {slug(one.id): incident(judgement, one, None, voice) for one in judgement.incidents}
    recorded = {one.id: one for one in judgement.incidents}
    for page in judgement.pages:
        one = recorded.get(page.incident)
        above = incident(judgement, one, page, voice) if one else _of_no_incident(page, voice)
        named |= {name: above for name in (slug(page.name.removesuffix(".md")), slug(one.id) if one else "") if name}
    return {f"incident-{name}": text for name, text in named.items()}


def _of_no_incident(page: IncidentPage, voice: Renderer) -> Markdown:
    unknown = voice(N_("No record is about this page as of this verdict: nothing is judged by it."))
    return myst.paragraphs(unknown, _not_recorded(page, voice))


def _not_recorded(page: IncidentPage | None, voice: Renderer) -> Markdown | None:
    if page is None or not page.not_recorded:
        return None
    return myst.div(
        "not-recorded",
        myst.joined(
            [
                voice.mark("○", voice(N_("not recorded")), "unknown"),
                voice(N_("The front matter of this page says this, and no record does. Nothing is judged by it:")),
            ],
            SPACE,
        ),
        myst.block(page.not_recorded),
        voice(N_("To record how an incident stands: `atalaya release incident ID --state STATE --why TEXT`")),
    )


def incident(judgement: Judgement, one: Incident, page: IncidentPage | None, voice: Renderer) -> Markdown:
    """What is recorded of one incident, and what the evidence says of it: this stands above the text of its page."""
    told = next((each for each in judgement.followed if each.incident == one.id), None)
    facts = [
        (voice(N_("State")), _state(one.state, voice)),
        (voice(N_("Severity")), voice.badge(one.severity)),
        (voice(N_("Since")), voice.at(one.at)),
        (voice(N_("Impact")), voice.plain(one.impact)),
        (voice(N_("Root cause")), voice.plain(one.root_cause or "–")),
        (voice(N_("Fix applied")), voice.plain(one.fix or "–")),
    ]
    if owners := owners_of_incident(one, judgement.settings):
        facts.append((voice(N_("Owner")), names(owners)))
    if one.state not in OVER:
        facts.append((voice(N_("What is to be done")), voice.say(action_of(one.severity, judgement.settings))))
    for cut in (cut for cut in judgement.redactions if cut.incident == one.id):
        says = voice(
            N_("A text was removed from {n} records on {at}, by {by}:"), n=cut.records, at=cut.occurred_at, by=cut.by
        )
        facts.append((voice(N_("Redacted")), myst.joined([says, voice.plain(cut.why)], SPACE)))
    if one.metric:
        facts.append((voice(N_("Metric")), voice.literal(one.metric)))
    amiss = _not_recorded(page, voice)
    if page is not None and page.problem is not None:
        amiss = myst.joined([voice(N_("Its page cannot be shown:")), voice.say(page.problem)], SPACE)
    steps, written = _steps(judgement, one.id, voice), _notes(judgement, one.id, voice)
    if told is None:
        return myst.paragraphs(myst.facts(facts), amiss, steps, written)
    if told.rule:
        facts.append((voice(N_("Opened by the rule")), voice.literal(told.rule)))
    if told.seen and told.first_at is not None and told.last_at is not None:
        seen = voice(N_("{n} times, from {first} to {last}"), n=told.seen, first=told.first_at, last=told.last_at)
        facts.append((voice(N_("Seen")), seen))
    if told.fingerprints:
        facts.append((voice(N_("Causes")), myst.joined(map(voice.literal, told.fingerprints[:6]), COMMA)))
    if told.blocks:
        facts.append((voice(N_("Stands in the way of")), myst.joined(map(voice.literal, told.blocks), COMMA)))
    facts.append((voice(N_("Is the fix shown?")), voice.say(told.proof)))
    shown = myst.bullets(_segment(name, judgement, voice) for name in told.shows)
    title = voice(N_("Where the evidence is: {n} segments"), n=len(told.shows))
    evidence = myst.dropdown(title, shown) if shown else None
    moved = before(judgement.moves, one.at)
    caption = voice(N_("What moved in the hours before it, the nearest first: {n} changes"), n=len(moved))
    changes = package.table(judgement, moved, caption, voice) if moved else None
    return myst.paragraphs(myst.facts(facts), amiss, steps, written, changes, evidence)


def _segment(name: str, judgement: Judgement, voice: Renderer) -> Markdown:
    found = next((one for one in judgement.segments if one.name == name), None)
    return segments.link(found, judgement) if found else voice.literal(name)


def _steps(judgement: Judgement, id: str, voice: Renderer) -> Markdown | None:
    header = [voice(N_("When (UTC)")), voice(N_("State")), voice(N_("By")), voice(N_("Why"))]
    taken = [one for one in judgement.transitions if one.incident == id]
    rows = [_step(one, voice) for one in taken]
    return myst.table(voice(N_("What became of it")), header, rows, classes="cards steps") if rows else None


def _notes(judgement: Judgement, id: str, voice: Renderer) -> Markdown | None:
    """What the team wrote under the incident's issue: for people to read."""
    found = sorted((one for one in judgement.notes if one.incident == id), key=lambda one: one.occurred_at)
    header = [voice(N_("When (UTC)")), voice(N_("By")), voice(N_("Note"))]
    rows = [[voice.at(one.occurred_at), voice.plain(one.by), voice.plain(one.text)] for one in found]
    caption = voice(N_("What the team wrote under its issue: {n} notes, which are no evidence"), n=len(rows))
    return myst.table(caption, header, rows, classes="cards notes") if rows else None


def _step(one: IncidentStep, voice: Renderer) -> list[Markdown]:
    return [voice.at(one.occurred_at), _state(one.state, voice), voice.plain(one.by), voice.plain(one.why)]


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
