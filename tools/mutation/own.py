"""Mutants of the machine's own modules, and whether the tests of their room fail for them.

Each sampled mutant is put into a copy of the tree, in which pytest runs the tests that :data:`TESTS` names.
One that survives is either explained in ``own_survivors.toml``, or a gap in the tests.
"""

from __future__ import annotations

import contextlib
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec

import atalaya
from atalaya.core.errors import HarnessError, UsageError
from tools.mutation.mutants import Mutant, applied, mutants_of
from tools.mutation.results import Explained, Fate, MutantResult, Mutated, tried

MACHINE = Path(atalaya.__file__).parent
ROOT = MACHINE.parents[1]
OWN_SURVIVORS = Path(__file__).with_name("own_survivors.toml")

SAMPLE = 8  # mutants of each module, so that all of them take some 15 minutes on two cores
AT_LEAST = 0.9  # of the mutants that were tried
PATIENCE_S = 30.0  # for the tests of one mutant, at the least: a machine may be busy
PATIENCE = 5  # and so many times what they take without a change

_MEASURED = ("tests/metrics/test_measure.py",)

# The modules that are changed, below the machine's folder, and the files of the tests that should notice.
# The doctests of a module are run with them.
TESTS: Mapping[str, tuple[str, ...]] = {
    "verdict/advice.py": ("tests/verdict/test_verdict.py",),
    "verdict/findings.py": ("tests/verdict/test_verdict.py",),
    "verdict/rules.py": ("tests/verdict/test_verdict.py",),
    "verdict/situation.py": ("tests/verdict/test_verdict.py",),
    "watch/dispatch.py": ("tests/watch/test_dispatch.py",),
    "core/settings.py": ("tests/core/test_settings.py",),
    "metrics/baseline_delta.py": ("tests/watch/test_judgement.py",),
    "metrics/stats/burn.py": ("tests/metrics/test_burn.py",),
    "metrics/stats/clustering.py": ("tests/metrics/test_clustering.py",),
    "metrics/stats/comparison.py": ("tests/metrics/test_comparison.py",),
    "metrics/stats/distributions.py": ("tests/metrics/test_distributions.py",),
    "metrics/timeseries.py": ("tests/metrics/test_timeseries.py",),
    "metrics/coverage.py": ("tests/metrics/test_coverage.py",),
    "metrics/definitions.py": _MEASURED,
    "metrics/stats/rounding.py": ("tests/metrics/test_rounding.py",),
    **dict.fromkeys(
        (
            "metrics/engine/duckdb_database.py",
            "metrics/engine/duckdb_rows.py",
            "metrics/engine/engine.py",
            "metrics/engine/questions.py",
            "metrics/engine/tables.py",
        ),
        ("tests/metrics/test_engine.py", *_MEASURED),
    ),
    "metrics/engine/portable.py": ("tests/metrics/test_portable.py",),
    "metrics/stats/flakiness.py": ("tests/metrics/test_flakiness.py", "tests/metrics/test_judge_flaky.py"),
    "metrics/failed_tests.py": ("tests/metrics/test_failed_tests.py",),
    "metrics/flaky_list.py": ("tests/metrics/test_flaky.py",),
    "metrics/flaky_tests.py": ("tests/metrics/test_judge_flaky.py", "tests/metrics/test_flaky.py", *_MEASURED),
    "metrics/broken_tests.py": ("tests/metrics/test_broken_tests.py",),
    "metrics/ci_cells.py": ("tests/metrics/test_ci_cells.py",),
    "metrics/event_counts.py": ("tests/metrics/test_event_tallies.py", "tests/metrics/test_network_errors.py"),
    "metrics/event_list.py": ("tests/metrics/test_event_tallies.py",),
    **dict.fromkeys(
        (
            "metrics/health/failed_ends.py",
            "metrics/health/judge.py",
            "metrics/health/ready_latency.py",
            "metrics/health/retries.py",
            "metrics/health/runs.py",
            "metrics/health/shares.py",
            "metrics/health/start_failures.py",
        ),
        ("tests/metrics/test_health.py",),
    ),
    "metrics/health/signs.py": ("tests/watch/test_health_signs.py",),
    "metrics/ci_runs.py": ("tests/metrics/test_ci_runs.py",),
    "metrics/environments.py": ("tests/watch/test_judgement.py",),
    "metrics/own_runs.py": ("tests/metrics/test_own_runs.py",),
    "metrics/repeats.py": ("tests/metrics/test_repeats.py",),
    "metrics/stats/sequential.py": ("tests/metrics/test_sequential.py",),
    "metrics/measure.py": _MEASURED,
    "metrics/network_errors.py": _MEASURED,
    "metrics/burn_rate.py": _MEASURED,
    "metrics/pass_rate.py": _MEASURED,
    "metrics/detector_power.py": ("tests/metrics/test_detector_power.py",),
    "metrics/window_query.py": ("tests/metrics/test_window_query.py",),
    "metrics/stats/intervals.py": ("tests/metrics/test_intervals.py",),
    "metrics/zero_events.py": _MEASURED,
    "evidence/readers/archives.py": ("tests/evidence/test_archives.py",),
    "evidence/readers/model.py": ("tests/evidence/test_report.py", "tests/evidence/test_junit.py"),
    "site/charts/charts.py": ("tests/site/test_charts.py",),
    "site/charts/cutout.py": ("tests/site/test_incident_page.py",),
    "site/charts/drawing.py": ("tests/site/test_charts.py",),
    "site/charts/moments.py": ("tests/site/test_charts.py",),
    "site/markup/myst.py": ("tests/site/test_myst.py",),
}


