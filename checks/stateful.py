"""Stateful property tests: random steps that look for stale answers from the cache or in a wait.

A random sequence of steps is taken with one or two clients of the SDK, over and over; each answer bears a stamp, so
that it is known who fetched it and when. A model says what the cache may serve. It is an upper bound: an SDK
that fetches more often than it must is never found fault with here. A sequence that fails is shortened, with
Hypothesis (D. R. MacIver and others, 2019), until nothing can be left out of it.

Lives in the SDK's process. Hypothesis is imported there before the clock is installed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, NamedTuple

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from hypothesis.internal.conjecture import engine, providers
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from atalaya.harness.api import Attempt, Broken, CannotTell, Seen, Step, describe

from .fixture import CheckContext

LIFETIME_S = 3.0
INTERVAL_S = 0.2  # between the polls of a wait
BUDGET_S = 0.9  # of a wait for what never comes
AT_ONCE_S = 0.05  # less than any pause, and far more than the clock moves between two steps
# No sum of a few of these is near the lifetime, nor is it with some polls between them.
PAUSES_S = (0.7, 1.85, 3.1)

# So many sequences more are taken to shorten one that fails. A number of them, and not of seconds: what is found, and
# what is told of it, must not be the machine's doing.
SHORTEN_IN = 200

PLAIN, BYPASS, POLL, OFF = "a plain GET", "a bypass", "a poll", "a GET with the cache off"

STORES, USERS = "/aris3/stores", "/aris3/users"
EXPORTS = "/aris3/exports"
FIRST, SECOND = "exp-1", "exp-2"


class Target(NamedTuple):
    """What is asked for: a path, and perhaps a query."""

    path: str
    query: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return f"{self.path}?{query}" if query else self.path


class Asked(NamedTuple):
    """By which client, for whom, and for what."""

    client: str
    who: str
    target: Target


# The first of each is the one that matters most: it is met most often, and sequences are shortened towards it.
CLIENTS = ("the client",) * 4 + ("a second client",)
PEOPLE = ("alice",) * 3 + ("bob", "nobody")
TARGETS = (Target(STORES),) * 3 + (Target(STORES, (("page", "2"),)), Target(USERS))
EXPORT_IDS = (FIRST,) * 3 + (SECOND,)

FAILURES: dict[str, Step] = {
    "500": Step(status=500),
    "404": Step(status=404),
    "nothing": Step(status=200, raw=b""),
    "null": Step(json=None),
    "a closed connection": Step(fault="close"),
}
# How a wait can go, and after how many pauses it is over; None where it takes its whole budget.
LIVES: dict[str, tuple[tuple[str | Step, ...], int | None]] = {
    "READY": (("READY",), 0),
    "CREATED, READY": (("CREATED", "READY"), 1),
    "CREATED for ever": (("CREATED",), None),
    "FAILED": (("FAILED",), 0),
    "CREATED, 404": (("CREATED", Step(status=404), "CREATED"), 1),
    "404": ((Step(status=404), "CREATED"), 0),
    "CREATED, a closed connection": (("CREATED", Step(fault="close"), "CREATED"), 1),
}


# ── what may be served ───────────────────────────────────────────────────────


@dataclass
class Fetched:
    """One answer that the service gave: how it was fetched, for which step, and until when it may be served."""

    how: str
    step: int
    asked: Asked
    at_s: float
    ends_s: float = math.inf
    gone: str = ""


@dataclass
class Model:
    """Every answer that was given in one sequence, by its stamp, and what a cache may still do with it."""

    fetched: dict[int, Fetched] = field(default_factory=dict)

    def keep(self, stamp: int, answer: Fetched) -> None:
        """An answer has come from the service."""
        self.fetched[stamp] = answer

    def empty(self, client: str, by: str, path: str = "") -> None:
        """A client's answers, or those whose path contains one, must not be served from now on."""
        for answer in self.fetched.values():
            if answer.asked.client == client and path in answer.asked.target.path and not answer.gone:
                answer.gone = by

    def why_not(self, stamp: int, asked: Asked, now_s: float) -> str:
        """Why a plain GET may not be served this answer; empty where it may.

        >>> stores = Asked("the client", "alice", Target("/aris3/stores"))
        >>> model = Model({1: Fetched(PLAIN, 1, stores, at_s=0.0, ends_s=3.0)})
        >>> model.why_not(1, stores, 2.9), model.why_not(2, stores, 9.9)
        ('', '')
        >>> model.why_not(1, stores, 3.5)
        'which step 1 had fetched 3.5 s before, and whose lifetime was 3 s'
        >>> model.why_not(1, stores._replace(who="bob"), 1.0)
        'which step 1 had fetched for alice'
        """
        answer = self.fetched.get(stamp)
        if answer is None:
            return ""
        by = f"which step {answer.step} had fetched"
        was = answer.asked
        if answer.how != PLAIN:
            return f"{by} by {answer.how}"
        if was.client != asked.client:
            return f"{by} with {was.client}"
        if was.who != asked.who:
            return f"{by} for {was.who}"
        if was.target != asked.target:
            return f"{by} from {was.target}"
        if answer.gone:
            return f"{by}, and {answer.gone} had removed"
        # A lifetime ends in the instant in which it ends; the clock moves by a microsecond with each look.
        if now_s > answer.ends_s + AT_ONCE_S / 5:
            lifetime_s = answer.ends_s - answer.at_s
            return f"{by} {now_s - answer.at_s:.1f} s before, and whose lifetime was {lifetime_s:g} s"
        return ""


