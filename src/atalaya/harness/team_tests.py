"""Runs a team's own tests with pytest: in an interpreter of theirs, with a seed, within a limit of time."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from packaging.utils import canonicalize_name

from atalaya.core import environment
from atalaya.core.errors import SubjectError, UsageError
from atalaya.core.words import Record
from atalaya.sdk.interpreter_probe import InterpreterFacts, probe_interpreter

PLUGIN = "cut_short"
HERE = Path(__file__).resolve().parent
OURS = HERE.parents[1]  # where a clone's own code is put on Python's path
# How long pytest may take to write its report once it was told to stop, and to go once it was told to go.
GRACE_S = 15.0
SEEDS = 2**32  # of pytest-randomly and of Python's hashes
SAID_CHARS = 600

# What makes the tests run in another order or in other company each time, where it is installed, and how the arguments
# of a call begin that settle that themselves.
SHUFFLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("pytest-randomly", "--randomly-seed={seed}", ("no:randomly", "-pno:randomly", "--randomly-")),
    ("pytest-xdist", "--numprocesses=2", ("no:xdist", "-pno:xdist", "-n", "--numprocesses", "--dist")),
)


class Interpreter(Record, frozen=True, kw_only=True):
    """A Python that has pytest. ``python`` is the path that it is called by, which tells its environment."""

    python: Path
    facts: InterpreterFacts

    def version_of(self, distribution: str) -> str:
        """Which version of a distribution is installed; empty where none is."""
        found = (line.partition("==") for line in self.facts.freeze)
        return next((version for name, _, version in found if canonicalize_name(name) == distribution), "")


class Attempt(Record, frozen=True, kw_only=True):
    """How one run of pytest ended. ``exit_code`` is None where it was cut short; ``said`` is the end of its output."""

    exit_code: int | None
    duration_s: float
    said: str


def ask(python: Path) -> Interpreter:
    """What is known of an interpreter, which has to have pytest.

    :raises UsageError: it does not run, or has no pytest.
    """
    try:
        found = Interpreter(python=python, facts=probe_interpreter(python, environment.everything()))
    except SubjectError as why:
        raise UsageError(f"repeat: {why}") from None
    if not found.version_of("pytest"):
        raise UsageError(
            f"repeat: {python} (Python {found.facts.python}) has no pytest. Install it there: {python} -m pip install "
            f"pytest; or name the Python that runs your tests: --python PATH."
        )
    return found


def shuffle(interpreter: Interpreter, arguments: Sequence[str], seed: int) -> tuple[str, ...]:
    """The option that shuffles the tests, where something is installed that can; of two the first."""
    for name, option, settled in SHUFFLES:
        if interpreter.version_of(name):
            own = any(argument.startswith(settled) for argument in arguments)
            return () if own else (option.format(seed=seed),)
    return ()


def run(
    interpreter: Interpreter, arguments: Sequence[str], *, folder: Path, report: Path, seed: int, limit_s: float
) -> Attempt:
    """Run pytest once in a folder; it writes a JUnit report. One that takes too long is told to stop, and writes it.

    :raises UsageError: the interpreter cannot be started.
    """
    begun = time.monotonic()
    output = report.with_name("output.log")
    argv = [str(interpreter.python), "-m", "pytest", "-p", PLUGIN, *arguments, f"--junitxml={report}"]
    with tempfile.TemporaryDirectory(prefix="atalaya-repeat-", ignore_cleanup_errors=True) as beside:
        shutil.copy(HERE / f"{PLUGIN}.py", beside)
        with output.open("wb") as file:
            code = _wait(argv, folder, _environ(seed, beside), file, limit_s)
    return Attempt(exit_code=code, duration_s=time.monotonic() - begun, said=_end_of(output))


def _wait(
    argv: Sequence[str], folder: Path, environ: Mapping[str, str], output: IO[bytes], limit_s: float
) -> int | None:
    """The exit code of a process; None where it was stopped, since it took too long."""
    try:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=os.name != "nt",  # Ctrl-C is for us: we stop it, and wait for it
        )
    except OSError as why:
        raise UsageError(f"repeat: {argv[0]} does not run: {why.strerror or why}.") from None
    try:
        return process.wait(max(0.0, limit_s))
    except subprocess.TimeoutExpired:
        _stop(process)
        return None
    except BaseException:
        _stop(process)
        raise


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop pytest as Ctrl-C does, between two steps; if it does not, take it away with all that it started."""
    for told in (signal.SIGINT, signal.SIGTERM) if os.name != "nt" else ():
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            process.send_signal(told)
            process.wait(GRACE_S)
            break
    if os.name == "nt":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environ(seed: int, beside: str) -> dict[str, str]:
    """The user's variables, without what is ours. The seed is that of Python's hashes too: sets are in its order."""
    kept = {name: value for name, value in environment.everything().items() if not name.startswith(environment.PREFIX)}
    paths = [path for path in kept.get("PYTHONPATH", "").split(os.pathsep) if path and Path(path).resolve() != OURS]
    return kept | {"PYTHONPATH": os.pathsep.join([beside, *paths]), "PYTHONHASHSEED": str(seed % SEEDS)}


def _end_of(output: Path) -> str:
    lines = output.read_bytes()[-8 * SAID_CHARS :].decode("utf-8", "replace").split()
    return " ".join(lines)[-SAID_CHARS:]
