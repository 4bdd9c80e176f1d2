"""The fixture handed to a check: the SDK, the service, the clock, and ways to report a result.

Lives in the SDK's process. The service is another process, in real time; each check has a scope of its own
there, so no check sees another's requests.
"""

from __future__ import annotations

import _thread
import functools
import inspect
import itertools
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from atalaya.core.errors import HarnessError
from atalaya.harness import timeline
from atalaya.harness.outcomes import Answer, Broken, CannotTell, NotApplicable, answer_to, describe
from atalaya.harness.virtual_clock import VirtualClock
from atalaya.mock_server.control import Control, Scope, Seen
from atalaya.sdk import binding


class Attempt(NamedTuple):
    """What became of one call into the SDK: its value or its error, and the virtual seconds it took."""

    value: Any
    error: BaseException | None
    started_s: float
    elapsed_s: float

    def said(self) -> str:
        """What happened, in words: for the reason of a broken promise."""
        return f"raised {describe(self.error)}" if self.error is not None else f"returned {short(self.value)}"


class Sdk:
    """The SDK by the names of the contract. A name that it lacks is our failure to bind, not its fault."""

    def __getattr__(self, name: str) -> Any:
        try:
            return binding.resolve(name)
        except binding.Lacking as why:
            raise NotApplicable(f"this SDK does not have {name}: {why}") from None
        except (ImportError, AttributeError, KeyError) as why:
            raise HarnessError(f"the SDK has no {name} where the contract puts it: {describe(why)}") from why

    def needs(self, capability: str) -> None:
        """Go on only with an SDK that has the capability.

        :raises NotApplicable: it does not.
        :raises HarnessError: nobody can say.
        """
        if not self.has(capability):
            raise NotApplicable(f"this SDK does not have {binding.capability(capability).says}")

    def has(self, capability: str) -> bool:
        try:
            return binding.capability(capability).present()
        except LookupError as why:
            raise HarnessError(str(why)) from why
        except (ImportError, AttributeError) as why:
            raise HarnessError(f"the SDK lacks what the contract names: {describe(why)}") from why


