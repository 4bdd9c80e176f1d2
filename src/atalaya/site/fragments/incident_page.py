"""The fragment of one incident, which stands above the text of its page: what somebody on call opens first."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from atalaya.core.words import N_, Text, text
from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import CauseCount, Incident, IncidentFollowUp, IncidentPage, Judgement, Trace
from atalaya.records.stored import Environment, IncidentStep, JobAttempt
from atalaya.site.charts.cutout import cutout, metric_of
from atalaya.site.fragments import package, provenance, segments
from atalaya.site.fragments.figures import name_of
from atalaya.site.fragments.incidents import COMMA, SPACE, TONES, incidents, names, state
from atalaya.site.markup import myst
from atalaya.site.markup.myst import Markdown
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.drift import before
from atalaya.watch.incidents.fingerprint import cause_of_test
from atalaya.watch.incidents.incidents import ALL, account_id, one_line, page_of, pasted, slug
from atalaya.watch.incidents.occurrences import causes_of
from atalaya.watch.owners import action_of, owners_of_incident
from atalaya.watch.states import ACKNOWLEDGED, CARRIED_OVER, CLOSED, INVALID, MONITORING, OPEN, OVER, REOPENED, RESOLVED

PROMISES = 3  # that one command runs the checks of
SEGMENTS = 20
_COMMIT = re.compile(r"\b(?=[a-f]*[0-9])[0-9a-f]{7,40}\b", re.IGNORECASE)
_RUN = re.compile(r"[0-9]{1,20}")  # as GitHub numbers its runs


class Case(NamedTuple):
    """An incident with all that is known of it, as of one judgement."""

    judgement: Judgement
    one: Incident
    told: IncidentFollowUp | None
    steps: tuple[IncidentStep, ...]
    found: tuple[Trace, ...]  # the records that show it, the newest first
    voice: Renderer

    @property
    def id(self) -> str:
        """Its id, as it is pasted."""
        return pasted(self.one.id)

    @property
    def version(self) -> str:
        return self.judgement.release.version

    @property
    def takes_steps(self) -> bool:
        """Whether anybody can record a step of it: not of a rehearsal, nor of what is closed."""
        judgement = self.judgement
        is_closed = judgement.state in (CLOSED, INVALID) or judgement.seal.is_sealed
        return not judgement.release.rehearsal and not is_closed


def page_fragments(judgement: Judgement, voice: Renderer) -> dict[str, Markdown]:
    """What stands above the free text of each page, by the name of the fragment; and of each incident without one."""
    named = {slug(one.id): incident(judgement, one, None, voice) for one in judgement.incidents}
    recorded = {one.id: one for one in judgement.incidents}
    for page in judgement.pages:
        one = recorded.get(page.incident)
        above = incident(judgement, one, page, voice) if one else _of_no_incident(page, voice)
        named |= {name: above for name in (slug(page.name.removesuffix(".md")), slug(one.id) if one else "") if name}
    return {f"incident-{name}": text for name, text in named.items()}


def incidents_with_accounts(judgement: Judgement, voice: Renderer) -> Markdown:
    """The table of all incidents, and below it, folded, what is told of each that has no page to be told on."""
    accounts = (
        _account(judgement, one, voice)
        for one in judgement.incidents
        if page_of(one.id, judgement.pages).startswith(f"{ALL}#")
    )
    return myst.paragraphs(incidents(judgement, voice), *accounts)


def _account(judgement: Judgement, one: Incident, voice: Renderer) -> Markdown:
    title = myst.joined((state(one.state, voice), myst.anchor(voice.literal(one.id), account_id(one.id))))
    return myst.dropdown(title, incident(judgement, one, None, voice, has_text=False))


def _of_no_incident(page: IncidentPage, voice: Renderer) -> Markdown:
    unknown = voice(N_("No record is about this page as of this verdict: nothing is judged by it."))
    return myst.paragraphs(unknown, _not_recorded(page, voice))


def incident(
    judgement: Judgement, one: Incident, page: IncidentPage | None, voice: Renderer, *, has_text: bool = True
) -> Markdown:
    """How it stands; its facts; what to run; the chart around it; the evidence; what became of it.

    :param has_text: whether what people wrote follows.
    """
    told = next((each for each in judgement.followed if each.incident == one.id), None)
    steps = tuple(step for step in judgement.transitions if step.incident == one.id)
    case = Case(judgement, one, told, steps, _found(steps, judgement), voice)
    return myst.paragraphs(
        _headline(case, page.title if page else ""),
        _facts(case),
        _amiss(page, voice),
        myst.rubric(voice(N_("What to run"))),
        _to_run(case),
        myst.rubric(voice(N_("The chart around it"))),
        cutout(one, told, steps, judgement, voice),
        myst.rubric(voice(N_("Evidence"))),
        _evidence(case),
        myst.rubric(voice(N_("What became of it"))),
        _history(case),
        myst.rubric(voice(N_("What people wrote"))) if has_text else None,
    )


def _found(steps: tuple[IncidentStep, ...], judgement: Judgement) -> tuple[Trace, ...]:
    """The records that show its causes, each once: what a real service showed decides nothing."""
    if not steps:
        return ()
    causes = causes_of(steps[-1], judgement.transitions)
    found: dict[object, Trace] = {}
    for trace in judgement.traces:
        record = trace.record
        if record.environment is not Environment.SERVICE and causes.show_in(record):
            found.setdefault(record, trace)
    return tuple(sorted(found.values(), key=lambda trace: trace.record.occurred_at, reverse=True))


# ── how it stands, and its facts ─────────────────────────────────────────────


def _headline(case: Case, title: str) -> Markdown:
    """State, severity and the sentence, in one line above anything else.

    :param title: the heading of the page, which may say the sentence already.
    """
    one, voice = case.one, case.voice
    tone, impact = TONES.get(one.state, ("", "unknown"))[1], one_line(one.impact)
    says = [state(one.state, voice), voice.badge(one.severity)]
    if not impact:
        says.append(_missing(case))
    elif impact not in title:
        says.append(voice.plain(impact))
    return myst.div(f"incident-head tone-{tone}", myst.joined(says))


def _facts(case: Case) -> Markdown:
    one, voice, settings = case.one, case.voice, case.judgement.settings
    facts: list[tuple[Markdown, Markdown | None]] = [
        (voice(N_("Impact")), None if one.impact.strip() else _missing(case, "--impact", "TEXT")),
        (voice(N_("Cause")), _written(one.root_cause, "--root-cause", case)),
        (voice(N_("Fix")), _fix(case)),
        (voice(N_("Is the fix shown?")), voice.say(case.told.proof) if case.told else None),
        (voice(N_("Began")), _began(case)),
        (voice(N_("Ended")), _ended(case)),
        (voice(N_("Seen")), _seen(case)),
        (voice(N_("Who decided")), _decided(case)),
    ]
    if owners := owners_of_incident(one, settings):
        facts.append((voice(N_("Owner")), names(owners)))
    if one.state not in OVER:
        facts.insert(0, (voice(N_("What is to be done")), voice.say(action_of(one.severity, settings))))
    if case.told is not None and case.told.blocks:
        blocks = myst.joined(map(voice.literal, case.told.blocks), COMMA)
        facts.append((voice(N_("Stands in the way of")), blocks))
    return myst.definitions(voice(N_("What is known of it")), [(name, said) for name, said in facts if said])


def _missing(case: Case, *options: str) -> Markdown:
    """That nobody has recorded something, and what records it."""
    voice = case.voice
    mark = voice.mark("○", voice(N_("not recorded")), "unknown")
    if not options or not case.takes_steps:
        return mark
    return myst.joined((mark, voice.literal(_step(case, *options, "--why", "TEXT"))), SPACE)


def _step(case: Case, *options: str) -> str:
    return shlex.join(("atalaya", "release", "incident", case.id, "--release", case.version, *options))


def _written(words: str, option: str, case: Case) -> Markdown:
    return case.voice.plain(words) if words.strip() else _missing(case, option, "TEXT")


def _fix(case: Case) -> Markdown:
    """The fix in the words of who recorded it, with the commit that they name."""
    voice, fix = case.voice, case.one.fix
    if not fix.strip():
        return _missing(case, "--fix", "TEXT")
    commits = list(dict.fromkeys(_COMMIT.findall(fix)))[:3]
    if commits:
        return myst.paragraphs(voice.plain(fix), voice(N_("Commit: {commits}"), commits=commits))
    commit = myst.joined((voice(N_("Its commit:")), _missing(case, "--fix", "TEXT, commit SHA")), SPACE)
    return myst.paragraphs(voice.plain(fix), commit)


def _began(case: Case) -> Markdown:
    voice, told = case.voice, case.told
    opened = voice(N_("opened on {at}"), at=case.one.at)
    if told is None or told.first_at is None:
        return opened
    return myst.joined((voice(N_("first seen on {at}"), at=told.first_at), opened), COMMA)


def _ended(case: Case) -> Markdown:
    """When it was last seen, when a fix landed, and when it was over, or that it is not over yet."""
    voice, told, one = case.voice, case.told, case.one
    parts: list[Markdown] = []
    if told is not None and told.last_at is not None:
        parts.append(voice(N_("last seen on {at}"), at=told.last_at))
    if told is not None and told.landed_at is not None:
        parts.append(voice(N_("fix landed on {at}"), at=told.landed_at))
    if one.state not in OVER:
        parts.append(voice(N_("not over yet")))
    elif case.steps:
        word = N_("resolved on {at}") if one.state == RESOLVED else N_("carried over on {at}")
        parts.append(voice(word, at=_since(case)))
    return myst.joined(parts, COMMA)


def _since(case: Case) -> datetime:
    """When it came to the state that it has: the first of the last steps that all say so."""
    since = case.steps[-1].occurred_at
    for step in reversed(case.steps):
        if step.state != case.steps[-1].state:
            break
        since = step.occurred_at
    return since


def _seen(case: Case) -> Markdown:
    """How often its causes were seen, also before it was opened, and among how many trials."""
    voice, told = case.voice, case.told
    if told is None or not told.seen or told.first_at is None or told.last_at is None:
        return voice(N_("No record counts how often it was seen."))
    if told.seen == 1:
        often = voice(N_("Once, on {at}."), at=told.first_at)
    else:
        often = voice(N_("{n} times, from {first} to {last}."), n=told.seen, first=told.first_at, last=told.last_at)
    early = sum(at < case.one.at for at in told.seen_at)
    sooner = voice(N_("Before it was opened: {n}."), n=early) if early else None
    return myst.paragraphs(myst.joined(filter(None, (often, sooner))), myst.bullets(map(voice.say, _counts(told))))


def _counts(told: IncidentFollowUp) -> Iterator[Text]:
    for count in told.counts:
        yield _count(count)


def _count(count: CauseCount) -> Text:
    if count.trials is None:
        return text("{what}: {seen}; nothing counts how often it was looked for.", what=count.what, seen=count.seen)
    return text("Trials so far, {what}: {trials}. Seen: {seen}.", what=count.what, trials=count.trials, seen=count.seen)


def _decided(case: Case) -> Markdown:
    """Each change of its state, with who recorded it and when."""
    voice, stood = case.voice, ""
    lines = []
    for step in case.steps:
        if step.state != stood:
            stood = step.state
            lines.append(
                myst.joined((state(step.state, voice), voice.plain(step.by or ""), voice.at(step.occurred_at)))
            )
    return myst.bullets(lines) or _missing(case)


def _amiss(page: IncidentPage | None, voice: Renderer) -> Markdown | None:
    """What the page says and no record does, or why it cannot be shown."""
    if page is not None and page.problem is not None:
        return myst.joined([voice(N_("Its page cannot be shown:")), voice.say(page.problem)], SPACE)
    return _not_recorded(page, voice)


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


# ── what to run ──────────────────────────────────────────────────────────────


class Run(NamedTuple):
    """A command, and what it is for."""

    says: Text
    command: str


def _to_run(case: Case) -> Markdown:
    runs = [*_to_reproduce(case), *_to_look(case), *_to_go_on(case)]
    parts = [part for run in runs for part in (case.voice.say(run.says), myst.block([run.command]))]
    if not case.takes_steps:
        parts.append(case.voice(_CLOSED[case.judgement.release.rehearsal]))
    elif case.id != case.one.id:
        parts.append(case.voice(N_("ID stands for the id of this incident: {id}."), id=case.one.id))
    return myst.paragraphs(*parts)


_CLOSED = {
    True: N_("This is a rehearsal: no step of its incidents can be recorded."),
    False: N_("The watch is closed: no step of its incidents can be recorded any more."),
}


def _to_reproduce(case: Case) -> Iterator[Run]:
    """The command that shows it again, by what showed it."""
    judgement, told, one = case.judgement, case.told, case.one
    if judgement.release.rehearsal:
        yield Run(text("Reproduce it: the same rehearsal, made again."), judgement.release.made_by)
        return
    metric = METRICS.get(metric_of(one))
    broken = [test for test in judgement.broken_tests if told is not None and cause_of_test(test) in told.fingerprints]
    if told is not None and told.promises:
        asked = [part for promise in told.promises[:PROMISES] for part in ("--promise", promise)]
        yield Run(text("Reproduce it with the checks that saw it:"), shlex.join(("atalaya", "check", *asked)))
    elif broken:
        name = re.split(r"[:.>\s]+", re.sub(r"\[.*", "", broken[0].test.strip(), flags=re.DOTALL))[-1]
        chosen = ("-k", name) if re.fullmatch(r"\w+", name) else ()
        command = shlex.join(("atalaya", "repeat", "--times", "3", "--release", case.version, "--", *chosen))
        yield Run(text("Reproduce it with the team's own test:"), command)
    elif metric is not None and metric.events is not None:
        command = "atalaya smoke --report smoke.json --log smoke.log"
        yield Run(text("Reproduce it with the smoke, which writes its log:"), command)
    elif (job := _lost_job(case)) is not None and judgement.settings.ci.repo:
        options = ("--workflow", job, "--repo", judgement.settings.ci.repo, "--limit", "5")
        yield Run(text("See the runs that showed it:"), shlex.join(("gh", "run", "list", *options)))
    else:
        yield Run(text("Look again, with all that the watch runs:"), _of_release(case, "watch"))


def _lost_job(case: Case) -> str | None:
    """The workflow of the newest job of CI that shows it."""
    jobs = (trace.record for trace in case.found if isinstance(trace.record, JobAttempt))
    return next((job.workflow for job in jobs), None)


def _to_look(case: Case) -> Iterator[Run]:
    """The commands that show what was logged, and how the figure comes about."""
    repo = case.judgement.settings.ci.repo
    runs = (trace.record.run_id for trace in case.found if trace.record.environment is Environment.CI)
    run = next((id for id in runs if _RUN.fullmatch(id)), None)
    if repo and run is not None:
        says = text("Look at the log of the last run that showed it:")
        yield Run(says, shlex.join(("gh", "run", "view", run, "--repo", repo, "--log-failed")))
    metric = metric_of(case.one)
    if metric:
        says = text("Look at how its figure comes about, step by step:")
        yield Run(says, _of_release(case, "judge", "--explain", metric))


def _of_release(case: Case, command: str, *options: str) -> str:
    return shlex.join(("atalaya", command, "--release", case.version, *options))


def _to_go_on(case: Case) -> Iterator[Run]:
    """The next steps that can be recorded, as the table of states has them."""
    if not case.takes_steps:
        return
    one, told = case.one, case.told
    if one.state == OPEN:
        yield Run(
            text("Say that somebody takes care of it:"), _step(case, "--state", ACKNOWLEDGED, "--why", "on-call has it")
        )
    if one.state in (OPEN, ACKNOWLEDGED, REOPENED):
        facts = (
            *(() if one.root_cause.strip() else ("--root-cause", "why it happened")),
            *(() if one.fix.strip() else ("--fix", "what was done, and its commit")),
        )
        yield Run(
            text("When its fix has landed, say so:"),
            _step(case, "--state", MONITORING, *facts, "--why", "the fix has landed"),
        )
    elif one.state == MONITORING and told is not None and told.shown:
        yield Run(
            text("Say that it is over:"),
            _step(
                case, "--state", RESOLVED, "--why", "clean runs have shown it" if told.measured else "how you know it"
            ),
        )
    elif one.state == MONITORING:
        needed = told.runs_needed if told is not None else None
        says = text("Show that its fix holds, with clean runs:")
        if needed:
            says = text("Show that its fix holds; clean runs that it takes: {n}:", n=needed)
        yield Run(says, _of_release(case, "watch"))
    elif one.state == RESOLVED:
        yield Run(
            text("If it comes back, open it again:"), _step(case, "--state", REOPENED, "--why", "it was seen again")
        )
    elif one.state == CARRIED_OVER:
        yield Run(text("It is the next release's now; see how each incident stands:"), "atalaya release incident")


# ── the evidence ─────────────────────────────────────────────────────────────


def _evidence(case: Case) -> Markdown:
    one, told, voice, judgement = case.one, case.told, case.voice, case.judgement
    facts = []
    measured = next((metric for metric in judgement.metrics if metric.id == metric_of(one)), None)
    if measured is not None:
        figure = myst.page(name_of(measured, voice), case.version, f"evidence#figure-{measured.id}")
        facts.append((voice(N_("Metric")), figure))
    if told is not None and told.rule:
        facts.append((voice(N_("Opened by the rule")), voice.literal(told.rule)))
    if told is not None and told.fingerprints:
        facts.append((voice(N_("Causes")), myst.joined(map(voice.literal, told.fingerprints[:6]), COMMA)))
    names = dict.fromkeys((*(told.shows if told else ()), *(trace.segment for trace in case.found)))
    shown = myst.bullets(_segment(name, judgement, voice) for name in list(names)[:SEGMENTS])
    where = voice(N_("Segments that hold the evidence: {n}"), n=len(names))
    moved = before(judgement.moves, one.at)
    caption = voice(N_("What changed in the hours before it, the nearest first: {n}"), n=len(moved))
    parts = (
        myst.facts(facts),
        _rows(case),
        myst.dropdown(where, shown) if shown else None,
        package.table(judgement, moved, caption, voice) if moved else None,
    )
    return myst.paragraphs(*parts) or voice(N_("No record shows it: it is a person's word."))


def _rows(case: Case) -> Markdown | None:
    """The records that show it, each with the file of evidence that holds it."""
    voice = case.voice
    header = [voice(N_("When (UTC)")), voice(N_("What")), voice(N_("How it ended")), voice(N_("Segment"))]
    rows = [
        myst.row(
            voice.at(trace.record.occurred_at),
            provenance.what(trace, voice),
            provenance.how(trace, voice),
            _segment(trace.segment, case.judgement, voice),
        )
        for trace in case.found[: provenance.ROWS_SHOWN]
    ]
    caption = voice(N_("The records that show it, the newest first: {n}"), n=len(case.found))
    return myst.folded(caption, myst.list_table(caption, header, rows, classes="cards traces")) if rows else None


def _segment(name: str, judgement: Judgement, voice: Renderer) -> Markdown:
    found = next((one for one in judgement.segments if one.name == name), None)
    return segments.link(found, judgement) if found else voice.literal(name)


# ── what became of it ────────────────────────────────────────────────────────


def _history(case: Case) -> Markdown:
    voice = case.voice
    redacted = []
    for cut in (cut for cut in case.judgement.redactions if cut.incident == case.one.id):
        says = voice(
            N_("A text was removed from {n} records on {at}, by {by}:"),
            n=cut.records,
            at=cut.occurred_at,
            by=voice.plain(cut.by),
        )
        redacted.append((voice(N_("Redacted")), myst.joined([says, voice.plain(cut.why)], SPACE)))
    parts = (_steps(case), _notes(case), myst.facts(redacted))
    return myst.paragraphs(*parts) or voice(N_("No step of it is recorded."))


def _steps(case: Case) -> Markdown | None:
    voice = case.voice
    header = [voice(N_("When (UTC)")), voice(N_("State")), voice(N_("By")), voice(N_("Why"))]
    rows = [_taken(step, voice) for step in case.steps]
    return myst.table(voice(N_("Its steps")), header, rows, classes="cards steps") if rows else None


def _taken(one: IncidentStep, voice: Renderer) -> list[Markdown]:
    return [voice.at(one.occurred_at), state(one.state, voice), voice.plain(one.by), voice.plain(one.why)]


def _notes(case: Case) -> Markdown | None:
    """What the team wrote under the incident's issue: for people to read."""
    voice = case.voice
    written = (one for one in case.judgement.notes if one.incident == case.one.id)
    found = sorted(written, key=lambda one: one.occurred_at)
    header = [voice(N_("When (UTC)")), voice(N_("By")), voice(N_("Note"))]
    rows = [[voice.at(one.occurred_at), voice.plain(one.by), voice.plain(one.text)] for one in found]
    caption = voice(N_("What the team wrote under its issue: {n} notes, which are no evidence"), n=len(rows))
    return myst.table(caption, header, rows, classes="cards notes") if rows else None
