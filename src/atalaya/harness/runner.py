"""Runs the checks against one SDK and reads their results.

This side lives in Atalaya's own process, in real time, with the service. The SDK's side is
:mod:`atalaya.harness.launch`; between the two there is a file of results, a line each.
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from atalaya.core import environment
from atalaya.core.environment import Secret
from atalaya.core.errors import HarnessError, UsageError
from atalaya.core.scrub import scrub
from atalaya.harness.fault_plan import NO_FAULTS, FaultPlan
from atalaya.harness.missing_results import unknown
from atalaya.harness.pack import Pack
from atalaya.mock_server.isolated_entry import command
from atalaya.mock_server.server_process import ServiceProcess
from atalaya.records.results import CheckResult, CheckRun, FindingResult, SmokeRun
from atalaya.sdk.adapter import Adapter
from atalaya.sdk.prepare import Prepared, scrubbed_environ

LAUNCH = "atalaya.harness.launch"
ResultCallback = Callable[[CheckResult | FindingResult], None]


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the SDK's side is told. ``pack`` is a folder; without a loopback service, ``control_port`` is None."""

    pack: str
    paths: tuple[str, ...]
    package: str
    adapter: Adapter | None
    results: str
    control_port: int | None
    deadline_s: float
    wanted: tuple[str, ...]
    seed: int = 0
    smoke: bool = False
    waits: int = 0
    base_url: str = ""
    credentials: dict[str, Secret] = {}
    weather: FaultPlan = NO_FAULTS


class ResultLine(msgspec.Struct, frozen=True):
    """One line of the file of results; exactly one field is set."""

    starting: str | None = None
    CheckResult: CheckResult | None = None
    FindingResult: FindingResult | None = None
    smoke: dict[str, Any] | None = None
    start_error: str | None = None


def known_ids(pack: Pack, wanted: Iterable[str]) -> tuple[str, ...]:
    """The ids asked for, checked against the pack's tables.

    :raises UsageError: one of them is not a promise or a limitation.
    """
    ids = tuple(wanted)
    everything = {*pack.promise, *(limitation.id for limitation in pack.limitations)}
    for id in ids:
        if id not in everything:
            family = id.partition(".")[0]
            of_family = [known for known in everything if known.startswith(f"{family}.")]
            near = sorted(of_family) or get_close_matches(id, everything, n=10, cutoff=0.3)
            raise UsageError(f"--promise {id}: there is no such promise. Near it: {', '.join(near)}.")
    return ids


def run_checks(
    prepared: Prepared,
    *,
    wanted: Iterable[str] = (),
    port: int = 0,
    deadline_s: float = 20.0,
    seed: int = 0,
    sides: int = 1,
    hear: ResultCallback = lambda result: None,
) -> CheckRun:
    """Run the checks, or those wanted, against a prepared SDK.

    Every promise has a result: one that the SDK's side never reported is unknown, with the reason.

    :param wanted: ids of promises and limitations; none means all.
    :param seed: what the checks, and the SDK's ``random``, draw from: the same seed draws the same.
    :param sides: how many processes with the SDK share the work; one, where the service's port is given.
    :param hear: called with each result as it comes, one at a time.
    :raises PortTaken: the service's port belongs to another program.
    """
    pack, ids = prepared.pack, known_ids(prepared.pack, wanted)
    started_at, started_s = datetime.now(UTC), time.monotonic()
    found = _Found(pack, hear)

    def work(share: tuple[str, ...]) -> None:
        with _launched(prepared, port=port, wanted=share, deadline_s=deadline_s, seed=seed) as side:
            last_started = ""
            for line in side.lines(found.over):
                last_started = line.starting or last_started
                found.hear_start(line.start_error)
                for result in (line.CheckResult, line.FindingResult):
                    if result is not None:
                        found.take(result)
            found.none_for(share, side.epitaph(last_started))

    everything = ids or (*pack.promise, *(limitation.id for limitation in pack.limitations))
    shares = [everything[number::sides] for number in range(sides)] if sides > 1 and not port else [ids]
    _together(work, [share for share in shares if share or not ids], found)
    checks, findings = found.checks, found.findings
    order = {id: number for number, id in enumerate(pack.promise)}
    return CheckRun(
        run_id=uuid.uuid4().hex,
        subject=prepared.subject,
        host=prepared.host,
        started_at=started_at,
        duration_s=round(time.monotonic() - started_s, 3),
        seed=seed,
        checks=tuple(sorted(checks.values(), key=lambda result: order[result.id])),
        findings=tuple(findings[one.id] for one in pack.limitations if one.id in findings),
        start_error=found.start_error,
    )


def run_smoke(
    prepared: Prepared,
    *,
    waits: int = 20,
    base_url: str = "",
    credentials: dict[str, Secret] | None = None,
    port: int = 0,
    deadline_s: float = 120.0,
    weather: FaultPlan = NO_FAULTS,
) -> SmokeRun:
    """Run the smoke: on loopback in virtual time, or against a real service at ``base_url`` in real time.

    :param weather: what the network does to it; on loopback only, since nobody commands a real one.
    :raises HarnessError: the SDK's side ended without a result.
    """
    started_at, started_s = datetime.now(UTC), time.monotonic()
    with _launched(
        prepared,
        port=port,
        wanted=(),
        deadline_s=deadline_s,
        smoke=True,
        waits=waits,
        base_url=base_url,
        credentials=credentials or {},
        weather=weather,
    ) as side:
        found = next((line.smoke for line in side.lines() if line.smoke is not None), None)
        if found is None:
            raise HarnessError(
                f"The smoke ended without a result: {side.epitaph('')}. Run it again; if it stays so, "
                f"run the checks, which name the promise that fails."
            )
    return msgspec.convert(
        found
        | {
            "run_id": uuid.uuid4().hex,
            "subject": msgspec.to_builtins(prepared.subject),
            "host": msgspec.to_builtins(prepared.host),
            "started_at": started_at.isoformat(),
            "duration_s": round(time.monotonic() - started_s, 3),
        },
        SmokeRun,
    )