class CheckContext:
    """What a check is given: an SDK on a loopback service of its own, in virtual time.

    A check pack's own class of this name adds what it knows of its SDK.
    """

    def __init__(self, control: Control, clock: VirtualClock, home: Path, *, deadline_s: float = 20.0) -> None:
        """:param deadline_s: how long this check may take, in real seconds."""
        self.sdk = Sdk()
        self.clock = clock
        self.home = home
        self.deadline_s = deadline_s
        self.trials = 0
        self.case = ""  # the one that runs, in words
        self.undecided: list[str] = []  # the cases that could not be judged, each with the reason
        self.lacking: list[str] = []  # the cases that this SDK has nothing for
        self.script: tuple[str, ...] = ()
        self.samplers: list[Callable[[Seen], Any]] = []
        self.arrived: Callable[[], None] = lambda: None  # who looks for real time wants to know of each request
        self._control = control
        self._settled: list[Seen] = []
        self._notes: list[timeline.Note] = []
        self._reading = _thread.allocate_lock()  # below threading: nobody waits for it in virtual time

    @functools.cached_property
    def service(self) -> Scope:
        """This check's scope of the loopback service, opened at first use."""
        return self._control.open_scope(witness=self._witness)

    def another_service(self, *, tls: str = "") -> Scope:
        """A second service, on an address of its own; with ``tls``, over TLS with that fault."""
        return self._control.open_scope(witness=None, **({"tls": tls} if tls else {}))

    def _witness(self, seen: Seen) -> Any:
        """Called while a request is in flight: the virtual instant, and whatever the check samples."""
        self.arrived()
        return {"at_s": self.clock.now(), "sampled": [sample(seen) for sample in self.samplers]}

    # ── what was seen ──

    def _log(self) -> list[Seen]:
        """All requests so far. Those that are answered change no more, so only what follows them is fetched."""
        with self._reading:
            fresh = self.service.log(after=len(self._settled))
            settled = list(itertools.takewhile(lambda seen: seen.answered, fresh))
            self._settled += settled
            return self._settled + fresh[len(settled) :]

    def log(self, path: str = "", method: str = "") -> list[Seen]:
        """The requests that reached the service, in order; those for one path or method, if given."""
        return [
            seen
            for seen in self._log()
            if (not path or seen.path.partition("?")[0] == path) and (not method or seen.method == method)
        ]

    def at_s(self, seen: Seen) -> float:
        """The virtual instant at which a request was in flight."""
        at_s = timeline.instant(seen)
        if at_s is None:
            raise HarnessError(f"request {seen.number} had no witness: {seen.note or 'no reason given'}")
        return at_s

    def requests(self) -> list[Seen]:
        """All that reached this check's service; nothing, where the check never opened it."""
        return self._log() if "service" in self.__dict__ else []

    def timeline(self) -> tuple[str, ...]:
        """What was called, sent, answered and waited for, a line each: for the reader of a red check."""
        return timeline.render(self._notes, self.requests(), self.clock.sleeps)

    def timeline_so_far(self) -> tuple[str, ...]:
        """The same, of what was fetched already: whoever asks may have no time to wait for the service."""
        return timeline.render(tuple(self._notes), tuple(self._settled), tuple(self.clock.sleeps))

    def _note(self, text: str, *, closes: bool = False) -> None:
        self._notes.append(timeline.Note(self.clock.now(), text, closes))

    # ── calls into the SDK ──

    def attempt(self, call: Callable[[], Any], what: str = "") -> Attempt:
        """Make a call and keep what becomes of it; ``what`` is the call in words, for the timeline.

        Whether the call fits is asked of the signature before: a ``partial`` shows its arguments. What then comes
        out is what the SDK did, a TypeError too.

        :raises HarnessError: the call does not fit the SDK's signature, and was not made.
        """
        require_fit(call)
        what = what or _called(call)
        self._note(f"{what}: called")
        started_s = self.clock.now()
        value, error = None, None
        try:
            value = call()
        except (Answer, HarnessError):
            raise
        except BaseException as raised:  # sys.exit too is something that an SDK does
            error = raised
        made = Attempt(value, error, started_s, self.clock.now() - started_s)
        self._note(f"{what}: {made.said()}", closes=True)
        return made

    def given(self, call: Callable[[], Any], what: str) -> Any:
        """Make a call that the check stands on, and that is not what it judges.

        :raises CannotTell: it failed.
        """
        attempt = self.attempt(call, what)
        if attempt.error is not None:
            raise CannotTell(f"{what} failed, so there is nothing to judge: {describe(attempt.error)}")
        return attempt.value

    @contextmanager
    def trial(self, label: str) -> Iterator[None]:
        """One case of a check: counted, and named in the reason when it ends badly.

        A case that cannot be judged, or that this SDK has nothing for, is noted, and the check goes on with the next.
        """
        self.trials += 1
        self.case = label
        self._note(f"{timeline.CASE}{label}", closes=True)
        try:
            yield
        except Exception as raised:
            found = answer_to(raised, binding.package())
            if isinstance(found, Broken):
                raise Broken(f"{label}: {found}") from raised
            (self.lacking if isinstance(found, NotApplicable) else self.undecided).append(f"{label}: {found}")

    # ── the SDK, built ──

    def build(self, name: str, **fields: Any) -> Any:
        """Make an object of the SDK, of the class that the contract calls by this name.

        :raises HarnessError: the class does not take these fields.
        :raises Broken: it takes them, and fails.
        """
        return self.built(functools.partial(getattr(self.sdk, name), **fields), name)

    def built(self, build: Callable[[], Any], name: str) -> Any:
        """As :meth:`build`, by a call of one's own."""
        require_fit(build)
        try:
            return build()
        except (Answer, HarnessError):
            raise
        except Exception as why:
            raise Broken(f"{name} cannot be built: {describe(why)}") from why

    def together(self, *calls: Callable[[], Any]) -> list[Attempt]:
        """Make several calls at once, a thread each, all in virtual time."""
        results: dict[int, Attempt] = {}
        for call in calls:
            require_fit(call)

        def run(number: int, call: Callable[[], Any]) -> None:
            results[number] = self.attempt(call)

        if sys.excepthook is None:  # the SDK took it away, and no thread is made without one
            sys.excepthook = sys.__excepthook__
        threads = [threading.Thread(target=run, args=item, daemon=True) for item in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if len(results) < len(calls):
            raise HarnessError("a call of the SDK in a thread of its own ended without a result")
        return [results[number] for number in range(len(calls))]


def require_fit(call: Callable[[], Any]) -> None:
    """Go on only with a call that the SDK's signature takes, as far as the call shows its arguments.

    >>> require_fit(functools.partial(round, 1.5, ndigits=1))
    >>> require_fit(functools.partial(round, 1.5, decimals=1))
    Traceback (most recent call last):
    atalaya.core.errors.HarnessError: the call does not fit round: got an unexpected keyword argument 'decimals'

    :raises HarnessError: it does not.
    """
    if not isinstance(call, functools.partial):
        return
    try:
        signature = inspect.signature(call.func)
    except (TypeError, ValueError):  # it shows none: the call itself will tell
        return
    try:
        signature.bind(*call.args, **call.keywords)
    except TypeError as why:
        name = getattr(call.func, "__qualname__", "the SDK")
        raise HarnessError(f"the call does not fit {name}: {why}") from None


def _called(call: Callable[[], Any]) -> str:
    """A call in words, as far as it can be told from outside: ``get_status('job-1')``."""
    if not isinstance(call, functools.partial):
        return "a call"
    given = [*map(short, call.args), *(f"{name}={short(value)}" for name, value in call.keywords.items())]
    return f"{getattr(call.func, '__name__', 'a call')}({', '.join(given)})"


def short(value: Any) -> str:
    """A value in at most 200 characters."""
    words = " ".join(repr(value).split())
    return words if len(words) <= 200 else words[:197] + "..."


def words(items: Sequence[Any]) -> str:
    """Items as a list to be read: ``1, 2, 3``."""
    return ", ".join(str(item) for item in items)


def without_variables(prefix: str) -> None:
    """Take the variables that begin so out of the environment, in whatever case they are written."""
    for name in [name for name in os.environ if name.upper().startswith(prefix)]:
        del os.environ[name]
