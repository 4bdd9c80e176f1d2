"""Tests that a reference SDK's own tests are run as CI would, and see a seeded defect."""

import dataclasses
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from atalaya.core.errors import HarnessError
from atalaya.harness.own_tests import run_own_tests
from atalaya.sdk.prepare import Prepared, prepare
from atalaya.selftest.seeded_faults import inject
from tests.ours import DEFECT, PACK


@pytest.fixture(scope="module")
def prepared() -> Iterator[Prepared]:
    with prepare("", pack=PACK) as made:
        yield made


def lost(report: bytes) -> set[str]:
    return {case.attrib["name"] for case in ET.fromstring(report).iter("testcase") if case.find("failure") is not None}


def test_the_reference_sdk_passes_its_own_tests(prepared: Prepared) -> None:
    tested = run_own_tests(prepared)
    assert (tested.exit_code, lost(tested.report)) == (0, set())
    assert 8 <= len(list(ET.fromstring(tested.report).iter("testcase"))) <= 15


@pytest.mark.parametrize("defect", ["polls-read-the-cache", "first-poll-reads-the-cache"])
def test_a_poll_that_reads_the_cache_fails_them(prepared: Prepared, tmp_path: Path, defect: str) -> None:
    tested = run_own_tests(replace(prepared, paths=(inject(PACK, DEFECT[defect], tmp_path),)))
    assert tested.exit_code == 1
    assert "test_every_poll_asks_the_service_whatever_is_cached" in lost(tested.report)


def test_each_is_run_as_often_as_asked(prepared: Prepared) -> None:
    tested = run_own_tests(prepared, times=2)
    names = [case.attrib["name"] for case in ET.fromstring(tested.report).iter("testcase")]
    assert len(names) == 2 * len({name.partition("[")[0] for name in names})
    assert {name[name.index("[") :] for name in names} == {"[1-2]", "[2-2]"}


def test_a_pack_without_such_tests_is_told(prepared: Prepared, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="no tests for CI to run"):
        run_own_tests(replace(prepared, pack=dataclasses.replace(PACK, folder=tmp_path)))