class _Found:
    """What all sides have found so far. They tell it from threads of their own, one at a time."""

    def __init__(self, pack: Pack, hear: ResultCallback) -> None:
        self.pack = pack
        self.checks: dict[str, CheckResult] = {}
        self.findings: dict[str, FindingResult] = {}
        self.start_error: str | None = None
        self.over = threading.Event()
        self._hear = hear
        self._lock = threading.Lock()

    def take(self, result: CheckResult | FindingResult) -> None:
        with self._lock:
            if isinstance(result, CheckResult):
                self.checks[result.id] = result
            else:
                self.findings[result.id] = result
            self._hear(result)

    def hear_start(self, error: str | None) -> None:
        """Keep what a side says of the SDK's start: one that failed stands over one that went well."""
        if error is not None:
            with self._lock:
                self.start_error = self.start_error or error

    def none_for(self, share: Sequence[str], why: str) -> None:
        """Call unknown what a side that has ended was to test, and never told of."""
        for promise in self.pack.promises:
            if promise.id not in self.checks and (not share or promise.id in share):
                self.take(unknown(self.pack, promise.id, why))


def _together(work: Callable[[tuple[str, ...]], None], shares: Sequence[tuple[str, ...]], found: _Found) -> None:
    """Work on all shares at once, the first of them here. What one raises, is raised; Ctrl-C ends them all."""
    with ThreadPoolExecutor(max(1, len(shares) - 1)) as pool:
        others = [pool.submit(work, share) for share in shares[1:]]
        try:
            work(shares[0])
            for other in others:
                other.result()
        finally:
            found.over.set()


class _SdkProcess:
    """The SDK's side while it runs: its lines as they come, and how it ended."""

    def __init__(self, process: subprocess.Popen[bytes], results: Path, output: Path, deadline_s: float) -> None:
        self.process = process
        self.results = results
        self.output = output
        self.deadline_s = deadline_s
        self.stopped = False

    def lines(self, over: threading.Event | None = None) -> Iterator[ResultLine]:
        """Each line of the results; stops the process when it says nothing for far longer than a check may take.

        Once it is ``over``, nobody listens any more.
        """
        decoder = msgspec.json.Decoder(ResultLine)
        heard_s = time.monotonic()
        with self.results.open("rb") as file:
            held = b""
            while True:
                if over is not None and over.is_set():
                    return
                running = self.process.poll() is None
                held += file.read()
                *whole, held = held.split(b"\n")
                for text in whole:
                    heard_s = time.monotonic()
                    yield decoder.decode(text)
                if whole:
                    continue
                if not running:
                    return
                if time.monotonic() - heard_s > self.deadline_s + 10:
                    self.stopped = True
                    _end(self.process)
                time.sleep(0.01)

    def epitaph(self, last_started: str) -> str:
        """Why there is no result for what has none."""
        said = self.output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = f": {scrub(said[-1].strip()[:300])}" if said else ""
        where = f" while testing {last_started}" if last_started else ""
        if self.stopped:
            return f"the SDK's process gave no sign of life{where}, and was stopped"
        return f"the SDK's process ended (exit code {self.process.returncode}){where} without a result{last}"


@contextmanager
def _launched(
    prepared: Prepared, *, port: int, wanted: tuple[str, ...], deadline_s: float, **more: Any
) -> Iterator[_SdkProcess]:
    """The service and the SDK's side, both ended when the block is left, however it is left."""
    with tempfile.TemporaryDirectory(prefix="atalaya-run-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        home = folder / "home"
        home.mkdir()
        results = folder / "results.jsonl"
        results.touch()
        names = prepared.adapter.wire if prepared.adapter else None
        serving = ServiceProcess(port, pack=prepared.pack.folder, names=names)
        with serving as service, (folder / "output.txt").open("wb") as output:
            order = RunRequest(
                pack=str(prepared.pack.folder),
                paths=tuple(str(path) for path in prepared.paths),
                package=prepared.package,
                adapter=prepared.adapter,
                results=str(results),
                control_port=None if more.get("base_url") else service.control_port,
                deadline_s=deadline_s,
                wanted=wanted,
                **more,
            )
            (folder / "order.json").write_bytes(msgspec.json.encode(order, enc_hook=Secret.reveal))
            process = subprocess.Popen(
                command(LAUNCH, str(folder / "order.json"), python=str(prepared.python)),
                cwd=home,
                env=scrubbed_environ(home)
                | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
                | (environment.way_out() if more.get("base_url") else {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                yield _SdkProcess(process, results, folder / "output.txt", deadline_s)
            finally:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the SDK's side. Asked politely first, it takes along whatever the SDK has started."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
