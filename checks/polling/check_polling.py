"""Checks that a wait detects the end of an export, reports the right outcome, and stays in its budget."""

from __future__ import annotations

import enum
from functools import partial
from typing import Any

from atalaya.harness.api import Attempt, CannotTell, NotApplicable, Step, exists, promise, require, short, words

from ..export_helpers import BRISK_S, FOREVER, at_once, completed, ended_by, needs, pollster, waiter
from ..fixture import EXPORT, CheckContext, outcome_of, stamp_of

OUTCOMES = {
    "READY": "COMPLETED",
    "COMPLETED": "COMPLETED",
    "FAILED": "FAILED",
    "ERROR": "FAILED",
    "EXPIRED": "EXPIRED",
    "NOT_FOUND": "NOT_FOUND",
}


# ── how it ends ──────────────────────────────────────────────────────────────


@promise("polling.created-to-ready")
def check_created_to_ready(lab: CheckContext) -> None:
    with lab.trial("CREATED, CREATED, READY"):
        lab.service.script(EXPORT, "CREATED", "CREATED", "READY")
        completed(lab.wait(waiter(lab), timeout_sec=30.0))


@promise("polling.terminal-states")
def check_terminal_states(lab: CheckContext) -> None:
    exports = pollster(lab)
    for state, outcome in OUTCOMES.items():
        for text in (state, state.lower(), state.title(), state.swapcase()[0] + state[1:]):
            with lab.trial(text):
                lab.service.script(f"end-{text}", "CREATED", text, "CREATED")
                wait = lab.wait(exports, f"end-{text}", timeout_sec=2.0)
                require(wait.error is None, f"the wait {wait.said()} instead of returning {outcome}")
                require(outcome_of(wait) == outcome, f"the outcome is {outcome_of(wait)}, not {outcome}")
                polls = len(lab.polls(f"end-{text}"))
                require(polls == 2, f"it polled {polls} times, and {text} was the second answer")
                at_once(lab, wait, f"end-{text}")


@promise("polling.outcome-is-a-str-enum")
def check_outcome_is_a_str_enum(lab: CheckContext) -> None:
    exports = pollster(lab)
    for state in OUTCOMES:
        with lab.trial(state):
            lab.service.script(f"end-{state}", state)
            wait = lab.wait(exports, f"end-{state}", timeout_sec=1.0)
            if wait.error is not None:
                raise CannotTell(f"there is no outcome to look at: the wait {wait.said()}")
            outcome: Any = getattr(wait.value, "outcome", None)
            if not isinstance(outcome, enum.Enum) and _renamed(lab):
                raise NotApplicable("the outcomes of this SDK are told by the adapter, in the contract's words")
            require(
                isinstance(outcome, str) and isinstance(outcome, enum.Enum),
                f"the outcome is {short(outcome)}, a {type(outcome).__name__}",
            )
            values, expected = sorted(member.value for member in type(outcome)), sorted({*OUTCOMES.values()})
            require(values == expected, f"its members are {words(values)} instead of {words(expected)}")
            require(outcome == outcome.value, f"{short(outcome)} does not compare equal to its own text")


@promise("polling.unknown-states-keep-waiting")
def check_unknown_states(lab: CheckContext) -> None:
    exports = pollster(lab)
    unknown = (
        *("QUEUED_AGAIN", "PROCESSING", "PENDING", "RUNNING", "DONE", "SUCCESS", "CANCELLED", "FAILURE", "DELETED"),
        *("READY_SOON", "NOT_READY", "NOT-FOUND", "NOT FOUND", "NOTFOUND", "UNREADY", "EXPIRED_SOON", "ERRORS", "FAIL"),
        *("", " ", "0", "null", "ГОТОВО", "bereit – 100 %", "READY;", "x" * 5000),
        *(f"{before}{state}{after}" for state in OUTCOMES for before, after in ((" ", " "), ("", "\n"))),
    )
    for number, text in enumerate(unknown):
        with lab.trial(f"{text!r} twice, then READY"):
            lab.service.script(f"odd-{number}", text, text, "READY")
            wait = lab.wait(exports, f"odd-{number}", timeout_sec=2.0)
            polls = len(lab.polls(f"odd-{number}"))
            require(polls >= 3, f"after {polls} polls that saw {text!r} the wait {wait.said()}")
            if wait.error is not None:
                raise CannotTell(f"READY, in the end, does not end the wait: it {wait.said()}")


