"""Runs the checks against mutants of an SDK, to find changes that they do not detect.

Each mutant is shown to the promises whose checks come by it, the quickest first, until one turns red. One that
survives is either explained in ``survivors.toml``, or a gap in the checks. One that is explained and turns red all the
same is a false alarm: a check judges what the contract leaves open. The SDK itself is never written to.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import resource
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from atalaya.core.errors import HarnessError, UsageError
from atalaya.harness.pack import Pack
from atalaya.harness.runner import run_checks
from atalaya.records.results import CheckResult, FindingResult
from atalaya.records.stored import Outcome
from atalaya.sdk.interpreter_probe import probe_interpreter
from atalaya.sdk.prepare import Prepared, scrubbed_environ
from atalaya.sdk.source import classify, folder_of, package_in
from atalaya.selftest.coverage_map import Reach, survey
from atalaya.selftest.prove import FEW
from tools.mutation.answers import Answers, Unchanged
from tools.mutation.mutants import Mutant, all_mutants, applied
from tools.mutation.results import Explained, Fate, MutantResult, Mutated, diff_of, tried

PATIENCE_S = 8.0  # real seconds for one check, at the least: commonly the slowest takes less than one
PATIENCE = 10  # and so many times what the slowest takes on this machine, which may be busy
HANGS = 2  # checks that hang before the rest is not waited for
BATCHES = (16, 48)  # promises that are asked first, and then; a process of its own asks each batch, and the rest


class Target(NamedTuple):
    """The package that is changed: where it lies, the name that it is imported by, and which of its files."""

    folder: Path
    name: str
    files: tuple[str, ...]

    @property
    def root(self) -> Path:
        """The folder that it is imported from."""
        return self.folder.parents[self.name.count(".")]


def bundled(pack: Pack) -> Target:
    """The pack's reference SDK, as far as the contract speaks of it."""
    return Target(pack.source / folder_of(pack.package), pack.package, pack.mutated)


def target_of(prepared: Prepared) -> Target:
    """The SDK that was prepared: all of its modules, or of the pack's own those that its contract speaks of."""
    if prepared.is_reference:
        return bundled(prepared.pack)
    with tempfile.TemporaryDirectory(prefix="atalaya-mutant-") as home:
        told = probe_interpreter(
            prepared.python, scrubbed_environ(Path(home)), prepared.paths, package=prepared.package
        )
    assert told.package is not None  # it was imported when it was prepared
    return _whole(Path(told.package), prepared.package)


def lying_at(asked: str, pack: Pack, package: str) -> Target | None:
    """The SDK that a path names, where its source lies there: its mutants can be made with nothing installed.

    :raises SubjectError: there is no such path, or no SDK.
    """
    if not asked:
        return bundled(pack)
    path = classify(asked, package=package, bundled=pack.reference).path
    folder = package_in(path, package) if path is not None and path.is_dir() else None
    return None if folder is None else _whole(folder, package)


