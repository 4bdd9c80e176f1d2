"""Checks the hooks of a wait: cancellation by the caller, and telemetry of what it polls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from atalaya.harness.api import CannotTell, Step, promise, require, short, words

from ..export_helpers import BRISK_S, FOREVER, needs, pollster, timed_out, waiting
from ..fixture import EXPORT, CheckContext, outcome_of

POLLED, TIMED_OUT = "export_poll_status", "export_poll_timeout"
KEYS = ("event", "export_id", "state", "attempt", "elapsed_ms", "is_terminal")
ENDS = ("READY", "COMPLETED", "FAILED", "ERROR", "EXPIRED", "NOT_FOUND")


def _cancellable(lab: CheckContext) -> Any:
    needs(lab, "wait_for_export_ready")
    lab.sdk.needs("cancellation")
    return pollster(lab)


def _talkative(lab: CheckContext) -> Any:
    needs(lab, "wait_for_export_ready")
    lab.sdk.needs("telemetry")
    return pollster(lab)


# ── cancelling ───────────────────────────────────────────────────────────────


@promise("polling.cancel-stops-the-wait")
def check_cancel(lab: CheckContext) -> None:
    exports = _cancellable(lab)
    with lab.trial("cancelled before it began"):
        lab.service.script(EXPORT, "READY")
        wait = lab.wait(exports, cancel_check=lambda: True)
        require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()} instead of TimeoutError")
        require(not lab.polls(), f"{len(lab.polls())} polls were sent all the same")
    with lab.trial("cancelled before it began, without a budget"):
        wait = lab.wait(exports, timeout_sec=0.0, cancel_check=lambda: True)
        require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()} instead of TimeoutError")
        require(not lab.polls(), f"{len(lab.polls())} polls were sent all the same")
    with lab.trial("cancelled after two polls"):
        lab.service.script("exp-2", *FOREVER)
        wait = lab.wait(exports, "exp-2", cancel_check=lambda: len(lab.polls("exp-2")) >= 2)
        require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()} instead of TimeoutError")
        require(len(lab.polls("exp-2")) == 2, f"{len(lab.polls('exp-2'))} polls instead of 2")
    with lab.trial("cancelled in the middle of a pause"):
        lab.service.script("exp-3", *FOREVER)
        cancelled_s = lab.clock.now() + 2.5
        wait = lab.wait(exports, "exp-3", poll_interval_sec=1.0, cancel_check=lambda: lab.clock.now() >= cancelled_s)
        require(isinstance(wait.error, TimeoutError), f"the wait {wait.said()} instead of TimeoutError")
        late = [seen for seen in lab.polls("exp-3") if lab.at_s(seen) > cancelled_s + 1e-3]
        require(not late, f"{len(late)} polls were sent after it was cancelled")
    with lab.trial("never cancelled"):
        lab.service.script("exp-4", "CREATED", "CREATED", "READY")
        wait = lab.wait(exports, "exp-4", cancel_check=lambda: False)
        require(len(lab.polls("exp-4")) >= 3, f"a wait that nobody cancelled {wait.said()}")
    answers: tuple[Any, ...] = (1, "yes", [0], 0, "", None)
    for number, answer in enumerate(answers):
        with lab.trial(f"the answer {answer!r}"):
            lab.service.script(f"exp-a{number}", "CREATED", "READY")
            wait = lab.wait(exports, f"exp-a{number}", cancel_check=lambda answer=answer: answer)
            require(isinstance(wait.error, TimeoutError) is bool(answer), f"the wait {wait.said()}")


@promise("polling.cancel-is-asked-once-a-round")
def check_cancel_is_asked_once(lab: CheckContext) -> None:
    exports = _cancellable(lab)
    for label, life, budget in (("READY in the end", ("CREATED", "CREATED", "READY"), 5.0), ("time-out", FOREVER, 1.0)):
        with lab.trial(label):
            export_id = f"asked-{len(life)}"
            lab.service.script(export_id, *life)
            asked: list[int] = []

            def check(export_id: str = export_id, asked: list[int] = asked) -> bool:
                asked.append(len(lab.polls(export_id)))
                return False

            lab.wait(exports, export_id, timeout_sec=budget, cancel_check=check)
            if not asked:
                raise CannotTell("it was never asked: see polling.cancel-stops-the-wait")
            polls = max(1, len(lab.polls(export_id)))
            most = max(asked.count(before) for before in set(asked))
            require(most == 1 and len(asked) <= polls, f"it was asked {len(asked)} times for {polls} polls")


@promise("polling.cancel-says-so")
def check_cancel_says_so(lab: CheckContext) -> None:
    exports = _cancellable(lab)
    for label, after in (("before the first poll", 0), ("after a poll", 1)):
        with lab.trial(label):
            export_id = f"Exp_471{after}.aB"
            lab.service.script(export_id, *FOREVER)
            wait = lab.wait(exports, export_id, cancel_check=lambda e=export_id, n=after: len(lab.polls(e)) >= n)
            if not isinstance(wait.error, TimeoutError):
                raise CannotTell(f"there is no TimeoutError to read: the wait {wait.said()}")
            text = str(wait.error)
            require(export_id in text, f"the text does not contain {export_id}: {short(text)}")
            require("cancel" in text.casefold(), f"the text does not say that it was cancelled: {short(text)}")


# ── telling ──────────────────────────────────────────────────────────────────


@promise("polling.telemetry-tells-each-poll")
def check_telemetry(lab: CheckContext) -> None:
    exports = _talkative(lab)
    lives: dict[str, tuple[str | Step, ...]] = {
        "success": ("CREATED", "PROCESSING", "READY"),
        "ready at once": ("COMPLETED",),
        "time-out": FOREVER,
        "no budget": FOREVER,
        "states that end nothing": ("DONE", "CANCELLED", "READY ", "NOT-FOUND", "ГОТОВО", "READY"),
    }
    lives |= {f"the end {state}": ("CREATED", state) for state in ENDS}
    lives |= {f"the end {state} in small letters": ("created", state.lower()) for state in ENDS}
    for label, life in lives.items():
        with lab.trial(label):
            events: list[Any] = []
            export_id = f"tel-{label.replace(' ', '-')}"
            lab.service.script(export_id, *life)
            budget_s = {"time-out": 0.5, "no budget": 0.0}.get(label, 5.0)
            wait = lab.wait(exports, export_id, timeout_sec=budget_s, telemetry_hook=_keeping(events))
            polls = lab.polls(export_id)
            states = [str(seen.state).upper() for seen in polls]
            expected = [(POLLED, state, number, state in ENDS) for number, state in enumerate(states, start=1)]
            if isinstance(wait.error, TimeoutError):
                expected.append((TIMED_OUT, states[-1], len(polls), True))
            _whole(events)
            got = [tuple(event[key] for key in ("event", "state", "attempt", "is_terminal")) for event in events]
            got = [(event, str(state).upper(), *rest) for event, state, *rest in got]
            require(got == expected, f"the hook heard {short(got)} instead of {short(expected)}")


@promise("polling.telemetry-has-its-keys")
def check_telemetry_keys(lab: CheckContext) -> None:
    exports = _talkative(lab)
    lives: dict[str, tuple[str | Step, ...]] = {
        "ready": ("created", "Processing", Step(state="ready", fields={"export_id": "exp-other"})),
        "time-out": ("created",) * 100,
        "Odd_7aB": ("готово – 50 %", "", "created" * 700, "expired"),
    }
    for label, life in lives.items():
        with lab.trial(label):
            events: list[tuple[float, Any]] = []
            lab.service.script(f"keys-{label}", *life)

            def hook(event: Any, events: list[tuple[float, Any]] = events) -> None:
                events.append((lab.clock.now(), dict(event) if isinstance(event, dict) else event))

            wait = lab.wait(exports, f"keys-{label}", timeout_sec=2.0, poll_interval_sec=0.5, telemetry_hook=hook)
            if not events:
                raise CannotTell("the hook heard nothing: see polling.telemetry-tells-each-poll")
            last_ms = 0
            for heard_s, event in events:
                _well_formed(event, f"keys-{label}")
                passed_ms = (heard_s - wait.started_s) * 1000
                told_ms = event["elapsed_ms"]
                require(
                    last_ms <= told_ms and abs(told_ms - passed_ms) <= 50,
                    f"elapsed_ms is {told_ms} after {last_ms}, and {passed_ms:.0f} ms of the wait had passed",
                )
                last_ms = told_ms
    with lab.trial("while time.perf_counter runs eight times as fast"):
        lab.service.script("keys-fast", *("created",) * 100)
        events = []
        with _other_clock_fast(lab):
            wait = lab.wait(
                exports,
                "keys-fast",
                timeout_sec=2.0,
                poll_interval_sec=0.5,
                telemetry_hook=_keeping(events, lab.clock.now),
            )
        _whole([event for _, event in events])
        for heard_s, event in events:
            told_ms, passed_ms = event["elapsed_ms"], (heard_s - wait.started_s) * 1000
            require(
                abs(told_ms - passed_ms) <= 50,
                f"elapsed_ms is {told_ms}, and {passed_ms:.0f} ms of the wait had passed by time.monotonic",
            )


@promise("polling.telemetry-is-kept-apart")
def check_telemetry_is_kept_apart(lab: CheckContext) -> None:
    exports = _talkative(lab)
    lives: dict[str, tuple[str | Step, ...]] = {"soon": ("CREATED", "FAILED"), "late": ("CREATED",) * 5 + ("READY",)}
    with lab.trial("two waits at once, with a hook each"):
        heard: dict[str, list[Any]] = {name: [] for name in lives}
        alone: dict[str, list[Any]] = {name: [] for name in lives}
        endings: dict[str, str] = {}
        for name, life in lives.items():
            lab.service.script(name, *life)
            endings[name] = outcome_of(lab.wait(exports, name, telemetry_hook=_keeping(alone[name])))
            lab.service.script(name, *life)
        calls = [waiting(exports, name, timeout_sec=10.0, telemetry_hook=_keeping(heard[name])) for name in lives]
        waits = lab.together(*calls)
        if [*map(outcome_of, waits)] != [*endings.values()]:
            raise CannotTell("the waits disturb each other: see polling.overlapping-waits")
        for name in lives:
            told, usual = (
                [tuple(event.get(key) for key in ("event", "export_id", "state", "attempt")) for event in events]
                for events in (heard[name], alone[name])
            )
            require(
                told == usual, f"{name}: beside another wait its hook heard {short(told)}, and alone {short(usual)}"
            )


@promise("polling.telemetry-comes-at-once")
def check_telemetry_comes_at_once(lab: CheckContext) -> None:
    exports = _talkative(lab)
    with lab.trial("each poll is told before the next, and before the pause"):
        lab.service.script(EXPORT, "CREATED", "CREATED", "READY")
        heard: list[tuple[int, float]] = []
        lab.wait(
            exports,
            poll_interval_sec=1.0,
            telemetry_hook=lambda event: heard.append((len(lab.polls()), lab.clock.now())),
        )
        polls = lab.polls()
        for sent, heard_s in heard:
            late_s = heard_s - lab.at_s(polls[sent - 1])
            require(late_s < 0.5, f"poll {sent} was told {late_s:.1f} s later")
        told = sorted({sent for sent, _ in heard})
        missing = [number for number in range(1, len(polls)) if number not in told]
        if len(heard) < len(polls) - 1:
            raise CannotTell(f"{len(heard)} events for {len(polls)} polls: see polling.telemetry-tells-each-poll")
        require(not missing, f"polls {words(missing)} were told only when the next one had been sent")


@promise("polling.telemetry-is-silent-otherwise")
def check_telemetry_is_silent(lab: CheckContext) -> None:
    exports = _talkative(lab)
    lives: dict[str, tuple[str | Step, ...]] = {
        "404 at first": (Step(status=404),),
        "404 later": ("CREATED", Step(status=404)),
        "429 later": ("CREATED", Step(status=429)),
        "500 at first": (Step(status=500),),
        "a closed connection later": ("CREATED", Step(fault="close")),
        "a malformed answer later": ("CREATED", Step(json=[])),
    }
    for label, life in lives.items():
        with lab.trial(label):
            export_id = f"still-{label.replace(' ', '-')}"
            lab.service.script(export_id, *life)
            heard: list[tuple[int, Any]] = []
            lab.wait(exports, export_id, telemetry_hook=_with_polls(lab, export_id, heard))
            after = [event for sent, event in heard if sent >= len(life)]
            require(not after, f"the hook heard {short(after)}")
    if lab.sdk.has("cancellation"):
        with lab.trial("cancelled after a poll"):
            lab.service.script("still-cancelled", *FOREVER)
            events: list[Any] = []
            lab.wait(
                exports,
                "still-cancelled",
                cancel_check=lambda: len(lab.polls("still-cancelled")) >= 1,
                telemetry_hook=_keeping(events, at=lab.clock.now),
            )
            polls = lab.polls("still-cancelled")
            last_s = lab.at_s(polls[-1]) if polls else 0.0
            after = [event for at_s, event in events if at_s > last_s + BRISK_S / 2]
            require(not after, f"the hook heard {short(after)}")


@promise("polling.hook-errors-escape")
def check_hook_errors_escape(lab: CheckContext) -> None:
    exports = _talkative(lab)
    strange = ZeroDivisionError("a hook of the check's own")
    own = lab.sdk.NotFoundError(code="HOOK", message="raised in a hook", details=None, trace_id=None, status_code=404)
    cases: tuple[tuple[str, BaseException, int, tuple[str | Step, ...]], ...] = (
        ("at the first poll", strange, 1, FOREVER),
        ("at the second poll", strange, 2, FOREVER),
        ("at the second poll, with an error of the SDK's own", own, 2, FOREVER),
        ("at the end", strange, 2, ("CREATED", "READY")),
    )
    for label, error, at, life in cases:
        with lab.trial(label):
            export_id = f"hook-{label.replace(' ', '-').replace(',', '').replace(chr(39), '')}"
            lab.service.script(export_id, *life)
            heard: list[Any] = []

            def hook(event: Any, error: BaseException = error, at: int = at, heard: list[Any] = heard) -> None:
                heard.append(event)
                if len(heard) == at:
                    raise error

            wait = lab.wait(exports, export_id, timeout_sec=3.0, telemetry_hook=hook)
            if len(heard) < at:
                raise CannotTell(f"the hook heard {len(heard)} events: see polling.telemetry-tells-each-poll")
            require(wait.error is error, f"what the hook raised did not come out: the wait {wait.said()}")
            polls = len(lab.polls(export_id))
            require(polls == at, f"{polls} polls, and the hook raised at number {at}")
    with lab.trial("at the time-out"):
        lab.service.script("hook-late", *FOREVER)

        def at_the_timeout(event: Any) -> None:
            if isinstance(event, dict) and event.get("event") == TIMED_OUT:
                raise strange

        wait = lab.wait(exports, "hook-late", timeout_sec=0.5, telemetry_hook=at_the_timeout)
        if wait.error is not strange:
            timed_out(wait, 0.5)
            told: list[Any] = []
            lab.service.script("hook-told", *FOREVER)
            lab.wait(exports, "hook-told", timeout_sec=0.5, telemetry_hook=_keeping(told))
            if not [event for event in told if event.get("event") == TIMED_OUT]:
                raise CannotTell("a time-out is not told: see polling.telemetry-tells-each-poll")
        require(wait.error is strange, f"what the hook raised did not come out: the wait {wait.said()}")


# ── what the checks share ────────────────────────────────────────────────────


@contextmanager
def _other_clock_fast(lab: CheckContext) -> Iterator[None]:
    """The other clock of the `time` module that measures gains seven seconds in each second.

    Of the time of day, world.wall-clock-does-not-count speaks.
    """
    names = {"perf_counter": 7.0, "perf_counter_ns": 7 * 10**9}
    real = {name: getattr(time, name) for name in names}

    def ahead(name: str, gained_a_second: float) -> Callable[[], float]:
        return lambda: real[name]() + type(gained_a_second)(lab.clock.now() * gained_a_second)

    for name, gained_a_second in names.items():
        setattr(time, name, ahead(name, gained_a_second))
    try:
        yield
    finally:
        for name, clock in real.items():
            setattr(time, name, clock)


def _keeping(events: list[Any], at: Callable[[], float] | None = None) -> Callable[[Any], None]:
    """A hook that keeps a copy of each event: the SDK may use one object for all."""

    def hook(event: Any) -> None:
        kept = dict(event) if isinstance(event, dict) else event
        events.append(kept if at is None else (at(), kept))

    return hook


def _with_polls(lab: CheckContext, export_id: str, heard: list[tuple[int, Any]]) -> Callable[[Any], None]:
    """A hook that keeps, beside each event, how many polls were on the wire."""
    return lambda event: heard.append((len(lab.polls(export_id)), event))


def _whole(events: list[Any]) -> None:
    for event in events:
        if not isinstance(event, dict) or not set(event) >= set(KEYS):
            raise CannotTell(f"an event is {short(event)}: see polling.telemetry-has-its-keys")


def _well_formed(event: Any, export_id: str) -> None:
    require(isinstance(event, dict), f"an event is a {type(event).__name__}: {short(event)}")
    missing = [key for key in KEYS if key not in event]
    require(not missing, f"an event has no {words(missing)}: {short(event)}")
    more = [str(key) for key in event if key not in KEYS]
    require(not more, f"an event has {words(more)} too: {short(event)}")
    require(event["export_id"] == export_id, f"export_id is {event['export_id']!r}, not {export_id!r}")
    for key in ("attempt", "elapsed_ms"):
        whole = isinstance(event[key], int) and not isinstance(event[key], bool)
        require(whole, f"{key} is {event[key]!r}, which is no whole number")
    require(isinstance(event["is_terminal"], bool), f"is_terminal is {event['is_terminal']!r}")
    require(isinstance(event["event"], str), f"event is {event['event']!r}")
    state = event["state"]
    require(isinstance(state, str) and state == state.upper(), f"state is {state!r}, which is not in capitals")
