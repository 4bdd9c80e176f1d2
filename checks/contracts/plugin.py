"""What did each check find? Recorded as it happens; nothing is parsed back from pytest's output.

Each check runs in a forked copy of the process: what an SDK does to its environment, its clock or its
threads ends with the check that saw it. A copy that ends or hangs makes its own promise unknown, and no other.
"""

from __future__ import annotations

import hashlib
import os
import random
import select
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from checks.contracts.clock import VirtualClock
from checks.contracts.judging import Broken, CannotTell, NotApplicable, describe
from checks.contracts.lab import Lab
from checks.contracts.promises import BY_ID
from checks.contracts.timeline import request_line
from checks.errors import HarnessError
from checks.records import CheckResult, FindingResult, Outcome
from checks.service.client import Control

Check = TypeVar("Check", bound=Callable[..., Any])
LAB = pytest.StashKey[Lab]()


def promise(id: str) -> Callable[[Check], Check]:
    """Mark a check with the promise that it tests."""
    return pytest.mark.promise(id)


def weakness(id: str) -> Callable[[Check], Check]:
    """Mark a probe with the weakness that it looks for. It returns the reason where it sees it, else None."""
    return pytest.mark.weakness(id)


class Recorder:
    """Selects the checks, runs each in a fork, and hands each result to ``emit`` as soon as it is there."""

    def __init__(
        self,
        *,
        clock: VirtualClock,
        control_port: int,
        deadline_s: float,
        seed: int,
        wanted: frozenset[str],
        emit: Callable[[CheckResult | FindingResult], None],
        starting: Callable[[str], None],
    ) -> None:
        self.clock = clock
        self.control_port = control_port
        self.deadline_s = deadline_s
        self.seed = seed
        self.wanted = wanted
        self.emit = emit
        self.starting = starting
        self._returned: Any = None

    # ── which checks ──

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if not self.wanted or _id_of(item) in self.wanted]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen

    @pytest.fixture
    def lab(self, request: pytest.FixtureRequest) -> Lab:
        """The room that a check works in."""
        # Below the run's own folder, which is removed by who started the run, whatever becomes of this process.
        home = Path(tempfile.mkdtemp(prefix="check-", dir=Path.cwd()))
        lab = Lab(Control(self.control_port), self.clock, home)
        request.node.stash[LAB] = lab
        return lab

    @pytest.hookimpl(hookwrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Iterator[None]:
        # A probe answers with what it returns, which pytest itself would drop with a warning.
        original = pyfuncitem.obj

        def keep(*args: Any, **kwargs: Any) -> None:
            self._returned = original(*args, **kwargs)

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
        kind: Any = CheckResult if item.get_closest_marker("promise") else FindingResult
        if encoded:
            result = msgspec.json.decode(encoded, type=kind)
            if isinstance(result, CheckResult):
                result = msgspec.structs.replace(result, duration_s=took_s)
        elif kind is CheckResult:
            result = unknown(id, why, took_s)
        else:
            result = FindingResult(id=id, seen=None, reason=why)
        self.emit(result)
        return True

    def _in_a_fork(self, item: pytest.Item) -> tuple[bytes, str]:
        """The encoded result, or nothing and the reason why there is none."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._be_the_child(item, writing)
        os.close(writing)
        encoded, in_time = self._read(reading)
        os.close(reading)
        if not in_time:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not in_time:
            return b"", f"the SDK gave no answer within {self.deadline_s:g} real seconds, and was stopped"
        if encoded:
            return encoded, ""
        code = os.waitstatus_to_exitcode(status)
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return b"", f"the process ended in the middle of the check ({how})"

    def _be_the_child(self, item: pytest.Item, writing: int) -> None:
        """Run the check and leave, whatever threads the SDK has started."""
        try:
            os.setpgid(0, 0)
            self.clock.after_fork()
            # What the SDK and the check draw can be drawn again, and one check's draws are not another's.
            random.seed(f"{self.seed} {_id_of(item)}")
            encoded = self._result(item)
            with open(writing, "wb", closefd=False) as pipe:
                pipe.write(encoded)
        finally:
            os._exit(0)

    def _read(self, reading: int) -> tuple[bytes, bool]:
        parts: list[bytes] = []
        ends_s = self.clock.real.monotonic() + self.deadline_s
        while (left_s := ends_s - self.clock.real.monotonic()) > 0:
            ready, _, _ = select.select([reading], [], [], left_s)
            if ready:
                part = os.read(reading, 65536)
                if not part:
                    return b"".join(parts), True
                parts.append(part)
        return b"", False

    def _result(self, item: pytest.Item) -> bytes:
        from _pytest.runner import runtestprotocol

        reports = runtestprotocol(item, log=False, nextitem=None)
        call = next((report for report in reports if report.when == "call"), reports[0])
        error = getattr(call, "_atalaya_error", None)
        if item.get_closest_marker("promise"):
            return msgspec.json.encode(self._judge(item, call, error))
        return msgspec.json.encode(_found(_id_of(item), self._returned, error))

    def _judge(self, item: pytest.Item, call: pytest.TestReport, error: BaseException | None) -> CheckResult:
        lab = item.stash.get(LAB, None)
        outcome, reason = _outcome(error)
        if outcome is Outcome.KEPT and (call.when != "call" or call.outcome != "passed"):
            outcome, reason = Outcome.UNKNOWN, f"the check did not run to its end: {call.longreprtext[-300:]}"
        if outcome is Outcome.KEPT and self.clock.stalls:
            outcome = Outcome.UNKNOWN
            reason = (
                "real time leaked into the check: the SDK waited in a way that the virtual clock cannot see"
            )
        log = _timeline(lab) if outcome is not Outcome.KEPT else ()
        id = _id_of(item)
        return CheckResult(
            id=id,
            severity=BY_ID[id].severity,
            outcome=outcome,
            reason=reason,
            duration_s=0.0,
            trials=lab.trials if lab else 0,
            request_log_digest=_request_log_digest(lab),
            log=log,
            script=lab.script if lab and outcome is not Outcome.KEPT else (),
        )

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        outcome = yield
        outcome.get_result()._atalaya_error = call.excinfo.value if call.excinfo else None  # type: ignore[attr-defined]


def unknown(id: str, reason: str, duration_s: float = 0.0) -> CheckResult:
    """A promise of which this run can say nothing."""
    return CheckResult(
        id=id, severity=BY_ID[id].severity, outcome=Outcome.UNKNOWN, reason=reason, duration_s=duration_s
    )


def _id_of(item: pytest.Item) -> str:
    for name in ("promise", "weakness"):
        if marker := item.get_closest_marker(name):
            return str(marker.args[0])
    raise HarnessError(f"{item.nodeid}: a check must name its promise, a probe its weakness")


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
        seen = False if isinstance(error, NotApplicable) else None
        return FindingResult(id=id, seen=seen, reason=_outcome(error)[1])
    return FindingResult(id=id, seen=returned is not None, reason=str(returned or ""))


def _request_log_digest(lab: Lab | None) -> str:
    """Over what reached the service and what it answered; empty where nothing did, or nobody can say."""
    try:
        lines = [request_line(seen) for seen in lab.requests()] if lab else []
    except Exception:
        return ""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def _timeline(lab: Lab | None) -> tuple[str, ...]:
    try:
        return lab.timeline() if lab else ()
    except Exception as why:
        return (f"the request log is not to be had: {describe(why)}",)