@promise("polling.result-is-as-asked")
def check_result_is_as_asked(lab: CheckContext) -> None:
    exports = pollster(lab)
    with lab.trial("READY, under another name"):
        lab.service.script(EXPORT, "CREATED", Step(state="READY", fields={"export_id": "exp-other"}))
        wait = lab.wait(exports)
        _returned(wait)
        asked = getattr(wait.value, "export_id", None)
        require(asked == EXPORT, f"the result names {asked!r}, and {EXPORT!r} was asked for")
        _last_status(lab, wait, EXPORT, "READY")
    for state in (*OUTCOMES, *map(str.lower, OUTCOMES)):
        with lab.trial(state):
            lab.service.script(f"End-{state}.7aB", "CREATED", state)
            wait = lab.wait(exports, f"End-{state}.7aB")
            _returned(wait)
            asked = getattr(wait.value, "export_id", None)
            require(asked == f"End-{state}.7aB", f"the result names {asked!r}, and 'End-{state}.7aB' was asked for")
            _last_status(lab, wait, f"End-{state}.7aB", state)


@promise("polling.not-found-at-first-raises")
def check_not_found_at_first(lab: CheckContext) -> None:
    with lab.trial("an unknown id"):
        _not_found_at_once(lab, pollster(lab), EXPORT)
    for label, life in (("ended READY", ("CREATED", "READY")), ("ended with a 404", ("CREATED", Step(status=404)))):
        with lab.trial(f"an unknown id, after a wait of the same client that {label}"):
            exports = pollster(lab)
            lab.service.script(f"before-{len(label)}", *life)
            _returned(lab.wait(exports, f"before-{len(label)}"))
            _not_found_at_once(lab, exports, f"unknown-{len(label)}")


def _not_found_at_once(lab: CheckContext, exports: Any, export_id: str) -> None:
    lab.service.script(export_id, Step(status=404))
    wait = lab.wait(exports, export_id)
    require(isinstance(wait.error, lab.sdk.NotFoundError), f"the wait {wait.said()} instead of NotFoundError")
    polls = len(lab.polls(export_id))
    require(polls == 1, f"{polls} polls for an id that is not known")


@promise("polling.not-found-later-is-expired")
def check_not_found_later(lab: CheckContext) -> None:
    exports = pollster(lab)
    for label, seen in (("CREATED", ("CREATED",)), ("CREATED, PROCESSING", ("CREATED", "PROCESSING"))):
        with lab.trial(f"{label}, then 404"):
            export_id = f"gone-{len(seen)}"
            lab.service.script(export_id, *seen, Step(status=404))
            wait = lab.wait(exports, export_id)
            require(wait.error is None, f"the wait {wait.said()} instead of returning EXPIRED")
            require(outcome_of(wait) == "EXPIRED", f"the outcome is {outcome_of(wait)}")
            polls = len(lab.polls(export_id))
            require(polls == len(seen) + 1, f"{polls} polls, and the export was gone at number {len(seen) + 1}")
            last = getattr(wait.value.status, "status", None)
            require(last == seen[-1], f"its status is {last!r}, and the last one seen was {seen[-1]!r}")
            asked = getattr(wait.value, "export_id", None)
            require(asked == export_id, f"the result names {asked!r}, and {export_id!r} was asked for")


@promise("polling.network-failure-ends-the-wait")
def check_network_failure(lab: CheckContext) -> None:
    exports = pollster(lab)
    for fault in ("close", "reset", "garbage-status-line", "truncated-body", "reset-mid-body"):
        for label, before in (("at first", ()), ("after an answered poll", ("CREATED",))):
            with lab.trial(f"{fault}, {label}"):
                export_id = f"{fault}-{len(before)}"
                lab.service.script(export_id, *before, Step(fault=fault, state="CREATED"), "READY")
                lab.service.script("plain", Step(fault=fault, state="CREATED"))
                plain = lab.attempt(partial(exports.get_export_status, "plain"))
                wait = lab.wait(exports, export_id)
                if "body" not in fault:  # HTTP libraries differ in what they make of half a body
                    require(
                        isinstance(wait.error, lab.sdk.TransportError),
                        f"the wait {wait.said()} instead of TransportError",
                    )
                ended_by(lab, wait, plain, export_id, polls=len(before) + 1)
                at_once(lab, wait, export_id)


