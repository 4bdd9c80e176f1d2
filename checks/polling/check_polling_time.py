"""Checks the timing of a wait: its budget, and the interval between two polls."""

from __future__ import annotations

import time
from functools import partial

from atalaya.harness.api import Attempt, CannotTell, Step, promise, require, short

from ..export_helpers import BRISK_S, FOREVER, LONGER, completed, gaps_of, having, pollster, timed_out, waiter
from ..fixture import EXPORT, CheckContext

ALIKE = 1.15  # a jitter of the SDK's own is in both of two mean gaps


@promise("polling.timeout-is-timeout-error")
def check_timeout_is_timeout_error(lab: CheckContext) -> None:
    with lab.trial("CREATED for ever, half a second"):
        lab.service.script(EXPORT, *FOREVER)
        wait = lab.wait(waiter(lab), timeout_sec=0.5)
        require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()} instead of TimeoutError")
        require(wait.elapsed_s >= 0.5 - 1e-3, f"it gave up after {wait.elapsed_s:.3f} s, before its budget was spent")
    for fault in ("close", "reset"):
        with lab.trial(f"the service vanishes long before the budget's end: {fault}"):
            lab.service.script(f"exp-{fault}", "CREATED", Step(fault=fault))
            wait = lab.wait(waiter(lab), f"exp-{fault}", timeout_sec=60.0)
            early = isinstance(wait.error, TimeoutError) and wait.elapsed_s < 60.0
            require(not early, f"a network that failed was reported as a time-out after {wait.elapsed_s:.1f} of 60 s")


@promise("polling.timeout-names-the-export")
def check_timeout_names_the_export(lab: CheckContext) -> None:
    with lab.trial("the text of a time-out"):
        for export_id, state in (("Exp_4711.aB", "PROCESSING"), ("0", "in Arbeit – 50 %"), ("e" * 120, "LISTO_AÑO")):
            lab.service.script(export_id, "CREATED", *[state] * 100, "READY")
            wait = lab.wait(pollster(lab), export_id, timeout_sec=0.4)
            if not isinstance(wait.error, TimeoutError):
                raise CannotTell(f"there is no TimeoutError to read: the wait {wait.said()}")
            text = str(wait.error)
            require(export_id in text, f"the text does not contain {export_id}: {short(text)}")
            require(state.casefold() in text.casefold(), f"the text does not contain {state}: {short(text)}")


@promise("polling.never-faster-than-200-ms")
def check_never_faster(lab: CheckContext) -> None:
    exports = pollster(lab)
    for interval in (0.0, 0.05, 0.19, -1.0):
        with lab.trial(f"interval {interval:g}"):
            export_id = f"fast{interval}"
            lab.service.script(export_id, *FOREVER)
            lab.wait(exports, export_id, poll_interval_sec=interval, timeout_sec=2.0)
            inner = gaps_of(lab, export_id)[:-1]  # of the last pause, polling.last-pause-is-whole speaks
            require(min(inner) >= BRISK_S - 1e-3, f"two polls lie {min(inner):.3f} s apart")


@promise("polling.interval-is-kept")
def check_interval_is_kept(lab: CheckContext) -> None:
    exports = pollster(lab)
    for interval, budget in ((0.5, 10.0), (2.0, 60.0), (30.0, 200.0)):
        with lab.trial(f"interval {interval:g}, budget {budget:g}"):
            export_id = f"every-{interval}"
            lab.service.script(export_id, *FOREVER)
            lab.wait(exports, export_id, poll_interval_sec=interval, timeout_sec=budget)
            _spaced(gaps_of(lab, export_id), at_least=interval - 1e-2, at_most=interval * LONGER)
    for interval in (0.0, 0.2):
        with lab.trial(f"interval {interval:g}, at its least"):
            export_id = f"every-{interval}"
            lab.service.script(export_id, *FOREVER)
            lab.wait(exports, export_id, poll_interval_sec=interval, timeout_sec=4.0)
            _spaced(gaps_of(lab, export_id), at_least=0.0, at_most=BRISK_S * LONGER)


@promise("polling.last-pause-is-whole")
def check_last_pause_is_whole(lab: CheckContext) -> None:
    exports = pollster(lab)
    for interval, budget in ((5.0, 0.5), (5.0, 7.0), (0.3, 1.0)):
        with lab.trial(f"interval {interval:g}, budget {budget:g}"):
            export_id = f"whole-{budget}"
            lab.service.script(export_id, *FOREVER)
            wait = lab.wait(exports, export_id, poll_interval_sec=interval, timeout_sec=budget)
            require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()}")
            at_s = [lab.at_s(poll) for poll in lab.polls(export_id)]
            require(len(at_s) > 1, f"it made {len(at_s)} polls, and so no pause")
            last = at_s[-1] - at_s[-2]
            require(last >= interval - 1e-2, f"its last pause took {last:.2f} s, and not {interval:g}")


