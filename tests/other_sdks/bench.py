"""Checks many SDKs without installing each one.

Those that run on the same libraries share one environment, made by installing the SDK that they were built from.
Each is imported from its own folder, which stands before what is installed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock

from msgspec.structs import replace

from atalaya.harness.runner import run_checks
from atalaya.records.results import CheckRun
from atalaya.records.stored import Outcome
from atalaya.sdk.prepare import Prepared, prepare
from atalaya.sdk.source_hash import digest_of, source_files
from tests.other_sdks.build import DESCRIBED, PACKAGE, built
from tests.other_sdks.sdk import Sdk
from tests.ours import PACK, REFERENCE

INSTALLED = {"requests": DESCRIBED, "httpx": REFERENCE.parent}


class Bench:
    """Runs the checks against any of the other SDKs. May be used from several threads."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._lock = Lock()
        self._environments: dict[str, Prepared] = {}
        self._built: dict[str, Path] = {}

    def run(self, sdk: Sdk, *, seed: int = 0, wanted: tuple[str, ...] = ()) -> CheckRun:
        return run_checks(self._prepared(sdk), seed=seed, wanted=wanted)

    def _prepared(self, sdk: Sdk) -> Prepared:
        with self._lock:
            if sdk.runs_on not in self._environments:
                environment = self._stack.enter_context(prepare(str(INSTALLED[sdk.runs_on]), pack=PACK))
                self._environments[sdk.runs_on] = environment
            if sdk.id not in self._built:
                self._built[sdk.id] = built(self._folder, sdk)
        environment, project = self._environments[sdk.runs_on], self._built[sdk.id]
        subject = replace(environment.subject, digest=digest_of(source_files(project / PACKAGE)), source=sdk.id)
        return replace(environment, paths=(project / PACKAGE.parent,), subject=subject)


@contextmanager
def bench() -> Iterator[Bench]:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="atalaya-sdks-"))
        yield Bench(Path(folder), stack)


def found(run: CheckRun, *wanted: Outcome) -> dict[str, str]:
    """The promises with one of these outcomes, and why."""
    return {check.id: check.reason for check in run.checks if check.outcome in wanted}
