"""Applies the table of verdict rules to a release, and names the rule that decided.

:data:`RULES` is the whole of the verdict: :func:`judge` applies it in order, and the first rule that applies
gives the word. Nothing here reads a clock: the instant is given.

Before the end of the window a rule may act at once only if it is absolute: a count above its limit, a broken
promise, an incident, a job of CI that is red in its latest runs. A state that rests on an interval or on a test acts
at the checkpoints, as it was then; between them it is only waited for, since looking each hour would raise an alarm
in one healthy watch of eight. One red run is only waited for as well: at 0.97 with five jobs, an alarm for each
would be raised in 26 % of healthy releases, and for three in a row in 0.2 %.

A duty that a person signs blocks nothing: at the end, those that are not signed are listed as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from atalaya.core.window import valid_until
from atalaya.core.words import N_, Text, text
from atalaya.records.judged import Fired, Verdict
from atalaya.records.stored import VerdictStatus
from atalaya.verdict import advice, findings
from atalaya.verdict.situation import Situation, When


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
    decisive, until = fired[0], valid_until(situation.release, situation.as_of, situation.settings.watch.valid_h)
    return Verdict(
        word=decisive.word,
        rule=decisive.rule,
        because=decisive.because,
        as_of=situation.as_of,
        valid_until=until,
        window=_window(situation, decisive.word),
        fired=tuple(fired),
        unknowns=tuple(advice.unknowns(situation)),
        next_steps=advice.next_steps(situation, decisive, until),
        would_change=tuple(_would_change(situation)),
    )


def _would_change(situation: Situation) -> Iterator[Text]:
    """What would give a metric a better state, where that can be said in numbers."""
    for metric in situation.metrics:
        if metric.settles is not None:
            yield text("{metric}, {state}: {settles}", metric=metric.id, state=metric.state, settles=metric.settles)


def _window(situation: Situation, word: VerdictStatus) -> str:
    if situation.when is When.BEFORE:
        return "open"
    goes_on = word in (VerdictStatus.NO_GO, VerdictStatus.EXTEND) and situation.can_extend
    return "extended" if goes_on else "ended"


# In order: the first that applies decides. The last of each part of the watch holds where no other does.
RULES: tuple[Rule, ...] = (
    # ── at the end ──
    Rule(
        "evidence-changed",
        VerdictStatus.INVALID,
        When.END,
        N_("The evidence or the settings are not what was recorded."),
        findings.integrity,
    ),
    Rule(
        "defect-survived",
        VerdictStatus.INVALID,
        When.END,
        N_("A seeded defect was caught by no check, so a green check proves nothing."),
        findings.defects_survived,
    ),
    Rule(
        "critical-incident",
        VerdictStatus.NO_GO,
        When.END,
        N_("A critical incident is open."),
        findings.critical_incidents,
    ),
    Rule(
        "critical-promise",
        VerdictStatus.NO_GO,
        When.END,
        N_("A critical promise is broken."),
        findings.critical_promises,
    ),
    Rule(
        "critical-metric",
        VerdictStatus.NO_GO,
        When.END,
        N_("A critical metric fails its threshold."),
        findings.critical_metrics,
    ),
    Rule(
        "metric-unknown",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("A metric is unknown: silence is not success."),
        findings.unknown_metrics,
    ),
    Rule(
        "watch-slept",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("The watch slept: for part of the window it is not known what happened."),
        findings.slept,
    ),
    Rule(
        "ci-too-old",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("A job of CI has not run lately, so it is not known how it is now."),
        findings.too_old,
    ),
    Rule(
        "duty-missing",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("A duty of a checkpoint has no evidence, or the proof of its fix is missing."),
        findings.missing_duties,
    ),
    Rule(
        "incident-disputed",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("The last record of an incident does not count as it was written."),
        findings.disputed,
    ),
    Rule(
        "fix-unproven",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("The fix of an incident has landed, and has yet to be shown, or to be called resolved."),
        findings.unproven_fixes,
    ),
    Rule(
        "no-self-test",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("The checks have had no self-test, so it is not known what they can see."),
        findings.no_self_test,
    ),
    Rule(
        "extended-enough",
        VerdictStatus.NO_GO,
        When.END,
        N_("Something would extend the watch, and it was extended twice already."),
        findings.not_extended_for_ever,
    ),
    Rule(
        "variant-broken",
        VerdictStatus.EXTEND,
        When.END,
        N_("A job of CI failed in its last three runs, for one variant: it is broken, whatever the rate of all."),
        findings.broken_variants,
    ),
    Rule(
        "test-broken",
        VerdictStatus.EXTEND,
        When.END,
        N_("A test failed at its last three attempts, over two runs or more: it is broken, and not flaky."),
        findings.broken_tests,
    ),
    Rule(
        "ci-red-now",
        VerdictStatus.EXTEND,
        When.END,
        N_("A job of CI failed in its latest run: watch on until a later run, or a re-run, is green."),
        findings.red_now,
    ),
    Rule(
        "extend",
        VerdictStatus.EXTEND,
        When.END,
        N_(
            "A metric that is not critical fails, one is worse than in the last accepted release, a variant fails more "
            "than the others, a major incident is open, or a duty failed: watch for 24 h more."
        ),
        findings.would_extend,
    ),
    Rule(
        "metric-inconclusive",
        VerdictStatus.INCONCLUSIVE,
        When.END,
        N_("There is too little evidence to tell whether a metric meets its threshold."),
        findings.inconclusive_metrics,
    ),
    Rule(
        "all-met",
        VerdictStatus.GO,
        When.END,
        N_("Every metric meets its threshold, and nothing above applies."),
        findings.all_good,
    ),
    # ── before ──
    Rule(
        "evidence-changed-so-far",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("The evidence or the settings are not what was recorded."),
        findings.integrity,
    ),
    Rule(
        "defect-survived-so-far",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("A seeded defect was caught by no check, so a green check proves nothing."),
        findings.defects_survived,
    ),
    Rule(
        "critical-incident-now",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("A critical incident is open."),
        findings.critical_incidents,
    ),
    Rule(
        "critical-promise-now",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("A critical promise is broken."),
        findings.critical_promises,
    ),
    Rule(
        "critical-metric-now",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("A critical metric is over its limit, or failed at the last checkpoint."),
        findings.critical_metrics_now,
    ),
    Rule(
        "variant-broken-now",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("A job of CI failed in its last three runs, for one variant: it is broken, whatever the rate of all."),
        findings.broken_variants,
    ),
    Rule(
        "test-broken-now",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("A test failed at its last three attempts, over two runs or more: it is broken, and not flaky."),
        findings.broken_tests,
    ),
    Rule(
        "would-extend",
        VerdictStatus.OFF_TRACK,
        When.BEFORE,
        N_("Something fails that would extend the watch at its end."),
        findings.would_extend_now,
    ),
    Rule(
        "ci-red-so-far",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("A job of CI failed in its latest run: it waits for a later run, or a re-run, that is green."),
        findings.red_now,
    ),
    Rule(
        "metric-unknown-so-far",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("A metric is unknown: silence is not success."),
        findings.unknown_metrics,
    ),
    Rule(
        "watch-slept-so-far",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("The watch slept: for part of the window it is not known what happened."),
        findings.slept,
    ),
    Rule(
        "ci-too-old-so-far",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("A job of CI has not run lately, so it is not known how it is now."),
        findings.too_old,
    ),
    Rule(
        "duty-missing-so-far",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("A duty that is due has no evidence, or the proof of its fix is missing."),
        findings.missing_duties,
    ),
    Rule(
        "incident-disputed-so-far",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("The last record of an incident does not count as it was written."),
        findings.disputed,
    ),
    Rule(
        "fix-unproven-so-far",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("The fix of an incident has landed, and has yet to be shown, or to be called resolved."),
        findings.unproven_fixes,
    ),
    Rule(
        "next-checkpoint-decides",
        VerdictStatus.WAITING,
        When.BEFORE,
        N_("A metric fails by its interval or by a test: the next checkpoint judges it."),
        findings.between_checkpoints,
    ),
    Rule(
        "nothing-failing",
        VerdictStatus.ON_TRACK,
        When.BEFORE,
        N_("Nothing is failing, and nothing that is due is unknown."),
        findings.nothing_failing,
    ),
)
