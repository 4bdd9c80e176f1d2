"""Identifies the format of a file, whatever its name.

Reports arrive under each other's names: a log-in page saved as ``report.xml``, an API's error as JSON, a zip.
The content decides. What is well formed and not ours is *unsupported* and is named; the rest is *unreadable*.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from atalaya.records.stored import ReadStatus

# The roots that are read here. Namespaces are left out of account: producers put one there, or do not.
JUNIT_ROOTS = frozenset({"testsuites", "testsuite"})

XML_DIALECTS: dict[str, str] = {
    "assemblies": "xUnit.net XML",
    "assembly": "xUnit.net XML",
    "checkstyle": "Checkstyle XML",
    "coverage": "coverage XML",
    "failsafe-summary": "a summary by Maven Failsafe (the reports are beside it)",
    "html": "an HTML page",
    "report": "JaCoCo XML",
    "robot": "Robot Framework XML",
    "rss": "a feed",
    "Site": "CTest XML",
    "svg": "a picture",
    "test-results": "NUnit 2 XML",
    "test-run": "NUnit 3 XML",
    "test-suite": "NUnit XML",
    "testng-results": "TestNG XML",
    "TestRun": "Visual Studio TRX",
    "testrun": "another tool's test run",
}

# First bytes, and what they begin.
PACKED: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)

# Keys of a JSON document, or of each line of one, and the dialect that has them all.
JSON_DIALECTS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"stats", "tests", "passes", "failures"}), "Mocha JSON"),
    (frozenset({"examples", "summary_line"}), "RSpec JSON"),
    (frozenset({"numTotalTests", "testResults"}), "Jest JSON"),
    (frozenset({"version", "runs"}), "SARIF, the findings of an analyser"),
)
LINE_DIALECTS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"Action", "Package"}), "go test -json"),
    (frozenset({"protocolVersion"}), "Dart's JSON lines"),
    (frozenset({"pytest_version", "$report_type"}), "pytest-reportlog"),
)
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")


UTF16 = (b"\xff\xfe", b"\xfe\xff")  # what PowerShell writes before what it redirects


class Other(NamedTuple):
    """What became of a file that is no JUnit XML, and why."""

    status: ReadStatus
    reason: str
    at_byte: int | None = None


def by_root(root: str) -> Other:
    """A well formed XML document with another root than JUnit's."""
    dialect = XML_DIALECTS.get(root, "XML of a kind that is not known here")
    return Other(ReadStatus.UNSUPPORTED, f"well formed, but not JUnit XML: its root is <{root[:100]}>: {dialect}.")


def packed(head: bytes) -> Other | None:
    """A file that must be unpacked first; None where the head does not say so."""
    for magic, name in PACKED:
        if head.startswith(magic):
            return Other(ReadStatus.UNREADABLE, f"packed with {name}. Unpack it, and collect what is in it.", 0)
    return None


def looks_like_json(head: bytes) -> bool:
    """XML cannot begin like this, so the question is settled by the first character."""
    return _first_sign(head) in (b"{", b"[")


def looks_like_xml(head: bytes) -> bool:
    """Whether the first character is one that XML begins with; a file of blanks may still become XML."""
    return _first_sign(head) in (b"<", b"")


def _first_sign(head: bytes) -> bytes:
    head = head[:1_000]
    if head.startswith(UTF16):
        head = head[2:].replace(b"\0", b"")
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]


def looks_like_html(head: bytes) -> bool:
    """To explain why a file is no XML: a page for people is the usual cause."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    return start.startswith((b"<!doctype html", b"<html"))


def of_json(document: Any, suffix: str) -> Other:
    """Which JSON this is that no reader knows: none of it is read, and none of it is passed over."""
    if (dialect := _dialect(document, JSON_DIALECTS)) is not None:
        return Other(ReadStatus.UNSUPPORTED, f"{dialect}. Have the run write JUnit XML or CTRF beside it.")
    if (line := _dialect(document, LINE_DIALECTS)) is not None:
        return _lines(line, 1)
    if suffix.lower() in JSON_SUFFIXES:
        return Other(ReadStatus.UNSUPPORTED, "JSON of a kind that is not known here.")
    return Other(
        ReadStatus.UNREADABLE, "JSON under another name: perhaps the body of an error, saved in place of the report.", 0
    )


def of_json_lines(content: bytes) -> Other | None:
    """A JSON document a line, which no reader takes; None where it is not even that."""
    lines = [line for line in content.splitlines() if line.strip()]
    try:
        documents = msgspec.json.decode(b"[" + b",".join(lines) + b"]")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if len(documents) != len(lines):  # one document on many lines, with the commas in the right places
        return None
    names = (_dialect(document, LINE_DIALECTS) for document in documents)
    return _lines(next((name for name in names if name), "of a kind that is not known here"), len(lines))


def _lines(dialect: str, number: int) -> Other:
    return Other(
        ReadStatus.UNSUPPORTED,
        f"JSON lines, {number} of them ({dialect}). Have the run write JUnit XML or CTRF beside it.",
    )


def _dialect(document: Any, table: tuple[tuple[frozenset[str], str], ...]) -> str | None:
    if not isinstance(document, dict):
        return None
    return next((name for keys, name in table if keys <= document.keys()), None)
