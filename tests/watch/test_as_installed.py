"""Tests that what users install is held against the last accepted release, and that what was not seen is not well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atalaya.records.judged import HealthSign, HealthState
from atalaya.records.stored import Artefact, Compatibility, Evidence, Outcome, PublishedFile, Severity
from atalaya.site.build.pages import FRAGMENTS
from atalaya.site.i18n.language import Language
from atalaya.site.markup.renderer import Renderer
from atalaya.watch.as_installed import Before, installed, signs
from atalaya.watch.incidents.incident_rules import due
from tests.watch.test_api_changes import api
from tests.watch.test_health_signs import accepted
from tests.watch.watched import Watched, at, healthy, in_force, stamp

OLD = Before("1.0.0", installed([]))


def room(python: str = "3.12", outcome: Outcome = Outcome.KEPT, hours: float = 1, **more: Any) -> Compatibility:
    fields: dict[str, Any] = {"dependencies": "", "subject_version": "1.1.0", "subject_digest": "d", "reason": ""}
    if outcome is Outcome.KEPT:
        fields |= {"ran_on": f"{python}.4", "import_ms": 210.4, "client_ms": 3.0}
    return Compatibility(**stamp(hours, f"c{hours}"), python=python, outcome=outcome, **(fields | more))


def look(*names: str, hours: float = 1, yanked: bool = False) -> Artefact:
    files = tuple(
        PublishedFile(
            name=name,
            claimed="",
            sha256="a" * 64,
            size_bytes=1,
            yanked=yanked,
            yanked_reason="",
            requires_python="",
            metadata="",
        )
        for name in names
    )
    return Artefact(**stamp(hours, f"a{hours}"), project="acme", version="1", index="i", files=files, resolved=())


def of(id: str, *records: Evidence, before: Before | None = None) -> list[HealthSign]:
    return [one for one in signs(installed(records), before) if one.id == id]


def test_nothing_that_was_looked_at_is_nothing_recorded() -> None:
    assert [one.state for one in signs(installed([]), None)] == [HealthState.NOTHING] * 4


def test_each_python_is_a_line_and_its_last_answer_counts() -> None:
    states = {
        "3.9": (Outcome.NOT_APPLICABLE, HealthState.SHOWN),
        "3.10": (Outcome.KEPT, HealthState.WITHIN),
        "3.13": (Outcome.BROKEN, HealthState.OVER),
        "3.14": (Outcome.UNKNOWN, HealthState.UNKNOWN),
    }
    first = [room(python, Outcome.KEPT, 1) for python in states]
    then = [room(python, outcome, 2, reason="why") for python, (outcome, _) in states.items()]
    found = of("compat-python", *first, *then)
    assert [(one.about, one.state) for one in found] == [(python, state) for python, (_, state) in states.items()]
    assert [str(one.text) for one in found][1:3] == [
        "On 3.10.4 it is imported in 210 ms, and a first client is built in 3 ms.",
        "why",
    ]
    assert [run.well for run in found[2].runs] == [True, False]
    assert [run.well for run in found[3].runs] == [True]  # what could not be had could not show it


def test_the_bounds_of_the_dependencies_are_lines_of_their_own() -> None:
    found = of("compat-dependencies", room("", dependencies="lowest", ran_on="3.11.7"), room("3.12"))
    assert [(one.about, one.state) for one in found] == [("lowest", HealthState.WITHIN)]


@pytest.mark.parametrize(
    ("was", "said"),
    [
        (room(), "1.0.0: On 3.12.4 it is imported in 210 ms, and a first client is built in 3 ms."),
        (room("3.12", Outcome.BROKEN, reason="no ssl"), "1.0.0 failed there too: no ssl"),
        (room("3.12", Outcome.UNKNOWN, reason="not here"), "Of 1.0.0 it is not known: not here"),
        (room("3.11"), "No accepted release before this one has recorded it: there is nothing to compare with."),
    ],
)
def test_each_is_beside_what_the_last_accepted_release_showed_there(was: Compatibility, said: str) -> None:
    (found,) = of("compat-python", room("3.12"), before=Before("1.0.0", installed([was])))
    assert str(found.reason) == said


FILES = (
    (("a.tar.gz", "a.whl"), ("b.tar.gz", "b.whl"), HealthState.WITHIN),
    (("a.tar.gz", "a.whl"), ("b.whl",), HealthState.OVER),
    (("a.whl",), ("b.tar.gz",), HealthState.OVER),
    (("a.whl",), (), HealthState.OVER),
    (("a.whl",), ("b.whl", "b.tar.gz"), HealthState.WITHIN),
    ((), ("b.whl",), HealthState.NO_BASIS),
    ((), (), HealthState.UNKNOWN),
)


def test_a_kind_of_file_that_the_last_accepted_release_had_must_be_there() -> None:
    for was, now, state in FILES:
        (found,) = of("published-files", look(*now), before=Before("1.0.0", installed([look(*was)])))
        assert found.state is state, (was, now)
    (yanked,) = of("published-files", look("b.whl", yanked=True), before=Before("1.0.0", installed([look("a.whl")])))
    assert yanked.state is HealthState.OVER
    unasked = replace(look(), problem="no network")
    assert [one.state for one in of("published-files", unasked)] == [HealthState.NOTHING]


def test_what_broke_in_the_public_api_is_told_and_decides_nothing() -> None:
    old = api("def f(a, b=1): ...\ndef g(): ...\n")
    before = Before("1.0.0", installed([old]))
    (broke,) = of("public-api", api("def f(a): ...\n", version="1.1.0"), before=before)
    assert (broke.state, broke.k) == (HealthState.SHOWN, 2)
    assert str(broke.text) == "f lost its argument b. g is gone."
    (same,) = of("public-api", api("def f(a, b=1): ...\ndef g(): ...\ndef h(): ...\n"), before=before)
    assert (same.state, same.k) == (HealthState.WITHIN, 0)
    (alone,) = of("public-api", old)
    assert alone.state is HealthState.NO_BASIS
    (unread,) = of("public-api", api("", problem="it cannot be read"), before=before)
    assert (unread.state, "it cannot be read" in str(unread.reason)) == (HealthState.UNKNOWN, True)


def test_of_many_changes_the_line_tells_the_first_and_the_list_no_end() -> None:
    old = api("".join(f"def f{number:03}(): ...\n" for number in range(150)))
    (found,) = of("public-api", api("", version="1.1.0"), before=Before("1.0.0", installed([old])))
    assert (found.k, len(found.says)) == (150, 100)
    assert str(found.text) == "f000 is gone. f001 is gone. f002 is gone. And 147 more."


def test_an_old_release_without_a_record_is_compared_by_what_its_commit_holds() -> None:
    read = replace(api("def f(a): ..."), origin="0123abc")
    (found,) = of("public-api", read, api("def f(): ...", version="1.1.0"), before=OLD)
    assert str(found.text) == "f lost its argument a."
    (other,) = of("public-api", replace(read, version="0.9.0"), api("def f(): ..."), before=OLD)
    assert other.state is HealthState.NO_BASIS


# ── in a judgement ───────────────────────────────────────────────────────────


def test_a_python_on_which_it_does_not_start_opens_an_incident_and_alters_no_figure(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    accepted(watched, room("3.12"), api("def f(a): ...", hours=1))
    watched.keep(in_force(0), *healthy())
    bare = watched.judged(72)
    hostile = "x | [y](javascript:1) <b>"
    watched.keep(room("3.12", Outcome.BROKEN, reason=hostile), api("def f(): ...", hours=1, version="1.1.0"))
    told = watched.judged(72)
    (step,) = (one for one in due(told, at=at(72)) if one.rule == "compat-python")
    assert step.severity is Severity.MAJOR
    assert step.impact.startswith("In a fresh environment (Python 3.12): ")
    assert len(step.shows) == 1
    assert bare.metrics == told.metrics
    assert bare.verdict.word is told.verdict.word
    shown = FRAGMENTS["health"](told, Renderer(Language("en")))
    assert f"`{hostile}`" in shown  # as a literal, and in no other way
    assert shown.count("<b>") == 1
    assert "`f` lost its argument `a`" in shown
