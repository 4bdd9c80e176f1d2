"""Tests that a person can run a watch through its life by the command line, with clear errors."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.cli.as_of import judged
from atalaya.cli.close import extend_what_needs_it
from atalaya.cli.console import Console
from atalaya.cli.context import Context
from atalaya.cli.incident import open_by_rule
from atalaya.cli.output import write_text
from atalaya.cli.record_verdict import say
from atalaya.core.settings import load as load_settings
from atalaya.evidence.ledger import ledger
from atalaya.records.stored import (
    Decision,
    Environment,
    Event,
    EventKind,
    IncidentStep,
    Observation,
    Outcome,
    SegmentManifest,
    Severity,
    VerdictRecord,
    WatchTransition,
)
from atalaya.watch.folder import lasts_h, load
from atalaya.watch.incidents.fingerprint import cause_of
from atalaya.watch.incidents.incidents import new_page
from tests.commands import LONG_AGO, opened, run

pytestmark = pytest.mark.begun_first


def test_a_threshold_changed_after_t0_is_invalid_until_it_is_recorded_with_its_reason(root: Path) -> None:
    opened(root, LONG_AGO)
    before = run("judge", "--release", "1.1.1", root=root)
    (root / "watch.toml").write_text("[thresholds]\npass_rate = 0.5\n", encoding="utf-8")
    changed = run("judge", "--release", "1.1.1", root=root)
    recorded = run("release", "record", "--release", "1.1.1", "--why", "we agreed on less", "--by", "ana", root=root)
    after = run("judge", "--release", "1.1.1", root=root)
    assert [done.returncode for done in (before, changed, recorded, after)] == [3, 1, 0, 3]
    assert "thresholds.pass_rate = 0.95 is thresholds.pass_rate = 0.5 now" in changed.stderr
    assert "thresholds.pass_rate = 0.95 becomes thresholds.pass_rate = 0.5" in recorded.stderr


def test_a_watch_is_extended_twice_and_no_more(root: Path) -> None:
    opened(root, at=(datetime.now(UTC) - timedelta(hours=70)).isoformat())
    done = [run("release", "extend", "--release", "1.1.1", "--why", "a fix", root=root) for _ in range(3)]
    assert [one.returncode for one in done] == [0, 0, 2]
    assert "Decide by its verdict" in done[2].stderr


def test_a_watch_that_nobody_kept_up_is_not_extended(root: Path) -> None:
    opened(root, LONG_AGO)
    done = run("release", "extend", "--release", "1.1.1", "--why", "a fix", root=root)
    assert (done.returncode, "open the release anew" in done.stderr) == (2, True)


def test_a_person_signs_what_no_machine_sees_and_nothing_else(root: Path) -> None:
    opened(root, LONG_AGO)
    signed = run("release", "checkpoint", "--sign", "review-pass-rate", "--release", "1.1.1", "--by", "ana", root=root)
    refused = run("release", "checkpoint", "--sign", "smoke", "--release", "1.1.1", "--by", "ana", root=root)
    assert (signed.returncode, refused.returncode) == (0, 2)
    assert "There are: review-pass-rate, review-network, incidents-updated, backlog-published" in refused.stderr


# ── incidents ────────────────────────────────────────────────────────────────


def release(*arguments: str, root: Path) -> subprocess.CompletedProcess[str]:
    return run("release", *arguments, "--release", "1.1.1", root=root)


def incident(*arguments: str, root: Path) -> subprocess.CompletedProcess[str]:
    return release("incident", *arguments, "--by", "ana", root=root)


@pytest.fixture(autouse=True)
def _known_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an incident is called is drawn; here it is known."""
    monkeypatch.setattr("atalaya.cli.incident.drawn_id", lambda: "INC-1")