@promise("polling.errors-end-the-wait")
def check_errors_end_the_wait(lab: CheckContext) -> None:
    exports = pollster(lab)
    for status in (400, 401, 402, 403, 405, 408, 409, 410, 418, 422, 425, 429, 451, 500, 501, 502, 503, 504, 599):
        lab.service.script("plain", Step(status=status))
        plain = lab.attempt(partial(exports.get_export_status, "plain"))
        for label, before in (("at first", ()), ("after an answered poll", ("CREATED",))):
            with lab.trial(f"{status} {label}"):
                export_id = f"error-{status}-{len(before)}"
                lab.service.script(export_id, *before, Step(status=status), "READY")
                wait = lab.wait(exports, export_id)
                ended_by(lab, wait, plain, export_id, polls=len(before) + 1)
                at_once(lab, wait, export_id)


@promise("polling.malformed-answers-end-the-wait")
def check_malformed_answers(lab: CheckContext) -> None:
    exports = pollster(lab)
    answers = {
        "a list": Step(json=[]),
        "null": Step(json=None),
        "a text": Step(json="READY"),
        "an empty body": Step(status=200),
        "a number": Step(json=7),
        "true": Step(json=True),
        "an empty object": Step(json={}),
        "an object without a status": Step(json={"export_id": EXPORT}),
        "no JSON": Step(fault="garbage-body"),
    }
    for what, answer in answers.items():
        lab.service.script("plain", answer)
        plain = lab.attempt(partial(exports.get_export_status, "plain"))
        for label, before in (("at first", ()), ("after an answered poll", ("CREATED",))):
            with lab.trial(f"{what}, {label}"):
                export_id = f"{what.replace(' ', '-')}-{len(before)}"
                lab.service.script(export_id, *before, answer, "READY")
                wait = lab.wait(exports, export_id)
                ended_by(lab, wait, plain, export_id, polls=len(before) + 1)


@promise("polling.polls-are-retried")
def check_polls_are_retried(lab: CheckContext) -> None:
    exports = pollster(lab, retries=2, retry_backoff_seconds=0.5)
    stumbles = (Step(status=503), Step(fault="close"))
    lab.service.script("plain", *stumbles, "CREATED")
    lab.given(partial(exports.get_export_status, "plain"), "a status at the third attempt")
    for label, life in (
        ("at first", (*stumbles, "CREATED", "READY")),
        ("later", ("CREATED", *stumbles, "READY")),
        ("at each poll", (*stumbles, "CREATED", *stumbles, "READY")),
    ):
        with lab.trial(f"503, a closed connection, an answer: {label}"):
            export_id = f"stumbles-{label.replace(' ', '-')}"
            lab.service.script(export_id, *life)
            wait = lab.wait(exports, export_id, timeout_sec=30.0)
            require(wait.error is None, f"a poll that its retries would have carried over: the wait {wait.said()}")
            sent = len(lab.polls(export_id))
            require(sent == len(life), f"{sent} requests on the wire instead of {len(life)}")
    with lab.trial("503 for ever, after an answered poll"):
        lab.service.script("down", Step(status=503))
        plain = lab.attempt(partial(exports.get_export_status, "down"))
        attempts = len(lab.polls("down"))
        lab.service.script("falls", "CREATED", Step(status=503))
        ended_by(lab, lab.wait(exports, "falls", timeout_sec=30.0), plain, "falls", polls=1 + attempts)


# ── what it asks ─────────────────────────────────────────────────────────────


@promise("polling.polls-are-status-requests")
def check_polls_are_status_requests(lab: CheckContext) -> None:
    needs(lab, "wait_for_export_ready")
    identity = {"access_token": "token-1", "tenant_id": "tenant-1", "app_id": "app-1", "device_id": "device-1"}
    for label, fields in (("with an identity", identity), ("without one", {})):
        with lab.trial(label):
            lab.service.script(EXPORT, "CREATED")
            exports = lab.exports(lab.uncached(), **fields)
            lab.given(partial(exports.get_export_status, EXPORT), "a status")
            [plain, *_] = lab.log()[-1:]
            lab.service.script(EXPORT, "CREATED", "READY")
            lab.wait(exports)
            polls = lab.log()[plain.number :]
            require(bool(polls), "no poll reached the service")
            names = ("authorization", "x-tenant-id", "x-app-id", "x-device-id", "accept")
            for poll in polls:
                told = f"{poll.method} {poll.path}"
                require(
                    (poll.method, poll.path) == (plain.method, plain.path),
                    f"a poll is {told}, and a status request {plain.method} {plain.path}",
                )
                for name in names:
                    sent, expected = poll.headers.get(name), plain.headers.get(name)
                    require(sent == expected, f"a poll sends {name} {sent!r}, and a status request {expected!r}")
                require(
                    ("x-trace-id" in poll.headers) == ("x-trace-id" in plain.headers),
                    "of a poll and a status request only one carries X-Trace-ID",
                )
                require(not poll.body, f"a poll has a body: {short(poll.body)}")
    with lab.trial("another identity after the first poll"):
        lab.sdk.needs("cancellation")
        lab.service.script("changing", "CREATED", "CREATED", "READY")
        exports = lab.exports(lab.uncached(), **identity)

        def change() -> bool:
            if lab.polls("changing"):
                exports.access_token, exports.tenant_id = "token-2", "tenant-2"
            return False

        lab.wait(exports, "changing", cancel_check=change)
        sent = [(one.headers.get("authorization"), one.headers.get("x-tenant-id")) for one in lab.polls("changing")]
        expected = [("Bearer token-1", "tenant-1"), *[("Bearer token-2", "tenant-2")] * 2]
        require(sent == expected, f"the polls say {short(sent)} of who asks, and not {short(expected)}")


