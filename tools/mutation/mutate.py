"""Runs the checks against mutants, to find changes that they do not detect.

Each mutant of the bundled SDK is shown to the checks, until the first promise turns red. One that survives is
either explained in ``survivors.toml``, or a gap in the checks. One that is explained and turns red all the same
is a false alarm: a check judges what the contract leaves open.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from atalaya.core.errors import HarnessError, UsageError
from atalaya.core.words import Record, StrictEnum
from atalaya.harness.pack import Pack
from atalaya.harness.runner import run_checks
from atalaya.records.results import CheckResult, FindingResult
from atalaya.records.stored import Outcome
from atalaya.sdk.prepare import Prepared, scrubbed_environ
from atalaya.sdk.source import folder_of
from atalaya.selftest.coverage_map import Reach, survey
from atalaya.selftest.prove import FEW, at_the_least
from tools.mutation.mutants import Mutant, all_mutants, applied

PATIENCE_S = 8.0  # real seconds for one check, at the least: commonly the slowest takes less than one
PATIENCE = 10  # and so many times what the slowest takes on this machine, which may be busy
HANGS = 2  # checks that hang before the rest is not waited for
WIDTH = 100


class Fate(StrictEnum):
    """What became of a mutant."""

    KILLED = "killed"  # a promise turned red, or a test failed
    UNSURE = "unsure"  # none did, but a check that could tell before could not any more
    SURVIVED = "survived"  # every check said what it says of the SDK as it is
    INVALID = "invalid"  # it cannot even be imported, so it is no SDK


class Why(StrictEnum):
    """Why a mutant may survive."""

    EQUIVALENT = "equivalent"  # nobody who uses the SDK can see a difference
    LEFT_OPEN = "left-open"  # the contract permits both


class Explained(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One survivor that is no gap in the checks: the change as a person reads it, and why it may survive."""

    id: str
    change: str
    why: Why
    reason: str


class MutantResult(Record, frozen=True, kw_only=True):
    """One mutant, and what became of it. ``by`` are the promises or the test that noticed."""

    id: str
    file: str
    line: int
    operator: str
    before: str
    after: str
    fate: Fate
    by: tuple[str, ...] = ()
    reason: str = ""
    explained: str = ""


class Mutated(Record, frozen=True, kw_only=True):
    """All that one ``mutate`` found."""

    mutants: tuple[MutantResult, ...]

    @property
    def unexplained(self) -> tuple[MutantResult, ...]:
        """The gaps: what survived, and nobody has said why it may."""
        return tuple(one for one in self.mutants if one.fate is Fate.SURVIVED and not one.explained)

    @property
    def mistaken(self) -> tuple[MutantResult, ...]:
        """What turned red though it is explained: the explanation is wrong, or the check is."""
        return tuple(one for one in self.mutants if one.fate is Fate.KILLED and one.explained)


def explanations(file: Path) -> dict[str, Explained]:
    """The survivors that somebody has looked at, by their id.

    :raises HarnessError: the file does not have the shape of such a list.
    """
    try:
        read = msgspec.toml.decode(file.read_bytes(), type=dict[str, tuple[Explained, ...]])
    except (OSError, msgspec.DecodeError) as why:
        raise HarnessError(f"{file}: the explained survivors cannot be read: {why}. Mend the file.") from why
    return {one.id: one for one in read.get("survivor", ())}


def choose(pack: Pack, files: Sequence[str] = (), ids: Sequence[str] = ()) -> tuple[Mutant, ...]:
    """The mutants of these files, or those with these ids; all, where neither is given.

    :raises UsageError: there is no such file among those that are changed, or no such mutant.
    """
    for file in files:
        if file not in pack.mutated:
            raise UsageError(f"--file {file}: it is not changed. Those that are: {', '.join(pack.mutated)}.")
    made = all_mutants(pack.source / folder_of(pack.package), files or pack.mutated)
    known = {mutant.id: mutant for mutant in made}
    for id in ids:
        if id not in known:
            near = difflib.get_close_matches(id, known, n=3, cutoff=0.0)
            raise UsageError(f"--id {id}: there is no such mutant. Near it: {', '.join(near)}.")
    return tuple(known[id] for id in ids) or made


def mutate(
    prepared: Prepared,
    mutants: Sequence[Mutant],
    *,
    explained: Mapping[str, Explained],
    jobs: int = 0,
    hear: Callable[[MutantResult], None] = lambda tried: None,
) -> Mutated:
    """Show every mutant to the checks, some at once; the answers keep the order of the mutants.

    :param prepared: an environment that has what the reference SDK needs.
    :param jobs: how many at once; 0 means one for each processor.
    :param hear: called with each answer, in that order.
    :raises HarnessError: the SDK as it is breaks a promise, so that no mutant could be told from it.
    """
    bench = _bench(prepared, several=len(mutants) > FEW)
    heard = []
    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        try:
            for one in pool.map(lambda mutant: _try(mutant, bench), mutants):
                if told := explained.get(one.id):
                    one = msgspec.structs.replace(one, explained=f"{told.why}: {told.reason}")
                hear(one)
                heard.append(one)
        except BaseException:
            bench.stopping.set()  # those that run end with the check that they are in, and no other begins
            pool.shutdown(cancel_futures=True)
            raise
    return Mutated(mutants=tuple(heard))


# ── one mutant ───────────────────────────────────────────────────────────────


class _Bench(NamedTuple):
    """What every mutant is tried with; ``known`` are the promises that the SDK as it is keeps."""

    prepared: Prepared
    known: tuple[str, ...]
    reach: Reach | None
    patience_s: float
    stopping: threading.Event


