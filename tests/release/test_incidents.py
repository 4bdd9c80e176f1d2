"""Is an incident read as it was written, and a slip heard with its place?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.errors import ReleaseError
from checks.records import Incident, Severity
from checks.release.incidents import read_pages, slug

PAGE = """---
id: INC-1
at: 2026-03-03T15:30:00Z
severity: critical
state: open
impact: Exports never became READY
root_cause:
fix: "Bypass the cache: use_get_cache=False"
---

# What happened
"""


def read_incidents(folder: Path) -> tuple[Incident, ...]:
    return tuple(page.incident for page in read_pages(folder))


def write(folder: Path, page: str = PAGE, name: str = "inc-1.md") -> Path:
    path = folder / name
    path.write_text(page, encoding="utf-8")
    return path


def test_an_incident_is_read_from_its_front_matter(tmp_path: Path) -> None:
    write(tmp_path)
    expected = Incident(
        id="INC-1",
        at=datetime(2026, 3, 3, 15, 30, tzinfo=UTC),
        severity=Severity.CRITICAL,
        state="open",
        impact="Exports never became READY",
        root_cause="",
        fix="Bypass the cache: use_get_cache=False",
    )
    assert read_incidents(tmp_path) == (expected,)


def test_a_folder_that_does_not_exist_holds_no_incident(tmp_path: Path) -> None:
    assert read_incidents(tmp_path / "nowhere") == ()


def test_incidents_come_oldest_first(tmp_path: Path) -> None:
    write(tmp_path, PAGE, "b.md")
    write(tmp_path, PAGE.replace("INC-1", "INC-0").replace("-03T", "-02T"), "z.md")
    assert [incident.id for incident in read_incidents(tmp_path)] == ["INC-0", "INC-1"]


def test_an_index_and_a_template_are_no_incidents(tmp_path: Path) -> None:
    write(tmp_path, "# Incidents", "index.md")
    write(tmp_path, "# Template", "_template.md")
    assert read_incidents(tmp_path) == ()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("It's late", "'It''s late'"),
        ('say "no"', '"say \\"no\\""'),
        ("café", "café"),
        ("", ""),
        ("", '""'),
        ("http://host:80/x", "http://host:80/x"),
        ("a - b, c", "a - b, c"),
    ],
)
def test_a_value_is_what_yaml_would_read(value: str, written: str, tmp_path: Path) -> None:
    write(tmp_path, PAGE.replace("root_cause:", f"root_cause: {written}"))
    assert read_incidents(tmp_path)[0].root_cause == value


def test_a_time_elsewhere_is_given_in_utc(tmp_path: Path) -> None:
    write(tmp_path, PAGE.replace("15:30:00Z", "12:30:00-03:00"))
    assert read_incidents(tmp_path)[0].at.isoformat() == "2026-03-03T15:30:00+00:00"


@pytest.mark.parametrize("key", ["orphan: true", "# a comment", ""])
def test_a_line_that_is_for_the_page_is_left_alone(key: str, tmp_path: Path) -> None:
    write(tmp_path, PAGE.replace("state: open", f"state: open\n{key}"))
    assert len(read_incidents(tmp_path)) == 1


@pytest.mark.parametrize(
    ("said", "old", "new"),
    [
        (r"inc-1.md:1 .*lacks fix, *\. Add|lacks fix\.", 'fix: "Bypass the cache: use_get_cache=False"\n', ""),
        (r"inc-1.md:5 state: 'done' is not one of open, ", "state: open", "state: done"),
        (r"inc-1.md:4 severity: 'high' is not one of critical, ", "severity: critical", "severity: high"),
        (r"inc-1.md:3 at: '2026-03-03' is no instant", "2026-03-03T15:30:00Z", "2026-03-03"),
        (r"inc-1.md:3 at: 'yesterday' is no instant", "2026-03-03T15:30:00Z", "yesterday"),
        (r"inc-1.md:6 impact is empty", "impact: Exports never became READY", "impact:"),
        (r"inc-1.md:7 root_cause: put the value in double quotes", "root_cause:", "root_cause: a: b"),
        (r"inc-1.md:7 root_cause: put the value in double quotes", "root_cause:", "root_cause: |"),
        (r"inc-1.md:7 root_cause: put the value in double quotes", "root_cause:", "root_cause: a #1"),
        (r"inc-1.md:7 root_cause: the double quotes", "root_cause:", 'root_cause: "a'),
        (r"inc-1.md:7 root_cause: the single quotes", "root_cause:", "root_cause: 'it's'"),
        (r"inc-1.md:8 'two lines' is no `key: value`", "root_cause:", "root_cause: one\n  two lines"),
        (r"inc-1.md:8 '- item' is no `key: value`", "root_cause:", "root_cause:\n- item"),
        (r"inc-1.md:8 state is there twice", "root_cause:", "root_cause:\nstate: closed"),
        (r"inc-1.md:1 the front matter is not closed", '=False"\n---', '=False"'),
        (r"inc-1.md:1 an incident begins with", "---\nid", "id"),
    ],
)
def test_a_slip_is_heard_with_its_place(said: str, old: str, new: str, tmp_path: Path) -> None:
    assert old in PAGE
    write(tmp_path, PAGE.replace(old, new, 1))
    with pytest.raises(ReleaseError, match=said):
        read_incidents(tmp_path)


def test_two_incidents_cannot_share_an_id(tmp_path: Path) -> None:
    write(tmp_path, PAGE, "a.md")
    write(tmp_path, PAGE, "b.md")
    with pytest.raises(ReleaseError, match=r"b\.md: the id 'INC-1' is a\.md's already"):
        read_incidents(tmp_path)


def test_a_page_that_is_no_text_is_heard(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_bytes(b"---\nid: \xff\n---\n")
    with pytest.raises(ReleaseError, match=r"x\.md: cannot be read"):
        read_incidents(tmp_path)


def test_incidents_whose_ids_no_file_can_bear_have_a_file_each() -> None:
    assert len({slug(id) for id in ("é", "ñ", "../x", "x", "x y", "x-y")}) == 6