@promise("polling.wait-until-ready-is-the-same-wait")
def check_wait_until_ready(lab: CheckContext) -> None:
    needs(lab, "wait_for_export_ready", "wait_until_ready")
    lives: dict[str, tuple[str | Step, ...]] = {state: ("CREATED", state) for state in OUTCOMES}
    lives |= {"time-out": FOREVER, "gone": ("CREATED", Step(status=404)), "unknown": (Step(status=404),)}
    cases = [(label, life, 1.0, BRISK_S) for label, life in lives.items()]
    cases += [("no budget", FOREVER, 0.0, BRISK_S), ("a budget below nothing", FOREVER, -5.0, BRISK_S)]
    cases += [("no interval", FOREVER, 1.0, 0.0), ("no budget, READY", ("READY",), 0.0, BRISK_S)]
    for label, life, budget_s, interval_s in cases:
        with lab.trial(label):
            results = []
            for method, budget, interval in (
                ("wait_for_export_ready", "timeout_sec", "poll_interval_sec"),
                ("wait_until_ready", "timeout_seconds", "poll_interval_seconds"),
            ):
                export_id = f"{method[5:8]}-{label.replace(' ', '-').replace(',', '')}"
                lab.service.script(export_id, "CREATED", *life)
                exports = waiter(lab)
                lab.given(partial(exports.get_export_status, export_id), "a status")  # in the cache, if there is one
                wait = getattr(exports, method)
                made = lab.attempt(partial(wait, export_id, **{budget: budget_s, interval: interval_s}))
                results.append((made, len(lab.polls(export_id)) - 1))
            (long, long_polls), (brief, brief_polls) = results
            require(
                type(brief.error) is type(long.error),
                f"wait_until_ready {brief.said()}, and wait_for_export_ready {long.said()}",
            )
            # Pauses that are a little longer than asked make one poll more or less before a time-out.
            slack = 2 if life is FOREVER and budget_s > 0 else 0
            require(
                abs(brief_polls - long_polls) <= slack,
                f"wait_until_ready polled {brief_polls} times, and wait_for_export_ready {long_polls}",
            )
            require(
                abs(brief.elapsed_s - long.elapsed_s) <= BRISK_S * 2,
                f"wait_until_ready took {brief.elapsed_s:.1f} s, and wait_for_export_ready {long.elapsed_s:.1f} s",
            )
            if long.error is None:
                expected = getattr(long.value.status, "status", None)
                got = getattr(brief.value, "status", None)
                require(got == expected, f"wait_until_ready {brief.said()} instead of a status of {expected!r}")


# ── what the checks share ────────────────────────────────────────────────────


def _returned(wait: Attempt) -> None:
    if wait.error is not None:
        raise CannotTell(f"there is no result to look at: the wait {wait.said()}")


def _renamed(lab: CheckContext) -> bool:
    """Whether the outcomes have other names in the SDK itself."""
    own = lab.sdk.ExportTerminalState if exists("ExportTerminalState") else None
    if not (isinstance(own, type) and issubclass(own, enum.Enum)):
        return False
    return not {member.value for member in own} & {*OUTCOMES.values()}


def _last_status(lab: CheckContext, wait: Attempt, export_id: str, state: str) -> None:
    status = getattr(wait.value, "status", None)
    last, shown = lab.polls(export_id)[-1].stamp, stamp_of(status)
    require(
        getattr(status, "status", None) == state and shown in (last, None),
        f"the result holds {short(status)} instead of the last answer, {state} with stamp {last}",
    )
    if shown is None:
        raise CannotTell(f"the status shows no stamp, so nobody can say how old it is: {short(status)}")