def _bench(prepared: Prepared, *, several: bool) -> _Bench:
    """What the checks say of the SDK as it is: only what they say otherwise can be a mutant's doing."""
    pack = prepared.pack
    run = run_checks(msgspec.structs.replace(prepared, paths=(pack.source,)), wanted=tuple(pack.promise))
    red = [check.id for check in run.checks if check.outcome is Outcome.BROKEN]
    if red:
        raise HarnessError(
            f"The bundled SDK breaks {', '.join(red)} without any change, so no mutant can be told from it. "
            f"Run: nox -s checks"
        )
    return _Bench(
        prepared=prepared,
        known=tuple(check.id for check in run.checks if check.outcome is Outcome.KEPT),
        reach=survey(prepared) if several else None,
        patience_s=max(PATIENCE_S, PATIENCE * max(check.duration_s for check in run.checks)),
        stopping=threading.Event(),
    )


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
    with _planted(bench.prepared.pack, mutant) as source:
        subject = msgspec.structs.replace(bench.prepared, paths=(source,))
        near = bench.known if bench.reach is None else bench.reach.of(source)
        for wanted in _rounds(bench.prepared.pack.mutated[mutant.file], [id for id in near if id in bench.known]):
            hearing.listen(subject, wanted)
        if hearing.unsure and not hearing.is_over:
            # Once more: a machine that was busy for a moment is no mutant's doing.
            doubted = tuple(result.id for result in hearing.unsure)
            hearing = _Hearing(bench)
            hearing.listen(subject, doubted)
        invalid = "" if hearing.red or not hearing.unsure else _why_no_import(subject)
    if invalid:
        return tried(mutant, Fate.INVALID, reason=invalid)
    if hearing.red:
        return tried(mutant, Fate.KILLED, (hearing.red.id,), hearing.red.reason)
    if hearing.unsure:
        ids = tuple(result.id for result in hearing.unsure)
        return tried(mutant, Fate.UNSURE, ids, hearing.unsure[0].reason)
    return tried(mutant, Fate.SURVIVED)


def _rounds(families: Sequence[str], ids: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The promises of these families, which are likely to notice, and then the others."""
    first = tuple(id for id in ids if id.partition(".")[0] in families)
    return first, tuple(id for id in ids if id not in first)


def tried(mutant: Mutant, fate: Fate, by: tuple[str, ...] = (), reason: str = "") -> MutantResult:
    """What became of a mutant, with what is known of it."""
    return MutantResult(
        id=mutant.id,
        file=mutant.file,
        line=mutant.line,
        operator=mutant.operator,
        before=mutant.before,
        after=mutant.after,
        fate=fate,
        by=by,
        reason=reason,
    )


@contextmanager
def _planted(pack: Pack, mutant: Mutant) -> Iterator[Path]:
    """A copy of the reference SDK's ``src`` with the change in it."""
    with tempfile.TemporaryDirectory(prefix="atalaya-mutant-", ignore_cleanup_errors=True) as folder:
        source = Path(folder) / "src"
        shutil.copytree(pack.source, source, ignore=shutil.ignore_patterns("__pycache__"))
        file = source / folder_of(pack.package) / mutant.file
        file.write_text(applied(mutant, file.read_text(encoding="utf-8")), encoding="utf-8")
        yield source


def _why_no_import(subject: Prepared) -> str:
    """Why the mutant cannot be imported; empty where it can."""
    pack = subject.pack
    modules = [f"{pack.package}.{file.removesuffix('.py').replace('/', '.')}" for file in pack.mutated]
    script = f"import sys; sys.path[:0] = {[str(path) for path in subject.paths]!r}; import {', '.join(modules)}"
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


# ── in words ─────────────────────────────────────────────────────────────────


def summary(mutated: Mutated) -> list[str]:
    """A table of the files, and then each mutant that survived or could not be told, at most 100 columns wide."""
    lines = [_row("file", "mutants", *map(str, Fate), "at the least")]
    files = dict.fromkeys(one.file for one in mutated.mutants)
    lines += [_figures(file, [one for one in mutated.mutants if one.file == file]) for file in files]
    lines.append(_figures("all", mutated.mutants))
    survived = [one for one in mutated.mutants if one.fate is Fate.SURVIVED]
    for title, chosen in (
        ("survived, unexplained", mutated.unexplained),
        ("explained, and red all the same", mutated.mistaken),
        ("not told apart", [one for one in mutated.mutants if one.fate is Fate.UNSURE]),
        ("survived, explained", [one for one in survived if one.explained]),
    ):
        if chosen:
            lines += ["", f"{title}: {len(chosen)}"]
            lines += [line for one in chosen for line in _told(one)]
    return lines


def _figures(name: str, tried: Sequence[MutantResult]) -> str:
    fates = Counter(one.fate.value for one in tried)
    judged = fates["killed"] + fates["survived"]
    low = at_the_least(fates["killed"], judged)
    counts = (str(fates[fate.value]) for fate in Fate)
    return _row(name, str(len(tried)), *counts, "" if low is None else f"{low:.1%}")


def _row(name: str, *cells: str) -> str:
    return f"{name:<28}" + "".join(f"{cell:>{max(9, len(cell) + 2)}}" for cell in cells)


def _told(one: MutantResult) -> list[str]:
    lines = [f"  {one.id}  (line {one.line})", f"    - {one.before}", f"    + {one.after or '(gone)'}"]
    if one.by:
        lines.append(f"    {one.by[0]}: {one.reason}")
    if one.explained:
        lines.append(f"    {one.explained}")
    return [line if len(line) <= WIDTH else line[: WIDTH - 1] + "…" for line in lines]
