"""The `repeat` command: runs the team's own tests many times, and keeps each attempt as evidence."""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import shlex
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import msgspec
from msgspec.structs import replace

from atalaya.cli.collect import below, keep
from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.cli.incident import incidents_by_rule
from atalaya.cli.instants import utc_now
from atalaya.cli.output import print_json, require_writable, write_json, write_text
from atalaya.cli.record_verdict import call_the_roll
from atalaya.cli.which_release import require_opened, resolve_release
from atalaya.core import environment, file_lock
from atalaya.core.errors import UsageError
from atalaya.core.scrub import scrub
from atalaya.core.words import Record
from atalaya.records.stored import (
    CaseOutcome,
    Environment,
    Event,
    FileVerdict,
    Reading,
    Release,
    RunContext,
    TestAttempt,
    record_metadata,
)

if TYPE_CHECKING:
    from atalaya.harness.team_tests import Attempt, Interpreter

WORKFLOW = "atalaya-repeat"  # of no CI: these jobs are in no pass rate, their tests are tests like others
FOLDER = Path(".atalaya") / "repeats"  # beneath the project
STATE = "series.json"
LOST = (CaseOutcome.FAILED, CaseOutcome.ERRORED)
MOST_NAMED = 20
ENVIRONMENTS = (".venv", "venv")  # where a project's own environment mostly lies

# Of pytest's exit codes: https://docs.pytest.org/en/stable/reference/exit-codes.html
RED, USAGE, NO_TESTS = 1, 4, 5


class Ended(Record, frozen=True, kw_only=True):
    """One repeat that ended, or was cut short: then its exit code is None."""

    number: int
    seed: int
    exit_code: int | None
    duration_s: float
    verdict: FileVerdict
    cases: int | None
    failed: int | None


class Series(Record, frozen=True, kw_only=True):
    """Repeats of the same tests, of the same release, in the same environment."""

    id: str
    begun_at: datetime
    release: str
    commit: str
    arguments: tuple[str, ...]
    python: str
    freeze: tuple[str, ...]
    seed: int
    ended: tuple[Ended, ...] = ()

    @property
    def whole(self) -> int:
        """How many repeats ended by themselves."""
        return sum(one.exit_code is not None for one in self.ended)

    def continues(self, other: Series) -> bool:
        """Whether another series is of the same tests, release, commit and environment."""
        keys = ("release", "commit", "arguments", "python", "freeze")
        return all(getattr(self, key) == getattr(other, key) for key in keys)


class Plan(NamedTuple):
    """What was asked for."""

    release: Release
    interpreter: Interpreter
    times: int
    minutes: float
    in_order: bool

    @property
    def host(self) -> str:
        """The environment in short: attempts in another one are of another variant."""
        return f"py{'.'.join(self.interpreter.facts.python.split('.')[:2])}-{sys.platform}"


def repeat(place: Context, args: argparse.Namespace) -> int:
    """Run the team's own tests many times with pytest, and keep each attempt: what passes and fails is flaky."""
    from atalaya.harness.team_tests import ask

    require_writable(args.report)
    release = resolve_release(place, args.release, None)
    plan = Plan(release, ask(_python(place, args.python)), args.times, args.minutes, args.in_order)
    series, folder = _series(place, plan, args)
    place.console.line(f"  {shlex.join([series.python, '-m', 'pytest', *series.arguments])}")
    if series.ended:
        place.console.line(f"  {series.id} goes on: {series.whole} repeats are there; --new begins another series")
    with _alone(folder), place.console.bar("repeats", plan.times, series.whole) as done:
        series = _run(place, plan, series, folder, done)
    incidents_by_rule(place, release)
    call_the_roll(place, release)
    return _summary(place, plan, series, args)


# ── which Python ─────────────────────────────────────────────────────────────