@promise("polling.budget-starts-with-the-wait")
def check_budget_starts_with_the_wait(lab: CheckContext) -> None:
    with lab.trial("CREATED for ever, 3 s in steps of 1 s"):
        lab.service.script(EXPORT, *FOREVER)
        wait = lab.wait(pollster(lab), timeout_sec=3.0, poll_interval_sec=1.0)
        _within_its_budget(wait, 3.0, slack_s=1.0 * LONGER)
    with lab.trial("another state at each poll, 3 s in steps of 1 s"):
        lab.service.script("moving", *(f"STAGE_{number}" for number in range(50)), "READY")
        wait = lab.wait(pollster(lab), "moving", timeout_sec=3.0, poll_interval_sec=1.0)
        _within_its_budget(wait, 3.0, slack_s=1.0 * LONGER)
    with lab.trial("CREATED for ever, an hour in steps of 5 minutes"):
        lab.service.script("long", *FOREVER)
        wait = lab.wait(pollster(lab), "long", timeout_sec=3600.0, poll_interval_sec=300.0)
        _within_its_budget(wait, 3600.0, slack_s=300.0 * LONGER)
        require(
            wait.elapsed_s > 3600.0 - 300.0 * LONGER, f"it ended after {wait.elapsed_s:.0f} s of a budget of an hour"
        )
    with lab.trial("polls that take a second each, for their retries"):
        exports = pollster(lab, retries=1, retry_backoff_seconds=1.0)
        lab.service.script("plain", Step(status=503), "CREATED")
        lab.given(partial(exports.get_export_status, "plain"), "a status at the second attempt")
        lab.service.script("slow", *(Step(status=503), "CREATED") * 50, "READY")
        wait = lab.wait(exports, "slow", timeout_sec=3.0, poll_interval_sec=0.5)
        _within_its_budget(wait, 3.0, slack_s=0.5 * LONGER + 1.0 * LONGER)
    with lab.trial("a first poll that takes ten seconds, for its retry, with a budget of three"):
        exports = pollster(lab, retries=1, retry_backoff_seconds=10.0)
        lab.service.script("spent", *FOREVER)
        lab.wait(exports, "spent", timeout_sec=0.0, poll_interval_sec=1.0)
        if len(lab.polls("spent")) != 1:
            raise CannotTell("even without a budget it does not poll once: see polling.short-budget-polls-once")
        lab.service.script("late", Step(status=503), *FOREVER)
        wait = lab.wait(exports, "late", timeout_sec=3.0, poll_interval_sec=1.0)
        sent = lab.polls("late")
        if len(sent) < 2 or lab.at_s(sent[1]) - wait.started_s < 3.0:
            raise CannotTell(f"its first poll was not answered late, at a second attempt: the wait {wait.said()}")
        require(len(sent) == 2, f"{len(sent) - 2} polls more, and the first was answered after the budget was spent")
    with lab.trial("a telemetry hook that takes five seconds, with a budget of three"):
        exports = pollster(lab)
        lab.sdk.needs("telemetry")
        lab.service.script("told", *FOREVER)
        lab.wait(exports, "told", timeout_sec=3.0, telemetry_hook=lambda event: time.sleep(5.0))
        polls = len(lab.polls("told"))
        require(polls == 1, f"{polls} polls, and the budget was spent when the hook had heard of the first")


@promise("polling.first-poll-is-not-late")
def check_first_poll_is_not_late(lab: CheckContext) -> None:
    exports = pollster(lab)
    for interval, budget in ((5.0, 20.0), (BRISK_S, 0.0)):
        with lab.trial(f"READY at once, every {interval:g} s, {budget:g} s"):
            export_id = f"first-{interval}"
            lab.service.script(export_id, "READY")
            wait = lab.wait(exports, export_id, timeout_sec=budget, poll_interval_sec=interval)
            polls = lab.polls(export_id)
            if not polls:
                raise CannotTell(f"there is no poll to time: the wait {wait.said()}")
            first_s = lab.at_s(polls[0]) - wait.started_s
            require(first_s < BRISK_S / 2, f"the first poll came after {first_s:.1f} s")


