"""Tests that reading uses less than 200 MB of memory, whatever the file holds.

Each file is made to hold as much as it can of one thing, and is read by a process of its own.
"""

from __future__ import annotations

import json
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice, product, repeat
from pathlib import Path
from typing import Any

import pytest

from atalaya.evidence.readers.model import LIMITS
from atalaya.records.stored import ReadStatus

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for the peak")

ROOT = Path(__file__).parents[2]
CEILING_MB = 200
# VmHWM is of this program alone; `ru_maxrss` would begin with the size of the process that started it.
READER = """
import json, pathlib, re, sys
from atalaya.evidence.readers import reports
report = reports.read(pathlib.Path(sys.argv[1]))
peak_kb = re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]
print(json.dumps([str(report.status), report.reason, len(report.cases), int(peak_kb) / 1024]))
"""
MIB = 1024 * 1024
CASES = LIMITS["cases"].most
SMILE = "\U0001f600"


def in_suite(inside: Iterator[str]) -> Iterator[str]:
    yield '<testsuite name="s">'
    yield from inside
    yield "</testsuite>"


def element(before: str, repeated: str, times: int, after: str) -> Iterator[str]:
    return in_suite(iter([before, *repeat(repeated, times), after]))


def ordinary_cases() -> Iterator[str]:
    return in_suite(
        f'<testcase classname="tests.module_{n % 900}" name="test_{n}[{"p" * 60}]" time="0.{n % 1000:03}"/>'
        for n in range(CASES)
    )


