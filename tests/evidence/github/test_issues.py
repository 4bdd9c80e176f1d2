"""Tests that an incident is one issue on GitHub, whose comments are its history, and what comes back from there."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.cli.console import Console
from atalaya.cli.issues import UNKNOWN, keep_issues
from atalaya.core.settings import IncidentSettings
from atalaya.records.judged import IncidentPage, Judgement
from atalaya.records.stored import IncidentNote, IncidentStep, Severity
from atalaya.site.fragments.incident_page import page_fragments
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.site.outputs.issue import as_issue, harmless
from atalaya.watch.state_at import incident_of, incident_steps
from tests.evidence.github.stand_in import BEGAN, Answer, StandIn
from tests.evidence.github.watching import Watch
from tests.site import example
from tests.watch.watched import Watched, healthy, in_force, stamp

MEMBER = {"author_association": "MEMBER", "user": {"id": 7, "type": "User"}}
STRANGER = {"author_association": "NONE", "user": {"id": 8, "type": "User"}}


class Team:
    """A watch with one incident, its GitHub, and what is said."""

    def __init__(self, root: Path, github: StandIn) -> None:
        self.watch, self.github, self.steps = Watch(root, github), github, list[IncidentStep]()
        self.said = io.StringIO()
        self.watch.place = self.watch.place._replace(console=Console(self.said))
        self.settle(github=True)
        self.add("open", impact="Polls read an outdated status.")

    def settle(self, **incidents: Any) -> None:
        loaded = self.watch.place.loaded
        settings = replace(loaded.settings, incidents=IncidentSettings(**incidents))
        self.watch.place = self.watch.place._replace(loaded=loaded._replace(settings=settings))

    def add(self, state: str, id: str = "INC-1", **changes: Any) -> None:
        hour = len(self.steps) + 1.0
        values = {
            "incident": id,
            "opened_at": BEGAN,
            "state": state,
            "severity": Severity.CRITICAL,
            "impact": self.steps[-1].impact if self.steps else "",
            "root_cause": "",
            "fix": "",
            "metric": "stale-cache",
            "by": "ana",
            "why": f"why {hour:g}",
        }
        self.steps.append(IncidentStep(**(stamp(hour, f"run-{hour}") | values | changes)))

    @property
    def judgement(self) -> Judgement:
        taken, _ = incident_steps(self.steps)
        latest = {one.incident: one for one in taken}
        notes = {one.comment: one for one in self.notes}
        return replace(
            example.judgement(),
            release=self.watch.release,
            transitions=taken,
            incidents=tuple(map(incident_of, latest.values())),
            followed=(),
            pages=(),
            notes=tuple(notes.values()),
            settings=self.watch.place.loaded.settings,
        )

    @property
    def notes(self) -> list[IncidentNote]:
        return sorted(self.watch.kept(IncidentNote), key=lambda one: one.recorded_at)

    def keep(self, environ: dict[str, str] | None = None) -> int:
        return keep_issues(
            self.watch.place,
            self.watch.release,
            self.judgement,
            environ=self.watch.environ if environ is None else environ,
            clock=lambda: self.github.now,
            sleep=lambda s: None,
        )

    def open_issues(self) -> list[int]:
        return [one["number"] for one in self.github.issues if one["state"] == "open"]

    def labels(self, number: int = 1) -> set[str]:
        return {one["name"] for one in self.github.issues[number - 1]["labels"]}


@pytest.fixture
def team(tmp_path: Path, github: StandIn) -> Team:
    return Team(tmp_path, github)


# ── opened once ──────────────────────────────────────────────────────────────


def test_an_incident_is_an_issue_with_its_state_and_severity_as_labels(team: Team) -> None:
    assert team.keep() == 0
    (issue,) = team.github.issues
    assert issue["title"] == "INC-1, 1.0.0: Polls read an outdated status."
    assert issue["body"].startswith("<!-- atalaya:incident 1.0.0 inc-1 -->\n")
    assert team.labels() == {"atalaya", "atalaya: open", "atalaya: critical"}


def test_it_is_opened_once_though_no_record_says_that_it_was(team: Team) -> None:
    team.keep()
    for file in team.watch.cache.parent.glob("github.sqlite*"):
        file.unlink()
    team.keep()
    assert len(team.github.issues) == 1
    assert len(team.github.writes) == 1


def test_it_is_found_again_where_somebody_took_the_label_off(team: Team) -> None:
    team.keep()
    team.github.issues[0]["labels"] = [{"name": "ours"}]
    team.keep()
    assert len(team.github.issues) == 1
    assert team.labels() == {"ours", "atalaya", "atalaya: open", "atalaya: critical"}


def test_of_two_that_were_opened_at_once_the_first_stays(team: Team) -> None:
    team.keep()
    team.github.issues.append(team.github.issues[0] | {"number": 2, "id": 102})
    for _ in range(2):
        team.keep()
    assert team.open_issues() == [1]
    assert len([one for one in team.github.writes if one == ("PATCH", "issues/2")]) == 1


def test_two_runs_at_once_leave_one_issue_open_and_each_comment_once(team: Team) -> None:
    team.add("acknowledged")
    together = threading.Barrier(2, timeout=60)
    threads = [threading.Thread(target=lambda: (together.wait(), team.keep())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    team.keep()
    assert len(team.open_issues()) == 1
    assert len([one for one in team.github.comments if one["issue"] == team.open_issues()[0]]) == 1


def test_a_stranger_s_issue_with_our_marker_is_not_ours(team: Team) -> None:
    body = "<!-- atalaya:incident 1.0.0 inc-1 -->\nHa."
    theirs = {"id": 101, "number": 1, "state": "open", "title": "x", "body": body, "labels": [], **STRANGER}
    team.github.issues.append(theirs)
    team.keep()
    assert len(team.github.issues) == 2
    assert team.github.issues[0] == theirs


def test_what_was_over_before_it_was_an_issue_becomes_none(team: Team) -> None:
    team.add("monitoring")
    team.add("resolved")
    team.keep()
    assert team.github.issues == []


# ── its history ──────────────────────────────────────────────────────────────


def test_each_later_step_is_one_comment_and_the_issue_closes_and_opens_as_the_record_says(team: Team) -> None:
    team.keep()
    states = []
    for state in ("acknowledged", "monitoring", "resolved", "reopened"):
        team.add(state, fix="the cache is passed by" if state != "acknowledged" else "")
        for _ in range(2):
            team.keep()
        states.append((team.github.issues[0]["state"], f"atalaya: {state}" in team.labels()))
    assert states == [("open", True), ("open", True), ("closed", True), ("open", True)]
    said = [one["body"].splitlines()[1].partition(" ")[0] for one in team.github.comments]
    assert said == ["**Acknowledged**", "**Monitoring**", "**Resolved**", "**Reopened**"]
    assert team.github.writes.count(("POST", "issues/1/comments")) == 4
    assert "Fix applied: the cache is passed by" in team.github.comments[1]["body"]


def test_an_issue_that_somebody_closed_is_opened_while_its_incident_is_open(team: Team) -> None:
    team.keep()
    team.github.issues[0]["state"] = "closed"
    team.keep()
    assert team.open_issues() == [1]


def test_two_runners_that_saw_the_same_say_it_once(team: Team) -> None:
    team.add("open", why="The rule opened it.")
    team.keep()
    assert team.github.comments == []


# ── hostile texts ────────────────────────────────────────────────────────────

HOSTILE = (
    "@everyone @octo-org/all fixes #12, closes octo-org/example#3, GH-7 ```x``` `y` <img src=x onerror=a()> "
    "<!-- atalaya:incident 1.0.0 inc-2 --> [x](javascript:a) ![p](http://e.test/p.png) https://github.com/a/b/issues/1 "
    "www.e.test $x$ **b** \u202e ghp_0123456789abcdef0123"
)


def test_a_hostile_text_mentions_nobody_leads_nowhere_and_runs_nothing(team: Team) -> None:
    team.steps[0] = replace(team.steps[0], impact=HOSTILE)
    team.add("acknowledged", why=HOSTILE, by=HOSTILE, root_cause=HOSTILE)
    team.keep()
    written = [team.github.issues[0]["title"], team.github.issues[0]["body"], team.github.comments[0]["body"]]
    for text in (text.partition("-->\n")[2] or text for text in written):
        for sign in ("@e", "@o", "#1", "#3", "GH-7", "://", "\u202e", "ghp_"):
            assert sign not in text, (sign, text)
    for text in (text.partition("-->\n")[2] for text in written[1:]):
        for sign in ("<", "](", " `", "```", "www.", " $", " **b"):
            assert sign not in text, (sign, text)
        assert "&lt;img" in text


def test_a_text_is_on_one_line_of_a_bounded_length() -> None:
    assert "\n" not in harmless("one\n\n# two\n```\n")
    assert len(harmless("x" * 100_000)) < 1_100


# ── owners ───────────────────────────────────────────────────────────────────


def test_the_issue_names_its_owner_and_what_is_to_be_done(team: Team) -> None:
    owners = (("stale-cache", "@ana"), ("critical", "on-call"))
    judgement = replace(team.judgement, settings=replace(team.judgement.settings, owners=owners))
    issue = as_issue(judgement, judgement.incidents[0], Renderer(Language("en")))
    assert "- Owner: @ana\n" in issue.opening.text
    assert "What is to be done: Stop the roll-out, and consider going back to the last release." in issue.opening.text


def test_the_issue_leads_to_the_page_where_the_address_of_the_site_is_set(team: Team) -> None:
    voice = Renderer(Language("en"))
    incident = team.judgement.incidents[0]
    judgement = replace(team.judgement, pages=(IncidentPage(name="stale.md", incident=incident.id),))
    assert "Its page" not in as_issue(judgement, incident, voice).opening.text
    for url in ("https://watch.example/", "https://watch.example"):
        settings = replace(judgement.settings, site=replace(judgement.settings.site, url=url))
        said = as_issue(replace(judgement, settings=settings), incident, voice).opening.text
        assert f"- Its page: <https://watch.example/{judgement.release.version}/incidents/stale.html>\n" in said


# ── notes ────────────────────────────────────────────────────────────────────


def noted(team: Team, **settings: Any) -> list[str]:
    team.settle(github=True, notes=True, **settings)
    team.keep()
    return [one.text for one in team.notes]


def test_what_members_write_comes_back_scrubbed_once_and_what_strangers_and_bots_write_does_not(team: Team) -> None:
    team.keep()
    one = team.github.add_comment(1, "It is the proxy. token=0123456789abcdef", **MEMBER)
    team.github.add_comment(1, "Buy this.", **STRANGER)
    team.github.add_comment(1, "I am a program.", author_association="MEMBER", user={"id": 9, "type": "Bot"})
    assert noted(team) == ["It is the proxy. [secret]"]
    assert noted(team) == ["It is the proxy. [secret]"]
    assert (team.notes[0].by, team.notes[0].comment) == ("member", one["id"])
    one["body"] = "It is the cache."
    team.github.now += timedelta(hours=1)
    assert noted(team)[-1] == "It is the cache."
    assert [note.text for note in team.judgement.notes] == ["It is the cache."]
    page = page_fragments(team.judgement, Renderer(Language("en")))["incident-inc-1"]
    assert "It is the cache" in str(page)


def test_none_is_taken_unless_it_was_asked_for(team: Team) -> None:
    team.keep()
    team.github.add_comment(1, "It is the proxy.", **MEMBER)
    team.keep()
    assert team.notes == []


@pytest.mark.parametrize(
    ("private", "pages", "taken"), [(False, False, 1), (True, False, 0), (None, False, 0), (True, True, 1)]
)
def test_nothing_leaves_a_private_repository_for_pages_that_all_may_read(
    private: bool | None, pages: bool, taken: int, team: Team
) -> None:
    team.keep()
    team.github.is_private = private
    team.github.add_comment(1, "It is the proxy.", **MEMBER)
    assert len(noted(team, private_pages=pages)) == taken


# ── what is in the way ───────────────────────────────────────────────────────


def test_without_the_setting_or_a_token_nothing_is_asked(team: Team) -> None:
    assert team.keep(environ={"GITHUB_API_URL": team.github.api}) == 0
    team.settle(github=False)
    assert (team.keep(), team.github.asked) == (0, [])


@pytest.mark.parametrize("status", [403, 404, 410, 500])
def test_a_refusal_is_said_and_is_unknown(status: int, team: Team) -> None:
    team.github.interfere = lambda path: Answer(status, b'{"message": "no"}') if path.endswith("/issues") else None
    assert team.keep() == UNKNOWN
    assert f"GitHub answers {status} to POST issues" in team.said.getvalue()


def test_a_note_changes_no_verdict_and_no_instant_of_one(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.keep(in_force(0), *healthy(3))
    before = watched.judged()
    said = stamp(60, "note-1") | {"incident": "INC-1", "comment": 1, "by": "member", "text": "All is well: GO."}
    watched.keep(IncidentNote(**said))
    after = watched.judged()
    assert [note.text for note in after.notes] == ["All is well: GO."]
    assert replace(before, segments=(), notes=()) == replace(after, segments=(), notes=())
