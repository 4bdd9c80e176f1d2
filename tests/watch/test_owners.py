"""Tests that owners and the team's actions are shown where they are due, and change no verdict."""

from __future__ import annotations

import io
from pathlib import Path

from msgspec.structs import replace

from atalaya.cli.closing_screen import close_with
from atalaya.cli.console import Console
from atalaya.core.settings import ActionSettings, Settings
from atalaya.records.judged import Incident, Judgement
from atalaya.records.stored import Severity
from atalaya.site.fragments.figures import metrics
from atalaya.site.fragments.incident_page import page_fragments
from atalaya.site.fragments.incidents import incidents
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.notifications import happenings
from atalaya.watch.owners import due_now, due_of, named_for_nothing, owners_of_incident
from tests.site import example
from tests.watch.watched import at, transition

OWNERS = Settings(
    owners=(("stale-cache", "@ana"), ("cache", "@berta"), ("critical", "@on-call"), ("pass-rate", "ci@example.test"))
)
EN = Renderer(Language("en"))


def incident(severity: Severity = Severity.CRITICAL, state: str = "open", **changes: object) -> Incident:
    values: dict[str, object] = {"id": "INC-1", "at": at(1), "impact": "x", "root_cause": "", "fix": ""}
    return Incident(**(values | {"severity": severity, "state": state} | changes))  # type: ignore[arg-type]


def owned(*changed: Incident) -> Judgement:
    return replace(example.judgement(), settings=OWNERS, incidents=changed, followed=(), pages=())


def test_a_metric_or_a_family_comes_before_a_severity() -> None:
    for one, owners in (
        (incident(metric="stale-cache", about=("stale-cache", "cache")), ("@ana", "@berta")),
        (incident(metric="polling-timeouts"), ("@on-call",)),
        (incident(Severity.MAJOR), ()),
    ):
        assert owners_of_incident(one, OWNERS) == owners


def test_what_is_to_be_done_goes_by_the_level() -> None:
    own = replace(OWNERS, actions=ActionSettings(warning="Ask {Ana}."))
    assert (
        str(due_of(incident(), own))
        == "Stop the roll-out, and consider going back to the last release. Owner: @on-call."
    )
    assert str(due_of(incident(Severity.MINOR), own)) == "Ask {Ana}."
    told = due_now([incident(Severity.MINOR), incident(), incident(Severity.CRITICAL, "resolved")], own)
    assert str(told).startswith("Stop the roll-out")
    assert due_now([incident(Severity.CRITICAL, "resolved")], own) is None


def test_what_a_team_wrote_itself_is_escaped_and_not_translated() -> None:
    ours = ActionSettings().warning  # which is translated where it stands for itself
    own = replace(OWNERS, owners={}, actions=ActionSettings(warning="**Ask** {Ana}.", critical=ours))
    for code in ("en", "es"):
        voice = Renderer(Language(code))
        assert voice.say(due_of(incident(Severity.MINOR), own)) == "`**Ask** {Ana}.`"
        assert voice.say(due_of(incident(Severity.CRITICAL), own)) == f"`{ours}`"


def test_it_stands_on_the_pages_beside_the_incident_and_the_metric() -> None:
    judgement = owned(incident())
    for text, says in (
        (incidents(judgement, EN), "Owner\\: \\@on\\-call"),
        (page_fragments(judgement, EN)["incident-inc-1"], "* - Owner\n  - \\@on\\-call"),
        (page_fragments(judgement, EN)["incident-inc-1"], "* - What is to be done\n  - Stop the roll"),
        (metrics(judgement, EN), "\\@ana"),
        (metrics(judgement, EN), "ci\\@example\\.test"),
    ):
        assert says in str(text), (says, text)


def test_it_stands_on_the_terminal_and_a_key_that_is_for_nothing_is_said() -> None:
    stream = io.StringIO()
    judgement = owned(incident())
    judgement = replace(judgement, settings=replace(OWNERS, owners=(*OWNERS.owners, ("stale_cache", "@x"))))
    close_with(Console(stream), judgement, Path("index.html"))
    assert "INC-1 critical open @on-call" in stream.getvalue()
    assert "by level       Stop the roll-out" in stream.getvalue()
    assert list(named_for_nothing(judgement.settings, judgement))[-1] == ("stale_cache", "stale-cache")


def test_it_stands_in_the_notification_while_the_incident_is_open() -> None:
    steps = [transition(2, "open", severity=Severity.CRITICAL), transition(3, "carried over")]
    told = [str(one.body) for one in happenings(replace(owned(), transitions=tuple(steps))) if "INC" in str(one.title)]
    assert ["Owner: @" in body for body in told] == [True, False], told
