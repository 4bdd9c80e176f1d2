"""Tests that SQL counts events as an independent count in plain Python does, over many ledgers drawn at random."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from atalaya.core.settings import CiSettings, Settings
from atalaya.evidence.ledger import ledger
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.window_query import OUR_WORKFLOWS, MetricQuery
from atalaya.records.stored import (
    Conclusion,
    Environment,
    Event,
    EventKind,
    Evidence,
    JobAttempt,
    Observation,
    Outcome,
    Release,
    Severity,
)
from tests.metrics.conftest import T0, Watch

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
LISTED = ("clients-python-sdk",)
RELEASE = Release(version="1.1.0", commit="abc123", opened_at=T0)
FIXED = T0 + 40 * HOUR
EDGES = (
    *(T0 + offset for offset in (-TICK, 0 * TICK, 24 * HOUR - TICK, 24 * HOUR, 72 * HOUR, 72 * HOUR + TICK)),
    *(FIXED + offset for offset in (-TICK, 0 * TICK, TICK)),
)
Rows = dict[tuple[str, str, int, int], tuple[int, ...]]


# ── what is drawn ────────────────────────────────────────────────────────────


class Ledger(NamedTuple):
    """Segments of events, and the jobs and observations beside them, asked about as of one instant."""

    events: list[list[Event]]
    others: list[Evidence]
    as_of: datetime


def drawn(seed: int) -> Ledger:
    """A ledger with all that makes counting hard: what is told twice, and edges of every kind."""
    chance = random.Random(seed)
    as_of = T0 + chance.choice((50, 72, 80)) * HOUR
    ticks = iter(range(1, 100_000))

    def at() -> datetime:
        return chance.choice(EDGES) if chance.random() < 0.4 else T0 + chance.uniform(-2, 75) * HOUR

    def recorded(occurred_at: datetime) -> datetime:
        return max(occurred_at, T0) + chance.choice((0, 0, 0, 30)) * HOUR + next(ticks) * TICK

    runs = [f"run-{number}" for number in range(3)]
    segments: list[list[Event]] = [[] for _ in range(chance.randint(1, 3))]
    for _ in range(chance.randint(0, 20)):
        event = _event(chance, chance.choice(runs), at())
        if seed % 2:  # many that say the same of one attempt of a job, in several files
            event = replace(event, run_id=runs[0], job="a", attempt=1, workflow=LISTED[0], commit="", message="gone")
            event = replace(event, expected=False, blocking=False, environment=Environment.CI)
        for segment in chance.sample(segments, chance.randint(1, len(segments))):
            when = event.occurred_at if event.line and chance.random() < 0.3 else recorded(event.occurred_at)
            segment += [replace(event, recorded_at=when)] * chance.choice((1, 1, 2))
    others: list[Evidence] = []
    for run in runs[:2]:
        others += _jobs(chance, run, at, recorded)
    for number in range(chance.randint(0, 3)):
        others.append(_checked(chance, f"checks-{number}", at()))
    return Ledger(segments, others, as_of)


def _event(chance: random.Random, run: str, at: datetime) -> Event:
    job = chance.choice(("", "a", "b"))
    return Event(
        run_id=run,
        environment=chance.choice((*[Environment.CI] * 6, Environment.SERVICE, Environment.REHEARSAL)),
        occurred_at=at,
        recorded_at=at,
        event=chance.choice((EventKind.NETWORK_ERROR, EventKind.STALE_READ)),
        expected=chance.random() < 0.1,
        blocking=chance.random() < 0.3,
        place=chance.choice(("p", "p", "q")),
        message=chance.choice(("gone", "Gone  (3 times)", "gone.", "lost")),
        origin=chance.choice(
            (
                "log.txt@aaaaaaaaaaaa",
                "r.xml@bbbbbbbbbbbb",
                "r.xml@cccccccccccc",
                "s.xml@dddddddddddd",
                "x/artifacts/r.xml",
            )
        ),
        line=chance.choice((None, 3)),
        quote=chance.choice(("", "", "gone")),
        commit=chance.choice(("", "", "abc123", "abc123def", "fff")),
        workflow=chance.choice(("", LISTED[0], LISTED[0], "website", "atalaya-smoke")) if job else "",
        job=job,
        attempt=chance.choice((1, 1, 2)) if job else 1,
    )


def _jobs(chance: random.Random, run: str, at: Any, recorded: Any) -> Iterator[JobAttempt]:
    workflow = chance.choice((*LISTED, *LISTED, "website", "atalaya-smoke"))
    commit = chance.choice(("", "abc123", "abc123", "fff"))
    for name in chance.sample(("a", "b"), chance.randint(0, 2)):
        for attempt in range(1, chance.choice((1, 1, 2)) + 1):
            for variant in ("x", "y")[: chance.choice((1, 1, 2))]:
                when = at()
                one = JobAttempt(
                    run_id=run,
                    environment=chance.choice((*[Environment.CI] * 5, Environment.SERVICE)),
                    occurred_at=when,
                    recorded_at=recorded(when),
                    workflow=workflow,
                    job=name,
                    variant=variant,
                    attempt=attempt,
                    commit=commit,
                    conclusion=Conclusion.SUCCESS,
                    origin="x",
                    requests=chance.choice((None, 0, 1, 2, 5)),
                    stale_trials=chance.choice((None, 3)),
                )
                yield one
                if chance.random() < 0.2:
                    yield replace(one, origin="y", requests=chance.choice((None, 7)), recorded_at=recorded(when))


def _checked(chance: random.Random, run: str, at: datetime) -> Observation:
    return Observation(
        run_id=run,
        environment=Environment.LOOPBACK,
        occurred_at=at,
        recorded_at=at,
        promise=chance.choice(("polling.fresh-status", "polling.fresh-status", "cache.only-gets")),
        severity=Severity.CRITICAL,
        outcome=chance.choice((Outcome.KEPT, Outcome.BROKEN, Outcome.UNKNOWN)),
        reason="",
        duration_s=0.1,
        trials=1,
        subject_digest="d",
    )


# ── the count in plain Python ────────────────────────────────────────────────


def once(segments: Sequence[Sequence[Event]], as_of: datetime) -> list[Event]:
    """Each event once, of what was written down by an instant."""
    known = [[one for one in segment if one.recorded_at <= as_of] for segment in segments]
    everything = [one for segment in known for one in segment]
    by_record: dict[Any, list[list[Event]]] = defaultdict(list)
    for segment in known:
        told: dict[Any, list[Event]] = defaultdict(list)
        for one in sorted(segment, key=lambda one: one.recorded_at):
            told[_identity(one, everything)].append(one)
        for identity, alike in told.items():
            by_record[identity].append(alike)
    survivors = [(_identity(one, everything), one) for alike in by_record.values() for one in _largest(alike)]
    return list(_matched(survivors))


def _identity(one: Event, everything: Sequence[Event]) -> tuple[Any, ...]:
    named, at = (one.workflow, one.job, one.attempt, one.commit), one.occurred_at
    if one.line is not None:
        same_line = [
            other
            for other in everything
            if (other.run_id, other.environment, other.event, other.origin, other.line, other.message)
            == (one.run_id, one.environment, one.event, one.origin, one.line, one.message)
        ]
        if not one.job:
            named = (
                max(other.workflow for other in same_line),
                max(other.job for other in same_line),
                max(other.attempt for other in same_line),
                one.commit,
            )
        named = (*named[:3], one.commit or max(other.commit for other in same_line))
        at = min(other.occurred_at for other in same_line) if "@" in one.origin else at
    what = (one.run_id, one.environment, one.event, one.expected, one.blocking, one.place, one.message, one.line)
    return (*what, one.origin.partition("@")[0], at, *named)


def _largest(tellers: Iterable[Sequence[Event]]) -> list[Event]:
    """As many as the one tells of that tells of the most; of each, the record that came first."""
    lots = [sorted(lot, key=lambda one: one.recorded_at) for lot in tellers]
    most = max(map(len, lots))
    return [min((lot[n] for lot in lots if len(lot) > n), key=lambda one: one.recorded_at) for n in range(most)]


def _matched(survivors: Sequence[tuple[tuple[Any, ...], Event]]) -> Iterator[Event]:
    """What log, report and artifact of one attempt of a job tell of is one event."""
    groups: dict[Any, dict[str, dict[str, dict[str, list[Event]]]]] = {}
    for identity, one in survivors:
        workflow, job, attempt, commit = identity[-4:]
        if not job:
            yield one
            continue
        said = re.sub(r"\s+", " ", re.sub(r"\(\d+ times\)\s*$", "", one.message.lower())).strip().rstrip(".")
        key = (*identity[:5], workflow, job, attempt, commit, said)
        path = one.origin.partition("@")[0]
        log = bool(one.quote) or path.endswith(("log.txt", ".log"))
        source = "log" if log else "artifact" if "/artifacts/" in path else "report"
        groups.setdefault(key, {}).setdefault(source, {}).setdefault(one.place, {}).setdefault(path, []).append(one)
    for sources in groups.values():
        yield from _largest(
            [one for paths in places.values() for one in _largest(paths.values())] for places in sources.values()
        )


def oracle(it: Ledger) -> Rows:
    """The rows that the question should give, but for those of zeros."""
    jobs = _jobs_that_count(it)
    rows: dict[Any, Counter[str]] = defaultdict(Counter)
    units: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for kind, field in (("network-error", "requests"), ("polling-timeout", "waits"), ("stale-read", "stale_trials")):
        for job in jobs.counting:
            runs_kind = "silent" if job[field] is None else "telling"
            units[kind, runs_kind, job["run_id"], job["attempt"], None].append(
                {"at": job["at"], "trials": job[field] or 0, "silent_jobs": int(job[field] is None)}
            )
    for event, why in _seen(it, jobs):
        if why:
            rows[str(event.event), why, 1, *_bins(event.occurred_at)]["events"] += 1
    for key, facts in _placed(it, jobs):
        units[key].append(facts)
    for run, at, broken in _decided(it):
        units["stale-read", "check", run, 1, None].append({"at": at, "events": broken})
    for (kind, runs_kind, _, _, side), facts in units.items():
        since = side if side is not None else int(min(one["at"] for one in facts) >= FIXED)
        is_run = runs_kind != "telling" or sum(one.get("trials", 0) for one in facts) > 0
        for one in facts:
            rows[kind, runs_kind, since, *_bins(one["at"])].update({k: v for k, v in one.items() if k != "at"})
        if is_run:
            # A run counts in the 6 hours of its first record.
            row = rows[kind, runs_kind, since, *_bins(min(one["at"] for one in facts))]
            row["runs"] += 1
            row["bad_runs"] += max(one.get("events", 0) for one in facts)
            row["blocked_runs"] += max(one.get("blocking", 0) for one in facts)
    names = ("events", "in_rate", "blocking", "trials", "runs", "bad_runs", "blocked_runs", "silent_jobs")
    found = {key: tuple(row[name] for name in names) for key, row in rows.items()}
    return {key: row for key, row in found.items() if any(row)}


class Jobs(NamedTuple):
    counting: list[dict[str, Any]]
    runs: dict[str, dict[str, bool]]


def _is_of_release(commit: str) -> bool:
    return not commit or commit.startswith(RELEASE.commit) or RELEASE.commit.startswith(commit)


def _in_window(one: Evidence, as_of: datetime) -> bool:
    inside = T0 <= one.occurred_at <= min(as_of, T0 + 72 * HOUR)
    return inside and one.recorded_at <= as_of and one.environment not in (Environment.SERVICE, Environment.REHEARSAL)


def _jobs_that_count(it: Ledger) -> Jobs:
    attempts: dict[Any, dict[str, Any]] = {}
    runs: dict[str, dict[str, bool]] = {}
    for job in it.others:
        if not isinstance(job, JobAttempt) or not _in_window(job, it.as_of):
            continue
        ours, listed = job.workflow in OUR_WORKFLOWS, job.workflow in (*OUR_WORKFLOWS, *LISTED)
        theirs = runs.setdefault(job.run_id, {"ours": False, "unlisted": True, "other": True, "listed": False})
        theirs["ours"] |= ours
        theirs["unlisted"] &= not listed
        theirs["listed"] |= listed
        theirs["other"] &= not listed or not (ours or _is_of_release(job.commit))
        if not listed or not (ours or _is_of_release(job.commit)):
            continue
        name = (job.workflow, job.job, job.variant, job.run_id, job.attempt)
        one = attempts.setdefault(
            name, {"run_id": job.run_id, "attempt": job.attempt, "job": job.job, "at": job.occurred_at}
        )
        one["at"] = min(one["at"], job.occurred_at)
        for field in ("requests", "waits", "stale_trials"):
            told = [n for n in (one.get(field), getattr(job, field)) if n is not None]
            one[field] = max(told) if told else None
    return Jobs(list(attempts.values()), runs)


def _seen(it: Ledger, jobs: Jobs) -> Iterator[tuple[Event, str]]:
    """The events of the watch, each with why it does not count; nothing where it does."""
    for event in once(it.events, it.as_of):
        if event.environment in (Environment.SERVICE, Environment.REHEARSAL):
            continue
        if not T0 <= event.occurred_at <= T0 + 72 * HOUR:
            if not event.expected:
                yield replace(event, occurred_at=T0), "outside the window"
        elif event.occurred_at <= it.as_of:
            yield event, _why_not(event, jobs.runs.get(event.run_id))


def _why_not(event: Event, run: dict[str, bool] | None) -> str:
    if event.expected:
        return "expected"
    if event.workflow in OUR_WORKFLOWS or (not event.workflow and run is not None and run["ours"]):
        return ""
    if event.workflow and event.workflow not in LISTED:
        return "of another workflow"
    if not _is_of_release(event.commit):
        return "of another commit"
    if not event.workflow and run is not None and run["unlisted"]:
        return "of another workflow"
    if not event.commit and run is not None and run["listed"] and run["other"]:
        return "of another commit"
    return ""


def _placed(it: Ledger, jobs: Jobs) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The events that count, each with the runs that it is one of, and whether it is among their trials."""
    fields = {"network-error": "requests", "stale-read": "stale_trials"}
    taken: Counter[Any] = Counter()
    found = sorted(
        (event for event, why in _seen(it, jobs) if not why), key=lambda one: (one.occurred_at, one.blocking)
    )
    for event in found:
        kind = str(event.event)
        field = fields[kind]
        of_run = [job for job in jobs.counting if job["run_id"] == event.run_id]
        of_job = [job for job in of_run if (job["job"], job["attempt"]) == (event.job, event.attempt)]
        among = of_job if event.job else of_run
        tells = bool(among) and all(job[field] is not None for job in among)
        attempt = event.attempt
        if not event.job and of_run and attempt not in {job["attempt"] for job in of_run}:
            attempt = min(job["attempt"] for job in of_run)
        unit = (kind, "telling" if tells else "silent", event.run_id, attempt)
        trials = sum(job[field] or 0 for job in of_run if job["attempt"] == attempt)
        taken[unit] += 1
        facts = {"at": event.occurred_at, "events": 1, "blocking": int(event.blocking)}
        facts["in_rate"] = int(tells and taken[unit] <= trials)
        yield (*unit, None if among else int(event.occurred_at >= FIXED)), facts


