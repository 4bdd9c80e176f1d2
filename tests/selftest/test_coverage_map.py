"""Tests that only the checks that a change can affect are run for it."""

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.sdk.prepare import Prepared
from atalaya.selftest.coverage_map import Reach, changes, survey
from atalaya.selftest.seeded_faults import inject
from tests.ours import DEFECT, PACK, PACKAGE, PROMISES, REFERENCE, pack_of

SOURCE = """
TABLE = {1: 2}
class Client:
    field: int = 3
    def request(self, method="GET"):
        def inner():
            return 4
        if method == "GET":
            self.sent = 7
        elif method:
            for _ in range(8):
                self.sent = 9
        try:
            return inner()
        except KeyError:
            return 10
        finally:
            self.sent = 11
    @property
    def kind(self):
        return 12
    @kind.setter
    def kind(self, kind):
        self.sent = 13
def load(name):
    return name
"""


def changed(tmp_path: Path, old: str, new: str) -> frozenset[str] | None:
    for name, text in (("before", SOURCE), ("after", SOURCE.replace(old, new))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text(text)
    return changes(tmp_path / "before", tmp_path / "after")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("return name", "return None", {"a.py:load"}),
        ("return 4", "return 5", {"a.py:Client.request/0.body"}),
        ("        def inner", "        self.sent = 5\n        def inner", {"a.py:Client.request"}),
        ("if method ==", "if method !=", {"a.py:Client.request"}),
        ("self.sent = 7", "self.sent = 5", {"a.py:Client.request/1.body"}),
        ("elif method:", "elif not method:", {"a.py:Client.request/1.orelse"}),
        ("range(8)", "range(5)", {"a.py:Client.request/1.orelse/0.body"}),
        ("self.sent = 9", "self.sent = 5", {"a.py:Client.request/1.orelse/0.body/0.body"}),
        ("self.sent = 9", "pass\n        else:\n            self.sent = 5", {"a.py:Client.request/1.orelse"}),
        ("except KeyError", "except ValueError", {"a.py:Client.request"}),
        ("return 10", "return 5", {"a.py:Client.request/2.handlers0"}),
        ("self.sent = 11", "self.sent = 5", {"a.py:Client.request/2.finalbody"}),
        ("return 12", "return 5", {"a.py:Client.kind"}),
        ("self.sent = 13", "self.sent = 5", {"a.py:Client.kind#2"}),
        ("return name", "return name  # a remark", set()),
    ],
)
def test_a_change_in_a_body_belongs_to_its_function(old: str, new: str, expected: set[str], tmp_path: Path) -> None:
    assert expected == changed(tmp_path, old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1: 2", "1: 3"),
        ("int = 3", "int = 4"),
        ('"GET"', '"POST"'),
        ("    def request", "    @cache\n    def request"),
        ("return name", "return name\ndef more(): ..."),
        ("return name", "return ("),
    ],
)
def test_a_change_outside_of_bodies_may_be_anyones(old: str, new: str, tmp_path: Path) -> None:
    assert changed(tmp_path, old, new) is None


def test_a_file_more_may_be_anyones(tmp_path: Path) -> None:
    (tmp_path / "b.py").touch()
    assert changes(REFERENCE / PACKAGE, tmp_path) is None


@pytest.fixture(scope="module", params=[8, pytest.param(1, marks=pytest.mark.long)], ids=["few", "all"])
def reach(prepared: Prepared, request: pytest.FixtureRequest) -> Reach:
    """Where the checks go: a few of them, among them those that see the defect below, or all, which takes long."""
    seeing = DEFECT["polls-read-the-cache"].expected
    few = [one for number, one in enumerate(PROMISES) if number % request.param == 0 or one.id in seeing]
    return survey(replace(prepared, pack=pack_of(few)))


def near(reach: Reach, defect: str, tmp_path: Path) -> set[str]:
    return set(reach.of(inject(PACK, DEFECT[defect], tmp_path)))


def test_the_checks_that_come_by_a_defect_are_few_and_hold_all_that_it_breaks(reach: Reach, tmp_path: Path) -> None:
    found = near(reach, "polls-read-the-cache", tmp_path)
    assert set(DEFECT["polls-read-the-cache"].expected) <= found
    assert len(found) < len(reach.ids) / 2


def test_a_change_to_what_is_entered_before_any_check_is_every_checks(reach: Reach, tmp_path: Path) -> None:
    shutil.copytree(REFERENCE, tmp_path / "src")
    file = tmp_path / "src" / PACKAGE / "http_client.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("if self.session is None:", "if not self.session:"), encoding="utf-8")
    assert set(reach.ids) == set(reach.of(tmp_path / "src"))


def test_no_check_needs_to_be_run_for_no_change(reach: Reach) -> None:
    assert reach.anywhere == set(reach.of(REFERENCE))