# ── the search ───────────────────────────────────────────────────────────────


class Found(NamedTuple):
    """A sequence that fails: why, and its steps, the last of which is the one that fails."""

    reason: str
    script: tuple[str, ...]


class _Enough(BaseException):
    """The search is over. Hypothesis lets it pass."""


class _Search:
    """What all sequences of one search share: the SDK, the shortest failure so far, and how often to look for a shorter
    one."""

    def __init__(self, lab: CheckContext) -> None:
        self.lab = lab
        self.found: Found | None = None
        self.trouble = ""
        self.over = False
        self.heard = 0  # requests in the service's log
        self._left = SHORTEN_IN

    def begin(self) -> int:
        """Begin a sequence. The stamp after which its own are counted."""
        if self.found is not None:
            self._left -= 1
            if not self._left:
                raise _Enough
        with self.lab.trial(f"sequence {self.lab.trials + 1}"):
            stamps = [seen.stamp for seen in self.news() if seen.stamp is not None]
        self._stamp = max(stamps, default=getattr(self, "_stamp", 0))
        return self._stamp

    def news(self) -> list[Seen]:
        """The requests that have reached the service since this was last asked."""
        seen = self.lab.service.log(after=self.heard)
        self.heard += len(seen)
        return seen

    def fail(self, reason: str, script: list[str]) -> Broken:
        """Note a failure, and return what to raise for it."""
        if self.found is None or len(script) <= len(self.found.script):
            told = tuple(f"{number}. {line}" for number, line in enumerate(script, start=1))
            self.found = Found(reason, told)
        return Broken(reason)

    def give_up(self, trouble: str) -> _Enough:
        """The SDK fails where nothing should: that is another promise's matter."""
        self.trouble, self.over = trouble, True
        return _Enough()


def explore(lab: CheckContext, kind: type[Sequence], *, seed: int, sequences: int, steps: int) -> Found | None:
    """Take so many random sequences of so many steps, and return the shortest that fails.

    The same seed takes the same steps, as far as the SDK itself does the same.

    :raises CannotTell: the SDK fails at a step that is not judged here.
    """
    search = _Search(lab)
    machine = type(kind.__name__, (kind,), {"search": search})
    settings = hypothesis.settings(
        max_examples=sequences,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        print_blob=False,
    )
    try:
        with _made_fit():
            run_state_machine_as_test(hypothesis.seed(seed)(machine), settings=settings)
    except (_Enough, Exception):
        # Our own end of the search, a failure that was found, or what Hypothesis makes of either: all are noted.
        if search.found is None and not search.over:
            raise
    if search.found is not None:
        return search.found
    if search.trouble:
        raise CannotTell(search.trouble)
    return None


