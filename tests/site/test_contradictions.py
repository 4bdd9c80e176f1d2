"""Tests that no two pages of one build say what cannot both be true."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from atalaya.records.judged import Judgement
from atalaya.records.stored import Conclusion, Evidence, Observation, Outcome, Severity
from atalaya.site.build.pages import publish
from atalaya.site.i18n.language import Language
from tests.ours import PROMISES
from tests.watch.watched import CI, Watched, healthy, in_force, job, stale, transition

# What was so at an earlier checkpoint is told here, beside what is so now.
OF_THE_PAST = {"looks.md", "timeline.md", "feed.xml"}
THEN = re.compile("The verdict, as it was then:.*")
HOLDS_BACK = r"\.state-fail\b|\.state-failed\b"
FAILS = rf"{HOLDS_BACK}|\.state-broken\b"  # a minor promise holds nothing back
RED = r"Broken since|Red since"


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
    Pair(r"No setting has been changed since T\+0", r"A setting was changed after T\+0"),
    Pair(r"No test has failed", r"confirmed flaky"),
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


def pages_of(judgement: Judgement, folder: Path) -> dict[str, str]:
    """The text of every page of a build, but for what tells of the past."""
    publish(judgement, folder / "en", Language("en"))
    return {
        file.name: THEN.sub("", file.read_text(encoding="utf-8").replace("\\", ""))
        for file in folder.rglob("*.md")
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


WATCHES: dict[str, tuple[float, list[Evidence]]] = {
    "just opened": (0, []),
    "healthy": (72, list(healthy())),
    "on its way": (30, list(healthy(30))),
    "without CI": (72, [one for one in healthy() if one.environment is not CI]),
    "one job of CI": (72, [one for one in healthy() if one.environment is not CI or one.run_id == "ci-1"]),
    "a stale read": (50, [*healthy(50), stale(30)]),
    "a critical promise is broken": (24, list(_broken_promise(24, Severity.CRITICAL))),
    "a minor promise is broken": (30, list(_broken_promise(30, Severity.MINOR))),
    "a minor incident is open": (30, [*healthy(30), transition(20, "open", severity="minor", metric="")]),
    "a variant that broke at the end": (72, list(_red_at_the_end())),
    "CI loses half its jobs": (72, list(healthy(lost=36))),
    "it slept": (72, list(healthy(20))),
}


@pytest.mark.parametrize("name", WATCHES)
def test_no_two_pages_of_one_build_contradict_each_other(name: str, tmp_path: Path) -> None:
    hours, records = WATCHES[name]
    watched = Watched(tmp_path / "releases")
    watched.keep(in_force(0), *records)
    assert list(contradictions(pages_of(watched.judged(hours), tmp_path / "pages"))) == []


# A build of two pages that excludes itself, for each pair.
PLANTED = {
    r"\.state-go\b": "[● GO]{.state .state-go}",
    r"\.state-on-track\b": "[● ON TRACK]{.state .state-on-track}",
    r"\bwatched\]": "[● watched]{.state}",
    r"`?([\w.-]+\.[\w-]+)`? has not been checked": "`config.no-fallback` has not been checked.",
    r"`?([\w.-]+\.[\w-]+)`? does not apply": "`config.no-fallback` does not apply",
    r"No job of [^\n]* has been taken in since T\+0": "No job of `ci` has been taken in since T+0.",
}
AGAINST = """
[▲ FAIL]{.state .state-fail} {.state-off-track} {.state-missing} Broken since 9:00. Duties failed: 1 it slept
No CI job was taken in. CI jobs so far: 5. T+24: 100.0%. Every job of the run 7 ended well.
`strict-config` has not been checked. `config.no-fallback` was kept on 2026-03-02. nothing was observed from 9:00
The smoke of 2026-03-02 10:00 UTC ended well. It came late. A setting was changed after T+0. confirmed flaky
"""


@pytest.mark.parametrize("pair", PAIRS)
def test_each_pair_is_seen_where_it_is_planted(pair: Pair) -> None:
    plain = pair.first.replace("\\.", ".").replace("\\+", "+")
    planted = {"glance.md": PLANTED.get(pair.first, plain), "evidence.md": AGAINST}
    seen = [said for said in contradictions(planted) if said.startswith("glance.md") and "evidence.md" in said]
    assert seen, planted