def _python(place: Context, asked: str | None) -> Path:
    """The interpreter that would run the team's tests if they did it by hand.

    The one that is named; else the environment that watch.toml names as the SDK; the active one; the project's own
    (``.venv``); the one that Atalaya runs in, or, where that has no pytest, as a tool's own has none, that of the path.

    :raises UsageError: what was named is no interpreter.
    """
    if asked is not None:
        path = Path(asked)
        found = _in(path) if path.is_dir() else Path(shutil.which(asked) or asked)
        if found is None or not found.is_file():
            raise UsageError(f"repeat: --python {asked}: no Python there. Give its path, or its environment's folder.")
        return found.absolute()
    active = environment.virtual_environment()
    ours = active is not None and active.resolve() == Path(sys.prefix).resolve() and environment.called_by_nox()
    named = place.loaded.settings.subject.sdk
    folders = [place.root / named if named else None, None if ours else active]
    folders += [place.root / name for name in ENVIRONMENTS]
    for folder in filter(None, folders):
        if (found := _in(folder)) is not None:
            return found
    import importlib.util

    here = Path(sys.executable)
    if importlib.util.find_spec("pytest") is None:
        return Path(shutil.which("python3") or shutil.which("python") or here)
    return here


def _in(folder: Path) -> Path | None:
    """The interpreter of an environment; None where the folder is none."""
    places = (folder / "bin" / "python", folder / "Scripts" / "python.exe")
    return next((path.absolute() for path in places if path.is_file()), None)


# ── the series ───────────────────────────────────────────────────────────────


def _series(place: Context, plan: Plan, args: argparse.Namespace) -> tuple[Series, Path]:
    """The series to continue, else a new one, and the folder of its reports."""
    import secrets

    now = utc_now()
    new = Series(
        id=f"repeat-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
        begun_at=now,
        release=plan.release.version,
        commit=_commit(place, plan.release, args.commit),
        arguments=tuple(args.pytest_args),
        python=str(plan.interpreter.python),
        freeze=plan.interpreter.facts.freeze,
        seed=random.SystemRandom().randrange(1, 2**31) if args.seed is None else args.seed,
    )
    home = place.root / FOLDER
    before = [] if args.new else [one for one in _recorded(home) if one.continues(new)]
    found = max(before, key=lambda one: one.begun_at, default=new)
    return found, home / found.id


def _recorded(home: Path) -> Iterator[Series]:
    for path in home.glob(f"*/{STATE}"):
        # What another version wrote, or another program, is no series to continue.
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            yield msgspec.json.decode(path.read_bytes(), type=Series)


