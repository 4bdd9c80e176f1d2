"""Runs the tests of a pack's reference SDK as CI would: a process, an exit code and a JUnit report."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from atalaya.core.errors import HarnessError
from atalaya.core.scrub import scrub
from atalaya.core.words import Record
from atalaya.sdk.prepare import Prepared, scrubbed_environ

HERE = Path(__file__).resolve().parent
PLUGIN = "repeated_tests"
DEADLINE_S = 300.0


class TestRun(Record, frozen=True, kw_only=True):
    """How pytest ended, and the report that it wrote."""

    __test__ = False  # not a test class, whatever pytest thinks of its name
    exit_code: int
    report: bytes


def run_own_tests(prepared: Prepared, *, times: int = 1) -> TestRun:
    """Run the tests of the pack's reference SDK against a prepared SDK, each so many times.

    :raises HarnessError: there are none, or they left no report.
    """
    tests = prepared.pack.tests
    if not tests.is_dir():
        raise HarnessError(f"{tests}: the SDK has no tests for CI to run. Write some, or rehearse without CI.")
    with tempfile.TemporaryDirectory(prefix="atalaya-tests-", ignore_cleanup_errors=True) as name:
        home, report = Path(name) / "home", Path(name) / "report.xml"
        home.mkdir()
        shutil.copy(HERE / f"{PLUGIN}.py", home)
        options = ["-c", str(HERE / "own_tests.ini"), "--rootdir", str(tests.parent), "-p", PLUGIN]
        try:
            done = subprocess.run(
                [prepared.python, "-m", "pytest", *options, f"--count={times}", f"--junitxml={report}", tests],
                cwd=home,
                env=scrubbed_environ(home) | {"PYTHONPATH": os.pathsep.join(map(str, (*prepared.paths, home)))},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=DEADLINE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise HarnessError(f"{tests}: the tests did not end within {DEADLINE_S:g} s. Run them by hand.") from None
        if not report.is_file():
            said = scrub(" ".join((done.stdout + done.stderr).split())[-300:])
            raise HarnessError(f"{tests}: the tests left no report (exit code {done.returncode}): {said}")
        return TestRun(exit_code=done.returncode, report=report.read_bytes())
