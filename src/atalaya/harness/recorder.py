"""Records the result of each check as it happens, without parsing pytest's output.

Each check runs in a forked copy of the process: what an SDK does to its environment, its clock or its
threads ends with the check that saw it. A copy that ends or hangs makes its own promise unknown, and no other.
The copy leaves its result in a file, since a pipe can be held open, or closed, by what the SDK starts or does.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import random
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atalaya.core.errors import HarnessError
from atalaya.harness import process_group
from atalaya.harness.fixture import CheckContext
from atalaya.harness.outcomes import Broken, CannotTell, NotApplicable, describe
from atalaya.harness.pack import Pack
from atalaya.harness.realtime_watchdog import Leak, Watch
from atalaya.harness.timeline import request_line
from atalaya.harness.virtual_clock import VirtualClock
from atalaya.mock_server.control import Control
from atalaya.records.results import CheckResult, FindingResult
from atalaya.records.stored import Outcome, Presence

LAB = pytest.StashKey[CheckContext]()
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
        items[:] = chosen

    @pytest.fixture
    def lab(self, request: pytest.FixtureRequest) -> CheckContext:
        """The room that a check works in."""
        home = Path(tempfile.mkdtemp(prefix="check-", dir=self.folder))
        kind: type[CheckContext] = self.pack.load("fixture").CheckContext
        lab = kind(Control(self.control_port), self.clock, home, deadline_s=self.deadline_s)
        lab.arrived = self.watch.request_arrived
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
        if hasattr(os, "fork"):
            encoded, why = self._in_a_fork(item)
        else:
            encoded, why = self._result(item), ""
        took_s = round(self.clock.real.monotonic() - started_s, 4)
        result = self._decoded(item, encoded or self._encoded(item, why))
        if isinstance(result, CheckResult):
            result = msgspec.structs.replace(result, duration_s=took_s)
        self.emit(result)
        return True

    def _in_a_fork(self, item: pytest.Item) -> tuple[bytes, str]:
        """The encoded result, or nothing and the reason why there is none."""
        left = self.folder / "result.json"
        left.unlink(missing_ok=True)
        before = process_group.children()
        me = os.getpid()
        child = os.fork()
        if child == 0:
            self._be_the_child(item, left, me)
        process_group.lead_a_group(child)  # it does so itself, but perhaps only after we have to end it
        ends_s = self.clock.real.monotonic() + self.deadline_s
        code = process_group.wait(child, lambda: self.clock.real.monotonic() >= ends_s, self.clock.real.sleep)
        process_group.end_group(child)
        process_group.end_all(spared=before)
        if left.exists():
            return left.read_bytes(), ""
        if code is None:
            return b"", f"the SDK gave no answer within {self.deadline_s:g} real seconds, and was stopped"
        return b"", f"the process ended in the middle of the check ({process_group.how_it_ended(code)})"

    def _be_the_child(self, item: pytest.Item, left: Path, parent: int) -> None:
        """Run the check and leave, whatever threads the SDK has started."""
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
                encoded = self._encoded(item, f"the check did not run to its end: {describe(why)}")
            if os.getpid() == me:  # the SDK may have forked, and its copy run on into ours
                _leave(left, encoded)
        finally:
            leave(0)

    def _give_up(self, item: pytest.Item, left: Path, leak: Leak) -> None:
        """End a check that lives in real time: called beside it, in a thread of our own."""
        _leave(left, self._encoded(item, str(leak)))
        os._exit(0)

    def _result(self, item: pytest.Item) -> bytes:
        from _pytest.runner import runtestprotocol

        reports = runtestprotocol(item, log=False, nextitem=None)
        call = next((report for report in reports if report.when == "call"), reports[0])
        error = getattr(call, "_atalaya_error", None)
        if item.get_closest_marker("promise"):
            return msgspec.json.encode(self._judge(item, call, error))
        leak = self._leaked()
        if leak:
            return self._encoded(item, leak)
        return msgspec.json.encode(_found(_id_of(item), self._returned, error))

    def _leaked(self) -> str:
        """How real time leaked into this check; empty where it did not."""
        return str(self.watch.longest or "") or (LEAKED if self.clock.stalls else "")

    def _judge(self, item: pytest.Item, call: pytest.TestReport, error: BaseException | None) -> CheckResult:
        lab = item.stash.get(LAB, None)
        outcome, reason = _outcome(error)
        if outcome is Outcome.KEPT and (call.when != "call" or call.outcome != "passed"):
            outcome, reason = Outcome.UNKNOWN, f"the check did not run to its end: {call.longreprtext[-300:]}"
        # What was measured by a clock that had stopped counts for nothing, and against nobody.
        if outcome in (Outcome.KEPT, Outcome.BROKEN) and (leak := self._leaked()):
            outcome, reason = Outcome.UNKNOWN, leak
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

    def _encoded(self, item: pytest.Item, reason: str) -> bytes:
        return msgspec.json.encode(unknown(self.pack, _id_of(item), reason))

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


def unknown(pack: Pack, id: str, reason: str) -> CheckResult | FindingResult:
    """A promise, or a limitation, of which this run can say nothing."""
    if id not in pack.promise:
        return FindingResult(id=id, seen=Presence.UNKNOWN, reason=reason)
    return CheckResult(
        id=id, severity=pack.promise[id].severity, outcome=Outcome.UNKNOWN, reason=reason, duration_s=0.0
    )


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


def _outcome(error: BaseException | None) -> tuple[Outcome, str]:
    """Only what a check says on purpose counts for or against the SDK."""
    if error is None:
        return Outcome.KEPT, ""
    if isinstance(error, Broken):
        return Outcome.BROKEN, str(error)
    if isinstance(error, NotApplicable):
        return Outcome.NOT_APPLICABLE, str(error)
    if isinstance(error, CannotTell):
        return Outcome.UNKNOWN, str(error)
    if isinstance(error, HarnessError):
        return Outcome.UNKNOWN, f"the check could not be made: {error}"
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    return Outcome.UNKNOWN, f"the check itself failed at {place}: {describe(error)}"


def _found(id: str, returned: Any, error: BaseException | None) -> FindingResult:
    if error is not None:
        seen = Presence.NOT_SEEN if isinstance(error, NotApplicable) else Presence.UNKNOWN
        return FindingResult(id=id, seen=seen, reason=_outcome(error)[1])
    seen = Presence.NOT_SEEN if returned is None else Presence.SEEN
    return FindingResult(id=id, seen=seen, reason=str(returned or ""))


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