def choose_own(
    modules: Sequence[str] = (), ids: Sequence[str] = (), *, sample: int = SAMPLE, seed: int = 1
) -> tuple[Mutant, ...]:
    """A sample of the mutants of each of these modules, or of all; or those with these ids.

    :raises UsageError: there is no such module among those that are changed, or no such mutant.
    """
    for module in modules:
        if module not in TESTS:
            raise UsageError(f"--module {module}: it is not changed. Those that are: {', '.join(TESTS)}.")
    if ids:
        known = {mutant.id: mutant for id in ids for mutant in _mutants(id.partition(":")[0])}
        unknown = [id for id in ids if id not in known]
        if unknown:
            raise UsageError(f"--id {unknown[0]}: there is no such mutant of the machine.")
        return tuple(known[id] for id in ids)
    return tuple(mutant for module in modules or TESTS for mutant in _sample(module, sample, seed))


def _mutants(module: str) -> tuple[Mutant, ...]:
    if module not in TESTS:
        return ()
    return mutants_of(module, (MACHINE / module).read_text(encoding="utf-8"))


def _sample(module: str, size: int, seed: int) -> list[Mutant]:
    made = _mutants(module)
    # A draw for each module, so that it is the same whatever else is asked for.
    drawn = random.Random(f"{seed}:{module}").sample(made, min(size, len(made)))
    return sorted(drawn, key=lambda mutant: mutant.start)


def mutate_own(
    mutants: Sequence[Mutant],
    *,
    explained: Mapping[str, Explained],
    jobs: int = 0,
    hear: Callable[[MutantResult], None] = lambda tried: None,
) -> Mutated:
    """Run the tests for each mutant, some at once; the answers keep the order of the mutants.

    :param jobs: how many at once; 0 means one for each processor.
    :param hear: called with each answer, in that order.
    :raises HarnessError: tests fail without any change, so that no mutant could be told from it.
    """
    workers = min(jobs or os.cpu_count() or 1, len(mutants)) or 1
    modules = list(dict.fromkeys(mutant.file for mutant in mutants))
    heard: list[MutantResult] = []
    with _copies(workers) as copies, ThreadPoolExecutor(workers) as pool:

        def in_a_copy(mutant: Mutant, patience_s: float) -> MutantResult:
            copy = copies.get()
            try:
                return _try(mutant, copy, patience_s)
            finally:
                copies.put(copy)

        def unchanged(tests: tuple[str, ...]) -> float:
            copy = copies.get()
            try:
                return _patience_s([module for module in modules if TESTS[module] == tests], copy)
            finally:
                copies.put(copy)

        try:
            groups = list(dict.fromkeys(TESTS[module] for module in modules))  # several modules have the same tests
            patience = dict(zip(groups, pool.map(unchanged, groups), strict=True))
            for one in pool.map(lambda mutant: in_a_copy(mutant, patience[TESTS[mutant.file]]), mutants):
                if told := explained.get(one.id):
                    one = msgspec.structs.replace(one, explained=f"{told.why}: {told.reason}")
                hear(one)
                heard.append(one)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return Mutated(mutants=tuple(heard))


