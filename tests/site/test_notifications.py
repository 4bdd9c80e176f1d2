"""Tests that each notification reaches people whole, once, and as inert text."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from atalaya.cli.notify import annotate, places_of_checks, workflow_commands
from atalaya.records.results import CheckResult, CheckRun, Host, Subject
from atalaya.records.stored import Outcome, Severity
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.site.outputs import feed
from atalaya.site.outputs.printable import report
from atalaya.site.outputs.summary import summary
from atalaya.site.outputs.webhook import LONGEST_BLOCK, LONGEST_TITLE, message
from atalaya.watch.notifications import happenings
from tests.ours import PACK, PROMISES
from tests.site import example
from tests.site.example import HOSTILE, MARK, T0
from tests.tables import each_row

EN, ES = Renderer(Language("en")), Renderer(Language("es"))
ATOM = "{http://www.w3.org/2005/Atom}"

# ── happenings ───────────────────────────────────────────────────────────────


def test_each_happening_has_a_name_of_its_own_that_never_changes() -> None:
    many = happenings(example.judgement(strangers=True))
    assert len(many) == len({one.id for one in many})
    # A name that changes with a version tells everybody everything once more.
    assert [one.id for one in happenings(example.judgement(incidents=True))] == [
        "decision-ed0d12626c89601f12c8",
        "said-515ddf0c67fc9ce58fde",
        "transition-e8c2be2fb9798a5a2f36",
        "watch-c2c4b7642a3ce9fe4b6f",
    ]


def test_a_state_that_stays_is_no_happening() -> None:
    judgement = example.judgement(incidents=True)
    (step,) = judgement.transitions
    edited = replace(judgement, transitions=(step, replace(step, run_id="later", impact="it was worse")))
    assert len(happenings(judgement)) == len(happenings(edited))


def test_the_same_verdict_said_by_two_runs_is_one_happening_and_another_rule_is_one_more() -> None:
    judgement = example.judgement(incidents=True)
    (first,) = judgement.said
    again, other = replace(first, run_id="again"), replace(first, run_id="other", rule="another")
    told = happenings(replace(judgement, said=(first, again, other)))
    titles = [str(one.title) for one in told if one.id.startswith("said-")]
    assert sorted(["WAITING: the first verdict", "WAITING, for another reason"]) == sorted(titles)


# ── the feed ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("voice", [EN, ES])
@pytest.mark.parametrize("strangers", [False, True])
def test_a_feed_has_what_atom_asks_for(voice: Renderer, strangers: bool) -> None:
    judgement = example.judgement(incidents=True, strangers=strangers)
    for text in (feed.of_release(judgement, voice), feed.of_site([judgement], voice, "es/")):
        root = ElementTree.fromstring(text)
        assert f"{ATOM}feed" == root.tag
        for name in ("id", "title", "updated", "author"):
            assert len(root.findall(ATOM + name)) == 1, name
        entries = root.findall(f"{ATOM}entry")
        assert len(entries) >= 4
        ids = [entry.findtext(f"{ATOM}id") for entry in entries]
        assert len(ids) == len(set(ids))
        for entry in entries:
            assert entry.findtext(f"{ATOM}title")
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.findtext(f"{ATOM}updated") or "")
            assert entry.find(f"{ATOM}content").get("type") == "text"  # type: ignore[union-attr]
            assert re.fullmatch(
                r"(1\.1\.0/es/)?[a-z]+\.html(#incident-[a-z0-9]+)?", entry.find(f"{ATOM}link").get("href")
            )  # type: ignore


def test_a_feed_says_that_a_rehearsal_is_one() -> None:
    judgement = example.judgement(incidents=True, rehearsal=True)
    titles = [
        e.findtext(f"{ATOM}title") or ""
        for e in ElementTree.fromstring(feed.of_release(judgement, EN)).iter(f"{ATOM}entry")
    ]
    assert all(title.startswith("REHEARSAL: ") for title in titles)


def test_a_watch_in_which_nothing_happened_has_a_feed() -> None:
    root = ElementTree.fromstring(feed.of_release(example.judgement(), EN))
    assert root.findall(f"{ATOM}entry") == []
    assert (root.findtext(f"{ATOM}updated") or "")[:5] == "2026-"


@pytest.mark.parametrize(
    ("url", "begins"),
    [
        ("", "tag:atalaya.invalid,2026:1.1.0/en"),
        ("https://Watch.example.org:8443/", "tag:watch.example.org,2026:1.1.0/en"),
        ("https://example.org/a/b", "tag:example.org,2026:a/b/1.1.0/en"),
    ],
)
def test_the_ids_of_a_feed_are_those_of_ones_own_site(url: str, begins: str) -> None:
    feed_of = feed.of_release(example.judgement(incidents=True), EN, url)
    ids = [one.text or "" for one in ElementTree.fromstring(feed_of).iter(f"{ATOM}id")]
    assert ids[0] == begins
    assert [one for one in ids if not one.startswith(begins)] == []


def test_the_same_happenings_give_the_same_bytes() -> None:
    assert feed.of_release(example.judgement(strangers=True), EN) == feed.of_release(
        example.judgement(strangers=True), EN
    )


def test_a_happening_has_the_same_id_in_the_releases_feed_and_in_the_sites() -> None:
    judgement = example.judgement(incidents=True)
    own, sites = (
        {entry.findtext(f"{ATOM}id") for entry in ElementTree.fromstring(text).iter(f"{ATOM}entry")}
        for text in (feed.of_release(judgement, EN), feed.of_site([judgement], EN, ""))
    )
    assert own == sites


# ── the run's summary ────────────────────────────────────────────────────────


def test_a_summary_says_the_verdict_the_metrics_and_what_to_do() -> None:
    said = summary(example.judgement(incidents=True), EN)
    for words in ("OFF TRACK", "`pass-rate`", "What to do next", "| Metric | State |"):
        assert words in said
    assert "FUERA" in summary(example.judgement(), ES) or "OFF TRACK" not in summary(example.judgement(), ES)


@pytest.mark.parametrize("slashes", ["", "\\", "\\\\", "\\\\\\"])
def test_no_pipe_of_a_stranger_ends_a_cell(slashes: str) -> None:
    judgement = example.judgement(incidents=True)
    one = replace(judgement.incidents[0], state="open", impact=f"x{slashes}|<img src=y>")
    said = summary(replace(judgement, incidents=(one,)), EN)
    (line,) = [line for line in said.splitlines() if "img" in line]
    assert line.count("|") == 4


def test_a_summary_says_what_is_due_next() -> None:
    judgement = example.judgement()
    point = replace(judgement.checkpoints[-1], due_at=judgement.as_of.replace(year=2030))
    assert ", due on " in summary(replace(judgement, checkpoints=(point,)), EN)


def test_a_strangers_words_do_nothing_in_a_summary() -> None:
    judgement = example.judgement(strangers=True)
    hurt = replace(judgement, incidents=tuple(replace(one, state="open") for one in judgement.incidents))
    said = summary(hurt, EN)
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(said)
    outside = re.sub(r"<code>.*?</code>", "", rendered, flags=re.DOTALL)
    assert MARK not in outside
    assert not re.search(r"<(a|img|script)\b", rendered)
    # Each row of a table is one line with as many cells as its head.
    for line in said.splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) in (4, 5), line


# ── beside the code ──────────────────────────────────────────────────────────


def run_of(*reasons: str) -> CheckRun:
    checks = tuple(
        CheckResult(
            id="config.no-fallback", severity=Severity.CRITICAL, outcome=Outcome.BROKEN, reason=reason, duration_s=0.1
        )
        for reason in reasons
    )
    return CheckRun(
        run_id="r",
        subject=Subject(name="s", version="1", digest="d", source="x"),
        started_at=T0,
        duration_s=1.0,
        host=Host(python="3.12", implementation="CPython", os="Linux", freeze=()),
        checks=checks,
    )


def test_an_annotation_stands_at_the_check_of_the_promise() -> None:
    (line,) = workflow_commands(run_of("no address"), PACK)
    match = re.fullmatch(r"::error file=(.+),line=(\d+),title=config\.no-fallback::no address", line)
    assert match is not None, line
    source = (example.__file__, match[1])
    assert source[1] == "checks/config/check_config.py"
    from tests.commands import ROOT

    assert '@promise("config.no-fallback")' in (ROOT / match[1]).read_text().splitlines()[int(match[2]) - 1]


def test_every_promise_has_its_place() -> None:
    assert {promise.id for promise in PROMISES} == set(places_of_checks(PACK))


@each_row("reason", [*HOSTILE, "a\n::error::b", "a\r\n::set-output name=x::y", "##[error]x", "100%0A"])
def test_a_reason_starts_no_other_command(reason: str) -> None:
    (line,) = workflow_commands(run_of(reason), PACK)
    assert len(line.splitlines()) == 1
    assert line.startswith("::error file=")


def test_what_is_kept_is_not_annotated_and_what_is_unknown_is_a_warning() -> None:
    run = run_of("x")
    kept, unknown = (replace(run.checks[0], outcome=outcome) for outcome in (Outcome.KEPT, Outcome.UNKNOWN))
    assert [line[:9] for line in workflow_commands(replace(run, checks=(kept, unknown)), PACK)] == ["::warning"]


# ── the webhook's message, and the printed report ────────────────────────────


def test_a_message_keeps_to_slacks_limits_and_calls_nobody() -> None:
    judgement = example.judgement(strangers=True)
    body = message(judgement, happenings(judgement), EN)
    assert len(body["blocks"]) <= 50
    assert len(body["text"]) <= LONGEST_BLOCK
    for block in body["blocks"]:
        words = block.get("text", {}).get("text", "")
        assert len(words) <= (LONGEST_TITLE if block["type"] == "header" else LONGEST_BLOCK)
        assert not re.search(r"<[!@#h]", words)
    json.dumps(body)


@pytest.mark.parametrize("voice", [EN, ES])
def test_a_printed_report_holds_strangers_words_and_no_element_of_theirs(voice: Renderer) -> None:
    page = report(example.judgement(strangers=True, rehearsal=True), voice)
    page = page.replace('<link rel="icon" href="data:,">', "", 1)  # no icon, and none to be looked for
    assert MARK in page
    found = set(re.findall(r"<\s*([a-z!/]+[a-z0-9]*)", page))
    ours = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "p",
        "ul",
        "li",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "span",
    }
    assert found <= {"!doctype"} | ours | {f"/{name}" for name in ours}
    assert not re.search(r"(src|href|url\()", re.sub(r"<td>.*?</td>|<li>.*?</li>", "", page, flags=re.DOTALL))


def test_annotations_leave_the_output_to_the_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    annotate(run_of("no ##[error] address"), PACK)
    out, err = capsys.readouterr()
    assert (out, err.startswith("::error file="), "##[" in err) == ("", True, False)