def new(root: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return incident("new", "--impact", "polls are stale", "--severity", "critical", *more, root=root)


def states(folder: Path) -> list[str]:
    steps = sorted(ledger.read(folder / "evidence", IncidentStep), key=lambda one: one.recorded_at)
    return [step.state for step in steps]


def test_an_incident_is_opened_completed_and_followed_to_its_end(root: Path) -> None:
    folder = opened(root)
    done = [
        new(root),
        incident("INC-1", "--state", "acknowledged", "--why", "mine", root=root),
        incident(
            "INC-1",
            "--state",
            "monitoring",
            "--root-cause",
            "a: cache",
            "--fix",
            'said "off"',
            "--why",
            "it is out",
            root=root,
        ),
        incident("INC-1", "--state", "resolved", "--why", "nobody complains", root=root),
    ]
    assert [one.returncode for one in done] == [0, 0, 0, 0], done[-1].stderr
    assert states(folder) == ["open", "acknowledged", "monitoring", "resolved"]
    (last,) = judged(place_of(root), load(folder), None).incidents
    assert (last.root_cause, last.fix, last.impact) == ("a: cache", 'said "off"', "polls are stale")
    page = (folder / "incidents" / "inc-1.md").read_text(encoding="utf-8")
    assert page.startswith("# INC-1\n\nWrite here what happened")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("INC-1", "--state", "resolved", "--why", "x"), "INC-1 cannot become resolved: it is open"),
        (("INC-1", "--state", "monitoring"), "--why TEXT"),
        (("INC-7", "--state", "monitoring", "--why", "x"), "There are: INC-1"),
        (("INC-1", "--impact", " ", "--why", "x"), "--impact: it is empty"),
        (("new", "--impact", "slow"), "--severity WORD"),
        (
            ("new", "--impact", "slow", "--severity", "minor", "--state", "resolved"),
            "cannot become resolved: it is new",
        ),
    ],
)
def test_a_step_that_there_is_not_is_refused_and_leaves_the_page_alone(
    arguments: tuple[str, ...], says: str, root: Path
) -> None:
    folder = opened(root)
    new(root)
    page = folder / "incidents" / "inc-1.md"
    before = page.read_bytes()
    done = incident(*arguments, root=root)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert (before, ["open"]) == (page.read_bytes(), states(folder))


def release_judged(root: Path) -> subprocess.CompletedProcess[str]:
    return run("judge", "--release", "1.1.1", root=root)


def test_a_fix_that_is_not_shown_is_not_called_one(root: Path) -> None:
    folder = opened(root, at=(datetime.now(UTC) - timedelta(hours=2)).isoformat())
    ledger.write(folder / "evidence", [stale(datetime.now(UTC) - timedelta(hours=1))])
    new(root, "--metric", "stale-cache")
    incident("INC-1", "--state", "monitoring", "--why", "fixed", root=root)
    done = incident("INC-1", "--state", "resolved", "--why", "I think so", root=root)
    assert (done.returncode, "INC-1 is not shown to be resolved" in done.stderr) == (2, True), done.stderr
    assert states(folder) == ["open", "monitoring"]


def stale(at: datetime) -> Event:
    return Event(
        run_id="smoke",
        environment=Environment.LOOPBACK,
        occurred_at=at,
        recorded_at=at,
        event=EventKind.STALE_READ,
        expected=False,
        blocking=True,
        place="smoke <b>|`\u202e\ud800".encode("utf-8", "replace").decode(),
        message="m",
        origin="x",
    )


def place_of(root: Path) -> Context:
    return Context(root, load_settings(root / "watch.toml"), Console())


def test_what_a_rule_opens_has_a_page_that_people_complete_and_opens_once(root: Path) -> None:
    now = datetime.now(UTC)
    folder = opened(root, at=(now - timedelta(hours=2)).isoformat())
    ledger.write(folder / "evidence", [stale(now - timedelta(hours=1))])
    place, watched = place_of(root), load(folder)
    first = open_by_rule(place, watched, judged(place, watched, None))
    second = open_by_rule(place, watched, judged(place, watched, None))
    assert (first, second) == (True, False)
    (page,) = (folder / "incidents").glob("*.md")
    completed = incident(page.stem, "--state", "acknowledged", "--root-cause", "the cache", "--why", "mine", root=root)
    assert completed.returncode == 0, completed.stderr
    told = judged(place, watched, None)
    assert [(o.state, o.root_cause, o.metric) for o in told.incidents] == [("acknowledged", "the cache", "stale-cache")]
    assert [one.rule for one in told.followed] == ["stale-read"]
    assert page.read_text(encoding="utf-8").startswith("# INC-")


def test_incidents_are_listed_for_people_and_programs(root: Path) -> None:
    opened(root)
    new(root)
    assert "INC-1, critical" in incident(root=root).stderr
    assert [one["id"] for one in json.loads(incident("--json", root=root).stdout)["incidents"]] == ["INC-1"]


OLD = """---
id: INC-1
at: 2026-01-06T09:00:00Z
severity: major
state: acknowledged
metric: stale-cache
impact: "polls  are stale "
root_cause: 'it''s the cache'
fix:
blocks: smoke, strict-config
# by hand
reporter: ana
---

# INC-1: stale

```{live} incident-inc-1
```

What happened.
"""


def old(folder: Path, text: str = OLD, name: str = "inc-1.md") -> Path:
    file = folder / "incidents" / name
    file.write_text(text, encoding="utf-8")
    return file


def migrated(root: Path) -> subprocess.CompletedProcess[str]:
    return run("release", "migrate", "--by", "ana", root=root)


