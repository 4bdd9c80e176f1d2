"""Tests that no two pages of one build say what cannot both be true, in either language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from atalaya.core.words import N_
from atalaya.records.judged import Judgement
from atalaya.records.stored import Conclusion, Evidence, Observation, Outcome, Proof, Severity
from atalaya.site.build.pages import publish
from atalaya.site.i18n.language import Language
from tests.ours import PROMISES
from tests.watch.watched import CI, Watched, healthy, in_force, job, stale, stamp, transition

# What was so at an earlier checkpoint is told here, beside what is so now.
OF_THE_PAST = {"looks.md", "timeline.md", "feed.xml"}
THEN = N_("The verdict, as it was then:")
COURSE = N_("The small charts in numbers")  # the last part of its page
AT_A_LOOK = re.compile(r"t\d\d\.md")  # a checkpoint's own page tells the numbers of its hour
HOLDS_BACK = r"\.state-fail\b|\.state-failed\b"
FAILS = rf"{HOLDS_BACK}|\.state-broken\b"  # a minor promise holds nothing back
RED = r"Broken since|Red since"


# The date on which the check of a promise was last seen red, behind that of its last run and the counts of outcomes.
# The ledger has two dates side by side too, behind a plain number.
SEEN_RED = r"(?m)^  - (?![\d,.]+$)[^\n]*\n  - \[[^\n]* UTC\]\{\.instant\}\n  - \[[^\n]* UTC\]\{\.instant\}"


class Pair(NamedTuple):
    """Two sentences of which one at the most may stand in a build.

    ``{0}`` in the second is what the first one's brackets caught, so that both are about the same thing.
    """

    first: str
    second: str


PAIRS = (
    Pair(r"\.state-go\b", HOLDS_BACK),
    Pair(r"\.state-go\b", RED),
    Pair(r"\.state-go\b", r"it slept|nothing was observed from|CI did not run from"),
    Pair(r"\.state-go\b", r"[nN]o CI job"),
    Pair(r"\.state-go\b", r"\.state-off-track\b|\.state-no-go\b|\.state-extend\b"),
    Pair(r"\.state-on-track\b", HOLDS_BACK),
    Pair(r"Nothing is failing", FAILS),
    Pair(r"Nothing is failing", RED),
    Pair(r"Nothing is failing", r"Duties failed|Promises broken: [1-9]|\.state-open\b"),
    Pair(r"Nothing, of what was looked at\.", FAILS),
    Pair(r"Nothing, of what was looked at\.", RED),
    Pair(r"Nothing that is due\.", r"nothing was observed from|has not been checked|CI did not run from"),
    Pair(r"no CI job was taken in", r"CI jobs so far: [1-9]"),
    Pair(r"no CI job was taken in", r"T\+\d+: 100\.0%|\(100\.0%\) CI jobs|[1-9]\d* of [1-9]\d* CI jobs"),
    Pair(r"no CI job was taken in", r"Every job of the run"),
    Pair(r"No job of [^\n]* has been taken in since T\+0", r"Every job of the run"),
    Pair(r"`?([\w.-]+\.[\w-]+)`? has not been checked", r"{0}`? was (kept|broken) on"),
    Pair(r"`?([\w.-]+\.[\w-]+)`? does not apply", r"{0}`? was (kept|broken) on"),
    Pair(r"No smoke has run since T\+0", r"The smoke of \S+ \S+ UTC ended well\. It came"),
    Pair(r"\bwatched\]", r"it slept|nothing was observed from|CI did not run from"),
    Pair(r"No question is open", r"nobody has signed it|\.state-missing\b"),
    Pair(r"No test has failed", r"confirmed flaky"),
    Pair(r"No setting has been changed|Nothing was changed", r"change was not recorded"),
    Pair(r"sealed, and untouched", r"not what was sealed|the seal is broken"),
    Pair(r"No defect has been seeded|No seeded defect was shown", SEEN_RED),
    Pair(r"never: it proves nothing yet", r"defects caught by the promise that they break: [1-9]"),
    Pair(r"There is no evidence yet", r"[1-9]\d* records in|Files taken in: [1-9]"),
    Pair(r"No file of test results was taken in", r"Files taken in: [1-9]|could not be used: [1-9]"),
    Pair(r"No promise is broken, and none is unknown", r"\.state-broken\b|Promises broken: [1-9]|unknown: [1-9]"),
    Pair(r"The backlog is empty", r"[1-9]\d* items, the most pressing first"),
    Pair(r"No incidents\b", r"Seen \d+ times|Stands in the way of|Segments that hold the evidence"),
)


class Count(NamedTuple):
    """One number that several pages say, each in its own words: it is the same on all of them."""

    what: str
    said: tuple[str, ...]


OF_HOW_MANY = r"`[^\n]*\n  - [^\n]*\.figure\} of ([\d,]+)"
COUNTS = (
    Count("promises that are broken", (r"Promises broken: (\d+)", r"Broken: (\d+), not applicable")),
    Count("items of the backlog", (r"next version: (\d+) items",)),
    Count("segments", (r"records in (\d+) segments",)),
    Count("requests", (rf"figure-network-errors>{OF_HOW_MANY}", r"errors? in ([\d,]+) requests")),
    Count("waits", (rf"(?:figure-|<)polling-timeouts>{OF_HOW_MANY}",)),
    # Of a watch with one incident, whose metric nothing else spoils.
    Count(
        "how often an incident was seen",
        (r"Seen ([\d,]+) times", r"\b([\d,]+) times, from", r"seen ([\d,]+) times", r"before it ([\d,]+) of"),
    ),
    Count("the digest of the verdict", (r"\[Digest\]\{\.fact\} `(\w+)`",)),
    Count("until when it is valid", (r"\[Valid until\]\{\.fact\} \[([^\]]+)",)),
)


def contradictions(pages: Mapping[str, str]) -> Iterator[str]:
    """Each pair of which both stand in a build, and on which pages."""
    for pair in PAIRS:
        for page, text in pages.items():
            for found in re.finditer(pair.first, text):
                other = pair.second.replace("{0}", re.escape(found[1])) if found.re.groups else pair.second
                for where, beside in pages.items():
                    if said := re.search(other, beside):
                        yield f"{page}: {found[0]!r}, and {where}: {said[0]!r}"


def numbers_apart(pages: Mapping[str, str]) -> Iterator[str]:
    """Each number that is another one on another page."""
    for count in COUNTS:
        said = {
            found[1].replace(",", ""): f"{page}: {found[0]!r}"
            for page, text in pages.items()
            if not AT_A_LOOK.fullmatch(page)
            for pattern in count.said
            for found in re.finditer(pattern, text)
        }
        if len(said) > 1:
            yield f"{count.what}: {', and '.join(said.values())}"


def pages_of(judgement: Judgement, folder: Path, code: str = "en") -> dict[str, str]:
    """The text of every page of a build, but for what tells of the past."""
    publish(judgement, folder / code, Language(code))
    line, rest = (re.escape(Language(code).gettext(said)) for said in (THEN, COURSE))
    then = re.compile(f"{line}.*|{rest}(?s:.*)")
    return {
        file.name: then.sub("", file.read_text(encoding="utf-8").replace("\\", ""))
        for file in (folder / code).rglob("*.md")
        if file.name not in OF_THE_PAST
    }


def _broken_promise(hours: int, severity: Severity) -> Iterator[Evidence]:
    broken = next(promise.id for promise in PROMISES if promise.severity is severity)
    for one in healthy(hours):
        if isinstance(one, Observation) and one.promise == broken:
            one = replace(one, outcome=Outcome.BROKEN)
        yield one


def _red_at_the_end() -> Iterator[Evidence]:
    yield from healthy()
    nothing = dict.fromkeys(("requests", "waits", "polls", "stale_trials"))
    for hours in (71.3, 71.6, 71.9):
        changes = {"workflow": "clients-python-sdk", "job": "tests", "run_id": f"red-{hours}", "environment": CI}
        yield job(hours, Conclusion.FAILURE, **changes, **nothing)


def _canaries(hours: float) -> Iterator[Evidence]:
    for promise in PROMISES[:5]:
        yield Proof(
            **stamp(hours - 1, "checks"),
            defect=promise.id,
            expected=(promise.id,),
            caught_by=(promise.id,),
            canary=True,
        )


WATCHES: dict[str, tuple[float, list[Evidence]]] = {
    "just opened": (0, []),
    "healthy": (72, list(healthy())),
    "on its way": (30, list(healthy(30))),
    "without CI": (72, [one for one in healthy() if one.environment is not CI]),
    "one job of CI": (72, [one for one in healthy() if one.environment is not CI or one.run_id == "ci-1"]),
    "a stale read": (50, [*healthy(50), stale(30)]),
    "a cause that was seen before its incident was opened": (
        50,
        [*healthy(50), stale(28), stale(29), stale(35), transition(31, "open"), transition(40, "monitoring")],
    ),
    "an incident of a cause that is broken still": (34, [*healthy(34), stale(28), stale(33), transition(31, "open")]),
    "a critical promise is broken": (24, list(_broken_promise(24, Severity.CRITICAL))),
    "a minor promise is broken": (30, list(_broken_promise(30, Severity.MINOR))),
    "a minor incident is open": (30, [*healthy(30), transition(20, "open", severity="minor", metric="")]),
    "a variant that broke at the end": (72, list(_red_at_the_end())),
    "CI loses half its jobs": (72, list(healthy(lost=36))),
    "it slept": (72, list(healthy(20))),
    "only canaries were seeded": (30, [*healthy(30), *_canaries(30)]),
}


@pytest.mark.parametrize("name", WATCHES)
def test_no_two_pages_of_one_build_contradict_each_other(name: str, tmp_path: Path) -> None:
    hours, records = WATCHES[name]
    watched = Watched(tmp_path / "releases")
    watched.keep(in_force(0), *records)
    pages = pages_of(watched.judged(hours), tmp_path / "pages")
    assert [*contradictions(pages), *numbers_apart(pages)] == []


def test_a_change_that_was_not_recorded_is_not_beside_that_nothing_was_changed(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "releases")
    watched.keep(in_force(0), *healthy(30))
    thresholds = replace(watched.settings.thresholds, polling_timeouts=1)
    watched.settings = replace(watched.settings, thresholds=thresholds)
    pages = pages_of(watched.judged(30), tmp_path / "pages")
    assert "change was not recorded" in pages["reasons.md"]
    assert list(contradictions(pages)) == []


@pytest.mark.parametrize("name", ["a stale read", "a critical promise is broken"])
def test_both_languages_tell_the_same_numbers_and_states(name: str, tmp_path: Path) -> None:
    hours, records = WATCHES[name]
    watched = Watched(tmp_path / "releases")
    watched.keep(in_force(0), *records)
    english, spanish = (pages_of(watched.judged(hours), tmp_path / "pages", code) for code in ("en", "es"))
    assert {page: told(text) for page, text in english.items()} == {page: told(text) for page, text in spanish.items()}


def told(page: str) -> Counter[str]:
    """The numbers and the states of a page: a translation moves them about, and changes none."""
    one = re.sub(r"(?<=\d)[.,\s\u00a0\u202f](?=\d)", "", page)
    return Counter(re.findall(r"\d+|\.state-[\w-]+|\.tone-\w+", one))


def test_a_number_that_is_another_one_elsewhere_is_seen() -> None:
    planted = {"glance.md": "Promises broken: 1, the first", "contracts.md": "Broken: 2, not applicable: 0"}
    assert len(list(numbers_apart(planted))) == 1
    assert list(numbers_apart({**planted, "contracts.md": "Broken: 1, not applicable: 0"})) == []


# A build of two pages that excludes itself, for each pair.
PLANTED = {
    r"\.state-go\b": "[● GO]{.state .state-go}",
    r"\.state-on-track\b": "[● ON TRACK]{.state .state-on-track}",
    r"\bwatched\]": "[● watched]{.state}",
    r"`?([\w.-]+\.[\w-]+)`? has not been checked": "`config.no-fallback` has not been checked.",
    r"`?([\w.-]+\.[\w-]+)`? does not apply": "`config.no-fallback` does not apply",
    r"No job of [^\n]* has been taken in since T\+0": "No job of `ci` has been taken in since T+0.",
    r"No setting has been changed|Nothing was changed": "Nothing was changed",
    r"No defect has been seeded|No seeded defect was shown": "No seeded defect was shown to these checks",
    r"No incidents\b": "No incidents",
}
AGAINST = """
[▲ FAIL]{.state .state-fail} {.state-off-track} {.state-missing} Broken since 9:00. Duties failed: 1 it slept
No CI job was taken in. CI jobs so far: 5. T+24: 100.0%. Every job of the run 7 ended well.
`strict-config` has not been checked. `config.no-fallback` was kept on 2026-03-02. nothing was observed from 9:00
The smoke of 2026-03-02 10:00 UTC ended well. It came late. A setting was changed after T+0. confirmed flaky
the change was not recorded. This folder is not what was sealed. Files taken in: 3. {.state-broken}
  - 5 kept, 0 broken, 0 unknown
  - [2026-03-02 10:00 UTC]{.instant}
  - [2026-03-02 11:00 UTC]{.instant}
Seeded defects caught by the promise that they break: 5 of 5. 12 records in 2 segments. Seen 18 times
Backlog for the next version: 4 items, the most pressing first
"""


@pytest.mark.parametrize("pair", PAIRS)
def test_each_pair_is_seen_where_it_is_planted(pair: Pair) -> None:
    plain = pair.first.replace("\\.", ".").replace("\\+", "+")
    planted = {"glance.md": PLANTED.get(pair.first, plain), "evidence.md": AGAINST}
    seen = [said for said in contradictions(planted) if said.startswith("glance.md") and "evidence.md" in said]
    assert seen, planted
