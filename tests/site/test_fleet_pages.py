"""Tests that a list of a fleet is made again wherever it could say something else, and only there: work is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.core.words import Text, text
from atalaya.records.fleet import Basis, Fleet, FleetWord, Why
from atalaya.site.build import kept_pages
from atalaya.site.build.fleet_pages import publish_fleet
from atalaya.site.fragments import fleet
from tests.site.example import NOW
from tests.site.test_fleet import CALM, many, of

Publish = Callable[..., list[str]]
ALL = ["en releases-1", "en releases-2", "en releases-3", "es releases-1", "es releases-2", "es releases-3"]
FOUND = many(6, 100)  # two subjects a list


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Publish a fleet as the command does. Returns which of the lists had to be made for that."""
    made: Counter[str] = Counter()
    list_page = fleet.list_page

    def counted(page: Any, place: Any, voice: Any, *given: Any) -> str:
        made[f"{voice.language.code} {page.name}"] += 1
        return list_page(page, place, voice, *given)

    monkeypatch.setattr(fleet, "list_page", counted)

    def published(found: Fleet, reasons: dict[str, Text] | None = None) -> list[str]:
        made.clear()
        publish_fleet(tmp_path, found, b"{}", reasons or {})
        return sorted(made.elements())

    return published


def lists(folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in folder.rglob("*.html")}


def changed(found: Fleet, at: int, **changes: object) -> Fleet:
    """The same, but for one release."""
    releases = list(found.releases)
    releases[at] = replace(releases[at], **changes)
    return replace(found, releases=tuple(releases))


def test_no_list_is_made_again_where_no_release_changed(publish: Publish) -> None:
    assert publish(FOUND) == ALL
    assert publish(replace(FOUND, as_of=NOW + timedelta(hours=1))) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"word": FleetWord.NO_GO},
        {"word": FleetWord.UNKNOWN, "why": Why.EXPIRED},  # which the clock alone may do
        {"because": ("Another.",)},
        {"valid_until": NOW + timedelta(hours=1)},
        {"link": "https://w.example/"},
    ],
)
def test_a_list_is_made_again_when_one_of_its_releases_changed_and_no_other_is(
    publish: Publish, tmp_path: Path, changes: dict[str, Any]
) -> None:
    publish(FOUND)
    found = changed(FOUND, 599, **changes)
    assert publish(found) == ["en releases-3", "es releases-3"]
    there = lists(tmp_path)
    for file in tmp_path.rglob("*.html"):
        file.unlink()
    assert publish(found) == ALL
    assert lists(tmp_path) == there


def test_a_list_is_made_again_when_there_is_one_more_that_it_leads_to(publish: Publish) -> None:
    publish(many(4, 100))
    assert publish(FOUND) == ALL  # each says how many there are
    assert publish(many(4, 100)) == [one for one in ALL if not one.endswith("3")]


def test_a_list_is_made_again_when_its_words_are_known_in_each_language(publish: Publish) -> None:
    bad = of(replace(CALM, word=FleetWord.NO_GO, basis=Basis.JUDGED))
    said = {CALM.verdict: text("No CI job was taken in.")}
    for reasons, made in (({}, 2), ({}, 0), (said, 2), (said, 0), ({CALM.verdict: text("{n} events", n=2)}, 2)):
        assert len(publish(bad, reasons)) == made


def test_a_list_that_somebody_changed_or_took_away_is_made_again(publish: Publish, tmp_path: Path) -> None:
    publish(FOUND)
    there = lists(tmp_path)
    for change in (lambda file: file.write_text("mine"), Path.unlink):
        change(tmp_path / "_generated" / "reference" / "es" / "fleet" / "releases-2.html")
        assert (publish(FOUND), lists(tmp_path)) == (["es releases-2"], there)


def test_a_list_is_made_again_by_another_version(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(FOUND)
    for what in ("program", "versions"):
        monkeypatch.setattr(kept_pages, what, lambda *given: "another")
        assert publish(FOUND) == ALL


def test_what_is_kept_of_the_lists_stays_when_the_releases_of_this_repository_are_published(
    publish: Publish, tmp_path: Path
) -> None:
    publish(FOUND)
    kept_pages.sweep(tmp_path, ["1.0.0"])
    assert publish(FOUND) == []
