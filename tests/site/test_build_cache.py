"""Tests that only what has changed is judged and written again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from atalaya.core import source_digest
from atalaya.core.settings import Settings, WatchSettings
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import Environment, Release, WatchTransition
from atalaya.site.build import build_cache as stores
from atalaya.site.build.build_cache import Store
from atalaya.site.build.skeleton import pages
from atalaya.watch.baseline import Tried
from atalaya.watch.folder import open_release
from atalaya.watch.seal import digest_of
from tests.ours import PACK
from tests.site import example

EARLIER = Release(version="1.0.0", commit="", opened_at=example.T0)
RELEASE = Release(version="1.1.0", commit="", opened_at=example.T0 + timedelta(days=30))
LATER = Release(version="1.2.0", commit="", opened_at=example.T0 + timedelta(days=60))
MEANWHILE = Release(version="1.0.9", commit="", opened_at=RELEASE.opened_at - timedelta(hours=1))
FIRST = Release(version="0.9.0", commit="", opened_at=example.T0 - timedelta(days=30))
ALL = (LATER, RELEASE, MEANWHILE, EARLIER, FIRST)
NOW = example.judgement().as_of + timedelta(minutes=1)


class Press:
    """Publishes, and counts how often it had to."""

    def __init__(self, docs) -> None:
        self.docs, self.judgement, self.made = docs, replace(example.judgement(), baseline=EARLIER.version), 0

    def __call__(self):
        self.made += 1
        fragment = self.docs / "_generated" / RELEASE.version / "en" / "verdict.md"
        fragment.parent.mkdir(parents=True, exist_ok=True)
        fragment.write_text("GO\n", encoding="utf-8")
        return self.judgement


def store(press: Press, settings: Settings | None = None) -> Store:
    return Store(press.docs, press.docs / "releases", settings or Settings(), PACK.folder)


@pytest.fixture
def press(tmp_path):
    for release in ALL:
        open_release(tmp_path / "releases", release, pages())
    return Press(tmp_path)


@pytest.fixture
def published(press):
    """Once published; again, it says what is published, and the counter how often it was made."""

    def again(settings: Settings | None = None, now=NOW, releases=ALL):
        return store(press, settings).release(RELEASE, releases, press, now=now)

    again()
    return again


def write(press, name: str, text: str = "more") -> None:
    (press.docs / "releases" / name).write_text(text, encoding="utf-8")


def test_what_is_kept_is_the_whole_judgement(press, published):
    assert example.judgement(strangers=True) != published()
    assert press.judgement == published()
    assert press.made == 1


@pytest.mark.parametrize(
    "name",
    [
        "1.1.0/evidence/job-1.jsonl",
        "1.1.0/release.toml",
        "1.1.0/incidents/i1.md",
        "1.0.0/evidence/job-1.jsonl",
        "1.0.0/release.toml",
    ],
)
def test_whatever_a_judgement_reads_has_it_made_again(press, published, name):
    write(press, name)
    published()
    assert press.made == 2


@pytest.mark.parametrize("version", [LATER.version, MEANWHILE.version, FIRST.version])
def test_the_evidence_of_a_release_that_it_is_not_compared_with_does_not_touch_it(press, published, version):
    write(press, f"{version}/evidence/job-1.jsonl")
    published()
    assert press.made == 1


def test_where_no_release_was_accepted_all_that_were_tried_have_it_made_again(press, published):
    press.judgement = replace(press.judgement, baseline="")
    write(press, "1.0.0/evidence/job-1.jsonl")
    published()
    write(press, "0.9.0/evidence/job-1.jsonl")
    published()
    assert press.made == 3


def test_the_settings_of_now_are_those_of_a_release_that_was_opened_since_unless_it_is_closed(press, published):
    published(releases=ALL[1:])
    assert press.made == 2
    (press.docs / "releases" / "1.1.0" / "seal.json").write_text("{}", encoding="utf-8")
    published(releases=ALL[1:])
    published(releases=ALL)
    assert press.made == 3


def began_from(press, seal: str) -> None:
    """Let the later release begin from this one, whose seal has that digest."""
    made = {"run_id": "opening-1.2.0", "environment": Environment.LOOPBACK, "state": "open", "window_h": 72, "why": ""}
    at = LATER.opened_at
    first = WatchTransition(**made, occurred_at=at, recorded_at=at, by="", previous="1.1.0", previous_seal=seal)
    ledger.write(press.docs / "releases" / "1.2.0" / "evidence", [first])


def test_a_release_that_began_from_this_one_has_it_made_again_only_where_the_seal_is_another(press, published):
    seal = press.docs / "releases" / "1.1.0" / "seal.json"
    seal.write_text("{}", encoding="utf-8")
    published()
    began_from(press, digest_of(seal.parent))
    published()
    assert press.made == 2
    began_from(press, "another")
    published()
    assert press.made == 3


def test_other_settings_have_it_made_again(press, published):
    published(Settings(watch=WatchSettings(language="es")))
    assert press.made == 2


def test_another_version_of_the_code_has_it_made_again(press, published, monkeypatch):
    monkeypatch.setattr(stores, "program", lambda: "another")
    published()
    assert press.made == 2


def test_a_fragment_that_was_taken_away_has_it_made_again(press, published):
    (press.docs / "_generated" / "1.1.0" / "en" / "verdict.md").unlink()
    published()
    assert press.made == 2


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x04K\x01."])
def test_what_cannot_be_read_any_more_is_made_again(press, published, content):
    (press.docs / "_build" / "published" / "1.1.0").write_bytes(content)
    assert press.judgement == published()
    assert press.made == 2


def test_what_failed_is_not_kept(press):
    def fails():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store(press).release(RELEASE, ALL, fails, now=NOW)
    assert press.judgement == store(press).release(RELEASE, ALL, press, now=NOW)


@pytest.fixture
def tried(press):
    """Asks what the release, settled a week after T+0, came to as a baseline; says how often it was judged."""
    settled_at, judged = RELEASE.opened_at + timedelta(days=7), []

    def judge():
        judged.append(RELEASE)
        return Tried(None, settled_at)

    def again(days: int, settings: Settings | None = None) -> int:
        asked_at = RELEASE.opened_at + timedelta(days=days)
        assert store(press, settings).recall(ALL)(RELEASE, asked_at, judge) == Tried(None, settled_at)
        return len(judged)

    return again


def test_a_release_that_was_not_accepted_is_judged_once_as_a_baseline_and_not_for_each_later_release(tried):
    assert [tried(days) for days in (8, 8, 30, 7)] == [1, 1, 1, 1]


def test_in_one_build_a_release_that_was_tried_is_read_once_for_all_that_are_judged(press, tried, monkeypatch):
    tried(8)
    read = {"digest": [], "_unpickled": [], "seal_digest": []}
    for name, places in read.items():
        own = getattr(stores, name)
        monkeypatch.setattr(stores, name, lambda place, own=own, places=places: places.append(place) or own(place))
    recall = store(press).recall(ALL)
    for days in (8, 9, 10):
        recall(RELEASE, RELEASE.opened_at + timedelta(days=days), pytest.fail)
    folder = press.docs / "releases" / RELEASE.version
    assert {name: [place for place in places if place != PACK.folder] for name, places in read.items()} == {
        "digest": [folder],
        "_unpickled": [press.docs / "_build" / "accepted" / RELEASE.version],
        "seal_digest": [folder],
    }


def test_the_versions_of_the_tools_are_looked_up_once_however_many_releases_there_are(press, published, monkeypatch):
    asked = []
    monkeypatch.setattr(source_digest, "installed_version", lambda tool: asked.append(tool) or "1.0")
    source_digest.versions.cache_clear()
    try:
        published()
        published()
    finally:
        source_digest.versions.cache_clear()
    assert asked == list(stores.TOOLS)


def test_before_a_release_has_settled_it_is_judged_anew_for_each_later_release(tried):
    assert [tried(days) for days in (5, 5, 6, 8)] == [1, 1, 2, 3]


@pytest.mark.parametrize("name", ["1.1.0/evidence/job-1.jsonl", "1.1.0/release.toml"])
def test_what_a_release_came_to_as_a_baseline_is_judged_anew_when_its_folder_changes(press, tried, name):
    tried(8)
    write(press, name)
    assert tried(8) == 2


def test_what_a_release_came_to_as_a_baseline_is_judged_anew_under_other_settings(tried):
    tried(8)
    assert tried(8, Settings(watch=WatchSettings(language="es"))) == 2


def test_the_reference_is_written_again_when_what_it_prints_changes(press):
    made = []
    inputs = [press.docs / "self-test.json", press.docs / "not-there.json"]
    inputs[0].write_text("{}", encoding="utf-8")
    for text in ("{}", "{}", '{"a": 1}'):
        inputs[0].write_text(text, encoding="utf-8")
        store(press).reference(inputs, lambda text=text: made.append(text))
    assert made == ["{}", '{"a": 1}']