@contextmanager
def _made_fit() -> Iterator[None]:
    """Hypothesis, fit for virtual time and for a process that forks.

    It gives itself five minutes to shorten, which are soon over in virtual time. And it reads the source of all
    modules for constants to draw: that takes long, is of no use here, and would make what is drawn depend
    on the SDK.
    """
    with ExitStack() as stack:
        for module, name, ours in (
            (engine, "MAX_SHRINKING_SECONDS", math.inf),
            (providers, "_get_local_constants", lambda: providers._local_constants),
        ):
            if hasattr(module, name):
                stack.callback(setattr, module, name, getattr(module, name))
                setattr(module, name, ours)
        yield


# ── the steps ────────────────────────────────────────────────────────────────


class Sequence(RuleBasedStateMachine):
    """One sequence of steps, from clients that have just been made."""

    search: ClassVar[_Search]
    between: ClassVar[str] = "bypasses"  # what may come between two GETs, and must leave the cache alone

    def __init__(self) -> None:
        super().__init__()
        self.lab = self.search.lab
        self.base = self.search.begin()
        self.script: list[str] = []
        self.model = Model()
        # Answers that were just served from the cache, and that nothing has been done to since.
        self.sure: dict[Asked, tuple[int, float]] = {}
        self._clients: dict[str, Any] = {}

    # ── the steps of every sequence ──

    @rule(pause_s=st.sampled_from(PAUSES_S))
    def let_time_pass(self, pause_s: float) -> None:
        time.sleep(pause_s)
        self.tell(f"{pause_s:g} s pass")

    @precondition(lambda self: self.has("cache"))
    @rule()
    def turn_the_switch(self) -> None:
        http = self.http(CLIENTS[0])
        on = not http.enable_get_cache
        self.must("a change of the switch", partial(setattr, http, "enable_get_cache", on))
        self.tell(f"the cache is switched {'on' if on else 'off'}")
        self.sure = {}

    # ── what a step is made of ──

    def has(self, capability: str) -> bool:
        return self.lab.sdk.has(capability)

    def http(self, client: str) -> Any:
        """A client, made when it is first needed."""
        if client not in self._clients:
            fields: dict[str, Any] = {"cache_ttl_seconds": LIFETIME_S} if self.has("cache-ttl") else {}
            self._clients[client] = self.lab.http(**fields)
        return self._clients[client]

    def exports(self, client: str, who: str) -> Any:
        """A client of exports for one person, on one HTTP client."""
        return self.lab.exports(self.http(client), **({} if who == "nobody" else {"access_token": who}))

    def tell(self, what: str, came: str = "") -> None:
        """Write a step down."""
        self.script.append(f"{what} -> {came}" if came else what)

    @property
    def step(self) -> int:
        """The number of the step that is being taken."""
        return len(self.script) + 1

    def make(self, call: Callable[[], Any]) -> Attempt:
        """Call the SDK, and keep what becomes of it."""
        started_s = self.lab.clock.now()
        value, error = None, None
        try:
            value = call()
        except Exception as raised:
            error = raised
        return Attempt(value, error, started_s, self.lab.clock.now() - started_s)

    def must(self, what: str, call: Callable[[], Any]) -> Any:
        """Call the SDK where nothing can go wrong."""
        made = self.make(call)
        if made.error is not None:
            raise self.search.give_up(f"{what} failed, so there is nothing to judge: {describe(made.error)}")
        return made.value

    def fail(self, reason: str) -> Broken:
        return self.search.fail(f"after {len(self.script)} steps, {reason}", self.script)

    def stamp(self, number: int) -> str:
        """A stamp as it is told: counted from the beginning of this sequence."""
        return f"stamp {number - self.base}"

    def read(self, what: str, how: str, asked: Asked, call: Callable[[], Any], failure: str = "") -> None:
        """Take a step that asks for something, and judge what comes."""
        off = how == PLAIN and not self._switched_on(asked.client)
        how = OFF if off else how
        made = self.make(call)
        if made.error is not None and not failure:
            raise self.search.give_up(f"{what} failed, so there is nothing to judge: {describe(made.error)}")
        now_s = self.lab.clock.now()
        what += f" while the service answers {failure}" if failure else ""
        number = _stamp_of(made.value) if made.error is None else None
        if number is None:
            self.tell(what, f"raises {type(made.error).__name__}" if made.error is not None else "null")
            return
        cached = number in self.model.fetched
        self.tell(what, f"{self.stamp(number)} ({'from the cache' if cached else 'sent'})")
        if cached:
            self.judge_hit(how, number, asked, now_s)
        else:
            self.judge_miss(how, asked, now_s)
            lifetime_s = LIFETIME_S if self.has("cache-ttl") else math.inf
            answer = Fetched(how, len(self.script), asked, now_s, now_s + lifetime_s)
            self.model.keep(number, answer)
        if how == PLAIN:
            self.sure = {**self.sure, asked: (number, now_s)} if cached else {}

    def _switched_on(self, client: str) -> bool:
        return bool(getattr(self.http(client), "enable_get_cache", False))

    def judge_hit(self, how: str, number: int, asked: Asked, now_s: float) -> None:
        """May this answer, which has been seen before, be served now?"""
        if how != PLAIN:
            by = self.model.fetched[number]
            raise self.fail(f"{how} was answered with {self.stamp(number)}, which step {by.step} had fetched")
        if why_not := self.model.why_not(number, asked, now_s):
            raise self.fail(f"a plain GET was answered with {self.stamp(number)}, {why_not}")

    def judge_miss(self, how: str, asked: Asked, now_s: float) -> None:
        """Was it right to send this, though a moment before it was served from the cache?"""
        if how == PLAIN and (known := self.removed(asked, now_s)):
            raise self.fail(
                f"a plain GET was sent, though {self.stamp(known)} had just been served from the cache, "
                f"and nothing but {self.between} came between"
            )

    def removed(self, asked: Asked, now_s: float) -> int | None:
        """The answer that was served for this just before, has time left, and was not served now."""
        number, at_s = self.sure.get(asked, (0, 0.0))
        if not number or now_s - at_s > AT_ONCE_S or not self.has("cache-ttl"):
            return None
        return number if self.model.fetched[number].ends_s - now_s > AT_ONCE_S else None

    def get(self, how: str, client: str, who: str, target: Target, failure: str = "") -> None:
        """A GET of a path."""
        http, options = self.http(client), _options(how)
        if failure:
            self.lab.service.answer("GET", target.path, FAILURES[failure], Step())
        if target.query:
            options["params"] = dict(target.query)
        if who != "nobody":
            options["headers"] = {"Authorization": f"Bearer {who}"}
        what = f"GET {target} as {who}{_past(how)}{_on(client)}"
        self.read(what, how, Asked(client, who, target), partial(http.request, "GET", target.path, **options), failure)
        if failure:
            self.lab.service.answer("GET", target.path, Step())

    def status(self, how: str, client: str, who: str, export_id: str) -> None:
        """A status of an export."""
        call = partial(self.exports(client, who).get_export_status, export_id, **_options(how))
        what = f"get_export_status({export_id!r}) as {who}{_past(how)}{_on(client)}"
        self.read(what, how, Asked(client, who, Target(f"{EXPORTS}/{export_id}")), call)

    def empty(self, what: str, client: str, path: str = "") -> None:
        """Write a step down that removes answers."""
        self.tell(f"{what}{_on(client)}")
        self.model.empty(client, f"step {len(self.script)}", path)
        self.sure = {}


