"""One story whole: every step through the commands, on a clock that is moved from checkpoint to checkpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

import msgspec
import pytest

from atalaya.cli.collect_github import take_from_github
from atalaya.harness import runner
from tests.commands import run
from tests.stories.week import T0, VERSION, Week

pytestmark = pytest.mark.long


def test_the_runbook_by_hand_is_a_go_through_the_commands(week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return week.now

    monkeypatch.setattr(runner, "datetime", Clock)
    defaults = take_from_github.__kwdefaults__  # the real clock was bound there before the week began
    monkeypatch.setitem(defaults, "clock", lambda: week.now)

    def does(*words: str, code: int = 0) -> str:
        done = run(*words, root=week.root)
        assert done.returncode == code, done.stderr
        return done.stderr

    words = []
    for checkpoint in (0.5, 24.0, 48.0, 71.8):
        for turn in range(2):
            week.ci(checkpoint - 0.3 + turn / 10, ("success",) * 4)
        for hour, what in sorted(week.to_do, key=lambda one: one[0]):
            week.now = week.github.now = T0 + timedelta(hours=hour)
            what()
        week.to_do.clear()
        week.now = week.github.now = T0 + timedelta(hours=checkpoint)
        if checkpoint == 48.0:
            week._repeat(10)
        does("watch", "--sdk", "", "--release", VERSION)
        judged = run("judge", "--release", VERSION, "--json", root=week.root)
        words.append(msgspec.json.decode(judged.stdout)["verdict"]["word"])
    assert set(words) <= {"ON TRACK", "WAITING"}, words

    week.now = week.github.now = T0 + timedelta(hours=72.1)
    assert "GO" in does("judge", "--release", VERSION, "--as-of", week.now.astimezone(UTC).isoformat())
    for duty in ("review-pass-rate", "review-network", "incidents-updated", "backlog-published"):
        does("release", "checkpoint", "--release", VERSION, "--by", "ana", "--sign", duty, "--note", "read")
    does("release", "close", "--release", VERSION, "--by", "ana", "--why", "the window is over")
    does("release", "verify", VERSION)
