"""Compares the flaky and the broken tests with a second count, in plain Python, on random ledgers."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from atalaya.metrics.broken_tests import broken_tests
from atalaya.metrics.definitions import METRICS
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.stored import CaseOutcome, Conclusion, Environment, Evidence, JobAttempt, TestAttempt
from tests.metrics.conftest import T0, Watch

COMMIT = "0123abc"
LETTERS = {CaseOutcome.PASSED: "P", CaseOutcome.FAILED: "F", CaseOutcome.ERRORED: "F"}
Counts = dict[str, Any]


def ledger(watch: Watch, luck: random.Random) -> list[list[Evidence]]:
    """Segments of one random watch: runs, re-runs, retries, repeats, our own runs, strays; some taken in again."""
    tests = [(f"t{number}", luck.random() < 0.3, luck.choice([0, 0, 0.1, 0.4, 0.9, 1])) for number in range(4)]
    variants = luck.sample(["3.11", "3.12", "3.13"], luck.randint(1, 2))
    commits = luck.choice([[COMMIT], [COMMIT, "0123abcdef"], [COMMIT, ""], [COMMIT, "", "ffff"]])
    mends = luck.uniform(0, 100)  # from when on the sick ones are well, or the well ones sick
    records: list[Evidence] = []
    for number in range(luck.randint(1, 9)):
        run, commit, hours = f"run-{number}", luck.choice(commits), luck.choice([luck.uniform(-3, 80), 12.0])
        kind = luck.choice(["ci", "ci", "ci", "ci", "repeat", "ours", "never", "service", "one"])
        for variant in variants if kind == "ci" else variants[:1]:
            job: dict[str, Any] = {"hours": hours, "variant": variant, "commit": commit, "origin": f"{run}/{variant}"}
            if kind == "ours":
                records.append(watch.job(run, **job | {"workflow": "atalaya-smoke"}))
            if kind == "never":
                records.append(watch.job(run, Conclusion.STARTUP_FAILURE, **job))
            if kind == "service":
                job |= {"environment": Environment.SERVICE}
            for test, critical, rate in tests[:1] if kind in ("repeat", "one") else tests:
                times = 3 if kind == "repeat" else luck.choice([1, 1, 1, 2, 3])
                for attempt in range(1, times + 1):
                    sick = luck.random() < (rate if hours < mends else luck.choice([0, rate]))
                    name = f"{test}[{attempt}-3]" if kind == "repeat" else test
                    outcome = luck.choice([CaseOutcome.FAILED, CaseOutcome.ERRORED]) if sick else CaseOutcome.PASSED
                    if luck.random() < 0.05:
                        outcome = CaseOutcome.SKIPPED
                    records.append(
                        watch.test(
                            run,
                            outcome,
                            **job,
                            test=name,
                            critical=critical,
                            attempt=1 if kind == "repeat" else attempt,
                        )
                    )
    luck.shuffle(records)
    segments = [records]
    for _ in range(luck.randint(0, 2)):  # the same told once more, at a later time
        again = luck.sample(records, luck.randint(0, len(records)))
        segments.append([moved(one, luck.choice([0, 2.5])) for one in again])
    return [segment for segment in segments if segment]


def moved(one: Any, hours: float) -> Any:
    late = timedelta(hours=hours)
    return msgspec.structs.replace(one, occurred_at=one.occurred_at + late, recorded_at=one.recorded_at + late)


# ── the second count ─────────────────────────────────────────────────────────


def by_hand(segments: list[list[Evidence]], as_of_h: float) -> tuple[Counts, list[tuple[Any, ...]]]:
    """The counts of the metric, and the broken tests, one attempt after the other."""
    as_of = T0 + timedelta(hours=as_of_h)
    known = [one for segment in segments for one in segment if one.recorded_at <= as_of]
    jobs = [one for one in known if isinstance(one, JobAttempt)]
    ours = {one.run_id for one in jobs if one.workflow == "atalaya-smoke"}
    never = {(one.run_id, one.attempt, one.origin) for one in jobs if one.conclusion is Conclusion.STARTUP_FAILURE}
    attempts: dict[tuple[Any, ...], list[TestAttempt]] = defaultdict(list)
    for one in known:
        if not isinstance(one, TestAttempt) or one.run_id in ours or one.outcome not in LETTERS:
            continue
        of_it = not one.commit or one.commit.startswith(COMMIT) or COMMIT.startswith(one.commit)
        inside = T0 <= one.occurred_at <= min(as_of, T0 + timedelta(hours=72))
        if not of_it or not inside or one.environment is Environment.SERVICE:
            continue
        if (one.run_id, one.attempt, one.origin) in never:
            continue
        told = (one.test, one.variant, one.run_id, one.attempt, one.origin, LETTERS[one.outcome])
        attempts[told].append(one)
    whole = {
        (run, origin)
        for (_, _, run, _, origin, _) in attempts
        if {f"t0[{step}-3]" for step in (1, 2, 3)} <= names_of(known, run, origin, as_of)
    }
    keys: dict[tuple[str, str, str], str] = defaultdict(str)
    ends: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    critical: dict[str, bool] = defaultdict(bool)
    for (name, variant, run, attempt, origin, letter), told_by in attempts.items():
        test = "t0" if whole and "[" in name else name
        step = int(name[3]) if test != name else 0
        first = min(told_by, key=lambda one: one.occurred_at)
        version = COMMIT if first.commit else run
        keys[test, variant, version] += letter
        ends[test, variant].append((first.occurred_at, attempt, step, run, origin, letter == "P"))
        critical[test] |= first.critical
    broken = []
    for (test, variant), row in ends.items():
        last: list[tuple[Any, ...]] = []
        for one in sorted(row):
            last = [] if one[-1] else [*last, one]
        if len(last) >= 3 and len({one[3] for one in last}) >= 2:
            broken.append((not critical[test], test, variant, len(last), len({one[3] for one in last}), last[0][0]))
    dead = {one[1] for one in broken}
    mixed = {test for (test, _, _), letters in keys.items() if {*letters} == {"P", "F"}} - dead
    longest: dict[str, int] = defaultdict(int)
    for (test, _, _), letters in keys.items():
        longest[test] = max(longest[test], len(letters))
    repeated = [letters for letters in keys.values() if len(letters) > 1]
    return {
        "tests": len(longest),
        "repeated_tests": sum(most > 1 for most in longest.values()),
        "repeated_keys": len(repeated),
        "attempts": sum(map(len, repeated)),
        "failures": sum(letters.count("F") for letters in repeated),
        "median_attempts": statistics.median_low(longest.values()) if longest else 0,
        "flaky_critical": sorted(test for test in mixed if critical[test]),
        "flaky_other": sorted(test for test in mixed if not critical[test]),
        "broken": sorted(dead),
    }, sorted(broken)


def names_of(known: list[Evidence], run: str, origin: str, as_of: Any) -> set[str]:
    """The names in one report, as far as it belongs to the watch: also of what was skipped."""
    return {
        one.test
        for one in known
        if isinstance(one, TestAttempt)
        and (one.run_id, one.origin) == (run, origin)
        and T0 <= one.occurred_at <= min(as_of, T0 + timedelta(hours=72))
    }


def both(seed: int, folder: Path) -> tuple[Any, Any]:
    """What Atalaya says of one random watch, and what the second count does."""
    luck = random.Random(seed)
    folder.mkdir()
    watch = Watch(folder)
    watch.release = msgspec.structs.replace(watch.release, commit=COMMIT)
    segments = ledger(watch, luck)
    for segment in segments:
        watch.keep(*segment)
    as_of_h = luck.choice([24.0, 72.0, 90.0])
    span = MetricQuery(release=watch.release, as_of=T0 + timedelta(hours=as_of_h), settings=watch.settings)
    counts, broken = by_hand(segments, as_of_h)
    with opened(folder) as engine:
        metric = METRICS["flaky-tests"].measure(engine, span)
        found = broken_tests(engine, span)
    rows = [(not one.critical, one.test, one.variant, one.failures, one.runs, one.since) for one in found]
    told = {name: sorted(said) if isinstance(said := metric.inputs[name], list) else said for name in counts}
    return (told, rows), (counts, broken)


def compare(seeds: range, folder: Path) -> None:
    seen: dict[str, int] = defaultdict(int)
    for seed in seeds:
        ours, theirs = both(seed, folder / f"seed-{seed}")
        assert theirs == ours, f"seed {seed}"
        seen["broken"] += bool(theirs[1])
        seen["flaky"] += bool(theirs[0]["flaky_critical"] or theirs[0]["flaky_other"])
        seen["steady"] += theirs[0]["median_attempts"] >= 5
    assert min(seen["broken"], seen["flaky"], seen["steady"]) >= len(seeds) / 50  # it was not idle


def test_the_second_count_agrees_on_60_random_ledgers(tmp_path: Path) -> None:
    compare(range(60), tmp_path)


@pytest.mark.long
def test_the_second_count_agrees_on_1000_random_ledgers(tmp_path: Path) -> None:
    compare(range(1000, 2000), tmp_path)