def all_there_may_be() -> Iterator[str]:
    """As many cases as there may be, names as long as they may be together, and then the longest of tags."""
    room = LIMITS["kept bytes"].most // CASES - 30
    yield "<testsuite>"
    for n in range(CASES - 10):
        stamp = f"2026-11-25T00:00:00.{n:06}"
        yield f'<testcase classname="c{n:06}" file="f{n:06}" name="{"n" * room}" time="1.{n}" timestamp="{stamp}"/>\n'
    yield from many_attributes(LIMITS["tag bytes"].most // 8 - 10)


def full_failures() -> Iterator[str]:
    return in_suite(
        f'<testcase classname="{n}{"c" * 300}" name="{"n" * 690}"><failure type="T" message="{"m" * 2000}"/></testcase>'
        for n in range(20_000)
    )


def short_failures() -> Iterator[str]:
    failures = '<failure message="a"/>' * 900
    return element("", f"<testcase>{failures}</testcase>", 1_000, "")


def wide_names() -> Iterator[str]:
    return in_suite(f'<testcase name="{SMILE}{"n" * 90}{n}"/>' for n in range(CASES))


def many_attributes(number: int) -> Iterator[str]:
    names = map("".join, product(string.ascii_letters, repeat=4))
    return in_suite(iter(["<testcase ", *(f'{name}=""\n' for name in islice(names, number)), "/>"]))


def deep_suites() -> Iterator[str]:
    """Suites side by side in the deepest of folders: each has all the names above it."""
    yield from repeat('<testsuite name="s">', 250)
    yield from (f'<testsuite name="{n}"><testcase/></testsuite>' for n in range(CASES))


def nested_cases() -> Iterator[str]:
    return element("", f'<testcase status="{"x" * MIB}">', 100, "</testcase>" * 100)


def declarations() -> Iterator[str]:
    yield "<!DOCTYPE testsuite ["
    yield from (f'<!ATTLIST a{n} b CDATA "x">' for n in range(300_000))
    yield "]><testsuite/>"


def keys(number: int) -> Iterator[str]:
    return iter(["{", *(f'"k{n}":{n},' for n in range(number)), '"z":1}'])


Made = Callable[[], Iterator[str]]
XML: dict[str, tuple[Made, ReadStatus, str]] = {
    "200,000 cases": (ordinary_cases, ReadStatus.READ, ""),
    "all there may be": (all_there_may_be, ReadStatus.DECLINED, "attributes on one element"),
    "failures cut at their limits": (full_failures, ReadStatus.DECLINED, "names and messages"),
    "failures of few letters": (short_failures, ReadStatus.DECLINED, "names and messages"),
    "names of wide letters": (wide_names, ReadStatus.DECLINED, "names and messages"),
    "a million attributes": (lambda: many_attributes(1_000_000), ReadStatus.DECLINED, "a tag or a comment"),
    "deep suites": (deep_suites, ReadStatus.DECLINED, "names and messages"),
    "deep nesting": (lambda: repeat("<a>", 1_000_000), ReadStatus.DECLINED, "deeper than"),
    "nested cases": (nested_cases, ReadStatus.DECLINED, "names and messages"),
    "declarations": (declarations, ReadStatus.DECLINED, "before the first element"),
    "one attribute of 100 MB": (
        lambda: element('<testcase name="', "x" * MIB, 100, '"/>'),
        ReadStatus.DECLINED,
        "a tag or a comment",
    ),
    "one comment of 100 MB": (
        lambda: element("<!--", "x" * MIB, 100, "-->"),
        ReadStatus.DECLINED,
        "a tag or a comment",
    ),
    "one text of 250 MB": (
        lambda: element("<testcase><failure>", "x" * MIB, 250, "</failure></testcase>"),
        ReadStatus.READ,
        "",
    ),
    "one text of 300 MB": (
        lambda: element("<testcase><failure>", "x" * MIB, 300, "</failure></testcase>"),
        ReadStatus.DECLINED,
        "larger",
    ),
}
JSON: dict[str, tuple[Made, ReadStatus, str]] = {
    "arrays": (lambda: iter(["[", "[]," * 3_000_000, "[]]"]), ReadStatus.DECLINED, "larger than"),
    "arrays, as many as may be": (lambda: iter(["[", "[]," * 149_000, "[]]"]), ReadStatus.UNSUPPORTED, ""),
    "keys": (lambda: keys(400_000), ReadStatus.DECLINED, "values or lines"),
    "keys, as many as may be": (lambda: keys(299_000), ReadStatus.UNSUPPORTED, ""),
    "one wide string": (lambda: iter([f'["{SMILE}', "x" * (8 * MIB - 20), '"]']), ReadStatus.UNSUPPORTED, ""),
    "lines": (lambda: iter(["{}\n", "ab\n" * 2_000_000]), ReadStatus.DECLINED, "values or lines"),
    "lines, as many as may be": (
        lambda: iter([f'{{"a":"{SMILE}{"x" * 6 * MIB}"}}', '\n{"a":1}' * 149_000]),
        ReadStatus.UNSUPPORTED,
        "",
    ),
}


def read_alone(path: Path) -> tuple[str, str, int, float]:
    done = subprocess.run(
        [sys.executable, "-c", READER, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: Any = json.loads(done.stdout)
    return tuple(found)


# It takes as long as all the others, and differs from the one after it by the length of a message.
LONG = "failures cut at their limits"
NAMES = [pytest.param(name, marks=[pytest.mark.long] if name == LONG else []) for name in (*XML, *JSON)]


@pytest.mark.parametrize("name", NAMES)
def test_reading_stays_below_the_ceiling(name: str, tmp_path: Path) -> None:
    made, status, words = (XML | JSON)[name]
    path = tmp_path / ("report.xml" if name in XML else "report.json")
    with path.open("w", encoding="utf-8") as file:
        file.writelines(made())
    found, reason, _, peak_mb = read_alone(path)
    path.unlink()
    assert (str(status), True, True) == (found, words in reason, peak_mb < CEILING_MB), (reason, peak_mb)


def test_a_file_of_2_gb_is_declined_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "report"
    with path.open("wb") as file:
        file.truncate(2 * 1024 * MIB)
    status, reason, _, peak_mb = read_alone(path)
    assert (status, "larger than" in reason, peak_mb < 50) == ("declined", True, True), (reason, peak_mb)
