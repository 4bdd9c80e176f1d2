"""Records the result of each check as it happens, without parsing pytest's output.

Each check runs in a forked copy of the process: what an SDK does to its environment, its clock or its
threads ends with the check that saw it. An SDK that ends the copy, or never comes back from a call, breaks the promise
of that check, and no other; one that was ended from outside, or had no time, leaves it unknown.
The copy leaves its result in a file, since a pipe can be held open, or closed, by what the SDK starts or does.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atalaya.core.errors import HarnessError
from atalaya.harness import process_group
from atalaya.harness.fixture import CheckContext
from atalaya.harness.missing_results import unknown, without_result
from atalaya.harness.outcomes import Broken, NotApplicable, answer_to, describe, raised_in
from atalaya.harness.pack import Pack
from atalaya.harness.realtime_watchdog import Leak, Watch
from atalaya.harness.timeline import request_line
from atalaya.harness.virtual_clock import VirtualClock
from atalaya.mock_server.control import Control
from atalaya.records.results import CheckResult, FindingResult
from atalaya.records.stored import Outcome, Presence, Severity
from atalaya.sdk import binding

LAB = pytest.StashKey[CheckContext]()
on_trial = ""  # whose check this process was made for: it says so, whatever becomes of its environment
LEAKED = "real time leaked into the check: the SDK waited in a way that the virtual clock cannot see"


class PackModule(pytest.Module):
    """A module of a check pack, imported by its name: so it can import its siblings relatively."""

    name_of_module: str

    def _getobj(self) -> Any:
        return importlib.import_module(self.name_of_module)


class Recorder:
    """Selects the checks, runs each in a fork, and hands each result to ``emit`` as soon as it is there.

    ``folder`` is removed by who started the run, whatever becomes of this process. Of what is ``settled``
    nothing is run: there are results, or there will never be any.
    """

    def __init__(
        self,
        *,
        pack: Pack,
        clock: VirtualClock,
        folder: Path,
        control_port: int,
        deadline_s: float,
        seed: int,
        wanted: frozenset[str],
        settled: frozenset[str],
        emit: Callable[[CheckResult | FindingResult], None],
        starting: Callable[[str], None],
    ) -> None:
        self.pack = pack
        self.clock = clock
        self.folder = folder
        self.watch = Watch(clock.real.monotonic, clock.real.sleep)
        self.control_port = control_port
        self.deadline_s = deadline_s
        self.seed = seed
        self.wanted = wanted
        self.settled = settled
        self.emit = emit
        self.starting = starting
        self._returned: Any = None

    # ── which checks ──

    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector:
        # Not a package to pytest, which would import its `__init__.py` by its path.
        return pytest.Dir.from_parent(parent, path=path)

    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Module:
        name = self.pack.module_of(module_path)
        pytest.register_assert_rewrite(name)
        module: PackModule = PackModule.from_parent(parent, path=module_path)
        module.name_of_module = name
        return module

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        chosen = [
            item
            for item in items
            if (not self.wanted or _id_of(item) in self.wanted) and _id_of(item) not in self.settled
        ]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = sorted(chosen, key=self._rank)

    def _rank(self, item: pytest.Item) -> tuple[bool, bool, int]:
        """What comes first: promises before weaknesses, the quick ones before those that explore, then by severity.

        Whoever waits for the first defect waits for the worst, and not for the alphabet.
        """
        id = _id_of(item)
        promised = self.pack.promise.get(id)
        weight = list(Severity).index(promised.severity) if promised else 0
        return promised is None, id in self.pack.exploring, weight

    @pytest.fixture
    def lab(self, request: pytest.FixtureRequest) -> CheckContext:
        """The room that a check works in."""
        home = Path(tempfile.mkdtemp(prefix="check-", dir=self.folder))
        kind: type[CheckContext] = self.pack.load("fixture").CheckContext
        lab = kind(Control(self.control_port), self.clock, home, deadline_s=self.deadline_s)
        lab.arrived = self.watch.request_arrived
        self.watch.case = lambda: lab.case
        request.node.stash[LAB] = lab
        return lab

    @pytest.hookimpl(hookwrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Iterator[None]:
        # A probe answers with what it returns, which pytest itself would drop with a warning.
        original = pyfuncitem.obj

        def keep(*args: Any, **kwargs: Any) -> None:
            before = process_group.Surroundings()
            try:
                self._returned = original(*args, **kwargs)
            finally:
                before.put_back(environ=True)  # what comes now is our own

        keep.__wrapped__ = original  # type: ignore[attr-defined]
        pyfuncitem.obj = keep
        yield

    # ── one check ──

    def pytest_runtest_protocol(self, item: pytest.Item) -> bool:
        id = _id_of(item)
        self.starting(id)
        started_s = self.clock.real.monotonic()
        encoded = self._in_a_fork(item) if hasattr(os, "fork") else self._result(item)
        took_s = round(self.clock.real.monotonic() - started_s, 4)
        result = self._decoded(item, encoded)
        if isinstance(result, CheckResult):
            result = msgspec.structs.replace(result, duration_s=took_s)
        self.emit(result)
        return True

    def _in_a_fork(self, item: pytest.Item) -> bytes:
        """The encoded result, or what it means that the fork has left none."""
        left = self.folder / "result.json"
        left.unlink(missing_ok=True)
        before = process_group.children()
        me = os.getpid()
        child = os.fork()
        if child == 0:
            self._be_the_child(item, left, me)
        process_group.lead_a_group(child)  # it does so itself, but perhaps only after we have to end it
        code = process_group.wait(child, self._over(item), self.clock.real.sleep)
        worked_s = process_group.cpu_s(child) if code is None else 0.0
        process_group.end_group(child)
        process_group.end_all(spared=before)
        if left.exists():
            return left.read_bytes()
        outcome, why = without_result(code, worked_s, self.deadline_s, long=_id_of(item) in self.pack.exploring)
        return self._encoded(item, why, outcome)

    def _over(self, item: pytest.Item) -> Callable[[], bool]:
        """Says when a check that begins now has had its time: ten times as long, for one that takes many sequences.

        Whoever waits for a sign of life has one as long as it goes on.
        """
        id, now_s = _id_of(item), self.clock.real.monotonic
        ends_s = now_s() + self.deadline_s * (10 if id in self.pack.exploring else 1)
        heard_s = now_s()

        def over() -> bool:
            nonlocal heard_s
            if now_s() - heard_s > self.deadline_s / 2:
                heard_s = now_s()
                self.starting(id)
            return now_s() >= ends_s

        return over

    def _be_the_child(self, item: pytest.Item, left: Path, parent: int) -> None:
        """Run the check and leave, whatever threads the SDK has started."""
        global on_trial
        on_trial = _id_of(item)
        leave, me = os._exit, os.getpid()
        try:
            process_group.lead_a_group()
            process_group.end_with_parent(parent)
            process_group.set_limits()
            process_group.keep_silent()
            self.clock.after_fork()
            self.watch.enough = lambda leak: self._give_up(item, left, leak)
            self.watch.begin()
            # What the SDK and the check draw can be drawn again, and one check's draws are not another's.
            random.seed(f"{self.seed} {_id_of(item)}")
            try:
                encoded = self._result(item)
            except BaseException as why:  # whatever the SDK did to our machinery is its own check's matter
                outcome = Outcome.BROKEN if raised_in(why, binding.package()) else Outcome.UNKNOWN
                encoded = self._encoded(item, f"the check did not run to its end: {describe(why)}", outcome)
            if os.getpid() == me:  # the SDK may have forked, and its copy run on into ours
                _leave(left, encoded)
        finally:
            leave(0)

    def _give_up(self, item: pytest.Item, left: Path, leak: Leak) -> None:
        """End a check that lives in real time: called beside it, in a thread of our own."""
        lab = item.stash.get(LAB, None)
        _leave(left, self._encoded(item, str(leak), Outcome.BROKEN, lab.timeline_so_far() if lab else ()))
        os._exit(0)

    def _result(self, item: pytest.Item) -> bytes:
        from _pytest.runner import runtestprotocol

        reports = runtestprotocol(item, log=False, nextitem=None)
        call = next((report for report in reports if report.when == "call"), reports[0])
        error = getattr(call, "_atalaya_error", None)
        if item.get_closest_marker("promise"):
            return msgspec.json.encode(self._judge(item, call, error))
        if self.watch.longest is not None or self.clock.stalls:
            return self._encoded(item, str(self.watch.longest or LEAKED))
        return msgspec.json.encode(_found(_id_of(item), self._returned, error, item.stash.get(LAB, None)))

    def _judge(self, item: pytest.Item, call: pytest.TestReport, error: BaseException | None) -> CheckResult:
        lab = item.stash.get(LAB, None)
        outcome, reason = _outcome(error, lab)
        if outcome is Outcome.KEPT and (call.when != "call" or call.outcome != "passed"):
            outcome, reason = Outcome.UNKNOWN, f"the check did not run to its end: {call.longreprtext[-300:]}"
        # An SDK pauses by the clock, or it keeps nothing that is measured by one.
        if self.watch.longest is not None and outcome is not Outcome.NOT_APPLICABLE:
            outcome, reason = Outcome.BROKEN, str(self.watch.longest)
        # Where the clock has stopped and nobody knows for what, it counts for nothing, and against nobody.
        elif outcome in (Outcome.KEPT, Outcome.BROKEN) and self.clock.stalls:
            outcome, reason = Outcome.UNKNOWN, LEAKED
        log = _timeline(lab) if outcome is not Outcome.KEPT else ()
        id = _id_of(item)
        return CheckResult(
            id=id,
            severity=self.pack.promise[id].severity,
            outcome=outcome,
            reason=reason,
            duration_s=0.0,
            trials=lab.trials if lab else 0,
            request_log_digest=_request_log_digest(lab),
            log=log,
            script=lab.script if lab and outcome is not Outcome.KEPT else (),
        )

    def _encoded(
        self, item: pytest.Item, reason: str, outcome: Outcome = Outcome.UNKNOWN, log: tuple[str, ...] = ()
    ) -> bytes:
        result = unknown(self.pack, _id_of(item), reason)
        if isinstance(result, CheckResult):
            result = msgspec.structs.replace(result, outcome=outcome, log=log)
        return msgspec.json.encode(result)

    def _decoded(self, item: pytest.Item, encoded: bytes) -> CheckResult | FindingResult:
        promised = item.get_closest_marker("promise") is not None
        try:
            if promised:
                return msgspec.json.decode(encoded, type=CheckResult)
            return msgspec.json.decode(encoded, type=FindingResult)
        except msgspec.DecodeError as why:
            return unknown(self.pack, _id_of(item), f"the check's result cannot be read: {why}")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        outcome = yield
        outcome.get_result()._atalaya_error = call.excinfo.value if call.excinfo else None  # type: ignore[attr-defined]


def _leave(left: Path, encoded: bytes) -> None:
    """Write a result whole or not at all, with nothing that the SDK may have replaced or closed."""
    half = f"{left}.{os.getpid()}"
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    rest = memoryview(encoded)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.close(descriptor)
    os.replace(half, left)  # noqa: PTH105 - plain system calls: the SDK may have changed much


def _id_of(item: pytest.Item) -> str:
    for name in ("promise", "limitation"):
        if marker := item.get_closest_marker(name):
            return str(marker.args[0])
    raise HarnessError(f"{item.nodeid}: a check must name its promise, a probe its limitation")


def _outcome(error: BaseException | None, lab: CheckContext | None) -> tuple[Outcome, str]:
    """What a check says, by how it ended and by its cases: one that breaks the promise outweighs all others.

    A promise is kept where every case that the SDK has something for could be judged, and one at least.
    """
    answer = answer_to(error, binding.package()) if error is not None else None
    undecided, lacking, trials = (lab.undecided, lab.lacking, lab.trials) if lab else ([], [], 0)
    if isinstance(answer, Broken):
        return Outcome.BROKEN, str(answer)
    if undecided:
        more = f" ({len(undecided)} of {trials} cases could not be judged)" if trials > 1 else ""
        return Outcome.UNKNOWN, undecided[0] + more
    if answer is None and (not lacking or len(lacking) < trials):
        return Outcome.KEPT, ""
    if answer is None or isinstance(answer, NotApplicable):
        return Outcome.NOT_APPLICABLE, str(answer or lacking[0])
    return Outcome.UNKNOWN, str(answer)


def _found(id: str, returned: Any, error: BaseException | None, lab: CheckContext | None) -> FindingResult:
    if error is None and returned is not None:
        return FindingResult(id=id, seen=Presence.SEEN, reason=str(returned))
    outcome, reason = _outcome(error, lab)
    seen = Presence.NOT_SEEN if outcome in (Outcome.KEPT, Outcome.NOT_APPLICABLE) else Presence.UNKNOWN
    return FindingResult(id=id, seen=seen, reason=reason)


def _request_log_digest(lab: CheckContext | None) -> str:
    """Over what reached the service and what it answered; empty where nothing did, or nobody can say."""
    try:
        lines = [request_line(seen) for seen in lab.requests()] if lab else []
    except Exception:
        return ""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def _timeline(lab: CheckContext | None) -> tuple[str, ...]:
    try:
        return lab.timeline() if lab else ()
    except Exception as why:
        return (f"the request log is not to be had: {describe(why)}",)
