"""Finds what each rule of the verdict looks for: every function gives the reasons for its rule, and none where none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from atalaya.core.window import MOST_EXTENSIONS
from atalaya.core.words import Text, text
from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import (
    Acts,
    CellState,
    CiCell,
    Compared,
    Coverage,
    DutyState,
    IncidentFollowUp,
    Metric,
    State,
)
from atalaya.records.stored import Severity
from atalaya.verdict.situation import Situation

Reasons = tuple[Text, ...]


# ── the evidence itself, and the checks ──────────────────────────────────────


def integrity(situation: Situation) -> Reasons:
    return situation.integrity_problems


def defects_survived(situation: Situation) -> Reasons:
    survived = situation.defects_seeded - situation.defects_caught
    if survived <= 0:
        return ()
    return (
        text(
            "Seeded defects that no check caught: {survived} of {seeded}.",
            survived=survived,
            seeded=situation.defects_seeded,
        ),
    )


def no_self_test(situation: Situation) -> Reasons:
    if situation.defects_seeded > 0:
        return ()
    return (text("These checks have had no self-test, so it is not known which defects they can see."),)


# ── incidents and promises ───────────────────────────────────────────────────


def critical_incidents(situation: Situation) -> Reasons:
    return _open_incidents(situation, Severity.CRITICAL)


def _open_incidents(situation: Situation, severity: Severity) -> Reasons:
    return tuple(
        text("The incident {id} is open. Its severity: {severity}.", id=incident.id, severity=incident.severity)
        for incident in situation.incidents_of(severity)
    )


def unproven_fixes(situation: Situation) -> Reasons:
    """What a fix has landed for that has not come back since. Minor incidents decide nothing, here as elsewhere."""
    deciding = {one.id for one in situation.incidents if one.severity is not Severity.MINOR}
    return tuple(
        _unproven_fix(one)
        for one in situation.followed
        if one.incident in situation.unproven and one.incident in deciding
    )


def _unproven_fix(one: IncidentFollowUp) -> Text:
    if one.shown:
        return text(
            "{id}: nobody has called it resolved since its fix landed. {proof}", id=one.incident, proof=one.proof
        )
    if one.runs_needed is None:
        return text("{id}: its fix is not shown yet. {proof}", id=one.incident, proof=one.proof)
    return text(
        "{id}: its fix is not shown yet. Further clean runs that it takes: {n}. {proof}",
        id=one.incident,
        n=one.runs_needed,
        proof=one.proof,
    )


def critical_promises(situation: Situation) -> Reasons:
    return tuple(text("The critical promise {id} is broken.", id=id) for id in situation.broken_critical)


def disputed(situation: Situation) -> Reasons:
    return situation.disputed


# ── metrics ──────────────────────────────────────────────────────────────────


def _failing(metrics: Iterable[Metric], *, critical: bool) -> Reasons:
    return tuple(
        text("{metric}: {reason}", metric=metric.id, reason=metric.reason)
        for metric in metrics
        if metric.state is State.FAIL and metric.critical is critical
    )


def critical_metrics(situation: Situation) -> Reasons:
    return _failing(situation.metrics, critical=True)


def critical_metrics_now(situation: Situation) -> Reasons:
    return _failing_now(situation, critical=True)


def _failing_now(situation: Situation, *, critical: bool) -> Reasons:
    """Counts above their limit now, and what had failed at the last checkpoint."""
    now = _failing(filter(_acts_at_once, situation.metrics), critical=critical)
    hours = situation.last_look_h
    if hours is None:
        return now
    then = _failing((metric for metric in situation.metrics_at[hours] if not _acts_at_once(metric)), critical=critical)
    return now + tuple(text("At T+{hours}: {finding}", hours=hours, finding=found) for found in then)


def _acts_at_once(metric: Metric) -> bool:
    return metric.acts is Acts.AT_ONCE


def between_checkpoints(situation: Situation) -> Reasons:
    """What fails by an interval or a test now, and had not at the last checkpoint."""
    judged = situation.metrics_at.get(situation.last_look_h or 0, ())
    failed_then = {metric.id for metric in judged if metric.state is State.FAIL}
    return tuple(
        text(
            "{metric}: {reason} It is judged on {at}, and not before: who looks often sees alarms that are none.",
            metric=metric.id,
            reason=metric.reason,
            at=situation.next_look,
        )
        for metric in situation.metrics
        if metric.state is State.FAIL and not _acts_at_once(metric) and metric.id not in failed_then
    )


def _in_state(situation: Situation, state: State) -> Reasons:
    return tuple(
        text("{metric}: {reason}", metric=metric.id, reason=metric.reason)
        for metric in situation.metrics
        if metric.state is state
    )


def unknown_metrics(situation: Situation) -> Reasons:
    measured = {metric.id for metric in situation.metrics}
    absent = tuple(text("{metric}: it was not measured.", metric=id) for id in METRICS if id not in measured)
    return _in_state(situation, State.UNKNOWN) + absent


def inconclusive_metrics(situation: Situation) -> Reasons:
    return _in_state(situation, State.INCONCLUSIVE)


def _regressed(metrics: Iterable[Metric]) -> Reasons:
    """What is worse than in the last accepted release."""
    return tuple(
        text("{metric}: {against}", metric=metric.id, against=metric.against)
        for metric in metrics
        if metric.compared is Compared.REGRESSED
    )


UNDECIDED = ("excluded", "not_started", "pending", "nothing_ran", "not_told")  # jobs that are in no rate


def no_ci(rate: Metric | None) -> Text | None:
    """That no job of CI counts, where none does: none was taken in, or none of those was decided."""
    if rate is not None and rate.n:
        return None
    if rate is not None and any(rate.counts.get(name) for name in UNDECIDED):
        return text("no CI job was decided")
    return text("no CI job was taken in")


# ── CI as it is now ──────────────────────────────────────────────────────────


def _cells(situation: Situation, *states: CellState) -> Reasons:
    return tuple(
        text("{cell}: {reason}", cell=cell_name(cell), reason=cell.reason) for cell in situation.cells_in(*states)
    )


def cell_name(cell: CiCell) -> str:
    """A cell as people look for it: its workflow, its job, its variant."""
    return ", ".join(part for part in (cell.workflow, cell.job, cell.variant) if part)


def red_now(situation: Situation) -> Reasons:
    """What failed in its latest run: it waits for a later run, or a re-run, that is green."""
    return _cells(situation, CellState.RED_NOW)


def broken_variants(situation: Situation) -> Reasons:
    return _cells(situation, CellState.BROKEN)


def worse_variants(situation: Situation) -> Reasons:
    return _cells(situation, CellState.WORSE)


def too_old(situation: Situation) -> Reasons:
    return _cells(situation, CellState.TOO_OLD)


def broken_tests(situation: Situation) -> Reasons:
    return tuple(
        text("{test} ({variant}): {reason}", test=one.test, variant=one.variant, reason=one.reason)
        if one.variant
        else text("{test}: {reason}", test=one.test, reason=one.reason)
        for one in situation.broken_tests
    )


# ── duties, and whether anybody looked ───────────────────────────────────────


def _said(situation: Situation, state: DutyState) -> Reasons:
    return tuple(
        text("T+{hours}, {duty}: {evidence}", hours=point.hours, duty=duty.says, evidence=duty.evidence)
        for point, duty in situation.duties_in(state)
    )


def missing_duties(situation: Situation) -> Reasons:
    return _said(situation, DutyState.MISSING)


def slept(situation: Situation) -> Reasons:
    """The checkpoints that nobody observed, and the stretches without CI. Not what may be observed yet."""
    watched = situation.coverage
    return () if watched is None or watched.enough else tuple(not_observed(watched))


def not_observed(watched: Coverage) -> Iterator[Text]:
    """What should have been observed and was not, a sentence each."""
    for point in watched.missed:
        yield text(
            "T+{hours}: nothing was observed from {begins} to {ends}.",
            hours=point.hours,
            begins=point.begins,
            ends=point.ends,
        )
    for gap in watched.ci_gaps:
        yield text(
            "CI did not run from T+{earlier} to T+{later}: no run ended from {begins} to {ends}.",
            earlier=gap.from_h,
            later=gap.to_h,
            begins=gap.begins,
            ends=gap.ends,
        )
    if watched.share < watched.least:
        yield text(
            "Something was observed in {seen} of {slots} slots of {every:g} h ({share:.1%}); it must be in "
            "{least:.0%}.",
            seen=watched.seen,
            slots=watched.slots,
            every=watched.every_h,
            share=watched.share,
            least=watched.least,
        )
    if watched.gaps:
        yield text(
            "Nothing was observed for {hours:.1f} h, from {begins} to {ends}; at most {most:g} h may pass.",
            hours=watched.largest.hours,
            begins=watched.largest.begins,
            ends=watched.largest.ends,
            most=watched.most_gap_h,
        )


# ── several together ─────────────────────────────────────────────────────────


def would_extend(situation: Situation) -> Reasons:
    return (
        _failing(situation.metrics, critical=False)
        + worse_variants(situation)
        + _regressed(situation.metrics)
        + _open_incidents(situation, Severity.MAJOR)
        + _said(situation, DutyState.FAILED)
    )


def would_extend_now(situation: Situation) -> Reasons:
    return (
        _failing_now(situation, critical=False)
        + worse_variants(situation)
        + _regressed(situation.metrics_at.get(situation.last_look_h or 0, ()))
        + _open_incidents(situation, Severity.MAJOR)
        + _said(situation, DutyState.FAILED)
    )


def not_extended_for_ever(situation: Situation) -> Reasons:
    if situation.can_extend:
        return ()
    found = (broken_variants, broken_tests, red_now, would_extend)
    return tuple(
        text("{reason} The window was extended {n} times already.", reason=reason, n=MOST_EXTENSIONS)
        for finds in found
        for reason in finds(situation)
    )


def all_good(situation: Situation) -> Reasons:
    """How well each metric is supported: a threshold that is met is not yet proven."""
    by_state = {
        state: ", ".join(metric.id for metric in situation.metrics if metric.state is state)
        for state in (State.PROVEN, State.MEETS)
    }
    said = []
    if by_state[State.PROVEN]:
        said.append(text("Proven: {metrics}.", metrics=by_state[State.PROVEN]))
    if by_state[State.MEETS]:
        said.append(text("Met, and not proven: {metrics}.", metrics=by_state[State.MEETS]))
    return tuple(said)


def nothing_failing(situation: Situation) -> Reasons:
    open_still = tuple(
        text("Not conclusive yet: {metric}. {reason}", metric=metric.id, reason=metric.reason)
        for metric in situation.metrics
        if metric.state is State.INCONCLUSIVE
    )
    calm = (
        text("Nothing fails that holds the release back, and nothing that is due is unknown.")
        if situation.is_failing
        else text("Nothing is failing, and nothing that is due is unknown.")
    )
    return (calm, *all_good(situation), *open_still)