def _commit(place: Context, release: Release, named: str | None) -> str:
    """The commit whose tests run: as named, else the release's, unless another SDK is checked out here."""
    from atalaya.sdk import git_repository as git

    settings = place.loaded.settings
    commit = named or release.commit or settings.subject.commit
    repository = None if named else git.find(place.root, settings)
    released, head = (git.resolve(repository, ref) if repository else None for ref in (commit, "HEAD"))
    if repository is None or released is None or head is None:
        return commit.lower()
    trees = [git.tree_of(repository, sha, settings.subject.path) for sha in (released, head)]
    if trees[0] == trees[1]:
        return commit.lower()
    place.console.line(
        f"  {head[:12]} is checked out, which holds another SDK than {released[:12]}: shown apart, counts in nothing. "
        f"Check out the released commit, or name what runs by --commit."
    )
    return head


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let nobody else go on with the same series: two would write the same reports.

    :raises UsageError: somebody does.
    """
    lock = folder / "lock"
    with file_lock.alone(lock, _refuse):
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # there is something else in it
                lock.unlink()
                folder.rmdir()


def _refuse() -> NoReturn:
    raise UsageError("repeat: another call goes on with this series now. Wait for it, or begin another series: --new.")


# ── running it ───────────────────────────────────────────────────────────────


def _run(place: Context, plan: Plan, series: Series, folder: Path, done: Callable[[], None]) -> Series:
    """Repeat until the series is whole or the time is over. Each repeat is kept before the next one begins."""
    from atalaya.harness.team_tests import run, shuffle

    until = time.monotonic() + plan.minutes * 60
    quiet = place._replace(console=Console(io.StringIO()))
    while series.whole < plan.times and (left := until - time.monotonic()) > 0:
        number, seed = len(series.ended) + 1, series.seed + len(series.ended)
        shuffled = () if plan.in_order else shuffle(plan.interpreter, series.arguments, seed)
        with _attempt_folder(folder / f"attempt-{number}") as attempt_folder:
            report = attempt_folder / "report.xml"
            options = (*series.arguments, *shuffled)
            attempt = run(plan.interpreter, options, folder=place.root, report=report, seed=seed, limit_s=left)
            if attempt.exit_code == USAGE:
                raise UsageError(f"repeat: pytest does not take these arguments: {scrub(attempt.said)}")
        how = f"seed {seed}, {' '.join(shuffled) or 'in the order of the files'}"
        reading, records = _read(place, plan, series, report, number)
        reading = _judged(reading, attempt, f"Repeat {number} of {series.id}, {how}.", plan)
        context = [] if series.ended else [_context(place, plan, series)]
        require_opened(place, plan.release)
        keep(quiet, plan.release, [*context, *records, reading])
        ended = Ended(
            number=number,
            seed=seed,
            exit_code=attempt.exit_code,
            duration_s=round(attempt.duration_s, 3),
            verdict=reading.verdict,
            cases=reading.cases,
            failed=None if reading.cases is None else (reading.failed or 0) + (reading.errored or 0),
        )
        before, series = series.whole, replace(series, ended=(*series.ended, ended))
        place.console.line(f"  {_told(ended, how)}")
        if series.whole > before:
            done()
        if attempt.exit_code == NO_TESTS:  # and none will be: the next call begins anew
            break
        write_text(folder / STATE, msgspec.json.encode(series).decode())
    return series


@contextlib.contextmanager
def _attempt_folder(folder: Path) -> Iterator[Path]:
    """A folder for one repeat, which is not there where the repeat was stopped: nothing is kept by halves."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _read(
    place: Context, plan: Plan, series: Series, report: Path, number: int
) -> tuple[Reading, tuple[TestAttempt | Event, ...]]:
    """The tests of one repeat and what they met, and the reading of its report. A repeat is no job of CI."""
    from atalaya.evidence.readers.collector import Found, Job, collect

    file = f"repeat-{plan.host}/attempt-{number}/report.xml"
    collected = collect(
        [],
        job=Job(WORKFLOW, series.commit, name=f"repeat ({plan.host})", attempt=number),
        run_id=series.id,
        recorded_at=utc_now(),
        place_of=lambda path: below(place.root, path),
        beside=[Found(file, report)],
        scrub=scrub,
    )
    return collected.readings[0], (*collected.tests, *collected.events)


def _judged(reading: Reading, attempt: Attempt, says: str, plan: Plan) -> Reading:
    """The reading with what is known beside the report. One that was cut short says nothing as a whole."""
    verdict = reading.verdict
    if attempt.exit_code is None:
        says += f" Cut short after {attempt.duration_s:.0f} s, at the limit of {plan.minutes:g} minutes."
        verdict = FileVerdict.UNKNOWN
    elif attempt.exit_code not in (0, RED, NO_TESTS):
        says += f" pytest ended with exit code {attempt.exit_code}."
    if verdict is FileVerdict.PASSED and attempt.exit_code != 0:
        verdict = FileVerdict.UNKNOWN
    return replace(reading, verdict=verdict, reason=f"{says} {reading.reason}".strip())


def _context(place: Context, plan: Plan, series: Series) -> RunContext:
    """What the tests ran with."""
    facts, name = plan.interpreter.facts, place.pack.distribution
    return RunContext(
        **record_metadata(series.id, Environment.CI, utc_now()),
        producer="repeat",
        subject_name=name,
        subject_version=plan.interpreter.version_of(name) or None,
        subject_digest="",
        subject_source="the environment that the tests ran in",
        python=facts.python,
        implementation=facts.implementation,
        os=facts.os,
        freeze=facts.freeze,
    )


# ── what is shown ────────────────────────────────────────────────────────────


