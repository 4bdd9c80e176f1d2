"""Tests that the page of an incident says first what somebody on call needs, and that its commands can be pasted."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from atalaya.cli.main import parser
from atalaya.core.settings import Settings
from atalaya.records.judged import IncidentPage, Judgement
from atalaya.records.stored import Evidence
from atalaya.site.build.pages import FRAGMENTS
from atalaya.site.fragments.incident_page import page_fragments
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.site.outputs import feed
from atalaya.watch.states import INCIDENT, is_allowed
from tests.site import example
from tests.tables import each_row
from tests.watch.watched import Watched, at, healthy, in_force, job, stale, transition

EN, ES = Renderer(Language("en")), Renderer(Language("es"))
COMMAND = re.compile(r"^```text\n(.*)\n```$", re.MULTILINE)
SECTIONS = (
    "incident-head",
    "What is known of it",
    "What to run",
    "The chart around it",
    "Evidence",
    "What became of it",
)
STATES: dict[str, tuple[str, ...]] = {
    "open": ("open",),
    "acknowledged": ("open", "acknowledged"),
    "monitoring": ("open", "monitoring"),
    "reopened": ("open", "monitoring", "reopened"),
}


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def kept(watched: Watched, *states: str, **changes: Any) -> Judgement:
    """A watch with stale reads from T+28 on, and an incident of a person from T+31 on."""
    records: list[Evidence] = [in_force(0), *(job(hour) for hour in range(45)), stale(28), stale(29), stale(33)]
    steps = [transition(31 + n, state, **changes) for n, state in enumerate(states)]
    watched.keep(*records, *steps)
    return watched.judged(45)


def page(judgement: Judgement, voice: Renderer = EN) -> str:
    return page_fragments(judgement, voice)["incident-inc-1"]


def fact(said: str, name: str) -> str:
    """What stands beside a name in the table at the top."""
    found = re.search(
        rf"^\* - {name}\n((?:    ?.*\n|  - .*\n|\n)+?)(?=\* - |:::)", said.replace("\\", ""), re.MULTILINE
    )
    assert found is not None, said[:2000]
    return " ".join(found[1].split())


def test_what_is_needed_first_stands_first(watched: Watched) -> None:
    said = page(kept(watched, "open"))
    places = [said.index(section) for section in SECTIONS]
    assert places == sorted(places)
    assert said.startswith(":::{div} incident-head tone-bad\n\n[✖ Open]{.state .tone-bad} [◆ critical]")
    assert said.split("\n\n")[1].endswith("polls read stale states\n:::")


def test_the_first_sighting_and_the_trials_are_told(watched: Watched) -> None:
    said = page(kept(watched, "open", "monitoring"))
    assert "3 times, from 2026-03-03 13:00 UTC to 2026-03-03 18:00 UTC. Before it was opened: 2." in fact(said, "Seen")
    assert "Trials so far, waits beside a cached status: 270. Seen: 3." in fact(said, "Seen")
    assert "first seen on 2026-03-03 13:00 UTC, opened on 2026-03-03 15:00 UTC" in fact(said, "Began")
    assert "fix landed on 2026-03-03 17:00 UTC, not over yet" in fact(said, "Ended")


def test_who_decided_what_stands_at_the_top(watched: Watched) -> None:
    decided = fact(page(kept(watched, "open", "acknowledged", "monitoring")), "Who decided")
    assert [word for word in ("Open", "Acknowledged", "Monitoring") if f"{word}]" in decided] == [
        "Open",
        "Acknowledged",
        "Monitoring",
    ]
    assert decided.count("ana") == 3


def test_what_is_to_be_done_comes_first_while_there_is_something_to_do(watched: Watched) -> None:
    first = page(kept(watched, "open")).replace("\\", "").partition("\n* - ")[2].partition("\n")[0]
    assert "What is to be done" in first


@each_row("name", ["Cause", "Fix"])
def test_what_nobody_recorded_is_said_to_be_missing_with_the_command_that_records_it(name: str, tmp_path: Path) -> None:
    said = fact(page(kept(Watched(tmp_path / name), "open")), name)
    option = {"Cause": "--root-cause", "Fix": "--fix"}[name]
    assert "not recorded" in said
    assert f"`atalaya release incident INC-1 --release 1.1.0 {option} TEXT --why TEXT`" in said


@pytest.mark.parametrize(
    ("fix", "says"),
    [("reverted in 3f2a91c, and out", "Commit: 3f2a91c"), ("the build was withdrawn", "Its commit: [○ not recorded]")],
)
def test_the_commit_of_a_fix_is_named_or_missed(fix: str, says: str, watched: Watched) -> None:
    assert says in fact(page(kept(watched, "open", "monitoring", fix=fix)), "Fix").replace("`", "")


@pytest.mark.parametrize("state", STATES)
def test_each_command_is_one_of_the_command_line_and_its_step_one_of_the_table(state: str, watched: Watched) -> None:
    commands = COMMAND.findall(page(kept(watched, *STATES[state])))
    assert len(commands) >= 3
    steps = []
    for command in commands:
        name, *arguments = shlex.split(command)
        assert name == "atalaya"
        asked = parser().parse_args(arguments)
        if arguments[:2] == ["release", "incident"]:
            steps.append(asked.state)
    assert all(is_allowed(INCIDENT, state, after) for after in steps)
    assert bool(steps) == (state != "monitoring")  # first it takes clean runs


def test_a_promise_is_reproduced_by_its_check_and_the_newest_run_of_ci_has_a_log(watched: Watched) -> None:
    judged = kept(watched, "open", rule="promise-broken")
    told = replace(judged.followed[0], promises=("polling.fresh-status",))
    assert "atalaya check --promise polling.fresh-status" in COMMAND.findall(page(replace(judged, followed=(told,))))


def test_no_step_is_offered_where_none_can_be_recorded(watched: Watched) -> None:
    judged = kept(watched, "open")
    rehearsal = replace(judged, release=replace(judged.release, rehearsal=True, made_by="atalaya rehearse --seed 7"))
    for closed in (rehearsal, replace(judged, state="closed")):
        assert "release incident" not in page(closed)
        assert "release incident" not in page(closed, ES)
    assert "atalaya rehearse --seed 7" in COMMAND.findall(page(rehearsal))


def test_an_id_that_a_shell_reads_otherwise_is_never_pasted(watched: Watched) -> None:
    judged = kept(watched, "open")
    steps = tuple(replace(one, incident="$(reboot)") for one in judged.transitions)
    (incident,) = judged.incidents
    strange = replace(judged, incidents=(replace(incident, id="$(reboot)"),), transitions=steps, followed=())
    (said,) = page_fragments(strange, EN).values()
    assert [command for command in COMMAND.findall(said) if "reboot" in command] == []
    assert "ID stands for the id of this incident" in said.replace("\\", "")


def test_strangers_words_are_words(watched: Watched) -> None:
    judged = kept(watched, "open")
    (incident,), (step,) = judged.incidents, judged.transitions
    calm = fences(page(judged))
    for string in example.HOSTILE:
        words = {"impact": string, "root_cause": string, "fix": string}
        strange = replace(
            judged,
            incidents=(replace(incident, **words),),
            transitions=(replace(step, why=string, by=string, **words),),
        )
        said = page(strange)
        assert [line for line in said.splitlines() if re.match(r"\s*(?:<script|<img|# )", line)] == [], string
        assert fences(said) == calm, string


def fences(said: str) -> int:
    return len(re.findall(r"^ *(?::{3,}|`{3,})\S*", said, re.MULTILINE))


def test_the_owner_stands_there_where_one_is_named(watched: Watched) -> None:
    judged = kept(watched, "open")
    assert "* - Owner" not in page(judged)
    owned = replace(judged, settings=Settings(owners=(("stale-cache", "@ana"),)))
    assert fact(page(owned), "Owner") == "- @ana"


# ── the chart ────────────────────────────────────────────────────────────────


def chart(said: str) -> ElementTree.Element:
    (html,) = re.findall(r"```\{raw\} html\n(.*?)\n```", said, re.DOTALL)
    return ElementTree.fromstring(html)


SVG = "{http://www.w3.org/2000/svg}"


def test_the_cut_out_reaches_from_a_little_before_to_a_little_after_and_marks_what_happened(watched: Watched) -> None:
    said = page(kept(watched, "open", "monitoring"))
    svg = next(chart(said).iter(f"{SVG}svg"))
    assert (svg.findtext(f"{SVG}desc") or "").startswith("From T+24 to T+36, in each 6 h: 2, 1. INC-1 was first seen")
    assert [text.text for text in svg.findall(f"{SVG}text[@class='tick']") if "T+" in (text.text or "")] == [
        "T+24",
        "T+30",
        "T+36",
    ]
    words = [text.text for text in svg.findall(f"{SVG}text") if "moment-word" in text.get("class", "")]
    assert words == ["◌ first seen", "✖ opened", "◑ fix", "◌ last seen"]
    assert [text.text for text in svg.findall(f"{SVG}text[@class='value']")] == ["2", "1"]


def test_the_chart_counts_as_often_as_the_incident_was_seen(watched: Watched) -> None:
    judged = kept(watched, "open")
    svg = next(chart(page(judged)).iter(f"{SVG}svg"))
    counted = sum(int(text.text or "") for text in svg.findall(f"{SVG}text[@class='value']"))
    assert counted == judged.followed[0].seen == 3


def test_what_no_metric_counts_is_charted_by_its_own_sightings(watched: Watched) -> None:
    watched.keep(in_force(0), *healthy(24))
    judged = kept(watched, "open", metric="", rule="promise-broken")
    told = replace(judged.followed[0], seen=2, seen_at=(at(28), at(35)), first_at=at(28), last_at=at(35))
    said = page(replace(judged, followed=(told,)))
    assert "How often its causes were seen in each 6 h" in said
    assert "so there is no chart of it" in page(replace(judged, followed=())).replace("\\", "")


# ── said once, and told of without a page ────────────────────────────────────


@pytest.mark.parametrize(("title", "times"), [("INC-1", 1), ("INC-1: polls read stale states", 0)])
def test_the_impact_is_said_once_on_a_page_above_its_facts_unless_the_heading_says_it(
    watched: Watched, title: str, times: int
) -> None:
    one = IncidentPage(name="inc-1.md", incident="INC-1", title=title)
    said = page(replace(kept(watched, "open"), pages=(one,)))
    assert times == said.count("polls read stale states")


def test_an_incident_without_a_page_is_told_of_below_the_table_and_links_lead_there(watched: Watched) -> None:
    judged = kept(watched, "open")
    with_page = replace(judged, pages=(IncidentPage(name="inc-1.md", incident="INC-1"),))
    without, beside = (FRAGMENTS["incidents"](one, EN) for one in (judged, with_page))
    assert "{release}`INC-1 <1.1.0 incidents#incident-inc-1>`" in without
    assert "[`INC-1`]{#incident-inc-1}" in without
    assert "The chart around it" in without
    assert "What people wrote" not in without
    assert "incident-inc-1" not in beside


# ── the feed ─────────────────────────────────────────────────────────────────


def test_the_feed_leads_to_the_page_of_an_incident_and_below_the_table_where_it_has_none(watched: Watched) -> None:
    judged = kept(watched, "open")
    with_page = replace(judged, pages=(IncidentPage(name="inc-1.md", incident="INC-1"),))
    assert 'href="incidents/inc-1.html"' in feed.of_release(with_page, EN)
    assert 'href="1.1.0/es/incidents/inc-1.html"' in feed.of_site([with_page], ES, "es/")
    assert 'href="incidents.html#incident-inc-1"' in feed.of_release(judged, EN)
