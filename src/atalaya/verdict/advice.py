"""Says what is not known of a release, and what to do next: what fails first, then what blocks a duty, then the rest.

Each step is one sentence with a command that can be pasted as it stands. What was done a minute ago is not asked for
again, and the number of runs of CI is that of :mod:`atalaya.watch.dispatch`, whatever the figure looks like since.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta

from atalaya.core.window import EXTENSION_H
from atalaya.core.words import Text, text
from atalaya.metrics.definitions import METRICS
from atalaya.metrics.zero_events import SELF_TEST
from atalaya.records.judged import CellState, Compared, DutyState, Fired, Incident, State
from atalaya.records.stored import VerdictStatus
from atalaya.verdict import findings
from atalaya.verdict.situation import Situation, When

JUST_NOW = timedelta(minutes=10)  # what was done less long ago is not asked for again
SMOKES = ("smoke", "smoke-repeated")  # duties that a smoke meets
OF_CI = ("pipeline-green", "flaky-trend", "consolidate-metrics")  # duties that CI's jobs are the evidence of
RED = (CellState.BROKEN, CellState.WORSE, CellState.RED_NOW)
UNSURE = (State.UNKNOWN, State.INCONCLUSIVE)
MONITORED, CARRIED_OVER = "monitoring", "carried over"


def unknowns(situation: Situation) -> Iterator[Text]:
    """What is not known, a sentence each."""
    yield from findings.unknown_metrics(situation)
    yield from findings.slept(situation)
    yield from findings.too_old(situation)
    yield from findings.missing_duties(situation)
    yield from findings.disputed(situation)
    yield from situation.ahead
    yield from findings.no_self_test(situation)
    if situation.when is When.END:
        if all(metric.compared is Compared.NO_BASIS for metric in situation.metrics):
            yield text("How it compares with a release before it: there is none that was accepted.")
        for point, duty in situation.duties_in(DutyState.PERSON_SIGNS):
            yield text("T+{hours}, {duty}: nobody has signed it.", hours=point.hours, duty=duty.says)


def next_steps(situation: Situation, decisive: Fired, valid_until: datetime) -> tuple[Text, ...]:
    """What to do next, in order. GO asks for nothing."""
    steps = [*_to_see(situation), *_for_duties(situation), *_to_learn(situation)]
    if situation.when is When.END:
        if decisive.word is not VerdictStatus.GO and situation.can_extend:
            steps += _longer(situation, decisive)
    else:
        steps.append(_again(situation, valid_until))
    once = {(step.template, str(step)): step for step in steps}
    return tuple(once.values())


# ── what fails, and the command that shows it ────────────────────────────────


def _to_see(situation: Situation) -> Iterator[Text]:
    version = situation.release.version
    if situation.integrity_problems:
        yield text("See what was changed, and restore it from git: `atalaya evidence verify --release {v}`.", v=version)
        yield text(
            "If a setting was changed on purpose, say so: `atalaya release record --release {v} --why 'changed on "
            "purpose'`.",
            v=version,
        )
    if situation.defects_seeded > situation.defects_caught:
        yield text("See which defect survived, and mend its check: `atalaya prove`.")
    for id in situation.broken_critical:
        yield text("See the broken promise again: `atalaya check --promise {id}`.", id=id)
    failing = [metric for metric in situation.metrics if metric.state is State.FAIL]
    for metric in sorted(failing, key=lambda metric: not metric.critical):
        yield _explain(situation, metric.id)
    if situation.cells_in(*RED):
        yield _red_runs(situation)
    if situation.broken_tests:
        yield _explain(situation, "flaky-tests")
    for id in situation.broken_others:
        yield text("See the broken promise again: `atalaya check --promise {id}`.", id=id)
    for incident in situation.open_incidents:
        yield from _for_incident(situation, incident)
    if situation.disputed and not situation.unproven:
        yield text(
            "Record how such an incident stands; this lists them: `atalaya release incident --release {v}`.", v=version
        )


def _explain(situation: Situation, metric: str) -> Text:
    return text(
        "See how {metric} comes about, step by step: `atalaya judge --release {v} --explain {metric}`.",
        metric=metric,
        v=situation.release.version,
    )


def _red_runs(situation: Situation) -> Text:
    """Where the red runs of CI can be read."""
    repo, red = situation.settings.ci.repo, situation.cells_in(*RED)
    if not repo:
        return _explain(situation, "pass-rate")
    # By no status: a run with a job that was cut at its time limit is called cancelled there.
    command = shlex.join(("gh", "run", "list", "--workflow", red[0].workflow, "--repo", repo, "--limit", "5"))
    return text("See what failed in CI, and run it again once it is mended: `{command}`.", command=command)


def _for_incident(situation: Situation, incident: Incident) -> Iterator[Text]:
    version, state = situation.release.version, incident.state.lower()
    if state == CARRIED_OVER:
        return
    if state != MONITORED:
        yield text(
            "When the fix of {id} has landed, say so: `atalaya release incident {id} --release {v} --state monitoring "
            "--why 'the fix has landed'`.",
            id=incident.id,
            v=version,
        )
    elif any(one.incident == incident.id and one.shown and not one.measured for one in situation.followed):
        yield text(
            "Nothing that is measured shows when {id} is over. When you know that it is, say so: `atalaya release "
            "incident {id} --release {v} --state resolved --why 'how you know it'`.",
            id=incident.id,
            v=version,
        )
    elif any(one.incident == incident.id and one.shown for one in situation.followed):
        yield text(
            "The fix of {id} is shown, so say that it is over: `atalaya release incident {id} --release {v} --state "
            "resolved --why 'clean runs have shown it'`.",
            id=incident.id,
            v=version,
        )
    else:
        yield from _for_proof(situation, incident.id)


def _for_proof(situation: Situation, id: str) -> Iterator[Text]:
    """What shows that a fix holds."""
    followed = next((one for one in situation.followed if one.incident == id), None)
    needed = followed.runs_needed if followed else None
    if situation.when is When.END or _was_just_now(situation, situation.own_at):
        return
    if needed is None:
        yield text(
            "Show that the fix of {id} holds, with clean runs: `atalaya watch --release {v}`.",
            id=id,
            v=situation.release.version,
        )
    else:
        yield text(
            "Show that the fix of {id} holds; clean runs that it takes: {n}: `atalaya watch --release {v}`.",
            id=id,
            n=needed,
            v=situation.release.version,
        )


# ── what blocks a duty ───────────────────────────────────────────────────────


def _for_duties(situation: Situation) -> Iterator[Text]:
    for _, duty in situation.duties_in(DutyState.FAILED):
        if duty.id in OF_CI:
            if not situation.cells_in(*RED):
                yield _red_of_duty(situation)
            yield from _ci(situation)
        elif duty.id in SMOKES:
            yield text("See the smoke again, step by step: `atalaya smoke`.")
        else:
            yield _what_duties_rest_on(situation)
    for incident in situation.incidents:
        if incident.id in situation.unproven:
            yield from _for_incident(situation, incident)
    for _, duty in situation.duties_in(DutyState.MISSING):
        if duty.id in OF_CI:
            yield from _ci(situation)
        elif situation.when is When.BEFORE and not _was_just_now(situation, situation.own_at):
            yield _smoke(situation) if duty.id in SMOKES else _watch(situation)
        else:
            yield _what_duties_rest_on(situation)


def _red_of_duty(situation: Situation) -> Text:
    repo, workflows = situation.settings.ci.repo, situation.settings.ci.workflows
    if not repo or not workflows:
        return _explain(situation, "pass-rate")
    command = shlex.join(("gh", "run", "list", "--workflow", workflows[0], "--repo", repo, "--limit", "5"))
    return text("See how the main pipeline ended: `{command}`.", command=command)


def _what_duties_rest_on(situation: Situation) -> Text:
    return text("See what each duty rests on: `atalaya release checkpoint --release {v}`.", v=situation.release.version)


def _smoke(situation: Situation) -> Text:
    return text("Run the smoke: `atalaya smoke --release {v}`.", v=situation.release.version)


def _watch(situation: Situation) -> Text:
    return text("Run the watch again: `atalaya watch --release {v}`.", v=situation.release.version)


def _was_just_now(situation: Situation, at: datetime | None) -> bool:
    return at is not None and situation.as_of - at < JUST_NOW


# ── what is unknown ──────────────────────────────────────────────────────────


def _to_learn(situation: Situation) -> Iterator[Text]:
    if situation.defects_seeded == 0:
        yield text("Show the checks a seeded defect each: `atalaya prove`.")
    if any(metric.state in UNSURE and metric.settles == SELF_TEST for metric in situation.metrics):
        yield text("Find out what the detectors of events see: `atalaya prove --detectors`.")
    measured = {metric.id: metric.state for metric in situation.metrics}
    unsure = [it for it in METRICS.values() if measured.get(it.id, State.UNKNOWN) in UNSURE]
    if any(it.events is None for it in unsure) or situation.cells_in(CellState.TOO_OLD):
        yield from _ci(situation)
    # Events are counted where requests are, which CI's reports do not tell of.
    counts = any(it.events is not None for it in unsure)
    if counts and situation.when is When.BEFORE and not _was_just_now(situation, situation.own_at):
        yield _watch(situation)
    if findings.slept(situation):
        yield text("What was not observed stays unknown; a longer window shows how it is from then on.")


def _ci(situation: Situation) -> Iterator[Text]:
    """More jobs of CI: as many runs as its checkpoint asks for, or what has run already and was not taken in."""
    plan = situation.dispatch
    if plan is not None and plan.runs_left:
        yield _dispatched(situation, plan.runs_left, plan.jobs_left)
    elif not _was_just_now(situation, situation.collected_at):
        yield text("Take in how CI's runs ended: `atalaya collect --release {v}`.", v=situation.release.version)


def _dispatched(situation: Situation, runs: int, jobs: int) -> Text:
    version, ci = situation.release.version, situation.settings.ci
    if not ci.repo or not ci.workflows:
        return text(
            "Run CI on the released commit, runs: {runs}, jobs in all: {jobs}. No command can dispatch it, since "
            "`repo` is not set under `[ci]` in watch.toml. Then take in how they ended: "
            "`atalaya collect --release {v}`.",
            runs=runs,
            jobs=jobs,
            v=version,
        )
    return text(
        "Dispatch CI, runs: {runs}, jobs in all: {jobs}, each with `{command}`; when they have ended, take them in: "
        "`atalaya collect --release {v}`.",
        runs=runs,
        jobs=jobs,
        command=dispatch_command(situation),
        v=version,
    )


def dispatch_command(situation: Situation) -> str:
    """The command that dispatches the main pipeline; GitHub takes a branch or a tag, and no commit."""
    ci = situation.settings.ci
    ref = ("--ref", ci.ref) if ci.ref else ()
    return shlex.join(("gh", "workflow", "run", ci.workflows[0], *ref, "--repo", ci.repo))


# ── the window ───────────────────────────────────────────────────────────────


def _longer(situation: Situation, decisive: Fired) -> Iterator[Text]:
    version = situation.release.version
    yield text(
        "Watch for another {more} hours: `atalaya release extend --release {v} --why '{word}: {rule}'`.",
        more=EXTENSION_H,
        v=version,
        word=str(decisive.word),
        rule=decisive.rule,
    )
    rate = situation.metric("pass-rate")
    if rate is not None and rate.state not in UNSURE:
        return
    ci = situation.settings.ci
    if ci.repo and ci.workflows:
        yield text("In the longer window, dispatch CI: `{command}`.", command=dispatch_command(situation))
    else:
        yield text(
            "In the longer window, run CI on the released commit, and take it in: `atalaya collect --release {v}`.",
            v=version,
        )


def _again(situation: Situation, by: datetime) -> Text:
    """When to look again; where nothing is failing, that is said, with how much it rests on."""
    version, rate = situation.release.version, situation.metric("pass-rate")
    if situation.is_failing:
        return text("Run the watch again by {at}: `atalaya watch --release {v}`.", at=by, v=version)
    none = findings.no_ci(rate)
    if none is not None or rate is None:
        return text(
            "Nothing is failing, though {no_ci} yet. Run the watch again by {at}: `atalaya watch --release {v}`.",
            no_ci=none,
            at=by,
            v=version,
        )
    return text(
        "Nothing is failing. CI jobs so far: {n}. Run the watch again by {at}: `atalaya watch --release {v}`.",
        n=rate.n,
        at=by,
        v=version,
    )