def _decided(it: Ledger) -> Iterator[tuple[str, datetime, int]]:
    for one in it.others:
        if not isinstance(one, Observation) or not _in_window(one, it.as_of):
            continue
        if one.promise == "polling.fresh-status" and one.outcome is not Outcome.UNKNOWN:
            yield one.run_id, one.occurred_at, int(one.outcome is Outcome.BROKEN)


def _bins(at: datetime) -> tuple[int, int]:
    """The number of the 24 hours, and of the 6 hours."""
    return min(2, (at - T0) // (24 * HOUR)), min(11, (at - T0) // (6 * HOUR))


# ── side by side ─────────────────────────────────────────────────────────────


def counted(folder: Path, it: Ledger) -> Rows:
    """What SQL counts."""
    watch = Watch(folder)
    watch.keep(*it.others)
    for number, segment in enumerate(it.events):
        lines = b"".join(msgspec.json.encode(one) + b"\n" for one in segment)
        (folder / f"event-{number:032}.jsonl").write_bytes(lines)
    span = MetricQuery(
        release=RELEASE, as_of=it.as_of, settings=Settings(ci=CiSettings(workflows=LISTED)), fixed_at={"any": FIXED}
    )
    with opened(folder) as engine:
        rows = engine.ask("event_tallies", span.parameters("any"))
    keys = ("event", "runs_kind", "since_fix", "bin", "part")
    found = {tuple(row[key] for key in keys): tuple(row[k] for k in row if k not in keys) for row in rows}
    return {key: row for key, row in found.items() if any(row)}


def compare(seeds: Iterable[int], folder: Path) -> None:
    for seed in seeds:
        place = folder / str(seed)
        place.mkdir()
        it = drawn(seed)
        assert oracle(it) == counted(place, it), seed


def test_sql_counts_as_plain_python_does(tmp_path: Path, asked_of: str) -> None:
    compare(range(40 if asked_of == "duckdb" else 6), tmp_path)


@pytest.mark.long
def test_sql_counts_as_plain_python_does_in_a_thousand_ledgers(tmp_path: Path) -> None:
    compare(range(1000, 2000), tmp_path)


# ── each event once ──────────────────────────────────────────────────────────


def events_of(watch: Watch) -> int:
    return sum(row["events"] for row in _rows(watch))


def _rows(watch: Watch) -> list[dict[str, Any]]:
    span = MetricQuery(release=watch.release, as_of=T0 + 72 * HOUR, settings=watch.settings)
    with opened(watch.folder) as engine:
        return engine.ask("network_errors", span.parameters("network-errors"))


def test_what_is_taken_in_again_is_the_same_event(watch: Watch) -> None:
    one = watch.event(EventKind.NETWORK_ERROR, hours=1)
    watch.keep(one, one)
    assert events_of(watch) == 2
    watch.keep(replace(one, recorded_at=one.recorded_at + HOUR))
    watch.keep(*[replace(one, recorded_at=one.recorded_at + 2 * HOUR)] * 3)
    assert events_of(watch) == 3


def test_a_line_without_a_time_of_its_own_is_one_event_whenever_it_is_read(watch: Watch) -> None:
    for hours in (1, 2, 3):
        watch.keep(watch.event(EventKind.NETWORK_ERROR, hours=hours, line=7, origin="ci.log@0123456789ab"))
    assert events_of(watch) == 1


def test_a_record_from_before_jobs_were_named_is_that_of_its_line(watch: Watch) -> None:
    old = watch.event(EventKind.NETWORK_ERROR, line=7, origin="ci.log@0123456789ab")
    watch.keep(old)
    watch.keep(replace(old, job="tests", workflow=LISTED[0], recorded_at=old.recorded_at + HOUR))
    assert events_of(watch) == 1


@pytest.mark.parametrize(
    ("events", "changes"),
    [
        (1, {"origin": "report.xml@0123456789ab"}),
        (1, {"origin": "report.xml@0123456789ab", "message": "Gone (3 times)"}),
        (2, {"origin": "report.xml@0123456789ab", "message": "refused"}),
        (2, {"origin": "report.xml@0123456789ab", "job": "lint"}),
        (2, {"origin": "report.xml@0123456789ab", "attempt": 2}),
        (2, {"origin": "report.xml@0123456789ab", "run_id": "another"}),
    ],
)
def test_log_and_report_of_one_attempt_of_a_job_tell_of_one_event(
    events: int, changes: dict[str, Any], watch: Watch
) -> None:
    log = watch.event(EventKind.NETWORK_ERROR, job="tests", origin="jobs/1/log.txt@0123456789ab", quote="gone", line=7)
    watch.keep(log)
    report = replace(log, **({"quote": "", "line": None, "place": "t::x", "recorded_at": T0 + 5 * HOUR} | changes))
    watch.keep(report)
    assert events_of(watch) == events


def test_two_tests_of_one_report_are_two_events_though_they_say_the_same(watch: Watch) -> None:
    watch.keep(
        watch.event(EventKind.NETWORK_ERROR, job="tests", origin="a.xml@0123456789ab", place="t::x"),
        watch.event(EventKind.NETWORK_ERROR, job="tests", origin="b.xml@0123456789ab", place="t::y"),
    )
    assert events_of(watch) == 2


def test_compacted_segments_are_still_two_tellers_of_one_event(watch: Watch) -> None:
    one = watch.event(EventKind.NETWORK_ERROR, hours=1)
    for other in ("a", "b"):
        ledger.write(watch.folder, [one, replace(one, message=other)])
    ledger.write(watch.folder, [replace(watch.job("later", hours=2), run_id="later")])
    before = events_of(watch)
    ledger.compact(watch.folder)
    assert list(watch.folder.glob("event-*.parquet"))
    ledger.write(watch.folder, [one, replace(one, message="c")])
    assert (before, events_of(watch)) == (3, 4)