def _options(how: str) -> dict[str, Any]:
    return {"use_get_cache": False} if how == BYPASS else {}


def _past(how: str) -> str:
    return " past the cache" if how == BYPASS else ""


def _on(client: str) -> str:
    return "" if client == CLIENTS[0] else f", with {client}"


def _stamp_of(answer: Any) -> int | None:
    """The stamp that the service put into an answer, whatever the SDK made of it."""
    if isinstance(answer, Mapping):
        found = answer.get("stamp", answer.get("row_count"))
    else:
        found = getattr(answer, "row_count", None)
    return found if isinstance(found, int) else None


# ── sequences about the cache ────────────────────────────────────────────────


class CacheSequence(Sequence):
    """GETs past the cache and through it, mutations, failures and pauses."""

    def __init__(self) -> None:
        super().__init__()
        self.lab.service.script(FIRST, "CREATED")

    @rule()
    def repeat(self) -> None:
        self.get(PLAIN, CLIENTS[0], PEOPLE[0], TARGETS[0])

    @rule(client=st.sampled_from(CLIENTS), who=st.sampled_from(PEOPLE), place=st.sampled_from(TARGETS))
    def plain(self, client: str, who: str, place: Target) -> None:
        self.get(PLAIN, client, who, place)

    @precondition(lambda self: self.has("bypass"))
    @rule(client=st.sampled_from(CLIENTS), who=st.sampled_from(PEOPLE), place=st.sampled_from(TARGETS))
    def bypass(self, client: str, who: str, place: Target) -> None:
        self.get(BYPASS, client, who, place)

    @rule(who=st.sampled_from(PEOPLE))
    def plain_status(self, who: str) -> None:
        self.status(PLAIN, CLIENTS[0], who, FIRST)

    @precondition(lambda self: self.has("status-bypass"))
    @rule(who=st.sampled_from(PEOPLE))
    def bypass_status(self, who: str) -> None:
        self.status(BYPASS, CLIENTS[0], who, FIRST)

    @rule(place=st.sampled_from(TARGETS), failure=st.sampled_from(tuple(FAILURES)))
    def plain_and_failure(self, place: Target, failure: str) -> None:
        self.get(PLAIN, CLIENTS[0], PEOPLE[0], place, failure)

    @precondition(lambda self: self.has("bypass"))
    @rule(place=st.sampled_from(TARGETS), failure=st.sampled_from(tuple(FAILURES)))
    def bypass_and_failure(self, place: Target, failure: str) -> None:
        self.get(BYPASS, CLIENTS[0], PEOPLE[0], place, failure)

    @precondition(lambda self: self.has("invalidation"))
    @rule(who=st.sampled_from(PEOPLE), path=st.sampled_from((STORES, STORES, USERS)))
    def mutate(self, who: str, path: str) -> None:
        self._post(who, path, naming=True)
        self.empty(f"POST {path} as {who}, which names its path", CLIENTS[0], path)

    @rule(who=st.sampled_from(PEOPLE), path=st.sampled_from((STORES, USERS)))
    def mutate_and_name_nothing(self, who: str, path: str) -> None:
        self._post(who, path, naming=False)
        self.tell(f"POST {path} as {who}")
        self.sure = {}

    @precondition(lambda self: self.has("cache-clear"))
    @rule(client=st.sampled_from(CLIENTS))
    def clear(self, client: str) -> None:
        self.must("clear_cache", self.http(client).clear_cache)
        self.empty("clear_cache()", client)

    @precondition(lambda self: self.has("context-switch"))
    @rule(client=st.sampled_from(CLIENTS))
    def switch_context(self, client: str) -> None:
        self.must("switch_context", partial(self.http(client).switch_context, "tenant"))
        self.empty("switch_context('tenant')", client)

    def _post(self, who: str, path: str, *, naming: bool) -> None:
        options: dict[str, Any] = {"invalidate_paths": [path]} if naming else {}
        if who != "nobody":
            options["headers"] = {"Authorization": f"Bearer {who}"}
        call = partial(self.http(CLIENTS[0]).request, "POST", path, json_body={"a": 1}, **options)
        self.must("a POST", call)


