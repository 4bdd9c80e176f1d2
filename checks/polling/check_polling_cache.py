"""Checks that each poll gets a fresh answer, and that the client's cache and its switch stay unchanged."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

from atalaya.harness.api import Attempt, CannotTell, Step, describe, promise, require, words

from ..export_helpers import BRISK_S, FOREVER, gaps_of, needs, pollster, stamp_shown, waiter, waiting
from ..fixture import EXPORT, CheckContext, outcome_of, stamp_of

OTHER = "/aris3/reports/overview"

Life = tuple[str | Step, ...]


# ── fresh ────────────────────────────────────────────────────────────────────


@promise("polling.fresh-status")
def check_fresh_status(lab: CheckContext) -> None:
    needs(lab, "wait_for_export_ready")
    for label, fields in _clients(lab).items():
        with lab.trial(f"CREATED for ever, {label}"):
            lab.service.script(EXPORT, *FOREVER)
            before = len(lab.polls())
            wait = lab.wait(waiter(lab, **fields), timeout_sec=1.0)
            expected = 1 + int(wait.elapsed_s / BRISK_S + 1e-3)
            polls = len(lab.polls()) - before
            # A third is above one cached answer, and far below what any honest spacing gives.
            require(polls * 3 > expected, f"{polls} polls on the wire in {wait.elapsed_s:.1f} s instead of {expected}")
        with lab.trial(f"a status cached just before the wait, {label}"):
            export_id = f"cached-{label.split()[0]}"
            lab.service.script(export_id, "CREATED", "READY")
            exports = waiter(lab, **fields)
            old = stamp_shown(lab, lab.given(partial(exports.get_export_status, export_id), "a status"), export_id)
            wait = lab.wait(exports, export_id)
            polls_now = [seen for seen in lab.polls(export_id) if lab.at_s(seen) >= wait.started_s]
            require(bool(polls_now), "no poll reached the service: the wait was served from the cache")
            first_s = lab.at_s(polls_now[0]) - wait.started_s
            usual_s = _first_poll_s(lab, f"{export_id}-uncached")
            require(
                first_s < usual_s + BRISK_S / 2,
                f"the first poll reached the service after {first_s:.1f} s, and without a cache after {usual_s:.1f} s",
            )
            if wait.error is None:
                read = _stamp_read(wait)
                require(read != old, f"the wait ended with the cached status, stamp {old}")
                require(read in [seen.stamp for seen in polls_now], f"stamp {read} was not served during the wait")
        with lab.trial(f"no poll between two others is served from the cache, {label}"):
            _every_round_on_the_wire(lab, f"rounds-{label.split()[0]}", fields)


def _stamp_read(wait: Attempt) -> int:
    """The stamp of the status that a wait has ended with.

    :raises CannotTell: it shows none.
    """
    stamp = stamp_of(wait.value.status)
    if stamp is None:
        raise CannotTell(f"the status shows no stamp, so nobody can say how old it is: the wait {wait.said()}")
    return stamp


def _first_poll_s(lab: CheckContext, export_id: str) -> float:
    """How long after the beginning of a wait a client without a cache polls."""
    lab.service.script(export_id, "READY")
    wait = lab.wait(pollster(lab), export_id)
    polls = lab.polls(export_id)
    return lab.at_s(polls[0]) - wait.started_s if polls else 0.0


def _every_round_on_the_wire(lab: CheckContext, export_id: str, fields: dict[str, Any]) -> None:
    """Beside a cached status, polls lie no further apart than those of a client that has no cache."""
    life = ("CREATED",) * 8 + ("READY",)
    lab.service.script(f"{export_id}-uncached", *life)
    lab.wait(pollster(lab), f"{export_id}-uncached", timeout_sec=5.0)
    usual_s = max(gaps_of(lab, f"{export_id}-uncached"))
    lab.service.script(export_id, "CREATED", *life)
    exports = waiter(lab, **fields)
    lab.given(partial(exports.get_export_status, export_id), "a status")
    wait = lab.wait(exports, export_id, timeout_sec=5.0)
    at_s = [lab.at_s(seen) for seen in lab.polls(export_id) if lab.at_s(seen) >= wait.started_s]
    longest_s = max((later - earlier for earlier, later in pairwise(at_s)), default=0.0)
    require(
        longest_s < usual_s * 1.6,
        f"for {longest_s:.1f} s no poll reached the service, and without a cache one comes every {usual_s:.1f} s",
    )


# ── the switch ───────────────────────────────────────────────────────────────


@promise("polling.leaves-cache-flag-alone")
def check_leaves_cache_flag_alone(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    needs(lab, "wait_for_export_ready")
    lives: dict[str, Life] = {
        "success": ("CREATED", "READY"),
        "time-out": FOREVER,
        "error": ("CREATED", Step(fault="close")),
        "404 at first": (Step(status=404),),
        "404 later": ("CREATED", Step(status=404)),
        "malformed": ("CREATED", Step(json=[])),
        "cancelled": FOREVER,
    }
    for value in (True, False):
        told = "on" if value else "off"
        for label, life in lives.items():
            if label == "cancelled" and not lab.sdk.has("cancellation"):
                continue
            with lab.trial(f"{label}, switch {told}"):
                flag = _Flag(lab, value)
                export_id = f"flag-{label.replace(' ', '-')}-{told}"
                lab.service.script(export_id, *life)
                stop = partial(_after_two_polls, lab, export_id) if label == "cancelled" else lambda: False
                exports = lab.exports(flag.http)
                flag.during(partial(lab.wait, exports, export_id, timeout_sec=0.6, **flag.hooks(stop)))
        with lab.trial(f"two waits at once, switch {told}"):
            flag = _Flag(lab, value)
            lab.service.script(f"soon-{told}", "CREATED", "READY")
            lab.service.script(f"late-{told}", "CREATED", "CREATED", "CREATED", "READY")
            exports = lab.exports(flag.http)
            waits = [waiting(exports, f"{which}-{told}") for which in ("soon", "late")]
            flag.during(partial(lab.together, *waits))
        if lab.sdk.has("wait-until-ready"):
            with lab.trial(f"wait_until_ready, switch {told}"):
                flag = _Flag(lab, value)
                lab.service.script(f"brief-{told}", "READY")
                wait = partial(lab.exports(flag.http).wait_until_ready, f"brief-{told}", timeout_seconds=1.0)
                flag.during(partial(lab.attempt, wait))


def _after_two_polls(lab: CheckContext, export_id: str) -> bool:
    return len(lab.polls(export_id)) >= 2


class _Flag:
    """A client whose cache switch is watched: assignments are trapped, and its value is sampled throughout."""

    def __init__(self, lab: CheckContext, value: bool) -> None:
        self.lab = lab
        self.value = value
        self.assigned: list[Any] = []
        self.sampled: list[tuple[str, Any]] = []
        self.http = lab.http(client=self._trapping(), enable_get_cache=value)

    def _trapping(self) -> type[Any]:
        flag = self

        class Trapping(self.lab.sdk.HttpClient):  # type: ignore[misc, name-defined]
            def __setattr__(self, name: str, value: Any) -> None:
                # The SDK sets it while it builds a client: this one, or one more for itself.
                if name == "enable_get_cache" and self is flag.__dict__.get("http"):
                    flag.assigned.append(value)
                super().__setattr__(name, value)

        return Trapping

    def sample(self, where: str) -> Any:
        """What the switch says now."""
        value = self.http.enable_get_cache
        self.sampled.append((where, value))
        return value

    def hooks(self, stop: Callable[[], bool]) -> dict[str, Any]:
        """Hooks for a wait that look at the switch between two polls, as far as this SDK has any."""

        def check() -> bool:
            self.sample("the cancel check")
            return stop()

        def hook(event: Any) -> None:
            self.sample("the telemetry hook")

        hooks = {"cancellation": ("cancel_check", check), "telemetry": ("telemetry_hook", hook)}
        return dict(option for capability, option in hooks.items() if self.lab.sdk.has(capability))

    def during(self, waiting: Callable[[], Any]) -> None:
        """Wait, and require that the switch was let alone from the first request to the end."""

        def sample(_: Any) -> Any:
            return self.sample("a request in flight")

        self.lab.samplers.append(sample)
        try:
            waiting()
        finally:
            self.lab.samplers.remove(sample)
        require(not self.assigned, f"the switch was assigned {len(self.assigned)} times: {words(self.assigned)}")
        if not any(where == "a request in flight" for where, _ in self.sampled):
            raise CannotTell("no request was sent, so there was no moment to sample the switch in")
        wrong = [(where, value) for where, value in self.sampled if value is not self.value]
        require(
            not wrong,
            f"in {len(wrong)} of {len(self.sampled)} samples the switch was not {self.value}: "
            f"{words([f'{value} in {where}' for where, value in wrong[:1]])}",
        )
        now = self.http.enable_get_cache
        require(now is self.value, f"after the wait the switch is {now}")


# ── the entries ──────────────────────────────────────────────────────────────


@promise("polling.leaves-cache-entries-alone")
def check_leaves_cache_entries_alone(lab: CheckContext) -> None:
    lab.sdk.needs("cache")
    needs(lab, "wait_for_export_ready")
    patient: dict[str, Any] = {"cache_ttl_seconds": 600.0} if lab.sdk.has("cache-ttl") else {}
    lab.need_hits(lab.http(**patient))
    ends: dict[str, Life] = {
        "success": ("CREATED", "CREATED", "READY"),
        "failure": ("CREATED", "FAILED"),
        "time-out": FOREVER,
        "404": ("CREATED", Step(status=404), "CREATED"),
        "error": ("CREATED", Step(fault="close"), "CREATED"),
    }
    if lab.sdk.has("cancellation"):
        ends["cancelled"] = FOREVER
    for label, life in ends.items():
        with lab.trial(f"a status cached before the wait: {label}"):
            exports = waiter(lab, **patient)
            export_id = f"before-{label}"
            lab.service.script(export_id, "CREATED", *life)
            before = stamp_shown(lab, lab.given(partial(exports.get_export_status, export_id), "a status"), export_id)
            if stamp_of(lab.given(partial(exports.get_export_status, export_id), "a status")) != before:
                raise CannotTell("a status repeated at once is not served from the cache")
            _wait_to_its_end(lab, exports, export_id, label)
            after = stamp_of(lab.given(partial(exports.get_export_status, export_id), "a status"))
            require(after == before, "the wait removed or replaced the cached status")
        with lab.trial(f"none cached before the wait: {label}"):
            exports = waiter(lab, **patient)
            export_id = f"none-{label}"
            lab.service.script(export_id, *life)
            _wait_to_its_end(lab, exports, export_id, label)
            sent = len(lab.polls(export_id))
            lab.attempt(partial(exports.get_export_status, export_id))
            require(len(lab.polls(export_id)) == sent + 1, "a poll left its answer in the cache")
    with lab.trial("another answer, beside a wait that finds no export"):
        http = lab.http(**patient)
        lab.service.script("exp-lost", Step(status=404))
        for moment in ("before", "after"):
            lab.given(partial(http.request, "GET", f"{OTHER}/kept"), f"a GET {moment} it")
            if moment == "before":
                lab.wait(lab.exports(http), "exp-lost")
        require(len(lab.log(f"{OTHER}/kept")) == 1, "the wait emptied the cache")
    with lab.trial("other GETs meanwhile"):
        http = lab.http(**patient)
        exports = lab.exports(http)
        lab.service.script("exp-3", "CREATED", "CREATED", "READY")
        lab.service.script("exp-4", "CREATED")
        others = (OTHER, "/aris3/exports", "/aris3/exports/exp-4")

        def read_others() -> None:
            for path in others:
                http.request("GET", path)

        lab.given(read_others, "a GET")
        _between_polls(lab, exports, "exp-3", read_others)
        lab.given(read_others, "a GET")
        for path in others:
            sent = len(lab.log(path))
            require(sent == 1, f"{sent} requests on the wire for {path}, which was in the cache")


def _wait_to_its_end(lab: CheckContext, exports: Any, export_id: str, label: str) -> None:
    options: dict[str, Any] = {"timeout_sec": 0.6}
    if label == "cancelled":
        polls_before = len(lab.polls(export_id))
        options["cancel_check"] = lambda: len(lab.polls(export_id)) >= polls_before + 2
    lab.wait(exports, export_id, **options)


def _between_polls(lab: CheckContext, exports: Any, export_id: str, act: Callable[[], Any]) -> None:
    """Do something between the polls of a wait, by whatever hook this SDK has; nothing, where it has none."""
    errors: list[str] = []

    def hook(*_: Any) -> bool:
        try:
            act()
        except Exception as why:
            errors.append(describe(why))
        return False

    options: dict[str, Any] = {}
    if lab.sdk.has("cancellation"):
        options = {"cancel_check": hook}
    elif lab.sdk.has("telemetry"):
        options = {"telemetry_hook": hook}
    lab.wait(exports, export_id, timeout_sec=2.0, **options)
    if errors:
        raise CannotTell(f"what was done between the polls failed: {errors[0]}")


# ── several at once ──────────────────────────────────────────────────────────


@promise("polling.overlapping-waits")
def check_overlapping_waits(lab: CheckContext) -> None:
    needs(lab, "wait_for_export_ready")
    groups: dict[str, dict[str, tuple[Life, float]]] = {
        "one READY soon, one later": {
            "soon": (("CREATED", "READY"), 20.0),
            "late": (("CREATED",) * 8 + ("READY",), 20.0),
        },
        "one gone, one failed, one that runs out of time, one READY later": {
            "gone": (("CREATED", Step(status=404)), 20.0),
            "unknown": ((Step(status=404),), 20.0),
            "failed": (("CREATED", "CREATED", "FAILED"), 20.0),
            "never": (FOREVER, 1.0),
            "ready": (("CREATED",) * 9 + ("COMPLETED",), 20.0),
        },
    }
    for label, lives in groups.items():
        with lab.trial(label):
            alone = {}
            for name, (life, budget) in lives.items():
                lab.service.script(f"{name}-alone", *life)
                alone[name] = lab.wait(waiter(lab), f"{name}-alone", timeout_sec=budget)
                lab.service.script(name, *life)
            exports = waiter(lab)
            calls = [waiting(exports, name, timeout_sec=budget) for name, (_, budget) in lives.items()]
            together = dict(zip(lives, lab.together(*calls), strict=True))
            for name, wait in together.items():
                require(
                    _ending(wait) == _ending(alone[name]),
                    f"{name}: beside others the wait {wait.said()}, and alone it {alone[name].said()}",
                )
                polls, usual = len(lab.polls(name)), len(lab.polls(f"{name}-alone"))
                # Pauses that are a little longer than asked make a poll less before a time-out.
                slack = 2 if name == "never" else 0
                require(abs(polls - usual) <= slack, f"{name}: {polls} polls on the wire, and alone {usual}")
                if wait.error is None:
                    answered = [seen.stamp for seen in lab.polls(name) if seen.stamp is not None]
                    read = _stamp_read(wait)
                    require(read in answered, f"{name}: the wait read stamp {read}, which is not of its own export")


def _ending(wait: Attempt) -> str:
    return type(wait.error).__name__ if wait.error is not None else outcome_of(wait)


# ── what the checks share ────────────────────────────────────────────────────


def _clients(lab: CheckContext) -> dict[str, dict[str, Any]]:
    """A client as users build it, and one whose cache forgets nothing in the time of a check."""
    clients: dict[str, dict[str, Any]] = {"default client": {}}
    if lab.sdk.has("cache-ttl"):
        clients["patient cache"] = {"cache_ttl_seconds": 600.0}
    return clients
