"""Tests that only what has changed is judged and written again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from atalaya.core.settings import Settings, WatchSettings
from atalaya.records.stored import Release
from atalaya.site.build import build_cache as stores
from atalaya.site.build.build_cache import Store
from atalaya.site.build.skeleton import pages
from atalaya.watch.folder import open_release
from tests.ours import PACK
from tests.site import example

EARLIER = Release(version="1.0.0", commit="", opened_at=example.T0)
RELEASE = Release(version="1.1.0", commit="", opened_at=example.T0 + timedelta(days=30))
LATER = Release(version="1.2.0", commit="", opened_at=example.T0 + timedelta(days=60))
ALL = (LATER, RELEASE, EARLIER)
NOW = example.judgement().as_of + timedelta(minutes=1)


class Press:
    """Publishes, and counts how often it had to."""

    def __init__(self, docs) -> None:
        self.docs, self.judgement, self.made = docs, example.judgement(), 0

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

    def again(settings: Settings | None = None, now=NOW):
        return store(press, settings).release(RELEASE, ALL, press, now=now)

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
        "1.2.0/evidence/watch-1.jsonl",
        "1.2.0/release.toml",
    ],
)
def test_whatever_a_judgement_reads_has_it_made_again(press, published, name):
    write(press, name)
    published()
    assert press.made == 2


def test_evidence_of_a_later_release_does_not_touch_a_closed_one(press, published):
    write(press, "1.2.0/evidence/job-1.jsonl")
    published()
    assert press.made == 1


def test_other_settings_have_it_made_again(press, published):
    published(Settings(watch=WatchSettings(language="es")))
    assert press.made == 2


def test_another_version_of_the_code_has_it_made_again(press, published, monkeypatch):
    monkeypatch.setattr(stores, "_sources", lambda: "another")
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


def test_the_reference_is_written_again_when_what_it_prints_changes(press):
    made = []
    inputs = [press.docs / "self-test.json", press.docs / "not-there.json"]
    inputs[0].write_text("{}", encoding="utf-8")
    for text in ("{}", "{}", '{"a": 1}'):
        inputs[0].write_text(text, encoding="utf-8")
        store(press).reference(inputs, lambda text=text: made.append(text))
    assert made == ["{}", '{"a": 1}']