@promise("polling.last-poll-is-not-early")
def check_last_poll_is_not_early(lab: CheckContext) -> None:
    exports = pollster(lab)
    for interval, budget in ((0.2, 1.0), (0.3, 1.0), (2.0, 3.0)):
        with lab.trial(f"CREATED for ever, {budget:g} s in steps of {interval:g} s"):
            export_id = f"last-{interval}"
            lab.service.script(export_id, *FOREVER)
            wait = lab.wait(exports, export_id, timeout_sec=budget, poll_interval_sec=interval)
            timed_out(wait, budget)
            last_s = lab.at_s(lab.polls(export_id)[-1]) - wait.started_s
            require(
                last_s >= budget - 1e-3,
                f"the last poll came at {last_s:.3f} s, and the wait ended at {wait.elapsed_s:.3f} s "
                f"of a budget of {budget:g} without another look",
            )


@promise("polling.deadline-is-the-end")
def check_deadline_is_the_end(lab: CheckContext) -> None:
    exports = pollster(lab)
    for interval, budget in ((0.5, 1.0), (0.25, 2.0), (2.0, 30.0)):
        with lab.trial(f"CREATED for ever, {budget:g} s in steps of {interval:g} s"):
            export_id = f"end-{interval}"
            lab.service.script(export_id, *FOREVER)
            with lab.clock.exact():
                wait = lab.wait(exports, export_id, timeout_sec=budget, poll_interval_sec=interval)
            timed_out(wait, budget)
            polls, most = len(lab.polls(export_id)), round(budget / interval) + 1
            require(polls <= most, f"{polls} polls instead of {most}: the one at the deadline was not the last")


@promise("polling.short-budget-polls-once")
def check_short_budget(lab: CheckContext) -> None:
    exports = pollster(lab)
    for budget in (0.0, -5.0):
        with lab.trial(f"budget {budget:g}, CREATED"):
            lab.service.script(f"created{budget}", *FOREVER)
            wait = lab.wait(exports, f"created{budget}", timeout_sec=budget)
            polls = len(lab.polls(f"created{budget}"))
            require(polls == 1, f"{polls} polls instead of 1: the wait {wait.said()}")
            require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()}, and the export is CREATED")
            told = str(wait.error)
            require(f"created{budget}" in told and "CREATED" in told, f"the error says {short(told)}")
        with lab.trial(f"budget {budget:g}, READY"):
            lab.service.script("patient", "READY")
            lab.given(partial(exports.wait_for_export_ready, "patient", timeout_sec=1.0), "a wait with a budget")
            lab.service.script(f"ready{budget}", "READY")
            completed(lab.wait(exports, f"ready{budget}", timeout_sec=budget))


@promise("polling.defaults")
def check_defaults(lab: CheckContext) -> None:
    exports = pollster(lab)
    lab.service.script("told", *FOREVER)
    told = lab.wait(exports, "told", timeout_sec=30.0, poll_interval_sec=2.0)
    told_gap = _mean_gap(lab, "told")
    for method in having(lab, "wait_for_export_ready", "wait_until_ready"):
        with lab.trial(f"{method} with nothing but an id"):
            lab.service.script(method, *FOREVER)
            wait = lab.attempt(partial(getattr(exports, method), method))
            require(
                abs(wait.elapsed_s - told.elapsed_s) <= 2.0 * LONGER + 0.1,
                f"it took {wait.elapsed_s:.1f} s, and a wait with a budget of 30 s {told.elapsed_s:.1f} s",
            )
            polls = len(lab.polls(method))
            require(polls > 2, f"it polled {polls} times in {wait.elapsed_s:.1f} s")
            gap = _mean_gap(lab, method)
            require(
                told_gap / ALIKE <= gap <= told_gap * ALIKE,
                f"its polls lie {gap:.2f} s apart, and those of a wait with an interval of 2 s {told_gap:.2f} s",
            )


# ── what the checks share ────────────────────────────────────────────────────


def _spaced(gaps: list[float], *, at_least: float, at_most: float) -> None:
    inner = gaps[:-1]  # of the last pause, polling.last-pause-is-whole speaks
    require(min(inner) >= at_least, f"two polls lie {min(inner):.3f} s apart")
    require(max(gaps) <= at_most + 0.05, f"two polls lie {max(gaps):.3f} s apart")


def _within_its_budget(wait: Attempt, budget_s: float, *, slack_s: float) -> None:
    if wait.error is not None and not isinstance(wait.error, TimeoutError):
        raise CannotTell(f"it did not run out of time: the wait {wait.said()}")
    require(wait.error is not None, f"after {wait.elapsed_s:.1f} s of a budget of {budget_s:g} the wait {wait.said()}")
    require(
        wait.elapsed_s <= budget_s + slack_s + 0.1, f"it ended after {wait.elapsed_s:.1f} s of a budget of {budget_s:g}"
    )


def _mean_gap(lab: CheckContext, export_id: str) -> float:
    gaps = gaps_of(lab, export_id)[:-1]
    return sum(gaps) / len(gaps)
