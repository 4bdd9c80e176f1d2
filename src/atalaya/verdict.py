"""Applies the table of verdict rules to a release, and names the rule that decided.

:data:`RULES` is the whole of the verdict: :func:`judge` applies it in order, and the first rule that applies
gives the word. Nothing here reads a clock: the instant is given.

Before the end of the window a rule may act at once only if it is absolute: a count above its limit, a broken
promise, an incident. A state that rests on an interval or on a test acts at the checkpoints, as it was then;
between them it is only waited for, since looking each hour would raise an alarm in one healthy watch of eight.

A duty that a person signs blocks nothing: at the end, those that are not signed are listed as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from atalaya.core.settings import Settings
from atalaya.core.window import EXTENSION_H, LONGEST_H, MOST_EXTENSIONS, due_at, ends_at
from atalaya.core.words import N_, Record, StrictEnum, Text, text
from atalaya.metrics.definitions import METRICS
from atalaya.records.judged import (
    Acts,
    BrokenTest,
    Checkpoint,
    CiCell,
    Compared,
    Coverage,
    Duty,
    DutyState,
    Fired,
    Incident,
    Metric,
    State,
    Verdict,
)
from atalaya.records.stored import Release, Severity, VerdictStatus

OVER = ("resolved",)  # states of an incident that is no longer open: what is carried over hurts still


class When(StrictEnum):
    """The part of the watch in which a rule may apply."""

    BEFORE = "before the end"
    END = "at the end"


class Situation(Record, frozen=True, kw_only=True):
    """All that the rules look at.

    ``metrics_at`` holds the metrics as they were at each checkpoint that has passed, by its hours.
    ``disputed`` say why the last record of an incident does not count as it was written. ``integrity_problems`` say
    what of the evidence or the settings is not what it was recorded to be.
    ``broken_critical`` are the ids of the critical promises whose latest outcome is broken.
    """

    release: Release
    as_of: datetime
    settings: Settings
    metrics: tuple[Metric, ...]
    metrics_at: dict[int, tuple[Metric, ...]] = msgspec.field(default_factory=dict)
    checkpoints: tuple[Checkpoint, ...] = ()
    coverage: Coverage | None = None
    cells: tuple[CiCell, ...] = ()
    broken_tests: tuple[BrokenTest, ...] = ()
    incidents: tuple[Incident, ...] = ()
    disputed: tuple[Text, ...] = ()
    integrity_problems: tuple[Text, ...] = ()
    broken_critical: tuple[str, ...] = ()
    defects_seeded: int = 0
    defects_caught: int = 0

    @property
    def ends_at(self) -> datetime:
        """The end of the window."""
        return ends_at(self.release)

    @property
    def when(self) -> When:
        """The part of the watch that the instant lies in."""
        return When.END if self.as_of >= self.ends_at else When.BEFORE

    @property
    def can_extend(self) -> bool:
        """Whether the window may still be made longer."""
        return self.release.window_h < LONGEST_H

    @property
    def last_look_h(self) -> int | None:
        """The last checkpoint that has passed and that the metrics are known of."""
        return max((hours for hours in self.metrics_at if due_at(self.release, hours) <= self.as_of), default=None)

    @property
    def next_look(self) -> datetime:
        """The next instant at which the metrics are looked at: a checkpoint, or the end."""
        due = (point.due_at for point in self.checkpoints if self.as_of < point.due_at < self.ends_at)
        return min(due, default=self.ends_at)


class Rule(NamedTuple):
    """One line of the table: where ``applies`` gives reasons, the rule does."""

    id: str
    word: VerdictStatus
    when: When
    says: str
    applies: Callable[[Situation], tuple[Text, ...]]


def judge(situation: Situation) -> Verdict:
    """The verdict, and every rule that led to it.

    The last rule for each part of the watch holds where no other does, so it never stands beside another.
    """
    candidates = [rule for rule in RULES if rule.when is situation.when]
    fired = [
        Fired(rule=rule.id, word=rule.word, because=because)
        for rule in candidates[:-1]
        if (because := rule.applies(situation))
    ]
    if not fired:
        otherwise = candidates[-1]
        fired = [Fired(rule=otherwise.id, word=otherwise.word, because=otherwise.applies(situation))]
    decisive = fired[0]
    return Verdict(
        word=decisive.word,
        rule=decisive.rule,
        because=decisive.because,
        as_of=situation.as_of,
        valid_until=_valid_until(situation),
        window=_window(situation, decisive.word),
        fired=tuple(fired),
        unknowns=tuple(_unknowns(situation)),
        next_steps=_next_steps(situation, decisive.word),
        would_change=tuple(_would_change(situation)),
    )


def _would_change(situation: Situation) -> Iterator[Text]:
    """What would give a metric a better state, where that can be said in numbers."""
    for metric in situation.metrics:
        if metric.settles is not None:
            yield text("{metric}, {state}: {settles}", metric=metric.id, state=metric.state, settles=metric.settles)


def _valid_until(situation: Situation) -> datetime:
    """As long as the settings say; before the end, no longer than to the next checkpoint."""
    until = situation.as_of + timedelta(hours=situation.settings.watch.valid_h)
    return min(until, situation.next_look) if situation.when is When.BEFORE else until


def _window(situation: Situation, word: VerdictStatus) -> str:
    if situation.when is When.BEFORE:
        return "open"
    goes_on = word in (VerdictStatus.NO_GO, VerdictStatus.EXTEND) and situation.can_extend
    return "extended" if goes_on else "ended"


# ── what the rules look for ──────────────────────────────────────────────────


def _integrity(situation: Situation) -> tuple[Text, ...]:
    return situation.integrity_problems


def _defects_survived(situation: Situation) -> tuple[Text, ...]:
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


def _no_self_test(situation: Situation) -> tuple[Text, ...]:
    if situation.defects_seeded > 0:
        return ()
    return (text("No defect has been seeded in this watch, so it is not known whether the checks can see one."),)


def _critical_incidents(situation: Situation) -> tuple[Text, ...]:
    return _open_incidents(situation, Severity.CRITICAL)


def _open_incidents(situation: Situation, severity: Severity) -> tuple[Text, ...]:
    return tuple(
        text("The incident {id} is open. Its severity: {severity}.", id=incident.id, severity=incident.severity)
        for incident in situation.incidents
        if incident.severity is severity and incident.state.lower() not in OVER and incident.at <= situation.as_of
    )


def _critical_promises(situation: Situation) -> tuple[Text, ...]:
    return tuple(text("The critical promise {id} is broken.", id=id) for id in situation.broken_critical)


def _failing(metrics: Iterable[Metric], *, critical: bool) -> tuple[Text, ...]:
    return tuple(
        text("{metric}: {reason}", metric=metric.id, reason=metric.reason)
        for metric in metrics
        if metric.state is State.FAIL and metric.critical is critical
    )


def _critical_metrics(situation: Situation) -> tuple[Text, ...]:
    return _failing(situation.metrics, critical=True)


def _critical_metrics_now(situation: Situation) -> tuple[Text, ...]:
    return _failing_now(situation, critical=True)


def _failing_now(situation: Situation, *, critical: bool) -> tuple[Text, ...]:
    """Counts above their limit now, and what had failed at the last checkpoint."""
    now = _failing(filter(_acts_at_once, situation.metrics), critical=critical)
    hours = situation.last_look_h
    if hours is None:
        return now
    then = _failing((metric for metric in situation.metrics_at[hours] if not _acts_at_once(metric)), critical=critical)
    return now + tuple(text("At T+{hours}: {finding}", hours=hours, finding=found) for found in then)


def _acts_at_once(metric: Metric) -> bool:
    return metric.acts is Acts.AT_ONCE


def _between_checkpoints(situation: Situation) -> tuple[Text, ...]:
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


def _in_state(situation: Situation, state: State) -> tuple[Text, ...]:
    return tuple(
        text("{metric}: {reason}", metric=metric.id, reason=metric.reason)
        for metric in situation.metrics
        if metric.state is state
    )


def _unknown_metrics(situation: Situation) -> tuple[Text, ...]:
    measured = {metric.id for metric in situation.metrics}
    absent = tuple(text("{metric}: it was not measured.", metric=id) for id in METRICS if id not in measured)
    return _in_state(situation, State.UNKNOWN) + absent


def _inconclusive_metrics(situation: Situation) -> tuple[Text, ...]:
    return _in_state(situation, State.INCONCLUSIVE)


def _duties(situation: Situation, state: DutyState) -> Iterator[tuple[Checkpoint, Duty]]:
    for point in situation.checkpoints:
        if point.due_at <= situation.as_of:
            yield from ((point, duty) for duty in point.duties if duty.state is state)


def _said(situation: Situation, state: DutyState) -> tuple[Text, ...]:
    return tuple(
        text("T+{hours}, {duty}: {evidence}", hours=point.hours, duty=duty.says, evidence=duty.evidence)
        for point, duty in _duties(situation, state)
    )


def _missing_duties(situation: Situation) -> tuple[Text, ...]:
    return _said(situation, DutyState.MISSING)


def _slept(situation: Situation) -> tuple[Text, ...]:
    """The stretches in which nobody looked. Not at T+0, when nothing could have been seen yet."""
    watched = situation.coverage
    if watched is None or watched.enough:
        return ()
    said = []
    if watched.share < watched.least:
        said.append(
            text(
                "Something was observed in {seen} of {slots} slots of {every:g} h ({share:.1%}); "
                "it must be in {least:.0%}.",
                seen=watched.seen,
                slots=watched.slots,
                every=watched.every_h,
                share=watched.share,
                least=watched.least,
            )
        )
    if watched.gaps:
        said.append(
            text(
                "Nothing was observed for {hours:.1f} h, from {begins} to {ends}; at most {most:g} h may pass.",
                hours=watched.largest.hours,
                begins=watched.largest.begins,
                ends=watched.largest.ends,
                most=watched.most_gap_h,
            )
        )
    return tuple(said)


def _regressed(metrics: Iterable[Metric]) -> tuple[Text, ...]:
    """What is worse than in the last accepted release."""
    return tuple(
        text("{metric}: {against}", metric=metric.id, against=metric.against)
        for metric in metrics
        if metric.compared is Compared.REGRESSED
    )


def _disputed(situation: Situation) -> tuple[Text, ...]:
    return situation.disputed


def _would_extend(situation: Situation) -> tuple[Text, ...]:
    return (
        _failing(situation.metrics, critical=False)
        + _regressed(situation.metrics)
        + _open_incidents(situation, Severity.MAJOR)
        + _said(situation, DutyState.FAILED)
    )


def _would_extend_now(situation: Situation) -> tuple[Text, ...]:
    return (
        _failing_now(situation, critical=False)
        + _regressed(situation.metrics_at.get(situation.last_look_h or 0, ()))
        + _open_incidents(situation, Severity.MAJOR)
        + _said(situation, DutyState.FAILED)
    )


def _not_extended_for_ever(situation: Situation) -> tuple[Text, ...]:
    if situation.can_extend:
        return ()
    return tuple(
        text("{reason} The window was extended {n} times already.", reason=reason, n=MOST_EXTENSIONS)
        for reason in _would_extend(situation)
    )


def _all_good(situation: Situation) -> tuple[Text, ...]:
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


def _nothing_failing(situation: Situation) -> tuple[Text, ...]:
    open_still = tuple(
        text("Not conclusive yet: {metric}. {reason}", metric=metric.id, reason=metric.reason)
        for metric in situation.metrics
        if metric.state is State.INCONCLUSIVE
    )
    return (text("Nothing is failing, and nothing that is due is unknown."), *_all_good(situation), *open_still)


# In order: the first that applies decides. The last of each part of the watch holds where no other does.
RULES: tuple[Rule, ...] = (
    # ── at the end ──
    Rule(
        "evidence-changed",
        VerdictStatus.INVALID,
        When.END,
        N_("The evidence or the settings are not what was recorded."),
        _integrity,
    ),
    Rule(
        "defect-survived",
        VerdictStatus.INVALID,
        When.END,
        N_("A seeded defect was caught by no check, so a green check proves nothing."),
        _defects_survived,
    ),
    Rule("critical-incident", VerdictStatus.NO_GO, When.END, N_("A critical incident is open."), _critical_incidents),
    Rule("critical-promise", VerdictStatus.NO_GO, When.END, N_("A critical promise is broken."), _critical_promises),
    Rule(
        "critical-metric",
        VerdictStatus.NO_GO,
        When.END,
        N_("A critical metric fails its threshold."),
        _critical_metrics,
    ),
    Rule(
        "metric-unknown",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("A metric is unknown: silence is not success."),
        _unknown_metrics,
    ),
    Rule(
        "watch-slept",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("The watch slept: for part of the window it is not known what happened."),
        _slept,
    ),
    Rule(
        "duty-missing",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("A duty of a checkpoint has no evidence."),
        _missing_duties,
    ),
    Rule(
        "incident-disputed",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("The last record of an incident does not count as it was written."),
        _disputed,
    ),
    Rule(
        "no-self-test",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("No defect was seeded, so it is not known what the checks can see."),
        _no_self_test,
    ),
    Rule(
        "extended-enough",
        VerdictStatus.NO_GO,
        When.END,
        N_("Something would extend the watch, and it was extended twice already."),
        _not_extended_for_ever,
    ),
    Rule(
        "extend",
        VerdictStatus.EXTEND,
        When.END,
        N_(
            "A metric that is not critical fails, one is worse than in the last accepted release, a major incident is "
            "open, or a duty failed: watch for 24 h more."
        ),
        _would_extend,
    ),
    Rule(
        "metric-inconclusive",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("There is too little evidence to tell whether a metric meets its threshold."),
        _inconclusive_metrics,
    ),
    Rule(
        "all-met",
        VerdictStatus.GO,
        When.END,
        N_("Every metric meets its threshold, and nothing above applies."),
        _all_good,
    ),
    # ── before ──
    Rule(
        "evidence-changed-so-far",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("The evidence or the settings are not what was recorded."),
        _integrity,
    ),
    Rule(
        "defect-survived-so-far",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("A seeded defect was caught by no check, so a green check proves nothing."),
        _defects_survived,
    ),
    Rule(
        "critical-incident-now",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("A critical incident is open."),
        _critical_incidents,
    ),
    Rule(
        "critical-promise-now",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("A critical promise is broken."),
        _critical_promises,
    ),
    Rule(
        "critical-metric-now",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("A critical metric is over its limit, or failed at the last checkpoint."),
        _critical_metrics_now,
    ),
    Rule(
        "would-extend",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("Something fails that would extend the watch at its end."),
        _would_extend_now,
    ),
    Rule(
        "metric-unknown-so-far",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("A metric is unknown: silence is not success."),
        _unknown_metrics,
    ),
    Rule(
        "watch-slept-so-far",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("The watch slept: for part of the window it is not known what happened."),
        _slept,
    ),
    Rule(
        "duty-missing-so-far",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("A duty that is due has no evidence."),
        _missing_duties,
    ),
    Rule(
        "incident-disputed-so-far",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("The last record of an incident does not count as it was written."),
        _disputed,
    ),
    Rule(
        "next-checkpoint-decides",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("A metric fails by its interval or by a test: the next checkpoint judges it."),
        _between_checkpoints,
    ),
    Rule(
        "nothing-failing",
        VerdictStatus.ON_TRACK,
        When.BEFORE,
        N_("Nothing is failing, and nothing that is due is unknown."),
        _nothing_failing,
    ),
)


# ── what is not known, and what to do ────────────────────────────────────────


def _unknowns(situation: Situation) -> Iterator[Text]:
    yield from _unknown_metrics(situation)
    yield from _slept(situation)
    yield from _missing_duties(situation)
    yield from _disputed(situation)
    yield from _no_self_test(situation)
    if situation.when is When.END:
        if all(metric.compared is Compared.NO_BASIS for metric in situation.metrics):
            yield text("How it compares with a release before it: there is none that was accepted.")
        for point, duty in _duties(situation, DutyState.PERSON_SIGNS):
            yield text("T+{hours}, {duty}: nobody has signed it.", hours=point.hours, duty=duty.says)


WATCH = text("Run the watch again: `atalaya watch`.")
COLLECT = text("Take in what CI wrote: `atalaya collect --junit PATH`.")
SCHEDULE = text("Let a schedule run the watch, so that nobody has to think of it.")
SAY_AGAIN = text("Record how such an incident stands: `atalaya release incident ID --state STATE --why TEXT`.")
PROVE = text("Show the checks a seeded defect each: `atalaya prove`.")

# What gives evidence for a duty. What is not here comes from running the watch.
SOURCES: dict[str, tuple[Text, ...]] = {"pipeline-green": (COLLECT,)}


def _next_steps(situation: Situation, word: VerdictStatus) -> tuple[Text, ...]:
    steps = [*_to_mend(situation), *_to_learn(situation)]
    if situation.when is When.END and word is not VerdictStatus.GO and situation.can_extend:
        steps.append(
            text(
                "Watch for another {more} hours: `atalaya release extend --release {version} --why TEXT`.",
                more=EXTENSION_H,
                version=situation.release.version,
            )
        )
    if not steps and situation.when is When.BEFORE:
        steps.append(text("Run the watch again by {at}: `atalaya watch`.", at=_valid_until(situation)))
    once = {(step.template, str(step)): step for step in steps}
    return tuple(once.values())


def _to_mend(situation: Situation) -> Iterator[Text]:
    if situation.disputed:
        yield SAY_AGAIN
    if situation.integrity_problems:
        yield text("See what was changed, and restore it from git: `atalaya evidence verify`.")
        yield text("If a setting was changed on purpose, say so: `atalaya release record --why TEXT`.")
    for id in situation.broken_critical:
        yield text("See the broken promise again: `atalaya check --promise {id}`.", id=id)
    for incident in situation.incidents:
        if incident.state.lower() not in OVER and incident.at <= situation.as_of:
            yield text("Close the incident {id}, or write down how it stands.", id=incident.id)
    if situation.defects_seeded > situation.defects_caught:
        yield text("See which defect survived, and mend its check: `atalaya prove`.")


def _to_learn(situation: Situation) -> Iterator[Text]:
    measured = {metric.id: metric.state for metric in situation.metrics}
    unsure = (State.UNKNOWN, State.INCONCLUSIVE)
    for it in METRICS.values():
        if measured.get(it.id, State.UNKNOWN) in unsure:
            # Events are counted where requests are, which CI's reports do not tell of.
            yield from (WATCH,) if it.events else (WATCH, COLLECT)
    for _, duty in _duties(situation, DutyState.MISSING):
        yield from SOURCES.get(duty.id, (WATCH,))
    if _slept(situation):
        yield SCHEDULE
    if situation.defects_seeded == 0:
        yield PROVE