def test_an_old_page_becomes_a_record_and_free_text_and_loses_nothing(root: Path) -> None:
    folder = opened(root)
    page = old(folder)
    assert judged(place_of(root), load(folder), None).incidents == ()
    done = migrated(root)
    assert done.returncode == 0, done.stderr
    (step,) = ledger.read(folder / "evidence", IncidentStep)
    assert (step.incident, step.state, step.severity, step.metric) == (
        "INC-1",
        "acknowledged",
        Severity.MAJOR,
        "stale-cache",
    )
    assert (step.impact, step.root_cause, step.fix, step.by) == ("polls are stale", "it's the cache", "", "ana")
    assert (step.opened_at, step.blocks) == (datetime(2026, 1, 6, 9, tzinfo=UTC), ("smoke", "strict-config"))
    assert page.read_text(encoding="utf-8") == (
        "# INC-1: stale\n\nWhat happened.\n\n## From the front matter, not recorded\n\n"
        "```text\n# by hand\nreporter: ana\n```\n"
    )
    assert "recorded" in done.stderr
    assert "at the end of the text: reporter: ana" in done.stderr


def test_an_old_page_that_nobody_completed_asks_for_no_front_matter_any_more(root: Path) -> None:
    asks = "Write here what happened, in the order in which it did. In the front matter above, complete `impact`."
    page = old(opened(root), OLD.replace("What happened.", asks).replace("# by hand\nreporter: ana\n", ""))
    assert migrated(root).returncode == 0
    assert page.read_text(encoding="utf-8") == new_page("INC-1", title="INC-1: stale")


