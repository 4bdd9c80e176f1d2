"""The backlog for the next version: a row for each cause, ordered by priority.

An incident, the promises that it broke and the metric that it spoils are one row. So are promises of one family that
break with one error, checks that could not tell for one reason, and the wishes for one family. What a priority is
given for is a table, which the docs print: nobody ranks by feeling. Effort is what a person said of it, or not
estimated. Each row says how it will be shown to be done.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from atalaya.core.settings import EffortSettings
from atalaya.core.words import N_, Prose, StrictEnum, Text, sentence, text
from atalaya.records.judged import (
    BacklogItem,
    BacklogPart,
    BrokenTest,
    CellState,
    CiCell,
    Coverage,
    FlakyClass,
    FlakyTest,
    Incident,
    IncidentFollowUp,
    Level,
    Metric,
    Priority,
    PromiseStatus,
    State,
)
from atalaya.records.results import Limitation
from atalaya.records.stored import Finding, Outcome, Presence, Severity
from atalaya.verdict.findings import cell_name
from atalaya.watch.incidents.fingerprint import cause_of_cell, cause_of_test, error_type
from atalaya.watch.states import RESOLVED, in_words


class Standing(StrictEnum):
    """How something stands that the next version is to see to."""

    BROKEN = "broken"  # a promise, a metric that fails, an incident that is not over
    UNSURE = "unsure"  # not known, or not proven
    MENDED = "mended"  # an incident that is over, and may come back
    WISH = "wish"  # beyond the contract


PRIORITY: dict[Standing, dict[Severity, Priority]] = {
    Standing.BROKEN: {Severity.CRITICAL: Priority.P0, Severity.MAJOR: Priority.P1, Severity.MINOR: Priority.P2},
    Standing.UNSURE: {Severity.CRITICAL: Priority.P1, Severity.MAJOR: Priority.P2, Severity.MINOR: Priority.P2},
    Standing.MENDED: {Severity.CRITICAL: Priority.P1, Severity.MAJOR: Priority.P2, Severity.MINOR: Priority.P2},
    Standing.WISH: dict.fromkeys(Severity, Priority.P2),
}
# The same in words, for readers.
RULES: dict[Priority, str] = {
    Priority.P0: N_("What is critical is broken: a promise, a metric, or what an incident that is not over tells of."),
    Priority.P1: N_("What is major is broken. What is critical is not known, not proven, or was mended in this watch."),
    Priority.P2: N_("All else: what is minor, what is major and not known or mended, and wishes beyond the contract."),
}
IMPACT: dict[Severity, Level] = {Severity.CRITICAL: Level.HIGH, Severity.MAJOR: Level.MEDIUM, Severity.MINOR: Level.LOW}
# The most pressing first.
PRIORITIES, SEVERITIES, STANDINGS = tuple(Priority), tuple(Severity), tuple(Standing)

MOST_UNTESTED = 5  # more promises than this that no run has tested are one item
MOST_NAMED = 3  # more promises than this are not named in one command
FLAKY, PASS_RATE = "flaky-tests", "pass-rate"  # the metrics that tests and jobs of CI stand behind
NOT_WELL = (FlakyClass.CONFIRMED, FlakyClass.REGRESSION)


class BacklogInputs(NamedTuple):
    """What of a release goes into its backlog."""

    promises: Sequence[PromiseStatus] = ()
    metrics: Sequence[Metric] = ()
    findings: Sequence[Finding] = ()
    limitations: Sequence[Limitation] = ()
    incidents: Sequence[Incident] = ()
    followed: Sequence[IncidentFollowUp] = ()
    coverage: Coverage | None = None
    flaky: Sequence[FlakyTest] = ()
    broken_tests: Sequence[BrokenTest] = ()
    cells: Sequence[CiCell] = ()
    effort: EffortSettings = EffortSettings()


class Found(NamedTuple):
    """One thing to see to, and what shows that it is done. What has the same ``cause`` is one row.

    ``told_as`` are the names by which an incident may tell of it: then the cause is the incident's. ``several`` says
    what several of one cause are, why, and what shows them done, from what proves each; where there is none, the first
    speaks for all. ``brief`` is what it is below that, where it would only repeat the words of all. ``met`` is the
    share of the runs that met it.
    """

    part: BacklogPart
    standing: Standing
    severity: Severity
    cause: tuple[str, ...]
    why: Text
    accepts: Text
    told_as: tuple[str, ...] = ()
    several: Callable[[Sequence[str]], tuple[Text, Text, Text]] | None = None
    brief: Text | None = None
    met: float = 1.0


def backlog(known: BacklogInputs) -> tuple[BacklogItem, ...]:
    """A row for each cause: by its priority, its impact, and how often it was met."""
    owners = _owners(known)
    causes: dict[tuple[str, ...], list[Found]] = {}
    for found in (
        *_incidents(known),
        *_promises(sorted(known.promises, key=lambda one: (SEVERITIES.index(one.promise.severity), one.promise.id))),
        *_metrics(known.metrics),
        *_tests(known),
        *_variants(known.cells),
        *_watching(known.coverage),
        *_limitations(known.findings, known.limitations),
    ):
        cause = next((owners[name] for name in found.told_as if name in owners), found.cause)
        causes.setdefault(cause, []).append(found)
    rows = sorted(causes.values(), key=_pressing)
    return tuple(_row(of_cause, known.effort) for of_cause in rows)


def _pressing(of_cause: Sequence[Found]) -> tuple[int, int, int, float]:
    """What comes first: the priority, whom it hurts, how it stands, and how often it was met."""
    return (
        PRIORITIES.index(_priority(of_cause)),
        SEVERITIES.index(_severity(of_cause)),
        min(STANDINGS.index(one.standing) for one in of_cause),
        -max(one.met for one in of_cause),
    )


def _priority(of_cause: Sequence[Found]) -> Priority:
    return min((PRIORITY[one.standing][one.severity] for one in of_cause), key=PRIORITIES.index)


def _severity(of_cause: Sequence[Found]) -> Severity:
    return min((one.severity for one in of_cause), key=SEVERITIES.index)


def _owners(known: BacklogInputs) -> dict[str, tuple[str, ...]]:
    """The cause of an incident by each name that it tells of: promises, a metric, fingerprints.

    One that is resolved tells of nothing that is not well now: that has come after it.
    """
    told = {one.incident: one for one in known.followed}
    owners: dict[str, tuple[str, ...]] = {}
    for incident in known.incidents:
        if incident.state != RESOLVED:
            followed = told.get(incident.id)
            names = (*followed.promises, *followed.fingerprints) if followed else ()
            for name in filter(None, (incident.metric, *names)):
                owners.setdefault(name, _cause(incident))
    return owners


def _row(of_cause: Sequence[Found], effort: EffortSettings) -> BacklogItem:
    first = of_cause[0]
    says, why, accepts = first.part.says, first.why, first.accepts
    parts = tuple(one.part for one in of_cause)
    if first.several and len(of_cause) > 1:
        says, why, accepts = first.several([one.part.proven_by for one in of_cause])
        parts = tuple(replace(one.part, says=one.brief or one.part.says) for one in of_cause)
    return BacklogItem(
        id=first.part.id,
        says=says,
        why=why,
        accepts=accepts,
        priority=_priority(of_cause),
        impact=IMPACT[_severity(of_cause)],
        effort=_effort({one.part.id for one in of_cause}, effort),
        parts=parts,
    )


def _effort(ids: set[str], said: EffortSettings) -> Level | None:
    """The greatest effort that was said of anything in a row; None where nothing was."""
    by_level = ((Level.HIGH, said.high), (Level.MEDIUM, said.medium), (Level.LOW, said.low))
    return next((level for level, named in by_level if ids & set(named)), None)


def share(met: int, n: int) -> float:
    """How often something was met; what was never looked at counts as met each time.

    >>> share(18, 72), share(0, 0)
    (0.25, 1.0)
    """
    return met / n if n else 1.0


# ── incidents ────────────────────────────────────────────────────────────────


def _cause(incident: Incident) -> tuple[str, ...]:
    return ("incident", incident.id)


def _incidents(known: BacklogInputs) -> Iterator[Found]:
    told = {one.incident: one for one in known.followed}
    metrics = {one.id: one for one in known.metrics}
    for incident in known.incidents:
        followed = told.get(incident.id)
        seen = followed.seen if followed else 0
        named = {"incident": incident.id, "impact": Prose(words=incident.impact)}
        if incident.state == RESOLVED:
            standing, why = Standing.MENDED, text("It was resolved in this watch, and may come back.")
            says = text("Have a check that sees {incident} before users do: {impact}", **named)
        else:
            standing, state = Standing.BROKEN, in_words(incident.state)
            why = text("It is {state}: seen {n} times.", state=state, n=seen)
            if not seen:
                why = text("It is {state}. No record counts how often it was seen.", state=state)
            says = text("Mend {incident}: {impact}", **named)
        yield Found(
            BacklogPart(id=incident.id, says=says, proven_by=incident.metric or _promise_of(incident, followed)),
            standing,
            incident.severity,
            _cause(incident),
            why,
            _shown_mended(followed, metrics.get(incident.metric)),
            met=min(1.0, seen / 10),
        )


def _promise_of(incident: Incident, followed: IncidentFollowUp | None) -> str:
    """The promise that an incident broke; of one that nothing measures, the id that its check would have."""
    if followed is not None and followed.promises:
        return followed.promises[0]
    words = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in incident.id.lower()).strip("-")
    return f"incident.{words or 'unnamed'}"


def _shown_mended(followed: IncidentFollowUp | None, metric: Metric | None) -> Text:
    if followed is not None and followed.promises:
        return _kept(followed.promises)
    return _at_its_threshold(metric) if metric else text("A check of its own catches it: `atalaya prove`.")


# ── promises ─────────────────────────────────────────────────────────────────


def _promises(statuses: Sequence[PromiseStatus]) -> Iterator[Found]:
    untested = [status for status in statuses if status.at is None and status.outcome is Outcome.UNKNOWN]
    if len(untested) > MOST_UNTESTED:
        first = untested[0].promise
        says = text("Run the checks: {n} promises were never tested", n=len(untested))
        yield Found(
            BacklogPart(id="checks", says=says, proven_by=first.id),
            Standing.UNSURE,
            first.severity,
            ("untested",),
            text("No run has tested them."),
            text("`atalaya check` finds each of them kept."),
        )
        statuses = [status for status in statuses if status not in untested]
    for status in statuses:
        if status.outcome is Outcome.BROKEN:
            yield _broken(status)
        elif status.outcome is Outcome.UNKNOWN:
            yield _unknown(status)


def _broken(status: PromiseStatus) -> Found:
    promise = status.promise
    reason = text("Broken in its latest run: {reason}", reason=status.reason)
    return _of_promise(
        status,
        Standing.BROKEN,
        ("broken", promise.contract, error_type(status.reason)),
        text("Keep this promise again: {promise}", promise=sentence(promise.says)),
        reason if status.reason else text("Broken in its latest run."),
        lambda n: text("Keep these promises of {family} again: {n}", family=promise.contract, n=n),
        status.broken,
    )


def _unknown(status: PromiseStatus) -> Found:
    reason = text("The check could not tell: {reason}", reason=status.reason)
    return _of_promise(
        status,
        Standing.UNSURE,
        ("unknown", "" if status.at is None else re.sub(r"\d+", "0", status.reason)),
        text("Find out whether this promise is kept: {promise}", promise=sentence(status.promise.says)),
        text("No run has tested it.") if status.at is None else reason,
        lambda n: text("Find out whether these promises are kept: {n}", n=n),
        status.unknown,
    )


def _of_promise(
    status: PromiseStatus,
    standing: Standing,
    cause: tuple[str, ...],
    says: Text,
    why: Text,
    several: Callable[[int], Text],
    met: int,
) -> Found:
    """A promise to see to; of several with one cause, the reason of the first speaks for all.

    :param met: how many of its runs met what is to be seen to.
    """
    id = status.promise.id
    return Found(
        BacklogPart(id=id, says=says, proven_by=id),
        standing,
        status.promise.severity,
        cause,
        why,
        _kept([id]),
        told_as=(id,),
        several=lambda ids: (several(len(ids)), why, _kept(ids)),
        brief=sentence(status.promise.says),
        met=share(met, status.kept + status.broken + status.unknown),
    )


def _kept(ids: Sequence[str]) -> Text:
    if len(ids) > MOST_NAMED:
        return text("`atalaya check` finds each of them kept.")
    return text("Kept, by `{command}`.", command=_check(ids))


def _check(ids: Sequence[str]) -> str:
    return shlex.join(("atalaya", "check", *(word for id in ids for word in ("--promise", id))))


# ── metrics, and what stands behind them ─────────────────────────────────────


def _metrics(metrics: Sequence[Metric]) -> Iterator[Found]:
    for metric in metrics:
        named = {"metric": metric.id}
        match metric.state:
            case State.FAIL:
                standing = Standing.BROKEN
                says = text("Bring {metric} back to its threshold: {threshold}", **named, threshold=metric.threshold)
            case State.UNKNOWN:
                standing = Standing.UNSURE
                says = text("Gather evidence for {metric}: nothing is known of it", **named)
            case State.INCONCLUSIVE:
                standing = Standing.UNSURE
                says = text("Gather more evidence for {metric}: it is not conclusive", **named)
            case _:
                continue
        yield Found(
            BacklogPart(id=metric.id, says=says, proven_by=metric.id),
            standing,
            Severity.CRITICAL if metric.critical else Severity.MAJOR,
            ("metric", metric.id),
            metric.reason,
            _at_its_threshold(metric),
            told_as=(metric.id,),
        )


def _at_its_threshold(metric: Metric) -> Text:
    """The threshold, with the trials that it takes where they are known."""
    named = {"metric": metric.id, "threshold": metric.threshold}
    if metric.settles is None:
        return text("{metric} meets its threshold, {threshold}: `atalaya judge --explain {metric}`.", **named)
    return text(
        "{metric} meets its threshold, {threshold}: `atalaya judge --explain {metric}`. {settles}",
        **named,
        settles=metric.settles,
    )


def _tests(known: BacklogInputs) -> Iterator[Found]:
    """Tests that are broken or flaky: they stand behind one metric."""
    for broken in known.broken_tests:
        yield Found(
            BacklogPart(id=broken.test, says=text("Mend the test {test}", test=broken.test), proven_by=FLAKY),
            Standing.BROKEN,
            Severity.CRITICAL if broken.critical else Severity.MAJOR,
            ("metric", FLAKY),
            broken.reason,
            text("It passes again: `atalaya repeat`."),
            told_as=(cause_of_test(broken), FLAKY),
            several=_tests_mended,
        )
    for flaky in known.flaky:
        if flaky.kind in NOT_WELL:
            yield Found(
                BacklogPart(id=flaky.test, says=text("Make the test {test} stable", test=flaky.test), proven_by=FLAKY),
                Standing.BROKEN,
                Severity.CRITICAL if flaky.critical else Severity.MINOR,
                ("metric", FLAKY),
                flaky.reason,
                text("It passes {n} times in a row: `atalaya repeat -n {n}`.", n=flaky.clean_runs)
                if flaky.clean_runs
                else text("It passes again: `atalaya repeat`."),
                told_as=(FLAKY,),
                several=_tests_mended,
                met=share(flaky.failures, flaky.attempts),
            )


def _tests_mended(ids: Sequence[str]) -> tuple[Text, Text, Text]:
    return (
        text("Mend the tests that fail, or pass and fail: {n}", n=len(ids)),
        text("They failed, or passed and failed while nothing changed."),
        text("Each of them passes at every repeat: `atalaya repeat`."),
    )


def _variants(cells: Sequence[CiCell]) -> Iterator[Found]:
    """Variants of jobs of CI that fail: they stand behind one metric."""
    for cell in cells:
        if cell.state in (CellState.BROKEN, CellState.WORSE):
            yield Found(
                BacklogPart(
                    id=cell_name(cell), says=text("Mend the CI job {job}", job=cell_name(cell)), proven_by=PASS_RATE
                ),
                Standing.BROKEN,
                Severity.MAJOR,
                ("metric", PASS_RATE),
                cell.reason,
                text("Its next three runs are green: `atalaya judge --explain pass-rate`."),
                told_as=(cause_of_cell(cell), PASS_RATE),
                several=lambda ids: (
                    text("Mend these jobs of CI: {n}", n=len(ids)),
                    text("Each failed in its last three runs, or fails more than the others."),
                    text("The next three runs of each are green: `atalaya judge --explain pass-rate`."),
                ),
                met=share(cell.runs - cell.succeeded, cell.runs),
            )


# ── the watch itself, and wishes ─────────────────────────────────────────────


def _watching(coverage: Coverage | None) -> Iterator[Found]:
    if coverage is None or coverage.enough:
        return
    says = text("Observe each checkpoint, and run CI from one to the next")
    missed, due = len(coverage.missed) + len(coverage.ci_gaps), 2 * len(coverage.points)
    yield Found(
        BacklogPart(id="watch-slept", says=says, proven_by="watch-slept"),
        Standing.UNSURE,
        Severity.MAJOR,
        ("watch-slept",),
        text(
            "Checkpoints that nobody observed: {missed} of {points}. Stretches between two without CI: {gaps}. The "
            "longest without any observation lasted {hours:.1f} h.",
            missed=len(coverage.missed),
            points=len(coverage.points),
            gaps=len(coverage.ci_gaps),
            hours=coverage.largest.hours,
        ),
        text("`atalaya release checkpoint` shows no checkpoint that nobody observed."),
        met=share(missed + coverage.slots - coverage.seen, due + coverage.slots),
    )


def _limitations(findings: Sequence[Finding], limitations: Sequence[Limitation]) -> Iterator[Found]:
    """What lies beyond the contract and was seen: the wishes for one family are one row."""
    newest: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda found: (found.occurred_at, found.recorded_at, found.run_id)):
        if finding.seen is not Presence.UNKNOWN:  # a probe that could not tell takes nothing back
            newest[finding.weakness] = finding
    for limitation in limitations:
        found = newest.get(limitation.id)
        if found is not None and found.seen is Presence.SEEN:
            family = limitation.id.partition(".")[0]
            yield Found(
                BacklogPart(id=limitation.id, says=mended_by(limitation), proven_by=limitation.id),
                Standing.WISH,
                Severity.MINOR,
                ("wish", family),
                text("Seen, and beyond the contract: {weakness}", weakness=sentence(limitation.says)),
                _not_seen([limitation.id]),
                several=partial(_wishes, family),
            )


def mended_by(limitation: Limitation) -> Text:
    """What would mend a limitation, and which promise that would break."""
    proposal = sentence(limitation.proposal)
    if not limitation.against:
        return proposal
    return text(
        "{proposal} That breaks the promise `{promise}`, so the contract has to change first.",
        proposal=proposal,
        promise=limitation.against,
    )


def _wishes(family: str, ids: Sequence[str]) -> tuple[Text, Text, Text]:
    return (
        text("Go beyond the contract in {family}: {n} wishes", family=family, n=len(ids)),
        text("What they would mend was seen, and the contract does not ask for it."),
        _not_seen(ids),
    )


def _not_seen(ids: Sequence[str]) -> Text:
    if len(ids) > MOST_NAMED:
        return text("`atalaya check` does not see them any more.")
    return text("Not seen any more, by `{command}`.", command=_check(ids))