def share_killed(mutated: Mutated) -> float:
    """The share of the mutants that were killed; those that are explained count as survivors, as they are."""
    return sum(one.fate is Fate.KILLED for one in mutated.mutants) / max(1, len(mutated.mutants))


@contextmanager
def _copies(number: int) -> Iterator[queue.Queue[Path]]:
    """Copies of the tree, as far as its tests read it."""
    left_out = shutil.ignore_patterns(".git", ".nox", ".venv", ".*_cache", "_build", "_generated", "local-*", "dist")
    with tempfile.TemporaryDirectory(prefix="atalaya-mutant-", ignore_cleanup_errors=True) as folder:
        copies: queue.Queue[Path] = queue.Queue()
        for index in range(number):
            copies.put(Path(shutil.copytree(ROOT, Path(folder) / str(index), ignore=left_out, symlinks=True)))
        yield copies


def _patience_s(modules: Sequence[str], copy: Path) -> float:
    """How long the tests of these modules, which have the same, may take: from how long they take without a change."""
    begun = time.monotonic()
    code, said = _pytest(modules, copy, timeout_s=None)
    if code:
        raise HarnessError(
            f"{', '.join(modules)}: its tests fail without any change: {_first_failure(said)}. Run: nox -s tests"
        )
    return max(PATIENCE_S, PATIENCE * (time.monotonic() - begun))


def _try(mutant: Mutant, copy: Path, patience_s: float) -> MutantResult:
    file = copy / MACHINE.relative_to(ROOT) / mutant.file
    source = file.read_text(encoding="utf-8")
    try:
        _put(file, applied(mutant, source))
        code, said = _pytest([mutant.file], copy, timeout_s=patience_s)
    finally:
        _put(file, source)
    if code is None:
        return tried(mutant, Fate.KILLED, ("time limit",), f"its tests do not end within {patience_s:.0f} s")
    # Whatever is not 0 is noticed: a module that cannot be imported ends in another code than a test that fails.
    return tried(mutant, Fate.KILLED, (_first_failure(said),)) if code else tried(mutant, Fate.SURVIVED)


def _put(file: Path, source: str) -> None:
    file.write_text(source, encoding="utf-8")
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()  # it is known by second and size, and a mutant may have both of the one before


def _pytest(modules: Sequence[str], copy: Path, *, timeout_s: float | None) -> tuple[int | None, str]:
    """The exit code of the tests, and what they print; None where they did not end in time."""
    files = [*(f"{MACHINE.relative_to(ROOT).as_posix()}/{module}" for module in modules), *TESTS[modules[0]]]
    argv = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", *files]
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTEST_ADDOPTS")}
    with subprocess.Popen(
        argv,
        cwd=copy,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=timeout_s)
        except BaseException as why:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with what its tests started
            if isinstance(why, subprocess.TimeoutExpired):
                return None, ""
            raise
    return process.returncode, said


def _first_failure(said: str) -> str:
    failed = (line for line in said.splitlines() if line.startswith(("FAILED ", "ERROR ", "E  ", "ImportError")))
    return next(failed, "no test could be run").split(" - ")[0][:200]