def _told(ended: Ended, how: str) -> str:
    """One repeat in a line."""
    tests = "no report that can be read" if ended.cases is None else f"{ended.cases} tests, {ended.failed} failed"
    cut = "cut short, " if ended.exit_code is None else ""
    return f"repeat {ended.number}: {cut}{tests}, {ended.duration_s:.1f} s ({how})"


class Outcomes(Record, frozen=True, kw_only=True):
    """How often one test of a series passed and failed, and the first repeat in which it failed."""

    test: str
    passed: int
    failed: int
    seed: int | None


def _outcomes(place: Context, plan: Plan, series: Series) -> list[Outcomes]:
    """Each test of a series that failed, whichever call repeated it."""
    from atalaya.evidence.ledger import ledger

    seeds = {ended.number: ended.seed for ended in series.ended}
    by_test = defaultdict[str, list[TestAttempt]](list)
    for attempt in ledger.readable(place.releases / plan.release.version / "evidence", TestAttempt):
        if attempt.run_id == series.id:
            by_test[attempt.test].append(attempt)
    found = []
    for test, attempts in sorted(by_test.items()):
        lost = sorted(each.attempt for each in attempts if each.outcome in LOST)
        passed = sum(each.outcome is CaseOutcome.PASSED for each in attempts)
        if lost:
            found.append(Outcomes(test=test, passed=passed, failed=len(lost), seed=seeds.get(lost[0])))
    return found


def _summary(place: Context, plan: Plan, series: Series, args: argparse.Namespace) -> int:
    """Say what the series showed; its exit code."""
    failing = _outcomes(place, plan, series)
    code, why = _verdict(series, plan, failing)
    for one in failing[:MOST_NAMED]:
        word = "flaky" if one.passed else "failing"
        seed = f", first with seed {one.seed}" if one.seed is not None else ""
        place.console.row(word, f"{one.test}: failed {one.failed} times of {one.failed + one.passed}{seed}")
    if len(failing) > MOST_NAMED:
        place.console.line(f"  and {len(failing) - MOST_NAMED} more")
    if failing and failing[0].seed is not None:
        place.console.line(f"  again: {_again(plan, series, failing[0].seed)}")
    place.console.line(f"  {series.whole} of {plan.times} repeats: {why}")
    report = {
        "release": plan.release.version,
        "series": series.id,
        "repeats": [msgspec.to_builtins(one) for one in series.ended],
        "flaky": [one.test for one in failing if one.passed],
        "failing": [one.test for one in failing if not one.passed],
        "reason": why,
    }
    if args.report:
        write_json(Path(args.report), report)
    if args.json:
        print_json(report)
    return code


def _again(plan: Plan, series: Series, seed: int) -> str:
    """The command that runs one repeat again, in the project's folder."""
    from atalaya.harness.team_tests import SEEDS, shuffle

    shuffled = () if plan.in_order else shuffle(plan.interpreter, series.arguments, seed)
    command = shlex.join([series.python, "-m", "pytest", *series.arguments, *shuffled])
    return f"PYTHONHASHSEED={seed % SEEDS} {command}"


def _verdict(series: Series, plan: Plan, failing: Sequence[Outcomes]) -> tuple[int, str]:
    """The exit code, and why: 1 where something failed, 3 where something that was asked for is not known."""
    again = "run it again to go on"
    unclear = [one for one in series.ended if one.exit_code is not None and one.verdict is not FileVerdict.PASSED]
    flaky = sum(one.passed > 0 for one in failing)
    if failing:
        return 1, f"flaky tests: {flaky}; tests that never passed: {len(failing) - flaky}"
    if any(one.exit_code == RED or one.verdict is FileVerdict.FAILED for one in unclear):
        return 1, "pytest failed, and no test of its report did: see output.log beside the report"
    if any(one.exit_code == NO_TESTS for one in series.ended):
        return 3, "no test was collected: name the files or folders of your tests after --"
    if unclear:
        return 3, "a repeat showed no test that passed: see output.log beside its report"
    if series.whole < plan.times:
        return 3, f"the limit of {plan.minutes:g} minutes was reached: {again}"
    return 0, "no test failed"