def test_a_migration_that_is_run_again_changes_nothing(root: Path) -> None:
    folder = opened(root)
    old(folder)
    migrated(root)
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    again = migrated(root)
    assert (again.returncode, "every page is free text" in again.stderr) == (0, True)
    assert before == {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_migration_that_was_killed_between_record_and_page_goes_on(root: Path) -> None:
    folder = opened(root)
    page = old(folder)
    migrated(root)
    text = page.read_bytes()
    old(folder)
    assert migrated(root).returncode == 0
    assert (text, 1) == (page.read_bytes(), len(ledger.read(folder / "evidence", IncidentStep)))


def test_what_the_record_says_already_is_not_recorded_again_and_what_differs_is(root: Path) -> None:
    folder = opened(root)
    new(root)
    (step,) = ledger.read(folder / "evidence", IncidentStep)
    same = (
        f"---\nid: INC-1\nat: {step.opened_at.isoformat()}\nseverity: critical\nstate: open\n"
        "impact: polls are stale\nroot_cause:\nfix:\n---\n"
    )
    old(folder, same)
    assert (migrated(root).returncode, states(folder)) == (0, ["open"])
    old(folder, same.replace("fix:", "fix: none").replace("state: open", "state: acknowledged"))
    assert (migrated(root).returncode, states(folder)) == (0, ["open", "acknowledged"])
    assert [one.fix for one in judged(place_of(root), load(folder), None).incidents] == ["none"]


@pytest.mark.parametrize("state", ["resolved", "carried over", "monitoring"])
def test_a_state_that_no_step_leads_to_is_kept_as_text_and_told(state: str, root: Path) -> None:
    folder = opened(root)
    page = old(folder, OLD.replace("state: acknowledged", f"state: {state}"))
    done = migrated(root)
    assert (done.returncode, states(folder)) == (0, ["open"])
    assert f"\nstate: {state}\n" in page.read_text(encoding="utf-8")
    assert f"cannot become {state}: it is new" in done.stderr


REFUSED = {
    "no severity": (OLD.replace("severity: major", "severity: high"), "'severity: high': it is not one of critical"),
    "no instant": (OLD.replace("09:00:00Z", "09:00"), "is no instant with a zone"),
    "no impact": (OLD.replace('impact: "polls  are stale "', "impact:"), "lacks impact"),
    "no id": (OLD.replace("id: INC-1\n", ""), "lacks id"),
    "a list": (OLD.replace("severity: major", "severity: [a"), "lacks severity"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_page_that_makes_no_record_stays_as_it_is_and_is_told(what: str, root: Path) -> None:
    folder = opened(root)
    text, says = REFUSED[what]
    page = old(folder, text)
    done = migrated(root)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert (page.read_text(encoding="utf-8"), states(folder)) == (text, [])


def test_a_page_of_another_name_is_called_as_its_incident_is(root: Path) -> None:
    folder = opened(root)
    page = old(folder, name="Outage of Tuesday.md")
    assert migrated(root).returncode == 0
    assert [file.name for file in page.parent.iterdir()] == ["inc-1.md"]


def test_of_two_pages_of_one_incident_the_second_is_left_alone(root: Path) -> None:
    folder = opened(root)
    old(folder, name="a.md")
    second = old(folder, OLD.replace("major", "critical"), name="b.md")
    done = migrated(root)
    assert (done.returncode, "inc-1.md is about INC-1 too" in done.stderr) == (2, True), done.stderr
    assert second.read_text(encoding="utf-8") == OLD.replace("major", "critical")


def test_a_page_that_is_named_after_another_incident_is_left_alone(root: Path) -> None:
    folder = opened(root)
    new(root)
    page = old(folder, OLD.replace("id: INC-1", "id: INC-2"))
    done = migrated(root)
    assert (done.returncode, "its front matter says INC-2" in done.stderr) == (2, True), done.stderr
    assert page.read_text(encoding="utf-8") == OLD.replace("id: INC-1", "id: INC-2")


def test_what_a_page_says_and_no_record_does_is_told_wherever_a_verdict_is(root: Path) -> None:
    folder = opened(root)
    new(root)
    old(folder, "---\nseverity: minor\n---\n# INC-1\n")
    old(folder, "\0", "inc-2.md").write_bytes(b"\xff")
    for said in (release_judged(root).stderr, incident(root=root).stderr):
        assert "the page inc-1.md: severity: minor" in said
        assert "the page inc-2.md: It is not UTF-8 text" in said
        assert "release migrate" in said


# ── checkpoints and decisions ────────────────────────────────────────────────


def test_a_checkpoint_shows_each_duty_what_to_sign_and_what_comes_next(root: Path) -> None:
    opened(root, at=(datetime.now(UTC) - timedelta(hours=30)).isoformat())
    shown = release("checkpoint", root=root)
    assert shown.returncode == 0
    for says in ("T+24: first productive cycle", "6 h 0 min ago", "--sign review-pass-rate", "T+48 due on", "in 18 h"):
        assert says in shown.stderr, says
    assert "--sign backlog-published" not in shown.stderr
    points = json.loads(release("checkpoint", "--json", root=root).stdout)["checkpoints"]
    assert [point["is_due"] for point in points] == [True, True, False, False]


def test_a_duty_is_not_signed_before_it_is_due(root: Path) -> None:
    opened(root, at=(datetime.now(UTC) - timedelta(hours=30)).isoformat())
    done = release("checkpoint", "--sign", "backlog-published", root=root)
    assert (done.returncode, "nothing can be signed before" in done.stderr) == (2, True)


def test_a_decision_names_the_verdict_that_was_read(root: Path) -> None:
    folder = opened(root)
    done = release("decide", "roll-back", "--why", "it hurts", "--by", "ana", root=root)
    assert done.returncode == 0, done.stderr
    (decision,) = ledger.read(folder / "evidence", Decision)
    digest = json.loads(run("judge", "--release", "1.1.1", "--json", root=root).stdout)["verdict"]["digest"]
    assert ("roll-back", digest, "ana") == (decision.action, decision.verdict, decision.by)


@pytest.mark.parametrize("digest", ["0000000000", "abc", "' or 1=1"])
def test_a_decision_about_no_verdict_of_this_watch_is_refused(digest: str, root: Path) -> None:
    opened(root)
    done = release("decide", "go-on", "--why", "x", "--verdict", digest, root=root)
    assert (done.returncode, "no verdict of 1.1.1 has that digest" in done.stderr) == (2, True)


def test_a_verdict_is_kept_when_it_is_news_and_names_what_was_there(root: Path) -> None:
    folder = opened(root)
    place, watched = place_of(root), load(folder)
    for _ in range(2):
        say(place, watched, judged(place, watched, None))
    assert len(ledger.read(folder / "evidence", VerdictRecord)) == 1
    named = [name for call in ledger.read(folder / "evidence", SegmentManifest) for name in call.segments]
    assert sorted(name.partition("-")[0] for name in named) == ["roll", "said", "settings", "watch"]


def test_a_verdict_that_was_said_changes_no_verdict(root: Path) -> None:
    folder = opened(root)
    place, watched = place_of(root), load(folder)
    before = judged(place, watched, None)
    say(place, watched, before)
    release("decide", "go-on", "--why", "x", root=root)
    after = judged(place, watched, None)
    assert (before.digest, before.as_of) == (after.digest, after.as_of)


def test_a_segment_that_was_taken_away_makes_the_verdict_invalid(root: Path) -> None:
    now = datetime.now(UTC)
    folder = opened(root, at=(now - timedelta(hours=2)).isoformat())
    ledger.write(folder / "evidence", [stale(now - timedelta(hours=1))])
    place, watched = place_of(root), load(folder)
    say(place, watched, judged(place, watched, None))
    (bad_news,) = (folder / "evidence").glob("event-*")
    assert release_judged(root).returncode == 1
    bad_news.unlink()
    done = release_judged(root)
    assert (done.returncode, f"{bad_news.stem}: it was in the ledger on" in done.stderr) == (1, True), done.stderr


# ── the end, and the next beginning ──────────────────────────────────────────


def over(root: Path, hours: float = 73) -> Path:
    return opened(root, at=(datetime.now(UTC) - timedelta(hours=hours)).isoformat())


def closed(root: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run("release", "close", "--release", "1.1.1", "--why", "it is over", "--by", "ana", *more, root=root)


def test_a_watch_is_closed_sealed_and_proven_untouched(root: Path) -> None:
    folder = over(root)
    done = closed(root)
    assert done.returncode == 0, done.stderr
    assert "the next release begins with" in done.stderr
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert (report["schema"], report["report"]["verdict"]["word"]) == ("atalaya.closing/1", "INCONCLUSIVE")
    assert "pass-rate" in {one["id"] for one in report["questions"]}
    printed = (folder / "report.html").read_text(encoding="utf-8")
    assert ("http" in printed, "<script" in printed, "INCONCLUSIVE" in printed) == (False, False, True)
    page = (folder / "handover" / "go-no-go.md").read_text(encoding="utf-8")
    assert ("INCONCLUSIVE" in page, "by ana: it is over" in page) == (True, True)
    assert (folder / "handover" / "backlog.es.csv").is_file()
    assert run("release", "verify", "1.1.1", root=root).returncode == 0
    (folder / "t24.md").write_text("all was well", encoding="utf-8")
    verified = run("release", "verify", "--json", root=root)
    assert (verified.returncode, json.loads(verified.stdout)["releases"]["1.1.1"]["differs"]) == (
        1,
        ["t24.md was changed."],
    )


def test_the_backlog_can_be_written_while_the_watch_is_on(root: Path) -> None:
    opened(root)
    done = release("backlog", "--out", str(root / "planning"), root=root)
    assert (done.returncode, "planning/go-no-go.md" in done.stderr) == (0, True), done.stderr
    names = {one.name for one in (root / "planning").iterdir()}
    assert {"backlog.md", "backlog.csv", "go-no-go.md", "backlog.es.md"} <= names


@pytest.mark.long
def test_open_means_the_only_incident_that_is_not_over(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(root)
    none = incident("open", "--state", "acknowledged", "--why", "x", root=root)
    assert (none.returncode, "There are: none" in none.stderr) == (2, True)
    new(root)
    taken = incident("open", "--state", "acknowledged", "--why", "x", root=root)
    assert (taken.returncode, "acknowledged" in taken.stderr) == (0, True)
    monkeypatch.setattr("atalaya.cli.incident.drawn_id", lambda: "INC-2")
    incident("new", "--impact", "another", "--severity", "minor", root=root)
    several = incident("open", "--state", "monitoring", "--why", "x", root=root)
    assert (several.returncode, "There are: INC-1, INC-2" in several.stderr) == (2, True)


def test_what_is_not_sealed_is_unknown(root: Path) -> None:
    over(root)
    assert run("release", "verify", root=root).returncode == 3


@pytest.mark.parametrize(
    "command",
    [
        ("collect", "--log", "x.log", "--release", "1.1.1"),
        ("evidence", "compact", "--release", "1.1.1"),
        ("release", "record", "--why", "x", "--release", "1.1.1"),
        ("release", "extend", "--why", "x", "--release", "1.1.1"),
        ("release", "checkpoint", "--sign", "review-pass-rate", "--release", "1.1.1"),
        ("release", "decide", "go-on", "--why", "x", "--release", "1.1.1"),
        ("release", "incident", "new", "--impact", "x", "--severity", "minor", "--release", "1.1.1"),
        ("release", "migrate", "--release", "1.1.1"),
        ("release", "close", "--why", "x", "--release", "1.1.1"),
        ("release", "open", "1.1.1", "--commit", "abc", "--unverified"),
        ("smoke", "--release", "1.1.1", "--waits", "1"),
        ("watch", "--sdk", "", "--release", "1.1.1"),
        ("rehearse", "--name", "1.1.1"),
    ],
    ids=" ".join,
)
def test_what_is_sealed_is_read_only_to_every_command(command: tuple[str, ...], sealed: Path) -> None:
    before = {file: file.read_bytes() for file in sealed.rglob("*") if file.is_file()}
    (sealed.parents[2] / "x.log").write_text("2026-01-05T10:00:00Z ERROR timed out after 60 s waiting for job 17\n")
    words = [str(sealed.parents[2] / word) if word == "x.log" else word for word in command]
    done = run(*words, root=sealed.parents[2])
    assert done.returncode == 2, done.stderr
    assert before == {file: file.read_bytes() for file in sealed.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sealed")
    (root / "docs" / "releases").mkdir(parents=True)
    folder = over(root)
    assert closed(root).returncode == 0
    return folder


@pytest.mark.long
def test_an_open_incident_hinders_until_it_is_carried_over(root: Path) -> None:
    folder = over(root)
    new(root)
    refused = closed(root)
    assert (refused.returncode, "Carry it over with --carry INC-1" in refused.stderr) == (2, True)
    assert not (folder / "seal.json").exists()
    assert closed(root, "--carry", "INC-7").returncode == 2
    assert closed(root, "--carry", "INC-1").returncode == 0
    assert states(folder) == ["open", "carried over"]
    # What is carried over hurts still: it turns no verdict green.
    assert "The incident INC-1 is open" in release_judged(root).stderr


@pytest.mark.long
def test_what_a_page_says_and_no_record_does_hinders_the_seal_until_it_is_migrated(root: Path) -> None:
    folder = over(root)
    old(folder)
    refused = closed(root)
    assert (refused.returncode, "release migrate --release 1.1.1" in refused.stderr) == (2, True)
    assert migrated(root).returncode == 0
    assert "Carry it over with --carry INC-1" in closed(root).stderr
    assert closed(root, "--carry", "INC-1").returncode == 0
    sealed = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert "what is closed stays as it was sealed" in migrated(root).stderr
    assert sealed == {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_watch_is_not_closed_before_its_end_but_for_a_release_that_was_taken_back(root: Path) -> None:
    over(root, hours=20)
    early, unsaid = closed(root), closed(root, "--early")
    assert (early.returncode, unsaid.returncode) == (2, 2)
    assert "release decide roll-back" in unsaid.stderr
    release("decide", "roll-back", "--why", "it hurts", root=root)
    assert closed(root, "--early").returncode == 0


def test_a_close_that_was_killed_is_ended_by_the_next_and_ends_the_same(root: Path) -> None:
    folder = over(root)
    closed(root)
    whole = {file.name: file.read_bytes() for file in folder.glob("*") if file.is_file()}
    for name in ("seal.json", "report.html", "backlog.json"):
        (folder / name).unlink()
        refused = release("decide", "go-on", "--why", "x", root=root)
        assert (refused.returncode, "its closing was interrupted" in refused.stderr) == (2, True)
    assert closed(root).returncode == 0
    assert whole == {file.name: file.read_bytes() for file in folder.glob("*") if file.is_file()}


def test_the_next_release_begins_with_the_backlog_of_the_last(root: Path) -> None:
    over(root)
    new(root)
    closed(root, "--carry", "INC-1")
    done = run("release", "open", "1.1.2", "--commit", "def", "--unverified", "--json", root=root)
    assert done.returncode == 0, done.stderr
    assert "from the backlog of 1.1.1" in done.stderr
    assert "INC-1, has no check yet: Mend INC-1: polls are stale" in done.stderr
    assert "pass-rate, has a check" in done.stderr
    next_one = judged(place_of(root), load(root / "docs" / "releases" / "1.1.2"), None)
    assert next_one.steps[0].previous == "1.1.1"
    assert {"INC-1", "pass-rate"} <= {item.id for item in next_one.steps[0].asked}
    # The seal is held against what the next release began from.
    assert run("release", "verify", "1.1.1", root=root).returncode == 0
    seal = root / "docs" / "releases" / "1.1.1" / "seal.json"
    seal.write_text(seal.read_text(encoding="utf-8").replace("it is over", "it is fine"), encoding="utf-8")
    assert "made anew" in run("release", "verify", "1.1.1", root=root).stderr


def test_a_release_that_was_never_closed_is_told_to_the_next(root: Path) -> None:
    over(root)
    done = run("release", "open", "1.1.2", "--commit", "def", "--unverified", root=root)
    assert (done.returncode, "1.1.1 was never closed" in done.stderr) == (0, True)


@pytest.mark.parametrize(
    ("hours", "severity", "expected"),
    [(71.9, "critical", 72), (72.1, "critical", 96), (72.1, "major", 72), (97, "critical", 72)],
)
def test_a_critical_incident_at_the_end_extends_the_watch_by_itself(
    hours: float, severity: str, expected: int, root: Path
) -> None:
    folder = over(root, hours=hours)
    incident("new", "--impact", "x", "--severity", severity, root=root)
    backdate(folder, hours=10)
    place = place_of(root)
    for _ in range(2):
        extend_what_needs_it(place)
    assert expected == lasts_h(folder, load(folder))


def backdate(folder: Path, hours: float) -> None:
    """The incident as it would have been recorded so long ago."""
    (step,) = ledger.read(folder / "evidence", IncidentStep)
    for file in (folder / "evidence").glob("transition-*"):
        file.unlink()
    at = step.occurred_at - timedelta(hours=hours)
    ledger.write(folder / "evidence", [replace(step, occurred_at=at, recorded_at=at, opened_at=at)])


def test_it_is_extended_twice_at_most(root: Path) -> None:
    folder = over(root, hours=121)
    now = datetime.now(UTC)
    opened_at = now - timedelta(hours=121)
    steps = [
        WatchTransition(
            run_id=f"s{h}",
            environment=Environment.LOOPBACK,
            occurred_at=opened_at + timedelta(hours=h),
            recorded_at=opened_at + timedelta(hours=h),
            state="extended",
            window_h=h + 24,
            by="a",
            why="b",
        )
        for h in (72, 96)
    ]
    ledger.write(folder / "evidence", steps)
    new(root)
    backdate(folder, hours=10)
    extend_what_needs_it(place_of(root))
    assert lasts_h(folder, load(folder)) == 120


# ── mistakes made on purpose ─────────────────────────────────────────────────


def test_two_incidents_that_are_opened_at_once_stay_two() -> None:
    from importlib import reload

    from atalaya.cli import incident as incidents

    drawn = reload(incidents).drawn_id
    assert drawn() != drawn()


def test_an_incident_is_carried_over_by_closing_and_by_no_other_way(root: Path) -> None:
    folder = opened(root)
    new(root)
    done = incident("INC-1", "--state", "carried over", "--why", "we give up", root=root)
    assert (done.returncode, "release close --carry INC-1" in done.stderr) == (2, True)
    assert states(folder) == ["open"]


def test_a_clock_that_was_ahead_does_not_undo_what_comes_after_it(root: Path) -> None:
    folder = opened(root, at=(datetime.now(UTC) - timedelta(hours=2)).isoformat())
    new(root)
    (step,) = ledger.read(folder / "evidence", IncidentStep)
    ahead = datetime.now(UTC) + timedelta(hours=1)
    ledger.write(folder / "evidence", [replace(step, state="monitoring", occurred_at=ahead, recorded_at=ahead)])
    assert incident("INC-1", "--state", "reopened", "--why", "it is back", root=root).returncode == 0
    # The record of the clock ahead waits until its time has come, and what answers it comes after it.
    assert [one.state for one in judged(place_of(root), load(folder), None).incidents] == ["open"]
    later = judged(place_of(root), load(folder), ahead + timedelta(minutes=1))
    assert [one.state for one in later.incidents] == ["reopened"]


def test_an_altered_step_of_the_watch_is_invalid_and_ends_no_command(root: Path) -> None:
    folder = over(root, hours=30)
    (segment,) = (folder / "evidence").glob("watch-*")
    segment.write_bytes(segment.read_bytes().replace(b'"open"', b'"shut"'))
    done = release_judged(root)
    assert (done.returncode, "INVALID" in done.stderr or "OFF TRACK" in done.stderr) == (1, True), done.stderr
    assert new(root).returncode == 0


def test_an_incident_whose_page_was_deleted_gets_one_with_its_next_step(root: Path) -> None:
    folder = opened(root)
    new(root)
    page = folder / "incidents" / "inc-1.md"
    page.unlink()
    assert incident("INC-1", "--state", "acknowledged", "--why", "mine", root=root).returncode == 0
    assert page.read_text(encoding="utf-8").startswith("# INC-1\n")


def test_what_a_killed_writer_left_does_not_hinder_the_seal(root: Path) -> None:
    folder = over(root)
    (folder / "evidence" / ".segment-abc.tmp").write_text("half")
    (folder / ".report.json.half").write_text("half")
    done = closed(root)
    assert done.returncode == 0, done.stderr
    assert run("release", "verify", "1.1.1", root=root).returncode == 0


def test_a_release_is_not_opened_a_year_ahead(root: Path) -> None:
    at = (datetime.now(UTC) + timedelta(days=365)).isoformat()
    done = run("release", "open", "1.1.1", "--commit", "abc", "--unverified", "--at", at, root=root)
    assert (done.returncode, "more than a day ahead" in done.stderr) == (2, True)


@pytest.mark.parametrize("change", ["gone", "rehearsal", "garbled"])
def test_a_sealed_release_cannot_leave_the_walk_by_its_own_toml(change: str, root: Path) -> None:
    folder = over(root)
    assert closed(root).returncode == 0
    toml = folder / "release.toml"
    text = toml.read_text(encoding="utf-8")
    if change == "gone":
        toml.unlink()
    else:
        toml.write_text("{" if change == "garbled" else text.replace("false", "true"), encoding="utf-8")
    for named in ((), ("1.1.1",)):
        done = run("release", "verify", *named, root=root)
        assert (done.returncode, "release.toml" in done.stderr) == (1, True), done.stderr


def test_an_incident_that_a_clock_ahead_wrote_down_hinders_the_close(root: Path) -> None:
    folder = over(root)
    new(root)
    (step,) = ledger.read(folder / "evidence", IncidentStep)
    for file in (folder / "evidence").glob("transition-*"):
        file.unlink()
    ahead = datetime.now(UTC) + timedelta(hours=1)
    ledger.write(folder / "evidence", [replace(step, occurred_at=ahead, recorded_at=ahead)])
    for more in ((), ("--carry", "INC-1")):
        done = closed(root, *more)
        said = f"a clock that is ahead has recorded something of {ahead:%Y-%m-%d %H:%M:%S} UTC. Close it after that"
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_close_that_was_killed_before_its_last_record_is_ended_by_the_next(root: Path) -> None:
    folder = over(root)
    new(root)
    (step,) = ledger.read(folder / "evidence", IncidentStep)
    now = datetime.now(UTC)
    ledger.write(folder / "evidence", [replace(step, state="carried over", occurred_at=now, recorded_at=now)])
    done = closed(root, "--carry", "INC-1")
    assert done.returncode == 0, done.stderr


def test_closing_does_not_get_round_the_extension_that_a_critical_incident_asks_for(root: Path) -> None:
    folder = over(root, hours=72.1)
    new(root)
    backdate(folder, hours=10)
    done = closed(root, "--carry", "INC-1")
    assert (done.returncode, "has to be watched for 96 h" in done.stderr) == (2, True), done.stderr


@pytest.mark.long
def test_a_step_that_was_none_is_answered_by_recording_once_more_how_it_stands(root: Path) -> None:
    folder = over(root)
    new(root)
    for state in ("acknowledged", "monitoring", "resolved"):
        incident("INC-1", "--state", state, "--why", "x", root=root)
    last = max(ledger.read(folder / "evidence", IncidentStep), key=lambda one: one.occurred_at)
    later = datetime.now(UTC)
    ledger.write(
        folder / "evidence", [replace(last, run_id="ben", state="acknowledged", occurred_at=later, recorded_at=later)]
    )
    assert closed(root).returncode == 2
    incident("INC-1", "--state", "resolved", "--why", "it is resolved indeed", root=root)
    done = closed(root)
    assert done.returncode == 0, done.stderr


def test_a_fix_that_is_called_shown_by_a_record_alone_counts_as_monitored(root: Path) -> None:
    folder = over(root, hours=100)
    ends = datetime.now(UTC) - timedelta(hours=30)
    seen = [checked(ends - timedelta(hours=hour), broken=hour in (20, 25)) for hour in range(30)]
    steps = [
        IncidentStep(
            **stamped(ends - timedelta(hours=hours)),
            incident="INC-1",
            opened_at=ends - timedelta(hours=25),
            state=state,
            severity=Severity.CRITICAL,
            impact="x",
            root_cause="",
            fix="",
            metric="",
            by="ben",
            why="x",
            rule="promise-broken",
            fingerprints=(cause_of(seen[20]),),
        )
        for state, hours in (("open", 20), ("monitoring", 4), ("resolved", 3))
    ]
    ledger.write(folder / "evidence", [*seen, *steps])
    refused = closed(root, "--carry", "INC-1")
    assert "INC-1 is resolved by its record, and counts as monitoring" in release_judged(root).stderr
    assert (refused.returncode, "reopen it first" in refused.stderr) == (2, True), refused.stderr
    incident("INC-1", "--state", "reopened", "--why", "it was never shown", root=root)
    assert closed(root, "--carry", "INC-1").returncode == 0


def stamped(at: datetime) -> dict[str, Any]:
    return {"run_id": f"r{at:%j%H%M}", "environment": Environment.LOOPBACK, "occurred_at": at, "recorded_at": at}


def checked(at: datetime, *, broken: bool) -> Observation:
    return Observation(
        **stamped(at),
        promise="config.no-fallback",
        severity=Severity.CRITICAL,
        reason="",
        duration_s=0.1,
        trials=1,
        outcome=Outcome.BROKEN if broken else Outcome.KEPT,
        subject_digest="d",
    )


def test_a_release_that_cannot_be_written_down_is_told_in_words_and_leaves_nothing(root: Path) -> None:
    releases = root / "docs" / "releases"
    releases.rmdir()
    releases.write_text("a file in the way")
    done = run("release", "open", "1.1.1", "--commit", "abc", "--unverified", root=root)
    assert (done.returncode, "cannot be made" in done.stderr) == (2, True)


def test_a_seal_that_cannot_be_written_is_told_in_words_and_made_by_the_next(root: Path) -> None:
    in_the_way = over(root) / "seal.json"
    in_the_way.mkdir()
    done = closed(root)
    assert (done.returncode, "cannot be sealed" in done.stderr) == (2, True)
    in_the_way.rmdir()
    assert closed(root).returncode == 0


def test_a_file_that_another_command_is_writing_is_not_taken_from_it(tmp_path: Path) -> None:
    theirs = tmp_path / ".page.md.half"
    theirs.write_text("theirs")
    write_text(tmp_path / "page.md", "ours")
    assert (theirs.read_text(), (tmp_path / "page.md").read_text()) == ("theirs", "ours")