# ── sequences about waits ────────────────────────────────────────────────────


class WaitSequence(Sequence):
    """Waits that end in each way, between status requests past the cache and through it.

    What the cache does wrong by itself is not judged here, but only what a wait does wrong with it.
    """

    between = "waits"

    def __init__(self) -> None:
        super().__init__()
        for export_id in (FIRST, SECOND):
            self.lab.service.script(export_id, "CREATED")

    def judge_hit(self, how: str, number: int, asked: Asked, now_s: float) -> None:
        by = self.model.fetched[number]
        if by.how == POLL:
            raise self.fail(f"{how} was answered with {self.stamp(number)}, which a poll of step {by.step} had left")

    @rule()
    def repeat(self) -> None:
        self.status(PLAIN, CLIENTS[0], PEOPLE[0], FIRST)

    @rule(who=st.sampled_from(PEOPLE), export_id=st.sampled_from(EXPORT_IDS))
    def plain_status(self, who: str, export_id: str) -> None:
        self.status(PLAIN, CLIENTS[0], who, export_id)

    @precondition(lambda self: self.has("status-bypass"))
    @rule(who=st.sampled_from(PEOPLE), export_id=st.sampled_from(EXPORT_IDS))
    def bypass_status(self, who: str, export_id: str) -> None:
        self.sure = {}  # what a bypass does to the cache is another promise's matter
        self.status(BYPASS, CLIENTS[0], who, export_id)

    @precondition(lambda self: self.has("cache-clear"))
    @rule()
    def clear(self) -> None:
        self.must("clear_cache", self.http(CLIENTS[0]).clear_cache)
        self.empty("clear_cache()", CLIENTS[0])

    @rule(who=st.sampled_from(PEOPLE), export_id=st.sampled_from(EXPORT_IDS), life=st.sampled_from(tuple(LIVES)))
    def wait(self, who: str, export_id: str, life: str) -> None:
        self._wait(who, export_id, life)

    @rule(life=st.sampled_from(tuple(LIVES)))
    def wait_once_more(self, life: str) -> None:
        self._wait(PEOPLE[0], FIRST, life)

    def _wait(self, who: str, export_id: str, life: str) -> None:
        steps, pauses = LIVES[life]
        self.lab.service.script(export_id, *steps)
        exports = self.exports(CLIENTS[0], who)
        self.search.news()
        wait = self.make(
            partial(
                exports.wait_for_export_ready,
                export_id,
                timeout_sec=BUDGET_S if pauses is None else 10.0,
                poll_interval_sec=INTERVAL_S,
            )
        )
        path = f"{EXPORTS}/{export_id}"
        polls = [seen for seen in self.search.news() if seen.path == path]
        came = f"raises {type(wait.error).__name__}"
        number = None
        if wait.error is None:
            number = _stamp_of(wait.value.status)
            came = f"{getattr(wait.value.outcome, 'value', wait.value.outcome)}"
            came += f" with {self.stamp(number)}" if number is not None else ""
        self.tell(
            f"wait for {export_id} as {who}, while it lives {life}",
            f"{came} after {len(polls)} poll{'s' * (len(polls) != 1)} in {wait.elapsed_s:.1f} s",
        )
        self._judge_wait(wait, number, polls)
        asked = Asked(CLIENTS[0], who, Target(path))
        for seen in polls:
            if seen.stamp is not None:
                self.model.keep(seen.stamp, Fetched(POLL, len(self.script), asked, self.lab.clock.now()))

    def _judge_wait(self, wait: Attempt, number: int | None, polls: list[Seen]) -> None:
        if not polls:
            raise self.fail("no poll of a wait reached the service")
        first_s = self.lab.at_s(polls[0]) - wait.started_s
        if first_s > AT_ONCE_S * 2:
            raise self.fail(f"the first poll of a wait reached the service only after {first_s:.1f} s")
        if number is not None and number not in [seen.stamp for seen in polls]:
            raise self.fail(f"a wait ended with {self.stamp(number)}, which none of its polls had been answered with")
        expected = 1 + int(wait.elapsed_s / INTERVAL_S + 1e-3)
        # A third is above one cached answer, and far below what any honest spacing gives.
        if len(polls) * 3 <= expected:
            raise self.fail(f"{len(polls)} polls of a wait reached the service instead of {expected}")