def _whole(folder: Path, name: str) -> Target:
    return Target(folder, name, tuple(sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.py"))))


def choose(
    target: Target, files: Sequence[str] = (), ids: Sequence[str] = (), *, sample: int = 0, seed: int = 1
) -> tuple[Mutant, ...]:
    """The mutants of these files, or those with these ids; all, where neither is given.

    Of a sample the first ones are those of any smaller sample with the same seed: a run can be gone on with.

    :param sample: how many are drawn; 0 means all of them, in the order of the text.
    :raises UsageError: there is no such file among those that are changed, or no such mutant.
    """
    for file in files:
        if file not in target.files:
            raise UsageError(f"--file {file}: it is not changed. Those that are: {', '.join(target.files)}.")
    made = all_mutants(target.folder, files or target.files)
    known = {mutant.id: mutant for mutant in made}
    for id in ids:
        if id not in known:
            near = difflib.get_close_matches(id, known, n=3, cutoff=0.0)
            raise UsageError(f"--id {id}: there is no such mutant. Near it: {', '.join(near)}.")
    if ids or not sample:
        return tuple(known[id] for id in ids) or made
    return tuple(sorted(made, key=lambda mutant: hashlib.sha256(f"{seed}:{mutant.id}".encode()).digest())[:sample])


def mutate(
    prepared: Prepared,
    mutants: Sequence[Mutant],
    *,
    explained: Mapping[str, Explained],
    answers: Answers | None = None,
    jobs: int = 0,
    hear: Callable[[MutantResult], None] = lambda tried: None,
) -> Mutated:
    """Show every mutant to the checks, some at once; the answers keep the order of the mutants.

    :param prepared: the SDK that they are mutants of.
    :param answers: what is known already, and where what is found is kept.
    :param jobs: how many at once; 0 means one for each processor.
    :param hear: called with each answer, in that order.
    :raises HarnessError: the SDK as it is keeps no promise, so that no mutant could be told from it.
    """
    answers = answers or Answers()
    asked = [mutant for mutant in mutants if mutant.id not in answers.known]
    bench = _bench(prepared, answers, several=len(asked) > FEW) if asked else None
    begun_s, heard = _cpu_s(), []

    def answer(mutant: Mutant) -> MutantResult:
        if bench is None or mutant.id in answers.known:
            return answers.known[mutant.id]
        found = _try(mutant, bench)
        if not bench.stopping.is_set():
            answers.keep(found)
        return found

    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        try:
            for one in pool.map(answer, mutants):
                if told := explained.get(one.id):
                    one = msgspec.structs.replace(one, explained=f"{told.why}: {told.reason}")
                hear(one)
                heard.append(one)
        except BaseException:
            if bench is not None:
                bench.stopping.set()  # those that run end with the check that they are in, and no other begins
            pool.shutdown(cancel_futures=True)
            raise
    left_out = answers.unchanged.red if answers.unchanged else ()
    return Mutated(mutants=tuple(heard), left_out=left_out, tried=len(asked), cpu_s=round(_cpu_s() - begun_s, 1))


def _cpu_s() -> float:
    """What all processes that have ended took so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# ── one mutant ───────────────────────────────────────────────────────────────


class _Bench(NamedTuple):
    """What every mutant is tried with; ``known`` are the promises that the SDK as it is keeps, the quickest first."""

    prepared: Prepared
    target: Target
    known: tuple[str, ...]
    reach: Reach | None
    patience_s: float
    stopping: threading.Event


def _bench(prepared: Prepared, answers: Answers, *, several: bool) -> _Bench:
    """What the checks say of the SDK as it is: only what they say otherwise can be a mutant's doing."""
    pack, target = prepared.pack, target_of(prepared)
    if answers.unchanged is None:
        answers.keep(_unchanged(prepared, target))
    if answers.reach is None and several:
        answers.keep(survey(prepared, target.folder))
    assert answers.unchanged is not None
    kept = answers.unchanged.kept
    return _Bench(
        prepared=prepared,
        target=target,
        # What cannot be imported is red at once, by the promise that says so.
        known=tuple(sorted(kept, key=lambda id: (id != pack.imports, kept[id], id))),
        # Read by another run, it names a copy that is gone.
        reach=msgspec.structs.replace(answers.reach, package=target.folder) if answers.reach else None,
        patience_s=max(PATIENCE_S, PATIENCE * answers.unchanged.slowest_s),
        stopping=threading.Event(),
    )


def _unchanged(prepared: Prepared, target: Target) -> Unchanged:
    subject = msgspec.structs.replace(prepared, paths=(target.root, *prepared.paths))
    run = run_checks(subject, wanted=tuple(prepared.pack.promise))
    kept = {check.id: check.duration_s for check in run.checks if check.outcome is Outcome.KEPT}
    red = tuple(check.id for check in run.checks if check.outcome is Outcome.BROKEN)
    if not kept:
        raise HarnessError(
            f"{prepared.subject.name} keeps no promise without any change, so no mutant can be told from it. "
            f"Run: nox -s check"
        )
    return Unchanged(kept=kept, red=red, slowest_s=max(check.duration_s for check in run.checks))


class _EnoughHeard(Exception):
    """What remains of a run could change nothing."""


class _Hearing:
    """What the checks say of one mutant, as far as it differs from what they say of the SDK as it is."""

    def __init__(self, bench: _Bench) -> None:
        self.bench = bench
        self.red: CheckResult | None = None
        self.unsure: list[CheckResult] = []
        self.hangs = 0

    def listen(self, subject: Prepared, wanted: tuple[str, ...]) -> None:
        """Run these checks, as long as they could tell anything new."""
        if wanted and not self.is_over:
            with contextlib.suppress(_EnoughHeard):
                run_checks(subject, wanted=wanted, deadline_s=self.bench.patience_s, hear=self._hear)

    def _hear(self, result: CheckResult | FindingResult) -> None:
        if isinstance(result, CheckResult) and result.outcome is Outcome.BROKEN:
            self.red = result
        elif isinstance(result, CheckResult) and result.outcome is not Outcome.KEPT:
            self.unsure.append(result)
            self.hangs += result.duration_s >= self.bench.patience_s
        if self.is_over:
            raise _EnoughHeard

    @property
    def is_over(self) -> bool:
        return self.red is not None or self.hangs >= HANGS or self.bench.stopping.is_set()


def _try(mutant: Mutant, bench: _Bench) -> MutantResult:
    hearing = _Hearing(bench)
    with _planted(bench.target, mutant) as source:
        subject = msgspec.structs.replace(bench.prepared, paths=(source, *bench.prepared.paths))
        near = bench.known if bench.reach is None else bench.reach.of(source)
        for wanted in _rounds([id for id in bench.known if id in near or id == bench.prepared.pack.imports]):
            hearing.listen(subject, wanted)
        if hearing.unsure and not hearing.is_over:
            # Once more: a machine that was busy for a moment is no mutant's doing.
            doubted = tuple(result.id for result in hearing.unsure)
            hearing = _Hearing(bench)
            hearing.listen(subject, doubted)
        invalid = "" if hearing.red or not hearing.unsure else _why_no_import(subject, mutant)
    if invalid:
        return tried(mutant, Fate.INVALID, reason=invalid)
    if hearing.red:
        return tried(mutant, Fate.KILLED, (hearing.red.id,), hearing.red.reason)
    ids = tuple(result.id for result in hearing.unsure)
    found = tried(
        mutant, Fate.UNSURE if ids else Fate.SURVIVED, ids, hearing.unsure[0].reason if hearing.unsure else ""
    )
    source_text = (bench.target.folder / mutant.file).read_text(encoding="utf-8")
    return msgspec.structs.replace(found, diff=diff_of(mutant, source_text))


def _rounds(ids: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The promises in batches: few at first, since most mutants are noticed by many.

    >>> [len(batch) for batch in _rounds([str(number) for number in range(100)])]
    [16, 48, 36]
    """
    begun = 0
    for size in (*BATCHES, len(ids)):
        if batch := tuple(ids[begun : begun + size]):
            yield batch
        begun += size


@contextmanager
def _planted(target: Target, mutant: Mutant) -> Iterator[Path]:
    """A copy of the package with the change in it, in a folder to import it from."""
    with tempfile.TemporaryDirectory(prefix="atalaya-mutant-", ignore_cleanup_errors=True) as folder:
        source = Path(folder) / "src"
        package = source / folder_of(target.name)
        shutil.copytree(target.folder, package, ignore=shutil.ignore_patterns("__pycache__"))
        file = package / mutant.file
        file.write_text(applied(mutant, file.read_text(encoding="utf-8")), encoding="utf-8")
        yield source


def _why_no_import(subject: Prepared, mutant: Mutant) -> str:
    """Why the mutant cannot be imported; empty where it can."""
    module = f"{subject.package}.{mutant.file.removesuffix('.py').replace('/', '.')}".removesuffix(".__init__")
    script = f"import sys; sys.path[:0] = {[str(path) for path in subject.paths]!r}; import {subject.package}, {module}"
    with tempfile.TemporaryDirectory(prefix="atalaya-mutant-") as home:
        try:
            done = subprocess.run(
                [str(subject.python), "-c", script],
                env=scrubbed_environ(Path(home)),
                cwd=home,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "its import does not end"
    said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return said[-1][:300] if done.returncode else ""
