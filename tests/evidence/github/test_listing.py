"""Tests that every run is listed, however many there are and whatever happens during the reading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from atalaya.core.environment import Secret
from atalaya.evidence.github import listing
from atalaya.evidence.github.client import Client
from atalaya.evidence.github.http_cache import Cache
from atalaya.evidence.github.listing import Incomplete
from tests.evidence.github.stand_in import BEGAN, REPO, TOKEN, Answer, StandIn, job


@pytest.fixture
def client(github: StandIn, tmp_path: Path) -> Iterator[Client]:
    cache = Cache(tmp_path / "c", Secret(TOKEN))
    with closing(cache), closing(Client(github.api, Secret(TOKEN), cache, echo=print)) as made:
        yield made


def ids(client: Client, github: StandIn) -> list[int]:
    found = listing.runs(client, REPO, since=BEGAN, now=github.now)
    return [run.id for run in found.items]


def test_a_history_of_thousands_of_runs_is_found_whole(github: StandIn, client: Client) -> None:
    for n in range(2_500):
        github.add_run(n, [job(n)])
    assert list(range(2_500)) == ids(client, github)


def test_a_thousand_runs_in_one_second_are_no_list(github: StandIn, client: Client) -> None:
    for n in range(1_001):
        github.add_run(n, [job(n)], created_at="2026-01-01T05:00:00Z")
    with pytest.raises(Incomplete, match="second"):
        ids(client, github)


def test_the_address_of_the_list_is_the_same_all_day(github: StandIn, client: Client) -> None:
    github.add_run(1, [job(1)])
    ids(client, github)
    github.now += timedelta(hours=5)
    ids(client, github)
    assert github.counted() == {200: 1, 304: 1}


def test_a_run_that_begins_while_we_read_shifts_the_pages_and_hides_none(github: StandIn, client: Client) -> None:
    for n in range(250):
        github.add_run(n, [job(n)])
    numbers = iter(range(900_000, 900_100))

    def one_more(path: str) -> None:
        github.add_run(next(numbers), [job(1)], created_at=f"{github.now + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}")

    github.interfere = one_more
    assert list(range(250)) == ids(client, github)


def test_a_run_that_is_deleted_while_we_read_makes_us_read_again(github: StandIn, client: Client) -> None:
    for n in range(250):
        github.add_run(n, [job(n)])
    asked = iter([None, lambda: github.runs.pop(249)])

    def deletes(path: str) -> None:
        if action := next(asked, None):
            action()

    github.interfere = deletes
    assert list(range(249)) == ids(client, github)


def test_a_list_that_never_adds_up_is_no_list(github: StandIn, client: Client) -> None:
    github.interfere = lambda path: Answer(200, b'{"total_count": 3, "workflow_runs": [{"id": 1}, {"id": 1}]}')
    with pytest.raises(Incomplete, match="announces 3"):
        ids(client, github)


def test_a_list_that_holds_more_than_it_announces_loses_none(github: StandIn, client: Client) -> None:
    github.interfere = lambda path: Answer(200, b'{"total_count": 1, "workflow_runs": [{"id": 1}, {"id": 2}]}')
    assert ids(client, github) == [1, 2]


def test_a_run_that_was_run_again_while_we_read_counts_by_its_later_attempt(github: StandIn, client: Client) -> None:
    body = b'{"total_count": 1, "workflow_runs": [{"id": 1, "run_attempt": 2}, {"id": 1, "run_attempt": 1}]}'
    github.interfere = lambda path: Answer(200, body)
    assert [run.run_attempt for run in listing.runs(client, REPO, since=BEGAN, now=github.now).items] == [2]


def test_a_sample_that_ends_at_a_thousand_is_cut_until_it_is_seen_to_be_no_list(
    github: StandIn, client: Client
) -> None:
    body = (Path(__file__).parent / "samples/made/runs-capped-at-1000.json").read_bytes()
    github.interfere = lambda path: Answer(200, body)
    with pytest.raises(Incomplete):
        ids(client, github)
