"""Does a wait see the export as it is, end as it should, and leave the client as it found it?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

from checks.contracts.judging import CannotTell, NotApplicable, describe, require
from checks.contracts.lab import EXPORT, Attempt, Lab, Step, outcome_of, short, stamp_of, words
from checks.contracts.plugin import promise

OTHER = "/aris3/reports/overview"

# Far longer than any budget here: a wait that never gives up returns in the end, and is found out.
FOREVER = ("CREATED",) * 100 + ("READY",)


@promise("polling.created-to-ready")
def check_created_to_ready(lab: Lab) -> None:
    with lab.trial("CREATED, CREATED, READY"):
        lab.service.script(EXPORT, "CREATED", "CREATED", "READY")
        _completed(lab.wait(lab.exports(), timeout_sec=30.0))


@promise("polling.timeout-is-timeout-error")
def check_timeout_is_timeout_error(lab: Lab) -> None:
    with lab.trial("CREATED for ever, half a second"):
        lab.service.script(EXPORT, *FOREVER)
        wait = lab.wait(lab.exports(), timeout_sec=0.5)
        require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()} instead of TimeoutError")
        require(
            wait.elapsed_s >= 0.5 - 1e-3,
            f"it gave up after {wait.elapsed_s:.3f} s, before its budget was spent",
        )
    with lab.trial("the service vanishes long before the budget's end"):
        lab.service.script("exp-2", "CREATED", Step(fault="close"))
        wait = lab.wait(lab.exports(), "exp-2", timeout_sec=60.0)
        early = isinstance(wait.error, TimeoutError) and wait.elapsed_s < 60.0
        require(
            not early, f"a network that failed was reported as a time-out after {wait.elapsed_s:.1f} of 60 s"
        )


@promise("polling.fresh-status")
def check_fresh_status(lab: Lab) -> None:
    for label, fields in _clients(lab).items():
        with lab.trial(f"CREATED for ever, {label}"):
            lab.service.script(EXPORT, *FOREVER)
            before = len(lab.polls())
            wait = lab.wait(lab.exports(lab.http(**fields)), timeout_sec=1.0)
            expected = 1 + int(wait.elapsed_s / 0.2 + 1e-3)
            polls = len(lab.polls()) - before
            # Half is far above one cached answer, and far below what any honest spacing gives.
            require(
                polls * 2 > expected,
                f"{polls} polls on the wire in {wait.elapsed_s:.1f} s instead of {expected}",
            )
        with lab.trial(f"a status cached just before the wait, {label}"):
            export_id = f"cached-{label.split()[0]}"
            lab.service.script(export_id, "CREATED", "READY")
            exports = lab.exports(lab.http(**fields))
            old = stamp_of(lab.given(partial(exports.get_export_status, export_id), "a status"))
            wait = lab.wait(exports, export_id)
            polls_now = [seen for seen in lab.polls(export_id) if lab.at_s(seen) >= wait.started_s]
            require(bool(polls_now), "no poll reached the service: the wait was served from the cache")
            first_s = lab.at_s(polls_now[0]) - wait.started_s
            require(first_s < 0.1, f"the first poll reached the service only after {first_s:.1f} s")
            if wait.error is None:
                read = stamp_of(wait.value.status)
                require(read != old, f"the wait ended with the cached status, stamp {old}")
                require(
                    read in [seen.stamp for seen in polls_now], f"stamp {read} was not served during the wait"
                )


@promise("polling.leaves-cache-flag-alone")
def check_leaves_cache_flag_alone(lab: Lab) -> None:
    lab.sdk.needs("cache")
    lives: dict[str, tuple[str | Step, ...]] = {
        "success": ("CREATED", "READY"),
        "time-out": FOREVER,
        "error": ("CREATED", Step(fault="close")),
    }
    for value in (True, False):
        for label, life in lives.items():
            with lab.trial(f"{label}, switch {'on' if value else 'off'}"):
                flag = _Flag(lab, value)
                export_id = f"flag-{label}-{value}"
                lab.service.script(export_id, *life)
                flag.during(partial(lab.wait, lab.exports(flag.http), export_id, timeout_sec=0.6))
        with lab.trial(f"two waits at once, switch {'on' if value else 'off'}"):
            flag = _Flag(lab, value)
            lab.service.script(f"soon-{value}", "CREATED", "READY")
            lab.service.script(f"late-{value}", "CREATED", "CREATED", "CREATED", "READY")
            exports = lab.exports(flag.http)
            waits = [_waiting(exports, f"{which}-{value}") for which in ("soon", "late")]
            flag.during(partial(lab.together, *waits))


@promise("polling.leaves-cache-entries-alone")
def check_leaves_cache_entries_alone(lab: Lab) -> None:
    lab.sdk.needs("cache")
    lab.sdk.needs("cache-ttl")
    http = lab.http(cache_ttl_seconds=600.0)
    lab.need_hits(http)
    exports = lab.exports(http)
    with lab.trial("a status cached before the wait"):
        lab.service.script(EXPORT, "CREATED", "CREATED", "READY")
        before = stamp_of(lab.given(lambda: exports.get_export_status(EXPORT), "a status"))
        lab.given(_waiting(exports, EXPORT), "the wait")
        after = stamp_of(lab.given(lambda: exports.get_export_status(EXPORT), "a status"))
        require(after == before, "the wait removed or replaced the cached status")
    with lab.trial("none cached before the wait"):
        lab.service.script("exp-2", "CREATED", "READY")
        lab.given(_waiting(exports, "exp-2"), "the wait")
        sent = len(lab.polls("exp-2"))
        lab.given(lambda: exports.get_export_status("exp-2"), "a status")
        require(len(lab.polls("exp-2")) == sent + 1, "a poll left its answer in the cache")
    with lab.trial("other GETs meanwhile"):
        lab.service.script("exp-3", "CREATED", "CREATED", "READY")
        _between_polls(lab, exports, "exp-3", lambda: http.request("GET", OTHER))
        require(len(lab.log(OTHER)) == 1, f"{len(lab.log(OTHER))} requests on the wire for one cached GET")


@promise("polling.overlapping-waits")
def check_overlapping_waits(lab: Lab) -> None:
    exports = lab.exports(lab.http())
    with lab.trial("one export READY soon, one later"):
        lab.service.script("soon", "CREATED", "READY")
        lab.service.script("late", *["CREATED"] * 8, "READY")
        waits = lab.together(_waiting(exports, "soon"), _waiting(exports, "late"))
        for export_id, wait in zip(("soon", "late"), waits, strict=True):
            _completed(wait)
            last = lab.polls(export_id)[-1].stamp
            read = stamp_of(wait.value.status)
            require(
                read == last, f"{export_id}: the wait read stamp {read}, and the service's last was {last}"
            )
        require(len(lab.polls("late")) == 9, f"late: {len(lab.polls('late'))} polls on the wire instead of 9")


@promise("polling.terminal-states")
def check_terminal_states(lab: Lab) -> None:
    expected = {
        "READY": "COMPLETED",
        "COMPLETED": "COMPLETED",
        "FAILED": "FAILED",
        "ERROR": "FAILED",
        "EXPIRED": "EXPIRED",
        "NOT_FOUND": "NOT_FOUND",
    }
    for state, outcome in expected.items():
        for text in (state, state.lower()):
            with lab.trial(text):
                lab.service.script(f"end-{text}", "CREATED", text)
                wait = lab.wait(lab.pollster(), f"end-{text}", timeout_sec=2.0)
                require(wait.error is None, f"the wait {wait.said()} instead of returning {outcome}")
                require(outcome_of(wait) == outcome, f"the outcome is {outcome_of(wait)}, not {outcome}")


@promise("polling.unknown-states-keep-waiting")
def check_unknown_states(lab: Lab) -> None:
    with lab.trial("QUEUED_AGAIN twice, then READY"):
        lab.service.script(EXPORT, "QUEUED_AGAIN", "QUEUED_AGAIN", "READY")
        _completed(lab.wait(lab.pollster()))


@promise("polling.not-found-at-first-raises")
def check_not_found_at_first(lab: Lab) -> None:
    with lab.trial("an unknown id"):
        lab.service.script(EXPORT, Step(status=404))
        wait = lab.wait(lab.pollster())
        require(
            isinstance(wait.error, lab.sdk.NotFoundError), f"the wait {wait.said()} instead of NotFoundError"
        )


@promise("polling.not-found-later-is-expired")
def check_not_found_later(lab: Lab) -> None:
    with lab.trial("CREATED, then 404"):
        lab.service.script(EXPORT, "CREATED", Step(status=404))
        wait = lab.wait(lab.pollster())
        require(wait.error is None, f"the wait {wait.said()} instead of returning EXPIRED")
        require(outcome_of(wait) == "EXPIRED", f"the outcome is {outcome_of(wait)}")


@promise("polling.network-failure-ends-the-wait")
def check_network_failure(lab: Lab) -> None:
    for fault in ("close", "reset"):
        with lab.trial(f"CREATED, then {fault}"):
            lab.service.script(f"net-{fault}", "CREATED", Step(fault=fault))
            wait = lab.wait(lab.pollster(), f"net-{fault}")
            expected = lab.sdk.TransportError
            require(isinstance(wait.error, expected), f"the wait {wait.said()} instead of TransportError")
            require(wait.elapsed_s < 1.0, f"it went on for {wait.elapsed_s:.1f} s")


@promise("polling.never-faster-than-200-ms")
def check_never_faster(lab: Lab) -> None:
    for interval in (0.0, 0.05, -1.0):
        with lab.trial(f"interval {interval:g}"):
            gaps = _poll_gaps(lab, f"fast{interval}", poll_interval_sec=interval, timeout_sec=2.0)
            require(min(gaps) >= 0.199, f"two polls lie {min(gaps):.3f} s apart")


@promise("polling.interval-is-kept")
def check_interval_is_kept(lab: Lab) -> None:
    with lab.trial("interval 2, budget 10"):
        gaps = _poll_gaps(lab, EXPORT, poll_interval_sec=2.0, timeout_sec=10.0)
        # The last pause may be cut to what is left of the budget: that is a virtue.
        inner = gaps[:-1] or gaps
        worst = max(inner, key=lambda gap: abs(gap - 2.0))
        require(abs(worst - 2.0) < 0.1, f"two polls lie {worst:.3f} s apart")


@promise("polling.budget-starts-with-the-wait")
def check_budget_starts_with_the_wait(lab: Lab) -> None:
    with lab.trial("CREATED for ever, 3 s in steps of 1 s"):
        lab.service.script(EXPORT, *FOREVER)
        wait = lab.wait(lab.pollster(), timeout_sec=3.0, poll_interval_sec=1.0)
        require(
            wait.error is not None, f"after {wait.elapsed_s:.1f} s of a budget of 3 the wait {wait.said()}"
        )
        require(wait.elapsed_s <= 4.1, f"it ended after {wait.elapsed_s:.1f} s of a budget of 3")


@promise("polling.short-budget-polls-once")
def check_short_budget(lab: Lab) -> None:
    for budget in (0.0, -5.0):
        with lab.trial(f"budget {budget:g}, READY"):
            lab.service.script(f"ready{budget}", "READY")
            _completed(lab.wait(lab.pollster(), f"ready{budget}", timeout_sec=budget))
        with lab.trial(f"budget {budget:g}, CREATED"):
            lab.service.script(f"created{budget}", *FOREVER)
            wait = lab.wait(lab.pollster(), f"created{budget}", timeout_sec=budget)
            require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()} instead of TimeoutError")
            polls = len(lab.polls(f"created{budget}"))
            require(polls == 1, f"{polls} polls instead of 1")


@promise("polling.timeout-names-the-export")
def check_timeout_names_the_export(lab: Lab) -> None:
    with lab.trial("the text of a time-out"):
        lab.service.script("exp-4711", *["PROCESSING"] * 100, "READY")
        wait = lab.wait(lab.pollster(), "exp-4711", timeout_sec=0.4)
        if not isinstance(wait.error, TimeoutError):
            raise CannotTell(f"there is no TimeoutError to read: the wait {wait.said()}")
        for part in ("exp-4711", "PROCESSING"):
            require(part in str(wait.error), f"the text does not contain {part}: {short(str(wait.error))}")


@promise("polling.cancel-stops-the-wait")
def check_cancel(lab: Lab) -> None:
    lab.sdk.needs("cancellation")
    with lab.trial("cancelled before it began"):
        lab.service.script(EXPORT, "READY")
        wait = lab.wait(lab.pollster(), cancel_check=lambda: True)
        require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()} instead of TimeoutError")
        require(not lab.polls(), f"{len(lab.polls())} polls were sent all the same")
    with lab.trial("cancelled after two polls"):
        lab.service.script("exp-2", *FOREVER)
        wait = lab.wait(lab.pollster(), "exp-2", cancel_check=lambda: len(lab.polls("exp-2")) >= 2)
        require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()} instead of TimeoutError")
        require(len(lab.polls("exp-2")) == 2, f"{len(lab.polls('exp-2'))} polls instead of 2")


@promise("polling.telemetry-tells-each-poll")
def check_telemetry(lab: Lab) -> None:
    lab.sdk.needs("telemetry")
    for label, life in (("success", ("CREATED", "READY")), ("time-out", FOREVER)):
        with lab.trial(label):
            events: list[Any] = []
            lab.service.script(f"tel-{label}", *life)
            wait = lab.wait(lab.pollster(), f"tel-{label}", timeout_sec=0.5, telemetry_hook=events.append)
            polls = lab.polls(f"tel-{label}")
            ended = len(polls) if wait.error is None else 0
            expected = [
                ("export_poll_status", seen.state, number, number == ended)
                for number, seen in enumerate(polls, start=1)
            ]
            if isinstance(wait.error, TimeoutError):
                expected.append(("export_poll_timeout", polls[-1].state, len(polls), True))
            got = [
                tuple(event.get(key) for key in ("event", "state", "attempt", "is_terminal"))
                for event in events
            ]
            require(got == expected, f"the hook heard {short(got)} instead of {short(expected)}")


# ── what the checks share ────────────────────────────────────────────────────


class _Flag:
    """A client whose cache switch is watched: assignments are trapped, and its value is sampled in flight."""

    def __init__(self, lab: Lab, value: bool) -> None:
        self.lab = lab
        self.value = value
        self.assigned: list[Any] = []
        self.http = lab.http(client=self._trapping(), enable_get_cache=value)

    def _trapping(self) -> type[Any]:
        flag = self

        class Trapping(self.lab.sdk.HttpClient):  # type: ignore[misc, name-defined]
            def __setattr__(self, name: str, value: Any) -> None:
                # The SDK may set it while it builds the client, when there is no `http` yet.
                if name == "enable_get_cache" and "http" in flag.__dict__:
                    flag.assigned.append(value)
                super().__setattr__(name, value)

        return Trapping

    def during(self, waiting: Callable[[], Any]) -> None:
        """Wait, and require that the switch was let alone from the first request to the end."""
        sampled: list[Any] = []

        def sample(_: Any) -> Any:
            sampled.append(self.http.enable_get_cache)
            return sampled[-1]

        self.lab.samplers.append(sample)
        try:
            waiting()
        finally:
            self.lab.samplers.remove(sample)
        require(
            not self.assigned, f"the switch was assigned {len(self.assigned)} times: {words(self.assigned)}"
        )
        if not sampled:
            raise CannotTell("no request was sent, so there was no moment to sample the switch in")
        wrong = [value for value in sampled if value is not self.value]
        require(
            not wrong,
            f"in {len(wrong)} of {len(sampled)} requests in flight the switch was {words(wrong[:1])}",
        )
        now = self.http.enable_get_cache
        require(now is self.value, f"after the wait the switch is {now}")


def _clients(lab: Lab) -> dict[str, dict[str, Any]]:
    """A client as users build it, and one whose cache forgets nothing in the time of a check."""
    clients: dict[str, dict[str, Any]] = {"default client": {}}
    if lab.sdk.has("cache-ttl"):
        clients["patient cache"] = {"cache_ttl_seconds": 600.0}
    return clients


def _completed(wait: Attempt) -> None:
    require(wait.error is None, f"the wait {wait.said()} instead of returning COMPLETED")
    require(outcome_of(wait) == "COMPLETED", f"the outcome is {outcome_of(wait)}, not COMPLETED")


def _waiting(exports: Any, export_id: str, **options: Any) -> Callable[[], Any]:
    """A wait still to be made, every 0.2 s within 20 s."""
    return partial(
        exports.wait_for_export_ready, export_id, timeout_sec=20.0, poll_interval_sec=0.2, **options
    )


def _poll_gaps(lab: Lab, export_id: str, **options: Any) -> list[float]:
    """Virtual seconds between the polls of a wait that never succeeds."""
    lab.service.script(export_id, *FOREVER)
    lab.wait(lab.pollster(), export_id, **options)
    at_s = [lab.at_s(seen) for seen in lab.polls(export_id)]
    if len(at_s) < 2:
        raise CannotTell(f"{len(at_s)} polls on the wire: there is no pause to measure")
    return [later - earlier for earlier, later in pairwise(at_s)]


def _between_polls(lab: Lab, exports: Any, export_id: str, act: Callable[[], Any]) -> None:
    """Do something between the polls of a wait, by whatever hook this SDK has."""
    errors: list[str] = []

    def hook(*_: Any) -> bool:
        try:
            act()
        except Exception as why:
            errors.append(describe(why))
        return False

    if lab.sdk.has("cancellation"):
        options: dict[str, Any] = {"cancel_check": hook}
    elif lab.sdk.has("telemetry"):
        options = {"telemetry_hook": hook}
    else:
        raise NotApplicable("this SDK does not have a hook between two polls")
    lab.given(_waiting(exports, export_id, **options), "a wait")
    if errors:
        raise CannotTell(f"what was done between the polls failed: {errors[0]}")
