"""How did the watch itself go: where it looked, what it said at each checkpoint, by which thresholds, at which pace?"""

from __future__ import annotations

from checks.includes import myst, rules
from checks.includes.voice import Voice
from checks.records import N_, Environment, InForce, Judgement, Look, PaceSign, Tried

# What each environment can show, and what it cannot.
MEANS: dict[Environment, str] = {
    Environment.LOOPBACK: N_("Atalaya's own service on this machine: it decides"),
    Environment.CI: N_("the SDK's own CI: it decides"),
    Environment.SERVICE: N_("a real service: shown beside, and decides nothing"),
    Environment.REHEARSAL: N_("a rehearsal: it decides in rehearsals only"),
}


def environments(judgement: Judgement, voice: Voice) -> str:
    """What was tried in each environment, apart; and in words what no run against a real service has shown."""
    found = {one.environment: one for one in judgement.environments}
    wanted = (
        (Environment.REHEARSAL,)
        if judgement.release.rehearsal
        else (Environment.LOOPBACK, Environment.CI, Environment.SERVICE)
    )
    header = [
        voice(N_("Environment")),
        voice(N_("Decided jobs")),
        voice(N_("of them lost")),
        voice(N_("Requests")),
        voice(N_("Network errors")),
        voice(N_("Waits")),
        voice(N_("Polling timeouts")),
        voice(N_("Waits beside a cached status")),
        voice(N_("Stale reads")),
    ]
    rows = [_tried(found.get(each, Tried(environment=each)), voice) for each in wanted]
    return myst.paragraphs(
        myst.table(voice(N_("What was tried in each environment")), header, rows, classes="cards environments"),
        _of_a_real_service(found.get(Environment.SERVICE), judgement.release.rehearsal, voice),
    )


def _tried(tried: Tried, voice: Voice) -> list[str]:
    counts = (
        tried.decided,
        tried.lost,
        tried.requests,
        tried.network_errors,
        tried.waits,
        tried.polling_timeouts,
        tried.stale_trials,
        tried.stale_reads,
    )
    name = myst.span(voice.literal(tried.environment.value), "row-name")
    return [myst.paragraphs(name, voice(MEANS[tried.environment])), *(voice.number(count) for count in counts)]


def _of_a_real_service(tried: Tried | None, rehearsal: bool, voice: Voice) -> str:
    if rehearsal:
        return voice(N_("Nothing here was run against a real service, nor against a real CI."))
    if tried is None or not tried.decided:
        return voice(
            N_(
                "No run against a real service was made: how the release does there is not known, whatever the "
                "figures of loopback and CI say. `nox -s smoke -- --base-url URL --release VERSION` makes one."
            )
        )
    return voice(
        N_(
            "Runs against a real service: {n}. What a real service cached cannot be seen from outside, so it has no "
            "trials of stale reads."
        ),
        n=tried.decided,
    )


def looks(judgement: Judgement, voice: Voice) -> str:
    """The verdict as it was at each checkpoint that has passed, from what had been written down by then."""
    if not judgement.looks:
        return voice(N_("No checkpoint with a verdict of its own has passed yet."))
    header = [voice(N_("Checkpoint")), voice(N_("Verdict then")), voice(N_("Because")), voice(N_("Came late"))]
    rows = [
        [
            f"T+{look.hours}",
            myst.paragraphs(voice.badge(look.verdict.word), rules.link(look.verdict.rule, voice)),
            voice.list(look.verdict.because),
            _late(look, voice),
        ]
        for look in judgement.looks
    ]
    return myst.table(voice(N_("What was known at each checkpoint")), header, rows, classes="cards looks")


def _late(look: Look, voice: Voice) -> str:
    if not look.late:
        return voice(N_("nothing"))
    return voice(
        N_("{n} records tell of before it and were written down after it: this verdict does not know them."),
        n=look.late,
    )


def in_force(judgement: Judgement, voice: Voice) -> str:
    """The settings that the verdict rests on, and every change of them since T+0."""
    if not judgement.changes:
        return voice(N_("It was not recorded by which thresholds this watch began; those of watch.toml now are used."))
    first, *since = judgement.changes
    began = myst.dropdown(
        voice(N_("The settings at the beginning, in force from {at}"), at=first.occurred_at), myst.block(first.settings)
    )
    if not since:
        return myst.paragraphs(voice(N_("No setting has been changed since T+0.")), began)
    header = [voice(N_("From")), voice(N_("Changed")), voice(N_("By")), voice(N_("Why"))]
    rows = [_change(before, after, voice) for before, after in zip(judgement.changes, since, strict=False)]
    caption = voice(N_("Settings that were changed after T+0: {n} changes"), n=len(since))
    return myst.paragraphs(myst.table(caption, header, rows, classes="cards settings"), began)


def _change(before: InForce, after: InForce, voice: Voice) -> list[str]:
    changed = [line for line in after.settings if line not in before.settings]
    return [
        voice.at(after.occurred_at),
        myst.paragraphs(*(voice.literal(line) for line in changed)) or "–",
        voice.plain(after.by),
        voice.plain(after.why),
    ]


def pace(judgement: Judgement, voice: Voice) -> str:
    """How much of the budget of errors is spent, and whether it burns: an early sign, which decides nothing."""
    spent = judgement.pace
    if spent is None or spent.used is None:
        return voice(N_("No request was counted, or every one must succeed: the pace of the budget is not known."))
    header = [
        voice(N_("The last hours")),
        voice(N_("and of those the last")),
        voice(N_("Burn rate")),
        voice(N_("Alarm above")),
        voice(N_("Burning")),
    ]
    rows = [_sign(sign, voice) for sign in spent.signs]
    return myst.paragraphs(
        voice(
            N_(
                "{bad} of {total} requests went wrong. With an objective of {slo:.2%}, that is {used:.1%} of the whole "
                "window's budget. It is an early sign and decides nothing: it is looked at each hour."
            ),
            bad=spent.bad,
            total=spent.total,
            slo=spent.slo,
            used=spent.used,
        ),
        myst.table(voice(N_("At which pace the budget is spent")), header, rows, classes="cards pace"),
    )


def _sign(sign: PaceSign, voice: Voice) -> list[str]:
    rates = (
        voice.number(rate, ".2f") if rate is not None else voice(N_("not known"))
        for rate in (sign.long_rate, sign.short_rate)
    )
    return [
        voice.number(sign.long_h, "g"),
        voice.number(sign.short_h, ".3g"),
        " / ".join(rates),
        voice.number(sign.limit, "g"),
        voice.badge(sign.burns),
    ]
