"""Tests of a whole life: open, bad night, incident, fix, extension, close, and the next open."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.cli import as_of, close, recording, release, which_release
from atalaya.cli import incident as incidents
from atalaya.cli.as_of import judged
from atalaya.cli.close import extend_what_needs_it
from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.cli.incident import open_by_rule
from atalaya.cli.record_verdict import say
from atalaya.core.settings import load as load_settings
from atalaya.evidence.ledger import ledger
from atalaya.records.judged import Judgement
from atalaya.records.stored import Evidence, TestAttempt
from atalaya.watch.folder import lasts_h, load
from tests.commands import run
from tests.watch.watched import T0, at, healthy, job, stale


class Life:
    """A release and its calendar: commands and runs of the watch happen at the hour that it is."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.now = root, T0
        self.folder = root / "docs" / "releases" / "1.1.0"
        seen = [*healthy(), *(job(hour) for hour in range(73, 97))]
        released = [replace(one, commit="abc") if isinstance(one, TestAttempt) else one for one in seen]
        self.left = sorted(released, key=lambda one: one.recorded_at)
        for module in (as_of, recording, which_release, incidents, close, release):
            monkeypatch.setattr(module, "utc_now", self.clock)

    def clock(self) -> datetime:
        return self.now

    def on(self, hours: float, *seen: Evidence) -> Judgement:
        """Time goes by, the schedule has run, and the last of its runs saw this too; then the rules are asked."""
        self.now = at(hours)
        due = [one for one in self.left if one.recorded_at <= self.now]
        self.left = self.left[len(due) :]
        here = Context(self.root, load_settings(self.root / "watch.toml"), Console())
        extend_what_needs_it(here)
        if due or seen:
            ledger.write(self.folder / "evidence", [*due, *seen])
        watched = load(self.folder)
        open_by_rule(here, watched, judged(here, watched, None))
        return say(here, watched, judged(here, watched, None))

    def does(self, *words: str, code: int = 0) -> str:
        done = run("release", *words, "--release", "1.1.0", "--by", "ana", root=self.root)
        assert code == done.returncode, done.stderr
        return done.stderr


def test_a_release_is_lived_through_from_its_opening_to_the_next(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(root, monkeypatch)
    opened = run("release", "open", "1.1.0", "--commit", "abc", "--unverified", "--at", T0.isoformat(), root=root)
    assert opened.returncode == 0, opened.stderr
    assert life.on(20).incidents == ()

    # A bad night: the rule opens the incident, and the verdict turns red.
    told = life.on(21, stale(21))
    (incident,) = told.incidents
    assert (told.verdict.word.value, incident.state, incident.severity.value) == ("OFF TRACK", "open", "critical")
    name = ("incident", incident.id)
    life.does(*name, "--state", "acknowledged", "--root-cause", "the cache", "--why", "mine")
    life.now = at(21.5)
    life.does(*name, "--state", "monitoring", "--fix", "polls bypass it", "--why", "it is out")

    # The fix fails, another one lands, and nobody may call it one before it is shown.
    assert [one.state for one in life.on(23, stale(23)).incidents] == ["reopened"]
    life.now = at(23.5)
    life.does(*name, "--state", "monitoring", "--fix", "every poll bypasses it", "--why", "it is out")
    life.on(25)
    assert "is not shown to be resolved" in life.does(*name, "--state", "resolved", "--why", "I hope", code=2)

    # The window ends with it still open: 24 hours more, by themselves.
    life.on(72.2)
    assert lasts_h(life.folder, load(life.folder)) == 96
    assert "its window lasts until" in _refused(life)
    life.does(*name, "--state", "resolved", "--why", "the runs show it")
    for duty in ("review-pass-rate", "review-network", "incidents-updated", "backlog-published"):
        life.does("checkpoint", "--sign", duty, "--note", "read")

    told = life.on(96.2)
    assert (told.verdict.word.value, [one.state for one in told.incidents]) == ("GO", ["resolved"]), (
        told.verdict.because
    )
    life.does("decide", "go-on", "--why", "it holds")
    life.does("close", "--why", "the window is over")
    assert run("release", "verify", "1.1.0", root=root).returncode == 0

    # The next one begins with what this one asked for, and this one is read-only.
    life.now = at(200)
    assert "closed and sealed" in life.does("decide", "stop", "--why", "too late", code=2)
    begun = run("release", "open", "1.1.1", "--commit", "def", "--unverified", root=root)
    assert f"Have a check that sees {incident.id} before users do" in begun.stderr, begun.stderr


def _refused(life: Life) -> str:
    return life.does("close", "--why", "early", code=2)
