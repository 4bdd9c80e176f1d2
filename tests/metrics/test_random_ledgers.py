"""Tests that CI's figures are those that a plain reading of the records gives, on random ledgers."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from atalaya.metrics.ci_cells import ci_cells
from atalaya.metrics.engine.engine import opened
from atalaya.metrics.measure import measure
from atalaya.metrics.window_query import MetricQuery
from atalaya.records.stored import Conclusion, JobAttempt

WELL, LOST = (Conclusion.SUCCESS,), (Conclusion.FAILURE, Conclusion.TIMED_OUT)
OUTCOMES = (*WELL * 6, *LOST, Conclusion.CANCELLED, Conclusion.SKIPPED)
HOURS = 72


class Expected(NamedTuple):
    """What a reader counts, record by record."""

    decided: int
    succeeded: int
    first_decided: int
    first_succeeded: int
    rescued: int
    runs_failed: int
    outside_window: int
    of_other_events: int
    of_other_commits: int


def drawn(watch: Any, seed: int) -> list[JobAttempt]:
    """Runs with their jobs, re-runs and second reports, some of which are not CI's, nor of this release."""
    draw = random.Random(seed)
    records: list[JobAttempt] = []
    for run in range(draw.randint(0, 14)):
        of_run = {
            "workflow": draw.choice(("clients-python-sdk", "clients-python-sdk", "website", "atalaya-smoke")),
            "event": draw.choice(("push", "push", "schedule", "", "pull_request", "merge_group")),
            "commit": draw.choice(("abc123", "abc123", "", "ABC", "fff000", "5a3e00")).lower(),
        }
        hours = draw.uniform(-6, HOURS + 6)
        for job in range(draw.randint(1, 5)):
            for attempt in range(1, draw.choice((2, 2, 3, 4))):
                record = watch.job(
                    f"run-{run}",
                    draw.choice(OUTCOMES),
                    hours=hours + attempt / 10,
                    variant=f"3.{job}",
                    attempt=attempt,
                    **of_run,
                )
                told = draw.choice(
                    ([], [], [record], [replace(record, origin="z")], [replace(record, origin="z", event="")])
                )
                records += [record, *told]
    draw.shuffle(records)
    return records


def counted(watch: Any, records: list[JobAttempt]) -> tuple[Expected, dict[str, list[tuple[bool, float]]]]:
    """The counts, and how the runs of each variant ended, read without a query."""
    released = [one for one in records if one.workflow == "clients-python-sdk"]
    foreign = {one.run_id for one in records if one.event in ("pull_request", "merge_group")}
    attempts: dict[tuple[str, str], dict[int, tuple[bool | None, float]]] = defaultdict(dict)
    apart: dict[str, set[tuple[str, str, int]]] = defaultdict(set)
    for one in released:
        hours = (one.occurred_at - watch.release.opened_at) / timedelta(hours=1)
        name = (one.run_id, one.variant, one.attempt)
        if not 0 <= hours <= HOURS:
            apart["outside"].add(name)
        elif one.run_id in foreign:
            apart["event"].add(name)
        elif one.commit not in ("", "abc", "abc123", "5a3e00"):
            apart["commit"].add(name)
        else:
            ended = None if one.conclusion not in WELL + LOST else one.conclusion in WELL
            attempts[one.run_id, one.variant][one.attempt] = ended, hours
    decided = {
        key: [(ended, hours) for _, (ended, hours) in sorted(of.items()) if ended is not None]
        for key, of in attempts.items()
    }
    ends = {key: of[-1] for key, of in decided.items() if of}
    firsts = {key: of[1][0] for key, of in attempts.items() if 1 in of and of[1][0] is not None}
    of_cell: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for (_, variant), (well, hours) in sorted(ends.items(), key=lambda one: one[1][1]):
        of_cell[variant].append((bool(well), hours))
    expected = Expected(
        decided=len(ends),
        succeeded=sum(bool(well) for well, _ in ends.values()),
        first_decided=len(firsts),
        first_succeeded=sum(bool(well) for well in firsts.values()),
        rescued=sum(not well and bool(ends[key][0]) for key, well in firsts.items()),
        runs_failed=len({run for (run, _), (well, _) in ends.items() if not well}),
        outside_window=len(apart["outside"]),
        of_other_events=len(apart["event"]),
        of_other_commits=len(apart["commit"]),
    )
    return expected, of_cell


@pytest.mark.parametrize("seed", range(24))
def test_the_figures_of_a_random_ledger_are_those_that_a_reader_counts(seed: int, watch: Any) -> None:
    watch.release = replace(watch.release, commit="abc123")
    records = drawn(watch, seed)
    if records:
        watch.keep(*records)
    expected, of_cell = counted(watch, records)
    span = MetricQuery(
        release=watch.release,
        as_of=watch.release.opened_at + timedelta(hours=HOURS + 20),
        settings=watch.settings,
        same_tree=frozenset({"abc123", "5a3e00"}),
    )
    with opened(watch.folder) as engine:
        rate, cells = measure(engine, span)[0], ci_cells(engine, span)
    assert {name: rate.counts[name] for name in Expected._fields} == expected._asdict()
    assert (rate.k or 0, rate.n) == (expected.succeeded, expected.decided)
    assert {cell.variant: (cell.runs, cell.succeeded) for cell in cells} == {
        variant: (len(ends), sum(well for well, _ in ends)) for variant, ends in of_cell.items()
    }
    assert {cell.variant for cell in cells if cell.failures} == {
        variant for variant, ends in of_cell.items() if not ends[-1][0]
    }
