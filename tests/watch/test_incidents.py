"""Tests that an incident's page is read whatever it holds, and what no record says is reported apart."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from atalaya.records.judged import IncidentPage
from atalaya.watch.incidents.incidents import MOST_BYTES, MOST_LINES, new_page, read_pages, slug, taken_apart
from tests.watch.watched import transition

SAME = """---
id: INC-1
at: 2026-03-03T12:00:00-03:00
severity: critical
state: OPEN
metric: stale-cache
impact: "polls  read stale states "
root_cause:
fix: ''
---

# What happened
"""


def page(folder: Path, content: str | bytes = SAME, name: str = "inc-1.md") -> IncidentPage:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_pages(folder, [transition(31, "open")])[0]


def test_a_page_is_about_the_incident_of_its_name(tmp_path: Path) -> None:
    assert page(tmp_path, "# INC-1\n") == IncidentPage(name="inc-1.md", incident="INC-1", title="INC-1")


def test_a_page_of_another_name_is_about_the_incident_that_its_front_matter_names(tmp_path: Path) -> None:
    assert page(tmp_path, SAME, "stuck.md").incident == "INC-1"


def test_a_page_is_about_no_incident_that_is_not_recorded(tmp_path: Path) -> None:
    assert page(tmp_path, "# INC-7\n", "inc-7.md").incident == ""


def test_a_folder_that_does_not_exist_holds_no_page(tmp_path: Path) -> None:
    assert read_pages(tmp_path / "nowhere", []) == ()


def test_an_index_and_a_template_are_no_pages(tmp_path: Path) -> None:
    (tmp_path / "index.md").write_text("# Incidents")
    (tmp_path / "_template.md").write_text("# Template")
    assert read_pages(tmp_path, []) == ()


def test_front_matter_that_says_what_the_record_says_is_not_told(tmp_path: Path) -> None:
    assert page(tmp_path).not_recorded == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("state: OPEN", "state: resolved"),
        ("state: OPEN", "state: done"),
        ("severity: critical", "severity: minor"),
        ("at: 2026-03-03T12:00:00-03:00", "at: 2026-03-03T12:00:00Z"),
        ("at: 2026-03-03T12:00:00-03:00", "at: 0001-01-01T00:00:00+23:59"),
        ("metric: stale-cache", "metric: pass-rate"),
        ("root_cause:", "root_cause: 'it''s the cache'"),
        ("root_cause:", 'root_cause: "not closed'),
        ("root_cause:", "root_cause: [a, list"),
        ("root_cause:", "reporter: ana"),
        ("root_cause:", "no field at all"),
        ("id: INC-1", "id: INC-2"),
    ],
)
def test_what_no_record_says_is_told_line_by_line(old: str, new: str, tmp_path: Path) -> None:
    assert page(tmp_path, SAME.replace(old, new, 1)).not_recorded == (new,)


def test_much_that_is_not_recorded_is_cut(tmp_path: Path) -> None:
    told = page(tmp_path, "---\n" + "x: y\n" * 1000 + "z" * 5000 + "\n---\n").not_recorded
    assert (len(told), told[-1]) == (MOST_LINES + 1, "…")
    (long,) = page(tmp_path, "---\n" + "z" * 5000 + "\n---\n").not_recorded
    assert len(long) < 300


def linked(file: Path) -> None:
    file.with_suffix(".txt").write_text("elsewhere")
    file.symlink_to(file.with_suffix(".txt"))


HOSTILE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "not UTF-8": ("It is not UTF-8", lambda file: file.write_bytes(b"---\nid: \xff\n---\n")),
    "huge": (f"a page may have {MOST_BYTES}", lambda file: file.write_bytes(b"x" * (MOST_BYTES + 1))),
    "a link": ("It is a link", linked),
    "a link to nothing": ("It is a link", lambda file: file.symlink_to("nothing")),
    "a folder": ("no file at all", lambda file: file.mkdir()),
    "a pipe": ("no file at all", lambda file: os.mkfifo(file)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_page_that_cannot_be_shown_says_why(kind: str, tmp_path: Path) -> None:
    says, make = HOSTILE[kind]
    make(tmp_path / "inc-1.md")
    (read,) = read_pages(tmp_path, [transition(31, "open")])
    assert read.problem is not None
    assert (says in str(read.problem), read.incident) == (True, "INC-1")


def test_a_folder_that_is_a_link_shows_nothing_of_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "inc-1.md").write_text("secret")
    (tmp_path / "incidents").symlink_to("there")
    assert read_pages(tmp_path / "incidents", [])[0].problem is not None


def test_a_name_that_is_no_text_is_shown_as_it_can_be(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.md")).write_text("x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert read_pages(tmp_path, [])[0].name == "?.md"


def test_a_page_is_taken_apart_and_its_own_fragment_taken_out() -> None:
    parts = taken_apart(
        "---\na: 1\n---\n\n# INC-1: *slow*\n\n```{live} incident-inc-1\n```\n\nText\n---\nmore\n", "inc-1"
    )
    assert parts == (("a: 1",), "INC-1: *slow*", "Text\n---\nmore\n")
    other = taken_apart("```{live} incident-inc-2\n```\n\nText\n", "inc-1")
    assert other == ((), "", "```{live} incident-inc-2\n```\n\nText\n")


def test_front_matter_that_does_not_end_is_text() -> None:
    assert taken_apart("---\nid: INC-1\n", "inc-1") == ((), "", "---\nid: INC-1\n")


def test_a_new_page_holds_free_text_only() -> None:
    parts = taken_apart(new_page("INC-1"), "inc-1")
    assert parts[:2] == ((), "INC-1")
    assert "release incident INC-1 --state" in parts.body


def test_incidents_whose_ids_no_file_can_bear_have_a_file_each() -> None:
    assert len({slug(id) for id in ("é", "ñ", "../x", "x", "x y", "x-y")}) == 6
